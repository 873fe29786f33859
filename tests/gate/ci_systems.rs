//! The CI system around the gate: who is told what, and how `--ci` changes it.

use crate::gate::harness::{Finished, GOOD, Gate, SUITE, world};

/// The gate in a system that sets these variables.
fn gate_in(world: &str, variables: &[(&str, &str)]) -> Gate {
    let mut gate = Gate::against(world, SUITE);
    for (name, value) in variables {
        gate.env(name, value);
    }
    gate
}

const GITHUB: [(&str, &str); 3] =
    [("GITHUB_ACTIONS", "true"), ("GITHUB_OUTPUT", "output"), ("GITHUB_STEP_SUMMARY", "summary")];

fn commands(finished: &Finished) -> Vec<&str> {
    finished
        .stdout
        .lines()
        .filter(|line| line.starts_with("##") || line.starts_with("::"))
        .collect()
}

#[test]
fn azure_is_told_the_issues_the_summary_and_the_variables() {
    let gate = gate_in(&world("0", "0"), &[("TF_BUILD", "True")]);
    let finished = gate.run(&["run"]).expect(1);
    let commands = commands(&finished);
    assert!(commands.iter().any(|line| {
        line.starts_with("##vso[task.logissue type=error]success_rate: failed: saw 0% (0 of 6")
    }));
    let summary = gate.dir.path().canonicalize().unwrap().join("cekura-report/summary.md");
    let upload = format!("##vso[task.uploadsummary]{}", summary.display());
    assert!(commands.contains(&upload.as_str()), "{commands:#?}");
    for variable in ["verdict;isOutput=true]fail", "exit_code;isOutput=true]1"] {
        let wanted = format!("##vso[task.setvariable variable={variable}");
        assert!(commands.contains(&wanted.as_str()), "{wanted}: {commands:#?}");
    }
    // The id comes first, before the first question about the result.
    assert!(commands[0].starts_with("##vso[task.setvariable variable=result_id;"), "{commands:#?}");
}

#[test]
fn azure_has_its_variables_also_from_a_quiet_gate_and_one_that_could_not_start() {
    let gate = gate_in(GOOD, &[("TF_BUILD", "True")]);
    let finished = gate.run(&["run", "--quiet"]).expect(0);
    assert!(
        commands(&finished).contains(&"##vso[task.setvariable variable=passed;isOutput=true]true")
    );
    let refused = gate.run(&["run", "--frequency", "0"]).expect(2);
    assert_eq!(
        commands(&refused),
        [
            "##vso[task.setvariable variable=verdict;isOutput=true]refused",
            "##vso[task.setvariable variable=exit_code;isOutput=true]2",
            "##vso[task.setvariable variable=passed;isOutput=true]false",
            "##vso[task.setvariable variable=simulated;isOutput=true]false",
        ]
    );
}

#[test]
fn the_other_systems_read_files_and_are_sent_no_commands() {
    for variables in [
        [("CIRCLECI", "true")],
        [("BUILDKITE", "true")],
        [("BITBUCKET_BUILD_NUMBER", "7")],
        [("JENKINS_URL", "http://ci.example")],
        [("NOTHING", "known")],
    ] {
        let gate = gate_in(&world("0", "0"), &variables);
        let finished = gate.run(&["run"]).expect(1);
        assert_eq!(commands(&finished), Vec::<&str>::new(), "{variables:?}");
        assert!(!finished.dir.join("cekura-report/gate.env").exists());
        assert!(finished.dir.join("cekura-report/junit.xml").exists());
    }
}

#[test]
fn another_system_can_be_named() {
    let gate = gate_in(&world("0", "0"), &GITHUB);
    let finished = gate.run(&["run", "--ci", "none"]).expect(1);
    assert_eq!(commands(&finished), Vec::<&str>::new());
    assert!(!finished.dir.join("output").exists() && !finished.dir.join("summary").exists());

    let finished = gate.run(&["run", "--ci", "gitlab"]).expect(1);
    assert!(finished.report("gate.env").contains("VERDICT=fail\n"));
    assert!(!finished.dir.join("output").exists());

    let gate = Gate::against(&world("0", "0"), SUITE);
    let finished = gate.run(&["run", "--ci", "azure"]).expect(1);
    assert!(finished.stdout.contains("##vso[task.uploadsummary]"), "{}", finished.stdout);

    gate.run(&["run", "--ci", "travis"]).expect(2).says("possible values: github, gitlab");
}

/// A rehearsal with these arguments in GitHub Actions: its outputs and its summary.
fn rehearsed(args: &[&str], code: i32) -> (String, String) {
    let mut gate = Gate::alone(SUITE);
    GITHUB.iter().for_each(|(name, value)| gate.env(name, value));
    let other = SUITE.replace("Checkout", "Returns");
    std::fs::write(gate.dir.path().join("b.yml"), other).unwrap();
    gate.run(&[&["run", "--simulate"], args].concat()).expect(code);
    let read = |name: &str| std::fs::read_to_string(gate.dir.path().join(name));
    (read("output").unwrap(), read("summary").unwrap_or_default())
}

