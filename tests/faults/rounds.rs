//! Rounds on a bad day: a lost answer, runs that do not come, a signal.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use super::harness::{Day, Finished, GOOD};

const SUITE: &str = "{ version: 1, name: Checkout, agent: 1, scenarios: [1, 2], \
                     frequency: { start: 4, max: 12, step: 4 }, \
                     thresholds: { success_rate: \">= 50%\", confidence: 95% } }";

/// A day on which half of all runs pass, so that a second round starts.
fn day(rules: &str) -> Day {
    let world = GOOD.replacen("tags: [smoke]", "tags: [smoke], pass: 0, error: 0", 1);
    let world =
        world.replacen("shoes, tags: [smoke]", "shoes, tags: [smoke], pass: 1, error: 0", 1);
    let day = Day::of(&world, rules, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    std::fs::write(day.dir.path().join("cekura-gate.yml"), SUITE).unwrap();
    day
}

const SECOND_START: &str = "{ method: POST, path: \"*/run_scenarios/\", nth: [2]";

#[test]
fn a_round_whose_answer_is_lost_is_found_and_not_started_again() {
    let day = day(&format!("{SECOND_START}, drop: after }}"));
    let finished = day.gate("60s", &[]).expect(3);
    assert_eq!(day.simulator.starts(), 2, "{}", finished.said);
    assert_eq!(finished.result.unwrap()["tally"]["total"], 16);
}

#[test]
fn a_round_that_is_refused_leaves_what_was_paid_for_and_decides_nothing() {
    let day = day(&format!("{SECOND_START}, status: 403 }}"));
    let finished = day.gate("60s", &[]).expect(3).says("round 2 could not be started");
    let result = finished.result.unwrap();
    assert_eq!((&result["tally"]["total"], &result["tally"]["missing"]), (&8.into(), &0.into()));
    assert_eq!(day.simulator.starts(), 1);
}

#[test]
fn runs_of_a_round_that_do_not_come_are_missing() {
    let day = day("{ path: \"*/results/2002/\", vanish: 2 }");
    let finished = day.gate("60s", &[]).expect(3);
    let result = finished.result.unwrap();
    assert_eq!((&result["tally"]["total"], &result["tally"]["missing"]), (&14.into(), &2.into()));
}

#[cfg(unix)]
#[test]
fn a_signal_in_the_start_of_a_round_reports_what_was_paid_for() {
    let day = day(&format!("{SECOND_START}, delay: 20 }}"));
    let began = Instant::now();
    let mut child = day.spawn(&["run"]);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("not decided yet") {
        assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
    }
    let kill = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let mut output = child.wait_with_output().unwrap();
    stderr.read_to_end(&mut output.stderr).unwrap();
    let finished = Finished::of(&output, began.elapsed(), day.dir.path()).expect(143);
    let result = finished.result.unwrap();
    assert_eq!((&result["exit_code"], &result["tally"]["total"]), (&143.into(), &8.into()));
    assert_ne!(result["verdict"], "pass");
}
