//! What is below the failures: suggestions, notes, and the folded tables.

use std::collections::HashSet;

use super::sheet::Sheet;
use super::{cut, rank};
use crate::escape::markdown::{code, lines};
use crate::escape::{one_line, truncate};
use crate::outcome::{Outcome, RunOutcome};
use crate::record::{FailedReason, RunRecord};
use crate::report::model::{Report, ScenarioRuns};
use crate::report::{commands, words};
use crate::{numbers, text};

/// Rows that a folded table holds at most: beyond it nobody reads, and result.json has them all.
const ROWS: usize = 500;

/// What the platform suggests. Written by a model.
pub(super) fn suggestions<'a>(sheet: &mut Sheet<'a>, report: &'a Report) {
    let insights = &report.result.insights;
    let mut text = String::new();
    let paragraphs = [
        ("What happened", &insights.what_happened),
        ("Why", &insights.why_it_happened),
        ("How to fix it", &insights.how_to_fix),
    ];
    for (title, paragraph) in paragraphs {
        if let Some(paragraph) = paragraph.as_deref().filter(|text| !text.trim().is_empty()) {
            text.push_str(&format!("**{title}:** {}\n\n", lines(&truncate(paragraph, 3000))));
        }
    }
    // Groups that explain a failed run head the failures.
    let failed = report.outcomes.iter().filter(|outcome| outcome.outcome == Outcome::Failed);
    let failed: HashSet<u64> = failed.map(|outcome| outcome.run).collect();
    let explains = |group: &&FailedReason| group.run_ids.iter().any(|run| failed.contains(run));
    let unused = insights.failed_reasons.iter().filter(|group| !explains(group));
    for group in unused.take(20) {
        let runs = group.affected_count.unwrap_or(group.run_ids.len() as u64);
        let runs = text::count(usize::try_from(runs).unwrap_or(usize::MAX), "run");
        let ids = words::ids(&group.run_ids, 10);
        let ids = if ids.is_empty() { ids } else { format!(": {ids}") };
        text.push_str(&format!("- {} ({runs}{ids})\n", cut(&group.description, 500)));
    }
    if !insights.next_steps.is_empty() {
        text.push_str("\n**Next steps**\n\n");
    }
    for step in insights.next_steps.iter().take(20) {
        let more = step.description.as_deref().map(|text| format!("<br>{}", cut(text, 1000)));
        text.push_str(&format!("- {}{}\n", cut(&step.title, 200), more.unwrap_or_default()));
    }
    if !text.is_empty() {
        fold(sheet, "What the platform suggests (written by a model, not checked)");
        sheet.add(rank::FIRST, "suggestion", move || text.clone());
        sheet.fixed("\n</details>\n\n");
    }
}

/// The better prompt that the platform proposes, as a change. Written by a model.
pub(super) fn proposal<'a>(sheet: &mut Sheet<'a>, report: &'a Report) {
    const LONGEST: usize = 20_000;
    let Some(proposal) = &report.proposal else { return };
    let file = cut(&proposal.agent_prompt, 200);
    fold(sheet, &format!("A better prompt for {file} (written by a model, not checked)"));
    sheet.add(rank::FIRST, "proposal", move || {
        let summary = lines(&truncate(&proposal.summary_of_changes, 3000));
        let runs = words::ids(&proposal.runs, 10);
        let diff = code("diff", &truncate(&proposal.diff, LONGEST));
        format!("{summary}\n\nMade from what went wrong in {runs}.\n\n{diff}")
    });
    sheet.fixed("\n</details>\n\n");
}

pub(super) fn fold(sheet: &mut Sheet<'_>, title: &str) {
    sheet.fixed(format!("<details><summary>{title}</summary>\n\n"));
}

/// Which of the agent's paths no run took, and what the rules of the rubric come to.
pub(super) fn paths<'a>(sheet: &mut Sheet<'a>, report: &'a Report) {
    if let Some(coverage) = &report.result.path_coverage {
        fold(sheet, "Paths");
        sheet.fixed(format!("{}\n\n", words::coverage(coverage)));
        for path in coverage.uncovered.iter().take(100) {
            sheet.add(rank::FIRST, "path", move || format!("- {}\n", cut(path, 200)));
        }
        sheet.fixed("\n</details>\n\n");
    }
    if report.result.rubric_rules.is_empty() {
        return;
    }
    fold(sheet, "The rubric, by the platform's own judgement");
    sheet.fixed("| Metric | Value | Met |\n|---|---|---|\n");
    for rule in report.result.rubric_rules.iter().take(100) {
        sheet.add(rank::TABLES, "rule", move || {
            let value = rule.value.as_deref().map_or_else(|| "–".to_owned(), |text| cut(text, 60));
            format!("| {} | {value} | {} |\n", cut(&rule.metric, 120), words::met(rule.met))
        });
    }
    sheet.fixed("\n</details>\n\n");
}

