//! Which runs to start again, and how the new evidence joins the old.
//!
//! Pure. An errored run is replaced by its retry: it was no evidence. A failed run that passes on
//! retry is flaky: it is shown as such and, unless the suite says otherwise, still counts as the
//! failure that it was. Starting is in `cli/attend`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::outcome::{Blame, Outcome, RunOutcome};
use crate::record::{ChatFaultKind, GATE_LOST, ResultRecord, RunRecord};
use crate::suite::head::SuiteHead;
use crate::suite::retry::{Flaky, Retry, RetryOn};

/// A run that was started again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RetryRecord {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Id of the result that the attempt started.
    pub result: u64,
    /// The run as it first ended.
    pub first: RetryRun,
    /// The run as it ended on retry.
    pub again: RetryRun,
    /// Whether it failed first and passed on retry.
    pub flaky: bool,
    /// Id of the one of the two that counts.
    pub counts: u64,
}

/// How a retried run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RetryRun {
    /// Id of the run.
    pub run: u64,
    /// Its outcome.
    pub outcome: Outcome,
    /// Why. May hold text from the platform.
    pub reason: String,
}

impl RetryRun {
    /// The run of an outcome.
    pub fn of(outcome: &RunOutcome) -> Self {
        Self { run: outcome.run, outcome: outcome.outcome, reason: outcome.reason.clone() }
    }
}

/// The scenarios that need a retry, by the number of runs that each needs. Scenarios that need
/// equally many are started together, so that no run is paid for that nobody needs. What an earlier
/// attempt has shown to be flaky needs no other.
pub fn needs(
    retry: &Retry,
    suite: &SuiteHead,
    runs: &[RunRecord],
    outcomes: &[RunOutcome],
    earlier: &[RetryRecord],
) -> BTreeMap<u32, Vec<u64>> {
    let mut cases: BTreeMap<_, u32> = BTreeMap::new();
    for (run, outcome) in runs.iter().zip(outcomes) {
        let settled = is_settled(run, earlier);
        if is_wanted(retry, run, outcome) && !settled && !suite.quarantines(run.scenario) {
            *cases.entry(run.case()).or_default() += 1;
        }
    }
    // A start repeats every personality and profile of a scenario: the neediest of them decides.
    let mut scenarios: BTreeMap<u64, u32> = BTreeMap::new();
    for ((scenario, _, _), needed) in cases {
        if let Some(scenario) = scenario {
            let most = scenarios.entry(scenario).or_default();
            *most = needed.max(*most);
        }
    }
    let mut groups: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for (scenario, needed) in scenarios {
        groups.entry(needed).or_default().push(scenario);
    }
    groups
}

fn is_settled(run: &RunRecord, earlier: &[RetryRecord]) -> bool {
    earlier.iter().any(|record| record.flaky && record.counts == run.id)
}

/// Whether a run that ended so is one that the suite wants to start again.
pub fn wants_again(retry: &Retry, outcome: &RunOutcome) -> bool {
    outcome.blame != Some(Blame::StillGoing)
        && retry.on.iter().any(|on| is_wanted_on(*on, outcome.outcome))
}

fn is_wanted(retry: &Retry, run: &RunRecord, outcome: &RunOutcome) -> bool {
    retry.on.iter().any(|on| match on {
        RetryOn::Lost => is_lost(run),
        on => is_wanted_on(*on, outcome.outcome),
    })
}

fn is_wanted_on(on: RetryOn, outcome: Outcome) -> bool {
    match on {
        RetryOn::Error => outcome == Outcome::Errored,
        RetryOn::Failure => outcome == Outcome::Failed,
        RetryOn::Lost => false,
    }
}

/// Whether the gate that ran the conversation stopped.
pub fn is_lost(run: &RunRecord) -> bool {
    let is_marked =
        run.chat_fault.as_ref().is_some_and(|fault| fault.kind == ChatFaultKind::GateLost);
    is_marked || run.ended_reason.as_deref() == Some(GATE_LOST)
}

