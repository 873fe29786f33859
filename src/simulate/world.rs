//! The world that the simulator plays: its account, and how its conversations turn out.
//!
//! These types are the YAML file's shape; their docstrings become the schema. What a world makes
//! of a run is in `fate`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// A world for the simulator: an account, and how its conversations turn out.
///
/// The same world gives the same outcomes each time, whatever the timing of the requests: each
/// run's fate is drawn from the seed, the scenario's id and how often that scenario has run.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "cekura-gate world")]
pub struct World {
    /// Another seed gives other outcomes with the same probabilities. Default: 1.
    pub seed: u64,
    /// Simulated seconds per real second. 0: every call is over at once. Default: 600.
    #[schemars(range(min = 0))]
    pub time_scale: f64,
    /// The only API key that is accepted. Default: any that isn't empty.
    #[schemars(length(min = 1))]
    pub api_key: Option<String>,
    /// Projects of the account.
    pub projects: Vec<Project>,
    /// Agents under test. Default: one, with id 1.
    pub agents: Vec<Agent>,
    /// Personalities that a simulated caller can have.
    pub personalities: Vec<Named>,
    /// Test profiles that a simulated caller can have.
    pub test_profiles: Vec<Named>,
    /// Scenarios (evaluators).
    pub scenarios: Vec<Scenario>,
    /// Metrics that score each conversation.
    pub metrics: Vec<Metric>,
    /// How many calls the plan allows at the same time. Default: 10.
    #[schemars(range(min = 1))]
    pub concurrency: u32,
    /// How many calls are started each second. Default: 5.
    #[schemars(range(min = 0.001))]
    pub start_rate: f64,
    /// Seconds from the end of a call until it is judged. Default: 8.
    #[schemars(range(min = 0))]
    pub evaluate: f64,
    /// What one run costs, in the account's currency. Default: 0.
    #[schemars(range(min = 0))]
    pub price_per_run: f64,
    /// Credits that the account has when the simulator begins. A start that costs more than what is
    /// left is refused with status 402. Default: no end of them, and nobody may ask how many.
    #[schemars(range(min = 0))]
    pub credits: Option<f64>,
    /// The agent's paths, and whether the runs of a result cover each. Default: none are known.
    pub paths: BTreeMap<String, bool>,
    /// Telephone numbers that runs of others occupy.
    pub occupied_numbers: Vec<String>,
    /// Whether the platform explains the failures once all runs have ended. Default: true.
    pub insights: bool,
    /// Seconds from the end of the last run until the failures are explained. Default: 0.
    #[schemars(range(min = 0))]
    pub insights_after: f64,
    /// Where the API contradicts its own documentation.
    pub quirks: Quirks,
    /// Test cases that starts have brought along. No part of a world's file.
    #[serde(skip)]
    #[schemars(skip)]
    pub cases: Vec<Scenario>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            seed: 1,
            time_scale: 600.0,
            api_key: None,
            projects: Vec::new(),
            agents: Vec::new(),
            personalities: Vec::new(),
            test_profiles: Vec::new(),
            scenarios: Vec::new(),
            metrics: Vec::new(),
            concurrency: 10,
            start_rate: 5.0,
            evaluate: 8.0,
            price_per_run: 0.0,
            credits: None,
            paths: BTreeMap::new(),
            occupied_numbers: Vec::new(),
            insights: true,
            insights_after: 0.0,
            quirks: Quirks::default(),
            cases: Vec::new(),
        }
    }
}

/// A project of the account.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Id of the project.
    #[schemars(range(min = 1))]
    pub id: u64,
    /// Name of the project.
    pub name: String,
}

/// An agent under test.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Id of the agent.
    #[schemars(range(min = 1))]
    pub id: u64,
    /// Name of the agent.
    pub name: String,
    /// Id of its project. Default: 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub project: u64,
    /// The provider's assistant id, by which a run can name the agent.
    #[serde(default)]
    pub assistant: Option<String>,
    /// Probability that a conversation with this agent passes, in place of the scenarios' own, so
    /// that two agents can be compared.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub pass: Option<f64>,
    /// Version of the agent that results name.
    #[serde(default)]
    pub version: Option<String>,
}

const fn one() -> u64 {
    1
}

/// Something with an id and a name.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its id.
    #[schemars(range(min = 1))]
    pub id: u64,
    /// Its name.
    pub name: String,
}

