//! Checks where the runs come in rounds: looked at after each of them, decided once.
//!
//! Pure, and a replay: the look after a round sees the runs of that round and of those before it,
//! so that judging a saved result again gives the same. The first look that decides is final.
//!
//! A share with a confidence, and a quantile with one, is tested by the design of
//! `stats::sequential`. Means and comparisons with a baseline that have a confidence are looked at
//! with a part of the error in each round, which add up to the whole. What has no confidence is
//! judged on what is there when the rounds end.

use super::baseline;
use super::evidence::{Evidence, Samples};
use super::finding::Finding;
use super::look::look;
use super::sample::sample;
use super::weigh::{Confidence, Spent};
use super::{CheckReport, CheckRounds, Verdict};
use crate::checks::figure::Figure;
use crate::checks::grammar::{Aggregate, Operator};
use crate::checks::spec::CheckSpec;
use crate::numbers;
use crate::scalars::Percent;
use crate::stats::sequential::{Design, HARDLY, Planned, Seen, spent_by};
use crate::suite::thresholds::Baseline;

/// What the rounds so far say of one check. `confidence` is the suite's.
///
/// # Errors
///
/// When there are no samples to weigh, in words.
pub(super) fn find(
    figure: Figure<'_>,
    spec: &CheckSpec,
    evidence: &Evidence<'_>,
    confidence: Option<f64>,
) -> Result<Finding, String> {
    let rounds = Rounds::of(evidence);
    let now = rounds.after(evidence, rounds.complete);
    let (_, check) = sample(figure, spec, &now)?;
    let Some(decides) = Confidence::of(figure, spec, &check, confidence).decides else {
        return bare(figure, spec, (evidence, &now), confidence, rounds);
    };
    let alpha = 1.0 - decides;
    let seen: Vec<Seen> = (1..=rounds.complete)
        .map(|round| seen_in(figure, spec, &rounds.after(evidence, round)))
        .collect();
    let design = threshold_of(&check.aggregate, check.threshold.value)
        .map(|threshold| Design::of_parts(threshold, alpha, &rounds.planned(&seen)));
    let is_share = check.aggregate.as_ref().is_some_and(Aggregate::is_share);
    let spent = |at: usize| match &design {
        Some(design) if is_share => Some(Spent::Share(design, at)),
        Some(design) => {
            design.looks().get(at).map(|look| Spent::Levels(look.level_below, look.level_above))
        }
        None => {
            let level = rounds.level(alpha, at);
            Some(Spent::Levels(level, level))
        }
    };
    let mut last = None;
    for (round, at) in (1..=rounds.complete).zip(0..) {
        let part = rounds.after(evidence, round);
        let Ok(mut finding) = look(figure, spec, &part, confidence, spent(at)) else { continue };
        if finding.verdict != Verdict::Inconclusive {
            finding.rounds = Some(rounds.decided_in(round));
            finding.reason = format!("{}; {}", finding.reason, rounds.when(round));
            return Ok(finding);
        }
        last = Some(finding);
    }
    let mut finding = match last {
        Some(finding) => finding,
        None => look(figure, spec, &now, confidence, spent(0))?,
    };
    let could = match (&design, seen.last()) {
        (Some(design), Some(last)) if is_share => {
            let (above, below) = design.may_decide(seen.len(), *last);
            // With a planned run missing nothing passes any more.
            let whole = now.missing == 0;
            match check.operator {
                Operator::AtLeast | Operator::Above => above && whole || below,
                Operator::AtMost | Operator::Below => below && whole || above,
                Operator::Equal | Operator::Unequal => above || below,
            }
        }
        _ => true,
    };
    finding.rounds = Some(rounds.undecided(could));
    finding.reason = format!("{}; {}", finding.reason, rounds.still(could));
    Ok(finding)
}

