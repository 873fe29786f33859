//! What does it save to stop when the answer is known, and what does it cost? Simulated agents meet
//! the bare percentage, the interval at a fixed number of runs, and the looks of
//! `frequency: { start: 3, max: 12 }`.
//!
//! ```sh
//! cargo run --release --example tables -- sampling
//! ```
//!
//! Prints tables of `docs/statistics.md`, which `ci/check-statistics.py` holds equal to it. The seed
//! is fixed: the figures are the same on every machine.

use cekura_gate::stats::rate;
use cekura_gate::stats::sequential::{Design, Seen, Stand};

use crate::random::Random;
use crate::table::table;

const THRESHOLD: f64 = 0.8;
const CONFIDENCE: f64 = 0.95;
/// Runs of each scenario after each round.
const ROUNDS: [usize; 6] = [3, 5, 7, 9, 11, 12];
const MOST: usize = 12;
const TRUTHS: [f64; 9] = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99];
const SUITES: [usize; 3] = [5, 20, 100];
/// Agents of each truth and suite: 10,800 in all.
const AGENTS: usize = 400;
/// How many calls never become a conversation.
const ERRORED: f64 = 0.03;
/// What a call costs.
const PRICE: f64 = 0.1;

pub(crate) fn print() {
    exact();
    unequal();
    simulated(&mut Random(19));
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

fn whole(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

fn looks(scenarios: usize) -> Vec<usize> {
    ROUNDS.iter().map(|runs| runs * scenarios).collect()
}

/// Power and error of the looks beside those of the fixed number of runs, by the exact distribution.
fn exact() {
    let (ours, fixed) = designs(10);
    let rows = TRUTHS.map(|truth| {
        let (ours, fixed) = (ours.expected(truth), fixed.expected(truth));
        let three = |above: f64, below: f64| {
            format!(
                "{} / {} / {}",
                percent(above),
                percent((1.0 - above - below).max(0.0)),
                percent(below)
            )
        };
        vec![
            whole(truth),
            three(fixed.above, fixed.below),
            three(ours.above, ours.below),
            format!("{:.0}", ours.runs),
            whole(ours.runs / (10 * MOST) as f64),
        ]
    });
    let head = ["true quality", "all 120 runs", "in rounds", "runs on average", "of 120"];
    table("rounds", &head, &rows);
}

fn designs(scenarios: usize) -> (Design, Design) {
    let alpha = 1.0 - CONFIDENCE;
    let looks = looks(scenarios);
    let last = &looks[looks.len() - 1..];
    (Design::new(THRESHOLD, alpha, &looks), Design::new(THRESHOLD, alpha, last))
}

/// How often a share of exactly the threshold is wrongly found above it or below it, where all
/// scenarios are alike, and where their shares are the worst that there can be.
fn unequal() {
    let mut rows = Vec::new();
    for confidence in [0.8, 0.9, 0.95, 0.99] {
        for scenarios in [2, 5, 10] {
            let mut row = vec![format!("{}, {scenarios} scenarios", whole(confidence))];
            for threshold in [0.8, 0.9, 0.95] {
                let design = Design::new(threshold, 1.0 - confidence, &looks(scenarios));
                let of = |pick: fn(&cekura_gate::stats::sequential::Look) -> Option<usize>| {
                    let looks = design.looks().iter();
                    looks.map(|look| (look.runs, pick(look))).collect::<Vec<_>>()
                };
                let (above, below) = (of(|look| look.yes_from), of(|look| look.no_from));
                let alike =
                    worst(&above, threshold, false).max(worst(&below, 1.0 - threshold, false));
                let any = worst(&above, threshold, true).max(worst(&below, 1.0 - threshold, true));
                assert!(any <= 1.0 - confidence + 1e-9, "{confidence} {scenarios} {threshold}");
                row.push(format!("{} / {}", percent(alike), percent(any)));
            }
            rows.push(row);
        }
    }
    let head = ["confidence", "`>= 80%`", "`>= 90%`", "`>= 95%`"];
    table("unequal", &head, &rows);
}

/// The chance that a boundary is reached. With `any`, the shares of each round's runs are chosen to
/// make it as large as can be, with what the rounds before have shown in sight; only their mean is
/// fixed. By Hoeffding's theorem the worst shares of a round are 0, 1 and one other.
fn worst(boundary: &[(usize, Option<usize>)], mean: f64, any: bool) -> f64 {
    let mut later: Vec<f64> = vec![0.0; boundary.last().map_or(0, |last| last.0) + 1];
    for (at, (runs, from)) in boundary.iter().enumerate().rev() {
        let before = at.checked_sub(1).and_then(|at| boundary.get(at)).map_or(0, |look| look.0);
        let value = |count: usize| match from {
            Some(from) if count >= *from => 1.0,
            _ => later.get(count).copied().unwrap_or(0.0),
        };
        let added = runs - before;
        let mut now = vec![0.0_f64; later.len()];
        for zeros in 0..=(if any { added } else { 0 }) {
            for ones in 0..=(if any { added - zeros } else { 0 }) {
                let rest = added - zeros - ones;
                let share = (added as f64 * mean - ones as f64) / (rest.max(1)) as f64;
                if rest == 0 || !(-1e-9..=1.0 + 1e-9).contains(&share) {
                    continue;
                }
                let chances = binomial(rest, share.clamp(0.0, 1.0));
                for (count, best) in now.iter_mut().enumerate().take(before + 1) {
                    let each = chances.iter().enumerate();
                    let sum: f64 = each.map(|(yes, c)| c * value(count + ones + yes)).sum();
                    *best = best.max(sum);
                }
            }
        }
        later = now;
    }
    later.first().copied().unwrap_or(0.0)
}

fn binomial(n: usize, p: f64) -> Vec<f64> {
    let mut chances = vec![1.0];
    for _ in 0..n {
        let mut next = vec![0.0; chances.len() + 1];
        for (count, chance) in chances.iter().enumerate() {
            next[count] += chance * (1.0 - p);
            next[count + 1] += chance * p;
        }
        chances = next;
    }
    chances
}

/// How one way to decide did over the agents of a row.
#[derive(Default)]
struct Tally {
    green: usize,
    red: usize,
    open: usize,
    calls: usize,
}

impl Tally {
    fn add(&mut self, verdict: Option<bool>, calls: usize) {
        match verdict {
            Some(true) => self.green += 1,
            Some(false) => self.red += 1,
            None => self.open += 1,
        }
        self.calls += calls;
    }

    /// Wrong verdicts: green for an agent below the threshold, red for one at it or above.
    fn wrong(&self, truth: f64) -> usize {
        if truth < THRESHOLD { self.green } else { self.red }
    }
}

fn simulated(random: &mut Random) {
    let mut rows = Vec::new();
    for scenarios in SUITES {
        let (design, _) = designs(scenarios);
        for truth in TRUTHS {
            let mut tallies = [Tally::default(), Tally::default(), Tally::default()];
            for _ in 0..AGENTS {
                let [bare, fixed, ours] = &mut tallies;
                let seen = agent(random, scenarios, truth);
                let all = scenarios * MOST;
                let last = seen[seen.len() - 1];
                let judged = (last.yes + last.no).max(1);
                bare.add(Some(last.yes as f64 / judged as f64 >= THRESHOLD), all);
                let (low, high) = rate::bounds(last.yes, last.no, last.unknown, CONFIDENCE);
                let sure = (low >= THRESHOLD).then_some(true);
                fixed.add(sure.or((high < THRESHOLD).then_some(false)), all);
                let (verdict, calls) = in_rounds(&design, &seen);
                ours.add(verdict, calls);
            }
            let of = |count: usize| percent(count as f64 / AGENTS as f64);
            let [bare, fixed, ours] = &tallies;
            let calls = ours.calls as f64 / AGENTS as f64;
            rows.push(vec![
                format!("{scenarios} scenarios, {}", whole(truth)),
                of(bare.wrong(truth)),
                format!("{} / {}", of(fixed.wrong(truth)), of(fixed.open)),
                format!("{} / {}", of(ours.wrong(truth)), of(ours.open)),
                format!("{calls:.0} of {}", scenarios * MOST),
                format!("{:.2} of {:.2}", calls * PRICE, (scenarios * MOST) as f64 * PRICE),
            ]);
        }
    }
    let head = [
        "suite, true quality",
        "bare: wrong",
        "all runs: wrong / inconclusive",
        "in rounds: wrong / inconclusive",
        "calls",
        "cost at 0.10 a call",
    ];
    table("sampling", &head, &rows);
}

/// What the runs of an agent show after each round. Half of the scenarios are harder than the
/// agent's mean, half as much easier.
fn agent(random: &mut Random, scenarios: usize, truth: f64) -> Vec<Seen> {
    let widest = (1.0 - truth).min(truth).min(0.15);
    let mut shares = Vec::new();
    while shares.len() + 1 < scenarios {
        let apart = widest * random.fraction();
        shares.extend([truth - apart, truth + apart]);
    }
    shares.resize(scenarios, truth);
    let (mut seen, mut now, mut done) = (Vec::new(), Seen::default(), 0);
    for runs in ROUNDS {
        for share in &shares {
            for _ in done..runs {
                if random.fraction() < ERRORED {
                    now.unknown += 1;
                } else if random.fraction() < *share {
                    now.yes += 1;
                } else {
                    now.no += 1;
                }
            }
        }
        done = runs;
        seen.push(now);
    }
    seen
}

fn in_rounds(design: &Design, seen: &[Seen]) -> (Option<bool>, usize) {
    for rounds in 1..=seen.len() {
        let calls = design.looks()[rounds - 1].runs;
        match design.follow(&seen[..rounds]) {
            Stand::Above(_) => return (Some(true), calls),
            Stand::Below(_) => return (Some(false), calls),
            Stand::Futile | Stand::Undecided => return (None, calls),
            Stand::Open => {}
        }
    }
    (None, 0)
}