/// A scenario, and how its conversations turn out.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// Id of the scenario.
    #[schemars(range(min = 1))]
    pub id: u64,
    /// Name of the scenario. What the caller wants is guessed from it: an order, a return, a
    /// booking, a payment, an address, opening hours.
    pub name: String,
    /// Its folder, as a dotted path such as `Sales.Inbound`.
    pub folder: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Id of the agent it belongs to. Default: the first.
    pub agent: Option<u64>,
    /// Id of its caller's personality.
    pub personality: Option<u64>,
    /// Id of its caller's test profile.
    pub test_profile: Option<u64>,
    /// What should come out, in words. Default: what the name makes one expect.
    pub expected_outcome: Option<String>,
    /// Probability that a conversation passes. Default: 1.
    #[schemars(range(min = 0, max = 1))]
    pub pass: f64,
    /// Probability that a run never becomes a conversation. Default: 0.
    #[schemars(range(min = 0, max = 1))]
    pub error: f64,
    /// Why runs do not become conversations, one of them at random.
    pub end_reasons: Vec<String>,
    /// Status of the runs that never became a conversation. Default: failed.
    pub error_status: ErrorStatus,
    /// Probability that a conversation is held but nothing about it is judged. Default: 0.
    #[schemars(range(min = 0, max = 1))]
    pub unscored: f64,
    /// Length of the conversations.
    pub duration: Span,
    /// How its caller chats in mode api_chat.
    pub chat: ChatScript,
    /// Other distributions than the metrics' own, by the metric's name.
    pub metrics: BTreeMap<String, Values>,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            id: 0,
            name: String::new(),
            folder: None,
            tags: Vec::new(),
            agent: None,
            personality: None,
            test_profile: None,
            expected_outcome: None,
            pass: 1.0,
            error: 0.0,
            end_reasons: Vec::new(),
            error_status: ErrorStatus::default(),
            unscored: 0.0,
            duration: Span::default(),
            chat: ChatScript::default(),
            metrics: BTreeMap::new(),
        }
    }
}

/// Status of a run that never became a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorStatus {
    /// Failed.
    #[default]
    Failed,
    /// Took too long.
    Timeout,
    /// Ended by someone.
    Cancelled,
    /// Completed, with an error message and without a transcript.
    Completed,
}

/// A length of time in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Span {
    /// Mean in seconds. Default: 95.
    #[schemars(range(min = 0))]
    pub mean: f64,
    /// Standard deviation in seconds. Default: 25.
    #[schemars(range(min = 0))]
    pub spread: f64,
}

impl Default for Span {
    fn default() -> Self {
        Self { mean: 95.0, spread: 25.0 }
    }
}

/// A metric that scores each conversation.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Metric {
    /// Id of the metric.
    #[schemars(range(min = 1))]
    pub id: u64,
    /// Name of the metric.
    pub name: String,
    /// Its slug, such as `customer_satisfaction_1562`.
    pub slug: Option<String>,
    /// Its code, such as `7fd534f5`.
    pub code: Option<String>,
    /// What it measures, in the account's words.
    pub description: Option<String>,
    /// What it scores with. Default: binary.
    pub kind: Kind,
    /// How a binary score is written. Default: passed.
    pub style: Style,
    /// binary: whether it decides if a run passes. It then follows the run's fate, not its own
    /// probability. Default: false.
    pub rubric: bool,
    /// Probability that it is skipped as irrelevant. Default: 0.
    #[schemars(range(min = 0, max = 1))]
    pub skip: f64,
    /// How its scores are distributed.
    pub values: Values,
    /// What is different when the run failed.
    pub when_failed: Values,
    /// What is different when it is scored again. Otherwise it is drawn again, as it was at first.
    pub when_scored_again: Values,
}

/// What a metric scores with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Passed or not.
    #[default]
    Binary,
    /// 0 to 5, or 0 to 100 where `max` is 100.
    Rating,
    /// A number in the metric's own unit.
    Numeric,
    /// A label.
    Enum,
}

/// How a binary score is written. The platform has written them in each of these ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// `eval_type: binary` with `passed`.
    #[default]
    Passed,
    /// `type: binary_workflow_adherence` with a score of 5 or 0.
    Workflow,
    /// `type: binary_qualitative` with a score of 100 or 0 and `score_normalized`.
    Qualitative,
    /// `type: binary` with a score of 1 or 0.
    Plain,
}

