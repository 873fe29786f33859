//! What is told of a wait, in a log and on a terminal.

use insta::assert_snapshot;

use super::live::{Screen, lines, news};
use super::log::Log;
use super::*;
use crate::record::{MetricRecord, MetricValue};
use crate::report::console::Style;
use crate::suite::model::Mode;

const MINUTE: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(3600);

/// `p` passed, `f` failed, `e` errored, `j` being judged, `t` talking, `.` waiting.
fn record(ends: &str) -> ResultRecord {
    let run = |(id, end)| RunRecord {
        id,
        scenario: Some(1 + id % 2),
        scenario_name: Some(format!("Scenario {}", 1 + id % 2)),
        status: match end {
            '.' => Status::InQueue,
            't' => Status::Running,
            'j' => Status::Evaluating,
            'e' => Status::Failed,
            _ => Status::Completed,
        },
        success: match end {
            'p' => Some(true),
            'f' => Some(false),
            _ => None,
        },
        has_transcript: matches!(end, 'p' | 'f'),
        duration_seconds: matches!(end, 'p' | 'f').then_some(90.0),
        metrics: vec![MetricRecord {
            id: Some(5),
            name: "Adherence".to_owned(),
            aliases: vec![],
            value: MetricValue::Binary((end != '.').then_some(end == 'p')),
            explanation: vec!["::error::skipped +1 415 555 0100".to_owned()],
            unreadable: false,
        }],
        ..RunRecord::default()
    };
    let runs = (1..).zip(ends.chars()).map(run).collect();
    ResultRecord { id: 7, runs, ..ResultRecord::default() }
}

struct Watch {
    progress: Progress,
    log: Log,
}

impl Watch {
    fn new() -> Self {
        Self { progress: Progress::default(), log: Log::default() }
    }

    fn take(&mut self, ends: &str, elapsed: Duration) {
        let suite = SuiteHead {
            report_only: false,
            name: "s".to_owned(),
            file: None,
            mode: Mode::Voice,
            thresholds: serde_json::from_value(serde_json::json!({
                "success_rate": "90%",
                "errors": "<= 50%",
                "each_scenario": {"success_rate": "50%"},
            }))
            .unwrap(),
            quarantine: vec![],
        };
        let plan = PlanHead {
            runs_per_scenario: ends.len().div_ceil(2),
            runs: Some(ends.len()),
            scenarios: vec![1, 2],
            ..PlanHead::default()
        };
        let hidden = serde_json::json!(["phone_numbers"]);
        let redact = Redactor::new(&serde_json::from_value::<Vec<_>>(hidden).unwrap());
        let rules = Rules { suite: &suite, plan: &plan, base: None, redact: &redact };
        self.progress.take(&record(ends), rules, elapsed);
    }

    fn shown(&mut self, elapsed: Duration, last: bool) -> String {
        self.log.lines(&mut self.progress, elapsed, LIMIT, last).join("\n")
    }

    fn drawn(&self, elapsed: Duration, width: usize, rows: usize) -> String {
        let screen = Screen { style: Style { color: false, width }, rows };
        let lines = lines(&self.progress, screen, elapsed, LIMIT);
        assert!(lines.len() < rows.max(6));
        lines.join("\n")
    }
}

