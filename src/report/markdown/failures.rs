//! What failed and why: scenarios, their failed runs with transcripts, runs that say nothing.

use super::sheet::Sheet;
use super::{FIRST, cut, rank};
use crate::outcome::{Outcome, RunOutcome};
use crate::record::{RunRecord, Turn};
use crate::report::escape::{markdown, short};
use crate::report::model::{Report, ScenarioRuns};
use crate::report::words;
use crate::text;

/// How many failed runs of a scenario come before those of other scenarios are complete.
const FIRST_RUNS: usize = 3;

/// The scenarios with failed runs, the worst first.
pub(super) fn failing_scenarios<'a>(
    sheet: &mut Sheet<'a>,
    report: &'a Report,
    scenarios: &'a [ScenarioRuns<'a>],
) {
    let failing = words::failing(scenarios);
    if failing.is_empty() {
        return;
    }
    sheet.fixed(format!(
        "### {} of {} with failed runs\n\n",
        failing.len(),
        text::count(scenarios.len(), "scenario")
    ));
    for (place, scenario) in failing.into_iter().enumerate() {
        let early = place < FIRST;
        let rank = if early { rank::FIRST } else { rank::MORE_SCENARIOS };
        sheet.add(rank, "scenario", move || scenario_head(scenario));
        let failed = scenario.runs.iter().filter(|(_, o)| o.outcome == Outcome::Failed);
        for (at, (run, outcome)) in failed.enumerate() {
            let (runs, transcripts) = if early && at < FIRST_RUNS {
                (rank::RUNS, rank::TRANSCRIPTS)
            } else {
                (rank::MORE_RUNS, rank::MORE_TRANSCRIPTS)
            };
            let fold =
                sheet.fold(runs, "run", "</details>\n\n", move || run_fold(report, run, outcome));
            if !run.transcript.is_empty() {
                sheet.add(transcripts, "transcript", move || transcript(run));
            }
            sheet.close(&fold);
        }
    }
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

fn run_fold(report: &Report, run: &RunRecord, outcome: &RunOutcome) -> String {
    let ending = words::ending(run).map(|ending| format!(" · {ending}")).unwrap_or_default();
    let flaky = if report.is_flaky(run.id) { " · flaky: passed on retry" } else { "" };
    let title = format!("Run {} · {}{ending}{flaky}", run.id, words::variant(run, outcome));
    let title = markdown::html(&short(&title, 300));
    let mut fold = format!("<details><summary>{title}</summary>\n\n");
    let explained = run.expected_outcome.iter().flat_map(|expected| &expected.explanation);
    if !explained.into_iter().any(|line| line.contains(outcome.reason.trim())) {
        fold.push_str(&format!("{}\n\n", cut(&outcome.reason, 1000)));
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
    format!("> {}\n\n", lines.join("\\\n> "))
}

fn spoken(turn: &Turn) -> String {
    let clock = words::clock(turn).map(|clock| format!("{clock} ")).unwrap_or_default();
    let role = super::non_empty(&turn.role, "unknown");
    format!("{clock}**{}:** {}", cut(role, 60), cut(&turn.content, 600))
}

/// The runs that are no evidence, by whom they are blamed on.
pub(super) fn unknown_runs<'a>(sheet: &mut Sheet<'a>, scenarios: &'a [ScenarioRuns<'a>]) {
    let groups = words::unknown_by_blame(scenarios);
    let total: usize = groups.values().map(Vec::len).sum();
    if total == 0 {
        return;
    }
    sheet.fixed(format!("### {} without a judgement\n\n", text::count(total, "run")));
    for ((outcome, blame), runs) in &groups {
        let n = text::count(runs.len(), "run");
        sheet.fixed(format!("- {n} {} · blame: {}\n", outcome.name(), blame.name()));
    }
    sheet.fixed("\n| Run | Scenario | Outcome | Blame | Why |\n|---|---|---|---|---|\n");
    for (at, (scenario, run, outcome)) in groups.into_values().flatten().enumerate() {
        let rank = if at < FIRST { rank::FIRST } else { rank::TABLES };
        sheet.add(rank, "run without a judgement", move || {
            format!(
                "| {} | {} · {} | {} | {} | {} |\n",
                run.id,
                cut(&scenario.scenario.name, 100),
                cut(&words::variant(run, outcome), 100),
                outcome.outcome.name(),
                outcome.blame.map_or("–", |blame| blame.name()),
                cut(&outcome.reason, 300)
            )
        });
    }
    sheet.fixed("\n");
}
