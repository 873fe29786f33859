//! What the gate knows of a result: one clean shape, whatever the platform sent.
//!
//! `api/wire` reads the platform's documents into these types; everything after it (outcome,
//! verdict, reports, `judge`) works on them, and `result.json` holds them. They carry text that
//! callers and models wrote: it is kept as it came and escaped by each report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A result: one start of a suite and all its runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ResultRecord {
    /// Id of the result.
    pub id: u64,
    /// The name it was started with.
    pub name: Option<String>,
    /// Status as the platform last gave it.
    pub status: Status,
    /// Id of the agent under test.
    pub agent: Option<u64>,
    /// Name of the agent under test.
    pub agent_name: Option<String>,
    /// Version of the agent that it ran against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// When it was created, as the platform wrote it.
    pub created_at: Option<String>,
    /// The platform's own figures. They decide nothing; a difference is reported.
    pub claims: Claims,
    /// What the platform says about the failures.
    pub insights: Insights,
    /// Which of the agent's paths the runs covered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_coverage: Option<PathCoverage>,
    /// The platform's own figures by rule of the project's rubric. They decide nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rubric_rules: Vec<RubricRule>,
    /// The runs, in ascending order of their ids.
    pub runs: Vec<RunRecord>,
    /// Entries of the result that could not be read at all, such as a run that is null.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableField>,
}

/// Which of the agent's paths the runs of a result covered, as the platform measures it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PathCoverage {
    /// Share of the paths that were covered, as a percentage.
    pub percent: f64,
    /// How many paths there are.
    pub total: Option<u64>,
    /// Paths that were covered.
    pub covered: Vec<String>,
    /// Paths that no run took.
    pub uncovered: Vec<String>,
}

/// What one rule of the project's rubric comes to over a result, by the platform's own judgement.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RubricRule {
    /// The metric.
    pub metric: String,
    /// The value over the runs.
    pub value: Option<String>,
    /// Whether the value meets the rule.
    pub met: Option<bool>,
}

impl ResultRecord {
    /// The version of the agent: that of the result, else of its runs, where they agree.
    pub fn version(&self) -> Option<String> {
        let own = self.agent_version.clone();
        own.or_else(|| {
            let mut versions = self.runs.iter().filter_map(|run| run.agent_version.as_ref());
            let first = versions.next()?;
            versions.all(|other| other == first).then(|| first.clone())
        })
    }

    /// When it was created; none where that is not known.
    pub fn created(&self) -> Option<jiff::Timestamp> {
        self.created_at.as_deref().and_then(instant)
    }
}

/// A time as the platform writes it. One without a zone is UTC.
pub fn instant(text: &str) -> Option<jiff::Timestamp> {
    let text = text.trim();
    text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}

/// A field that could not be read. It is a missing value, and nothing else is lost with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UnreadableField {
    /// Where it stands in the run's document, or else in the result's, such as
    /// `evaluation.metrics[0].score`.
    pub field: String,
    /// The metric that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// What stood there, cut.
    pub value: String,
}

/// The platform's own figures for a result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Claims {
    /// Success rate as it came: a fraction or a percentage.
    pub success_rate: Option<f64>,
    /// Number of runs.
    pub total_runs: Option<u64>,
    /// Number of runs that completed.
    pub completed_runs: Option<u64>,
    /// Number of runs that the platform calls successful.
    pub success_runs: Option<u64>,
    /// Number of runs that the platform calls failed.
    pub failed_runs: Option<u64>,
}

/// What the platform says about the failures of a result. Written by a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Insights {
    /// Groups of failures, the most frequent first.
    pub failed_reasons: Vec<FailedReason>,
    /// What happened.
    pub what_happened: Option<String>,
    /// Why it happened.
    pub why_it_happened: Option<String>,
    /// How to fix it.
    pub how_to_fix: Option<String>,
    /// Suggested next steps, the most useful first.
    pub next_steps: Vec<NextStep>,
}

/// A group of failures with one cause.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FailedReason {
    /// The cause, in a model's words.
    pub description: String,
    /// The runs it explains.
    pub run_ids: Vec<u64>,
    /// How many runs it explains.
    pub affected_count: Option<u64>,
}

/// A suggested next step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NextStep {
    /// The step in a few words.
    pub title: String,
    /// More about it.
    pub description: Option<String>,
}

