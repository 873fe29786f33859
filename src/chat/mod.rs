//! The agent's own program in conversation with the platform's simulated caller (mode `api_chat`).
//!
//! One conversation is a pure state machine ([`conversation`]); what the program may write is read
//! in [`protocol`]. Around them: [`process`] starts the program and ends it with its children,
//! [`http`] posts turns to a server, [`drive`] carries the turns of one conversation, and [`crowd`]
//! holds all those of a result, so many at the same time.

pub mod conversation;
pub mod crowd;
mod heard;
pub mod protocol;
pub mod schema;

mod agent;
mod drive;
mod http;
mod process;
mod stderr;

use std::path::PathBuf;
use std::time::Duration;

use crate::redact::Redactor;
use crate::suite::model::{AgentApi, AgentErrors, AgentProcesses, Mode, Suite};

/// Variables that every program needs, and that hold no secret.
const ALWAYS_PASSED: [&str; 18] = [
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "USER",
    "SHELL",
    "VIRTUAL_ENV",
    "SystemRoot",
    "SYSTEMROOT",
    "PATHEXT",
    "COMSPEC",
    "USERPROFILE",
    "APPDATA",
];

/// How the agent's program is started and spoken to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The program and its arguments.
    pub command: Option<Vec<String>>,
    /// How many processes of it there are.
    pub processes: AgentProcesses,
    /// Where turns are posted.
    pub url: Option<String>,
    /// The shape of such a request.
    pub api: AgentApi,
    /// What answers once the server can take turns.
    pub ready: Option<String>,
    /// All that the program sees of the environment.
    pub env: Vec<(String, String)>,
    /// Where the program runs.
    pub dir: Option<PathBuf>,
    /// Where its standard error goes, a file for each process.
    pub logs: PathBuf,
    /// What is taken out of it before it is kept.
    pub redact: Redactor,
    /// Whether a run in which the program failed is a failure of the agent.
    pub counts_as_failed: bool,
    /// The most messages of the agent in a conversation.
    pub turn_limit: u32,
    /// How long the agent may take for an answer.
    pub turn_timeout: Duration,
    /// The shortest time between two questions for a reply, of all conversations together.
    pub spacing: Duration,
}

impl Settings {
    /// Those of a suite in mode api_chat. `var` looks up the environment.
    pub fn of(
        suite: &Suite,
        var: &dyn Fn(&str) -> Option<String>,
        logs: PathBuf,
        spacing: Duration,
    ) -> Option<Self> {
        const USUAL_LIMIT: u32 = 50;
        const USUAL_TIMEOUT: Duration = Duration::from_secs(60);
        if suite.mode != Some(Mode::ApiChat) {
            return None;
        }
        let named = suite.agent_env.iter().flatten().map(String::as_str);
        let env = ALWAYS_PASSED.into_iter().chain(named);
        Some(Self {
            command: suite.agent_command.clone(),
            processes: suite.agent_processes.unwrap_or_default(),
            url: suite.agent_url.clone(),
            api: suite.agent_api.unwrap_or_default(),
            ready: suite.agent_ready.clone(),
            env: env.filter_map(|name| Some((name.to_owned(), var(name)?))).collect(),
            dir: suite.agent_dir.as_ref().map(PathBuf::from),
            logs,
            redact: Redactor::default(),
            counts_as_failed: suite.agent_errors.unwrap_or_default() == AgentErrors::Failed,
            turn_limit: suite.turn_limit.unwrap_or(USUAL_LIMIT),
            turn_timeout: suite.turn_timeout.map_or(USUAL_TIMEOUT, |span| span.duration()),
            spacing,
        })
    }
}
