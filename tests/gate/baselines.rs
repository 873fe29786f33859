//! What a result may be compared with: never with itself, and only with what says something.

use super::harness::{GOOD, Gate, SUITE, world};
use super::policies::on_github;

fn suite(more: &str) -> String {
    format!("{SUITE}{more}\n")
}

/// Nothing but a comparison, which passes where there is nothing to compare with.
const IF_MISSING_PASS: &str =
    "thresholds: { baseline: { from: main, if_missing: pass, success_rate: { max_drop: 5% } } }";

/// The check of a comparison: verdict and reason.
fn compared(report: &serde_json::Value) -> (String, String) {
    let checks = report["checks"].as_array().unwrap();
    let own = |check: &&serde_json::Value| {
        check["name"].as_str().unwrap().ends_with("against the baseline")
    };
    let check = checks.iter().find(own).unwrap();
    let text = |key: &str| check[key].as_str().unwrap().to_owned();
    (text("verdict"), text("reason"))
}

#[test]
fn a_named_baseline_that_is_the_judged_result_is_inconclusive_whatever_if_missing_says() {
    let gate = Gate::against(GOOD, &suite(IF_MISSING_PASS));
    let id = gate.run(&["run"]).expect(0).result()["result"]["id"].to_string();
    let watch = |from: &str| {
        gate.run(&["watch", &id, "--suite", "cekura-gate.yml", "--baseline", from]).expect(3)
    };
    let by_id = watch(&id).says("is the result that is judged");
    let (verdict, reason) = compared(&by_id.result());
    assert_eq!(verdict, "inconclusive");
    assert!(reason.contains("name an earlier result, of another commit, or a branch"), "{reason}");
    let judged = gate.run(&["judge", "cekura-report/result.json", "--report-dir", "again"]);
    assert_eq!(compared(&judged.expect(3).result()).0, "inconclusive", "judging it again forgets");
    std::fs::copy(
        gate.dir.path().join("cekura-report/result.json"),
        gate.dir.path().join("b.json"),
    )
    .unwrap();
    watch("b.json").says("the baseline `b.json` is the result that is judged");
    // A branch is searched: what does not fit is passed over, and `if_missing` decides.
    gate.run(&["watch", &id, "--suite", "cekura-gate.yml"]).expect(0);
}

#[test]
fn a_named_baseline_that_was_started_later_is_inconclusive() {
    let gate = Gate::against(GOOD, &suite(IF_MISSING_PASS));
    let run = || gate.run(&["run"]).expect(0).result()["result"]["id"].to_string();
    let (first, second) = (run(), run());
    let watch = |id: &str, from: &str| {
        gate.run(&["watch", id, "--suite", "cekura-gate.yml", "--baseline", from])
    };
    watch(&first, &second).expect(3).says("was started after the result that is judged");
    watch(&second, &first).expect(0);
}

#[test]
fn a_named_baseline_of_the_same_commit_is_inconclusive_and_is_said_before_the_calls() {
    let mut gate = Gate::against(GOOD, &suite(IF_MISSING_PASS));
    on_github(&mut gate, "push", "main", "aaaaaaa1");
    let id = gate.run(&["run"]).expect(0).result()["result"]["id"].to_string();
    let again = gate.run(&["run", "--baseline", &id]).expect(3);
    let why = "is of the commit that is judged, aaaaaaa: name an earlier result";
    again.says(&format!("warning: the baseline `{id}` {why}"));
    on_github(&mut gate, "push", "main", "bbbbbbb1");
    gate.run(&["run", "--baseline", &id]).expect(0);
}

