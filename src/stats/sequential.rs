//! A share looked at several times while runs are added: when is it known to lie above or below a
//! threshold?
//!
//! A group-sequential test with exact binomial boundaries. The looks are planned beforehand. The
//! error `alpha` of each side is spent over them by the power family of Kim and DeMets,
//! `alpha · t^1.5`, where `t` is the part of the planned runs that a look has; so a look half way
//! may spend 35% of it. At each look the boundary is the least count at which the chance to have
//! crossed at this look or before, for a share of exactly the threshold, is at most what may be
//! spent by then, however unequal the scenarios are that have this share on average. What whole
//! counts leave unspent, later looks spend.
//!
//! Each side is computed alone, as if the other were not there: so the bound on its error holds
//! whatever the other side does, whether or not the runs go on after a crossing, and however runs
//! are lost (`docs/statistics.md` has the proof).
//!
//! What unequal scenarios can do at most is in `stats::unequal`.
//!
//! Lan and DeMets (1983), Discrete sequential boundaries for clinical trials; Kim and DeMets (1987),
//! Design and analysis of group sequential tests based on the type I error spending rate function;
//! exact for binomial counts: Jennison and Turnbull (2000), Group Sequential Methods, chapter 12.

use super::rate::PROBABLY;
use super::unequal::{self, Added};
use super::{binomial, rate};

/// The exponent of the spending function. A smaller one takes fewer calls and loses more power.
pub const SPENDING: f64 = 1.5;

/// Looks that decide with a smaller chance than this are not worth their runs.
pub const HARDLY: f64 = 0.1;

/// How sure it is, on each side, that the true share lies in the range for which that chance is
/// computed: 80%.
const PLAUSIBLE: f64 = 0.6;

/// A planned look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Planned {
    /// Runs that it has, with those of the looks before.
    pub runs: usize,
    /// The part of all planned runs that it has, 0 to 1: how much of the error may be spent by then.
    pub part: f64,
}

/// One look of a design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Runs that it has, with those of the looks before.
    pub runs: usize,
    /// The least count of yes that says: above the threshold, or at it. None where no count does.
    pub yes_from: Option<usize>,
    /// The least count of no that says: below the threshold, or at it. None where no count does.
    pub no_from: Option<usize>,
    /// The nominal level of a bound from below at this look: one that reaches the threshold exactly
    /// where the count reaches `yes_from`.
    pub level_above: f64,
    /// The same of a bound from above.
    pub level_below: f64,
}

/// The part of the error that may be spent by a look that has this part of the runs.
pub fn spent_by(part: f64) -> f64 {
    part.clamp(0.0, 1.0).powf(SPENDING)
}

/// The boundaries of all looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    threshold: f64,
    looks: Vec<Look>,
}

/// What the runs of one look showed, with those of the looks before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Runs with a yes.
    pub yes: usize,
    /// Runs with a no.
    pub no: usize,
    /// Runs that could have said either.
    pub unknown: usize,
}

impl Seen {
    const fn runs(self) -> usize {
        self.yes + self.no + self.unknown
    }
}

/// How a test stands. Looks are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// The share lies at the threshold or above, known at this look.
    Above(usize),
    /// The share lies at the threshold or below, known at this look.
    Below(usize),
    /// Not known yet: a later look can decide.
    Open,
    /// Not known, and the later looks would hardly decide it: [`HARDLY`].
    Futile,
    /// The last look has not decided.
    Undecided,
}

/// What a design does to an agent of some true share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// Chance to end with [`Stand::Above`].
    pub above: f64,
    /// Chance to end with [`Stand::Below`].
    pub below: f64,
    /// Runs on average.
    pub runs: f64,
}

impl Design {
    /// The design for a threshold (a fraction), an error of at most `alpha` on each side (0 to 0.5;
    /// at 0 nothing is ever decided), and looks after so many runs, in strictly rising order.
    pub fn new(threshold: f64, alpha: f64, looks: &[usize]) -> Self {
        let all = looks.last().copied().unwrap_or(0).max(1) as f64;
        let planned = looks.iter().map(|runs| Planned { runs: *runs, part: *runs as f64 / all });
        Self::of_parts(threshold, alpha, &planned.collect::<Vec<_>>())
    }

