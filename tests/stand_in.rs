//! The stand-in over HTTP: what the API's clients rely on.
//!
//! Time stands still until a test moves it, so that nothing waits.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use cekura_gate::api::client::Client;
use cekura_gate::document::Source;
use cekura_gate::outcome::{Outcome, judge_run};
use cekura_gate::plan::Plan;
use cekura_gate::simulate::{ManualClock, StandIn, World};
use cekura_gate::suite::model::Transcripts;
use cekura_gate::suite::model::{Mode, Suite};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SCENARIOS: &str = "/test_framework/v1/scenarios/";
const RESULTS: &str = "/test_framework/v1/results/";
const RUNS: &str = "/test_framework/v1/runs/";

/// A stand-in on a clock that the test moves.
struct Fixture {
    stand_in: StandIn,
    clock: ManualClock,
}

impl Fixture {
    async fn new(world: Value) -> Self {
        let world: World = serde_json::from_value(world).unwrap();
        let clock = ManualClock::default();
        let address = "127.0.0.1:0".parse().unwrap();
        let stand_in = StandIn::start(world, address, clock.clone()).await.unwrap();
        Self { stand_in, clock }
    }

    /// Sends a request as plain text over a connection of its own.
    async fn send(&self, method: &str, path: &str, key: &str, body: &str) -> (u16, Value) {
        let address = self.stand_in.address();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             x-cekura-api-key: {key}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send("GET", path, "key", "").await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send("POST", path, "key", &body.to_string()).await
    }

    /// Starts a result and gives its id.
    async fn start(&self, body: Value) -> u64 {
        let (status, body) = self.post(&format!("{SCENARIOS}run_scenarios/"), body).await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_u64().unwrap()
    }

