//! Showing progress while a suite runs: drawn on a terminal, written to a log.
//!
//! What is shown is made in `progress`; here it is brought to the console at the right time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::event::{Event, Watched, What};
use crate::output::console::Console;
use crate::output::reporter::Reporter;
use crate::poll::Tally;
use crate::progress::board::Row;
use crate::progress::log::Log;
use crate::progress::{Progress, Rules, live};
use crate::record::ResultRecord;

/// How often the clock on the terminal moves.
const TICK: Duration = Duration::from_secs(1);

/// The view of the results that are running.
pub(crate) struct ProgressView<'a> {
    console: &'a Console,
    /// What is waited for, by the result's id.
    views: RefCell<BTreeMap<u64, View>>,
}

/// The view of one result.
struct View {
    /// The suite's name where there are several: each has a line of the terminal.
    label: Option<String>,
    result: u64,
    began: Instant,
    deadline: Instant,
    progress: Progress,
    log: Log,
    grouped: bool,
}

impl<'a> ProgressView<'a> {
    pub(crate) fn new(console: &'a Console) -> Self {
        Self { console, views: RefCell::default() }
    }
}

impl Reporter for ProgressView<'_> {
    fn on(&self, event: &Event<'_>) {
        let mut views = self.views.borrow_mut();
        match event.what {
            What::WaitBegan { record, watched } => {
                let mut view = View::new(event.name, record.id, watched);
                if self.console.screen().is_some() {
                    view.take(record, watched, self.console);
                }
                views.insert(record.id, view);
            }
            What::Updated { record, watched } => {
                if let Some(view) = views.get_mut(&record.id) {
                    view.take(record, watched, self.console);
                }
            }
            What::Counted { record, tally, .. } => {
                if let Some(view) = views.get_mut(&record.id) {
                    view.count(tally, self.console);
                }
            }
            What::WaitEnded { result } => {
                if let Some(view) = views.remove(&result) {
                    view.finish(self.console);
                }
            }
            _ => {}
        }
    }

    /// Moves the clock.
    fn work(&self) -> Pin<Box<dyn Future<Output = Infallible> + '_>> {
        Box::pin(async {
            loop {
                tokio::time::sleep(TICK).await;
                if !self.console.is_quiet() {
                    let mut views = self.views.borrow_mut();
                    views.values_mut().for_each(|view| view.show(self.console, false));
                }
            }
        })
    }
}

impl View {
    fn new(label: Option<&str>, result: u64, watched: &Watched<'_>) -> Self {
        Self {
            label: label.map(str::to_owned),
            result,
            began: watched.began,
            deadline: watched.deadline,
            progress: Progress::default(),
            log: Log::default(),
            grouped: false,
        }
    }

    /// Takes in an answer and shows what it says.
    fn take(&mut self, record: &ResultRecord, watched: &Watched<'_>, console: &Console) {
        if console.is_quiet() {
            return;
        }
        let rules = Rules {
            suite: watched.head,
            plan: watched.planned,
            base: watched.base,
            redact: &watched.redact,
        };
        self.progress.take(record, rules, self.began.elapsed());
        self.show(console, false);
    }

    /// Takes in how many runs are where, before it is known how the latest have ended.
    fn count(&mut self, tally: Tally, console: &Console) {
        if console.is_quiet() {
            return;
        }
        self.progress.on_status_update(self.result, tally, self.began.elapsed());
        self.show(console, false);
    }

    /// Shows the last of it and leaves the terminal as it was.
    fn finish(mut self, console: &Console) {
        self.show(console, true);
        console.wipe();
        if self.grouped {
            console.close_group();
        }
    }

    fn show(&mut self, console: &Console, last: bool) {
        let elapsed = self.began.elapsed();
        let limit = self.deadline.saturating_duration_since(Instant::now());
        let Self { progress, log, grouped, .. } = self;
        let label = self.label.as_deref();
        if progress.result == 0 {
            return;
        }
        if let Some(screen) = console.screen() {
            let named = |line: String| match label {
                Some(label) => live::news_of(label, &line, screen),
                None => live::news(&line, screen),
            };
            let news: Vec<String> = progress.news.drain(..).map(named).collect();
            if let Some(label) = label {
                let row = Row::of(label, progress, elapsed, limit);
                console.draw_suite(self.result, (!last).then_some(row), &news, screen);
                return;
            }
            let lines = live::lines(progress, screen, elapsed, limit);
            console.draw(&news, &lines, screen);
            return;
        }
        for line in log.lines(progress, elapsed, limit, last) {
            if let Some(label) = label {
                console.progress(&format!("{label}: {line}"));
                continue;
            }
            if !std::mem::replace(grouped, true) {
                console.open_group(&format!("Waiting for result {}", progress.result));
            }
            console.progress(&line);
        }
    }
}
