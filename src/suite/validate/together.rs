//! Sides of one call: what each must say, how they match, and what cannot be used with them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::model::Suite;
use super::super::together::{PartySuite, distinct_scenarios, legs};
use super::{Problems, at, validate_side};
use crate::document::Problem;

/// Everything that is wrong with a suite of legs.
pub(super) fn check(suite: &Suite, today: jiff::civil::Date, problems: &mut Problems) {
    beside(suite, problems);
    names(suite, problems);
    scenarios(suite, problems);
    without_effect(suite, problems);
    quarantine(suite, problems);
    let legs = legs(suite);
    if let Some(calls) = suite.concurrency.filter(|calls| (*calls as usize) < legs.len()) {
        problems.value(
            at("concurrency"),
            format!("{calls} at a time are too few for {} calls that start together", legs.len()),
            format!("write {} or more, or remove the key", legs.len()),
        );
    }
    for (index, leg) in legs.into_iter().enumerate() {
        for problem in of_party(suite, index, leg, today) {
            // What is wrong with all sides is said once.
            if problems.0.iter().all(|p| p.path != problem.path || p.message != problem.message) {
                problems.0.push(problem);
            }
        }
    }
}

/// What is wrong with a leg as a suite of its own, at its place in the file.
fn of_party(
    suite: &Suite,
    index: usize,
    leg: PartySuite,
    today: jiff::civil::Date,
) -> impl Iterator<Item = Problem> {
    // An id may stand there again: it runs in another set.
    let ids = distinct_scenarios(&leg.suite);
    let whole = Suite {
        scenarios: (!ids.is_empty()).then_some(ids),
        retry: None,
        early_stop: None,
        budget: None,
        ..leg.suite
    };
    let says =
        suite.together.as_ref().and_then(|legs| legs.get(index)).cloned().unwrap_or_default();
    let found = validate_side(&whole, today).into_iter();
    // That there are no scenarios is said where they are matched.
    let found = found.filter(|problem| !problem.message.contains("which scenarios to run"));
    found.map(move |mut problem| {
        problem.path = says.place(index, &problem.path);
        problem
    })
}

/// The keys that cannot be used with `together`, and why.
fn beside(suite: &Suite, problems: &mut Problems) {
    let each = "each side names its own `scenarios`, one for each set";
    let once = "a call cannot be started again, or ended, without its other sides";
    for (key, stands, why, help) in [
        (
            "matrix",
            suite.matrix.is_some(),
            "each side has its own agent and mode",
            "remove one of the two",
        ),
        ("scenarios", suite.scenarios.is_some(), each, "move the ids to the sides"),
        ("tags", suite.tags.is_some(), each, "name the ids on the sides"),
        ("exclude_tags", suite.exclude_tags.is_some(), each, "name the ids on the sides"),
        ("folder", suite.folder.is_some(), each, "name the ids on the sides"),
        ("spec", suite.spec.is_some(), each, "name the ids on the sides"),
        ("cases", suite.cases.is_some(), each, "name the ids on the sides"),
        (
            "retry",
            suite.retry.is_some(),
            once,
            "remove it; a higher `frequency` gives more certainty",
        ),
        ("early_stop", suite.early_stop.is_some(), once, "remove it"),
        (
            "frequency",
            suite.rounds().is_some(),
            "with `start` and `max` a side would go on without its other sides",
            "write one number",
        ),
    ] {
        if stands {
            problems.key(at(key), format!("`{key}` cannot be used with `together`: {why}"), help);
        }
    }
    for (key, ids) in
        [("personalities", &suite.personalities), ("test_profiles", &suite.test_profiles)]
    {
        if ids.as_ref().is_some_and(|ids| ids.len() > 1) {
            problems.value(
                at(key),
                format!(
                    "several {} cannot be used with `together`: a side is one call",
                    spaced(key)
                ),
                "keep one, or write a suite for each",
            );
        }
    }
    let explain = suite.on_failure.as_ref().and_then(|on| on.explain);
    if explain == Some(true) {
        problems.key(
            at("on_failure.explain"),
            "`explain` cannot be used with `together`: each call is a result of its own, and the \
             platform explains a result",
            "remove it; `cekura-gate result show ID` has what the platform says of one",
        );
    }
    if suite.thresholds.as_ref().is_some_and(|thresholds| thresholds.baseline.is_some()) {
        problems.key(
            at("thresholds.baseline"),
            "a baseline is of one side, and this is of all of them",
            "move it to the `thresholds` of the side that it is of",
        );
    }
    for (index, leg) in suite.together.iter().flatten().enumerate() {
        let baseline = leg.thresholds.as_ref().and_then(|own| own.baseline.as_ref());
        if baseline.is_some_and(|baseline| !baseline.from.ends_with(".json")) {
            let path = at("together").child(index).child("thresholds").child("baseline");
            problems.value(
                path.child("from"),
                "the calls of a side are many results, and this is one of them at most",
                "name the result.json that an earlier run has written for this side",
            );
        }
    }
}

