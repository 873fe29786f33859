//! The types of the suite file.
//!
//! They are the single source of its shape: the JSON Schema is generated from them, the docstrings
//! become the schema's descriptions, and the reader validates a file by walking that schema. What
//! spans several keys (which keys go together, what a mode can carry) is in `validate`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::Path;
use crate::suite::retry::{EarlyStop, Retry};
use crate::suite::thresholds::Thresholds;

pub use super::agent::{AgentApi, AgentErrors, AgentProcesses};
pub use super::budget::Budget;
pub use super::carrier::{
    Elevenlabs, Email, Livekit, Mode, Numbers, Phone, Pipecat, Retell, Room, Sip, Vapi, Websocket,
};
pub use super::frequency::{Frequency, MOST_REPETITIONS, Order, Rounds};
pub use super::profile::Profile;
pub use super::test_sets::TestSetFrom;
use crate::redact::rules::Redact;
use crate::scalars::{Date, Timeout};
use crate::spec::model::{Case, Spec};

/// A gate: which conversations to run, and what they must show before the agent may ship.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "cekura-gate suite", extend("required" = ["version"]))]
pub struct Suite {
    /// Version of the suite format. Always 1.
    #[schemars(range(min = 1, max = 1), extend("default" = 1))]
    pub version: u32,
    /// Name of the suite. It labels the result on the platform and every report. Default: the file's
    /// name. Earlier results are found by it: under a new name a suite has no baseline, no result to
    /// reuse, and a new pull-request comment.
    #[schemars(length(min = 1, max = 200))]
    pub name: Option<String>,
    /// Id of the agent under test.
    #[schemars(range(min = 1))]
    pub agent: Option<u64>,
    /// Provider's assistant id, in place of `agent`, for example `asst_1234567890`.
    #[schemars(length(min = 1))]
    pub assistant: Option<String>,
    /// Project id. Needed with `folder`.
    #[schemars(range(min = 1))]
    pub project: Option<u64>,

    /// Ids of the scenarios (evaluators) to run.
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub scenarios: Option<Vec<u64>>,
    /// Run the scenarios that carry at least one of these tags.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub tags: Option<Vec<String>>,
    /// Run the scenarios of this folder, as a dotted path such as `Sales.Inbound`. Needs `project`.
    #[schemars(length(min = 1))]
    pub folder: Option<String>,
    /// Leave out the scenarios of `tags` or `folder` that carry one of these tags.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub exclude_tags: Option<Vec<String>>,
    /// Path of a Tests-as-Code file (`cekura.tests.json`) that holds the test cases, relative to
    /// this file.
    #[schemars(length(min = 1))]
    pub spec: Option<String>,
    /// Test cases, in place of a Tests-as-Code file: each as an entry of its `scenarios`.
    #[schemars(length(min = 1, max = 200))]
    pub cases: Option<Vec<Case>>,
    /// What the file that `spec` names holds, once it is read.
    #[serde(skip)]
    #[schemars(skip)]
    pub spec_read: Option<Spec>,

    /// Files that a change must touch for this suite to run with `--changed-since`, as patterns from
    /// the root of the repository: `prompts/**`. The suite's own files count besides.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub paths: Option<Vec<String>>,

    /// How the simulated caller reaches the agent. Default: voice.
    pub mode: Option<Mode>,
    /// How many times each scenario runs, at most 1000. Default: 1. At most 100 in the modes
    /// livekit_v2, pipecat_v2, websocket and email; not in mode pipecat. `{ start: 3, max: 12 }`
    /// starts with 3 of each and goes on in rounds, at most to 12, while a check is not decided: it
    /// needs `thresholds.confidence`.
    pub frequency: Option<Frequency>,
    /// Which scenarios of the first round start first. `recent_failures` starts those that failed
    /// lately, by the baseline and by earlier results of this suite on the branch, before the others.
    /// Needs a `frequency` with `start` and `max`. Default: suite, all at once.
    pub order: Option<Order>,
    /// Personality ids that replace each scenario's own. Each multiplies the number of runs.
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub personalities: Option<Vec<u64>>,
    /// Test profile ids that replace each scenario's own. Each multiplies the number of runs.
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub test_profiles: Option<Vec<u64>>,
    /// How many calls may run at the same time. Default: as many as the account allows.
    #[schemars(range(min = 1))]
    pub concurrency: Option<u32>,
    /// How long to wait for the result, for example `45m` or `1h30m`. Default: 1h.
    pub timeout: Option<Timeout>,

