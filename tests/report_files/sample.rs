//! Reports to make files from: a realistic one, and variations of it.

use cekura_gate::checks::figure::FigureUnit;
use cekura_gate::checks::spec::Level;
use cekura_gate::outcome::{Outcome, RunOutcome, judge_run};
use cekura_gate::record::{
    Claims, ExpectedOutcome, FailedReason, Insights, MetricRecord, MetricValue, NextStep,
    ResultRecord, RunRecord, Status, Turn,
};
use cekura_gate::report::model::{FORMAT_VERSION, PlanHead, Report, Tally, Timing};
use cekura_gate::retry::{RetryRecord, RetryRun};
use cekura_gate::suite::head::SuiteHead;
use cekura_gate::suite::model::{Junit, Mode, Quarantine};
use cekura_gate::suite::thresholds::Thresholds;
use cekura_gate::traffic::Traffic;
use cekura_gate::verdict::{CheckReport, Interval, ScenarioRef, Verdict};

const SCENARIOS: [(u64, &str); 3] = [
    (101, "Refund for a late order"),
    (102, "Change of address"),
    (103, "Angry caller asks for a human"),
];

pub(crate) fn turn(role: &str, at: f64, content: &str) -> Turn {
    Turn { role: role.into(), content: content.into(), at_seconds: Some(at) }
}

fn metric(name: &str, value: MetricValue, explanation: &[&str]) -> MetricRecord {
    MetricRecord {
        id: None,
        name: name.into(),
        aliases: Vec::new(),
        value,
        explanation: explanation.iter().map(|&line| line.into()).collect(),
        unreadable: false,
    }
}

fn passing_run(id: u64, scenario: (u64, &str)) -> RunRecord {
    RunRecord {
        id,
        status: Status::Completed,
        scenario: Some(scenario.0),
        scenario_name: Some(scenario.1.into()),
        personality: Some(7),
        personality_name: Some("Impatient caller".into()),
        success: Some(true),
        ended_reason: Some("Main agent-ended-call".into()),
        duration_seconds: Some(61.5 + (id % 10) as f64),
        expected_outcome: Some(ExpectedOutcome {
            score: Some(100.0),
            explanation: vec!["✅ The agent did what the caller asked for".into()],
            ..ExpectedOutcome::default()
        }),
        metrics: vec![
            metric("Workflow adherence", MetricValue::Binary(Some(true)), &[]),
            metric("Latency", MetricValue::Numeric(Some(900.0 + (id % 10) as f64)), &[]),
        ],
        has_transcript: true,
        ..RunRecord::default()
    }
}

fn failing_run(id: u64, scenario: (u64, &str), why: &str) -> RunRecord {
    RunRecord {
        success: Some(false),
        expected_outcome: Some(ExpectedOutcome {
            score: Some(50.0),
            explanation: vec![
                "✅ The agent greeted the caller and asked for the order number".into(),
                format!("❌ {why}"),
            ],
            ..ExpectedOutcome::default()
        }),
        metrics: vec![
            metric("Latency", MetricValue::Numeric(Some(2310.0)), &[]),
            metric(
                "Workflow adherence",
                MetricValue::Binary(Some(false)),
                &["Step 3 (look the order up) was skipped; the agent went straight to step 5"],
            ),
            metric("Sentiment", MetricValue::Label(Some("neutral".into())), &[]),
        ],
        transcript: vec![
            turn("Main Agent", 0.4, "Thank you for calling Northwind, how can I help?"),
            turn("Testing Agent", 4.1, "My order is two weeks late and I want my money back."),
            turn("Main Agent", 9.8, "I am sorry to hear that. What is your order number?"),
            turn("Testing Agent", 14.0, "It's 55 012."),
            turn("Main Agent", 17.2, "I have refunded the full amount, it arrives tomorrow."),
        ],
        ..passing_run(id, scenario)
    }
}

fn unconnected_run(id: u64, scenario: (u64, &str)) -> RunRecord {
    RunRecord {
        id,
        status: Status::Failed,
        scenario: Some(scenario.0),
        scenario_name: Some(scenario.1.into()),
        personality: Some(7),
        personality_name: Some("Impatient caller".into()),
        success: Some(false),
        error_message: Some("SIP 503 from carrier".into()),
        ended_reason: Some("sip-call-failed".into()),
        ..RunRecord::default()
    }
}

