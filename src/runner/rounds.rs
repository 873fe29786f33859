//! Rounds: starting more runs while a check is not decided, and joining what they show.
//!
//! Which round is next is decided in [`crate::report::rounds`]. Each round is a start and a result of
//! its own, under a name of its own, with retries of its own. It is written down before it starts, so
//! that who resumes goes on with the same one.

use crate::failure::Failure;
use crate::plan::Plan;
use crate::plan::name::{FIRST_PART, REST};
use crate::plan::rounds::{PlannedRounds, StartedRound};
use crate::poll::Waited;
use crate::preflight::budget;
use crate::record::{ResultRecord, RunRecord, Status};
use crate::report::build::End;
use crate::report::model::PooledResult;
use crate::report::pool;
use crate::report::rounds::{first_part_fails, next_round};
use crate::run_file::RunDir;
use crate::runner::active_run::{ActiveRun, InRound, RunEnd};
use crate::runner::gate::Gate;
use crate::runner::wait_policy::stop_rule;
use crate::signal::Signal;
use crate::spec::cases;
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
        let is_whole = self.rest_of_the_first(active, run_end, dir).await?;
        let Some(rounds) = &mut active.planned.rounds else { return Ok(()) };
        // What an earlier gate has started is gone on with as it was.
        let mut left = rounds.started.split_off(1.min(rounds.started.len())).into_iter();
        while is_whole && run_end.end == End::Finished && !run_end.stopped_early {
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
            if !self.round(active, run_end, dir, Start::Round(round)).await? {
                break;
            }
        }
        let planned = &active.planned;
        let started = planned.rounds.iter().flat_map(|rounds| &rounds.started);
        active.planned.runs = Some(started.map(|round| planned.runs_in(round)).sum());
        Ok(())
    }

    /// Starts the scenarios of the first round that did not start first, where it has two parts and
    /// no check has failed for good by then. Gives whether the first round is whole.
    async fn rest_of_the_first(
        &self,
        active: &mut ActiveRun,
        run_end: &mut RunEnd,
        dir: &RunDir,
    ) -> Result<bool, Signal> {
        let Some([_, rest]) = active.planned.parts() else { return Ok(true) };
        if run_end.end != End::Finished {
            return Ok(false);
        }
        let rounds = active.planned.rounds.as_ref();
        let under_way = rounds
            .is_some_and(|rounds| rounds.first.as_ref().is_some_and(|first| first.rest_started));
        let left = text::count(active.planned.runs_in(&rest), "run");
        if run_end.stopped_early
            || !under_way && first_part_fails(&active.head, &active.planned, &active.record.runs)
        {
            run_end.stopped_early = true;
            active.notes.push(format!(
                "what failed lately has failed again: the other {left} of the first round were not \
                 started"
            ));
            return Ok(false);
        }
        if !under_way && active.plan.is_none() {
            active.notes.push(format!(
                "the other {left} of the first round were not started when the earlier gate ended: \
                 `cekura-gate run --resume` starts them"
            ));
            return Ok(false);
        }
        if let Some((signal, _)) = self.stop.heard() {
            run_end.end = signal.end();
            return Ok(false);
        }
        self.round(active, run_end, dir, Start::Rest(rest)).await
    }

    /// Starts one round, or what is left of the first, waits for it and joins it. Gives whether it
    /// was there at all.
    async fn round(
        &self,
        active: &mut ActiveRun,
        run_end: &mut RunEnd,
        dir: &RunDir,
        start: Start,
    ) -> Result<bool, Signal> {
        let (is_rest, mut round) = match start {
            Start::Round(round) => (false, round),
            Start::Rest(rest) => (true, rest),
        };
        let number = round.number;
        let label = if is_rest { REST.to_owned() } else { format!("round {number}") };
        let runs = active.planned.runs_in(&round);
        let plan = active.plan.as_ref().and_then(|plan| match is_rest {
            true => plan.part(&round, true),
            false => plan.round(&round),
        });
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
        self.leave_round(active, dir, &round, is_rest);
        let mut fresh = match self.start_round(active, plan.as_ref(), &round).await {
            Ok(fresh) => fresh,
            Err(failure) => {
                let why = active.redacted(&failure);
                active.notes.push(format!("{label} could not be started: {why}"));
                if let Some((signal, _)) = self.stop.heard() {
                    run_end.end = signal.end();
                }
                return Ok(false);
            }
        };
        let id = fresh.id;
        round.result = Some(id);
        self.leave_round(active, dir, &round, is_rest);
        self.say(&format!("{label}: {} started as result {id}", text::count(runs, "run")));
        let mut whole = active.planned.clone();
        if !is_rest {
            whole.runs = whole.runs.map(|before| before + runs);
        }
        if let Some(rounds) = &mut whole.rounds {
            put(rounds, round.clone(), is_rest);
        }
        active.in_round = Some(InRound { alone: active.planned.of_start(&round), whole, number });
        let waited = self.wait_for(active, &mut fresh, Some(runs), stop_rule(active)).await;
        let is_whole = matches!(waited, (Waited::Finished, _));
        if let (Waited::Enough, _) = waited {
            self.stop_early(active, &mut fresh).await;
            run_end.stopped_early = true;
        } else {
            run_end.end = self.wrap_up(active, &mut fresh, waited).await?;
        }
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
            let label = if is_rest { FIRST_PART } else { "round 1" };
            run_end.results.push(reference(active, whole.id, &whole.status, label));
        }
        run_end.results.push(reference(active, id, &fresh.status, &label));
        pool::add(&mut whole, fresh);
        whole.runs.sort_by_key(|run| run.id);
        active.record = whole;
        if let Some(rounds) = &mut active.planned.rounds {
            put(rounds, round, is_rest);
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
    fn leave_round(
        &self,
        active: &mut ActiveRun,
        dir: &RunDir,
        round: &StartedRound,
        is_rest: bool,
    ) {
        let mut planned = active.planned.clone();
        if let Some(rounds) = &mut planned.rounds {
            put(rounds, round.clone(), is_rest);
        }
        active.started.planned = planned;
        if let Err(error) = dir.leave(&active.started) {
            self.warn(&error.to_string());
        }
    }
}

/// What is started beside the first start.
enum Start {
    /// A round.
    Round(StartedRound),
    /// What the first round did not start first.
    Rest(StartedRound),
}

/// Notes what has started, or starts.
fn put(rounds: &mut PlannedRounds, round: StartedRound, is_rest: bool) {
    match &mut rounds.first {
        Some(first) if is_rest => {
            first.rest_started = true;
            first.rest_result = round.result;
        }
        _ => rounds.started.push(round),
    }
}

fn mark(runs: &mut [RunRecord], round: u32) {
    for run in runs {
        run.round = Some(round);
    }
}

fn reference(active: &ActiveRun, id: u64, status: &Status, set: &str) -> PooledResult {
    let first = active.started.result.unwrap_or_default();
    let all = active.url.as_ref().and_then(|url| url.strip_suffix(&format!("/{first}")));
    PooledResult {
        id,
        set: set.to_owned(),
        status: status.clone(),
        url: all.map(|all| format!("{all}/{id}")),
    }
}
