//! What a check can be asked of: rates are compared with percentages, durations with time.

use super::super::model::{Mode, Suite};
use super::{Problems, at, sense};
use crate::checks::figure::Figure;
use crate::checks::figures::{BuiltIn, Kind};
use crate::checks::grammar::{Aggregate, Check, Operator, Unit};
use crate::checks::spec::{CheckSpec, Checks, Level};
use crate::document::{Path, shown};
use crate::scalars::Percent;
use crate::suite::thresholds::{Baseline, BaselineLimit, Thresholds};
use crate::suite::trivial_checks::trivial_check;
use crate::text;

pub(super) fn check(suite: &Suite, problems: &mut Problems) {
    let Some(thresholds) = &suite.thresholds else { return };
    let root = at("thresholds");
    if holds_no_check(thresholds) {
        problems.key(
            root.clone(),
            "`thresholds` contains no check",
            "add one, for example `success_rate: \">= 90%\"`, or remove it: then every run must pass",
        );
    }
    rules(&root, thresholds, problems);
    groups(suite, thresholds, problems);
    if let Some(limits) = &thresholds.baseline {
        baseline(&root.child("baseline"), limits, problems);
    }
}

/// A suite in which no check can break the gate has nothing to enforce.
pub(super) fn gating(suite: &Suite, problems: &mut Problems) {
    let Some(thresholds) = &suite.thresholds else { return };
    only_in_api_chat(suite, thresholds, problems);
    if only_warns(thresholds) && !suite.is_report_only() {
        problems.key(
            at("thresholds"),
            "every check only warns: such a gate can never pass nor fail",
            "leave out `level: warn` on at least one check, or report only: `enforce: false`",
        );
    }
}

/// The checks of a suite or of a group, which stand below `root`.
fn rules(root: &Path, thresholds: &Thresholds, problems: &mut Problems) {
    for (figure, checks) in thresholds.figures.iter() {
        built_in(root, figure, checks, problems);
    }
    coverage(root, thresholds.coverage.as_ref(), problems);
    confidence(root.child("confidence"), thresholds.confidence, problems);
    metrics(root, thresholds.metrics.iter(), problems);
    if let Some(each) = &thresholds.each_scenario {
        let path = root.child("each_scenario");
        if each.figures.is_empty() && each.metrics.is_empty() {
            problems.key(
                path.clone(),
                "`each_scenario` contains no check",
                "add one, for example `success_rate: \">= 60%\"`",
            );
        }
        for (figure, checks) in each.figures.iter() {
            built_in(&path, figure, checks, problems);
        }
        metrics(&path, each.metrics.iter(), problems);
        confidence(path.child("confidence"), each.confidence, problems);
    }
}

/// What is wrong with the groups themselves, and with their checks.
fn groups(suite: &Suite, thresholds: &Thresholds, problems: &mut Problems) {
    for (name, group) in &thresholds.groups {
        let path = at("thresholds.groups").child(name);
        if name.trim().is_empty() || name.chars().any(char::is_control) || name.len() > 100 {
            problems.key(
                path.clone(),
                format!("{} cannot be the name of a group", shown(name)),
                "write a short word, for example `safety`: reports show it",
            );
        }
        if !group.selects() {
            problems.key(
                path.clone(),
                format!("the group {} does not say which scenarios it has", shown(name)),
                "add `tags: [safety]`, `scenarios: [101]`, `names: [\"refund*\"]` or `cases: [\"login*\"]`",
            );
        }
        let own = group.rules(None);
        if own.own_checks().next().is_none() && own.each_scenario.is_none() {
            problems.key(
                path.clone(),
                format!("the group {} contains no check", shown(name)),
                "add one, for example `success_rate: \"100%\"`",
            );
        }
        let cases = suite.brings_cases();
        if group.cases.is_some() && !cases {
            problems.key(
                path.child("cases"),
                "`cases` needs a suite with test cases of its own",
                "write `names` for the names of scenarios, or `tags`, or `scenarios` for ids",
            );
        }
        if group.scenarios.is_some() && cases {
            problems.key(
                path.child("scenarios"),
                "`scenarios` names scenarios by id, and test cases have none",
                "write `cases` for their keys or names, or `tags`",
            );
        }
        for (key, patterns) in
            [("names", &group.names), ("cases", &group.cases), ("tags", &group.tags)]
        {
            for (index, text) in patterns.iter().flatten().enumerate() {
                if text.trim().is_empty() || text.chars().any(char::is_control) {
                    problems.value(
                        path.child(key).child(index),
                        format!("{} names nothing", shown(text)),
                        "write it on one line; `*` stands for any text in `names` and `cases`",
                    );
                }
            }
        }
        rules(&path, &own, problems);
    }
}

