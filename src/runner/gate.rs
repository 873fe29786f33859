//! A result that has started: waiting, stopping early, retrying, and what the reports are made of.
//!
//! `run` and `watch` share it. It prints nothing and writes no report: it emits events. What has been paid for is always reported, however the wait ends.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::api::client::Client;
use crate::api::error::ApiError;
use crate::event::{Event, Events, What};
use crate::failure::Failure;
use crate::poll::schedule::Pace;
use crate::poll::{PollUpdate, WaitOptions, Waited, last_look, wait};
use crate::record::{ResultRecord, RunRecord};
use crate::report::build::{End, ReportInput};
use crate::report::model::Timing;
use crate::run_file::RunDir;
use crate::runner::active_run::{ActiveRun, InRound, RunEnd, first_part};
use crate::runner::call_limit::{CallLimiter, CallPermit};
use crate::runner::wait_policy::{stop_rule, wait_options};
use crate::signal::Signal;
use crate::stop::Stop;
use crate::suite::model::{CallPolicy, Transcripts};
use crate::suite::retry::EarlyStop;
use crate::text;

/// How long the gate may take to end the calls after a signal, and half of it to look once more.
/// GitHub sends SIGTERM 7.5 seconds after SIGINT.
pub(crate) const WRAP_UP: Duration = Duration::from_secs(5);
/// How long conversations may take to wind up whose runs have ended.
const WIND_UP: Duration = Duration::from_secs(4);
/// How long after the signal everything has to be over, but for writing the reports.
const LAST_LOOK: Duration = Duration::from_secs(7);

/// What waits: the platform, the receiver of events, and whether to stop. Several of them may wait side
/// by side.
pub(crate) struct Gate<'a> {
    pub(crate) client: &'a Client,
    pub(crate) events: Events<'a>,
    pub(crate) stop: &'a Stop,
    /// The place of its suite among those of the command.
    pub(crate) place: usize,
    /// The name of its suite, or of its call, where there are several.
    pub(crate) name: Option<&'a str>,
    /// Where it waits until its calls fit into the budget that all gates share.
    pub(crate) limiter: &'a CallLimiter,
    /// Its place there.
    pub(crate) permit: RefCell<CallPermit<'a>>,
    /// Whether it matters to someone which calls are talking.
    pub(crate) hears_calls: bool,
}

