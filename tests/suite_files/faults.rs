//! What a person reads about a suite that has faults: all of them, each at its place, and nothing
//! that a variable holds.

use super::{read, report};

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
    insta::assert_snapshot!(report(text), @r#"
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
  = help: did you mean `voice`? the values are `voice`, `text`, `chirp`, `livekit_v2`, `pipecat_v2`, `pipecat`, `sip`, `agora`, `websocket`, `vapi_webrtc`, `retell_webrtc`, `elevenlabs`, `email` and `api_chat`

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

error: the key `mode` is already on line 3
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
    let report: Vec<String> = faults
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
    assert_eq!(report, expected);
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
    let report = report(text);
    assert!(!report.contains("s3cr3t"), "{report}");
    insta::assert_snapshot!(report, @r#"
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
  = help: the values are `voice`, `text`, `chirp`, `livekit_v2`, `pipecat_v2`, `pipecat`, `sip`, `agora`, `websocket`, `vapi_webrtc`, `retell_webrtc`, `elevenlabs`, `email` and `api_chat`

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
    let report = report(text);
    assert!(!report.contains("s3cr3t"), "{report}");
    insta::assert_snapshot!(report, @r#"
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

error: `${TOKEN}` is in `tags` twice
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
    insta::assert_snapshot!(report(text), @r#"
error: `folder` cannot be used with `scenarios`
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

error: `101` is in `scenarios` twice
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

error: `100%` is not a useful confidence: it must be above 50% and below 100%
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
   = help: `payments` owns it: fix the scenario and remove the entry, or extend `until`
"#);
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
