//! The command line: what can be asked, and which command answers.
//!
//! One small file per command. This one holds the flags that all share, the dispatch, and the
//! last line of defence: a fault of this program ends with code 70, without a secret.

mod action;
mod call;
mod changed;
mod check;
mod check_lines;
mod compare;
mod init;
mod judge;
mod prompt;
mod refused;
mod remote;
mod result;
mod run;
mod schema;
mod simulate;
mod test_set;
mod watch;

use clap::{CommandFactory, Parser, Subcommand};

use crate::context::{self, Context};
use crate::escape::one_line;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::options::{Format, Global};
use crate::input::secrets;
use crate::output::console::Console;
use crate::output::{ci_files, console};

/// Decides whether a voice or chat agent may ship: starts test runs on Cekura, waits, judges the
/// evidence against thresholds, writes reports, and exits with a code that says what happened.
#[derive(Debug, Parser)]
#[command(name = "cekura-gate", version, max_term_width = 100, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the suite's runs, wait, judge, report: the main job.
    Run(Box<run::Args>),
    /// Validate a suite without a network; print the plan and the request. With --online also look
    /// up what it names and price it. Starts nothing.
    Check(Box<check::Args>),
    /// Wait for a result that is already running, judge, report.
    /// Its calls are not ended unless --on-cancel or --on-timeout says so.
    Watch(Box<watch::Args>),
    /// Judge and report again from a saved result.json, offline.
    Judge(judge::Args),
    /// Compare two saved results or result ids: what got better, what got worse, and what may be
    /// noise.
    Compare(compare::Args),
    /// Show, end, share, score again or run again one result.
    #[command(subcommand)]
    Result(result::Command),
    /// Show, listen to, end or review one call.
    #[command(subcommand)]
    Call(call::Command),
    /// Improve the agent's prompt from what went wrong in calls.
    #[command(subcommand)]
    Prompt(prompt::Command),
    /// Keep calls with the scores that they should have.
    #[command(subcommand)]
    TestSet(test_set::Command),
    /// Serve a local simulator for the Cekura API, scripted by a YAML world.
    Simulate(simulate::Args),
    /// Write a suite and the workflow of the CI system that is found here. Asks no question: with an
    /// API key the suite fits the account. Leaves what is there.
    Init(init::Args),
    /// Print a JSON Schema: of the suite file, of a world, or of result.json.
    Schema(schema::Args),
    /// Run what the inputs of a CI system's step say: `INPUT_AGENT_ID` for `agent_id`. For GitHub's
    /// action and GitLab's component.
    #[command(hide = true)]
    Action,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Runs the command that the process was started with.
pub fn main(context: &Context) -> Code {
    install_panic_hook();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors to clap, and no fault of the user's.
            if !error.use_stderr() {
                return match error.print() {
                    Ok(()) => Code::Passed,
                    // Whoever read the output has seen enough.
                    Err(gone) if gone.kind() == std::io::ErrorKind::BrokenPipe => Code::Passed,
                    Err(_) => Code::Report,
                };
            }
            // It repeats what was typed, which in a CI job may come from a stranger.
            console::write_stderr_line(error.to_string().trim_end());
            let arguments = context::arguments();
            let asks = |pair: &[String]| pair == ["--format", "json"];
            if arguments.iter().any(|one| one == "--format=json" || one == "--json")
                || arguments.windows(2).any(asks)
            {
                console::write_failure(&one_line(&error.to_string()), Code::Usage, &[]);
            }
            ci_files::failed(context, Code::Usage, false);
            refused::leave_of_arguments(
                &context::arguments(),
                &one_line(&error.to_string()),
                context,
            );
            return Code::Usage;
        }
    };
    if let Command::Action = cli.command {
        return action::action(context);
    }
    perform(&cli, context).unwrap_or_else(|failure| failure.code())
}

/// Carries a command line out. A failure has been told everywhere.
fn perform(cli: &Cli, context: &Context) -> Result<Code, Failure> {
    let context = &Context {
        ci: cli.global.ci.unwrap_or(context.ci),
        allow_env: cli.global.allow_env.clone(),
        allow_outside: cli.global.allow_outside,
        ..context.clone()
    };
    secrets::of_environment(context);
    let console = Console::new(context, &cli.global);
    dispatch(cli, context, &console).inspect_err(|failure| {
        console.failure(failure);
        console.answer_failure(failure);
        let simulated = matches!(&cli.command, Command::Run(args) if args.is_rehearsal());
        ci_files::failed(context, failure.code(), simulated);
        refused::leave(&cli.command, failure, context, simulated);
    })
}

fn dispatch(cli: &Cli, context: &Context, console: &Console) -> Result<Code, Failure> {
    let global = &cli.global;
    if global.format == Format::Markdown && !matches!(cli.command, Command::Compare(_)) {
        return Err(Failure::Usage("--format markdown is for compare".to_owned()));
    }
    match &cli.command {
        Command::Run(args) => run::run(args, global, context, console),
        Command::Check(args) => check::check(args, global, context, console),
        Command::Watch(args) => watch::watch(args, global, context, console),
        Command::Judge(args) => judge::judge(args, global, context, console),
        Command::Compare(args) => compare::compare(args, global, context, console),
        Command::Result(command) => result::result(command, global, context, console),
        Command::Call(command) => call::call(command, global, context, console),
        Command::Prompt(command) => prompt::prompt(command, global, context, console),
        Command::TestSet(command) => test_set::test_set(command, global, context, console),
        Command::Simulate(args) => simulate::simulate(args, context, console),
        Command::Init(args) => init::init(args, global, context, console),
        Command::Schema(args) => schema::schema(args, console),
        Command::Action => Err(Failure::Internal("the inputs ask for themselves".to_owned())),
        Command::Completions { .. } if global.is_json() => Err(Failure::Usage(
            "completions prints a script for a shell, and has no JSON: leave --format out"
                .to_owned(),
        )),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "cekura-gate", &mut script);
            console.print_commands(&String::from_utf8_lossy(&script))?;
            Ok(Code::Passed)
        }
    }
}

/// A panic is a fault of this program: it is told in a line, and the process ends with code 70.
#[expect(clippy::exit, reason = "a panic must end with the code of an internal error")]
fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
        console::write_stderr_line(&format!(
            "internal error{}: this is a fault of cekura-gate {}; please report it",
            place.unwrap_or_default(),
            env!("CARGO_PKG_VERSION"),
        ));
        std::process::exit(i32::from(Code::Internal.number()));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
