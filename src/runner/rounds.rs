//! Rounds: starting more runs while a check is not decided, and joining what they show.
//!
//! Which round is next is decided in [`crate::report::rounds`]. Each round is a start and a result of
//! its own, under a name of its own, with retries of its own. It is written down before it starts, so
//! that who resumes goes on with the same one.

use crate::failure::Failure;
use crate::plan::Plan;
use crate::plan::rounds::StartedRound;
use crate::poll::Waited;
use crate::preflight::budget;
use crate::record::{ResultRecord, RunRecord, Status};
use crate::report::build::End;
use crate::report::model::{PlanHead, PooledResult};
use crate::report::pool;
use crate::report::rounds::next_round;
use crate::run_file::RunDir;
use crate::runner::active_run::{ActiveRun, RunEnd};
use crate::runner::gate::Gate;
use crate::signal::Signal;
use crate::spec::cases;
use crate::suite::retry::EarlyStop;
use crate::text;

impl Gate<'_> {
    /// Goes on in rounds after the first one has ended: with those that an earlier gate has started,
    /// then as long as a check needs another.
    pub(crate) async fn go_on_in_rounds(
        &self,
        active: &mut ActiveRun,
        run_end: &mut RunEnd,
        dir: &RunDir,
    ) -> Result<(), Signal> {
        let Some(rounds) = &mut active.planned.rounds else { return Ok(()) };
        if let Some(first) = rounds.started.first_mut() {
            first.result = Some(active.record.id);
        }
        mark(&mut active.record.runs, 1);
        // What an earlier gate has started is gone on with as it was.
        let mut left = rounds.started.split_off(1.min(rounds.started.len())).into_iter();
        while run_end.end == End::Finished && !run_end.stopped_early {
            let round = match left.next() {
                Some(round) => round,
                None if active.plan.is_none() => break,
                None => {
                    let base = active.baseline.as_ref().map(|(_, base)| base.runs.as_slice());
                    let runs = &active.record.runs;
                    let Some(next) = next_round(&active.head, &active.planned, runs, base) else {
                        break;
                    };
                    self.say(&format!("not decided yet: {}", text::list(&next.open)));
                    next.round
                }
            };
            if let Some((signal, _)) = self.stop.heard() {
                run_end.end = signal.end();
                break;
            }
            if !self.round(active, run_end, dir, round).await? {
                break;
            }
        }
        let planned = &active.planned;
        let started = planned.rounds.iter().flat_map(|rounds| &rounds.started);
        active.planned.runs = Some(started.map(|round| planned.runs_in(round)).sum());
        Ok(())
    }

    /// Starts one round, waits for it and joins it. Gives whether it was there at all.
    async fn round(
        &self,
        active: &mut ActiveRun,
        run_end: &mut RunEnd,
        dir: &RunDir,
        mut round: StartedRound,
    ) -> Result<bool, Signal> {
        let number = round.number;
        let runs = active.planned.runs_in(&round);
        let plan = active.plan.as_ref().and_then(|plan| plan.round(&round));
        if let Some(limits) = &active.suite.budget
            && budget::allows(limits, run_end.paid + runs).is_err()
        {
            active.notes.push(format!(
                "no more rounds: another {} would exceed the budget ({} so far)",
                text::count(runs, "run"),
                run_end.paid
            ));
            return Ok(false);
        }
        // Whoever goes on after a runner that is lost now finds the round by its name.
        self.leave_round(active, dir, &round);
        let mut fresh = match self.start_round(active, plan.as_ref(), &round).await {
            Ok(fresh) => fresh,
            Err(failure) => {
                let why = active.redacted(&failure);
                active.notes.push(format!("round {number} could not be started: {why}"));
                if let Some((signal, _)) = self.stop.heard() {
                    run_end.end = signal.end();
                }
                return Ok(false);
            }
        };
        let id = fresh.id;
        round.result = Some(id);
        self.leave_round(active, dir, &round);
        self.say(&format!("round {number}: {} started as result {id}", text::count(runs, "run")));
        active.in_round = Some(PlanHead {
            runs_per_scenario: round.runs_per_scenario,
            runs: Some(runs),
            rounds: None,
            scenarios: round.scenarios.clone().unwrap_or_else(|| active.planned.scenarios.clone()),
            ..active.planned.clone()
        });
        let waited = self.wait_for(active, &mut fresh, Some(runs), EarlyStop::Never).await;
        let is_whole = matches!(waited, (Waited::Finished, _));
        run_end.end = self.wrap_up(active, &mut fresh, waited).await?;
        active.mark_chats(&mut fresh.runs);
        run_end.paid += fresh.runs.len().max(runs);
        // A round is retried on its own: its runs have slots of their own.
        let mut whole = std::mem::replace(&mut active.record, fresh);
        if let Some(spec) = active.suite.test_cases() {
            cases::mark(&mut active.record.runs, &spec);
            cases::align(&mut active.record.runs, &whole.runs);
        }
        if is_whole && let Some(plan) = &plan {
            self.try_again(active, plan, run_end).await?;
        }
        active.in_round = None;
        let mut fresh = std::mem::take(&mut active.record);
        mark(&mut fresh.runs, number);
        if run_end.results.is_empty() {
            run_end.results.push(reference(active, whole.id, &whole.status, 1));
        }
        run_end.results.push(reference(active, id, &fresh.status, number));
        pool::add(&mut whole, fresh);
        whole.runs.sort_by_key(|run| run.id);
        active.record = whole;
        if let Some(rounds) = &mut active.planned.rounds {
            rounds.started.push(round);
        }
        Ok(true)
    }

    async fn start_round(
        &self,
        active: &ActiveRun,
        plan: Option<&Plan>,
        round: &StartedRound,
    ) -> Result<ResultRecord, Failure> {
        match (plan, round.result) {
            (Some(plan), _) => self.start_or_find(active, plan).await,
            // Who only watches starts nothing.
            (None, Some(id)) => {
                let keep = active.suite.transcripts();
                Ok(self.client.result(id, keep, active.deadline).await?)
            }
            (None, None) => Err(Failure::Usage(
                "its start was under way when the earlier gate ended: `cekura-gate run --resume` \
                 looks for it"
                    .to_owned(),
            )),
        }
    }

    /// Leaves on disk that a round starts, or has started.
    fn leave_round(&self, active: &mut ActiveRun, dir: &RunDir, round: &StartedRound) {
        let mut planned = active.planned.clone();
        if let Some(rounds) = &mut planned.rounds {
            rounds.started.push(round.clone());
        }
        active.started.planned = planned;
        if let Err(error) = dir.leave(&active.started) {
            self.warn(&error.to_string());
        }
    }
}

fn mark(runs: &mut [RunRecord], round: u32) {
    for run in runs {
        run.round = Some(round);
    }
}

fn reference(active: &ActiveRun, id: u64, status: &Status, round: u32) -> PooledResult {
    let first = active.started.result.unwrap_or_default();
    let all = active.url.as_ref().and_then(|url| url.strip_suffix(&format!("/{first}")));
    PooledResult {
        id,
        set: format!("round {round}"),
        status: status.clone(),
        url: all.map(|all| format!("{all}/{id}")),
    }
}
