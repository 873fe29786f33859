//! Values of a numeric metric from two sides to are one side's larger, or is it noise?
//!
//! Only the order of the values counts, so that neither a skewed distribution nor one absurd
//! latency decides. Values may be infinite, never NaN.

use super::normal;
use super::strata::convolve;

/// Steps of arithmetic up to which the p-value is computed exactly: a few milliseconds, and about
/// 20 values on each side.
const EXACT_UP_TO: usize = 2_000_000;

/// The one-sided p-value of `x` being larger than `y`: how often would the ranks of `x` add up to
/// as much as they do, or more, if both sides came from one distribution? 0 to 1; small speaks for
/// larger. None when a side is empty.
///
/// Equal values share the mean of their ranks. Small samples are computed exactly, with ties too;
/// larger ones by the normal approximation with corrections for ties and continuity,
/// `z = (U − nm/2 − ½) / √(nm/12 · (N + 1 − Σ(t³ − t)/(N(N − 1))))`.
///
/// Wilcoxon (1945); Mann and Whitney (1947), On a test of whether one of two random variables is
/// stochastically larger than the other.
pub fn mann_whitney(x: &[f64], y: &[f64]) -> Option<f64> {
    van_elteren(&[(x, y)])
}

/// The same question asked scenario by scenario, as `(x, y)` of each: values are ranked within
/// their scenario only, and the rank sums are added with the weight `1/(N + 1)`. With one scenario
/// it is [`mann_whitney`]. Scenarios with an empty side are skipped; none when that leaves nothing.
///
/// Exact where scenarios are small and of few different sizes, else the normal approximation with
/// a continuity correction of half the smallest step.
///
/// van Elteren (1960), On the combination of independent two-sample tests of Wilcoxon.
pub fn van_elteren(strata: &[(&[f64], &[f64])]) -> Option<f64> {
    let both = strata.iter().filter(|(x, y)| !x.is_empty() && !y.is_empty());
    let strata: Vec<Ranked> = both.map(|(x, y)| Ranked::of(x, y)).collect();
    if strata.is_empty() {
        return None;
    }
    Some(exact(&strata).unwrap_or_else(|| asymptotic(&strata)))
}

/// The smallest p-value that [`van_elteren`] can give for scenarios with so many values, as
/// `(x, y)` of each: that of values of which every `x` is larger than every `y`. With few values it
/// is 1 over the number of ways to choose them, whatever they are.
pub fn least_p(sizes: &[(usize, usize)]) -> Option<f64> {
    let values = |from: usize, n: usize| (from..from + n).map(|value| value as f64).collect();
    let apart: Vec<(Vec<f64>, Vec<f64>)> =
        sizes.iter().map(|(x, y)| (values(*y, *x), values(0, *y))).collect();
    let strata: Vec<(&[f64], &[f64])> =
        apart.iter().map(|(x, y)| (x.as_slice(), y.as_slice())).collect();
    van_elteren(&strata)
}

/// One scenario's values as ranks, doubled so that shared ranks are whole.
struct Ranked {
    /// The doubled ranks of all values, in ascending order.
    ranks: Vec<usize>,
    /// How many of the values are from `x`.
    size: usize,
    /// The sum of the doubled ranks of `x`.
    sum: usize,
}

