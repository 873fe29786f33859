//! `junit.xml`: a case for each run, and a suite for the gate's own checks.
//!
//! One dialect that the strict schemas (Jenkins xUnit, Windy Road) accept and every CI system
//! reads: a bare root, no output and no properties on cases, exactly one of failure, error and
//! skipped, everything in its body and one line of it in `message`. A suite can ask for the elements
//! of retried runs besides, which Jenkins reads and the Windy Road schema does not know.

mod body;
mod retried;
mod write;

use std::collections::HashMap;

use quick_junit::{FlakyOrRerun, NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use self::body::Body;
use self::retried::{Attempt, Retried};
use self::write::{content, escaped, file, span, value};
use super::gates::{Gate, GateEnd, Whole};
use super::model::{Report, ScenarioRuns};
use super::words::{self, CheckStatus};
use crate::escape::{one_line, short};
use crate::exit::Code;
use crate::outcome::{Outcome, RunOutcome};
use crate::record::RunRecord;
use crate::suite::model::Tolerated;
use crate::text;
use crate::verdict::Verdict;

/// No file is longer, in bytes: GitLab refuses files over 20 MB. The room of each part is below.
pub const LIMIT: usize = 19_000_000;
/// What the bodies of all runs share.
const BODIES: usize = 10_000_000;
/// What the cases of all runs may take, with their bodies.
const RUNS: usize = 15_000_000;
/// What the cases of all checks may take.
const CHECKS: usize = 2_500_000;
/// What stands at the head and the foot of all suites.
const HEADS: usize = 1_000_000;
const _: () = assert!(RUNS + CHECKS + HEADS < LIMIT);
/// The most and the least that one body may take; common readers refuse texts over 10 MB.
const BODY: std::ops::RangeInclusive<usize> = 400..=200_000;
/// Azure reads this many characters of a name, less a margin for what makes names unique.
const NAME: usize = 420;
/// What a case takes besides its texts: elements, the names of attributes, indentation.
const FRAME: usize = 220;

/// A case, ready to be written.
struct Case {
    class: String,
    name: String,
    seconds: f64,
    end: Option<End>,
    /// The other attempts at the run, where the suite wants elements for them.
    attempts: Vec<Attempt>,
}

/// How a case ended that did not pass.
struct End {
    element: Element,
    kind: &'static str,
    message: String,
    body: Body,
}

/// The element that a case ends with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Failure,
    Error,
    Skipped,
}

/// One suite, or several, as JUnit XML of at most [`LIMIT`] bytes: the suites of each, and one with an
/// error for a gate that ended without evidence. What others are compared with makes no red case.
pub fn junit<'a>(whole: impl Into<Whole<'a>>) -> String {
    let batch = match whole.into() {
        Whole::One(report) => {
            let mut file = File::of(std::iter::once(report));
            file.report(report);
            return file.finish();
        }
        Whole::Several(batch) => batch,
    };
    let gates = || batch.gates.iter().filter(|gate| !gate.is_base);
    let mut file = File::of(gates().filter_map(Gate::report));
    file.suites = gates().count().max(1);
    for gate in gates() {
        match &gate.end {
            GateEnd::Judged(report) => file.report(report),
            GateEnd::Ended(why) => {
                let end = (Element::Error, "gate.NoEvidence");
                file.ended(&gate.name, gate.code, end, why, &batch.timing.started_at);
            }
            GateEnd::Skipped(why) => {
                let end = (Element::Skipped, "gate.Skipped");
                let why = format!("skipped: {why}");
                file.ended(&gate.name, gate.code, end, &why, &batch.timing.started_at);
            }
        }
    }
    // The suites passed, and what they are together did not.
    if batch.code() == Code::Report && batch.not_written.is_some() {
        let end = (Element::Error, "gate.NoEvidence");
        file.ended(&batch.name, batch.code(), end, &batch.headline(), &batch.timing.started_at);
    }
    file.finish()
}

/// The file as it grows.
struct File {
    report: quick_junit::Report,
    /// How many gates it is of.
    suites: usize,
    /// How many runs they have.
    runs: usize,
    /// What one body may take.
    body: usize,
}

