//! Finding the earlier result that a suite wants to be compared with, before anything is paid for.

pub(crate) mod starts;

use std::path::Path;

use tokio::time::Instant;

use crate::api::client::Client;
use crate::checks::spec::DescribedUnits;
use crate::context::{self, Context};
use crate::failure::Failure;
use crate::input::file;
use crate::input::file::LONGEST_RESULT;
use crate::plan::mark::{Event, Mark, Origin};
use crate::plan::name::{is_named, whole_of_first_part};
use crate::plan::{is_of_whole_start, result_name_start};
use crate::record::{ResultRecord, RunRecord, Status};
use crate::report::evaluation::{Evaluation, as_baseline};
use crate::report::json;
use crate::report::model::{PlanHead, Report};
use crate::report::words::ids;
use crate::suite::head::SuiteHead;
use crate::suite::matrix::FROM;
use crate::suite::model::{Suite, Transcripts};
use crate::suite::thresholds::{Baseline, IfMissing, Thresholds};
use crate::text::count;
use crate::verdict::Verdict;

/// How many results of a branch are read, at most, until one fits.
const MOST_READ: usize = 20;

/// The baseline of a suite that is a file: read before any output is opened, since it may be one of
/// the reports that are about to be replaced. None where it is something else.
pub(crate) fn saved_of(suite: &Suite) -> Result<Option<ResultRecord>, Failure> {
    let limits = suite.thresholds.as_ref().and_then(|thresholds| thresholds.baseline.as_ref());
    let from = limits.map(|limits| limits.from.as_str()).filter(|from| *from != FROM);
    let file = from.filter(|from| is_file(from));
    file.map(|from| Ok(as_baseline(saved(Path::new(from))?))).transpose()
}

/// The earlier result that was chosen, and what is to be said of the choice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chosen {
    /// Where it came from and what it holds; none where the suite has no baseline, or none fits.
    pub(crate) base: Option<(String, ResultRecord)>,
    /// Why the result that the suite names is no baseline, whatever `if_missing` says; none where it
    /// is one, or where none is named.
    pub(crate) refused: Option<String>,
    /// Which was taken, and what was passed over, and why.
    pub(crate) notes: Vec<String>,
}

/// What wants a baseline.
pub(crate) struct Wanted<'a> {
    pub(crate) suite: &'a Suite,
    pub(crate) name: &'a str,
    /// The commit that is judged and what is run, as the name of its result says it.
    pub(crate) mark: Mark,
    /// The result that is judged, where it is known.
    pub(crate) judged: Option<&'a ResultRecord>,
    /// The units that the account's descriptions of metrics say.
    pub(crate) units: DescribedUnits,
}

impl<'a> Wanted<'a> {
    /// For a suite that this process starts, or a result of one that is judged. The result's own
    /// name knows best of which commit it is.
    pub(crate) fn new(
        suite: &'a Suite,
        name: &'a str,
        context: &Context,
        judged: Option<&'a ResultRecord>,
    ) -> Self {
        let own = judged.and_then(|judged| Mark::of_name(judged.name.as_deref()?));
        let origin = own.map_or_else(|| context.origin(), |own| own.origin);
        let units = DescribedUnits::new();
        Self { suite, name, mark: Mark::new(origin, suite), judged, units }
    }

    /// For a suite whose result is to have this name.
    pub(crate) fn of_start(suite: &'a Suite, name: &'a str, result_name: &str) -> Self {
        let unknown = || Mark::new(Origin { event: Event::Unknown, commit: None }, suite);
        let mark = Mark::of_name(result_name).unwrap_or_else(unknown);
        Self { suite, name, mark, judged: None, units: DescribedUnits::new() }
    }

    /// The same with the units in which candidates are judged.
    pub(crate) fn with_units(self, units: DescribedUnits) -> Self {
        Self { units, ..self }
    }

    fn limits(&self) -> Option<&Baseline> {
        self.suite.thresholds.as_ref().and_then(|thresholds| thresholds.baseline.as_ref())
    }