    /// Telephone numbers. Modes voice, text, chirp, sip, agora and elevenlabs.
    pub phone: Option<Phone>,
    /// LiveKit overrides for this run. Mode livekit_v2.
    pub livekit: Option<Livekit>,
    /// Pipecat Cloud overrides for this run, or rooms. Modes pipecat_v2 and pipecat.
    pub pipecat: Option<Pipecat>,
    /// SIP overrides for this run. Mode sip.
    pub sip: Option<Sip>,
    /// WebSocket endpoints. Modes websocket, text and chirp.
    pub websocket: Option<Websocket>,
    /// Vapi assistant. Mode vapi_webrtc.
    pub vapi: Option<Vapi>,
    /// Retell agent. Mode retell_webrtc.
    pub retell: Option<Retell>,
    /// ElevenLabs overrides for this run. Mode elevenlabs.
    pub elevenlabs: Option<Elevenlabs>,
    /// E-mail overrides for this run. Mode email.
    pub email: Option<Email>,
    /// The agent's own program and its arguments, for example `[python, agent.py]`. Mode api_chat.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub agent_command: Option<Vec<String>>,
    /// How many processes of `agent_command` there are. Default: per_conversation.
    pub agent_processes: Option<AgentProcesses>,
    /// Address to which each turn is posted, `http://…` or `https://…`. Mode api_chat.
    #[schemars(length(min = 1))]
    pub agent_url: Option<String>,
    /// Shape of the request to `agent_url`. Default: gate.
    pub agent_api: Option<AgentApi>,
    /// Address that answers 2xx once the server that `agent_command` starts can take turns.
    #[schemars(length(min = 1))]
    pub agent_ready: Option<String>,
    /// Names of the environment variables that the agent's program may see.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub agent_env: Option<Vec<String>>,
    /// Directory in which the agent's program runs, relative to this file. Default: this file's own.
    #[schemars(length(min = 1))]
    pub agent_dir: Option<String>,
    /// How a run counts in which the agent's program failed. Default: failed.
    pub agent_errors: Option<AgentErrors>,
    /// The most messages that the agent sends in a conversation. Default: 50.
    #[schemars(range(min = 1, max = 1000))]
    pub turn_limit: Option<u32>,
    /// How long the agent may take for an answer, for example `20s`. Default: 60s.
    pub turn_timeout: Option<Timeout>,
    /// Names of the tools to mock. `[]` mocks none; leave the key out for the agent's default.
    #[schemars(inner(length(min = 1)))]
    pub mock_tools: Option<Vec<String>>,

    /// Keys that take the place of the suite's where `--profile` names them, each set under a name of
    /// your own. The results of a profile are compared with results of the same profile only.
    pub profiles: Option<BTreeMap<String, Profile>>,
    /// Agents and modes that make several suites of this one, side by side.
    pub matrix: Option<Matrix>,
    /// Sides of one call that start together, in place of `scenarios`: matched by position, each
    /// judged on its own.
    #[schemars(length(min = 2))]
    pub together: Option<Vec<Party>>,
    /// What the runs must show. Without it every run must pass (`success_rate: 100%`).
    pub thresholds: Option<Thresholds>,
    /// Which runs to start again. Default: none.
    pub retry: Option<Retry>,
    /// When to end the remaining calls because the verdict is known. Default: never.
    pub early_stop: Option<EarlyStop>,
    /// Limits that are checked before the first call.
    pub budget: Option<Budget>,
    /// Scenarios that run and are reported but do not count.
    #[schemars(length(min = 1))]
    pub quarantine: Option<Vec<Quarantine>>,

    /// What to do after a failed gate. It cannot change the verdict.
    pub on_failure: Option<OnFailure>,
    /// What to do after a passed gate. It cannot change the verdict.
    pub on_success: Option<OnSuccess>,
    /// What happens to the calls when the gate is stopped. Default: end_calls.
    pub on_cancel: Option<CallPolicy>,
    /// What happens to the calls when `timeout` is reached. Default: end_calls.
    pub on_timeout: Option<CallPolicy>,

    /// Whether the verdict decides the exit code. `false` reports only: everything is judged and
    /// reported, and the exit code is 0 unless the gate could not do its work. Default: true.
    pub enforce: Option<bool>,

    /// Where reports go and what they may contain.
    pub reports: Option<Reports>,
}

impl Suite {
    /// What no report may show.
    pub fn redactions(&self) -> &[Redact] {
        self.reports.as_ref().and_then(|reports| reports.redact.as_deref()).unwrap_or_default()
    }

