//! What the evidence decides, through the whole program: each test is one way in which a result
//! shows less than was planned, something else, or a value more than once.

use serde_json::{Value, json};

use crate::faults::harness::Finished;
use crate::faults::made::{Asked, Made};

pub(crate) fn answer(value: &Value) -> (u16, Vec<u8>) {
    (200, value.to_string().into_bytes())
}

/// A suite of agent 1 with these keys.
pub(crate) fn suite(keys: &str) -> String {
    format!("version: 1\nname: Checkout\nagent: 1\n{keys}\n")
}

/// A run that had its conversation, with what the judges say.
pub(crate) fn judged(id: u64, scenario: u64, success: bool) -> Value {
    json!({
        "id": id, "status": "completed", "success": success, "scenario": scenario,
        "duration": "01:00",
        "transcript_object": [{"role": "Agent", "content": "Hello"}],
        "expected_outcome": {"score": if success { 100 } else { 0 }},
        "evaluation": {"metrics": [entry(5, "Adherence", success)]},
    })
}

/// An entry of a binary metric.
pub(crate) fn entry(id: u64, name: &str, passed: bool) -> Value {
    json!({"id": id, "name": name, "eval_type": "binary", "passed": passed})
}

pub(crate) fn passed(id: u64, scenario: u64) -> Value {
    judged(id, scenario, true)
}

/// Passed runs of these scenarios.
pub(crate) fn all_passed(scenarios: &[u64]) -> Vec<Value> {
    (1..).zip(scenarios).map(|(id, scenario)| passed(id, *scenario)).collect()
}

/// A run that passed, whose metrics have these entries.
pub(crate) fn with_metrics(id: u64, scenario: u64, entries: &Value) -> Value {
    let mut run = passed(id, scenario);
    run["evaluation"]["metrics"] = entries.clone();
    run
}

pub(crate) fn completed(runs: &[Value]) -> Value {
    json!({"id": 7, "status": "completed", "agent": 1, "runs": runs})
}

/// The answer to a start of these runs.
pub(crate) fn started_answer(asked: &Asked<'_>, runs: &[Value]) -> Value {
    let body: Value = serde_json::from_slice(asked.body).unwrap();
    json!({"id": 7, "status": "running", "name": body["name"], "runs": runs})
}

/// A platform with the scenarios 1 and 2 behind the tag `smoke`. It starts result 7 with a run of
/// each scenario in `started`, and shows `detail` at each poll, by the number of polls so far.
pub(crate) fn platform(
    suite: &str,
    started: &[u64],
    detail: impl Fn(usize) -> Value + Send + Sync + 'static,
) -> Made {
    let runs = (1..).zip(started);
    let runs: Vec<Value> = runs
        .map(|(id, scenario)| json!({"id": id, "status": "pending", "scenario": scenario}))
        .collect();
    Made::new(suite, move |asked: &Asked<'_>| {
        let path = asked.path.split('?').next().unwrap_or_default();
        match (asked.method, path) {
            ("POST", path) if path.contains("run_scenarios") => {
                answer(&started_answer(asked, &runs))
            }
            ("GET", path) if path.ends_with("/results/7/") => answer(&detail(asked.earlier)),
            ("GET", path) if path.ends_with("/scenarios/") => answer(&json!({
                "count": 2, "next": null,
                "results": [{"id": 1, "name": "One"}, {"id": 2, "name": "Two"}],
            })),
            _ => (404, b"{}".to_vec()),
        }
    })
}

/// The gate of this suite over a result that shows this.
pub(crate) fn gate(suite: &str, detail: Value) -> Made {
    platform(suite, &[], move |_| detail.clone())
}

/// Why a gate ended as it did: its headline, notes, and what the checks and outcomes say.
fn reasons(result: &Value) -> String {
    let list = |key: &str| result[key].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = list("checks");
    let checks = checks.iter().map(|check| {
        let of = check["scenario"]["name"].as_str().unwrap_or("all");
        let [name, verdict, reason] = ["name", "verdict", "reason"].map(|key| text(&check[key]));
        format!("{name} of {of}: {verdict}: {reason}")
    });
    let outcomes = list("outcomes");
    let outcomes = outcomes.iter().map(|outcome| {
        format!(
            "run {} {}: {}",
            outcome["run"],
            text(&outcome["outcome"]),
            text(&outcome["reason"])
        )
    });
    let notes = list("notes");
    let lines = notes.iter().map(text).chain(checks).chain(outcomes);
    format!("{}\n{}", text(&result["headline"]), lines.collect::<Vec<_>>().join("\n"))
}

