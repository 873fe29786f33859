//! Each trap of the platform's documents has a document of its shape here.

use serde_json::{Value, json};

use super::*;
use crate::record::{MetricValue, RunRecord};

fn result(document: Value) -> ResultRecord {
    read_result(document.to_string().as_bytes()).unwrap()
}

fn run(fields: Value) -> RunRecord {
    let mut document = json!({"id": 1});
    document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    result(json!({"id": 9, "runs": [document]})).runs.remove(0)
}

fn metric(entry: Value) -> MetricValue {
    run(json!({"evaluation": {"metrics": [entry]}})).metrics.remove(0).value
}

fn refused(document: &str) -> WireError {
    read_result(document.as_bytes()).unwrap_err()
}

#[test]
fn the_address_of_a_recording_loses_its_password() {
    let run = run(json!({"voice_recording_url": "https://me:pw@files.example/a.mp3?x=@"}));
    assert_eq!(run.recording_url.as_deref(), Some("https://files.example/a.mp3?x=@"));
}

#[test]
fn four_statuses_are_ends_and_an_unknown_one_is_in_progress() {
    let ends = ["completed", "failed", "timeout", "cancelled"];
    let going =
        ["running", "pending", "in_progress", "evaluating", "in_queue", "scaling_up", "new"];
    for status in ends {
        assert!(result(json!({"id": 1, "status": status})).status.is_terminal(), "{status}");
    }
    for status in going {
        assert!(!result(json!({"id": 1, "status": status})).status.is_terminal(), "{status}");
    }
    let unknown = result(json!({"id": 1, "status": "teleporting"})).status;
    assert_eq!(unknown, Status::Unknown("teleporting".to_owned()));
}

#[test]
fn runs_are_an_object_or_a_list_and_come_out_in_order() {
    let object = result(json!({"id": 1, "runs": {"12": {"id": 12}, "3": {"status": "running"}}}));
    let list = result(json!({"id": 1, "runs": [{"id": 12}, {"id": 3, "status": "running"}]}));
    assert_eq!(object.runs, list.runs);
    assert_eq!(object.runs.iter().map(|run| run.id).collect::<Vec<_>>(), [3, 12]);
    assert_eq!(result(json!({"id": 1, "runs": null})).runs, []);
    assert_eq!(result(json!({"id": 1})).runs, []);
}

#[test]
fn a_run_that_is_listed_twice_counts_once() {
    assert_eq!(result(json!({"id": 1, "runs": [{"id": 3}, {"id": 3}]})).runs.len(), 1);
}

#[test]
fn a_scenario_is_a_number_or_an_object() {
    let number = run(json!({"scenario": 42, "scenario_name": "Refund"}));
    let object = run(json!({"scenario": {"id": 42, "name": "Refund"}}));
    assert_eq!(number, object);
    assert_eq!(run(json!({"scenario": null})).scenario, None);
}

#[test]
fn counts_are_numbers_or_text() {
    let claims = |total: Value| result(json!({"id": 1, "total_runs_count": total})).claims;
    assert_eq!(claims(json!(10)).total_runs, Some(10));
    assert_eq!(claims(json!("10")), claims(json!(10)));
    assert_eq!(claims(Value::Null).total_runs, None);
}

#[test]
fn durations_are_clock_times_or_seconds() {
    let seconds = |duration: Value| run(json!({"duration": duration})).duration_seconds;
    assert_eq!(seconds(json!("02:31")), Some(151.0));
    assert_eq!(seconds(json!("1:02:31")), Some(3751.0));
    assert_eq!(seconds(json!(151)), Some(151.0));
    assert_eq!(seconds(json!("")), None);
    assert_eq!(seconds(Value::Null), None);
}

