//! `run --listen`: the address at which each call can be listened to, told as the call starts.
//!
//! A courtesy: each call is asked about once, a call whose address did not come a few times more,
//! and never more than so many of a result. What goes wrong with it is no one's failure.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::console::Console;
use crate::api::client::Client;
use crate::escape::one_line;
use crate::event::{Event, What};
use crate::output::reporter::Reporter;
use crate::record::{RunRecord, Status};

/// How often a call is asked about at most.
const TRIES: u32 = 3;
/// How many questions are asked about a result in all.
const MOST: u32 = 300;
/// About so many results is asked at the same time.
const AT_ONCE: usize = 8;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Someone who tells where to listen.
pub(crate) struct Listener<'a> {
    client: &'a Client,
    console: &'a Console,
    /// What is waited for, by the result's id.
    results: RefCell<BTreeMap<u64, State>>,
    more: Notify,
}

#[derive(Default)]
struct State {
    /// The suite's name where there are several.
    label: Option<String>,
    /// How often each call was asked about; `TRIES` once its address is known.
    tries: BTreeMap<u64, u32>,
    waiting: VecDeque<(u64, String)>,
    /// The call that is being asked about.
    asking: Option<u64>,
    asked: u32,
}

impl Reporter for Listener<'_> {
    fn on(&self, event: &Event<'_>) {
        match event.what {
            What::WaitBegan { record, .. } => {
                let state = State { label: event.name.map(str::to_owned), ..State::default() };
                self.results.borrow_mut().insert(record.id, state);
            }
            // The calls that are going now are asked about.
            What::Updated { record, .. } => {
                let is_going =
                    |run: &&RunRecord| matches!(run.status, Status::InProgress | Status::Running);
                self.ask_about(record.id, record.runs.iter().filter(is_going));
            }
            What::Counted { record, talking, .. } => {
                let going = record.runs.iter().filter(|run| talking.contains(&run.id));
                self.ask_about(record.id, going);
            }
            What::WaitEnded { result } => {
                self.results.borrow_mut().remove(&result);
            }
            _ => {}
        }
    }

    /// Asks about several results side by side, and one call of each.
    fn work(&self) -> Pin<Box<dyn Future<Output = Infallible> + '_>> {
        Box::pin(async {
            join_all((0..AT_ONCE).map(|_| self.ask())).await;
            std::future::pending().await
        })
    }
}

impl<'a> Listener<'a> {
    pub(crate) fn new(client: &'a Client, console: &'a Console) -> Self {
        Self { client, console, results: RefCell::default(), more: Notify::new() }
    }

    fn ask_about<'r>(&self, result: u64, going: impl Iterator<Item = &'r RunRecord>) {
        let mut results = self.results.borrow_mut();
        let Some(state) = results.get_mut(&result) else { return };
        for run in going {
            let tries = state.tries.get(&run.id).copied().unwrap_or_default();
            let queued =
                state.asking == Some(run.id) || state.waiting.iter().any(|(id, _)| *id == run.id);
            if tries < TRIES && !queued {
                let name = run.scenario_name.clone().unwrap_or_default();
                state.waiting.push_back((run.id, name));
            }
        }
        self.more.notify_waiters();
    }

    /// Asks and tells as long as it is polled.
    async fn ask(&self) -> Infallible {
        loop {
            let more = self.more.notified();
            let Some((result, run, name)) = self.next() else {
                more.await;
                continue;
            };
            let answer = self.client.listen_url(run, Instant::now() + PATIENCE).await;
            // Once the wait is over nobody wants to know.
            if let Some(state) = self.results.borrow_mut().get_mut(&result) {
                state.asking = None;
                if let Ok(Some(url)) = answer {
                    state.tries.insert(run, TRIES);
                    let (name, url) = (one_line(&name), one_line(&url));
                    let line = format!("listen to call {run} ({name}): {url}");
                    self.console.say(state.label.as_deref(), &line);
                }
            }
        }
    }

    /// The next call to ask about, and its result: counted as asked.
    fn next(&self) -> Option<(u64, u64, String)> {
        let mut results = self.results.borrow_mut();
        let is_next = |state: &State| {
            state.asking.is_none() && state.asked < MOST && !state.waiting.is_empty()
        };
        let (result, state) = results.iter_mut().find(|(_, state)| is_next(state))?;
        let (run, name) = state.waiting.pop_front()?;
        state.asked += 1;
        state.asking = Some(run);
        *state.tries.entry(run).or_default() += 1;
        Some((*result, run, name))
    }
}
