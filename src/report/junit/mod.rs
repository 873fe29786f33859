//! `junit.xml`: a case for each run, and a suite for the gate's own checks.
//!
//! One dialect that the strict schemas (Jenkins xUnit, Windy Road) accept and every CI system
//! reads: a bare root, no output and no properties on cases, exactly one of failure, error and
//! skipped, everything in its body and one line of it in `message`.

mod body;
mod xml;

use std::collections::HashMap;

use self::body::Body;
use self::xml::Xml;
use super::escape::{one_line, short};
use super::gates::{Gate, GateEnd, Whole};
use super::model::{Report, ScenarioRuns};
use super::words::{self, Standing};
use crate::outcome::{Outcome, RunOutcome};
use crate::record::RunRecord;
use crate::verdict::Verdict;

/// What the bodies of all cases may take together: GitLab refuses files over 20 MB.
const BODIES: usize = 14_000_000;
/// The most and the least that one body may take; common readers refuse texts over 10 MB.
const BODY: std::ops::RangeInclusive<usize> = 400..=200_000;
/// Azure reads this many characters of a name, less a margin for what makes names unique.
const NAME: usize = 420;

/// A case, ready to be written.
struct Case {
    class: String,
    name: String,
    seconds: f64,
    end: Option<End>,
}

/// How a case ended that did not pass.
struct End {
    element: &'static str,
    kind: &'static str,
    message: String,
    body: Body,
}

/// The report as JUnit XML.
pub fn junit(report: &Report) -> String {
    let mut file = File::new(bad_runs(report));
    file.report(report);
    file.finish()
}

/// Several gates as one JUnit XML: the suites of each, and one with an error for a gate that ended
/// without evidence. What others are compared with makes no red case.
pub fn junit_of(whole: &Whole) -> String {
    let gates = || whole.gates.iter().filter(|gate| !gate.is_base);
    let mut file = File::new(gates().filter_map(Gate::report).map(bad_runs).sum());
    for gate in gates() {
        match &gate.end {
            GateEnd::Judged(report) => file.report(report),
            GateEnd::Ended(why) => file.ended(gate, why, &whole.timing.started_at),
        }
    }
    file.finish()
}

fn bad_runs(report: &Report) -> usize {
    report.outcomes.iter().filter(|o| o.outcome != Outcome::Passed).count()
}

/// The file as it grows.
struct File {
    xml: Xml,
    suites: usize,
    /// What one body may take.
    body: usize,
}

impl File {
    /// A file with so many runs that did not pass, which share the room for bodies.
    fn new(bad: usize) -> Self {
        let mut xml = Xml::new();
        xml.open("testsuites", &[]);
        let body = (BODIES / bad.max(1)).clamp(*BODY.start(), *BODY.end());
        Self { xml, suites: 0, body }
    }

    fn finish(mut self) -> String {
        self.xml.close("testsuites");
        self.xml.finish()
    }

    fn suite(&mut self, name: String, seconds: f64) -> Suite {
        self.suites += 1;
        Suite { id: self.suites - 1, name, seconds }
    }

    fn report(&mut self, report: &Report) {
        let name = suite_name(&report.suite.name);
        let head = Head::of(report);
        let scenarios = report.scenarios();
        let runs = self.suite(name.clone(), report.timing.elapsed_seconds);
        let most = self.body;
        let ends = scenarios.iter().flat_map(|scenario| {
            scenario
                .runs
                .iter()
                .map(|(_, outcome)| end_of(scenario, outcome).map(|(element, _)| element))
        });
        // Ten thousand bodies are large: each is written as soon as it is made, and let go.
        write_suite(&mut self.xml, &head, &runs, ends, |xml| {
            run_cases(xml, report, &scenarios, &name, most);
        });
        let checks = self.suite(format!("{name} · gate checks"), 0.0);
        self.cases(&head, &checks, &check_cases(report, &name));
    }