/// Joins the runs of a retry to the evidence. Gives what became of each run that was retried; runs
/// that nobody needed are left out.
pub fn merge(
    retry: &Retry,
    attempt: u32,
    result: &mut ResultRecord,
    outcomes: &[RunOutcome],
    fresh: ResultRecord,
    fresh_outcomes: &[RunOutcome],
    earlier: &[RetryRecord],
) -> Vec<RetryRecord> {
    let fresh_id = fresh.id;
    let mut spare: Vec<Option<(RunRecord, &RunOutcome)>> =
        fresh.runs.into_iter().zip(fresh_outcomes).map(Some).collect();
    let mut records = Vec::new();
    for (run, outcome) in result.runs.iter_mut().zip(outcomes) {
        if !is_wanted(retry, run, outcome) || is_settled(run, earlier) {
            continue;
        }
        let case = run.case();
        let matching = spare
            .iter_mut()
            .find(|slot| slot.as_ref().is_some_and(|(again, _)| again.case() == case));
        let Some((again, again_outcome)) = matching.and_then(Option::take) else { continue };
        let flaky = outcome.outcome == Outcome::Failed && again_outcome.outcome == Outcome::Passed;
        let replaces = match outcome.outcome {
            // Another error is no better evidence than the first.
            Outcome::Errored => again_outcome.outcome != Outcome::Errored,
            _ => flaky && retry.flaky == Flaky::Passed,
        };
        records.push(RetryRecord {
            attempt,
            result: fresh_id,
            first: RetryRun::of(outcome),
            again: RetryRun::of(again_outcome),
            flaky,
            counts: if replaces { again.id } else { run.id },
        });
        if replaces {
            *run = again;
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{MetricRecord, MetricValue, Status};
    use crate::report::evaluation::Evaluation;
    use crate::report::model::PlanHead;
    use crate::suite::model::{Mode, Quarantine};
    use crate::suite::thresholds::Thresholds;

    fn suite(quarantined: &[u64]) -> SuiteHead {
        let entry = |scenario: &u64| Quarantine {
            scenario: *scenario,
            until: "2026-12-31".parse().unwrap(),
            owner: "o".to_owned(),
            reason: "r".to_owned(),
        };
        SuiteHead {
            report_only: false,
            name: "s".to_owned(),
            file: None,
            mode: Mode::Voice,
            thresholds: Thresholds::default(),
            quarantine: quarantined.iter().map(entry).collect(),
        }
    }

    /// A result of runs, each written as its scenario and how it ended: `1p 1f 2e`.
    fn result(id: u64, runs: &str) -> ResultRecord {
        let run = |(at, text): (u64, &str)| {
            let (scenario, end) = text.split_at(text.len() - 1);
            let success = match end {
                "p" => Some(true),
                "f" => Some(false),
                _ => None,
            };
            RunRecord {
                id: id * 100 + at,
                scenario: scenario.parse().ok(),
                status: if success.is_some() { Status::Completed } else { Status::Failed },
                success,
                has_transcript: success.is_some(),
                metrics: vec![MetricRecord {
                    id: Some(1),
                    name: "m".to_owned(),
                    aliases: vec![],
                    value: MetricValue::Binary(success),
                    explanation: vec![],
                    unreadable: false,
                }],
                ..RunRecord::default()
            }
        };
        ResultRecord {
            id,
            status: Status::Completed,
            runs: (1..).zip(runs.split_whitespace()).map(run).collect(),
            ..ResultRecord::default()
        }
    }

    fn outcomes(result: &ResultRecord) -> Vec<RunOutcome> {
        Evaluation::of(&suite(&[]), &PlanHead::default(), &result.runs, None, false).outcomes
    }

    fn retry(on: &[RetryOn], flaky: Flaky) -> Retry {
        Retry { on: on.to_vec(), attempts: 1, flaky }
    }

    fn needed(on: &[RetryOn], quarantined: &[u64], runs: &str) -> BTreeMap<u32, Vec<u64>> {
        let result = result(1, runs);
        needs(&retry(on, Flaky::Failed), &suite(quarantined), &result.runs, &outcomes(&result), &[])
    }

    fn ends(result: &ResultRecord) -> String {
        let name = |outcome: &RunOutcome| outcome.outcome.name().chars().next().unwrap();
        outcomes(result).iter().map(name).collect()
    }

    #[test]
    fn only_the_scenarios_that_need_it_are_started_again_and_as_often_as_they_need() {
        let runs = "1p 1e 2e 2e 3p 3f 4e 4p";
        assert_eq!(needed(&[RetryOn::Error], &[], runs), [(1, vec![1, 4]), (2, vec![2])].into());
        assert_eq!(needed(&[RetryOn::Failure], &[], runs), [(1, vec![3])].into());
        assert_eq!(needed(&[RetryOn::Error], &[2], runs), [(1, vec![1, 4])].into());
        assert_eq!(needed(&[RetryOn::Error], &[], "1p 2f"), BTreeMap::new());
    }

    fn merged(on: RetryOn, flaky: Flaky, first: &str, again: &str) -> (String, Vec<RetryRecord>) {
        let mut result = result(1, first);
        let before = outcomes(&result);
        let fresh = self::result(2, again);
        let fresh_outcomes = outcomes(&fresh);
        let retry = retry(&[on], flaky);
        let records = merge(&retry, 1, &mut result, &before, fresh, &fresh_outcomes, &[]);
        (ends(&result), records)
    }

    #[test]
    fn an_errored_run_is_replaced_by_whatever_its_retry_shows() {
        assert_eq!(merged(RetryOn::Error, Flaky::Failed, "1p 1e 2e", "1p 2f").0, "ppf");
    }

    #[test]
    fn a_retry_that_errors_too_changes_nothing_and_is_told() {
        let (ends, records) = merged(RetryOn::Error, Flaky::Failed, "1e", "1e");
        assert_eq!((ends.as_str(), records.len()), ("e", 1));
        assert_eq!(records[0].counts, 101);
    }

    #[test]
    fn a_failure_that_passes_on_retry_is_flaky_and_still_a_failure() {
        let (ends, records) = merged(RetryOn::Failure, Flaky::Failed, "1f 1p", "1p");
        assert_eq!(ends, "fp");
        assert!(records[0].flaky);
        assert_eq!(
            (records[0].first.run, records[0].again.run, records[0].counts),
            (101, 201, 101)
        );
    }

    #[test]
    fn what_is_known_to_be_flaky_is_not_paid_for_again() {
        let (_, records) = merged(RetryOn::Failure, Flaky::Failed, "1f", "1p");
        let result = result(1, "1f");
        let retry = retry(&[RetryOn::Failure], Flaky::Failed);
        let left = needs(&retry, &suite(&[]), &result.runs, &outcomes(&result), &records);
        assert_eq!(left, BTreeMap::new());
    }

    #[test]
    fn a_flaky_run_counts_as_passed_where_the_suite_says_so() {
        let (ends, records) = merged(RetryOn::Failure, Flaky::Passed, "1f", "1p");
        assert_eq!((ends.as_str(), records[0].counts), ("p", 201));
        assert_eq!(merged(RetryOn::Failure, Flaky::Passed, "1f", "1f").0, "f");
    }

    #[test]
    fn runs_that_nobody_needed_are_left_out() {
        let (ends, records) = merged(RetryOn::Error, Flaky::Failed, "1e 1p", "1p 1f 2f");
        assert_eq!((ends.as_str(), records.len()), ("pp", 1));
    }

    #[test]
    fn what_has_not_ended_is_not_wanted_again() {
        let outcome = |outcome, blame| RunOutcome {
            run: 1,
            outcome,
            blame: Some(blame),
            reason: String::new(),
            repetition: 1,
        };
        let again =
            |on: &[RetryOn], ended: &RunOutcome| wants_again(&retry(on, Flaky::Failed), ended);
        let errored = outcome(Outcome::Errored, Blame::Platform);
        let failed = outcome(Outcome::Failed, Blame::Agent);
        assert!(again(&[RetryOn::Error], &errored));
        assert!(!again(&[RetryOn::Failure], &errored));
        assert!(again(&[RetryOn::Error, RetryOn::Failure], &failed));
        assert!(!again(&[RetryOn::Error], &failed));
        assert!(!again(&[RetryOn::Error], &outcome(Outcome::Errored, Blame::StillGoing)));
    }

    #[test]
    fn a_run_is_lost_where_the_gate_that_held_it_was() {
        let fault = |kind| RunRecord {
            chat_fault: Some(crate::record::ChatFault { kind, ..Default::default() }),
            ..RunRecord::default()
        };
        let ended = |reason: &str| RunRecord {
            ended_reason: Some(reason.to_owned()),
            ..RunRecord::default()
        };
        assert!(is_lost(&fault(ChatFaultKind::GateLost)));
        assert!(is_lost(&ended(GATE_LOST)));
        assert!(!is_lost(&fault(ChatFaultKind::Exited)));
        assert!(!is_lost(&ended("customer-ended-call")));
        assert!(!is_lost(&RunRecord::default()));
    }

    #[test]
    fn only_the_run_that_was_flaky_is_settled() {
        let (_, records) = merged(RetryOn::Failure, Flaky::Failed, "1f 2f", "1p 2f");
        let result = result(1, "1f 2f");
        let retry = retry(&[RetryOn::Failure], Flaky::Failed);
        let left = needs(&retry, &suite(&[]), &result.runs, &outcomes(&result), &records);
        assert_eq!(left, [(1, vec![2])].into());
    }
}
