//! A result: its runs with their outcomes, and what the platform says of the failures.

use super::super::console::{Ink, Style, pad};
use super::super::words;
use super::{fact, ink, named, paragraph, title};
use crate::escape::terminal::neutral;
use crate::escape::{one_line, short};
use crate::outcome::{Outcome, RunOutcome, judge_run};
use crate::record::{Insights, RunRecord};
use crate::report::commands;
use crate::review::ResultView;
use crate::text;

/// How many runs are shown, those that did not pass first.
const MOST_RUNS: usize = 60;

/// A result for a person. `page` is its page on the dashboard, where that is known.
pub fn result(view: &ResultView, page: Option<&str>, style: Style) -> String {
    let record = &view.record;
    let outcomes: Vec<RunOutcome> = record.runs.iter().map(|run| judge_run(run, 1)).collect();
    let ended = record.status.is_terminal();
    let mut out = String::new();
    let name = record.name.as_deref().map(|name| format!(" · {}", short(name, 100)));
    let head = format!(
        "Result {}{} · {}",
        record.id,
        name.unwrap_or_default(),
        one_line(record.status.as_str())
    );
    out.push_str(&style.paint(Ink::Title, style.wrap("", 2, &head).trim_end()));
    out.push('\n');
    out.push_str(&style.wrap("  ", 2, &tally(record.runs.as_slice(), &outcomes)));
    if let Some(agent) = named(record.agent_name.as_deref(), record.agent) {
        fact(&mut out, style, "agent", &agent);
    }
    for (name, value) in [("created", &record.created_at), ("changed", &view.updated_at)] {
        if let Some(value) = value {
            fact(&mut out, style, name, &short(value, 60));
        }
    }
    if let Some(coverage) = view.details.get("path_coverage").and_then(|c| c.get("coverage_pct"))
        && let Some(percent) = coverage.as_f64()
    {
        let percent = format!("{}% of the agent's paths", text::trim_number(percent, 1));
        fact(&mut out, style, "coverage", &percent);
    }
    if let Some(page) = page {
        fact(&mut out, style, "page", page);
    }
    runs(&mut out, &record.runs, &outcomes, style);
    out.push_str(&explanation(&record.insights, style));
    if record.insights == Insights::default()
        && let Some(status) = view.summary_status.as_deref().filter(|_| ended)
    {
        let status = short(&status.replace('_', " "), 60);
        out.push_str(&format!("\nThe platform's explanation of the failures: {status}\n"));
    }
    out.push('\n');
    let failed = record.runs.iter().zip(&outcomes).find(|(_, o)| o.outcome == Outcome::Failed);
    if let Some((run, _)) = failed {
        fact(&mut out, style, "next", &format!("cekura-gate call show {}", run.id));
    }
    if !ended {
        fact(&mut out, style, "next", &commands::watch_command(record.id, None));
    }
    neutral(out.trim_end()) + "\n"
}

/// How many runs ended how, those that are going apart.
fn tally(runs: &[RunRecord], outcomes: &[RunOutcome]) -> String {
    let going = runs.iter().filter(|run| !run.status.is_terminal()).count();
    let count = |wanted: Outcome| {
        let of = |(run, outcome): &(&RunRecord, &RunOutcome)| {
            run.status.is_terminal() && outcome.outcome == wanted
        };
        runs.iter().zip(outcomes).filter(of).count()
    };
    let ends = [Outcome::Passed, Outcome::Failed, Outcome::Errored, Outcome::Unscored];
    let parts: Vec<String> = ends
        .into_iter()
        .map(|end| (count(end), end.name()))
        .chain([(going, "going")])
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let total = text::count(runs.len(), "run");
    if parts.is_empty() { total } else { format!("{total}: {}", parts.join(", ")) }
}

/// The runs as a table, those that did not pass first, each with its reason below it.
fn runs(out: &mut String, runs: &[RunRecord], outcomes: &[RunOutcome], style: Style) {
    if runs.is_empty() {
        return;
    }
    title(out, style, "Runs");
    let mut rows: Vec<(&RunRecord, &RunOutcome)> = runs.iter().zip(outcomes).collect();
    let order = |run: &RunRecord, outcome: &RunOutcome| match outcome.outcome {
        _ if !run.status.is_terminal() => 2,
        Outcome::Failed => 0,
        Outcome::Errored | Outcome::Unscored => 1,
        Outcome::Passed => 3,
    };
    rows.sort_by_key(|(run, outcome)| order(run, outcome));
    let words = |run: &RunRecord, outcome: &RunOutcome| match run.status.is_terminal() {
        true => (ink(outcome.outcome), outcome.outcome.name().to_owned()),
        false => ((Ink::Faint, "…"), short(run.status.as_str(), 20)),
    };
    let width = rows.iter().map(|(run, o)| words(run, o).1.chars().count()).max().unwrap_or(0);
    for (run, outcome) in rows.iter().take(MOST_RUNS) {
        let ((ink, mark), word) = words(run, outcome);
        let word = style.paint(ink, &format!("{mark} {}", pad(&word, width)));
        let time = run.duration_seconds.filter(|seconds| *seconds > 0.0);
        let facts: Vec<String> = [
            Some(short(run.scenario_name.as_deref().unwrap_or("deleted scenario"), 60)),
            run.personality_name.as_deref().map(|name| short(name, 30)),
            run.test_profile_name.as_deref().map(|name| short(name, 30)),
            time.map(text::seconds),
        ]
        .into_iter()
        .flatten()
        .collect();
        let first = format!("  {}  {word}  ", pad(&run.id.to_string(), 6));
        // The escape codes take no columns: the width is that of the plain text.
        out.push_str(&first);
        let plain = 12 + width;
        out.push_str(style.wrap("", plain, &facts.join(" · ")).trim_start());
        if run.status.is_terminal() && outcome.outcome != Outcome::Passed {
            out.push_str(&style.wrap("      - ", 8, &short(&outcome.reason, 300)));
        }
    }
    let left = rows.len().saturating_sub(MOST_RUNS);
    if left > 0 {
        out.push_str(&format!("  and {} (--json has them all)\n", text::count(left, "more run")));
    }
}

/// What the platform says of the failures, or nothing where it says nothing.
pub fn explanation(insights: &Insights, style: Style) -> String {
    let mut out = String::new();
    if !insights.failed_reasons.is_empty() {
        title(&mut out, style, "Why runs failed");
        for reason in &insights.failed_reasons {
            let count = reason
                .affected_count
                .map_or(reason.run_ids.len(), |count| usize::try_from(count).unwrap_or(usize::MAX));
            let ids = words::ids(&reason.run_ids, 5);
            let of = if ids.is_empty() { String::new() } else { format!(": {ids}") };
            let line =
                format!("{} ({}{of})", short(&reason.description, 500), text::count(count, "run"));
            out.push_str(&style.wrap("  - ", 4, &line));
        }
    }
    let parts = [
        ("What happened", &insights.what_happened),
        ("Why it happened", &insights.why_it_happened),
        ("How to fix it", &insights.how_to_fix),
    ];
    for (name, words) in parts {
        if let Some(words) = words {
            title(&mut out, style, name);
            paragraph(&mut out, style, "  ", words);
        }
    }
    if !insights.next_steps.is_empty() {
        title(&mut out, style, "Next steps");
        for (step, number) in insights.next_steps.iter().zip(1..) {
            let more = step.description.as_deref().map(|more| format!(": {}", short(more, 500)));
            let line = format!("{}{}", short(&step.title, 200), more.unwrap_or_default());
            out.push_str(&style.wrap(&format!("  {number}. "), 5, &line));
        }
    }
    neutral(&out)
}