    fn cases(&mut self, head: &Head, suite: &Suite, cases: &[Case]) {
        let ends = cases.iter().map(|case| case.end.as_ref().map(|end| end.element));
        write_suite(&mut self.xml, head, suite, ends, |xml| {
            cases.iter().for_each(|case| write_case(xml, case));
        });
    }

    fn ended(&mut self, gate: &Gate, why: &str, started_at: &str) {
        let name = suite_name(&gate.name);
        let message = short(why, 1000);
        let case = Case {
            class: class_name(&name, "gate checks"),
            name: "verdict".to_owned(),
            seconds: 0.0,
            end: Some(End {
                element: "error",
                kind: "gate.NoEvidence",
                body: Body { text: message.clone(), most: self.body },
                message: message.clone(),
            }),
        };
        let head = Head {
            properties: vec![("exit_code", gate.code.number().to_string())],
            output: message,
            started_at: started_at.to_owned(),
        };
        let suite = self.suite(format!("{name} · gate checks"), 0.0);
        self.cases(&head, &suite, &[case]);
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

struct Suite {
    id: usize,
    name: String,
    seconds: f64,
}

/// A suite. `ends` are the elements that its cases end with, in any order.
fn write_suite(
    xml: &mut Xml,
    head: &Head,
    suite: &Suite,
    ends: impl Iterator<Item = Option<&'static str>>,
    cases: impl FnOnce(&mut Xml),
) {
    let (mut tests, mut failures, mut errors, mut skipped) = (0, 0, 0, 0);
    for end in ends {
        tests += 1;
        match end {
            Some("failure") => failures += 1,
            Some("error") => errors += 1,
            Some("skipped") => skipped += 1,
            _ => {}
        }
    }
    let attributes = [
        ("name", suite.name.clone()),
        ("package", suite.name.clone()),
        ("id", suite.id.to_string()),
        ("tests", tests.to_string()),
        ("failures", failures.to_string()),
        ("errors", errors.to_string()),
        ("skipped", skipped.to_string()),
        ("time", seconds(suite.seconds)),
        ("timestamp", timestamp(&head.started_at)),
        ("hostname", "localhost".to_owned()),
    ];
    xml.open("testsuite", &attributes);
    xml.open("properties", &[]);
    for (name, value) in &head.properties {
        xml.empty("property", &[("name", (*name).to_owned()), ("value", value.clone())]);
    }
    xml.close("properties");
    cases(xml);
    xml.text("system-out", &[], &head.output, usize::MAX);
    xml.text("system-err", &[], "", usize::MAX);
    xml.close("testsuite");
}

fn write_case(xml: &mut Xml, case: &Case) {
    let attributes = [
        ("classname", case.class.clone()),
        ("name", case.name.clone()),
        ("time", seconds(case.seconds)),
    ];
    let Some(end) = &case.end else {
        xml.empty("testcase", &attributes);
        return;
    };
    xml.open("testcase", &attributes);
    let mut attributes = vec![("message", end.message.clone())];
    // The Windy Road schema knows no type for a skipped case.
    if end.element != "skipped" {
        attributes.push(("type", end.kind.to_owned()));
    }
    xml.text(end.element, &attributes, &end.body.text, end.body.most);
    xml.close("testcase");
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
    properties.extend(words::page(report).map(|url| ("result_url", url)));
    properties.extend(report.suite.file.as_deref().map(|file| ("suite_file", short(file, 500))));
    properties
}

fn run_cases(
    xml: &mut Xml,
    report: &Report,
    scenarios: &[ScenarioRuns<'_>],
    suite: &str,
    most: usize,
) {
    let mut names = Names::default();
    for scenario in scenarios {
        let title = short(&scenario.scenario.name, 200);
        let class = class_name(suite, &title);
        for (run, outcome) in &scenario.runs {
            let name = short(&format!("{title} · {}", words::variant(run, outcome)), NAME);
            let case = Case {
                name: names.unique(&class, name, &format!("run {}", run.id)),
                class: class.clone(),
                seconds: run.duration_seconds.unwrap_or(0.0),
                end: run_end(report, scenario, run, outcome, most),
            };
            write_case(xml, &case);
        }
    }
}

/// The element that a run's case ends with, and its type; none for one that passed.
fn end_of(
    scenario: &ScenarioRuns<'_>,
    outcome: &RunOutcome,
) -> Option<(&'static str, &'static str)> {
    match outcome.outcome {
        _ if scenario.quarantine.is_some() => Some(("skipped", "")),
        Outcome::Passed => None,
        Outcome::Failed => Some(("failure", "gate.AgentFailed")),
        Outcome::Errored => Some(("error", "gate.NoConversation")),
        Outcome::Unscored => Some(("error", "gate.Unscored")),
    }
}

fn run_end(
    report: &Report,
    scenario: &ScenarioRuns<'_>,
    run: &RunRecord,
    outcome: &RunOutcome,
    most: usize,
) -> Option<End> {
    let (element, kind) = end_of(scenario, outcome)?;
    let flaky = report.flaky_note(run.id);
    let flaky = flaky.map(|note| format!("flaky, {note}: ")).unwrap_or_default();
    let reason = format!("{flaky}{}", short(&outcome.reason, 300));
    let message = match scenario.quarantine {
        Some(quarantine) => format!(
            "quarantined until {} ({}): {}; the run {}",
            quarantine.until,
            short(&quarantine.owner, 100),
            short(&quarantine.reason, 200),
            if outcome.outcome == Outcome::Passed {
                "passed".to_owned()
            } else {
                format!("{}: {reason}", outcome.word())
            }
        ),
        None => reason,
    };
    let body = body::of_run(report, scenario, run, outcome, &message, most);
    Some(End { element, kind, message, body })
}

fn check_cases(report: &Report, suite: &str) -> Vec<Case> {
    let class = class_name(suite, "gate checks");
    let mut names = Names::default();
    let cases = report.checks.iter().map(|check| {
        let name = format!("{}: {}", words::check_name(check), check.condition);
        let reason = short(&check.reason, 300);
        let (element, kind, message) = match Standing::of(check) {
            Standing::Passed => ("", "", None),
            Standing::Failed | Standing::Inconclusive if report.suite.report_only => {
                let would = words::would(check.verdict);
                ("skipped", "", Some(format!("{would} (report only): {reason}")))
            }
            Standing::Failed => ("failure", "gate.Threshold", Some(reason)),
            Standing::Inconclusive => ("error", "gate.Inconclusive", Some(reason)),
            Standing::Warning => ("skipped", "", Some(format!("warning: {reason}"))),
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
        }
    });
    let mut cases: Vec<Case> = cases.collect();
    let explained = |case: &Case| case.end.as_ref().is_some_and(|end| end.element != "skipped");
    if report.exit_code != 0 && !cases.iter().any(explained) {
        cases.push(verdict_case(report, class));
    }
    cases
}

/// A gate that did not pass for a reason outside of its checks, such as the time limit, must not
/// look green.
fn verdict_case(report: &Report, class: String) -> Case {
    let (element, kind) = match report.verdict {
        Verdict::Fail => ("failure", "gate.Failed"),
        Verdict::Inconclusive | Verdict::Pass => ("error", "gate.Inconclusive"),
    };
    let message = words::verdict_line(report);
    let body = body::of_verdict(report, &message);
    let end = End { element, kind, message, body };
    Case { class, name: "verdict".to_owned(), seconds: 0.0, end: Some(end) }
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

/// Seconds with three decimals: more, or an exponent, is refused by Jenkins.
fn seconds(seconds: f64) -> String {
    let seconds = if seconds.is_finite() { seconds.clamp(0.0, 1e9) } else { 0.0 };
    format!("{seconds:.3}")
}

/// A time without its zone, in UTC.
fn timestamp(text: &str) -> String {
    let instant = text.parse::<jiff::Timestamp>().unwrap_or_default();
    instant.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
