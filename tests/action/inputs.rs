//! The action's inputs and outputs: each arrives, none becomes code.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::action::job::{
    HOSTILE, Job, Step, action, bash_is_missing, inputs_of_the_action, names_in,
};

#[test]
fn the_action_takes_every_name_of_the_platforms_own_actions() {
    let inputs = inputs_of_the_action();
    let theirs = "agent_id scenario_ids tags execution_mode livekit_data phone_number name api_url \
                  frequency timeout api_key spec pipecat_data dry_run concurrency_limit share_link \
                  batch batch_file concurrency share_links";
    for name in theirs.split_whitespace() {
        assert!(inputs.iter().any(|input| input == name), "{name}");
    }
    let outputs = names_in("outputs");
    let theirs = "result_url result_id passed total_runs success_runs valid summary_file \
                  passed_runs result_ids";
    for name in theirs.split_whitespace() {
        assert!(outputs.iter().any(|output| output == name), "{name}");
    }
}

#[test]
fn no_script_of_the_action_holds_an_expression_and_every_input_reaches_one() {
    let text = action();
    let runs = text.lines().filter_map(|line| line.trim_start().strip_prefix("run: "));
    let scripts: Vec<&str> = runs.collect();
    let install = "exec bash \"$GITHUB_ACTION_PATH/ci/action/install.sh\"";
    assert_eq!(scripts, [install, "exec \"$GATE_BINARY\" action"]);
    for name in inputs_of_the_action() {
        let passed = format!("INPUT_{}: ${{{{ inputs.{name} }}}}", name.to_uppercase());
        assert!(text.contains(&passed), "{passed}");
    }
}

#[tokio::test]
async fn the_inputs_of_the_platforms_action_start_the_same_run() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    let step = job
        .run(&[
            ("agent_id", "123"),
            ("scenario_ids", "101, 102"),
            ("tags", "smoke , two words"),
            ("execution_mode", "voice"),
            ("phone_number", "+14155550100"),
            ("name", "Nightly"),
            ("frequency", "2"),
            ("timeout", "600"),
            ("concurrency_limit", "4"),
            ("mock_tool_names", "lookup_order, it's \"quoted\""),
        ])
        .await;
    assert_eq!(step.code(), Some(0), "{}", step.log());
    let body = job.start();
    assert_eq!(body["agent_id"], 123);
    assert_eq!(body["scenarios"], json!([101, 102]));
    assert_eq!(body["tags"], json!(["smoke", "two words"]));
    assert_eq!(body["outbound_phone_number"], "+14155550100");
    assert_eq!((&body["frequency"], &body["concurrency_limit"]), (&json!(2), &json!(4)));
    assert_eq!(body["mock_tool_names"], json!(["lookup_order", "it's \"quoted\""]));
    assert!(body["name"].as_str().unwrap().starts_with("Nightly"), "{body}");

    assert_eq!(step.outputs["verdict"], "pass");
    assert_eq!(step.outputs["passed"], "true");
    assert_eq!(step.outputs["exit_code"], "0");
    assert_eq!(step.outputs["total_runs"], "4");
    assert!(step.outputs["result_id"].parse::<u64>().is_ok());
    assert!(job.path(&step.outputs["junit"]).exists());
    assert!(job.path(&step.outputs["summary_file"]).exists());
    assert!(step.summary.contains("Nightly"), "{}", step.summary);
    // Each output of the action is one that the step can have.
    for line in action().lines() {
        let Some(name) = line.split_once("steps.gate.outputs.") else { continue };
        let name = name.1.trim_end_matches(" }}");
        assert!(name == "valid" || step.outputs.contains_key(name), "{name}");
    }
    assert!(!step.log().contains("key-of-the-action"));
}

#[tokio::test]
async fn a_failed_gate_fails_the_step_and_still_publishes() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    fs::create_dir(job.path("service")).unwrap();
    let inputs =
        [("agent_id", "123"), ("scenario_ids", "101,103"), ("working_directory", "service")];
    let step = job.run(&inputs).await;
    assert!(job.path("service").join(&step.outputs["junit"]).exists(), "{}", step.log());
    assert_eq!(step.code(), Some(1), "{}", step.log());
    assert_eq!(step.outputs["passed"], "false");
    assert_eq!(step.outputs["exit_code"], "1");
    assert_eq!(step.outputs["failed_runs"], "1");
    assert!(step.log().contains("::error "), "{}", step.log());
    assert!(step.summary.contains("Failed"));
}