    /// The same where the looks have other numbers of runs than were planned, such as a metric that
    /// does not concern every run: the error is spent by the planned part, the boundary is that of
    /// the runs there are. Only looks up to some one are needed to have its boundary.
    pub fn of_parts(threshold: f64, alpha: f64, looks: &[Planned]) -> Self {
        let alpha = alpha.clamp(0.0, 0.5);
        let above = boundaries(threshold, alpha, looks);
        let below = boundaries(1.0 - threshold, alpha, looks);
        let look = |((planned, above), below): ((&Planned, Boundary), Boundary)| Look {
            runs: planned.runs,
            yes_from: above.from,
            no_from: below.from,
            level_above: above.level,
            level_below: below.level,
        };
        Self { threshold, looks: looks.iter().zip(above).zip(below).map(look).collect() }
    }

    /// The looks.
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// How the test stands after the first looks, of which each is given with what its runs showed.
    /// The first crossing is final. To be above, what is unknown counts as no; to be below, as yes.
    pub fn follow(&self, seen: &[Seen]) -> Stand {
        for (at, (look, seen)) in self.looks.iter().zip(seen).enumerate() {
            if look.yes_from.is_some_and(|from| seen.yes >= from) {
                return Stand::Above(at);
            }
            if look.no_from.is_some_and(|from| seen.no >= from) {
                return Stand::Below(at);
            }
        }
        if seen.len() >= self.looks.len() {
            return Stand::Undecided;
        }
        match self.may_decide(seen.len(), seen.last().copied().unwrap_or_default()) {
            (false, false) => Stand::Futile,
            _ => Stand::Open,
        }
    }

    /// Whether a look after the first `done` ones may still say above, and below: with a chance of
    /// [`HARDLY`] or more, were the share as high, or as low, as what has been seen lets it be.
    ///
    /// To go on or not changes no error: the boundaries hold whether or not the runs go on.
    pub fn may_decide(&self, done: usize, seen: Seen) -> (bool, bool) {
        let (low, high) = rate::wilson(seen.yes, seen.yes + seen.no, PLAUSIBLE);
        let (above, below) = self.can_decide(done, seen);
        let worth = |can: bool, share: f64, side: fn((f64, f64)) -> f64| {
            can && side(self.chances_after(done, seen, share)) >= HARDLY
        };
        (worth(above, high, |(above, _)| above), worth(below, low, |(_, below)| below))
    }

    /// The chances that a look after the first `done` ones says above, and below, for an agent of
    /// this share. What is unknown stays so, and no run to come is lost.
    fn chances_after(&self, done: usize, seen: Seen, share: f64) -> (f64, f64) {
        let mut chances = vec![0.0; seen.yes];
        chances.push(1.0);
        let (mut above, mut below, mut before) = (0.0, 0.0, seen.runs());
        for look in self.looks.iter().skip(done) {
            chances = step(&chances, look.runs.saturating_sub(before), share);
            before = look.runs.max(before);
            for (yes, chance) in chances.iter_mut().enumerate() {
                let no = before.saturating_sub(seen.unknown + yes);
                if look.yes_from.is_some_and(|from| yes >= from) {
                    above += std::mem::take(chance);
                } else if look.no_from.is_some_and(|from| no >= from) {
                    below += std::mem::take(chance);
                }
            }
        }
        (above, below)
    }

    /// Whether a look after the first `done` ones can still say above, and below, whatever the runs
    /// to come show.
    fn can_decide(&self, done: usize, seen: Seen) -> (bool, bool) {
        let mut later = self.looks.iter().skip(done).map(|look| {
            let more = look.runs.saturating_sub(seen.runs());
            let could =
                |from: Option<usize>, now: usize| from.is_some_and(|from| now + more >= from);
            (could(look.yes_from, seen.yes), could(look.no_from, seen.no))
        });
        later
            .try_fold((false, false), |(above, below), (more_above, more_below)| {
                match (above || more_above, below || more_below) {
                    (true, true) => Err((true, true)),
                    so_far => Ok(so_far),
                }
            })
            .unwrap_or_else(|both| both)
    }

    /// The bounds of the share at a look, each at the level that the look spends: one of them clears
    /// the threshold exactly where the look decides. `(0, 1)` for a look that there is not.
    pub fn bounds(&self, at: usize, seen: Seen) -> (f64, f64) {
        let Some(look) = self.looks.get(at) else { return (0.0, 1.0) };
        let n = seen.runs();
        let low = rate::lower_bound_at(seen.yes, n, look.level_above);
        let high = 1.0 - rate::lower_bound_at(seen.no, n, look.level_below);
        // The last digits of two sums must not part the bounds from the decision.
        let low = match look.yes_from.is_some_and(|from| seen.yes >= from) {
            true => low.max(self.threshold.next_up()).min(1.0),
            false => low.min(self.threshold.next_down()).max(0.0),
        };
        let high = match look.no_from.is_some_and(|from| seen.no >= from) {
            true => high.min(self.threshold.next_down()).max(0.0),
            false => high.max(self.threshold.next_up()).min(1.0),
        };
        (low, high)
    }