impl File {
    /// A file of these reports, whose runs share the room.
    fn of<'a>(reports: impl Iterator<Item = &'a Report>) -> Self {
        let (mut runs, mut bad) = (0, 0);
        for report in reports {
            runs += report.outcomes.len();
            bad += report.outcomes.iter().filter(|o| o.outcome != Outcome::Passed).count();
        }
        let body = (BODIES / bad.max(1)).clamp(*BODY.start(), *BODY.end());
        Self { report: quick_junit::Report::new(""), suites: 1, runs, body }
    }

    fn finish(self) -> String {
        file(&self.report)
    }

    fn report(&mut self, report: &Report) {
        let name = suite_name(&report.suite.name);
        let head = Head::of(report);
        // As much of the room as it has of the runs.
        let runs = report.outcomes.len() as f64 / self.runs.max(1) as f64;
        let room = (RUNS as f64 * runs) as usize;
        let cases = run_cases(report, &name, self.body);
        self.suite(&head, &name, report.timing.elapsed_seconds, (cases, room));
        let checks = format!("{name} · gate checks");
        let cases = check_cases(report, &name);
        self.suite(&head, &checks, 0.0, (cases, CHECKS / self.suites));
    }

    /// A suite, with those of its cases that fit the room: the ones that passed are left out first.
    fn suite(&mut self, head: &Head, name: &str, seconds: f64, (cases, room): (Vec<Case>, usize)) {
        let id = self.report.test_suites.len();
        let mut suite = TestSuite::new(value(name));
        // Its own timestamp has a zone, which the Windy Road schema refuses.
        let attributes = [
            ("package", name.to_owned()),
            ("id", id.to_string()),
            ("timestamp", timestamp(&head.started_at)),
            ("hostname", "localhost".to_owned()),
        ];
        suite.extra.extend(attributes.map(|(name, text)| (name.into(), value(&text))));
        suite.set_time(span(seconds));
        let (cases, left_out) = fitting(cases, room);
        // The texts at the head stand twice for each gate.
        let room = HEADS / (2 * self.suites);
        let mut output = String::new();
        if left_out > 0 {
            let left_out = text::count(left_out, "case");
            output = format!("{left_out} left out: all of them are in result.json\n");
            suite.add_property(Property::new("cases_left_out", value(&left_out)));
        }
        let property = |(name, text): &(&'static str, String)| {
            Property::new(*name, content(&one_line(text), (room / 16).max(100)))
        };
        suite.add_properties(head.properties.iter().map(property));
        suite.add_test_cases(cases.into_iter().map(Case::into_junit));
        output.push_str(&head.output);
        suite.set_system_out(content(&output, room / 2));
        suite.set_system_err("");
        self.report.add_test_suite(suite);
    }

    /// The case of a gate without evidence.
    fn ended(
        &mut self,
        name: &str,
        code: Code,
        (element, kind): (Element, &'static str),
        why: &str,
        started_at: &str,
    ) {
        let name = suite_name(name);
        let message = short(why, 1000);
        let case = Case {
            class: class_name(&name, "gate checks"),
            name: "verdict".to_owned(),
            seconds: 0.0,
            end: Some(End {
                element,
                kind,
                body: Body { text: message.clone(), most: self.body },
                message: message.clone(),
            }),
            attempts: Vec::new(),
        };
        let head = Head {
            properties: vec![("exit_code", code.number().to_string())],
            output: message,
            started_at: started_at.to_owned(),
        };
        let checks = format!("{name} · gate checks");
        self.suite(&head, &checks, 0.0, (vec![case], CHECKS / self.suites));
    }
}

/// The cases that fit the room, in their order, and how many are left out: first those that passed.
fn fitting(cases: Vec<Case>, room: usize) -> (Vec<Case>, usize) {
    let sizes: Vec<usize> = cases.iter().map(Case::size).collect();
    let mut over = sizes.iter().sum::<usize>().saturating_sub(room);
    if over == 0 {
        return (cases, 0);
    }
    let mut kept = vec![true; cases.len()];
    // One red case stays whatever it takes: without it the suite would be green.
    let first = cases.iter().position(Case::is_red);
    for red in [false, true] {
        for (at, ((case, size), kept)) in cases.iter().zip(&sizes).zip(&mut kept).enumerate().rev()
        {
            if over > 0 && case.is_red() == red && first != Some(at) {
                over = over.saturating_sub(*size);
                *kept = false;
            }
        }
    }
    let left_out = kept.iter().filter(|kept| !**kept).count();
    let cases = cases.into_iter().zip(kept).filter(|(_, kept)| *kept);
    (cases.map(|(case, _)| case).collect(), left_out)
}

