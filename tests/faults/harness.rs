//! Runs the binary against a simulator that has a bad day.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use cekura_gate::document::Source;
use cekura_gate::simulate::{Faults, RealClock, Simulator, World};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::common::{program, serving, set};

/// The key that nothing may show and no other host may get.
pub(crate) const KEY: &str = "ck_live_5up3r53cr3t";

/// Two scenarios that always pass, at once.
pub(crate) const GOOD: &str = "
time_scale: 0
api_key: ck_live_5up3r53cr3t
projects: [{ id: 9, name: Shop }]
agents: [{ id: 1, name: Mia, project: 9 }]
scenarios:
  - { id: 1, name: Where is my order, tags: [smoke] }
  - { id: 2, name: Return shoes, tags: [smoke] }
metrics:
  - { id: 501, name: Workflow adherence, kind: binary, rubric: true }
";

/// The suite that goes with it: six runs.
pub(crate) const SUITE: &str =
    "{ version: 1, name: Checkout, agent: 1, scenarios: [1, 2], frequency: 3 }";

/// The longest that any of these days may take, loaded machine included.
const LONGEST: Duration = Duration::from_secs(30);

/// A platform on a bad day, and a directory with a suite.
pub(crate) struct Day {
    pub(crate) dir: TempDir,
    pub(crate) runtime: Runtime,
    pub(crate) simulator: Simulator,
    env: Vec<(String, String)>,
}

/// What a finished gate left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) said: String,
    pub(crate) took: Duration,
    pub(crate) result: Option<Value>,
}

impl Day {
    /// A day with these rules of a fault script, one a line.
    pub(crate) fn with(rules: &str) -> Self {
        Self::of(GOOD, rules, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    pub(crate) fn of(world: &str, rules: &str, bind: SocketAddr) -> Self {
        let world = World::read(Source { name: "world", text: world }, &|_| None).unwrap();
        let rules: String = rules
            .lines()
            .map(str::trim)
            .filter(|rule| !rule.is_empty())
            .map(|rule| format!("  - {rule}\n"))
            .collect();
        let text = if rules.is_empty() { "{}".to_owned() } else { format!("rules:\n{rules}") };
        let faults = Faults::read(Source { name: "chaos.yml", text: &text }, &|_| None);
        let faults = faults.unwrap_or_else(|faults| panic!("{faults}"));
        let runtime = serving();
        let started = Simulator::start_with_faults(world, faults, bind, RealClock::start());
        let simulator = runtime.block_on(started).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("cekura-gate.yml"), SUITE).unwrap();
        let mut day = Self { dir, runtime, simulator, env: Vec::new() };
        day.env("CEKURA_API_KEY", KEY);
        day.env("CEKURA_API_URL", &day.simulator.url());
        day
    }

    pub(crate) fn env(&mut self, name: &str, value: &str) {
        set(&mut self.env, name, value);
    }

    fn command(&self, args: &[&str]) -> Command {
        program(self.dir.path(), &self.env, args)
    }

    /// Starts the program, and leaves its outputs to the caller.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs the gate with `--timeout` and these flags.
    pub(crate) fn gate(&self, timeout: &str, flags: &[&str]) -> Finished {
        let began = Instant::now();
        let output = self.command(&["run", "--timeout", timeout]).args(flags).output().unwrap();
        let took = began.elapsed();
        Finished::of(&output, took, self.dir.path())
    }
}

impl Finished {
    /// What a program left in this directory.
    pub(crate) fn of(output: &Output, took: Duration, dir: &Path) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains(KEY), "the key is shown:\n{said}");
        assert!(!said.contains("internal error"), "{said}");
        assert!(took < LONGEST, "{took:?}:\n{said}");
        let result = std::fs::read(dir.join("cekura-report/result.json")).ok();
        Finished {
            code: output.status.code().unwrap_or(-1),
            said,
            took,
            result: result.and_then(|bytes| serde_json::from_slice(&bytes).ok()),
        }
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.said);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        // The account is wrapped at the terminal's width.
        let said: Vec<&str> = self.said.split_whitespace().collect();
        assert!(said.join(" ").contains(words.trim()), "`{words}` is not in:\n{}", self.said);
        self
    }

    #[track_caller]
    pub(crate) fn within(self, seconds: u64) -> Self {
        assert!(self.took < Duration::from_secs(seconds), "{:?}:\n{}", self.took, self.said);
        self
    }
}
