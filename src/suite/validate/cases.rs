//! What a suite can say that brings its own test cases, inline or in a spec file.

use super::super::model::{Mode, Suite};
use super::{Problems, at};
use crate::document::Sound;
use crate::spec::rules;

/// The modes in which the platform runs test cases.
const MODES: [Mode; 5] =
    [Mode::Voice, Mode::Text, Mode::Elevenlabs, Mode::LivekitV2, Mode::PipecatV2];

pub(super) fn check(suite: &Suite, problems: &mut Problems) {
    if !suite.brings_cases() {
        return;
    }
    if let Some(cases) = &suite.cases {
        problems.0.extend(rules::cases(cases, &at("cases"), &|_| true));
    }
    let own = if suite.spec.is_some() { "spec" } else { "cases" };
    let mode = suite.mode.unwrap_or_default();
    if !MODES.contains(&mode) {
        let names = MODES.map(Mode::name);
        problems.value(
            at("mode"),
            format!("mode {} cannot be used with `{own}`", mode.name()),
            format!("the platform runs test cases in the modes {}", crate::text::list(&names)),
        );
    }
    let of_a_case = "say it in each case";
    let of_the_agent = "set it on the agent: the platform accepts none together with test cases";
    let keys = [
        ("personalities", suite.personalities.is_some(), of_a_case),
        ("test_profiles", suite.test_profiles.is_some(), of_a_case),
        ("mock_tools", suite.mock_tools.is_some(), of_the_agent),
        ("phone", suite.phone.is_some(), of_the_agent),
        ("websocket", suite.websocket.is_some(), of_the_agent),
        ("elevenlabs", suite.elevenlabs.is_some(), of_the_agent),
        ("email", suite.email.is_some(), of_the_agent),
        (
            "quarantine",
            suite.quarantine.is_some(),
            "it names scenarios by id, and test cases have none: take the case out instead",
        ),
    ];
    for (key, given, help) in keys {
        if given {
            problems.key(at(key), format!("`{key}` cannot be used with `{own}`"), help);
        }
    }
}

/// What is wrong with cases that are read in part.
pub(super) fn check_part(suite: &Suite, sound: Sound<'_>, problems: &mut Problems) {
    if let Some(cases) = &suite.cases {
        problems.0.extend(rules::cases(cases, &at("cases"), sound));
    }
}
