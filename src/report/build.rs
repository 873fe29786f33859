//! Evidence, plan and rules to the report: outcomes, checks, verdict, exit code, headline, notes.
//!
//! Pure. This is the one place where a verdict and the way the wait ended become an exit code.

use std::time::Duration;

use crate::checks::figures::SUCCESS_RATE;
use crate::checks::spec::Level;
use crate::escape::short;
use crate::exit::Code;
use crate::numbers;
use crate::outcome::{Outcome, RunOutcome};
use crate::record::{ResultRecord, RunRecord, not_shown};
use crate::redact::Redactor;
use crate::report::comparison::headline as headline_of;
use crate::report::evaluation::{
    Evaluation, counted_of, evidence_of, outcomes, status_against_a_pass,
};
use crate::report::model::{
    BaselineHead, FORMAT_VERSION, PlanHead, PooledResult, Report, Tally, Timing,
};
use crate::report::remarks::{
    disagreements, remarks, retried, ungated_failures, unreadable, version_change,
};
use crate::report::round_table::RoundTable;
use crate::report::words::thresholds_of_rate;
use crate::report::{rounds, words};
use crate::retry::RetryRecord;
use crate::spec::cases;
use crate::suite::head::SuiteHead;
use crate::suite::model::{Junit, Transcripts};
use crate::text;
use crate::traffic::Traffic;
use crate::verdict::baseline::{SIGNIFICANCE, compare, with_refused_base, with_unknown_base};
use crate::verdict::{CheckReport, Verdict, coverage};

/// What every report of simulated calls says.
pub(in crate::report) const REHEARSAL: &str = "simulated: no real call was made";

/// How the wait for the result ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The result and all its runs ended.
    Finished,
    /// The time limit of the suite was over first.
    TimedOut(Duration),
    /// SIGHUP came first.
    HungUp,
    /// SIGINT came first.
    Interrupted,
    /// SIGQUIT came first.
    Quit,
    /// SIGTERM came first.
    Terminated,
    /// The platform could not be asked any more; why, in words.
    Lost(String),
    /// Calls that start together did not all start, and the others were ended.
    NotStarted {
        /// Why, in words.
        reason: String,
        /// The code that goes with it.
        code: Code,
    },
}

/// Everything that a report is made from.
#[derive(Debug)]
pub struct ReportInput {
    /// The suite, as far as it explains the verdict.
    pub suite: SuiteHead,
    /// What was planned.
    pub plan: PlanHead,
    /// The evidence.
    pub result: ResultRecord,
    /// How the wait ended.
    pub end: End,
    /// When it was.
    pub timing: Timing,
    /// The result's page.
    pub url: Option<String>,
    /// What talking to the platform took.
    pub traffic: Traffic,
    /// The earlier result to compare with, and where it came from as the suite says it.
    pub baseline: Option<(String, ResultRecord)>,
    /// Why the one that the suite names decides nothing, whatever `if_missing` says.
    pub refused_baseline: Option<String>,
    /// The runs that were started again.
    pub retries: Vec<RetryRecord>,
    /// The results that `result` holds the runs of, where there are several.
    pub results: Vec<PooledResult>,
    /// Whether calls were ended early because the verdict was known.
    pub stopped_early: bool,
    /// Whether the evidence is of a gate that ended before its result did.
    pub incomplete: bool,
    /// Whether a simulator gave it.
    pub simulated: bool,
    /// Whose transcripts the report may hold.
    pub transcripts: Transcripts,
    /// What it may not show.
    pub redact: Redactor,
    /// What a run costs, where the suite or the platform says it.
    pub price_per_run: Option<f64>,
    /// How the suite wants `junit.xml` to be written.
    pub junit: Junit,
    /// What came up on the way.
    pub notes: Vec<String>,
}

