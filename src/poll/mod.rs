//! Waiting for a result: when to ask and what to believe is pure, the loop is here.
//!
//! `schedule` says when to ask, from what is `seen` and what is `forecast` from it; `light` weighs
//! the light list. The loop asks that list while runs are going, and the result itself at the end,
//! now and then on the way, and wherever the list is of no use. Only the result itself is evidence.
//! The loop ends when the result and all its runs have ended and `settle` finds nothing more to come,
//! when the time is over, when it is stopped, or when the platform can't be reached any more. What is known by then is always handed
//! back.

mod forecast;
mod lifetimes;
pub mod light;
pub mod schedule;
pub mod seen;

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::Instant;
use tracing::info;

use self::light::Light;
use self::schedule::{Pace, Prior};
use self::seen::{Phase, Seen};
use crate::api::client::{Client, Fresh, Mark};
use crate::api::error::ApiError;
use crate::record::ResultRecord;
use crate::settle;
use crate::settle::{Awaited, State, Wanted};
use crate::suite::model::Transcripts;

/// Who wants to hear calls while they are going waits at most so many times the shortest wait.
const OFTEN: u32 = 5;
/// What is still to come of an ended result is waited for at most so many times as long as nothing
/// may change in it.
const MOST_SETTLINGS: u32 = 10;

/// How the wait ended.
#[derive(Debug)]
pub enum Waited {
    /// The result and all its runs ended.
    Finished,
    /// The observer has seen enough.
    Enough,
    /// The time was over first.
    TimedOut,
    /// Someone asked to stop first.
    Stopped,
    /// The platform could not be asked any more.
    Lost(ApiError),
}

/// How to wait.
#[derive(Debug, Clone)]
pub struct WaitOptions {
    /// What is thought of the length of a call.
    pub call: Prior,
    /// Whose transcripts are wanted.
    pub transcripts: Transcripts,
    /// When the time is over.
    pub deadline: Instant,
    /// Whether calls are to be seen while they are going, so that it is asked often.
    pub hears_calls: bool,
    /// Whether the observer may have seen enough before the end, so that it is worth looking at the
    /// result itself each time that more runs have ended.
    pub may_end_early: bool,
    /// What the result is to show before it is judged.
    pub wanted: Wanted,
}

/// What is seen at a look.
#[derive(Debug)]
pub enum PollUpdate<'a> {
    /// The result itself.
    Whole(&'a ResultRecord),
    /// Where the runs are, as the light list says.
    Light {
        /// The result as it was when it was looked at last.
        record: &'a ResultRecord,
        /// How many runs are where.
        tally: Tally,
        /// Those in a call.
        talking: &'a [u64],
    },
    /// Something holds the end up: what it is, in words.
    Delay(&'a str),
}

/// How many runs there are, and how many of them are where on their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All.
    pub runs: usize,
    /// In a call.
    pub talking: usize,
    /// Being judged.
    pub judging: usize,
    /// At the end.
    pub ended: usize,
}

impl Tally {
    /// That of a result.
    pub fn of(record: &ResultRecord) -> Self {
        let count =
            |phase| record.runs.iter().filter(|run| Phase::from(&run.status) == phase).count();
        Self {
            runs: record.runs.len(),
            talking: count(Phase::Talking),
            judging: count(Phase::Judging),
            ended: count(Phase::Ended),
        }
    }
}