/// That `run` exits with this code for these reasons, and `judge` of what it saved does, too.
#[track_caller]
pub(crate) fn ends(made: &Made, flags: &[&str], code: i32, why: &[&str]) -> Finished {
    let args: Vec<&str> = ["run", "--timeout", "20s"].iter().chain(flags).copied().collect();
    let finished = made.run(&args).expect(code);
    let result = finished.result.as_ref().unwrap();
    assert_eq!(result["exit_code"], code);
    let said = reasons(result);
    for words in why {
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
    }
    let again = ["judge", "cekura-report/result.json", "--report-dir", "again"];
    made.run(&again).expect(code);
    finished
}

// Slots without a run, and runs without a slot.

#[test]
fn a_planned_scenario_without_any_run_passes_no_check_of_each_scenario() {
    let keys = "scenarios: [1, 2]\nthresholds: { each_scenario: { success_rate: '>= 100%' } }";
    let made = gate(&suite(keys), completed(&all_passed(&[1])));
    ends(
        &made,
        &[],
        3,
        &["1 planned run never arrived", "success_rate of scenario 2: inconclusive"],
    );
}

#[test]
fn one_run_of_each_scenario_is_not_the_three_that_were_planned() {
    for thresholds in ["success_rate: 100%", "each_scenario: { success_rate: 100% }"] {
        let keys = format!("scenarios: [1, 2]\nfrequency: 3\nthresholds: {{ {thresholds} }}");
        let made = gate(&suite(&keys), completed(&all_passed(&[1, 2])));
        ends(&made, &[], 3, &["4 planned runs never arrived"]);
    }
}

#[test]
fn runs_of_other_scenarios_simulator_for_no_planned_one() {
    for thresholds in ["success_rate: 50%", "each_scenario: { success_rate: 100% }"] {
        let keys = format!("scenarios: [1, 2]\nthresholds: {{ {thresholds} }}");
        let made = gate(&suite(&keys), completed(&all_passed(&[3, 4])));
        ends(&made, &[], 3, &["2 runs match no planned run", "2 planned runs never arrived"]);
    }
}

#[test]
fn runs_of_an_unplanned_scenario_lift_no_share() {
    let keys = "scenarios: [1]\nfrequency: 4\nthresholds: { success_rate: 80% }";
    let failed = (1..=4).map(|id| judged(id, 1, false));
    let unplanned = (5..25).map(|id| passed(id, 9));
    let runs: Vec<Value> = failed.chain(unplanned).collect();
    let made = gate(&suite(keys), completed(&runs));
    ends(&made, &[], 1, &["20 runs match no planned run", "0 of 4"]);
}

#[test]
fn scenarios_behind_a_tag_owe_all_of_their_repetitions() {
    for (thresholds, budget) in [
        ("success_rate: 100%", false),
        ("each_scenario: { success_rate: 100% }", false),
        ("success_rate: { check: 50%, min_samples: 2 }", false),
        ("each_scenario: { success_rate: { check: 50%, min_samples: 1 } }", false),
        ("each_scenario: { metrics: { Adherence: 100% } }", false),
        ("success_rate: 100%", true),
        ("each_scenario: { success_rate: 100% }", true),
        ("each_scenario: { metrics: { Adherence: 100% } }", true),
    ] {
        let budget = if budget { "budget: { max_runs: 20 }\n" } else { "" };
        let keys = format!("tags: [smoke]\nfrequency: 5\n{budget}thresholds: {{ {thresholds} }}");
        let made = platform(&suite(&keys), &[1, 2], |_| completed(&all_passed(&[1, 2])));
        ends(&made, &[], 3, &["8 planned runs never arrived"]);
    }
}

#[test]
fn a_scenario_that_a_budgets_lookup_found_and_that_never_ran_is_missing() {
    let keys = "tags: [smoke]\nbudget: { max_runs: 20 }\n\
                thresholds: { each_scenario: { success_rate: 100% } }";
    let made = platform(&suite(keys), &[1], |_| completed(&all_passed(&[1])));
    ends(&made, &[], 3, &["1 planned run never arrived", "scenario 2: inconclusive"]);
    let asked = made.asked().join("\n");
    assert!(asked.contains("GET /test_framework/v1/scenarios/?"), "{asked}");
}

