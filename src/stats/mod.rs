//! Counts and numbers to intervals and p-values.
//!
//! Pure functions that know nothing of runs, checks or verdicts: those are `verdict`'s. All of
//! them are deterministic, take confidences and shares as fractions, and are held equal to SciPy
//! and statsmodels by `ci/check-statistics.py`. `docs/statistics.md` says in plain words what they
//! are for, and `examples/tables/false_verdicts.rs` measures what they are worth.

pub mod binomial;
pub mod drop;
pub mod normal;
pub mod numbers;

pub mod ranks;
pub mod rate;
pub mod sequential;
pub mod strata;

pub mod student;
pub mod unequal;

/// The natural logarithm of the number of ways to choose `k` of `n`; `k <= n`.
fn ln_choose(n: usize, k: usize) -> f64 {
    let ln_factorial = |n: usize| libm::lgamma(n as f64 + 1.0);
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// The neighbouring numbers between which `holds` turns from true to false. It holds at `low` and
/// not at `high`, and turns once.
fn bisect(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> (f64, f64) {
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return (low, high);
        }
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}
