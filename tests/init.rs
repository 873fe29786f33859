//! `init` in the repositories that it finds: what it writes, what it leaves, what it says.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use tempfile::TempDir;

struct Done {
    code: Option<i32>,
    out: String,
    err: String,
}

fn gate(dir: &Path, args: &[&str]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cekura-gate"));
    // Without a terminal and without input: it must ask nothing.
    command.args(args).current_dir(dir).env_clear().env("HOME", dir).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A repository with these files; those that end with a slash are directories.
fn repository(files: &[&str]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for file in files.iter().chain(&[".git/"]) {
        let path = dir.path().join(file);
        if file.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "theirs\n").unwrap();
        }
    }
    dir
}

fn remote(dir: &TempDir, url: &str) {
    let config = format!("[core]\n[remote \"origin\"]\n\turl = {url}\n");
    fs::write(dir.path().join(".git/config"), config).unwrap();
}

fn read(dir: &TempDir, path: &str) -> String {
    fs::read_to_string(dir.path().join(path)).unwrap()
}

/// A recipe of the docs, which the validators of each system read.
fn recipe(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join("examples/workflows").join(path)).unwrap()
}

#[test]
fn each_system_gets_the_recipe_that_its_validators_read() {
    let table: [(&[&str], &str, &str, &str); 9] = [
        (&[".github/"], "", ".github/workflows/cekura-gate.yml", "github/gate.yml"),
        (
            &[".github/workflows/test.yml"],
            "",
            ".github/workflows/cekura-gate.yml",
            "github/gate.yml",
        ),
        (&[], "git@gitlab.com:a/b.git", ".gitlab-ci.yml", "gitlab/without-component.gitlab-ci.yml"),
        (
            &[".gitlab-ci.yml"],
            "",
            ".gitlab/cekura-gate.yml",
            "gitlab/without-component.gitlab-ci.yml",
        ),
        (&["Jenkinsfile"], "", "Jenkinsfile.cekura-gate", "jenkins/Jenkinsfile"),
        (
            &["azure-pipelines.yml"],
            "",
            "azure-pipelines.cekura-gate.yml",
            "azure/azure-pipelines.yml",
        ),
        (&[".circleci/config.yml"], "", ".circleci/cekura-gate.yml", "circleci/config.yml"),
        (&[".buildkite/"], "", ".buildkite/pipeline.yml", "buildkite/pipeline.yml"),
        (
            &["bitbucket-pipelines.yml"],
            "",
            "bitbucket-pipelines.cekura-gate.yml",
            "bitbucket/bitbucket-pipelines.yml",
        ),
    ];
    for (files, url, path, example) in table {
        let dir = repository(files);
        remote(&dir, url);
        let done = gate(dir.path(), &["init"]);
        assert_eq!(done.code, Some(0), "{files:?}: {}", done.err);
        assert!(done.out.contains(&format!("wrote {path}: ")), "{files:?}: {}", done.out);
        assert_eq!(read(&dir, path), recipe(example), "{files:?}");
        for file in files.iter().filter(|file| !file.ends_with('/')) {
            assert_eq!(read(&dir, file), "theirs\n", "{file} was written over");
        }
        assert_eq!(gate(dir.path(), &["check"]).code, Some(0));
    }
}