    /// The result's detail.
    async fn result(&self, id: u64) -> Value {
        self.get(&format!("{RESULTS}{id}/")).await
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// Two agents in two projects, in real time.
fn shop() -> Value {
    json!({
        "time_scale": 1,
        "agents": [
            {"id": 1, "name": "Mia", "project": 10, "assistant": "asst_1"},
            {"id": 2, "name": "Max", "project": 20},
        ],
        "personalities": [{"id": 3, "name": "Calm"}, {"id": 7, "name": "Hasty"}],
        "scenarios": [
            {"id": 101, "name": "Where is my order", "folder": "Sales", "tags": ["smoke"]},
            {"id": 102, "name": "Return shoes", "folder": "Sales.Inbound", "tags": ["smoke", "slow"]},
            {"id": 103, "name": "Opening hours", "personality": 3},
            {"id": 201, "name": "Book a table", "agent": 2},
        ],
        "metrics": [{"id": 501, "name": "Workflow adherence", "rubric": true}],
    })
}

fn object(value: &Value) -> &serde_json::Map<String, Value> {
    value.as_object().unwrap()
}

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
    assert_eq!(fixture.stand_in.starts(), 1);
}

#[tokio::test]
async fn a_start_answers_with_an_array_and_the_detail_with_an_object_of_runs() {
    let fixture = Fixture::new(shop()).await;
    let body = json!({"agent_id": 1, "scenarios": [101], "name": "Nightly"});
    let (status, answer) = fixture.post(&format!("{SCENARIOS}run_scenarios/"), body).await;
    assert_eq!((status, &answer["status"]), (201, &json!("running")));
    assert_eq!(answer["runs"][0]["scenario"], 101);
    fixture.advance(600);
    let detail = fixture.result(answer["id"].as_u64().unwrap()).await;
    let run = &detail["runs"][answer["runs"][0]["id"].to_string()];
    assert_eq!((&run["scenario"], &run["status"]), (&json!(101), &json!("completed")));
    assert_eq!(run["expected_outcome"]["score"], 100);
    assert_eq!(run["evaluation"]["metrics"][0]["passed"], true);
    assert_eq!(run["metadata"]["ended_reason"], "Testing agent-ended-call");
    assert!(run["transcript_object"].as_array().unwrap().len() > 5);
    assert!(run["transcript"].as_str().unwrap().starts_with("[00:00] Main Agent: "));
    assert_eq!(detail["success_rate"], 100.0);
    assert_eq!(detail["ai_summary_status"], "skipped_no_failures");
    let list = fixture.get(&format!("{RESULTS}?search=nightly")).await;
    assert_eq!(list["results"][0]["runs"][0]["scenario"]["id"], 101);
    assert_eq!(list["results"][0]["success_rate"], 1.0);
}

#[tokio::test]
async fn every_start_endpoint_takes_its_own_body() {
    let fixture = Fixture::new(shop()).await;
    let table = [
        ("run_scenarios", json!({"agent_id": 1, "scenarios": [101]}), 201),
        ("run_scenarios_text", json!({"assistant_id": "asst_1", "scenarios": [101]}), 201),
        ("run_scenarios_chirp", json!({"agent_id": 1, "tags": ["slow"]}), 200),
        ("run_scenarios_sip", json!({"agent_id": 1, "scenarios": [101]}), 200),
        ("run_scenarios_elevenlabs", json!({"agent_id": 1, "scenarios": [101]}), 200),
        ("run_scenarios_livekit_v2", json!({"agent": 1, "scenarios": [{"scenario": 101}]}), 200),
        ("run_scenarios_pipecat_v2", json!({"agent": 1, "scenarios": [{"scenario": 101}]}), 200),
        (
            "run_scenarios_with_websockets",
            json!({"agent": 1, "frequency": 1,
                   "scenarios": [{"scenario": 101, "websocket_url": "wss://a.example"}]}),
            201,
        ),
        (
            "run_scenarios_vapi_webrtc",
            json!({"agent_id": 1, "scenarios": [101], "vapi_assistant_id": "asst_9"}),
            200,
        ),
        ("run_scenarios_retell_webrtc", json!({"scenarios": [101]}), 200),
    ];
    for (name, body, expected) in table {
        // Without the final slash too, as Cekura's own client calls it.
        for path in [format!("{SCENARIOS}{name}/"), format!("{SCENARIOS}{name}")] {
            let (status, answer) = fixture.post(&path, body.clone()).await;
            assert_eq!(status, expected, "{path}: {answer}");
            assert_eq!(answer["runs"].as_array().unwrap().len(), 1, "{path}");
        }
    }
    let unknown = fixture.stand_in.requests().into_iter().flat_map(|one| one.unknown_fields);
    assert_eq!(unknown.count(), 0);
}

#[tokio::test]
async fn a_body_that_wont_do_is_refused_by_field_and_starts_nothing() {
    let fixture = Fixture::new(shop()).await;
    let table = [
        ("run_scenarios", json!({"agent_id": 1, "scenarios": [999]}), "scenarios"),
        ("run_scenarios", json!({"agent_id": 1, "scenarios": []}), "scenarios"),
        ("run_scenarios", json!({"agent_id": 1, "scenarios": "101"}), "scenarios"),
        ("run_scenarios", json!({"agent_id": 1, "scenarios": ["x"]}), "scenarios"),
        ("run_scenarios", json!({"agent_id": 1}), "scenarios"),
        ("run_scenarios", json!({"scenarios": [101]}), "agent_id"),
        ("run_scenarios", json!({"agent_id": 9, "scenarios": [101]}), "agent_id"),
        ("run_scenarios", json!({"agent_id": true, "scenarios": [101]}), "agent_id"),
        ("run_scenarios", json!({"assistant_id": "no", "scenarios": [101]}), "assistant_id"),
        ("run_scenarios", json!({"agent_id": 1, "tags": ["none"]}), "tags"),
        ("run_scenarios", json!({"agent_id": 1, "folder_path": "Sales"}), "project_id"),
        (
            "run_scenarios",
            json!({"agent_id": 1, "folder_path": "No", "project_id": 10}),
            "folder_path",
        ),
        (
            "run_scenarios",
            json!({"agent_id": 1, "folder_path": "Sales", "project_id": 10, "tags": ["smoke"]}),
            "folder_path",
        ),
        ("run_scenarios", json!({"agent_id": 1, "scenarios": [101], "frequency": 0}), "frequency"),
        ("run_scenarios", json!({"agent_id": 1, "scenarios": [101], "mode": "x"}), "mode"),
        (
            "run_scenarios",
            json!({"agent_id": 1, "scenarios": [101], "personality_ids": [4]}),
            "personality_ids",
        ),
        (
            "run_scenarios_livekit_v2",
            json!({"agent": 1, "scenarios": [{"scenario": 101}], "frequency": 101}),
            "frequency",
        ),
        ("run_scenarios_livekit_v2", json!({"agent": 1, "scenarios": [101]}), "scenarios"),
        (
            "run_scenarios_with_websockets",
            json!({"scenarios": [{"scenario": 101, "websocket_url": "wss://a"}]}),
            "frequency",
        ),
        (
            "run_scenarios_with_websockets",
            json!({"scenarios": [{"scenario": 101}], "frequency": 1}),
            "scenarios",
        ),
        ("run_scenarios_vapi_webrtc", json!({"scenarios": [101]}), "vapi_assistant_id"),
        ("run_scenarios_retell_webrtc", json!({"scenarios": [101, 201]}), "agent_id"),
    ];
    for (name, body, field) in table {
        let (status, answer) = fixture.post(&format!("{SCENARIOS}{name}/"), body.clone()).await;
        assert_eq!(status, 400, "{name} {body}: {answer}");
        assert_eq!(object(&answer).keys().collect::<Vec<_>>(), [field], "{name} {body}: {answer}");
        assert!(answer[field][0].is_string());
    }
    assert_eq!(fixture.stand_in.starts(), 0);
}

#[tokio::test]
async fn runs_multiply_by_frequency_personalities_and_profiles() {
    let fixture = Fixture::new(shop()).await;
    let id = fixture
        .start(json!({
            "agent_id": 1, "scenarios": [101, 102], "frequency": 2,
            "personality_ids": [3, 7], "test_profile_ids": [20],
        }))
        .await;
    fixture.advance(3600);
    let result = fixture.result(id).await;
    assert_eq!(result["total_runs_count"], 8);
    let hasty = object(&result["runs"]).values().filter(|run| run["personality"] == 7);
    assert_eq!(hasty.count(), 4);
    assert_eq!(result["run_settings"]["frequency"], 2);
}

#[tokio::test]
async fn a_field_that_the_endpoint_does_not_know_is_ignored_and_logged() {
    let fixture = Fixture::new(shop()).await;
    fixture.start(json!({"agent_id": 1, "scenarios": [101], "colour": "blue"})).await;
    let request = fixture.stand_in.requests().pop().unwrap();
    assert_eq!(request.unknown_fields, ["colour"]);
    assert_eq!((request.method.as_str(), request.status), ("POST", 201));
    assert_eq!(request.body.unwrap()["colour"], "blue");
}

#[tokio::test]
async fn keys_paths_and_methods_are_refused_as_the_api_does() {
    let mut world = shop();
    world["api_key"] = json!("right");
    let fixture = Fixture::new(world).await;
    for (method, path, key, expected) in [
        ("GET", RESULTS, "right", 200),
        ("GET", RESULTS, "wrong", 401),
        ("GET", RESULTS, "", 401),
        ("GET", "/test_framework/v1/results/7/", "right", 404),
        ("GET", "/test_framework/v1/runs/7/", "right", 404),
        ("POST", "/test_framework/v1/results/7/end_calls/", "right", 404),
        ("GET", "/elsewhere/", "right", 404),
        ("DELETE", RESULTS, "right", 405),
    ] {
        let (status, body) = fixture.send(method, path, key, "").await;
        assert_eq!(status, expected, "{method} {path}");
        assert_eq!(body["detail"].is_string(), status != 200, "{method} {path}: {body}");
    }
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
async fn scenarios_are_filtered_by_agent_project_tags_and_folder() {
    let fixture = Fixture::new(shop()).await;
    for (query, expected) in [
        ("", vec![101, 102, 103, 201]),
        ("agent_id=2", vec![201]),
        ("project_id=10", vec![101, 102, 103]),
        ("assistant_id=asst_1", vec![101, 102, 103]),
        ("tags=smoke,slow", vec![101, 102]),
        ("tags=smoke,slow&tag_filter_type=and", vec![102]),
        ("tags=slow&tag_filter_type=not&agent_id=1", vec![101, 103]),
        ("folder_path=Sales", vec![101]),
        ("folder_path=", vec![103, 201]),
    ] {
        let page = fixture.get(&format!("{SCENARIOS}?{query}")).await;
        let ids: Vec<u64> =
            page["results"].as_array().unwrap().iter().map(|s| s["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
    }
    let folders = fixture.get(&format!("{SCENARIOS}folders/?project_id=10")).await;
    assert_eq!(folders["results"][1]["path"], "Sales.Inbound");
    assert_eq!(folders["count"], 2);
}

#[tokio::test]
async fn pages_are_followed_by_their_next_links() {
    let fixture = Fixture::new(shop()).await;
    let mut next = Some(format!("{SCENARIOS}?page_size=3"));
    let mut ids = Vec::new();
    while let Some(path) = next {
        let page = fixture.get(&path).await;
        assert_eq!(page["count"], 4);
        ids.extend(page["results"].as_array().unwrap().iter().map(|s| s["id"].clone()));
        next = page["next"].as_str().map(|url| url[fixture.stand_in.url().len()..].to_owned());
    }
    assert_eq!(ids, [101, 102, 103, 201]);
    let (status, _) = fixture.send("GET", &format!("{SCENARIOS}?page=9"), "key", "").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_run_that_never_became_a_conversation_says_why() {
    let mut world = shop();
    world["time_scale"] = json!(0);
    world["scenarios"] = json!([
        {"id": 1, "error": 1, "end_reasons": ["sip-call-failed"]},
        {"id": 2, "error": 1, "error_status": "timeout"},
        {"id": 3, "error": 1, "error_status": "completed"},
        {"id": 4, "unscored": 1},
    ]);
    let fixture = Fixture::new(world).await;
    let id = fixture.start(json!({"agent_id": 1, "scenarios": [1, 2, 3, 4]})).await;
    let result = fixture.result(id).await;
    let runs: Vec<&Value> = object(&result["runs"]).values().collect();
    let statuses: Vec<&Value> = runs.iter().map(|run| &run["status"]).collect();
    assert_eq!(statuses, ["failed", "timeout", "completed", "completed"]);
    assert_eq!(runs[0]["metadata"]["ended_reason"], "sip-call-failed");
    for run in &runs[..3] {
        assert_eq!((&run["success"], &run["transcript"]), (&json!(false), &json!("")));
        assert!(run["error_message"].is_string());
    }
    // Nothing was judged, and yet the platform calls it a success.
    assert_eq!((&runs[3]["success"], &runs[3]["expected_outcome"]), (&json!(true), &json!({})));
    assert_eq!(runs[3]["rubric"][0]["passed"], Value::Null);
}

#[tokio::test]
async fn every_way_of_writing_a_score_is_served() {
    let mut world = shop();
    world["time_scale"] = json!(0);
    world["metrics"] = json!([
        {"id": 1, "name": "a", "style": "passed"},
        {"id": 2, "name": "b", "style": "workflow"},
        {"id": 3, "name": "c", "style": "qualitative"},
        {"id": 4, "name": "d", "style": "plain", "values": {"pass": 0}},
        {"id": 5, "name": "e", "kind": "rating", "values": {"mean": 80, "max": 100}},
        {"id": 6, "name": "f", "kind": "numeric", "values": {"mean": 800, "spread": 0}},
        {"id": 7, "name": "g", "kind": "enum", "values": {"labels": {"calm": 1}}, "code": "7fd534f5"},
        {"id": 8, "name": "h", "skip": 1},
    ]);
    let fixture = Fixture::new(world).await;
    let id = fixture.start(json!({"agent_id": 1, "scenarios": [101]})).await;
    let result = fixture.result(id).await;
    let run = object(&result["runs"]).values().next().unwrap();
    let metric = |place: usize| &run["evaluation"]["metrics"][place];
    assert_eq!((&metric(0)["eval_type"], &metric(0)["passed"]), (&json!("binary"), &json!(true)));
    assert_eq!(metric(1)["type"], "binary_workflow_adherence");
    assert_eq!((&metric(1)["score"], metric(1).get("passed")), (&json!(5), None));
    assert_eq!((&metric(2)["score"], &metric(2)["score_normalized"]), (&json!(100), &json!(1)));
    assert!(metric(2)["explanation"].is_string() && metric(1)["explanation"].is_array());
    assert_eq!(metric(3)["score"], 0);
    assert!(metric(4)["score"].as_f64().unwrap() > 5.0);
    assert_eq!(metric(5)["extra"]["percentiles"]["p50"], 800.0);
    assert_eq!((&metric(6)["enum"], &metric(6)["score"]), (&json!("calm"), &Value::Null));
    assert_eq!((&metric(7)["score"], &metric(7)["passed"]), (&Value::Null, &Value::Null));
    let metrics = fixture.get("/test_framework/v1/metrics/?agent_id=1").await;
    assert_eq!(metrics[6]["enum_values"], json!(["calm"]));
    assert_eq!(metrics[6]["vocera_defined_metric_code"], "7fd534f5");
}

#[tokio::test]
async fn failures_are_explained_once_all_runs_have_ended() {
    let mut world = shop();
    world["scenarios"][0]["pass"] = json!(0);
    let fixture = Fixture::new(world).await;
    let id = fixture.start(json!({"agent_id": 1, "scenarios": [101], "frequency": 4})).await;
    assert_eq!(fixture.result(id).await["failed_reasons"], Value::Null);
    fixture.advance(3600);
    let result = fixture.result(id).await;
    assert_eq!(result["success_rate"], 0.0);
    assert_eq!(result["failed_reasons"]["total_failed_runs"], 4);
    let issues = result["failed_reasons"]["issues"].as_array().unwrap();
    let explained: usize =
        issues.iter().map(|issue| issue["run_ids"].as_array().unwrap().len()).sum();
    assert_eq!(explained, 4);
    assert_eq!(result["next_steps"].as_array().unwrap().len(), issues.len());
    assert!(result["ai_summary"]["what_happened"].as_str().unwrap().starts_with("4 of 4 runs"));
}

#[tokio::test]
async fn the_apis_contradictions_can_be_turned_on() {
    let mut world = shop();
    world["time_scale"] = json!(0);
    world["scenarios"][0]["pass"] = json!(0);
    world["quirks"] = json!({"fraction_rate": true, "inflated_success": true, "text_counts": true});
    let fixture = Fixture::new(world).await;
    let id = fixture.start(json!({"agent_id": 1, "scenarios": [101, 102]})).await;
    let result = fixture.result(id).await;
    assert_eq!(result["success_rate"], 0.5);
    assert_eq!(result["success_runs_count"], "2");
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
async fn a_shareable_link_carries_a_token() {
    let fixture = Fixture::new(shop()).await;
    let id = fixture.start(json!({"agent_id": 1, "scenarios": [101]})).await;
    let path = format!("{RESULTS}{id}/create_shareable_link_token/");
    let (status, body) = fixture.post(&path, json!({"expire_at": "2026-12-31T00:00:00Z"})).await;
    assert_eq!(status, 200);
    assert!(body["shareable_link"].as_str().unwrap().contains(body["token"].as_str().unwrap()));
    assert_eq!(fixture.post(&path, json!({"expire_at": 7})).await.0, 400);
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

#[test]
fn the_example_worlds_are_read_and_hold_together() {
    for name in ["quickstart", "bad-day", "regression"] {
        let path = format!("{}/examples/worlds/{name}.yml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let source = Source { name: &path, text: &text };
        let world = World::read(source, &|_| None).unwrap();
        assert!(world.scenarios.len() >= 5, "{name}");
    }
}

#[tokio::test]
async fn the_gates_own_client_reads_each_fate_as_it_was_meant() {
    let mut world = shop();
    world["time_scale"] = json!(0);
    world["scenarios"] = json!([
        {"id": 1},
        {"id": 2, "pass": 0},
        {"id": 3, "unscored": 1},
        {"id": 4, "error": 1},
        {"id": 5, "error": 1, "error_status": "timeout"},
        {"id": 6, "error": 1, "error_status": "cancelled"},
        {"id": 7, "error": 1, "error_status": "completed"},
    ]);
    let fixture = Fixture::new(world).await;
    let id = fixture.start(json!({"agent_id": 1, "scenarios": [1, 2, 3, 4, 5, 6, 7]})).await;
    let client = Client::new(fixture.stand_in.url().parse().unwrap(), &"key".into()).unwrap();
    let until = tokio::time::Instant::now() + Duration::from_secs(30);
    let result = client.result(id, Transcripts::All, until).await.unwrap();
    let outcomes: Vec<Outcome> = result.runs.iter().map(|run| judge_run(run, 1).outcome).collect();
    use Outcome::{Errored, Failed, Passed, Unscored};
    assert_eq!(outcomes, [Passed, Failed, Unscored, Errored, Errored, Errored, Errored]);
    assert!(result.runs[1].transcript.len() > 5);
    assert_eq!(result.insights.failed_reasons[0].run_ids, [result.runs[1].id]);
}

#[tokio::test]
async fn a_world_made_up_from_a_suite_takes_that_suites_request_in_every_mode() {
    for mode in Mode::ALL {
        let mut suite = json!({
            "version": 1, "agent": 5, "scenarios": [101, 102], "frequency": 3, "mode": mode,
            "mock_tools": ["lookup_order"],
        });
        match mode {
            Mode::Websocket => suite["websocket"] = json!({"url": "wss://agent.example"}),
            Mode::VapiWebrtc => suite["vapi"] = json!({"assistant": "asst_1"}),
            Mode::RetellWebrtc => {}
            _ => suite["personalities"] = json!([3, 7]),
        }
        let suite: Suite = serde_json::from_value(suite).unwrap();
        let world = World::for_suite(&suite);
        let clock = ManualClock::default();
        let address = "127.0.0.1:0".parse().unwrap();
        let stand_in = StandIn::start(world, address, clock.clone()).await.unwrap();
        let fixture = Fixture { stand_in, clock };
        let plan = Plan::new(&suite, "Rehearsal", None, "key").unwrap();
        let request = plan.request().unwrap();
        let (status, answer) = fixture.post(request.path, request.body).await;
        assert!(status < 300, "{mode:?}: {answer}");
        assert_eq!(answer["runs"].as_array().map(Vec::len), plan.runs(), "{mode:?}");
        let request = fixture.stand_in.requests().pop().unwrap();
        assert_eq!(request.unknown_fields, [""; 0], "{mode:?}");
    }
}

#[tokio::test]
async fn it_stops_when_it_is_dropped() {
    let fixture = Fixture::new(shop()).await;
    let address = fixture.stand_in.address();
    drop(fixture);
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(address).await.is_err());
}
