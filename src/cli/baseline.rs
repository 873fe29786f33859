//! Finding the earlier result that a suite wants to be compared with, before anything is paid for.

use std::path::Path;

use jiff::Timestamp;
use tokio::time::Instant;

use super::failure::Failure;
use super::input_file::{self, LONGEST_RESULT};
use crate::api::client::Client;
use crate::context::{self, Context};
use crate::plan::mark::{Event, Mark, Origin};
use crate::plan::{is_of_whole_start, result_name_start};
use crate::record::{ResultRecord, RunRecord, Status};
use crate::report::json;
use crate::report::model::{PlanHead, Report, SuiteHead};
use crate::report::standing::Standing;
use crate::report::words::ids;
use crate::suite::matrix::FROM;
use crate::suite::model::{Baseline, Suite, Thresholds, Transcripts};
use crate::text::count;
use crate::verdict::Verdict;

/// How many results of a branch are read, at most, until one fits.
const MOST_READ: usize = 20;

/// The baseline of a suite that is a file: read before any output is opened, since it may be one of
/// the reports that are about to be replaced. None where it is something else.
pub(super) fn saved_of(suite: &Suite) -> Result<Option<ResultRecord>, Failure> {
    let limits = suite.thresholds.as_ref().and_then(|thresholds| thresholds.baseline.as_ref());
    let from = limits.map(|limits| limits.from.as_str()).filter(|from| *from != FROM);
    let file = from.filter(|from| is_file(from));
    file.map(|from| Ok(saved(Path::new(from))?.result)).transpose()
}

/// The earlier result that was chosen, and what is to be said of the choice.
#[derive(Debug, Clone, Default)]
pub(super) struct Chosen {
    /// Where it came from and what it holds; none where the suite has no baseline, or none fits.
    pub(super) base: Option<(String, ResultRecord)>,
    /// Which was taken, and what was passed over, and why.
    pub(super) notes: Vec<String>,
}

/// What wants a baseline.
pub(super) struct Wanted<'a> {
    pub(super) suite: &'a Suite,
    pub(super) name: &'a str,
    /// The commit that is judged and what is run, as the name of its result says it.
    pub(super) mark: Mark,
    /// The result that is judged, where it is known.
    pub(super) judged: Option<&'a ResultRecord>,
}

impl<'a> Wanted<'a> {
    /// For a suite that this process starts, or a result of one that is judged. The result's own
    /// name knows best of which commit it is.
    pub(super) fn new(
        suite: &'a Suite,
        name: &'a str,
        context: &Context,
        judged: Option<&'a ResultRecord>,
    ) -> Self {
        let own = judged.and_then(|judged| Mark::of_name(judged.name.as_deref()?));
        let origin = own.map_or_else(|| context.origin(), |own| own.origin);
        Self { suite, name, mark: Mark::new(origin, suite), judged }
    }

    /// For a suite whose result is to have this name.
    pub(super) fn of_start(suite: &'a Suite, name: &'a str, result_name: &str) -> Self {
        let unknown = || Mark::new(Origin { event: Event::Unknown, commit: None }, suite);
        let mark = Mark::of_name(result_name).unwrap_or_else(unknown);
        Self { suite, name, mark, judged: None }
    }

    fn limits(&self) -> Option<&Baseline> {
        self.suite.thresholds.as_ref().and_then(|thresholds| thresholds.baseline.as_ref())
    }

