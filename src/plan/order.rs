//! Which scenarios failed lately, and so start first where the suite wants that.
//!
//! Pure. Nothing of the run that is judged is known yet: the order changes what is started first, and
//! neither the planned runs nor when the checks are looked at.

/// Of the scenarios, the part that starts first: those of which runs failed in earlier results, and of
/// these at most a third of all, those with the largest share of failed runs. Each result counts half
/// as much as the next newer one. In the order of `all`; empty where nothing is known of any.
///
/// `earlier` are the runs of each result, the newest result first: its scenario, and whether it failed.
pub fn failed_lately<K: PartialEq + Clone>(all: &[K], earlier: &[Vec<(K, bool)>]) -> Vec<K> {
    let score = |key: &K| -> f64 {
        let mut weight = 1.0;
        let mut sum = 0.0;
        for runs in earlier {
            let own = || runs.iter().filter(|(of, _)| of == key);
            let failed = own().filter(|(_, failed)| *failed).count();
            sum += weight * failed as f64 / own().count().max(1) as f64;
            weight /= 2.0;
        }
        sum
    };
    let mut scored: Vec<(f64, usize)> = all.iter().map(score).zip(0..).collect();
    scored.retain(|(score, _)| *score > 0.0);
    scored.sort_by(|one, next| next.0.total_cmp(&one.0).then(one.1.cmp(&next.1)));
    scored.truncate(all.len().div_ceil(3));
    let chosen = |at: usize| scored.iter().any(|(_, one)| *one == at);
    let first: Vec<K> =
        all.iter().enumerate().filter(|(at, _)| chosen(*at)).map(|(_, key)| key.clone()).collect();
    // One start where there is nothing to put off.
    if first.len() < all.len() { first } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(failed: &[u64], passed: &[u64]) -> Vec<(u64, bool)> {
        let failed = failed.iter().map(|id| (*id, true));
        failed.chain(passed.iter().map(|id| (*id, false))).collect()
    }

    #[test]
    fn at_most_a_third_starts_first_and_the_newest_results_count_most() {
        let all = [1, 2, 3, 4, 5, 6];
        let old = runs(&[1, 1], &[2, 3]);
        assert_eq!(failed_lately(&all, std::slice::from_ref(&old)), [1]);
        let new = runs(&[5, 6, 4], &[1, 1, 4]);
        assert_eq!(failed_lately(&all, &[new.clone(), old.clone()]), [5, 6]);
        assert_eq!(
            failed_lately(&all, &[old, new]),
            [1, 5],
            "5 and 6 are alike: the suite's order"
        );
    }

    #[test]
    fn without_failures_or_with_nothing_to_put_off_there_is_one_start() {
        assert!(failed_lately(&[1, 2, 3], &[]).is_empty());
        assert!(failed_lately(&[1, 2, 3], &[runs(&[], &[1, 2])]).is_empty());
        assert!(failed_lately(&[1], &[runs(&[1], &[])]).is_empty());
        assert!(failed_lately(&[1, 2], &[runs(&[9], &[1])]).is_empty(), "another scenario");
    }
}