#[test]
fn fewer_samples_than_a_check_wants_and_a_metric_that_runs_lack_are_no_pass() {
    for (thresholds, why) in [
        ("success_rate: { check: 50%, min_samples: 4 }", "4"),
        ("each_scenario: { success_rate: { check: 50%, min_samples: 2 } }", "2"),
        ("metrics: { Adherence: { check: 50%, min_samples: 4 } }", "4"),
        ("each_scenario: { metrics: { Adherence: { check: 50%, min_samples: 2 } } }", "2"),
    ] {
        let keys = format!("scenarios: [1, 2]\nfrequency: 2\nthresholds: {{ {thresholds} }}");
        let made = gate(&suite(&keys), completed(&all_passed(&[1, 1, 2])));
        ends(&made, &[], 3, &["1 planned run never arrived", why]);
    }
    let keys = "scenarios: [1, 2]\nthresholds: { each_scenario: { metrics: { Adherence: 100% } } }";
    let runs = [passed(1, 1), with_metrics(2, 2, &json!([]))];
    ends(&gate(&suite(keys), completed(&runs)), &[], 3, &["Adherence"]);
}

#[test]
fn runs_that_the_platform_counts_and_does_not_show_are_missing() {
    let keys = "scenarios: [1, 2]\nthresholds: { success_rate: 90% }";
    let mut detail = completed(&all_passed(&[1, 2]));
    detail["total_runs_count"] = json!("10");
    ends(&gate(&suite(keys), detail), &[], 3, &["8 planned runs never arrived"]);
}

#[test]
fn a_baseline_that_counts_ten_runs_and_shows_one_is_not_compared_as_if_it_had_one() {
    let keys = "scenarios: [1]\nfrequency: 20\n\
                thresholds: { success_rate: 0%, baseline: { from: 5, success_rate: { max_drop: 5% } } }";
    let base = |counted: u64, shown: u64| {
        let runs: Vec<Value> = (101..101 + shown).map(|id| passed(id, 1)).collect();
        json!({"id": 5, "status": "completed", "agent": 1, "total_runs_count": counted, "runs": runs})
    };
    let against = |base: Value, success: bool| {
        let head = completed(&(1..=20).map(|id| judged(id, 1, success)).collect::<Vec<_>>());
        Made::new(&suite(keys), move |asked: &Asked<'_>| {
            match (asked.method, asked.path.split('?').next().unwrap_or_default()) {
                ("POST", path) if path.contains("run_scenarios") => {
                    answer(&started_answer(asked, &[]))
                }
                ("GET", path) if path.ends_with("/results/7/") => answer(&head),
                ("GET", path) if path.ends_with("/results/5/") => answer(&base),
                _ => (404, b"{}".to_vec()),
            }
        })
    };
    ends(&against(base(20, 20), true), &[], 0, &[]);
    ends(&against(base(20, 20), false), &[], 1, &["unlikely to be noise"]);
    ends(&against(base(20, 1), true), &[], 3, &["19 runs"]);
    ends(&against(base(20, 1), false), &[], 3, &["19 runs"]);
}

// How a result ended, and what a person said of a run.

#[test]
fn a_result_that_did_not_complete_never_passes_although_all_its_runs_did() {
    for status in ["cancelled", "timeout", "failed"] {
        let keys = "scenarios: [1, 2]\nthresholds: { success_rate: 50% }";
        let mut detail = completed(&all_passed(&[1, 2]));
        detail["status"] = json!(status);
        let why = format!("ended with the status `{status}`, not `completed`");
        ends(&gate(&suite(keys), detail), &[], 3, &[&why]);
    }
}

#[test]
fn a_person_who_judged_a_run_a_failure_has_the_last_word() {
    let mut reviewed = passed(2, 2);
    reviewed["evaluation_status"] = json!("reviewed_failure");
    reviewed["expected_outcome"] = json!({"score": 0, "explanation": ["❌ no refund was made"]});
    let made = gate(&suite("scenarios: [1, 2]"), completed(&[passed(1, 1), reviewed]));
    ends(&made, &[], 1, &["1 of 2", "run 2 failed: no refund was made"]);
}

// One value a run.

#[test]
fn a_metric_that_is_listed_twice_counts_once() {
    let twice = json!([entry(5, "Adherence", true), entry(5, "Adherence", true)]);
    let runs: Vec<Value> = (1..=15).map(|id| with_metrics(id, 1, &twice)).collect();
    let keys = "scenarios: [1]\nfrequency: 15\n\
                thresholds: { metrics: { Adherence: '>= 90%' }, confidence: 95% }";
    ends(&gate(&suite(keys), completed(&runs)), &[], 3, &["15 of 15"]);
    let keys = "scenarios: [1]\nfrequency: 2\n\
                thresholds: { metrics: { Adherence: { check: '>= 90%', min_samples: 4 } } }";
    ends(&gate(&suite(keys), completed(&runs[..2])), &[], 3, &["2 of 2"]);
}

