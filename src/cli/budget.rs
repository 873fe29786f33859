//! The limits of the suite's budget, held against a plan before it starts.

use super::failure::Failure;
use crate::plan::Plan;
use crate::suite::model::{Budget, Suite};

/// Refuses a plan that is over budget. A plan whose runs are not known yet is let through: it is
/// asked again once its scenarios are resolved.
pub(super) fn check(suite: &Suite, plan: &Plan) -> Result<(), Failure> {
    match (&suite.budget, plan.runs()) {
        (Some(budget), Some(runs)) => allows(budget, runs),
        _ => Ok(()),
    }
}

/// Refuses a number of runs, those of retries included, that is over budget.
pub(super) fn allows(budget: &Budget, runs: usize) -> Result<(), Failure> {
    if let Some(most) = budget.max_runs.filter(|most| runs as u64 > *most) {
        return Err(Failure::TooManyRuns { runs, most });
    }
    // Validation asks for a price wherever there is a largest cost.
    if let (Some(most), Some(price)) = (budget.max_cost, budget.price_per_run) {
        let cost = price * runs as f64;
        if cost > most {
            return Err(Failure::TooExpensive { runs, price, cost, most });
        }
    }
    Ok(())
}