    /// How many runs after those of a look would probably, with a chance of [`PROBABLY`], decide at a
    /// later look, were the agent as good as the share seen. None where no look would.
    pub fn further_runs(&self, at: usize, seen: Seen) -> Option<usize> {
        let judged = seen.yes + seen.no;
        let share = if judged == 0 { return None } else { seen.yes as f64 / judged as f64 };
        self.looks.iter().skip(at + 1).find_map(|look| {
            let more = look.runs.checked_sub(seen.runs()).filter(|more| *more > 0)?;
            let reaches = |from: Option<usize>, count: usize, share: f64| {
                from.is_some_and(|from| {
                    let lacking = from.saturating_sub(count);
                    binomial::at_least(lacking, more, share) >= PROBABLY
                })
            };
            let decides = reaches(look.yes_from, seen.yes, share)
                || reaches(look.no_from, seen.no, 1.0 - share);
            decides.then_some(more)
        })
    }

    /// What becomes of an agent of which each run says yes with the chance `share`, where no run is
    /// lost and the runs go on as long as any of them can decide. Exact.
    pub fn expected(&self, share: f64) -> Expected {
        let mut expected = Expected { above: 0.0, below: 0.0, runs: 0.0 };
        let (mut chances, mut going, mut before) = (vec![1.0], 1.0, 0);
        for (at, look) in self.looks.iter().enumerate() {
            let more = look.runs.saturating_sub(before);
            expected.runs += going * more as f64;
            chances = step(&chances, more, share);
            before = look.runs;
            going = 0.0;
            for (yes, chance) in chances.iter_mut().enumerate() {
                let no = look.runs.saturating_sub(yes);
                if look.yes_from.is_some_and(|from| yes >= from) {
                    expected.above += std::mem::take(chance);
                } else if look.no_from.is_some_and(|from| no >= from) {
                    expected.below += std::mem::take(chance);
                } else if self.can_decide(at + 1, Seen { yes, no, unknown: 0 }) == (false, false) {
                    *chance = 0.0;
                } else {
                    going += *chance;
                }
            }
        }
        expected
    }
}

/// One side's boundary at a look.
struct Boundary {
    from: Option<usize>,
    level: f64,
}

/// The boundaries of one side: counts that an agent of the share `p` reaches at any look with a
/// chance of at most `alpha`, however different its scenarios are.
fn boundaries(p: f64, alpha: f64, looks: &[Planned]) -> Vec<Boundary> {
    let (mut chances, mut before, mut spent) = (vec![1.0], 0, 0.0);
    let (mut added, mut least): (Vec<Added>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut found = Vec::new();
    for look in looks {
        let more = look.runs.saturating_sub(before);
        chances = step(&chances, more, p);
        before = look.runs;
        added.push(Added::new(more, look.runs, p));
        let by_now = alpha * spent_by(look.part);
        // Where all runs are alike it is not reached more often than this. That is a first guess.
        let mut from = look.runs + 1;
        let mut here = 0.0;
        // Without an error to spend nothing may be decided, not even what is impossible.
        while alpha > 0.0
            && let Some(next) = from.checked_sub(1)
            // Counts beyond those that have a chance would have crossed before.
            && let chance = chances.get(next).copied().unwrap_or(0.0)
            && spent + here + chance <= by_now
        {
            here += chance;
            from = next;
        }
        least.push(from);
        let mut at_most = unequal::reached(&added, &least);
        while at_most > by_now && from <= look.runs {
            from += 1;
            if let Some(last) = least.last_mut() {
                *last = from;
            }
            at_most = unequal::reached(&added, &least);
        }
        spent += chances.iter().skip(from).sum::<f64>();
        chances.truncate(from);
        let tail = unequal::at_least(from, look.runs, p);
        let from = (from <= look.runs).then_some(from);
        found.push(Boundary { from, level: (tail + by_now - at_most).clamp(0.0, 0.5) });
    }
    found
}

/// The chances of each count after `more` runs that each say yes with the chance `p`.
fn step(chances: &[f64], more: usize, p: f64) -> Vec<f64> {
    let (first, added) = binomial::likely(more, p);
    let mut after = vec![0.0; chances.len() + more];
    for (count, chance) in chances.iter().enumerate().filter(|(_, c)| **c > binomial::UNREACHED) {
        for (slot, added) in after.iter_mut().skip(count + first).zip(&added) {
            *slot += chance * added;
        }
    }
    after
}

#[cfg(test)]
#[path = "sequential/tests.rs"]
mod tests;
