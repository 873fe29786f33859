//! What Cekura's own tests of its suite action ask of it, asked of this one. What they ask of the
//! batch action is in `gate::batch`, what takes a platform with faults in `faults::cekura`.

use std::fs;

use serde_json::{Value, json};

use crate::action::job::{Job, bash_is_missing};

fn spec() -> Value {
    json!({
        "version": "1",
        "scenarios": [{
            "key": "greet", "name": "Greets", "instructions": "Say hello.",
            "expected_outcome": "The agent greets.",
        }],
    })
}

async fn with_spec() -> Job {
    let job = Job::new().await;
    fs::write(job.path("cekura.tests.json"), spec().to_string()).unwrap();
    job
}

const PREVIEW: [(&str, &str); 5] = [
    ("agent_id", "123"),
    ("spec", "cekura.tests.json"),
    ("execution_mode", "pipecat_v2"),
    ("pipecat_data", r#"{"pipecat_agent_name": "bot-pr-7"}"#),
    ("name", "pr-7"),
];

#[tokio::test]
async fn the_test_cases_of_a_preview_are_sent_as_they_are_and_their_pass_is_told() {
    if bash_is_missing() {
        return;
    }
    let job = with_spec().await;
    let step = job.run(&PREVIEW).await;
    assert_eq!(step.code(), Some(0), "{}", step.log());
    let body = job.start();
    assert_eq!((&body["agent_id"], &body["channel"]), (&json!(123), &json!("pipecat_v2")));
    assert_eq!(body["pipecat_data"], json!({ "pipecat_agent_name": "bot-pr-7" }));
    assert_eq!(body["spec"], spec());
    assert!(body["name"].as_str().unwrap().starts_with("pr-7"), "{body}");
    assert!(step.outputs["result_id"].parse::<u64>().is_ok());
    assert_eq!(
        (step.outputs["passed"].as_str(), step.outputs["passed_runs"].as_str()),
        ("true", "1")
    );
    assert!(step.summary.contains("Passed"), "{}", step.summary);
    assert!(job.path(&step.outputs["summary_file"]).exists());
}

#[tokio::test]
async fn a_run_that_failed_fails_the_step_and_is_named() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    let step = job.run(&[("agent_id", "123"), ("scenario_ids", "101,103")]).await;
    assert_eq!((step.code(), step.outputs["passed"].as_str()), (Some(1), "false"));
    assert_eq!(
        (step.outputs["total_runs"].as_str(), step.outputs["passed_runs"].as_str()),
        ("2", "1")
    );
    let comment = fs::read_to_string(job.path(&step.outputs["summary_file"])).unwrap();
    for text in [&step.summary, &comment] {
        assert!(text.contains("Broken"), "{text}");
    }
}

#[tokio::test]
async fn a_link_that_shows_transcripts_is_made_only_where_it_is_asked_for() {
    if bash_is_missing() {
        return;
    }
    for (share_link, made) in [("true", 1), ("false", 0), ("", 0)] {
        let job = with_spec().await;
        let step = job.run(&[&PREVIEW[..], &[("share_link", share_link)]].concat()).await;
        assert_eq!(step.code(), Some(0), "{}", step.log());
        let requests = job.simulator.requests();
        let links = requests.iter().filter(|one| one.path.contains("create_shareable_link_token"));
        assert_eq!(links.count(), made, "{share_link}");
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_any_request() {
    if bash_is_missing() {
        return;
    }
    for (input, value, part) in [
        ("execution_mode", "livekit_v2", "`pipecat_data`"),
        ("execution_mode", "carrier_pigeon", "carrier_pigeon"),
        ("pipecat_data", "{", "not JSON"),
        ("pipecat_data", "[]", "the input `pipecat_data`"),
        ("agent_id", "mia", "the input `agent_id`"),
        ("agent_id", "", "agent"),
        ("spec", "nowhere.json", "nowhere.json"),
        ("frequency", "0", "the input `frequency`"),
        ("concurrency_limit", "many", "the input `concurrency_limit`"),
        ("timeout", "0", "the input `timeout`"),
    ] {
        let job = with_spec().await;
        let mut inputs = PREVIEW.to_vec();
        inputs.retain(|(name, _)| *name != input);
        inputs.push((input, value));
        let step = job.run(&inputs).await;
        assert_eq!(step.code(), Some(2), "{input}={value}: {}", step.log());
        assert!(step.log().contains(part), "{input}={value}: {}", step.log());
        assert!(job.simulator.requests().is_empty(), "{input}={value}");
    }
    for text in ["", "[]", r#"{"version": "1"}"#, r#"{"version": "1", "scenarios": []}"#] {
        let job = with_spec().await;
        fs::write(job.path("cekura.tests.json"), text).unwrap();
        let step = job.run(&PREVIEW).await;
        assert_eq!(step.code(), Some(2), "{text}: {}", step.log());
        assert!(step.log().contains("cekura.tests.json"), "{text}: {}", step.log());
        assert!(job.simulator.requests().is_empty(), "{text}");
    }
}
