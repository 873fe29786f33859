//! What a change cannot touch is skipped, and every surface says so.

use std::process::Command;

use super::harness::{GOOD, Gate};

const SUITE: &str = "version: 1
name: Checkout
agent: 1
scenarios: [1, 2]
paths: [\"prompts/**\", agent]
";

/// Git in the gate's directory, with nothing of this machine's configuration.
fn git(gate: &Gate, args: &[&str]) -> String {
    let mut git = Command::new("git");
    git.current_dir(gate.dir.path()).args(["-c", "user.name=a", "-c", "user.email=a@b.example"]);
    git.args(["-c", "commit.gpgsign=false"]).args(args).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = git.output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn write(gate: &Gate, path: &str, text: &str) {
    let path = gate.dir.path().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A repository with a commit on `main`, the suite in it, and a branch on which nothing is yet.
fn repository(suite: &str) -> Gate {
    let mut gate = Gate::against(GOOD, suite);
    for name in ["PATH", "HOME"] {
        gate.env(name, &std::env::var(name).unwrap_or_default());
    }
    gate.env("GIT_CONFIG_GLOBAL", "/dev/null");
    write(&gate, "prompts/agent.md", "Be kind.\n");
    write(&gate, "docs/a.md", "Docs.\n");
    write(&gate, ".gitignore", "cekura-report/\noutput\nstep\n");
    git(&gate, &["init", "-q", "-b", "main"]);
    git(&gate, &["add", "."]);
    git(&gate, &["commit", "-qm", "first"]);
    git(&gate, &["switch", "-qc", "change"]);
    gate
}

fn commit(gate: &Gate, path: &str, text: &str) -> String {
    write(gate, path, text);
    git(gate, &["add", "-A"]);
    git(gate, &["commit", "-qm", "change"]);
    git(gate, &["rev-parse", "HEAD"])
}

const SINCE_MAIN: [&str; 3] = ["run", "--changed-since", "main"];

#[test]
fn a_suite_that_no_change_touches_starts_nothing_and_every_surface_says_skipped() {
    let mut gate = repository(SUITE);
    commit(&gate, "docs/a.md", "Other docs.\n");
    let path = gate.dir.path().to_owned();
    for (name, value) in [
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_OUTPUT", path.join("output").display().to_string()),
        ("GITHUB_STEP_SUMMARY", path.join("step").display().to_string()),
    ] {
        gate.env(name, &value);
    }
    let finished = gate
        .run(&SINCE_MAIN)
        .expect(0)
        .says("skipped: none of its `paths` changed since `main` (")
        .says("0: skipped; nothing was started and nothing judged")
        .says("::notice title=Checkout%3A skipped::");
    assert!(gate.requests().is_empty(), "{:?}", gate.requests());
    let outputs = std::fs::read_to_string(path.join("output")).unwrap();
    for pair in [["verdict", "skipped"], ["passed", "false"], ["exit_code", "0"]] {
        let [name, value] = pair;
        let entry = outputs.rsplit(&format!("{name}<<")).next().unwrap();
        assert_eq!(entry.lines().nth(1), Some(value), "{outputs}");
    }
    for (report, words) in [
        ("summary.md", "skipped: none of its"),
        ("comment.md", "skipped: none of its"),
        ("html/index.html", "skipped: none of its"),
        ("junit.xml", "<skipped message=\"skipped: none of its"),
        ("gates.json", "\"verdict\": \"skipped\""),
    ] {
        let text = finished.report(report);
        assert!(text.contains(words), "{report}: {text}");
    }
    assert!(std::fs::read_to_string(path.join("step")).unwrap().contains("skipped"));
}

#[test]
fn a_change_of_a_named_file_of_the_suite_itself_or_of_what_is_not_committed_runs_it() {
    for (path, why) in [
        ("prompts/agent.md", "`prompts/agent.md` changed, which `prompts/**` names"),
        ("agent/a\nb.py", "changed, which `agent` names"),
        ("cekura-gate.yml", "`cekura-gate.yml` changed, a file of the suite"),
    ] {
        let gate = repository(SUITE);
        let suite = format!("{SUITE}timeout: 5m\n");
        let list = ["run", "--list", "--changed-since", "main"];
        gate.run(&list).expect(0).says("skipped  Checkout (cekura-gate.yml): none of its `paths`");
        // Not committed, and then committed.
        write(&gate, path, &suite);
        let listed = gate.run(&list).expect(0).says(why).says("Nothing was started.");
        assert_eq!(listed.stdout.lines().count(), 3, "{}", listed.stdout);
        commit(&gate, path, &suite);
        gate.run(&list).expect(0).says(why);
        assert!(gate.requests().is_empty());
        gate.run(&SINCE_MAIN).expect(0).says("2 of 2");
    }
}

#[test]
fn what_main_has_got_meanwhile_is_no_change_of_the_branch() {
    let gate = repository(SUITE);
    commit(&gate, "docs/a.md", "x");
    git(&gate, &["switch", "-q", "main"]);
    commit(&gate, "prompts/agent.md", "Be brief.\n");
    git(&gate, &["switch", "-q", "change"]);
    gate.run(&SINCE_MAIN).expect(0).says("skipped: ");
}

#[test]
fn a_difference_that_is_not_known_runs_every_suite_and_says_why() {
    let gate = repository(SUITE);
    gate.run(&["run", "--changed-since", "nowhere"])
        .expect(0)
        .says("every suite runs: what changed is not known: `nowhere` is no commit in this clone")
        .says("2 of 2");
    gate.run(&["run", "--changed-since=--output=x"]).expect(0).says("is no commit in this clone");
    gate.run(&["run", "--changed-since", "auto"]).expect(0).says("name a commit or a branch");
    gate.run(&["run", "--changed-since", ""]).expect(2);
    // Without a repository, and without git.
    let mut alone = Gate::against(GOOD, SUITE);
    alone.run(&SINCE_MAIN).expect(0).says("what changed is not known: ");
    alone.env("PATH", "/nowhere");
    alone.run(&SINCE_MAIN).expect(0).says("the git program cannot be started");
}

#[test]
fn the_edge_of_a_shallow_clone_hides_nothing() {
    let gate = repository(SUITE);
    commit(&gate, "prompts/agent.md", "Be brief.\n");
    commit(&gate, "docs/a.md", "x");
    let origin = format!("file://{}", gate.dir.path().display());
    git(&gate, &["clone", "-q", "--depth", "1", "--branch", "change", &origin, "shallow"]);
    let mut list = gate.command(&["run", "--list", "--changed-since", "origin/main"]);
    list.current_dir(gate.dir.path().join("shallow"));
    let listed = String::from_utf8(list.output().unwrap().stdout).unwrap();
    assert!(
        listed.starts_with("runs     Checkout (cekura-gate.yml): what changed is not known"),
        "{listed}"
    );
}

#[test]
fn a_pull_request_on_github_is_compared_with_what_its_event_says() {
    let mut gate = repository(SUITE);
    let base = git(&gate, &["rev-parse", "main"]);
    let head = commit(&gate, "docs/a.md", "x");
    let event = |head: &str| {
        format!(r#"{{"pull_request":{{"base":{{"sha":"{base}"}},"head":{{"sha":"{head}"}}}}}}"#)
    };
    write(&gate, "step", &event(&head));
    let path = gate.dir.path().join("step").display().to_string();
    for (name, value) in [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_EVENT_PATH", &path),
    ] {
        gate.env(name, value);
    }
    let auto = ["run", "--changed-since", "auto"];
    gate.run(&auto).expect(0).says("skipped: ");
    // `pull_request_target` checks out what the change goes into: nothing seems to have changed.
    git(&gate, &["switch", "-q", "main"]);
    gate.run(&auto)
        .expect(0)
        .says("what is checked out does not hold the commit that is judged")
        .says("2 of 2");
}

#[test]
fn of_several_suites_those_run_that_the_change_touches() {
    let gate = repository(SUITE);
    write(&gate, "suites/a.yml", SUITE);
    write(
        &gate,
        "suites/b.yml",
        "version: 1\nname: Returns\nagent: 1\nscenarios: [1]\npaths: [docs]\n",
    );
    write(&gate, "suites/c.yml", "version: 1\nname: Always\nagent: 1\nscenarios: [2]\n");
    git(&gate, &["switch", "-q", "main"]);
    commit(&gate, "x", "x");
    git(&gate, &["switch", "-qc", "other"]);
    commit(&gate, "docs/a.md", "x");
    let run = gate
        .run(&["run", "suites", "--changed-since", "main"])
        .expect(0)
        .says("2 of 2 suites passed, 1 skipped");
    let index: serde_json::Value = serde_json::from_str(&run.report("gates.json")).unwrap();
    let listed: Vec<&str> = index["gates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(listed, ["skipped", "pass", "pass"]);
    assert_eq!((&index["verdict"], &index["exit_code"]), (&"pass".into(), &0.into()));
    gate.run(&["run", "suites", "--list"])
        .expect(0)
        .says("every suite runs without --changed-since");
}

#[test]
fn a_pattern_that_could_name_nothing_is_refused_at_its_place() {
    let suite = SUITE.replace("agent]", "/agent, \"!docs\", \"[a\"]");
    Gate::alone(&suite)
        .run(&["check"])
        .expect(2)
        .says("`/agent` begins with `/`")
        .says("`!docs` leaves files out")
        .says("`[a` cannot be read")
        .says("cekura-gate.yml:5:");
}
