//! What a comparison says, and when it is none.

use super::*;
use crate::record::{ExpectedOutcome, RunRecord, Status};

/// A result with a scenario for each text: `p` passed, `f` failed, `e` errored, `u` unscored,
/// `.` still going.
fn result(id: u64, scenarios: &[(u64, &str)]) -> ResultRecord {
    let mut runs = Vec::new();
    for (scenario, ends) in scenarios {
        for end in ends.chars() {
            let success = match end {
                'p' => Some(true),
                'f' => Some(false),
                _ => None,
            };
            let score = success.map(|passed| if passed { 100.0 } else { 0.0 });
            runs.push(RunRecord {
                id: runs.len() as u64 + 1,
                scenario: Some(*scenario),
                scenario_name: Some(format!("Scenario {scenario}")),
                status: match end {
                    'e' => Status::Failed,
                    '.' => Status::Running,
                    _ => Status::Completed,
                },
                success,
                has_transcript: end != 'e',
                expected_outcome: score.map(|score| ExpectedOutcome {
                    score: Some(score),
                    ..ExpectedOutcome::default()
                }),
                ..RunRecord::default()
            });
        }
    }
    ResultRecord { id, runs, ..ResultRecord::default() }
}

fn compared(base: &[(u64, &str)], head: &[(u64, &str)]) -> Compared {
    Compared::of(&result(1, base), &result(2, head), &PlanHead::default(), 0.0, 0.05)
}

const FIVE: [(u64, &str); 3] = [(1, "ppppp"), (2, "ppppp"), (3, "ppppp")];

#[test]
fn a_head_most_of_which_has_no_verdict_is_inconclusive() {
    let head = compared(&FIVE, &[(1, "ppppp"), (2, "eeeee"), (3, "uuuuu")]);
    assert_eq!(head.code(), Code::Inconclusive, "{}", text(&head));
}

#[test]
fn a_base_most_of_which_has_no_verdict_is_inconclusive() {
    let base = compared(
        &[(1, "fffff"), (2, "eeeee"), (3, "eeeee")],
        &[(1, "fffff"), (2, "fffff"), (3, "fffff")],
    );
    assert_eq!(base.code(), Code::Inconclusive, "{}", text(&base));
}

#[test]
fn a_scenario_that_ran_without_a_verdict_is_not_called_missing() {
    let shown = text(&compared(&FIVE, &[(1, "ppppp"), (2, "eeeeu"), (4, "p")]));
    assert!(shown.contains("only in the base, not counted: Scenario 3\n"), "{shown}");
    assert!(shown.contains("only in the head, not counted: Scenario 4\n"), "{shown}");
    assert!(
        shown.contains("no verdict in the head: Scenario 2 (4 errored, 1 unscored)\n"),
        "{shown}"
    );
}

#[test]
fn a_head_that_is_still_going_is_called_so() {
    let shown = text(&compared(&FIVE, &[(1, "ppppp"), (2, "p...."), (3, ".....")]));
    assert!(shown.contains("of 15 runs in common scenarios (9 still going)"), "{shown}");
    assert!(shown.contains("no verdict in the head: Scenario 3 (5 still going)"), "{shown}");
    assert!(shown.contains("exit 3"), "{shown}");
}

#[test]
fn a_few_runs_without_a_verdict_that_could_turn_nothing_change_nothing() {
    let few = compared(&FIVE, &[(1, "ppppe"), (2, "ppppp"), (3, "ppppu")]);
    assert_eq!(few.code(), Code::Passed, "{}", text(&few));
}

#[test]
fn a_drop_that_no_run_without_a_verdict_could_save_fails() {
    let head = compared(&FIVE, &[(1, "ffffe"), (2, "fffff"), (3, "ppppp")]);
    assert_eq!(head.code(), Code::Failed, "{}", text(&head));
}

#[test]
fn a_drop_that_runs_without_a_verdict_could_undo_is_inconclusive() {
    let head = compared(&FIVE, &[(1, "ffffp"), (2, "ppppp"), (3, "ppppp")]);
    assert_eq!(head.code(), Code::Failed, "{}", text(&head));
    let base = [(1, "ppeee"), (2, "ppppp"), (3, "ppppp")];
    let open = compared(&base, &[(1, "ffffp"), (2, "ppppp"), (3, "ppppp")]);
    assert_eq!(open.code(), Code::Inconclusive, "{}", text(&open));
}

#[test]
fn a_drop_that_so_few_runs_can_never_tell_from_noise_is_inconclusive() {
    let few = compared(&[(1, "p")], &[(1, "f")]);
    assert_eq!(few.code(), Code::Inconclusive, "{}", text(&few));
}

#[test]
fn a_head_that_lacks_planned_runs_does_not_pass() {
    let mut head = result(2, &FIVE);
    head.claims.total_runs = Some(16);
    let compared = Compared::of(&result(1, &FIVE), &head, &PlanHead::default(), 0.0, 0.05);
    assert_eq!(compared.code(), Code::Inconclusive, "{}", text(&compared));
}

#[test]
fn a_comparison_reads_top_down() {
    let base = [(1, "ppppp"), (2, "ppppp"), (3, "pppee"), (5, "p")];
    let head = [(1, "fffff"), (2, "eeeeu"), (3, "ppppp"), (4, "p")];
    insta::assert_snapshot!(text(&compared(&base, &head)), @"
    result 1 to result 2
      the success rate dropped by 57.1 points (p = 0.004) over 2 common scenarios

      newly fails  Scenario 1  5 of 5 to 0 of 5
      verdicts of the base: 13 of 15 runs in common scenarios (2 errored)
      verdicts of the head: 10 of 15 runs in common scenarios (4 errored, 1 unscored)
      no verdict in the head: Scenario 2 (4 errored, 1 unscored)
      only in the base, not counted: Scenario 5
      only in the head, not counted: Scenario 4

      exit 3: not enough evidence to say: dropped by 57.1 points, p = 0.004; 5 runs and 2 of the baseline without a verdict could change the answer: 0 points allowed; a drop of 65 points would probably show
    ");
    insta::assert_snapshot!(markdown(&compared(&base, &head)), @"
    ### Result 2 against 1

    the success rate dropped by 57.1 points (p = 0.004) over 2 common scenarios

    | | scenario | baseline | now |
    |---|---|---|---|
    | newly fails | Scenario 1 | 5 of 5 | 0 of 5 |

    verdicts of the base: 13 of 15 runs in common scenarios (2 errored)

    verdicts of the head: 10 of 15 runs in common scenarios (4 errored, 1 unscored)

    no verdict in the head: Scenario 2 (4 errored, 1 unscored)

    only in the base, not counted: Scenario 5

    only in the head, not counted: Scenario 4

    not enough evidence to say: dropped by 57.1 points, p = 0.004; 5 runs and 2 of the baseline without a verdict could change the answer: 0 points allowed; a drop of 65 points would probably show
    ");
}
