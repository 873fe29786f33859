//! The account on the terminal, as a person reads it.

use cekura_gate::report::console::Style;
use insta::assert_snapshot;

use super::{on_console, sample};

#[test]
fn the_terminal_says_what_failed_and_why() {
    let style = Style { color: false, width: 90 };
    assert_snapshot!(on_console(&sample::report(), style), @"
    ✗ Failed: success_rate is 75%, wanted >= 90%; errors is inconclusive
      Checkout regression · voice · 9 runs: 6 passed, 2 failed, 1 errored · 4m12s

    Checks
                      check                wanted         seen                  runs
      ✗ failed        success_rate         >= 90%         75% (40.9% to 92.9%)  8 (+1 unknown)
          75% of 8 judged runs passed, wanted at least 90%: 2 runs failed
      ? inconclusive  errors               <= 10%         11.1%                 8 (+1 unknown)
          11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it
      ! warning       success_rate in      >= 60%         33.3%                 3
                        Refund for a late
                        order
          33.3% of 3 judged runs passed, wanted at least 60%
      ✓ passed        Latency              p95 <= 2500ms  2310ms                8 (+1 unknown)

    Failed runs
      ✗ Refund for a late order: 2 of 3 runs failed
        - The agent promised a refund without looking the order up (2 runs)
          run 9001 at 0:17, Main Agent, its last words: “I have refunded the full amount, it
          arrives tomorrow.”

    Runs without a verdict
      ? 1 run errored · cause: telephony · 9006
        - SIP 503 from carrier (sip-call-failed)

    Notes
      - the platform gives a success rate of 66.7%: it counts the run that never connected

      result   4711
               https://dashboard.cekura.ai/1376/results/4711
      reports  cekura-report/junit.xml
               cekura-report/summary.md
               cekura-report/result.json
      traffic  31 requests, 1 of them retries after 500ms of waiting
      exit     1: a gating check failed
      next     cekura-gate judge cekura-report/result.json
               (other thresholds, no new calls)
               cekura-gate run cekura-gate.yml --failed-from cekura-report/result.json
               (only what did not pass, again)
               cekura-gate run cekura-gate.yml --baseline cekura-report/result.json
               (after a fix: is it better?)
    ");
}

#[test]
fn the_terminal_is_brief_when_all_is_well() {
    let style = Style { color: false, width: 90 };
    assert_snapshot!(on_console(&sample::passing(), style), @"
    ✓ Passed: 4 checks passed
      Checkout regression · voice · 9 runs: 9 passed · 4m12s

    Checks
                check                                    wanted         seen   runs
      ✓ passed  success_rate                             >= 90%         100%   9
      ✓ passed  errors                                   <= 10%         0%     9
      ✓ passed  Latency                                  p95 <= 2500ms  908ms  9
      ✓ passed  success_rate in Refund for a late order  >= 60%         100%   9

      result   4711
               https://dashboard.cekura.ai/1376/results/4711
      reports  cekura-report/junit.xml
               cekura-report/summary.md
               cekura-report/result.json
      traffic  31 requests, 1 of them retries after 500ms of waiting
      exit     0: every gating check passed
    ");
}

#[test]
fn the_terminal_says_what_to_do_after_a_timeout() {
    let style = Style { color: false, width: 90 };
    assert_snapshot!(on_console(&sample::empty(), style), @"
    ? Inconclusive: the result did not finish within 45m
      Checkout regression · voice · 0 runs · 4m12s

    Notes
      - the platform gives a success rate of 66.7%: it counts the run that never connected

      result   4711
      reports  cekura-report/junit.xml
               cekura-report/summary.md
               cekura-report/result.json
      traffic  31 requests, 1 of them retries after 500ms of waiting
      exit     4: the result did not finish within `timeout`
      next     cekura-gate watch 4711 --suite cekura-gate.yml
               (waits for it again)
    ");
}

#[test]
fn the_checks_stand_one_below_the_other_where_a_table_has_no_room() {
    let style = Style { color: false, width: 50 };
    let shown = on_console(&sample::report(), style);
    let checks: Vec<&str> = shown.lines().skip(4).take(13).collect();
    assert!(shown.lines().take(30).all(|line| line.chars().count() <= 50), "{shown}");
    assert_snapshot!(checks.join("\n"), @r"
    Checks
      ✗ failed  success_rate >= 90%
          75% of 8 judged runs passed, wanted at least
          90%: 2 runs failed
      ? inconclusive  errors <= 10%
          11.1% of 9 runs errored, wanted at most 10%;
          1 more run would decide it
      ! warning  success_rate in Refund for a late
          order >= 60%
          33.3% of 3 judged runs passed, wanted at
          least 60%
      ✓ passed  Latency p95 <= 2500ms
    ");
}
