//! A gate that ends before its result: by its time limit or by a signal.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::harness::{Finished, Gate, SUITE, slow};

#[test]
fn a_result_that_does_not_finish_in_time_is_exit_4_and_its_calls_are_ended() {
    let gate = Gate::against(&slow(), SUITE);
    let finished =
        gate.run(&["run", "--timeout", "300ms"]).expect(4).says("did not finish within 300ms");
    assert!(gate.requests().iter().any(|r| r.ends_with("/end_calls/")), "{:?}", gate.requests());
    assert_eq!(finished.result()["exit_code"], 4);
    assert_eq!(finished.result()["tally"]["total"], 6);
}

#[test]
fn on_timeout_leave_leaves_the_calls_and_says_how_to_go_on() {
    let gate = Gate::against(&slow(), SUITE);
    let flags = ["run", "--timeout", "300ms", "--on-timeout", "leave"];
    let finished = gate.run(&flags).expect(4).says("cekura-gate watch");
    finished.says("6 still going").says("still going at the time limit");
    assert!(!gate.requests().iter().any(|r| r.ends_with("/end_calls/")));
}

#[cfg(unix)]
fn signalled(gate: &Gate, signal: &str, flags: &[&str]) -> Finished {
    let mut child =
        gate.command(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The first line says that the result has started, or is resumed.
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("has started") || line.contains("is resumed"), "{line}");
    let kill = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let mut output = child.wait_with_output().unwrap();
    std::io::Read::read_to_end(&mut stderr, &mut output.stderr).unwrap();
    Finished::of(output, gate.dir.path())
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_calls_writes_what_is_known_and_exits_with_its_code() {
    for (signal, code) in [("-HUP", 129), ("-INT", 130), ("-QUIT", 131), ("-TERM", 143)] {
        let gate = Gate::against(&slow(), SUITE);
        let finished = signalled(&gate, signal, &["run"]).expect(code);
        assert!(
            gate.requests().iter().any(|r| r.ends_with("/end_calls/")),
            "{:?}",
            gate.requests()
        );
        assert_eq!(finished.result()["exit_code"], code);
        assert!(finished.report("junit.xml").contains("<testsuites"));
        // No report blames someone else for what the gate did.
        for report in ["summary.md", "html/index.html"] {
            assert!(finished.report(report).contains("ended by the gate"), "{report}");
            assert!(!finished.report(report).contains("someone who ended the call"), "{report}");
        }
    }
}

#[cfg(unix)]
#[test]
fn on_cancel_leave_leaves_the_calls() {
    let gate = Gate::against(&slow(), SUITE);
    let finished = signalled(&gate, "-TERM", &["run", "--on-cancel", "leave"])
        .expect(143)
        .says("cekura-gate watch");
    assert!(!gate.requests().iter().any(|r| r.ends_with("/end_calls/")));
    // No report calls a run errored that was going well when the gate left, or blames a limit.
    let files = ["summary.md", "junit.xml", "html/index.html"].map(|name| finished.report(name));
    for report in files.iter().chain([&finished.stdout]) {
        assert!(report.contains("still going"), "{report}");
        assert!(!report.contains("time limit"), "{report}");
    }
    assert_eq!(finished.result()["outcomes"][0]["blame"], "still_going");
    finished.says("6 runs: 6 still going").says("still going when the gate ended");
}

#[cfg(unix)]
#[test]
fn who_only_watches_ends_nobodys_calls() {
    let gate = Gate::against(&slow(), SUITE);
    let left = ["run", "--timeout", "300ms", "--on-timeout", "leave"];
    let id = gate.run(&left).expect(4).result()["result"]["id"].to_string();
    signalled(&gate, "-INT", &["watch", &id]).expect(130);
    assert!(!gate.requests().iter().any(|r| r.ends_with("/end_calls/")));
}

#[test]
fn a_lost_runner_leaves_enough_on_disk_to_go_on() {
    let mut gate = Gate::against(super::harness::GOOD, SUITE);
    gate.run(&["run"]).expect(0);
    let left = gate.dir.path().join("cekura-report/run.json");
    let kept = gate.dir.path().join("kept.json");
    std::fs::copy(&left, &kept).unwrap();
    let watched = gate.run(&["watch", "--from", "cekura-report/run.json"]).expect(0);
    assert_eq!(watched.result()["suite"]["file"], "cekura-gate.yml");
    assert_eq!(watched.result()["plan"]["runs"], 6);
    assert_eq!(std::fs::read(&left).unwrap(), std::fs::read(&kept).unwrap());
    gate.run(&["watch"]).expect(2).says("--from");
    gate.run(&["watch", "--from", "nowhere.json"]).expect(2).says("nowhere.json");
    gate.run(&["run", "--frequency", "0"]).expect(2);
    gate.env("CEKURA_API_KEY", "");
    gate.run(&["run"]).expect(5);
    assert!(!left.exists(), "a run that did not start leaves none of an earlier one");
}

#[test]
fn an_output_that_cannot_be_told_does_not_abandon_what_is_paid_for() {
    let mut gate = Gate::against(super::harness::GOOD, SUITE);
    gate.env("GITHUB_ACTIONS", "true");
    gate.env("GITHUB_OUTPUT", "/nowhere/output");
    let finished = gate.run(&["run"]).expect(6).says("/nowhere/output");
    assert_eq!(finished.result()["verdict"], "inconclusive");
}
