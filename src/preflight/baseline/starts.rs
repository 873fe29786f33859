//! The results of one gate: that of the first start, those of its later rounds, and of their retries.
//!
//! They are found by their names: `NAME`, `NAME round 2`, `NAME round 2 retry 1.1`; where the first
//! round has two parts, `NAME round 1 first` and `NAME round 1 rest` in place of `NAME`. A baseline is
//! all of them together, or none: the first round alone would be compared as if it were the whole.

use tokio::time::Instant;

use super::Wanted;
use crate::api::client::Client;
use crate::api::error::ApiError;
use crate::failure::Failure;
use crate::plan::name::{REST, is_named, whole_of_first_part};
use crate::plan::slots::PlanHead;
use crate::record::{ResultRecord, RunRecord, Status};
use crate::report::evaluation::Evaluation;
use crate::report::pool;
use crate::retry;
use crate::spec::cases;
use crate::suite::model::Transcripts;
use crate::suite::thresholds::Thresholds;

/// The results that belong to a result's gate beside its own and those of retries, each with the
/// number of its round: what its first round started later, and the later rounds. `listed` are
/// results among which they are; none where nobody has asked yet. Gives why they are not whole,
/// where they are not.
pub(crate) async fn later_starts(
    record: &ResultRecord,
    listed: Option<&[ResultRecord]>,
    client: &Client,
    until: Instant,
) -> Result<Result<Vec<(u32, ResultRecord)>, String>, ApiError> {
    // Only names that the gate gave say what belongs together.
    let Some(name) = record.name.as_deref().filter(|name| name.contains("[gate ")) else {
        return Ok(Ok(Vec::new()));
    };
    let first_part = whole_of_first_part(name);
    let whole = first_part.unwrap_or(name);
    if let Some(part) = part_of(whole) {
        return Ok(Err(format!(
            "result {} is only {part} of several starts: name the result of the first one",
            record.id
        )));
    }
    let found;
    let listed = match listed {
        Some(listed) => listed,
        None => {
            found = client.results_starting(whole, until).await?;
            &found
        }
    };
    let round = |one: &ResultRecord| {
        let name = one.name.as_deref()?;
        match is_named(name, &format!("{whole} {REST}")) {
            true => first_part.map(|_| 1),
            false => round_of(name, whole),
        }
    };
    let mut ids: Vec<(u32, u64)> =
        listed.iter().filter_map(|one| Some((round(one)?, one.id))).collect();
    ids.sort_unstable();
    // The oldest of each: a proxy on the way may have doubled a start.
    ids.dedup_by_key(|(number, _)| *number);
    let first = if first_part.is_some() { 1 } else { 2 };
    if first == 1 && ids.first().is_none_or(|(number, _)| *number != 1) {
        return Ok(Err("only a part of its first round was started".to_owned()));
    }
    let mut starts = Vec::new();
    for ((number, id), expected) in ids.into_iter().zip(first..) {
        if number != expected {
            return Ok(Err(format!("round {expected} of result {} is not there", record.id)));
        }
        let start = client.result(id, Transcripts::None, until).await?;
        if start.status != Status::Completed {
            let status = start.status.as_str();
            return Ok(Err(format!("round {number} of result {} is {status}", record.id)));
        }
        starts.push((number, start));
    }
    Ok(Ok(starts))
}

