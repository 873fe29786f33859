//! Which scenarios failed lately, by the baseline and by earlier results of the suite on the branch:
//! they start first where the suite says `order: recent_failures`.

use tokio::time::Instant;

use crate::api::client::Client;
use crate::api::error::ApiError;
use crate::input::suite_file::Loaded;
use crate::outcome::{Outcome, judge_run};
use crate::plan::Plan;
use crate::plan::name::start_of_name;
use crate::plan::order::failed_lately;
use crate::plan::rounds::FirstPart;
use crate::record::{ResultRecord, RunRecord};
use crate::spec::cases;
use crate::suite::model::Transcripts;
use crate::text;

/// How many earlier results are read, at most: each is a request.
const MOST_READ: usize = 6;

/// What earlier results say about what should start first.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    /// The scenarios that start first; none where the first round is one start.
    pub(crate) first: Option<FirstPart>,
    /// Which those are and by what they were found, or why there are none.
    pub(crate) message: String,
}

impl History {
    fn nothing(message: &str) -> Self {
        Self { first: None, message: format!("order: {message}: the first round is one start") }
    }

    /// Where an earlier attempt of the CI job may have started the same.
    pub(crate) fn unused() -> Self {
        Self::nothing("with --reuse a start is found again as a whole")
    }

    /// Looks back, where the suite wants that. The order is a convenience: where nobody can be asked
    /// there is none, and that is said.
    pub(crate) async fn of(
        loaded: &Loaded,
        plan: &Plan,
        base: Option<&ResultRecord>,
        client: &Client,
        until: Instant,
    ) -> Option<Self> {
        if !loaded.suite.starts_failed_first() {
            return None;
        }
        if plan.looks.is_empty() {
            return Some(Self::nothing("there are no rounds"));
        }
        let earlier = match earlier(plan, client, until).await {
            Ok(earlier) => earlier,
            Err(error) => {
                let message = format!("earlier results could not be read ({error})");
                return Some(Self::nothing(&message));
            }
        };
        let own = earlier.len();
        let base = base.filter(|base| earlier.iter().all(|one| one.id != base.id));
        let read: Vec<Vec<RunRecord>> =
            earlier.into_iter().chain(base.cloned()).map(|record| record.runs).collect();
        let from = match (own, base) {
            (0, None) => {
                return Some(Self::nothing(
                    "no earlier result of this suite on this branch is known, and no baseline",
                ));
            }
            (0, Some(_)) => "the baseline".to_owned(),
            (own, None) => text::count(own, "earlier result"),
            (own, Some(_)) => format!("{} and the baseline", text::count(own, "earlier result")),
        };
        Some(Self::by(loaded, plan, read, &from))
    }

    /// What the runs of each result say, the newest result first.
    fn by(loaded: &Loaded, plan: &Plan, earlier: Vec<Vec<RunRecord>>, from: &str) -> Self {
        let (first, names, all) = match plan.spec() {
            Some(spec) => {
                let all: Vec<String> =
                    spec.scenarios.iter().map(|case| case.key().to_owned()).collect();
                let of_result = |mut runs: Vec<RunRecord>| {
                    cases::mark(&mut runs, spec);
                    ends(&runs, |run| run.case_key.clone())
                };
                let earlier: Vec<_> = earlier.into_iter().map(of_result).collect();
                let cases = failed_lately(&all, &earlier);
                let names = cases.clone();
                (FirstPart { cases, ..FirstPart::default() }, names, all.len())
            }
            None => {
                let head = loaded.head();
                let mut all = plan.scenarios();
                all.retain(|id| !head.quarantines(Some(*id)));
                let earlier: Vec<_> =
                    earlier.iter().map(|runs| ends(runs, |run| run.scenario)).collect();
                let scenarios = failed_lately(&all, &earlier);
                let names = scenarios.iter().map(u64::to_string).collect();
                (FirstPart { scenarios, ..FirstPart::default() }, names, all.len())
            }
        };
        if names.is_empty() {
            return Self::nothing(&format!("none of the scenarios failed in {from}"));
        }
        let message = format!(
            "order: {} of {} start first, because they failed in {from}: {}",
            names.len(),
            text::count(all, "scenario"),
            some(&names)
        );
        Self { first: Some(first), message }
    }
}

/// The names, as many as a line bears.
fn some(names: &[String]) -> String {
    const MOST: usize = 10;
    let shown = names.iter().take(MOST).map(|name| crate::escape::short(name, 40));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The runs that were judged: what each is of, and whether it failed.
fn ends<K>(runs: &[RunRecord], key: impl Fn(&RunRecord) -> Option<K>) -> Vec<(K, bool)> {
    let end = |run: &RunRecord| {
        let failed = match judge_run(run, 1).outcome {
            Outcome::Passed => false,
            Outcome::Failed => true,
            _ => return None,
        };
        Some((key(run)?, failed))
    };
    runs.iter().filter_map(end).collect()
}

/// The newest results of the suite on its branch that have ended, the newest first. Not those of
/// retries: what passed is not in them.
async fn earlier(
    plan: &Plan,
    client: &Client,
    until: Instant,
) -> Result<Vec<ResultRecord>, ApiError> {
    let Some(start) = start_of_name(&plan.result_name) else { return Ok(Vec::new()) };
    let mut read = Vec::new();
    for listed in client.results_starting(start, until).await? {
        let name = listed.name.as_deref().unwrap_or_default();
        let added = name.rsplit_once(']').map_or("", |(_, added)| added);
        if added.contains("retry") || added.contains("resumed") || !listed.status.is_terminal() {
            continue;
        }
        read.push(client.result(listed.id, Transcripts::None, until).await?);
        if read.len() == MOST_READ {
            break;
        }
    }
    Ok(read)
}
