//! A value has one rule, in the file and in the flag that takes its place.

use super::harness::{GOOD, Gate, SUITE};

#[test]
fn a_flag_that_its_key_would_refuse_starts_nothing_and_says_so_in_the_keys_words() {
    let gate = Gate::against(GOOD, SUITE);
    for (flag, value, words) in [
        ("--tags", "", "--tags: `tags` is empty"),
        ("--tags", "a,,b", "--tags: an entry of `tags` is empty"),
        ("--name", "", "--name: `name` is empty"),
        ("--folder", "", "--folder: `folder` is empty"),
        ("--folder", "Orders", "--folder: `folder` needs `project`"),
        ("--frequency", "0", "--frequency: `frequency` must be from 1 to 1000, not `0`"),
        ("--timeout", "45", "--timeout: `45` has no unit"),
        ("--timeout", "0s", "--timeout: `0s` is out of range"),
        ("--mode", "voise", "--mode: `mode` cannot be `voise`"),
        ("--scenarios", "1,1", "--scenarios: `1` is in `scenarios` twice"),
        ("--success-rate", "90", "--success-rate: `90`"),
        ("--success-rate", "<= 90%", "--success-rate: `<= 90%` passes when runs fail"),
        ("--assistant", "a\nb", "--assistant: `assistant` contains a line break"),
        ("--baseline", "", "--baseline: `from` is empty"),
        ("--report-dir", " ", "--report-dir: `dir` is empty"),
    ] {
        let finished = gate.run(&["run", flag, value]).expect(2);
        let text = finished.stderr.replace("\n  ", " ");
        assert!(text.contains(words), "{flag} {value:?}: {text}");
        gate.run(&["check", flag, value]).expect(2);
    }
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn faults_of_several_flags_are_shown_at_once() {
    let gate = Gate::against(GOOD, SUITE);
    let finished = gate.run(&["run", "--frequency", "-1", "--timeout", "45", "--tags", ","]);
    finished.expect(2).says("--frequency: ").says("--timeout: ").says("--tags: ");
}

#[test]
fn flags_that_cannot_stand_together_are_refused_as_their_keys_are() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run", "--agent", "1", "--assistant", "a"])
        .expect(2)
        .says("--assistant: `assistant` cannot be used with `agent`");
    gate.run(&["run", "--project", "9", "--tags", "smoke", "--folder", "Orders"])
        .expect(2)
        .says("--folder: `folder` cannot be used with `tags`");
    std::fs::remove_file(gate.dir.path().join("cekura-gate.yml")).unwrap();
    let alone = ["run", "--agent", "1", "--folder", "Orders"];
    gate.run(&alone).expect(2).says("--folder: `folder` needs `project`");
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn blanks_around_the_entries_of_a_list_and_a_large_frequency_are_taken() {
    let gate = Gate::against(GOOD, SUITE);
    let finished = gate.run(&["run", "--scenarios", "1, 2", "--frequency", "101"]).expect(0);
    assert_eq!(finished.result()["tally"]["total"], 202);
    let most = gate.run(&["check", "--frequency", "1000"]).expect(0);
    let most = most.says("2 scenarios × frequency 1000");
    std::fs::write(
        gate.dir.path().join("cekura-gate.yml"),
        SUITE.replace("frequency: 3", "frequency: 1000"),
    )
    .unwrap();
    assert_eq!(gate.run(&["check"]).expect(0).stdout, most.stdout);
}
