//! Which round is next, and what the rounds came to, in words.
//!
//! Pure. What is not decided drives what is started: a check of one scenario needs runs of that
//! scenario only, a share of several needs whole rounds of them. Once a gating check has failed for
//! good, nothing more is started.

use std::collections::BTreeSet;

use crate::checks::spec::Level;
use crate::plan::rounds::StartedRound;
use crate::record::RunRecord;
use crate::report::evaluation::{Evaluation, evidence_of};
use crate::report::model::PlanHead;
use crate::report::words;
use crate::suite::head::SuiteHead;
use crate::text;
use crate::verdict::evidence::ScenarioSlots;
use crate::verdict::{CheckReport, Verdict, scenarios_of};

/// Why rounds that contradict each other cannot be a pass; none where they do not.
pub(super) fn against_a_pass(plan: &PlanHead) -> Option<String> {
    let rounds = plan.rounds.as_ref().filter(|rounds| !rounds.are_sound())?;
    Some(format!(
        "the rounds of the plan contradict each other: looks after {:?} runs of each scenario, and \
         started rounds of {:?}",
        rounds.looks,
        rounds.started.iter().map(|round| round.runs_per_scenario).collect::<Vec<_>>()
    ))
}

/// A round to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextRound {
    /// Its number, its scenarios and how many runs each has.
    pub round: StartedRound,
    /// The checks that it may decide, as they are called.
    pub open: Vec<String>,
}

/// The round that the checks need next; none where each gating check is decided or no other round
/// may decide it, where one has failed for good, and where there is no other round.
pub fn next_round(
    suite: &SuiteHead,
    planned: &PlanHead,
    runs: &[RunRecord],
    base: Option<&[RunRecord]>,
) -> Option<NextRound> {
    let rounds = planned.rounds.as_ref()?;
    let runs_per_scenario = rounds.next()?;
    let last = rounds.started.last()?;
    let standing = Evaluation::of(suite, planned, runs, base, false);
    let gating = || standing.checks.iter().filter(|check| check.level == Level::Error);
    if gating().any(is_final) {
        return None;
    }
    let open: Vec<&CheckReport> =
        gating().filter(|check| check.rounds.as_ref().is_some_and(|rounds| rounds.open)).collect();
    let (evidence, _, _) = evidence_of(suite, planned, runs, &standing.outcomes);
    let mut wanted: Vec<ScenarioSlots> = Vec::new();
    for check in &open {
        let of_check: Vec<ScenarioSlots> = evidence
            .scenarios
            .iter()
            .filter(|slots| match (&check.scenario, &check.group) {
                (Some(scenario), _) => slots.scenario == *scenario,
                (None, _) => true,
            })
            .cloned()
            .collect();
        let of_check = match check.group.as_ref().and_then(|name| suite.thresholds.groups.get(name))
        {
            Some(group) if check.scenario.is_none() => scenarios_of(group, &evidence),
            _ => of_check,
        };
        wanted.extend(of_check);
    }
    // Who was left out of a round has too few runs for any later one.
    wanted.retain(|slots| last.has(slots.scenario.id, slots.case_key.as_deref()));
    let keys: BTreeSet<&String> =
        wanted.iter().filter_map(|slots| slots.case_key.as_ref()).collect();
    let ids: BTreeSet<u64> = wanted.iter().filter_map(|slots| slots.scenario.id).collect();
    let brings_cases = !planned.cases.is_empty();
    if (brings_cases && keys.is_empty()) || (!brings_cases && ids.is_empty()) {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    for check in open {
        let name = words::check_name(check);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some(NextRound {
        round: StartedRound {
            number: last.number + 1,
            runs_per_scenario,
            scenarios: (!brings_cases).then(|| ids.into_iter().collect()),
            cases: brings_cases.then(|| keys.into_iter().cloned().collect()),
            result: None,
        },
        open: names,
    })
}

/// Whether a gating check has failed for good: no run that may still start could save it.
fn is_final(check: &CheckReport) -> bool {
    check.verdict == Verdict::Fail
        && check.rounds.as_ref().is_some_and(|rounds| rounds.decided_in.is_some())
}

/// Whether what the first round started first has failed a gating check for good, whatever its other
/// scenarios would show. The plan holds the whole round: the looks are those of whole rounds, and
/// what is not there yet could be anything. A comparison with a baseline waits for the whole round.
pub fn first_part_fails(suite: &SuiteHead, planned: &PlanHead, runs: &[RunRecord]) -> bool {
    let mut suite = suite.clone();
    suite.thresholds.baseline = None;
    let standing = Evaluation::of(&suite, planned, runs, None, true);
    standing.checks.iter().filter(|check| check.level == Level::Error).any(is_final)
}

/// What the rounds came to: how many runs of how many at most, and what each round decided. Nothing
/// where the runs came in one start.
pub(crate) fn remarks(planned: &PlanHead, checks: &[CheckReport]) -> Vec<String> {
    let Some(rounds) = &planned.rounds else { return Vec::new() };
    let started: usize = rounds.started.iter().map(|round| planned.started_in(round)).sum();
    let scenarios = planned.scenarios.len().max(planned.cases.len());
    let most = rounds.looks.last().copied().unwrap_or(0).saturating_mul(scenarios);
    let saved = most.saturating_sub(started);
    let mut told = vec![format!(
        "{started} of at most {most} runs were started, in {} of {}; {saved} saved",
        rounds.started.len(),
        text::count(rounds.looks.len(), "round")
    )];
    for round in &rounds.started {
        let of_round = |verdict: Verdict| {
            let decided = checks.iter().filter(|check| {
                check.verdict == verdict
                    && check.rounds.as_ref().and_then(|rounds| rounds.decided_in)
                        == Some(round.number)
            });
            decided.map(words::check_name).collect::<Vec<String>>()
        };
        let (passed, failed) = (of_round(Verdict::Pass), of_round(Verdict::Fail));
        let part = |names: &[String], verb: &str| {
            const MOST: usize = 3;
            let shown: Vec<String> =
                names.iter().take(MOST).map(|name| crate::escape::short(name, 80)).collect();
            let more = match names.len().checked_sub(MOST) {
                Some(more @ 1..) => format!(" and {}", text::count(more, "more check")),
                _ => String::new(),
            };
            (!names.is_empty()).then(|| format!("{}{more} {verb}", shown.join(", ")))
        };
        let parts: Vec<String> =
            [part(&failed, "failed"), part(&passed, "passed")].into_iter().flatten().collect();
        let runs = text::count(planned.started_in(round), "run");
        let decided =
            if parts.is_empty() { "it decided nothing".to_owned() } else { parts.join("; ") };
        told.push(format!("round {} ({runs}): {decided}", round.number));
    }
    told
}
