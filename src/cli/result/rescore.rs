//! `result rescore`: new scores for calls that were held, waited for, and judged where a suite is
//! given.
//!
//! The platform answers before it has scored anything. What it has scored shows in the result: the
//! scored runs are evaluated again, the result's date of change moves, or an entry differs. As long
//! as none of that is seen, the old scores are not taken for new ones.

use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::remote::{Remote, Wait, id, metric_ids, no_result};
use super::super::watch;
use crate::api::after::Asked;
use crate::context::Context;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::options::Global;
use crate::input::overrides::KeyFlags;
use crate::output::console::Console;
use crate::record::{MetricRecord, MetricValue, RunRecord};
use crate::report::show::{Rescored, rescored};
use crate::review::ResultView;
use crate::runtime::runtime;
use crate::text;

/// What `result rescore` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id of the result.
    #[arg(value_parser = id)]
    id: u64,
    /// The metrics, by id or name, separated by commas.
    #[arg(long, value_delimiter = ',', required = true, value_name = "METRICS")]
    metrics: Vec<String>,
    /// Ids of the runs. Without them every run with a conversation is scored.
    #[arg(long, value_delimiter = ',', value_name = "RUNS", value_parser = id)]
    runs: Vec<u64>,
    /// The suite file whose thresholds judge the new scores; reports and exit code as of `watch`.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    suite: Option<PathBuf>,
    /// With --suite: directory of the reports.
    #[arg(long, value_name = "DIR", requires = "suite")]
    report_dir: Option<String>,
    #[command(flatten)]
    wait: Wait,
}

pub(super) fn rescore(
    args: &Args,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    // A suite that cannot be read must not cost an evaluation.
    let keys = KeyFlags::of_waiting(None, args.report_dir.clone());
    let overrides = keys.read()?;
    if let Some(suite) = &args.suite {
        crate::input::suite_file::suite(Some(suite), &overrides, context)?;
    }
    let remote = Remote::new(global, context, console)?;
    runtime()?.block_on(new_scores(args, &remote))?;
    if args.suite.is_none() {
        return Ok(Code::Passed);
    }
    let watched = watch::Args::of(args.id, args.suite.clone(), keys);
    watch::watch(&watched, global, context, console)
}

async fn new_scores(args: &Args, remote: &Remote<'_>) -> Result<(), Failure> {
    let id = args.id;
    let before = remote.client.result_view(id, remote.soon()).await;
    let before = before.map_err(|error| no_result(id, error))?;
    let runs = chosen_runs(args, &before)?;
    let metrics = metric_ids(&args.metrics, &known_metrics(&before))?;
    let asked = remote.client.rescore(id, &runs, &metrics, remote.soon()).await;
    if let Asked::Unknown(reason) = asked.map_err(|error| no_result(id, error))? {
        remote.console.warn(&format!(
            "the answer was lost ({reason}), and so it is not known whether the scoring has begun; \
             waiting for it; it is not requested again"
        ));
    }
    let count = text::count(metrics.len(), "metric");
    let what = format!("result {id}: scoring {count} of {}", text::count(runs.len(), "run"));
    remote.console.progress(&what);
    let after = wait_for(args, remote, &before, &runs, &metrics).await?;
    let scores = rescored(&before.record, &after.record, &runs, &metrics);
    let text = Rescored::show(&scores, remote.console.style());
    let document = json!({ "result": id, "runs": runs, "metrics": metrics, "scores": scores });
    let text = text.trim_start_matches('\n');
    match args.suite {
        // The verdict is what a program gets.
        Some(_) if remote.console.is_json() => remote.console.print(text),
        _ => remote.answer(text, &document),
    }
}

/// The metrics that may be named: those that scored a run, and the others of the account.
fn known_metrics(view: &ResultView) -> Vec<MetricRecord> {
    let scored = view.record.runs.iter().flat_map(|run| run.metrics.iter().cloned());
    let listed = view.details.get("metrics").and_then(Value::as_array).into_iter().flatten();
    let words = |entry: &Value, key: &str| entry.get(key)?.as_str().map(str::to_owned);
    let listed = listed.filter_map(|entry| {
        let aliases = ["slug", "function_name", "vocera_defined_metric_code"];
        Some(MetricRecord {
            id: entry.get("id").and_then(Value::as_u64),
            name: words(entry, "name")?,
            aliases: aliases.iter().filter_map(|key| words(entry, key)).collect(),
            value: MetricValue::Numeric(None),
            explanation: Vec::new(),
            unreadable: false,
        })
    });
    scored.chain(listed).collect()
}

