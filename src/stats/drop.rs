//! By how much may the share of passes have dropped between two sides, and how small a drop would
//! such runs show?
//!
//! The drop is baseline less candidate, scenario by scenario, weighted as in
//! [`strata::difference`](super::strata::difference).

use super::strata::Stratum;
use super::{bisect, normal, rate};

/// The bounds of the drop, each at `confidence` (a fraction, 0.5 to 1): −1 to 1. None where no
/// scenario has runs on both sides.
///
/// Score bounds: a drop is excluded where the weighted difference lies too many standard errors
/// away from it, with the variance that the scenarios' shares have if that is the drop (their
/// likeliest values under it). It needs no failures on either side to be open on both.
///
/// Miettinen and Nurminen (1985), Comparative analysis of two rates, the stratified interval;
/// coverage in `docs/statistics.md`.
pub fn bounds(strata: &[Stratum], confidence: f64) -> Option<(f64, f64)> {
    let sides: Vec<Sides> = strata.iter().filter_map(Sides::of).collect();
    if sides.is_empty() {
        return None;
    }
    let tail = 1.0 - confidence.clamp(0.5, 1.0);
    if tail <= 0.0 {
        return Some((-1.0, 1.0));
    }
    let z = normal::upper_quantile(tail);
    let seen = weighted(&sides, |side| side.base_share() - side.head_share());
    let far = |drop: f64| {
        let error = standard_error(&sides, drop);
        if error > 0.0 { (seen - drop) / error } else { (seen - drop) * f64::INFINITY }
    };
    let low = if far(-1.0) <= z { -1.0 } else { bisect(-1.0, seen, |drop| far(drop) > z).0 };
    let high = if far(1.0) >= -z { 1.0 } else { bisect(seen, 1.0, |drop| far(drop) >= -z).1 };
    Some((low, high))
}

/// One scenario's runs on both sides.
struct Sides {
    base: f64,
    head: f64,
    base_yes: f64,
    head_yes: f64,
}

impl Sides {
    fn of(stratum: &Stratum) -> Option<Self> {
        let [base_yes, head_yes, base_no, head_no] =
            [stratum.base_yes, stratum.head_yes, stratum.base_no, stratum.head_no]
                .map(|n| n as f64);
        let (base, head) = (base_yes + base_no, head_yes + head_no);
        (base > 0.0 && head > 0.0).then_some(Self { base, head, base_yes, head_yes })
    }

    fn base_share(&self) -> f64 {
        self.base_yes / self.base
    }

    fn head_share(&self) -> f64 {
        self.head_yes / self.head
    }

    fn weight(&self) -> f64 {
        self.base * self.head / (self.base + self.head)
    }

    /// The likeliest shares of base and head that lie `drop` apart: the root of a cubic equation,
    /// Farrington and Manning (1990).
    fn likeliest(&self, drop: f64) -> (f64, f64) {
        let ratio = self.head / self.base;
        let (p, q) = (self.base_share(), self.head_share());
        let a = 1.0 + ratio;
        let b = -(1.0 + ratio + p + ratio * q + drop * (ratio + 2.0));
        let c = drop * drop + drop * (2.0 * p + ratio + 1.0) + p + ratio * q;
        let d = -p * drop * (1.0 + drop);
        let v = (b / (3.0 * a)).powi(3) - b * c / (6.0 * a * a) + d / (2.0 * a);
        let root = ((b / (3.0 * a)).powi(2) - c / (3.0 * a)).max(0.0).sqrt();
        let u = if v < 0.0 { -root } else { root };
        let cosine = if u == 0.0 { 0.0 } else { (v / u.powi(3)).clamp(-1.0, 1.0) };
        let angle = (std::f64::consts::PI + libm::acos(cosine)) / 3.0;
        let base = 2.0 * u * libm::cos(angle) - b / (3.0 * a);
        let base = base.clamp(drop.max(0.0), (1.0 + drop).min(1.0));
        (base, (base - drop).clamp(0.0, 1.0))
    }
}

/// The mean over scenarios, with the weights of the difference.
fn weighted(sides: &[Sides], of: impl Fn(&Sides) -> f64) -> f64 {
    let weights: f64 = sides.iter().map(Sides::weight).sum();
    sides.iter().map(|side| side.weight() * of(side)).sum::<f64>() / weights
}

/// The standard error of the weighted difference, were the drop so large.
fn standard_error(sides: &[Sides], drop: f64) -> f64 {
    let (mut variance, mut weights) = (0.0, 0.0);
    for side in sides {
        let (base, head) = side.likeliest(drop);
        let all = side.base + side.head;
        let own = base * (1.0 - base) / side.base + head * (1.0 - head) / side.head;
        variance += side.weight().powi(2) * own * all / (all - 1.0);
        weights += side.weight();
    }
    variance.max(0.0).sqrt() / weights
}

/// Runs of one scenario on both sides, and the share that passes where nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// Runs of the baseline.
    pub base: usize,
    /// Runs of the candidate.
    pub head: usize,
    /// The true share before.
    pub share: f64,
}

/// When a drop is noticed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// It is larger than `most`, and noise alone explains one so large with a chance of at most
    /// this.
    Significance(f64),
    /// The lower bound of the drop at this confidence is larger than `most`.
    Confidence(f64),
}

/// The smallest drop that is noticed with a chance of [`rate::PROBABLY`], 0 to 1; none where not
/// even an agent that never passes would be noticed. All limits are fractions.
///
/// By the normal approximation, with the continuity correction of the test that is used.
pub fn least_noticed(compared: &[Compared], most: f64, rule: Rule) -> Option<f64> {
    let probably = |drop: f64| chance_to_notice(compared, most, rule, drop) >= rate::PROBABLY;
    if !probably(1.0) {
        return None;
    }
    if probably(0.0) {
        return Some(0.0);
    }
    Some(bisect(0.0, 1.0, |drop| !probably(drop)).1)
}

