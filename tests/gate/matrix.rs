//! One suite file that makes several suites: agents side by side, a candidate against its base.

use serde_json::Value;

use super::harness::{Finished, GOOD, Gate};

/// Two agents; the second passes so often.
fn world(candidate: &str) -> String {
    GOOD.replace(
        "agents: [{ id: 1, name: Mia, project: 9 }]",
        &format!("agents: [{{ id: 1, name: Mia, project: 9 }}, {{ id: 2, name: Max, project: 9, pass: {candidate} }}]"),
    )
}

/// The suite of two agents, twenty runs each.
fn suite(more: &str) -> String {
    format!(
        "version: 1\nname: Checkout\nscenarios: [1, 2]\nfrequency: 10\nmatrix: {{ agent: [1, 2] }}\n{more}\n"
    )
}

const AGAINST_BASE: &str =
    "thresholds: { baseline: { from: matrix, success_rate: { max_drop: 5% } } }";

fn index(finished: &Finished) -> Value {
    serde_json::from_str(&finished.report("gates.json")).unwrap()
}

#[test]
fn each_agent_is_a_gate_of_its_own_in_each_mode() {
    let more = suite("").replace("agent: [1, 2]", "agent: [1, 2], mode: [text, voice]");
    let gate = Gate::against(&world("0"), &more);
    let finished = gate.run(&["run"]).expect(1).says("2 of 4 suites passed, 2 failed");
    let index = index(&finished);
    let gates = index["gates"].as_array().unwrap();
    let seen: Vec<(&str, &str, u64)> = gates
        .iter()
        .map(|one| {
            let (name, dir) = (one["name"].as_str().unwrap(), one["dir"].as_str().unwrap());
            (name, dir, one["exit_code"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("Checkout · agent 1, text", "cekura-gate-agent-1-text", 0),
            ("Checkout · agent 2, text", "cekura-gate-agent-2-text", 1),
            ("Checkout · agent 1, voice", "cekura-gate-agent-1-voice", 0),
            ("Checkout · agent 2, voice", "cekura-gate-agent-2-voice", 1),
        ]
    );
}

#[test]
fn a_candidate_that_is_worse_than_its_base_in_the_same_run_fails() {
    let gate = Gate::against(&world("0.4"), &suite(AGAINST_BASE));
    let finished = gate.run(&["run"]).expect(1).says("unlikely to be noise");
    let index = index(&finished);
    assert_eq!(
        (&index["gates"][0]["is_base"], &index["gates"][1]["is_base"]),
        (&true.into(), &false.into())
    );
    let read = |dir: &str| -> Value {
        serde_json::from_str(&finished.report(&format!("{dir}/result.json"))).unwrap()
    };
    let candidate = read("cekura-gate-agent-2");
    assert_eq!(candidate["baseline"]["result"], index["gates"][0]["result"]);
    assert_eq!(candidate["baseline"]["from"], "matrix: Checkout · agent 1");
    assert!(read("cekura-gate-agent-1").get("baseline").is_none());
    // What was compared is saved with the candidate, and judged again without the other side.
    gate.run(&["judge", "cekura-report/cekura-gate-agent-2/result.json", "--report-dir", "x"])
        .expect(1)
        .says("unlikely to be noise");
}

#[test]
fn a_candidate_that_is_as_good_passes_and_the_base_gates_nothing() {
    let good = Gate::against(&world("1"), &suite(AGAINST_BASE));
    let finished = good.run(&["run"]).expect(0).says("1 of 1 suite passed").says("- base");
    assert_eq!(index(&finished)["tally"]["total"], 20, "the base's runs are not counted");
    // The base fails, and so does nobody who is better.
    let swapped = suite(AGAINST_BASE).replace("agent: [1, 2]", "agent: [2, 1]");
    let worse_base = Gate::against(&world("0.3"), &swapped);
    let finished = worse_base.run(&["run"]).expect(0).says("1 of 1 suite passed");
    assert!(!finished.report("junit.xml").contains("<failure"), "the base makes no red case");
}

#[test]
fn without_the_bases_evidence_the_candidate_is_inconclusive() {
    let stopped = suite(AGAINST_BASE);
    // Agent 7 is none of the account's: the start of the base is refused.
    let gate = Gate::against(GOOD, &stopped.replace("agent: [1, 2]", "agent: [7, 1]"));
    let finished = gate.run(&["run"]).expect(3).says("did not finish");
    assert_eq!(index(&finished)["gates"][0]["exit_code"], 5);
}

#[test]
fn a_flag_names_one_side_and_a_baseline_of_its_own() {
    let gate = Gate::against(&world("0.4"), &suite(AGAINST_BASE));
    gate.run(&["run", "--agent", "2"]).expect(2).says("the suite has none");
    gate.run(&["run", "--agent", "1", "--baseline", "none"]).expect(0);
    assert_eq!(gate.simulator().starts(), 1);
    gate.run(&["watch", "2001", "--suite", "cekura-gate.yml"]).expect(2).says("only in `run`");
}

#[test]
fn a_matrix_that_cannot_be_is_refused_with_the_way_out() {
    for (text, words) in [
        (suite("agent: 1"), "`agent` cannot be used with `matrix.agent`"),
        (
            suite("mode: text").replace("agent: [1, 2]", "mode: [text, voice]"),
            "be used with `matrix.mode`",
        ),
        (suite("").replace("{ agent: [1, 2] }", "{}"), "`matrix` is empty"),
        (suite("").replace("agent: [1, 2]", "agent: [1, 1]"), "is in `matrix.agent` twice"),
        (
            suite(AGAINST_BASE).replace("matrix: { agent: [1, 2] }", "agent: 1"),
            "the suite has none",
        ),
        (suite("websocket: { url: \"wss://a.example\" }"), "websocket"),
    ] {
        Gate::alone(&text).run(&["check"]).expect(2).says(words);
    }
    let checked = Gate::alone(&suite(AGAINST_BASE)).run(&["check"]).expect(0);
    checked.says("Checkout · agent 2 (cekura-gate.yml) is valid").says("2 suites: 40 runs");
}

#[test]
fn a_matrix_is_rehearsed_with_both_agents() {
    let gate = Gate::alone(&suite(AGAINST_BASE));
    gate.run(&["run", "--simulate"]).expect(0).says("1 of 1 suite passed");
}
