//! Retries: starting again the runs that the suite wants again, and joining what they show to the
//! evidence.
//!
//! What is retried and how two outcomes make one is decided in [`retry`].

use crate::api::start::Started;
use crate::event::What;
use crate::failure::Failure;
use crate::plan::name::{is_named, is_named_from};
use crate::plan::{Plan, carries_name};
use crate::preflight::budget;
use crate::record::{ResultRecord, Status};
use crate::report::build::End;
use crate::report::evaluation::Evaluation;
use crate::report::model::PlanHead;
use crate::runner::active_run::{ActiveRun, RunEnd};
use crate::runner::call_limit::CallPermit;
use crate::runner::gate::Gate;
use crate::signal::Signal;
use crate::spec::cases;
use crate::suite::retry::{EarlyStop, Flaky, Retry, RetryOn};
use crate::{retry, text};

impl<'a> Gate<'a> {
    /// Waits, within the time that is left, until the calls of a retry fit into the budget that all
    /// gates share. What the gate had before is free by then.
    async fn wait_for_calls(&self, active: &ActiveRun, again: &Plan) -> Result<(), Failure> {
        let wanted = again.runs().unwrap_or_default().min(active.calls);
        let permit: CallPermit<'a> = self.limiter.join(wanted);
        let id = permit.id();
        self.permit.replace(permit);
        tokio::select! {
            biased;
            signal = self.stop.first_signal() => Err(Failure::Stopped(signal)),
            _ = self.limiter.admitted(id) => Ok(()),
            () = tokio::time::sleep_until(active.deadline) => Err(Failure::Usage(
                "no calls became free within the suite's `timeout`".to_owned(),
            )),
        }
    }
}

