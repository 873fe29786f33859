//! One run's data to one of four outcomes, with who is to blame and why.
//!
//! Pure: one table, read from top to bottom, first match wins, tested row by row. It decides
//! whether a run is evidence about the agent at all; what the evidence adds up to is in `verdict`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::{ChatFault, ChatFaultKind, GATE_LOST, RunRecord, Status};

/// What a run is evidence of.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The agent had its conversation and passed.
    Passed,
    /// The agent had its conversation and failed.
    Failed,
    /// There was no fair conversation.
    Errored,
    /// The conversation finished and nothing judged it.
    Unscored,
}

impl Outcome {
    /// The outcome in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Errored => "errored",
            Outcome::Unscored => "unscored",
        }
    }

    /// Whether the run could have gone either way.
    pub const fn is_unknown(self) -> bool {
        matches!(self, Outcome::Errored | Outcome::Unscored)
    }
}

/// Who is to blame for a run that did not pass.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The agent under test.
    Agent,
    /// The agent's own program, which the gate has started: it crashed, or did not answer.
    AgentProgram,
    /// The agent or the way to it: it was called and nothing answered.
    AgentOrTransport,
    /// The telephone network or another carrier between the caller and the agent.
    Telephony,
    /// The platform and its simulated caller.
    Platform,
    /// Whoever ended the call.
    Operator,
    /// The judge: the conversation is there, a score is not.
    Judge,
    /// Nobody: the run was still going.
    #[serde(alias = "time_limit")]
    StillGoing,
    /// Nothing in the data says.
    Unknown,
}

impl Blame {
    /// Who it is, as a sentence names it.
    pub const fn name(self) -> &'static str {
        match self {
            Blame::Agent => "the agent",
            Blame::AgentProgram => "the agent's program",
            Blame::AgentOrTransport => "the agent or the connection to it",
            Blame::Telephony => "telephony",
            Blame::Platform => "the platform",
            Blame::Operator => "someone who ended the call",
            Blame::Judge => "the judge",
            Blame::StillGoing => "the run was still going",
            Blame::Unknown => "unknown",
        }
    }
}

/// The outcome of a run with its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunOutcome {
    /// Id of the run.
    pub run: u64,
    /// What the run is evidence of.
    pub outcome: Outcome,
    /// Who is to blame; none for a run that passed.
    pub blame: Option<Blame>,
    /// Why, in a line. May hold text from the platform.
    pub reason: String,
    /// The number of this repetition among the runs of its scenario, personality and profile, from 1.
    pub repetition: u32,
}

impl RunOutcome {
    /// The outcome in a word, as reports show it.
    pub const fn word(&self) -> &'static str {
        word(self.outcome, self.blame)
    }
}

/// An outcome in a word. A run that had not ended is no evidence, as one that errored is none; but
/// nothing has gone wrong with it.
pub const fn word(outcome: Outcome, blame: Option<Blame>) -> &'static str {
    match blame {
        Some(Blame::StillGoing) => "still going",
        _ => outcome.name(),
    }
}

/// Endings that name the platform's simulated caller and are not the agent's doing, even where some
/// conversation took place.
const CALLER_FAULTS: [&str; 5] = [
    "testing agent-did-not-connect",
    "testing agent-pipeline-error",
    "testing agent-dial-out-bot-crashed",
    "testing agent-run-not-ready",
    "testing agent-recording-failed",
];