    /// Chooses the baseline. `read` is what [`saved_of`] has read of it.
    ///
    /// # Errors
    ///
    /// When the platform refuses or can't be asked, and when a result that the suite names cannot
    /// be a baseline.
    pub(super) async fn choose(
        &self,
        read: Option<ResultRecord>,
        client: &Client,
        until: Instant,
    ) -> Result<Chosen, Failure> {
        let Some(from) = self.limits().map(|limits| limits.from.as_str()) else {
            return Ok(Chosen::default());
        };
        if from == FROM {
            return Err(Failure::Usage(
                "a side of a matrix is compared with another one within `run` only: pass --baseline \
                 with a result, or --baseline none"
                    .to_owned(),
            ));
        }
        let record = match (read, from.parse::<u64>()) {
            (Some(read), _) => read,
            (None, _) if is_file(from) => saved(Path::new(from))?.result,
            (None, Ok(id)) => client.result(id, Transcripts::None, until).await?,
            (None, Err(_)) => return self.of_branch(from, client, until).await,
        };
        if let Some(why) = self.is_too_late(&record) {
            return Ok(Chosen { base: None, notes: vec![format!("no baseline: {from} {why}")] });
        }
        Ok(Chosen { base: Some((from.to_owned(), record)), notes: Vec::new() })
    }

    /// The newest result of a branch that fits.
    async fn of_branch(
        &self,
        branch: &str,
        client: &Client,
        until: Instant,
    ) -> Result<Chosen, Failure> {
        let start = result_name_start(self.name, Some(branch));
        let mut notes = Passed::default();
        let mut read = 0;
        for listed in client.results_starting(&start, until).await? {
            let name = listed.name.as_deref().unwrap_or_default().trim();
            if !is_of_whole_start(name, &start) {
                continue;
            }
            if let Some(why) = self.name_refuses(name).or_else(|| self.is_too_late(&listed)) {
                notes.over(listed.id, why);
                continue;
            }
            if read == MOST_READ {
                notes.over(listed.id, "nobody looks further back".to_owned());
                break;
            }
            read += 1;
            let record = client.result(listed.id, Transcripts::None, until).await?;
            if let Some(why) = self.is_too_late(&record).or_else(|| self.evidence_refuses(&record))
            {
                notes.over(record.id, why);
                continue;
            }
            let taken = taken(branch, name, &record);
            let notes = std::iter::once(taken).chain(notes.told()).collect();
            return Ok(Chosen { base: Some((branch.to_owned(), record)), notes });
        }
        let none = format!("no result of `{}` on branch `{branch}` can be the baseline", self.name);
        Ok(Chosen { base: None, notes: std::iter::once(none).chain(notes.told()).collect() })
    }

    /// Why a result is the judged one itself, or was started after it.
    fn is_too_late(&self, record: &ResultRecord) -> Option<String> {
        let judged = self.judged?;
        let at = |record: &ResultRecord| {
            record.created_at.as_deref().and_then(|at| at.parse::<Timestamp>().ok())
        };
        if judged.id == record.id && judged.name == record.name {
            return Some("is the result that is judged".to_owned());
        }
        (at(record)? > at(judged)?)
            .then(|| "was started after the result that is judged".to_owned())
    }

    /// Why a result is no baseline, as far as its name tells.
    fn name_refuses(&self, name: &str) -> Option<String> {
        let Some(Mark { origin, selection }) = Mark::of_name(name) else {
            return Some("its name does not say how it was started".to_owned());
        };
        if let Some(why) = origin.event.is_foreign() {
            return Some(why.to_owned());
        }
        if selection != self.mark.selection {
            return Some("it is of another agent, mode or selection".to_owned());
        }
        let commit = origin.commit?;
        (self.mark.origin.commit.as_ref() == Some(&commit))
            .then(|| format!("it is of the commit that is judged, {commit}"))
    }

