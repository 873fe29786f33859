//! Starts: which endpoint takes which body, what is refused, and how many runs come of it.

use serde_json::json;

use crate::simulator::harness::{Fixture, RESULTS, SCENARIOS, object, shop};

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
            "run_scenarios_pipecat",
            json!({"agent": 1,
                   "scenarios": [{"scenario": 101, "pipecat_room_url": "https://a.example"}]}),
            200,
        ),
        ("run_scenarios_email", json!({"agent_id": 1, "frequency": 1, "scenarios": [101]}), 200),
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
    let unknown = fixture.simulator.requests().into_iter().flat_map(|one| one.unknown_fields);
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
    assert_eq!(fixture.simulator.starts(), 0);
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
    let request = fixture.simulator.requests().pop().unwrap();
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
