//! Runs the binary in an empty directory with a clean environment, and the simulator beside it.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use cekura_gate::document::Source;
use cekura_gate::simulate::{RealClock, Simulator, World};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) use crate::common::finished::Finished;
use crate::common::{program, serving, set};

/// The key that every test uses, and that nothing may show.
pub(crate) const KEY: &str = "ck_live_5up3r53cr3t";

/// Two scenarios that always pass, with a metric of each kind.
pub(crate) const GOOD: &str = "
time_scale: 0
api_key: ck_live_5up3r53cr3t
projects: [{ id: 9, name: Shop }]
agents: [{ id: 1, name: Mia, project: 9 }]
scenarios:
  - { id: 1, name: Where is my order, folder: Orders, tags: [smoke], pass: 1, error: 0 }
  - { id: 2, name: Return shoes, folder: Orders, tags: [smoke], pass: 1, error: 0 }
metrics:
  - { id: 501, name: Workflow adherence, kind: binary, rubric: true }
  - { id: 502, name: Latency, kind: numeric, values: { mean: 900, spread: 10 } }
  - { id: 503, name: Customer satisfaction, kind: rating, values: { mean: 4.5, spread: 0.1 } }
  - { id: 504, name: Sentiment, kind: enum, values: { labels: { calm: 1, angry: 0 } } }
";

/// The same world with other probabilities.
pub(crate) fn world(pass: &str, error: &str) -> String {
    GOOD.replace("pass: 1, error: 0", &format!("pass: {pass}, error: {error}"))
}

/// Calls that take an hour each, in real time.
pub(crate) fn slow() -> String {
    GOOD.replace("time_scale: 0", "time_scale: 1")
        .replace("error: 0 }", "error: 0, duration: { mean: 3600, spread: 1 } }")
}

/// The suite that goes with [`GOOD`].
pub(crate) const SUITE: &str = "
version: 1
name: Checkout
agent: 1
scenarios: [1, 2]
frequency: 3
";

/// An empty directory with a suite, and a simulator where one was asked for.
pub(crate) struct Gate {
    pub(crate) dir: TempDir,
    simulator: Option<(Runtime, Simulator)>,
    env: Vec<(String, String)>,
}

impl Gate {
    /// A gate with this suite and no platform.
    pub(crate) fn alone(suite: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("cekura-gate.yml"), suite).unwrap();
        Self { dir, simulator: None, env: Vec::new() }
    }

    /// A gate with this suite against this world.
    pub(crate) fn against(world: &str, suite: &str) -> Self {
        let mut gate = Self::alone(suite);
        let world = World::read(Source { name: "world", text: world }, &|_| None);
        let world = world.unwrap_or_else(|faults| panic!("{faults}"));
        let runtime = serving();
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let simulator =
            runtime.block_on(Simulator::start(world, bind, RealClock::start())).unwrap();
        gate.env("CEKURA_API_URL", &simulator.url());
        gate.env("CEKURA_API_KEY", KEY);
        gate.simulator = Some((runtime, simulator));
        gate
    }

    pub(crate) fn env(&mut self, name: &str, value: &str) {
        set(&mut self.env, name, value);
    }

    /// The command, ready to be run or spawned.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        program(self.dir.path(), &self.env, args)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Finished {
        Finished::of(self.command(args).output().unwrap(), self.dir.path())
    }

    pub(crate) fn simulator(&self) -> &Simulator {
        &self.simulator.as_ref().unwrap().1
    }

    /// Method and path of every request, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        let log = self.simulator().requests();
        log.into_iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}
