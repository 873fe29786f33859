//! The share of the agent's paths that the runs covered, against its threshold.
//!
//! Pure. The platform measures it for the whole result; no run has a share of it.

use super::{CheckReport, Verdict};
use crate::checks::figure::FigureUnit;
use crate::checks::spec::Checks;
use crate::record::PathCoverage;
use crate::{numbers, text};

/// Judges the checks on the coverage. `runs` is how many there were; where `open`, runs are missing
/// that could have covered more.
pub fn judge(
    checks: Option<&Checks>,
    coverage: Option<&PathCoverage>,
    runs: usize,
    open: bool,
) -> Vec<CheckReport> {
    let specs = checks.into_iter().flat_map(|checks| &checks.0);
    let judged = specs.map(|spec| {
        let threshold = spec.check.threshold.value / 100.0;
        let value = coverage.map(|coverage| coverage.percent / 100.0);
        let (verdict, reason) = match coverage {
            None => (
                Verdict::Inconclusive,
                "the platform has not said which paths the runs covered".to_owned(),
            ),
            Some(coverage) => {
                let holds = spec.check.operator.holds(coverage.percent, spec.check.threshold.value);
                let verdict = match holds {
                    true => Verdict::Pass,
                    false if open => Verdict::Inconclusive,
                    false => Verdict::Fail,
                };
                (verdict, reason(coverage, &spec.check.to_string(), holds))
            }
        };
        CheckReport {
            name: "coverage".to_owned(),
            group: None,
            scenario: None,
            rounds: None,
            condition: spec.check.to_string(),
            level: spec.level,
            verdict,
            value,
            threshold,
            unit: FigureUnit::Share,
            interval: None,
            samples: if coverage.is_some() { runs } else { 0 },
            unknown: 0,
            further_runs: None,
            reason,
            deciding_runs: Vec::new(),
        }
    });
    judged.collect()
}

fn reason(coverage: &PathCoverage, wanted: &str, holds: bool) -> String {
    const MOST: usize = 5;
    let seen = numbers::percent(coverage.percent / 100.0);
    let of = coverage.total.map(|total| {
        format!(" of {}", text::count(usize::try_from(total).unwrap_or(usize::MAX), "path"))
    });
    let mut reason = format!("{seen}{}, {wanted} wanted", of.unwrap_or_default());
    if !holds && !coverage.uncovered.is_empty() {
        let names: Vec<&str> = coverage.uncovered.iter().take(MOST).map(String::as_str).collect();
        let more = coverage.uncovered.len().saturating_sub(MOST);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        reason.push_str(&format!("; not covered: {}{more}", names.join(", ")));
    }
    reason
}

#[cfg(test)]
mod tests;