impl ReportInput {
    /// A result that came to its end, and nothing else to tell of it: no page, no baseline, no
    /// retries, no notes, nothing to hide.
    pub fn of(suite: SuiteHead, plan: PlanHead, result: ResultRecord) -> Self {
        Self {
            suite,
            plan,
            result,
            end: End::Finished,
            timing: Timing::default(),
            url: None,
            traffic: Traffic::default(),
            baseline: None,
            refused_baseline: None,
            retries: Vec::new(),
            results: Vec::new(),
            stopped_early: false,
            incomplete: false,
            simulated: false,
            transcripts: Transcripts::default(),
            redact: Redactor::default(),
            price_per_run: None,
            junit: Junit::default(),
            notes: Vec::new(),
        }
    }
}

/// Judges the evidence and puts the report together.
pub fn build_report(mut parts: ReportInput) -> Report {
    if let Some((_, base)) = &mut parts.baseline {
        cases::align(&mut base.runs, &parts.result.runs);
    }
    redact(&mut parts);
    let secrets = std::mem::take(&mut parts.redact);
    let ReportInput {
        suite,
        mut plan,
        mut result,
        end,
        timing,
        url,
        traffic,
        transcripts,
        mut notes,
        ..
    } = parts;
    plan.expect_claimed(&result);
    let incomplete = parts.incomplete || end != End::Finished;
    let ended_by_us = parts.incomplete || parts.stopped_early || end != End::Finished;
    let base = parts.baseline.as_ref().map(|(_, base)| base.runs.as_slice());
    let mut standing = Evaluation::of(&suite, &plan, &result.runs, base, ended_by_us);
    let unknown_in_base = parts.baseline.as_ref().map_or(0, |(_, base)| not_shown(base));
    with_unknown_base(&mut standing.checks, unknown_in_base);
    if let Some(why) = &parts.refused_baseline {
        with_refused_base(&mut standing.checks, why);
    }
    standing.checks.extend(coverage::judge(
        suite.thresholds.coverage.as_ref(),
        result.path_coverage.as_ref(),
        result.runs.len(),
        ended_by_us,
    ));
    // A gate that ended before its result did has passed nothing, however the checks stand: only
    // a gate that exits with 0 says so anywhere.
    let verdict = match standing.verdict() {
        Verdict::Pass if incomplete => Verdict::Inconclusive,
        verdict => verdict,
    };
    let against_a_pass = status_against_a_pass(
        &result,
        &parts.results,
        &parts.retries,
        &standing.outcomes,
        parts.stopped_early,
    )
    .or_else(|| rounds::against_a_pass(&plan))
    .filter(|_| end == End::Finished);
    let verdict = match (&against_a_pass, verdict) {
        (Some(_), Verdict::Pass) => Verdict::Inconclusive,
        (_, verdict) => verdict,
    };
    let Evaluation { outcomes, tally, mut checks, .. } = standing;
    price_further_runs(&mut checks, parts.price_per_run);
    let baseline = parts
        .baseline
        .map(|(from, base)| compared(from, base, (&suite, &plan), &result.runs, &outcomes));
    let events = notes.clone();
    // What is judged again after an early end has lost the code that told of it.
    if incomplete && end == End::Finished {
        notes.push(
            "the gate that made this result ended early: its evidence is not complete".to_owned(),
        );
    }
    notes.extend(against_a_pass.clone());
    if parts.simulated {
        notes.insert(0, REHEARSAL.to_owned());
    }
    notes.extend(ungated_failures(&checks, &tally));
    notes.extend(baseline.as_ref().map(|baseline| {
        let changed = headline_of(&baseline.comparison);
        format!("since result {} ({}): {changed}", baseline.result, baseline.from)
    }));
    let base_version = baseline.as_ref().and_then(|baseline| baseline.agent_version.clone());
    notes.extend(version_change(base_version, result.version()));
    let rounds = rounds::table(&plan, &checks);
    notes.extend(rounds.as_ref().map(RoundTable::summary));
    notes.extend(remarks(&result, &plan, &tally));
    notes.extend(unreadable(&result));
    // Once retries have joined the evidence, the first result's figures are of other runs.
    if parts.retries.is_empty() && !ended_by_us {
        notes.extend(disagreements(&result));
    }
    notes.extend(retried(&parts.retries, &result.runs));
    let code = exit_code(&end, verdict);
    let headline = headline((&end, incomplete), against_a_pass, verdict, &checks, &tally);
    strip_transcripts(&mut result.runs, &outcomes, transcripts);
    let mut report = Report {
        format_version: FORMAT_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        verdict,
        exit_code: code.number(),
        would_exit_code: None,
        headline,
        suite,
        plan,
        timing,
        url,
        tally,
        checks,
        notes,
        outcomes,
        result,
        baseline,
        refused_baseline: parts.refused_baseline,
        retries: parts.retries,
        results: parts.results,
        rounds,
        events,
        incomplete,
        other_suite: None,
        stopped_early: parts.stopped_early,
        simulated: parts.simulated,
        price_per_run: parts.price_per_run,
        junit: parts.junit,
        proposal: None,
        traffic,
    };
    report.exits_with(code);
    // The evidence has been searched already, and is by far the largest part.
    let result = std::mem::take(&mut report.result);
    secrets.document(&mut report);
    report.result = result;
    report
}

