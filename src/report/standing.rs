//! Runs and rules ▶ how the gate stands: outcomes, counts, checks. Also while runs are going.
//!
//! Pure. The report at the end is made from it, and early stop asks it on the way.

use std::collections::BTreeMap;

use super::model::{PlanHead, SuiteHead, Tally};
use crate::outcome::{RunOutcome, judge_run};
use crate::record::RunRecord;
use crate::suite::model::EarlyStop;
use crate::verdict::evidence::Evidence;
use crate::verdict::{CheckReport, Verdict, judge_all, worst};

/// How the gate stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The outcomes of the runs, in their order.
    pub outcomes: Vec<RunOutcome>,
    /// How many runs ended in which way.
    pub tally: Tally,
    /// The checks, in the order of the suite.
    pub checks: Vec<CheckReport>,
    /// Runs beyond those that were planned and started. Which of them count nobody can say.
    pub surplus: usize,
}

impl Standing {
    /// Judges runs by a suite's rules. `going` says that runs are still going or were ended early:
    /// what they would have given is then unknown in every respect.
    pub fn of(
        suite: &SuiteHead,
        plan: &PlanHead,
        runs: &[RunRecord],
        base: Option<&[RunRecord]>,
        going: bool,
    ) -> Self {
        let outcomes = outcomes(runs);
        let mut tally = Tally::default();
        let mut counted = Vec::new();
        for (run, outcome) in runs.iter().zip(&outcomes) {
            if suite.quarantines(run.scenario) {
                tally.quarantined += 1;
            } else {
                tally.add(outcome.outcome);
                counted.push((run, outcome));
            }
        }
        tally.missing = missing(suite, plan, &tally);
        let evidence = Evidence { runs: counted, missing: tally.missing, going };
        let base_outcomes = base.map(self::outcomes).unwrap_or_default();
        let base = base.map(|runs| counted_of(suite, runs, &base_outcomes));
        let checks = judge_all(&suite.thresholds, &evidence, base.as_ref());
        let surplus = plan.runs.map_or(0, |planned| runs.len().saturating_sub(planned));
        Self { outcomes, tally, checks, surplus }
    }

    /// The gate's verdict as it stands. However the checks stand, a gate of which no run was judged
    /// has no evidence to pass on, and one with runs that nobody started no sound evidence.
    pub fn verdict(&self) -> Verdict {
        match worst(&self.checks) {
            Verdict::Pass if self.tally.success_rate().is_none() => Verdict::Inconclusive,
            Verdict::Pass if self.surplus > 0 => Verdict::Inconclusive,
            verdict => verdict,
        }
    }
}

/// Whether the verdict is known although runs are still going: a fail that no outcome of theirs
/// could save, or, where the suite asks for it, a pass that none could break.
pub fn is_decided(stop: EarlyStop, suite: &SuiteHead, plan: &PlanHead, runs: &[RunRecord]) -> bool {
    let wanted: &[Verdict] = match stop {
        EarlyStop::Never => return false,
        EarlyStop::Failed => &[Verdict::Fail],
        EarlyStop::Decided => &[Verdict::Fail, Verdict::Pass],
    };
    let still_going = runs.iter().any(|run| !run.status.is_terminal());
    // A comparison with a baseline needs every run.
    let compares = suite.thresholds.baseline.is_some();
    still_going
        && !compares
        && wanted.contains(&Standing::of(suite, plan, runs, None, true).verdict())
}

/// The runs of a baseline that count, with their outcomes.
pub(super) fn counted_of<'a>(
    suite: &SuiteHead,
    runs: &'a [RunRecord],
    outcomes: &'a [RunOutcome],
) -> Evidence<'a> {
    let counted = runs.iter().zip(outcomes).filter(|(run, _)| !suite.quarantines(run.scenario));
    Evidence { runs: counted.collect(), missing: 0, going: false }
}

/// Planned runs that count and never arrived. Where the scenarios are known, the quarantined
/// ones' runs are not missed.
fn missing(suite: &SuiteHead, plan: &PlanHead, tally: &Tally) -> usize {
    let Some(planned) = plan.runs else { return 0 };
    let quarantined = if plan.scenarios.is_empty() {
        tally.quarantined
    } else {
        let scenarios = plan.scenarios.iter().filter(|id| suite.quarantines(Some(**id)));
        scenarios.count() * plan.runs_per_scenario
    };
    planned.saturating_sub(quarantined).saturating_sub(tally.total)
}

