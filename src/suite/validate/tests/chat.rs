use super::all_refused;

#[test]
fn keys_of_the_agents_program_go_together() {
    all_refused(
        "agent: 1\nscenarios: [1]\nmode: api_chat",
        &[
            ("", "mode", "mode api_chat needs the agent's program"),
            (
                "agent_command: [a]\nagent_url: http://127.0.0.1:1/",
                "agent_command",
                "beside `agent_url`, `agent_command` needs `agent_ready`",
            ),
            (
                "agent_url: http://127.0.0.1:1/\nagent_dir: base",
                "agent_dir",
                "`agent_dir` says something of `agent_command`, and the suite has none",
            ),
            (
                "agent_command: [a]\nagent_api: openai",
                "agent_api",
                "`agent_api` says something of `agent_url`, and the suite has none",
            ),
            (
                "agent_url: 127.0.0.1:8080",
                "agent_url",
                "`127.0.0.1:8080` is no http:// or https:// address",
            ),
            (
                "agent_command: [a]\nagent_env: [CEKURA_API_KEY]",
                "agent_env.0",
                "the agent's program never gets `CEKURA_API_KEY`",
            ),
            (
                "agent_command: [a]\nmock_tools: [b]",
                "mock_tools",
                "mode api_chat cannot carry `mock_tools`",
            ),
        ],
    );
}

#[test]
fn keys_of_the_agents_program_belong_to_mode_api_chat() {
    all_refused(
        "agent: 1\nscenarios: [1]\nmode: text",
        &[
            (
                "agent_command: [a]",
                "agent_command",
                "`agent_command` belongs to mode api_chat: this suite's mode is text",
            ),
            (
                "turn_limit: 3",
                "turn_limit",
                "`turn_limit` belongs to mode api_chat: this suite's mode is text",
            ),
        ],
    );
}
