//! What the platform shows late, briefly refuses, or writes in a way that nobody can read.

use serde_json::{Value, json};

use crate::faults::harness::{Day, Finished, SUITE};
use crate::faults::made::{Asked, Made};

const READS: &str = "method: GET, path: '*/results/*/'";

fn text(value: Value) -> (u16, Vec<u8>) {
    (200, value.to_string().into_bytes())
}

/// A run as it is once all of it is there.
fn scored(id: u64) -> Value {
    json!({
        "id": id, "status": "completed", "success": true, "scenario": 1 + id % 2, "duration": "01:00",
        "transcript_object": [{"role": "Agent", "content": "Hello"}],
        "expected_outcome": {"score": 100},
        "evaluation": {"metrics": [{"id": 5, "name": "Latency", "type": "numeric", "score": 900}]},
    })
}

/// A platform that starts six runs as result 7, called `name`, and then shows `detail`.
fn platform(
    suite: &str,
    name: fn(&str) -> String,
    detail: impl Fn(usize) -> (u16, Vec<u8>) + Send + Sync + 'static,
) -> Made {
    Made::new(suite, move |asked: &Asked<'_>| match (asked.method, asked.path) {
        ("POST", path) if path.contains("run_scenarios") => {
            let body: Value = serde_json::from_slice(asked.body).unwrap();
            let runs =
                (1..=6).map(|id| json!({"id": id, "status": "pending", "scenario": 1 + id % 2}));
            let name = name(body["name"].as_str().unwrap());
            let runs: Vec<Value> = runs.collect();
            text(json!({"id": 7, "status": "running", "name": name, "runs": runs}))
        }
        ("GET", path) if path.contains("/results/7/") => detail(asked.earlier),
        ("POST", path) if path.ends_with("/end_calls/") => text(json!({})),
        _ => (404, b"{}".to_vec()),
    })
}

fn same(name: &str) -> String {
    name.to_owned()
}

fn result(runs: &[Value]) -> Value {
    json!({"id": 7, "status": "completed", "agent": 1, "runs": runs})
}

fn gate(made: &Made) -> Finished {
    made.run(&["run", "--timeout", "20s"])
}

#[test]
fn runs_that_are_shown_late_are_waited_for() {
    let day = Day::with(&format!("{{ {READS}, first: 3, vanish: 3 }}"));
    day.gate("20s", &[])
        .expect(0)
        .says("the result is completed, but it shows 3 of 6 runs: waiting");
}

#[test]
fn runs_that_are_called_completed_while_they_are_going_are_waited_for() {
    let early =
        |id| json!({"id": id, "status": "completed", "success": false, "scenario": 1 + id % 2});
    let detail = move |earlier| {
        text(result(&(1..=6).map(if earlier < 2 { early } else { scored }).collect::<Vec<_>>()))
    };
    gate(&platform(SUITE, same, detail))
        .expect(0)
        .says("6 runs without a conversation or a reason for having none: waiting");
}

#[test]
fn runs_that_never_come_are_missing_after_a_while() {
    let day = Day::with(&format!("{{ {READS}, vanish: 3 }}"));
    day.gate("20s", &[]).expect(3).says("3 planned runs never arrived").within(10);
    assert!(day.simulator.requests().len() > 5, "it was asked more than once");
}

#[test]
fn what_is_not_shown_by_the_end_of_the_time_is_missing_and_the_rest_is_judged() {
    let day = Day::with(&format!("{{ {READS}, vanish: 3 }}"));
    day.gate("1s", &[]).expect(3).within(5);
}

#[test]
fn a_result_that_is_watched_or_gone_on_with_is_waited_for_too() {
    let day = Day::with(&format!("{{ {READS}, nth: [2, 3], vanish: 6 }}"));
    day.gate("20s", &[]).expect(0);
    let day = Day::with(&format!("{{ {READS}, nth: [2, 3], vanish: 3 }}"));
    day.gate("20s", &[]).expect(0);
    // The second gate's first looks show half of it.
    day.gate("20s", &["--resume"]).expect(0).says("it shows 3 of 6 runs");
}