#[test]
fn resuming_and_reusing_a_failed_result_does_not_compare_it_with_itself() {
    let only = IF_MISSING_PASS.replace("if_missing: pass, ", "");
    let mut gate = Gate::against(&world("0", "0"), &suite(&only));
    on_github(&mut gate, "push", "main", "aaaaaaa1");
    gate.env("CEKURA_GATE_REUSE_KEY", "job");
    let first = gate.run(&["run", "--reuse"]).expect(3).result()["result"]["id"].clone();
    for flag in ["--reuse", "--resume"] {
        let again = gate.run(&["run", flag]).expect(3).result();
        assert_eq!(again["result"]["id"], first, "{flag}");
        assert!(again.get("baseline").is_none(), "{flag}");
    }
    let named = ["run", "--resume", "--baseline", "cekura-report/result.json"];
    gate.run(&named).expect(3).says("is the result that is judged");
    assert_eq!(gate.simulator().starts(), 1);
}

/// Runs on main, each push of another commit, until the last two ended with these codes.
fn until(gate: &mut Gate, codes: [i32; 2]) -> [String; 2] {
    let mut last: Option<(i32, String)> = None;
    for push in 0..40 {
        on_github(gate, "push", "main", &format!("{push:07x}1"));
        let finished = gate.run(&["run", "--baseline", "none"]);
        let (code, id) = (finished.code, finished.result()["result"]["id"].to_string());
        match last {
            Some((before, older)) if [before, code] == codes => return [older, id],
            _ => last = Some((code, id)),
        }
    }
    panic!("the seed makes no such results");
}

/// A pull request's run: its code, which result it was compared with, and its notes.
fn pull_request(gate: &mut Gate) -> (i32, String, String) {
    on_github(gate, "pull_request", "feature", "fffffff1");
    let finished = gate.run(&["run"]);
    let result = finished.result();
    (finished.code, result["baseline"]["result"].to_string(), result["notes"].to_string())
}

const EVERY_RUN: &str =
    "thresholds: { success_rate: 100%, baseline: { from: main, success_rate: { max_drop: 50% } } }";

#[test]
fn a_push_that_failed_its_own_gate_is_passed_over_for_an_older_good_one() {
    let once = suite(EVERY_RUN).replace("frequency: 3", "frequency: 1");
    let mut gate = Gate::against(&world("0.6", "0"), &once);
    let [good, _] = until(&mut gate, [0, 1]);
    let (_, base, notes) = pull_request(&mut gate);
    assert_eq!(base, good, "{notes}");
    assert!(notes.contains("it fails these thresholds"), "{notes}");
}

#[test]
fn a_night_of_errors_is_passed_over_for_an_older_good_result() {
    let once = suite(EVERY_RUN).replace("frequency: 3", "frequency: 1");
    let mut gate = Gate::against(&world("1", "0.5"), &once);
    let [good, _] = until(&mut gate, [0, 3]);
    let (_, base, notes) = pull_request(&mut gate);
    assert_eq!(base, good, "{notes}");
    assert!(notes.contains("not used as baseline"), "{notes}");
}

#[test]
fn a_result_whose_calls_were_ended_is_passed_over() {
    let brief = GOOD
        .replace("time_scale: 0", "time_scale: 1000")
        .replace("error: 0 }", "error: 0, duration: { mean: 300, spread: 1 } }");
    let mut gate = Gate::against(&brief, &suite(EVERY_RUN));
    on_github(&mut gate, "push", "main", "aaaaaaa1");
    let good = gate.run(&["run", "--baseline", "none"]).expect(0).result()["result"]["id"].clone();
    on_github(&mut gate, "push", "main", "bbbbbbb1");
    gate.run(&["run", "--baseline", "none", "--timeout", "50ms"]).expect(4);
    let (code, base, notes) = pull_request(&mut gate);
    assert_eq!((code, base), (0, good.to_string()), "{notes}");
    assert!(notes.contains("it is cancelled") || notes.contains("calls were ended"), "{notes}");
}

