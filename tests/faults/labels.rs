//! Labels of enum metrics in the shapes that a platform writes them in, where nothing is known of
//! the account's metrics.

use serde_json::{Value, json};

use crate::faults::evidence::{completed, ends, gate, suite, with_metrics};

/// Two runs with these labels, judged by a share of at most 5% of one label.
#[track_caller]
fn share(wanted: &str, labels: [Value; 2], code: i32, why: &str) {
    let keys = format!(
        "scenarios: [1]\nfrequency: 2\n\
         thresholds: {{ metrics: {{ Mood: 'share(\"{wanted}\") <= 5%' }} }}"
    );
    let mood = |label: &Value| json!([{"id": 6, "name": "Mood", "type": "enum", "enum": label}]);
    let runs: Vec<Value> =
        (1..).zip(&labels).map(|(id, label)| with_metrics(id, 1, &mood(label))).collect();
    ends(&gate(&suite(&keys), completed(&runs)), &[], code, &[why]);
}

#[test]
fn a_label_near_the_one_that_is_asked_for_is_another_and_both_are_named() {
    for (wanted, given) in [
        ("unsatisfied", "satisfied"),
        ("unresolved", "resolved"),
        ("incomplete", "complete"),
        ("tier 1", "tier 2"),
    ] {
        let why = format!("no run gave `{wanted}`, the runs gave `{given}`");
        share(wanted, [json!(given), json!(given)], 0, &why);
        share(given, [json!(wanted), json!(wanted)], 0, "no run gave");
        share(wanted, [json!(given), json!(wanted)], 1, "1 of 2 runs");
    }
}

#[test]
fn a_list_of_labels_has_each_of_them() {
    for list in [json!(["calm", "angry"]), json!(["angry"]), json!("[\"calm\", \"Angry\"]")] {
        share("angry", [json!("calm"), list], 1, "1 of 2 runs");
    }
    share("angry", [json!("calm"), json!([])], 3, "");
    share("angry", [json!("calm"), json!("calm, angry")], 3, "may be one label or several");
}

#[test]
fn a_label_in_another_spelling_or_unicode_form_is_the_same_and_that_is_said() {
    for (wanted, given) in [
        ("Very Angry", "very_angry"),
        ("very_angry", "VERY-ANGRY"),
        ("d\u{e9}\u{e7}u", "de\u{301}c\u{327}u"),
        ("d\u{e9}\u{e7}u", "D\u{c9}\u{c7}U"),
    ] {
        let why = format!("`{given}` counted as `{wanted}`");
        share(wanted, [json!("calm"), json!(given)], 1, &why);
    }
}

#[test]
fn of_a_skipped_label_nothing_is_counted_and_one_that_is_no_text_is_its_number() {
    share("angry", [json!("calm"), Value::Null], 0, "the runs gave `calm`");
    share("3", [json!("1"), json!(3)], 1, "1 of 2 runs");
}