#[test]
fn what_it_writes_can_be_rehearsed_at_once() {
    let dir = repository(&[".github/"]);
    let done = gate(dir.path(), &["init", "--name", "Shop"]);
    assert_snapshot!(done.out, @r#"
    wrote cekura-gate.yml: the suite
    wrote .github/workflows/cekura-gate.yml: for GitHub Actions (found .github)
    wrote .gitignore: /cekura-report/

    Next:
      1. rehearse it, without an account or cost: cekura-gate run --simulate
      2. replace the placeholders with your own values (agent and scenarios), then look at the plan: cekura-gate check
      3. give GitHub Actions the repository's secret CEKURA_API_KEY
    "#);
    let rehearsal = gate(dir.path(), &["run", "--simulate"]);
    assert_eq!(rehearsal.code, Some(0), "{}{}", rehearsal.out, rehearsal.err);
    assert!(rehearsal.out.contains("Shop · voice · 6 runs"), "{}", rehearsal.out);
}

#[test]
fn a_suite_that_reports_only_fails_no_job() {
    let dir = repository(&[".github/"]);
    assert_eq!(gate(dir.path(), &["init", "--report-only", "--agent=1"]).code, Some(0));
    let text = read(&dir, "cekura-gate.yml").replace(">= 90%", ">= 100%");
    fs::write(dir.path().join("cekura-gate.yml"), text + "early_stop: never\n").unwrap();
    let world = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/worlds/regression.yml");
    let args =
        ["run", "--scenarios=4,5", "--frequency=9", &format!("--simulate={}", world.display())];
    let done = gate(dir.path(), &args);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    assert!(done.out.contains("Would fail"), "{}", done.out);
}

#[test]
fn flags_answer_what_the_suite_asks() {
    let dir = repository(&[]);
    let args = [
        "init",
        "--ci",
        "none",
        "--agent",
        "77",
        "--tags",
        "smoke,two words",
        "--mode",
        "livekit_v2",
        "--frequency",
        "5",
        "--name",
        "a \"b\" ${HOME}",
    ];
    let done = gate(dir.path(), &args);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(!done.out.contains("placeholder"), "{}", done.out);
    let plan = gate(dir.path(), &["check"]);
    assert_eq!(plan.code, Some(0), "{}", plan.err);
    for part in ["a \"b\" ${HOME}", "livekit_v2", "77", "frequency 5", "smoke"] {
        assert!(plan.out.contains(part), "{part}: {}", plan.out);
    }
}

#[test]
fn flags_that_do_not_go_together_are_told_and_nothing_is_written() {
    let dir = repository(&[".github/"]);
    for args in [
        ["--folder", "Sales", "--agent", "1"],
        ["--mode", "livekit_v2", "--assistant", "asst_1"],
        ["--agent", "0", "--tags", "x"],
    ] {
        let mut all = vec!["init"];
        all.extend(args);
        let done = gate(dir.path(), &all);
        assert_eq!(done.code, Some(2), "{args:?}: {}", done.out);
        assert!(!dir.path().join("cekura-gate.yml").exists(), "{args:?}");
    }
}

#[test]
fn what_is_there_stays_unless_it_is_told_otherwise() {
    let dir = repository(&["cekura-gate.yml", ".github/workflows/cekura-gate.yml"]);
    let done = gate(dir.path(), &["init"]);
    assert_eq!(done.code, Some(2));
    assert_snapshot!(done.err, @"error: cekura-gate.yml and .github/workflows/cekura-gate.yml exist already; nothing was written; pass --force to overwrite it");
    assert_eq!(read(&dir, "cekura-gate.yml"), "theirs\n");

    // One of the two is enough to go on with; but flags about a suite that stays would do nothing.
    let dir = repository(&["cekura-gate.yml", ".github/"]);
    assert_eq!(gate(dir.path(), &["init", "--agent", "5"]).code, Some(2));
    assert!(!dir.path().join(".github/workflows").exists());
    let done = gate(dir.path(), &["init"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("kept  cekura-gate.yml: it exists already"), "{}", done.out);
    assert_eq!(read(&dir, "cekura-gate.yml"), "theirs\n");

    let done = gate(dir.path(), &["init", "--force", "--agent", "5"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(read(&dir, "cekura-gate.yml").contains("\nagent: 5\n"));
}

#[test]
fn a_suite_within_a_repository_is_named_by_its_path() {
    let dir = repository(&[".buildkite/", "bots/mia/"]);
    let done = gate(&dir.path().join("bots/mia"), &["init"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("wrote ../../.buildkite/pipeline.yml"), "{}", done.out);
    let workflow = read(&dir, ".buildkite/pipeline.yml");
    assert!(workflow.contains("cekura-gate run bots/mia/cekura-gate.yml"), "{workflow}");
    assert!(read(&dir, "bots/mia/cekura-gate.yml").contains("\nname: \"mia\"\n"));

    let dir = repository(&[".buildkite/", "a b;$(touch pwned)/"]);
    let done = gate(&dir.path().join("a b;$(touch pwned)"), &["init"]);
    assert_eq!(done.code, Some(2));
    assert!(done.err.contains("cannot stand in a script"), "{}", done.err);
}

#[test]
fn the_workflow_follows_the_branch_that_the_remote_releases_from() {
    let dir = repository(&["azure-pipelines.yml"]);
    fs::create_dir_all(dir.path().join(".git/refs/remotes/origin")).unwrap();
    let head = dir.path().join(".git/refs/remotes/origin/HEAD");
    fs::write(head, "ref: refs/remotes/origin/release\n").unwrap();
    assert_eq!(gate(dir.path(), &["init"]).code, Some(0));
    assert!(read(&dir, "azure-pipelines.cekura-gate.yml").contains("include: [release]"));

    // A worktree keeps its own directory elsewhere.
    let main = repository(&[]);
    remote(&main, "https://bitbucket.org/a/b.git");
    let inner = main.path().join(".git/worktrees/x");
    fs::create_dir_all(&inner).unwrap();
    fs::write(inner.join("commondir"), "../..\n").unwrap();
    let tree = TempDir::new().unwrap();
    fs::write(tree.path().join(".git"), format!("gitdir: {}\n", inner.display())).unwrap();
    fs::write(main.path().join(".git/HEAD"), "ref: refs/heads/master\n").unwrap();
    assert_eq!(gate(tree.path(), &["init"]).code, Some(0));
    assert!(read(&tree, "bitbucket-pipelines.yml").contains("\n    master:\n"));
}

#[test]
fn without_a_ci_system_there_is_a_suite_and_the_names_to_choose_from() {
    let dir = TempDir::new().unwrap();
    let done = gate(dir.path(), &["init"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("name one with --ci github|gitlab|jenkins|azure"), "{}", done.out);
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 1);
    assert_eq!(gate(dir.path(), &["check"]).code, Some(0));
}

#[test]
fn the_recipes_name_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let action = format!("uses: cekura-ai/cekura-gate@v{version}");
    assert!(recipe("github/gate.yml").contains(&action));
    assert!(recipe("github/drop-in.yml").contains(&action));
    assert!(recipe("gitlab/.gitlab-ci.yml").contains(&format!("/gate@{version}")));
    let image = format!("image: ghcr.io/cekura-ai/cekura-gate:{version}-alpine\n");
    assert!(recipe("circleci/config.yml").contains(&image));
    assert!(recipe("bitbucket/bitbucket-pipelines.yml").contains(&image));
}

/// Everything that the sources include from elsewhere has to be in the image's build too.
#[test]
fn the_image_is_built_with_what_the_source_includes() {
    fn included(directory: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                included(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let source = fs::read_to_string(&path).unwrap();
                let names = source.split("include_str!(\"").skip(1);
                let names = names.map(|rest| rest.split('"').next().unwrap());
                let outside =
                    names.filter_map(|name| name.rsplit_once("../").map(|(_, name)| name));
                found.extend(outside.map(str::to_owned));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    included(&root.join("src"), &mut found);
    assert!(found.len() >= 8, "{found:?}");
    let dockerfile = fs::read_to_string(root.join("Dockerfile")).unwrap();
    let ignored = fs::read_to_string(root.join(".dockerignore")).unwrap();
    for name in found {
        let (directory, _) = name.rsplit_once('/').unwrap();
        let copied = |part: &Path| {
            let part = part.display();
            dockerfile.contains(&format!("COPY {part} ./{part}\n"))
                && ignored.contains(&format!("!{part}\n"))
        };
        assert!(Path::new(directory).ancestors().any(copied), "{name} is not in the image's build");
    }
}

/// What stands in the docs is what the validators read and `init` writes.
#[test]
fn every_recipe_of_the_docs_is_the_example_that_it_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut held = 0;
    for page in fs::read_dir(root.join("docs/ci")).unwrap() {
        let path = page.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for part in text.split("<!-- file: ").skip(1) {
            let (name, rest) = part.split_once(" -->\n```").unwrap();
            let block = rest.split_once('\n').unwrap().1.split("\n```").next().unwrap();
            let file = fs::read_to_string(root.join(name)).unwrap();
            assert_eq!(block.trim(), file.trim(), "{}: {name}", path.display());
            held += 1;
        }
    }
    assert_eq!(held, 11);
}

#[test]
fn flags_obey_the_rules_of_their_keys_and_nothing_is_written_where_they_do_not() {
    let dir = repository(&[]);
    for (flags, words) in [
        (["--tags", ""], "--tags: `tags` is empty"),
        (["--tags", "a,,b"], "--tags: an entry of `tags` is empty"),
        (["--name", " "], "--name: `name` is empty"),
        (["--frequency", "0"], "--frequency: `frequency` must be from 1 to 1000, not `0`"),
        (["--mode", "voise"], "--mode: `mode` cannot be `voise`"),
        (["--scenarios", "1,x"], "an entry of `scenarios` must be a whole number, not `x`"),
    ] {
        let done = gate(dir.path(), &[&["init"], &flags[..]].concat());
        assert_eq!(done.code, Some(2), "{flags:?}");
        assert!(done.err.contains(words), "{flags:?}: {}", done.err);
        assert!(!dir.path().join("cekura-gate.yml").exists());
    }
    let done = gate(dir.path(), &["init", "--frequency", "101", "--scenarios", "1, 2"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
}

#[test]
fn the_report_directory_is_ignored_and_no_line_of_theirs_is_touched() {
    let dir = repository(&[]);
    let done = gate(dir.path(), &["init"]);
    assert!(done.out.contains("wrote .gitignore: /cekura-report/"), "{}", done.out);
    assert_eq!(read(&dir, ".gitignore"), "/cekura-report/\n");
    let dir = repository(&[]);
    fs::write(dir.path().join(".gitignore"), "target\n# last").unwrap();
    let done = gate(dir.path(), &["init"]);
    assert!(done.out.contains("added to .gitignore: /cekura-report/"), "{}", done.out);
    assert_eq!(read(&dir, ".gitignore"), "target\n# last\n/cekura-report/\n");
    // What says so already stays as it is.
    let done = gate(dir.path(), &["init", "--force"]);
    assert!(!done.out.contains(".gitignore"), "{}", done.out);
    assert_eq!(read(&dir, ".gitignore"), "target\n# last\n/cekura-report/\n");
}

#[test]
fn a_preview_starts_gates_and_stops_the_agent_of_a_pull_request() {
    let dir = repository(&[]);
    let done = gate(dir.path(), &["init", "--preview", "livekit", "--name", "Shop"]);
    assert_snapshot!(done.out, @r#"
    wrote cekura-gate.yml: the suite
    wrote .github/workflows/cekura-preview.yml: for GitHub Actions (--preview is for GitHub)
    wrote .gitignore: /cekura-report/

    Next:
      1. rehearse it, without an account or cost: cekura-gate run --simulate
      2. replace the placeholders with your own values (agent and scenarios), then look at the plan: cekura-gate check
      3. put your own values in the place of the placeholders of the workflow: agent_name_base and env
      4. give GitHub Actions the repository's secrets CEKURA_API_KEY, LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, and the label cekura-test: gh label create cekura-test
      5. require the check cekura-preview, and no job of the workflow
    "#);
    assert_eq!(
        read(&dir, ".github/workflows/cekura-preview.yml"),
        recipe("github/preview-livekit.yml")
    );
    assert!(read(&dir, "cekura-gate.yml").contains("mode: livekit_v2\n"));
    // A repository that has a gate already keeps it.
    let dir = repository(&[".github/workflows/cekura-gate.yml", "cekura-gate.yml"]);
    let done = gate(dir.path(), &["init", "--preview", "pipecat"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert_eq!(read(&dir, "cekura-gate.yml"), "theirs\n");
    assert_eq!(
        read(&dir, ".github/workflows/cekura-preview.yml"),
        recipe("github/preview-pipecat.yml")
    );
}

#[test]
fn a_preview_of_another_system_or_mode_is_refused_before_anything_is_written() {
    for (file, args, words) in [
        (".gitlab-ci.yml", &["init", "--preview", "livekit"][..], "GitHub Actions only"),
        (".github/", &["init", "--preview", "pipecat", "--mode", "voice"], "by mode pipecat_v2"),
    ] {
        let dir = repository(&[file]);
        let done = gate(dir.path(), args);
        assert_eq!(done.code, Some(2), "{args:?}");
        assert!(done.err.contains(words), "{}", done.err);
        assert!(!dir.path().join("cekura-gate.yml").exists());
    }
}

/// What Cekura's published preview actions take, by their own files: what is required, and the rest
/// that the workflows use.
#[test]
fn the_previews_give_each_of_cekuras_actions_what_it_takes() {
    let table = [
        (
            "livekit/start-worker",
            "livekit_url livekit_api_key livekit_api_secret agent_name_base",
            "pr_number env",
        ),
        ("livekit/stop-worker", "", "container"),
        (
            "pipecat/deploy-preview",
            "api_key agent_name_base secret_set",
            "pr_number max_agents min_agents spec",
        ),
        ("pipecat/delete-preview", "api_key agent_name_base", "pr_number"),
    ];
    let mut seen = 0;
    for name in ["livekit", "pipecat"] {
        let text = recipe(&format!("github/preview-{name}.yml"));
        for step in text.split("uses: cekura-ai/cekura-github-actions/").skip(1) {
            let (action, rest) = step.split_once("@v1.3.0\n").unwrap();
            let (_, required, optional) = table.iter().find(|row| row.0 == action).unwrap();
            let given: Vec<&str> = rest
                .lines()
                .take_while(|line| !line.is_empty())
                .filter_map(|line| line.strip_prefix("          "))
                .filter_map(|line| line.split_once(':'))
                .map(|(key, _)| key)
                .filter(|key| !key.starts_with([' ', '#']))
                .collect();
            for key in required.split_whitespace() {
                assert!(given.contains(&key), "{action} lacks {key}: {given:?}");
            }
            for key in given {
                let known = required.split_whitespace().chain(optional.split_whitespace());
                assert!(known.into_iter().any(|one| one == key), "{action} has no input {key}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 5);
}
