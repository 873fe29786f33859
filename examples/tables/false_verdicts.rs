//! How often is a gate wrong? Agents of known quality meet the bare percentage and the interval, at
//! equal cost; the intervals and the comparison with a baseline are measured as well.
//!
//! ```sh
//! cargo run --release --example tables -- false_verdicts
//! ```
//!
//! Prints the tables of `docs/statistics.md`, which `ci/check-statistics.py` holds equal to it. The
//! seed is fixed: the figures are the same on every machine.

use cekura_gate::stats::strata::{self, Stratum};
use cekura_gate::stats::{numbers, ranks, rate};

use crate::random::Random;
use crate::table::table;

const THRESHOLD: f64 = 0.9;
const CONFIDENCE: f64 = 0.95;
const SIGNIFICANCE: f64 = 0.05;
const MAX_DROP: f64 = 0.05;
const MAX_RISE: f64 = 0.10;
/// Gates per figure: the figures are good to about half a point.
const GATES: usize = 10_000;
const QUALITIES: [f64; 7] = [0.97, 0.95, 0.92, 0.90, 0.88, 0.85, 0.80];
const RUNS: [usize; 5] = [10, 20, 50, 100, 200];

pub(crate) fn print() {
    let mut random = Random(95);
    runs_needed();
    verdicts(&mut random);
    going_on(&mut random);
    rate_coverage(&mut random);
    mean_coverage(&mut random);
    quantile_coverage(&mut random);
    baseline(&mut random);
    baseline_latency(&mut random);
}

fn head(first: &str, rest: impl IntoIterator<Item = String>) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(rest).collect()
}

fn percent(share: f64) -> String {
    format!("{}%", (share * 1000.0).round() / 10.0)
}

fn share(hits: usize, of: usize) -> String {
    format!("{:.1}%", hits as f64 / of as f64 * 100.0)
}

fn passes(random: &mut Random, runs: usize, quality: f64) -> usize {
    (0..runs).filter(|_| random.fraction() < quality).count()
}

/// How many runs it takes, by the exact distribution.
fn runs_needed() {
    let show = |runs: Option<usize>| runs.map_or_else(|| "never".to_owned(), |n| n.to_string());
    let thresholds = [0.8, 0.9, 0.95, 0.98];
    let levels = [0.8, 0.9, 0.95, 0.99];
    let rows = levels.map(|level| {
        let runs = thresholds.map(|threshold| show(rate::runs_to_decide(1.0, threshold, level)));
        head(&percent(level), runs)
    });
    table("fewest", &head("confidence", thresholds.map(|t| format!("`>= {}`", percent(t)))), &rows);

    let qualities = [0.99, 0.97, 0.95, 0.92, 0.90, 0.88, 0.85, 0.80, 0.70, 0.50];
    let rows = qualities.map(|quality| {
        let runs = levels.map(|level| show(rate::runs_to_decide(quality, THRESHOLD, level)));
        head(&percent(quality), runs)
    });
    let columns = levels.map(|level| format!("at {}", percent(level)));
    table("needed", &head("true quality", columns), &rows);
}

#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Pass,
    Inconclusive,
    Fail,
}

fn ours(passed: usize, runs: usize) -> Verdict {
    let (low, high) = rate::bounds(passed, runs - passed, 0, CONFIDENCE);
    if low >= THRESHOLD {
        Verdict::Pass
    } else if high < THRESHOLD {
        Verdict::Fail
    } else {
        Verdict::Inconclusive
    }
}

/// The gate's verdict for every possible number of passes.
fn verdicts_of(runs: usize) -> Vec<Verdict> {
    (0..=runs).map(|passed| ours(passed, runs)).collect()
}

fn wrong(quality: f64) -> Verdict {
    if quality >= THRESHOLD { Verdict::Fail } else { Verdict::Pass }
}

