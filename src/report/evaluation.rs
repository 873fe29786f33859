//! Runs and rules to how the gate stands: outcomes, counts, checks. Also while runs are going.
//!
//! Pure. The report at the end is made from it, and early stop asks it on the way.

use std::collections::BTreeMap;

use crate::checks::spec::Level;
use crate::outcome::{Outcome, RunOutcome, judge_run};
use crate::plan::slots::{Filled, Fit};
use crate::record::{ResultRecord, RunRecord, Status};
use crate::report::model::{PlanHead, PooledResult, Report, Tally};
use crate::retry::{RetryRecord, wants_again};
use crate::suite::head::SuiteHead;
use crate::suite::retry::{EarlyStop, Retry};
use crate::verdict::evidence::{Evidence, ScenarioSlots};
use crate::verdict::{CheckReport, ScenarioRef, Verdict, judge_all, worst};

/// How the gate stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The outcomes of the runs, in their order.
    pub outcomes: Vec<RunOutcome>,
    /// What each run is to the plan, in the order of the runs.
    pub fits: Vec<Fit>,
    /// How many runs ended in which way.
    pub tally: Tally,
    /// The checks, in the order of the suite.
    pub checks: Vec<CheckReport>,
}

impl Evaluation {
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
        let (mut evidence, tally, fits) = evidence_of(suite, plan, runs, &outcomes);
        evidence.going = going;
        let base_outcomes = base.map(self::outcomes).unwrap_or_default();
        let base = base.map(|runs| counted_of(suite, runs, &base_outcomes));
        let checks = judge_all(&suite.thresholds, &evidence, base.as_ref());
        Self { outcomes, fits, tally, checks }
    }

    /// The gate's verdict as it stands.
    pub fn verdict(&self) -> Verdict {
        sound(worst(&self.checks), &self.tally)
    }
}

/// The verdict of checks on evidence. However the checks stand, a gate of which no run was judged
/// has no evidence to pass on, and one with runs that nobody planned no sound evidence.
fn sound(checks: Verdict, tally: &Tally) -> Verdict {
    match checks {
        Verdict::Pass if tally.success_rate().is_none() => Verdict::Inconclusive,
        Verdict::Pass if tally.unmatched > 0 => Verdict::Inconclusive,
        verdict => verdict,
    }
}

/// Why a result whose own status is not `completed` cannot be a pass; none where its status says
/// nothing against it. `stopped_early` says that the gate itself ended its calls. A result that
/// calls itself failed held no conversation: what was judged of it then is of retries alone.
pub(crate) fn status_against_a_pass(
    result: &ResultRecord,
    results: &[PooledResult],
    retries: &[RetryRecord],
    outcomes: &[RunOutcome],
    stopped_early: bool,
) -> Option<String> {
    let replaced = |run: u64| retries.iter().any(|retry| retry.again.run == run);
    let failed_holds = || outcomes.iter().all(|o| o.outcome != Outcome::Passed || replaced(o.run));
    let is_sound = |status: &Status| match status {
        Status::Completed => true,
        _ if stopped_early => true,
        Status::Failed => failed_holds(),
        _ => false,
    };
    let (name, status) = match results.iter().find(|each| !is_sound(&each.status)) {
        Some(one) => (format!("result {}", one.id), &one.status),
        None if !is_sound(&result.status) => ("the result".to_owned(), &result.status),
        None => return None,
    };
    Some(format!("{name} ended with the status `{}`, not `completed`", status.as_str()))
}

/// Whether the verdict is known although runs are still going: a fail that no outcome of theirs
/// could save, or, where the suite asks for it, a pass that none could break. A run that `retry`
/// would start again could still show anything, and so could the runs of rounds to come.
pub fn is_decided(
    stop: EarlyStop,
    suite: &SuiteHead,
    plan: &PlanHead,
    retry: Option<&Retry>,
    runs: &[RunRecord],
) -> bool {
    let wanted: &[Verdict] = match stop {
        EarlyStop::Never => return false,
        EarlyStop::Failed => &[Verdict::Fail],
        EarlyStop::Decided => &[Verdict::Fail, Verdict::Pass],
    };
    let still_going = runs.iter().any(|run| !run.status.is_terminal());
    // A comparison with a baseline needs every run.
    let compares = suite.thresholds.baseline.is_some();
    if !still_going || compares {
        return false;
    }
    let outcomes = outcomes(runs);
    let (mut evidence, tally, _) = evidence_of(suite, plan, runs, &outcomes);
    evidence.going = true;
    let again = |outcome: &&RunOutcome| retry.is_some_and(|retry| wants_again(retry, outcome));
    evidence.open_runs.extend(outcomes.iter().filter(again).map(|outcome| outcome.run));
    let checks = judge_all(&suite.thresholds, &evidence, None);
    let verdict = sound(worst(&checks), &tally);
    // Where runs come in rounds, those to come may yet save a check that fails now.
    let gating = || checks.iter().filter(|check| check.level == Level::Error);
    let is_final = |check: &CheckReport| {
        check.verdict == Verdict::Fail && check.rounds.is_none_or(|one| one.decided_in.is_some())
    };
    let goes_on = gating().any(|check| check.rounds.is_some_and(|rounds| rounds.open));
    wanted.contains(&verdict) && (verdict != Verdict::Fail || !goes_on || gating().any(is_final))
}

