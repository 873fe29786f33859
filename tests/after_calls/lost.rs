//! Answers that are lost: what is paid for is asked for once, what can be said twice is repeated.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::after_calls::harness::{Account, FAILED, WORLD};

/// An account with result 2001 whose answers go wrong so.
fn bad_day(rule: &str) -> Account {
    let account = Account::on_a_bad_day(WORLD, &format!("rules:\n  - {rule}\n"));
    account.start();
    account
}

#[test]
fn a_rerun_whose_answer_is_lost_is_found_and_not_repeated() {
    let account = bad_day(r#"{ method: POST, path: "*/rerun/", drop: after }"#);
    account
        .run(&["result", "rerun", "2001"])
        .expect(0)
        .says("the answer to the rerun was lost; found result 2002 of it and resumed it")
        .says("result 2002 has started");
    assert_eq!((account.count("/rerun/"), account.simulator.starts()), (1, 2));
}

#[test]
fn a_rerun_that_nobody_has_seen_is_not_started_again_on_a_guess() {
    let account = bad_day(r#"{ method: POST, path: "*/rerun/", drop: before }"#);
    account
        .run(&["result", "rerun", "2001"])
        .expect(5)
        .says("it is not known whether it started")
        .says("It was not started again");
    assert_eq!((account.count("/rerun/"), account.simulator.starts()), (0, 1));
}

#[test]
fn new_scores_whose_request_was_lost_are_waited_for_and_not_asked_for_again() {
    let account = bad_day(r#"{ method: POST, path: "*/evaluate_metrics/", drop: after }"#);
    account
        .run(&["result", "rescore", "2001", "--metrics", "501"])
        .expect(0)
        .says("it is not known whether the scoring has begun")
        .says("not passed → passed");
    assert_eq!(account.count("/evaluate_metrics/"), 1);
    let account = bad_day(r#"{ method: POST, path: "*/evaluate_metrics/", drop: before }"#);
    account
        .run(&["result", "rescore", "2001", "--metrics", "501", "--timeout", "1s"])
        .expect(4)
        .says("no sign of it was seen");
}

#[test]
fn a_vote_is_repeated_until_it_is_heard() {
    let account =
        bad_day(r#"{ method: POST, path: "*/mark_metric_vote/", first: 2, drop: after }"#);
    account.run(&["call", "vote", FAILED, "--metric", "501", "--up"]).expect(0);
    assert_eq!(account.count("/mark_metric_vote/"), 3);
}

#[test]
fn an_answer_that_speaks_of_another_call_is_not_shown_as_this_one() {
    let account = bad_day(r#"{ method: GET, path: "*/runs/34503/", garble: html }"#);
    account.run(&["call", "show", FAILED]).expect(5).says("cannot be read");
}

#[test]
fn an_address_to_listen_at_can_neither_paint_nor_command() {
    let platform = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", platform.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = platform.accept().unwrap();
        assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
        let body = r#"{"listen_url": "wss://x\u001b[2J\n::error::forged"}"#;
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length";
        write!(stream, "{head}: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    let account = Account::fresh(WORLD);
    let said = account.run(&["call", "listen", "7", "--api-url", &url]).expect(0).stdout;
    serving.join().unwrap();
    assert!(!said.contains('\u{1b}') && said.lines().count() == 1, "{said:?}");
}

#[test]
fn what_the_platform_says_can_neither_paint_nor_command() {
    let hostile = r##""\e[2Jwiped\n::error::forged ##vso[task.complete]""##;
    let world = WORLD.replace("name: Return shoes", &format!("name: {hostile}"));
    let account = Account::on_a_bad_day(&world, "{}");
    account.start();
    let hostile_metric = WORLD.replace("name: Latency", &format!("name: {hostile}"));
    let other = Account::with(&hostile_metric);
    let args = ["test-set", "create", "--run", "34501", "--name", "n"];
    let kept = other.run(&args).expect(0).stdout;
    assert!(kept.contains("wiped") && kept.lines().count() == 4, "{kept}");
    assert!(!kept.contains('\u{1b}'), "{kept}");
    for args in [
        &["result", "show", "2001"][..],
        &["result", "show", "2001", "--json"],
        &["call", "show", FAILED],
        &["call", "show", FAILED, "--json"],
    ] {
        let shown = account.run(args).expect(0).stdout;
        assert!(shown.contains("wiped"), "{shown}");
        assert!(!shown.contains('\u{1b}') && !shown.contains("##vso["), "{args:?}: {shown}");
        assert!(!shown.lines().any(|line| line.trim_start().starts_with("::")), "{shown}");
    }
}
