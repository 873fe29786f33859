//! The rules of `conditional_actions`: what the simulated caller does turn by turn.
//!
//! Pure. What the platform refuses, and what could never fire, is an error; what it takes and
//! ignores is a warning. The rules are those of the platform's documentation of structured tests.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::model::{CONDITIONAL, Case, MetricRef, Spec};
use super::tags::{self, Fault, Tag};
use crate::document::{Path, Problem, shown};
use crate::text;

/// The condition of the first entry.
const FIRST_MESSAGE: &str = "FIRST_MESSAGE";
const TYPES: [&str; 2] = ["standard", "action_followup"];

/// What is wrong with the script of a case. `at` is its place.
pub(super) fn problems(script: &Map<String, Value>, at: &Path) -> Vec<Problem> {
    let mut problems = Vec::new();
    let role = script.get("role").and_then(Value::as_str);
    if role.is_none_or(|role| role.trim().is_empty()) {
        problems.push(
            Problem::new(at.clone(), "`conditional_actions` needs a `role`")
                .help("say who the caller is: `role: You are a customer who …`"),
        );
    }
    let conditions = script.get("conditions").and_then(Value::as_array);
    let Some(conditions) = conditions.filter(|conditions| !conditions.is_empty()) else {
        problems.push(
            Problem::new(at.clone(), "`conditional_actions` needs a list of `conditions`")
                .help("begin with `{ id: 0, condition: FIRST_MESSAGE, … }`"),
        );
        return problems;
    };
    let list = at.child("conditions");
    let mut ids: BTreeMap<u64, usize> = BTreeMap::new();
    for (index, entry) in conditions.iter().enumerate() {
        let at = list.child(index);
        let Some(entry) = entry.as_object() else {
            problems.push(
                Problem::new(at, "a condition is a mapping")
                    .help("with `id`, `condition`, `action`, `type` and `fixed_message`"),
            );
            continue;
        };
        condition(index, entry, &at, &ids, &mut problems);
        match entry.get("id").and_then(Value::as_u64) {
            None => {
                problems.push(
                    Problem::new(at, "the condition needs an `id`")
                        .help("a whole number, 0 for the first"),
                );
            }
            Some(id) => {
                if let Some(first) = ids.get(&id) {
                    let problem = Problem::new(
                        at.child("id"),
                        format!("two conditions have the id {}", shown(&id.to_string())),
                    );
                    problems.push(
                        problem
                            .help("give each its own")
                            .beside(list.child(*first).child("id"), "the other"),
                    );
                } else {
                    ids.insert(id, index);
                }
            }
        }
    }
    problems
}

/// What is wrong with one condition. `ids` are those of the conditions before it.
fn condition(
    index: usize,
    entry: &Map<String, Value>,
    at: &Path,
    ids: &BTreeMap<u64, usize>,
    problems: &mut Vec<Problem>,
) {
    let mut problem = |path: Path, message: String, help: &str| {
        problems.push(Problem::new(path, message).help(help));
    };
    let place = |key: &str| match entry.contains_key(key) {
        true => at.child(key),
        false => at.clone(),
    };
    let kind = entry.get("type").and_then(Value::as_str);
    match kind {
        Some(kind) if TYPES.contains(&kind) => {}
        Some(kind) => problem(
            place("type"),
            format!("{} is not a type of condition", shown(kind)),
            "the types are `standard` and `action_followup`",
        ),
        None => problem(
            place("type"),
            "the condition needs a `type`".to_owned(),
            "`standard`, or `action_followup` for the turn after another condition",
        ),
    }
    let fixed = entry.get("fixed_message").and_then(Value::as_bool);
    if fixed.is_none() {
        problem(
            place("fixed_message"),
            "the condition needs `fixed_message`: true or false".to_owned(),
            "`true` says `action` word for word, `false` takes it as an instruction",
        );
    }
    let action = entry.get("action").and_then(Value::as_str);
    if index > 0 && action.is_none_or(|action| action.trim().is_empty()) {
        problem(
            place("action"),
            "the condition needs an `action`".to_owned(),
            "what the caller says or does; only the first may be empty, where the agent speaks first",
        );
    }
    let when = entry.get("condition");
    if index == 0 {
        let is_first = when.and_then(Value::as_str) == Some(FIRST_MESSAGE)
            && entry.get("id").and_then(Value::as_u64) == Some(0);
        if !is_first {
            problem(
                place("condition"),
                "the first condition is not the first message".to_owned(),
                "write `id: 0, condition: FIRST_MESSAGE`",
            );
        }
        if fixed == Some(false) {
            problem(
                place("fixed_message"),
                "the first message has `fixed_message: false`".to_owned(),
                "write `fixed_message: true`: the platform accepts nothing else",
            );
        }
    } else {
        reference(kind, when, &place("condition"), ids, &mut problem);
    }
    for fault in action.map(tags::faults).unwrap_or_default() {
        if let Fault::Error(message, help) = fault {
            problem(place("action"), message, help);
        }
    }
}