/// Only where the gate itself carries the turns does it know how long the agent takes.
fn only_in_api_chat(suite: &Suite, thresholds: &Thresholds, problems: &mut Problems) {
    if suite.mode == Some(Mode::ApiChat) {
        return;
    }
    let root = at("thresholds");
    let mut given: Vec<(Path, &BuiltIn)> = Vec::new();
    let groups = thresholds.groups.iter();
    let groups = groups.map(|(name, group)| {
        (root.child("groups").child(name), &group.figures, group.each_scenario.as_ref())
    });
    let own = (root.clone(), &thresholds.figures, thresholds.each_scenario.as_ref());
    for (place, figures, each) in std::iter::once(own).chain(groups) {
        given.extend(figures.iter().map(|(figure, _)| (place.clone(), figure)));
        let each = each.into_iter().flat_map(|each| each.figures.iter());
        given.extend(each.map(|(figure, _)| (place.child("each_scenario"), figure)));
    }
    let limits = thresholds.baseline.iter().flat_map(|limits| limits.figures.iter());
    given.extend(limits.map(|(figure, _)| (root.child("baseline"), figure)));
    for (place, BuiltIn { key, .. }) in given.into_iter().filter(|(_, one)| one.only_in_api_chat) {
        let mode = suite.mode.unwrap_or_default().name();
        problems.key(
            place.child(key),
            format!("`{key}` is measured in mode api_chat only: this suite's mode is {mode}"),
            "check a latency metric of the account instead, for example \
             `metrics: { Latency: \"p95 <= 2500ms\" }`",
        );
    }
}

/// The platform gives one share for the whole result.
fn coverage(root: &Path, checks: Option<&Checks>, problems: &mut Problems) {
    let path = root.child("coverage");
    for (path, spec) in checks.into_iter().flat_map(|checks| checks.at(&path)) {
        let Check { aggregate, operator, threshold } = &spec.check;
        let at_least = matches!(operator, Operator::AtLeast | Operator::Above);
        let is_share = aggregate.is_none() && threshold.unit == Unit::Percent;
        let extra = spec.min_samples.is_some() || spec.confidence.is_some() || spec.unit.is_some();
        if !is_share || !at_least || !(0.0..=100.0).contains(&threshold.value) {
            problems.value(
                path,
                format!("`coverage` cannot be asked for `{}`", spec.check),
                "it is a share that should be high: write for example `\">= 80%\"`",
            );
        } else if extra {
            problems.value(
                path,
                "`coverage` takes `check` and `level` only",
                "remove the rest: the platform gives one share for the whole result",
            );
        }
    }
}

/// Whether there are checks, and none of them breaks the gate.
pub(crate) fn only_warns(thresholds: &Thresholds) -> bool {
    let all = thresholds.with_groups();
    let specs = all.iter().flat_map(|(_, rules)| rules.own_checks()).flat_map(|one| &one.0);
    let mildest = specs.map(|spec| spec.level).min();
    thresholds.baseline.is_none() && mildest == Some(Level::Warn)
}

fn holds_no_check(thresholds: &Thresholds) -> bool {
    let Thresholds { figures, coverage, each_scenario, metrics, groups, confidence: _, baseline } =
        thresholds;
    figures.is_empty()
        && coverage.is_none()
        && each_scenario.is_none()
        && metrics.is_empty()
        && groups.is_empty()
        && baseline.is_none()
}