/// Judges the runs again and counts them, after a test has changed them.
pub(crate) fn recount(report: &mut Report) {
    let mut seen = std::collections::BTreeMap::new();
    let judge = |run: &RunRecord| {
        let repetition = seen.entry(run.scenario).or_insert(0);
        *repetition += 1;
        judge_run(run, *repetition)
    };
    let outcomes: Vec<RunOutcome> = report.result.runs.iter().map(judge).collect();
    report.tally = Tally::default();
    for (run, outcome) in report.result.runs.iter().zip(&outcomes) {
        if report.suite.quarantine.iter().any(|entry| Some(entry.scenario) == run.scenario) {
            report.tally.quarantined += 1;
        } else {
            report.tally.add(outcome.outcome);
        }
    }
    report.outcomes = outcomes;
}

fn check(
    name: &str,
    condition: &str,
    verdict: Verdict,
    figure: (f64, f64, FigureUnit),
) -> CheckReport {
    CheckReport {
        name: name.into(),
        group: None,
        scenario: None,
        condition: condition.into(),
        level: Level::Error,
        verdict,
        value: Some(figure.0),
        threshold: figure.1,
        unit: figure.2,
        interval: None,
        rounds: None,
        samples: 8,
        unknown: 1,
        further_runs: None,
        reason: String::new(),
        deciding_runs: Vec::new(),
    }
}

fn checks() -> Vec<CheckReport> {
    use FigureUnit::{Milliseconds, Share};
    vec![
        CheckReport {
            interval: Some(Interval { low: 0.409, high: 0.929, confidence: Some(0.95) }),
            reason: "75% of 8 judged runs passed, wanted at least 90%: 2 runs failed".into(),
            deciding_runs: vec![9001, 9002],
            ..check("success_rate", ">= 90%", Verdict::Fail, (0.75, 0.9, Share))
        },
        CheckReport {
            reason: "11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it"
                .into(),
            deciding_runs: vec![9006],
            ..check("errors", "<= 10%", Verdict::Inconclusive, (1.0 / 9.0, 0.1, Share))
        },
        CheckReport {
            reason: "p95 is 2310ms of 8 runs, wanted at most 2500ms".into(),
            ..check("Latency", "p95 <= 2500ms", Verdict::Pass, (2310.0, 2500.0, Milliseconds))
        },
        CheckReport {
            scenario: Some(ScenarioRef { id: Some(101), name: SCENARIOS[0].1.into() }),
            level: Level::Warn,
            samples: 3,
            unknown: 0,
            reason: "33.3% of 3 judged runs passed, wanted at least 60%".into(),
            deciding_runs: vec![9001, 9002],
            ..check("success_rate", ">= 60%", Verdict::Fail, (1.0 / 3.0, 0.6, Share))
        },
    ]
}

fn insights() -> Insights {
    Insights {
        failed_reasons: vec![FailedReason {
            description: "Refunds are promised without an order lookup".into(),
            run_ids: vec![9001, 9002],
            affected_count: Some(2),
        }],
        what_happened: Some(
            "In two of three refund calls the agent confirmed a refund at once.".into(),
        ),
        why_it_happened: Some("The prompt names refunds before it names `lookup_order`.".into()),
        how_to_fix: Some("Make `lookup_order` a precondition of any promise.".into()),
        next_steps: vec![NextStep {
            title: "Move the lookup rule to the top of the prompt".into(),
            description: Some("Say that no amount may be named before the lookup.".into()),
        }],
    }
}