/// How scores are distributed. Each kind of metric reads its own keys.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Values {
    /// binary: probability that it passes. Default: 1, and 0 when the run failed.
    #[schemars(range(min = 0, max = 1))]
    pub pass: Option<f64>,
    /// rating, numeric: mean of a normal distribution.
    pub mean: Option<f64>,
    /// rating, numeric: its standard deviation. Default: a tenth of the mean.
    #[schemars(range(min = 0))]
    pub spread: Option<f64>,
    /// numeric: median of a log-normal distribution, such as a latency's. Goes before `mean`.
    #[schemars(range(min = 0))]
    pub median: Option<f64>,
    /// numeric: 95th percentile of that distribution. Default: twice the median.
    #[schemars(range(min = 0))]
    pub p95: Option<f64>,
    /// rating, numeric: no score is lower. Default: 0.
    pub min: Option<f64>,
    /// rating, numeric: no score is higher. Default: 5 for a rating, no limit for a number.
    pub max: Option<f64>,
    /// enum: the labels and how often each comes, as weights.
    pub labels: Option<BTreeMap<String, f64>>,
}

impl Values {
    /// These values, except where `other` says something else.
    pub(super) fn overlaid(&self, other: &Values) -> Values {
        Values {
            pass: other.pass.or(self.pass),
            mean: other.mean.or(self.mean),
            spread: other.spread.or(self.spread),
            median: if other.mean.is_some() { other.median } else { other.median.or(self.median) },
            p95: other.p95.or(self.p95),
            min: other.min.or(self.min),
            max: other.max.or(self.max),
            labels: other.labels.clone().or_else(|| self.labels.clone()),
        }
    }
}

/// Where the API contradicts its own documentation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Quirks {
    /// A result's `success_rate` is a fraction (0 to 1), not a percentage.
    pub fraction_rate: bool,
    /// `success_runs_count` counts every run that has ended, whatever became of it.
    pub inflated_success: bool,
    /// Counts are text.
    pub text_counts: bool,
    /// The calls that the newest API has dropped are not there: those that improve prompts, and
    /// the one that judges an expected outcome at once.
    pub newest_api: bool,
    /// The v1 paths of results and runs are gone; only their v2 paths answer.
    pub without_v1: bool,
    /// The answer to a start holds the result's id and no runs.
    pub bare_starts: bool,
}

impl World {
    /// The agents, with one made up where the world names none.
    pub(super) fn all_agents(&self) -> Vec<Agent> {
        if self.agents.is_empty() {
            vec![Agent {
                id: 1,
                name: "Shop assistant".into(),
                project: 1,
                assistant: None,
                pass: None,
                version: None,
            }]
        } else {
            self.agents.clone()
        }
    }

    /// The agent that a scenario belongs to.
    pub(super) fn agent_of(&self, scenario: &Scenario) -> u64 {
        scenario.agent.or_else(|| self.agents.first().map(|agent| agent.id)).unwrap_or(1)
    }

    pub(super) fn agent(&self, id: u64) -> Option<Agent> {
        self.all_agents().into_iter().find(|agent| agent.id == id)
    }

    pub(super) fn scenario(&self, id: u64) -> Option<&Scenario> {
        self.scenarios.iter().chain(&self.cases).find(|scenario| scenario.id == id)
    }
}

/// How a caller chats in mode api_chat.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChatScript {
    /// Who speaks first. Default: caller.
    pub speaks_first: SpeaksFirst,
    /// What the caller says, message by message; the conversation ends after the answer to the last
    /// one. Default: what the scenario's name makes one expect.
    #[schemars(length(min = 1))]
    pub says: Option<Vec<String>>,
    /// How long the caller takes for a reply, in simulated seconds. Default: 0.
    #[schemars(range(min = 0))]
    pub reply_after: f64,
    /// Turns, counted from 1, that are dropped: nobody replies, and the message is to be sent again.
    pub drops: Vec<u64>,
    /// Turns, counted from 1, whose reply fails.
    pub errors: Vec<u64>,
    /// Ends the conversation early: after so many messages of the agent.
    #[schemars(range(min = 1))]
    pub ends_after: Option<u64>,
}

/// Who speaks first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpeaksFirst {
    /// The simulated caller.
    #[default]
    Caller,
    /// The agent under test.
    Agent,
}
