//! The limits of the suite's budget, checked against a plan before it starts.

use crate::api::wire::lookup::DryRun;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::suite::model::{Budget, Suite};

/// Refuses a plan that is over budget. A plan whose runs are not known yet is let through: it is
/// asked again once its scenarios are resolved.
pub(crate) fn check(suite: &Suite, plan: &Plan) -> Result<(), Failure> {
    match (&suite.budget, plan.most_runs()) {
        (Some(budget), Some(runs)) => allows(budget, runs),
        _ => Ok(()),
    }
}

/// Refuses plans that are together over a budget. `plans` are known in their runs by now.
pub(crate) fn check_all(budget: &Budget, plans: &[(&Suite, &Plan)]) -> Result<(), Failure> {
    let (mut runs, mut cost) = (0, 0.0);
    for (suite, plan) in plans {
        let count = plan.most_runs().unwrap_or_default();
        runs += count;
        let own = suite.budget.as_ref().and_then(|budget| budget.price_per_run);
        match own.or(budget.price_per_run) {
            Some(price) => cost += price * count as f64,
            None if budget.max_cost.is_some() => {
                return Err(Failure::Usage(
                    "`budget.max_cost` of all suites needs a price: add `price_per_run` beside it, or \
                     to the budget of each suite; nothing was started"
                        .to_owned(),
                ));
            }
            None => {}
        }
    }
    if let Some(most) = budget.max_runs.filter(|most| runs as u64 > *most) {
        return Err(Failure::TooManyRuns { runs, most });
    }
    // A sum of prices is a hair off what a person adds up.
    if let Some(most) = budget.max_cost.filter(|most| cost > most * (1.0 + 1e-9)) {
        let price = (cost / runs.max(1) as f64 * 1e4).round() / 1e4;
        return Err(Failure::TooExpensive { runs, price, cost, most });
    }
    Ok(())
}

/// Refuses a number of runs, those of retries included, that is over budget.
pub(crate) fn allows(budget: &Budget, runs: usize) -> Result<(), Failure> {
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

/// Holds the budget's largest cost against the platform's price. Gives the price of one run.
///
/// # Errors
///
/// When it is over budget, or when the suite sets a limit and nobody says what a run costs.
pub(crate) fn check_price(suite: &Suite, plan: &Plan, dry: DryRun) -> Result<Option<f64>, Failure> {
    let budget = suite.budget.clone().unwrap_or_default();
    // The platform prices one start: that of the first round, where there are several.
    let (runs, most) = (plan.runs().unwrap_or_default(), plan.most_runs().unwrap_or_default());
    let price = dry.cost.filter(|_| runs > 0).map(|cost| cost / runs as f64);
    let worst = match (dry.cost, price) {
        (Some(_), Some(price)) if most > runs => Some(price * most as f64),
        (cost, _) => cost,
    };
    match (budget.max_cost, worst, price) {
        (Some(limit), Some(cost), Some(price)) if cost > limit => {
            Err(Failure::TooExpensive { runs: most, price, cost, most: limit })
        }
        (Some(_), None, _) if budget.price_per_run.is_none() => Err(Failure::Usage(
            "the platform gave no price, so `budget.max_cost` cannot be checked: add `price_per_run`; nothing was started"
                .to_owned(),
        )),
        _ => Ok(price),
    }
}