#[tokio::test]
async fn json_overrides_reach_the_request() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    let data =
        "{\n  \"agent_name\": \"bot-pr-42\",\n  \"config\": {\"room\": \"${HOME} a: b #\"}\n}\n";
    let inputs = [
        ("agent_id", "123"),
        ("scenario_ids", "101"),
        ("execution_mode", "livekit_v2"),
        ("livekit_data", data),
    ];
    let step = job.run(&inputs).await;
    assert_eq!(step.code(), Some(0), "{}", step.log());
    let sent = &job.start()["livekit_data"];
    assert_eq!(*sent, json!({"agent_name": "bot-pr-42", "config": {"room": "${HOME} a: b #"}}));

    let job = Job::new().await;
    let inputs = [
        ("agent_id", "123"),
        ("scenario_ids", "101"),
        ("execution_mode", "pipecat_v2"),
        ("pipecat_data", "{\"pipecat_agent_name\": \"bot-pr-42\"}"),
    ];
    let step = job.run(&inputs).await;
    assert_eq!(step.code(), Some(0), "{}", step.log());
    assert_eq!(job.start()["pipecat_data"], json!({"pipecat_agent_name": "bot-pr-42"}));
}

#[tokio::test]
async fn a_hostile_value_is_data() {
    if bash_is_missing() {
        return;
    }
    let hostile = HOSTILE;
    let job = Job::new().await;
    let inputs = [
        ("agent_id", "123"),
        ("tags", hostile),
        ("scenario_ids", "101"),
        ("name", hostile),
        ("mock_tool_names", hostile),
        ("report_dir", "$(touch pwned) reports"),
    ];
    let step = job.run(&inputs).await;
    assert_eq!(step.code(), Some(0), "{}", step.log());
    let body = job.start();
    assert_eq!(body["tags"], json!([hostile]));
    assert_eq!(body["mock_tool_names"], json!([hostile]));
    assert!(body["name"].as_str().unwrap().starts_with(hostile), "{body}");
    assert!(job.path("$(touch pwned) reports/junit.xml").exists());
    assert!(!job.path("pwned").exists());
}

#[tokio::test]
async fn a_value_with_lines_forges_neither_an_output_nor_a_key_of_the_suite() {
    if bash_is_missing() {
        return;
    }
    let lines = "x\npassed=true\nverdict<<E\npass\nE\n::error::forged";
    let passes = "\nthresholds: { success_rate: \">= 0%\" }";
    let phone = format!("+14155550100\" }}{passes}");
    let object = format!("{{}}{passes}");
    for (input, value) in [
        ("name", lines),
        ("tags", lines),
        ("agent_id", lines),
        ("timeout", lines),
        ("phone_number", &phone),
        ("livekit_data", &object),
        ("spec", "x\nthresholds: {}"),
    ] {
        let job = Job::new().await;
        let mode = if input == "livekit_data" { "livekit_v2" } else { "voice" };
        let mut inputs =
            vec![("agent_id", "123"), ("scenario_ids", "103"), ("execution_mode", mode)];
        inputs.push((input, value));
        let step = job.run(&inputs).await;
        // Refused, or carried as it is and judged by the default thresholds.
        assert!(matches!(step.code(), Some(1 | 2)), "{input}: {}", step.log());
        let passed = step.outputs.get("passed").map(String::as_str);
        assert!(matches!(passed, None | Some("false")), "{input}: {:?}", step.outputs);
        let verdict = step.outputs.get("verdict").map(String::as_str);
        assert!(matches!(verdict, None | Some("fail" | "refused")), "{input}: {:?}", step.outputs);
        let log = step.log();
        let forged = log.lines().find(|line| line.trim_start().starts_with("::error::forged"));
        assert_eq!(forged, None, "{input}");
    }
}

