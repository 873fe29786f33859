//! `run --reuse`: the result that an earlier attempt of the same CI job has started.
//!
//! It is found by a key in its name, which is made of the job and of the request, scenarios
//! resolved. What is found is read in full and checked against the plan before it is resumed.
//!
//! A result of status `failed` holds no conversation: of it alone nothing could be judged, and who
//! runs the job again after an outage wants new calls. Where it was retried, the evidence is in its
//! retry, and both are resumed.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::api::client::Client;
use crate::api::error::ApiError;
use crate::context;
use crate::document::ScalarError;
use crate::plan::{Plan, StartRequest, Target};
use crate::record::{ResultRecord, Status};
use crate::runner::ci_job::Job;
use crate::scalars::Timeout;
use crate::suite::model::Transcripts;

/// How long ago a result that is resumed may have started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Age(std::time::Duration);

impl FromStr for Age {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, ScalarError> {
        text.parse::<Timeout>().map(|span| Age(span.duration()))
    }
}

/// Where the key of a name begins.
const KEY: &str = "[gate ";

/// What all results of this job that are of this request have in their names, and what this
/// attempt's would be called.
pub(crate) struct Names {
    /// `Checkout @main [gate 7h2k9m4xq1-`
    start: String,
    /// `ab3d-`, where attempts have names of their own.
    attempt: Option<String>,
}

impl Names {
    /// `name_start` is that of every result of the suite.
    pub(crate) fn new(name_start: &str, job: &Job, request: &StartRequest) -> Self {
        let prints = crate::run_file::fingerprints(request);
        let prints = prints.into_iter().map(|(key, print)| key + "=" + &print);
        // Two suites, or two sets of calls, may ask for the same.
        let asked: Vec<String> = prints.chain([format!("name={name_start}")]).collect();
        let start = format!("{name_start}{}-", job.key(&asked));
        Self { start, attempt: job.attempt.as_ref().map(|attempt| format!("{attempt}-")) }
    }

    /// The name of a result that this attempt starts.
    pub(crate) fn own(&self, key: &str) -> String {
        format!("{}{}{key}]", self.start, self.attempt.as_deref().unwrap_or_default())
    }

    /// Whether a name is of an earlier attempt's whole start.
    fn is_earlier(&self, name: &str) -> bool {
        let key = self.start.rfind(KEY).and_then(|at| self.start.get(at..)).unwrap_or(&self.start);
        // What stands before the key may come back in another spelling.
        let rest = name.trim().rsplit_once(key).and_then(|(_, rest)| rest.strip_suffix(']'));
        rest.is_some_and(|rest| {
            let ours = self.attempt.as_ref().is_some_and(|ours| rest.starts_with(ours));
            !ours && !rest.contains(']')
        })
    }
}

/// The newest result of an earlier attempt that can stand for what the plan would start.
pub(crate) async fn find(
    client: &Client,
    names: &Names,
    plan: &Plan,
    (age, keep): (Age, Transcripts),
    until: Instant,
) -> Result<Option<ResultRecord>, ApiError> {
    let all = client.results_starting(&names.start, until).await?;
    for listed in &all {
        let Some(name) = listed.name.as_deref().filter(|name| names.is_earlier(name)) else {
            continue;
        };
        let mut found = client.result(listed.id, keep, until).await?;
        found.name.get_or_insert_with(|| name.to_owned());
        if !is_of(&found, names, plan, age, context::now()) {
            continue;
        }
        match holds(&found) {
            Holds::Evidence => return Ok(Some(found)),
            Holds::NoConversation => {
                for retry in all.iter().filter(|other| is_retry(other, name)) {
                    let retry = client.result(retry.id, Transcripts::None, until).await?;
                    if holds(&retry) == Holds::Evidence {
                        return Ok(Some(found));
                    }
                }
            }
            Holds::Rest => {}
        }
    }
    Ok(None)
}