impl Ranked {
    fn of(x: &[f64], y: &[f64]) -> Self {
        let tagged = x.iter().map(|value| (*value, true)).chain(y.iter().map(|v| (*v, false)));
        let mut values: Vec<(f64, bool)> = tagged.collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut ranks, mut sum) = (Vec::with_capacity(values.len()), 0);
        for tied in values.chunk_by(|a, b| a.0 == b.0) {
            // Twice the mean of the ranks that they take up.
            let rank = 2 * ranks.len() + tied.len() + 1;
            sum += rank * tied.iter().filter(|(_, from_x)| *from_x).count();
            ranks.extend(std::iter::repeat_n(rank, tied.len()));
        }
        Ranked { ranks, size: x.len(), sum }
    }

    fn all(&self) -> usize {
        self.ranks.len()
    }

    /// The smallest and the largest sum that so many doubled ranks could have.
    fn reach(&self) -> (usize, usize) {
        (self.ranks.iter().take(self.size).sum(), self.ranks.iter().rev().take(self.size).sum())
    }

    /// Steps that [`Ranked::chances`] takes.
    fn cost(&self) -> usize {
        self.all().saturating_mul(self.size).saturating_mul(self.reach().1)
    }

    /// The chances of each sum from the smallest possible on, when every choice of `size` of the
    /// ranks is equally likely.
    fn chances(&self) -> Vec<f64> {
        let (least, most) = self.reach();
        // ways[taken][sum]; chances rather than counts, which would overflow.
        let mut ways = vec![vec![0.0; most + 1]; self.size + 1];
        if let Some(none) = ways.first_mut().and_then(|sums| sums.first_mut()) {
            *none = 1.0;
        }
        for (seen, rank) in self.ranks.iter().enumerate() {
            for taken in (1..=self.size.min(seen + 1)).rev() {
                let (fewer, more) = ways.split_at_mut(taken);
                let (Some(from), Some(to)) = (fewer.last(), more.first_mut()) else { continue };
                for (slot, way) in to.iter_mut().skip(*rank).zip(from) {
                    *slot += way;
                }
            }
        }
        let sums = ways.pop().unwrap_or_default();
        let total: f64 = sums.iter().sum();
        sums.iter().skip(least).map(|way| way / total).collect()
    }

    /// How far the sum of ranks lies above its mean, and its variance.
    fn moments(&self) -> (f64, f64) {
        let [x, all] = [self.size, self.all()].map(|n| n as f64);
        let ties: f64 = self
            .ranks
            .chunk_by(|a, b| a == b)
            .map(|tied| (tied.len() as f64).powi(3) - tied.len() as f64)
            .sum();
        let variance = x * (all - x) / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
        (self.sum as f64 / 2.0 - x * (all + 1.0) / 2.0, variance)
    }
}

/// The exact p-value; none where that would take too long.
fn exact(strata: &[Ranked]) -> Option<f64> {
    // Weights 1/(N + 1) as whole numbers.
    let common = strata.iter().map(|stratum| stratum.all() + 1).try_fold(1, common_multiple)?;
    let weight = |stratum: &Ranked| common / (stratum.all() + 1);
    let (mut cost, mut width) = (0_usize, 1_usize);
    for stratum in strata {
        let (least, most) = stratum.reach();
        let convolving = width.checked_mul(most - least + 1)?;
        cost = cost.checked_add(stratum.cost())?.checked_add(convolving)?;
        width = width.checked_add((most - least).checked_mul(weight(stratum))?)?;
        if cost.max(width) > EXACT_UP_TO {
            return None;
        }
    }
    let (mut chances, mut above) = (vec![1.0], 0);
    for stratum in strata {
        chances = convolve(&spread(&stratum.chances(), weight(stratum)), &chances);
        above += (stratum.sum - stratum.reach().0) * weight(stratum);
    }
    Some(chances.iter().skip(above).sum::<f64>().min(1.0))
}

/// The chances of a count that is multiplied by `step`.
fn spread(chances: &[f64], step: usize) -> Vec<f64> {
    let mut wide = vec![0.0; chances.len().saturating_sub(1) * step + 1];
    for (slot, chance) in wide.iter_mut().step_by(step).zip(chances) {
        *slot = *chance;
    }
    wide
}

fn common_multiple(a: usize, b: usize) -> Option<usize> {
    let (mut divisor, mut rest) = (a, b);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (a / divisor).checked_mul(b)
}

