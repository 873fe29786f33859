//! Standard output and standard error: the only place of the binary that prints.
//!
//! What is printed is foreign in part: names of suites and files, the platform's words. Everything
//! but commands of our own and completion scripts passes through [`shown`], where it loses what a
//! terminal or a CI system could read as its own, and the secrets that are known.
//!
//! The account of the gate goes to standard output, progress and errors to standard error.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use serde_json::json;

use tracing_subscriber::filter::LevelFilter;

use crate::ci::System;
use crate::context::{self, Context};
use crate::escape::json::safe;
use crate::escape::terminal::{log_line, printed};
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::options::{Color, Global, LogFormat};
use crate::input::secrets;
use crate::progress::board::{self, Row};
use crate::progress::live::Screen;
use crate::report::console::Style;

/// Whether standard output holds one JSON document, for what prints without a console.
static JSON: AtomicBool = AtomicBool::new(false);

/// Where and how to print.
#[derive(Debug)]
pub(crate) struct Console {
    out: Style,
    err_color: bool,
    /// Whether standard error is a terminal, whose lines are wrapped.
    err_is_terminal: bool,
    quiet: bool,
    /// Whether standard output holds one JSON document and nothing else.
    json: bool,
    /// Whether that document was printed.
    answered: Cell<bool>,
    /// Whether someone watches a terminal behind standard error.
    live: bool,
    /// Whose way of folding lines of a log is spoken.
    system: System,
    /// How wide each drawn line is that stands above the cursor.
    drawn: RefCell<Vec<usize>>,
    last_width: Cell<usize>,
    /// The line of each suite that is running, where there are several, by its result.
    board: RefCell<Vec<(u64, Row)>>,
}