/// The runs that fill the planned slots, how many ended in which way, and what each run is to the
/// plan.
pub(crate) fn evidence_of<'a>(
    suite: &SuiteHead,
    plan: &'a PlanHead,
    runs: &'a [RunRecord],
    outcomes: &'a [RunOutcome],
) -> (Evidence<'a>, Tally, Vec<Fit>) {
    let filled = plan.fill(runs, |scenario| suite.quarantines(scenario));
    let mut tally = Tally::default();
    for (outcome, fit) in outcomes.iter().zip(&filled.fits) {
        match fit {
            Fit::NotPlanned => {}
            Fit::Quarantined => tally.quarantined += 1,
            Fit::Slot | Fit::OneOfTooMany => tally.add(outcome.outcome),
        }
    }
    tally.missing = filled.missing;
    tally.unmatched = filled.unmatched;
    let fits = filled.fits.clone();
    let mut evidence = evidence_in(filled, runs, outcomes);
    evidence.described_units = Some(&plan.described_units);
    evidence.looks = plan.rounds.as_ref().map(|rounds| rounds.looks.clone()).unwrap_or_default();
    (evidence, tally, fits)
}

/// The runs of a result that fill the slots of its plan, and how many runs there are beyond it. The
/// platform may count more runs than it shows.
pub(crate) fn planned_evidence<'a>(
    result: &'a ResultRecord,
    plan: &'a PlanHead,
    outcomes: &'a [RunOutcome],
) -> (Evidence<'a>, usize) {
    let mut expected = plan.clone();
    expected.expect_claimed(result);
    let filled = expected.fill(&result.runs, |_| false);
    let unmatched = filled.unmatched;
    let mut evidence = evidence_in(filled, &result.runs, outcomes);
    evidence.described_units = Some(&plan.described_units);
    (evidence, unmatched)
}

fn evidence_in<'a>(
    filled: Filled,
    runs: &'a [RunRecord],
    outcomes: &'a [RunOutcome],
) -> Evidence<'a> {
    let counts = |fit: &Fit| matches!(fit, Fit::Slot | Fit::OneOfTooMany);
    let all = || runs.iter().zip(outcomes).zip(&filled.fits);
    let open = all().filter(|(_, fit)| **fit == Fit::OneOfTooMany);
    let scenarios = filled.scenarios.iter().map(|planned| {
        let of = |run: &&RunRecord| run.scenario == planned.scenario;
        let seen = runs.iter().filter(of).find_map(|run| run.scenario_name.clone());
        let name =
            seen.or_else(|| planned.name.clone()).unwrap_or_else(|| match planned.scenario {
                Some(id) => format!("scenario {id}"),
                None => "deleted scenario".to_owned(),
            });
        ScenarioSlots {
            scenario: ScenarioRef { id: planned.scenario, name },
            missing: planned.missing,
            name: planned.name.clone(),
            case_key: planned.case_key.clone(),
            tags: planned.tags.clone(),
            rounds: planned.rounds.clone(),
        }
    });
    Evidence {
        runs: all().filter(|(_, fit)| counts(fit)).map(|(run, _)| run).collect(),
        missing: filled.missing,
        scenarios: scenarios.collect(),
        open_runs: open.map(|((run, _), _)| run.id).collect(),
        going: false,
        described_units: None,
        looks: Vec::new(),
    }
}

/// The result of a saved report as a baseline: the runs that fill slots of its plan. Slots without a
/// run, and those of which nobody can say which run fills them, are counted and not shown.
pub fn as_baseline(saved: Report) -> ResultRecord {
    let (suite, mut result) = (saved.suite, saved.result);
    let mut plan = saved.plan;
    plan.expect_claimed(&result);
    let filled = plan.fill(&result.runs, |scenario| suite.quarantines(scenario));
    let of = |wanted: Fit| filled.fits.iter().filter(|fit| **fit == wanted).count();
    let surplus = filled.unmatched.saturating_sub(of(Fit::NotPlanned));
    let unclear = of(Fit::OneOfTooMany).saturating_sub(surplus);
    let fits = |fit: &Fit| matches!(fit, Fit::Slot | Fit::Quarantined);
    let mut keep = filled.fits.iter().map(fits);
    result.runs.retain(|_| keep.next().unwrap_or(true));
    let total = result.runs.len() + filled.missing + unclear;
    result.claims.total_runs = u64::try_from(total).ok();
    result
}

/// The runs of a baseline that count, with their outcomes.
pub(crate) fn counted_of<'a>(
    suite: &SuiteHead,
    runs: &'a [RunRecord],
    outcomes: &'a [RunOutcome],
) -> Evidence<'a> {
    let counted = runs.iter().zip(outcomes).filter(|(run, _)| !suite.quarantines(run.scenario));
    Evidence { runs: counted.collect(), ..Evidence::default() }
}

/// Each run's outcome, numbered among the runs of its scenario, personality and profile.
pub(crate) fn outcomes(runs: &[RunRecord]) -> Vec<RunOutcome> {
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
mod completions;
#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::{MetricRecord, MetricValue};
    use crate::suite::model::Mode;

    fn suite(thresholds: serde_json::Value) -> SuiteHead {
        SuiteHead {
            report_only: false,
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
        let plan = PlanHead {
            runs_per_scenario: 1,
            runs: Some(ends.len()),
            scenarios: vec![],
            ..PlanHead::default()
        };
        is_decided(stop, &suite(thresholds), &plan, None, &runs(ends))
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
