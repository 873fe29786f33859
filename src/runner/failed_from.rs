//! `run --failed-from`: only what did not pass in a saved result starts again, and the whole is
//! judged.

use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::failure::Failure;
use crate::input::same_suite::{EvidenceOf, is_of_another};
use crate::input::suite_file::Loaded;
use crate::plan::Plan;
use crate::plan::mark::Mark;
use crate::preflight::baseline;
use crate::report::build::ReportInput;
use crate::report::evaluation::Evaluation;
use crate::report::failed_from::{Unpassed, join, unpassed};
use crate::report::model::{PlanHead, Report};

/// The earlier result, and what of it starts again.
pub(crate) struct FailedFrom {
    path: PathBuf,
    report: Report,
    unpassed: Unpassed,
}

impl FailedFrom {
    /// Reads the earlier result and checks that its evidence is of the same suite and agent.
    ///
    /// # Errors
    ///
    /// Why it cannot be gone on with. Nothing was started.
    pub(crate) fn read(
        path: &Path,
        loaded: &Loaded,
        plan: &Plan,
        context: &Context,
    ) -> Result<Self, Failure> {
        let report = baseline::saved(path)?;
        let refused = |why: String| {
            Failure::Usage(format!(
                "--failed-from cannot use {}: {why}; nothing was started. Leave --failed-from \
                 out to start the whole suite",
                path.display()
            ))
        };
        if let Some(why) = misfit(&report, loaded, plan, context) {
            return Err(refused(why));
        }
        let unpassed = unpassed(&report).map_err(refused)?;
        if unpassed.is_empty() {
            return Err(refused(format!(
                "every run passed there, so there is nothing to run again; `cekura-gate judge \
                 {}` judges it",
                path.display()
            )));
        }
        Ok(Self { path: path.to_owned(), report, unpassed })
    }

    /// The file that it was read from.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The plan of what starts again.
    pub(crate) fn plan(&self, whole: &Plan) -> Plan {
        let suffix = format!("failed-from {}", self.report.result.id);
        whole.only(&self.unpassed.ids, &self.unpassed.keys, &suffix)
    }

    /// Puts the evidence of the whole in the place of what ran again. Gives why the two are not of
    /// the same agent, where the runs say so.
    pub(crate) fn join(self, parts: &mut ReportInput) -> Option<String> {
        let fresh = std::mem::take(&mut parts.result);
        let judged = Evaluation::of(&parts.suite, &PlanHead::default(), &fresh.runs, None, false);
        let joined = join(&self.report, &self.unpassed, fresh, &judged.outcomes);
        parts.result = joined.result;
        parts.retries.extend(joined.retries);
        parts.notes.splice(0..0, joined.notes);
        parts.simulated |= self.report.simulated;
        parts.plan = self.report.plan;
        joined.other_agent
    }
}

/// Why a saved result is not of this suite and agent.
fn misfit(report: &Report, loaded: &Loaded, plan: &Plan, context: &Context) -> Option<String> {
    if report.plan.rounds.is_some() || loaded.suite.rounds().is_some() {
        return Some(
            "runs that come in rounds are a sample, and what failed in it cannot be repeated until \
             it passes"
                .to_owned(),
        );
    }
    if !report.results.is_empty() {
        return Some("it is of calls that start together".to_owned());
    }
    if report.suite.name != loaded.name() {
        return Some(format!("it is of another suite, `{}`", report.suite.name));
    }
    if let Some(why) = &report.other_suite {
        return Some(format!("it was judged by another suite: {why}"));
    }
    let evidence = EvidenceOf {
        result: &report.result,
        planned: Some(&report.plan),
        mode: Some(report.suite.mode),
    };
    if let Some(why) = is_of_another(&loaded.suite, &report.suite.name, evidence) {
        return Some(why);
    }
    if plan.target_id().is_some_and(|id| report.result.agent.is_some_and(|agent| agent != id)) {
        return Some("it is of another agent".to_owned());
    }
    let theirs = report.result.name.as_deref().and_then(Mark::of_name)?.origin.commit?;
    let ours = context.origin().commit?;
    (theirs != ours).then(|| format!("it is of commit {theirs}, and this is {ours}"))
}