/// What is wrong with when a condition that is not the first fires.
fn reference(
    kind: Option<&str>,
    when: Option<&Value>,
    at: &Path,
    ids: &BTreeMap<u64, usize>,
    problem: &mut impl FnMut(Path, String, &str),
) {
    if kind == Some("action_followup") {
        match when.and_then(Value::as_u64) {
            None => problem(
                at.clone(),
                "an `action_followup` names the id of the condition that it follows".to_owned(),
                "write a whole number, without quotes",
            ),
            Some(id) if !ids.contains_key(&id) => problem(
                at.clone(),
                format!(
                    "no earlier condition has the id {}: this one never fires",
                    shown(&id.to_string())
                ),
                "name the id of a condition that stands above it",
            ),
            Some(_) => {}
        }
        return;
    }
    match when {
        Some(Value::String(when)) if when.trim() == FIRST_MESSAGE => problem(
            at.clone(),
            "`FIRST_MESSAGE` is only the first condition's: this one never fires".to_owned(),
            "say in words when it fires",
        ),
        Some(Value::String(when)) if !when.trim().is_empty() => {}
        Some(Value::Number(_)) if kind == Some("standard") => problem(
            at.clone(),
            "a `standard` condition says in words when it fires, and this is the id of another"
                .to_owned(),
            "write `type: action_followup` to follow that one",
        ),
        _ => problem(
            at.clone(),
            "the condition does not say when it fires".to_owned(),
            "say it in words: `condition: The agent asks for your name`",
        ),
    }
}

/// Whether the caller of a case does what its `conditional_actions` say.
pub(super) fn is_scripted(case: &Case) -> bool {
    case.case_type.as_ref().is_some_and(|case_type| case_type.0 == CONDITIONAL)
}

/// What the platform takes, and what will not do what it seems to do.
pub fn warnings(spec: &Spec) -> Vec<String> {
    let mut warnings = Vec::new();
    for case in &spec.scenarios {
        let name = shown(&case.name);
        warnings.extend(without_its_metric(case, spec).then(|| {
            format!(
                "the case {name} has an `expected_outcome`, and its `metrics` do not name the metric \
                 that judges it: add `expected_outcome`"
            )
        }));
        let unused = case.conditional_actions.is_some() && !is_scripted(case);
        warnings.extend(unused.then(|| {
            format!(
                "the case {name} has `conditional_actions`, and a type that does not use them: write \
                 `type: conditional_actions`, or remove them"
            )
        }));
        let conditions = case.conditional_actions.as_ref().and_then(|all| all.get("conditions"));
        for entry in conditions.and_then(Value::as_array).into_iter().flatten() {
            let id = entry.get("id").map(Value::to_string).unwrap_or_default();
            let place = format!("the case {name}, condition {id}");
            warnings
                .extend(of_condition(entry).into_iter().map(|words| format!("{place}: {words}")));
        }
    }
    warnings
}