#[test]
fn binary_metrics_are_read_in_every_encoding() {
    let rows = [
        (json!({"eval_type": "binary", "passed": true}), Some(true)),
        (json!({"eval_type": "binary", "passed": false, "score": 5}), Some(false)),
        (json!({"type": "binary_workflow_adherence", "score": 5}), Some(true)),
        (json!({"type": "binary_workflow_adherence", "score": 0}), Some(false)),
        (json!({"type": "binary_qualitative", "score": 100}), Some(true)),
        (json!({"type": "binary", "score": 1}), Some(true)),
        (json!({"type": "binary", "score": "5"}), Some(true)),
        (json!({"type": "binary", "score": 3}), Some(false)),
        (json!({"type": "binary", "score": 3, "score_normalized": 1.0}), Some(true)),
        (json!({"type": "llm_judge", "eval_type": "binary", "score": 0}), Some(false)),
        (json!({"type": "binary", "score": null}), None),
        (json!({"type": "binary"}), None),
    ];
    for (mut entry, expected) in rows {
        entry["name"] = json!("m");
        assert_eq!(metric(entry.clone()), MetricValue::Binary(expected), "{entry}");
    }
}

#[test]
fn the_other_kinds_keep_their_score_and_a_null_is_a_skip() {
    assert_eq!(
        metric(json!({"type": "continuous_qualitative", "score": 4.5})),
        MetricValue::Rating(Some(4.5))
    );
    assert_eq!(
        metric(json!({"type": "numeric", "score": "812.5"})),
        MetricValue::Numeric(Some(812.5))
    );
    assert_eq!(
        metric(json!({"type": "enum", "enum": "angry"})),
        MetricValue::Label(Some("angry".into()))
    );
    assert_eq!(
        metric(json!({"type": "enum", "enum": null, "value": "calm"})),
        MetricValue::Label(Some("calm".into()))
    );
    assert!(metric(json!({"type": "numeric", "score": null})).is_skipped());
    assert!(metric(json!({"type": "enum", "enum": ""})).is_skipped());
}

#[test]
fn an_explanation_is_a_text_or_a_list() {
    let lines = |explanation: Value| {
        run(json!({"evaluation": {"metrics": [{"name": "m", "explanation": explanation}]}}))
            .metrics
            .remove(0)
            .explanation
    };
    assert_eq!(lines(json!("because")), ["because"]);
    assert_eq!(lines(json!(["a", "b"])), ["a", "b"]);
    assert_eq!(lines(Value::Null), Vec::<String>::new());
}

#[test]
fn an_expected_outcome_comes_in_four_shapes() {
    let outcome = |value: Value| run(json!({"expected_outcome": value})).expected_outcome;
    let full = outcome(json!({"score": 100, "explanation": ["✅ done"], "outcome_alignments": []}));
    assert_eq!(full.unwrap().score, Some(100.0));
    assert_eq!(outcome(json!({})), None);
    assert_eq!(outcome(Value::Null), None);
    let text = outcome(json!("The caller hung up.")).unwrap();
    assert_eq!((text.score, text.explanation.len()), (None, 1));
}

#[test]
fn the_ending_is_found_under_each_of_its_names() {
    for fields in [
        json!({"metadata": {"ended_reason": "call-canceled"}}),
        json!({"metadata": {"call_ended_reason": "call-canceled"}}),
        json!({"call_ended_reason": "call-canceled", "metadata": null}),
    ] {
        assert_eq!(run(fields).ended_reason.as_deref(), Some("call-canceled"));
    }
}

