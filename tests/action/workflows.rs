//! Every example workflow, run as its system runs it: the steps of a job one after the other, with
//! their variables, their shell, and what the system fills in.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use cekura_gate::document::{self, Source};
use serde_json::Value;

use crate::action::job::{Job, action, bash_is_missing, binary, outputs, root};

/// A YAML text as JSON. What a CI system fills in stays as it is written.
fn yaml(text: &str) -> Value {
    let text = text.replace("${", "$${");
    let read = document::read::<Value>(Source { name: "yaml", text: &text }, &|_| None);
    read.unwrap_or_else(|faults| panic!("{}", faults.render(false))).value
}

fn example(path: &str) -> String {
    fs::read_to_string(root().join("examples/workflows").join(path)).unwrap()
}

/// Fills in `${{ … }}` from what is known; a job has no other expressions that matter here.
fn filled(text: &str, known: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after.split_once("}}").unwrap();
        out.push_str(before);
        out.push_str(known.get(expression.trim()).map_or("", String::as_str));
        rest = after;
    }
    out + rest
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Runs one step's script in the runner's shell.
fn shell(job: &Job, script: &str, env: &BTreeMap<String, String>) -> Output {
    for file in ["output", "summary"] {
        fs::write(job.path(file), "").unwrap();
    }
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
    command.env_clear().current_dir(job.dir.path()).envs(env);
    tokio::task::block_in_place(|| command.output().unwrap())
}

