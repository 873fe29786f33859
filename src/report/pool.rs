//! The evidence of several results to that of one gate: the calls of one side of a suite whose sides
//! start together are a result each, and are judged together.
//!
//! Pure. Nothing is lost on the way: each run keeps the set it is of, each result its id and page.

use super::model::{PlanHead, PooledResult, Timing};
use crate::exit::Code;
use crate::record::{Claims, Insights, ResultRecord};
use crate::report::build::{End, ReportInput, exit_code};
use crate::suite::head::SuiteHead;
use crate::text;
use crate::verdict::Verdict;

/// One of the results.
#[derive(Debug)]
pub struct Call {
    /// What its set is called: `set 2 #1`.
    pub set: String,
    /// What came of it, or why it was not started and the code for that.
    pub end: Result<ReportInput, (String, Code)>,
}

/// Puts the calls of one side together. None where none of them was started.
///
/// `suite` and `plan` are those of the side over all its sets.
pub fn pool(
    suite: SuiteHead,
    plan: PlanHead,
    timing: Timing,
    calls: Vec<Call>,
) -> Option<ReportInput> {
    let mut whole: Option<ReportInput> = None;
    let sets = calls.len();
    let (mut unstarted, mut how_many): (Option<End>, usize) = (None, 0);
    let mut notes: Vec<String> = Vec::new();
    for Call { set, end } in calls {
        match end {
            Ok(parts) => {
                notes.extend(parts.notes.iter().map(|note| format!("{set}: {note}")));
                match &mut whole {
                    None => whole = Some(first(parts, set)),
                    Some(whole) => join(whole, parts, set),
                }
            }
            Err((reason, code)) => {
                how_many += 1;
                unstarted = unstarted
                    .or_else(|| Some(End::NotStarted { reason: format!("{set}: {reason}"), code }));
            }
        }
    }
    let mut whole = whole?;
    whole.result.name = Some(suite.name.clone());
    whole.result.runs.sort_by_key(|run| run.id);
    (whole.suite, whole.plan, whole.timing, whole.notes) = (suite, plan, timing, notes);
    if let Some(end) = unstarted {
        if let End::NotStarted { reason, .. } = &end {
            let of = text::count(sets, "set");
            whole.notes.push(format!("{how_many} of {of} not started: {reason}"));
        }
        whole.end = worse(whole.end, end);
    }
    Some(whole)
}

fn reference(parts: &ReportInput, set: String) -> PooledResult {
    PooledResult {
        id: parts.result.id,
        set,
        status: parts.result.status.clone(),
        url: parts.url.clone(),
    }
}

fn first(mut parts: ReportInput, set: String) -> ReportInput {
    parts.results = vec![reference(&parts, set.clone())];
    mark(&mut parts.result, &set);
    parts
}

fn join(whole: &mut ReportInput, mut parts: ReportInput, set: String) {
    whole.results.push(reference(&parts, set.clone()));
    mark(&mut parts.result, &set);
    whole.end = worse(std::mem::replace(&mut whole.end, End::Finished), parts.end);
    whole.traffic = parts.traffic;
    add(&mut whole.result, parts.result);
}

/// Adds the runs of another result, with what the platform says of it.
pub fn add(result: &mut ResultRecord, more: ResultRecord) {
    let ResultRecord { status, claims, insights, runs, agent_name, agent_version, .. } = more;
    // The whole is as far as the one that is least far.
    if result.status.is_terminal() && !status.is_terminal() {
        result.status = status;
    }
    result.agent_name = result.agent_name.take().or(agent_name);
    // Coverage and rubric are of each result alone: nothing of them can be added up.
    (result.path_coverage, result.rubric_rules) = (None, Vec::new());
    if result.agent_version != agent_version {
        result.agent_version = None;
    }
    result.runs.extend(runs);
    add_claims(&mut result.claims, &claims);
    add_insights(&mut result.insights, insights);
}

fn mark(result: &mut ResultRecord, set: &str) {
    for run in &mut result.runs {
        run.set = Some(set.to_owned());
    }
}

/// The end that says more about why the evidence is not whole: the first that is not the plain one,
/// but that a signal explains everything after it.
fn worse(first: End, second: End) -> End {
    let signalled = |end: &End| exit_code(end, Verdict::Inconclusive).is_signal();
    match (first, second) {
        (End::Finished, second) => second,
        (first, second) if signalled(&second) && !signalled(&first) => second,
        (first, _) => first,
    }
}

/// Counts add up where both are known; a rate of several results is nobody's claim.
fn add_claims(claims: &mut Claims, more: &Claims) {
    let sum = |a: Option<u64>, b: Option<u64>| Some(a?.saturating_add(b?));
    *claims = Claims {
        success_rate: None,
        total_runs: sum(claims.total_runs, more.total_runs),
        completed_runs: sum(claims.completed_runs, more.completed_runs),
        success_runs: sum(claims.success_runs, more.success_runs),
        failed_runs: sum(claims.failed_runs, more.failed_runs),
    };
}