/// Waits for a result. `record` holds what is known, before and after; `observe` is told of each
/// look and may end the wait at one at the result itself; `stop` ends it at once.
pub async fn wait(
    client: &Client,
    record: &mut ResultRecord,
    patience: WaitOptions,
    stop: impl Future<Output = ()>,
    observe: impl FnMut(PollUpdate<'_>) -> ControlFlow<()>,
) -> Waited {
    let mut waiting = Waiting {
        client,
        record,
        patience,
        observe,
        began: Instant::now(),
        asked: 0,
        seen: Seen::default(),
        light: Light::default(),
        light_mark: None,
        whole_mark: None,
        lagging: 0,
        ended_at: None,
        awaited: None,
        refused_since: None,
    };
    tokio::select! {
        biased;
        () = stop => Waited::Stopped,
        waited = waiting.poll() => waited,
    }
}

/// A wait that is going on.
struct Waiting<'a, O> {
    client: &'a Client,
    record: &'a mut ResultRecord,
    patience: WaitOptions,
    observe: O,
    began: Instant,
    asked: u32,
    seen: Seen,
    light: Light,
    light_mark: Option<Mark>,
    whole_mark: Option<Mark>,
    /// How often on end the result and its runs did not agree on whether they have ended.
    lagging: u32,
    /// When the result first called itself ended.
    ended_at: Option<Instant>,
    /// What it has been waited for since then, and since when.
    awaited: Option<(Awaited, Instant)>,
    /// Since when the result is refused.
    refused_since: Option<Instant>,
}