/// Each run's outcome, numbered among the runs of its scenario, personality and profile.
pub(super) fn outcomes(runs: &[RunRecord]) -> Vec<RunOutcome> {
    let mut seen: BTreeMap<_, u32> = BTreeMap::new();
    let number = |run: &RunRecord| {
        let count = seen.entry(run.case()).or_default();
        *count += 1;
        *count
    };
    let numbers: Vec<u32> = runs.iter().map(number).collect();
    runs.iter().zip(numbers).map(|(run, repetition)| judge_run(run, repetition)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::{MetricRecord, MetricValue, Status};
    use crate::suite::model::Mode;

    fn suite(thresholds: serde_json::Value) -> SuiteHead {
        SuiteHead {
            name: "s".to_owned(),
            file: None,
            mode: Mode::Voice,
            thresholds: serde_json::from_value(thresholds).unwrap(),
            quarantine: vec![],
        }
    }

    /// `p` passed, `f` failed, `e` errored, `.` still going.
    fn runs(ends: &str) -> Vec<RunRecord> {
        let run = |(id, end)| {
            let success = match end {
                'p' => Some(true),
                'f' => Some(false),
                _ => None,
            };
            RunRecord {
                id,
                scenario: Some(1),
                status: match end {
                    '.' => Status::Running,
                    'e' => Status::Failed,
                    _ => Status::Completed,
                },
                success,
                has_transcript: success.is_some(),
                metrics: success
                    .map(|_| MetricRecord {
                        id: Some(5),
                        name: "Latency".to_owned(),
                        aliases: vec![],
                        value: MetricValue::Numeric(Some(100.0)),
                        explanation: vec![],
                        unreadable: false,
                    })
                    .into_iter()
                    .collect(),
                ..RunRecord::default()
            }
        };
        (1..).zip(ends.chars()).map(run).collect()
    }

    fn stops(stop: EarlyStop, thresholds: serde_json::Value, ends: &str) -> bool {
        let plan = PlanHead { runs_per_scenario: 1, runs: Some(ends.len()), scenarios: vec![] };
        is_decided(stop, &suite(thresholds), &plan, &runs(ends))
    }

    #[test]
    fn a_gate_that_nothing_can_save_is_stopped() {
        let ninety = json!({"success_rate": "90%"});
        assert!(stops(EarlyStop::Failed, ninety.clone(), "ff........"));
        assert!(
            !stops(EarlyStop::Failed, ninety.clone(), "f........."),
            "nine of ten can pass yet"
        );
        assert!(!stops(EarlyStop::Never, ninety, "ffffffff.."));
    }

    #[test]
    fn a_gate_that_nothing_can_break_is_stopped_only_where_asked() {
        let half = json!({"success_rate": "50%"});
        assert!(stops(EarlyStop::Decided, half.clone(), "ppppp....."));
        assert!(!stops(EarlyStop::Decided, half.clone(), "pppp......"));
        assert!(!stops(EarlyStop::Failed, half, "ppppp....."));
    }

    #[test]
    fn a_result_that_has_ended_is_not_stopped() {
        assert!(!stops(EarlyStop::Decided, json!({"success_rate": "50%"}), "pppppppppp"));
    }

    #[test]
    fn runs_that_are_going_are_no_errors_yet() {
        let few = json!({"errors": "<= 10%"});
        assert!(!stops(EarlyStop::Failed, few.clone(), ".........."));
        assert!(stops(EarlyStop::Failed, few, "ee........"));
    }

    #[test]
    fn a_mean_is_never_decided_while_runs_are_going() {
        let latency = json!({"metrics": {"Latency": "mean <= 200"}});
        let all_but_one = format!("{}.", "p".repeat(99));
        assert!(!stops(EarlyStop::Decided, latency.clone(), &all_but_one));
        let quantile = json!({"metrics": {"Latency": "p50 <= 200"}});
        assert!(stops(EarlyStop::Decided, quantile, &all_but_one));
    }

    #[test]
    fn too_few_samples_are_never_decided() {
        let check = json!({"success_rate": {"check": "50%", "min_samples": 8}});
        assert!(!stops(EarlyStop::Decided, check.clone(), "ppppppp..."));
        assert!(stops(EarlyStop::Decided, check, "pppppppp.."));
    }
}
