//! Profiles: keys that take the place of a suite's own where `--profile` names them, so that one file
//! serves a quick run and a thorough one.
//!
//! Pure. What takes the place of a suite's keys, a profile or flags, does it in [`Suite::replace`].

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::model::{Matrix, Suite};
use super::profile::Profile;
use super::validate::validate;
use crate::document::{Path, Problem, shown};
use crate::text;

/// The longest name of a profile, in characters.
const LONGEST_NAME: usize = 40;

impl Profile {
    /// A suite of its keys alone.
    fn as_suite(&self) -> Suite {
        let this = self.clone();
        Suite {
            agent: this.agent,
            assistant: this.assistant,
            project: this.project,
            scenarios: this.scenarios,
            tags: this.tags,
            folder: this.folder,
            exclude_tags: this.exclude_tags,
            spec: this.spec,
            mode: this.mode,
            frequency: this.frequency,
            personalities: this.personalities,
            test_profiles: this.test_profiles,
            concurrency: this.concurrency,
            timeout: this.timeout,
            retry: this.retry,
            early_stop: this.early_stop,
            budget: this.budget,
            enforce: this.enforce,
            ..Suite::default()
        }
    }

    /// Puts it in the place of the suite's keys.
    pub fn apply(&self, suite: &mut Suite) {
        suite.replace(&self.as_suite());
        put(&mut suite.thresholds, self.thresholds.clone());
        if self.confidence.is_some() {
            suite.thresholds.get_or_insert_default().confidence = self.confidence;
        }
    }
}

impl Suite {
    /// Puts the keys that another suite says in the place of this one's: those that flags and
    /// profiles may hold. A selection replaces the whole selection, an agent the assistant.
    pub(crate) fn replace(&mut self, own: &Suite) {
        let names_agent = own.agent.is_some() || own.assistant.is_some();
        if names_agent {
            (self.agent, self.assistant) = (own.agent, own.assistant.clone());
        }
        self.replace_axes(names_agent, own.mode.is_some());
        if own.scenarios.is_some()
            || own.tags.is_some()
            || own.folder.is_some()
            || own.spec.is_some()
        {
            self.scenarios = own.scenarios.clone();
            self.tags = own.tags.clone();
            self.folder = own.folder.clone();
            self.exclude_tags = None;
            self.spec = own.spec.clone();
            self.cases = None;
            if let (Some(ids), Some(entries)) = (&own.scenarios, &mut self.quarantine) {
                entries.retain(|entry| ids.contains(&entry.scenario));
            }
        }
        put(&mut self.exclude_tags, own.exclude_tags.clone());
        put(&mut self.project, own.project);
        put(&mut self.mode, own.mode);
        put(&mut self.frequency, own.frequency);
        put(&mut self.personalities, own.personalities.clone());
        put(&mut self.test_profiles, own.test_profiles.clone());
        put(&mut self.concurrency, own.concurrency);
        put(&mut self.timeout, own.timeout);
        put(&mut self.name, own.name.clone());
        put(&mut self.enforce, own.enforce);
        put(&mut self.retry, own.retry.clone());
        put(&mut self.early_stop, own.early_stop);
        put(&mut self.budget, own.budget.clone());
        put(&mut self.on_cancel, own.on_cancel);
        put(&mut self.on_timeout, own.on_timeout);
    }

    /// A value takes the place of an axis of the matrix, too: the one side that it names is run.
    fn replace_axes(&mut self, names_agent: bool, names_mode: bool) {
        let Some(matrix) = &mut self.matrix else { return };
        if names_agent {
            matrix.agent = None;
        }
        if names_mode {
            matrix.mode = None;
        }
        if (names_agent || names_mode) && *matrix == Matrix::default() {
            self.matrix = None;
        }
    }
}

fn put<T>(key: &mut Option<T>, own: Option<T>) {
    if own.is_some() {
        *key = own;
    }
}

/// The profile of this name. The error says which there are.
pub(crate) fn named<'a>(suite: &'a Suite, name: &str) -> Result<&'a Profile, String> {
    if let Some(profile) = suite.profiles.as_ref().and_then(|all| all.get(name)) {
        return Ok(profile);
    }
    let names = || suite.profiles.iter().flat_map(BTreeMap::keys);
    let there_is_none = format!("there is no profile {}", shown(name));
    if let Some(near) = text::nearest(name, names().map(String::as_str)) {
        return Err(format!("{there_is_none}; did you mean {}?", shown(near)));
    }
    let known: Vec<String> = names().take(20).map(|name| shown(name)).collect();
    Err(match known.is_empty() {
        true => format!("{there_is_none}: the suite has no `profiles`"),
        false => format!("{there_is_none}: the profiles are {}", text::list(&known)),
    })
}