/// What each round started and decided, where the runs came in rounds.
pub(super) fn rounds<'a>(sheet: &mut Sheet<'a>, report: &'a Report) {
    let Some(table) = &report.rounds else { return };
    fold(sheet, &format!("Rounds: {}", table.summary()));
    sheet.fixed("| Round | Started | Runs so far | Decided |\n|--:|---|--:|---|\n");
    for round in &table.rounds {
        sheet.add(rank::FIRST, "round", move || {
            let decided = cut(&round.decided(), 600);
            let (number, so_far) = (round.number, round.runs_so_far);
            format!("| {number} | {} | {so_far} | {decided} |\n", round.started())
        });
    }
    sheet.fixed("\n</details>\n\n");
}

/// What a reader should know besides.
pub(super) fn notes<'a>(sheet: &mut Sheet<'a>, report: &'a Report) {
    if report.notes.is_empty() {
        return;
    }
    fold(sheet, &text::count(report.notes.len(), "note"));
    for note in &report.notes {
        sheet.add(rank::FIRST, "note", move || format!("- {}\n", cut(note, 1000)));
    }
    sheet.fixed("\n</details>\n\n");
}

/// All scenarios with their counts.
pub(super) fn scenarios<'a>(sheet: &mut Sheet<'a>, scenarios: &'a [ScenarioRuns<'a>]) {
    if scenarios.is_empty() {
        return;
    }
    fold(sheet, &format!("All {}", text::count(scenarios.len(), "scenario")));
    sheet.fixed(
        "| Scenario | Id | Passed | Failed | Errored | Unscored | Rate |\n\
         |---|---|---:|---:|---:|---:|---:|\n",
    );
    for scenario in scenarios.iter().take(ROWS) {
        sheet.add(rank::TABLES, "row", move || scenario_row(scenario));
    }
    let more = scenarios.len().saturating_sub(ROWS);
    sheet.fixed(match more {
        0 => "\n</details>\n\n".to_owned(),
        more => format!("\nand {more} more in `result.json`\n\n</details>\n\n"),
    });
}

fn scenario_row(scenario: &ScenarioRuns<'_>) -> String {
    let quarantine = scenario.quarantine.map(|entry| {
        let (owner, reason) = (cut(&entry.owner, 100), cut(&entry.reason, 200));
        format!("<br>quarantined until {} ({owner}): {reason}", entry.until)
    });
    let tally = scenario.tally;
    format!(
        "| {}{} | {} | {} | {} | {} | {} | {} |\n",
        cut(&scenario.scenario.name, 200),
        quarantine.unwrap_or_default(),
        scenario.scenario.id.map_or_else(|| "–".to_owned(), |id| id.to_string()),
        tally.passed,
        tally.failed,
        tally.errored,
        tally.unscored,
        tally.success_rate().map_or_else(|| "–".to_owned(), numbers::percent),
    )
}