/// Says what the runs cost that would probably decide a check, where the price is known.
fn price_further_runs(checks: &mut [CheckReport], price: Option<f64>) {
    let Some(price) = price else { return };
    for check in checks {
        if let Some(more) = check.further_runs {
            let cost = price * more as f64;
            check.reason.push_str(&format!("; {} cost {cost:.2}", text::count(more, "run")));
        }
    }
}

/// Takes out of the evidence what no report may show, before anything is made of it.
fn redact(parts: &mut ReportInput) {
    let redactor = &parts.redact;
    redactor.record(&mut parts.result);
    if let Some((_, base)) = &mut parts.baseline {
        redactor.record(base);
    }
    for retry in &mut parts.retries {
        redactor.string(&mut retry.first.reason);
        redactor.string(&mut retry.again.reason);
    }
    if let End::Lost(reason) | End::NotStarted { reason, .. } = &mut parts.end {
        redactor.string(reason);
    }
}

/// The exit code that a wait's end and a verdict make.
pub const fn exit_code(end: &End, verdict: Verdict) -> Code {
    match (end, verdict) {
        (End::TimedOut(_), _) => Code::TimedOut,
        (End::HungUp, _) => Code::HungUp,
        (End::Interrupted, _) => Code::Interrupted,
        (End::Quit, _) => Code::Quit,
        (End::Terminated, _) => Code::Terminated,
        (End::Lost(_), _) => Code::Api,
        (End::NotStarted { code, .. }, _) => *code,
        (End::Finished, Verdict::Pass) => Code::Passed,
        (End::Finished, Verdict::Inconclusive) => Code::Inconclusive,
        (End::Finished, Verdict::Fail) => Code::Failed,
    }
}

/// The comparison with the baseline, for the reports and for judging again.
fn compared(
    from: String,
    base: ResultRecord,
    (suite, plan): (&SuiteHead, &PlanHead),
    runs: &[RunRecord],
    run_outcomes: &[RunOutcome],
) -> BaselineHead {
    let base_outcomes = outcomes(&base.runs);
    let missing = not_shown(&base);
    let agent_version = base.version();
    let limit =
        suite.thresholds.baseline.as_ref().and_then(|limits| limits.figures.get(&SUCCESS_RATE));
    let significance = limit
        .and_then(|limit| limit.significance)
        .map_or(SIGNIFICANCE, crate::scalars::Percent::fraction);
    let comparison = compare(
        &counted_of(suite, &base.runs, &base_outcomes),
        &evidence_of(suite, plan, runs, run_outcomes).0,
        significance,
    );
    let trimmed = base.runs.into_iter().map(|mut run| {
        run.transcript = Vec::new();
        run.recording_url = None;
        for metric in &mut run.metrics {
            metric.explanation = Vec::new();
        }
        if let Some(outcome) = &mut run.expected_outcome {
            outcome.explanation = Vec::new();
        }
        run
    });
    let runs = trimmed.collect();
    BaselineHead { from, result: base.id, comparison, runs, missing, agent_version }
}