#[test]
fn no_system_takes_the_pass_of_a_rehearsal_for_one() {
    let line = "\n\n> Simulated: no real call was made.\n\n";
    let says = |output: &str| {
        let at = output.rfind("simulated<<").unwrap();
        output[at..].lines().nth(1).unwrap().to_owned()
    };
    for suites in [vec![], vec!["cekura-gate.yml", "b.yml"]] {
        let (output, summary) = rehearsed(&suites, 0);
        assert_eq!(says(&output), "true");
        let at = summary.find(line).unwrap();
        assert_eq!(summary[..at].matches('\n').count(), 2, "{summary}");
    }
    assert_eq!(says(&rehearsed(&["missing.yml"], 2).0), "true");
    for (system, told) in
        [("gitlab", "SIMULATED=true\n"), ("azure", "simulated;isOutput=true]true")]
    {
        let gate = Gate::alone(SUITE);
        let finished = gate.run(&["run", "--simulate", "--ci", system]).expect(0);
        let file = if system == "gitlab" { finished.report("gate.env") } else { String::new() };
        assert!(format!("{file}{}", finished.stdout).contains(told), "{system}");
        assert!(finished.report("junit.xml").contains("name=\"simulated\" value=\"true\""));
        assert_eq!(finished.result()["simulated"], true);
    }
}

#[test]
fn the_list_of_results_has_one_of_one_suite() {
    let mut gate = gate_in(GOOD, &GITHUB);
    gate.env("GITHUB_OUTPUT", "output");
    gate.run(&["run"]).expect(0);
    let output = std::fs::read_to_string(gate.dir.path().join("output")).unwrap();
    // At the start and with the verdict.
    assert_eq!(output.matches("result_ids<<").count(), 2, "{output}");
    assert_eq!(output.matches("\n[2001]\n").count(), 2, "{output}");
}

#[test]
fn an_output_that_cannot_be_written_is_code_6_for_every_reader() {
    // The job's summary is a directory: nothing can be appended to it.
    let mut gate = gate_in(GOOD, &GITHUB);
    gate.env("GITHUB_STEP_SUMMARY", ".");
    let finished = gate.run(&["run"]).expect(6).says("a report could not be written");
    assert!(!finished.stdout.contains("Passed"), "{}", finished.stdout);
    let result = finished.result();
    assert_eq!((&result["exit_code"], &result["verdict"]), (&6.into(), &"inconclusive".into()));
    for report in ["summary.md", "html/index.html", "junit.xml"] {
        let text = finished.report(report);
        assert!(text.contains("a report could not be written"), "{report}: {text}");
        assert!(
            !text.contains("verdict\">Passed") && !text.contains("Passed:"),
            "{report}: {text}"
        );
    }
    let outputs = std::fs::read_to_string(gate.dir.path().join("output")).unwrap();
    assert!(outputs.contains("inconclusive") && !outputs.contains("\npass\n"), "{outputs}");
}

/// The limit of GitHub for the summary of a step.
const MEBIBYTE: usize = 1_048_576;

/// A gate in GitHub Actions in whose summary others have written so many bytes, without a line end
/// behind them, and the summary when it is done.
fn summary_behind(theirs: usize, suites: &[&str]) -> (Finished, String) {
    let gate = gate_in(&world("0", "0"), &GITHUB);
    let other = SUITE.replace("Checkout", "Returns");
    std::fs::write(gate.dir.path().join("b.yml"), other).unwrap();
    let path = gate.dir.path().join("summary");
    std::fs::write(&path, "x".repeat(theirs)).unwrap();
    let finished = gate.run(&[&["run"], suites].concat()).expect(1);
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.len() <= MEBIBYTE, "{}", text.len());
    let ours = text.strip_prefix(&"x".repeat(theirs)).unwrap().to_owned();
    (finished, ours)
}

#[test]
fn the_summary_of_a_step_counts_what_others_have_written() {
    for suites in [vec![], vec!["cekura-gate.yml", "b.yml"]] {
        let (_, whole) = summary_behind(500_000, &suites);
        assert!(whole.starts_with("\n\n#") && whole.contains("<details>"), "{whole}");

        // Room for some of it: the least goes first, and that is said.
        let (_, cut) = summary_behind(MEBIBYTE - 17_000, &suites);
        assert!(cut.starts_with("\n\n#") && cut.contains("Checkout"), "{cut}");

        let (_, brief) = summary_behind(MEBIBYTE - 2_000, &suites);
        assert!(brief.starts_with("\n\n## ❌ "), "{brief}");
        assert!(
            brief.contains("the gate's own summary is in cekura-report/summary.md\n"),
            "{brief}"
        );

        let (finished, nothing) = summary_behind(MEBIBYTE - 50, &suites);
        assert_eq!(nothing, "");
        finished.says("the step's summary is full");
    }
}

#[test]
fn the_outputs_of_a_step_start_a_line_of_their_own() {
    let gate = gate_in(GOOD, &GITHUB);
    let path = gate.dir.path().join("output");
    std::fs::write(&path, "theirs=1").unwrap();
    gate.run(&["run"]).expect(0);
    let output = std::fs::read_to_string(path).unwrap();
    assert!(output.starts_with("theirs=1\nresult_id<<"), "{output}");
}

#[test]
fn annotations_name_the_file_from_the_root_of_the_repository() {
    for marker in [".git", "other"] {
        let gate = gate_in(&world("0", "0"), &GITHUB);
        let root = gate.dir.path();
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::create_dir_all(root.join(marker)).unwrap();
        for name in ["cekura-gate.yml", "b.yml"] {
            let text = SUITE.replace("Checkout", name);
            std::fs::write(root.join("sub").join(name), text).unwrap();
        }
        for suites in [&["run"][..], &["run", "cekura-gate.yml", "b.yml"]] {
            let mut command = gate.command(suites);
            command.current_dir(root.join("sub"));
            if marker == "other" {
                // Without a repository the workspace of the job is asked.
                command.env("GITHUB_WORKSPACE", root);
            }
            let finished = Finished::of(command.output().unwrap(), &root.join("sub")).expect(1);
            let file = "::error file=sub/cekura-gate.yml,";
            assert!(finished.stdout.contains(file), "{}", finished.stdout);
        }
    }
}