/// Comparisons with a baseline.
pub(super) fn against_baseline(
    limits: &Baseline,
    base: &Evidence<'_>,
    head: &Evidence<'_>,
) -> Vec<CheckReport> {
    if head.looks.is_empty() {
        return baseline::judge(limits, base, head, None);
    }
    let rounds = Rounds::of(head);
    let now = rounds.after(head, rounds.complete);
    let Some(confidence) = limits.confidence.map(Percent::fraction) else {
        let mut checks = baseline::judge(limits, base, &now, None);
        for check in &mut checks {
            check.rounds = Some(rounds.undecided(false));
        }
        return checks;
    };
    let mut told: Vec<CheckReport> = Vec::new();
    for (round, at) in (1..=rounds.complete.max(1)).zip(0..) {
        let part = rounds.after(head, round);
        let level = rounds.level(1.0 - confidence, at);
        let looked = baseline::judge(limits, base, &part, Some(level));
        for (at, mut check) in looked.into_iter().enumerate() {
            // New failures are counted by a significance of their own, over all runs.
            let by_interval = check.condition.contains("(confidence ");
            let is_final = by_interval && check.verdict != Verdict::Inconclusive;
            check.rounds = Some(match is_final {
                true => rounds.decided_in(round),
                false => rounds.undecided(by_interval),
            });
            match told.get_mut(at) {
                Some(before) if before.rounds.is_some_and(|one| one.decided_in.is_some()) => {}
                Some(before) => *before = check,
                None => told.push(check),
            }
        }
    }
    told
}

/// A check that no confidence decides: judged on what is there when the rounds end. It has failed
/// for good where nothing that may still run could save it.
fn bare(
    figure: Figure<'_>,
    spec: &CheckSpec,
    (evidence, now): (&Evidence<'_>, &Evidence<'_>),
    confidence: Option<f64>,
    rounds: Rounds,
) -> Result<Finding, String> {
    let mut finding = look(figure, spec, now, confidence, None)?;
    finding.rounds = Some(rounds.undecided(false));
    if finding.verdict == Verdict::Fail {
        let mut to_the_end = now.clone();
        to_the_end.going = true;
        let all = evidence.looks.last().copied().unwrap_or(0);
        for scenario in &now.scenarios {
            let planned: usize = scenario.rounds.iter().map(|round| round.planned).sum();
            to_the_end.missing += all.saturating_sub(planned);
        }
        let then = look(figure, spec, &to_the_end, confidence, None);
        if then.is_ok_and(|then| then.verdict == Verdict::Fail) {
            finding.rounds = Some(rounds.decided_in(rounds.complete));
        }
    }
    Ok(finding)
}

/// What a share's look, or a quantile's, has of runs. How many of a quantile's lie within its limit
/// is not needed: its bounds decide.
fn seen_in(figure: Figure<'_>, spec: &CheckSpec, part: &Evidence<'_>) -> Seen {
    let Ok((sampled, _)) = sample(figure, spec, part) else {
        return Seen { unknown: part.missing, ..Seen::default() };
    };
    let unknown = sampled.unknown.len() + part.missing;
    match sampled.samples {
        Samples::Shares { yes, no } => Seen { yes: yes.len(), no: no.len(), unknown },
        Samples::Numbers { values, .. } => Seen { yes: values.len(), no: 0, unknown },
    }
}

/// The share that is tested: that of a share's check, or the runs within a quantile.
fn threshold_of(aggregate: &Option<Aggregate>, threshold: f64) -> Option<f64> {
    match aggregate {
        Some(Aggregate::Median) => Some(0.5),
        Some(Aggregate::Percentile(p)) => Some(p / 100.0),
        Some(aggregate) if aggregate.is_share() => Some(threshold / 100.0),
        _ => None,
    }
}

/// The planned rounds, and those that the figure is of.
#[derive(Clone, Copy)]
struct Rounds<'e> {
    looks: &'e [usize],
    complete: u32,
    of: u32,
}

impl<'e> Rounds<'e> {
    fn of(evidence: &'e Evidence<'_>) -> Self {
        let looks = evidence.looks.as_slice();
        let of = u32::try_from(looks.len()).unwrap_or(u32::MAX);
        Rounds { looks, complete: evidence.complete_rounds().min(of), of }
    }

