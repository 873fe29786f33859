//! What `reports.redact` hides is in no output of the gate.

use super::harness::{GOOD, Gate, SUITE, world};

const REDACT: &str = "
reports:
  redact:
    - phone_numbers
    - emails
    - { pattern: 'CUST-[0-9]{6}', as: customer number }
";

/// A world whose platform writes down what nobody else should read.
fn talkative(pass: &str) -> String {
    let name = "Call back +1 415 555 0100 (jo@example.com, CUST-123456)";
    world(pass, "0").replace("Where is my order", &format!("'{name}'"))
}

#[test]
fn what_is_redacted_is_on_no_surface_whether_the_gate_passes_or_fails() {
    for (pass, code) in [("1", 0), ("0", 1)] {
        let mut gate = Gate::against(&talkative(pass), &format!("{SUITE}{REDACT}"));
        gate.env("GITHUB_ACTIONS", "true");
        gate.env("GITHUB_OUTPUT", gate.dir.path().join("output").to_str().unwrap());
        let finished = gate.run(&["run"]).expect(code);
        let result = finished.result();
        assert!(result["result"]["runs"][0]["scenario_name"].as_str().unwrap().contains(
            "[redacted: phone number] ([redacted: e-mail address], [redacted: customer number])"
        ));
        let files = ["result.json", "summary.md", "junit.xml"].map(|name| finished.report(name));
        for shown in files.iter().chain([&finished.stdout, &finished.stderr]) {
            for secret in ["555 0100", "jo@", "CUST-123456"] {
                assert!(!shown.contains(secret), "{secret}:\n{shown}");
            }
        }
    }
}

#[test]
fn a_saved_baseline_is_redacted_too_and_a_saved_result_can_be_redacted_later() {
    let gate = Gate::against(&talkative("1"), SUITE);
    gate.run(&["run", "--report-dir", "base"]).expect(0);
    let read = |name: &str| std::fs::read_to_string(gate.dir.path().join(name)).unwrap();
    assert!(read("base/result.json").contains("jo@example.com"));
    let suite = format!("{SUITE}{REDACT}");
    std::fs::write(gate.dir.path().join("cekura-gate.yml"), suite).unwrap();
    let finished = gate.run(&["run", "--baseline", "base/result.json"]).expect(0);
    assert!(!finished.report("result.json").contains("jo@"));
    let later = ["judge", "base/result.json", "--suite", "cekura-gate.yml", "--report-dir", "b"];
    gate.run(&later).expect(0);
    assert!(
        !std::fs::read_to_string(gate.dir.path().join("b/result.json")).unwrap().contains("jo@")
    );
}

#[test]
fn a_comparison_shows_nothing_that_its_suite_redacts_wherever_the_results_come_from() {
    let gate = Gate::against(&talkative("0"), SUITE);
    let first = gate.run(&["run", "--scenarios", "1"]).expect(1).result()["result"]["id"].clone();
    let file = "cekura-report/result.json";
    let other = gate.run(&["run", "--scenarios", "2", "--report-dir", "other"]).expect(1);
    assert!(other.dir.join("other/result.json").exists());
    std::fs::write(gate.dir.path().join("hiding.yml"), format!("{SUITE}{REDACT}")).unwrap();
    for base in [first.to_string().as_str(), file] {
        for format in ["text", "markdown", "json"] {
            let compare = ["compare", base, "other/result.json", "--format", format];
            gate.run(&compare).expect(3).says("CUST-123456");
            let hidden = gate.run(&[&compare[..], &["--suite", "hiding.yml"]].concat()).expect(3);
            for secret in ["555 0100", "jo@", "CUST-123456"] {
                assert!(!hidden.stdout.contains(secret), "{secret}:\n{}", hidden.stdout);
            }
            hidden.says("redacted: phone number");
        }
    }
}

#[test]
fn a_name_that_is_not_known_is_refused_and_not_taken_for_a_pattern() {
    let suite = format!("{SUITE}\nreports: {{ redact: [phone_number] }}\n");
    Gate::against(GOOD, &suite).run(&["run"]).expect(2).says("did you mean `phone_numbers`?");
}

#[test]
fn a_label_that_was_taken_out_is_no_evidence() {
    let more = "thresholds: { metrics: { Sentiment: 'share(\"angry\") <= 50%' } }\n\
                reports: { redact: [{ pattern: calm }] }\n";
    Gate::against(GOOD, &format!("{SUITE}{more}")).run(&["run"]).expect(3).says("were redacted");
}
