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
                "`127.0.0.1:8080` is not an http:// or https:// address",
            ),
            (
                "agent_command: [a]\nagent_env: [CEKURA_API_KEY]",
                "agent_env.0",
                "the agent's program never gets `CEKURA_API_KEY`",
            ),
            (
                "agent_command: [a]\nmock_tools: [b]",
                "mock_tools",
                "mode api_chat does not support `mock_tools`",
            ),
        ],
    );
}

#[test]
fn a_latency_of_the_agent_is_checked_as_other_times_are() {
    let key = "thresholds.agent_latency";
    all_refused(
        "agent: 1\nscenarios: [1]\nmode: api_chat\nagent_command: [a]",
        &[
            (
                "thresholds: { agent_latency: <= 2s }",
                key,
                "`<= 2s` does not say which latency: each answer has its own",
            ),
            ("thresholds: { agent_latency: p95 <= 2 }", key, "`p95 <= 2` has no unit of time"),
            ("thresholds: { agent_latency: rate >= 5% }", key, "`agent_latency` has no `rate`"),
            (
                "thresholds: { agent_latency: p95 >= 2s }",
                key,
                "`p95 >= 2s` would pass only when the latency is high",
            ),
            (
                "thresholds: { agent_latency: p95 <= 2000s }",
                key,
                "`p95 <= 2000s` allows a latency of more than ten minutes",
            ),
            (
                "thresholds: { agent_latency: mean == 1s }",
                key,
                "`mean == 1s` accepts only one exact time",
            ),
            (
                "thresholds: { agent_latency: count <= 2 }",
                key,
                "`count <= 2` passes when runs have no value",
            ),
            (
                "thresholds: { agent_latency: { check: p95 <= 2s, unit: ms } }",
                "thresholds.agent_latency.unit",
                "`unit` belongs to a metric of the account, `agent_latency` has its own",
            ),
            (
                "thresholds: { baseline: { from: main, agent_latency: {} } }",
                "thresholds.baseline.agent_latency",
                "this comparison sets no limit",
            ),
        ],
    );
    super::all_fine(
        "agent: 1\nscenarios: [1]\nmode: api_chat\nagent_command: [a]",
        &[
            "thresholds: { agent_latency: [p95 <= 2s, min >= 20ms, max <= 800ms, count >= 1] }",
            "thresholds: { each_scenario: { agent_latency: mean <= 1s } }",
            "thresholds: { baseline: { from: main, agent_latency: { max_rise: 10% } } }",
        ],
    );
}

#[test]
fn the_latency_of_the_agent_is_known_in_mode_api_chat_only() {
    let message = "`agent_latency` is measured in mode api_chat only: this suite's mode is";
    for (mode, text) in [("voice", ""), ("text", "mode: text\n")] {
        let message = format!("{message} {mode}");
        for (keys, path) in [
            ("agent_latency: p95 <= 2s", "thresholds.agent_latency"),
            ("each_scenario: {agent_latency: p95 <= 2s}", "thresholds.each_scenario.agent_latency"),
            (
                "groups: {g: {tags: [a], agent_latency: p95 <= 2s}}",
                "thresholds.groups.g.agent_latency",
            ),
            (
                "baseline: {from: main, agent_latency: {max_rise: 5%}}",
                "thresholds.baseline.agent_latency",
            ),
        ] {
            let row = (&*format!("{text}thresholds: {{ {keys} }}"), path, &*message);
            all_refused("agent: 1\nscenarios: [1]", &[row]);
        }
    }
}

#[test]
fn programs_of_the_agent_stand_side_by_side() {
    let base = "agent: 1\nscenarios: [1]\nmode: api_chat\nagent_command: [a]";
    all_refused(
        base,
        &[
            (
                "matrix: { agent_dir: [x, y] }\nagent_dir: z",
                "agent_dir",
                "`agent_dir` cannot be used with `matrix.agent_dir`",
            ),
            (
                "matrix: { agent_command: [[a], [b]] }",
                "agent_command",
                "`agent_command` cannot be used with `matrix.agent_command`",
            ),
            (
                "matrix: { agent_dir: [x, y] }\nagent_url: http://127.0.0.1:1/\n\
                 agent_ready: http://127.0.0.1:1/",
                "matrix.agent_dir",
                "`matrix.agent_dir` cannot be used with `agent_url`: two servers share no address",
            ),
        ],
    );
    let base = "agent: 1\nscenarios: [1]\nmode: api_chat";
    let two = "matrix: { agent_dir: [x, y], agent_command: [[a], [b]] }";
    let message = "`matrix.agent_command` cannot be used with `matrix.agent_dir`";
    all_refused(base, &[(two, "matrix.agent_command", message)]);
    super::all_fine(
        base,
        &[
            "matrix: { agent_dir: [x, y] }\nagent_command: [a]",
            "matrix: { agent_command: [[a], [b]] }",
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