impl Gate<'_> {
    /// Starts again what was lost, and what the suite wants again.
    pub(crate) async fn try_again(
        &self,
        active: &mut ActiveRun,
        plan: &Plan,
        run_end: &mut RunEnd,
    ) -> Result<(), Signal> {
        self.hold_lost_again(active, plan, run_end).await?;
        match active.suite.retry.clone() {
            Some(rules) if run_end.end == End::Finished => {
                self.retry(active, &rules, plan, run_end).await
            }
            _ => Ok(()),
        }
    }

    /// Starts the conversations again that a lost gate has left open: the memory of the agent that
    /// held them is gone. A gate that did so may have been lost, too.
    async fn hold_lost_again(
        &self,
        active: &mut ActiveRun,
        plan: &Plan,
        run_end: &mut RunEnd,
    ) -> Result<(), Signal> {
        const ATTEMPTS: u32 = 10;
        if !active.record.runs.iter().any(retry::is_lost) {
            return Ok(());
        }
        let rules = Retry { on: vec![RetryOn::Lost], attempts: ATTEMPTS, flaky: Flaky::Failed };
        self.retry(active, &rules, plan, run_end).await
    }

    /// Starts the runs again that the suite wants again, and joins what they show to the evidence.
    async fn retry(
        &self,
        active: &mut ActiveRun,
        rules: &Retry,
        plan: &Plan,
        run_end: &mut RunEnd,
    ) -> Result<(), Signal> {
        for attempt in 1..=rules.attempts {
            let standing =
                Evaluation::of(&active.head, &active.planned, &active.record.runs, None, false);
            let groups = retry::needs(
                rules,
                &active.head,
                &active.record.runs,
                &standing.outcomes,
                &run_end.retries,
            );
            // Scenarios of different groups never share a run, so that the outcomes stay true.
            for (frequency, scenarios) in groups {
                // A name of its own, by which a later gate finds it.
                let is_lost = rules.on.contains(&RetryOn::Lost);
                let what = if is_lost { "resumed" } else { "retry" };
                let suffix = format!("{what} {attempt}.{frequency}");
                let again = match plan.spec() {
                    Some(_) => {
                        let keys = cases::keys_of(&active.record.runs, &scenarios);
                        plan.cases_again(&keys, frequency, &suffix)
                    }
                    None => Some(plan.again(scenarios, frequency, &suffix)),
                };
                let Some(again) = again.filter(|plan| plan.runs() != Some(0)) else { continue };
                let runs = again.runs().unwrap_or_default();
                if let Some(limits) = &active.suite.budget
                    && budget::allows(limits, run_end.paid + runs).is_err()
                {
                    active.notes.push(format!(
                        "no more retries: another {} would exceed the budget ({} so far)",
                        text::count(runs, "run"),
                        run_end.paid
                    ));
                    return Ok(());
                }
                run_end.paid += runs;
                let Some(mut fresh) = self.start_again(active, &again, attempt).await else {
                    run_end.end =
                        self.stop.heard().map_or(End::Finished, |(signal, _)| signal.end());
                    return Ok(());
                };
                let ended_before = active.started.ended;
                let waited = self.wait_for(active, &mut fresh, Some(runs), EarlyStop::Never).await;
                run_end.end = self.wrap_up(active, &mut fresh, waited).await?;
                // The calls of a retry say nothing of the first result's.
                active.started.ended = ended_before;
                active.mark_chats(&mut fresh.runs);
                if let Some(spec) = plan.spec() {
                    cases::mark(&mut fresh.runs, spec);
                    cases::align(&mut fresh.runs, &active.record.runs);
                }
                let judged =
                    Evaluation::of(&active.head, &PlanHead::default(), &fresh.runs, None, false);
                let records = retry::merge(
                    rules,
                    attempt,
                    &mut active.record,
                    &standing.outcomes,
                    fresh,
                    &judged.outcomes,
                    &run_end.retries,
                );
                run_end.retries.extend(records);
                if run_end.end != End::Finished {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Starts a retry, or takes up the one that an earlier gate has started. Where that fails the
    /// gate goes on with what it has, and says so.
    async fn start_again(
        &self,
        active: &mut ActiveRun,
        again: &Plan,
        attempt: u32,
    ) -> Option<ResultRecord> {
        match self.start_or_find(active, again).await {
            Ok(record) => {
                let (result, runs) = (record.id, record.runs.len());
                self.emit(What::Retrying { attempt, result, runs });
                Some(record)
            }
            Err(error) => {
                active.notes.push(format!(
                    "retry {attempt} could not be started: {}",
                    active.redacted(&error)
                ));
                None
            }
        }
    }

    pub(crate) async fn start_or_find(
        &self,
        active: &ActiveRun,
        again: &Plan,
    ) -> Result<ResultRecord, Failure> {
        let mut fresh = None;
        if active.resumed {
            if !carries_name(again.mode) {
                return Err(Failure::Usage(format!(
                    "an earlier gate may have started it, and mode {} gives no name to find it by",
                    again.mode.name()
                )));
            }
            match self.earlier_retry(active, again).await? {
                EarlierRetry::Evidence(record) => {
                    if let Some(chats) = &active.chats {
                        chats.end_lost(self.client, &record.runs, active.deadline).await;
                    }
                    return Ok(*record);
                }
                // A name of its own, so that a lost answer does not lead to the one that was ended.
                EarlierRetry::Ended => {
                    let name = format!(
                        "{}{AGAIN}{}",
                        again.result_name,
                        crate::run_file::letters(crate::context::random())
                    );
                    fresh = Some(again.clone().named(name));
                }
                EarlierRetry::None => {}
            }
        }
        let again = fresh.as_ref().unwrap_or(again);
        let request = again
            .request()
            .ok_or_else(|| Failure::Internal("a retry has unresolved scenarios".to_owned()))?;
        self.wait_for_calls(active, again).await?;
        match self.start(again, &request, active.deadline).await? {
            Started::Answered(record) | Started::Found(record) => Ok(*record),
        }
    }

    /// The retry that an earlier gate has started, where there is one. One whose calls were ended is
    /// no evidence.
    async fn earlier_retry(
        &self,
        active: &ActiveRun,
        again: &Plan,
    ) -> Result<EarlierRetry, Failure> {
        let (name, deadline) = (&again.result_name, active.deadline);
        let mut found = self.client.results_starting(name, deadline).await?;
        found.retain(|result| {
            let own = result.name.as_deref();
            own.is_some_and(|own| {
                is_named(own, name) || is_named_from(own, &(name.clone() + AGAIN))
            })
        });
        let any = !found.is_empty();
        // The oldest first: a proxy on the way may have doubled a start.
        for listed in found.iter().rev() {
            let keep = active.suite.transcripts();
            let record = self.client.result(listed.id, keep, deadline).await?;
            let ended = |status: &Status| *status == Status::Cancelled;
            if !ended(&record.status) && !record.runs.iter().any(|run| ended(&run.status)) {
                return Ok(EarlierRetry::Evidence(Box::new(record)));
            }
        }
        Ok(if any { EarlierRetry::Ended } else { EarlierRetry::None })
    }
}

/// What stands in the name of a retry that is started again, before its key.
const AGAIN: &str = " again ";

/// What an earlier gate has left of a retry.
enum EarlierRetry {
    /// It started none.
    None,
    /// One that is going or has finished.
    Evidence(Box<ResultRecord>),
    /// One whose calls were ended.
    Ended,
}
