//! The inputs of a CI system's step: which there are, and the arguments that they become. It decides
//! nothing about their values: the flags do.

use std::collections::BTreeMap;

use super::enter;
use crate::ci::System;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::input_names::{Inputs, NAMES};
use crate::input::secrets;

/// Where the test cases are looked for when nothing says what to run.
pub(super) const DEFAULT_SPEC: &str = "cekura.tests.json";

/// The inputs with a value, by their names.
pub(super) struct Given(BTreeMap<String, String>);

/// What lies in the working directory.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    /// A suite, or a list of suites, in its usual place.
    pub(super) suite: bool,
    /// A file of test cases in its usual place.
    pub(super) spec: bool,
}

impl Given {
    /// Takes the inputs out of the environment, enters the directory that they name, and puts key
    /// and token where the gate looks for them.
    pub(super) fn take(context: &mut Context) -> Result<Self, Failure> {
        const PREFIX: &str = "INPUT_";
        if let Some(name) = context.not_utf8.keys().find_map(|name| name.strip_prefix(PREFIX)) {
            let name = name.to_ascii_lowercase();
            return Err(Failure::Usage(format!("the input `{name}` is not UTF-8 text")));
        }
        let (inputs, env): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut context.env)
            .into_iter()
            .partition(|(name, _)| name.starts_with(PREFIX));
        context.env = env;
        let inputs = inputs.into_iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
            let value = value.trim();
            (!value.is_empty()).then(|| (name, value.to_owned()))
        });
        let mut given = Self(inputs.collect());
        // A variable that is not set stands there by its name.
        if let Some(key) = given.0.remove("api_key").filter(|key| !key.starts_with('$')) {
            context.env.insert("CEKURA_API_KEY".to_owned(), key);
        }
        let token = given.0.remove("github_token");
        // Only a gate that is to comment gets the token.
        if let Some(token) = token.filter(|_| given.is_true("comment").unwrap_or_default()) {
            context.env.insert("GITHUB_TOKEN".to_owned(), token);
        }
        secrets::of_environment(context);
        if let Some(dir) = given.text("working_directory") {
            enter(dir)?;
        }
        Ok(given)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn is_true(&self, name: &str) -> Result<bool, Failure> {
        match self.text(name) {
            Some("true" | "True" | "TRUE") => Ok(true),
            None | Some("false" | "False" | "FALSE") => Ok(false),
            Some(_) => Err(Failure::Usage(format!("the input `{name}` is neither true nor false"))),
        }
    }

    /// The input that a flag of the command line was made of.
    pub(super) fn input_of(&self, flag: &str) -> Option<&'static str> {
        let mut inputs =
            NAMES.iter().filter(|(_, one, _)| *one == flag).map(|(input, _, _)| *input);
        inputs.find(|input| self.0.contains_key(*input))
    }

    /// The arguments of the process that does what the inputs say.
    pub(super) fn arguments(&self, found: Found) -> Result<Vec<String>, Failure> {
        self.fits_together()?;
        let is_dry = self.is_true("dry_run")?;
        let mut arguments = vec!["cekura-gate".to_owned(), "run".to_owned()];
        if is_dry {
            arguments.push("--dry-run".to_owned());
        }
        for (input, flag, _) in NAMES {
            match self.argument(input, flag)? {
                // `check` starts nothing, whatever changed.
                Some(Value::Of(_)) if is_dry && flag == "--changed-since" => {}
                Some(Value::Of(text)) => arguments.push(format!("{flag}={text}")),
                Some(Value::Is) if !(is_dry && flag == "--comment") => {
                    if !arguments.iter().any(|one| one == flag) {
                        arguments.push(flag.to_owned());
                    }
                }
                Some(Value::Is) | None => {}
            }
        }
        if self.takes_default_spec(found) {
            arguments.push(format!("--spec={DEFAULT_SPEC}"));
        }
        let lines = self.text("args").into_iter().flat_map(str::lines).map(str::trim);
        arguments.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
        let batch = self.text("batch").map(|_| crate::input::input_names::BATCH);
        if let Some(suite) = self.text("suite").or_else(|| self.text("batch_file")).or(batch) {
            arguments.extend(["--".to_owned(), suite.to_owned()]);
        } else if !found.suite && !self.says_what_to_run() && !self.takes_default_spec(found) {
            return Err(self.nothing_to_run());
        }
        Ok(arguments)
    }

    /// What no command line says.
    pub(super) fn beside_flags(&self, context: &Context) -> Inputs {
        let run = context.var("GITHUB_RUN_ID").filter(|_| context.ci == System::Github);
        Inputs {
            batch: self.text("batch").map(str::to_owned),
            batch_prefix: run.map(|id| format!("GitHub run {id}")),
        }
    }

    /// The value of an input as that of a flag; none where the flag has none.
    fn argument(&self, input: &str, flag: &str) -> Result<Option<Value>, Failure> {
        if flag.starts_with('[') {
            return Ok(None);
        }
        if flag == "--report-only" {
            let reports_only = self.text(input).is_some() && !self.is_true(input)?;
            return Ok(reports_only.then_some(Value::Is));
        }
        if matches!(flag, "--share-link" | "--comment") {
            return Ok(self.is_true(input)?.then_some(Value::Is));
        }
        let Some(text) = self.text(input) else { return Ok(None) };
        let numbers = match text {
            "same_number" => Some("same"),
            "different_numbers" => Some("different"),
            _ => None,
        };
        let value = match (input, flag) {
            // The platform's own component has another meaning of `mode`, recognised by its value.
            ("mode", "--numbers") => match numbers {
                Some(numbers) => numbers.to_owned(),
                None => return Ok(None),
            },
            ("mode", _) if numbers.is_some() => return Ok(None),
            ("scenario_ids" | "personality_ids" | "test_profile_ids" | "tags", _) => items(text),
            ("mock_tool_names", _) if !text.starts_with('[') => items(text),
            // A bare number is a number of seconds, as in Cekura's own actions.
            ("timeout", _) if text.bytes().all(|byte| byte.is_ascii_digit()) => format!("{text}s"),
            // JSON is read as such: its lines end up in no message.
            ("livekit_data" | "pipecat_data" | "mock_tool_names", _) => {
                return Ok(Some(Value::Of(text.to_owned())));
            }
            _ => text.to_owned(),
        };
        match value.chars().any(char::is_control) {
            true => Err(Failure::Usage(format!(
                "the input `{input}` contains a line break or a control character"
            ))),
            false => Ok(Some(Value::Of(value))),
        }
    }

    /// Refuses inputs that say the same, or that name two things to run.
    fn fits_together(&self) -> Result<(), Failure> {
        let refuse = |why: &str| Err(Failure::Usage(why.to_owned()));
        let has = |name: &str| self.0.contains_key(name);
        if has("concurrency") && has("concurrency_limit") {
            return refuse(
                "the inputs `concurrency` and `concurrency_limit` say the same: give one of them",
            );
        }
        let mode = self
            .text("mode")
            .is_some_and(|mode| !mode.ends_with("_number") && !mode.ends_with("_numbers"));
        if mode && has("execution_mode") {
            return refuse("the inputs `mode` and `execution_mode` say the same: give one of them");
        }
        if has("batch") && has("batch_file") {
            return refuse("the inputs `batch` and `batch_file` cannot be used together");
        }
        if !has("batch") && !has("batch_file") {
            return Ok(());
        }
        if has("suite") {
            return refuse("a batch cannot be used with `suite`: list both in a gates.yml");
        }
        if !has("concurrency") && !has("concurrency_limit") {
            return refuse(
                "the input `concurrency` is empty: say how many calls the batch may have at the \
                 same time",
            );
        }
        Ok(())
    }

    /// Whether inputs choose what to run.
    fn says_what_to_run(&self) -> bool {
        let names =
            ["suite", "batch", "batch_file", "scenario_ids", "tags", "folder_path", "spec", "args"];
        names.iter().any(|name| self.0.contains_key(*name))
    }

    /// Cekura's own suite action takes its file from there, where nothing else says what to run.
    fn takes_default_spec(&self, found: Found) -> bool {
        let agent = self.0.contains_key("agent_id") || self.0.contains_key("assistant_id");
        found.spec && !found.suite && agent && !self.says_what_to_run()
    }

    fn nothing_to_run(&self) -> Failure {
        let beside = match self.0.contains_key("agent_id") {
            true => "the inputs name an agent, and nothing to run",
            false => "the inputs name nothing to run",
        };
        Failure::Usage(format!(
            "{beside}: there is neither cekura-gate.yml nor .cekura/gate.yml here; give `suite`, \
             `scenario_ids`, `tags`, `folder_path`, `spec` or `batch`"
        ))
    }
}

/// The value of a flag.
enum Value {
    /// This text.
    Of(String),
    /// None: it is given.
    Is,
}

/// The items of a list, or a list of nothing, which the flag refuses.
fn items(text: &str) -> String {
    let items: Vec<&str> = text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
    items.join(",")
}

#[cfg(test)]
mod tests;
