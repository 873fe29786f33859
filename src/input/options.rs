//! The global options of the command line.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::ci::System;

/// Flags that every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Address of the platform's API [env: CEKURA_API_URL] [default: https://api.cekura.ai].
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) api_url: Option<String>,
    /// File that holds the API key. Otherwise CEKURA_API_KEY or ~/.cekura/config.toml is read.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) api_key_file: Option<PathBuf>,
    /// Send the key over plain http to a host that is not this machine.
    #[arg(long, global = true)]
    pub(crate) allow_http: bool,
    /// File with certificates (PEM) of further authorities to trust, such as a company's proxy.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// CI system whose files and commands are written: github, gitlab, jenkins, azure, circleci,
    /// buildkite, bitbucket or none [default: the one that the environment names].
    #[arg(long, global = true, value_enum, value_name = "SYSTEM", hide_possible_values = true)]
    pub(crate) ci: Option<System>,
    /// Let the suite use this environment variable although it looks like a secret. May be repeated.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) allow_env: Vec<String>,
    /// Let the suite name files outside of the repository.
    #[arg(long, global = true)]
    pub(crate) allow_outside: bool,
    /// What standard output holds: text, one JSON document (also of a failure), or, of compare,
    /// Markdown. With json everything else goes to standard error.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// The same as --format json.
    #[arg(long, global = true, hide = true)]
    pub(crate) json: bool,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Print nothing but errors.
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print each request with its status and time; given twice, also its address.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Format of what --verbose prints.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
}

impl Global {
    /// Whether standard output is to hold one JSON document.
    pub(crate) fn is_json(&self) -> bool {
        self.json || self.format == Format::Json
    }
}

/// What standard output holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a person at a terminal.
    Text,
    /// For a comment or a summary: compare only.
    Markdown,
    /// For a program.
    Json,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for a person.
    Text,
    /// A JSON object a line.
    Json,
}