#[test]
fn a_transcript_is_turns_or_text() {
    let turns = run(
        json!({"transcript_object": [{"role": "Main Agent", "content": "Hi", "timestamp": 1.5}]}),
    );
    let text = run(json!({"transcript": "[00:01] Main Agent: Hi\n"}));
    assert!(turns.has_transcript && text.has_transcript);
    assert_eq!(text.transcript[0].role, "Main Agent");
    assert_eq!(text.transcript[0].content, "Hi");
    assert_eq!(turns.transcript[0].at_seconds, Some(1.5));
    assert!(!run(json!({"transcript": "", "transcript_object": []})).has_transcript);
    for odd in
        [json!(5), json!("x"), json!(true), json!({"a": [1]}), json!([1, "x", null, [2], {}])]
    {
        assert!(!run(json!({"transcript_object": odd})).has_transcript, "{odd}");
    }
    let loose =
        json!([7, {"content": 5, "role": null, "time": "2.5", "words": [{"content": "x"}]}]);
    let loose = run(json!({"transcript_object": loose})).transcript;
    assert_eq!((loose[0].content.as_str(), loose[0].role.as_str()), ("5", ""));
    assert_eq!((loose.len(), loose[0].at_seconds), (1, Some(2.5)));
}

#[test]
fn a_rubric_that_skipped_every_rule_is_noticed() {
    let rule = |value: Value| json!({"metric_id": 5, "value": value, "passed": true});
    assert!(run(json!({"success": true, "rubric": [rule(Value::Null)]})).rubric_skipped);
    assert!(!run(json!({"success": true, "rubric": [rule(json!(5))]})).rubric_skipped);
    assert!(!run(json!({"success": true, "rubric": []})).rubric_skipped);
}

#[test]
fn what_the_platform_says_is_taken_where_it_can_be_read() {
    let insights = result(json!({
        "id": 1,
        "failed_reasons": {"issues": [
            {"rank": 2, "run_ids": [4], "description": "second", "affected_count": 1},
            {"rank": 1, "run_ids": [3, "5"], "description": "first", "affected_count": "2"},
        ]},
        "ai_summary": {"what_happened": "w", "why_it_happened": null, "how_to_fix": "h"},
        "next_steps": [{"title": "t", "description": "d"}, "junk"],
    }))
    .insights;
    assert_eq!(insights.failed_reasons[0].description, "first");
    assert_eq!(insights.failed_reasons[0].run_ids, [3, 5]);
    assert_eq!(insights.how_to_fix.as_deref(), Some("h"));
    assert_eq!(insights.next_steps.len(), 1);
    let junk = json!({"id": 1, "failed_reasons": 7, "ai_summary": [], "next_steps": "x"});
    assert_eq!(result(junk).insights, Insights::default());
}

