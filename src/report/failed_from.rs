//! Starting again only what did not pass in an earlier result, and judging the whole.
//!
//! Pure. A scenario runs again with all of its repetitions as soon as one of its planned runs did
//! not pass or never arrived. Its new runs take the place of the old ones; the runs of the other
//! scenarios stay evidence.

use std::collections::BTreeMap;

use crate::outcome::{Outcome, RunOutcome};
use crate::plan::slots::Fit;
use crate::record::{ResultRecord, RunRecord, Status};
use crate::report::model::Report;
use crate::retry::{RetryRecord, RetryRun};
use crate::spec::cases;
use crate::text;

/// What did not pass in an earlier result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unpassed {
    /// Ids of the scenarios.
    pub ids: Vec<u64>,
    /// Keys of the test cases, where the suite brings them: there ids change at each start.
    pub keys: Vec<String>,
}

impl Unpassed {
    /// Whether everything passed.
    pub const fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.keys.is_empty()
    }

    fn add(&mut self, id: Option<u64>, key: Option<&str>) -> bool {
        match (key, id) {
            (Some(key), _) if !self.keys.iter().any(|known| known == key) => {
                self.keys.push(key.to_owned());
            }
            (None, Some(id)) if !self.ids.contains(&id) => self.ids.push(id),
            (None, None) => return false,
            _ => {}
        }
        true
    }

    fn has(&self, run: &RunRecord) -> bool {
        match run.case_key.as_ref() {
            Some(key) => self.keys.contains(key),
            None => run.scenario.is_some_and(|id| self.ids.contains(&id)),
        }
    }
}

/// The scenarios of an earlier result that did not pass, those in quarantine left out.
///
/// # Errors
///
/// Why they cannot be started again on their own, in words.
pub fn unpassed(report: &Report) -> Result<Unpassed, String> {
    let filled = report.plan.fill(&report.result.runs, |id| report.suite.quarantines(id));
    let mut found = Unpassed::default();
    let mut in_scenarios = 0;
    for planned in &filled.scenarios {
        in_scenarios += planned.missing;
        if planned.missing > 0 && !found.add(planned.scenario, planned.case_key.as_deref()) {
            return Err("it has planned runs of a deleted scenario".to_owned());
        }
    }
    if filled.missing > in_scenarios {
        return Err(format!(
            "{} never arrived, and their scenario is not known",
            text::count(filled.missing - in_scenarios, "planned run")
        ));
    }
    let runs = report.result.runs.iter().zip(&report.outcomes).zip(&filled.fits);
    for ((run, outcome), fit) in runs {
        let counts = matches!(fit, Fit::Slot | Fit::OneOfTooMany);
        let bad = outcome.outcome != Outcome::Passed || *fit == Fit::OneOfTooMany;
        if counts && bad && !found.add(run.scenario, run.case_key.as_deref()) {
            return Err(format!("run {} is of a deleted scenario", run.id));
        }
    }
    found.ids.sort_unstable();
    Ok(found)
}

/// The evidence of the whole: what stays of the earlier result, and what ran again.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// The runs of both, under the id of the new result.
    pub result: ResultRecord,
    /// What became of the runs that ran again, and the earlier retries of those that stay.
    pub retries: Vec<RetryRecord>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// Why the two are not of the same agent; none where nothing says so.
    pub other_agent: Option<String>,
}

/// Puts the new runs of scenarios that did not pass in the place of the old ones. `outcomes` are
/// those of the new runs.
pub fn join(
    earlier: &Report,
    unpassed: &Unpassed,
    mut fresh: ResultRecord,
    outcomes: &[RunOutcome],
) -> Joined {
    cases::align(&mut fresh.runs, &earlier.result.runs);
    let old = || earlier.result.runs.iter().zip(&earlier.outcomes);
    let kept: Vec<RunRecord> =
        old().filter(|(run, _)| !unpassed.has(run)).map(|(run, _)| run.clone()).collect();
    let other_agent = other_agent(&kept, &fresh.runs);
    let attempt = earlier.retries.iter().map(|retry| retry.attempt).max().unwrap_or(0) + 1;
    // What failed is paired first, so that what differs is seen.
    let mut spare: BTreeMap<_, Vec<&RunOutcome>> = BTreeMap::new();
    for (run, outcome) in fresh.runs.iter().zip(outcomes).rev() {
        spare.entry(run.case()).or_default().push(outcome);
    }
    let mut again: Vec<_> = old().filter(|(run, _)| unpassed.has(run)).collect();
    again.sort_by_key(|(run, outcome)| (outcome.outcome == Outcome::Passed, run.id));
    let is_kept = |id: u64| kept.iter().any(|run| run.id == id);
    let mut retries: Vec<RetryRecord> =
        earlier.retries.iter().filter(|retry| is_kept(retry.counts)).cloned().collect();
    for (run, first) in again {
        let Some(now) = spare.get_mut(&run.case()).and_then(Vec::pop) else { continue };
        let judged = |outcome: Outcome| matches!(outcome, Outcome::Passed | Outcome::Failed);
        let differs = first.outcome != now.outcome;
        retries.push(RetryRecord {
            attempt,
            result: fresh.id,
            first: RetryRun::of(first),
            again: RetryRun::of(now),
            flaky: differs && judged(first.outcome) && judged(now.outcome),
            counts: now.run,
        });
    }
    let mut notes = vec![format!(
        "{} of result {} that passed there count as they are; {} ran again as result {}",
        text::count(kept.len(), "run"),
        earlier.result.id,
        text::count(fresh.runs.len(), "run"),
        fresh.id
    )];
    let unshown = fresh.claims.total_runs.unwrap_or(0).saturating_sub(fresh.runs.len() as u64);
    if !kept.is_empty() && earlier.result.status != Status::Completed {
        fresh.status = earlier.result.status.clone();
        let status = fresh.status.as_str();
        notes.push(format!("result {} ended with the status `{status}`", earlier.result.id));
    }
    fresh.runs.extend(kept);
    fresh.runs.sort_by_key(|run| run.id);
    // The platform's figures are of the new runs alone.
    fresh.claims = crate::record::Claims::default();
    if unshown > 0 {
        fresh.claims.total_runs = Some(fresh.runs.len() as u64 + unshown);
    }
    Joined { result: fresh, retries, notes, other_agent }
}