impl Console {
    pub(crate) fn new(context: &Context, global: &Global) -> Self {
        let color = |terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                terminal && context.var("NO_COLOR").is_none() && context.var("TERM") != Some("dumb")
            }
        };
        JSON.store(global.is_json(), Ordering::Relaxed);
        start_log(global, color(context.stderr_is_terminal));
        Self {
            out: Style { color: color(context.stdout_is_terminal), width: context.columns() },
            err_color: color(context.stderr_is_terminal),
            err_is_terminal: context.stderr_is_terminal,
            quiet: global.quiet,
            json: global.is_json(),
            answered: Cell::default(),
            // A CI system may give a terminal that nobody watches; the log would tear the lines.
            live: context.stderr_is_terminal
                && !global.quiet
                && global.verbose == 0
                && context.var("TERM") != Some("dumb")
                && context.var("CI").is_none(),
            system: context.ci,
            drawn: RefCell::default(),
            last_width: Cell::default(),
            board: RefCell::default(),
        }
    }

    /// The style of standard output.
    pub(crate) fn style(&self) -> Style {
        self.out
    }

    /// Prints to standard output, whatever --quiet says: what was asked for.
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        if self.json {
            self.wipe();
            raw(&shown(text, self.err_color));
            return Ok(());
        }
        self.print_raw(&shown(text, self.out.color))
    }

    /// Prints a JSON document, whatever --quiet says.
    pub(crate) fn print_json(&self, json: &str) -> Result<(), Failure> {
        self.answered.set(true);
        self.print_raw(&as_json(json))
    }

    /// Prints what a command came to: `document` for a program where one asked, else `text`.
    pub(crate) fn answer(&self, text: &str, document: &impl Serialize) -> Result<(), Failure> {
        if !self.json {
            return self.print(text);
        }
        let json = serde_json::to_string_pretty(document)
            .map_err(|error| Failure::Internal(format!("the answer as JSON: {error}")))?;
        self.print_json(&json)
    }

    /// Whether standard output holds one JSON document and nothing else.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints commands of the CI system, whatever --quiet says, or a script of this program: their
    /// values are escaped already.
    pub(crate) fn print_commands(&self, commands: &str) -> Result<(), Failure> {
        if self.json {
            raw(&secrets::hide(commands));
            return Ok(());
        }
        self.print_raw(&secrets::hide(commands))
    }

    /// Prints commands of the CI system, unless --quiet.
    pub(crate) fn print_summary_commands(&self, commands: &str) -> Result<(), Failure> {
        if self.quiet { Ok(()) } else { self.print_commands(commands) }
    }

    fn print_raw(&self, text: &str) -> Result<(), Failure> {
        self.wipe();
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // Whoever read the output has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::Output(error)),
            Ok(()) => Ok(()),
        }
    }

    /// Prints the account to standard output, unless --quiet.
    pub(crate) fn print_summary(&self, text: &str) -> Result<(), Failure> {
        if self.quiet { Ok(()) } else { self.print(text) }
    }

    /// Prints the one line that even --quiet wants of a gate that did not pass.
    pub(crate) fn brief(&self, line: &str) -> Result<(), Failure> {
        if self.quiet { self.print(&format!("{}\n", log_line(line))) } else { Ok(()) }
    }

    /// Whether --quiet was said.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// The terminal that someone watches, as it is at this moment; none in a log.
    pub(crate) fn screen(&self) -> Option<Screen> {
        let (width, rows) = context::terminal_size().filter(|_| self.live)?;
        Some(Screen { style: Style { color: self.err_color, width }, rows })
    }

    /// Draws lines in the place of those that were drawn before. `above` stay for good. The cursor
    /// is never hidden: whatever ends the program, there is nothing to restore.
    pub(crate) fn draw(&self, above: &[String], lines: &[String], screen: Screen) {
        let mut out = self.back(screen.style.width);
        if self.last_width.replace(screen.style.width) != screen.style.width {
            out.push_str("\u{1b}[J");
        }
        let mut before = self.drawn.borrow_mut();
        let widths: Vec<usize> = above.iter().chain(lines).map(|line| shown_width(line)).collect();
        for (at, (line, width)) in above.iter().chain(lines).zip(&widths).enumerate() {
            // Erased only where something is left: some terminals take what was erased for text,
            // and break it when they become narrower.
            let rest = if before.get(at).is_some_and(|old| old > width) { "\u{1b}[K" } else { "" };
            out.push_str(&format!("{}{rest}\n", shown(line, screen.style.color)));
        }
        out.push_str("\u{1b}[J");
        raw(&out);
        *before = widths.into_iter().skip(above.len()).collect();
    }

    /// Draws several suites, one of which has changed; none where it has ended.
    pub(crate) fn draw_suite(&self, id: u64, row: Option<Row>, above: &[String], screen: Screen) {
        let mut board = self.board.borrow_mut();
        match (board.iter_mut().find(|(of, _)| *of == id), row) {
            (Some((_, old)), Some(row)) => *old = row,
            (None, Some(row)) => board.push((id, row)),
            (_, None) => board.retain(|(of, _)| *of != id),
        }
        let rows: Vec<Row> = board.iter().map(|(_, row)| row.clone()).collect();
        let lines = if rows.is_empty() { Vec::new() } else { board::lines(&rows, screen) };
        self.draw(above, &lines, screen);
    }

    /// Takes the drawn lines away.
    pub(crate) fn wipe(&self) {
        if self.drawn.borrow().is_empty() {
            return;
        }
        let width = context::terminal_size().map_or(usize::MAX, |(width, _)| width);
        raw(&format!("{}\u{1b}[J", self.back(width)));
        self.drawn.borrow_mut().clear();
    }

    /// To the start of what is drawn. A terminal that became narrower has broken its lines.
    fn back(&self, width: usize) -> String {
        let rows = |line: &usize| line.div_ceil(width.max(1)).max(1);
        match self.drawn.borrow().iter().map(rows).sum::<usize>() {
            0 => "\r".to_owned(),
            up => format!("\r\u{1b}[{up}A"),
        }
    }

    /// Opens a group of lines on standard error where the CI system folds them. The title is ours.
    pub(crate) fn open_group(&self, title: &str) {
        self.command(self.system.open_group("wait", title, context::now().as_second()));
    }

    /// Closes the group.
    pub(crate) fn close_group(&self) {
        self.command(self.system.close_group("wait", context::now().as_second()));
    }

    fn command(&self, line: Option<String>) {
        if let Some(line) = line.filter(|_| !self.quiet) {
            raw(&line);
        }
    }

    /// Says what happens, with the suite's name where there are several.
    pub(crate) fn say(&self, label: Option<&str>, line: &str) {
        match label {
            Some(label) => self.progress(&format!("{label}: {line}")),
            None => self.progress(line),
        }
    }

    /// Prints a line of progress to standard error, unless --quiet.
    pub(crate) fn progress(&self, line: &str) {
        if !self.quiet {
            self.wipe();
            write_stderr_line(line);
        }
    }

    /// Prints a warning to standard error, also when quiet.
    pub(crate) fn warn(&self, text: &str) {
        self.labelled("warning", "33", &log_line(text));
    }

    /// Prints what went wrong to standard error.
    pub(crate) fn failure(&self, failure: &Failure) {
        match failure {
            Failure::Document(diagnostics) => {
                self.wipe();
                styled(diagnostics.render(self.err_color).trim_end(), self.err_color);
            }
            Failure::Suite { source, .. } if matches!(**source, Failure::Document(_)) => {
                self.failure(source);
            }
            // It may repeat what the platform said.
            other => self.labelled("error", "31", &log_line(&other.to_string())),
        }
    }

    /// The document of a failure, for a program that has none yet. A standard output that is gone
    /// is read by no one.
    pub(crate) fn answer_failure(&self, failure: &Failure) {
        if self.json && !self.answered.get() {
            let faults: Vec<String> = failure.faults();
            write_failure(&failure.to_string(), failure.code(), &faults);
        }
    }

    fn labelled(&self, label: &str, color: &str, text: &str) {
        self.wipe();
        let width = context::terminal_size().map(|(width, _)| width);
        let line = match width.filter(|_| self.err_is_terminal) {
            Some(width) => {
                let style = Style { color: self.err_color, width };
                style.wrap(&format!("{label}: "), 2, text).trim_end().to_owned()
            }
            None => format!("{label}: {text}"),
        };
        if self.err_color {
            styled(&line.replacen(label, &format!("\x1b[1;{color}m{label}\x1b[0m"), 1), true);
        } else {
            write_stderr_line(&line);
        }
    }
}