fn of_condition(entry: &Value) -> Vec<String> {
    let action = entry.get("action").and_then(Value::as_str).unwrap_or_default();
    let (found, faults) = (tags::of(action), tags::faults(action));
    let mut warnings: Vec<String> = faults
        .into_iter()
        .filter_map(|fault| match fault {
            Fault::Warning(message) => Some(message),
            Fault::Error(..) => None,
        })
        .collect();
    let known: Vec<&Tag> = found.iter().filter(|tag| tag.is_known()).collect();
    if entry.get("fixed_message") == Some(&Value::Bool(false)) && !known.is_empty() {
        let mut names: Vec<String> = known.iter().map(|tag| format!("`<{}>`", tag.name)).collect();
        names.dedup();
        warnings.push(format!("{} works with `fixed_message: true` only", text::list(&names)));
    }
    let interrupts = known.iter().any(|tag| tag.name == "interruption");
    if interrupts && entry.get("type").and_then(Value::as_str) != Some("action_followup") {
        warnings.push("`<interruption>` works only in an `action_followup`".to_owned());
    }
    warnings
}

/// Whether a case says what a good call looks like, and names metrics among which none judges it.
/// What an id stands for is not known.
fn without_its_metric(case: &Case, spec: &Spec) -> bool {
    let defaults = spec.defaults.as_ref().and_then(|defaults| defaults.metrics.as_ref());
    let Some(metrics) = case.metrics.as_ref().or(defaults) else { return false };
    let judges = |metric: &MetricRef| match metric {
        MetricRef::Id(_) => true,
        MetricRef::Slug(slug) => slug.0.contains("expected_outcome"),
    };
    case.expected_outcome.is_some() && !metrics.iter().any(judges)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn first() -> Value {
        json!({ "id": 0, "condition": "FIRST_MESSAGE", "action": "Hi", "type": "standard",
                "fixed_message": true })
    }

    fn messages(conditions: Value) -> Vec<String> {
        let script = json!({ "role": "You are a customer", "conditions": conditions });
        let problems = problems(script.as_object().unwrap(), &Path::root());
        problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
    }

    #[test]
    fn a_script_as_the_platform_documents_it_is_fine() {
        let conditions = json!([
            { "id": 0, "condition": "FIRST_MESSAGE", "action": "", "type": "standard",
              "fixed_message": true },
            { "id": 1, "condition": "The agent asks for your name", "action": "Say it",
              "type": "standard", "fixed_message": false },
            { "id": 2, "condition": 1, "action": "<interruption time=\"2s\" /> Sorry",
              "type": "action_followup", "fixed_message": true },
            { "id": 3, "condition": "contains \"bye\" OR contains \"thanks\"",
              "action": "Bye <endcall />", "type": "standard", "fixed_message": true },
        ]);
        assert_eq!(messages(conditions), [""; 0]);
    }

    #[test]
    fn each_thing_that_the_platform_refuses_is_an_error_at_its_place() {
        let rows = [
            (json!({ "type": null }), "conditions.1.type: the condition needs a `type`"),
            (json!({ "type": "follow" }), "conditions.1.type: `follow` is not a type of condition"),
            (
                json!({ "fixed_message": null }),
                "conditions.1.fixed_message: the condition needs `fixed_message`: true or false",
            ),
            (json!({ "action": " " }), "conditions.1.action: the condition needs an `action`"),
            (json!({ "id": 0 }), "conditions.1.id: two conditions have the id `0`"),
            (json!({ "id": "1" }), "conditions.1: the condition needs an `id`"),
            (
                json!({ "condition": "" }),
                "conditions.1.condition: the condition does not say when it fires",
            ),
            (
                json!({ "condition": "FIRST_MESSAGE" }),
                "conditions.1.condition: `FIRST_MESSAGE` is only the first condition's: this one never fires",
            ),
            (
                json!({ "condition": 0 }),
                "conditions.1.condition: a `standard` condition says in words when it fires, and this is the id of another",
            ),
            (
                json!({ "type": "action_followup", "condition": "0" }),
                "conditions.1.condition: an `action_followup` names the id of the condition that it follows",
            ),
            (
                json!({ "type": "action_followup", "condition": 1 }),
                "conditions.1.condition: no earlier condition has the id `1`: this one never fires",
            ),
            (
                json!({ "action": "<ivr text=\"Press 1\" /> now" }),
                "conditions.1.action: `<ivr>` is not the whole action",
            ),
        ];
        for (change, expected) in rows {
            let mut second = json!({ "id": 1, "condition": "The agent greets", "action": "Hello",
                                     "type": "standard", "fixed_message": true });
            for (key, value) in change.as_object().unwrap() {
                second[key] = value.clone();
            }
            assert_eq!(messages(json!([first(), second])), [expected]);
        }
    }

    #[test]
    fn the_first_condition_is_the_first_message() {
        for (change, expected) in [
            (json!({ "condition": "" }), "the first condition is not the first message"),
            (json!({ "id": 1 }), "the first condition is not the first message"),
            (json!({ "fixed_message": false }), "the first message has `fixed_message: false`"),
        ] {
            let mut entry = first();
            for (key, value) in change.as_object().unwrap() {
                entry[key] = value.clone();
            }
            let messages = messages(json!([entry]));
            assert!(messages.len() == 1 && messages[0].ends_with(expected), "{messages:?}");
        }
        assert_eq!(messages(json!([])), [": `conditional_actions` needs a list of `conditions`"]);
        assert_eq!(messages(json!([7])), ["conditions.0: a condition is a mapping"]);
    }

    #[test]
    fn what_is_taken_and_ignored_is_warned_of() {
        let spec = |case: Value| -> Spec {
            serde_json::from_value(json!({ "version": "1", "scenarios": [case] })).unwrap()
        };
        let of_action = |action: &str, fixed: bool, kind: &str| {
            let entry = json!({ "id": 1, "condition": 0, "action": action, "type": kind,
                                "fixed_message": fixed });
            let script = json!({ "role": "a", "conditions": [first(), entry] });
            let messages = warnings(&spec(json!({ "name": "A", "type": "conditional_actions",
                                                "conditional_actions": script })));
            messages.join("; ")
        };
        let script = json!({ "role": "a", "conditions": [first()] });
        let case = json!({ "name": "A", "instructions": "x", "conditional_actions": script });
        assert!(warnings(&spec(case))[0].contains("does not use them"));
        assert_eq!(of_action("Bye <endcall />", true, "standard"), "");
        assert_eq!(
            of_action("Bye <endcall />", false, "standard"),
            "the case `A`, condition 1: `<endcall>` works with `fixed_message: true` only"
        );
        assert!(
            of_action("<interruption time='2s' /> x", true, "standard").contains("works only in")
        );
        assert!(
            of_action("x <interruption time='2s' />", true, "action_followup").contains("start")
        );
        assert!(of_action("<hangup /> x", true, "standard").contains("`<hangup>`"));
        let jitter = of_action("<network_simulation jitter='5' /> x", true, "standard");
        assert!(jitter.contains("`jitter`"), "{jitter}");

        let outcome = |metrics: Value| {
            let case = json!({ "name": "A", "instructions": "x", "expected_outcome": "Good.",
                               "metrics": metrics });
            warnings(&spec(case)).len()
        };
        assert_eq!(outcome(json!(["latency"])), 1);
        assert_eq!(outcome(json!(["latency", "expected_outcome"])), 0);
        assert_eq!(outcome(json!([7])), 0, "an id may be anything");
    }
}
