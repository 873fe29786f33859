//! Peers that answer, and with what: each passing fault is ridden out, each lasting one ends with
//! its own code and a way to go on, in time, and none of them is ever green.

use super::harness::{Day, Finished};

const READS: &str = "method: GET, path: '*/results/*/'";
const START: &str = "method: POST, path: '*/run_scenarios/'";

/// What this fault does to each read of the result.
fn always(fault: &str) -> Finished {
    Day::with(&format!("{{ {READS}, {fault} }}")).gate("3s", &[])
}

/// What this fault does to a gate that has a second.
fn until_the_end(fault: &str) -> Finished {
    Day::with(&format!("{{ {READS}, {fault} }}")).gate("1s", &[])
}

/// What this fault does to the first three reads of the result.
fn at_first(fault: &str) -> Finished {
    Day::with(&format!("{{ {READS}, first: 3, {fault} }}")).gate("20s", &[])
}

/// What this fault does to the start.
fn at_start(fault: &str) -> (Finished, usize) {
    let day = Day::with(&format!("{{ {START}, {fault} }}"));
    let finished = day.gate("8s", &[]);
    (finished, day.simulator.starts())
}

/// Holds each of these faults at the same time: most of their time is waiting.
fn each(faults: &[&str], test: impl Fn(&str) + Sync) {
    std::thread::scope(|scope| {
        for fault in faults {
            scope.spawn(|| test(fault));
        }
    });
}

#[test]
fn a_body_that_is_not_the_platforms_is_asked_for_again_and_then_given_up() {
    each(
        &[
            "garble: html",
            "garble: empty",
            "garble: foreign",
            "garble: wrong_types",
            "garble: bytes",
            "garble: deep",
            "truncate: 200",
        ],
        |fault| {
            at_first(fault).expect(0);
            always(fault)
                .expect(5)
                .says("cannot be read")
                .says("to continue: cekura-gate watch 2001");
        },
    );
}

#[test]
fn a_connection_that_breaks_is_made_again_and_then_given_up() {
    each(
        &["drop: before", "drop: after", "cut_answer: 9", "cut_body: 0", "cut_body: 500"],
        |fault| {
            at_first(fault).expect(0);
            let day = Day::with(&format!("{{ {READS}, {fault} }}"));
            day.gate("20s", &[]).expect(5).says("got no answer").says("cekura-gate watch 2001");
            let ended =
                day.simulator.requests().iter().any(|one| one.path.ends_with("/end_calls/"));
            assert!(!ended, "the calls are left alone");
        },
    );
}

#[test]
fn refusals_that_pass_are_waited_out() {
    each(
        &[
            "status: 429",
            "status: 429, retry_after: 0",
            "status: 500",
            "status: 502",
            "status: 503, retry_after: 1, retry_after_as: date",
            "status: 503, retry_after: 1, retry_after_as: rfc850",
            "status: 503, retry_after: 1, retry_after_as: asctime",
            "status: 504",
            "status: 408",
        ],
        |fault| {
            at_first(fault).expect(0);
        },
    );
}

#[test]
fn a_refusal_that_does_not_pass_is_told_with_what_to_do() {
    always("status: 401").expect(5).says("check the API key").within(2);
    always("status: 404").expect(5).says("check the id").within(2);
    always("status: 500").expect(5).says("try again later").says("cekura-gate watch 2001");
    // More than the time that is left: there is no sense in waiting.
    always("status: 429, retry_after: 3600").expect(5).says("rate limit").within(2);
}

