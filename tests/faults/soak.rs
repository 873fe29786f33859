//! Suites against platforms that fail at random: each ends as its world implies, or with an honest
//! error, and each start that reached its platform is one result.
//!
//! The test runs some, `examples/soak.rs` as many as one likes. The seed makes each repeatable.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use cekura_gate::simulate::{Faults, RealClock, Simulator, World};
use serde_json::{Value, json};

const SUITE: &str = "{ version: 1, name: Soak, agent: 1, scenarios: [1, 2, 3], frequency: 2, \
                     thresholds: { success_rate: 60% } }";

/// What became of all the suites.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// How many ended with each exit code.
    pub(crate) codes: BTreeMap<i32, u64>,
    /// How many starts the platforms processed.
    pub(crate) starts: u64,
    /// How many platforms processed a start at all.
    pub(crate) reached: u64,
    /// How many requests there were, and how many of them were repetitions.
    pub(crate) requests: u64,
    /// What must not be: the seed and what happened.
    pub(crate) wrong: Vec<String>,
}

/// Runs this many suites with seeds from `first` on, a few at a time.
pub(crate) fn run(gate: &Path, first: u64, count: u64) -> Account {
    let account = Mutex::new(Account::default());
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    one(gate, seed, &account);
                }
            });
        }
    });
    account.into_inner().unwrap()
}

fn one(gate: &Path, seed: u64, account: &Mutex<Account>) {
    let mut dice = Dice(seed);
    let world = world(seed, &mut dice);
    let faults = json!({ "seed": seed, "rules": rules(&mut dice) });
    let calm = end(gate, &world, &json!({}));
    let stormy = end(gate, &world, &faults);
    let mut account = account.lock().unwrap();
    *account.codes.entry(stormy.code).or_default() += 1;
    account.starts += stormy.starts;
    account.reached += u64::from(stormy.starts > 0);
    account.requests += stormy.requests;
    let honest = [calm.code, 4, 5].contains(&stormy.code) && stormy.starts <= 1;
    let judged = stormy.code < 4;
    if !honest || (judged && stormy.starts != 1) || stormy.said.contains("internal error") {
        account.wrong.push(format!(
            "seed {seed}: code {} in place of {}, {} starts\n{faults}\n{}",
            stormy.code, calm.code, stormy.starts, stormy.said
        ));
    }
}

struct End {
    code: i32,
    said: String,
    starts: u64,
    requests: u64,
}

fn end(gate: &Path, world: &Value, faults: &Value) -> End {
    let world: World = serde_json::from_value(world.clone()).unwrap();
    let faults: Faults = serde_json::from_value(faults.clone()).unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let simulator = Simulator::start_with_faults(world, faults, bind, RealClock::start());
    let simulator = runtime.block_on(simulator).unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("cekura-gate.yml"), SUITE).unwrap();
    let output = Command::new(gate)
        .args(["run", "--timeout", "20s"])
        .current_dir(dir.path())
        .env_clear()
        .env("HOME", dir.path())
        .env("CEKURA_API_KEY", "key")
        .env("CEKURA_API_URL", simulator.url())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    End {
        code: output.status.code().unwrap_or(-1),
        said: text(&output.stdout) + &text(&output.stderr),
        starts: simulator.starts() as u64,
        requests: simulator.requests().len() as u64,
    }
}

/// A small account: most days are good, some are bad, and calls take a while or none.
fn world(seed: u64, dice: &mut Dice) -> Value {
    let scenario = |id: u64, dice: &mut Dice| {
        json!({
            "id": id,
            "name": format!("Scenario {id}"),
            "pass": dice.pick(&[1.0, 1.0, 0.7, 0.2]),
            "error": dice.pick(&[0.0, 0.0, 0.0, 0.3]),
        })
    };
    json!({
        "seed": seed,
        "time_scale": dice.pick(&[0.0, 2000.0]),
        "agents": [{ "id": 1, "name": "Mia" }],
        "scenarios": [scenario(1, dice), scenario(2, dice), scenario(3, dice)],
        "metrics": [{ "id": 501, "name": "Adherence", "kind": "binary", "rubric": true }],
    })
}

/// A few faults of the network and of what stands before the platform, here and there.
fn rules(dice: &mut Dice) -> Vec<Value> {
    let count = 1 + dice.below(4);
    (0..count).map(|_| rule(dice)).collect()
}

fn rule(dice: &mut Dice) -> Value {
    let (bytes, status) = (dice.below(1500), dice.pick(&[408, 500, 502, 503, 504]));
    let mut rule = match dice.below(14) {
        0 => json!({ "drop": "before" }),
        1 | 2 => json!({ "drop": "after" }),
        3 => json!({ "cut_request": bytes }),
        4 => json!({ "cut_answer": bytes }),
        5 => json!({ "cut_body": bytes }),
        6 => json!({ "truncate": bytes }),
        7 => json!({ "garble": dice.pick(&["html", "empty", "foreign", "wrong_types", "bytes"]) }),
        8 => json!({ "garble": "lone_surrogates" }),
        9 => {
            json!({ "status": 429, "retry_after": dice.pick(&[0, 0, 1]), "processed": dice.below(2) == 0 })
        }
        10 => json!({ "status": 503, "retry_after": 0, "processed": dice.below(2) == 0 }),
        11 => json!({ "status": status, "processed": true }),
        12 => json!({ "status": status }),
        _ => json!({ "pretend_status": dice.pick(&["evaluating", "new"]) }),
    };
    let some = match dice.below(3) {
        0 => ("first", json!(1 + dice.below(6))),
        1 => ("nth", json!([1 + dice.below(3), 4 + dice.below(5)])),
        _ => ("probability", json!(0.1 + 0.1 * dice.below(7) as f64)),
    };
    let path = dice.pick(&["*", "*/run_scenarios/", "*/results/*/", "*/results/"]);
    rule["path"] = json!(path);
    rule[some.0] = some.1;
    if dice.below(5) == 0 {
        rule["delay"] = json!(0.02);
    }
    rule
}

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.below(items.len() as u64)).unwrap()]
    }
}