/// The longest conversations.
pub(super) fn slowest<'a>(sheet: &mut Sheet<'a>, scenarios: &'a [ScenarioRuns<'a>]) {
    let mut runs: Vec<(f64, &ScenarioRuns<'a>, &RunRecord, &RunOutcome)> = scenarios
        .iter()
        .flat_map(|scenario| {
            scenario.runs.iter().map(move |(run, outcome)| (scenario, *run, *outcome))
        })
        .filter_map(|(scenario, run, outcome)| {
            Some((run.duration_seconds?, scenario, run, outcome))
        })
        .collect();
    if runs.is_empty() {
        return;
    }
    runs.sort_by(|a, b| b.0.total_cmp(&a.0));
    fold(sheet, "Longest conversations");
    sheet.fixed("| Run | Scenario | Length | Outcome |\n|---|---|---:|---|\n");
    for (duration, scenario, run, outcome) in runs.into_iter().take(10) {
        let passed = if outcome.outcome == Outcome::Passed { "" } else { "**" };
        sheet.add(rank::TABLES, "row", move || {
            format!(
                "| {} | {} · {} | {} | {passed}{}{passed} |\n",
                run.id,
                cut(&scenario.scenario.name, 100),
                cut(&words::variant(run, outcome), 100),
                text::seconds(duration),
                outcome.word()
            )
        });
    }
    sheet.fixed("\n</details>\n\n");
}

/// The command that starts only what did not pass again.
fn failed_from(report: &Report) -> Option<String> {
    let command = commands::failed_from_command(report, "result.json")?;
    Some(format!("{command}    # only what did not pass, again"))
}

/// The same for a comment, in a line of its own.
pub(super) fn failed_from_line(sheet: &mut Sheet<'_>, report: &Report) {
    let command = commands::failed_from_command(report, "result.json");
    if let Some(command) = command.filter(|command| !command.contains('`')) {
        sheet.fixed(format!("Only what did not pass, again: `{command}`\n\n"));
    }
}

/// The commands that make it again, or judge it again.
pub(super) fn again(sheet: &mut Sheet<'_>, report: &Report) {
    let file = report.suite.file.as_deref().map(|file| words::quoted(&one_line(file)));
    let id = report.result.id;
    let mut commands = Vec::new();
    if let Some(file) = &file {
        commands.push(format!("cekura-gate run {file}    # the same calls again"));
    }
    commands.extend(failed_from(report));
    let may_still_come = words::may_still_come(report);
    if may_still_come {
        let watch = commands::watch_command(id, report.suite.file.as_deref());
        commands.push(format!("{watch}    # wait for this result"));
    }
    if !may_still_come {
        let judge = "cekura-gate judge result.json --suite other.yml    # no new calls";
        commands.push(judge.to_owned());
    }
    commands.push("cekura-gate compare base/result.json result.json".to_owned());
    // A fence could be ended by a name; such a name is rare enough to be left to the suite file.
    commands.retain(|command| !command.contains("```"));
    fold(sheet, "How to run it again");
    sheet.fixed(format!("```sh\n{}\n```\n\n</details>\n\n", commands.join("\n")));
}

/// How long the conversations were.
fn conversations(report: &Report) -> Option<String> {
    let lengths = report.result.runs.iter().filter_map(|run| run.duration_seconds);
    let mut lengths: Vec<f64> = lengths.filter(|length| length.is_finite()).collect();
    lengths.sort_by(f64::total_cmp);
    let (median, longest) = (lengths.get(lengths.len() / 2)?, lengths.last()?);
    Some(format!(
        "{}, {} in all; half of them up to {}, the longest {}",
        lengths.len(),
        text::seconds(lengths.iter().sum()),
        text::seconds(*median),
        text::seconds(*longest)
    ))
}

/// The results that were judged, with how far they came.
fn results(report: &Report) -> String {
    let status = cut(report.result.status.as_str(), 40);
    let ids = words::ids(&words::result_ids(report), 100);
    if report.results.len() > 1 {
        return format!("{ids}: a result for each {} ({status})", words::each_result_is(report));
    }
    format!("{} ({status})", report.result.id)
}

/// Ids, versions, the exit code.
pub(super) fn about(sheet: &mut Sheet<'_>, report: &Report) {
    let result = &report.result;
    let agent = match (&result.agent_name, result.agent) {
        (Some(name), Some(id)) => Some(format!("{} ({id})", cut(name, 200))),
        (Some(name), None) => Some(cut(name, 200)),
        (None, id) => id.map(|id| id.to_string()),
    };
    let planned = report.plan.runs.map(|runs| {
        format!("{}, {} a scenario", text::count(runs, "run"), report.plan.runs_per_scenario)
    });
    let traffic = report.traffic;
    let rows = [
        ("Exit code", Some(format!("{}: {}", report.exit_code, words::exit_meaning(report)))),
        ("Result", Some(results(report))),
        ("Agent", agent),
        ("Agent version", result.version().map(|version| cut(&version, 100))),
        ("Suite file", report.suite.file.as_deref().map(|file| cut(file, 300))),
        ("Planned", planned),
        ("Started", Some(cut(&report.timing.started_at, 40))),
        ("Took", Some(text::seconds(report.timing.elapsed_seconds))),
        ("Conversations", conversations(report)),
        ("Requests", Some(words::traffic(traffic))),
        ("cekura-gate", Some(cut(&report.tool_version, 40))),
    ];
    fold(sheet, "About this gate");
    let mut table = String::from("| | |\n|---|---|\n");
    for (name, value) in rows {
        if let Some(value) = value {
            table.push_str(&format!("| {name} | {value} |\n"));
        }
    }
    sheet.fixed(table);
    sheet.fixed("\n</details>\n");
}