fn strip_transcripts(runs: &mut [RunRecord], outcomes: &[RunOutcome], keep: Transcripts) {
    for (run, outcome) in runs.iter_mut().zip(outcomes) {
        if !keep.hold_those_of(outcome.outcome == Outcome::Passed) {
            run.transcript = Vec::new();
            // It is the same conversation.
            run.recording_url = None;
        }
    }
}

fn headline(
    (end, incomplete): (&End, bool),
    against_a_pass: Option<String>,
    verdict: Verdict,
    checks: &[CheckReport],
    tally: &Tally,
) -> String {
    let runs = match tally.success_rate() {
        Some(rate) => format!(
            "{} of {} passed ({})",
            tally.passed,
            text::count(tally.passed + tally.failed, "judged run"),
            numbers::beside(rate, &thresholds_of_rate(checks), numbers::SHARE)
        ),
        None => format!("none of {} was judged", text::count(tally.total, "run")),
    };
    let gating = || checks.iter().filter(|check| check.level == Level::Error);
    let open = gating().filter(|check| check.verdict == Verdict::Inconclusive).count();
    let judged = match verdict {
        Verdict::Pass if gating().count() > 1 => {
            // A check that only warns may have been missed.
            let noun = match checks.iter().all(|check| check.level == Level::Error) {
                true => "check",
                false => "gating check",
            };
            format!("all {} passed", text::count(gating().count(), noun))
        }
        Verdict::Pass => decided(gating(), verdict, "met"),
        Verdict::Fail => decided(gating(), verdict, "not met"),
        Verdict::Inconclusive if gating().count() == 0 => "no check decides the verdict".to_owned(),
        Verdict::Inconclusive if open == 0 && incomplete => {
            "but the evidence is not complete".to_owned()
        }
        Verdict::Inconclusive if open == 0 && tally.unmatched > 0 => {
            "but some runs match no planned run".to_owned()
        }
        Verdict::Inconclusive if open == 0 => match against_a_pass {
            Some(why) => format!("but {why}"),
            None => "but the evidence does not decide".to_owned(),
        },
        Verdict::Inconclusive => decided(gating(), verdict, "not decided"),
    };
    match end {
        End::Finished => format!("{runs}, {judged}"),
        End::TimedOut(limit) => {
            format!("the result did not finish within {}: {runs}, {judged}", text::span(*limit))
        }
        End::HungUp => format!("stopped by SIGHUP: {runs} until then"),
        End::Interrupted => format!("stopped by SIGINT: {runs} until then"),
        End::Quit => format!("stopped by SIGQUIT: {runs} until then"),
        End::Terminated => format!("stopped by SIGTERM: {runs} until then"),
        End::NotStarted { reason, .. } => format!(
            "the parties of a call did not all start ({reason}): {runs} of those that did, {judged}"
        ),
        End::Lost(reason) => {
            format!("the result could not be read to its end ({reason}): {runs} until then")
        }
    }
}

/// The first of the checks that made the verdict, with its numbers, and how many more there are.
fn decided<'c>(
    gating: impl Iterator<Item = &'c CheckReport>,
    verdict: Verdict,
    what: &str,
) -> String {
    let mut deciding = gating.filter(|check| check.verdict == verdict);
    let Some(check) = deciding.next() else { return format!("no check is {what}") };
    let name = short(&words::check_name(check), 100);
    let more = match deciding.count() {
        0 => String::new(),
        n => format!("; {} {what}", text::count(n, "more check")),
    };
    let seen = check.value.map_or_else(|| short(&check.reason, 160), |value| check.shown(value));
    format!("{name} {what}: {seen}, wanted {}{more}", short(&check.condition, 60))
}

#[cfg(test)]
mod tests;