impl Case {
    /// Whether a reader shows it as one that went wrong.
    fn is_red(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.element != Element::Skipped)
    }

    /// About how many bytes it takes in the file.
    fn size(&self) -> usize {
        let end = self.end.as_ref().map_or(0, |end| {
            escaped(&end.message) + escaped(&end.body.text).min(end.body.most + 40)
        });
        let attempts = self.attempts.iter().map(Attempt::size).sum::<usize>();
        FRAME + escaped(&self.class) + escaped(&self.name) + end + attempts
    }

    fn into_junit(self) -> TestCase {
        let mut status = match self.end.as_ref().map(|end| end.element) {
            None => TestCaseStatus::success(),
            Some(Element::Failure) => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Some(Element::Error) => TestCaseStatus::non_success(NonSuccessKind::Error),
            Some(Element::Skipped) => TestCaseStatus::skipped(),
        };
        if let Some(end) = &self.end {
            status.set_message(value(&end.message));
            // The Windy Road schema knows no type for a skipped case.
            if end.element != Element::Skipped {
                status.set_type(end.kind).set_rerun_kind(FlakyOrRerun::Rerun);
            }
            status.set_description(content(&end.body.text, end.body.most));
        }
        status.add_reruns(self.attempts.into_iter().map(Attempt::into_junit));
        let mut case = TestCase::new(value(&self.name), status);
        case.set_classname(value(&self.class)).set_time(span(self.seconds));
        case
    }
}

fn suite_name(name: &str) -> String {
    match one_line(name) {
        name if name.is_empty() => "cekura-gate".to_owned(),
        name => short(&name, 200),
    }
}

