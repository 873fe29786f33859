//! Standard output and standard error: the only place of the binary that prints.
//!
//! The account of the gate goes to standard output, progress and errors to standard error.

use std::io::{self, Write};

use tracing_subscriber::filter::LevelFilter;

use super::failure::Failure;
use super::{Color, Global, LogFormat};
use crate::context::Context;
use crate::report::console::Style;
use crate::report::escape::terminal::{log_line, neutral};

/// Where and how to print.
#[derive(Debug)]
pub(super) struct Console {
    out: Style,
    err_color: bool,
    quiet: bool,
}

impl Console {
    pub(super) fn new(context: &Context, global: &Global) -> Self {
        let color = |terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                terminal && context.var("NO_COLOR").is_none() && context.var("TERM") != Some("dumb")
            }
        };
        start_log(global, color(context.stderr_is_terminal));
        Self {
            out: Style { color: color(context.stdout_is_terminal), width: context.columns() },
            err_color: color(context.stderr_is_terminal),
            quiet: global.quiet,
        }
    }

    /// The style of standard output.
    pub(super) fn style(&self) -> Style {
        self.out
    }

    /// Prints to standard output, whatever --quiet says: what was asked for.
    pub(super) fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // Whoever read the output has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::Output(error)),
            Ok(()) => Ok(()),
        }
    }

    /// Prints the account to standard output, unless --quiet.
    pub(super) fn account(&self, text: &str) -> Result<(), Failure> {
        if self.quiet { Ok(()) } else { self.print(text) }
    }

    /// Prints a line of progress to standard error, unless --quiet.
    pub(super) fn progress(&self, line: &str) {
        if !self.quiet {
            emergency(&neutral(line));
        }
    }

    /// Prints a warning to standard error, also when quiet.
    pub(super) fn warn(&self, text: &str) {
        self.labelled("warning", "33", &log_line(text));
    }

    /// Prints what went wrong to standard error.
    pub(super) fn failure(&self, failure: &Failure) {
        match failure {
            Failure::Document(diagnostics) => {
                emergency(diagnostics.render(self.err_color).trim_end())
            }
            // It may repeat what the platform said.
            other => self.labelled("error", "31", &log_line(&other.to_string())),
        }
    }

    fn labelled(&self, label: &str, color: &str, text: &str) {
        if self.err_color {
            emergency(&format!("\x1b[1;{color}m{label}\x1b[0m: {text}"));
        } else {
            emergency(&format!("{label}: {text}"));
        }
    }
}

/// Prints a line to standard error. A standard error that is gone is no reason to fail.
pub(super) fn emergency(line: &str) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{line}");
}

/// Prints commands of the CI system to standard output, also when quiet. A standard output that is
/// gone is read by no system.
pub(super) fn to_output(commands: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(commands.as_bytes()).and_then(|()| out.flush());
}

fn start_log(global: &Global, color: bool) {
    let level = match global.verbose {
        0 => return,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    // Libraries log headers at lower levels; only this crate's words are let through.
    let only_ours = tracing_subscriber::filter::filter_fn(|metadata| {
        metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
    });
    use tracing_subscriber::Layer as _;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_target(false);
    let layer = match global.log_format {
        LogFormat::Text => layer.with_ansi(color).without_time().boxed(),
        LogFormat::Json => layer.json().boxed(),
    };
    // A second start within one process keeps the first log.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(level).with_filter(only_ours))
        .try_init();
}
