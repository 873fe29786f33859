//! A comparison with a bound to a check's report, with the reason in words.

use super::{AGAINST, Bound, Change, Missing};
use crate::checks::figure::FigureUnit;
use crate::checks::spec::Level;
use crate::numbers::{self, SHARE, chance};
use crate::text;
use crate::verdict::{CheckReport, Verdict};

/// A comparison about to be told.
pub(super) struct Compared<'n> {
    pub(super) name: &'n str,
    pub(super) bound: Bound,
    /// The change seen, or why there is none.
    pub(super) change: Result<Change, String>,
    /// Whether so many runs can tell a change from noise at all.
    pub(super) can_tell: bool,
    pub(super) samples: usize,
    /// The verdicts with the runs without a value at their worst and at their best.
    pub(super) verdicts: [Verdict; 2],
    /// Planned runs of the head that never arrived.
    pub(super) missing: Missing,
    /// The head's runs without a value.
    pub(super) unknown: Vec<u64>,
    /// How many runs of the base have no value.
    pub(super) unknown_in_base: usize,
    pub(super) against: Vec<u64>,
}

impl<'n> Compared<'n> {
    pub(super) const fn without_evidence(name: &'n str, bound: Bound, reason: String) -> Self {
        Compared {
            name,
            bound,
            change: Err(reason),
            can_tell: true,
            samples: 0,
            verdicts: [Verdict::Inconclusive; 2],
            missing: Missing { all: 0, of_no_scenario: 0 },
            unknown: Vec::new(),
            unknown_in_base: 0,
            against: Vec::new(),
        }
    }

    pub(super) fn report(self) -> CheckReport {
        let Bound { is_drop, of, most, significance } = self.bound;
        let (way, threshold) = if is_drop { ("drop", -most) } else { ("rise", most) };
        let (mut verdict, mut reason) = self.verdict();
        // Those of which nobody knows the scenario could have turned any of them.
        let could_turn = match verdict {
            Verdict::Pass => self.missing.all,
            Verdict::Fail => self.missing.of_no_scenario,
            Verdict::Inconclusive => 0,
        };
        if could_turn > 0 {
            verdict = Verdict::Inconclusive;
            reason =
                format!("{reason}; but {} never arrived", text::count(could_turn, "planned run"));
        }
        let unknown = self.unknown.len() + self.missing.all;
        let deciding_runs = match verdict {
            Verdict::Pass => Vec::new(),
            Verdict::Fail => self.against,
            Verdict::Inconclusive => self.unknown,
        };
        CheckReport {
            group: None,
            name: format!("{}{AGAINST}", self.name),
            scenario: None,
            condition: format!(
                "{way} <= {}{} (significance {})",
                of.show_allowed(most),
                of.words(),
                numbers::threshold(significance, SHARE)
            ),
            level: Level::Error,
            verdict,
            value: self.change.ok().map(|change| change.difference),
            threshold,
            unit: FigureUnit::Share,
            interval: None,
            samples: self.samples,
            unknown,
            reason,
            deciding_runs,
        }
    }

    fn verdict(&self) -> (Verdict, String) {
        let change = match &self.change {
            Ok(change) => *change,
            Err(reason) => return (Verdict::Inconclusive, reason.clone()),
        };
        let moved = if change.difference < 0.0 { "dropped" } else { "rose" };
        let Bound { of, most, significance, .. } = self.bound;
        let by = of.show(change.difference.abs(), most);
        let p = self.bound.p_of(change);
        let noise = p.map(|p| format!(", {}", chance(p, significance))).unwrap_or_default();
        let seen = if change.difference == 0.0 {
            "did not change".to_owned()
        } else {
            format!("{moved} by {by}{noise}")
        };
        let allowed = of.show_allowed(most);
        match self.verdicts {
            [worst, best] if worst != best => (
                Verdict::Inconclusive,
                format!(
                    "{seen}; {} without a verdict could change the answer: {allowed} allowed",
                    self.without_judgement()
                ),
            ),
            [Verdict::Fail, _] => (
                Verdict::Fail,
                format!("{seen}: more than the {allowed} allowed, and unlikely to be noise"),
            ),
            _ if self.bound.is_exceeded_by(change) => {
                let (verdict, why) = match self.can_tell {
                    true => (Verdict::Pass, "it may be noise"),
                    false => (
                        Verdict::Inconclusive,
                        "these runs are too few to tell a change from noise: run each scenario more \
                         often",
                    ),
                };
                (verdict, format!("{seen}: more than the {allowed} allowed, but {why}"))
            }
            _ => (Verdict::Pass, format!("{seen}: within the {allowed} allowed")),
        }
    }

    fn without_judgement(&self) -> String {
        match (self.unknown.len() + self.missing.all, self.unknown_in_base) {
            (here, 0) => text::count(here, "run"),
            (0, there) => format!("{} of the baseline", text::count(there, "run")),
            (here, there) => {
                format!("{} and {there} of the baseline", text::count(here, "run"))
            }
        }
    }
}