/// What a result holds for who wants to judge it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// It is going, or has finished.
    Evidence,
    /// Each of its runs ended without a conversation.
    NoConversation,
    /// What was left when somebody ended its calls.
    Rest,
}

fn holds(found: &ResultRecord) -> Holds {
    let ended = |status: &Status| matches!(status, Status::Timeout | Status::Cancelled);
    if ended(&found.status) || found.runs.iter().any(|run| run.status == Status::Cancelled) {
        return Holds::Rest;
    }
    if found.status == Status::Failed { Holds::NoConversation } else { Holds::Evidence }
}

/// Whether a result is a retry of the one that has this name.
fn is_retry(result: &ResultRecord, of: &str) -> bool {
    let rest = result.name.as_deref().and_then(|name| name.trim().strip_prefix(of.trim()));
    rest.is_some_and(|rest| rest.starts_with(" retry "))
}

/// Whether a result is of what the plan would start: of the same agent, scenarios and number of
/// runs, by an earlier attempt, and young enough.
fn is_of(found: &ResultRecord, names: &Names, plan: &Plan, Age(age): Age, now: Timestamp) -> bool {
    let same_agent = match (&plan.target, found.agent) {
        (Target::Agent(wanted), Some(agent)) => *wanted == agent,
        // The request names the agent, and is in the key.
        (Target::Agent(_) | Target::Assistant(_) | Target::OfScenarios, _) => true,
    };
    let same_scenarios = match plan.spec() {
        // Test cases have other ids at each start: their names are the same.
        Some(spec) => {
            let names = found.runs.iter().filter_map(|run| run.scenario_name.as_deref());
            let names: BTreeSet<&str> = names.map(str::trim).collect();
            names == spec.scenarios.iter().map(|case| case.name.trim()).collect()
        }
        None => {
            let scenarios: BTreeSet<u64> =
                found.runs.iter().filter_map(|run| run.scenario).collect();
            scenarios == plan.scenarios().into_iter().collect()
        }
    };
    let young = found.created().is_some_and(|created| {
        std::time::Duration::try_from(now.duration_since(created)).unwrap_or_default() <= age
    });
    let named = found.name.as_deref().is_some_and(|name| names.is_earlier(name));
    // One that is going may not show all of its runs yet, and so not all scenarios.
    let is_showing = !found.status.is_terminal()
        && found
            .runs
            .iter()
            .filter_map(|run| run.scenario)
            .all(|id| plan.scenarios().contains(&id))
        && plan.spec().is_none()
        && plan.runs().is_some_and(|planned| found.runs.len() < planned);
    let whole = same_scenarios && plan.runs() == Some(found.runs.len());
    same_agent && (whole || is_showing) && young && named
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::context::Context;
    use crate::record::RunRecord;

    const NOW: &str = "2026-11-21T12:00:00Z";

    fn plan() -> Plan {
        let suite = json!({ "agent": 1, "scenarios": [1, 2], "frequency": 2 });
        Plan::new(&serde_json::from_value(suite).unwrap(), "Checkout", None, "x").unwrap()
    }

    fn names(attempt: Option<&str>) -> Names {
        names_of("Checkout [gate ", attempt)
    }

    fn names_of(start: &str, attempt: Option<&str>) -> Names {
        let context = Context::with_env(&[("CEKURA_GATE_REUSE_KEY", "k")]);
        let mut job = Job::of(&context).unwrap();
        job.attempt = attempt.map(str::to_owned);
        Names::new(start, &job, &plan().request().unwrap())
    }

    fn result() -> ResultRecord {
        let run = |id| RunRecord {
            id,
            scenario: Some(1 + id % 2),
            status: Status::Completed,
            ..RunRecord::default()
        };
        ResultRecord {
            id: 9,
            name: Some(names(Some("aaaa")).own("unique")),
            status: Status::Completed,
            agent: Some(1),
            created_at: Some("2026-11-21T11:00:00Z".to_owned()),
            runs: (1..=4).map(run).collect(),
            ..ResultRecord::default()
        }
    }

    fn fits(result: &ResultRecord) -> bool {
        let age = "24h".parse().unwrap();
        is_of(result, &names(Some("bbbb")), &plan(), age, NOW.parse().unwrap())
            && holds(result) == Holds::Evidence
    }

    #[test]
    fn a_finished_and_a_running_result_of_an_earlier_attempt_are_taken_up() {
        assert!(fits(&result()));
        assert!(fits(&ResultRecord { status: Status::Running, ..result() }));
    }

    #[test]
    fn a_result_that_does_not_show_all_of_its_runs_yet_is_taken_up() {
        let mut going = ResultRecord { status: Status::Running, ..result() };
        going.runs.truncate(1);
        assert!(fits(&going));
        going.runs.clear();
        assert!(fits(&going));
        let of = |scenario| RunRecord { id: 1, scenario: Some(scenario), ..RunRecord::default() };
        going.runs = vec![of(7)];
        assert!(!fits(&going), "it is of another scenario");
    }

    #[test]
    fn a_time_without_a_zone_is_utc() {
        let at = |text: &str| fits(&ResultRecord { created_at: Some(text.into()), ..result() });
        assert!(at("2026-11-21T11:00:00") && at("2026-11-21T11:00:00.123456"));
        assert!(!at("2026-11-20T11:00:00") && !at("yesterday"));
    }

    #[test]
    fn a_name_in_another_spelling_is_known_by_its_key() {
        let spelled = |change: fn(String) -> String| {
            fits(&ResultRecord { name: result().name.map(change), ..result() })
        };
        assert!(spelled(|name| format!("  {}", name.replace("Checkout ", "checkout"))));
        assert!(!spelled(|name| name.replace("[gate ", "[gate x")));
    }

    #[test]
    fn what_is_asked_for_under_another_name_has_another_key() {
        let key = |start: &str| {
            let names = names_of(start, Some("aaaa"));
            names.own("unique").rsplit_once("[gate ").unwrap().1.to_owned()
        };
        assert_ne!(key("Checkout · set 1 #1 [gate "), key("Checkout · set 1 #2 [gate "));
    }

    #[test]
    fn a_result_that_differs_in_anything_is_not_taken_up() {
        type Change = fn(&mut ResultRecord);
        let changes: [(&str, Change); 11] = [
            ("cancelled", |r| r.status = Status::Cancelled),
            ("failed", |r| r.status = Status::Failed),
            ("timed out", |r| r.status = Status::Timeout),
            ("a call was ended", |r| r.runs[3].status = Status::Cancelled),
            ("of another agent", |r| r.agent = Some(2)),
            ("of another scenario", |r| r.runs[3].scenario = Some(7)),
            ("with fewer runs", |r| drop(r.runs.pop())),
            ("too old", |r| r.created_at = Some("2026-11-20T11:00:00Z".to_owned())),
            ("of unknown age", |r| r.created_at = None),
            ("of this attempt", |r| r.name = Some(names(Some("bbbb")).own("unique"))),
            ("a retry", |r| r.name = r.name.take().map(|name| name + " retry 1.1")),
        ];
        for (what, change) in changes {
            let mut changed = result();
            change(&mut changed);
            assert!(!fits(&changed), "{what}");
        }
    }

    #[test]
    fn a_retry_is_known_by_the_name_of_the_result_that_it_is_of() {
        let named = |name: String| ResultRecord { name: Some(name), ..ResultRecord::default() };
        let (first, other) = (names(Some("aaaa")).own("first"), names(Some("aaaa")).own("other"));
        assert!(is_retry(&named(format!("{first} retry 1.3")), &first));
        for name in [first.clone(), other.clone(), format!("{other} retry 1.3")] {
            assert!(!is_retry(&named(name.clone()), &first), "{name}");
        }
    }

    #[test]
    fn a_name_of_its_own_is_of_a_whole_start_for_baselines_too() {
        let name = names(Some("aaaa")).own("unique");
        assert!(crate::plan::is_of_whole_start(&name, "Checkout [gate "));
    }
}