impl Gate<'_> {
    /// Emits what has happened.
    pub(crate) fn emit(&self, what: What<'_>) {
        (self.events)(Event { place: self.place, name: self.name, what });
    }

    /// Tells in words what is done or waited for.
    pub(crate) fn say(&self, line: &str) {
        self.emit(What::Progress(line));
    }

    pub(crate) fn warn(&self, line: &str) {
        self.emit(What::Warning(line));
    }

    /// Waits for a result and gives what a report is made of. The first signal wraps up, a second
    /// ends at once.
    pub(crate) async fn wait_until_done(
        &self,
        mut active: ActiveRun,
        dir: &RunDir,
    ) -> Result<ReportInput, Failure> {
        self.has_started(&active, dir);
        let mut run_end =
            self.run_to_completion(&mut active).await.map_err(Failure::StoppedTwice)?;
        let rounds = self.go_on_in_rounds(&mut active, &mut run_end, dir);
        rounds.await.map_err(Failure::StoppedTwice)?;
        if active.started.ended
            && let Err(error) = dir.leave(&active.started)
        {
            self.warn(&error.to_string());
        }
        Ok(self.parts_of(active, run_end))
    }

    /// Leaves on disk and tells which result is going, before the first question about it.
    pub(crate) fn has_started(&self, active: &ActiveRun, dir: &RunDir) {
        if let Err(error) = dir.leave(&active.started) {
            // The calls are going and paid for: what they show comes first.
            self.warn(&error.to_string());
        }
        self.emit(What::Started {
            result: active.record.id,
            page: active.url.as_deref(),
            is_resumed: active.resumed,
        });
    }

    /// What a report is made of, once the wait is over.
    pub(crate) fn parts_of(&self, mut active: ActiveRun, run_end: RunEnd) -> ReportInput {
        let price = active.suite.budget.as_ref().and_then(|budget| budget.price_per_run);
        if let Some(price) = price {
            let runs = run_end.paid;
            let cost = price * runs as f64;
            let runs = text::count(runs, "run");
            active.notes.push(format!("cost: {cost:.2} for {runs}, retries included"));
        }
        if self.client.takes_second_version() {
            active.notes.push(
                "the platform no longer has the v1 paths of results and runs: the v2 paths were taken"
                    .to_owned(),
            );
        }
        let reports = active.suite.reports.clone().unwrap_or_default();
        let redactor = active.redactor();
        ReportInput {
            suite: active.head,
            plan: active.planned,
            result: active.record,
            end: run_end.end,
            timing: Timing {
                started_at: active.started_at,
                elapsed_seconds: active.began.elapsed().as_secs_f64(),
            },
            url: active.url,
            traffic: self.client.traffic(),
            baseline: active.baseline,
            refused_baseline: active.refused_baseline,
            retries: run_end.retries,
            results: run_end.results,
            stopped_early: run_end.stopped_early,
            incomplete: active.ended_earlier,
            simulated: self.client.time_scale().is_some(),
            price_per_run: price,
            transcripts: reports.transcripts.unwrap_or_default(),
            redact: redactor,
            junit: reports.junit.unwrap_or_default(),
            notes: active.notes,
        }
    }

    /// How often the platform may be asked, or the simulator that has said that it is one.
    pub(crate) fn pace(&self) -> Pace {
        Pace::at(self.client.time_scale())
    }

    /// Until when something may take that takes so long: counted from the signal, where one has
    /// come, so that many gates that stop together are done in time together.
    pub(crate) fn by(&self, span: Duration) -> Instant {
        self.stop.heard().map_or_else(Instant::now, |(_, at)| at) + span
    }

    /// Looks at the result once more after its calls were ended.
    pub(crate) async fn last_look(&self, record: &mut ResultRecord, transcripts: Transcripts) {
        let until = self.by(LAST_LOOK).min(Instant::now() + WRAP_UP / 2);
        let within = until.saturating_duration_since(Instant::now());
        last_look(self.client, record, transcripts, within).await;
    }

    /// Waits, stops early, retries: until there is no more evidence to be had. A second signal is
    /// an error: it leaves no time for anything.
    async fn run_to_completion(&self, active: &mut ActiveRun) -> Result<RunEnd, Signal> {
        let mut run_end = RunEnd {
            end: End::Finished,
            retries: Vec::new(),
            stopped_early: false,
            results: Vec::new(),
            paid: 0,
        };
        let mut record = std::mem::take(&mut active.record);
        let planned = &active.planned;
        active.in_round = planned.parts().map(|[first, _]| InRound {
            alone: planned.of_start(&first),
            whole: planned.clone(),
            number: 1,
        });
        let runs = active.in_round.as_ref().map_or(planned.runs, |part| part.alone.runs);
        let waited = self.wait_for(active, &mut record, runs, stop_rule(active)).await;
        if let (Waited::Enough, _) = waited {
            self.stop_early(active, &mut record).await;
            run_end.stopped_early = true;
        } else {
            run_end.end = self.wrap_up(active, &mut record, waited).await?;
        }
        active.mark_chats(&mut record.runs);
        run_end.paid = record.runs.len();
        active.record = record;
        active.mark_cases();
        if run_end.end == End::Finished
            && !run_end.stopped_early
            && let Some(plan) = active.plan.clone()
        {
            let plan = first_part(&plan, &active.planned).unwrap_or(plan);
            self.try_again(active, &plan, &mut run_end).await?;
        }
        active.in_round = None;
        Ok(run_end)
    }

    /// Waits for one result of so many runs and tells what changes. Gives the signal that stopped
    /// it, if one did.
    pub(crate) async fn wait_for(
        &self,
        active: &ActiveRun,
        record: &mut ResultRecord,
        runs: Option<usize>,
        stop: EarlyStop,
    ) -> (Waited, Option<Signal>) {
        let mut signal = None;
        let (watched, result) = (&active.watched(), record.id);
        self.emit(What::WaitBegan { record, watched });
        let chats = active.chats.as_ref();
        let (chat, wanted) = tokio::sync::mpsc::unbounded_channel();
        let want = |runs: &[RunRecord]| {
            for one in chats.into_iter().flat_map(|chats| chats.unseen(runs)) {
                // They are held as long as the wait lasts.
                let _ = chat.send(one);
            }
        };
        want(&record.runs);
        let mut holding = pin!(async {
            match chats {
                Some(chats) => chats.hold(self.client, active.calls, active.deadline, wanted).await,
                None => std::future::pending().await,
            }
        });
        let waiting = wait(
            self.client,
            record,
            WaitOptions { hears_calls: self.hears_calls, ..wait_options(active, stop, runs) },
            async { signal = Some(self.stop.first_signal().await) },
            |look| {
                let record = match look {
                    PollUpdate::Whole(record) => record,
                    PollUpdate::Delay(words) => {
                        self.say(&active.redacted(&words));
                        return ControlFlow::Continue(());
                    }
                    PollUpdate::Light { record, tally, talking } => {
                        let calls = tally.runs.saturating_sub(tally.ended + tally.judging);
                        let unseen = runs.unwrap_or_default().saturating_sub(tally.runs);
                        self.permit.borrow().keep_calls(calls + unseen);
                        self.emit(What::Counted { record, tally, talking });
                        return ControlFlow::Continue(());
                    }
                };
                want(&record.runs);
                self.permit.borrow().keep(&record.runs, runs);
                self.emit(What::Updated { record, watched });
                let marked = chats.map(|chats| {
                    let mut runs = record.runs.clone();
                    chats.mark(&mut runs);
                    runs
                });
                let shown = marked.as_ref().unwrap_or(&record.runs);
                if active.is_decided(stop, shown) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        );
        let waited = tokio::select! {
            biased;
            waited = waiting => waited,
            never = &mut holding => match never {},
        };
        self.emit(What::WaitEnded { result });
        if let Some(chats) = chats {
            if matches!(waited, Waited::Finished) {
                tokio::select! {
                    biased;
                    () = chats.idle() => {}
                    never = &mut holding => match never {},
                    () = tokio::time::sleep(WIND_UP) => {}
                    _ = self.stop.first_signal() => {}
                }
            }
            tokio::select! {
                () = chats.end_open(self.client, self.by(WRAP_UP)) => {}
                _ = self.stop.second_signal() => {}
            }
        }
        (waited, signal)
    }

    /// Ends the calls that can change nothing any more, and says what that saved.
    pub(crate) async fn stop_early(&self, active: &mut ActiveRun, record: &mut ResultRecord) {
        let id = record.id;
        let going = record.runs.iter().filter(|run| !run.status.is_terminal()).count();
        let calls = text::count(going, "call");
        self.say(&format!("the verdict is known: ending {calls} of result {id}"));
        let total = record.runs.len();
        active.started.ended = true;
        active.notes.push(match self.client.end_calls(id, self.by(WRAP_UP)).await {
            Ok(()) => {
                format!("the verdict was known early: {going} of {total} calls were ended early")
            }
            Err(error) => {
                let error = active.redacted(&error);
                format!("the verdict was known early, but the calls could not be ended: {error}")
            }
        });
        self.last_look(record, active.suite.transcripts()).await;
    }

    /// What the end of a wait asks for: ending the calls where the suite says so, a last look.
    pub(crate) async fn wrap_up(
        &self,
        active: &mut ActiveRun,
        record: &mut ResultRecord,
        (waited, signal): (Waited, Option<Signal>),
    ) -> Result<End, Signal> {
        let id = record.id;
        let (policy, end) = match waited {
            Waited::Finished | Waited::Enough => return Ok(End::Finished),
            Waited::Lost(error) => {
                let end = End::Lost(format!("waiting for result {id}: {error}"));
                let policy = active.suite.on_timeout.unwrap_or_default();
                // Who refuses can be reached: the calls need not go on for nobody. Where nobody is
                // reached, they may well be gone on with.
                if matches!(error, ApiError::Refused { .. }) && policy == CallPolicy::EndCalls {
                    tokio::select! {
                        () = self.end_calls(active, id) => {}
                        second = self.stop.second_signal() => return Err(second),
                    }
                }
                let command = active.watch_command(id);
                active.notes.push(format!("to continue: {command}"));
                return Ok(end);
            }
            Waited::TimedOut => {
                let own = active.suite.timeout.unwrap_or_default().duration();
                let had = active.deadline.saturating_duration_since(active.began);
                // What all suites together left of it is shown in whole seconds.
                let had = Duration::from_secs(had.as_secs_f64().ceil() as u64);
                (active.suite.on_timeout, End::TimedOut(own.min(had.max(Duration::from_secs(1)))))
            }
            Waited::Stopped => (active.suite.on_cancel, signal.unwrap_or(Signal::Interrupt).end()),
        };
        let wrap_up = async {
            match policy.unwrap_or_default() {
                CallPolicy::Leave => {
                    let command = active.watch_command(id);
                    active
                        .notes
                        .push(format!("the calls are still running; to continue: {command}"));
                }
                CallPolicy::EndCalls => self.end_calls(active, id).await,
            }
            self.last_look(record, active.suite.transcripts()).await;
        };
        tokio::select! {
            () = wrap_up => Ok(end),
            second = self.stop.second_signal() => Err(second),
        }
    }

    /// Ends the calls of a result and notes what came of it.
    async fn end_calls(&self, active: &mut ActiveRun, id: u64) {
        self.say(&format!("ending the calls of result {id}"));
        active.started.ended = true;
        let ended = self.client.end_calls(id, self.by(WRAP_UP)).await;
        active.notes.push(match ended {
            Ok(()) => "the remaining calls were ended".to_owned(),
            Err(error) => format!("the calls could not be ended: {}", active.redacted(&error)),
        });
    }
}