/// Prints a line to standard error. A standard error that is gone is no reason to fail.
pub(crate) fn write_stderr_line(line: &str) {
    styled(line, false);
}

/// The same, with colours of our own.
fn styled(line: &str, color: bool) {
    raw(&format!("{}\n", shown(line, color)));
}

/// A text as it may be printed.
fn shown(text: &str, color: bool) -> String {
    printed(&secrets::hide(text), color)
}

/// Prints commands of the CI system to standard output, also when quiet. A standard output that is
/// gone is read by no system.
pub(crate) fn to_output(commands: &str) {
    let commands = secrets::hide(commands);
    if JSON.load(Ordering::Relaxed) {
        raw(&commands);
        return;
    }
    let mut out = io::stdout().lock();
    let _ = out.write_all(commands.as_bytes()).and_then(|()| out.flush());
}

/// Prints the document of a failure.
pub(crate) fn write_failure(error: &str, code: Code, faults: &[String]) {
    let mut document = json!({ "error": error, "code": code.number() });
    if let Some(fields) = document.as_object_mut().filter(|_| !faults.is_empty()) {
        fields.insert("faults".to_owned(), json!(faults));
    }
    let text = as_json(&format!("{document:#}"));
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A JSON document as it may be printed.
fn as_json(json: &str) -> String {
    format!("{}\n", safe(&secrets::hide(json)).trim_end())
}

/// Writes to standard error in one piece, so that nothing flickers.
fn raw(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// The columns of a line without its colours.
fn shown_width(line: &str) -> usize {
    use unicode_width::UnicodeWidthStr as _;
    crate::escape::visible(line).width()
}

/// Where the log of requests goes: each event comes in one piece.
struct Log {
    color: bool,
    json: bool,
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let event = text.trim_end_matches('\n');
        match self.json {
            true => raw(&format!("{}\n", safe(&secrets::hide(event)))),
            // One event is one line: what it repeats can forge no other.
            false => styled(&event.replace('\n', "\\n"), self.color),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
    let json = global.log_format == LogFormat::Json;
    let log = move || Log { color, json };
    let layer = tracing_subscriber::fmt::layer().with_writer(log).with_target(false);
    let layer = match global.log_format {
        LogFormat::Text => layer.with_ansi(color).without_time().boxed(),
        LogFormat::Json => layer.json().boxed(),
    };
    // A second start within one process keeps the first log.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(level).with_filter(only_ours))
        .try_init();
}
