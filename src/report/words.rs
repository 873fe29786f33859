//! What the reports say alike: marks, titles, figures, the lines of evidence of a run.
//!
//! The text is not escaped: each report does that for its own surface.

use std::collections::{BTreeMap, HashMap};

pub use super::check_status::{CheckStatus, would};
use super::model::{Report, ScenarioRuns, Tally};
use crate::escape::{short, url};
use crate::exit::Code;
use crate::outcome::{Blame, Outcome, RunOutcome, word};
use crate::record::{MetricRecord, MetricValue, PathCoverage, RunRecord, Turn};
use crate::settle::{Figures, State, Wanted};
use crate::suite::model::Quarantine;
use crate::traffic::Traffic;
use crate::verdict::{CheckReport, Verdict};
use crate::{numbers, settle, text};

/// What talking to the platform took: `31 requests, 2 of them retries after 1.5s of waiting`.
pub fn traffic(traffic: Traffic) -> String {
    let requests = text::count(usize::try_from(traffic.requests).unwrap_or(usize::MAX), "request");
    if traffic.retries == 0 && traffic.waited_seconds == 0.0 {
        return requests;
    }
    let waited = text::seconds(traffic.waited_seconds);
    format!("{requests}, {} of them retries after {waited} of waiting", traffic.retries)
}

/// How much of the agent's paths was covered, in words.
pub fn coverage(coverage: &PathCoverage) -> String {
    let share = numbers::percent(coverage.percent / 100.0);
    let all = coverage
        .total
        .map(|total| text::count(usize::try_from(total).unwrap_or(usize::MAX), "path"));
    let all = all.unwrap_or_else(|| "paths".to_owned());
    match coverage.uncovered.is_empty() {
        true => format!("{share} of the agent's {all} covered."),
        false => format!("{share} of the agent's {all} covered. Not covered:"),
    }
}

/// Whether a rule is met, in a word.
pub const fn met(met: Option<bool>) -> &'static str {
    match met {
        Some(true) => "yes",
        Some(false) => "no",
        None => "–",
    }
}

/// The verdict in words: what it would be, where it is reported only.
pub fn verdict_word(report: &Report) -> String {
    match (report.suite.report_only, report.verdict) {
        (false, verdict) => verdict.participle().to_owned(),
        (true, verdict) => format!("{} (report only)", would(verdict)),
    }
}

/// The verdict in one line, with its word at the start exactly once.
pub fn verdict_line(report: &Report) -> String {
    let word = &verdict_word(report);
    let headline = short(&report.headline, 500);
    let capital = |text: &str| {
        let mut characters = text.chars();
        let first = characters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        first + characters.as_str()
    };
    if headline.is_empty() {
        capital(word)
    } else if headline.to_lowercase().starts_with(word) {
        capital(&headline)
    } else {
        format!("{}: {headline}", capital(word))
    }
}

/// Whether the platform may yet show what this report lacks: only `watch` can tell, and judging the
/// saved evidence again cannot. It is so exactly where `watch` would wait.
pub fn may_still_come(report: &Report) -> bool {
    let is_one = report.result.id > 0 && report.results.is_empty() && !report.simulated;
    if !is_one || report.stopped_early {
        return false;
    }
    let figures = Figures::of(&report.suite.thresholds);
    match settle::state(&report.result, &Wanted { runs: report.plan.runs, figures }) {
        State::InProgress => true,
        State::WaitingFor(_) => report.verdict != Verdict::Pass,
        State::Settled => false,
    }
}

/// A path as a shell takes it.
pub fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@,\\".contains(c);
    if path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

/// The exit code with its meaning.
pub fn exit_meaning(report: &Report) -> String {
    if let Some(would) = report.would_exit_code {
        return meaning_of_a_report(report.judged_code(), would);
    }
    let code = Code::ALL.into_iter().find(|code| code.number() == report.exit_code);
    code.map_or("unknown exit code", Code::meaning).to_owned()
}

/// What code 0 means where the verdict is reported only and has another.
pub fn meaning_of_a_report(code: Code, number: u8) -> String {
    format!("report only; enforced it would be {number}, {}", code.meaning())
}

/// The counts of the runs as a sentence: `9 runs: 6 passed, 2 failed, 1 errored`.
pub fn tally(report: &Report) -> String {
    tally_with(&report.tally, still_going(report))
}

/// How many runs that count were still going. They are among the errored of the tally.
pub fn still_going(report: &Report) -> usize {
    let runs = report.result.runs.iter().zip(&report.outcomes);
    let going = runs.filter(|(run, outcome)| {
        outcome.blame == Some(Blame::StillGoing) && !report.suite.quarantines(run.scenario)
    });
    going.count()
}