fn add_insights(insights: &mut Insights, more: Insights) {
    insights.failed_reasons.extend(more.failed_reasons);
    insights.next_steps.extend(more.next_steps);
    for (text, other) in [
        (&mut insights.what_happened, more.what_happened),
        (&mut insights.why_it_happened, more.why_it_happened),
        (&mut insights.how_to_fix, more.how_to_fix),
    ] {
        *text = match (text.take(), other) {
            (Some(text), Some(other)) => Some(format!("{text}\n\n{other}")),
            (text, other) => text.or(other),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::record::{RunRecord, Status};
    use crate::suite::model::Mode;
    use crate::suite::thresholds::Thresholds;

    fn head() -> SuiteHead {
        SuiteHead {
            report_only: false,
            name: "Transfer · caller".to_owned(),
            file: None,
            mode: Mode::Voice,
            thresholds: Thresholds::default(),
            quarantine: vec![],
        }
    }

    fn parts(id: u64, end: End) -> ReportInput {
        let claims = Claims { total_runs: Some(1), success_rate: Some(1.0), ..Claims::default() };
        let result = ResultRecord {
            id,
            status: Status::Completed,
            claims,
            runs: vec![RunRecord { id: 100 - id, ..RunRecord::default() }],
            ..ResultRecord::default()
        };
        let (url, notes) = (Some(format!("https://a.example/{id}")), vec!["a note".to_owned()]);
        ReportInput { end, url, notes, ..ReportInput::of(head(), PlanHead::default(), result) }
    }

    fn call(set: &str, end: Result<ReportInput, (String, Code)>) -> Call {
        Call { set: set.to_owned(), end }
    }

    fn pooled(calls: Vec<Call>) -> Option<ReportInput> {
        let plan = PlanHead {
            runs_per_scenario: 1,
            runs: Some(3),
            scenarios: vec![1, 2, 3],
            ..PlanHead::default()
        };
        pool(head(), plan, Timing::default(), calls)
    }

    #[test]
    fn every_run_keeps_its_set_and_every_result_its_page() {
        let calls = vec![
            call("set 1", Ok(parts(1, End::Finished))),
            call("set 2", Ok(parts(2, End::Finished))),
        ];
        let whole = pooled(calls).unwrap();
        let runs: Vec<(u64, Option<&str>)> =
            whole.result.runs.iter().map(|run| (run.id, run.set.as_deref())).collect();
        assert_eq!(runs, [(98, Some("set 2")), (99, Some("set 1"))]);
        let results: Vec<(u64, &str, Option<&str>)> = whole
            .results
            .iter()
            .map(|result| (result.id, result.set.as_str(), result.url.as_deref()))
            .collect();
        assert_eq!(
            results,
            [(1, "set 1", Some("https://a.example/1")), (2, "set 2", Some("https://a.example/2"))]
        );
        assert_eq!(whole.notes, ["set 1: a note", "set 2: a note"]);
        assert_eq!(whole.plan.runs, Some(3));
        assert_eq!(whole.result.claims.total_runs, Some(2));
        assert_eq!(whole.result.claims.success_rate, None);
    }

    #[test]
    fn a_set_that_was_not_started_is_the_end_of_the_whole() {
        let refused = || Err(("no such agent".to_owned(), Code::Api));
        let calls = vec![call("set 1", Ok(parts(1, End::Finished))), call("set 2", refused())];
        let reason = "set 2: no such agent".to_owned();
        let whole = pooled(calls).unwrap();
        assert_eq!(whole.notes[1], "1 of 2 sets not started: set 2: no such agent");
        assert_eq!(whole.end, End::NotStarted { reason, code: Code::Api });
        assert!(pooled(vec![call("set 1", refused())]).is_none());
    }

    #[test]
    fn a_signal_explains_every_other_end() {
        let late = || End::TimedOut(Duration::from_secs(9));
        for (ends, expected) in [
            (vec![End::Finished, late()], late()),
            (vec![late(), End::Finished], late()),
            (vec![late(), End::Terminated], End::Terminated),
            (vec![End::Interrupted, late()], End::Interrupted),
            (vec![End::Finished, End::Finished], End::Finished),
        ] {
            let calls = ends.into_iter().map(|end| call("set 1", Ok(parts(1, end)))).collect();
            assert_eq!(pooled(calls).unwrap().end, expected);
        }
    }

    #[test]
    fn a_result_that_is_still_going_keeps_the_whole_from_being_over() {
        let mut going = parts(2, End::Interrupted);
        going.result.status = Status::Running;
        let calls = vec![call("set 1", Ok(parts(1, End::Finished))), call("set 2", Ok(going))];
        assert!(!pooled(calls).unwrap().result.status.is_terminal());
    }
}
