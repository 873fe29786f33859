//! How long the agent takes for its answers.

use super::{with_script, world};

const SAYS: &str = "says: [Hello, And the refund, Thanks]";

/// An agent that takes a moment for each answer, records a tool call before it, and opens late.
const SLOW: &str = r#"
while read -r line; do
  case "$line" in
    *'"speaks_first":"agent"'*) sleep 0.4; echo '{"type":"message","content":"Welcome"}' ;;
    *'"type":"message"'*)
      sleep 0.05
      echo '{"type":"tool_call","id":"1","name":"look_up"}'
      echo '{"type":"message","content":"Sure"}' ;;
    *'"type":"end"'*) exit 0 ;;
  esac
done
"#;

fn latencies(finished: &crate::common::finished::Finished) -> Vec<f64> {
    let run = finished.result()["result"]["runs"][0].clone();
    run["agent_latencies_ms"].as_array().unwrap().iter().map(|ms| ms.as_f64().unwrap()).collect()
}

#[test]
fn each_answer_to_the_caller_is_timed_and_an_opening_of_the_agent_is_none() {
    let gate = with_script(&world(&format!("speaks_first: agent, {SAYS}")), SLOW, "");
    let seen = latencies(&gate.run(&["run"]).expect(0));
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|ms| (50.0..400.0).contains(ms)), "{seen:?}");
}

#[test]
fn a_check_on_the_latency_decides_for_the_suite_and_for_each_scenario() {
    for (thresholds, code) in [
        ("agent_latency: [max <= 1m, count >= 1]", 0),
        ("agent_latency: p95 <= 1ms", 1),
        ("each_scenario: { agent_latency: mean <= 1m }", 0),
        ("each_scenario: { agent_latency: mean <= 1ms }", 1),
    ] {
        let keys = format!("thresholds: {{ {thresholds} }}");
        let gate = with_script(&world(SAYS), SLOW, &keys);
        let finished = gate.run(&["run"]).expect(code);
        assert_eq!(finished.result()["checks"][0]["name"], "agent_latency", "{thresholds}");
    }
}

#[test]
fn who_says_nothing_in_time_has_taken_at_least_that_long() {
    let keys = "turn_timeout: 200ms\nthresholds: { agent_latency: max <= 100ms }";
    let gate = with_script(&world(SAYS), "sleep 60", keys);
    let finished = gate.run(&["run"]).expect(1);
    assert!(latencies(&finished)[0] >= 200.0);
}

#[test]
fn a_run_without_an_answer_leaves_the_latency_open() {
    let keys = "thresholds: { agent_latency: max <= 1m }";
    let gate = with_script(&world(SAYS), "exit 1", keys);
    gate.run(&["run"]).expect(3).says("no run has a timed answer");
}

#[test]
fn the_page_of_the_report_draws_the_latency_and_that_of_a_run_names_it() {
    let keys = "frequency: 3\nthresholds: { agent_latency: p95 <= 1m }";
    let crashes =
        "read -r a; read -r b; echo '{\"type\":\"message\",\"content\":\"Hi\"}'; read -r c; exit 1";
    let gate = with_script(&world(SAYS), crashes, keys);
    let finished = gate.run(&["run"]).expect(0);
    let page = finished.report("html/index.html");
    assert!(page.contains("Agent latency, p95 of each run"));
    assert!(page.contains("wanted p95 ≤"));
    assert!(finished.report("html/runs/34501.html").contains("1 answer, "));
}

#[test]
fn a_saved_result_is_judged_again_by_its_latencies() {
    let gate = with_script(&world(SAYS), SLOW, "thresholds: { agent_latency: max <= 1m }");
    gate.run(&["run"]).expect(0);
    let suite = std::fs::read_to_string(gate.dir.path().join("cekura-gate.yml")).unwrap();
    std::fs::write(gate.dir.path().join("strict.yml"), suite.replace("max <= 1m", "max <= 1ms"))
        .unwrap();
    gate.run(&["judge", "cekura-report/result.json", "--suite", "strict.yml"]).expect(1);
}
