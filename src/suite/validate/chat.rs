//! What mode `api_chat` needs, and which of its keys go together.

use super::super::model::{AgentProcesses, Mode, Suite};
use super::{Problems, at};
use crate::document::shown;

/// Variables that belong to the gate or to the CI system: no agent's program gets them.
const NEVER_PASSED: [&str; 9] = [
    "CEKURA_API_KEY",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "CI_JOB_TOKEN",
    "CI_JOB_JWT",
    "SYSTEM_ACCESSTOKEN",
];

pub(super) fn check(suite: &Suite, problems: &mut Problems) {
    if suite.mode != Some(Mode::ApiChat) {
        return;
    }
    let in_matrix = suite.matrix.as_ref().is_some_and(|matrix| matrix.agent_command.is_some());
    let command = suite.agent_command.is_some() || in_matrix;
    let url = suite.agent_url.is_some();
    if !command && !url {
        problems.value(
            at("mode"),
            "mode api_chat needs the agent's program",
            "add `agent_command: [python, agent.py]`, or `agent_url: http://127.0.0.1:8080/chat`",
        );
    }
    if command && url && suite.agent_ready.is_none() {
        problems.key(
            at("agent_command"),
            "beside `agent_url`, `agent_command` needs `agent_ready`",
            "add `agent_ready: http://127.0.0.1:8080/health`: an address that answers once the \
             server can take turns",
        );
    }
    let of_command = [
        ("agent_processes", suite.agent_processes.is_some()),
        ("agent_ready", suite.agent_ready.is_some()),
        ("agent_env", suite.agent_env.is_some()),
        ("agent_dir", suite.agent_dir.is_some()),
    ];
    for (key, given) in of_command {
        if given && !command && url {
            problems.key(
                at(key),
                format!("`{key}` says something of `agent_command`, and the suite has none"),
                format!("add `agent_command`, or remove `{key}`"),
            );
        }
    }
    for (key, given) in
        [("agent_api", suite.agent_api.is_some()), ("agent_ready", suite.agent_ready.is_some())]
    {
        if given && command && !url {
            problems.key(
                at(key),
                format!("`{key}` says something of `agent_url`, and the suite has none"),
                format!("add `agent_url`, or remove `{key}`"),
            );
        }
    }
    if url && suite.agent_processes == Some(AgentProcesses::PerConversation) {
        problems.value(
            at("agent_processes"),
            "a server takes all conversations: there is one process of it",
            "remove `agent_processes`",
        );
    }
    for (key, address) in [("agent_url", &suite.agent_url), ("agent_ready", &suite.agent_ready)] {
        let Some(address) = address else { continue };
        if !address.starts_with("http://") && !address.starts_with("https://") {
            problems.value(
                at(key),
                format!("{} is not an http:// or https:// address", shown(address)),
                "for example `http://127.0.0.1:8080/chat`",
            );
        }
    }
    for (place, name) in suite.agent_env.iter().flatten().enumerate() {
        let path = at("agent_env").child(place.to_string());
        if NEVER_PASSED.contains(&name.as_str()) {
            problems.value(
                path,
                format!("the agent's program never gets `{name}`"),
                "remove it: code of a pull request must not see the keys of the gate or of the job",
            );
        } else if name.contains(['=', '\0']) {
            problems.value(
                path,
                format!("{} is not the name of a variable", shown(name)),
                "write the name only, for example `OPENAI_API_KEY`",
            );
        }
    }
}
