//! Rules for some of the scenarios: by tags, ids, names and test cases.

use super::harness::{GOOD, Gate, SUITE};

/// The second scenario always fails and carries another tag.
fn world() -> String {
    GOOD.replacen("tags: [smoke], pass: 1", "tags: [smoke, safety], pass: 1", 1).replacen(
        "Return shoes, folder: Orders, tags: [smoke], pass: 1",
        "Return shoes, folder: Orders, tags: [smoke, slow], pass: 0",
        1,
    )
}

fn suite(groups: &str) -> String {
    format!("{SUITE}thresholds:\n  success_rate: 30%\n  groups:\n{groups}")
}

const SAFETY: &str = "    safety: { tags: [safety], each_scenario: { success_rate: 100% } }\n";

#[test]
fn a_group_by_tags_is_judged_over_its_scenarios_and_shown_in_every_report() {
    let groups = format!("{SAFETY}    returns: {{ names: [\"return*\"], success_rate: 90% }}\n");
    let gate = Gate::against(&world(), &suite(&groups));
    let finished = gate.run(&["run"]).expect(1);
    finished.says("success_rate of group returns").says("success_rate of group safety in Where is");
    let read = |name: &str| {
        std::fs::read_to_string(gate.dir.path().join("cekura-report").join(name)).unwrap()
    };
    for (report, words) in [
        ("summary.md", "success\\_rate of group returns"),
        ("junit.xml", "success_rate of group returns: &gt;= 90%"),
        ("html/index.html", "of group"),
        ("result.json", "\"group\": \"returns\""),
    ] {
        assert!(read(report).contains(words), "{report}: {}", read(report));
    }
}

#[test]
fn a_saved_result_is_judged_again_by_its_groups() {
    let gate = Gate::against(&world(), &suite(SAFETY));
    gate.run(&["run"]).expect(0);
    std::fs::copy(
        gate.dir.path().join("cekura-report/result.json"),
        gate.dir.path().join("saved.json"),
    )
    .unwrap();
    gate.run(&["judge", "saved.json"]).expect(0);
    let slow = suite("    slow: { tags: [slow], success_rate: 50% }\n");
    std::fs::write(gate.dir.path().join("slow.yml"), slow).unwrap();
    gate.run(&["judge", "saved.json", "--suite", "slow.yml"]).expect(1).says("of group slow");
}

#[test]
fn a_group_that_nothing_fits_is_an_error_before_anything_starts() {
    for (group, words, place) in [
        ("x: { tags: [saftey], success_rate: 100% }", "(tag saftey)", "cekura-gate.yml:10:5"),
        ("x: { names: [nothing*], success_rate: 100% }", "(name nothing*)", "cekura-gate.yml:10:5"),
        ("x: { scenarios: [9], success_rate: 100% }", "(scenario 9)", "cekura-gate.yml:10:5"),
        (
            "x: { scenarios: [1, 9], success_rate: 100% }",
            "scenario `9` of the group `x` would not run",
            "cekura-gate.yml:10:25",
        ),
    ] {
        let gate = Gate::against(&world(), &suite(&format!("    {group}\n")));
        gate.run(&["run"]).expect(2).says(words).says(place).says("nothing was started");
        assert_eq!(gate.simulator().starts(), 0);
    }
}

#[test]
fn flags_that_leave_no_scenario_of_a_group_leave_its_checks_aside_and_say_so() {
    let gate = Gate::against(&world(), &suite(SAFETY));
    gate.run(&["run", "--scenarios", "2", "--success-rate", ">= 0%"])
        .expect(0)
        .says("the group `safety` fits none of the scenarios that the flags or the profile select");
}

#[test]
fn a_scenario_in_two_groups_runs_once() {
    let groups = "    a: { scenarios: [1], success_rate: 100% }\n    b: { tags: [safety], success_rate: 100% }\n";
    let gate = Gate::against(&world(), &suite(groups));
    gate.run(&["run"]).expect(0).says("6 runs");
    assert_eq!(gate.simulator().starts(), 1);
}

#[test]
fn test_cases_form_groups_by_their_keys_names_and_tags() {
    let suite = "
version: 1
name: Checkout
agent: 1
cases:
  - { key: login-ok, name: Where is my order, instructions: ask, tags: [core] }
  - { key: returns, name: Return shoes, instructions: return }
thresholds:
  success_rate: 30%
  groups:
    logins: { cases: [\"login*\"], success_rate: 100% }
    core: { tags: [core], success_rate: 100% }
    shoes: { cases: [\"* shoes\"], success_rate: 100% }
";
    let gate = Gate::against(&world(), suite);
    let finished = gate.run(&["run"]).expect(1).says("success_rate of group shoes");
    assert!(!finished.stdout.contains("failed  success_rate of group logins"));
    let none = suite.replace("login*", "logout*");
    let gate = Gate::against(&world(), &none);
    gate.run(&["run"]).expect(2).says("(case logout*)").says("nothing was started");
}

#[test]
fn scenarios_with_a_tag_that_is_left_out_do_not_run() {
    let suite = SUITE.replace("scenarios: [1, 2]", "tags: [smoke]\nexclude_tags: [slow]");
    let gate = Gate::against(&world(), &suite);
    gate.run(&["run"]).expect(0).says("3 runs: 3 passed");
}

#[test]
fn a_rehearsal_gives_each_group_scenarios_of_its_own() {
    let groups = format!("{SAFETY}    late: {{ names: [\"refund*\"], success_rate: 60% }}\n");
    let suite = suite(&groups).replace("scenarios: [1, 2]", "tags: [smoke]");
    let gate = Gate::alone(&suite);
    gate.run(&["run", "--simulate"]).expect(0).says("of group safety");
}
