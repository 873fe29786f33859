//! Checks that are decided before any run are told before anything is paid for.

use super::harness::{GOOD, Gate, SUITE};

fn suite(thresholds: &str) -> String {
    format!("{SUITE}thresholds:\n{thresholds}")
}

#[test]
fn a_check_that_can_never_fail_is_told_with_its_place_by_check_and_by_run() {
    let text = suite("  success_rate: 90%\n  errors:\n    - '<= 10%'\n    - '<= 100%'\n");
    let gate = Gate::against(GOOD, &text);
    for command in ["check", "run"] {
        gate.run(&[command]).expect(0).says(
            "warning: cekura-gate.yml:11:7: `errors`: `<= 100%` can never fail: a share lies between \
             0% and 100%; write the bound that is meant, for example `<= 10%`, or remove the check",
        );
    }
}

#[test]
fn a_check_that_can_never_pass_is_an_error_of_the_suite() {
    let gate = Gate::alone(&suite("  success_rate: '> 100%'\n"));
    for command in ["check", "run"] {
        gate.run(&[command]).expect(2).says("`> 100%` can never pass").says("cekura-gate.yml:8:17");
    }
}

#[test]
fn a_flag_that_takes_the_place_of_a_check_is_named_in_place_of_the_file() {
    let gate = Gate::alone(&suite("  success_rate: 90%\n"));
    let finished = gate.run(&["check", "--success-rate", ">= 0%"]).expect(0);
    assert!(!finished.stderr.contains("cekura-gate.yml:"), "{}", finished.stderr);
    finished.says("warning: --success-rate: `success_rate`: `>= 0%` can never fail");
    let refused = gate.run(&["check", "--success-rate", "> 100%"]).expect(2);
    refused.says("--success-rate: `> 100%` can never pass");
}