#[test]
fn a_storm_of_429_is_ridden_out_and_nothing_is_paid_twice() {
    let day = Day::with("{ first: 12, status: 429 }");
    let finished = day.gate("20s", &[]).expect(0);
    assert_eq!(day.simulator.starts(), 1);
    let traffic = &finished.result.unwrap()["traffic"];
    assert_eq!(traffic["retries"], 12);
    assert!(traffic["waited_seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn half_an_emoji_in_a_transcript_is_no_obstacle() {
    always("garble: lone_surrogates").expect(0);
}

#[test]
fn a_status_that_never_ends_ends_with_the_time() {
    each(&["evaluating", "in_queue", "teleporting"], |status| {
        let finished = until_the_end(&format!("pretend_status: {status}")).expect(4);
        assert_eq!(finished.result.unwrap()["exit_code"], 4);
    });
}

#[test]
fn a_status_that_goes_backwards_is_waited_for() {
    let rules = format!(
        "{{ {READS}, nth: [1], pretend_status: evaluating }}
         {{ {READS}, nth: [2], pretend_status: running }}
         {{ {READS}, nth: [3], pretend_status: pending }}"
    );
    Day::with(&rules).gate("20s", &[]).expect(0);
}

#[test]
fn a_result_that_calls_itself_completed_before_it_is_proves_nothing() {
    let slow = super::harness::GOOD
        .replace("time_scale: 0", "time_scale: 100")
        .replace("[smoke] }", "[smoke], duration: { mean: 100000, spread: 1 } }");
    // With a list of runs beside it that says otherwise, it would not even be believed for now.
    let rules = format!(
        "{{ {READS}, pretend_status: completed }}
         {{ path: '*/runs/', status: 404 }}"
    );
    Day::of(&slow, &rules, "127.0.0.1:0".parse().unwrap()).gate("3s", &[]).expect(3);
}

#[test]
fn runs_that_vanish_are_missing_evidence() {
    always("vanish: 1").expect(3);
    always("vanish: 100").expect(3);
}

#[test]
fn runs_that_multiply_never_make_a_pass() {
    always("multiply: 2").expect(3).says("12 runs arrived, 6 runs were planned");
}

#[test]
fn a_slow_or_silent_answer_does_not_overrun_the_time() {
    // The time, then at most five seconds for ending the calls, and a last look of half of that.
    each(&["drip: 0.05", "delay: 60"], |fault| {
        until_the_end(fault).expect(4).within(10);
    });
}

#[test]
fn an_answer_without_an_end_is_not_read_for_ever() {
    always("endless: true")
        .expect(5)
        .says("larger than 32 MiB")
        .says("cekura-gate watch 2001")
        .within(12);
}

#[test]
fn a_small_body_that_becomes_a_huge_one_is_not_read() {
    let (finished, starts) = at_start("gzip_bomb: 1024");
    finished.expect(0).says("the answer to the start was lost");
    assert_eq!(starts, 1);
}

#[test]
fn a_start_that_is_slow_leaves_time_to_find_its_result() {
    let day = Day::with(&format!("{{ {START}, drip: 0.05 }}"));
    let finished = day.gate("4s", &[]);
    let starts = day.simulator.starts();
    finished.expect(0).says("found result 2001 of this start and resumed it");
    assert_eq!(starts, 1);
}

#[test]
fn a_gateway_that_says_come_again_after_it_has_handed_the_start_on_makes_no_second_result() {
    each(&["status: 503, retry_after: 0", "status: 429", "status: 425"], |fault| {
        let (finished, starts) = at_start(&format!("{fault}, processed: true"));
        finished.expect(0).says("found result 2001 of this start and resumed it");
        assert_eq!(starts, 1, "{fault}");
    });
}

#[test]
fn a_start_that_never_arrived_is_not_repeated_and_says_how_to_go_on() {
    let (finished, starts) = at_start("drop: before");
    finished.expect(5).says("was not started again").says("cekura-gate watch ID");
    assert_eq!(starts, 0);
}

#[test]
fn calls_that_cannot_be_ended_are_told_and_change_no_code() {
    let rules = format!(
        "{{ {READS}, pretend_status: running }}
         {{ path: '*/end_calls/', status: 500 }}"
    );
    let finished = Day::with(&rules).gate("1s", &[]).expect(4).within(12);
    finished.says("the calls could not be ended");
}

#[test]
fn what_only_decorates_may_fail() {
    let day = Day::with("{ path: '*/create_shareable_link_token/', garble: html }");
    day.gate("20s", &["--share-link"]).expect(0).says("no share link");
}

#[test]
fn each_request_and_each_wait_is_told_with_verbose() {
    let day = Day::with(&format!("{{ {READS}, first: 1, status: 503, retry_after: 0 }}"));
    day.gate("20s", &["--verbose"])
        .expect(0)
        .says("POST /test_framework/v1/scenarios/run_scenarios/ → 201, ")
        .says("GET /test_framework/v1/results/2001/ → status 503: ")
        .says("; again in ")
        .says("GET /test_framework/v1/results/2001/ → 200, ");
}

#[test]
fn without_a_list_of_runs_the_result_itself_is_asked() {
    each(
        &[
            "status: 404",
            "status: 405",
            "status: 400",
            "status: 403",
            "status: 500",
            "status: 503, retry_after: 3600",
            "drop: before",
            "drop: after",
            "cut_body: 3",
            "truncate: 5",
            "garble: html",
            "garble: empty",
            "garble: foreign",
            "garble: wrong_types",
            "garble: deep",
            "endless: true",
            "gzip_bomb: 64",
        ],
        |fault| {
            let rules = format!("{{ method: GET, path: '*/runs/', {fault} }}");
            let day = Day::of(&quick(), &rules, "127.0.0.1:0".parse().unwrap());
            day.gate("20s", &MANY).expect(0).within(15);
        },
    );
}

#[test]
fn a_list_of_runs_that_is_not_there_is_asked_for_once_in_each_version() {
    let rules = "{ method: GET, path: '*/runs/', status: 404, processed: true }";
    let day = Day::of(&quick(), rules, "127.0.0.1:0".parse().unwrap());
    day.gate("20s", &MANY).expect(0);
    let asked = day.simulator.requests();
    let of = |part| asked.iter().filter(|one| one.path.contains(part)).count();
    assert_eq!((of("/v1/runs/?result_id="), of("/v2/runs/?result_id=")), (1, 1));
    assert!(of("/results/2001/") > 2, "the result itself is asked instead: {asked:#?}");
}

#[test]
fn a_list_of_runs_that_contradicts_the_result_is_not_believed() {
    each(&["pretend_status: completed", "vanish: 1", "multiply: 2"], |fault| {
        let rules = format!("{{ method: GET, path: '*/runs/', {fault} }}");
        let day = Day::of(&quick(), &rules, "127.0.0.1:0".parse().unwrap());
        day.gate("20s", &MANY).expect(0).within(15);
    });
}

#[test]
fn the_list_of_runs_alone_ends_nothing() {
    let slow = super::harness::GOOD.replace("time_scale: 0", "time_scale: 1");
    // It says that all has ended, long before it has.
    let rules = "{ method: GET, path: '*/runs/', vanish: 100 }";
    Day::of(&slow, rules, "127.0.0.1:0".parse().unwrap()).gate("2s", &MANY).expect(4);
}

/// More runs than a result has that is asked for itself each time.
const MANY: [&str; 2] = ["--frequency", "8"];

/// Calls that are over in half a second of real time, so that there is something to wait for.
fn quick() -> String {
    super::harness::GOOD.replace("time_scale: 0", "time_scale: 250")
}