/// How runs ended: `40 runs: 39 passed, 1 failed`.
pub fn tally_of(t: &Tally) -> String {
    tally_with(t, 0)
}

fn tally_with(t: &Tally, going: usize) -> String {
    let parts: Vec<String> = [
        (t.passed, "passed"),
        (t.failed, "failed"),
        (t.errored.saturating_sub(going), "errored"),
        (going, "still going"),
        (t.unscored, "unscored"),
        (t.missing, "never arrived"),
        (t.quarantined, "quarantined"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{n} {word}"))
    .collect();
    let total = text::count(t.total, "run");
    if parts.is_empty() { total } else { format!("{total}: {}", parts.join(", ")) }
}

/// Name of a check with the group and the scenario that it was checked on alone.
pub fn check_name(check: &CheckReport) -> String {
    let of = check.group.as_ref().map(|group| format!(" of group {group}")).unwrap_or_default();
    match &check.scenario {
        Some(scenario) => format!("{}{of} in {}", check.name, scenario.name),
        None => format!("{}{of}", check.name),
    }
}

/// The figure seen, or a dash.
pub fn seen(check: &CheckReport) -> String {
    check.value.map_or_else(|| "–".to_owned(), |value| check.shown(value))
}

/// The success rate as a fraction for programs.
pub fn rate_for_programs(report: &Report, rate: f64) -> String {
    numbers::fraction(rate, &thresholds_of_rate(&report.checks))
}

/// Between which figures the true one lies, such as `41% to 93% (95% sure)`: each end holds with
/// that confidence, and is the one that a check with a confidence decides by.
pub fn interval(check: &CheckReport) -> Option<String> {
    let interval = check.interval?;
    let ends = format!("{} to {}", check.shown(interval.low), check.shown(interval.high));
    Some(match interval.confidence {
        Some(confidence) => format!("{ends} ({} sure)", numbers::percent(confidence)),
        None => ends,
    })
}

/// How many runs gave a value, and how many could have and did not.
pub fn samples(check: &CheckReport) -> String {
    match check.unknown {
        0 => check.samples.to_string(),
        unknown => format!("{} (+{unknown} unknown)", check.samples),
    }
}

/// The same in a sentence: `8 runs (+1 unknown)`.
pub fn samples_in_words(check: &CheckReport) -> String {
    let runs = text::count(check.samples, "run");
    match check.unknown {
        0 => runs,
        unknown => format!("{runs} (+{unknown} unknown)"),
    }
}

/// A quarantined scenario: `Refund (7): until 2026-12-31, payments: ticket 42 · 2 runs: 2 failed`.
pub fn quarantined(entry: &Quarantine, scenarios: &[ScenarioRuns<'_>]) -> String {
    let runs = scenarios.iter().find(|one| one.scenario.id == Some(entry.scenario));
    let name = runs.map_or_else(|| "scenario".to_owned(), |one| short(&one.scenario.name, 100));
    let tally = runs.map_or_else(|| "no run".to_owned(), |one| tally_of(&one.tally));
    let (owner, reason) = (short(&entry.owner, 100), short(&entry.reason, 200));
    format!("{name} ({}): until {}, {owner}: {reason} · {tally}", entry.scenario, entry.until)
}

/// The checks, worst first; in the suite's order within each standing.
pub fn checks_worst_first(report: &Report) -> Vec<&CheckReport> {
    let mut checks: Vec<&CheckReport> = report.checks.iter().collect();
    checks.sort_by_key(|check| CheckStatus::of(check));
    checks
}

/// What tells a run apart from others of its scenario: personality, profile, and its set or
/// repetition.
pub fn variant(run: &RunRecord, outcome: &RunOutcome) -> String {
    let named = |name: &Option<String>, id: Option<u64>, kind: &str| match (name, id) {
        (Some(name), _) if !name.trim().is_empty() => Some(name.clone()),
        (_, Some(id)) => Some(format!("{kind} {id}")),
        _ => None,
    };
    let parts = [
        named(&run.personality_name, run.personality, "personality"),
        named(&run.test_profile_name, run.test_profile, "profile"),
        Some(run.set.clone().unwrap_or_else(|| format!("#{}", outcome.repetition))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The scenarios with a failed run that count, those that fail most first.
pub fn failing<'a, 'r>(scenarios: &'a [ScenarioRuns<'r>]) -> Vec<&'a ScenarioRuns<'r>> {
    let mut failing: Vec<&ScenarioRuns<'_>> = scenarios
        .iter()
        .filter(|scenario| scenario.quarantine.is_none() && scenario.tally.failed > 0)
        .collect();
    let rate = |scenario: &ScenarioRuns<'_>| scenario.tally.success_rate().unwrap_or(0.0);
    failing.sort_by(|a, b| {
        rate(a).total_cmp(&rate(b)).then_with(|| b.tally.failed.cmp(&a.tally.failed))
    });
    failing
}

/// A reason that runs share.
#[derive(Debug)]
pub struct Cause<'r> {
    /// The reason, cut.
    pub reason: String,
    /// The runs, in their order; never empty.
    pub runs: Vec<(&'r RunRecord, &'r RunOutcome)>,
}

/// The distinct reasons of a scenario's runs with one outcome, the most frequent first.
pub fn causes<'r>(scenario: &ScenarioRuns<'r>, wanted: Outcome) -> Vec<Cause<'r>> {
    let mut causes: Vec<Cause<'r>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (run, outcome) in scenario.runs.iter().filter(|(_, o)| o.outcome == wanted) {
        let place = *places.entry(outcome.reason.as_str()).or_insert(causes.len());
        match causes.get_mut(place) {
            Some(known) => known.runs.push((run, outcome)),
            None => causes
                .push(Cause { reason: short(&outcome.reason, 300), runs: vec![(run, outcome)] }),
        }
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.runs.len()));
    causes
}