    /// Chooses the baseline. `read` is what [`saved_of`] has read of it.
    ///
    /// # Errors
    ///
    /// When the platform refuses or can't be asked, and when what the suite names is no result.
    pub(crate) async fn choose(
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
                "a matrix cell is compared with another one only in `run`: pass --baseline with a result, or --baseline none"
                    .to_owned(),
            ));
        }
        let record = match (read, from.parse::<u64>()) {
            (Some(read), _) => read,
            (None, _) if is_file(from) => saved(Path::new(from))?.result,
            (None, Ok(id)) => {
                let mut record = client.result(id, Transcripts::None, until).await?;
                if let Err(why) = self.join_starts(&mut record, None, client, until).await? {
                    let reason = format!("the baseline `{from}` cannot be compared with: {why}");
                    return Ok(Chosen { refused: Some(reason), ..Chosen::default() });
                }
                record
            }
            (None, Err(_)) => return self.of_branch(from, client, until).await,
        };
        if let Some(why) = self.contradicts(&record) {
            let reason = format!(
                "the baseline `{from}` {why}: name an earlier result, of another commit, or a branch"
            );
            return Ok(Chosen { refused: Some(reason), ..Chosen::default() });
        }
        let base = Some((from.to_owned(), record));
        Ok(Chosen { base, ..Chosen::default() })
    }

    /// Why a result that the suite names says nothing beside the judged one: it is the same, was
    /// started after it, or is of the same commit.
    fn contradicts(&self, record: &ResultRecord) -> Option<String> {
        let of_commit = || {
            let commit = Mark::of_name(record.name.as_deref()?)?.origin.commit?;
            let same = self.mark.origin.commit.as_ref() == Some(&commit);
            same.then(|| format!("is of the commit that is judged, {commit}"))
        };
        self.is_too_late(record).or_else(of_commit)
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
        let all = client.results_starting(&start, until).await?;
        for listed in &all {
            let name = listed.name.as_deref().unwrap_or_default().trim();
            let name = whole_of_first_part(name).unwrap_or(name);
            if !is_of_whole_start(name, &start) {
                continue;
            }
            if let Some(why) = self.name_refuses(name).or_else(|| self.is_too_late(listed)) {
                notes.over(listed.id, why);
                continue;
            }
            if read == MOST_READ {
                notes.over(listed.id, "older results are not searched".to_owned());
                break;
            }
            read += 1;
            let mut record = client.result(listed.id, Transcripts::None, until).await?;
            let joined = self.join_starts(&mut record, Some(&all), client, until).await?;
            let (rounds, why) = joined.map_or_else(|why| (0, Some(why)), |rounds| (rounds, None));
            let why = why.or_else(|| self.is_too_late(&record));
            if let Some(why) = why.or_else(|| self.evidence_refuses(&record)) {
                notes.over(record.id, why);
                continue;
            }
            let taken = taken(branch, name, &record, rounds);
            let notes = std::iter::once(taken).chain(notes.told()).collect();
            let base = Some((branch.to_owned(), record));
            return Ok(Chosen { base, notes, ..Chosen::default() });
        }
        let none = format!("no result of `{}` on branch `{branch}` can be the baseline", self.name);
        let notes = std::iter::once(none).chain(notes.told()).collect();
        Ok(Chosen { notes, ..Chosen::default() })
    }

    /// The suite, as far as it judges, with other thresholds.
    fn head(&self, thresholds: Thresholds) -> SuiteHead {
        SuiteHead {
            report_only: false,
            name: self.name.to_owned(),
            file: None,
            mode: self.suite.mode.unwrap_or_default(),
            thresholds,
            quarantine: self.suite.quarantine.clone().unwrap_or_default(),
        }
    }

    /// Why a result is the judged one itself, or was started after it.
    fn is_too_late(&self, record: &ResultRecord) -> Option<String> {
        let judged = self.judged?;
        // Two platforms may both have a result of one id.
        let same_name = match (&judged.name, &record.name) {
            (Some(judged), Some(name)) => is_named(name, judged),
            _ => judged.created().zip(record.created()).is_none_or(|(a, b)| a == b),
        };
        if judged.id == record.id && same_name {
            return Some("is the result that is judged".to_owned());
        }
        (record.created()? > judged.created()?)
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
        let head = self.head(thresholds);
        let plan = PlanHead {
            runs: Some(planned),
            described_units: self.units.clone(),
            ..PlanHead::default()
        };
        let standing = Evaluation::of(&head, &plan, &record.runs, None, false);
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

/// What it comes to that a suite has nothing to be compared with, for its writer to know before the
/// calls; none where it passes, or wants no comparison.
pub(crate) fn without_one(suite: &Suite) -> Option<String> {
    let limits = suite.thresholds.as_ref()?.baseline.as_ref()?;
    let word = match limits.if_missing.unwrap_or_default() {
        IfMissing::Pass => return None,
        IfMissing::Inconclusive => "inconclusive",
        IfMissing::Fail => "a failure",
    };
    Some(format!(
        "there is no result of `{}` to compare with, which will be {word}: `if_missing: pass` below \
         `thresholds.baseline` lets the first results of a suite pass",
        limits.from
    ))
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
            format!("not used as baseline: {noun} {}: {why}", ids(&passed, 10))
        })
    }
}

/// Which result was taken, of which commit, and how old it is.
fn taken(branch: &str, name: &str, record: &ResultRecord, rounds: u32) -> String {
    let commit = Mark::of_name(name).and_then(|mark| mark.origin.commit);
    let commit = commit.map_or_else(|| "an unknown commit".to_owned(), |c| format!("commit {c}"));
    let age = record.created().map(|at| context::now().duration_since(at).as_hours());
    let age = match age {
        None => String::new(),
        Some(hours) if hours < 48 => format!(", {} old", count_of(hours, "hour")),
        Some(hours) => format!(", {} old", count_of(hours / 24, "day")),
    };
    let rounds = if rounds > 1 { format!(", {rounds} rounds together") } else { String::new() };
    format!("baseline: result {} of {branch}, {commit}{age}{rounds}", record.id)
}

fn count_of(number: i64, noun: &str) -> String {
    count(usize::try_from(number).unwrap_or_default(), noun)
}

/// Whether a baseline is meant as a file: anything that looks like a path to one, or is there.
pub(crate) fn is_file(from: &str) -> bool {
    let path = Path::new(from);
    path.extension().is_some_and(|extension| extension == "json") || path.is_file()
}

/// The result that an earlier gate saved.
pub(crate) fn saved(path: &Path) -> Result<Report, Failure> {
    let text = crate::input::file::read_saved(path)?;
    json::read(&text).map_err(|source| Failure::SavedResult { path: path.to_owned(), source })
}

/// The same, or the one on standard input where the path is `-`.
pub(crate) fn saved_or_input(path: &Path) -> Result<Report, Failure> {
    if path != Path::new("-") {
        return saved(path);
    }
    let path = Path::new("standard input");
    let text = file::read_input(LONGEST_RESULT)
        .map_err(|reason| Failure::Input { path: path.to_owned(), reason })?;
    json::read(&text).map_err(|source| Failure::SavedResult { path: path.to_owned(), source })
}
