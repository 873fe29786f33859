//! After the verdict: the share link, `on_failure` and `on_success`.
//!
//! None of it can change the verdict, take longer than its bound, or fail the build: the report is
//! there already, and each step leaves a note that says what it did. It writes no file: what came of
//! it stands in the report, and `output` writes that.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::api::wire::after::{improvement, test_set_body};
use crate::escape::short;
use crate::exit::Code;
use crate::input::text_file::read_text;
use crate::outcome::{Outcome, judge_run};
use crate::record::{Insights, RunRecord};
use crate::redact::{Redactor, is_redacted};
use crate::report::files::{DIFF, report_dir};
use crate::report::model::{FollowedUp, Proposal, Report};
use crate::report::show;
use crate::review::{Improvement, Progress, Vote};
use crate::runner::gate::{Gate, WRAP_UP};
use crate::runner::share_link::end_of_link;
use crate::runner::test_sets::frozen;
use crate::suite::model::{OnFailure, OnSuccess, Suite, TestSet, TestSetFrom};
use crate::text;
use crate::verdict::Verdict;

/// How long a share link holds.
const SHARED_FOR: Duration = Duration::from_hours(7 * 24);
/// How long each step may take, in the shortest waits of the platform: a minute, three minutes, and
/// half a minute for each test set.
const EXPLAIN: u32 = 30;
const IMPROVE: u32 = 90;
const TEST_SETS: u32 = 15;
/// No bound is shorter.
const SHORTEST: Duration = Duration::from_secs(2);
/// How many runs the platform learns from in one request.
const MOST_RUNS: usize = 3;
/// How many test sets one gate makes.
const MOST_SETS: usize = 20;

/// What the suite wants once the verdict is known.
pub(crate) struct FollowUp {
    on_failure: Option<OnFailure>,
    on_success: Option<OnSuccess>,
    redact: Redactor,
    share_link: bool,
    /// Where the proposal will be, for its note.
    diff: PathBuf,
}

impl FollowUp {
    /// What a suite wants.
    pub(crate) fn of(suite: &Suite) -> Self {
        let reports = suite.reports.as_ref();
        Self {
            on_failure: suite.on_failure.clone(),
            on_success: suite.on_success.clone(),
            redact: crate::input::secrets::redactor(Some(suite)),
            share_link: reports.and_then(|reports| reports.share_link) == Some(true),
            diff: report_dir(reports).join(DIFF),
        }
    }

    /// Does what is wanted after this verdict, and gives the report with what came of it. A signal ends
    /// it. `is_base`: whether others are compared with it, and its verdict asks for nothing.
    pub(crate) async fn after(&self, gate: &Gate<'_>, report: Report, is_base: bool) -> Report {
        let mut after = FollowedUp::default();
        if self.share_link {
            self.share(gate, &report, &mut after).await;
        }
        if !is_base && gate.stop.heard().is_none() && report.result.id != 0 {
            self.steps(gate, &report, &mut after).await;
        }
        after.notes.iter_mut().for_each(|note| self.redact.without_secrets(note));
        report.followed_by(after)
    }

    /// Makes a link to each result that people without an account can open. It is made after a signal
    /// too: what was paid for can be looked at.
    async fn share(&self, gate: &Gate<'_>, report: &Report, after: &mut FollowedUp) {
        let pooled = report.results.iter().map(|result| result.id);
        let own = pooled.clone().next().is_none().then_some(report.result.id);
        for id in pooled.chain(own) {
            let end = end_of_link(SHARED_FOR);
            match gate.client.share(id, Some(&end), gate.by(WRAP_UP)).await {
                Ok(share) => after.links.push((id, share.link)),
                Err(error) => after.notes.push(format!("no share link: {error}")),
            }
        }
    }

    /// What the verdict asks for.
    async fn steps(&self, gate: &Gate<'_>, report: &Report, after: &mut FollowedUp) {
        let work = async {
            match report.verdict {
                Verdict::Fail if report.judged_code() == Code::Failed => {
                    self.failed(gate, report, after).await
                }
                Verdict::Pass if report.has_passed() => self.passed(gate, report, after).await,
                _ => {}
            }
        };
        let stopped = tokio::select! {
            () = work => None,
            signal = gate.stop.first_signal() => Some(signal),
        };
        if let Some(signal) = stopped {
            after.notes.push(format!("the follow-ups of the verdict were stopped by {signal}"));
        }
    }

