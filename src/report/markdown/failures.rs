//! What failed and why: causes or scenarios, their failed runs with transcripts, runs that say nothing.

use std::collections::BTreeMap;

use super::sheet::Sheet;
use super::{FIRST, cut, rank, rest};
use crate::escape::{markdown, short};
use crate::outcome::{Outcome, RunOutcome};
use crate::record::{FailedReason, RunRecord, Turn};
use crate::report::model::{Report, ScenarioRuns};
use crate::report::moment::moment;
use crate::report::words::{self, RunOf};
use crate::text;

/// How many failed runs of a scenario come before those of other scenarios are complete.
const FIRST_RUNS: usize = 3;

/// What failed: by cause where the platform groups the failures, else by scenario, the worst
/// first.
pub(super) fn failing<'a>(
    sheet: &mut Sheet<'a>,
    report: &'a Report,
    scenarios: &'a [ScenarioRuns<'a>],
) {
    let failing = words::failing(scenarios);
    if failing.is_empty() {
        return;
    }
    rest::fold(sheet, &with_failed_runs(failing.len(), scenarios.len()));
    each_failing(sheet, report, failing);
    sheet.fixed("</details>\n\n");
}

/// How many scenarios have failed runs.
pub(super) fn with_failed_runs(failing: usize, all: usize) -> String {
    format!("{failing} of {} with failed runs", text::count(all, "scenario"))
}

fn each_failing<'a>(sheet: &mut Sheet<'a>, report: &'a Report, failing: Vec<&'a ScenarioRuns<'a>>) {
    let mut failed: BTreeMap<u64, RunOf<'a, 'a>> = BTreeMap::new();
    for scenario in &failing {
        let runs = scenario.runs.iter().filter(|(_, o)| o.outcome == Outcome::Failed);
        failed.extend(runs.map(|(run, outcome)| (run.id, (*scenario, *run, *outcome))));
    }
    let explained = by_cause(sheet, report, &failing, &mut failed);
    if explained && failed.is_empty() {
        return;
    }
    if explained {
        sheet.fixed("#### In none of the platform's groups\n\n");
    }
    for (place, scenario) in failing.into_iter().enumerate() {
        let runs: Vec<_> =
            scenario.runs.iter().filter(|(run, _)| failed.contains_key(&run.id)).collect();
        if runs.is_empty() {
            continue;
        }
        let early = place < FIRST;
        if !explained {
            let rank = if early { rank::FIRST } else { rank::MORE_SCENARIOS };
            sheet.add(rank, "scenario", move || scenario_head(scenario));
        }
        for (at, (run, outcome)) in runs.into_iter().enumerate() {
            let title = if explained { Some(&scenario.scenario.name) } else { None };
            fold(sheet, report, title.map(String::as_str), run, outcome, early && at < FIRST_RUNS);
        }
    }
}

/// The failed runs by the causes that the platform gives. Takes those that it explains, and says
/// whether it explains any.
fn by_cause<'a>(
    sheet: &mut Sheet<'a>,
    report: &'a Report,
    failing: &[&'a ScenarioRuns<'a>],
    failed: &mut BTreeMap<u64, RunOf<'a, 'a>>,
) -> bool {
    let causes = &report.result.insights.failed_reasons;
    let explains = |cause: &FailedReason| cause.run_ids.iter().any(|run| failed.contains_key(run));
    if !causes.iter().any(explains) {
        return false;
    }
    sheet.fixed("| Scenario | Failed | |\n|---|---|---|\n");
    for (place, scenario) in failing.iter().copied().enumerate() {
        let rank = if place < FIRST { rank::FIRST } else { rank::MORE_SCENARIOS };
        sheet.add(rank, "scenario", move || scenario_line(scenario));
    }
    sheet.fixed("\nThe causes are grouped by the platform, in a model's words.\n\n");
    for (place, cause) in causes.iter().enumerate() {
        let runs: Vec<_> = cause.run_ids.iter().filter_map(|run| failed.remove(run)).collect();
        if runs.is_empty() {
            continue;
        }
        let early = place < FIRST;
        let rank = if early { rank::FIRST } else { rank::MORE_SCENARIOS };
        let ids: Vec<u64> = runs.iter().map(|(_, run, _)| run.id).collect();
        sheet.add(rank, "cause", move || {
            let count = text::count(ids.len(), "run");
            format!(
                "#### {}\n\n{count}: {}\n\n",
                cut(super::non_empty(&cause.description, "A cause without a name"), 300),
                words::ids(&ids, 20)
            )
        });
        for (at, (scenario, run, outcome)) in runs.into_iter().enumerate() {
            let title = Some(scenario.scenario.name.as_str());
            fold(sheet, report, title, run, outcome, early && at < FIRST_RUNS);
        }
    }
    true
}