    /// The evidence after a round; all of it where no round is complete.
    fn after<'a>(&self, evidence: &Evidence<'a>, round: u32) -> Evidence<'a> {
        if self.complete == 0 { evidence.clone() } else { evidence.after_round(round) }
    }

    /// The part of all planned runs that a look has.
    fn part(&self, at: usize) -> f64 {
        let runs = |at: usize| self.looks.get(at).copied().unwrap_or(0) as f64;
        runs(at) / runs(self.looks.len().saturating_sub(1)).max(1.0)
    }

    /// What a look may spend where the looks share the error between them.
    fn level(&self, alpha: f64, at: usize) -> f64 {
        let before = at.checked_sub(1).map_or(0.0, |before| spent_by(self.part(before)));
        alpha * (spent_by(self.part(at)) - before)
    }

    /// The looks with the runs that they have; those to come with as many as are to be expected.
    fn planned(&self, seen: &[Seen]) -> Vec<Planned> {
        let now = seen.last().map_or(0, |seen| seen.yes + seen.no + seen.unknown);
        let at_now = self.part(seen.len().saturating_sub(1));
        let look = |at: usize| {
            let part = self.part(at);
            let to_come = (now as f64 * part / at_now.max(f64::MIN_POSITIVE)).round() as usize;
            let runs = seen.get(at).map_or(to_come, |seen| seen.yes + seen.no + seen.unknown);
            Planned { runs, part }
        };
        (0..self.looks.len()).map(look).collect()
    }

    const fn decided_in(&self, round: u32) -> CheckRounds {
        CheckRounds { looked: round, of: self.of, decided_in: Some(round), open: false }
    }

    const fn undecided(&self, could: bool) -> CheckRounds {
        let open = could && self.complete < self.of;
        CheckRounds { looked: self.complete, of: self.of, decided_in: None, open }
    }

    fn when(&self, round: u32) -> String {
        format!("decided in round {round} of at most {}", self.of)
    }

    fn still(&self, could: bool) -> String {
        match (self.complete < self.of, could) {
            (true, true) => {
                format!("not decided after round {} of at most {}", self.complete, self.of)
            }
            (true, false) => format!(
                "not decided after round {} of at most {}, and more rounds would hardly decide it: \
                 a chance below {}",
                self.complete,
                self.of,
                numbers::percent(HARDLY)
            ),
            (false, _) => format!("not decided by the last of {} rounds", self.of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOKS: [usize; 4] = [3, 6, 9, 12];

    fn rounds(complete: u32) -> Rounds<'static> {
        Rounds { looks: &LOOKS, complete, of: 4 }
    }

    #[test]
    fn the_looks_to_come_are_planned_with_as_many_runs_as_those_so_far_let_expect() {
        let seen = |yes, no, unknown| Seen { yes, no, unknown };
        let planned = rounds(2).planned(&[seen(20, 5, 5), seen(40, 12, 4)]);
        let runs: Vec<usize> = planned.iter().map(|look| look.runs).collect();
        // 56 of the half: 84 of three quarters.
        assert_eq!(runs, [30, 56, 84, 112]);
        let parts: Vec<f64> = planned.iter().map(|look| look.part).collect();
        assert_eq!(parts, [0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn what_the_looks_spend_adds_up_to_the_error_and_no_more() {
        for looks in [&[10][..], &[1, 2], &[3, 6, 9, 12], &[3, 5, 7, 9, 10], &[1, 100]] {
            let rounds = Rounds { looks, complete: 0, of: 0 };
            let spent: Vec<f64> = (0..looks.len()).map(|at| rounds.level(0.05, at)).collect();
            assert!(spent.iter().all(|level| *level > 0.0), "{looks:?}: {spent:?}");
            let sum: f64 = spent.iter().sum();
            assert!((sum - 0.05).abs() < 1e-12, "{looks:?}: {sum}");
        }
    }

    #[test]
    fn where_nothing_is_to_be_weighed_the_missing_runs_are_unknown() {
        let evidence = Evidence { missing: 3, ..Evidence::default() };
        let spec = CheckSpec::plain("p50 <= 2".parse().unwrap());
        assert!(sample(Figure::Metric("Latency"), &spec, &evidence).is_err());
        let seen = seen_in(Figure::Metric("Latency"), &spec, &evidence);
        assert_eq!(seen, Seen { yes: 0, no: 0, unknown: 3 });
    }

    #[test]
    fn a_share_is_tested_for_shares_and_quantiles_alone() {
        for (aggregate, expected) in [
            (Some(Aggregate::Rate), Some(0.8)),
            (Some(Aggregate::Median), Some(0.5)),
            (Some(Aggregate::Percentile(95.0)), Some(0.95)),
            (Some(Aggregate::Mean), None),
            (Some(Aggregate::Sum), None),
            (None, None),
        ] {
            assert_eq!(threshold_of(&aggregate, 80.0), expected, "{aggregate:?}");
        }
    }
}