    async fn failed(&self, gate: &Gate<'_>, report: &Report, after: &mut FollowedUp) {
        let Some(wanted) = &self.on_failure else { return };
        let ready = report.headline.clone();
        if wanted.explain == Some(true) {
            gate.say(&format!("{ready}; waiting for the platform's explanation"));
            let note = self.explain(gate, report, after).await;
            after.notes.push(note);
        }
        if let Some(improve) = &wanted.improve_prompt {
            gate.say(&format!("{ready}; asking the platform for a better prompt"));
            let file = PathBuf::from(&improve.agent_prompt);
            let note = match self.improve(gate, report, &file, after).await {
                Ok(note) => note,
                Err(why) => format!("no better prompt: {why}"),
            };
            after.notes.push(note);
        }
    }

    /// Waits for the platform's explanation of the failures.
    async fn explain(&self, gate: &Gate<'_>, report: &Report, after: &mut FollowedUp) -> String {
        let is_there = |insights: &Insights| {
            insights.what_happened.is_some()
                || insights.how_to_fix.is_some()
                || !insights.failed_reasons.is_empty()
        };
        if is_there(&report.result.insights) {
            return "the platform has explained the failures".to_owned();
        }
        let began = Instant::now();
        let until = began + bound(gate, EXPLAIN);
        loop {
            if let Ok(mut view) = gate.client.result_view(report.result.id, until).await {
                if is_there(&view.record.insights) {
                    self.redact.record(&mut view.record);
                    after.insights = Some(view.record.insights);
                    let took = text::seconds(began.elapsed().as_secs_f64());
                    return format!("the platform explained the failures {took} after the verdict");
                }
                let status = view.summary_status.unwrap_or_default();
                if status.starts_with("skipped") || status == "failed" {
                    let status = short(&status.replace('_', " "), 60);
                    return format!("the platform does not explain the failures ({status})");
                }
            }
            if Instant::now() + gate.pace().floor >= until {
                let bound = text::span(bound(gate, EXPLAIN));
                return format!(
                    "the platform's explanation did not come within {bound}; `cekura-gate result \
                     show {}` has it later",
                    report.result.id
                );
            }
            tokio::time::sleep(gate.pace().floor).await;
        }
    }

    /// Proposes a better prompt, as a diff.
    async fn improve(
        &self,
        gate: &Gate<'_>,
        report: &Report,
        file: &Path,
        after: &mut FollowedUp,
    ) -> Result<String, String> {
        let prompt = read_text(file).map_err(|error| error.to_string())?;
        let runs = lessons(report);
        if runs.is_empty() {
            return Err("no call that counts failed".to_owned());
        }
        let limit = bound(gate, IMPROVE);
        let asked = ask(gate, &runs, report.result.agent, &prompt);
        let improved = match tokio::time::timeout(limit, asked).await {
            Ok(answered) => answered?,
            Err(_) => return Err(format!("it did not come within {}", text::span(limit))),
        };
        let (mut prompt_text, mut summary) =
            (improved.improved_prompt, improved.summary_of_changes);
        self.redact.string(&mut prompt_text);
        self.redact.string(&mut summary);
        if prompt_text == prompt {
            return Ok("the platform sees nothing to change in the prompt".to_owned());
        }
        let diff = show::diff(&file.display().to_string(), &prompt, &prompt_text);
        let note = format!(
            "a better prompt is proposed by {}: {} ({} added, {} removed)",
            text::count(runs.len(), "failed call"),
            self.diff.display(),
            text::count(diff.added, "line"),
            diff.removed
        );
        after.proposal = Some(Proposal {
            agent_prompt: file.display().to_string(),
            runs,
            summary_of_changes: summary,
            diff: diff.text,
            prompt: prompt_text,
        });
        Ok(note)
    }

    async fn passed(&self, gate: &Gate<'_>, report: &Report, after: &mut FollowedUp) {
        let Some(wanted) = self.on_success.as_ref().and_then(|on| on.test_set.as_ref()) else {
            return;
        };
        gate.say(&format!("{}; keeping calls as test sets", report.headline));
        match self.chosen(gate, report, wanted).await {
            Ok((runs, notes)) => {
                after.notes.extend(notes);
                let note = self.keep(gate, &runs, &wanted.name).await;
                after.notes.extend(note);
            }
            Err(why) => after.notes.push(format!("no test set: {why}")),
        }
    }

