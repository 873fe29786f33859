//! A gate that is stopped while its start is under way: the calls are ended, or it is said that
//! nobody knows.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::Command;
use std::time::{Duration, Instant};

use super::harness::{Day, GOOD};

/// Stops the gate with SIGINT once its start is on its way; its code and what it said.
fn stopped(day: &Day) -> (i32, String) {
    stopped_after(day, &["/run_scenarios/"])
}

/// The same, once all of these starts are on their way.
fn stopped_after(day: &Day, starts: &[&str]) -> (i32, String) {
    let mut child = day.spawn(&["run", "-vv"]);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !starts.iter().all(|start| said.contains(start)) {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    stderr.read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code().unwrap(), said)
}

#[test]
fn a_start_that_is_answered_in_a_moment_has_its_calls_ended() {
    let slow = GOOD.replace("time_scale: 0", "time_scale: 1");
    let rule = "{ method: POST, path: '*/run_scenarios/', delay: 0.3 }";
    let day = Day::of(&slow, rule, "127.0.0.1:0".parse().unwrap());
    let (code, said) = stopped(&day);
    assert_eq!(code, 130, "{said}");
    assert_eq!(day.simulator.starts(), 1);
    let ended = day.simulator.requests().iter().any(|one| one.path.ends_with("/end_calls/"));
    assert!(ended, "{said}");
}

#[test]
fn a_side_that_has_started_is_ended_or_left_as_the_suite_says_when_another_is_not_answered() {
    let slow = GOOD.replace("time_scale: 0", "time_scale: 1");
    let rule = "{ method: POST, path: '*/run_scenarios_text/', delay: 60 }";
    for (policy, expected) in [("end_calls", 1), ("leave", 0)] {
        let day = Day::of(&slow, rule, "127.0.0.1:0".parse().unwrap());
        let sides = "[{ scenarios: [1] }, { scenarios: [2], mode: text }]";
        let suite = format!("{{ version: 1, agent: 1, on_cancel: {policy}, together: {sides} }}");
        std::fs::write(day.dir.path().join("cekura-gate.yml"), suite).unwrap();
        let (code, said) = stopped_after(&day, &["/run_scenarios/", "/run_scenarios_text/"]);
        assert_eq!(code, 130, "{said}");
        let requests = day.simulator.requests();
        let ended = requests.iter().filter(|one| one.path.ends_with("/end_calls/")).count();
        assert_eq!(ended, expected, "{policy}: {said}");
    }
}

#[test]
fn a_start_that_is_not_answered_is_told_by_its_name() {
    let day = Day::with("{ method: POST, path: '*/run_scenarios/', delay: 60 }");
    let began = Instant::now();
    let (code, said) = stopped(&day);
    assert_eq!(code, 130, "{said}");
    assert!(began.elapsed() < Duration::from_secs(7), "{said}");
    assert!(said.contains("it is not known whether it started"), "{said}");
    assert!(said.contains("Checkout [gate "), "{said}");
}
