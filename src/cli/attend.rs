//! Attending to a result that has started: waiting, stopping, retrying, judging, reporting.
//!
//! `run` and `watch` share it. What has been paid for is always reported, however the wait ends.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;

use super::console::Console;
use super::failure::Failure;
use super::left::StartedRun;
use super::listening::Listening;
use super::patience::{patience, stop_rule};
use super::publish::Publisher;
use super::stop::{Signal, Stop};
use super::turn::{Ticket, Turnstile};
use super::watching::Watching;
use crate::api::client::Client;
use crate::api::error::ApiError;
use crate::chat::crowd::Chats;
use crate::plan::Plan;
use crate::poll::schedule::Pace;
use crate::poll::{Look, Patience, Waited, last_look, wait};
use crate::record::{ResultRecord, RunRecord};
use crate::redact::Redactor;
use crate::report::assemble::{End, Parts};
use crate::report::model::{PlanHead, RetryRecord, SuiteHead, Timing};
use crate::report::standing::is_decided;
use crate::report::words;
use crate::spec::cases;
use crate::suite::model::{CallPolicy, EarlyStop, Suite, Transcripts};
use crate::text;

/// How long the gate may take to end the calls after a signal, and half of it to look once more.
/// GitHub sends SIGTERM 7.5 seconds after SIGINT.
pub(super) const WRAP_UP: Duration = Duration::from_secs(5);
/// How long a share link holds.
const SHARED_FOR: Duration = Duration::from_hours(7 * 24);
/// How long conversations may take to wind up whose runs have ended.
const WIND_UP: Duration = Duration::from_secs(4);
/// How long after the signal everything has to be over, but for writing the reports.
const LAST_LOOK: Duration = Duration::from_secs(7);

/// What attends: the platform, where to speak, and whether to stop. Several of them may wait side
/// by side.
pub(super) struct Gate<'a> {
    pub(super) client: &'a Client,
    pub(super) console: &'a Console,
    pub(super) stop: &'a Stop,
    /// What the gate is called where it speaks beside others.
    pub(super) label: Option<&'a str>,
    /// Where it waits until its calls fit into the budget that all gates share.
    pub(super) turn: &'a Turnstile,
    /// Its place there.
    pub(super) ticket: RefCell<Ticket<'a>>,
    /// Whether to tell where each call can be listened to.
    pub(super) listen: bool,
}

/// A result that is going, and what is needed to judge it.
pub(super) struct Attached {
    pub(super) head: SuiteHead,
    pub(super) planned: PlanHead,
    /// What started it; none for a result that is only watched.
    pub(super) plan: Option<Plan>,
    pub(super) suite: Suite,
    /// The earlier result to compare with, and where it came from.
    pub(super) baseline: Option<(String, ResultRecord)>,
    /// Why the one that the suite names is none.
    pub(super) refused_baseline: Option<String>,
    pub(super) record: ResultRecord,
    /// How many calls it may have at the same time.
    pub(super) calls: usize,
    /// Whether an earlier gate started it: its retries may be there already.
    pub(super) taken_up: bool,
    /// What is left on disk for who goes on after a lost runner.
    pub(super) started: StartedRun,
    /// Whether an earlier gate has ended its calls.
    pub(super) ended_earlier: bool,
    /// Whether it is one call of a set: it is gone on with as a whole.
    pub(super) of_set: bool,
    /// The conversations with the agent's own program, in mode api_chat.
    pub(super) chats: Option<Chats>,
    pub(super) url: Option<String>,
    pub(super) began: Instant,
    pub(super) deadline: Instant,
    pub(super) started_at: String,
    pub(super) notes: Vec<String>,
}

impl Attached {
    /// What the suite wants nobody to read.
    pub(super) fn redactor(&self) -> Redactor {
        super::secrets::redactor(Some(&self.suite))
    }

    /// An error of the platform, which may repeat what nobody should read.
    pub(super) fn told(&self, error: &impl std::fmt::Display) -> String {
        self.redactor().text(&error.to_string()).into_owned()
    }

    /// The command that goes on with a result under the same rules.
    fn watch_command(&self, id: u64) -> String {
        match self.head.file.as_deref() {
            Some(file) if self.of_set => words::resume_command(file),
            file => words::watch_command(id, file),
        }
    }

