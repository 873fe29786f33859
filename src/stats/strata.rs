//! Pass counts of a baseline and a candidate, scenario by scenario to is the drop noise?
//!
//! Comparing the bare totals misleads as soon as the mix of scenarios differs (Simpson's paradox).
//! Here each scenario is compared with itself, and the differences are added up.

use super::{ln_choose, normal};

/// Up to this many possible totals the p-value is computed exactly: some thousand runs.
const EXACT_UP_TO: usize = 2_000;

/// One scenario's runs on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stratum {
    /// Runs of the baseline that passed.
    pub base_yes: usize,
    /// Runs of the baseline that failed.
    pub base_no: usize,
    /// Runs of the candidate that passed.
    pub head_yes: usize,
    /// Runs of the candidate that failed.
    pub head_no: usize,
}

impl Stratum {
    fn base(&self) -> usize {
        self.base_yes + self.base_no
    }

    fn head(&self) -> usize {
        self.head_yes + self.head_no
    }

    fn yes(&self) -> usize {
        self.base_yes + self.head_yes
    }

    fn all(&self) -> usize {
        self.base() + self.head()
    }

    /// The fewest and the most passes that the candidate could have had of all passes.
    fn reach(&self) -> (usize, usize) {
        (self.yes().saturating_sub(self.base()), self.yes().min(self.head()))
    }
}

/// The one-sided p-value of a drop: how often would the candidate pass as few runs as it did, or
/// fewer, if in each scenario it were as good as the baseline? 0 to 1; small speaks for a drop. For
/// a rise, swap the sides.
///
/// Given each scenario's totals, the candidate's passes in it follow the hypergeometric
/// distribution. Where counts are small their sum's distribution is computed exactly (the
/// convolution; with one scenario that is Fisher's exact test); beyond that it is the
/// Cochran–Mantel–Haenszel test with continuity correction,
/// `z = (E − passes − ½) / √V`, `E = Σ yes·head/all`,
/// `V = Σ base·head·yes·no / (all²·(all − 1))`.
///
/// Scenarios without a run on one side are skipped; none when that leaves nothing to compare.
///
/// Cochran (1954), Some methods for strengthening the common χ² tests; Mantel and Haenszel (1959),
/// Statistical aspects of the analysis of data from retrospective studies; exact: Gart (1970).
pub fn cochran_mantel_haenszel(strata: &[Stratum]) -> Option<f64> {
    let strata = comparable(strata)?;
    let spread = |stratum: &Stratum| stratum.reach().1 - stratum.reach().0;
    let exact = strata.iter().map(spread).sum::<usize>() <= EXACT_UP_TO;
    Some(if exact { exact_drop(&strata) } else { asymptotic_drop(&strata) })
}

/// The difference in the share of passes, candidate less baseline, −1 to 1: the mean of the
/// scenarios' own differences, weighted by `base·head/all` so that a scenario counts as much as
/// its runs can tell. Scenarios as for [`cochran_mantel_haenszel`].
///
/// Mantel and Haenszel's risk difference; Greenland and Robins (1985).
pub fn difference(strata: &[Stratum]) -> Option<f64> {
    let strata = comparable(strata)?;
    let (mut sum, mut weights) = (0.0, 0.0);
    for stratum in &strata {
        let (base, head) = (stratum.base() as f64, stratum.head() as f64);
        let weight = base * head / (base + head);
        sum += weight * (stratum.head_yes as f64 / head - stratum.base_yes as f64 / base);
        weights += weight;
    }
    Some(sum / weights)
}

fn comparable(strata: &[Stratum]) -> Option<Vec<Stratum>> {
    let both = |stratum: &&Stratum| stratum.base() > 0 && stratum.head() > 0;
    let comparable: Vec<Stratum> = strata.iter().filter(both).copied().collect();
    (!comparable.is_empty()).then_some(comparable)
}

fn exact_drop(strata: &[Stratum]) -> f64 {
    // Chances of each number of passes above the fewest possible.
    let mut chances = vec![1.0];
    let mut above = 0;
    for stratum in strata {
        chances = convolve(&chances, &hypergeometric(stratum));
        above += stratum.head_yes - stratum.reach().0;
    }
    chances.iter().take(above + 1).sum::<f64>().min(1.0)
}

/// The chances of the candidate's passes, from the fewest to the most possible.
fn hypergeometric(stratum: &Stratum) -> Vec<f64> {
    let (least, most) = stratum.reach();
    let all = ln_choose(stratum.all(), stratum.head());
    let failures = stratum.all() - stratum.yes();
    let ways = |passes: usize| {
        ln_choose(stratum.yes(), passes) + ln_choose(failures, stratum.head() - passes)
    };
    (least..=most).map(|passes| (ways(passes) - all).exp()).collect()
}

/// The distribution of the sum of two independent counts.
pub(super) fn convolve(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; (a.len() + b.len()).saturating_sub(1)];
    for (shift, p) in a.iter().enumerate().filter(|(_, p)| **p > 0.0) {
        for (slot, q) in sum.iter_mut().skip(shift).zip(b) {
            *slot += p * q;
        }
    }
    sum
}

