//! Showing progress while a suite runs: drawn on a terminal, written to a log.
//!
//! What is shown is made in `progress`; here it is brought to the console at the right time.

use std::cell::RefCell;
use std::convert::Infallible;
use std::time::Duration;

use tokio::time::Instant;

use crate::output::console::Console;
use crate::plan::slots::PlanHead;
use crate::poll::Tally;
use crate::progress::board::Row;
use crate::progress::log::Log;
use crate::progress::{Progress, Rules, live};
use crate::record::{ResultRecord, RunRecord};
use crate::redact::Redactor;
use crate::suite::head::SuiteHead;

/// How often the clock on the terminal moves.
const TICK: Duration = Duration::from_secs(1);

/// What is shown of a result while it goes, and what it is judged by.
pub(crate) struct Watched<'a> {
    pub(crate) head: &'a SuiteHead,
    pub(crate) planned: &'a PlanHead,
    /// The runs of the baseline, where there is one.
    pub(crate) base: Option<&'a [RunRecord]>,
    pub(crate) redact: Redactor,
    pub(crate) began: Instant,
    pub(crate) deadline: Instant,
}

/// The view of a result that is running.
pub(crate) struct Watching<'a> {
    console: &'a Console,
    /// The suite's name where there are several: each has a line of the terminal.
    label: Option<&'a str>,
    watched: Watched<'a>,
    result: u64,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    progress: Progress,
    log: Log,
    grouped: bool,
}

impl<'a> Watching<'a> {
    /// Shows the result as the start's answer has it.
    pub(crate) fn new(
        console: &'a Console,
        label: Option<&'a str>,
        watched: Watched<'a>,
        record: &ResultRecord,
    ) -> Self {
        let state = RefCell::default();
        let watching = Self { console, label, watched, result: record.id, state };
        if watching.console.screen().is_some() {
            watching.take(record);
        }
        watching
    }

    /// Takes in an answer and shows what it says.
    pub(crate) fn take(&self, record: &ResultRecord) {
        if self.console.is_quiet() {
            return;
        }
        let rules = Rules {
            suite: self.watched.head,
            plan: self.watched.planned,
            base: self.watched.base,
            redact: &self.watched.redact,
        };
        self.state.borrow_mut().progress.take(record, rules, self.watched.began.elapsed());
        self.show(false);
    }

    /// Takes in how many runs are where, before it is known how the latest have ended.
    pub(crate) fn on_status_update(&self, tally: Tally) {
        if self.console.is_quiet() {
            return;
        }
        self.state.borrow_mut().progress.on_status_update(
            self.result,
            tally,
            self.watched.began.elapsed(),
        );
        self.show(false);
    }

    /// Moves the clock as long as it is polled.
    pub(crate) async fn tick(&self) -> Infallible {
        loop {
            tokio::time::sleep(TICK).await;
            if !self.console.is_quiet() {
                self.show(false);
            }
        }
    }

    /// Shows the last of it and leaves the terminal as it was.
    pub(crate) fn finish(self) {
        self.show(true);
        self.console.wipe();
        if self.state.borrow().grouped {
            self.console.close_group();
        }
    }

    fn show(&self, last: bool) {
        let elapsed = self.watched.began.elapsed();
        let limit = self.watched.deadline.saturating_duration_since(Instant::now());
        let State { progress, log, grouped } = &mut *self.state.borrow_mut();
        if progress.result == 0 {
            return;
        }
        if let Some(screen) = self.console.screen() {
            let named = |line: String| match self.label {
                Some(label) => live::news_of(label, &line, screen),
                None => live::news(&line, screen),
            };
            let news: Vec<String> = progress.news.drain(..).map(named).collect();
            if let Some(label) = self.label {
                let row = Row::of(label, progress, elapsed, limit);
                self.console.draw_suite(self.result, (!last).then_some(row), &news, screen);
                return;
            }
            let lines = live::lines(progress, screen, elapsed, limit);
            self.console.draw(&news, &lines, screen);
            return;
        }
        for line in log.lines(progress, elapsed, limit, last) {
            if let Some(label) = self.label {
                self.console.progress(&format!("{label}: {line}"));
                continue;
            }
            if !std::mem::replace(grouped, true) {
                self.console.open_group(&format!("Waiting for result {}", progress.result));
            }
            self.console.progress(&line);
        }
    }
}