#[tokio::test]
async fn what_cannot_be_carried_is_refused() {
    if bash_is_missing() {
        return;
    }
    fn log_of(inputs: &[(&str, &str)], step: &Step) -> String {
        let log = step.log();
        assert_eq!(step.code(), Some(2), "{inputs:?}: {log}");
        log
    }
    let job = Job::new().await;
    fs::write(job.path("suite.yml"), "version: 1\nagent: 123\nscenarios: [101]\n").unwrap();
    for (inputs, part) in [
        ([("suite", "suite.yml"), ("livekit_data", "{}")], "input `livekit_data`"),
        ([("tags", "smoke"), ("livekit_data", "[1]")], "the input `livekit_data`: `livekit`"),
        (
            [("suite", "suite.yml"), ("frequency", "1001")],
            "the input `frequency`: `frequency` must be",
        ),
        ([("suite", "suite.yml"), ("scenario_ids", ",")], "the input `scenario_ids`"),
        ([("suite", "suite.yml"), ("dry_run", "perhaps")], "neither true nor false"),
        ([("suite", "suite.yml"), ("args", "--nonsense")], "--nonsense"),
        ([("suite", "suite.yml"), ("working_directory", "nowhere")], "names no directory"),
        ([("suite", "suite.yml"), ("execution_mode", "pigeon")], "pigeon"),
    ] {
        let log = log_of(&inputs, &job.run(&inputs).await);
        assert!(log.contains(part), "{part} is missing in {log}");
    }
    assert_eq!(job.simulator.starts(), 0);
}

#[tokio::test]
async fn a_dry_run_starts_nothing_and_says_whether_the_suite_is_valid() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    let step = job.run(&[("agent_id", "123"), ("scenario_ids", "101"), ("dry_run", "true")]).await;
    assert_eq!((step.code(), step.outputs["valid"].as_str()), (Some(0), "true"), "{}", step.log());
    let step = job.run(&[("agent_id", "124"), ("scenario_ids", "101"), ("dry_run", "true")]).await;
    assert_eq!((step.code(), step.outputs["valid"].as_str()), (Some(2), "false"), "{}", step.log());
    assert_eq!(job.simulator.starts(), 0);
}

/// A file of test cases in a directory of its own.
fn write_spec(job: &Job, path: &str) {
    let spec = json!({
        "version": "1",
        "defaults": { "language": "en" },
        "scenarios": [{ "key": "order", "name": "Order", "instructions": "Ask for the order." }],
    });
    let path = job.path(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, spec.to_string()).unwrap();
}

#[tokio::test]
async fn test_cases_are_read_from_where_the_step_stands_and_multiplied() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    write_spec(&job, "service/tests/cases.json");
    let inputs = [
        ("agent_id", "123"),
        ("spec", "tests/cases.json"),
        ("working_directory", "service"),
        ("frequency", "3"),
        ("concurrency_limit", "2"),
    ];
    let step = job.run(&inputs).await;
    assert_eq!(step.code(), Some(0), "{}", step.log());
    assert_eq!(step.outputs["total_runs"], "3");
    let body = job.start();
    assert_eq!((&body["frequency"], &body["concurrency_limit"]), (&json!(3), &json!(2)));
}

#[tokio::test]
async fn test_cases_in_their_usual_place_are_taken_where_nothing_else_says_what_to_run() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    write_spec(&job, "cekura.tests.json");
    let step = job.run(&[("agent_id", "123")]).await;
    assert_eq!(step.code(), Some(0), "{}", step.log());
    assert!(job.start()["spec"].is_object());

    let job = Job::new().await;
    write_spec(&job, "cekura.tests.json");
    let step = job.run(&[("agent_id", "123"), ("scenario_ids", "101")]).await;
    assert_eq!(step.code(), Some(0), "{}", step.log());
    assert_eq!(job.start()["scenarios"], json!([101]));
}

#[tokio::test]
async fn what_is_wrong_is_said_of_inputs_and_of_nothing_that_nobody_wrote() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    fs::write(job.path("broken.json"), "{").unwrap();
    for (inputs, part) in [
        (vec![("api_key", ""), ("agent_id", "123"), ("scenario_ids", "101")], "`api_key` is empty"),
        (
            vec![("scenario_ids", "101"), ("folder_path", "A")],
            "`folder_path` cannot be used with `scenario_ids`",
        ),
        (vec![("agent_id", "123"), ("folder_path", "A.B")], "`project_id`"),
        (vec![("agent_id", "123"), ("spec", "nowhere.json")], "nowhere.json"),
        (vec![("agent_id", "123"), ("spec", "broken.json")], "broken.json"),
        (vec![("agent_id", "123")], "nothing to run"),
        (vec![("agent_id", "123"), ("spec", "broken.json"), ("tags", "a")], "`spec`"),
        (vec![("batch", "agent_id: 1"), ("concurrency", "1")], "the input `batch`"),
        (vec![("batch", "- agent_id: 1"), ("concurrency", "1")], "scenario_ids"),
        (
            vec![
                ("agent_id", "123"),
                ("scenario_ids", "101"),
                ("execution_mode", "livekit_v2"),
                ("phone_number", "+1"),
            ],
            "the input `phone_number`",
        ),
        (
            vec![
                ("agent_id", "123"),
                ("scenario_ids", "101"),
                ("frequency", "2"),
                ("args", "--frequency=3"),
            ],
            "the input `frequency` is in `args` too",
        ),
    ] {
        let step = job.run(&inputs).await;
        let log = step.log();
        assert!(matches!(step.code(), Some(2 | 5)), "{inputs:?}: {log}");
        assert!(log.contains(part), "{part} is missing in {log}");
        assert!(log.contains("::error title=cekura-gate::"), "{log}");
        for word in ["GATE_", "RUNNER_TEMP", "INPUT_", &*job.path("").display().to_string()] {
            assert!(!log.contains(word), "{word}: {log}");
        }
    }
    assert_eq!(job.simulator.starts(), 0);
}