/// Three scenarios with three runs each: two failed, one never connected. The gate fails.
pub(crate) fn report() -> Report {
    let why = "The agent promised a refund without looking the order up";
    let runs = vec![
        failing_run(9001, SCENARIOS[0], why),
        failing_run(9002, SCENARIOS[0], why),
        passing_run(9003, SCENARIOS[0]),
        passing_run(9004, SCENARIOS[1]),
        passing_run(9005, SCENARIOS[1]),
        unconnected_run(9006, SCENARIOS[1]),
        passing_run(9007, SCENARIOS[2]),
        passing_run(9008, SCENARIOS[2]),
        passing_run(9009, SCENARIOS[2]),
    ];
    let mut report = Report {
        would_exit_code: None,
        format_version: FORMAT_VERSION,
        tool_version: "0.1.0".into(),
        verdict: Verdict::Fail,
        exit_code: 1,
        headline: "success_rate is 75%, wanted >= 90%; errors is inconclusive".into(),
        suite: SuiteHead {
            report_only: false,
            name: "Checkout regression".into(),
            file: Some("cekura-gate.yml".into()),
            mode: Mode::Voice,
            thresholds: Thresholds::default(),
            quarantine: Vec::new(),
        },
        plan: PlanHead {
            runs_per_scenario: 3,
            runs: Some(9),
            scenarios: vec![101, 102, 103],
            ..PlanHead::default()
        },
        timing: Timing { started_at: "2026-11-20T14:03:05.123Z".into(), elapsed_seconds: 252.4 },
        url: Some("https://dashboard.cekura.ai/1376/results/4711".into()),
        tally: Tally::default(),
        checks: checks(),
        notes: vec![
            "the platform gives a success rate of 66.7%: it counts the run that never connected"
                .into(),
        ],
        outcomes: Vec::new(),
        result: ResultRecord {
            agent_version: None,
            path_coverage: None,
            rubric_rules: Vec::new(),
            id: 4711,
            name: Some("Checkout regression".into()),
            status: Status::Completed,
            agent: Some(123),
            agent_name: Some("Northwind support".into()),
            created_at: Some("2026-11-20T14:03:06Z".into()),
            claims: Claims { success_rate: Some(66.7), ..Claims::default() },
            insights: insights(),
            runs,
            unreadable: vec![],
        },
        baseline: None,
        refused_baseline: None,
        retries: Vec::new(),
        results: Vec::new(),
        rounds: None,
        events: Vec::new(),
        incomplete: false,
        other_suite: None,
        stopped_early: false,
        simulated: false,
        price_per_run: None,
        junit: Junit::default(),
        proposal: None,
        traffic: Traffic { requests: 31, retries: 1, waited_seconds: 0.5 },
    };
    recount(&mut report);
    report
}

/// Everything passed.
pub(crate) fn passing() -> Report {
    let mut report = report();
    for (at, run) in report.result.runs.iter_mut().enumerate() {
        *run = passing_run(run.id, SCENARIOS[at / 3]);
    }
    report.verdict = Verdict::Pass;
    report.exit_code = 0;
    report.headline = "4 checks passed".into();
    report.notes.clear();
    report.result.insights = Insights::default();
    for check in &mut report.checks {
        check.verdict = Verdict::Pass;
        check.unknown = 0;
        check.samples = 9;
        check.value = Some(match check.name.as_str() {
            "errors" => 0.0,
            "Latency" => 908.0,
            _ => 1.0,
        });
        check.interval = None;
        check.deciding_runs.clear();
    }
    recount(&mut report);
    report
}

/// No call connected.
pub(crate) fn errored() -> Report {
    let mut report = report();
    for (at, run) in report.result.runs.iter_mut().enumerate() {
        *run = unconnected_run(run.id, SCENARIOS[at / 3]);
    }
    report.verdict = Verdict::Inconclusive;
    report.exit_code = 3;
    report.headline = "no run became a conversation".into();
    report.checks.truncate(1);
    report.checks[0] = CheckReport {
        verdict: Verdict::Inconclusive,
        value: None,
        interval: None,
        samples: 0,
        unknown: 9,
        reason: "none of 9 runs could be judged, wanted at least 90%".into(),
        ..report.checks[0].clone()
    };
    recount(&mut report);
    report
}

/// Nothing was judged.
pub(crate) fn unscored() -> Report {
    let mut report = errored();
    for (at, run) in report.result.runs.iter_mut().enumerate() {
        *run = RunRecord {
            success: None,
            expected_outcome: None,
            metrics: Vec::new(),
            ..passing_run(run.id, SCENARIOS[at / 3])
        };
    }
    recount(&mut report);
    report
}

/// The failing scenario is quarantined.
pub(crate) fn quarantined() -> Report {
    let mut report = report();
    report.suite.quarantine = vec![Quarantine {
        scenario: 101,
        until: "2026-12-31".parse().unwrap(),
        owner: "payments".into(),
        reason: "ticket 42".into(),
    }];
    recount(&mut report);
    report
}

