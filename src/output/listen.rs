//! `run --listen`: the address at which each call can be listened to, told as the call starts.
//!
//! A courtesy: each call is asked about once, a call whose address did not come a few times more,
//! and never more than so many in all. What goes wrong with it is no one's failure.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::console::Console;
use crate::api::client::Client;
use crate::escape::one_line;
use crate::record::{ResultRecord, RunRecord, Status};

/// How often a call is asked about at most.
const TRIES: u32 = 3;
/// How many questions are asked in all.
const MOST: u32 = 300;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Someone who tells where to listen.
pub(crate) struct Listening<'a> {
    client: &'a Client,
    console: &'a Console,
    /// The suite's name where there are several.
    label: Option<&'a str>,
    /// Whether addresses are asked for at all.
    is_on: bool,
    state: RefCell<State>,
    more: Notify,
}

#[derive(Default)]
struct State {
    /// How often each call was asked about; `TRIES` once its address is known.
    tries: BTreeMap<u64, u32>,
    waiting: VecDeque<(u64, String)>,
    /// The call that is being asked about.
    asking: Option<u64>,
    asked: u32,
}

impl<'a> Listening<'a> {
    pub(crate) fn new(
        client: &'a Client,
        console: &'a Console,
        label: Option<&'a str>,
        is_on: bool,
    ) -> Self {
        Self { client, console, label, is_on, state: RefCell::default(), more: Notify::new() }
    }

    /// Takes in an answer: the calls that are going now are asked about.
    pub(crate) fn take(&self, record: &ResultRecord) {
        let is_going =
            |run: &&RunRecord| matches!(run.status, Status::InProgress | Status::Running);
        self.ask_about(record.runs.iter().filter(is_going));
    }

    /// Takes in which calls are going, as the light list says; the rest is as of the last answer.
    pub(crate) fn on_status_update(&self, record: &ResultRecord, talking: &[u64]) {
        self.ask_about(record.runs.iter().filter(|run| talking.contains(&run.id)));
    }

    fn ask_about<'r>(&self, going: impl Iterator<Item = &'r RunRecord>) {
        if !self.is_on {
            return;
        }
        let state = &mut *self.state.borrow_mut();
        for run in going {
            let tries = state.tries.get(&run.id).copied().unwrap_or_default();
            let queued =
                state.asking == Some(run.id) || state.waiting.iter().any(|(id, _)| *id == run.id);
            if tries < TRIES && !queued {
                let name = run.scenario_name.clone().unwrap_or_default();
                state.waiting.push_back((run.id, name));
            }
        }
        self.more.notify_one();
    }

    /// Asks and tells as long as it is polled.
    pub(crate) async fn tick(&self) -> Infallible {
        loop {
            let next = self.next();
            let Some((run, name)) = next else {
                self.more.notified().await;
                continue;
            };
            let until = Instant::now() + PATIENCE;
            let answer = self.client.listen_url(run, until).await;
            self.state.borrow_mut().asking = None;
            if let Ok(Some(url)) = answer {
                self.state.borrow_mut().tries.insert(run, TRIES);
                let (name, url) = (one_line(&name), one_line(&url));
                self.console.say(self.label, &format!("listen to call {run} ({name}): {url}"));
            }
        }
    }

    /// The next call to ask about, counted as asked.
    fn next(&self) -> Option<(u64, String)> {
        let state = &mut *self.state.borrow_mut();
        if state.asked >= MOST {
            return None;
        }
        let (run, name) = state.waiting.pop_front()?;
        state.asked += 1;
        state.asking = Some(run);
        *state.tries.entry(run).or_default() += 1;
        Some((run, name))
    }
}
