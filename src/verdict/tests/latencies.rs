//! A latency that is worse is never judged to be better.

use proptest::prelude::*;
use serde_json::json;

use super::{metric_check, numeric, only};

proptest! {
    #[test]
    fn a_latency_never_improves_when_a_run_gets_slower(
        mut values in proptest::collection::vec(0.0..5000.0_f64, 1..20),
        at in 0_usize..20, slower in 0.0..5000.0_f64, threshold in 0_u32..5000,
        aggregate in prop_oneof![Just("mean"), Just("p95"), Just("median"), Just("max"), Just("sum")],
    ) {
        let check = format!("{aggregate} <= {threshold}ms");
        let said = json!({"metrics": {"Latency": {"check": check, "unit": "ms"}}});
        let before = only(said.clone(), &numeric(&values)).verdict;
        let at = at % values.len();
        values[at] += slower;
        prop_assert!(only(said, &numeric(&values)).verdict >= before);
    }

    // The values alone say whether they can be in milliseconds. Slower ones may end that doubt, and
    // nothing else becomes better by being slower.
    #[test]
    fn a_latency_whose_unit_is_assumed_improves_only_from_doubt_of_the_unit(
        mut values in proptest::collection::vec(
            prop_oneof![0.0..100.0_f64, 0.0..5000.0_f64, 50_000.0..90_000.0_f64], 1..8),
        at in 0_usize..8, slower in prop_oneof![0.0..100.0_f64, 0.0..90_000.0_f64],
        threshold in 0_u32..5000,
        aggregate in prop_oneof![Just("mean"), Just("p95"), Just("median"), Just("max"), Just("sum")],
    ) {
        let check = format!("{aggregate} <= {threshold}ms");
        let before = metric_check(&check, &numeric(&values));
        let at = at % values.len();
        values[at] += slower;
        let after = metric_check(&check, &numeric(&values)).verdict;
        let doubted = before.reason.contains("cannot be in ms");
        prop_assert!(after >= before.verdict || doubted, "{} became {after:?}", before.reason);
    }
}