fn asymptotic(strata: &[Ranked]) -> f64 {
    let (mut above, mut variance, mut step) = (0.0, 0.0, f64::INFINITY);
    for stratum in strata {
        let weight = 1.0 / (stratum.all() as f64 + 1.0);
        let (excess, spread) = stratum.moments();
        above += weight * excess;
        variance += weight * weight * spread;
        step = weight.min(step);
    }
    if variance > 0.0 { normal::upper_tail((above - step / 2.0) / variance.sqrt()) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(seen: Option<f64>, expected: f64, within: f64) -> bool {
        (seen.unwrap() - expected).abs() < within
    }

    /// Mann and Whitney (1947), table I: the probability that U is at most u.
    #[test]
    fn small_samples_agree_with_mann_and_whitneys_table() {
        // n = 4, m = 4: U <= 0: .014, 1: .029, 2: .057, 3: .100.
        let rows: [([f64; 4], f64); 4] = [
            ([5.0, 6.0, 7.0, 8.0], 0.014),
            ([4.0, 6.0, 7.0, 8.0], 0.029),
            ([4.0, 5.0, 7.0, 8.0], 0.057),
            ([4.0, 5.0, 6.0, 8.0], 0.100),
        ];
        for (x, p) in rows {
            let y: Vec<f64> = (1..=8).map(f64::from).filter(|v| !x.contains(v)).collect();
            assert!(near(mann_whitney(&x, &y), p, 5.1e-4), "{x:?}");
        }
    }

    #[test]
    fn ties_are_counted_exactly_too() {
        // Ranks 1, 2.5, 2.5, 4: of the six pairs (2.5, 4) and (2.5, 4) have the largest sum.
        assert!(near(mann_whitney(&[2.0, 3.0], &[1.0, 2.0]), 2.0 / 6.0, 1e-14));
        assert_eq!(mann_whitney(&[1.0; 6], &[1.0; 9]), Some(1.0));
        assert_eq!(mann_whitney(&[1.0; 600], &[1.0; 900]), Some(1.0));
    }

    /// Bergmann, Ludbrook and Spooren (2000), Different outcomes of the Wilcoxon–Mann–Whitney test
    /// from different statistics packages: rats on a rotating cylinder, exact one-sided 0.0186.
    #[test]
    fn the_rotating_rats_have_their_published_p_value() {
        let control = [300.0; 12];
        let mut treated = control;
        treated[..5].copy_from_slice(&[22.0, 75.0, 271.0, 18.0, 163.0]);
        assert!(near(mann_whitney(&control, &treated), 0.0186, 5.1e-5));
    }

    #[test]
    fn scenarios_add_their_evidence_up() {
        let (x, y): (&[f64], &[f64]) = (&[3.0, 4.0], &[1.0, 2.0]);
        assert!(near(van_elteren(&[(x, y)]), 1.0 / 6.0, 1e-14));
        assert!(near(van_elteren(&[(x, y), (x, y)]), 1.0 / 36.0, 1e-14));
        // Scenarios of different sizes have different weights: 1/5 and 1/4.
        let z: &[f64] = &[9.0];
        assert!(near(van_elteren(&[(x, y), (z, y)]), 1.0 / 18.0, 1e-14));
    }

    #[test]
    fn a_scenario_that_is_slow_on_both_sides_does_not_look_like_a_rise() {
        let (quick, slow) = ([1.0, 1.1, 1.2], [9.0, 9.1, 9.2]);
        // One side ran the slow scenario once, the other three times.
        let p = van_elteren(&[(&quick[..1], &quick), (&slow, &slow[..1])]);
        assert!(p.unwrap() > 0.5);
    }

    #[test]
    fn the_least_p_value_is_one_over_the_number_of_choices() {
        assert!(near(least_p(&[(1, 1)]), 1.0 / 2.0, 1e-14));
        assert!(near(least_p(&[(3, 3)]), 1.0 / 20.0, 1e-14));
        assert!(near(least_p(&[(2, 3), (1, 1), (4, 0)]), 1.0 / 20.0, 1e-14));
        assert_eq!(least_p(&[(4, 0)]), None);
    }

    #[test]
    fn an_empty_side_is_skipped() {
        assert_eq!(mann_whitney(&[], &[1.0]), None);
        assert_eq!(mann_whitney(&[1.0], &[]), None);
        let (x, y): (&[f64], &[f64]) = (&[3.0, 4.0], &[1.0, 2.0]);
        assert_eq!(van_elteren(&[(x, y), (x, &[])]), mann_whitney(x, y));
    }

    #[test]
    fn the_exact_and_the_asymptotic_p_value_agree_where_samples_are_large() {
        let x: Vec<f64> = (0..22).map(|i| f64::from(i * 7 % 41) + 2.5).collect();
        let y: Vec<f64> = (0..20).map(|i| f64::from(i * 11 % 37)).collect();
        let strata = [Ranked::of(&x, &y), Ranked::of(&y, &x)];
        for stratum in strata {
            let one = [stratum];
            assert!((exact(&one).unwrap() - asymptotic(&one)).abs() < 2e-3);
        }
    }

    #[test]
    fn ten_thousand_values_are_still_compared() {
        let y: Vec<f64> = (0..10_000).map(f64::from).collect();
        let x: Vec<f64> = y.iter().map(|value| value + 1_000.0).collect();
        assert!(mann_whitney(&x, &y).unwrap() < 1e-9);
        assert!(mann_whitney(&y, &x).unwrap() > 0.999);
    }

    proptest! {
        #[test]
        fn a_rise_one_way_is_a_drop_the_other_way(
            x in proptest::collection::vec(0..12_i32, 1..14),
            y in proptest::collection::vec(0..12_i32, 1..14),
        ) {
            let [x, y] = [x, y].map(|v| v.into_iter().map(f64::from).collect::<Vec<f64>>());
            let (rise, drop) = (mann_whitney(&x, &y).unwrap(), mann_whitney(&y, &x).unwrap());
            prop_assert!((0.0..=1.0).contains(&rise) && (0.0..=1.0).contains(&drop));
            // What was observed counts on both sides.
            prop_assert!(rise + drop >= 1.0 - 1e-12);
            let negated = |v: &[f64]| v.iter().map(|value| -value).collect::<Vec<f64>>();
            let mirrored = mann_whitney(&negated(&x), &negated(&y)).unwrap();
            prop_assert!((mirrored - drop).abs() < 1e-12);
        }

        #[test]
        fn no_values_give_less_than_the_least_p_value(
            strata in proptest::collection::vec(
                (
                    proptest::collection::vec(0..6_i32, 1..5),
                    proptest::collection::vec(0..6_i32, 1..5),
                ),
                1..4,
            ),
        ) {
            let floats = |v: &[i32]| v.iter().copied().map(f64::from).collect::<Vec<f64>>();
            let sizes: Vec<(usize, usize)> =
                strata.iter().map(|(x, y)| (x.len(), y.len())).collect();
            let strata: Vec<(Vec<f64>, Vec<f64>)> =
                strata.iter().map(|(x, y)| (floats(x), floats(y))).collect();
            let strata: Vec<(&[f64], &[f64])> =
                strata.iter().map(|(x, y)| (x.as_slice(), y.as_slice())).collect();
            prop_assert!(van_elteren(&strata).unwrap() >= least_p(&sizes).unwrap() - 1e-12);
        }

        #[test]
        fn the_same_input_gives_the_same_p_value_in_any_order(
            x in proptest::collection::vec(0.0..9.0_f64, 1..20),
            y in proptest::collection::vec(0.0..9.0_f64, 1..20),
        ) {
            let reversed = |v: &[f64]| v.iter().rev().copied().collect::<Vec<f64>>();
            prop_assert_eq!(mann_whitney(&x, &y), mann_whitney(&reversed(&x), &reversed(&y)));
        }
    }
}