#[test]
fn a_log_tells_failures_changes_and_now_and_then_that_nothing_changed() {
    let mut watch = Watch::new();
    let mut shown = Vec::new();
    watch.take("....", Duration::ZERO);
    shown.push(watch.shown(Duration::ZERO, false));
    watch.take("pft.", MINUTE);
    shown.push(watch.shown(MINUTE, false));
    shown.push(watch.shown(MINUTE + MINUTE / 2, false));
    shown.push(watch.shown(MINUTE * 2, false));
    watch.take("pfj.", MINUTE * 2);
    shown.push(watch.shown(MINUTE * 2 + Duration::from_secs(1), false));
    watch.take("pfpe", MINUTE * 2);
    shown.push(watch.shown(MINUTE * 2 + Duration::from_secs(2), true));
    assert_snapshot!(shown.join("\n--\n"), @r"
        0ms  0 of 4 runs ended: 4 waiting
    --
         1m  failed 2 of Scenario 1: Adherence: error::skipped [redacted: phone number]
         1m  2 of 4 runs ended: 1 passed, 1 failed, 1 talking, 1 waiting
    --

    --
         2m  2 of 4 runs ended: 1 passed, 1 failed, 1 talking, 1 waiting; no change
    --

    --
       2m2s  errored 4 of Scenario 1: the call had no conversation
       2m2s  4 of 4 runs ended
    ");
}

#[test]
fn a_terminal_shows_the_states_and_the_checks_whatever_its_size() {
    let mut watch = Watch::new();
    watch.take("pppppppft.......", MINUTE / 2);
    watch.take("ppppppppppfejt..", MINUTE);
    assert_snapshot!(watch.drawn(MINUTE, 100, 30), @r"
    █████████████████████████▓▓▒▒▒░░░░░·····  12 of 16 runs ended · 1m · about 30s left
    10 passed, 1 failed, 1 not judged, 1 being judged, 1 talking, 2 waiting
    · open    success_rate >= 90%                90.9%
    ✓ holds   errors <= 50%                      8.3%
    ✓ holds   success_rate in Scenario 1 >= 50%  100%
    ✓ holds   success_rate in Scenario 2 >= 50%  83.3%
    ");
    assert_snapshot!(watch.drawn(MINUTE, 50, 30), @r"
    12 of 16 runs ended · 1m · about 30s left
    10 passed, 1 failed, 1 not judged, 1 being jud…
    · open    success_rate >= 90%        90.9%
    ✓ holds   errors <= 50%              8.3%
    ✓ holds   success_rate in Scenario…  100%
    ✓ holds   success_rate in Scenario…  83.3%
    ");
    assert_snapshot!(watch.drawn(MINUTE, 80, 7), @r"
    █████████████████████▓▓▒▒░░░░·····  12 of 16 runs ended · 1m · about 30s left
    10 passed, 1 failed, 1 not judged, 1 being judged, 1 talking, 2 waiting
    · open    success_rate >= 90%  90.9%
    and 3 more checks, 0 of them open
    ");
}

#[test]
fn a_failure_is_told_once_in_harmless_words() {
    let mut watch = Watch::new();
    watch.take("f.", MINUTE);
    watch.take("f.", MINUTE);
    assert_eq!(watch.progress.news.len(), 1);
    let screen = Screen { style: Style { color: false, width: 200 }, rows: 9 };
    assert_snapshot!(news(&watch.progress.news[0], screen), @"  ✗ failed 1 of Scenario 2: Adherence: error::skipped [redacted: phone number]");
    let many = "f".repeat(30);
    watch.take(&many, MINUTE);
    assert_eq!(watch.shown(MINUTE, false).lines().count(), 20 + 1 + 1);
}

/// A platform may call runs ended before their values are there; the gate waits for these.
#[test]
fn a_run_that_turns_out_otherwise_is_reported_again() {
    let mut watch = Watch::new();
    for ends in ["ep", "pp", "pp", "fp"] {
        watch.take(ends, MINUTE);
    }
    let news: Vec<&str> =
        watch.progress.news.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(
        news,
        [
            "errored 1 of Scenario 2",
            "passed 1 of Scenario 2 (was errored)",
            "failed 1 of Scenario 2",
        ]
    );
}

#[test]
fn no_line_is_wider_than_its_screen() {
    for ends in ["", "pfejt.", &"pfejt.".repeat(50)] {
        let mut watch = Watch::new();
        watch.take(ends, MINUTE);
        for (width, rows) in [(20, 5), (21, 24), (40, 24), (80, 24), (200, 60)] {
            for line in watch.drawn(MINUTE, width, rows).lines() {
                assert!(line.chars().count() < width.max(21), "{width}: {line:?}");
            }
        }
    }
}

#[test]
fn the_end_is_foreseen_only_where_something_is_known() {
    let left = |first: &str, then: &str, seconds: u64| {
        let mut watch = Watch::new();
        watch.take(first, MINUTE);
        watch.take(then, MINUTE * 2);
        watch.progress.outlook(Duration::from_secs(seconds), LIMIT)
    };
    assert_eq!(left("........", "pp......", 120), None, "the first have ended only now");
    assert_eq!(left("p.......", "ppp.....", 120), None, "two more say too little");
    assert_eq!(left("p.......", "pppp....", 120).as_deref(), Some("about 1m20s left"));
    assert_eq!(left("p.......", "pppp....", 240).as_deref(), Some("about 4m left"), "it got slow");
    assert_eq!(left("p.......", "ppppttjj", 240).as_deref(), Some("about 1m30s left"));
    assert_eq!(left("p.......", "pppppppp", 120), None, "it is over");
    let mut watch = Watch::new();
    watch.take("p.......", MINUTE);
    watch.take("pppp....", MINUTE * 2);
    let soon = watch.progress.outlook(MINUTE * 4, MINUTE);
    assert_eq!(soon.as_deref(), Some("about 4m left, the time limit ends it in 1m"));
}
