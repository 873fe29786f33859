//! Quarantine, retry and budget.

use std::collections::BTreeSet;

use super::super::model::Suite;
use super::{Problems, at};
use crate::document::shown;
use crate::suite::retry::Flaky;
use crate::suite::thresholds::Thresholds;

pub(super) fn check(suite: &Suite, today: jiff::civil::Date, problems: &mut Problems) {
    quarantine(suite, today, problems);
    if let Some(budget) = &suite.budget
        && budget.max_runs.is_none()
        && budget.max_cost.is_none()
    {
        problems.key(
            at("budget"),
            "`budget` sets no limit",
            "add `max_runs: 200`, or remove `budget`",
        );
    }
    if let Some(budget) = &suite.budget
        && budget.max_cost.is_some()
        && budget.price_per_run.is_none()
        && !suite.brings_cases()
    {
        problems.key(
            at("budget.max_cost"),
            "`max_cost` needs `price_per_run`: the platform prices no plan of ids, tags or folders",
            "add what one run costs, for example `price_per_run: 0.12`",
        );
    }
    let confident = suite.thresholds.as_ref().is_some_and(asks_for_confidence);
    if confident && suite.retry.as_ref().is_some_and(|retry| retry.flaky == Flaky::Passed) {
        problems.value(
            at("retry.flaky"),
            "`flaky: passed` cannot be used with `confidence`: runs that are repeated until they pass are no sample",
            "leave out `flaky`, or every `confidence`",
        );
    }
    let mut seen = Vec::new();
    for (index, on) in suite.retry.iter().flat_map(|retry| &retry.on).enumerate() {
        if seen.contains(on) {
            problems.value(
                at("retry.on").child(index),
                "this outcome is in `on` twice",
                "remove one of the two",
            );
        }
        seen.push(*on);
    }
}

/// Whether any check, of the suite or of each scenario, is judged by an interval.
pub(super) fn asks_for_confidence(thresholds: &Thresholds) -> bool {
    thresholds.with_groups().iter().any(|(_, rules)| {
        let each = rules.each_scenario.as_ref();
        let mut checks = rules.own_checks().flat_map(|checks| &checks.0);
        rules.confidence.is_some()
            || each.is_some_and(|each| each.confidence.is_some())
            || checks.any(|check| check.confidence.is_some())
    })
}

fn quarantine(suite: &Suite, today: jiff::civil::Date, problems: &mut Problems) {
    let Some(entries) = &suite.quarantine else { return };
    // Tags may add scenarios that are not listed.
    let listed = suite.scenarios.as_ref().filter(|_| suite.tags.is_none());
    let mut seen = BTreeSet::new();
    for (index, entry) in entries.iter().enumerate() {
        let path = at("quarantine").child(index);
        let id = entry.scenario;
        if entry.until.0 < today {
            problems.value(
                path.child("until"),
                format!("the quarantine of scenario `{id}` expired on `{}`", entry.until),
                format!(
                    "{} owns it: fix the scenario and remove the entry, or extend `until`",
                    shown(&entry.owner)
                ),
            );
        }
        if !seen.insert(id) {
            problems.value(
                path.child("scenario"),
                format!("scenario `{id}` is quarantined twice"),
                "remove one of the two entries",
            );
        } else if listed.is_some_and(|listed| !listed.contains(&id)) {
            problems.value(
                path.child("scenario"),
                format!("scenario `{id}` is quarantined but not in `scenarios`"),
                "remove the entry, or add the scenario",
            );
        }
    }
    if listed.is_some_and(|listed| listed.iter().all(|id| seen.contains(id))) {
        problems.key(
            at("quarantine"),
            "every scenario of the suite is quarantined: nothing is left to judge",
            "remove an entry, or add a scenario",
        );
    }
}
