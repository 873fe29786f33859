//! Two results side by side, as text and as Markdown.
//!
//! Pure. The statistics are in `verdict/baseline`; the summary's section on the baseline is made
//! from the same rows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::assemble::not_shown;
use super::escape::terminal::log_line;
use super::escape::{markdown as md, short};
use super::standing::outcomes;
use crate::exit::Code;
use crate::record::ResultRecord;
use crate::text as words;
use crate::verdict::baseline::{
    Comparison, NoVerdict, RunsOfSide, ScenarioChange, Trend, compare, drop_of_success_rate,
    with_unknown_base,
};
use crate::verdict::evidence::Evidence;
use crate::verdict::{ScenarioRef, Verdict};

/// Two results, compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// Id of the earlier result.
    pub base: u64,
    /// Id of the later result.
    pub head: u64,
    /// The largest drop that is accepted, a fraction.
    pub max_drop: f64,
    /// How likely noise alone may explain a drop that counts, a fraction.
    pub significance: f64,
    /// Whether there is a drop that counts.
    pub verdict: Verdict,
    /// Why, in words.
    pub reason: String,
    /// What changed.
    pub comparison: Comparison,
}

impl Compared {
    /// Compares two results. `planned` is how many runs the head was to have, where that is known;
    /// the platform may know of more.
    pub fn of(
        base: &ResultRecord,
        head: &ResultRecord,
        planned: Option<usize>,
        max_drop: f64,
        significance: f64,
    ) -> Self {
        let (base_outcomes, head_outcomes) = (outcomes(&base.runs), outcomes(&head.runs));
        let base_evidence = Evidence {
            runs: base.runs.iter().zip(&base_outcomes).collect(),
            ..Evidence::default()
        };
        let claimed = head.claims.total_runs.and_then(|total| usize::try_from(total).ok());
        let wanted = planned.max(claimed).unwrap_or_default();
        let head_evidence = Evidence {
            runs: head.runs.iter().zip(&head_outcomes).collect(),
            missing: wanted.saturating_sub(head.runs.len()),
            ..Evidence::default()
        };
        let mut check =
            drop_of_success_rate(&base_evidence, &head_evidence, max_drop, significance);
        with_unknown_base(std::slice::from_mut(&mut check), not_shown(base));
        if let Some(why) = differ(base, head)
            && check.verdict != Verdict::Inconclusive
        {
            check.verdict = Verdict::Inconclusive;
            check.reason = format!("{why}; {}", check.reason);
        }
        Self {
            base: base.id,
            head: head.id,
            max_drop,
            significance,
            verdict: check.verdict,
            reason: check.reason,
            comparison: compare(&base_evidence, &head_evidence, significance),
        }
    }

    /// Failed for a drop that counts, inconclusive where the evidence of a side allows no answer.
    pub const fn code(&self) -> Code {
        match self.verdict {
            Verdict::Pass => Code::Passed,
            Verdict::Fail => Code::Failed,
            Verdict::Inconclusive => Code::Inconclusive,
        }
    }
}

/// Why two results cannot be compared: their names, which the gate gave them, are of different
/// suites, or of another selection.
fn differ(base: &ResultRecord, head: &ResultRecord) -> Option<String> {
    let suite = |result: &ResultRecord| {
        let (before, _) = result.name.as_deref()?.split_once(" [gate ")?;
        let name = before.rsplit_once(" @").map_or(before, |(name, _)| name);
        Some(short(name.trim(), 200))
    };
    let (one, other) = (suite(base)?, suite(head)?);
    (one != other).then(|| {
        format!(
            "the results are of different suites, `{one}` and `{other}`: they cannot be compared"
        )
    })
}

/// The change of the success rate in a sentence.
pub fn headline(comparison: &Comparison) -> String {
    let Some(change) = comparison.success_rate else {
        return "no scenario has judged runs on both sides: nothing can be compared".to_owned();
    };
    let by = words::percent(change.difference.abs());
    let p = |p: Option<f64>| p.map(|p| format!(" (p = {})", words::trim_number(p, 4)));
    let scenarios = words::count(comparison.scenarios.len(), "common scenario");
    if change.difference < 0.0 {
        let p = p(change.p_of_drop).unwrap_or_default();
        format!("the success rate dropped by {by}{p} over {scenarios}")
    } else if change.difference > 0.0 {
        let p = p(change.p_of_rise).unwrap_or_default();
        format!("the success rate rose by {by}{p} over {scenarios}")
    } else {
        format!("the success rate is the same over {scenarios}")
    }
}

/// The scenarios that changed, the most telling first.
fn changed(comparison: &Comparison) -> Vec<&ScenarioChange> {
    let mut changed: Vec<&ScenarioChange> =
        comparison.scenarios.iter().filter(|scenario| scenario.trend != Trend::Same).collect();
    changed.sort_by_key(|scenario| scenario.trend);
    changed
}

/// Whether half or more of the judged runs failed.
const fn fails((passed, judged): (usize, usize)) -> bool {
    passed * 2 <= judged
}

fn fraction((passed, judged): (usize, usize)) -> String {
    format!("{passed} of {judged}")
}

