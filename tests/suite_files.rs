//! Suite files from their text to what a person reads about them.

#![expect(clippy::unwrap_used, reason = "clippy takes the helpers of tests for no tests")]

use std::time::{Duration, Instant};

use cekura_gate::document::{self, Diagnostics, Problem, Source};
use cekura_gate::suite::{self, model::Suite};
use proptest::prelude::*;
use serde_json::Value;

const FULL: &str = include_str!("fixtures/suites/full.yml");

fn environment(name: &str) -> Option<String> {
    match name {
        "TOKEN" => Some("s3cr3t-value".to_owned()),
        "PHONE" => Some("s3cr3t-phone".to_owned()),
        "RUNS" => Some("12".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn read(text: &str) -> Result<document::Document<Suite>, Diagnostics> {
    suite::read(Source { name: "gate.yml", text }, &environment, jiff::civil::date(2026, 11, 21))
}

/// What a person reads about a suite: the faults of its text, else those of its rules.
fn told(text: &str) -> String {
    let source = Source { name: "gate.yml", text };
    let document = match read(text) {
        Ok(document) => document,
        Err(diagnostics) => return diagnostics.render(false),
    };
    let problems: Vec<Problem> = suite::validate(&document.value, jiff::civil::date(2026, 8, 1));
    Diagnostics::from_problems(source, &document.places, problems).render(false)
}

#[test]
fn the_suite_of_the_design_is_read_in_full() {
    let suite = read(FULL).unwrap_or_else(|faults| panic!("{faults}")).value;
    assert_eq!(suite.agent, Some(123));
    assert_eq!(suite.frequency, Some(5));
    let thresholds = suite.thresholds.unwrap();
    assert_eq!(thresholds.metrics.len(), 5);
    assert_eq!(thresholds.metrics["Latency"].0.len(), 2);
    assert_eq!(suite.reports.unwrap().share_link, Some(false));
}

/// To write it anew: `cargo run -- schema > schema/suite.schema.json`.
#[test]
fn the_schema_that_is_checked_in_is_the_one_that_is_generated() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/suite.schema.json");
    let checked_in = std::fs::read_to_string(path).unwrap();
    assert!(
        checked_in == suite::schema::json_schema(),
        "write it anew with `cargo run -- schema > schema/suite.schema.json`"
    );
}

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&suite::schema::json_schema()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn as_json(text: &str) -> Value {
    document::read::<Value>(Source { name: "gate.yml", text }, &|name| Some(format!("${{{name}}}")))
        .unwrap()
        .value
}

#[test]
fn an_editor_accepts_the_suite_of_the_design_with_its_variables() {
    let json = as_json(FULL);
    assert_eq!(json["agent"], "${CEKURA_AGENT_ID}");
    let faults: Vec<String> = validator().iter_errors(&json).map(|e| e.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn an_editor_marks_what_the_reader_refuses() {
    let rows = [
        "agent: 1",
        "version: 2",
        "{version: 1, agnt: 1}",
        "{version: 1, agent: abc}",
        "{version: 1, agent: 0}",
        "{version: 1, agent: }",
        "{version: 1, mode: voise}",
        "{version: 1, scenarios: []}",
        "{version: 1, scenarios: 12}",
        "{version: 1, reports: {share_link: yes}}",
        "{version: 1, thresholds: {metrics: {Latency: {level: warn}}}}",
        "{version: 1, quarantine: [{scenario: 1}]}",
    ];
    for text in rows {
        assert!(read(text).is_err(), "{text}");
        assert!(!validator().is_valid(&as_json(text)), "{text}");
    }
}

#[test]
fn every_key_of_the_schema_is_explained() {
    fn unexplained(schema: &Value, at: &str, found: &mut Vec<String>) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if property.get("description").is_none() {
                found.push(format!("{at}.{name}"));
            }
        }
    }
    let schema: Value = serde_json::from_str(&suite::schema::json_schema()).unwrap();
    let mut found = Vec::new();
    unexplained(&schema, "suite", &mut found);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        unexplained(definition, name, &mut found);
    }
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn all_faults_of_a_file_are_shown_at_once() {
    let text = "\
version: 1
agnt: 123
mode: voise
success_rate: 90%
scenarios: 12
concurrency: \"10\"
timeout: 45
thresholds:
  success_rate: 90
  errors: [\"<= 10%\", {check: \"medain <= 3\", levl: warn}]
  metrics:
    Latency:
reports: { share_link: yes }
mode: text
";
    insta::assert_snapshot!(told(text), @r#"
error: unknown key `agnt`
 --> gate.yml:2:1
  |
2 | agnt: 123
  | ^^^^
  |
  = help: did you mean `agent`?

error: `mode` cannot be `voise`
 --> gate.yml:3:7
  |
3 | mode: voise
  |       ^^^^^
  |
  = help: did you mean `voice`? the values are `voice`, `text`, `chirp`, `livekit_v2`, `pipecat_v2`, `sip`, `websocket`, `vapi_webrtc`, `retell_webrtc` and `elevenlabs`

error: unknown key `success_rate`
 --> gate.yml:4:1
  |
4 | success_rate: 90%
  | ^^^^^^^^^^^^
  |
  = help: it belongs under `thresholds`

error: `scenarios` must be a list, not `12`
 --> gate.yml:5:12
  |
5 | scenarios: 12
  |            ^^
  |
  = help: write `[12]`

error: `concurrency` must be a whole number, not the text `10`
 --> gate.yml:6:14
  |
6 | concurrency: "10"
  |              ^^^^
  |
  = help: remove the quotes

error: `45` has no unit
 --> gate.yml:7:10
  |
7 | timeout: 45
  |          ^^
  |
  = help: write `45s` for seconds or `45m` for minutes

error: `90` is a bare number: it has neither an operator nor a unit
 --> gate.yml:9:17
  |
9 |   success_rate: 90
  |                 ^^
  |
  = help: for a rate write `90%`; for a number write `mean >= 90`

error: `medain` is not an aggregate
  --> gate.yml:10:30
   |
10 |   errors: ["<= 10%", {check: "medain <= 3", levl: warn}]
   |                              ^^^^^^^^^^^^^
   |
   = help: did you mean `median`? the aggregates are rate, mean, median, min, max, sum, count, share and p0 to p100

error: unknown key `levl`
  --> gate.yml:10:45
   |
10 |   errors: ["<= 10%", {check: "medain <= 3", levl: warn}]
   |                                             ^^^^
   |
   = help: did you mean `level`?

error: `Latency` has no value
  --> gate.yml:12:5
   |
12 |     Latency:
   |     ^^^^^^^
   |
   = help: give it one or remove the key

error: `share_link` must be `true` or `false`, not `yes`
  --> gate.yml:13:24
   |
13 | reports: { share_link: yes }
   |                        ^^^
   |
   = help: write `true`, without quotes

error: the key `mode` already stands on line 3
  --> gate.yml:14:1
   |
 3 | mode: voise
   | ---- first given here
...
14 | mode: text
   | ^^^^
   |
   = help: keep one of the two
"#);
}

#[test]
fn a_faulty_entry_hides_nothing_of_the_others() {
    let text = "verson: 1
agent: 1
scenarios: [1, 3]
quarantine:
  - { scenario: 2, until: soon, owner: a, reason: b }
  - { scenario: 1, until: 2026-01-01, owner: a, reason: b }
reports:
  redact: [{ patern: x }, { pattern: '(' }]
";
    let faults = read(text).unwrap_err();
    let told: Vec<String> = faults
        .iter()
        .map(|one| format!("{}:{} {}", one.line.unwrap(), one.column.unwrap(), one.message))
        .collect();
    let expected = [
        "1:1 unknown key `verson`",
        "1:1 the key `version` is missing",
        "5:27 `soon` is not a day of the calendar",
        "6:27 the quarantine of scenario `1` expired on `2026-01-01`",
        "8:14 unknown key `patern`",
        "8:14 an entry of `redact` needs the key `pattern`",
        "8:38 `(` cannot be used as a pattern: unclosed group, at character 1",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_variable_is_named_and_its_value_is_not_shown() {
    let text = "\
version: 1
agent: ${TOKEN}
scenarios: [\"${RUNS}\"]
mode: ${TOKEN}
frequency: ${MISSING}
thresholds: { success_rate: \"${TOKEN}\" }
";
    let told = told(text);
    assert!(!told.contains("s3cr3t"), "{told}");
    insta::assert_snapshot!(told, @r#"
error: the value of `TOKEN` is not a whole number
 --> gate.yml:2:8
  |
2 | agent: ${TOKEN}
  |        ^^^^^^^^

error: `mode` cannot be the value of `TOKEN`
 --> gate.yml:4:7
  |
4 | mode: ${TOKEN}
  |       ^^^^^^^^
  |
  = help: the values are `voice`, `text`, `chirp`, `livekit_v2`, `pipecat_v2`, `sip`, `websocket`, `vapi_webrtc`, `retell_webrtc` and `elevenlabs`

error: the environment variable `MISSING` is not set
 --> gate.yml:5:12
  |
5 | frequency: ${MISSING}
  |            ^^^^^^^^^^
  |
  = help: set it, or give a default: `${MISSING:-…}`

error: the value of `TOKEN` is not a check such as `>= 90%`
 --> gate.yml:6:29
  |
6 | thresholds: { success_rate: "${TOKEN}" }
  |                             ^^^^^^^^^^
"#);
}

#[test]
fn a_rule_that_repeats_a_value_shows_the_variable_in_its_place() {
    let text = "\
version: 1
agent: 1
scenarios: [1]
phone: { outbound: \"${PHONE}\", agent: \"+1 ${PHONE}\" }
tags: [\"${TOKEN}\", \"${TOKEN}\"]
thresholds: { success_rate: \">= ${RUNS}\" }
";
    let told = told(text);
    assert!(!told.contains("s3cr3t"), "{told}");
    insta::assert_snapshot!(told, @r#"
error: `${PHONE}` is not a telephone number
 --> gate.yml:4:20
  |
4 | phone: { outbound: "${PHONE}", agent: "+1 ${PHONE}" }
  |                    ^^^^^^^^^^
  |
  = help: write `+`, the country code and the number, digits only: `"+14155550100"`

error: `+1 ${PHONE}` is not a telephone number
 --> gate.yml:4:39
  |
4 | phone: { outbound: "${PHONE}", agent: "+1 ${PHONE}" }
  |                                       ^^^^^^^^^^^^^
  |
  = help: write `+`, the country code and the number, digits only: `"+14155550100"`

error: `${TOKEN}` stands in `tags` twice
 --> gate.yml:5:20
  |
5 | tags: ["${TOKEN}", "${TOKEN}"]
  |                    ^^^^^^^^^^
  |
  = help: remove one of the two; to run something more often, set `frequency`

error: `>= ${RUNS}` compares a rate with a number that is not a percentage
 --> gate.yml:6:29
  |
6 | thresholds: { success_rate: ">= ${RUNS}" }
  |                             ^^^^^^^^^^^^
  |
  = help: write `>= ${RUNS}%`
"#);
}

#[test]
fn the_rules_across_keys_point_at_their_keys() {
    let text = "\
version: 1
name: Checkout
folder: Sales.Inbound
scenarios: [101, 102, 101]
livekit: { agent_name: bot }
phone: { outbound: \"14155550100\" }
thresholds:
  success_rate: [\">= 0.9\"]
  duration: \"<= 180\"
  confidence: 100%
quarantine:
  - { scenario: 101, until: 2026-07-31, owner: payments, reason: ticket 42 }
";
    insta::assert_snapshot!(told(text), @r#"
error: the suite does not say which agent to test
 --> gate.yml:1:1
  |
1 | version: 1
  | ^^^^^^^^^^
  |
  = help: add `agent: <id>`, or `assistant: <the provider's id>`

error: `folder` cannot stand beside `scenarios`
 --> gate.yml:3:1
  |
3 | folder: Sales.Inbound
  | ^^^^^^
  |
  = help: keep one of `folder` and `scenarios`; only `scenarios` and `tags` go together

error: `folder` needs `project`
 --> gate.yml:3:1
  |
3 | folder: Sales.Inbound
  | ^^^^^^
  |
  = help: add `project: <id>`: folder paths are looked up within a project

error: `101` stands in `scenarios` twice
 --> gate.yml:4:23
  |
4 | scenarios: [101, 102, 101]
  |                       ^^^
  |
  = help: remove one of the two; to run something more often, set `frequency`

error: `livekit` belongs to mode livekit_v2: this suite's mode is voice, the default
 --> gate.yml:5:1
  |
5 | livekit: { agent_name: bot }
  | ^^^^^^^
  |
  = help: set `mode: livekit_v2`, or remove `livekit`

error: `14155550100` is not a telephone number
 --> gate.yml:6:20
  |
6 | phone: { outbound: "14155550100" }
  |                    ^^^^^^^^^^^^^
  |
  = help: write `+`, the country code and the number, digits only: `"+14155550100"`

error: `>= 0.9` compares a rate with a number that is not a percentage
 --> gate.yml:8:17
  |
8 |   success_rate: [">= 0.9"]
  |                 ^^^^^^^^^^
  |
  = help: write `>= 90%`

error: `<= 180` does not say which duration: each run has its own
 --> gate.yml:9:13
  |
9 |   duration: "<= 180"
  |             ^^^^^^^^
  |
  = help: write `p95 <= 180s`

error: `100%` is no useful confidence: it lies above 50% and below 100%
  --> gate.yml:10:15
   |
10 |   confidence: 100%
   |               ^^^^
   |
   = help: write for example `99%`: no sample is ever certain

error: the quarantine of scenario `101` expired on `2026-07-31`
  --> gate.yml:12:29
   |
12 |   - { scenario: 101, until: 2026-07-31, owner: payments, reason: ticket 42 }
   |                             ^^^^^^^^^^
   |
   = help: `payments` owns it: mend the scenario and remove the entry, or extend `until`
"#);
}

#[test]
fn text_that_is_not_yaml_is_explained() {
    let rows = [
        "version: 1\nthresholds:\n  success_rate: >= 90%\n",
        "version: 1\n\tagent: 1\n",
        "version: 1\nname: \"abc\nagent: 1\n",
        "version: 1\nphone: { agent: ${RUNS} }\n",
        "version: 1\nscenarios: [1, 2\nagent: 3\n",
    ];
    insta::assert_snapshot!(rows.map(told).join("\n\n"), @r#"
error: `>` and `|` begin a block of text on the next line
 --> gate.yml:3:17
  |
3 |   success_rate: >= 90%
  |                 ^
  |
  = help: a check that begins with `>` needs quotes, for example `">= 90%"`

error: a tab cannot stand here
 --> gate.yml:2:1
  |
2 |     agent: 1
  | ^
  |
  = help: indent with spaces: YAML allows no tabs

error: the text in quotes that began above goes on here
 --> gate.yml:3:1
  |
3 | agent: 1
  | ^
  |
  = help: is the closing quote missing above?

error: expected `,` or `}`
 --> gate.yml:2:18
  |
2 | phone: { agent: ${RUNS} }
  |                  ^
  |
  = help: within `{ }` and `[ ]` a `${VAR}` needs quotes: `"${VAR}"`

error: no key may stand here
 --> gate.yml:3:6
  |
2 | scenarios: [1, 2
  |            - this is still open
3 | agent: 3
  |      ^
  |
  = help: does the line above lack its `:` or a closing sign, or is this line indented too far?
"#);
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let rows = [
        "version: 1\nname: a\u{1b}[31m\u{9b}31mb\n",
        "version: 1\n\"\\e[31m\": 1\n",
        "version: 1\nmode: \"\\e[31m\\u202e\\n\"\n",
        "version: 1\nname: \u{202e}x\nagnt: \u{202e}\n",
        "version: 1\nagent: 1\ntags: [\"a\\eb\", \"a\\eb\"]\n",
    ];
    for text in rows {
        let told = told(text);
        let bad = told.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "{told:?}");
        assert!(told.contains("error: "));
    }
}

#[test]
fn many_faults_are_capped() {
    let text: String = (0..50).map(|n| format!("zz{n}: 1\n")).collect();
    let faults = read(&text).unwrap_err();
    assert_eq!(faults.len(), 51);
    assert!(faults.render(false).ends_with("and 31 more errors"));
    let first = faults.iter().next().unwrap();
    assert_eq!((first.line, first.column), (Some(1), Some(1)));
}

#[test]
fn colour_is_given_only_when_it_is_asked_for() {
    let faults = read("agnt: 1").unwrap_err();
    assert!(faults.render(true).contains('\u{1b}'));
    assert!(!faults.render(false).contains('\u{1b}'));
}

#[test]
fn bytes_that_are_not_text_are_refused_with_their_place() {
    let faults = document::decode("gate.yml", b"name: \xff").unwrap_err();
    insta::assert_snapshot!(faults.render(false), @r"
error: gate.yml is not UTF-8 text: byte 6 breaks it
 |
 = help: save it as UTF-8
");
    assert_eq!(document::decode("x", b"\xef\xbb\xbfa: 1").unwrap(), "a: 1");
}

#[test]
fn hostile_files_are_refused_within_a_second() {
    // Room for an unoptimised build on a busy machine.
    const UNOPTIMISED_SECOND: Duration = Duration::from_secs(4);
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            vec![format!("*a{}", level - 1); 9].join(",")
        ));
    }
    let unknown: String = (0..45_000).map(|n| format!("k{n}: 1\n")).collect();
    let entries = "x,".repeat(49_000);
    let one_line =
        format!("{{version: 1, scenarios: [{entries}], tags: [{}]}}", "[],".repeat(40_000));
    let line = format!("version: 1\nname: \"{}\"\nagnt: 1\n", "é".repeat(400_000));
    let files = [
        String::new(),
        "\0\0\0\0".to_owned(),
        "[".repeat(100_000),
        "[".repeat(10 << 20),
        "a".repeat(10 << 20),
        "a: ".repeat(10 << 20),
        "- ".repeat(300_000),
        bomb,
        unknown,
        one_line,
        line,
    ];
    for text in files {
        let started = Instant::now();
        let shown = read(&text).unwrap_err().render(true);
        let elapsed = started.elapsed();
        assert!(elapsed < UNOPTIMISED_SECOND, "{:.40} took {elapsed:?}", text);
        assert!(shown.len() < 40_000, "{:.40} gave {} bytes", text, shown.len());
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,200}") {
        let _ = told(&text);
    }

    #[test]
    fn yaml_signs_in_any_order_are_read_or_refused_without_a_panic(
        text in "[a:\\-\\[\\]{},&*#!|>'\"%@` \n\t$1é]{0,80}"
    ) {
        let _ = told(&text);
    }

    #[test]
    fn a_suite_with_a_few_changes_is_read_or_refused_without_a_panic(
        changes in prop::collection::vec((0..FULL.len(), 0..6_usize, "[a:\\-\\[\\]{},&*!|>'\" \n\t$0é]{0,4}"), 1..4)
    ) {
        let mut text = FULL.to_owned();
        for (at, width, new) in changes {
            let start = text.floor_char_boundary(at);
            let end = text.ceil_char_boundary(start + width);
            text.replace_range(start..end, &new);
        }
        let shown = told(&text);
        prop_assert!(shown.is_empty() || shown.contains("error: "));
    }
}
