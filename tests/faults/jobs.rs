//! What jobs do one after another and suites side by side, where the platform tells little: times
//! without a zone, results that show no runs yet.

use std::sync::Mutex;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::faults::evidence::{all_passed, answer, completed, started_answer, suite};
use crate::faults::made::{Asked, Made};

/// A time before now as the platform may write it: without a zone.
fn hours_ago(hours: i64) -> String {
    let then = Timestamp::now() - SignedDuration::from_hours(hours);
    then.to_zoned(TimeZone::UTC).datetime().to_string()
}

fn starts(made: &Made) -> usize {
    let asked = made.asked();
    asked.iter().filter(|one| one.starts_with("POST") && one.contains("run_scenarios")).count()
}

/// A result that completed, called so and created then.
fn created(id: u64, name: &str, at: &str) -> Value {
    let mut detail = completed(&all_passed(&[1, 2]));
    detail["id"] = json!(id);
    detail["name"] = json!(name);
    detail["created_at"] = json!(at);
    detail
}

#[test]
fn a_result_whose_time_has_no_zone_is_taken_up_and_not_paid_for_again() {
    let name = Mutex::new(None::<String>);
    let made = Made::new(&suite("scenarios: [1, 2]"), move |asked: &Asked<'_>| {
        let mut name = name.lock().unwrap();
        let known = name.as_ref().map(|name| created(7, name, &hours_ago(1)));
        match (asked.method, asked.path.split('?').next().unwrap_or_default()) {
            ("POST", path) if path.contains("run_scenarios") => {
                let started = started_answer(asked, &[]);
                *name = started["name"].as_str().map(str::to_owned);
                answer(&started)
            }
            ("GET", path) if path.ends_with("/results/7/") => answer(&known.unwrap()),
            ("GET", path) if path.ends_with("/results/") => {
                let list: Vec<Value> = known.into_iter().collect();
                answer(&json!({"count": list.len(), "next": null, "results": list}))
            }
            _ => (404, b"{}".to_vec()),
        }
    });
    let job = [("CEKURA_GATE_REUSE_KEY", "the commit and the stage")];
    made.run_with(&job, &["run", "--reuse"]).expect(0);
    made.run_with(&job, &["run", "--reuse"]).expect(0).says("not paid for again");
    assert_eq!(starts(&made), 1);
}

#[test]
fn a_result_that_was_started_later_is_no_baseline_although_its_time_has_no_zone() {
    let keys = "scenarios: [1, 2]\n\
                thresholds: { baseline: { from: main, success_rate: { max_drop: 5% } } }";
    let name = Mutex::new(None::<String>);
    let made = Made::new(&suite(keys), move |asked: &Asked<'_>| {
        let mut name = name.lock().unwrap();
        // Of other commits, which have started before and after the judged one.
        let of = |commit: &str| name.clone().unwrap().replace("aaaaaaa", commit);
        let results = |name: &Option<String>| match name {
            None => Vec::new(),
            Some(_) => vec![
                created(9, &of("ccccccc"), &hours_ago(1)),
                created(7, &of("aaaaaaa"), &hours_ago(2)),
                created(5, &of("bbbbbbb"), &hours_ago(3)),
            ],
        };
        match (asked.method, asked.path.split('?').next().unwrap_or_default()) {
            ("POST", path) if path.contains("run_scenarios") => {
                let started = started_answer(asked, &[]);
                *name = started["name"].as_str().map(str::to_owned);
                answer(&started)
            }
            ("GET", path) if path.ends_with("/results/") => {
                let list = results(&name);
                answer(&json!({"count": list.len(), "next": null, "results": list}))
            }
            ("GET", path) => {
                let found = results(&name);
                let id = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                let found = found.iter().find(|one| one["id"].as_u64() == id.parse().ok());
                found.map_or((404, b"{}".to_vec()), answer)
            }
            _ => (404, b"{}".to_vec()),
        }
    });
    let push = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_REF_NAME", "main"),
        ("GITHUB_SHA", "aaaaaaa1"),
    ];
    made.run_with(&push, &["run", "--baseline", "none"]).expect(0);
    let watch = ["watch", "7", "--suite", "cekura-gate.yml"];
    let judged = made.run_with(&push, &watch).result.unwrap();
    let notes = judged["notes"].to_string();
    assert_eq!(judged["baseline"]["result"], 5, "{notes}");
    assert!(notes.contains("was started after the result that is judged"), "{notes}");
    assert!(notes.contains("3 hours old"), "{notes}");
}

#[test]
fn calls_of_a_result_that_shows_no_runs_yet_are_not_given_to_the_next_suite() {
    const SILENT: usize = 6;
    let made = Made::new("", |asked: &Asked<'_>| {
        match (asked.method, asked.path.split('?').next().unwrap_or_default()) {
            ("POST", path) if path.contains("run_scenarios") => {
                let mut started = started_answer(asked, &[]);
                started["id"] = json!(7 + asked.earlier);
                answer(&started)
            }
            ("GET", path) if path.ends_with("/results/7/") && asked.earlier < SILENT => {
                answer(&json!({"id": 7, "status": "running", "runs": []}))
            }
            ("GET", path) if path.contains("/results/7/") => {
                answer(&completed(&all_passed(&[1, 2])))
            }
            ("GET", path) if path.contains("/results/8/") => {
                let mut detail = completed(&all_passed(&[1, 2]));
                detail["id"] = json!(8);
                answer(&detail)
            }
            _ => (404, b"{}".to_vec()),
        }
    });
    std::fs::remove_file(made.dir.path().join("cekura-gate.yml")).unwrap();
    for name in ["a", "b"] {
        let text = suite("scenarios: [1, 2]").replace("Checkout", name);
        std::fs::write(made.dir.path().join(format!("{name}.yml")), text).unwrap();
    }
    made.run(&["run", "a.yml", "b.yml", "--concurrency", "2"]).expect(0);
    let asked = made.asked();
    let looks =
        |until: usize| asked[..until].iter().filter(|one| one.contains("/results/7/")).count();
    let second = asked.iter().rposition(|one| one.contains("/run_scenarios")).unwrap();
    assert_eq!(starts(&made), 2);
    assert!(looks(second) > SILENT, "{asked:#?}");
}
