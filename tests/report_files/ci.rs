//! What CI systems read: outputs, variables, annotations, links.

use cekura_gate::report::{github, gitlab};
use insta::assert_snapshot;

use super::{as_written, github_paths, paths, sample};

#[test]
fn github_outputs_hold_every_promised_name() {
    let paths = paths();
    assert_snapshot!(github::output_file(&github::outputs(&sample::report(), github_paths(&paths)), "D", 0), @r"
    verdict<<D
    fail
    D
    exit_code<<D
    1
    D
    passed<<D
    false
    D
    enforced<<D
    true
    D
    simulated<<D
    false
    D
    result_id<<D
    4711
    D
    result_ids<<D
    [4711]
    D
    result_url<<D
    https://dashboard.cekura.ai/1376/results/4711
    D
    agent_version<<D

    D
    success_rate<<D
    0.75
    D
    total_runs<<D
    9
    D
    passed_runs<<D
    6
    D
    failed_runs<<D
    2
    D
    errored_runs<<D
    1
    D
    junit<<D
    cekura-report/junit.xml
    D
    summary_file<<D
    cekura-report/summary.md
    D
    report_dir<<D
    cekura-report
    D
    ");
}

#[test]
fn github_annotations_are_the_most_useful_first() {
    assert_snapshot!(github::annotations(&sample::report(), &as_written), @r"
    ::error file=cekura-gate.yml,title=success_rate%3A failed::75%25 of 8 judged runs passed, wanted at least 90%25: 2 runs failed
    ::error file=cekura-gate.yml,title=errors%3A inconclusive::11.1%25 of 9 runs errored, wanted at most 10%25; 1 more run would decide it
    ::error file=cekura-gate.yml,title=Refund for a late order%3A 2 of 3 failed::The agent promised a refund without looking the order up
    ::warning file=cekura-gate.yml,title=success_rate in Refund for a late order%3A warning::33.3%25 of 3 judged runs passed, wanted at least 60%25
    ::warning file=cekura-gate.yml,title=1 run errored%3A telephony::SIP 503 from carrier (sip-call-failed)
    ::warning file=cekura-gate.yml,title=note::the platform gives a success rate of 66.7%25: it counts the run that never connected
    ");
}

#[test]
fn gitlab_variables_stand_a_line_each() {
    let paths = paths();
    assert_snapshot!(gitlab::dotenv(&github::outputs(&sample::report(), github_paths(&paths))), @r"
    VERDICT=fail
    EXIT_CODE=1
    PASSED=false
    ENFORCED=true
    SIMULATED=false
    RESULT_ID=4711
    RESULT_IDS=[4711]
    RESULT_URL=https://dashboard.cekura.ai/1376/results/4711
    SUCCESS_RATE=0.75
    TOTAL_RUNS=9
    PASSED_RUNS=6
    FAILED_RUNS=2
    ERRORED_RUNS=1
    JUNIT=cekura-report/junit.xml
    SUMMARY_FILE=cekura-report/summary.md
    REPORT_DIR=cekura-report
    ");
}

#[test]
fn gitlab_links_to_the_result() {
    assert_snapshot!(gitlab::annotations(&sample::report()).unwrap(), @r#"
    {
      "Cekura": [
        {
          "external_link": {
            "label": "Cekura result 4711 (failed)",
            "url": "https://dashboard.cekura.ai/1376/results/4711"
          }
        }
      ]
    }
    "#);
    assert_eq!(gitlab::annotations(&sample::empty()), None);
}