    /// Why a result is no baseline, as far as its runs tell: it is not whole, or does not pass.
    fn evidence_refuses(&self, record: &ResultRecord) -> Option<String> {
        if record.status != Status::Completed {
            return Some(format!("it is {}", record.status.as_str()));
        }
        let ended = |run: &RunRecord| matches!(run.status, Status::Cancelled | Status::Timeout);
        if !record.runs.iter().all(|run| run.status.is_terminal()) || record.runs.iter().any(ended)
        {
            return Some("it is not whole: some of its calls were ended".to_owned());
        }
        let claimed = record.claims.total_runs.and_then(|total| usize::try_from(total).ok());
        let planned = claimed.unwrap_or_default().max(record.runs.len());
        let mut thresholds = self.suite.thresholds.clone().unwrap_or_default();
        thresholds.baseline = None;
        let judges = thresholds != Thresholds::default();
        let head = SuiteHead {
            report_only: false,
            name: self.name.to_owned(),
            file: None,
            mode: self.suite.mode.unwrap_or_default(),
            thresholds,
            quarantine: self.suite.quarantine.clone().unwrap_or_default(),
        };
        let plan = PlanHead { runs: Some(planned), ..PlanHead::default() };
        let standing = Standing::of(&head, &plan, &record.runs, None, false);
        let judged = standing.tally.passed + standing.tally.failed;
        let counting = planned.saturating_sub(standing.tally.quarantined);
        if judged * 2 <= counting {
            return Some(format!("only {judged} of its {} were judged", count(counting, "run")));
        }
        // Without other thresholds there is none that it could miss.
        match standing.verdict() {
            Verdict::Pass => None,
            _ if !judges => None,
            Verdict::Fail => Some("it fails these thresholds".to_owned()),
            Verdict::Inconclusive => Some("these thresholds cannot be decided on it".to_owned()),
        }
    }
}

/// What was passed over.
#[derive(Default)]
struct Passed {
    /// Ids by reason, in the order in which the reasons came up.
    reasons: Vec<(String, Vec<u64>)>,
}

impl Passed {
    fn over(&mut self, id: u64, why: String) {
        match self.reasons.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, ids)) => ids.push(id),
            None => self.reasons.push((why, vec![id])),
        }
    }

    fn told(self) -> impl Iterator<Item = String> {
        self.reasons.into_iter().map(|(why, passed)| {
            let noun = if passed.len() == 1 { "result" } else { "results" };
            format!("passed over as baseline: {noun} {}: {why}", ids(&passed, 10))
        })
    }
}

/// Which result was taken, of which commit, and how old it is.
fn taken(branch: &str, name: &str, record: &ResultRecord) -> String {
    let commit = Mark::of_name(name).and_then(|mark| mark.origin.commit);
    let commit = commit.map_or_else(|| "an unknown commit".to_owned(), |c| format!("commit {c}"));
    let created = record.created_at.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
    let age = created.map(|at| context::now().duration_since(at).as_hours());
    let age = match age {
        None => String::new(),
        Some(hours) if hours < 48 => format!(", {} old", count_of(hours, "hour")),
        Some(hours) => format!(", {} old", count_of(hours / 24, "day")),
    };
    format!("baseline: result {} of {branch}, {commit}{age}", record.id)
}

fn count_of(number: i64, noun: &str) -> String {
    count(usize::try_from(number).unwrap_or_default(), noun)
}

/// Whether a baseline is meant as a file: anything that looks like a path to one, or is there.
pub(super) fn is_file(from: &str) -> bool {
    let path = Path::new(from);
    path.extension().is_some_and(|extension| extension == "json") || path.is_file()
}

/// The result that an earlier gate saved.
pub(super) fn saved(path: &Path) -> Result<Report, Failure> {
    let text = super::input_file::read_saved(path)?;
    json::read(&text).map_err(|source| Failure::SavedResult { path: path.to_owned(), source })
}

/// The same, or the one on standard input where the path is `-`.
pub(super) fn saved_or_input(path: &Path) -> Result<Report, Failure> {
    if path != Path::new("-") {
        return saved(path);
    }
    let path = Path::new("standard input");
    let text = input_file::read_input(LONGEST_RESULT)
        .map_err(|reason| Failure::Input { path: path.to_owned(), reason })?;
    json::read(&text).map_err(|source| Failure::SavedResult { path: path.to_owned(), source })
}