/// A failed run, folded, with its transcript as far as there is room.
fn fold<'a>(
    sheet: &mut Sheet<'a>,
    report: &'a Report,
    scenario: Option<&'a str>,
    run: &'a RunRecord,
    outcome: &'a RunOutcome,
    early: bool,
) {
    let (runs, transcripts) = if early {
        (rank::RUNS, rank::TRANSCRIPTS)
    } else {
        (rank::MORE_RUNS, rank::MORE_TRANSCRIPTS)
    };
    let fold =
        sheet.fold(runs, "run", "</details>\n\n", move || run_fold(report, scenario, run, outcome));
    if !run.transcript.is_empty() {
        sheet.add(transcripts, "transcript", move || transcript(run));
    }
    sheet.close(&fold);
}

fn scenario_line(scenario: &ScenarioRuns<'_>) -> String {
    let reasons = words::reasons(scenario, Outcome::Failed);
    let first = reasons.first().map(|(reason, _)| cut(reason, 200)).unwrap_or_default();
    let more = match reasons.len() {
        0 | 1 => String::new(),
        n => format!("<br>and {}", text::count(n - 1, "other reason")),
    };
    let tally = scenario.tally;
    format!(
        "| {} | {} of {} | {first}{more} |\n",
        cut(&scenario.scenario.name, 200),
        tally.failed,
        tally.total
    )
}

pub(super) fn scenario_head(scenario: &ScenarioRuns<'_>) -> String {
    let tally = scenario.tally;
    let mut head = format!(
        "#### {}: {} of {} failed\n\n",
        cut(&scenario.scenario.name, 200),
        tally.failed,
        text::count(tally.total, "run")
    );
    let reasons = words::reasons(scenario, Outcome::Failed);
    let more = reasons.len().saturating_sub(5);
    for (reason, runs) in reasons.into_iter().take(5) {
        let times = if runs > 1 { format!(" ({runs} runs)") } else { String::new() };
        head.push_str(&format!("- {}{times}\n", cut(&reason, 300)));
    }
    if more > 0 {
        head.push_str(&format!("- and {}\n", text::count(more, "other reason")));
    }
    head.push('\n');
    head
}

