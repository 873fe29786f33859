//! The caller's limits: what everything that a command starts may cost at most, whatever the suites
//! say.
//!
//! They count the worst case: all suites together, each retry that a suite allows starting
//! everything again.

use crate::failure::Failure;
use crate::plan::Plan;
use crate::suite::model::{Budget, Suite};
use crate::text;

/// Limits that no suite can raise.
#[derive(Debug, Clone, Copy, Default, PartialEq, clap::Args)]
#[command(next_help_heading = "Limits that no suite can raise")]
pub(crate) struct Caps {
    /// The most runs that may start, of all suites together and with every retry. A plan above it
    /// is refused.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_runs: Option<u64>,
    /// The most that they may cost. Takes the suite's price of a run, unless --price-per-run says
    /// it.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    max_cost: Option<f64>,
    /// The price of a run, in place of the suite's, for --max-cost.
    #[arg(long, value_name = "AMOUNT", value_parser = amount, requires = "max_cost")]
    price_per_run: Option<f64>,
}

impl Caps {
    /// Whether there is a limit.
    pub(crate) const fn are_set(&self) -> bool {
        self.max_runs.is_some() || self.max_cost.is_some()
    }

    /// Refuses plans whose worst case is over a limit. Where the runs of a plan are not known yet,
    /// those that are known are counted; the plans are checked again once the scenarios are
    /// resolved. `called` says what a flag is called where it was given.
    pub(crate) fn check(
        &self,
        plans: &[(&Suite, &Plan)],
        called: &dyn Fn(&'static str) -> String,
    ) -> Result<(), Failure> {
        let mut total = 0_usize;
        let mut cost = 0.0;
        for (suite, plan) in plans {
            let runs = worst_case(suite, plan);
            total = total.saturating_add(runs);
            if self.max_cost.is_some() && runs > 0 {
                cost += self.price(suite, called)? * runs as f64;
            }
        }
        let planned: usize = plans.iter().filter_map(|(_, plan)| plan.most_runs()).sum();
        let retries = match total.saturating_sub(planned) {
            0 => String::new(),
            more => format!(" ({} and at most {more} in retries)", text::count(planned, "run")),
        };
        if let Some(most) = self.max_runs.filter(|most| total as u64 > *most) {
            return Err(Failure::Usage(format!(
                "the plan may start {}{retries}, and {} allows {most}; nothing was started",
                text::count(total, "run"),
                called("--max-runs")
            )));
        }
        // A sum of prices is a hair off what a person adds up.
        if let Some(most) = self.max_cost.filter(|most| cost > most * (1.0 + 1e-9)) {
            return Err(Failure::Usage(format!(
                "the plan may cost {cost:.2}: {}{retries}, and {} allows {most:.2}; nothing was started",
                text::count(total, "run"),
                called("--max-cost")
            )));
        }
        Ok(())
    }

    fn price(
        &self,
        suite: &Suite,
        called: &dyn Fn(&'static str) -> String,
    ) -> Result<f64, Failure> {
        let own = suite.budget.as_ref().and_then(|budget: &Budget| budget.price_per_run);
        self.price_per_run.or(own).ok_or_else(|| {
            Failure::Usage(format!(
                "{} needs the price of a run: add {}, or `budget.price_per_run` to the suite; \
                 nothing was started",
                called("--max-cost"),
                called("--price-per-run")
            ))
        })
    }
}

/// The most runs that a suite can start: those of its plan, and as many again in each retry. None
/// that is not known yet is counted.
fn worst_case(suite: &Suite, plan: &Plan) -> usize {
    let attempts = suite.retry.as_ref().map_or(0, |retry| retry.attempts as usize);
    plan.most_runs().unwrap_or_default().saturating_mul(attempts.saturating_add(1))
}

/// Reads an amount above 0.
fn amount(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(amount) if amount.is_finite() && amount > 0.0 => Ok(amount),
        _ => Err("it is not an amount: write a number above 0, for example 12.50".to_owned()),
    }
}
