//! `watch`: attach to a result that is already going; and the waiting that `run` shares with it.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use super::console::Console;
use super::failure::Failure;
use super::load;
use super::overrides::Overrides;
use super::publish::{Publisher, suite_head};
use super::stop::{Signal, Signals};
use super::{Global, connection, runtime};
use crate::api::client::Client;
use crate::context::{self, Context};
use crate::exit::Code;
use crate::poll::schedule::Pace;
use crate::poll::{Waited, last_look, wait};
use crate::progress::Progress;
use crate::record::ResultRecord;
use crate::report::assemble::{End, Parts, assemble};
use crate::report::model::{PlanHead, SuiteHead, Timing};
use crate::suite::model::{CallPolicy, Suite};

/// How long the gate may take to end the calls and look once more after a signal. GitHub sends
/// SIGTERM 7.5 seconds after SIGINT.
const WRAP_UP: Duration = Duration::from_secs(5);

/// What `watch` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the result.
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    result: u64,
    /// The suite file whose thresholds judge it. Without one every run must pass.
    #[arg(long, value_name = "FILE")]
    suite: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
}

/// A result that is going, and what is needed to judge it.
pub(super) struct Attached {
    pub(super) head: SuiteHead,
    pub(super) plan: PlanHead,
    pub(super) suite: Suite,
    pub(super) record: ResultRecord,
    pub(super) url: Option<String>,
    pub(super) began: Instant,
    pub(super) deadline: Instant,
    pub(super) started_at: String,
    pub(super) notes: Vec<String>,
}

pub(super) fn watch(
    args: &Args,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let (suite, head) = rules(args, context)?;
    let publisher = Publisher::open(&suite, context)?;
    runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let (client, pace) = connection::client(global, context)?;
        let began = Instant::now();
        let deadline = began + suite.timeout.unwrap_or_default().duration();
        let record = tokio::select! {
            record = client.result(args.result, deadline) => record?,
            signal = signals.next() => return Err(Failure::Stopped(signal)),
        };
        let runs = Some(record.runs.len()).filter(|runs| *runs > 0);
        let attached = Attached {
            head,
            plan: PlanHead { runs_per_scenario: 1, runs, scenarios: Vec::new() },
            suite,
            record,
            url: None,
            began,
            deadline,
            started_at: context::now().to_string(),
            notes: Vec::new(),
        };
        attend(&client, attached, pace, &mut signals, console, publisher).await
    })
}

/// The rules that judge a watched result: a suite's, or that every run must pass. What the suite
/// would start does not matter here.
fn rules(args: &Args, context: &Context) -> Result<(Suite, SuiteHead), Failure> {
    if let Some(path) = &args.suite {
        let loaded = load::suite(Some(path), &args.overrides, context)?;
        let head = suite_head(&loaded);
        return Ok((loaded.suite, head));
    }
    let mut suite = Suite::default();
    args.overrides.apply(&mut suite);
    let head = SuiteHead {
        name: suite.name.clone().unwrap_or_else(|| format!("result {}", args.result)),
        file: None,
        mode: suite.mode.unwrap_or_default(),
        thresholds: suite.thresholds.clone().unwrap_or_default(),
        quarantine: Vec::new(),
    };
    Ok((suite, head))
}

/// Waits for a result, judges and reports it. The first signal wraps up, a second ends at once.
pub(super) async fn attend(
    client: &Client,
    mut attached: Attached,
    pace: Pace,
    signals: &mut Signals,
    console: &Console,
    publisher: Publisher,
) -> Result<Code, Failure> {
    let id = attached.record.id;
    publisher.started(id, attached.url.as_deref())?;
    let page = attached.url.as_deref().map(|url| format!(": {url}")).unwrap_or_default();
    console.progress(&format!("result {id} has started{page}"));

    let mut signal = None;
    let mut progress = Progress::default();
    let began = attached.began;
    let waited = wait(
        client,
        &mut attached.record,
        pace,
        attached.deadline,
        async { signal = Some(signals.next().await) },
        |record| {
            if let Some(line) = progress.line(record, began.elapsed()) {
                console.progress(&line);
            }
        },
    )
    .await;
    let wrap_up = conclude(client, &mut attached, waited, signal, console);
    let end = tokio::select! {
        end = wrap_up => end,
        second = signals.next() => {
            console.warn(&format!("stopped by a second {second}; the calls may still be going"));
            return Ok(second.code());
        }
    };
    if attached.suite.reports.as_ref().and_then(|reports| reports.share_link) == Some(true) {
        match client.share_link(id, Instant::now() + WRAP_UP).await {
            Ok(link) => attached.url = Some(link),
            Err(error) => attached.notes.push(format!("no share link: {error}")),
        }
    }
    if let End::Lost(_) = end {
        attached.notes.push(format!("to go on: cekura-gate watch {id}"));
    }
    let report = assemble(Parts {
        suite: attached.head,
        plan: attached.plan,
        result: attached.record,
        end,
        timing: Timing {
            started_at: attached.started_at,
            elapsed_seconds: began.elapsed().as_secs_f64(),
        },
        url: attached.url,
        traffic: client.traffic(),
        transcripts: attached
            .suite
            .reports
            .as_ref()
            .and_then(|reports| reports.transcripts)
            .unwrap_or_default(),
        notes: attached.notes,
    });
    publisher.finish(&report, console)
}

/// What the end of the wait asks for: ending the calls where the suite says so, and a last look.
async fn conclude(
    client: &Client,
    attached: &mut Attached,
    waited: Waited,
    signal: Option<Signal>,
    console: &Console,
) -> End {
    let (policy, end) = match waited {
        Waited::Finished => return End::Finished,
        Waited::Lost(error) => return End::Lost(error.to_string()),
        Waited::TimedOut => {
            let limit = attached.suite.timeout.unwrap_or_default().duration();
            (attached.suite.on_timeout, End::TimedOut(limit))
        }
        Waited::Stopped => match signal {
            Some(Signal::Terminate) => (attached.suite.on_cancel, End::Terminated),
            Some(Signal::Interrupt) | None => (attached.suite.on_cancel, End::Interrupted),
        },
    };
    let id = attached.record.id;
    match policy.unwrap_or_default() {
        CallPolicy::Leave => {
            attached
                .notes
                .push(format!("the calls were left going; to go on: cekura-gate watch {id}"));
        }
        CallPolicy::EndCalls => {
            console.progress(&format!("ending the calls of result {id}"));
            match client.end_calls(id, Instant::now() + WRAP_UP).await {
                Ok(()) => attached.notes.push("the remaining calls were ended".to_owned()),
                Err(error) => attached.notes.push(format!("the calls could not be ended: {error}")),
            }
        }
    }
    last_look(client, &mut attached.record, WRAP_UP / 2).await;
    end
}
