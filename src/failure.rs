//! Why a command ended without a verdict, and with which code.

use std::io;
use std::path::PathBuf;

use crate::api::error::ApiError;
use crate::document::Diagnostics;
use crate::exit::Code;
use crate::plan::PlanError;
use crate::report::json::ReadError;
use crate::sink::SinkError;

/// Why a command ended without a verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line asks for something that can't be.
    #[error("{0}")]
    Usage(String),
    /// A file that the user named cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A suite or world is invalid. On its own it is shown in full, within other text in a line.
    #[error("{}", .0.brief())]
    Document(Diagnostics),
    /// A suite cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The plan has more runs than its budget.
    #[error("the plan has {}, the budget allows {most}; nothing was started", crate::text::count(*.runs, "run"))]
    TooManyRuns {
        /// Planned runs.
        runs: usize,
        /// Allowed runs.
        most: u64,
    },
    /// The plan costs more than its budget.
    #[error(
        "the plan costs {cost:.2} ({} at {price} each), the budget allows {most:.2}; \
         nothing was started",
        crate::text::count(*.runs, "run")
    )]
    TooExpensive {
        /// Planned runs.
        runs: usize,
        /// Price of one.
        price: f64,
        /// Price of all.
        cost: f64,
        /// Allowed cost.
        most: f64,
    },
    /// One of several suites cannot start, and so none does.
    #[error("{name}: {source}")]
    Suite {
        /// Its name.
        name: String,
        /// Why.
        source: Box<Failure>,
    },
    /// A saved result cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    SavedResult {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// There is no key, or it can't be used.
    #[error("{0}")]
    Credentials(String),
    /// The platform refused or could not be reached.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The platform could not be reached to start a suite.
    #[error("suite `{suite}` was not started: {source}")]
    NotStarted {
        /// The suite's name.
        suite: String,
        /// Why.
        source: Box<ApiError>,
    },
    /// A report could not be opened or written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// Standard output could not be written.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    /// The command was stopped before anything had started.
    #[error("stopped by {0}; nothing was started")]
    Stopped(crate::signal::Signal),
    /// The command was stopped while a start was under way.
    #[error(
        "stopped by {signal} during the start: it is not known whether it started; look for a result \
         named `{name}` on the dashboard, and end its calls there"
    )]
    StoppedStarting {
        /// What stopped it.
        signal: crate::signal::Signal,
        /// The name that the result would carry.
        name: String,
    },
    /// The command was stopped while a rerun was under way.
    #[error(
        "stopped by {signal} while result {of} was being run again: it is not known whether it \
         started; look for a new result of the same agent on the dashboard, and end its calls there"
    )]
    StoppedRerunning {
        /// What stopped it.
        signal: crate::signal::Signal,
        /// The result that was being run again.
        of: u64,
    },
    /// The platform was asked and did not do it.
    #[error("{0}")]
    Remote(String),
    /// What was waited for did not come in time.
    #[error("{0}")]
    NotYet(String),
    /// A file that the command makes could not be written.
    #[error("cannot write {}: {source}; what it would hold is on standard output", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The command was stopped twice: nothing was waited for any more.
    #[error("stopped by a second {0}; the calls may still be going")]
    StoppedTwice(crate::signal::Signal),
    /// A fault of this program.
    #[error("internal error: {0}; please report it")]
    Internal(String),
}

impl Failure {
    /// Each fault of a file that is invalid, in a line with its place; none of other failures.
    pub(crate) fn faults(&self) -> Vec<String> {
        match self {
            Failure::Document(diagnostics) => diagnostics.lines().collect(),
            Failure::Suite { source, .. } => source.faults(),
            _ => Vec::new(),
        }
    }

    /// The exit code. Each failure has its own arm, so that a new one can't be without a code.
    pub(crate) const fn code(&self) -> Code {
        match self {
            Failure::Usage(_)
            | Failure::Input { .. }
            | Failure::Document(_)
            | Failure::Plan(_)
            | Failure::TooManyRuns { .. }
            | Failure::TooExpensive { .. }
            | Failure::SavedResult { .. } => Code::Usage,
            Failure::Suite { source, .. } => source.code(),
            Failure::Credentials(_)
            | Failure::Api(_)
            | Failure::NotStarted { .. }
            | Failure::Remote(_) => Code::Api,
            Failure::NotYet(_) => Code::TimedOut,
            Failure::Sink(_) | Failure::Output(_) | Failure::Write { .. } => Code::Report,
            Failure::Stopped(signal)
            | Failure::StoppedTwice(signal)
            | Failure::StoppedStarting { signal, .. }
            | Failure::StoppedRerunning { signal, .. } => signal.code(),
            Failure::Internal(_) => Code::Internal,
        }
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Failure::Document(diagnostics)
    }
}
