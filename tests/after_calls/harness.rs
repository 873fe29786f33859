//! An account with a result that has ended, the binary beside it, and a clock that the test moves.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use cekura_gate::document::Source;
use cekura_gate::simulate::{Faults, ManualClock, Request, Simulator, World};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) use crate::common::finished::Finished;
use crate::common::{program, serving, set};

/// The key that nothing may show.
pub(crate) const KEY: &str = "ck_live_5up3r53cr3t";

/// One scenario that passes, one that fails, one that is never held. Runs 34501 and 34502 pass,
/// 34503 and 34504 fail, 34505 and 34506 are errors.
pub(crate) const WORLD: &str = "
time_scale: 0
api_key: ck_live_5up3r53cr3t
projects: [{ id: 9, name: Shop }]
agents: [{ id: 1, name: Mia, project: 9 }]
personalities: [{ id: 7, name: Grumpy }]
scenarios:
  - { id: 1, name: Where is my order, personality: 7 }
  - { id: 2, name: Return shoes, pass: 0 }
  - { id: 3, name: Book a fitting, error: 1, end_reasons: [Testing agent-did-not-connect] }
metrics:
  - { id: 501, name: Workflow adherence, kind: binary, rubric: true, slug: workflow, when_scored_again: { pass: 1 } }
  - { id: 502, name: Latency, kind: numeric, values: { mean: 900, spread: 10 } }
  - { id: 504, name: Sentiment, kind: enum, values: { labels: { calm: 1 } } }
";

const SUITE: &str = "{ version: 1, name: Checkout, agent: 1, scenarios: [1, 2, 3], frequency: 2 }";

/// The first run that passed, the first that failed, the first that was never held.
pub(crate) const PASSED: &str = "34501";
pub(crate) const FAILED: &str = "34503";
pub(crate) const ERRORED: &str = "34505";

/// An account.
pub(crate) struct Account {
    pub(crate) dir: TempDir,
    pub(crate) clock: ManualClock,
    pub(crate) simulator: Simulator,
    _runtime: Runtime,
    env: Vec<(String, String)>,
}

impl Account {
    /// An account of this world, in which nothing has run.
    pub(crate) fn fresh(world: &str) -> Self {
        Self::on_a_bad_day(world, "{}")
    }

    /// An account of this world whose answers go wrong as a fault script says.
    pub(crate) fn on_a_bad_day(world: &str, faults: &str) -> Self {
        let faults = Faults::read(Source { name: "faults", text: faults }, &|_| None);
        let faults = faults.unwrap_or_else(|faults| panic!("{faults}"));
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("cekura-gate.yml"), SUITE).unwrap();
        std::fs::write(dir.path().join("agent.md"), "You are Mia.\nBe kind.\n").unwrap();
        let world = World::read(Source { name: "world", text: world }, &|_| None);
        let world = world.unwrap_or_else(|faults| panic!("{faults}"));
        let runtime = serving();
        let clock = ManualClock::default();
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let started = Simulator::start_with_faults(world, faults, bind, clock.clone());
        let simulator = runtime.block_on(started).unwrap();
        let mut env = Vec::new();
        set(&mut env, "CEKURA_API_URL", &simulator.url());
        set(&mut env, "CEKURA_API_KEY", KEY);
        Self { dir, clock, simulator, _runtime: runtime, env }
    }

    /// An account with result 2001, which has ended.
    pub(crate) fn ended() -> Self {
        Self::with(WORLD)
    }

    /// An account of this world with result 2001.
    pub(crate) fn with(world: &str) -> Self {
        let account = Self::fresh(world);
        account.start();
        account
    }

    /// Starts result 2001 as the gate does.
    pub(crate) fn start(&self) {
        let body = r#"{"agent_id": 1, "scenarios": [1, 2, 3], "frequency": 2, "name": "Checkout"}"#;
        let (status, _) = self.send("POST", "/test_framework/v1/scenarios/run_scenarios/", body);
        assert_eq!(status, 201);
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn run(&self, args: &[&str]) -> Finished {
        let output = program(self.path(), &self.env, args).output().unwrap();
        let finished = Finished::of(output, self.path());
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert!(!said.contains(KEY), "{args:?} shows the key");
        finished
    }

    pub(crate) fn command(&self, args: &[&str]) -> std::process::Command {
        program(self.path(), &self.env, args)
    }

    /// A document that a command prints for scripts.
    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let finished = self.run(&[args, &["--json"]].concat()).expect(0);
        serde_json::from_str(&finished.stdout)
            .unwrap_or_else(|error| panic!("{error}:\n{}", finished.stdout))
    }

    /// Moves the time of the simulator by so many simulated seconds, at a time scale of 100.
    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_millis(seconds * 10));
    }

    /// The last request whose path holds `part`.
    #[track_caller]
    pub(crate) fn asked(&self, part: &str) -> Request {
        let log = self.simulator.requests();
        let found = log.into_iter().rev().find(|request| request.path.contains(part));
        found.unwrap_or_else(|| panic!("nothing was asked of {part}"))
    }

    /// How often something was asked of a path that holds `part`.
    pub(crate) fn count(&self, part: &str) -> usize {
        self.simulator.requests().iter().filter(|request| request.path.contains(part)).count()
    }

    /// Waits until something was asked so often, and no longer than a loaded machine may take.
    #[track_caller]
    pub(crate) fn wait_until(&self, part: &str, times: usize) {
        let began = std::time::Instant::now();
        while self.count(part) < times {
            assert!(began.elapsed() < Duration::from_secs(20), "{:#?}", self.simulator.requests());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends a request as plain text over a connection of its own.
    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let address = self.simulator.address();
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             x-cekura-api-key: {KEY}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }
}