impl<O: FnMut(PollUpdate<'_>) -> ControlFlow<()>> Waiting<'_, O> {
    async fn poll(&mut self) -> Waited {
        self.take_in_record();
        loop {
            if self.is_over() {
                return Waited::Finished;
            }
            let deadline = self.patience.deadline;
            let left = deadline.saturating_duration_since(Instant::now());
            tokio::time::sleep(self.next().min(left)).await;
            if Instant::now() >= deadline {
                return self.out_of_time();
            }
            self.asked += 1;
            if self.light_look().await {
                continue;
            }
            match self.whole_look().await {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Waited::Enough,
                Err(_) if Instant::now() >= deadline => return self.out_of_time(),
                Err(error) if self.may_pass(&error) => {}
                Err(error) => return Waited::Lost(error),
            }
        }
    }

    /// How the wait ends when its time is over. What an ended result does not show by then is
    /// missing.
    fn out_of_time(&self) -> Waited {
        match self.state() {
            State::InProgress | State::WaitingFor(Awaited::Ends(_)) => Waited::TimedOut,
            State::WaitingFor(_) | State::Settled => Waited::Finished,
        }
    }

    fn state(&self) -> State {
        settle::state(self.record, &self.patience.wanted)
    }

    /// Whether there is nothing more to come, or it was waited for in vain: for so long nothing has
    /// changed any more.
    fn is_over(&mut self) -> bool {
        let awaited = match self.state() {
            State::InProgress => return false,
            State::Settled => return true,
            State::WaitingFor(awaited) => awaited,
        };
        let limit = schedule::settling(self.pace());
        let ended = self.ended_at.get_or_insert_with(Instant::now).elapsed();
        if let Some((known, since)) = &self.awaited
            && *known == awaited
        {
            return since.elapsed() >= limit || ended >= limit * MOST_SETTLINGS;
        }
        let status = self.record.status.as_str();
        let span = crate::text::seconds(limit.as_secs_f64());
        let words = format!("the result is {status}, but {awaited}: waiting {span} for it");
        let _ = (self.observe)(PollUpdate::Delay(&words));
        self.awaited = Some((awaited, Instant::now()));
        ended >= limit * MOST_SETTLINGS
    }

    /// Whether a refusal is worth asking again: one that is known to be there is not gone for good
    /// at once, and a key that was good is not bad at once.
    fn may_pass(&mut self, error: &ApiError) -> bool {
        let ApiError::Refused { status: 401 | 403 | 404 | 409 | 421 | 423, .. } = error else {
            return false;
        };
        let first = self.refused_since.is_none();
        let since = *self.refused_since.get_or_insert_with(Instant::now);
        if first {
            let words = format!("asking again for a while: {error}");
            let _ = (self.observe)(PollUpdate::Delay(&words));
        }
        self.lagging += 1;
        since.elapsed() < schedule::settling(self.pace())
    }

    fn next(&self) -> Duration {
        let (pace, &WaitOptions { call, hears_calls, .. }) = (self.pace(), &self.patience);
        if self.lagging > 0 {
            return schedule::wait_lagging(self.lagging, pace);
        }
        let wait = schedule::wait(&self.seen, self.began.elapsed(), self.asked, call, pace);
        if hears_calls { wait.min(pace.floor * OFTEN) } else { wait }
    }

    /// How often to ask: a simulator says how fast its time goes.
    fn pace(&self) -> Pace {
        Pace::at(self.client.time_scale())
    }

    /// Seconds since the wait began, as the platform's calls count them.
    fn at(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * self.pace().speed
    }

    /// Looks at the light list, and says whether that was enough for now.
    async fn light_look(&mut self) -> bool {
        let Tally { runs, ended, .. } = self.tally();
        if self.lagging > 0 || !self.light.serves(self.at(), runs, ended) {
            return false;
        }
        let (id, deadline) = (self.record.id, self.patience.deadline);
        match self.client.unfinished(id, self.light_mark.as_ref(), deadline).await {
            Ok(Fresh::Same) => self.seen.look_again(self.at()),
            Ok(Fresh::New(glimpse, mark)) => match light::phases(&self.record.runs, &glimpse) {
                Ok(phases) => {
                    self.light_mark = mark;
                    self.seen.look(self.at(), phases);
                }
                Err(why) => {
                    info!("the list of runs is inconsistent: {why}; reading the result instead");
                    self.light.failed();
                    return false;
                }
            },
            Err(ApiError::Refused { status: 400..=499, .. }) => {
                self.light.refused();
                return false;
            }
            Err(_) => {
                self.light.failed();
                return false;
            }
        }
        let tally = self.tally();
        if tally.ended == tally.runs {
            return false;
        }
        self.light.served();
        if self.patience.may_end_early && self.light.may_decide(tally.runs, tally.ended) {
            return false;
        }
        // What the light list says ends no wait.
        let talking = self.seen.talking();
        let _ = (self.observe)(PollUpdate::Light { record: self.record, tally, talking: &talking });
        true
    }

    /// Looks at the result itself, and says whether the observer has seen enough.
    async fn whole_look(&mut self) -> Result<ControlFlow<()>, ApiError> {
        let (id, &WaitOptions { transcripts, deadline, .. }) = (self.record.id, &self.patience);
        let thought_over = self.seen.all_ended();
        match self.client.result_unless(id, transcripts, self.whole_mark.as_ref(), deadline).await?
        {
            Fresh::Same => {}
            Fresh::New(mut fresh, mark) => {
                fresh.name = fresh.name.take().or(self.record.name.take());
                *self.record = fresh;
                self.whole_mark = mark;
            }
        }
        self.refused_since = None;
        self.take_in_record();
        let all_ended = self.seen.all_ended();
        if thought_over && !all_ended {
            self.light.failed();
        }
        let agree = match self.state() {
            State::InProgress => !all_ended,
            State::WaitingFor(_) => false,
            State::Settled => true,
        };
        self.lagging = if agree { 0 } else { self.lagging + 1 };
        Ok((self.observe)(PollUpdate::Whole(self.record)))
    }

    /// Takes in what the record says of the runs.
    fn take_in_record(&mut self) {
        let at = self.at();
        let phases = self.record.runs.iter().map(|run| (run.id, Phase::from(&run.status)));
        self.seen.look(at, phases);
        self.light.whole(at, self.seen.count(Phase::Ended));
    }

    fn tally(&self) -> Tally {
        Tally {
            runs: self.record.runs.len(),
            talking: self.seen.count(Phase::Talking),
            judging: self.seen.count(Phase::Judging),
            ended: self.seen.count(Phase::Ended),
        }
    }
}

/// Reads a result once more within a short time, keeping what is known where that fails.
pub async fn last_look(
    client: &Client,
    record: &mut ResultRecord,
    transcripts: Transcripts,
    within: Duration,
) {
    if let Ok(fresh) = client.result(record.id, transcripts, Instant::now() + within).await {
        *record = fresh;
    }
}