/// What stands at the head and the foot of a gate's suites.
struct Head {
    properties: Vec<(&'static str, String)>,
    output: String,
    started_at: String,
}

impl Head {
    fn of(report: &Report) -> Self {
        let notes = report.notes.iter().take(100).map(|note| short(note, 1000));
        let output: Vec<String> =
            std::iter::once(words::verdict_line(report)).chain(notes).collect();
        Self {
            properties: properties(report),
            output: output.join("\n"),
            started_at: report.timing.started_at.clone(),
        }
    }
}

fn properties(report: &Report) -> Vec<(&'static str, String)> {
    let result = &report.result;
    let mut properties = vec![
        ("verdict", words::verdict_word(report)),
        ("enforced", (!report.suite.report_only).to_string()),
        ("exit_code", report.exit_code.to_string()),
        ("simulated", report.simulated.to_string()),
        ("result_id", words::ids(&words::result_ids(report), usize::MAX)),
        ("mode", report.suite.mode.name().to_owned()),
        ("cekura_gate_version", report.tool_version.clone()),
    ];
    let agent = result.agent_name.clone().or_else(|| result.agent.map(|id| id.to_string()));
    properties.extend(agent.map(|agent| ("agent", short(&agent, 200))));
    let version = result.version().map(|version| ("agent_version", short(&version, 100)));
    properties.extend(version);
    properties.extend(words::page(report).map(|url| ("result_url", url)));
    let flaky = report.retries.iter().filter(|retry| retry.flaky).map(|retry| retry.counts);
    let flaky: Vec<u64> = flaky.collect();
    if !flaky.is_empty() {
        properties.push(("flaky_runs", words::ids(&flaky, 100)));
    }
    properties.extend(report.suite.file.as_deref().map(|file| ("suite_file", short(file, 500))));
    properties
}

fn run_cases(report: &Report, suite: &str, most: usize) -> Vec<Case> {
    let mut names = Names::default();
    let mut cases = Vec::with_capacity(report.outcomes.len());
    let retried = Retried::of(report);
    for scenario in &report.scenarios() {
        let title = short(&scenario.scenario.name, 200);
        let class = class_name(suite, &title);
        for (run, outcome) in &scenario.runs {
            let name = short(&format!("{title} · {}", words::variant(run, outcome)), NAME);
            let end = run_end(report, scenario, (run, outcome), &retried, most);
            let skipped = end.as_ref().is_some_and(|end| end.element == Element::Skipped);
            cases.push(Case {
                name: names.unique(&class, name, &format!("run {}", run.id)),
                class: class.clone(),
                seconds: run.duration_seconds.unwrap_or(0.0),
                end,
                attempts: if skipped { Vec::new() } else { retried.elements(run.id) },
            });
        }
    }
    cases
}

/// The element that an outcome makes, and its type; none for a pass.
const fn element_of(outcome: Outcome) -> Option<(Element, &'static str)> {
    match outcome {
        Outcome::Passed => None,
        Outcome::Failed => Some((Element::Failure, "gate.AgentFailed")),
        Outcome::Errored => Some((Element::Error, "gate.NoConversation")),
        Outcome::Unscored => Some((Element::Error, "gate.Unscored")),
    }
}

/// Whether a run that did not pass is written as skipped: its gate passed, and the suite wants so.
fn is_tolerated(report: &Report) -> bool {
    let passed = report.exit_code == 0 && report.verdict == Verdict::Pass;
    passed && report.junit.tolerated == Some(Tolerated::Skipped)
}

/// How the case of a run ends; none for one that passed and counts.
fn run_end(
    report: &Report,
    scenario: &ScenarioRuns<'_>,
    (run, outcome): (&RunRecord, &RunOutcome),
    retried: &Retried<'_>,
    most: usize,
) -> Option<End> {
    let flaky = report.flaky_note(run.id);
    let flaky = flaky.map(|note| format!("flaky, {note}: ")).unwrap_or_default();
    let reason = format!("{flaky}{}", short(&outcome.reason, 300));
    let (element, kind, message) = match (scenario.quarantine, element_of(outcome.outcome)) {
        (Some(quarantine), _) => {
            let message = format!(
                "quarantined until {} ({}): {}; the run {}",
                quarantine.until,
                short(&quarantine.owner, 100),
                short(&quarantine.reason, 200),
                if outcome.outcome == Outcome::Passed {
                    "passed".to_owned()
                } else {
                    format!("{}: {reason}", outcome.word())
                }
            );
            (Element::Skipped, "", message)
        }
        (None, None) => return None,
        (None, Some(_)) if is_tolerated(report) => {
            let message = format!("tolerated: the run {}: {reason}", outcome.word());
            (Element::Skipped, "", message)
        }
        (None, Some((element, kind))) => (element, kind, reason),
    };
    let others = retried.others(run.id);
    let body = body::of_run(report, scenario, (run, outcome), &others, (&message, most));
    Some(End { element, kind, message, body })
}

fn check_cases(report: &Report, suite: &str) -> Vec<Case> {
    let class = class_name(suite, "gate checks");
    let mut names = Names::default();
    let cases = report.checks.iter().map(|check| {
        let name = format!("{}: {}", words::check_name(check), check.condition);
        let reason = short(&check.reason, 300);
        let (element, kind, message) = match CheckStatus::of(check) {
            CheckStatus::Passed => (Element::Skipped, "", None),
            CheckStatus::Failed | CheckStatus::Inconclusive if report.suite.report_only => {
                let would = words::would(check.verdict);
                (Element::Skipped, "", Some(format!("{would} (report only): {reason}")))
            }
            CheckStatus::Failed => (Element::Failure, "gate.Threshold", Some(reason)),
            CheckStatus::Inconclusive => (Element::Error, "gate.Inconclusive", Some(reason)),
            CheckStatus::Warning => (Element::Skipped, "", Some(format!("warning: {reason}"))),
        };
        Case {
            name: names.unique(&class, short(&name, NAME), "again"),
            class: class.clone(),
            seconds: 0.0,
            end: message.map(|message| End {
                element,
                kind,
                body: body::of_check(report, check, &message),
                message,
            }),
            attempts: Vec::new(),
        }
    });
    let mut cases: Vec<Case> = cases.collect();
    if report.exit_code != 0 && !cases.iter().any(Case::is_red) {
        cases.push(verdict_case(report, class));
    }
    cases
}

/// A gate that did not pass for a reason outside of its checks, such as the time limit, must not
/// look green.
fn verdict_case(report: &Report, class: String) -> Case {
    let (element, kind) = match report.verdict {
        Verdict::Fail => (Element::Failure, "gate.Failed"),
        Verdict::Inconclusive | Verdict::Pass => (Element::Error, "gate.Inconclusive"),
    };
    let message = words::verdict_line(report);
    let body = body::of_verdict(report, &message);
    let end = End { element, kind, message, body };
    let name = "verdict".to_owned();
    Case { class, name, seconds: 0.0, end: Some(end), attempts: Vec::new() }
}

/// Suite and scenario as one class. Readers split it at its dots, so that there is exactly one.
fn class_name(suite: &str, scenario: &str) -> String {
    format!("{}.{}", suite.replace('.', "_"), scenario.replace('.', "_"))
}

/// Names that are already given away, by class: GitLab's key is suite, class and name.
#[derive(Default)]
struct Names(HashMap<(String, String), usize>);

impl Names {
    fn unique(&mut self, class: &str, name: String, hint: &str) -> String {
        let mut candidate = name.clone();
        let mut number = 0;
        while let Some(taken) = self.0.get_mut(&(class.to_owned(), candidate.clone())) {
            // The count is kept with the name, so that many equal names take no quadratic search.
            *taken += 1;
            number = number.max(*taken);
            candidate = match number {
                1 => format!("{name} ({hint})"),
                _ => format!("{name} ({hint}, {number})"),
            };
        }
        self.0.insert((class.to_owned(), candidate.clone()), 0);
        candidate
    }
}

/// A time without its zone, in UTC.
fn timestamp(text: &str) -> String {
    let instant = text.parse::<jiff::Timestamp>().unwrap_or_default();
    instant.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
