//! The report: everything that is known when the gate has decided.
//!
//! It is what `result.json` holds, and the only thing that the other reports are made from. It
//! holds nothing secret: no key, no headers of the suite.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exit::Code;
use crate::outcome::{Outcome, RunOutcome};
pub use crate::plan::slots::PlanHead;
use crate::record::{Insights, ResultRecord, RunRecord, Status};
use crate::report::round_table::RoundTable;
use crate::retry::RetryRecord;
use crate::suite::head::SuiteHead;
use crate::suite::model::{Junit, Quarantine};
use crate::traffic::Traffic;
use crate::verdict::baseline::Comparison;
use crate::verdict::{CheckReport, ScenarioRef, Verdict};

/// Version of the result.json format. It rises when a reader of the old one would misread the new.
pub const FORMAT_VERSION: u32 = 1;

/// Everything that is known when the gate has decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Version of this format.
    pub format_version: u32,
    /// Version of the program that wrote it.
    pub tool_version: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// The exit code that the verdict would have had, where it is reported only and that is not 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_exit_code: Option<u8>,
    /// The verdict in one line.
    pub headline: String,
    /// The suite, as far as it explains the verdict.
    pub suite: SuiteHead,
    /// What was planned.
    pub plan: PlanHead,
    /// When it was.
    pub timing: Timing,
    /// The result's page on the dashboard, or the share link where the suite asks for one.
    pub url: Option<String>,
    /// How many runs ended in which way.
    pub tally: Tally,
    /// The checks, in the order of the suite.
    pub checks: Vec<CheckReport>,
    /// What a reader should know besides: differences to the platform's figures, surprises.
    pub notes: Vec<String>,
    /// The outcomes of the runs, in the order of `result.runs`.
    pub outcomes: Vec<RunOutcome>,
    /// The evidence.
    pub result: ResultRecord,
    /// The earlier result that it was compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineHead>,
    /// Why the earlier result that the suite names decides nothing: it is the judged one itself, was
    /// started after it, or is of the same commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_baseline: Option<String>,
    /// The runs that were started again, and what became of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retries: Vec<RetryRecord>,
    /// The results that are judged together, where the sides of a call start together: then
    /// `result` holds the runs of all of them under the id of the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<PooledResult>,
    /// What each round started and decided, and what was saved, where the runs came in rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<RoundTable>,
    /// The notes that came up while the gate ran; `judge` finds the others again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Whether the gate ended before its result did: by a signal, a time limit, an outage.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
    /// Why the suite that judged it is not that of the evidence: then nothing is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_suite: Option<String>,
    /// Whether calls were ended early because the verdict was known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped_early: bool,
    /// Whether a simulator gave the evidence: a rehearsal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// What a run costs, where the suite or the platform says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_per_run: Option<f64>,
    /// How the suite wants `junit.xml` to be written.
    #[serde(default, skip_serializing_if = "Junit::is_default")]
    pub junit: Junit,
    /// The better prompt that the platform proposes after a failure, where the suite asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// What talking to the platform took.
    pub traffic: Traffic,
}

/// One of several results that are judged together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PooledResult {
    /// Id of the result.
    pub id: u64,
    /// What its set of calls is called: `set 2 #1`.
    pub set: String,
    /// Its status as the platform last gave it.
    pub status: Status,
    /// Its page.
    pub url: Option<String>,
}

/// A better prompt for the agent, as a change to the one that it has. Written by a model that has
/// read what callers said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// Path of the agent's prompt, as the suite names it.
    pub agent_prompt: String,
    /// The failed runs that it is made from.
    pub runs: Vec<u64>,
    /// What is changed, in words.
    pub summary_of_changes: String,
    /// The change as a unified diff.
    pub diff: String,
    /// The whole prompt with the change: a file of its own, and not saved with the rest.
    #[serde(skip)]
    pub prompt: String,
}

/// The earlier result that a result was compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BaselineHead {
    /// Where it came from, as the suite says it: a file, a result id, a branch.
    pub from: String,
    /// Id of the earlier result.
    pub result: u64,
    /// What changed, scenario by scenario.
    pub comparison: Comparison,
    /// Its runs, without what people said and judges explained.
    pub runs: Vec<RunRecord>,
    /// Runs that the platform counts in it and did not show.
    #[serde(default, skip_serializing_if = "is_none")]
    pub missing: usize,
    /// Version of the agent that it ran against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_none(number: &usize) -> bool {
    *number == 0
}

/// When the gate ran.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timing {
    /// When the gate began, RFC 3339 in UTC.
    pub started_at: String,
    /// Seconds from the start of the gate to its verdict.
    pub elapsed_seconds: f64,
}

/// How many runs ended in which way. Quarantined runs are in `quarantined` only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// Runs that arrived and count.
    pub total: usize,
    /// Runs that passed.
    pub passed: usize,
    /// Runs that failed.
    pub failed: usize,
    /// Runs that never became a fair conversation.
    pub errored: usize,
    /// Runs that finished and were not judged.
    pub unscored: usize,
    /// Runs that were planned and never arrived.
    pub missing: usize,
    /// Runs of quarantined scenarios.
    pub quarantined: usize,
    /// Runs that fit no planned run: they count for nothing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unmatched: usize,
}

/// Whether a count has nothing to say.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Tally {
    /// Counts one more outcome.
    pub const fn add(&mut self, outcome: Outcome) {
        self.total += 1;
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Errored => self.errored += 1,
            Outcome::Unscored => self.unscored += 1,
        }
    }

    /// Share of the judged runs that passed, as a fraction; none when none was judged.
    pub fn success_rate(&self) -> Option<f64> {
        let judged = self.passed + self.failed;
        (judged > 0).then(|| self.passed as f64 / judged as f64)
    }
}