#[test]
fn results_of_another_agent_mode_branch_or_a_tag_are_passed_over() {
    let two = GOOD.replace(
        "agents: [{ id: 1, name: Mia, project: 9 }]",
        "agents: [{ id: 1, name: Mia, project: 9 }, { id: 2, name: Max, project: 9 }]",
    );
    let mut gate = Gate::against(&two, &suite(EVERY_RUN));
    on_github(&mut gate, "push", "main", "aaaaaaa1");
    let good = gate.run(&["run", "--baseline", "none"]).expect(0).result()["result"]["id"].clone();
    for (event, branch, kind, flags) in [
        ("push", "main", "branch", &["--agent", "2"][..]),
        ("push", "main", "branch", &["--mode", "text"]),
        ("push", "main", "tag", &[]),
        ("pull_request", "main", "branch", &[]),
        ("merge_group", "main", "branch", &[]),
        ("push", "other", "branch", &[]),
    ] {
        on_github(&mut gate, event, branch, "bbbbbbb1");
        gate.env("GITHUB_REF_TYPE", kind);
        gate.run(&[&["run", "--baseline", "none"], flags].concat());
    }
    gate.env("GITHUB_REF_TYPE", "branch");
    let (code, base, notes) = pull_request(&mut gate);
    assert_eq!((code, base), (0, good.to_string()), "{notes}");
    for reason in ["another agent, mode or selection", "by a tag", "by a pull request"] {
        assert!(notes.contains(reason), "{reason}: {notes}");
    }
}

#[test]
fn the_commit_of_a_pull_request_is_its_head_and_not_the_merge() {
    let mut gate = Gate::against(GOOD, &suite(IF_MISSING_PASS));
    on_github(&mut gate, "push", "main", "aaaaaaa1");
    gate.run(&["run"]).expect(0);
    let event = r#"{"pull_request": {"number": 4, "head": {"sha": "aaaaaaa1"}}}"#;
    std::fs::write(gate.dir.path().join("event.json"), event).unwrap();
    on_github(&mut gate, "pull_request", "feature", "ccccccc1");
    gate.env("GITHUB_EVENT_PATH", "event.json");
    let result = gate.run(&["run"]).expect(0).result();
    let notes = result["notes"].to_string();
    assert!(notes.contains("it is of the commit that is judged, aaaaaaa"), "{notes}");
    let name = result["result"]["name"].as_str().unwrap();
    assert!(name.contains(" pull.aaaaaaa "), "{name}");
}

#[test]
fn what_the_retries_of_a_baseline_showed_counts_as_it_does_for_the_judged_result() {
    let more = format!(
        "retry: {{ on: [failure], attempts: 10, flaky: passed }}\n{}",
        EVERY_RUN.replace("from: main,", "from: main, if_missing: fail,")
    );
    let mut gate = Gate::against(&world("0.5", "0"), &suite(&more));
    on_github(&mut gate, "push", "main", "aaaaaaa1");
    let first = gate.run(&["run", "--baseline", "none"]).expect(0).says("it counts as passed");
    let id = first.result()["result"]["id"].to_string();
    on_github(&mut gate, "pull_request", "feature", "bbbbbbb1");
    for from in ["main", &id] {
        let result = gate.run(&["run", "--baseline", from]).expect(0).result();
        assert_eq!(result["baseline"]["result"].to_string(), id, "{}", result["notes"]);
        for scenario in result["baseline"]["comparison"]["scenarios"].as_array().unwrap() {
            assert_eq!(scenario["base"], serde_json::json!([3, 3]), "{from}");
        }
    }
}

#[test]
fn the_first_pull_request_of_a_repository_is_told_before_the_calls_what_lets_it_pass() {
    let inconclusive = IF_MISSING_PASS.replace("if_missing: pass, ", "");
    let mut gate = Gate::against(GOOD, &suite(&inconclusive));
    on_github(&mut gate, "pull_request", "feature", "aaaaaaa1");
    let told = "warning: there is no result of `main` to compare with, which will be inconclusive: \
                `if_missing: pass` below `thresholds.baseline` lets the first results of a suite pass";
    let finished = gate.run(&["run"]).expect(3).says(told);
    assert!(compared(&finished.result()).1.contains("`if_missing: pass`"));
    let mut gate = Gate::against(GOOD, &suite(IF_MISSING_PASS));
    on_github(&mut gate, "pull_request", "feature", "aaaaaaa1");
    let finished = gate.run(&["run"]).expect(0);
    assert!(!finished.stderr.contains("to compare with"), "{}", finished.stderr);
}
