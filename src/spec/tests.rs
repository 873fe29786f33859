//! What the reader says of a spec, and how the platform's words find their place.

use super::refusals::{Stands, is_about_the_spec, problems};
use super::*;
use crate::document::Places;
use crate::record::RunRecord;

/// Line, column and message of each fault.
fn messages(text: &str) -> Vec<String> {
    let Err(faults) = read(Source { name: "cekura.tests.json", text }) else { return vec![] };
    let place = |line: Option<usize>| line.map_or("-".to_owned(), |line| line.to_string());
    faults
        .iter()
        .map(|fault| format!("{}:{} {}", place(fault.line), place(fault.column), fault.message))
        .collect()
}

/// A spec of these cases, on lines of their own from line 2.
fn spec(cases: &[&str]) -> String {
    format!("{{ \"version\": \"1\", \"scenarios\": [\n{}\n] }}", cases.join(",\n"))
}

const FINE: &str = r#"{ "name": "Refund", "instructions": "Ask for a refund." }"#;

#[test]
fn each_rule_is_told_at_its_place() {
    let rows = [
        (r#"{ "name": "A" }"#, "2:3 the case `A` needs `instructions`"),
        (
            r#"{ "name": "A", "type": "conditional_actions", "language": "en" }"#,
            "2:24 a case of the type conditional_actions needs `conditional_actions`",
        ),
        (
            r#"{ "name": "A", "instructions": "x", "personality": { "prompt": "y" } }"#,
            "2:37 a new personality needs `language`, `voice_model`, `voice_id` and `background_noise`",
        ),
        (
            r#"{ "name": "A", "instructions": "x", "test_profile": {} }"#,
            "2:37 the test profile is empty",
        ),
        (
            r#"{ "name": "A", "instructions": "x", "metrics": ["Latency"] }"#,
            "2:49 `Latency` is not the slug of a metric",
        ),
        (
            r#"{ "name": "A", "instructions": "x", "metrics": ["greeting-by-name"] }"#,
            "2:49 `greeting-by-name` is not the slug of a metric",
        ),
        (
            r#"{ "name": "A", "instructions": "x", "language": "english" }"#,
            "2:49 `language` cannot be the text `english`",
        ),
        (
            r#"{ "name": "A", "instructions": "x", "frequency": 0 }"#,
            "2:50 `frequency` must be at least 1, not `0`",
        ),
        (r#"{ "name": 5, "instructions": "x" }"#, "2:11 `name` must be text, not `5`"),
        (r#"{ "name": "A", "instruction": "x" }"#, "2:16 unknown key `instruction`"),
        (
            r#"{ "name": "A", "instructions": "x", "name": "B" }"#,
            "2:37 the key `name` is already on line 2",
        ),
        (
            r#"{ "name": "A", "instructions": "x", "test_profile": { "agent_variables": { "n": 99999999999999999999 } } }"#,
            "2:81 the number `99999999999999999999` is too large",
        ),
    ];
    for (case, expected) in rows {
        assert_eq!(messages(&spec(&[case])).first().map(String::as_str), Some(expected), "{case}");
    }
    assert_eq!(messages(&spec(&[FINE])), Vec::<String>::new());
}

#[test]
fn two_cases_that_results_could_not_tell_apart_are_refused() {
    let same_name = spec(&[FINE, FINE]);
    assert_eq!(messages(&same_name), ["3:11 two cases have the name `Refund`"]);
    let key = |name: &str| format!(r#"{{ "key": "k", "name": "{name}", "instructions": "x" }}"#);
    assert_eq!(messages(&spec(&[&key("A"), &key("B")])), ["3:10 two cases have the key `k`"]);
    let named = r#"{ "name": "k", "instructions": "x" }"#;
    assert_eq!(messages(&spec(&[&key("A"), named])), ["3:11 two cases have the key `k`"]);
}

#[test]
fn what_is_no_json_is_told_at_its_place() {
    let rows = [
        ("{ \"version\": \"1\",\n  \"scenarios\": [], }", "2:20 nothing follows this comma"),
        ("{ \"version\": \"1\",\n  scenarios: [] }", "2:3 a key needs double quotes"),
        ("{\n  // cases\n}", "2:3 a key needs double quotes"),
        ("{ \"version\": '1' }", "1:14 a value cannot begin like this"),
        (
            "{ \"version\": \"\\ud83d\" }",
            "1:21 half a character: `\\u` escapes beyond U+FFFF come in pairs",
        ),
        ("{ \"version\": \"a\nb\" }", "1:16 a control character is not allowed in text"),
        ("{ \"version\": \"\\x\" }", "1:16 not a valid JSON escape"),
        ("{ \"version\": \"1\"", "1:16 the text ends too early"),
        ("{} {}", "1:4 the document has ended before this"),
        ("{ \"version\": 1e999 }", "1:18 the number is too large"),
        ("", "1:1 the document is empty"),
    ];
    for (text, expected) in rows {
        assert_eq!(messages(text), [expected], "{text}");
    }
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    assert!(messages(&deep)[0].ends_with("nested too deep"), "{:?}", messages(&deep));
}

#[test]
fn json_is_read_as_json() {
    let text = spec(&[concat!(
        "\t{\"name\":\"\\ud83d\\ude00 \\/ \\u00e9\",\"instructions\":\"costs ${PRICE}, yes\",",
        "\"test_profile\":{\"agent_variables\":{\"n\":1.0,\"yes\":true,\"none\":null,\"e\":1E5}}}",
    )]);
    let spec = read(Source { name: "x", text: &text }).unwrap_or_else(|e| panic!("{e}")).value;
    assert_eq!(spec.scenarios[0].name, "😀 / é");
    assert_eq!(spec.scenarios[0].instructions.as_deref(), Some("costs ${PRICE}, yes"));
    let sent = serde_json::to_value(&spec).unwrap();
    let variables = &sent["scenarios"][0]["test_profile"]["agent_variables"];
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(*variables, expected["scenarios"][0]["test_profile"]["agent_variables"]);
}

#[test]
fn the_platforms_words_find_their_place() {
    let text = spec(&[FINE, r#"{ "name": "B", "instructions": "x", "metrics": ["a", "b"] }"#]);
    let document = read(Source { name: "x.json", text: &text }).unwrap();
    let said = |fields: &[(&str, &str)]| -> Vec<String> {
        let fields: Vec<_> = fields.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
        let problems = problems(&fields, Stands::Alone, &document.places);
        let source = Source { name: "x.json", text: &text };
        let shown = Diagnostics::from_problems(source, &document.places, problems);
        let at = |n: Option<usize>| n.unwrap_or_default();
        shown.iter().map(|d| format!("{}:{} {}", at(d.line), at(d.column), d.message)).collect()
    };
    assert_eq!(
        said(&[
            ("scenarios[1].metrics[1]", "No such metric."),
            ("scenarios[0].personality", "Required"),
            ("spec.scenarios[0].name", "Too long"),
            ("agent_id", "Unknown"),
        ]),
        [
            "0:0 the platform says of `agent_id`: Unknown",
            "2:1 the platform says of `scenarios[0].personality`: Required",
            "2:11 the platform says: Too long",
            "3:54 the platform says: No such metric",
        ]
    );
}

#[test]
fn cases_in_the_suite_have_other_names_than_in_a_file() {
    let fields: Vec<(String, String)> = vec![
        ("scenarios[0].name".to_owned(), "bad".to_owned()),
        ("defaults.frequency".to_owned(), "bad".to_owned()),
        ("defaults.concurrency_limit".to_owned(), "bad".to_owned()),
    ];
    let text = "cases: [{ name: A }]\nfrequency: 2\nconcurrency: 4\n";
    let places = document::read::<serde_json::Value>(Source { name: "x", text }, &|_| None);
    let places = places.map_or_else(|_| Places::default(), |document| document.places);
    let problems = problems(&fields, Stands::Inline, &places);
    let paths: Vec<String> = problems.into_iter().map(|problem| problem.path.to_string()).collect();
    assert_eq!(paths, ["cases.0.name", "frequency", "concurrency"]);
}

#[test]
fn only_what_speaks_of_the_spec_is_about_it() {
    let about = |field: &str| is_about_the_spec(&[(field.to_owned(), String::new())]);
    assert!(about("scenarios[0].name") && about("scenarios") && about("defaults.frequency"));
    assert!(!about("agent_id") && !about("scenarios_count") && !about("detail"));
}

#[test]
fn runs_are_known_by_their_case_from_result_to_result() {
    let text = spec(&[r#"{ "key": "k", "name": "A", "instructions": "x" }"#, FINE]);
    let spec = read(Source { name: "x", text: &text }).unwrap().value;
    let run = |id, scenario, name: &str| RunRecord {
        id,
        scenario: Some(scenario),
        scenario_name: Some(name.to_owned()),
        personality: Some(scenario * 10),
        ..RunRecord::default()
    };
    let mut head = vec![run(1, 501, "A"), run(2, 502, " Refund "), run(3, 503, "stranger")];
    assert_eq!(cases::mark(&mut head, &spec), 1);
    let keys: Vec<Option<&str>> = head.iter().map(|run| run.case_key.as_deref()).collect();
    assert_eq!(keys, [Some("k"), Some("Refund"), None]);
    assert_eq!(cases::keys_of(&head, &[502, 503]), ["Refund"]);
    // The case was renamed since: its key is still the same.
    let mut base = vec![
        RunRecord { case_key: Some("k".to_owned()), ..run(7, 401, "old name") },
        run(8, 402, "Refund"),
        RunRecord { case_key: Some("gone".to_owned()), ..run(9, 403, "Gone") },
    ];
    cases::mark(&mut base, &spec);
    cases::align(&mut base, &head);
    let cases: Vec<_> = base.iter().map(|run| (run.scenario, run.personality)).collect();
    assert_eq!(cases, [(Some(501), Some(5010)), (Some(502), Some(5020)), (Some(403), Some(4030))]);
}

#[test]
fn a_key_that_two_scenarios_have_gives_no_run_another_id() {
    let run = |scenario| RunRecord {
        scenario: Some(scenario),
        case_key: Some("k".to_owned()),
        ..RunRecord::default()
    };
    let mut base = vec![run(401)];
    cases::align(&mut base, &[run(501), run(502)]);
    assert_eq!(base[0].scenario, Some(401));
    cases::align(&mut base, &[run(501), run(501)]);
    assert_eq!(base[0].scenario, Some(501));
}

#[test]
fn a_case_runs_as_often_as_it_or_the_defaults_say() {
    let text = r#"{ "version": "1", "defaults": { "frequency": 2 }, "scenarios": [
        { "name": "A", "instructions": "x" },
        { "name": "B", "instructions": "x", "frequency": 5 }
    ] }"#;
    let spec = read(Source { name: "x", text }).unwrap().value;
    assert_eq!(spec.runs(), 7);
    let again = spec.again(&["B".to_owned()], 1);
    assert_eq!((again.scenarios.len(), again.runs()), (1, 1));
}

#[test]
fn a_faulty_case_hides_nothing_of_the_others() {
    let text = spec(&[
        r#"{ "name": 5, "instructions": "x" }"#,
        FINE,
        FINE,
        r#"{ "name": "A" }"#,
        r#"{ "name": "B", "instrutions": "x" }"#,
        r#"{ "name": "C", "instructions": "x", "personality": { "prompt": "y" } }"#,
    ]);
    let text = text.replace("\"version\"", "\"extra\": 1, \"version\"");
    let expected = [
        "1:3 unknown key `extra`",
        "2:11 `name` must be text, not `5`",
        "4:11 two cases have the name `Refund`",
        "5:3 the case `A` needs `instructions`",
        "6:16 unknown key `instrutions`",
        "7:37 a new personality needs `language`, `voice_model`, `voice_id` and `background_noise`",
    ];
    assert_eq!(messages(&text), expected);
}