#[test]
fn scores_that_come_late_are_waited_for_where_a_check_asks_for_them() {
    let bare = |id| {
        json!({"id": id, "status": "completed", "success": null, "scenario": 1 + id % 2,
        "transcript_object": [{"role": "Agent", "content": "Hello"}]})
    };
    let late = move |earlier| {
        let runs: Vec<Value> =
            (1..=6).map(|id| if earlier < 3 && id > 3 { bare(id) } else { scored(id) }).collect();
        text(result(&runs))
    };
    let made = platform(SUITE, same, late);
    gate(&made).expect(0).says("3 runs without a score: waiting");
    let latency = SUITE.replace('}', ", thresholds: { metrics: { latency: mean <= 1s } } }");
    let made = platform(&latency, same, late);
    gate(&made).expect(0).says("3 runs without the metric `latency`");
    let errors = SUITE.replace('}', ", thresholds: { errors: '<= 10%' } }");
    let made = platform(&errors, same, late);
    gate(&made);
    let looks = made.asked().iter().filter(|one| one.contains("/results/7/")).count();
    assert_eq!(looks, 1, "nobody asks for scores");
}

#[test]
fn a_field_that_cannot_be_read_loses_no_result() {
    for (field, spoiled, note) in [
        ("\"score\":900", "\"score\":NaN", "metric `Latency`: `evaluation.metrics[0].score`"),
        ("\"score\":900", "\"score\":1e400", "(`1e400`)"),
        ("\"score\":900", "\"score\":\"N/A\"", "(`N/A`)"),
        ("\"score\":900", "\"score\":{\"a\":1}", "(`an object`)"),
        ("\"duration\":\"01:00\"", "\"duration\":\"-\"", "`duration` cannot be read (`-`)"),
        ("\"duration\":\"01:00\"", "\"duration\":-1", "`duration` cannot be read (`-1`)"),
        (
            "\"evaluation\":{\"metrics\":[{\"id\":5,\"name\":\"Latency\",\"type\":\"numeric\",\"score\":900}]}",
            "\"evaluation\":\"\"",
            "`evaluation` cannot be read",
        ),
        ("Hello", "Hell\u{1}", ""),
    ] {
        let corrupt = move |_: usize| {
            let runs: Vec<Value> = (1..=6).map(scored).collect();
            let body = result(&runs).to_string();
            assert!(body.contains(field), "{field}");
            let body = body.replacen(field, spoiled, 1).into_bytes();
            // A byte that is no UTF-8.
            let body = body.into_iter().map(|byte| if byte == 1 { 0xe9 } else { byte });
            (200, body.collect())
        };
        let made = platform(SUITE, same, corrupt);
        let run = if note.is_empty() { "" } else { "run 1" };
        gate(&made).expect(0).says(note).says(run);
        let judged = made.run(&["judge", "cekura-report/result.json"]);
        judged.expect(0).says(note);
    }
}

#[test]
fn a_run_entry_that_is_null_is_one_missing_run() {
    let made = platform(SUITE, same, |_| {
        let mut runs: Vec<Value> = (1..=6).map(scored).collect();
        runs[5] = Value::Null;
        text(result(&runs))
    });
    gate(&made).expect(3).says("`runs[5]` of the result cannot be read (`null`)");
}

#[test]
fn the_id_in_the_answer_to_a_start_is_believed_however_the_name_is_spelled() {
    let spellings: [fn(&str) -> String; 4] = [
        |name| format!(" {name} "),
        |name| name.to_uppercase(),
        |name| name.chars().take(12).collect(),
        |_| "something else".to_owned(),
    ];
    for spelling in spellings {
        let runs = |_| text(result(&(1..=6).map(scored).collect::<Vec<Value>>()));
        let made = platform(SUITE, spelling, runs);
        gate(&made).expect(0);
    }
}

