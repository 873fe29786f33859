//! Each fault of the agent program is recognised, blamed on it, and shown.

use serde_json::Value;

use super::{Gate, suite, with_script, world};
use crate::common::finished::Finished;

const SAYS: &str = "says: [Hello, And the refund, Thanks, d, e, f, g, h]";

/// The outcome and the fault of the only run.
fn fault_of(finished: &Finished) -> (Value, Value) {
    let result = finished.result();
    (result["outcomes"][0].clone(), result["result"]["runs"][0]["chat_fault"].clone())
}

#[test]
fn each_fault_of_the_program_is_told_apart_and_fails_the_run() {
    let rows = [
        ("exit 3", "exited", "ended with exit status: 3, before its first message"),
        (
            "echo Listening on port 80; read -r a",
            "not_the_protocol",
            "not JSON: Listening on port 80",
        ),
        (
            "read -r a; read -r b; sleep 60",
            "silent",
            "no answer in time (`turn_timeout`), in turn 1",
        ),
        (
            "read -r a; read -r b; echo '{\"type\":\"message\",\"content\":\"Hi\"}'; read -r c; exit 9",
            "exited",
            "ended with exit status: 9, in turn 2",
        ),
        (
            "while :; do echo '{\"type\":\"metadata\",\"metadata\":{}}'; done",
            "flooded",
            "wrote too much output: more than 100 lines in turn 1",
        ),
        (
            "i=0; while [ $i -lt 7 ]; do read -r a; i=$((i+1)); \
             [ $i -gt 1 ] && echo '{\"type\":\"message\",\"content\":\"Hi\"}'; done; \
             read -r a; kill -SEGV $$",
            "exited",
            "signal: 11",
        ),
        ("head -c 300000 /dev/zero | tr '\\0' x", "flooded", "a line longer than 256 KiB"),
    ];
    for (script, kind, words) in rows {
        let gate = with_script(&world(SAYS), script, "turn_timeout: 300ms");
        let finished = gate.run(&["run"]).expect(1);
        let (outcome, fault) = fault_of(&finished);
        assert_eq!(fault["kind"], kind, "{script}: {fault}");
        assert_eq!(outcome["outcome"], "failed", "{script}");
        assert_eq!(outcome["blame"], "agent_program", "{script}");
        let reason = outcome["reason"].as_str().unwrap();
        assert!(reason.contains(words), "{script}: {reason}");
    }
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let gate = Gate::against(&world(SAYS), &suite("[./no-such-agent]", ""));
    let finished = gate.run(&["run"]).expect(1).says("cannot be started: ./no-such-agent");
    assert_eq!(fault_of(&finished).1["kind"], "not_started");
}

#[test]
fn the_suite_may_take_the_programs_faults_for_errors() {
    let gate = with_script(&world(SAYS), "exit 3", "agent_errors: errored");
    let finished = gate.run(&["run"]);
    let (outcome, _) = fault_of(&finished);
    assert_eq!(outcome["outcome"], "errored");
    assert_eq!(outcome["blame"], "agent_program");
}

#[test]
fn the_last_lines_of_standard_error_simulator_every_report_and_all_of_it_in_a_file() {
    let message = "echo '{\"type\":\"message\",\"content\":\"Hi\"}'";
    let rows = [
        "exit 1".to_owned(),
        "echo Listening".to_owned(),
        "sleep 60".to_owned(),
        format!("read -r a; read -r b; {message}; read -r c; exit 9"),
        "head -c 300000 /dev/zero | tr '\\0' x".to_owned(),
        "while :; do echo '{\"type\":\"metadata\",\"metadata\":{}}'; done".to_owned(),
    ];
    for (errors, code) in [("failed", 1), ("errored", 3)] {
        for rest in &rows {
            let script = format!("echo early >&2; echo 'KeyError: order' >&2\n{rest}");
            let keys = format!("turn_timeout: 300ms\nagent_errors: {errors}");
            let gate = with_script(&world(SAYS), &script, &keys);
            let finished = gate.run(&["run"]).expect(code).says("KeyError: order");
            for report in ["junit.xml", "summary.md", "result.json", "html/index.html"] {
                assert!(finished.report(report).contains("KeyError: order"), "{rest}: {report}");
            }
            for report in ["junit.xml", "html/runs/34501.html"] {
                let page = finished.report(report);
                let named =
                    page.contains("agent's program") || page.contains("agent&#39;s program");
                assert!(named || page.contains("agent&apos;s program"), "{rest}: {report}");
            }
            assert_eq!(finished.report("agent/34501.stderr.log"), "early\nKeyError: order\n");
        }
    }
}

#[test]
fn a_server_that_fails_is_shown_with_its_standard_error() {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let server = "import http.server, sys\n\
                  class Agent(http.server.BaseHTTPRequestHandler):\n\
                  \x20   def do_GET(self):\n\
                  \x20       self.send_response(204)\n\
                  \x20       self.end_headers()\n\
                  \x20   def do_POST(self):\n\
                  \x20       print('KeyError: order', file=sys.stderr, flush=True)\n\
                  \x20       self.send_response(500)\n\
                  \x20       self.end_headers()\n\
                  \x20   def log_message(self, *_):\n\
                  \x20       pass\n\
                  http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Agent).serve_forever()\n";
    let keys = format!(
        "agent_url: \"http://127.0.0.1:{port}/\"\nagent_ready: \"http://127.0.0.1:{port}/\""
    );
    let mut gate =
        Gate::against(&world(SAYS), &suite(&format!("[python3, server.py, \"{port}\"]"), &keys));
    gate.env("PATH", &std::env::var("PATH").unwrap());
    std::fs::write(gate.dir.path().join("server.py"), server).unwrap();
    let finished = gate.run(&["run"]).expect(1).says("status 500").says("KeyError: order");
    assert_eq!(fault_of(&finished).1["kind"], "refused");
}

#[test]
fn what_no_report_may_show_is_taken_out_of_standard_error_too() {
    let keys = "reports: { redact: [emails] }\nagent_env: [MODEL_KEY]";
    let script = "echo no user mia@example.com: $MODEL_KEY >&2; exit 1";
    let mut gate = with_script(&world(SAYS), script, keys);
    gate.env("MODEL_KEY", "sk-0123456789");
    let finished = gate.run(&["run"]).expect(1).says("no user");
    for report in ["junit.xml", "summary.md", "result.json", "agent/34501.stderr.log"] {
        let text = finished.report(report);
        assert!(text.contains("redacted: e-mail address") && text.contains("redacted: secret"));
        assert!(!text.contains("mia@example.com") && !text.contains("sk-012"), "{report}");
    }
    assert!(!format!("{}{}", finished.stdout, finished.stderr).contains("sk-012"));
}