fn built_in(parent: &Path, figure: &'static BuiltIn, checks: &Checks, problems: &mut Problems) {
    let name = figure.key;
    let path = parent.child(name);
    for (path, spec) in checks.at(&path) {
        match asked_of(figure, &spec.check) {
            Err((message, help)) => problems.value(path.clone(), message, help),
            Ok(()) => makes_sense(&path, Figure::BuiltIn(figure), spec, problems),
        }
        if spec.unit.is_some() {
            problems.key(
                path.child("unit"),
                format!("`unit` belongs to a metric of the account, `{name}` has its own"),
                "remove it",
            );
        }
        confidence(path.child("confidence"), spec.confidence, problems);
    }
}

/// A check that nothing can meet stops every release; one that rewards failure, or that has another
/// scale than its figure, lets every release through. Both are slips of the pen.
fn makes_sense(path: &Path, figure: Figure<'_>, spec: &CheckSpec, problems: &mut Problems) {
    let check = &spec.check;
    if let Some(never) = trivial_check(figure, check, None).filter(|trivial| !trivial.holds) {
        problems.value(path.clone(), never.message(None, check), never.help());
    } else if let Some((message, help)) = sense::nonsense(figure, spec) {
        problems.value(path.clone(), message, help);
    }
}

fn metrics<'a>(
    parent: &Path,
    metrics: impl Iterator<Item = (&'a String, &'a Checks)>,
    problems: &mut Problems,
) {
    for (name, checks) in metrics {
        let path = parent.child("metrics").child(name);
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            problems.key(
                path.clone(),
                format!("{} is not the name of a metric", shown(name)),
                "write its name, slug, code or id as the account has it",
            );
        }
        for (path, spec) in checks.at(&path) {
            makes_sense(&path, Figure::Metric(name), spec, problems);
            confidence(path.child("confidence"), spec.confidence, problems);
        }
    }
}

/// Whether a built-in figure can be asked this; else what is wrong and how to mend it.
fn asked_of(figure: &BuiltIn, check: &Check) -> Result<(), (String, String)> {
    let written = shown(&check.to_string());
    let rate = || match check.threshold.unit {
        Unit::Percent => Ok(()),
        _ => Err((
            format!("{written} compares a rate with a number that is not a percentage"),
            format!("write {}", shown(&in_percent(check))),
        )),
    };
    let no_aggregate = |aggregate: &Aggregate, help: &str| {
        Err((format!("`{}` has no {}", figure.key, shown(&aggregate.to_string())), help.to_owned()))
    };
    let wants_more = matches!(check.operator, Operator::AtLeast | Operator::Above);
    match (&figure.kind, check.aggregate.as_ref()) {
        // Errors are better few: whoever asks for more of them means the opposite.
        (
            Kind::Share { high_is_good: false, .. },
            None | Some(Aggregate::Rate | Aggregate::Count),
        ) if wants_more => Err((
            format!("{written} would pass only when many runs never become a conversation"),
            match check.threshold.unit {
                Unit::Percent => format!("write `<= {}`", check.threshold),
                _ => "write for example `\"<= 10%\"` or `\"count <= 2\"`".to_owned(),
            },
        )),
        (Kind::Share { .. } | Kind::Score { .. }, None | Some(Aggregate::Rate)) => rate(),
        (Kind::Share { high_is_good: true, .. }, Some(other)) => {
            no_aggregate(other, "it is a share of the runs: write for example `\">= 90%\"`")
        }
        (Kind::Share { .. }, Some(Aggregate::Count)) => Ok(()),
        (Kind::Share { .. }, Some(other)) => {
            no_aggregate(other, "write for example `\"<= 10%\"` or `\"count <= 2\"`")
        }
        (Kind::Score { .. }, Some(other @ (Aggregate::Share(_) | Aggregate::Sum))) => no_aggregate(
            other,
            "write for example `\">= 90%\"`, or `\"mean >= 80\"` of its score from 0 to 100",
        ),
        (Kind::Score { .. }, Some(_)) => match check.threshold.unit {
            Unit::None => Ok(()),
            _ => Err((
                format!("{written} gives a score a unit"),
                "the score is a bare number from 0 to 100: write for example `\"mean >= 80\"`"
                    .to_owned(),
            )),
        },
        (Kind::Time { each, example, .. }, None) => Err((
            format!("{written} does not say which {each}"),
            match check.threshold.unit {
                Unit::None => format!("write {}", shown(&format!("p95 {check}s"))),
                Unit::Percent => format!("write for example `\"{example}\"`"),
                _ => format!("write {}", shown(&format!("p95 {check}"))),
            },
        )),
        (Kind::Time { example, .. }, Some(other @ (Aggregate::Rate | Aggregate::Share(_)))) => {
            no_aggregate(other, &format!("write for example `\"{example}\"`"))
        }
        (Kind::Time { .. }, Some(Aggregate::Count)) => Ok(()),
        (Kind::Time { .. }, Some(_)) => match check.threshold.unit.in_seconds() {
            Some(_) => Ok(()),
            None => Err((
                format!("{written} has no unit of time"),
                format!("write {} for seconds, or `m` for minutes", shown(&format!("{check}s"))),
            )),
        },
    }
}