/// One conversation of a simulated caller with the agent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunRecord {
    /// Id of the run.
    pub id: u64,
    /// Status as the platform last gave it.
    pub status: Status,
    /// Id of the scenario; missing when the scenario was deleted.
    pub scenario: Option<u64>,
    /// Name of the scenario.
    pub scenario_name: Option<String>,
    /// Key of the test case, where the runs are of a spec: there, scenario ids change at each start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_key: Option<String>,
    /// What its set is called, where the sides of a call start together: `set 2 #1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// The round that it was started in, from 1, where the runs come in rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
    /// Tags of the scenario; none where the platform has not told them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Id of the personality.
    pub personality: Option<u64>,
    /// Name of the personality.
    pub personality_name: Option<String>,
    /// Id of the test profile.
    pub test_profile: Option<u64>,
    /// Name of the test profile.
    pub test_profile_name: Option<String>,
    /// The platform's judgement; missing when it made none.
    pub success: Option<bool>,
    /// A reviewer's or the platform's evaluation (`success`, `failure`, `reviewed_success`, …).
    pub evaluation_status: Option<String>,
    /// Whether every rule of the rubric was skipped, so that `success` rests on nothing.
    pub rubric_skipped: bool,
    /// Why the run could not be held, in the platform's words.
    pub error_message: Option<String>,
    /// Why the call ended, such as `Main agent-ended-call`.
    pub ended_reason: Option<String>,
    /// Version of the agent that it ran against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// Length of the conversation in seconds.
    pub duration_seconds: Option<f64>,
    /// When it ran, as the platform wrote it.
    pub executed_at: Option<String>,
    /// Whether the expected outcome was met.
    pub expected_outcome: Option<ExpectedOutcome>,
    /// The metrics that scored it.
    pub metrics: Vec<MetricRecord>,
    /// Whether there was a conversation at all. True when a transcript came, even if it is not kept.
    pub has_transcript: bool,
    /// The conversation.
    pub transcript: Vec<Turn>,
    /// Where the recording is.
    pub recording_url: Option<String>,
    /// Fields that could not be read: each is a missing value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableField>,
    /// What went wrong while the gate held the conversation, in mode api_chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_fault: Option<ChatFault>,
    /// How long the agent took for each of its answers, in milliseconds, in mode api_chat.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agent_latencies_ms: Vec<f64>,
}

/// With what a gate ends a conversation that an earlier one has left open.
pub const GATE_LOST: &str = "gate_lost";

/// What went wrong while the gate held a conversation between the caller and the agent's program.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ChatFault {
    /// What kind of fault it is.
    pub kind: ChatFaultKind,
    /// What happened, in words.
    pub message: String,
    /// The last lines of the program's standard error.
    pub stderr: Vec<String>,
    /// Whether the run counts as a failure of the agent; otherwise it is no evidence.
    pub counts_as_failed: bool,
}

/// What kind of fault ended a conversation that the gate held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChatFaultKind {
    /// The program could not be started.
    NotStarted,
    /// The program exited in the middle of the conversation.
    #[default]
    Exited,
    /// The program wrote something that is no message of the protocol.
    NotTheProtocol,
    /// The program gave no answer in time.
    Silent,
    /// The program wrote more than anyone needs.
    Flooded,
    /// The server refused a turn, or could not be reached.
    Refused,
    /// The platform gave no reply of the caller. It is not the program's fault.
    NoReply,
    /// The gate that held the conversation was lost. It is not the program's fault.
    GateLost,
}

impl ChatFaultKind {
    /// Whether the agent's program is to blame.
    pub const fn is_the_programs(self) -> bool {
        !matches!(self, ChatFaultKind::NoReply | ChatFaultKind::GateLost)
    }
}

impl RunRecord {
    /// What the run tries: scenario, personality and test profile. Repetitions share it.
    pub const fn case(&self) -> (Option<u64>, Option<u64>, Option<u64>) {
        (self.scenario, self.personality, self.test_profile)
    }

    /// Whether entries of metrics stand in it of which nobody can read what metric they are of.
    pub fn has_unreadable_metrics(&self) -> bool {
        let of_none =
            |one: &UnreadableField| one.metric.is_none() && one.field.starts_with("evaluation");
        self.unreadable.iter().any(of_none)
    }
}

/// How far the expected outcome was met.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExpectedOutcome {
    /// 0 to 100; met only at 100. Missing when it was not scored.
    pub score: Option<f64>,
    /// Why, in a model's words.
    pub explanation: Vec<String>,
    /// Whether there is a score that could not be read: it could have been anything.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unreadable: bool,
}