/// The runs of one scenario with their outcomes.
#[derive(Debug)]
pub struct ScenarioRuns<'a> {
    /// The scenario.
    pub scenario: ScenarioRef,
    /// Whether it is quarantined.
    pub quarantine: Option<&'a Quarantine>,
    /// How its runs ended (also when quarantined).
    pub tally: Tally,
    /// The runs in ascending order of their ids.
    pub runs: Vec<(&'a RunRecord, &'a RunOutcome)>,
}

/// What came of the steps that a suite wants after its verdict. None of it changes the verdict.
#[derive(Debug, Default)]
pub struct FollowedUp {
    /// What was done, a line for each step.
    pub notes: Vec<String>,
    /// Results that people without an account can look at, each with the link to it.
    pub links: Vec<(u64, String)>,
    /// The platform's explanation of the failures, where it came after the verdict.
    pub insights: Option<Insights>,
    /// The better prompt that the platform proposes.
    pub proposal: Option<Proposal>,
}

impl Report {
    /// The report with what followed the verdict.
    pub fn followed_by(mut self, after: FollowedUp) -> Self {
        self.notes.extend(after.notes);
        for (id, link) in after.links {
            if let Some(pooled) = self.results.iter_mut().find(|result| result.id == id) {
                pooled.url = Some(link);
            } else {
                self.url = Some(link);
            }
        }
        if let Some(insights) = after.insights {
            self.result.insights = insights;
        }
        self.proposal = after.proposal.or(self.proposal);
        self
    }

    /// Takes the verdict back where the suite that judges is about other runs than the evidence.
    /// What a gate that did not come to its end exits with stays.
    pub fn of_another_suite(&mut self, why: &str) {
        self.other_suite = Some(why.to_owned());
        let decided = [Code::Passed, Code::Failed, Code::Inconclusive].map(Code::number);
        if !decided.contains(&self.would_exit_code.unwrap_or(self.exit_code)) {
            return;
        }
        self.exits_with(Code::Inconclusive);
        self.verdict = Verdict::Inconclusive;
        self.headline = format!("the suite is not that of the evidence ({why}): {}", self.headline);
    }

    /// Ends with a code, or with 0 where the verdict is reported only and the gate did its work.
    pub fn exits_with(&mut self, code: Code) {
        let softened = self.suite.report_only && code.is_of_a_verdict() && code != Code::Passed;
        self.would_exit_code = softened.then(|| code.number());
        self.exit_code = if softened { Code::Passed } else { code }.number();
    }

    /// The code that goes with the verdict, whether or not it is enforced.
    pub fn judged_code(&self) -> Code {
        let number = self.would_exit_code.unwrap_or(self.exit_code);
        Code::of_number(number).unwrap_or(Code::Internal)
    }

    /// Whether the gate passed, by its verdict and its exit code.
    pub fn has_passed(&self) -> bool {
        self.judged_code() == Code::Passed
    }

    /// Takes the pass back from a gate that passed and could not write one of its outputs: the
    /// process ends with that code, and no output may say anything else. Whatever else a gate
    /// ended with stays.
    pub fn not_written(&mut self, why: &str) {
        if self.exit_code != Code::Passed.number() {
            return;
        }
        self.exit_code = Code::Report.number();
        self.would_exit_code = None;
        if self.verdict == Verdict::Pass {
            self.verdict = Verdict::Inconclusive;
        }
        self.headline = format!("a report could not be written ({why}): {}", self.headline);
    }

    /// Whether the run that counts failed first and passed on retry, or the other way about.
    pub fn is_flaky(&self, run: u64) -> bool {
        self.retries.iter().any(|retry| retry.flaky && retry.counts == run)
    }

    /// How a flaky run that counts ended the other time, in words; none where it is not flaky.
    pub fn flaky_note(&self, run: u64) -> Option<&'static str> {
        let retry = self.retries.iter().find(|retry| retry.flaky && retry.counts == run)?;
        let other = if retry.counts == retry.first.run { &retry.again } else { &retry.first };
        Some(match (other.run == retry.again.run, other.outcome) {
            (true, Outcome::Passed) => "passed on retry",
            (true, _) => "failed on retry",
            (false, Outcome::Passed) => "passed at first",
            (false, _) => "failed at first",
        })
    }

    /// The runs by scenario, in ascending order of the scenario's id; deleted scenarios last.
    pub fn scenarios(&self) -> Vec<ScenarioRuns<'_>> {
        let mut groups: BTreeMap<(u64, String), ScenarioRuns<'_>> = BTreeMap::new();
        for (run, outcome) in self.result.runs.iter().zip(&self.outcomes) {
            let name = run.scenario_name.clone().unwrap_or_else(|| match run.scenario {
                Some(id) => format!("scenario {id}"),
                None => "deleted scenario".to_owned(),
            });
            // Runs of one scenario stay together even where the name differs between them.
            let key = match run.scenario {
                Some(id) => (id, String::new()),
                None => (u64::MAX, name.clone()),
            };
            let group = groups.entry(key).or_insert_with(|| ScenarioRuns {
                scenario: ScenarioRef { id: run.scenario, name },
                quarantine: self
                    .suite
                    .quarantine
                    .iter()
                    .find(|entry| Some(entry.scenario) == run.scenario),
                tally: Tally::default(),
                runs: Vec::new(),
            });
            group.tally.add(outcome.outcome);
            group.runs.push((run, outcome));
        }
        groups.into_values().collect()
    }

    /// The checks that gate, worst first, then the warnings; in the suite's order within each.
    pub fn gating_checks(&self) -> impl Iterator<Item = &CheckReport> {
        self.checks.iter().filter(|check| check.level == crate::checks::spec::Level::Error)
    }
}
