//! A result that is going, and how the wait for it ended.

use tokio::time::Instant;

use crate::chat::crowd::Chats;
use crate::event::Watched;
use crate::plan::Plan;
use crate::record::{ResultRecord, RunRecord};
use crate::redact::Redactor;
use crate::report::build::End;
use crate::report::commands;
use crate::report::evaluation::is_decided;
use crate::report::model::{PlanHead, PooledResult};
use crate::retry::RetryRecord;
use crate::run_file::RunState;
use crate::spec::cases;
use crate::suite::head::SuiteHead;
use crate::suite::model::Suite;
use crate::suite::retry::EarlyStop;
use crate::text;

/// A result that is going, and what is needed to judge it.
pub(crate) struct ActiveRun {
    pub(crate) head: SuiteHead,
    pub(crate) planned: PlanHead,
    /// The later round that is going.
    pub(crate) in_round: Option<InRound>,
    /// What started it; none for a result that is only watched.
    pub(crate) plan: Option<Plan>,
    pub(crate) suite: Suite,
    /// The earlier result to compare with, and where it came from.
    pub(crate) baseline: Option<(String, ResultRecord)>,
    /// Why the one that the suite names is none.
    pub(crate) refused_baseline: Option<String>,
    pub(crate) record: ResultRecord,
    /// How many calls it may have at the same time.
    pub(crate) calls: usize,
    /// Whether an earlier gate started it: its retries may be there already.
    pub(crate) resumed: bool,
    /// What is left on disk for who goes on after a lost runner.
    pub(crate) started: RunState,
    /// Whether an earlier gate has ended its calls.
    pub(crate) ended_earlier: bool,
    /// Whether it is one call of a set: it is gone on with as a whole.
    pub(crate) of_set: bool,
    /// The conversations with the agent's own program, in mode api_chat.
    pub(crate) chats: Option<Chats>,
    pub(crate) url: Option<String>,
    pub(crate) began: Instant,
    pub(crate) deadline: Instant,
    pub(crate) started_at: String,
    pub(crate) notes: Vec<String>,
}

/// A later round that is going.
pub(crate) struct InRound {
    /// The part of the plan that it is of.
    pub(crate) alone: PlanHead,
    /// The plan with it as the last round.
    pub(crate) whole: PlanHead,
    /// Its number.
    pub(crate) number: u32,
}

impl ActiveRun {
    /// Whether the verdict is known by what is seen of a result that is going, with the rounds before
    /// it.
    pub(crate) fn is_decided(&self, stop: EarlyStop, runs: &[RunRecord]) -> bool {
        let retry = self.suite.retry.as_ref();
        let Some(round) = self.in_round.as_ref().filter(|_| stop != EarlyStop::Never) else {
            return is_decided(stop, &self.head, &self.planned, retry, runs);
        };
        let of_round =
            runs.iter().cloned().map(|run| RunRecord { round: Some(round.number), ..run });
        let all: Vec<RunRecord> = self.record.runs.iter().cloned().chain(of_round).collect();
        is_decided(stop, &self.head, &round.whole, retry, &all)
    }

    /// What is shown of it while it goes.
    pub(crate) fn watched(&self) -> Watched<'_> {
        Watched {
            head: &self.head,
            planned: self.in_round.as_ref().map_or(&self.planned, |round| &round.alone),
            base: self.baseline.as_ref().map(|(_, base)| base.runs.as_slice()),
            redact: self.redactor(),
            began: self.began,
            deadline: self.deadline,
        }
    }

    /// What the suite wants nobody to read.
    pub(crate) fn redactor(&self) -> Redactor {
        crate::input::secrets::redactor(Some(&self.suite))
    }

    /// An error of the platform, which may repeat what nobody should read.
    pub(crate) fn redacted(&self, error: &impl std::fmt::Display) -> String {
        self.redactor().text(&error.to_string()).into_owned()
    }

    /// The command that goes on with a result under the same rules.
    pub(crate) fn watch_command(&self, id: u64) -> String {
        match self.head.file.as_deref() {
            Some(file) if self.of_set => commands::resume_command(file),
            file => commands::watch_command(id, file),
        }
    }

    /// Puts what is known of the conversations that the gate held into their runs.
    pub(crate) fn mark_chats(&self, runs: &mut [RunRecord]) {
        if let Some(chats) = &self.chats {
            chats.mark(runs);
        }
    }

    /// Marks the runs, and those of the baseline, with their test case, where the suite brings any.
    pub(crate) fn mark_cases(&mut self) {
        let Some(spec) = self.suite.test_cases() else { return };
        let unmatched = cases::mark(&mut self.record.runs, &spec);
        if unmatched > 0 {
            let runs = text::count(unmatched, "run");
            self.notes.push(format!("{runs} match no test case: baseline and retries ignore them"));
        }
        if let Some((_, base)) = &mut self.baseline {
            cases::mark(&mut base.runs, &spec);
        }
    }
}

/// The plan of what the first round starts first, where it has two parts.
pub(crate) fn first_part(plan: &Plan, planned: &PlanHead) -> Option<Plan> {
    let [first, _] = planned.parts()?;
    plan.part(&first, false)
}

/// How attending ended, beside the evidence.
pub(crate) struct RunEnd {
    pub(crate) end: End,
    pub(crate) retries: Vec<RetryRecord>,
    pub(crate) stopped_early: bool,
    /// The results of the rounds, where there were several.
    pub(crate) results: Vec<PooledResult>,
    /// Runs that were started, those of retries included.
    pub(crate) paid: usize,
}