    /// Whether the verdict is reported only and decides no exit code.
    pub fn is_report_only(&self) -> bool {
        self.enforce == Some(false)
    }

    /// Whether the first round begins with the scenarios that failed lately.
    pub fn starts_failed_first(&self) -> bool {
        self.order == Some(Order::RecentFailures)
    }

    /// How often each scenario runs in the first start.
    pub fn first_repetitions(&self) -> u32 {
        self.frequency.map_or(1, Frequency::first)
    }

    /// The rounds in which the runs come, where there may be more than one.
    pub fn rounds(&self) -> Option<Rounds> {
        self.frequency.and_then(Frequency::rounds)
    }

    /// Whether the suite brings its own test cases, inline or in a file.
    pub const fn brings_cases(&self) -> bool {
        self.spec.is_some() || self.cases.is_some()
    }

    /// The test cases that the suite brings, as the platform is to be sent them.
    pub fn test_cases(&self) -> Option<Spec> {
        let frequency = self.frequency.map(Frequency::first);
        let inline = || Some(Spec::of_cases(self.cases.as_ref()?, frequency, self.concurrency));
        self.spec_read.clone().or_else(inline)
    }
}

/// A scenario that runs and is reported but does not count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quarantine {
    /// Id of the scenario.
    #[schemars(range(min = 1))]
    pub scenario: u64,
    /// The last day of the quarantine, for example `2026-12-31`. After it the entry is an error.
    pub until: Date,
    /// Who is responsible for it.
    #[schemars(length(min = 1))]
    pub owner: String,
    /// Why.
    #[schemars(length(min = 1))]
    pub reason: String,
}

/// What to do after a failed gate.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OnFailure {
    /// Wait, for a bounded time, for the platform's own explanation of the failures.
    pub explain: Option<bool>,
    /// Ask the platform for an improved prompt and propose it as a diff.
    pub improve_prompt: Option<ImprovePrompt>,
}

/// Where the prompt to improve is.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImprovePrompt {
    /// Path of the agent's prompt.
    #[schemars(length(min = 1))]
    pub agent_prompt: String,
}

/// What to do after a passed gate.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OnSuccess {
    /// Keep runs as a test set.
    pub test_set: Option<TestSet>,
}

/// Which runs to keep as a test set.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestSet {
    /// Which runs: `failing-before` for a run of each scenario that failed in the baseline and
    /// passes now, `all` for every run that passed, or ids of runs.
    pub from: TestSetFrom,
    /// Name of the test set.
    #[schemars(length(min = 1))]
    pub name: String,
}

/// What happens to calls that are still going.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum CallPolicy {
    /// End them: nothing more is billed.
    #[default]
    EndCalls,
    /// Leave them: `watch` can pick the result up later.
    Leave,
}

/// Where reports go and what they may contain.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reports {
    /// Directory of the reports. Default: cekura-report.
    #[schemars(length(min = 1))]
    pub dir: Option<String>,
    /// Make a link that shows the transcripts to anyone who has it. Default: false.
    pub share_link: Option<bool>,
    /// Which transcripts the reports contain. Default: failed.
    pub transcripts: Option<Transcripts>,
    /// What no report may show: `phone_numbers`, `emails`, `card_numbers`, and patterns of your own.
    #[schemars(length(min = 1))]
    pub redact: Option<Vec<Redact>>,
    /// How `junit.xml` is written, for readers with other needs.
    pub junit: Option<Junit>,
}

/// How `junit.xml` is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Junit {
    /// How a run that did not pass is written where its gate passed all the same. Default: failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerated: Option<Tolerated>,
    /// How the other attempts at a retried run are written. Default: note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<RetryMarks>,
}

impl Junit {
    /// Whether nothing is said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How a run that did not pass is written where its gate passed all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tolerated {
    /// As what it is, a failure or an error.
    #[default]
    Failure,
    /// As skipped, with a message that begins with `tolerated:`.
    Skipped,
}

/// How the other attempts at a retried run are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryMarks {
    /// As text: in the message, the body, a property and the output of the test suite.
    #[default]
    Note,
    /// As `flakyFailure`, `flakyError`, `rerunFailure` and `rerunError` elements, too: Jenkins reads
    /// them, and the Windy Road schema does not know them.
    Elements,
}

/// Which transcripts the reports contain.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Transcripts {
    /// Nobody's.
    None,
    /// Those of runs that did not pass.
    #[default]
    Failed,
    /// Everybody's.
    All,
}