fn asymptotic_drop(strata: &[Stratum]) -> f64 {
    let (mut lacking, mut variance) = (0.0, 0.0);
    for stratum in strata {
        let [all, base, head, yes] =
            [stratum.all(), stratum.base(), stratum.head(), stratum.yes()].map(|n| n as f64);
        lacking += yes * head / all - stratum.head_yes as f64;
        variance += base * head * yes * (all - yes) / (all * all * (all - 1.0));
    }
    if variance > 0.0 { normal::upper_tail((lacking - 0.5) / variance.sqrt()) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stratum((base_yes, base_no, head_yes, head_no): (usize, usize, usize, usize)) -> Stratum {
        Stratum { base_yes, base_no, head_yes, head_no }
    }

    /// Fisher (1935), The Design of Experiments: the lady tasting tea. Three of four right by
    /// chance has probability 17/70, four of four 1/70.
    #[test]
    fn one_scenario_is_fishers_exact_test() {
        let p = cochran_mantel_haenszel(&[stratum((3, 1, 1, 3))]).unwrap();
        assert!((p - 17.0 / 70.0).abs() < 1e-13);
        let p = cochran_mantel_haenszel(&[stratum((4, 0, 0, 4))]).unwrap();
        assert!((p - 1.0 / 70.0).abs() < 1e-13);
    }

    /// Two ladies: the chances multiply.
    #[test]
    fn scenarios_add_their_evidence_up() {
        let tea = stratum((4, 0, 0, 4));
        let p = cochran_mantel_haenszel(&[tea, tea]).unwrap();
        assert!((p - 1.0 / 4_900.0).abs() < 1e-15);
    }

    /// Agresti, Categorical Data Analysis (1990), pages 231 to 237: rabbits cured by penicillin,
    /// given at once or late, at five doses. R's documentation of `mantelhaen.test` gives the exact
    /// one-sided p-value as 0.020.
    #[test]
    fn the_penicillin_table_has_its_published_p_value() {
        let rows = [(0, 6, 0, 5), (3, 3, 0, 6), (6, 0, 2, 4), (5, 1, 6, 0), (2, 0, 5, 0)];
        let p = cochran_mantel_haenszel(&rows.map(stratum)).unwrap();
        assert!((p - 0.020).abs() < 5e-4, "{p}");
    }

    #[test]
    fn a_drop_in_the_totals_that_the_mix_alone_explains_is_none() {
        // The candidate ran the hard scenario more often and is no worse in either.
        let rows = [stratum((90, 10, 19, 1)), stratum((4, 16, 22, 78))];
        assert!(difference(&rows).unwrap() > 0.0);
        assert!(cochran_mantel_haenszel(&rows).unwrap() > 0.5);
    }

    #[test]
    fn a_scenario_with_one_side_empty_is_skipped() {
        let (both, base_only) = (stratum((9, 1, 5, 5)), stratum((10, 0, 0, 0)));
        assert_eq!(cochran_mantel_haenszel(&[both, base_only]), cochran_mantel_haenszel(&[both]));
        assert_eq!(difference(&[both, base_only]), difference(&[both]));
        assert_eq!(cochran_mantel_haenszel(&[base_only]), None);
        assert_eq!(difference(&[]), None);
    }

    #[test]
    fn where_all_runs_passed_nothing_speaks_for_a_drop() {
        assert_eq!(cochran_mantel_haenszel(&[stratum((10, 0, 10, 0))]), Some(1.0));
        let many = stratum((3_000, 0, 3_000, 0));
        assert_eq!(asymptotic_drop(&[many]), 1.0);
    }

    #[test]
    fn the_exact_and_the_asymptotic_p_value_agree_where_counts_are_large() {
        let rows = [stratum((360, 40, 340, 60)), stratum((300, 100, 290, 110))];
        let (exact, asymptotic) = (exact_drop(&rows), asymptotic_drop(&rows));
        assert!((exact - asymptotic).abs() < 5e-4, "{exact} {asymptotic}");
    }

    #[test]
    fn ten_thousand_runs_are_still_compared() {
        let rows = [stratum((4_600, 400, 4_400, 600)); 3];
        assert!(cochran_mantel_haenszel(&rows).unwrap() < 1e-9);
    }

    proptest! {
        #[test]
        fn the_p_value_is_a_chance_and_one_pass_less_never_raises_it(
            rows in proptest::collection::vec((0..9_usize, 0..9_usize, 1..9_usize, 0..9_usize), 1..6)
        ) {
            let rows: Vec<Stratum> = rows.into_iter().map(stratum).collect();
            let Some(p) = cochran_mantel_haenszel(&rows) else { return Ok(()) };
            prop_assert!((0.0..=1.0).contains(&p));
            let mut worse = rows.clone();
            if let Some(first) = worse.first_mut() {
                first.head_yes -= 1;
                first.head_no += 1;
            }
            prop_assert!(cochran_mantel_haenszel(&worse).unwrap() <= p + 1e-12);
            prop_assert!(difference(&worse).unwrap() <= difference(&rows).unwrap());
        }

        #[test]
        fn a_drop_one_way_is_a_rise_the_other_way(
            rows in proptest::collection::vec((1..9_usize, 1..9_usize, 1..9_usize, 1..9_usize), 1..6)
        ) {
            let rows: Vec<Stratum> = rows.into_iter().map(stratum).collect();
            let swapped: Vec<Stratum> = rows
                .iter()
                .map(|s| stratum((s.head_yes, s.head_no, s.base_yes, s.base_no)))
                .collect();
            let both = cochran_mantel_haenszel(&rows).unwrap()
                + cochran_mantel_haenszel(&swapped).unwrap();
            // The observed table counts on both sides.
            prop_assert!((1.0 - 1e-12..=2.0).contains(&both));
            prop_assert!((difference(&rows).unwrap() + difference(&swapped).unwrap()).abs() < 1e-12);
        }
    }
}