/// What is not compared, and on what side the evidence is thin: a sentence for each.
pub(super) fn not_compared(comparison: &Comparison) -> Vec<String> {
    let only = |scenarios: &[ScenarioRef], which: &str| {
        let names = scenarios.iter().map(|scenario| short(&scenario.name, 80));
        some_of(names).map(|names| format!("only in the {which}, not counted: {names}"))
    };
    let no_verdict = |scenarios: &[NoVerdict], which: &str| {
        let names =
            scenarios.iter().map(|NoVerdict { scenario, errored, unscored, still_going }| {
                let ends = ends([*errored, *unscored, *still_going]);
                format!("{} ({ends})", short(&scenario.name, 80))
            });
        some_of(names).map(|names| format!("no verdict in the {which}: {names}"))
    };
    let runs = |runs: RunsOfSide, which: &str| {
        let RunsOfSide { judged, errored, unscored, still_going } = runs;
        let without = [errored, unscored, still_going];
        let open: usize = without.iter().sum();
        (open > 0).then(|| {
            let (all, ends) = (words::count(judged + open, "run"), ends(without));
            format!("verdicts of the {which}: {judged} of {all} in common scenarios ({ends})")
        })
    };
    let failing = comparison.scenarios.iter().filter(|one| fails(one.base) && fails(one.head));
    let failing: Vec<String> = failing
        .map(|one| {
            let name = short(&one.scenario.name, 80);
            format!("{name} ({}, now {})", fraction(one.base), fraction(one.head))
        })
        .collect();
    let failing = some_of(failing.into_iter());
    let lines = [
        failing.map(|names| format!("failed before and still failing: {names}")),
        runs(comparison.base_runs, "base"),
        runs(comparison.head_runs, "head"),
        no_verdict(&comparison.no_verdict_in_base, "base"),
        no_verdict(&comparison.no_verdict_in_head, "head"),
        only(&comparison.only_in_base, "base"),
        only(&comparison.only_in_head, "head"),
    ];
    lines.into_iter().flatten().collect()
}

/// The first names in a row, with how many more there are; none where there is none.
fn some_of(names: impl ExactSizeIterator<Item = String>) -> Option<String> {
    const MOST: usize = 20;
    let more = names.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let names: Vec<String> = names.take(MOST).collect();
    (!names.is_empty()).then(|| format!("{}{more}", names.join(", ")))
}

/// How runs without a verdict ended: `4 errored, 1 unscored`.
fn ends(counts: [usize; 3]) -> String {
    let ends = counts.into_iter().zip(["errored", "unscored", "still going"]);
    let ends = ends.filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}"));
    ends.collect::<Vec<_>>().join(", ")
}

/// What changed, a line each: for a section of a report on a terminal.
pub(super) fn lines(comparison: &Comparison) -> Vec<String> {
    let changed = changed(comparison).into_iter().map(|change| {
        let name = short(&change.scenario.name, 80);
        let (base, head) = (fraction(change.base), fraction(change.head));
        format!("{}: {name} ({base}, now {head})", change.trend.name())
    });
    std::iter::once(headline(comparison)).chain(changed).chain(not_compared(comparison)).collect()
}

/// The comparison for a person at a terminal.
pub fn text(compared: &Compared) -> String {
    let comparison = &compared.comparison;
    let mut out = format!("result {} ▶ result {}\n", compared.base, compared.head);
    out.push_str(&format!("  {}\n", headline(comparison)));
    let rows: Vec<[String; 4]> = changed(comparison)
        .into_iter()
        .map(|change| {
            let name = log_line(&short(&change.scenario.name, 60));
            let trend = change.trend.name().to_owned();
            [trend, name, fraction(change.base), fraction(change.head)]
        })
        .collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..4).map(|column| width(column).unwrap_or_default()).collect();
    if !rows.is_empty() {
        out.push('\n');
    }
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        if let [trend, name, base, head] = cells.as_slice() {
            out.push_str(&format!("  {trend}  {name}  {base} ▶ {}\n", head.trim_end()));
        }
    }
    for line in not_compared(comparison) {
        out.push_str(&format!("  {}\n", log_line(&line)));
    }
    out.push_str(&format!("\n  exit {}: {}\n", compared.code().number(), meaning(compared)));
    out
}

fn meaning(compared: &Compared) -> String {
    match compared.verdict {
        Verdict::Pass => "no drop that counts".to_owned(),
        Verdict::Fail => "a drop larger than allowed and unlikely to be noise".to_owned(),
        Verdict::Inconclusive => {
            format!("not enough evidence to say: {}", log_line(&compared.reason))
        }
    }
}

/// The rows of the comparison as a Markdown table, at most `most` of them.
pub fn markdown_rows(comparison: &Comparison, most: usize) -> String {
    let changed = changed(comparison);
    if changed.is_empty() {
        return String::new();
    }
    let mut out = String::from("| | scenario | baseline | now |\n|---|---|---|---|\n");
    for change in changed.iter().take(most) {
        out.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            change.trend.name(),
            md::inline(&short(&change.scenario.name, 120)),
            fraction(change.base),
            fraction(change.head)
        ));
    }
    if changed.len() > most {
        out.push_str(&format!("\n{} more are left out.\n", changed.len() - most));
    }
    out
}

/// The comparison for a comment or a summary.
pub fn markdown(compared: &Compared) -> String {
    let comparison = &compared.comparison;
    let mut out = format!("### Result {} against {}\n\n", compared.head, compared.base);
    out.push_str(&format!("{}\n\n", md::inline(&headline(comparison))));
    out.push_str(&markdown_rows(comparison, 200));
    for line in not_compared(comparison) {
        out.push_str(&format!("\n{}\n", md::inline(&line)));
    }
    out.push_str(&format!("\n{}\n", md::inline(&meaning(compared))));
    out
}

#[cfg(test)]
mod tests;
