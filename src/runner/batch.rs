//! The suites of a command: what they share, and what is known of each.

use tokio::time::Instant;

use crate::context::Context;
use crate::event::{Event, Events, What};
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::overrides::Overrides;
use crate::plan::Plan;
use crate::report::build::ReportInput;
use crate::run_file::RunDir;
use crate::runner::call_limit::{CallLimiter, CallPermit};
use crate::runner::failed_from::FailedFrom;
use crate::runner::follow_up::FollowUp;
use crate::runner::gate::Gate;
use crate::runner::platform::Platform;
use crate::runner::prepare::{Prepared, Resume};
use crate::runner::start::StartContext;
use crate::stop::Stop;
use crate::suite::together::Set;

/// One of the suites, with its outputs opened.
pub(crate) struct Entry {
    /// The directory of its reports, below that of the whole.
    pub(crate) dir: String,
    /// The place of the one whose result it is compared with.
    pub(crate) base: Option<usize>,
    /// Whether it is there for others to be compared with.
    pub(crate) is_base: bool,
    pub(crate) loaded: crate::input::suite_file::Loaded,
    pub(crate) plan: Plan,
    pub(crate) earlier: Resume,
    /// The result whose failed scenarios start again.
    pub(crate) failed_from: Option<FailedFrom>,
    pub(crate) run_dir: RunDir,
    /// The calls of a leg, set by set; none of a whole suite.
    pub(crate) calls: Vec<Call>,
}

/// What all gates of a command share.
pub(crate) struct Batch<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) context: &'a Context,
    pub(crate) events: Events<'a>,
    pub(crate) stop: &'a Stop,
    /// Whether it matters to someone which calls are talking.
    pub(crate) hears_calls: bool,
    /// Whether it is one suite that was named alone: nothing that is said needs its name.
    pub(crate) is_single: bool,
    /// When the time of all gates together is over, where it is limited.
    pub(crate) until: Option<Instant>,
    /// The flags of the command.
    pub(crate) overrides: &'a Overrides,
}

/// What is known of a gate from its beginning to its end.
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) file: Option<String>,
    pub(crate) dir: String,
    pub(crate) base: Option<usize>,
    pub(crate) is_base: bool,
    /// Name of the group that it is a side of.
    pub(crate) group: Option<String>,
    pub(crate) failed_from: Option<FailedFrom>,
    pub(crate) run_dir: RunDir,
}

/// A gate whose evidence is there, or never will be.
pub(crate) struct Ended {
    pub(crate) place: usize,
    pub(crate) about: About,
    pub(crate) end: Result<(Box<ReportInput>, FollowUp), Failure>,
}

/// The code of one of several that ended without evidence. Others have started by then: it is none
/// that says that nothing was.
pub(crate) fn code_of(failure: &Failure) -> Code {
    match failure.code() {
        Code::Usage => Code::Api,
        code => code,
    }
}

/// What becomes of a gate whose calls did not become free in time.
pub(crate) fn too_late(whose: &str) -> Failure {
    Failure::NotYet(format!(
        "the `timeout` of {whose} was over before its calls became free: it was not started"
    ))
}

/// One call of a leg: what starts it, and where it leaves its id.
pub(crate) struct Call {
    pub(crate) set: Set,
    pub(crate) prepared: Prepared,
    pub(crate) run_dir: RunDir,
}

/// A leg that may start, judged over all of its sets.
pub(crate) struct Party {
    /// Its place among all gates.
    pub(crate) place: usize,
    pub(crate) about: About,
    pub(crate) prepared: Prepared,
    pub(crate) calls: Vec<Call>,
}

impl Batch<'_> {
    /// Waits until the time of all gates together is over: for ever, where it is not limited.
    pub(crate) async fn time_is_over(&self) {
        match self.until {
            Some(until) => tokio::time::sleep_until(until).await,
            None => std::future::pending().await,
        }
    }

    /// Emits what has happened to a suite.
    pub(crate) fn emit(&self, place: usize, name: &str, what: What<'_>) {
        (self.events)(Event { place, name: Some(name).filter(|_| !self.is_single), what });
    }

    /// Says what is done or waited for, where the words name the suite.
    pub(crate) fn say(&self, line: &str) {
        (self.events)(Event::of_all(What::Progress(line)));
    }

    /// What surrounds each start.
    pub(crate) fn start_context(&self) -> StartContext<'_> {
        StartContext { context: self.context, dashboard: self.platform.dashboard.as_deref() }
    }

    /// The gate of the suite at this place, or of a call of it.
    pub(crate) fn gate<'a>(
        &'a self,
        (place, name): (usize, &'a str),
        limiter: &'a CallLimiter,
        permit: CallPermit<'a>,
    ) -> Gate<'a> {
        Gate {
            client: &self.platform.client,
            events: self.events,
            stop: self.stop,
            place,
            name: Some(name).filter(|_| !self.is_single),
            limiter,
            permit: permit.into(),
            hears_calls: self.hears_calls,
        }
    }
}
