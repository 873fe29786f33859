//! Waiting for a result: when to ask and what to believe is pure, the loop is here.
//!
//! `schedule` says when to ask, from what is `seen` and what is `forecast` from it; `light` weighs
//! the light list. The loop asks that list while runs are going, and the result itself at the end,
//! now and then on the way, and wherever the list is of no use. Only the result itself is evidence.
//! The loop ends when the result and all its runs have ended, when the time is over, when it is
//! stopped, or when the platform can't be reached any more. What is known by then is always handed
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
use crate::suite::model::Transcripts;

/// Who wants to hear calls while they are going waits at most so many times the shortest wait.
const OFTEN: u32 = 5;

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
#[derive(Debug, Clone, Copy)]
pub struct Patience {
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
}

/// What is seen at a look.
#[derive(Debug)]
pub enum Look<'a> {
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
    patience: Patience,
    stop: impl Future<Output = ()>,
    observe: impl FnMut(Look<'_>) -> ControlFlow<()>,
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
    patience: Patience,
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
}

impl<O: FnMut(Look<'_>) -> ControlFlow<()>> Waiting<'_, O> {
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
                return Waited::TimedOut;
            }
            self.asked += 1;
            if self.light_look().await {
                continue;
            }
            match self.whole_look().await {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Waited::Enough,
                Err(_) if Instant::now() >= deadline => return Waited::TimedOut,
                Err(error) => return Waited::Lost(error),
            }
        }
    }

    /// Whether the result and all its runs have ended, or the last runs of an ended result were
    /// waited for in vain.
    fn is_over(&mut self) -> bool {
        if !self.record.status.is_terminal() {
            return false;
        }
        let settling = self.ended_at.get_or_insert_with(Instant::now).elapsed();
        let all_ended = self.record.runs.iter().all(|run| run.status.is_terminal());
        all_ended || settling >= schedule::settling(self.pace())
    }

    fn next(&self) -> Duration {
        let (pace, Patience { call, hears_calls, .. }) = (self.pace(), self.patience);
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
                    info!("the list of runs is not believed: {why}; looking at the result itself");
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
        let _ = (self.observe)(Look::Light { record: self.record, tally, talking: &talking });
        true
    }

    /// Looks at the result itself, and says whether the observer has seen enough.
    async fn whole_look(&mut self) -> Result<ControlFlow<()>, ApiError> {
        let (id, Patience { transcripts, deadline, .. }) = (self.record.id, self.patience);
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
        self.take_in_record();
        let all_ended = self.seen.all_ended();
        if thought_over && !all_ended {
            self.light.failed();
        }
        let agree = self.record.status.is_terminal() == all_ended;
        self.lagging = if agree { 0 } else { self.lagging + 1 };
        Ok((self.observe)(Look::Whole(self.record)))
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
