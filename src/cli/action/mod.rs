//! `action`: the gate as GitHub's action and GitLab's component start it. Their inputs come as
//! variables, `INPUT_AGENT_ID` for `agent_id`, and become a command line of `run`, so that
//! an input means what the flag means. Errors name the inputs.

mod inputs;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Cli, Command, perform, refused};
use crate::ci::System;
use crate::context::{self, Context};
use crate::escape::ci::command_data;
use crate::escape::one_line;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::{connection, secrets};
use crate::output::{ci_files, console};

use self::inputs::Given;

/// Runs what the inputs ask for.
pub(super) fn action(context: &Context) -> Code {
    secrets::of_environment(context);
    let mut context = context.clone();
    let given = Given::take(&mut context);
    let prepared = given.and_then(|given| command_line(&given, &context));
    let cli = match prepared {
        Ok(Prepared::Ready(cli)) => *cli,
        Ok(Prepared::Printed(code)) => return code,
        Err(failure) => return refuse(&failure, &context),
    };
    if let Some(failure) = no_key(&cli, &context) {
        return refuse(&failure, &context);
    }
    match perform(&cli, &context) {
        Ok(code) => code,
        Err(failure) => {
            annotate(&failure.to_string(), &context);
            failure.code()
        }
    }
}

/// A command line that was made of inputs.
enum Prepared {
    /// One that can be carried out.
    Ready(Box<Cli>),
    /// Help or the version: it is printed.
    Printed(Code),
}

/// The command line of the inputs.
fn command_line(given: &Given, context: &Context) -> Result<Prepared, Failure> {
    let found = inputs::Found {
        suite: crate::input::suite_file::has_default()
            || std::path::Path::new(crate::preflight::selection::DEFAULT_LIST).is_file(),
        spec: std::path::Path::new(inputs::DEFAULT_SPEC).is_file(),
    };
    let arguments = given.arguments(found)?;
    let mut cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => {
            let code = if error.print().is_ok() { Code::Passed } else { Code::Report };
            return Ok(Prepared::Printed(code));
        }
        Err(error) => {
            let why = explain(&error, given);
            refused::leave_of_arguments(&arguments, &one_line(&why), context);
            return Err(Failure::Usage(why));
        }
    };
    let inputs = given.beside_flags(context);
    match &mut cli.command {
        Command::Run(args) => args.keys_mut().made_of(inputs),
        // `args` come behind the command's name, and can name no other.
        _ => return Err(Failure::Internal("the inputs ask for another command".to_owned())),
    }
    Ok(Prepared::Ready(Box::new(cli)))
}

/// A run needs a key. Its absence has other causes in a CI system than on a terminal.
fn no_key(cli: &Cli, context: &Context) -> Option<Failure> {
    let Command::Run(args) = &cli.command else { return None };
    if args.is_rehearsal() || args.is_dry() || connection::has_key(&cli.global, context) {
        return None;
    }
    let why = match context.ci {
        System::Gitlab => {
            "a protected variable is not given to pipelines of unprotected branches, and none to \
             those of forks"
        }
        _ => "secrets are not given to workflows of forks; elsewhere, is the secret set?",
    };
    Some(Failure::Credentials(format!("the input `api_key` is empty: {why}")))
}

/// Tells of a failure before there is a command.
fn refuse(failure: &Failure, context: &Context) -> Code {
    let text = one_line(&failure.to_string());
    console::write_stderr_line(&format!("error: {text}"));
    annotate(&text, context);
    ci_files::failed(context, failure.code(), false);
    failure.code()
}

/// Shows a failure above the job, where the CI system can.
fn annotate(text: &str, context: &Context) {
    if context.ci == System::Github {
        console::to_output(&format!("::error title=cekura-gate::{}\n", command_data(text)));
    }
}

/// What is wrong with a command line that was made of inputs, in their words.
fn explain(error: &clap::Error, given: &Given) -> String {
    let texts = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    };
    let input = |argument: &String| {
        let flag = argument.split([' ', '=']).next().unwrap_or_default();
        given.input_of(flag)
    };
    let named: Vec<String> = texts(ContextKind::InvalidArg);
    let whole = || {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        format!("the input `args`: {}", line.trim_start_matches("error: "))
    };
    let Some(first) = named.first().and_then(input) else { return whole() };
    match error.kind() {
        ErrorKind::ArgumentConflict => {
            let others: Vec<String> = texts(ContextKind::PriorArg)
                .iter()
                .filter_map(input)
                .filter(|other| *other != first)
                .map(|other| format!("`{other}`"))
                .collect();
            match others.is_empty() {
                true => format!("the input `{first}` is in `args` too: give it once"),
                false => {
                    format!(
                        "the inputs `{first}` and {} cannot be used together",
                        others.join(", ")
                    )
                }
            }
        }
        ErrorKind::MissingRequiredArgument => {
            format!("the input `{first}` is missing beside the others")
        }
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => {
            let value = texts(ContextKind::InvalidValue).pop().unwrap_or_default();
            let valid = texts(ContextKind::ValidValue);
            let why = match (std::error::Error::source(error), valid.is_empty()) {
                (Some(why), _) => why.to_string(),
                (None, false) => format!("it is one of {}", valid.join(", ")),
                (None, true) => "it is empty".to_owned(),
            };
            let value = crate::document::shown(&value);
            format!("the input `{first}` cannot be {value}: {why}")
        }
        _ => whole(),
    }
}

/// Enters the directory that the input `working_directory` names.
fn enter(dir: &str) -> Result<(), Failure> {
    context::enter(std::path::Path::new(dir)).map_err(|error| {
        Failure::Usage(format!("the input `working_directory` names no directory: {error}"))
    })
}
