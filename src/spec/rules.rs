//! The rules of a spec that span several keys.
//!
//! The first three are the platform's. The last is the gate's own: the platform's answers name a
//! case by its name alone, so two cases with one name could not be told apart.

use std::collections::BTreeMap;

use super::model::{Case, Defaults, OF_A_NEW_PERSONALITY, Personality, TestProfile};
use crate::document::{Path, Problem, Sound, shown};
use crate::text;

/// What is wrong with the defaults of a spec.
pub(super) fn defaults(defaults: Option<&Defaults>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(defaults) = defaults {
        let at = Path::of(["defaults"]);
        people(defaults.personality.as_ref(), defaults.test_profile.as_ref(), &at, &mut problems);
    }
    problems
}

/// What is wrong with cases that stand at a path. What a case lacks is told of those only that are
/// sound: the others may have it, mistyped.
pub fn cases(cases: &[Case], at: &Path, sound: Sound<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let at = at.child(index);
        if sound(&at) {
            script(case, &at, &mut problems);
        }
        people(case.personality.as_ref(), case.test_profile.as_ref(), &at, &mut problems);
    }
    problems.extend(repeated(cases, at));
    problems
}

/// Cases that results could not tell apart.
fn repeated(cases: &[Case], list: &Path) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (mut names, mut keys) = (BTreeMap::new(), BTreeMap::new());
    for (index, case) in cases.iter().enumerate() {
        let at = list.child(index);
        let same_name = names.insert(case.name.trim(), index);
        // A case without a key is known by its name.
        let same_key = keys.insert(case.key(), index);
        let (path, noun, word, first) = match (same_name, same_key) {
            (Some(first), _) => (at.child("name"), "name", case.name.as_str(), first),
            (None, Some(first)) => {
                let own = if case.key.is_some() { "key" } else { "name" };
                (at.child(own), "key", case.key(), first)
            }
            (None, None) => continue,
        };
        let message = format!("two cases have the {noun} {}", shown(word));
        let problem = Problem::new(path, message)
            .help("give each its own, because results distinguish cases by it");
        problems.push(problem.beside(list.child(first).child("name"), "the other"));
    }
    problems
}

/// What the caller does must be said.
fn script(case: &Case, at: &Path, problems: &mut Vec<Problem>) {
    if !super::conditions::is_scripted(case) {
        if case.instructions.is_none() {
            let message = format!("the case {} needs `instructions`", shown(&case.name));
            let help = "add `instructions`: what the simulated caller does";
            problems.push(Problem::of_key(at.child("name"), message).help(help));
        }
        return;
    }
    if let Some(script) = &case.conditional_actions {
        problems.extend(super::conditions::problems(script, &at.child("conditional_actions")));
    }
    let needed = [
        ("conditional_actions", case.conditional_actions.is_none()),
        ("language", case.language.is_none()),
    ];
    for (key, _) in needed.into_iter().filter(|(_, missing)| *missing) {
        let message = format!("a case of the type conditional_actions needs `{key}`");
        let help = format!("add `{key}` to the case {}", shown(&case.name));
        problems.push(Problem::new(at.child("type"), message).help(help));
    }
}

/// What a personality and a test profile need that are made up in the spec.
fn people(
    personality: Option<&Personality>,
    profile: Option<&TestProfile>,
    at: &Path,
    problems: &mut Vec<Problem>,
) {
    if let Some(Personality::Inline(new)) = personality
        && new.base.is_none()
    {
        let given = [
            new.prompt.is_some(),
            new.language.is_some(),
            new.voice_model.is_some(),
            new.voice_id.is_some(),
            new.background_noise.is_some(),
        ];
        let missing = OF_A_NEW_PERSONALITY.iter().zip(given).filter(|(_, given)| !given);
        let missing: Vec<String> = missing.map(|(key, _)| format!("`{key}`")).collect();
        if !missing.is_empty() {
            problems.push(
                Problem::of_key(
                    at.child("personality"),
                    format!("a new personality needs {}", text::list(&missing)),
                )
                .help("add them, or change one of the account's with `base`: its id"),
            );
        }
    }
    if let Some(TestProfile::Inline(new)) = profile
        && **new == super::model::NewTestProfile::default()
    {
        problems.push(
            Problem::of_key(at.child("test_profile"), "the test profile is empty")
                .help("add `agent_variables` or `caller_variables`, or remove it"),
        );
    }
}