#[tokio::test]
async fn a_limit_of_the_workflow_holds_whatever_the_suite_says() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    let suite = "version: 1\nagent: 123\nscenarios: [101, 102]\nfrequency: 2\n\
                 retry: { on: [error], attempts: 2 }\nbudget: { max_runs: 1000 }\n";
    fs::write(job.path("suite.yml"), suite).unwrap();
    for (most, code) in [("11", 2), ("12", 0)] {
        let step = job.run(&[("suite", "suite.yml"), ("max_runs", most)]).await;
        assert_eq!(step.code(), Some(code), "{}", step.log());
        assert_eq!(step.log().contains("the input `max_runs` allows 11"), code == 2);
    }
    assert_eq!(job.simulator.starts(), 1);
}

#[tokio::test]
async fn a_dry_run_asks_the_account_where_there_is_a_key() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    write_spec(&job, "cases.json");
    let inputs = [("agent_id", "123"), ("spec", "cases.json"), ("dry_run", "true")];
    let step = job.run(&inputs).await;
    assert_eq!((step.code(), step.outputs["valid"].as_str()), (Some(0), "true"), "{}", step.log());
    assert!(step.log().contains("cost"), "{}", step.log());
    let asked = job.simulator.requests().len();
    assert!(asked > 0);
    // Nothing was found wrong, but who would know was not asked.
    let step = job.run(&[&inputs[..], &[("api_key", "")]].concat()).await;
    assert_eq!((step.code(), step.outputs.get("valid")), (Some(0), None), "{}", step.log());
    assert!(step.log().contains("The platform was not asked"), "{}", step.log());
    assert_eq!(job.simulator.requests().len(), asked);
    assert_eq!(job.simulator.starts(), 0);
}

#[tokio::test]
async fn the_token_reaches_only_a_gate_that_is_to_comment() {
    if bash_is_missing() {
        return;
    }
    for (comment, log_of) in [("true", true), ("false", false), ("", false)] {
        let job = Job::new().await;
        let inputs = [
            ("agent_id", "123"),
            ("scenario_ids", "101"),
            ("comment", comment),
            ("github_token", "ghs_secret"),
        ];
        let step = job.run(&inputs).await;
        assert_eq!(step.code(), Some(0), "{}", step.log());
        // There is no pull request here: the gate says so, if it was asked.
        assert_eq!(step.log().contains("no pull-request comment"), log_of, "{}", step.log());
        assert!(!step.log().contains("ghs_secret"));
    }
}

#[tokio::test]
async fn a_cancelled_step_ends_its_calls() {
    if bash_is_missing() {
        return;
    }
    let job = Job::at_pace(1).await;
    let output = job.path("output");
    let cancel = tokio::task::spawn_blocking(move || {
        // The id is published before the first question about the result.
        let started = || fs::read_to_string(&output).is_ok_and(|text| text.contains("result_id"));
        while !started() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let pid = fs::read_to_string(output.with_file_name("pid")).unwrap();
        // As the runner does: to the process of the step alone.
        let script = format!("kill -s INT {}", pid.trim());
        Command::new("bash").args(["-c", &script]).status().unwrap()
    });
    let step = job.run(&[("agent_id", "123"), ("scenario_ids", "101,102")]).await;
    assert!(cancel.await.unwrap().success());
    assert_eq!(step.code(), Some(130), "{}", step.log());
    assert!(step.outputs["result_id"].parse::<u64>().is_ok());
    let requests = job.simulator.requests();
    assert!(requests.iter().any(|one| one.path.ends_with("/end_calls/")), "{requests:?}");
}
