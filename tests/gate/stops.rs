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
    gate.run(&flags).expect(4).says("cekura-gate watch");
    assert!(!gate.requests().iter().any(|r| r.ends_with("/end_calls/")));
}

#[cfg(unix)]
fn signalled(gate: &Gate, signal: &str, flags: &[&str]) -> Finished {
    let mut child =
        gate.command(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The first line says that the result has started.
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("has started"), "{line}");
    let kill = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let mut output = child.wait_with_output().unwrap();
    std::io::Read::read_to_end(&mut stderr, &mut output.stderr).unwrap();
    Finished::of(output, gate.dir.path())
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_calls_writes_what_is_known_and_exits_with_its_code() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let gate = Gate::against(&slow(), SUITE);
        let finished = signalled(&gate, signal, &["run"]).expect(code);
        assert!(
            gate.requests().iter().any(|r| r.ends_with("/end_calls/")),
            "{:?}",
            gate.requests()
        );
        assert_eq!(finished.result()["exit_code"], code);
        assert!(finished.report("junit.xml").contains("<testsuites"));
    }
}

#[cfg(unix)]
#[test]
fn on_cancel_leave_leaves_the_calls() {
    let gate = Gate::against(&slow(), SUITE);
    signalled(&gate, "-TERM", &["run", "--on-cancel", "leave"])
        .expect(143)
        .says("cekura-gate watch");
    assert!(!gate.requests().iter().any(|r| r.ends_with("/end_calls/")));
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
