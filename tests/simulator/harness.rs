//! A simulator on a clock that the test moves, and requests as plain text.

use std::time::Duration;

use cekura_gate::simulate::{ManualClock, Simulator, World};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const SCENARIOS: &str = "/test_framework/v1/scenarios/";
pub(crate) const RESULTS: &str = "/test_framework/v1/results/";
pub(crate) const RUNS: &str = "/test_framework/v1/runs/";

/// A simulator on a clock that the test moves.
pub(crate) struct Fixture {
    pub(crate) simulator: Simulator,
    pub(crate) clock: ManualClock,
}

impl Fixture {
    pub(crate) async fn new(world: Value) -> Self {
        let world: World = serde_json::from_value(world).unwrap();
        let clock = ManualClock::default();
        let address = "127.0.0.1:0".parse().unwrap();
        let simulator = Simulator::start(world, address, clock.clone()).await.unwrap();
        Self { simulator, clock }
    }

    /// Sends a request as plain text over a connection of its own.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: &str,
    ) -> (u16, Value) {
        let address = self.simulator.address();
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

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send("GET", path, "key", "").await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send("POST", path, "key", &body.to_string()).await
    }

    /// Starts a result and gives its id.
    pub(crate) async fn start(&self, body: Value) -> u64 {
        let (status, body) = self.post(&format!("{SCENARIOS}run_scenarios/"), body).await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_u64().unwrap()
    }

    /// The result's detail.
    pub(crate) async fn result(&self, id: u64) -> Value {
        self.get(&format!("{RESULTS}{id}/")).await
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// Two agents in two projects, in real time.
pub(crate) fn shop() -> Value {
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

pub(crate) fn object(value: &Value) -> &serde_json::Map<String, Value> {
    value.as_object().unwrap()
}