/// The distinct reasons of a scenario's runs with one outcome, each with its number of runs, the
/// most frequent first.
pub fn reasons(scenario: &ScenarioRuns<'_>, wanted: Outcome) -> Vec<(String, usize)> {
    let causes = causes(scenario, wanted).into_iter();
    causes.map(|cause| (cause.reason, cause.runs.len())).collect()
}

/// Runs of one scenario, with the scenario.
pub type RunOf<'a, 'r> = (&'a ScenarioRuns<'r>, &'r RunRecord, &'r RunOutcome);

/// The runs that are no evidence, by whom they are blamed on. Quarantined ones are left out.
pub fn unknown_by_blame<'a, 'r>(
    scenarios: &'a [ScenarioRuns<'r>],
) -> BTreeMap<(Outcome, Blame), Vec<RunOf<'a, 'r>>> {
    let mut groups: BTreeMap<(Outcome, Blame), Vec<RunOf<'a, 'r>>> = BTreeMap::new();
    for scenario in scenarios.iter().filter(|scenario| scenario.quarantine.is_none()) {
        for (run, outcome) in scenario.runs.iter().filter(|(_, o)| o.outcome.is_unknown()) {
            let key = (outcome.outcome, outcome.blame.unwrap_or(Blame::Unknown));
            groups.entry(key).or_default().push((scenario, *run, *outcome));
        }
    }
    groups
}

/// Runs that are no evidence for one and the same reason.
#[derive(Debug)]
pub struct NoEvidence<'a, 'r> {
    /// What became of them, in a word.
    pub outcome: &'static str,
    /// Who is to blame.
    pub blame: &'static str,
    /// Why, cut.
    pub reason: String,
    /// The runs with their scenarios, in the order of the scenarios.
    pub runs: Vec<RunOf<'a, 'r>>,
}

/// The runs that are no evidence by blame and reason, the most frequent first within each blame.
pub fn no_evidence<'a, 'r>(
    report: &Report,
    scenarios: &'a [ScenarioRuns<'r>],
) -> Vec<NoEvidence<'a, 'r>> {
    let mut groups = Vec::new();
    for ((outcome, blame), runs) in unknown_by_blame(scenarios) {
        let mut by_reason: BTreeMap<&str, Vec<RunOf<'a, 'r>>> = BTreeMap::new();
        for run in runs {
            by_reason.entry(run.2.reason.as_str()).or_default().push(run);
        }
        let mut of_blame: Vec<_> = by_reason
            .into_iter()
            .map(|(reason, runs)| {
                let outcome = word(outcome, Some(blame));
                let blame = blame_name(report, blame);
                NoEvidence { outcome, blame, reason: short(reason, 300), runs }
            })
            .collect();
        of_blame.sort_by_key(|group| std::cmp::Reverse(group.runs.len()));
        groups.extend(of_blame);
    }
    groups
}