impl Wanted<'_> {
    /// Joins to a result what the later starts and the retries of its gate showed, as
    /// [`later_starts`]. Gives how many rounds there are, or why they are not whole.
    pub(super) async fn join_starts(
        &self,
        record: &mut ResultRecord,
        listed: Option<&[ResultRecord]>,
        client: &Client,
        until: Instant,
    ) -> Result<Result<u32, String>, Failure> {
        let starts = match later_starts(record, listed, client, until).await? {
            Ok(starts) => starts,
            Err(why) => return Ok(Err(why)),
        };
        let rounds = starts.last().map_or(1, |(number, _)| *number);
        self.join_retries(record, client, until).await?;
        for (_, mut start) in starts {
            if let Some(why) = self.is_too_late(&start) {
                return Ok(Err(format!("its result {} {why}", start.id)));
            }
            if let Some(spec) = &self.suite.test_cases() {
                cases::mark(&mut record.runs, spec);
                cases::mark(&mut start.runs, spec);
                cases::align(&mut start.runs, &record.runs);
            }
            self.join_retries(&mut start, client, until).await?;
            pool::add(record, start);
        }
        record.runs.sort_by_key(|run| run.id);
        Ok(Ok(rounds))
    }

    /// Joins to a result what its retries showed, by the suite's rule, as they are joined to the
    /// result that is judged: else the two would be compared by different measures.
    async fn join_retries(
        &self,
        record: &mut ResultRecord,
        client: &Client,
        until: Instant,
    ) -> Result<(), Failure> {
        let (Some(rules), Some(name)) = (&self.suite.retry, record.name.clone()) else {
            return Ok(());
        };
        let head = self.head(Thresholds::default());
        let outcomes = |runs: &[RunRecord]| {
            Evaluation::of(&head, &PlanHead::default(), runs, None, false).outcomes
        };
        if !outcomes(&record.runs).iter().any(|outcome| retry::wants_again(rules, outcome)) {
            return Ok(());
        }
        let spec = self.suite.test_cases();
        if let Some(spec) = &spec {
            cases::mark(&mut record.runs, spec);
        }
        let listed = client.results_starting(&name, until).await?;
        let attempt_of = |listed: &ResultRecord| retry_of(listed.name.as_deref()?, &name);
        let mut retries: Vec<((u32, u32), u64)> =
            listed.iter().filter_map(|one| Some((attempt_of(one)?, one.id))).collect();
        retries.sort_unstable();
        let mut joined = Vec::new();
        for ((attempt, _), id) in retries {
            let mut fresh = client.result(id, Transcripts::None, until).await?;
            if let Some(spec) = &spec {
                cases::mark(&mut fresh.runs, spec);
                cases::align(&mut fresh.runs, &record.runs);
            }
            let (before, after) = (outcomes(&record.runs), outcomes(&fresh.runs));
            let more = retry::merge(rules, attempt, record, &before, fresh, &after, &joined);
            joined.extend(more);
        }
        Ok(())
    }
}

/// Which part of a gate a name is of, where it is not that of the whole or of its first start:
/// `round 2`. What stands before the key may be anything.
fn part_of(name: &str) -> Option<&str> {
    let (_, after) = name.trim().rsplit_once(']')?;
    after.trim_start().starts_with("round ").then_some(after.trim_start())
}

/// The number of the round that a name is of: `NAME round 2`. None where it is no later round of the
/// result with this name, or a retry of one.
fn round_of(name: &str, result: &str) -> Option<u32> {
    name.trim().strip_prefix(result.trim())?.strip_prefix(" round ")?.parse().ok()
}

/// Attempt and repetitions of the retry that a name is of: `NAME retry 2.1`. None where it is no
/// retry of the result with this name.
fn retry_of(name: &str, result: &str) -> Option<(u32, u32)> {
    let rest = name.trim().strip_prefix(result.trim())?.strip_prefix(" retry ")?;
    let (attempt, frequency) = rest.split(' ').next()?.split_once('.')?;
    Some((attempt.parse().ok()?, frequency.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_which_round_or_retry_of_a_result_it_is() {
        let name = "Checkout @main [gate 7h2k push.1a2b3c4 k3m2p9]";
        let round = |rest: &str| round_of(&format!("{name}{rest}"), name);
        assert_eq!((round(" round 2"), round(" round 12 ")), (Some(2), Some(12)));
        for other in ["", " retry 1.1", " round 2 retry 1.1", " round x"] {
            assert_eq!(round(other), None, "{other}");
        }
        for (name, part) in [
            ("All round tests [gate k]", None),
            ("Shop [gate k] round 2", Some("round 2")),
            ("Shop [gate k] round 1 rest", Some("round 1 rest")),
            ("Shop [gate k] retry 1.1", None),
        ] {
            assert_eq!(part_of(name), part);
        }
        let retry = |rest: &str, of: &str| retry_of(&format!("{name}{rest}"), of);
        assert_eq!(retry(" retry 2.1", name), Some((2, 1)));
        assert_eq!(retry(" round 2 retry 1.3", name), None);
        assert_eq!(retry(" round 2 retry 1.3", &format!("{name} round 2")), Some((1, 3)));
    }
}