    /// The runs to keep, and what there is to say about those that are not.
    async fn chosen(
        &self,
        gate: &Gate<'_>,
        report: &Report,
        wanted: &TestSet,
    ) -> Result<(Vec<RunRecord>, Vec<String>), String> {
        let mut notes = Vec::new();
        let passed = || {
            let runs = report.result.runs.iter().zip(&report.outcomes);
            runs.filter(|(_, outcome)| outcome.outcome == Outcome::Passed).map(|(run, _)| run)
        };
        let mut runs: Vec<RunRecord> = match &wanted.from {
            TestSetFrom::All => passed().cloned().collect(),
            TestSetFrom::FailingBefore => {
                let Some(baseline) = &report.baseline else {
                    return Err("there is no baseline that shows what failed before".to_owned());
                };
                let failed = |run: &&RunRecord| judge_run(run, 1).outcome == Outcome::Failed;
                let before: BTreeSet<Option<u64>> =
                    baseline.runs.iter().filter(failed).map(|run| run.scenario).collect();
                // One run tells what a scenario should be like.
                let mut seen = BTreeSet::new();
                let new = |run: &&RunRecord| {
                    before.contains(&run.scenario)
                        && run.scenario.is_some()
                        && seen.insert(run.scenario)
                };
                passed().filter(new).cloned().collect()
            }
            TestSetFrom::Runs(ids) => {
                let mut runs = Vec::new();
                for id in ids {
                    match report.result.runs.iter().find(|run| run.id == *id) {
                        Some(run) => runs.push(run.clone()),
                        None => match gate.client.call_view(*id, soon(gate)).await {
                            Ok(view) => runs.push(view.run),
                            Err(error) => notes.push(format!("no test set of run {id}: {error}")),
                        },
                    }
                }
                runs
            }
        };
        if runs.is_empty() && notes.is_empty() {
            return Err("no scenario that failed before passes now".to_owned());
        }
        let more = runs.len().saturating_sub(MOST_SETS);
        if more > 0 {
            runs.truncate(MOST_SETS);
            notes.push(format!("{} more are not kept as test sets", text::count(more, "run")));
        }
        Ok((runs, notes))
    }

    /// Makes a test set of each run, with the scores that it has as those that it should have.
    async fn keep(&self, gate: &Gate<'_>, runs: &[RunRecord], name: &str) -> Vec<String> {
        let mut notes = Vec::new();
        let mut kept = Vec::new();
        for run in runs {
            let mut metrics = frozen(run, true);
            let hidden = |vote: &Vote| vote.expected.as_str().is_some_and(is_redacted);
            metrics.retain(|vote| !hidden(vote));
            let own = match runs.len() {
                1 => name.to_owned(),
                _ => format!("{name}: {}", run.scenario_name.as_deref().unwrap_or("a call")),
            };
            let own: String = own.chars().take(255).collect();
            let body = test_set_body(run.id, &own, None, &metrics);
            match gate.client.create_test_set(&body, soon(gate)).await {
                Ok(set) => kept.push(format!("{} (run {})", set.id, run.id)),
                Err(error) => notes.push(format!("no test set of run {}: {error}", run.id)),
            }
        }
        if !kept.is_empty() {
            let many = text::count(kept.len(), "test set");
            notes.push(format!("{many} made for `{}`: {}", short(name, 100), kept.join(", ")));
        }
        notes
    }
}

/// How long a step may take.
fn bound(gate: &Gate<'_>, floors: u32) -> Duration {
    (gate.pace().floor * floors).max(SHORTEST)
}

fn soon(gate: &Gate<'_>) -> Instant {
    Instant::now() + bound(gate, TEST_SETS)
}

/// The failed runs to learn from: of as many scenarios as fit.
fn lessons(report: &Report) -> Vec<u64> {
    let failed = report.result.runs.iter().zip(&report.outcomes).filter(|(run, outcome)| {
        outcome.outcome == Outcome::Failed && !report.suite.quarantines(run.scenario)
    });
    let mut runs: Vec<&RunRecord> = failed.map(|(run, _)| run).collect();
    let mut seen = BTreeSet::new();
    let again: BTreeSet<u64> =
        runs.iter().filter(|run| !seen.insert(run.scenario)).map(|run| run.id).collect();
    runs.sort_by_key(|run| (again.contains(&run.id), run.id));
    runs.iter().take(MOST_RUNS).map(|run| run.id).collect()
}

/// Asks for a better prompt and waits for it.
async fn ask(
    gate: &Gate<'_>,
    runs: &[u64],
    agent: Option<u64>,
    prompt: &str,
) -> Result<Improvement, String> {
    let until = Instant::now() + bound(gate, IMPROVE);
    let job = gate.client.improve_prompt(runs, agent, prompt, until).await;
    let job = job.map_err(|error| match crate::api::error::status_of(&error) {
        Some(404 | 405) => "this platform no longer improves prompts".to_owned(),
        _ => error.to_string(),
    })?;
    loop {
        match gate.client.improve_progress(&job, until).await {
            Ok(Progress::Done(fields)) => {
                let found = improvement(&Value::Object(fields));
                return found.ok_or_else(|| "the platform gives no prompt".to_owned());
            }
            Ok(Progress::Failed(reason)) => {
                return Err(format!("the platform could not do it: {}", short(&reason, 300)));
            }
            Ok(Progress::Going(_)) => tokio::time::sleep(gate.pace().floor).await,
            Err(error) => return Err(error.to_string()),
        }
    }
}