    /// Puts what is known of the conversations that the gate held into their runs.
    pub(super) fn mark_chats(&self, runs: &mut [RunRecord]) {
        if let Some(chats) = &self.chats {
            chats.mark(runs);
        }
    }

    /// Marks the runs, and those of the baseline, with their test case, where the suite brings any.
    fn mark_cases(&mut self) {
        let Some(spec) = self.suite.test_cases() else { return };
        let strangers = cases::mark(&mut self.record.runs, &spec);
        if strangers > 0 {
            let runs = text::count(strangers, "run");
            self.notes.push(format!("{runs} match no test case: baseline and retries ignore them"));
        }
        if let Some((_, base)) = &mut self.baseline {
            cases::mark(&mut base.runs, &spec);
        }
    }
}

/// How attending ended, beside the evidence.
pub(super) struct Attended {
    pub(super) end: End,
    pub(super) retries: Vec<RetryRecord>,
    pub(super) stopped_early: bool,
    /// Runs that were started, those of retries included.
    pub(super) paid: usize,
}

impl Gate<'_> {
    /// Says what happens, with the gate's name where there are several.
    pub(super) fn say(&self, line: &str) {
        match self.label {
            Some(label) => self.console.progress(&format!("{label}: {line}")),
            None => self.console.progress(line),
        }
    }

    /// Warns, with the gate's name where there are several.
    pub(super) fn warn(&self, line: &str) {
        match self.label {
            Some(label) => self.console.warn(&format!("{label}: {line}")),
            None => self.console.warn(line),
        }
    }

    /// Waits for a result and gives what a report is made of. The first signal wraps up, a second
    /// ends at once.
    pub(super) async fn attend(
        &self,
        mut attached: Attached,
        publisher: &Publisher,
    ) -> Result<Parts, Failure> {
        let id = attached.record.id;
        if let Err(error) = publisher.started(&attached.started) {
            // The calls are going and paid for: what they show comes first.
            self.warn(&error.to_string());
        }
        let page = attached.url.as_deref().map(|url| format!(": {url}")).unwrap_or_default();
        let how = if attached.taken_up { "is taken up" } else { "has started" };
        self.say(&format!("result {id} {how}{page}"));
        let attended = self.see_through(&mut attached).await.map_err(Failure::StoppedTwice)?;
        if attached.started.ended
            && let Err(error) = publisher.left(&attached.started)
        {
            self.warn(&error.to_string());
        }
        Ok(self.parts_of(attached, attended).await)
    }

    /// What a report is made of, once the wait is over.
    pub(super) async fn parts_of(&self, mut attached: Attached, attended: Attended) -> Parts {
        let id = attached.record.id;
        let price = attached.suite.budget.as_ref().and_then(|budget| budget.price_per_run);
        if let Some(price) = price {
            let runs = attended.paid;
            let cost = price * runs as f64;
            let runs = text::count(runs, "run");
            attached.notes.push(format!("cost: {cost:.2} for {runs}, retries included"));
        }
        if self.client.takes_second_version() {
            attached.notes.push(
                "the platform no longer has the v1 paths of results and runs: the v2 paths were taken"
                    .to_owned(),
            );
        }
        let reports = attached.suite.reports.clone().unwrap_or_default();
        let redactor = attached.redactor();
        if reports.share_link == Some(true) {
            let end = super::result::end_of_link(SHARED_FOR);
            match self.client.share(id, Some(&end), self.by(WRAP_UP)).await {
                Ok(share) => attached.url = Some(share.link),
                Err(error) => attached.notes.push(format!("no share link: {error}")),
            }
        }
        Parts {
            suite: attached.head,
            plan: attached.planned,
            result: attached.record,
            end: attended.end,
            timing: Timing {
                started_at: attached.started_at,
                elapsed_seconds: attached.began.elapsed().as_secs_f64(),
            },
            url: attached.url,
            traffic: self.client.traffic(),
            baseline: attached.baseline,
            refused_baseline: attached.refused_baseline,
            retries: attended.retries,
            results: Vec::new(),
            stopped_early: attended.stopped_early,
            incomplete: attached.ended_earlier,
            simulated: self.client.time_scale().is_some(),
            transcripts: reports.transcripts.unwrap_or_default(),
            redact: redactor,
            junit: reports.junit.unwrap_or_default(),
            notes: attached.notes,
        }
    }

    /// How often the platform may be asked, or the simulator that has said that it is one.
    pub(super) fn pace(&self) -> Pace {
        Pace::at(self.client.time_scale())
    }

    /// Until when something may take that takes so long: counted from the signal, where one has
    /// come, so that many gates that stop together are done in time together.
    pub(super) fn by(&self, span: Duration) -> Instant {
        self.stop.heard().map_or_else(Instant::now, |(_, at)| at) + span
    }

    /// Looks at the result once more after its calls were ended.
    pub(super) async fn last_look(&self, record: &mut ResultRecord, transcripts: Transcripts) {
        let until = self.by(LAST_LOOK).min(Instant::now() + WRAP_UP / 2);
        let within = until.saturating_duration_since(Instant::now());
        last_look(self.client, record, transcripts, within).await;
    }

    /// Waits, stops early, retries: until there is no more evidence to be had. A second signal is
    /// an error: it leaves no time for anything.
    async fn see_through(&self, attached: &mut Attached) -> Result<Attended, Signal> {
        let mut attended =
            Attended { end: End::Finished, retries: Vec::new(), stopped_early: false, paid: 0 };
        let mut record = std::mem::take(&mut attached.record);
        let runs = attached.planned.runs;
        let waited = self.wait_for(attached, &mut record, runs, stop_rule(attached)).await;
        if let (Waited::Enough, _) = waited {
            self.stop_early(attached, &mut record).await;
            attended.stopped_early = true;
        } else {
            attended.end = self.conclude(attached, &mut record, waited).await?;
        }
        attached.mark_chats(&mut record.runs);
        attended.paid = record.runs.len();
        attached.record = record;
        attached.mark_cases();
        if attended.end == End::Finished
            && !attended.stopped_early
            && let Some(plan) = attached.plan.clone()
        {
            self.hold_lost_again(attached, &plan, &mut attended).await?;
        }
        if attended.end == End::Finished
            && !attended.stopped_early
            && let Some(rules) = attached.suite.retry.clone()
            && let Some(plan) = attached.plan.clone()
        {
            self.retry(attached, &rules, &plan, &mut attended).await?;
        }
        Ok(attended)
    }

    /// Waits for one result of so many runs and says what changes. Gives the signal that stopped
    /// it, if one did.
    pub(super) async fn wait_for(
        &self,
        attached: &Attached,
        record: &mut ResultRecord,
        runs: Option<usize>,
        stop: EarlyStop,
    ) -> (Waited, Option<Signal>) {
        let mut signal = None;
        let watching = Watching::new(self.console, self.label, attached, record);
        let listening = Listening::new(self);
        let chats = attached.chats.as_ref();
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
                Some(chats) => {
                    chats.hold(self.client, attached.calls, attached.deadline, wanted).await
                }
                None => std::future::pending().await,
            }
        });
        let waiting = wait(
            self.client,
            record,
            Patience { hears_calls: self.listen, ..patience(attached, stop, runs) },
            async { signal = Some(self.stop.asked().await) },
            |look| {
                let record = match look {
                    Look::Whole(record) => record,
                    Look::Delay(words) => {
                        self.say(&attached.told(&words));
                        return ControlFlow::Continue(());
                    }
                    Look::Light { record, tally, talking } => {
                        let calls = tally.runs.saturating_sub(tally.ended + tally.judging);
                        let unseen = runs.unwrap_or_default().saturating_sub(tally.runs);
                        self.ticket.borrow().keep_calls(calls + unseen);
                        watching.take_light(tally);
                        listening.take_light(record, talking);
                        return ControlFlow::Continue(());
                    }
                };
                want(&record.runs);
                self.ticket.borrow().keep(&record.runs, runs);
                watching.take(record);
                listening.take(record);
                let marked = chats.map(|chats| {
                    let mut runs = record.runs.clone();
                    chats.mark(&mut runs);
                    runs
                });
                let shown = marked.as_ref().unwrap_or(&record.runs);
                let retry = attached.suite.retry.as_ref();
                if is_decided(stop, &attached.head, &attached.planned, retry, shown) {
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
            never = watching.tick() => match never {},
            never = listening.tick() => match never {},
        };
        watching.finish();
        if let Some(chats) = chats {
            if matches!(waited, Waited::Finished) {
                tokio::select! {
                    biased;
                    () = chats.idle() => {}
                    never = &mut holding => match never {},
                    () = tokio::time::sleep(WIND_UP) => {}
                    _ = self.stop.asked() => {}
                }
            }
            tokio::select! {
                () = chats.end_open(self.client, self.by(WRAP_UP)) => {}
                _ = self.stop.insisted() => {}
            }
        }
        (waited, signal)
    }

    /// Ends the calls that can change nothing any more, and says what that saved.
    async fn stop_early(&self, attached: &mut Attached, record: &mut ResultRecord) {
        let id = record.id;
        let going = record.runs.iter().filter(|run| !run.status.is_terminal()).count();
        let calls = text::count(going, "call");
        self.say(&format!("the verdict is known: ending {calls} of result {id}"));
        let total = record.runs.len();
        attached.started.ended = true;
        attached.notes.push(match self.client.end_calls(id, self.by(WRAP_UP)).await {
            Ok(()) => {
                format!("the verdict was known early: {going} of {total} calls were ended early")
            }
            Err(error) => {
                let error = attached.told(&error);
                format!("the verdict was known early, but the calls could not be ended: {error}")
            }
        });
        self.last_look(record, attached.suite.transcripts()).await;
    }

    /// What the end of a wait asks for: ending the calls where the suite says so, a last look.
    pub(super) async fn conclude(
        &self,
        attached: &mut Attached,
        record: &mut ResultRecord,
        (waited, signal): (Waited, Option<Signal>),
    ) -> Result<End, Signal> {
        let id = record.id;
        let (policy, end) = match waited {
            Waited::Finished | Waited::Enough => return Ok(End::Finished),
            Waited::Lost(error) => {
                let end = End::Lost(format!("waiting for result {id}: {error}"));
                let policy = attached.suite.on_timeout.unwrap_or_default();
                // Who refuses can be reached: the calls need not go on for nobody. Where nobody is
                // reached, they may well be gone on with.
                if matches!(error, ApiError::Refused { .. }) && policy == CallPolicy::EndCalls {
                    tokio::select! {
                        () = self.end_calls(attached, id) => {}
                        second = self.stop.insisted() => return Err(second),
                    }
                }
                let command = attached.watch_command(id);
                attached.notes.push(format!("to continue: {command}"));
                return Ok(end);
            }
            Waited::TimedOut => {
                let own = attached.suite.timeout.unwrap_or_default().duration();
                let had = attached.deadline.saturating_duration_since(attached.began);
                // What all suites together left of it is told to the second.
                let had = Duration::from_secs(had.as_secs_f64().ceil() as u64);
                (attached.suite.on_timeout, End::TimedOut(own.min(had.max(Duration::from_secs(1)))))
            }
            Waited::Stopped => {
                (attached.suite.on_cancel, signal.unwrap_or(Signal::Interrupt).end())
            }
        };
        let wrap_up = async {
            match policy.unwrap_or_default() {
                CallPolicy::Leave => {
                    let command = attached.watch_command(id);
                    attached
                        .notes
                        .push(format!("the calls are still running; to continue: {command}"));
                }
                CallPolicy::EndCalls => self.end_calls(attached, id).await,
            }
            self.last_look(record, attached.suite.transcripts()).await;
        };
        tokio::select! {
            () = wrap_up => Ok(end),
            second = self.stop.insisted() => Err(second),
        }
    }

    /// Ends the calls of a result and notes what came of it.
    async fn end_calls(&self, attached: &mut Attached, id: u64) {
        self.say(&format!("ending the calls of result {id}"));
        attached.started.ended = true;
        let ended = self.client.end_calls(id, self.by(WRAP_UP)).await;
        attached.notes.push(match ended {
            Ok(()) => "the remaining calls were ended".to_owned(),
            Err(error) => format!("the calls could not be ended: {}", attached.told(&error)),
        });
    }
}
