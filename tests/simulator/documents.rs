//! The documents: lists and their pages, runs and scores in every way of writing, explanations.

use serde_json::{Value, json};

use crate::simulator::harness::{Fixture, RESULTS, SCENARIOS, object, shop};

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
        next = page["next"].as_str().map(|url| url[fixture.simulator.url().len()..].to_owned());
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
async fn a_shareable_link_carries_a_token() {
    let fixture = Fixture::new(shop()).await;
    let id = fixture.start(json!({"agent_id": 1, "scenarios": [101]})).await;
    let path = format!("{RESULTS}{id}/create_shareable_link_token/");
    let (status, body) = fixture.post(&path, json!({"expire_at": "2026-12-31T00:00:00Z"})).await;
    assert_eq!(status, 200);
    assert!(body["shareable_link"].as_str().unwrap().contains(body["token"].as_str().unwrap()));
    assert_eq!(fixture.post(&path, json!({"expire_at": 7})).await.0, 400);
}
