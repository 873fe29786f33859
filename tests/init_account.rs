//! `init` where there is a key: the suite fits the account, passes `check` there, and its rehearsal
//! passes; what cannot be asked is told.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use cekura_gate::document::Source;
use cekura_gate::simulate::{Faults, RealClock, Simulator, World};
use insta::assert_snapshot;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::common::finished::Finished;
use crate::common::{program, serving, set};

const KEY: &str = "ck_live_5up3r53cr3t";

/// An empty repository, and an account that a simulator plays.
struct Account {
    dir: TempDir,
    env: Vec<(String, String)>,
    served: (Runtime, Simulator),
}

impl Account {
    fn of(world: &str) -> Self {
        Self::with(world, None)
    }

    fn with(world: &str, faults: Option<&str>) -> Self {
        let source = |text| Source { name: "world", text };
        let world = World::read(source(world), &|_| None).unwrap_or_else(|e| panic!("{e}"));
        let faults = faults
            .map(|text| Faults::read(source(text), &|_| None).unwrap_or_else(|e| panic!("{e}")));
        let runtime = serving();
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let simulator = runtime.block_on(async {
            match faults {
                Some(faults) => {
                    Simulator::start_with_faults(world, faults, bind, RealClock::start()).await
                }
                None => Simulator::start(world, bind, RealClock::start()).await,
            }
        });
        let simulator = simulator.unwrap();
        let dir = TempDir::new().unwrap();
        for path in [".git", ".github"] {
            fs::create_dir(dir.path().join(path)).unwrap();
        }
        let mut env = Vec::new();
        set(&mut env, "CEKURA_API_URL", &simulator.url());
        set(&mut env, "CEKURA_API_KEY", KEY);
        Self { dir, env, served: (runtime, simulator) }
    }

    fn gate(&self, args: &[&str]) -> Finished {
        let output = program(self.dir.path(), &self.env, args).output().unwrap();
        Finished::of(output, self.dir.path())
    }

    /// Runs scenarios, so that the account has a result.
    fn after_a_run(self, flags: &[&str]) -> Self {
        let args = ["run", "--report-only", "--report-dir", "earlier", "--name", "Earlier"];
        self.gate(&[&args[..], flags].concat()).expect(0);
        self
    }

    fn suite(&self) -> String {
        fs::read_to_string(self.dir.path().join("cekura-gate.yml")).unwrap()
    }

    /// What was written is valid, fits the account, and its rehearsal passes.
    fn is_sound(&self) {
        self.gate(&["check"]).expect(0);
        self.gate(&["check", "--online"]).expect(0);
        self.gate(&["run", "--simulate"]).expect(0);
    }

