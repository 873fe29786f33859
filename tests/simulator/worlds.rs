//! Worlds: the examples, those made up from a suite, and what the gate's own client reads of them.

use std::time::Duration;

use cekura_gate::api::client::Client;
use cekura_gate::document::Source;
use cekura_gate::outcome::{Outcome, judge_run};
use cekura_gate::plan::Plan;
use cekura_gate::simulate::{ManualClock, Simulator, World};
use cekura_gate::suite::model::{Mode, Suite, Transcripts};
use serde_json::json;

use crate::simulator::harness::{Fixture, shop};

#[test]
fn the_example_worlds_are_read_and_hold_together() {
    for name in ["quickstart", "carrier-errors", "regression"] {
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
    let client = Client::new(fixture.simulator.url().parse().unwrap(), &"key".into()).unwrap();
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
            "version": 1, "agent": 5, "scenarios": [101, 102], "mode": mode,
        });
        if mode != Mode::Pipecat {
            suite["frequency"] = json!(3);
        }
        if !matches!(mode, Mode::ApiChat | Mode::Email) {
            suite["mock_tools"] = json!(["lookup_order"]);
        }
        match mode {
            Mode::Websocket => suite["websocket"] = json!({"url": "wss://agent.example"}),
            Mode::VapiWebrtc => suite["vapi"] = json!({"assistant": "asst_1"}),
            Mode::Pipecat => suite["pipecat"] = json!({"room": {"url": "https://rooms.example/a"}}),
            Mode::RetellWebrtc | Mode::Email => {}
            _ => suite["personalities"] = json!([3, 7]),
        }
        let suite: Suite = serde_json::from_value(suite).unwrap();
        let world = World::for_suite(&suite);
        let clock = ManualClock::default();
        let address = "127.0.0.1:0".parse().unwrap();
        let simulator = Simulator::start(world, address, clock.clone()).await.unwrap();
        let fixture = Fixture { simulator, clock };
        let plan = Plan::new(&suite, "Rehearsal", None, "key").unwrap();
        let request = plan.request().unwrap();
        let (status, answer) = fixture.post(request.path, request.body).await;
        assert!(status < 300, "{mode:?}: {answer}");
        assert_eq!(answer["runs"].as_array().map(Vec::len), plan.runs(), "{mode:?}");
        let request = fixture.simulator.requests().pop().unwrap();
        assert_eq!(request.unknown_fields, [""; 0], "{mode:?}");
    }
}