/// The check as it was probably meant: `>= 0.9` and `>= 90` are both `>= 90%`.
fn in_percent(check: &Check) -> String {
    let value = check.threshold.value;
    let percent = if value > 0.0 && value <= 1.0 { value * 100.0 } else { value };
    let percent = if (0.0..=100.0).contains(&percent) { percent } else { 90.0 };
    format!("{} {}%", check.operator.sign(), text::trim_number(percent, 6))
}

fn confidence(path: Path, confidence: Option<Percent>, problems: &mut Problems) {
    let Some(confidence) = confidence else { return };
    let fraction = confidence.fraction();
    if fraction <= 0.5 || fraction >= 1.0 {
        problems.value(
            path,
            format!(
                "`{confidence}` is not a useful confidence: it must be above 50% and below 100%"
            ),
            if fraction >= 1.0 {
                "write for example `99%`: no sample is ever certain"
            } else {
                "write for example `95%`"
            },
        );
    }
}

fn baseline(path: &Path, baseline: &Baseline, problems: &mut Problems) {
    let no_limit = baseline.figures.is_empty() && baseline.metrics.is_empty();
    if no_limit && baseline.new_failures.is_none() {
        problems.key(
            path.clone(),
            "`baseline` sets no limit",
            "add one, for example `success_rate: { max_drop: 5% }` or `new_failures: 0`",
        );
    }
    if baseline.from.chars().any(char::is_control) {
        problems.value(
            path.child("from"),
            "`from` contains a line break or another control character",
            "write it on one line",
        );
    }
    if baseline.significance.is_some() && baseline.new_failures.is_none() {
        problems.key(
            path.child("significance"),
            "`baseline.significance` is that of `new_failures`, which is not set",
            "write it beside `max_drop`, or add `new_failures: 0`",
        );
    }
    significance(path.child("significance"), baseline.significance, problems);
    confidence(path.child("confidence"), baseline.confidence, problems);
    if baseline.confidence.is_some() && no_limit {
        problems.key(
            path.child("confidence"),
            "`baseline.confidence` judges drops and rises, and none is limited",
            "add `success_rate: { max_drop: 5% }`, or write `significance` for `new_failures`",
        );
    }
    let mut check = |path: Path, limit: &BaselineLimit| {
        if limit.max_drop.is_none() && limit.max_rise.is_none() {
            problems.key(
                path.clone(),
                "this comparison sets no limit",
                "add `max_drop: 5%` or `max_rise: 10%`",
            );
        }
        if baseline.confidence.is_some() && limit.significance.is_some() {
            problems.key(
                path.child("significance"),
                "`significance` and `baseline.confidence` are two rules for one comparison",
                "leave one of them out",
            );
        }
        significance(path.child("significance"), limit.significance, problems);
    };
    for (figure, limit) in baseline.figures.iter() {
        check(path.child(figure.key), limit);
    }
    for (name, limit) in &baseline.metrics {
        check(path.child("metrics").child(name), limit);
    }
}

fn significance(path: Path, significance: Option<Percent>, problems: &mut Problems) {
    let Some(significance) = significance else { return };
    if significance.fraction() <= 0.0 || significance.fraction() >= 0.5 {
        problems.value(
            path,
            format!(
                "`{significance}` is not a useful significance: it must be above 0% and below 50%"
            ),
            "write for example `5%`",
        );
    }
}