#[test]
fn a_result_that_is_refused_for_a_moment_is_asked_for_again() {
    std::thread::scope(|scope| {
        for status in [401, 403, 404, 409, 421, 423] {
            scope.spawn(move || {
                let day = Day::with(&format!("{{ {READS}, first: 3, status: {status} }}"));
                day.gate("20s", &[]).expect(0).says("asking again for a while");
            });
        }
    });
}

#[test]
fn the_calls_of_a_result_that_is_given_up_are_ended_or_left_as_the_suite_says() {
    for (policy, ended) in [("end_calls", true), ("leave", false)] {
        let day = Day::with(&format!("{{ {READS}, status: 403 }}"));
        let suite = SUITE.replace('}', &format!(", on_timeout: {policy} }}"));
        std::fs::write(day.dir.path().join("cekura-gate.yml"), suite).unwrap();
        day.gate("20s", &[]).expect(5).says("to continue: cekura-gate watch 2001");
        let asked = day.simulator.requests();
        assert_eq!(asked.iter().any(|one| one.path.ends_with("/end_calls/")), ended, "{policy}");
    }
}

#[test]
fn a_balance_that_is_too_low_is_named() {
    let day = Day::with("{ method: POST, path: '*/run_scenarios/', status: 402 }");
    day.gate("20s", &[]).expect(5).says("the balance is too low");
}

#[test]
fn a_retry_whose_calls_were_ended_is_started_again() {
    let state = std::sync::Mutex::new((Vec::<String>::new(), false));
    let errored = |id| {
        json!({"id": id, "status": "failed", "success": false, "scenario": 1 + id % 2,
        "error_message": "no call", "metadata": {"ended_reason": "Testing agent-did-not-connect"}})
    };
    let with = |id, from, status: &str| {
        let run = |run| json!({"id": run, "status": status, "scenario": 1 + run % 2});
        let runs: Vec<Value> = (from..from + 6).map(run).collect();
        json!({"id": id, "status": status, "runs": runs})
    };
    let suite = SUITE.replace('}', ", retry: { on: [error] } }");
    let made = Made::new(&suite, move |asked: &Asked<'_>| {
        let mut state = state.lock().unwrap();
        let (names, ended) = &mut *state;
        let path = asked.path.split('?').next().unwrap_or_default();
        match (asked.method, path) {
            ("POST", path) if path.contains("run_scenarios") => {
                let body: Value = serde_json::from_slice(asked.body).unwrap();
                names.push(body["name"].as_str().unwrap().to_owned());
                let id = 6 + names.len() as u64;
                text(with(id, id * 10, "pending"))
            }
            ("POST", path) if path.ends_with("/end_calls/") => {
                *ended = true;
                text(json!({}))
            }
            ("GET", path) if path.ends_with("/results/7/") => {
                let runs: Vec<Value> = (70..76).map(errored).collect();
                text(json!({"id": 7, "status": "failed", "runs": runs}))
            }
            // The first retry never ends, until the gate ends it.
            ("GET", path) if path.ends_with("/results/8/") => {
                text(with(8, 80, if *ended { "cancelled" } else { "running" }))
            }
            ("GET", path) if path.ends_with("/results/9/") => {
                let runs: Vec<Value> = (90..96).map(scored).collect();
                text(json!({"id": 9, "status": "completed", "runs": runs}))
            }
            ("GET", path) if path.ends_with("/results/") => {
                let list = (7..).zip(names.iter());
                let list: Vec<Value> =
                    list.map(|(id, name)| json!({"id": id, "name": name})).collect();
                text(json!({"count": list.len(), "results": list}))
            }
            _ => (404, b"{}".to_vec()),
        }
    });
    made.run(&["run", "--timeout", "900ms"]).expect(4);
    let starts = |made: &Made| {
        made.asked()
            .iter()
            .filter(|one| one.contains("POST") && one.contains("run_scenarios"))
            .count()
    };
    assert_eq!(starts(&made), 2);
    made.run(&["run", "--timeout", "20s", "--resume"]).expect(0);
    assert_eq!(starts(&made), 3, "the ended retry is started again");
    made.run(&["run", "--timeout", "20s", "--resume"]).expect(0);
    assert_eq!(starts(&made), 3, "and that one is used");
}
