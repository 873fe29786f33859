//! The CI system around the gate: who is told what, and how `--ci` changes it.

use crate::harness::{Finished, GOOD, Gate, SUITE, world};

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
            "##vso[task.setvariable variable=exit_code;isOutput=true]2",
            "##vso[task.setvariable variable=passed;isOutput=true]false",
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