/// One metric's score of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricRecord {
    /// Id of the metric.
    pub id: Option<u64>,
    /// Name of the metric.
    pub name: String,
    /// Slug, function name or code by which the metric may also be named.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The score.
    pub value: MetricValue,
    /// Why, in a model's words.
    #[serde(default)]
    pub explanation: Vec<String>,
    /// Whether there is a score that could not be read. `value` is then empty without the metric
    /// having been skipped: it could have been anything.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unreadable: bool,
}

impl MetricRecord {
    /// Whether the metric was skipped as irrelevant.
    pub const fn is_skipped(&self) -> bool {
        self.value.is_skipped() && !self.unreadable
    }
}

/// A metric's score, by the metric's kind. Null when the metric was skipped as irrelevant: it then
/// counts neither agrees nor disagrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "score", rename_all = "snake_case")]
pub enum MetricValue {
    /// Passed or not.
    Binary(Option<bool>),
    /// A rating, 0–5 or 0–100.
    Rating(Option<f64>),
    /// A number in the metric's own unit.
    Numeric(Option<f64>),
    /// A label.
    Label(Option<String>),
}

impl MetricValue {
    /// The kind in a word, as messages name it.
    pub const fn kind(&self) -> &'static str {
        match self {
            MetricValue::Binary(_) => "binary",
            MetricValue::Rating(_) => "rating",
            MetricValue::Numeric(_) => "numeric",
            MetricValue::Label(_) => "enum",
        }
    }

    /// Whether two entries of one metric say the same. Where neither has a score, the kind is no
    /// matter: a skipped entry often lacks it.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self == other || (self.is_skipped() && other.is_skipped())
    }

    /// Whether there is no value: the metric was skipped, or its score could not be read.
    pub const fn is_skipped(&self) -> bool {
        match self {
            MetricValue::Binary(score) => score.is_none(),
            MetricValue::Rating(score) | MetricValue::Numeric(score) => score.is_none(),
            MetricValue::Label(label) => label.is_none(),
        }
    }
}

/// One turn of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Turn {
    /// Who spoke.
    pub role: String,
    /// What was said.
    pub content: String,
    /// Seconds since the start of the conversation.
    pub at_seconds: Option<f64>,
}

/// Status of a result or a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Under way.
    Running,
    /// Not yet started.
    #[default]
    Pending,
    /// Under way.
    InProgress,
    /// The conversation is over and is being judged.
    Evaluating,
    /// Waiting for a free line.
    InQueue,
    /// Waiting for capacity.
    ScalingUp,
    /// Ended. For a result: at least one run completed.
    Completed,
    /// Ended without a conversation.
    Failed,
    /// Ended because it took too long.
    Timeout,
    /// Ended by someone.
    Cancelled,
    /// A status that this program does not know. Taken for in progress.
    Unknown(String),
}

impl Status {
    /// The four ends. An unknown status is taken for in progress.
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Status::Completed | Status::Failed | Status::Timeout | Status::Cancelled)
    }

    /// The status as the platform writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Status::Running => "running",
            Status::Pending => "pending",
            Status::InProgress => "in_progress",
            Status::Evaluating => "evaluating",
            Status::InQueue => "in_queue",
            Status::ScalingUp => "scaling_up",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Timeout => "timeout",
            Status::Cancelled => "cancelled",
            Status::Unknown(text) => text,
        }
    }
}

impl From<&str> for Status {
    fn from(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "running" => Status::Running,
            "pending" => Status::Pending,
            "in_progress" => Status::InProgress,
            "evaluating" => Status::Evaluating,
            "in_queue" => Status::InQueue,
            "scaling_up" => Status::ScalingUp,
            "completed" => Status::Completed,
            "failed" => Status::Failed,
            "timeout" => Status::Timeout,
            "cancelled" => Status::Cancelled,
            _ => Status::Unknown(text.to_owned()),
        }
    }
}

impl Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Status::from(text.as_ref()))
    }
}

impl JsonSchema for Status {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Status".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Status as the platform writes it. `completed`, `failed`, `timeout` and `cancelled` are ends; anything else is in progress.",
        })
    }
}

/// How many runs the platform counts in a result beyond those that its answer holds.
pub(crate) fn not_shown(result: &ResultRecord) -> usize {
    let claimed = result.claims.total_runs.and_then(|total| usize::try_from(total).ok());
    claimed.unwrap_or_default().saturating_sub(result.runs.len())
}
