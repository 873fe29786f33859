//! The checks of a suite and what else it asks for, as `check` lists them.

use crate::checks::figures::Kind;
use crate::checks::spec::{CheckSpec, Checks, DescribedUnits, Level};
use crate::checks::units;
use crate::suite::model::{Quarantine, Suite};
use crate::suite::retry::{EarlyStop, RetryOn};
use crate::suite::thresholds::{Baseline, IfMissing, Thresholds};
use crate::text;

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
            let sure = baseline.confidence.map(|sure| format!(", at confidence {sure}"));
            let sure = sure.unwrap_or_default();
            let line = |most| format!("{name} against the baseline: {way} <= {most}{sure}");
            lines.extend(most.map(line));
        }
    }
    if let Some(most) = baseline.new_failures {
        lines.push(format!("new failures against the baseline: <= {most}"));
    }
}

/// What the suite asks for beyond its checks.
pub(crate) fn policies(suite: &Suite) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if suite.is_report_only() {
        rows.push(("enforce", "false: the verdict is reported only".to_owned()));
    }
    if let Some(confidence) = suite.thresholds.as_ref().and_then(|t| t.confidence) {
        rows.push(("confidence", confidence.to_string()));
    }
    if let Some(baseline) = suite.thresholds.as_ref().and_then(|t| t.baseline.as_ref()) {
        rows.push(("baseline", baseline_row(suite, baseline)));
    }
    for (name, group) in suite.thresholds.iter().flat_map(|thresholds| &thresholds.groups) {
        rows.push(("group", format!("{name}: {}", group.describe())));
    }
    for entry in suite.quarantine.iter().flatten() {
        let Quarantine { scenario, until, owner, reason } = entry;
        rows.push(("quarantine", format!("{scenario} until {until} ({owner}): {reason}")));
    }
    if suite.starts_failed_first() {
        let told = match suite.rounds() {
            Some(_) => "in the first round, what failed lately starts first (known when it runs)",
            None => "recent_failures changes nothing: there are no rounds",
        };
        rows.push(("order", told.to_owned()));
    }
    if let Some(retry) = &suite.retry {
        let on: Vec<&str> = retry
            .on
            .iter()
            .map(|on| match on {
                RetryOn::Error => "errors",
                RetryOn::Failure => "failures",
                RetryOn::Lost => "lost conversations",
            })
            .collect();
        let times = text::count(retry.attempts as usize, "attempt");
        rows.push(("retry", format!("{}, {times}", text::list(&on))));
    }
    match suite.early_stop {
        None | Some(EarlyStop::Never) => {}
        Some(EarlyStop::Failed) => {
            rows.push(("early stop", "when it can no longer pass".to_owned()))
        }
        Some(EarlyStop::Decided) => rows.push(("early stop", "when it is decided".to_owned())),
    }
    if let Some(budget) = &suite.budget {
        let runs = budget
            .max_runs
            .map(|most| text::count(usize::try_from(most).unwrap_or(usize::MAX), "run"));
        let cost = budget.max_cost.map(|most| format!("{most:.2}"));
        let limits: Vec<String> = runs.into_iter().chain(cost).collect();
        if !limits.is_empty() {
            rows.push(("budget", format!("at most {}", text::list(&limits))));
        }
    }
    rows
}

/// Where the baseline comes from, and by what it is found.
fn baseline_row(suite: &Suite, baseline: &Baseline) -> String {
    let from = &baseline.from;
    let without = match baseline.if_missing.unwrap_or_default() {
        IfMissing::Pass => "passes",
        IfMissing::Inconclusive => "is inconclusive",
        IfMissing::Fail => "fails",
    };
    let is_branch = from != "matrix" && from != "none" && from.parse::<u64>().is_err();
    let whose = match &suite.name {
        Some(name) if is_branch && !from.ends_with(".json") => format!(
            "results named \"{name}\" of that branch; a job's branch is the one of its CI \
             system, or CEKURA_GATE_BRANCH; "
        ),
        _ => String::new(),
    };
    format!("{from} ({whose}where there is none, the comparison {without})")
}