#[test]
fn an_old_and_a_new_entry_that_contradict_each_other_are_no_value() {
    let old =
        json!({"id": 5, "name": "Adherence", "type": "binary_workflow_adherence", "score": 0});
    let both = json!([entry(5, "Adherence", true), old]);
    let runs: Vec<Value> = (1..=2).map(|id| with_metrics(id, 1, &both)).collect();
    let keys = "scenarios: [1]\nfrequency: 2\nthresholds: { metrics: { Adherence: '>= 50%' } }";
    let why = "the runs 1 and 2 list it more than once with different scores, so neither counts";
    ends(&gate(&suite(keys), completed(&runs)), &[], 3, &[why]);
    let one = [with_metrics(1, 1, &both), passed(2, 1)];
    ends(&gate(&suite(keys), completed(&one)), &[], 0, &["run 1 lists it more than once"]);
}

#[test]
fn two_metrics_of_one_name_without_ids_do_not_merge() {
    let tone =
        |score: u64| json!({"name": "Tone", "type": "continuous_qualitative", "score": score});
    let run = |id| with_metrics(id, 1, &json!([tone(5), tone(1)]));
    let keys = "scenarios: [1]\nfrequency: 2\nthresholds: { metrics: { Tone: mean >= 3 } }";
    let made = gate(&suite(keys), completed(&[run(1), run(2)]));
    ends(&made, &[], 3, &["list it more than once with different scores"]);
}

#[test]
fn a_skipped_entry_without_a_kind_is_of_the_kind_that_the_other_runs_show() {
    let skipped = json!([{"id": 5, "name": "Adherence", "score": null}]);
    let keys = "scenarios: [1, 2]\nthresholds: { metrics: { Adherence: 100% } }";
    let runs = [passed(1, 1), with_metrics(2, 2, &skipped)];
    ends(&gate(&suite(keys), completed(&runs)), &[], 0, &["1 of 1"]);
}

// What comes late.

#[test]
fn runs_that_come_after_a_result_calls_itself_completed_are_judged_too() {
    // The plan, the answer to the start, or the result's own count says that there are more.
    for (selection, started, counted) in [
        ("scenarios: [1, 2]\nfrequency: 2", vec![], None),
        ("tags: [smoke]", vec![1, 1, 2, 2], None),
        ("tags: [smoke]", vec![], Some(4)),
    ] {
        let keys = suite(&format!("{selection}\nthresholds: {{ success_rate: 100% }}"));
        let made = platform(&keys, &started, move |earlier| {
            let mut runs = all_passed(&[1, 1]);
            if earlier > 0 {
                runs.extend([judged(3, 2, false), judged(4, 2, false)]);
            }
            let mut detail = completed(&runs);
            detail["total_runs_count"] = json!(counted);
            detail
        });
        ends(&made, &[], 1, &["2 of 4"]).says("it shows 2 of 4 runs: waiting");
    }
}

#[test]
fn scores_that_come_after_a_result_calls_itself_completed_are_judged_too() {
    for (check, figure) in [
        ("metrics: { Adherence: 100% }", "the metric `Adherence`"),
        ("success_rate: 100%", "a score"),
        ("expected_outcome: 100%", "a score of the expected outcome"),
        ("each_scenario: { metrics: { Adherence: 100% } }", "the metric `Adherence`"),
    ] {
        let keys = suite(&format!("scenarios: [1]\nfrequency: 2\nthresholds: {{ {check} }}"));
        let made = platform(&keys, &[], |earlier| {
            let mut late = judged(2, 1, false);
            if earlier == 0 {
                late["success"] = Value::Null;
                late["expected_outcome"] = Value::Null;
                late["evaluation"] = Value::Null;
            }
            completed(&[passed(1, 1), late])
        });
        ends(&made, &[], 1, &[]).says(&format!("1 run without {figure}: waiting"));
    }
}