impl Suite {
    /// Which transcripts the reports contain.
    pub fn transcripts(&self) -> Transcripts {
        self.reports.as_ref().and_then(|reports| reports.transcripts).unwrap_or_default()
    }
}

impl Transcripts {
    /// Whether they hold that of a run that has passed, or has not.
    pub const fn hold_those_of(self, passed: bool) -> bool {
        match self {
            Transcripts::None => false,
            Transcripts::Failed => !passed,
            Transcripts::All => true,
        }
    }
}

/// Agents, or programs of an agent, and modes: each is run in each mode, as a suite of its own.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Matrix {
    /// Ids of agents, in place of `agent`. With `thresholds.baseline.from: matrix` the first is what
    /// the others are compared with.
    #[schemars(length(min = 2), inner(range(min = 1)))]
    pub agent: Option<Vec<u64>>,
    /// Directories of the agent's program, in place of `agent_dir`, in mode api_chat: two commits
    /// that are checked out side by side. As with `agent`, the first can be what the others are
    /// compared with.
    #[schemars(length(min = 2), inner(length(min = 1)))]
    pub agent_dir: Option<Vec<String>>,
    /// Commands that start the agent's program, in place of `agent_command`, in mode api_chat. As
    /// with `agent`, the first can be what the others are compared with.
    #[schemars(length(min = 2), inner(length(min = 1)))]
    pub agent_command: Option<Vec<Vec<String>>>,
    /// Modes, in place of `mode`.
    #[schemars(length(min = 2))]
    pub mode: Option<Vec<Mode>>,
}

/// One side of a call. What it leaves out is as the suite says.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Party {
    /// Name of the side. It labels its results and its report. Default: `leg 1`, `leg 2`, ….
    #[schemars(length(min = 1, max = 100))]
    pub name: Option<String>,
    /// Id of the agent under test on this side.
    #[schemars(range(min = 1))]
    pub agent: Option<u64>,
    /// Provider's assistant id, in place of `agent`.
    #[schemars(length(min = 1))]
    pub assistant: Option<String>,
    /// Ids of the scenarios, one for each set, in the order of the sets. As many as every other
    /// side has; an id that is repeated runs in several sets.
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub scenarios: Option<Vec<u64>>,
    /// How the simulated caller reaches the agent.
    pub mode: Option<Mode>,
    /// Telephone numbers.
    pub phone: Option<Phone>,
    /// LiveKit overrides.
    pub livekit: Option<Livekit>,
    /// Pipecat Cloud overrides, or rooms.
    pub pipecat: Option<Pipecat>,
    /// SIP overrides.
    pub sip: Option<Sip>,
    /// WebSocket endpoints.
    pub websocket: Option<Websocket>,
    /// Vapi assistant.
    pub vapi: Option<Vapi>,
    /// Retell agent.
    pub retell: Option<Retell>,
    /// ElevenLabs overrides.
    pub elevenlabs: Option<Elevenlabs>,
    /// E-mail overrides.
    pub email: Option<Email>,
    /// Names of the tools to mock.
    #[schemars(inner(length(min = 1)))]
    pub mock_tools: Option<Vec<String>>,
    /// What the runs of this side must show, in place of the suite's thresholds.
    pub thresholds: Option<Thresholds>,
}

impl Party {
    /// Where a part of the side's suite stands in the suite file: at the side, where it says it
    /// itself. `index` is its place among the sides.
    pub fn place(&self, index: usize, path: &Path) -> Path {
        match path.0.first() {
            Some(key) if !self.says(key) => path.clone(),
            _ => {
                let here = ["together".to_owned(), index.to_string()];
                Path(here.into_iter().chain(path.0.iter().cloned()).collect())
            }
        }
    }

    /// Whether the side says this key of a suite itself.
    pub fn says(&self, key: &str) -> bool {
        match key {
            "agent" | "assistant" => self.agent.is_some() || self.assistant.is_some(),
            "scenarios" => self.scenarios.is_some(),
            "mode" => self.mode.is_some(),
            "phone" => self.phone.is_some(),
            "livekit" => self.livekit.is_some(),
            "pipecat" => self.pipecat.is_some(),
            "sip" => self.sip.is_some(),
            "websocket" => self.websocket.is_some(),
            "vapi" => self.vapi.is_some(),
            "retell" => self.retell.is_some(),
            "elevenlabs" => self.elevenlabs.is_some(),
            "email" => self.email.is_some(),
            "mock_tools" => self.mock_tools.is_some(),
            "thresholds" => self.thresholds.is_some(),
            _ => false,
        }
    }
}
