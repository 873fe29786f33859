//! When a result will have ended: the chance for each moment to come.
//!
//! A result ends with its last run, so the chance is a product over the runs that are left. A run
//! that talks has to finish its call and be judged; one that waits has to get a line first. Pure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::lifetimes::{Between, Lifetimes, Prior};
use super::seen::{Phase, START_RATE, Seen};

/// What is thought of the time from the end of a call until it is judged.
const JUDGING: Prior = Prior { median: 10.0, doubt: 0.6, spread: 0.4 };
/// How many runs that thought weighs as much as.
const WEIGHT: f64 = 2.0;
/// Of all lengths of judging three stand for all: standard scores of the sixths.
const SIXTHS: [f64; 3] = [-0.967_4, 0.0, 0.967_4];
/// Of all that the calls may be five stand for all: standard scores of the middles of five fifths.
const FIFTHS: [f64; 5] = [1.281_6, 0.524_4, 0.0, -0.524_4, -1.281_6];
/// The logarithm of a chance that is none.
const NEVER: f64 = -14.0;
/// Runs that began within so many seconds of each other are taken together.
const ALIKE: f64 = 2.0;

/// The runs that are left, in groups that are alike.
#[derive(Debug)]
pub(super) struct Forecast {
    /// How long calls may take, each case as likely as the others.
    cases: [Lifetimes; 5],
    judging: Lifetimes,
    /// Three lengths of judging that stand for all.
    judged_after: [f64; 3],
    /// Ages of calls that are going, and how many there are of each.
    talking: Vec<(f64, f64)>,
    /// For how long runs have been judged, and how many.
    judged: Vec<(f64, f64)>,
    /// In how many seconds the runs that wait are called, and how many.
    waiting: Vec<(f64, f64)>,
}

impl Forecast {
    /// What is to come, from what was seen by `at`, in seconds since the wait began.
    pub(super) fn new(seen: &Seen, at: f64, prior: Prior) -> Self {
        let ages: Vec<f64> = seen.ages(Phase::Talking, at).collect();
        let judged: Vec<f64> = seen.ages(Phase::Judging, at).collect();
        let ended = seen.count(Phase::Ended) as f64;
        // Those that are being judged have been through half of it, on average.
        let through = ended + judged.len() as f64 / 2.0;
        let mean = (WEIGHT * JUDGING.median + seen.judging) / (WEIGHT + through);
        let doubt = JUDGING.doubt / (1.0 + through / WEIGHT).sqrt();
        let thought = Prior { median: mean.max(0.5), doubt, ..JUDGING };
        let judging = Lifetimes::fit(thought, &going(&judged));
        let whole = |((least, most), count): &(Between, f64)| {
            (((least - mean).max(0.0), (most - mean).max(1.0)), *count)
        };
        let mut known = going(&ages);
        known.extend(&seen.calls);
        known.extend(seen.wholes.iter().map(whole));
        let calls = Lifetimes::fit(prior, &known);
        let waiting = starts(seen, at, &calls, &ages);
        Self {
            cases: FIFTHS.map(|z| calls.off_by(z)),
            judging,
            judged_after: SIXTHS.map(|z| judging.at(z)),
            talking: grouped(&ages),
            judged: grouped(&judged),
            waiting: grouped(&waiting),
        }
    }

    /// The chance that all will have ended `after` so many seconds.
    ///
    /// If calls are longer than thought, all are: the cases are weighed against each other as a
    /// whole.
    pub(super) fn ended(&self, after: f64) -> f64 {
        let cases = self.cases.iter().map(|calls| self.ended_if(calls, after));
        cases.sum::<f64>() / self.cases.len() as f64
    }

    fn ended_if(&self, calls: &Lifetimes, after: f64) -> f64 {
        let mut log = 0.0;
        for (start, count) in &self.waiting {
            log += count * ln_of(self.judged_by(after - start, |left| 1.0 - calls.survival(left)));
            if log < NEVER {
                return 0.0;
            }
        }
        for (age, count) in &self.talking {
            let of = calls.survival(*age).max(1e-12);
            let chance = self.judged_by(after, |left| 1.0 - calls.survival(age + left) / of);
            log += count * ln_of(chance);
            if log < NEVER {
                return 0.0;
            }
        }
        for (age, count) in &self.judged {
            let rest = self.judging.survival(age + after) / self.judging.survival(*age).max(1e-12);
            log += count * ln_of(1.0 - rest);
        }
        libm::exp(log)
    }