/// The bare percentage against the interval, for the same runs.
fn verdicts(random: &mut Random) {
    let (mut bare, mut interval, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for quality in QUALITIES {
        let mut rows = [(); 3].map(|()| head(&percent(quality), []));
        for runs in RUNS {
            let verdicts = verdicts_of(runs);
            let (mut bare_wrong, mut seen) = (0, [0; 3]);
            for _ in 0..GATES {
                let passed = passes(random, runs, quality);
                let green = passed as f64 / runs as f64 >= THRESHOLD;
                bare_wrong += usize::from(green != (quality >= THRESHOLD));
                if let Some(verdict) = verdicts.get(passed)
                    && let Some(count) = seen.get_mut(*verdict as usize)
                {
                    *count += 1;
                }
            }
            let [pass, inconclusive, fail] = seen;
            let ours_wrong = if wrong(quality) == Verdict::Fail { fail } else { pass };
            let whole = |n: usize| (n as f64 / GATES as f64 * 100.0).round();
            let [first, second, third] = &mut rows;
            first.push(share(bare_wrong, GATES));
            second.push(share(ours_wrong, GATES));
            third.push(format!("{} / {} / {}", whole(pass), whole(inconclusive), whole(fail)));
        }
        let [first, second, third] = rows;
        bare.push(first);
        interval.push(second);
        all.push(third);
    }
    let columns = || head("true quality", RUNS.map(|runs| format!("{runs} runs")));
    table("bare", &columns(), &bare);
    table("interval", &columns(), &interval);
    table("outcomes", &columns(), &all);
}

/// Twenty runs, and then as many as an inconclusive gate asks for, once or until it has decided.
fn going_on(random: &mut Random) {
    const START: usize = 20;
    const ROUNDS: usize = 2_000;
    let rows = QUALITIES.map(|quality| {
        let (mut first, mut after, mut wrongly, mut spent, mut longest) = (0, 0, 0, 0, 0);
        for _ in 0..ROUNDS {
            let mut passed = passes(random, START, quality);
            let mut runs = START;
            let mut verdict = ours(passed, runs);
            first += usize::from(verdict != Verdict::Inconclusive);
            // An engineer's patience ends somewhere.
            if verdict == Verdict::Inconclusive
                && let Some(further) = rate::further_runs(passed, runs, THRESHOLD, CONFIDENCE)
                && further <= 500
            {
                passed += passes(random, further, quality);
                runs += further;
                verdict = ours(passed, runs);
            }
            after += usize::from(verdict != Verdict::Inconclusive);
            wrongly += usize::from(verdict == wrong(quality));
            spent += runs;
            longest = longest.max(runs);
        }
        let mean = (spent as f64 / ROUNDS as f64).round().to_string();
        let shares = [first, after, wrongly].map(|n| share(n, ROUNDS));
        head(&percent(quality), shares.into_iter().chain([mean, longest.to_string()]))
    });
    let columns = [
        "decided by 20 runs",
        "decided after the further runs",
        "wrong",
        "runs on average",
        "at most",
    ];
    table("further", &head("true quality", columns.map(str::to_owned)), &rows);
}

/// How often an interval contains the true share.
fn rate_coverage(random: &mut Random) {
    let mut rows = Vec::new();
    for runs in [10, 30, 100] {
        let intervals: Vec<_> = (0..=runs)
            .map(|k| {
                let (low, high) = rate::bounds(k, runs - k, 0, CONFIDENCE);
                let wilson = rate::wilson(k, runs, CONFIDENCE);
                [wilson, rate::clopper_pearson(k, runs, CONFIDENCE), (low, 1.0), (0.0, high)]
            })
            .collect();
        for quality in [0.99, 0.95, 0.90, 0.80, 0.50] {
            let mut held = [0; 4];
            for _ in 0..GATES {
                let seen = intervals.get(passes(random, runs, quality));
                for (count, (low, high)) in held.iter_mut().zip(seen.into_iter().flatten()) {
                    *count += usize::from(*low <= quality && quality <= *high);
                }
            }
            let cells = held.map(|count| share(count, GATES));
            rows.push(head(&format!("{}, {runs} runs", percent(quality)), cells));
        }
    }
    let columns = ["Wilson", "Clopper–Pearson", "lower bound", "upper bound"].map(str::to_owned);
    table("coverage", &head("true share", columns), &rows);
}

/// Latencies with a long tail: log-normal, median 1 s.
struct Latency {
    name: &'static str,
    spread: f64,
}

const LATENCIES: [Latency; 2] =
    [Latency { name: "skewed", spread: 0.5 }, Latency { name: "very skewed", spread: 1.0 }];

impl Latency {
    fn sample(&self, random: &mut Random, n: usize) -> Vec<f64> {
        (0..n).map(|_| libm::exp(self.spread * random.normal())).collect()
    }

    fn mean(&self) -> f64 {
        libm::exp(self.spread * self.spread / 2.0)
    }

    fn quantile(&self, deviations: f64) -> f64 {
        libm::exp(self.spread * deviations)
    }
}

/// How often each end misses the true mean: the gate's bounds, Student's and the bootstrap's.
fn mean_coverage(random: &mut Random) {
    const SAMPLES: usize = 2_000;
    let mut rows = Vec::new();
    for latency in LATENCIES {
        for n in [5, 10, 20, 50, 100] {
            let mut missed = [[0; 2]; 3];
            for _ in 0..SAMPLES {
                let values = latency.sample(random, n);
                let bounds = [
                    numbers::mean_bounds(&values, CONFIDENCE),
                    student_bounds(&values),
                    bootstrap_bounds(random, &values),
                ];
                for ([below, above], (low, high)) in missed.iter_mut().zip(bounds) {
                    *below += usize::from(low > latency.mean());
                    *above += usize::from(high < latency.mean());
                }
            }
            let cells = missed.map(|[below, above]| {
                format!("{} / {}", share(below, SAMPLES), share(above, SAMPLES))
            });
            rows.push(head(&format!("{}, {n} values", latency.name), cells));
        }
    }
    let columns = ["ours (Hall)", "Student", "bootstrap percentile"].map(str::to_owned);
    table("means", &head("latencies", columns), &rows);
}

fn student_bounds(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let t = cekura_gate::stats::student::upper_quantile(1.0 - CONFIDENCE, values.len() - 1);
    let half = t * (squares / (n - 1.0) / n).sqrt();
    (mean - half, mean + half)
}

fn bootstrap_bounds(random: &mut Random, values: &[f64]) -> (f64, f64) {
    const RESAMPLES: usize = 399;
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn = (0..values.len()).filter_map(|_| values.get(random.below(values.len())));
            drawn.sum::<f64>() / values.len() as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |rank: usize| means.get(rank - 1).copied().unwrap_or_default();
    (at(20), at(380))
}

/// How often each end misses the true quantile, and how often there is an upper end at all.
fn quantile_coverage(random: &mut Random) {
    let latency = &LATENCIES[0];
    let rows = [10, 30, 60, 200].map(|n| {
        let quantiles = [(0.5, 0.0), (0.9, 1.281_551_565_545), (0.95, 1.644_853_626_951)];
        let cells = quantiles.map(|(q, deviations)| {
            let (mut below, mut above, mut bounded) = (0, 0, false);
            for _ in 0..GATES {
                let values = latency.sample(random, n);
                let (low, high) = numbers::quantile_bounds(&values, q, CONFIDENCE);
                below += usize::from(low > latency.quantile(deviations));
                above += usize::from(high < latency.quantile(deviations));
                bounded = high.is_finite();
            }
            let above = if bounded { share(above, GATES) } else { "no upper end".to_owned() };
            format!("{} / {above}", share(below, GATES))
        });
        head(&n.to_string(), cells)
    });
    table("quantiles", &head("values", ["median", "p90", "p95"].map(str::to_owned)), &rows);
}

const COMPARISONS: usize = 2_000;
const SCENARIOS: u8 = 10;

/// A candidate against a baseline over scenarios of different difficulty.
fn baseline(random: &mut Random) {
    let rows = [0.0, 0.05, 0.10, 0.20].map(|drop| {
        let cells = [3, 5, 10, 20].map(|runs| {
            let (mut bare, mut ours) = (0, 0);
            for _ in 0..COMPARISONS {
                let strata: Vec<Stratum> = (0..SCENARIOS)
                    .map(|scenario| {
                        let quality = 1.0 - 0.03 * f64::from(scenario);
                        let base_yes = passes(random, runs, quality);
                        let head_yes = passes(random, runs, quality - drop);
                        let (base_no, head_no) = (runs - base_yes, runs - head_yes);
                        Stratum { base_yes, base_no, head_yes, head_no }
                    })
                    .collect();
                let dropped = strata::difference(&strata).is_some_and(|d| d < -MAX_DROP);
                let p = strata::cochran_mantel_haenszel(&strata);
                bare += usize::from(dropped);
                ours += usize::from(dropped && p.is_some_and(|p| p <= SIGNIFICANCE));
            }
            format!("{} / {}", share(bare, COMPARISONS), share(ours, COMPARISONS))
        });
        head(&format!("{:.0} points", drop * 100.0), cells)
    });
    let columns = [3, 5, 10, 20].map(|runs| format!("{SCENARIOS} × {runs} runs a side"));
    table("baseline", &head("true drop", columns), &rows);
}

/// The same for a latency, over scenarios of different length.
fn baseline_latency(random: &mut Random) {
    let latency = &LATENCIES[0];
    let rows = [0.0, 0.10, 0.20, 0.50].map(|rise| {
        let cells = [3, 5, 20].map(|runs| {
            let (mut bare, mut ours) = (0, 0);
            for _ in 0..COMPARISONS {
                let mut side = |factor: f64| -> Vec<Vec<f64>> {
                    let length = |scenario: u8| factor * (1.0 + 0.2 * f64::from(scenario));
                    let values = |length: f64, random: &mut Random| {
                        latency.sample(random, runs).into_iter().map(|v| v * length).collect()
                    };
                    (0..SCENARIOS).map(|scenario| values(length(scenario), random)).collect()
                };
                let (head, base) = (side(1.0 + rise), side(1.0));
                // As many values on each side: the sums compare as the means do.
                let sum = |side: &[Vec<f64>]| side.iter().flatten().sum::<f64>();
                let rose = sum(&head) > (1.0 + MAX_RISE) * sum(&base);
                let strata: Vec<(&[f64], &[f64])> =
                    head.iter().zip(&base).map(|(x, y)| (x.as_slice(), y.as_slice())).collect();
                let p = ranks::van_elteren(&strata);
                bare += usize::from(rose);
                ours += usize::from(rose && p.is_some_and(|p| p <= SIGNIFICANCE));
            }
            format!("{} / {}", share(bare, COMPARISONS), share(ours, COMPARISONS))
        });
        head(&percent(rise), cells)
    });
    let columns = [3, 5, 20].map(|runs| format!("{SCENARIOS} × {runs} runs a side"));
    table("baseline-latency", &head("true rise", columns), &rows);
}