fn spaced(key: &str) -> String {
    key.replace('_', " ")
}

fn names(suite: &Suite, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (index, leg) in legs(suite).into_iter().enumerate() {
        if leg.label.chars().any(char::is_control) {
            problems.value(
                at("together").child(index).child("name"),
                "the name contains a line break or another control character",
                "write it on one line",
            );
        }
        if !seen.insert(leg.label.clone()) {
            problems.value(
                at("together").child(index),
                format!("two sides are called `{}`", leg.label),
                "give each side a `name` of its own",
            );
        }
    }
}

/// Whether every side has a scenario for each set.
fn scenarios(suite: &Suite, problems: &mut Problems) {
    let legs = legs(suite);
    let count = |leg: &PartySuite| leg.suite.scenarios.as_ref().map_or(0, Vec::len);
    let mut by_count: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (index, leg) in legs.iter().enumerate() {
        if leg.suite.scenarios.is_none() {
            problems.value(
                at("together").child(index),
                format!("side `{}` has no scenarios", leg.label),
                "add `scenarios: [101, 102]`: one for each set, as many as the other sides have",
            );
            return;
        }
        by_count.entry(count(leg)).or_default().push(&leg.label);
    }
    if by_count.len() > 1 {
        let messages: Vec<String> =
            legs.iter().map(|leg| format!("{} has {}", leg.label, count(leg))).collect();
        problems.key(
            at("together"),
            format!("the sides have different numbers of scenarios: {}", messages.join(", ")),
            "sides are matched by position: give each as many, and repeat an id to use it again",
        );
    }
}

/// A key that every side has of its own would change nothing.
fn without_effect(suite: &Suite, problems: &mut Problems) {
    let stands = [
        ("agent", suite.agent.is_some()),
        ("assistant", suite.assistant.is_some()),
        ("mode", suite.mode.is_some()),
        ("thresholds", suite.thresholds.is_some()),
    ];
    for (key, _) in stands.into_iter().filter(|(_, stands)| *stands) {
        if suite.together.iter().flatten().all(|leg| leg.says(key)) {
            problems.key(
                at(key),
                format!("`{key}` has no effect: every side has its own"),
                "remove it, or remove those of the sides",
            );
        }
    }
}

fn quarantine(suite: &Suite, problems: &mut Problems) {
    let all: BTreeSet<u64> = suite
        .together
        .iter()
        .flatten()
        .flat_map(|leg| leg.scenarios.iter().flatten())
        .copied()
        .collect();
    for (index, entry) in suite.quarantine.iter().flatten().enumerate() {
        if !all.contains(&entry.scenario) {
            problems.value(
                at("quarantine").child(index).child("scenario"),
                format!("scenario {} is quarantined but is of no side", entry.scenario),
                "remove the entry",
            );
        }
    }
}