#[test]
fn what_cannot_be_read_names_its_path_and_shows_the_start() {
    let error = refused(r#"{"id": 1, "status": {"a": 1}, "runs": {}}"#);
    assert_eq!(error.path, "status");
    assert!(error.reason.starts_with("expected a status as text, found an object"));
    assert!(error.start.starts_with(r#"{"id": 1, "status""#));

    assert!(refused("<html><body>Bad gateway</body>").start.starts_with("<html>"));
    assert_eq!(refused("").start, "(nothing)");
    assert!(refused(r#"{"id": 1} {"id": 2}"#).reason.contains("more text after the end"));
    assert!(refused(r#"{"id": 1, "runs": {"2": {"id"#).reason.contains("EOF"));
}

proptest::proptest! {
    #[test]
    fn no_document_makes_the_reader_panic(
        status in "\\PC{0,12}", score in "(null|true|-?[0-9]{1,5}|\"\\PC{0,5}\"|\\[\\]|\\{\\})",
        key in "(status|success|duration|scenario|evaluation|expected_outcome|metadata|transcript_object|rubric)",
    ) {
        let document = format!(
            r#"{{"id": 1, "status": {status:?}, "runs": {{"7": {{"{key}": {score}}}}}}}"#
        );
        let _ = read_result(document.as_bytes());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = read_result(&bytes);
    }
}

#[test]
fn half_an_emoji_in_a_text_makes_nothing_else_unreadable() {
    let body = br#"{"id": 1, "name": "cut \ud83d", "runs": [{"id": 3, "status": "completed"}]}"#;
    let result = read_result(body).unwrap();
    assert_eq!(result.name.as_deref(), Some("cut \u{fffd}"));
    assert_eq!(result.runs.len(), 1);
}

#[test]
fn an_entry_of_the_list_that_cannot_be_read_hides_no_other() {
    let body = br#"{"results": [{"id": 1, "status": 7, "name": "a"}, {"name": "b"}, {"id": "3"}]}"#;
    let found = read_results(body).unwrap();
    let ids: Vec<_> = found.iter().map(|one| (one.id, one.name.as_deref())).collect();
    assert_eq!(ids, [(1, Some("a")), (3, None)]);
}

/// The field, metric and value of each field of a run that could not be read.
fn unread(run: &RunRecord) -> Vec<(&str, Option<&str>, &str)> {
    let fields = run.unreadable.iter();
    fields.map(|one| (one.field.as_str(), one.metric.as_deref(), one.value.as_str())).collect()
}

#[test]
fn a_score_that_cannot_be_read_is_unknown_and_not_skipped() {
    for (score, shown) in [
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e400", "1e400"),
        (r#""N/A""#, "N/A"),
        (r#""NaN""#, "NaN"),
        (r#"{"value": 5}"#, "an object"),
        ("[5]", "a list"),
    ] {
        for (kind, expected) in [
            ("numeric", MetricValue::Numeric(None)),
            ("continuous_qualitative", MetricValue::Rating(None)),
            ("binary", MetricValue::Binary(None)),
            ("llm_judge", MetricValue::Numeric(None)),
        ] {
            let body = format!(
                r#"{{"id": 1, "status": "completed", "runs": {{"12": {{"status": "completed",
                "success": true, "evaluation": {{"metrics": [
                {{"name": "A", "eval_type": "binary", "passed": true}},
                {{"name": "B", "type": "{kind}", "score": {score}}}]}}}}}}}}"#
            );
            let run = read_result(body.as_bytes()).unwrap().runs.remove(0);
            let (kept, lost) = (&run.metrics[0], &run.metrics[1]);
            assert!(!kept.unreadable && lost.unreadable && !lost.is_skipped(), "{body}");
            assert_eq!((run.success, &lost.value), (Some(true), &expected), "{body}");
            let path = "evaluation.metrics[1].score";
            assert_eq!(unread(&run), [(path, Some("B"), shown)], "{body}");
        }
    }
}

#[test]
fn the_first_field_that_says_whether_a_metric_passed_decides_even_where_it_cannot_be_read() {
    let metric = |entry: Value| run(json!({"evaluation": {"metrics": [entry]}})).metrics.remove(0);
    for (entry, passed, unreadable) in [
        (json!({"type": "binary", "passed": "?", "score": 5}), None, true),
        (json!({"type": "binary", "passed": true, "score": "?"}), Some(true), false),
        (json!({"type": "binary", "score": 5, "score_normalized": "?"}), None, true),
        (json!({"type": "binary", "score": "?", "score_normalized": 1}), Some(true), false),
        (json!({"passed": "maybe"}), None, true),
    ] {
        let read = metric(entry.clone());
        let expected = (MetricValue::Binary(passed), unreadable);
        assert_eq!((read.value, read.unreadable), expected, "{entry}");
    }
    let label = metric(json!({"type": "enum", "enum": {"calm": 1}}));
    assert_eq!((label.value, label.unreadable), (MetricValue::Label(None), true));
}

#[test]
fn a_field_of_a_run_that_cannot_be_read_is_one_missing_value() {
    for (fields, path, shown) in [
        (json!({"duration": "-"}), "duration", "-"),
        (json!({"duration": -1}), "duration", "-1"),
        (json!({"duration": "1:-5"}), "duration", "1:-5"),
        (json!({"duration": true}), "duration", "true"),
        (json!({"evaluation": ""}), "evaluation", ""),
        (json!({"evaluation": [1]}), "evaluation", "a list"),
        (json!({"evaluation": {"metrics": "x"}}), "evaluation.metrics", "x"),
        (json!({"evaluation": {"metrics": [null]}}), "evaluation.metrics[0]", "null"),
        (json!({"success": "perhaps"}), "success", "perhaps"),
        (json!({"status": {"a": 1}}), "status", "an object"),
        (json!({"expected_outcome": 7}), "expected_outcome", "7"),
        (json!({"expected_outcome": {"score": "?"}}), "expected_outcome.score", "?"),
    ] {
        let read = run(fields.clone());
        assert_eq!(unread(&read), [(path, None, shown)], "{fields}");
        assert_eq!((read.success, read.duration_seconds), (None, None), "{fields}");
    }
    let outcome = run(json!({"expected_outcome": {"score": "?", "explanation": "why"}}));
    let outcome = outcome.expected_outcome.unwrap();
    assert!(outcome.unreadable && outcome.score.is_none() && outcome.explanation == ["why"]);
    assert!(!run(json!({"status": 7})).status.is_terminal(), "it is taken for in progress");
}

#[test]
fn an_entry_that_is_no_run_loses_no_other_run() {
    for (body, field, value) in [
        (r#"{"id": 1, "runs": {"11": {}, "12": null}}"#, "runs.12", "null"),
        (r#"{"id": 1, "runs": {"11": {}, "12": "x"}}"#, "runs.12", "x"),
        (r#"{"id": 1, "runs": {"11": {}, "x": {"id": "y"}}}"#, "runs.x.id", "y"),
        (r#"{"id": 1, "runs": [{"id": 11}, null]}"#, "runs[1]", "null"),
        (r#"{"id": 1, "runs": [{"id": 11}, {}]}"#, "runs[1].id", "null"),
    ] {
        let read = read_result(body.as_bytes()).unwrap();
        assert_eq!(read.runs.len(), 1, "{body}");
        let unread = &read.unreadable[0];
        assert_eq!((unread.field.as_str(), unread.value.as_str()), (field, value), "{body}");
    }
}

#[test]
fn a_byte_that_is_not_utf8_in_a_transcript_loses_nothing_else() {
    let body = b"{\"id\": 1, \"runs\": [{\"id\": 3, \"success\": true, \"transcript_object\": \
        [{\"role\": \"Agent\", \"content\": \"caf\xe9\"}]}]}";
    let run = read_result(body).unwrap().runs.remove(0);
    assert_eq!((run.success, run.transcript[0].content.as_str()), (Some(true), "caf\u{fffd}"));
}

#[test]
fn a_list_of_labels_is_kept_as_such() {
    let label = |value: Value| metric(json!({"id": 1, "type": "enum", "enum": value}));
    let is = |text: &str| MetricValue::Label(Some(text.to_owned()));
    assert_eq!(label(json!("angry")), is("angry"));
    assert_eq!(label(json!(["angry"])), is("angry"));
    assert_eq!(label(json!(["angry", "calm"])), is("[\"angry\",\"calm\"]"));
    assert_eq!(label(json!([1, 2])), is("[1,2]"));
    for unread in [json!([]), json!([["angry"], "calm"]), json!([null])] {
        let run = run(json!({"evaluation": {"metrics": [{"type": "enum", "enum": unread}]}}));
        assert!(run.metrics[0].unreadable, "{:?}", run.metrics[0]);
    }
}

#[test]
fn a_scenario_that_only_the_results_own_list_names_is_named() {
    let runs = json!({"7": {"id": 7, "scenario": 42}, "8": {"id": 8, "scenario": {"id": 43, "name": "Own"}}});
    let list = json!([{"id": 42, "name": "Refund"}, {"id": 43, "name": "Other"}]);
    for scenarios in [list.clone(), json!(list.to_string())] {
        let record = result(json!({"id": 1, "runs": runs, "scenarios": scenarios}));
        let names: Vec<_> = record.runs.iter().map(|run| run.scenario_name.as_deref()).collect();
        assert_eq!(names, [Some("Refund"), Some("Own")]);
    }
}
