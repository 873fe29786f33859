//! How a suite wants its result to be waited for.

use crate::poll::WaitOptions;
use crate::poll::schedule::Prior;
use crate::runner::active_run::ActiveRun;
use crate::settle::{Figures, Wanted};
use crate::suite::model::Mode;
use crate::suite::retry::{EarlyStop, Flaky, RetryOn};

/// How to wait for a result of so many runs: calls are expected to be as long as the baseline's were, where there is
/// one.
pub(crate) fn wait_options(
    active: &ActiveRun,
    stop: EarlyStop,
    runs: Option<usize>,
) -> WaitOptions {
    let earlier = active.baseline.iter().flat_map(|(_, base)| &base.runs);
    let lengths: Vec<f64> = earlier.filter_map(|run| run.duration_seconds).collect();
    WaitOptions {
        call: Prior::like(&lengths, active.head.mode == Mode::Text),
        transcripts: active.suite.transcripts(),
        deadline: active.deadline,
        hears_calls: false,
        may_end_early: stop != EarlyStop::Never,
        wanted: Wanted { runs, figures: Figures::of(&active.head.thresholds) },
    }
}

/// When the wait may end early. Never where a later step needs every run, or where a retry could
/// still turn a failure.
pub(crate) fn stop_rule(active: &ActiveRun) -> EarlyStop {
    let suite = &active.suite;
    let retry_may_save = suite
        .retry
        .as_ref()
        .is_some_and(|retry| retry.on.contains(&RetryOn::Failure) && retry.flaky == Flaky::Passed);
    let needs_every_run =
        suite.on_success.is_some() || active.plan.is_none() || active.baseline.is_some();
    // What was lost is started again once the rest has ended.
    let has_lost = active.resumed && active.chats.is_some();
    if retry_may_save || needs_every_run || has_lost {
        return EarlyStop::Never;
    }
    suite.early_stop.unwrap_or_default()
}
