//! Two results side by side, as text and as Markdown.
//!
//! Pure. The statistics are in `verdict/baseline`; the summary's section on the baseline is made
//! from the same rows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::escape::terminal::log_line;
use super::escape::{markdown as md, short};
use super::standing::outcomes;
use crate::exit::Code;
use crate::record::ResultRecord;
use crate::text as words;
use crate::verdict::baseline::{Comparison, ScenarioChange, Trend, compare};
use crate::verdict::evidence::Evidence;

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
    /// What changed.
    pub comparison: Comparison,
}

impl Compared {
    /// Compares two results.
    pub fn of(base: &ResultRecord, head: &ResultRecord, max_drop: f64, significance: f64) -> Self {
        let (base_outcomes, head_outcomes) = (outcomes(&base.runs), outcomes(&head.runs));
        let base_evidence = Evidence {
            runs: base.runs.iter().zip(&base_outcomes).collect(),
            ..Evidence::default()
        };
        let head_evidence = Evidence {
            runs: head.runs.iter().zip(&head_outcomes).collect(),
            ..Evidence::default()
        };
        Self {
            base: base.id,
            head: head.id,
            max_drop,
            significance,
            comparison: compare(&base_evidence, &head_evidence, significance),
        }
    }

    /// Failed for a drop that counts, inconclusive where nothing can be compared.
    pub fn code(&self) -> Code {
        match self.comparison.success_rate {
            None => Code::Inconclusive,
            Some(change)
                if -change.difference > self.max_drop + 1e-9
                    && change.p_of_drop.is_some_and(|p| p <= self.significance) =>
            {
                Code::Failed
            }
            Some(_) => Code::Passed,
        }
    }
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

fn fraction((passed, judged): (usize, usize)) -> String {
    format!("{passed} of {judged}")
}

/// What stands on one side only, a sentence for each side.
pub(super) fn one_sided(comparison: &Comparison) -> Vec<String> {
    let side = |scenarios: &[crate::verdict::ScenarioRef], which: &str| {
        let names: Vec<String> =
            scenarios.iter().take(20).map(|scenario| short(&scenario.name, 80)).collect();
        let more = scenarios.len().saturating_sub(names.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!names.is_empty())
            .then(|| format!("only in the {which}, not counted: {}{more}", names.join(", ")))
    };
    let base = side(&comparison.only_in_base, "base");
    base.into_iter().chain(side(&comparison.only_in_head, "head")).collect()
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
    for line in one_sided(comparison) {
        out.push_str(&format!("  {}\n", log_line(&line)));
    }
    let code = compared.code();
    out.push_str(&format!("\n  exit {}: {}\n", code.number(), meaning(code)));
    out
}

fn meaning(code: Code) -> &'static str {
    match code {
        Code::Passed => "no drop that counts",
        Code::Failed => "a drop larger than allowed and unlikely to be noise",
        _ => "not enough evidence to say",
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
    for line in one_sided(comparison) {
        out.push_str(&format!("\n{}\n", md::inline(&line)));
    }
    out
}
