//! How a suite wants its result to be waited for.

use super::attend::Attached;
use crate::poll::Patience;
use crate::poll::schedule::Prior;
use crate::poll::settle::{Figures, Wanted};
use crate::suite::model::{EarlyStop, Flaky, Mode, RetryOn};

/// How to wait for a result of so many runs: calls are expected to be as long as the baseline's were, where there is
/// one.
pub(super) fn patience(attached: &Attached, stop: EarlyStop, runs: Option<usize>) -> Patience {
    let earlier = attached.baseline.iter().flat_map(|(_, base)| &base.runs);
    let lengths: Vec<f64> = earlier.filter_map(|run| run.duration_seconds).collect();
    Patience {
        call: Prior::like(&lengths, attached.head.mode == Mode::Text),
        transcripts: attached.suite.transcripts(),
        deadline: attached.deadline,
        hears_calls: false,
        may_end_early: stop != EarlyStop::Never,
        wanted: Wanted { runs, figures: Figures::of(&attached.head.thresholds) },
    }
}

/// When the wait may end early. Never where a later step needs every run, or where a retry could
/// still turn a failure.
pub(super) fn stop_rule(attached: &Attached) -> EarlyStop {
    let suite = &attached.suite;
    let retry_may_save = suite
        .retry
        .as_ref()
        .is_some_and(|retry| retry.on.contains(&RetryOn::Failure) && retry.flaky == Flaky::Passed);
    let needs_every_run =
        suite.on_success.is_some() || attached.plan.is_none() || attached.baseline.is_some();
    // What was lost is started again once the rest has ended.
    let has_lost = attached.taken_up && attached.chats.is_some();
    if retry_may_save || needs_every_run || has_lost {
        return EarlyStop::Never;
    }
    suite.early_stop.unwrap_or_default()
}