#[test]
fn scores_that_never_come_are_missing_after_a_while() {
    let keys = suite("scenarios: [1]\nfrequency: 2\nthresholds: { metrics: { Adherence: 50% } }");
    let bare = with_metrics(2, 1, &json!([]));
    let made = gate(&keys, completed(&[passed(1, 1), bare.clone()]));
    ends(&made, &[], 0, &[]).within(10);
    let keys = keys.replace("50%", "100%");
    let made = gate(&keys, completed(&[passed(1, 1), bare]));
    ends(&made, &[], 3, &["Adherence of all: inconclusive"]).within(10);
}

#[test]
fn the_hint_at_the_end_names_watch_where_it_can_help_and_judge_elsewhere() {
    let bare = with_metrics(2, 2, &json!([]));
    let mut unscored = passed(2, 2);
    for key in ["success", "expected_outcome", "evaluation"] {
        unscored[key] = Value::Null;
    }
    let mut skipped = passed(2, 2);
    skipped["rubric"] = json!([{"metric_id": 8, "value": null}]);
    let mut errored = unscored.clone();
    errored["status"] = json!("failed");
    errored["error_message"] = json!("no call");
    let metric = "metrics: { Adherence: 100% }";
    for (check, runs, code, helps) in [
        ("success_rate: 100%", vec![passed(1, 1)], 3, true),
        ("success_rate: 100%", vec![passed(1, 1), unscored], 3, true),
        (metric, vec![with_metrics(1, 1, &json!([])), bare], 3, true),
        // No score comes of a rubric that was skipped, nor of a call that never was.
        ("success_rate: 100%", vec![passed(1, 1), skipped], 3, false),
        ("success_rate: 100%", vec![passed(1, 1), errored], 3, false),
        ("success_rate: 100%", vec![passed(1, 1), judged(2, 2, false)], 1, false),
        ("success_rate: 100%", all_passed(&[3, 4]), 3, false),
    ] {
        let keys = suite(&format!("scenarios: [1, 2]\nthresholds: {{ {check} }}"));
        let detail = completed(&runs);
        let made = Made::real(&keys, move |asked: &Asked<'_>| match asked.path {
            path if path.contains("/results/7/") => answer(&detail),
            _ => (404, b"{}".to_vec()),
        });
        let watch = ["watch", "7", "--suite", "cekura-gate.yml", "--timeout", "300ms"];
        let said = made.run(&watch).expect(code).said;
        let [watches, judges] =
            ["cekura-gate watch 7 --suite cekura-gate.yml", "cekura-gate judge"]
                .map(|hint| said.contains(hint));
        assert_eq!((watches, judges), (helps, !helps), "{check}:\n{said}");
    }
}

// Checks that no evidence could make right.

#[test]
fn a_check_that_rewards_failure_starts_nothing() {
    let keys = "scenarios: [1]\nthresholds: { success_rate: '<= 90%' }";
    let made = gate(&suite(keys), completed(&[judged(1, 1, false)]));
    made.run(&["run"]).expect(2).says("success_rate");
    assert_eq!(made.asked(), Vec::<String>::new());
}

// Fields that cannot be read.

#[test]
fn what_cannot_be_read_is_missing_where_a_check_asks_for_it_and_nowhere_else() {
    type Corrupt = fn(&mut Value);
    let cases: [(&str, Corrupt, &str); 5] = [
        (
            "metrics: { Adherence: 100% }",
            |run| run["evaluation"]["metrics"][0]["passed"] = json!("perhaps"),
            "run 2, metric `Adherence`: `evaluation.metrics[0].passed` cannot be read (`perhaps`)",
        ),
        (
            "metrics: { Adherence: 100% }",
            |run| run["evaluation"] = json!(""),
            "run 2: `evaluation` cannot be read",
        ),
        (
            "duration: p95 <= 3m",
            |run| run["duration"] = json!("-"),
            "run 2: `duration` cannot be read (`-`)",
        ),
        (
            "expected_outcome: 100%",
            |run| run["expected_outcome"]["score"] = json!("N/A"),
            "run 2: `expected_outcome.score` cannot be read (`N/A`)",
        ),
        (
            "success_rate: 100%",
            |run| run["success"] = json!("perhaps"),
            "run 2: `success` cannot be read (`perhaps`)",
        ),
    ];
    for (thresholds, corrupt, note) in cases {
        let mut runs = all_passed(&[1, 2]);
        corrupt(&mut runs[1]);
        let with = |check| suite(&format!("scenarios: [1, 2]\nthresholds: {{ {check} }}"));
        ends(&gate(&with(thresholds), completed(&runs)), &[], 3, &[note]);
        ends(&gate(&with("errors: <= 0%"), completed(&runs)), &[], 0, &[note]);
    }
}
