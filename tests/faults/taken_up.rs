//! A re-run of a CI job on a bad day: what the first attempt has paid for is not paid for again.

use crate::faults::harness::Day;

fn day(rules: &str) -> Day {
    let mut day = Day::with(rules);
    day.env("CEKURA_GATE_REUSE_KEY", "the commit and the stage");
    day
}

fn starts(day: &Day) -> usize {
    day.simulator.starts()
}

#[test]
fn an_outage_while_it_is_looked_for_is_waited_out_and_starts_nothing() {
    let troubles = [
        "status: 500",
        "status: 429",
        "drop: before",
        "garble: html",
        "garble: empty",
        "garble: foreign",
        "cut_body: 100",
    ];
    for trouble in troubles {
        // The first gate looks once, and reads its result; the second one's looks go wrong.
        let day = day(&format!("{{ method: GET, path: '*/results/', nth: [2, 3], {trouble} }}"));
        day.gate("20s", &["--reuse"]).expect(0);
        day.gate("20s", &["--reuse"]).expect(0).says("not paid for again");
        assert_eq!(starts(&day), 1, "{trouble}");
    }
}

#[test]
fn a_list_that_is_refused_or_never_comes_starts_nothing() {
    for trouble in ["status: 403", "status: 500", "garble: wrong_types"] {
        let day = day(&format!("{{ method: GET, path: '*/results/', {trouble} }}"));
        day.gate("3s", &["--reuse"]).expect(5);
        assert_eq!(starts(&day), 0, "{trouble}");
    }
}

#[test]
fn a_result_whose_start_was_not_answered_is_taken_up_by_the_next_attempt() {
    // The first attempt's start is answered by nothing, and its looks for the result by nothing.
    let rules = "{ method: POST, path: '*/run_scenarios/', nth: [1], drop: after }
                 { method: GET, path: '*/results/', nth: [2], status: 403 }";
    let day = day(rules);
    day.gate("20s", &["--reuse"]).expect(5).says("was not started again");
    day.gate("20s", &["--reuse"]).expect(0).says("not paid for again");
    assert_eq!(starts(&day), 1);
}

#[test]
fn a_result_that_cannot_be_read_is_not_started_a_second_time() {
    let day = day("{ method: GET, path: '*/results/2001/', status: 403 }");
    day.gate("20s", &["--reuse"]).expect(5);
    day.gate("20s", &["--reuse"]).expect(5);
    assert_eq!(starts(&day), 1);
}