    fn requests(&self) -> Vec<String> {
        let log = self.served.1.requests();
        log.into_iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

fn example(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The shop of the examples, without a pause.
fn shop() -> String {
    example("examples/worlds/quickstart.yml").replace("time_scale: 600 ", "time_scale: 0 ")
}

/// All of the shop's scenarios.
const ALL: &str = "1,2,3,4,5,6,7,8";

#[test]
fn the_suite_fits_the_account_and_its_last_runs() {
    let account =
        Account::of(&shop()).after_a_run(&["--agent", "1", "--scenarios", ALL, "--frequency", "5"]);
    let done = account.gate(&["init", "--name", "Shop"]).expect(0);
    assert_snapshot!(done.stdout, @r#"
    looked up agent 1 "Mia (shop assistant)": 8 scenarios, 5 metrics, 40 runs of its last result
    wrote cekura-gate.yml: the suite
    wrote .github/workflows/cekura-gate.yml: for GitHub Actions (found .github)
    wrote .gitignore: /cekura-report/

    Next:
      1. rehearse it, without an account or cost: cekura-gate run --simulate
      2. look at the plan, and check it against the account: cekura-gate check --online
      3. give GitHub Actions the repository's secret CEKURA_API_KEY
    "#);
    assert_snapshot!(account.suite(), @r#"
    # yaml-language-server: $schema=https://raw.githubusercontent.com/cekura-ai/cekura-gate/main/schema/suite.schema.json
    #
    # Every key: https://github.com/cekura-ai/cekura-gate/blob/main/docs/suite-file.md
    version: 1
    name: "Shop"
    agent: 1  # "Mia (shop assistant)"
    # 4 of the agent's 8 scenarios.
    # Tags, to select by in their place: "orders" (3), "sales" (3), "difficult" (1).
    # Folders: "Sales.Inbound" (3), "Orders" (2), "Returns" (2), "Orders.Changes" (1).
    tags: ["smoke"]
    mode: voice
    # One call says little about an agent that answers differently each time.
    frequency: 3
    timeout: 45m

    thresholds:
      # From 20 runs of result 2001. A share and a mean are the lowest that these
      # runs leave likely (95%), rounded down; a time is what was seen and a quarter
      # more. Raise them as the agent gets better.
      success_rate: ">= 85%"  # 20 of 20 judged runs passed
      each_scenario: { success_rate: ">= 60%" }  # the lowest: "Where is my order?", 5 of 5
      errors: "<= 15%"  # 0 of 20 runs errored
      metrics:
        "Workflow adherence": ">= 85%"  # 20 of 20 passed
        "Latency": "p95 <= 2900ms"  # 20 values: median 944.3ms, p90 1492.2ms, p95 2255.8ms
        "Customer satisfaction": "mean >= 4.4"  # mean of 20 values: 4.58
        # "Sentiment": "calm" 10, "neutral" 5, "annoyed" 2: say which are bad, such as 'share("…") <= 5%'
        # "Hold time": 20 values, median 6.2, p95 16.6: say what is good, such as "p95 <= …" or "mean >= …"

    # Each run is billed: nothing starts when the plan has more of them.
    budget: { max_runs: 50 }
    # A call that never became a conversation is no evidence: it is started again, once.
    retry: { on: [error], attempts: 1 }
    "#);
    account.is_sound();
}

#[test]
fn the_runs_that_the_thresholds_come_from_pass_them() {
    let account =
        Account::of(&shop()).after_a_run(&["--agent", "1", "--scenarios", ALL, "--frequency", "5"]);
    let args = ["init", "--name", "Shop", "--scenarios", ALL, "--frequency", "5"];
    account.gate(&args).expect(0);
    let suite = account.suite();
    for check in ["  success_rate: ", "  errors: ", "    \"Latency\": \"p90 <= "] {
        assert!(suite.contains(&format!("\n{check}")), "{suite}");
    }
    account.gate(&["watch", "2001", "--suite", "cekura-gate.yml"]).expect(0);
    account.is_sound();
}

/// Two agents: the second has results, the first was changed last.
const TWO: &str = "
time_scale: 0
api_key: ck_live_5up3r53cr3t
projects: [{ id: 9, name: Shop }]
agents:
  - { id: 4, name: Leo, project: 9 }
  - { id: 7, name: Mia, project: 9, assistant: asst_of_mia_1 }
scenarios:
  - { id: 1, name: One, agent: 4, folder: Orders }
  - { id: 2, name: Two, agent: 7, folder: Orders }
  - { id: 3, name: Three, agent: 7, folder: Sales }
";

#[test]
fn of_several_agents_the_one_of_the_newest_result_is_taken() {
    let account = Account::of(TWO);
    let done = account.gate(&["init"]).expect(0);
    assert!(
        done.stdout.contains("this is for 4 \"Leo\", because it was changed last"),
        "{}",
        done.stdout
    );
    let run = ["run", "--mode=text", "--agent=7", "--scenarios=2,3", "--report-dir=x"];
    account.gate(&run).expect(0);
    let done = account.gate(&["init", "--force"]).expect(0);
    assert_snapshot!(done.stdout.lines().take(2).collect::<Vec<_>>().join("\n"), @r#"
    looked up agent 7 "Mia": 2 scenarios, 0 metrics, 6 runs of its last result
    note: the account has 2 agents; this is for 7 "Mia", because result 2001 is the newest. For another one, --agent: 4 "Leo"
    "#);
    assert!(account.suite().contains("\nagent: 7  # \"Mia\"\n"), "{}", account.suite());
    assert!(
        account.suite().contains("\nmode: text  # as its last result\n"),
        "{}",
        account.suite()
    );
    account.is_sound();
    // A flag says another.
    for (flags, agent) in [
        (["--agent", "4"], "agent: 4  # \"Leo\"\n"),
        (["--assistant", "asst_of_mia_1"], "assistant: \"asst_of_mia_1\"\n"),
        (["--folder", "Orders"], "project: 9\n"),
    ] {
        account.gate(&[&["init", "--force"], &flags[..]].concat()).expect(0);
        assert!(account.suite().contains(agent), "{}", account.suite());
        account.is_sound();
    }
}

#[test]
fn what_the_flags_name_and_the_account_lacks_is_told_and_nothing_is_written() {
    let account = Account::of(TWO);
    for (flags, words) in [
        (["--agent", "5"], "the account has no agent 5; it has 4 \"Leo\" and 7 \"Mia\""),
        (["--assistant", "asst_other_1"], "no agent with the assistant `asst_other_1`"),
        (["--project", "3"], "no agent in the project 3"),
    ] {
        account.gate(&[&["init"], &flags[..]].concat()).expect(2).says(words);
        assert!(!account.dir.path().join("cekura-gate.yml").exists());
        assert!(!account.dir.path().join(".github/workflows").exists());
    }
}

#[test]
fn an_account_without_scenarios_leaves_a_placeholder_and_says_so() {
    let account = Account::of("time_scale: 0\nagents: [{ id: 4, name: Leo }]\n");
    let done = account.gate(&["init"]).expect(0);
    assert!(done.stdout.contains("note: agent 4 \"Leo\" has no scenarios yet"), "{}", done.stdout);
    assert!(done.stdout.contains("your own values (scenarios)"), "{}", done.stdout);
    assert!(account.suite().contains("\nagent: 4  # \"Leo\"\n"), "{}", account.suite());
    account.gate(&["check"]).expect(0);
    account.gate(&["run", "--simulate"]).expect(0);
}

/// Fault scripts that answer one path with something else.
fn answers(path: &str, with: &str) -> String {
    format!("rules:\n  - {{ path: \"{path}\", {with} }}\n")
}

#[test]
fn a_key_that_does_not_work_writes_nothing_and_names_the_way_out() {
    let mut account = Account::of(TWO);
    set(&mut account.env, "CEKURA_API_KEY", "ck_another");
    let done = account.gate(&["init"]).expect(5);
    assert!(
        done.stderr.contains("nothing was written. `cekura-gate init --offline`"),
        "{}",
        done.stderr
    );
    assert!(!done.stderr.contains("ck_another"), "{}", done.stderr);
    assert!(!account.dir.path().join("cekura-gate.yml").exists());
    let before = account.requests().len();
    let done = account.gate(&["init", "--offline"]).expect(0);
    assert!(done.stdout.contains("(agent and scenarios)"), "{}", done.stdout);
    assert_eq!(account.requests().len(), before, "--offline asks nothing");
}

#[test]
fn a_suite_that_stays_asks_the_account_nothing() {
    let account = Account::of(TWO);
    fs::write(account.dir.path().join("cekura-gate.yml"), "theirs\n").unwrap();
    account.gate(&["init"]).expect(0).says("kept  cekura-gate.yml");
    assert_eq!(account.suite(), "theirs\n");
    assert_eq!(account.requests(), Vec::<String>::new());
}

/// Names that would end a comment, open a key, or name a variable.
#[test]
fn hostile_names_of_the_account_stay_text() {
    let evil = r##"x\n  success_rate: '>= 0%'\r\n# \u2028- \"} $${HOME} ::error::\u001b[31m%"##;
    let world = format!(
        "
time_scale: 0
agents: [{{ id: 4, name: \"{evil}\" }}]
scenarios:
  - {{ id: 1, name: \"{evil}\", folder: \"{evil}\", tags: [\"{evil}\", \"a,b\"] }}
  - {{ id: 2, name: \"- 7\", tags: [\"$${{HOME}}\"] }}
metrics:
  - {{ id: 501, name: \"{evil}\", kind: binary }}
  - {{ id: 502, name: \"$${{HOME}}\", kind: binary }}
  - {{ id: 503, name: \"501\", kind: binary }}
  - {{ id: 504, name: Twice, kind: binary }}
  - {{ id: 505, name: twice, kind: rating, values: {{ mean: 4.5, spread: 0.1 }} }}
  - {{ id: 506, name: Words per minute, kind: numeric, values: {{ mean: 120, spread: 9 }} }}
  - {{ id: 507, name: Mood, kind: enum, values: {{ labels: {{ \"{evil}\": 1 }} }} }}
"
    );
    let account = Account::of(&world).after_a_run(&[
        "--agent",
        "4",
        "--scenarios",
        "1,2",
        "--frequency",
        "9",
    ]);
    let done = account.gate(&["init", "--name", "Shop"]).expect(0);
    for text in [&done.stdout, &account.suite()] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{2028}'), "{text}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
    }
    assert_snapshot!(account.suite(), @r#"
    # yaml-language-server: $schema=https://raw.githubusercontent.com/cekura-ai/cekura-gate/main/schema/suite.schema.json
    #
    # Every key: https://github.com/cekura-ai/cekura-gate/blob/main/docs/suite-file.md
    version: 1
    name: "Shop"
    agent: 4  # "x success_rate: '>= 0%' # - \"} ${HOME} ::error::%"
    # All of the agent's 2 scenarios.
    # Tags, to select by in their place: "${HOME}" (1), "x success_rate: '>= 0%' # - \"} ${HOME} ::error::%" (1).
    # Folders: "x success_rate: '>= 0%' # - \"} ${HOME} ::error::%" (1).
    scenarios:
      - 1  # "x success_rate: '>= 0%' # - \"} ${HOME} ::error::%"
      - 2  # "- 7"
    mode: voice
    # One call says little about an agent that answers differently each time.
    frequency: 3
    timeout: 45m

    thresholds:
      # From 18 runs of result 2001. A share and a mean are the lowest that these
      # runs leave likely (95%), rounded down; a time is what was seen and a quarter
      # more. Raise them as the agent gets better.
      success_rate: ">= 80%"  # 18 of 18 judged runs passed
      each_scenario: { success_rate: ">= 60%" }  # the lowest: "x success_rate: '>= 0%' # - \"} ${HOME} ::error::%", 9 of 9
      errors: "<= 20%"  # 0 of 18 runs errored
      metrics:
        # "x\U0000000A  success_rate: '>= 0%'\U0000000D\U0000000A# \U00002028- \"} ${HOME} ::error::\U0000001B[31m%": 18 of 18 passed
        "${HOME}": ">= 80%"  # 18 of 18 passed
        "503": ">= 80%"  # "501": 18 of 18 passed
        "504": ">= 80%"  # "Twice": 18 of 18 passed
        "505": "mean >= 4.4"  # "twice": mean of 18 values: 4.47
        # "Words per minute": 18 values, median 118.7, p95 134.1: say what is good, such as "p95 <= …" or "mean >= …"
        # "Mood": "x success_rate: '>= 0%' # - \"} $${HOME} ::error::%" 18: say which are bad, such as 'share("…") <= 5%'

    # Each run is billed: nothing starts when the plan has more of them.
    budget: { max_runs: 50 }
    # A call that never became a conversation is no evidence: it is started again, once.
    retry: { on: [error], attempts: 1 }
    "#);
    account.is_sound();
}

#[test]
fn what_of_the_account_cannot_be_read_is_told() {
    // Without agents or scenarios nothing fits; the rest only leaves the usual thresholds.
    for (path, code) in [
        ("/test_framework/v1/aiagents/", 5),
        ("/test_framework/v1/scenarios/", 5),
        ("/test_framework/v1/metrics/", 0),
        ("/test_framework/v1/results/", 0),
    ] {
        let account = Account::with(TWO, Some(&answers(path, "garble: html")));
        let done = account.gate(&["init", "--agent", "7"]).expect(code);
        let is_written = account.dir.path().join("cekura-gate.yml").exists();
        assert_eq!(is_written, code == 0, "{path}");
        if code == 0 {
            assert!(done.stdout.contains("could not be read"), "{path}: {}", done.stdout);
            account.gate(&["check"]).expect(0);
        } else {
            assert!(done.stderr.contains("init --offline"), "{path}: {}", done.stderr);
        }
    }
}
