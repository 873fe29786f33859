//! A comparison with a bound to a check's report, with the reason in words.

use super::{AGAINST, Bound, Change, Missing, Scale};
use crate::checks::figure::FigureUnit;
use crate::checks::spec::Level;
use crate::numbers::{self, SHARE, chance};
use crate::stats::drop::Rule;
use crate::stats::numbers::further_by_width;
use crate::text;
use crate::verdict::{CheckReport, Interval, Verdict};

/// A comparison with its bound: all that its report says.
pub(super) struct Compared<'n> {
    pub(super) name: &'n str,
    pub(super) bound: Bound,
    /// The change seen, or why there is none.
    pub(super) change: Result<Change, String>,
    /// Whether so many runs can tell a change from noise at all.
    pub(super) can_tell: bool,
    /// Between which changes the truth lies, where a confidence decides.
    pub(super) interval: Option<(f64, f64)>,
    /// The smallest change in the bound's way that would probably have been noticed.
    pub(super) noticed: Option<f64>,
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
            interval: None,
            noticed: None,
            samples: 0,
            verdicts: [Verdict::Inconclusive; 2],
            missing: Missing { all: 0, of_no_scenario: 0 },
            unknown: Vec::new(),
            unknown_in_base: 0,
            against: Vec::new(),
        }
    }

    pub(super) fn report(self) -> CheckReport {
        let Bound { is_drop, of, most, rule, .. } = self.bound;
        let threshold = if is_drop { -most } else { most };
        let way = self.bound.way();
        let rule = match rule {
            Rule::Significance(level) => {
                format!("significance {}", numbers::threshold(level, SHARE))
            }
            Rule::Confidence(level) => format!("confidence {}", numbers::threshold(level, SHARE)),
        };
        let (mut verdict, mut reason) = self.verdict();
        let interval = self.interval_shown();
        if let (Ok(_), Some(noticed)) = (&self.change, self.noticed) {
            // Rounded up: what is promised must hold.
            let least = of.show_allowed((noticed * 100.0).ceil() / 100.0);
            reason = format!("{reason}; a {way} of {least}{} would probably show", of.words());
        } else if verdict == Verdict::Pass {
            reason = format!("{reason}; so few runs would hardly show any {way}");
        }
        let further_runs = self.further_runs().filter(|_| verdict == Verdict::Inconclusive);
        if let Some(more) = further_runs {
            let more = text::count(more, "more run");
            reason =
                format!("{reason}; about {more} like these on each side would probably decide it");
        }
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
            rounds: None,
            condition: format!("{way} <= {}{} ({rule})", of.show_allowed(most), of.words(),),
            level: Level::Error,
            verdict,
            value: self.change.ok().map(|change| change.difference),
            threshold,
            unit: FigureUnit::Share,
            interval,
            samples: self.samples,
            unknown,
            further_runs,
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
        let Bound { of, most, .. } = self.bound;
        let by = of.show(change.difference.abs(), most);
        let p = self.bound.p_of(change);
        let noise = p.map(|p| format!(", {}", chance(p, self.bound.level()))).unwrap_or_default();
        let seen = if change.difference == 0.0 {
            "did not change".to_owned()
        } else {
            format!("{moved} by {by}{noise}")
        };
        let allowed = of.show_allowed(most);
        if let (Rule::Confidence(level), Some((low, high))) = (self.bound.rule, self.interval)
            && self.verdicts[0] == self.verdicts[1]
        {
            let shown = |end: f64| signed(of, end, most);
            let sure = numbers::percent(level);
            let seen = format!("{seen}; {sure} interval: {} to {}", shown(low), shown(high));
            return match self.verdicts[0] {
                Verdict::Pass => (Verdict::Pass, format!("{seen}: within the {allowed} allowed")),
                Verdict::Fail => {
                    (Verdict::Fail, format!("{seen}: all of it more than the {allowed} allowed"))
                }
                Verdict::Inconclusive => {
                    (Verdict::Inconclusive, format!("{seen}: the {allowed} allowed lie within it"))
                }
            };
        }
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
                        "these runs are too few to distinguish a \
                         change from noise: run each scenario more often",
                    ),
                };
                (verdict, format!("{seen}: more than the {allowed} allowed, but {why}"))
            }
            _ => (Verdict::Pass, format!("{seen}: within the {allowed} allowed")),
        }
    }

    /// How many further runs on each side would probably decide, with a chance of 80%, were the
    /// change the one seen: as the interval shrinks with the root of the runs. None without an
    /// interval that a confidence decides by, and where so many are lacking that nobody would run
    /// them.
    fn further_runs(&self) -> Option<usize> {
        let Rule::Confidence(level) = self.bound.rule else { return None };
        let seen = self.change.as_ref().ok()?.difference;
        let limit = if self.bound.is_drop { -self.bound.most } else { self.bound.most };
        further_by_width(self.samples, seen, self.interval?, limit, level)
    }

    /// The interval as a check has it.
    fn interval_shown(&self) -> Option<Interval> {
        let Rule::Confidence(confidence) = self.bound.rule else { return None };
        let (low, high) = self.interval?;
        (low.is_finite() && high.is_finite()).then_some(Interval {
            low,
            high,
            confidence: Some(confidence),
        })
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

/// An end of an interval, with its sign: `-3 points`.
fn signed(of: Scale, end: f64, most: f64) -> String {
    if !end.is_finite() {
        return if end < 0.0 { "any drop".to_owned() } else { "any rise".to_owned() };
    }
    let size = of.show(end.abs(), most);
    if end < 0.0 { format!("-{size}") } else { format!("+{size}") }
}