/// The runs to score: those that were named, or all that were a conversation.
fn chosen_runs(args: &Args, view: &ResultView) -> Result<Vec<u64>, Failure> {
    let (id, runs) = (args.id, &view.record.runs);
    if let Some(unknown) = args.runs.iter().find(|run| !runs.iter().any(|one| one.id == **run)) {
        return Err(Failure::Usage(format!(
            "run {unknown} is not in result {id}; `cekura-gate result show {id}` lists its runs"
        )));
    }
    let talked = |run: &&RunRecord| run.status.is_terminal() && run.has_transcript;
    let all: Vec<u64> = match args.runs.is_empty() {
        true => runs.iter().filter(talked).map(|run| run.id).collect(),
        false => args.runs.clone(),
    };
    match all.is_empty() {
        true => Err(Failure::Usage(format!("result {id} has no conversation to score yet"))),
        false => Ok(all),
    }
}

/// Asks for the result until the new scores are there.
async fn wait_for(
    args: &Args,
    remote: &Remote<'_>,
    before: &ResultView,
    runs: &[u64],
    metrics: &[u64],
) -> Result<ResultView, Failure> {
    let id = args.id;
    let began = Instant::now();
    let deadline = began + args.wait.timeout.duration();
    let mut begun = false;
    loop {
        match remote.client.result_view(id, deadline).await {
            Ok(view) => {
                begun |= has_begun(before, &view, runs, metrics);
                if begun && is_scored(&view, runs, metrics) {
                    return Ok(view);
                }
            }
            Err(_) if Instant::now() >= deadline => {}
            Err(error) => return Err(error.into()),
        }
        let pause = (began.elapsed() / 10).clamp(remote.pace().floor, remote.pace().ceiling);
        if Instant::now() + pause >= deadline {
            let seen = if begun { "it has begun" } else { "no sign of it was seen" };
            let span = text::span(args.wait.timeout.duration());
            return Err(Failure::NotYet(format!(
                "result {id}: the new scores did not come within {span} ({seen}); look later with \
                 `cekura-gate result show {id}`, or wait longer with --timeout"
            )));
        }
        tokio::time::sleep(pause).await;
    }
}

/// Whether anything shows that the platform has begun.
fn has_begun(before: &ResultView, now: &ResultView, runs: &[u64], metrics: &[u64]) -> bool {
    now.updated_at != before.updated_at
        || runs.iter().any(|run| match (find(before, *run), find(now, *run)) {
            (Some(old), Some(new)) => {
                !new.status.is_terminal()
                    || metrics.iter().any(|metric| entry(old, *metric) != entry(new, *metric))
            }
            _ => false,
        })
}

/// Whether every run is over and has an entry for every metric.
fn is_scored(now: &ResultView, runs: &[u64], metrics: &[u64]) -> bool {
    let scored = |run: &RunRecord| {
        run.status.is_terminal()
            && (!run.has_transcript || metrics.iter().all(|metric| entry(run, *metric).is_some()))
    };
    now.record.status.is_terminal() && runs.iter().all(|run| find(now, *run).is_some_and(scored))
}

fn find(view: &ResultView, run: u64) -> Option<&RunRecord> {
    view.record.runs.iter().find(|one| one.id == run)
}

fn entry(run: &RunRecord, metric: u64) -> Option<&MetricRecord> {
    run.metrics.iter().find(|one| one.id == Some(metric))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{ResultRecord, Status};

    fn view(status: Status, score: Option<f64>, changed: &str) -> ResultView {
        let metric = MetricRecord {
            id: Some(55),
            name: "Tone".to_owned(),
            aliases: Vec::new(),
            value: MetricValue::Rating(score),
            explanation: Vec::new(),
            unreadable: false,
        };
        let run = RunRecord {
            id: 1,
            status: status.clone(),
            has_transcript: true,
            metrics: if score.is_some() { vec![metric] } else { Vec::new() },
            ..RunRecord::default()
        };
        ResultView {
            record: ResultRecord { id: 9, status, runs: vec![run], ..ResultRecord::default() },
            updated_at: Some(changed.to_owned()),
            ..ResultView::default()
        }
    }

    #[test]
    fn old_scores_are_not_taken_for_new_ones() {
        let old = view(Status::Completed, Some(3.0), "monday");
        let rows = [
            (view(Status::Completed, Some(3.0), "monday"), false, true),
            (view(Status::Evaluating, Some(3.0), "monday"), true, false),
            (view(Status::Completed, Some(4.0), "monday"), true, true),
            (view(Status::Completed, Some(3.0), "tuesday"), true, true),
            (view(Status::Completed, None, "tuesday"), true, false),
        ];
        for (now, begun, scored) in rows {
            assert_eq!(has_begun(&old, &now, &[1], &[55]), begun, "{now:?}");
            assert_eq!(is_scored(&now, &[1], &[55]), scored, "{now:?}");
        }
        // The run has its score before the result is put together again.
        let mut now = view(Status::Completed, Some(4.0), "tuesday");
        now.record.status = Status::Evaluating;
        assert!(!is_scored(&now, &[1], &[55]));
    }
}
