//! What becomes of a result with the time, and when its calls are ended.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::simulator::harness::{Fixture, RESULTS, RUNS, object, shop};

#[tokio::test]
async fn a_result_goes_from_queued_to_completed() {
    let fixture = Fixture::new(shop()).await;
    let id = fixture.start(json!({"agent_id": 1, "scenarios": [101, 102], "frequency": 2})).await;
    let mut seen = Vec::new();
    for _ in 0..150 {
        let status = fixture.result(id).await["status"].as_str().unwrap().to_owned();
        if seen.last() != Some(&status) {
            seen.push(status);
        }
        fixture.advance(2);
    }
    assert_eq!(seen, ["pending", "running", "evaluating", "completed"]);
    assert_eq!(fixture.simulator.starts(), 1);
}

#[tokio::test]
async fn ended_calls_are_cancelled_and_what_had_ended_stays() {
    let mut world = shop();
    world["concurrency"] = json!(1);
    let fixture = Fixture::new(world).await;
    let id = fixture.start(json!({"agent_id": 1, "scenarios": [101], "frequency": 5})).await;
    let completed = async || {
        let statuses = fixture.get(&format!("{RUNS}?result_id={id}&status__in=completed")).await;
        statuses["count"].as_u64().unwrap()
    };
    while completed().await < 2 {
        fixture.advance(5);
    }
    let (status, _) = fixture.post(&format!("{RESULTS}{id}/end_calls/"), json!({})).await;
    assert_eq!(status, 200);
    fixture.advance(3600);
    let result = fixture.result(id).await;
    assert_eq!((&result["status"], completed().await), (&json!("completed"), 2));
    let cancelled: Vec<&Value> =
        object(&result["runs"]).values().filter(|run| run["status"] == "cancelled").collect();
    assert_eq!(cancelled.len(), 3);
    assert_eq!(cancelled[0]["metadata"]["ended_reason"], "run-cancelled-by-user");
    assert_eq!(cancelled[0]["transcript_object"], json!([]));
}

#[tokio::test]
async fn one_call_can_be_ended_alone() {
    let fixture = Fixture::new(shop()).await;
    let id = fixture.start(json!({"agent_id": 1, "scenarios": [101, 102]})).await;
    let runs = fixture.get(&format!("{RUNS}?result_id={id}&ql={{id,status}}")).await;
    assert_eq!(object(&runs["results"][0]).len(), 2, "only the selected keys");
    let run = &runs["results"][0]["id"];
    let (status, _) = fixture.post(&format!("{RUNS}{run}/end_call/"), json!({})).await;
    assert_eq!(status, 200);
    fixture.advance(3600);
    let path = format!("{RUNS}bulk/?run_ids={run},{}", run.as_u64().unwrap() + 1);
    let bulk = fixture.get(&path).await;
    let statuses: Vec<Value> =
        bulk.as_array().unwrap().iter().map(|run| run["status"].clone()).collect();
    assert_eq!(statuses, ["cancelled", "completed"]);
}

#[tokio::test]
async fn the_same_world_gives_the_same_outcomes_whatever_the_timing() {
    let mut world = shop();
    world["scenarios"][0]["pass"] = json!(0.5);
    let outcomes = async |pauses: u64| {
        let fixture = Fixture::new(world.clone()).await;
        let mut seen = Vec::new();
        for _ in 0..2 {
            let body = json!({"agent_id": 1, "scenarios": [101], "frequency": 10});
            let id = fixture.start(body).await;
            for _ in 0..pauses {
                fixture.advance(37);
                fixture.result(id).await;
            }
            fixture.advance(3600);
            let result = fixture.result(id).await;
            seen.extend(object(&result["runs"]).values().map(|run| run["success"].clone()));
        }
        seen
    };
    let first = outcomes(0).await;
    assert_eq!(first, outcomes(5).await);
    // A second start of the same scenarios is another sample, so that a retry can get through.
    assert_ne!(first[..10], first[10..]);
}

#[tokio::test]
async fn a_thousand_ended_runs_are_not_written_anew_by_each_answer() {
    let mut world = shop();
    world["time_scale"] = json!(0);
    let fixture = Fixture::new(world).await;
    let id = fixture.start(json!({"agent_id": 1, "scenarios": [101], "frequency": 1000})).await;
    let timed = async || {
        let begun = Instant::now();
        let runs = object(&fixture.result(id).await["runs"]).len();
        (runs, begun.elapsed())
    };
    let ((runs, first), (_, second)) = (timed().await, timed().await);
    assert_eq!(runs, 1000);
    // Generous: a build without optimization on a busy machine, reading the answer included.
    assert!(second < Duration::from_secs(5), "{first:?}, then {second:?}");
}

#[tokio::test]
async fn it_stops_when_it_is_dropped() {
    let fixture = Fixture::new(shop()).await;
    let address = fixture.simulator.address();
    drop(fixture);
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(address).await.is_err());
}
