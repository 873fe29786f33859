//! Two results side by side, as text and as Markdown.
//!
//! Pure. The statistics are in `verdict/baseline`; the summary's section on the baseline is made
//! from the same rows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::PlanHead;
use super::remarks::version_change;
use crate::escape::terminal::log_line;
use crate::escape::{markdown as md, short};
use crate::exit::Code;
use crate::record::{ResultRecord, not_shown};
use crate::report::evaluation::{outcomes, planned_evidence};
use crate::verdict::baseline::{
    Comparison, NoVerdict, RunsOfSide, SIGNIFICANCE, ScenarioChange, Trend, compare,
    drop_of_success_rate, with_unknown_base,
};
use crate::verdict::evidence::Evidence;
use crate::verdict::{ScenarioRef, Verdict};
use crate::{numbers, text as words};

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
    /// Version of the agent in the earlier result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_agent_version: Option<String>,
    /// Version of the agent in the later result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_agent_version: Option<String>,
}

impl Compared {
    /// Compares two results. `plan` is what the head was to have, as far as that is known; the
    /// platform may know of more.
    pub fn of(
        base: &ResultRecord,
        head: &ResultRecord,
        plan: &PlanHead,
        max_drop: f64,
        significance: f64,
    ) -> Self {
        let (base_outcomes, head_outcomes) = (outcomes(&base.runs), outcomes(&head.runs));
        let base_evidence = Evidence {
            runs: base.runs.iter().zip(&base_outcomes).collect(),
            ..Evidence::default()
        };
        let (head_evidence, unmatched) = planned_evidence(head, plan, &head_outcomes);
        let mut check =
            drop_of_success_rate(&base_evidence, &head_evidence, max_drop, significance);
        with_unknown_base(std::slice::from_mut(&mut check), not_shown(base));
        if unmatched > 0 && check.verdict == Verdict::Pass {
            check.verdict = Verdict::Inconclusive;
            check.reason = format!(
                "{}; but {} of the head fit no planned run",
                check.reason,
                words::count(unmatched, "run")
            );
        }
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
            base_agent_version: base.version(),
            head_agent_version: head.version(),
        }
    }

    /// Whether the agent itself changed on the platform between the two, in words.
    fn version_change(&self) -> Option<String> {
        version_change(self.base_agent_version.clone(), self.head_agent_version.clone())
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
        return "no scenario has judged runs in both results: nothing can be compared".to_owned();
    };
    let by = numbers::beside(change.difference.abs(), &[0.0], numbers::POINTS);
    let p = |p: Option<f64>| p.map(|p| format!(" ({})", numbers::chance(p, SIGNIFICANCE)));
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

/// The scenarios that newly fail and those that newly pass, in a line; none where there is none.
pub(super) fn news(comparison: &Comparison) -> Option<String> {
    let of = |trend: Trend, word: &str| {
        let changed = comparison.scenarios.iter().filter(|scenario| scenario.trend == trend);
        let names: Vec<String> = changed.map(|one| short(&one.scenario.name, 80)).collect();
        some_of(names.into_iter()).map(|names| format!("{word}: {names}"))
    };
    let parts = [of(Trend::NewlyFails, "newly failing"), of(Trend::NewlyPasses, "fixed")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
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
    let mut out = format!("result {} to result {}\n", compared.base, compared.head);
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
            out.push_str(&format!("  {trend}  {name}  {base} to {}\n", head.trim_end()));
        }
    }
    for line in compared.version_change().into_iter().chain(not_compared(comparison)) {
        out.push_str(&format!("  {}\n", log_line(&line)));
    }
    out.push_str(&format!("\n  exit {}: {}\n", compared.code().number(), meaning(compared)));
    out
}

fn meaning(compared: &Compared) -> String {
    match compared.verdict {
        Verdict::Pass => "no significant drop beyond the limit".to_owned(),
        Verdict::Fail => "a significant drop, larger than allowed".to_owned(),
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
    for line in compared.version_change().into_iter().chain(not_compared(comparison)) {
        out.push_str(&format!("\n{}\n", md::inline(&line)));
    }
    out.push_str(&format!("\n{}\n", md::inline(&meaning(compared))));
    out
}

#[cfg(test)]
mod tests;