/// Who an ending blames, and whether it says that no fair conversation took place.
fn blame_of_ending(ending: &str) -> Option<(Blame, Fairness)> {
    let ending = ending.trim().to_ascii_lowercase();
    if CALLER_FAULTS.contains(&ending.as_str()) {
        return Some((Blame::Platform, Fairness::Unfair));
    }
    match ending.as_str() {
        "call-failed-unknown-error" | "sip-call-failed" => {
            Some((Blame::Telephony, Fairness::Unfair))
        }
        "call-canceled" | "run-cancelled-by-user" => Some((Blame::Operator, Fairness::Unfair)),
        "main agent-did-not-answer" | "main agent-busy" | "main agent-call-not-connected" => {
            Some((Blame::AgentOrTransport, Fairness::Unfair))
        }
        "main agent-silence-timed-out" | "exceeded-max-duration" => {
            Some((Blame::Agent, Fairness::Fair))
        }
        // Other endings of the simulated caller count as its fault only where no conversation is
        // left to judge: it also ends calls that went well.
        other if other.starts_with("testing agent-") => {
            Some((Blame::Platform, Fairness::FairIfThereWasAConversation))
        }
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fairness {
    Fair,
    Unfair,
    FairIfThereWasAConversation,
}

/// Judges one run. `repetition` counts from 1 among the runs of the same case.
pub fn judge_run(run: &RunRecord, repetition: u32) -> RunOutcome {
    let (outcome, blame, reason) = classify(run);
    RunOutcome { run: run.id, outcome, blame, reason, repetition }
}

fn classify(run: &RunRecord) -> (Outcome, Option<Blame>, String) {
    if let Some(fault) = &run.chat_fault {
        return of_chat_fault(fault);
    }
    let ending = run.ended_reason.as_deref().unwrap_or_default();
    if ending == GATE_LOST {
        let reason = "the gate that ran the conversation stopped".to_owned();
        return (Outcome::Errored, Some(Blame::Operator), reason);
    }
    let fault = blame_of_ending(ending);
    let errored = |fallback: Blame, otherwise: &str| {
        let blame = fault.map_or(fallback, |(blame, _)| blame);
        (Outcome::Errored, Some(blame), error_reason(run, otherwise))
    };
    match &run.status {
        Status::Cancelled => return errored(Blame::Operator, "the call was cancelled"),
        Status::Timeout => return errored(Blame::Platform, "the run timed out"),
        Status::Completed | Status::Failed => {}
        unfinished => {
            let status = unfinished.as_str();
            let reason = format!("the run was still going: its status was `{status}`");
            return (Outcome::Errored, Some(Blame::StillGoing), reason);
        }
    }
    let agent_had_its_chance = matches!(fault, Some((Blame::Agent, Fairness::Fair)));
    let conversed = run.has_transcript || run.metrics.iter().any(|m| !m.value.is_skipped());
    let unfair = match fault {
        Some((_, Fairness::Unfair)) => run.success != Some(true) || !conversed,
        Some((_, Fairness::FairIfThereWasAConversation)) => !conversed,
        Some((_, Fairness::Fair)) | None => false,
    };
    if unfair {
        return errored(Blame::Unknown, "the call had no conversation");
    }
    if agent_had_its_chance && run.success != Some(true) {
        return (Outcome::Failed, Some(Blame::Agent), error_reason(run, "the call ended early"));
    }
    if run.status == Status::Failed {
        return errored(Blame::Unknown, "the call had no conversation");
    }
    if run.success == Some(false) && run.error_message.is_some() && !run.has_transcript {
        return errored(Blame::Unknown, "the call had no conversation");
    }
    judge_conversation(run, conversed)
}

/// The gate held the conversation itself and knows what ended it.
fn of_chat_fault(fault: &ChatFault) -> (Outcome, Option<Blame>, String) {
    let reason = match fault.stderr.is_empty() {
        true => fault.message.clone(),
        false => {
            let last = fault.stderr.join(" | ");
            format!("{}; the end of its standard error: {last}", fault.message)
        }
    };
    match fault.kind.is_the_programs() {
        true if fault.counts_as_failed => (Outcome::Failed, Some(Blame::AgentProgram), reason),
        true => (Outcome::Errored, Some(Blame::AgentProgram), reason),
        false if fault.kind == ChatFaultKind::GateLost => {
            (Outcome::Errored, Some(Blame::Operator), reason)
        }
        false => (Outcome::Errored, Some(Blame::Platform), reason),
    }
}

/// The conversation took place: what do its scores say?
fn judge_conversation(run: &RunRecord, conversed: bool) -> (Outcome, Option<Blame>, String) {
    let unscored = |reason: &str| (Outcome::Unscored, Some(Blame::Judge), reason.to_owned());
    let failed = |run: &RunRecord| (Outcome::Failed, Some(Blame::Agent), failure_reason(run));
    let outcome_score = run.expected_outcome.as_ref().and_then(|outcome| outcome.score);
    let scored = outcome_score.is_some() || run.metrics.iter().any(|m| !m.value.is_skipped());
    match (run.success, run.evaluation_status.as_deref()) {
        (Some(true), _) if run.rubric_skipped => {
            unscored("the platform reports a success, but every rule of its rubric was skipped")
        }
        (Some(true), _) if !scored => {
            unscored("the platform reports a success, but no metric and no outcome was scored")
        }
        // A person who looked has the last word against the agent.
        (Some(true), Some("reviewed_failure")) => failed(run),
        (Some(true), Some("failure")) => {
            unscored("the platform reports both a success and a failure")
        }
        (Some(false), Some("success" | "reviewed_success")) => {
            unscored("the platform reports both a failure and a success")
        }
        (Some(true), _) => (Outcome::Passed, None, "passed".to_owned()),
        (Some(false), _) if conversed || scored => failed(run),
        (Some(false), _) => {
            let reason = error_reason(run, "there is no transcript and no score");
            (Outcome::Errored, Some(Blame::Unknown), reason)
        }
        (None, Some("failure" | "reviewed_failure")) => failed(run),
        (None, Some("success" | "reviewed_success"))
            if scored && outcome_score.is_none_or(|score| score >= 100.0) =>
        {
            (Outcome::Passed, None, "passed".to_owned())
        }
        // Falling short of the expected outcome is a failure by itself; meeting it is not yet a
        // pass, because the rubric has not spoken.
        (None, _) if outcome_score.is_some_and(|score| score < 100.0) => failed(run),
        (None, _) => unscored("the run completed, but the platform did not judge it"),
    }
}

fn error_reason(run: &RunRecord, otherwise: &str) -> String {
    let message = run.error_message.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let ending = run.ended_reason.as_deref().map(str::trim).filter(|text| !text.is_empty());
    match (message, ending) {
        (Some(message), Some(ending)) if !message.contains(ending) => {
            format!("{message} ({ending})")
        }
        (Some(message), _) => message.to_owned(),
        (None, Some(ending)) => ending.to_owned(),
        (None, None) => otherwise.to_owned(),
    }
}

/// The first thing that a judge checked against the conversation.
fn failure_reason(run: &RunRecord) -> String {
    use crate::record::MetricValue;

    let outcome = run.expected_outcome.as_ref();
    if let Some(outcome) = outcome.filter(|outcome| outcome.score.is_some_and(|s| s < 100.0)) {
        let against = outcome.explanation.iter().find(|line| line.trim_start().starts_with('❌'));
        if let Some(line) = against.or(outcome.explanation.first()) {
            return line.trim_start().trim_start_matches('❌').trim().to_owned();
        }
    }
    let missed = run.metrics.iter().find(|m| m.value == MetricValue::Binary(Some(false)));
    match missed {
        Some(metric) => match metric.explanation.first() {
            Some(why) => {
                let why = why.trim_start().trim_start_matches('❌').trim();
                let why = why.strip_prefix(metric.name.as_str()).unwrap_or(why);
                format!("{}: {}", metric.name, why.trim_start_matches(':').trim())
            }
            None => format!("{}: not passed", metric.name),
        },
        None if outcome.is_some_and(|outcome| outcome.score.is_some_and(|s| s < 100.0)) => {
            "the expected outcome was not met".to_owned()
        }
        None => error_reason(run, "the platform judged it a failure and gave no reason"),
    }
}

#[cfg(test)]
mod tests;
