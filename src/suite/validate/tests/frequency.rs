//! The rules of runs that come in rounds.

use super::{all_fine, all_refused};

const BASE: &str = "agent: 1\nscenarios: [1]";
const SURE: &str = "thresholds: {success_rate: 80%, confidence: 95%}";

#[test]
fn rounds_need_a_confidence_a_larger_number_and_few_looks() {
    let sure = |frequency: &str| format!("frequency: {frequency}\n{SURE}");
    let without = "`start` and `max` need a confidence: without one each check is decided after the \
                   first round, by whatever it shows";
    all_refused(
        BASE,
        &[
            ("frequency: {start: 3, max: 12}", "frequency", without),
            (
                "frequency: {start: 3, max: 12}\nthresholds: {success_rate: 80%}",
                "frequency",
                without,
            ),
            (
                &sure("{start: 3, max: 3}"),
                "frequency.max",
                "`max` must be more than `start`, which is 3",
            ),
            (&sure("{start: 1, max: 52}"), "frequency", "52 rounds are more than 50"),
            (
                &sure("{start: 1, max: 101, step: 10}\nmode: livekit_v2"),
                "frequency",
                "`101` is more than mode livekit_v2 allows",
            ),
        ],
    );
    let of_a_check = "thresholds: {success_rate: {check: 80%, confidence: 95%}}";
    all_fine(
        BASE,
        &[
            &sure("{start: 3, max: 12}"),
            &sure("{start: 3, max: 12, step: 1}"),
            &format!("frequency: {{start: 3, max: 12}}\n{of_a_check}"),
        ],
    );
}

#[test]
fn a_test_case_runs_as_often_as_the_others_where_runs_come_in_rounds() {
    let case = "cases: [{name: a, instructions: x, frequency: 2}, {name: b, instructions: y}]";
    all_refused(
        "agent: 1",
        &[(
            &format!("frequency: {{start: 3, max: 12}}\n{SURE}\n{case}"),
            "cases.0.frequency",
            "a test case cannot say how often it runs where the suite's runs come in rounds",
        )],
    );
}