fn log(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Variables that every job has: the gate in the path, an account at the simulator.
fn variables(job: &Job) -> BTreeMap<String, String> {
    let gates = Path::new(binary()).parent().unwrap().display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let tools = job.path("tools").display().to_string();
    let home = job.dir.path().display().to_string();
    [
        ("PATH", format!("{tools}:{gates}:{path}")),
        ("HOME", home.clone()),
        ("RUNNER_TEMP", home),
        ("CEKURA_API_URL", job.simulator.url()),
        ("CEKURA_API_KEY", "key-of-the-job".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A suite of these scenarios where the examples look for it.
fn suite(job: &Job, scenarios: &str) {
    let text = format!("version: 1\nagent: 123\nscenarios: [{scenarios}]\n");
    fs::write(job.path("cekura-gate.yml"), text).unwrap();
}

/// Runs a job of a GitHub workflow: this project's action by the steps of its own file, what is a
/// script as one, and passes over other actions. Gives the outputs of each step, and whether the
/// job failed.
fn github(job: &Job, workflow: &str) -> (BTreeMap<String, String>, bool, String) {
    let workflow = yaml(workflow);
    let jobs = workflow["jobs"].as_object().unwrap();
    let steps = jobs.values().next().unwrap()["steps"].as_array().unwrap();
    run_steps(job, steps, &[])
}

/// Runs the steps of a job, with what its expressions come to.
fn run_steps(
    job: &Job,
    steps: &[Value],
    expressions: &[(&str, &str)],
) -> (BTreeMap<String, String>, bool, String) {
    let mut known: BTreeMap<String, String> =
        [("secrets.CEKURA_API_KEY", "key-of-the-secret"), ("github.token", "ghs_token")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    let given = expressions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    known.extend(given);
    let (mut failed, mut said) = (false, String::new());
    for step in steps {
        let id = step["id"].as_str().unwrap_or("step");
        let always = text(&step["if"]).contains("always()");
        if failed && !always {
            continue;
        }
        if step["uses"].as_str().is_some_and(|uses| uses.starts_with("cekura-ai/cekura-gate@")) {
            let composite = yaml(&action());
            let mut inner = known.clone();
            for (name, input) in composite["inputs"].as_object().unwrap() {
                let given = &step["with"][name];
                let value = if given.is_null() { &input["default"] } else { given };
                let value =
                    if value.is_null() { String::new() } else { filled(&text(value), &known) };
                inner.insert(format!("inputs.{name}"), value);
            }
            // The test's own binary and platform stand in for the release and the account.
            inner.insert("inputs.binary".to_owned(), binary().to_owned());
            inner.insert("inputs.api_url".to_owned(), job.simulator.url());
            for part in composite["runs"]["steps"].as_array().unwrap() {
                let (code, log, read) = github_step(job, part, &inner);
                said.push_str(&log);
                failed = code != Some(0);
                let part_id = part["id"].as_str().unwrap();
                for (name, value) in read {
                    inner.insert(format!("steps.{part_id}.outputs.{name}"), value);
                }
                if failed {
                    break;
                }
            }
            for (name, output) in composite["outputs"].as_object().unwrap() {
                let value = filled(&text(&output["value"]), &inner);
                known.insert(format!("steps.{id}.outputs.{name}"), value);
            }
        } else if step["run"].is_string() {
            let (code, log, read) = github_step(job, step, &known);
            said.push_str(&log);
            failed |= code != Some(0);
            for (name, value) in read {
                known.insert(format!("steps.{id}.outputs.{name}"), value);
            }
        }
    }
    (known, failed, said)
}

fn github_step(
    job: &Job,
    step: &Value,
    known: &BTreeMap<String, String>,
) -> (Option<i32>, String, BTreeMap<String, String>) {
    let mut env = variables(job);
    env.remove("CEKURA_API_URL");
    env.remove("CEKURA_API_KEY");
    for (name, value) in [
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_ACTION_PATH", root().display().to_string()),
        ("GITHUB_OUTPUT", job.path("output").display().to_string()),
        ("GITHUB_STEP_SUMMARY", job.path("summary").display().to_string()),
        ("RUNNER_OS", "Linux".to_owned()),
        ("RUNNER_ARCH", "X64".to_owned()),
    ] {
        env.insert(name.to_owned(), value);
    }
    for (name, value) in step["env"].as_object().into_iter().flatten() {
        env.insert(name.clone(), filled(&text(value), known));
    }
    let script = filled(step["run"].as_str().unwrap(), known);
    let output = shell(job, &script, &env);
    let read = outputs(&fs::read_to_string(job.path("output")).unwrap());
    (output.status.code(), log(&output), read)
}

#[tokio::test(flavor = "multi_thread")]
async fn githubs_examples_run_the_action_with_their_inputs() {
    if bash_is_missing() {
        return;
    }
    for (scenarios, failed, verdict) in [("101, 102", false, "pass"), ("101, 103", true, "fail")] {
        let job = Job::new().await;
        suite(&job, scenarios);
        let (known, did_fail, said) = github(&job, &example("github/gate.yml"));
        assert_eq!(did_fail, failed, "{said}");
        assert_eq!(known["steps.gate.outputs.verdict"], verdict, "{said}");
        assert!(job.path("cekura-report/junit.xml").exists());
        assert!(!said.contains("key-of-the-secret"), "{said}");
    }
    let job = Job::new().await;
    let (known, failed, said) = github(&job, &example("github/drop-in.yml"));
    assert!(!failed, "{said}");
    let body = job.start();
    assert_eq!(body["scenarios"], serde_json::json!([101, 102]));
    assert_eq!((&body["agent_id"], &body["frequency"]), (&123.into(), &3.into()));
    assert_eq!(
        known["steps.cekura.outputs.success_runs"],
        known["steps.cekura.outputs.total_runs"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_called_by_its_own_name_and_leaves_a_check_on_the_commit() {
    if bash_is_missing() {
        return;
    }
    for (name, key, agent_name) in [
        ("livekit", "livekit_data", "agent_name"),
        ("pipecat", "pipecat_data", "pipecat_agent_name"),
    ] {
        let job = Job::new().await;
        suite(&job, "101, 103");
        fs::create_dir(job.path("tools")).unwrap();
        let gh = job.path("tools/gh");
        fs::write(&gh, "#!/bin/sh\necho \"$@\"\n").unwrap();
        fs::set_permissions(&gh, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let workflow = yaml(&example(&format!("github/preview-{name}.yml")));
        let mut steps = workflow["jobs"]["preview"]["steps"].as_array().unwrap().clone();
        let mut known = vec![
            ("github.event.pull_request.head.sha || github.sha".to_owned(), "abc123".to_owned()),
            ("github.event_name == 'pull_request'".to_owned(), "false".to_owned()),
        ];
        for step in &mut steps {
            let data = &mut step["with"][key];
            if data.is_string() {
                assert!(text(data).contains(&format!("\"{agent_name}\": {{0}}")), "{data}");
                *data = serde_json::json!({ agent_name: "mia-pr-7" }).to_string().into();
            }
            if let Some(state) = step["env"]["STATE"].as_str() {
                // All of it decides: nothing but a real pass is a success.
                let state = state.strip_prefix("${{").unwrap().strip_suffix("}}").unwrap().trim();
                for part in ["job.status == 'success'", "passed == 'true'", "simulated == 'false'"]
                {
                    assert!(state.contains(part), "{state}");
                }
                assert!(state.ends_with("&& 'success' || 'failure'"), "{state}");
                known.push((state.to_owned(), "failure".to_owned()));
                assert!(text(&step["if"]).contains("always()"));
            }
        }
        let known: Vec<(&str, &str)> =
            known.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let (_, failed, said) = run_steps(&job, &steps, &known);
        assert!(failed, "{said}");
        let body = job.start();
        assert_eq!(body[key][agent_name], "mia-pr-7", "{said}");
        assert_eq!(body["concurrency_limit"], 3);
        let check = "statuses/abc123 --field context=cekura-preview --field state=failure";
        assert!(said.contains(check), "{said}");
        // Whatever came before, the agent is stopped.
        let stops = steps.iter().filter(|step| {
            let uses = step["uses"].as_str().unwrap_or_default();
            uses.contains("/stop-worker@") || uses.contains("/delete-preview@")
        });
        let stops: Vec<String> = stops.map(|step| text(&step["if"])).collect();
        assert_eq!(stops, ["${{ always() }}"]);
    }
}

/// Runs a script of another system, and gives its exit code and what it said.
async fn elsewhere(scenarios: &str, script: &str, system: &[(&str, &str)]) -> (Job, i32, String) {
    let job = Job::new().await;
    suite(&job, scenarios);
    fs::create_dir(job.path("tools")).unwrap();
    let agent = job.path("tools/buildkite-agent");
    fs::write(&agent, "#!/bin/sh\necho \"$@\" >\"$HOME/annotated\"\ncat >>\"$HOME/annotated\"\n")
        .unwrap();
    fs::set_permissions(&agent, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut env = variables(&job);
    env.extend(system.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let output = shell(&job, script, &env);
    let said = log(&output);
    (job, output.status.code().unwrap(), said)
}

/// The code that each example's step ends with, for a gate that passes, fails, or is given a suite
/// that it refuses.
async fn ends_with(script: &str, system: &[(&str, &str)], codes: [i32; 3]) {
    for (scenarios, code) in ["101", "103", "0"].into_iter().zip(codes) {
        let (_, ended, said) = elsewhere(scenarios, script, system).await;
        assert_eq!(ended, code, "{scenarios}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn azures_example_keeps_the_code_and_sets_its_variables() {
    let pipeline = yaml(&example("azure/azure-pipelines.yml"));
    let script = pipeline["jobs"][0]["steps"][0]["bash"].as_str().unwrap().to_owned();
    let system = [("TF_BUILD", "True")];
    ends_with(&script, &system, [0, 1, 2]).await;
    let (_, _, said) = elsewhere("101", &script, &system).await;
    for part in ["##vso[task.uploadsummary]/", "variable=verdict;isOutput=true]pass"] {
        assert!(said.contains(part), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn buildkites_example_keeps_the_code_and_annotates() {
    let pipeline = yaml(&example("buildkite/pipeline.yml"));
    // The agent fills in variables when it uploads the pipeline: `$$` is what remains of one.
    let script = pipeline["steps"][0]["command"].as_str().unwrap().replace("$$", "$");
    let system = [("BUILDKITE", "true")];
    ends_with(&script, &system, [0, 1, 2]).await;
    for (scenarios, style) in [("101", "success"), ("103", "error")] {
        let (job, _, said) = elsewhere(scenarios, &script, &system).await;
        let annotated = fs::read_to_string(job.path("annotated")).unwrap();
        let first = format!("annotate --context cekura-gate --style {style}\n");
        assert!(annotated.starts_with(&first), "{annotated}\n{said}");
        assert!(annotated.contains("## "), "{annotated}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_examples_end_with_the_gates_own_code() {
    let circleci = yaml(&example("circleci/config.yml"));
    let command = circleci["jobs"]["gate"]["steps"][1]["run"]["command"].as_str().unwrap();
    ends_with(command, &[("CIRCLECI", "true")], [0, 1, 2]).await;

    let gitlab = yaml(&example("gitlab/without-component.gitlab-ci.yml"));
    let command = gitlab["cekura-gate"]["script"][0].as_str().unwrap();
    ends_with(command, &[("GITLAB_CI", "true")], [0, 1, 2]).await;
    let (job, _, _) = elsewhere("101", command, &[("GITLAB_CI", "true")]).await;
    assert!(
        fs::read_to_string(job.path("cekura-report/gate.env")).unwrap().contains("VERDICT=pass")
    );

    let jenkinsfile = example("jenkins/Jenkinsfile");
    let command = jenkinsfile.split_once("sh(script: '").unwrap().1.split('\'').next().unwrap();
    ends_with(command, &[("JENKINS_URL", "http://ci.example")], [0, 1, 2]).await;

    let bitbucket = yaml(&example("bitbucket/bitbucket-pipelines.yml"));
    let step = &bitbucket["pipelines"]["branches"]["main"][0]["step"];
    let command = step["script"][0].as_str().unwrap();
    ends_with(command, &[("BITBUCKET_BUILD_NUMBER", "7")], [0, 1, 2]).await;
    let (job, _, _) = elsewhere("101", command, &[("BITBUCKET_BUILD_NUMBER", "7")]).await;
    assert!(job.path("test-reports/junit.xml").exists());
}

/// The commands that a cancel has to reach are the gate itself, in the place of their shell.
#[test]
fn no_shell_stands_between_a_system_and_the_gate_where_none_is_needed() {
    for path in
        ["circleci/config.yml", "gitlab/without-component.gitlab-ci.yml", "jenkins/Jenkinsfile"]
    {
        assert!(example(path).contains("exec cekura-gate run cekura-gate.yml"), "{path}");
    }
}

/// The inputs, secrets and outputs of Cekura's reusable workflows.
const REUSABLE: [(&str, &str, &str, &str); 5] = [
    (
        "eval",
        "cekura_agent_id scenario_ids frequency run_name cekura_api_url timeout fail_on_failure",
        "CEKURA_API_KEY",
        "result_id result_url pass_count fail_count",
    ),
    (
        "livekit-eval",
        "livekit_agent_url transport cekura_agent_id scenario_ids frequency cekura_api_url timeout \
         fail_on_failure",
        "CEKURA_API_KEY",
        "result_id result_url pass_count fail_count",
    ),
    (
        "pipecat-eval",
        "agent_name transport agent_url dockerfile_path pipecat_secret_set pipecat_pull_secret \
         min_agents max_agents stabilization_secs cekura_agent_id scenario_ids frequency \
         cekura_api_url pipecat_api_url timeout fail_on_failure",
        "CEKURA_API_KEY PIPECAT_API_KEY",
        "result_id result_url pass_count fail_count",
    ),
    ("pipecat-cleanup", "agent_name pipecat_api_url", "PIPECAT_API_KEY", ""),
    (
        "cekura_run_tests",
        "agent_id scenario_ids tags phone_number api_url frequency timeout",
        "CEKURA_API_KEY",
        "",
    ),
];

fn reusable(name: &str) -> Value {
    yaml(&fs::read_to_string(root().join(format!(".github/workflows/{name}.yml"))).unwrap())
}

#[test]
fn the_reusable_workflows_take_the_names_of_the_platforms_own() {
    let action_inputs = crate::action::job::inputs_of_the_action();
    for (name, inputs, secrets, outputs) in REUSABLE {
        let workflow = reusable(name);
        let call = &workflow["on"]["workflow_call"];
        for (key, names) in [("inputs", inputs), ("secrets", secrets), ("outputs", outputs)] {
            for one in names.split_whitespace() {
                assert!(call[key][one].is_object(), "{name}: {key}: {one}");
            }
        }
        // Each input is used, each output is one of the job's, and the action has what it is given.
        let text = workflow["jobs"].to_string();
        for input in call["inputs"].as_object().unwrap().keys() {
            assert!(text.contains(&format!("inputs.{input}")), "{name}: {input} reaches nothing");
        }
        for (output, log) in call["outputs"].as_object().into_iter().flatten() {
            let log = log["value"].as_str().unwrap();
            let job = log.split('.').nth(1).unwrap();
            assert!(workflow["jobs"][job]["outputs"][output].is_string(), "{name}: {output}");
        }
        for job in workflow["jobs"].as_object().unwrap().values() {
            for step in job["steps"].as_array().unwrap() {
                let uses = step["uses"].as_str().unwrap_or_default();
                if let Some(version) = uses.strip_prefix("cekura-ai/cekura-gate@v") {
                    assert_eq!(version, env!("CARGO_PKG_VERSION"), "{name}");
                    for input in step["with"].as_object().unwrap().keys() {
                        assert!(action_inputs.contains(input), "{name}: {input}");
                    }
                }
                // An input inside a script could become code.
                let script = step["run"].as_str().unwrap_or_default();
                assert!(!script.contains("${{"), "{name}: {script}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reusable_workflows_run_the_gate_and_count() {
    if bash_is_missing() {
        return;
    }
    for (name, job_name, agent) in
        [("eval", "run-evals", "cekura_agent_id"), ("cekura_run_tests", "run-tests", "agent_id")]
    {
        let workflow = reusable(name);
        let steps = workflow["jobs"][job_name]["steps"].as_array().unwrap();
        let job = Job::new().await;
        let agent = format!("inputs.{agent}");
        let expressions = [
            (agent.as_str(), "123"),
            ("inputs.scenario_ids", "101,103"),
            ("inputs.frequency", "2"),
            ("inputs.timeout", "1800"),
        ];
        let (known, failed, said) = run_steps(&job, steps, &expressions);
        assert!(failed, "{said}");
        assert_eq!(job.start()["agent_id"], 123, "{said}");
        // A step that always runs counts what there is.
        assert_eq!(known["steps.gate.outputs.verdict"], "fail", "{said}");
        assert_eq!(known["steps.counts.outputs.pass_count"], "2", "{said}");
        assert_eq!(known["steps.counts.outputs.fail_count"], "2", "{said}");
    }
}
