//! What happens while suites run, for those who report it: who runs them knows no reporter.

use tokio::time::Instant;

use crate::failure::Failure;
use crate::plan::slots::PlanHead;
use crate::poll::Tally;
use crate::record::{ResultRecord, RunRecord};
use crate::redact::Redactor;
use crate::report::gates::Gate;
use crate::suite::head::SuiteHead;

/// Receives each event at once.
pub(crate) type Events<'a> = &'a dyn Fn(Event<'_>);

/// Something that happened, and to which suite.
#[derive(Clone, Copy)]
pub(crate) struct Event<'a> {
    /// The place of the suite among those of the command.
    pub(crate) place: usize,
    /// The name of the suite, or of one of its calls, where there are several; none of the whole.
    pub(crate) name: Option<&'a str>,
    pub(crate) what: What<'a>,
}

impl<'a> Event<'a> {
    /// One that is of no suite more than of another.
    pub(crate) const fn of_all(what: What<'a>) -> Self {
        Self { place: 0, name: None, what }
    }
}

/// What happened.
#[derive(Clone, Copy)]
pub(crate) enum What<'a> {
    /// Something is done or waited for, in words.
    Progress(&'a str),
    /// Something that a reader should know and that stops nothing, in words.
    Warning(&'a str),
    /// A suite is refused, beside another one whose failure ends the command.
    Refused(&'a Failure),
    /// A result is going: it has started, or an earlier gate started it.
    Started { result: u64, page: Option<&'a str>, is_resumed: bool },
    /// Some of its runs were started again, as a result of their own.
    Retrying { attempt: u32, result: u64, runs: usize },
    /// A result is waited for from now on.
    WaitBegan { record: &'a ResultRecord, watched: &'a Watched<'a> },
    /// The platform has told the state of every run.
    Updated { record: &'a ResultRecord, watched: &'a Watched<'a> },
    /// The platform has told how many runs are where, and which are talking; `record` is as it was at
    /// the last answer that told every run.
    Counted { record: &'a ResultRecord, tally: Tally, talking: &'a [u64] },
    /// A result is not waited for any more.
    WaitEnded { result: u64 },
    /// It is known what became of a suite.
    Judged(&'a Gate),
}

/// A result that is waited for, and what it is judged by.
pub(crate) struct Watched<'a> {
    pub(crate) head: &'a SuiteHead,
    pub(crate) planned: &'a PlanHead,
    /// The runs of the baseline, where there is one.
    pub(crate) base: Option<&'a [RunRecord]>,
    pub(crate) redact: Redactor,
    pub(crate) began: Instant,
    pub(crate) deadline: Instant,
}