/// The chance that a drop of this size in each scenario is noticed.
pub fn chance_to_notice(compared: &[Compared], most: f64, rule: Rule, drop: f64) -> f64 {
    let (mut weights, mut null, mut variance, mut moved) = (0.0, 0.0, 0.0, 0.0);
    for one in compared.iter().filter(|one| one.base > 0 && one.head > 0) {
        let (base, head) = (one.base as f64, one.head as f64);
        let all = base + head;
        let (before, after) = (one.share, (one.share - drop).max(0.0));
        let weight = base * head / all;
        let pooled = (base * before + head * after) / all;
        weights += weight;
        moved += weight * (before - after);
        null += weight * pooled * (1.0 - pooled) * all / (all - 1.0);
        variance +=
            weight.powi(2) * (before * (1.0 - before) / base + after * (1.0 - after) / head);
    }
    if weights <= 0.0 {
        return 0.0;
    }
    let z = |tail: f64| normal::upper_quantile(tail.clamp(1e-12, 0.5));
    let must = match rule {
        Rule::Significance(significance) => {
            (z(significance) * null.sqrt() + 0.5).max(most * weights)
        }
        Rule::Confidence(confidence) => most * weights + z(1.0 - confidence) * variance.sqrt(),
    };
    let spread = variance.sqrt();
    match spread > 0.0 {
        true => normal::upper_tail((must - moved) / spread),
        false if moved > must => 1.0,
        false => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stratum((base_yes, base_no, head_yes, head_no): (usize, usize, usize, usize)) -> Stratum {
        Stratum { base_yes, base_no, head_yes, head_no }
    }

    /// Newcombe (1998), Interval estimation for the difference between independent proportions,
    /// table II: method 5 (Miettinen and Nurminen), 95% on two sides.
    #[test]
    fn one_scenario_has_miettinen_and_nurminens_published_interval() {
        let rows = [
            ((56, 14, 48, 32), (0.0528, 0.3382)),
            ((9, 1, 3, 7), (0.1700, 0.8406)),
            ((10, 0, 0, 20), (0.7156, 1.0)),
        ];
        for (counts, (low, high)) in rows {
            let seen = bounds(&[stratum(counts)], 0.975).unwrap();
            assert!((seen.0 - low).abs() < 1e-3 && (seen.1 - high).abs() < 1e-3, "{seen:?}");
        }
    }

    #[test]
    fn runs_that_all_passed_leave_a_drop_and_a_rise_open() {
        let (low, high) = bounds(&[stratum((5, 0, 5, 0)); 10], 0.95).unwrap();
        assert!(low < -0.02 && high > 0.02 && (low + high).abs() < 1e-9, "{low} {high}");
        assert_eq!(bounds(&[stratum((5, 0, 0, 0))], 0.95), None);
        assert_eq!(bounds(&[stratum((5, 0, 5, 0))], 1.0), Some((-1.0, 1.0)));
    }

    /// Simulated 10,000 times: 72% of drops of 20 points were noticed by significance, 59% by
    /// confidence; `docs/statistics.md` has more.
    #[test]
    fn the_chance_to_notice_a_drop_is_about_what_simulation_shows() {
        let scenarios: Vec<Compared> = (0..10_u8)
            .map(|at| Compared { base: 5, head: 5, share: 1.0 - 0.03 * f64::from(at) })
            .collect();
        let chance = |rule| chance_to_notice(&scenarios, 0.05, rule, 0.2);
        assert!((chance(Rule::Significance(0.05)) - 0.72).abs() < 0.07);
        assert!((chance(Rule::Confidence(0.95)) - 0.59).abs() < 0.05);
        let least = least_noticed(&scenarios, 0.05, Rule::Significance(0.05)).unwrap();
        assert!(chance_to_notice(&scenarios, 0.05, Rule::Significance(0.05), least) >= 0.8);
    }

    #[test]
    fn two_runs_a_side_notice_nothing() {
        let two = [Compared { base: 2, head: 2, share: 0.9 }];
        assert_eq!(least_noticed(&two, 0.05, Rule::Significance(0.05)), None);
        assert_eq!(least_noticed(&[], 0.05, Rule::Significance(0.05)), None);
    }

    proptest! {
        #[test]
        fn the_bounds_enclose_the_difference_and_turn_round_with_the_sides(
            rows in proptest::collection::vec((0..9_usize, 1..9_usize, 0..9_usize, 1..9_usize), 1..6)
        ) {
            let rows: Vec<Stratum> = rows.into_iter().map(stratum).collect();
            let seen = -super::super::strata::difference(&rows).unwrap();
            let (low, high) = bounds(&rows, 0.95).unwrap();
            prop_assert!(-1.0 <= low && low <= seen + 1e-9 && seen <= high + 1e-9 && high <= 1.0);
            let (lower, higher) = bounds(&rows, 0.99).unwrap();
            prop_assert!(lower <= low + 1e-9 && high <= higher + 1e-9);
            let swapped: Vec<Stratum> = rows
                .iter()
                .map(|s| stratum((s.head_yes, s.head_no, s.base_yes, s.base_no)))
                .collect();
            let (other_low, other_high) = bounds(&swapped, 0.95).unwrap();
            prop_assert!((low + other_high).abs() < 1e-6 && (high + other_low).abs() < 1e-6);
        }
    }
}