fn run_fold(
    report: &Report,
    scenario: Option<&str>,
    run: &RunRecord,
    outcome: &RunOutcome,
) -> String {
    let ending = words::ending(run).map(|ending| format!(" · {ending}")).unwrap_or_default();
    let flaky = report.flaky_note(run.id);
    let flaky = flaky.map(|note| format!(" · flaky: {note}")).unwrap_or_default();
    let scenario = scenario.map(|name| format!("{} · ", short(name, 120))).unwrap_or_default();
    let variant = words::variant(run, outcome);
    let title = format!("Run {} · {scenario}{variant}{ending}{flaky}", run.id);
    let title = markdown::html(&short(&title, 300));
    let mut fold = format!("<details><summary>{title}</summary>\n\n");
    let explained = run.expected_outcome.iter().flat_map(|expected| &expected.explanation);
    if !explained.into_iter().any(|line| line.contains(outcome.reason.trim())) {
        fold.push_str(&format!("{}\n\n", cut(&outcome.reason, 1000)));
    }
    if let Some(moment) = moment(run, outcome) {
        let what = if moment.fits { "Where it went wrong" } else { "The agent's last words" };
        fold.push_str(&format!("{what}:\n\n> {}\n\n", spoken(moment.turn)));
    }
    if let Some(expected) = &run.expected_outcome {
        let score = expected.score.map(|score| format!("{} of 100", text::trim_number(score, 1)));
        let score = score.as_deref().unwrap_or("not scored");
        fold.push_str(&format!("- expected outcome: **{score}**{}\n", why(&expected.explanation)));
    }
    for metric in words::metrics_worst_first(run).into_iter().take(40) {
        let (name, score) = (cut(&metric.name, 100), cut(&words::score(metric), 100));
        fold.push_str(&format!("- {name}: **{score}**{}\n", why(&metric.explanation)));
    }
    let more = run.metrics.len().saturating_sub(40);
    if more > 0 {
        fold.push_str(&format!("- and {}\n", text::count(more, "other metric")));
    }
    if run.transcript.is_empty() && run.has_transcript && words::page(report).is_some() {
        fold.push_str("- the transcript is on the result's page\n");
    }
    fold.push('\n');
    fold
}

/// Explanations below the item that they explain.
fn why(explanation: &[String]) -> String {
    let lines: Vec<String> = explanation.iter().take(12).map(|line| cut(line, 500)).collect();
    lines.iter().filter(|line| !line.is_empty()).map(|line| format!("<br>{line}")).collect()
}

fn transcript(run: &RunRecord) -> String {
    let (beginning, left_out, end) = words::excerpt(&run.transcript);
    let mut lines: Vec<String> = beginning.iter().map(spoken).collect();
    if left_out > 0 {
        lines.push(format!("*… {} left out …*", text::count(left_out, "turn")));
    }
    lines.extend(end.iter().map(spoken));
    // A backslash before the line break is one break, in comments and in files alike.
    format!("The conversation:\n\n> {}\n\n", lines.join("\\\n> "))
}

fn spoken(turn: &Turn) -> String {
    let clock = words::clock(turn).map(|clock| format!("{clock} ")).unwrap_or_default();
    let role = super::non_empty(&turn.role, "unknown");
    format!("{clock}**{}:** {}", cut(role, 60), cut(&turn.content, 600))
}

/// The runs that are no evidence, by whom they are blamed on and why.
pub(super) fn unknown_runs<'a>(
    sheet: &mut Sheet<'a>,
    report: &'a Report,
    scenarios: &'a [ScenarioRuns<'a>],
) {
    let groups = words::no_evidence(report, scenarios);
    let total: usize = groups.iter().map(|group| group.runs.len()).sum();
    if total == 0 {
        return;
    }
    rest::fold(sheet, &format!("{} without a verdict", text::count(total, "run")));
    sheet.fixed("| | Blame | Why | Runs |\n|---|---|---|---|\n");
    for (at, group) in groups.into_iter().enumerate() {
        let rank = if at < FIRST { rank::FIRST } else { rank::TABLES };
        sheet.add(rank, "group of runs without a verdict", move || {
            let ids: Vec<u64> = group.runs.iter().map(|(_, run, _)| run.id).collect();
            let mut names: Vec<&str> =
                group.runs.iter().map(|(scenario, _, _)| scenario.scenario.name.as_str()).collect();
            names.dedup();
            let more = names.len().saturating_sub(3);
            let mut of: Vec<String> = names.iter().take(3).map(|name| cut(name, 100)).collect();
            of.extend((more > 0).then(|| format!("{more} more")));
            format!(
                "| {} {} | {} | {} | {}<br>of {} |\n",
                ids.len(),
                group.outcome,
                group.blame,
                cut(&group.reason, 300),
                words::ids(&ids, 10),
                text::list(&of)
            )
        });
    }
    sheet.fixed("\n</details>\n\n");
}
