//! The inputs of Cekura's batch action.

use std::fs;

use crate::action::job::{Job, Step, bash_is_missing};

const BATCH: &str = "
- name: inbound-smoke
  agent_id: 123
  scenario_ids: 101,102

- name: warm-transfer
  legs:
    - name: caller
      agent_id: 123
      scenario_ids: 101
    - name: transfer-target
      agent_id: 123
      scenario_ids: 102
";

async fn run(inputs: &[(&str, &str)]) -> (Job, Step) {
    let job = Job::new().await;
    fs::write(job.path("groups.yml"), BATCH).unwrap();
    let step = job.run(inputs).await;
    (job, step)
}

#[tokio::test]
async fn the_inputs_of_the_batch_action_start_the_same_groups() {
    if bash_is_missing() {
        return;
    }
    for place in [("batch", BATCH), ("batch_file", "groups.yml")] {
        let more = [("concurrency", "4"), ("name", "ci"), ("timeout", "600"), ("frequency", "2")];
        let (_job, step) = run(&[&[place][..], &more].concat()).await;
        assert_eq!(step.code(), Some(0), "{}", step.log());
        assert_eq!(step.outputs["passed"], "true");
        assert_eq!(
            (step.outputs["total_runs"].as_str(), step.outputs["passed_runs"].as_str()),
            ("8", "8")
        );
        let ids: Vec<u64> = serde_json::from_str(&step.outputs["result_ids"]).unwrap();
        assert_eq!(ids.len(), 5, "one of the group, and two of each set of legs");
        assert!(step.summary.contains("ci · warm-transfer · caller"), "{}", step.summary);
    }
}

#[tokio::test]
async fn a_dry_run_of_a_batch_starts_nothing() {
    if bash_is_missing() {
        return;
    }
    let inputs = [("batch", BATCH), ("dry_run", "true"), ("concurrency", "4")];
    let (_job, step) = run(&inputs).await;
    assert_eq!((step.code(), step.outputs["valid"].as_str()), (Some(0), "true"));
    assert!(step.log().contains("calls that start together"), "{}", step.log());
}

#[tokio::test]
async fn what_cannot_stand_beside_a_batch_is_refused() {
    if bash_is_missing() {
        return;
    }
    for (more, words) in [
        (("batch_file", "groups.yml"), "cannot be used together"),
        (("suite", "a.yml"), "cannot be used with `suite`"),
        (("agent_id", "1"), "each group names its own agent"),
        (("concurrency_limit", "2"), "say the same"),
    ] {
        let (_job, step) = run(&[("batch", BATCH), ("concurrency", "4"), more]).await;
        assert_eq!(step.code(), Some(2), "{}", step.log());
        assert!(step.log().contains(words), "{words}: {}", step.log());
    }
}
