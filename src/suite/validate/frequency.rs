//! Runs in rounds: what they need, and what cannot be used with them.

use super::super::model::{Frequency, Suite};
use super::limits::asks_for_confidence;
use super::{Problems, at};
use crate::text;

/// With more looks than this the suite's author has mistaken a step.
const MOST_LOOKS: usize = 50;

pub(super) fn check(suite: &Suite, problems: &mut Problems) {
    let Some(Frequency::Rounds(rounds)) = suite.frequency else { return };
    if rounds.max <= rounds.start {
        problems.value(
            at("frequency.max"),
            format!("`max` must be more than `start`, which is {}", rounds.start),
            format!("raise `max`, or write `frequency: {}`", rounds.start),
        );
        return;
    }
    let looks = rounds.looks().len();
    if looks > MOST_LOOKS {
        problems.value(
            at("frequency"),
            format!("{} are more than {MOST_LOOKS}", text::count(looks, "round")),
            format!("add a larger `step`, for example `step: {}`", rounds.max.div_ceil(10)),
        );
    }
    cases(suite, problems);
}

/// What the whole suite needs: not asked of one that is read only in part.
pub(super) fn check_whole(suite: &Suite, problems: &mut Problems) {
    let Some(Frequency::Rounds(rounds)) = suite.frequency else { return };
    if !suite.thresholds.as_ref().is_some_and(asks_for_confidence) {
        problems.key(
            at("frequency"),
            "`start` and `max` need a confidence: without one each check is decided after the first \
             round, by whatever it shows",
            format!(
                "add `confidence: 95%` to `thresholds`, or write `frequency: {}`",
                rounds.start
            ),
        );
    }
}

/// Test cases that say how often they run: a figure over all of them would weigh them again with each
/// round.
fn cases(suite: &Suite, problems: &mut Problems) {
    let help = "remove it there, or write one number for the suite's `frequency`";
    for (index, case) in suite.cases.iter().flatten().enumerate() {
        if case.frequency.is_some() {
            problems.value(
                at("cases").child(index).child("frequency"),
                "a test case cannot say how often it runs where the suite's runs come in rounds",
                help,
            );
        }
    }
    let of_file = suite.spec_read.as_ref().is_some_and(|spec| {
        spec.defaults.as_ref().is_some_and(|defaults| defaults.frequency.is_some())
            || spec.scenarios.iter().any(|case| case.frequency.is_some())
    });
    if of_file {
        problems.key(
            at("frequency"),
            "the file that `spec` names says how often its test cases run, and so cannot run in rounds",
            help,
        );
    }
}