/// Why the runs are of different versions of the agent, where they tell it.
fn other_agent(kept: &[RunRecord], fresh: &[RunRecord]) -> Option<String> {
    let of = |runs: &[RunRecord]| runs.iter().find_map(|run| run.agent_version.clone());
    let (before, now) = (of(kept)?, of(fresh)?);
    (before != now).then(|| {
        format!("the runs that passed are of version {before} of the agent, the others of {now}")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::slots::PlanHead;
    use crate::report::build::{ReportInput, build_report};
    use crate::report::evaluation::Evaluation;
    use crate::suite::head::SuiteHead;
    use crate::verdict::Verdict;

    /// Runs of scenarios, each written as its scenario and how it ended: `1p 1f 2e`.
    fn result(id: u64, runs: &str) -> ResultRecord {
        let run = |(at, text): (u64, &str)| {
            let (scenario, end) = text.split_at(1);
            let success = (end != "e").then_some(end == "p");
            RunRecord {
                id: id * 100 + at,
                scenario: scenario.parse().ok(),
                status: if success.is_some() { Status::Completed } else { Status::Failed },
                success,
                has_transcript: success.is_some(),
                metrics: vec![crate::record::MetricRecord {
                    id: Some(1),
                    name: "m".to_owned(),
                    aliases: vec![],
                    value: crate::record::MetricValue::Binary(success),
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

    fn suite() -> SuiteHead {
        SuiteHead {
            report_only: false,
            name: "s".to_owned(),
            file: None,
            mode: crate::suite::model::Mode::Voice,
            thresholds: serde_json::from_value(json!({})).unwrap(),
            quarantine: vec![],
        }
    }

    fn plan() -> PlanHead {
        PlanHead {
            runs_per_scenario: 2,
            runs: Some(6),
            scenarios: vec![1, 2, 3],
            ..PlanHead::default()
        }
    }

    fn saved(runs: &str) -> Report {
        build_report(ReportInput::of(suite(), plan(), result(1, runs)))
    }

    fn joined(earlier: &Report, fresh: &str) -> (Joined, Report) {
        let fresh = result(2, fresh);
        let outcomes =
            Evaluation::of(&suite(), &PlanHead::default(), &fresh.runs, None, false).outcomes;
        let joined = join(earlier, &unpassed(earlier).unwrap(), fresh, &outcomes);
        let retries = joined.retries.clone();
        let parts =
            ReportInput { retries, ..ReportInput::of(suite(), plan(), joined.result.clone()) };
        (joined, build_report(parts))
    }

    #[test]
    fn a_scenario_with_a_run_that_failed_errored_or_never_came_runs_again() {
        assert_eq!(unpassed(&saved("1p 1p 2p 2f 3p 3e")).unwrap().ids, [2, 3]);
        assert_eq!(unpassed(&saved("1p 1p 2p 2p 3p")).unwrap().ids, [3]);
        assert!(unpassed(&saved("1p 1p 2p 2p 3p 3p")).unwrap().is_empty());
    }

    #[test]
    fn what_passed_stays_and_what_ran_again_takes_the_place_of_the_rest() {
        let earlier = saved("1p 1p 2p 2f 3p 3p");
        let (joined, report) = joined(&earlier, "2p 2p");
        let ids: Vec<u64> = joined.result.runs.iter().map(|run| run.id).collect();
        assert_eq!(ids, [101, 102, 105, 106, 201, 202]);
        assert_eq!((report.verdict, report.tally.total), (Verdict::Pass, 6));
        let flaky: Vec<(u64, u64, bool)> =
            joined.retries.iter().map(|one| (one.first.run, one.counts, one.flaky)).collect();
        assert_eq!(flaky, [(104, 201, true), (103, 202, false)]);
    }

    #[test]
    fn what_fails_again_fails_the_whole_and_what_does_not_come_leaves_it_open() {
        let earlier = saved("1p 1p 2p 2f 3p 3p");
        assert_eq!(joined(&earlier, "2p 2f").1.verdict, Verdict::Fail);
        assert_eq!(joined(&earlier, "2p").1.verdict, Verdict::Inconclusive);
    }

    #[test]
    fn runs_of_another_version_of_the_agent_are_told_apart() {
        let mut earlier = saved("1p 1p 2p 2f 3p 3p");
        let mut fresh = result(2, "2p 2p");
        earlier.result.runs[0].agent_version = Some("3".to_owned());
        fresh.runs[0].agent_version = Some("4".to_owned());
        let outcomes =
            Evaluation::of(&suite(), &PlanHead::default(), &fresh.runs, None, false).outcomes;
        let joined = join(&earlier, &unpassed(&earlier).unwrap(), fresh, &outcomes);
        assert!(joined.other_agent.unwrap().contains("of version 3"));
    }
}