/// Who is to blame, as a sentence names it. What a gate that ended early cancelled, it cancelled
/// itself; what it left going, nobody broke.
pub fn blame_name(report: &Report, blame: Blame) -> &'static str {
    match blame {
        Blame::Operator if report.stopped_early || report.incomplete => "ended by the gate",
        Blame::StillGoing if report.judged_code() == Code::TimedOut => {
            "still going at the time limit"
        }
        Blame::StillGoing if report.incomplete => "still going when the gate ended",
        other => other.name(),
    }
}

/// The score of a metric in words.
pub fn score(metric: &MetricRecord) -> String {
    match &metric.value {
        MetricValue::Binary(Some(true)) => "passed".to_owned(),
        MetricValue::Binary(Some(false)) => "not passed".to_owned(),
        MetricValue::Rating(Some(score)) | MetricValue::Numeric(Some(score)) => {
            text::trim_number(*score, 2)
        }
        MetricValue::Label(Some(label)) => label.clone(),
        _ if metric.unreadable => "cannot be read".to_owned(),
        MetricValue::Binary(None)
        | MetricValue::Rating(None)
        | MetricValue::Numeric(None)
        | MetricValue::Label(None) => "skipped".to_owned(),
    }
}

/// The metrics, those that did not pass first.
pub fn metrics_worst_first(run: &RunRecord) -> Vec<&MetricRecord> {
    let mut metrics: Vec<&MetricRecord> = run.metrics.iter().collect();
    metrics.sort_by_key(|metric| match metric.value {
        MetricValue::Binary(Some(false)) => 0,
        MetricValue::Binary(Some(true)) => 2,
        _ if metric.is_skipped() => 3,
        _ => 1,
    });
    metrics
}

/// How the call ended, and after how long.
pub fn ending(run: &RunRecord) -> Option<String> {
    let after = run.duration_seconds.map(|duration| format!("after {}", text::seconds(duration)));
    let parts: Vec<String> = run.ended_reason.clone().into_iter().chain(after).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The turns to show: all of a short conversation, else its beginning and its end with the number
/// of turns between them.
pub fn excerpt(transcript: &[Turn]) -> (&[Turn], usize, &[Turn]) {
    const BEGINNING: usize = 15;
    const END: usize = 45;
    match transcript.len().checked_sub(BEGINNING + END) {
        None | Some(0) => (transcript, 0, &[]),
        Some(between) => (
            transcript.get(..BEGINNING).unwrap_or_default(),
            between,
            transcript.get(BEGINNING + between..).unwrap_or_default(),
        ),
    }
}

/// When a turn was, as minutes and seconds.
pub fn clock(turn: &Turn) -> Option<String> {
    let seconds = turn.at_seconds.filter(|at| at.is_finite() && *at >= 0.0)? as u64;
    Some(format!("{}:{:02}", seconds / 60, seconds % 60))
}

/// The first `most` ids of runs, with how many more there are.
pub fn ids(ids: &[u64], most: usize) -> String {
    let shown: Vec<String> = ids.iter().take(most).map(u64::to_string).collect();
    match ids.len().saturating_sub(most) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The results that were judged, each with its page where it has one that may become a link.
pub fn results(report: &Report) -> Vec<(u64, Option<String>)> {
    if report.results.is_empty() {
        return vec![(report.result.id, page(report))];
    }
    let link = |url: &Option<String>| url.as_deref().and_then(url::web);
    report.results.iter().map(|result| (result.id, link(&result.url))).collect()
}

/// What each of several results is of.
pub const fn each_result_is(report: &Report) -> &'static str {
    if report.plan.rounds.is_some() { "round" } else { "set of calls" }
}

/// The ids of the results that were judged.
pub fn result_ids(report: &Report) -> Vec<u64> {
    results(report).into_iter().map(|(id, _)| id).filter(|id| *id > 0).collect()
}

/// The page of the result, if it has one that may become a link.
pub fn page(report: &Report) -> Option<String> {
    url::web(report.url.as_deref()?)
}
/// What was assumed of the unit or the scale of a check's values, as its reason says it at the end;
/// none where nothing was.
pub(super) fn assumption(check: &CheckReport) -> Option<&str> {
    let marks = ["; values taken as ", "; ratings taken as "];
    let at = marks.iter().find_map(|mark| check.reason.find(mark))?;
    check.reason.get(at..).map(|rest| rest.trim_start_matches("; "))
}

/// The thresholds that the success rate of all runs is compared with.
pub(crate) fn thresholds_of_rate(checks: &[CheckReport]) -> Vec<f64> {
    let whole = checks.iter().filter(|c| c.scenario.is_none() && c.name == "success_rate");
    whole.map(|check| check.threshold).collect()
}
