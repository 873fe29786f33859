//! The checks of a suite as `check` lists them.

use crate::checks::figures::Kind;
use crate::checks::spec::{CheckSpec, Checks, DescribedUnits, Level};
use crate::checks::units;
use crate::suite::thresholds::{Baseline, Thresholds};

/// The checks as they will be judged, one a line.
pub(crate) fn checks(thresholds: &Thresholds, described: &DescribedUnits) -> Vec<String> {
    let mut lines = Vec::new();
    for (group, rules) in thresholds.with_groups() {
        let prefix = group.map(|group| format!("group {group}: ")).unwrap_or_default();
        checks_of(&prefix, &rules, described, &mut lines);
    }
    if let Some(baseline) = &thresholds.baseline {
        checks_of_baseline(baseline, &mut lines);
    }
    if lines.is_empty() {
        lines.push("success_rate >= 100% (the default: every run must pass)".to_owned());
    }
    lines
}

/// The checks of a suite or of a group, without its baseline.
pub(crate) fn checks_of(
    group: &str,
    thresholds: &Thresholds,
    described: &DescribedUnits,
    lines: &mut Vec<String>,
) {
    let unit = |name: &str, spec: &CheckSpec| {
        let described = described.get(name);
        units::planned(name, spec, described).map(|note| format!("; {note}")).unwrap_or_default()
    };
    let mut add = |prefix: &str, name: &str, checks: Option<&Checks>, is_metric: bool| {
        for spec in checks.iter().flat_map(|checks| &checks.0) {
            let level = if spec.level == Level::Warn { " (warning only)" } else { "" };
            let unit = if is_metric { unit(name, spec) } else { String::new() };
            lines.push(format!("{group}{prefix}{name} {}{level}{unit}", spec.check));
        }
    };
    for (figure, checks) in thresholds.figures.iter() {
        add("", figure.key, Some(checks), false);
    }
    add("", "coverage", thresholds.coverage.as_ref(), false);
    for (name, checks) in &thresholds.metrics {
        add("", name, Some(checks), true);
    }
    if let Some(each) = &thresholds.each_scenario {
        for (figure, checks) in each.figures.iter() {
            add("each scenario: ", figure.key, Some(checks), false);
        }
        for (name, checks) in &each.metrics {
            add("each scenario: ", name, Some(checks), true);
        }
    }
}

pub(crate) fn checks_of_baseline(baseline: &Baseline, lines: &mut Vec<String>) {
    let figures = baseline.figures.iter().map(|(figure, limit)| {
        let is_share = matches!(figure.kind, Kind::Share { .. });
        (figure.key, limit, if is_share { " points" } else { " (% of the baseline's mean)" })
    });
    let either = " (points for a binary metric, else % of the baseline's mean)";
    let metrics = baseline.metrics.iter().map(|(name, limit)| (name.as_str(), limit, either));
    for (name, limit, of) in figures.chain(metrics) {
        let bounds = [("drop", limit.max_drop), ("rise", limit.max_rise)];
        for (way, most) in bounds {
            let most = most.map(|most| format!("{}{of}", most.to_string().trim_end_matches('%')));
            lines.extend(most.map(|most| format!("{name} against the baseline: {way} <= {most}")));
        }
    }
    if let Some(most) = baseline.new_failures {
        lines.push(format!("new failures against the baseline: <= {most}"));
    }
}
