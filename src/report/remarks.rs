//! What a reader should know besides the checks: surprises, retries, differences to the platform's
//! own figures.
//!
//! Pure. Each is a sentence; `assemble` decides which of them belong to a report.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{PlanHead, Tally};
use crate::checks::spec::Level;
use crate::escape::short;
use crate::record::{ResultRecord, RunRecord, Status};
use crate::retry::RetryRecord;
use crate::verdict::CheckReport;
use crate::{numbers, text};

/// Failed runs that no check looks at: they change nothing, which a reader would not expect.
pub(super) fn ungated_failures(checks: &[CheckReport], tally: &Tally) -> Option<String> {
    let looks = |check: &CheckReport| {
        check.level == Level::Error
            && (check.name.starts_with("success_rate") || check.name == "expected_outcome")
    };
    (tally.failed > 0 && !checks.iter().any(looks)).then(|| {
        format!(
            "{} failed and no check is about the success rate: add `success_rate: 90%` to the thresholds",
            text::count(tally.failed, "run")
        )
    })
}

/// What a reader should know besides the checks.
pub(super) fn remarks(result: &ResultRecord, plan: &PlanHead, tally: &Tally) -> Vec<String> {
    let mut notes = Vec::new();
    let arrived = result.runs.len();
    if tally.unmatched > 0 {
        let planned = plan.runs.map(|runs| {
            format!(", {}", text::count_with(runs, "run", "was planned", "were planned"))
        });
        notes.push(format!(
            "{} arrived{}: {} no planned run, and it is not known which count",
            text::count(arrived, "run"),
            planned.unwrap_or_default(),
            text::count_with(tally.unmatched, "run", "matches", "match")
        ));
    }
    if tally.missing > 0 {
        notes.push(format!("{} never arrived", text::count(tally.missing, "planned run")));
    }
    let statuses = result.runs.iter().map(|run| &run.status).chain([&result.status]);
    let unknown: BTreeMap<&str, ()> = statuses
        .filter(|status| matches!(status, Status::Unknown(_)))
        .map(|status| (status.as_str(), ()))
        .collect();
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.keys().map(|name| format!("`{name}`")).collect();
        notes.push(format!(
            "this version does not know the status {}: it was treated as in progress",
            text::list(&names)
        ));
    }
    notes
}

/// Whether the agent changed between the baseline and the candidate, beside its code.
pub(super) fn version_change(base: Option<String>, head: Option<String>) -> Option<String> {
    let (base, head) = (base?, head?);
    (base != head).then(|| {
        format!(
            "the agent itself changed on the platform: version {} in the baseline, {} now",
            short(&base, 60),
            short(&head, 60)
        )
    })
}

/// Fields that could not be read, each with its run. Many of one kind are counted.
pub(super) fn unreadable(result: &ResultRecord) -> Vec<String> {
    const MOST: usize = 10;
    let whole = result.unreadable.iter().map(|field| {
        let value = shown(&field.value);
        format!("`{}` of the result cannot be read ({value}): it counts as missing", field.field)
    });
    let of_runs = result.runs.iter().flat_map(|run| {
        run.unreadable.iter().map(|field| {
            let metric = field.metric.as_ref().map(|name| format!(", metric `{name}`"));
            format!(
                "run {}{}: `{}` cannot be read ({}): it counts as missing",
                run.id,
                metric.unwrap_or_default(),
                field.field,
                shown(&field.value)
            )
        })
    });
    let mut notes: Vec<String> = whole.chain(of_runs).collect();
    if notes.len() > MOST {
        let more = notes.len() - MOST;
        notes.truncate(MOST);
        notes.push(format!(
            "{} cannot be read; result.json lists them",
            text::count(more, "more field")
        ));
    }
    notes
}

fn shown(value: &str) -> String {
    if value.trim().is_empty() { "empty".to_owned() } else { format!("`{value}`") }
}

/// What became of the runs that were started again.
pub(super) fn retried(retries: &[RetryRecord], runs: &[RunRecord]) -> Vec<String> {
    let mut notes = Vec::new();
    if !retries.is_empty() {
        let results: BTreeSet<String> = retries.iter().map(|r| r.result.to_string()).collect();
        let results: Vec<String> = results.into_iter().collect();
        let replaced = retries.iter().filter(|retry| retry.counts == retry.again.run).count();
        notes.push(format!(
            "{} started again (result {}): {replaced} replaced the first",
            text::count_with(retries.len(), "run", "was", "were"),
            text::list(&results),
        ));
    }
    for retry in retries.iter().filter(|retry| retry.flaky) {
        let counting = if retry.counts == retry.first.run { &retry.first } else { &retry.again };
        let (first, again) = (retry.first.outcome.name(), retry.again.outcome.name());
        let counts = counting.outcome.name();
        let run = runs.iter().find(|run| run.id == retry.counts);
        let scenario = run.and_then(|run| run.scenario_name.clone()).unwrap_or_default();
        notes.push(format!(
            "flaky: run {} of `{scenario}` {first} and {again} on retry (run {}); it counts as {counts}",
            retry.first.run, retry.again.run
        ));
    }
    notes
}

/// Where the platform's own figures differ from what its runs say.
pub(super) fn disagreements(result: &ResultRecord) -> Vec<String> {
    let mut notes = Vec::new();
    let arrived = result.runs.len();
    let claims = &result.claims;
    if let Some(total) = claims.total_runs.filter(|total| *total != arrived as u64) {
        notes.push(format!(
            "the platform counts {} in all, its answer has {arrived}",
            text::count(usize::try_from(total).unwrap_or(usize::MAX), "run")
        ));
    }
    let successes = result.runs.iter().filter(|run| run.success == Some(true)).count();
    let complete = claims.total_runs.is_none_or(|total| total == arrived as u64);
    if let Some(claimed) = claims.success_runs.filter(|_| arrived > 0 && complete)
        && claimed != successes as u64
    {
        notes.push(format!(
            "the platform counts {claimed} successful of {}, its runs make {successes}; the runs \
             were judged",
            text::count(arrived, "run")
        ));
    }
    if let Some(claimed) = claims.success_rate.filter(|_| arrived > 0) {
        let ours = successes as f64 / arrived as f64;
        let near = |claimed: f64| (claimed - ours).abs() < 0.006;
        // One schema calls it a fraction, another a percentage.
        if !near(claimed) && !near(claimed / 100.0) {
            notes.push(format!(
                "the platform reports a success rate of {}, its runs give {}; the verdict uses the runs",
                text::trim_number(claimed, 4),
                numbers::percent(ours)
            ));
        }
    }
    notes
}
