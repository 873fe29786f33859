//! The inputs of CI systems, the flag that each becomes, and the suite's key that it takes the
//! place of.

use crate::document::Problem;

/// Input, flag, key. An input that has another name in one of Cekura's own actions stands there
/// twice; the first is the one that messages name.
pub(crate) const NAMES: [(&str, &str, &str); 39] = [
    ("agent_id", "--agent", "agent"),
    ("assistant_id", "--assistant", "assistant"),
    ("project_id", "--project", "project"),
    ("scenario_ids", "--scenarios", "scenarios"),
    ("tags", "--tags", "tags"),
    ("folder_path", "--folder", "folder"),
    ("spec", "--spec", "spec"),
    ("execution_mode", "--mode", "mode"),
    ("mode", "--mode", "mode"),
    ("mode", "--numbers", "phone.numbers"),
    ("frequency", "--frequency", "frequency"),
    ("personality_ids", "--personalities", "personalities"),
    ("test_profile_ids", "--test-profiles", "test_profiles"),
    ("concurrency_limit", "--concurrency", "concurrency"),
    ("concurrency", "--concurrency", "concurrency"),
    ("phone_number", "--phone-number", "phone.outbound"),
    ("agent_number", "--agent-number", "phone.agent"),
    ("mock_tool_names", "--mock-tools", "mock_tools"),
    ("websocket_url", "--websocket-url", "websocket.url"),
    ("sip_endpoint", "--sip-endpoint", "sip.endpoint"),
    ("livekit_data", "--livekit-data", "livekit"),
    ("pipecat_data", "--pipecat-data", "pipecat"),
    ("name", "--name", "name"),
    ("timeout", "--timeout", "timeout"),
    ("success_rate", "--success-rate", "thresholds.success_rate"),
    ("report_dir", "--report-dir", "reports.dir"),
    ("share_link", "--share-link", "reports.share_link"),
    ("share_links", "--share-link", "reports.share_link"),
    ("profile", "--profile", ""),
    ("changed_since", "--changed-since", ""),
    ("max_runs", "--max-runs", ""),
    ("max_cost", "--max-cost", ""),
    ("price_per_run", "--price-per-run", ""),
    ("api_url", "--api-url", ""),
    ("comment", "--comment", ""),
    ("enforce", "--report-only", "enforce"),
    ("suite", "[SUITE]...", ""),
    ("batch_file", "[SUITE]...", ""),
    ("batch", "[SUITE]...", ""),
];

/// The input that a flag is made of.
pub(crate) fn input_of(flag: &str) -> Option<&'static str> {
    NAMES.iter().find(|(_, one, _)| *one == flag).map(|(input, _, _)| *input)
}

/// What a key of the suite is called where it was given: as a flag, or as an input.
pub(crate) fn of_key(key: &str, as_input: bool) -> String {
    let found = NAMES.iter().find(|(_, _, one)| *one == key);
    match found {
        Some((input, _, _)) if as_input => format!("the input `{input}`"),
        Some((_, flag, _)) => (*flag).to_owned(),
        None => format!("--{key}"),
    }
}

/// Why neither a file nor flags, or inputs, make a suite. `files` are where it was looked for.
pub(crate) fn no_suite(as_inputs: bool, [first, second]: [&str; 2]) -> String {
    match as_inputs {
        true => "the inputs name no scenarios: give `scenario_ids`, `tags` or `folder_path`, or \
                 `agent_id` and `spec`"
            .to_owned(),
        false => format!(
            "no suite: neither {first} nor {second} exists here; name a suite file, or pass --agent \
             with --scenarios, --tags, --folder or --spec"
        ),
    }
}

/// Says a problem of a suite that was made of inputs in the words of the inputs.
pub(crate) fn in_words_of_inputs(problem: &mut Problem) {
    problem.message = reworded(&problem.message);
    problem.help = problem.help.as_deref().map(reworded);
}

fn reworded(text: &str) -> String {
    let mut text = text.to_owned();
    for (input, flag, key) in NAMES {
        // A number is written as a key below `phone`, which is no input.
        let name = key.rsplit('.').next().unwrap_or(key);
        for word in [flag, key, name].into_iter().filter(|word| !word.is_empty()) {
            text = text.replace(&format!("`{word}`"), &format!("`{input}`"));
        }
    }
    text.replace("`phone`", "`phone_number`")
}

/// What messages call the text of the input `batch`, in the place of a file.
pub(crate) const BATCH: &str = "the input `batch`";

/// What inputs say beside flags.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inputs {
    /// The text of a batch.
    pub(crate) batch: Option<String>,
    /// What stands before the names of a batch's groups, where no name is given.
    pub(crate) batch_prefix: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_named_where_inputs_were_given_and_a_flag_elsewhere() {
        assert_eq!(of_key("agent", true), "the input `agent_id`");
        assert_eq!(of_key("agent", false), "--agent");
        assert_eq!(input_of("--concurrency"), Some("concurrency_limit"));
        assert_eq!(input_of("--resume"), None);
        assert_eq!(
            reworded("`folder` needs `project`; `phone.agent` does not"),
            "`folder_path` needs `project_id`; `agent_number` does not"
        );
    }
}