    /// The chance that a call that is over with the chance `over` of the time left is judged too.
    fn judged_by(&self, after: f64, over: impl Fn(f64) -> f64) -> f64 {
        let left = self.judged_after.map(|judging| after - judging);
        left.iter().filter(|left| **left > 0.0).map(|left| over(*left) / 3.0).sum()
    }
}

/// Ages of what is going, as lengths without a most.
fn going(ages: &[f64]) -> Vec<(Between, f64)> {
    grouped(ages).into_iter().map(|(age, count)| ((age, f64::INFINITY), count)).collect()
}

fn ln_of(chance: f64) -> f64 {
    libm::log(chance.clamp(1e-30, 1.0))
}

/// Lengths rounded to what is alike, each with its number.
fn grouped(lengths: &[f64]) -> Vec<(f64, f64)> {
    let mut groups: BTreeMap<u64, f64> = BTreeMap::new();
    for length in lengths {
        *groups.entry((length / ALIKE).round() as u64).or_default() += 1.0;
    }
    groups.into_iter().map(|(group, count)| (group as f64 * ALIKE, count)).collect()
}

/// In how many seconds each run that waits is called: as soon as a line is free, and no faster than
/// the platform starts calls.
fn starts(seen: &Seen, at: f64, calls: &Lifetimes, ages: &[f64]) -> Vec<f64> {
    let waiting = seen.count(Phase::Waiting);
    // As many lines as were ever in use; while calls are only being started, as many as it takes.
    let startable = (START_RATE * at).floor() as usize;
    let lines = match seen.parallel * 2 < startable {
        true => seen.parallel.max(1),
        false => ages.len() + waiting,
    };
    let idle = lines.saturating_sub(ages.len()).min(waiting);
    let millis = |seconds: f64| Reverse((seconds * 1000.0) as u64);
    let mut free: BinaryHeap<Reverse<u64>> =
        ages.iter().map(|age| millis(calls.mean_rest(*age))).collect();
    free.extend((0..idle).map(|_| millis(0.0)));
    let mut next = 0.0_f64;
    let mut starts = Vec::with_capacity(waiting);
    for _ in 0..waiting {
        let line = free.pop().map_or(0.0, |Reverse(line)| line as f64 / 1000.0);
        let start = next.max(line);
        next = start + 1.0 / START_RATE;
        free.push(millis(start + calls.mean()));
        starts.push(start);
    }
    // Those that start long before the last have ended before it, too.
    let decisive = starts.last().copied().unwrap_or_default() - 6.0 * calls.mean();
    starts.retain(|start| *start >= decisive);
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: Prior = Prior { median: 90.0, doubt: 0.6, spread: 0.3 };

    fn seen(at: f64, runs: &[Phase]) -> Seen {
        let mut seen = Seen::default();
        seen.look(at, (0..).zip(runs.iter().copied()));
        seen
    }

    /// Seconds until it has ended with a chance of one half.
    fn middle(forecast: &Forecast) -> f64 {
        (0..10_000).map(f64::from).find(|after| forecast.ended(*after) >= 0.5).unwrap()
    }

    #[test]
    fn many_runs_end_later_than_one() {
        let of =
            |runs| middle(&Forecast::new(&seen(10.0, &vec![Phase::Talking; runs]), 10.0, PRIOR));
        assert!((60.0..110.0).contains(&of(1)), "{}", of(1));
        assert!(of(30) > of(1) + 60.0, "{}", of(30));
    }

    #[test]
    fn a_queue_takes_its_turns() {
        let mut runs = vec![Phase::Talking; 10];
        runs.extend([Phase::Waiting; 90]);
        let at = 40.0;
        let middle = middle(&Forecast::new(&seen(at, &runs), at, PRIOR));
        // Ten turns of about a hundred seconds each.
        assert!((800.0..1300.0).contains(&middle), "{middle}");
    }

    #[test]
    fn what_is_being_judged_ends_soon() {
        let forecast = Forecast::new(&seen(100.0, &[Phase::Judging]), 100.0, PRIOR);
        assert!(middle(&forecast) < 15.0, "{}", middle(&forecast));
    }

    #[test]
    fn the_chance_only_grows() {
        let runs = [Phase::Talking, Phase::Judging, Phase::Waiting];
        let forecast = Forecast::new(&seen(50.0, &runs), 50.0, PRIOR);
        let mut last = 0.0;
        for after in 0..2000 {
            let now = forecast.ended(f64::from(after));
            assert!((last..=1.0).contains(&now), "{now} after {last}");
            last = now;
        }
    }
}
