//! `result.json`: it reads back, says where it can't be read, and matches its schema.

use std::path::Path;

use cekura_gate::report::json;
use insta::assert_snapshot;

use super::{HOSTILE, sample};

#[test]
fn a_saved_result_reads_back_to_the_same_bytes() {
    let plain = [sample::report(), sample::passing(), sample::quarantined(), sample::empty()];
    for report in plain.into_iter().chain(HOSTILE.map(sample::hostile)) {
        let saved = json::write(&report).unwrap();
        assert!(saved.ends_with("}\n"));
        let read = json::read(&saved).unwrap();
        assert_eq!(read, report);
        assert_eq!(json::write(&read).unwrap(), saved);
    }
}

#[test]
fn a_saved_result_that_cannot_be_read_says_where() {
    let saved = json::write(&sample::report()).unwrap();
    let broken = [
        saved.replace("\"unit\": \"milliseconds\"", "\"unit\": \"fortnights\""),
        saved.replace("\"run\": 9006", "\"run\": null"),
        saved.replace("\"format_version\": 1", "\"format_version\": 2, \"verdict\": 7"),
        format!("{saved} and more"),
        "<html>".to_owned(),
        "{}".to_owned(),
    ];
    let errors = broken.map(|text| json::read(&text).unwrap_err().to_string());
    assert_snapshot!(errors.join("\n"), @r"
    not a saved result: unknown variant `fortnights`, expected one of `share`, `number`, `milliseconds`, `seconds`, `minutes` at line 80 column 26, at `checks[2].unit`
    not a saved result: invalid type: null, expected u64 at line 147 column 17, at `outcomes[5].run`
    saved in format 2 by a newer cekura-gate: this one reads up to format 1, so update it
    not a saved result: trailing characters at line 703 column 2, at `.`
    not a saved result: expected value at line 1 column 1, at `.`
    not a saved result: missing field `format_version` at line 1 column 2, at `.`
    ");
}

#[test]
fn the_schema_of_results_is_the_one_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/result.schema.json");
    let generated = format!("{:#}\n", json::result_schema().as_value());
    if std::env::var_os("CEKURA_GATE_BLESS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(checked_in, generated, "run this test again with CEKURA_GATE_BLESS=1 set");
}

#[test]
fn saved_results_are_valid_by_their_schema() {
    let schema = jsonschema::validator_for(json::result_schema().as_value()).unwrap();
    for report in [sample::report(), sample::quarantined(), sample::empty(), sample::unscored()] {
        let saved = serde_json::to_value(&report).unwrap();
        let errors: Vec<String> = schema.iter_errors(&saved).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn a_result_that_was_saved_before_waits_were_counted_can_be_read() {
    let saved = json::write(&sample::report()).unwrap();
    let older = saved.replace(",\n    \"waited_seconds\": 0.5", "");
    assert_ne!(older, saved);
    assert!(json::read(&older).unwrap().traffic.waited_seconds.abs() < f64::EPSILON);
}