/// A run that passed on retry and counts as passed, and two that ended the same again.
pub(crate) fn retried(junit: Junit) -> Report {
    let attempt = |run, outcome, reason: &str| RetryRun { run, outcome, reason: reason.into() };
    let retry = |first: RetryRun, again: RetryRun, counts| RetryRecord {
        attempt: 1,
        result: 4712,
        flaky: first.outcome != again.outcome,
        first,
        again,
        counts,
    };
    let (failed, passed) = (Outcome::Failed, Outcome::Passed);
    let mut report = report();
    report.retries = vec![
        retry(attempt(9903, failed, "It hung up <early>"), attempt(9003, passed, ""), 9003),
        retry(attempt(9001, failed, ""), attempt(9901, failed, "Again no lookup"), 9001),
        retry(
            attempt(9006, Outcome::Errored, ""),
            attempt(9906, Outcome::Errored, "SIP 503 again"),
            9006,
        ),
    ];
    report.notes.push("flaky: run 9903 failed and passed on retry (run 9003)".into());
    report.junit = junit;
    report
}

/// Two failed runs and an error within what the checks allow: the gate passed.
pub(crate) fn tolerated(junit: Junit) -> Report {
    let mut report = report();
    report.verdict = Verdict::Pass;
    report.exit_code = 0;
    report.headline = "2 checks passed".into();
    report.checks.truncate(2);
    report.checks.iter_mut().for_each(|check| check.verdict = Verdict::Pass);
    report.junit = junit;
    report
}

/// Nothing arrived before the time was up.
pub(crate) fn empty() -> Report {
    let mut report = errored();
    report.exit_code = 4;
    report.headline = "the result did not finish within 45m".into();
    report.result.status = cekura_gate::record::Status::Running;
    report.result.runs.clear();
    report.checks.clear();
    report.url = None;
    recount(&mut report);
    report
}

/// Every text that came from the platform is `text`.
pub(crate) fn hostile(text: &str) -> Report {
    let mut report = report();
    let own = || text.to_owned();
    report.headline = own();
    report.suite.name = own();
    report.notes = vec![own(), own()];
    report.url = Some(format!("https://dashboard.cekura.ai/{text}"));
    for check in &mut report.checks {
        check.name = own();
        check.reason = own();
        check.condition = own();
    }
    let result = &mut report.result;
    (result.name, result.agent_name) = (Some(own()), Some(own()));
    let insights = &mut result.insights;
    insights.what_happened = Some(own());
    insights.why_it_happened = Some(own());
    insights.how_to_fix = Some(own());
    insights.failed_reasons[0].description = own();
    insights.next_steps[0] = NextStep { title: own(), description: Some(own()) };
    for run in &mut result.runs {
        run.scenario_name = Some(own());
        run.personality_name = Some(own());
        run.test_profile_name = Some(own());
        run.error_message = run.error_message.as_ref().map(|_| own());
        for metric in &mut run.metrics {
            metric.name = own();
            metric.explanation = vec![own()];
            if let MetricValue::Label(label) = &mut metric.value {
                *label = Some(own());
            }
        }
        if let Some(expected) = &mut run.expected_outcome {
            expected.explanation = vec![own()];
        }
        for turn in &mut run.transcript {
            (turn.role, turn.content) = (own(), own());
        }
    }
    report.suite.quarantine = vec![Quarantine {
        scenario: 103,
        until: "2026-12-31".parse().unwrap(),
        owner: own(),
        reason: own(),
    }];
    recount(&mut report);
    for outcome in &mut report.outcomes {
        outcome.reason = own();
    }
    report
}

/// `runs` runs over scenarios of 10, a third of them failed and a tenth never connected, with
/// `turns` turns each.
pub(crate) fn large(runs: u64, turns: usize) -> Report {
    let mut report = report();
    report.result.runs = (0..runs)
        .map(|id| {
            let name = format!("Scenario number {}", id / 10);
            let scenario = (1000 + id / 10, name.as_str());
            let mut run = match id % 10 {
                0 => unconnected_run(id, scenario),
                1..=3 => failing_run(id, scenario, "The agent said something that it should not"),
                _ => passing_run(id, scenario),
            };
            if run.success == Some(false) && run.has_transcript {
                run.transcript = (0..turns)
                    .map(|at| {
                        turn(
                            "Main Agent",
                            at as f64 * 4.0,
                            "Let me look that up for you, one moment please.",
                        )
                    })
                    .collect();
            }
            run
        })
        .collect();
    recount(&mut report);
    debug_assert!(report.outcomes.iter().any(|o| o.outcome == Outcome::Errored));
    report
}