/// What is wrong with the profiles: their names, and whatever is wrong with the suite that each makes
/// and not with the suite without it.
pub(crate) fn problems(suite: &Suite, chosen: Option<&str>, today: Date) -> Vec<Problem> {
    let own = validate(suite, today);
    let mut problems = Vec::new();
    for (name, profile) in suite.profiles.iter().flatten() {
        let place = Path::of(["profiles", name]);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(fits) {
            let message = format!("{} is no name of a profile", shown(name));
            let help = format!(
                "write up to {LONGEST_NAME} letters, digits, `-`, `_` and `.`, as in `smoke`"
            );
            problems.push(Problem::of_key(place, message).help(help));
            continue;
        }
        if profile.keys().is_empty() {
            let message = format!("the profile {} changes nothing", shown(name));
            problems
                .push(Problem::of_key(place, message).help("add `frequency: 1`, or leave it out"));
            continue;
        }
        // What is wrong with the chosen one is said of the suite that it makes, with the flags.
        if chosen == Some(name) {
            continue;
        }
        let mut merged = suite.clone();
        profile.apply(&mut merged);
        let is_new = |problem: &Problem| {
            own.iter().all(|one| one.path != problem.path || one.message != problem.message)
        };
        problems.extend(validate(&merged, today).into_iter().filter(is_new).map(|mut problem| {
            problem.message = format!("with `--profile {name}`: {}", problem.message);
            problem.path = profile.place(name, &problem.path).unwrap_or(problem.path);
            problem
        }));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::figures::{ERRORS, SUCCESS_RATE};
    use crate::document::Source;
    use crate::suite::model::Frequency;

    fn suite(text: &str) -> Suite {
        let text = format!("version: 1\nagent: 1\n{text}");
        let source = Source { name: "suite", text: &text };
        crate::suite::read(source, &|_| None, today()).unwrap().value
    }

    fn today() -> Date {
        "2026-01-01".parse().unwrap()
    }

    fn merged(text: &str, name: &str) -> Suite {
        let mut suite = suite(text);
        suite.profiles.as_ref().unwrap()[name].clone().apply(&mut suite);
        suite
    }

    #[test]
    fn a_profile_replaces_the_keys_that_it_says_and_no_others() {
        let text = "scenarios: [1, 2]\nfrequency: 5\ntimeout: 5m\nthresholds: { success_rate: 90% }\n\
                    profiles: { smoke: { frequency: 1 }, nightly: { frequency: 10, confidence: 95% } }\n";
        let smoke = merged(text, "smoke");
        assert_eq!(smoke.frequency, Some(Frequency::Fixed(1)));
        assert_eq!(smoke.scenarios, Some(vec![1, 2]));
        let nightly = merged(text, "nightly").thresholds.unwrap();
        assert!(nightly.figures.get(&SUCCESS_RATE).is_some() && nightly.confidence.is_some());
    }

    #[test]
    fn a_selection_replaces_the_whole_selection_and_thresholds_replace_all_thresholds() {
        let text = "scenarios: [1, 2]\nthresholds: { success_rate: 90%, errors: 5% }\n\
                    profiles: { smoke: { tags: [smoke], thresholds: { success_rate: 100% } } }\n";
        let smoke = merged(text, "smoke");
        assert_eq!((smoke.scenarios, smoke.tags), (None, Some(vec!["smoke".to_owned()])));
        assert_eq!(smoke.thresholds.unwrap().figures.get(&ERRORS), None);
    }

    #[test]
    fn what_is_wrong_with_a_profile_is_found_though_nobody_has_chosen_it() {
        let text = "scenarios: [1, 2]\nsip: { endpoint: \"sip:a@example.com\" }\nmode: sip\n\
                    profiles: { a b: { frequency: 1 }, empty: {}, text: { mode: text } }\n";
        let found = problems(&suite(text), None, today());
        let messages: Vec<String> =
            found.iter().map(|one| format!("{}: {}", one.path, one.message)).collect();
        assert_eq!(messages.len(), 3, "{messages:#?}");
        assert_eq!(messages[0], "profiles.a b: `a b` is no name of a profile");
        assert_eq!(messages[1], "profiles.empty: the profile `empty` changes nothing");
        assert!(messages[2].starts_with("sip: with `--profile text`: "), "{}", messages[2]);
    }

    #[test]
    fn an_unknown_profile_gets_a_suggestion_or_the_list() {
        let known = suite("scenarios: [1]\nprofiles: { smoke: { frequency: 1 } }\n");
        for (suite, name, why) in [
            (&known, "smok", "there is no profile `smok`; did you mean `smoke`?"),
            (&known, "x", "there is no profile `x`: the profiles are `smoke`"),
            (
                &suite("scenarios: [1]\n"),
                "x",
                "there is no profile `x`: the suite has no `profiles`",
            ),
        ] {
            assert_eq!(named(suite, name).unwrap_err(), why);
        }
    }
}
