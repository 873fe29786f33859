//! The reports of a realistic result, as a person reads them.

use cekura_gate::report::console::Style;
use cekura_gate::report::junit::junit;
use cekura_gate::report::markdown::comment::{Origin, comment};
use cekura_gate::report::markdown::markdown;
use cekura_gate::report::{github, gitlab};
use insta::assert_snapshot;

use crate::{github_paths, on_console, paths, sample};

#[test]
fn the_terminal_says_what_failed_and_why() {
    let style = Style { color: false, width: 90 };
    assert_snapshot!(on_console(&sample::report(), style), @r"
    ✗ Failed: success_rate is 75%, wanted >= 90%; errors is inconclusive
      Checkout regression · voice · 9 runs: 6 passed, 2 failed, 1 errored · 4m12s

    Checks
                      check                              wanted         seen    runs
      ✗ failed        success_rate                       >= 90%         75%     8 (+1 unknown)
          75% of 8 judged runs passed, wanted at least 90%: 2 runs failed
      ? inconclusive  errors                             <= 10%         11.1%   8 (+1 unknown)
          11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it
      ! warning       success_rate in Refund for a late  >= 60%         33.3%   3
                        order
          33.3% of 3 judged runs passed, wanted at least 60%
      ✓ passed        Latency                            p95 <= 2500ms  2310ms  8 (+1 unknown)

    Failed runs
      ✗ Refund for a late order: 2 of 3 runs failed
        - The agent promised a refund without looking the order up (2 runs)
          run 9001 at 0:17, Main Agent, its last words: “I have refunded the full amount, it
          arrives tomorrow.”

    Runs without a judgement
      ? 1 run errored · blame: telephony · 9006
        - SIP 503 from carrier (sip-call-failed)

    Notes
      - the platform gives a success rate of 66.7%: it counts the run that never connected

      result   4711  https://dashboard.cekura.ai/1376/results/4711
      reports  cekura-report/junit.xml
               cekura-report/summary.md
               cekura-report/result.json
      traffic  31 requests, 1 of them repeated after 500ms of waiting
      exit     1: a gating check failed
      next     cekura-gate judge cekura-report/result.json    (other thresholds, no new calls)
               cekura-gate run cekura-gate.yml --baseline cekura-report/result.json    (after a fix: is it better?)
    ");
}

#[test]
fn the_terminal_is_brief_when_all_is_well() {
    let style = Style { color: false, width: 90 };
    assert_snapshot!(on_console(&sample::passing(), style), @r"
    ✓ Passed: 4 checks passed
      Checkout regression · voice · 9 runs: 9 passed · 4m12s

    Checks
                check                                    wanted         seen   runs
      ✓ passed  success_rate                             >= 90%         100%   9
      ✓ passed  errors                                   <= 10%         0%     9
      ✓ passed  Latency                                  p95 <= 2500ms  908ms  9
      ✓ passed  success_rate in Refund for a late order  >= 60%         100%   9

      result   4711  https://dashboard.cekura.ai/1376/results/4711
      reports  cekura-report/junit.xml
               cekura-report/summary.md
               cekura-report/result.json
      traffic  31 requests, 1 of them repeated after 500ms of waiting
      exit     0: every gating check passed
    ");
}

#[test]
fn the_terminal_says_what_to_do_after_a_timeout() {
    let style = Style { color: false, width: 90 };
    assert_snapshot!(on_console(&sample::empty(), style), @r"
    ? Inconclusive: the result did not finish within 45m
      Checkout regression · voice · 0 runs · 4m12s

    Notes
      - the platform gives a success rate of 66.7%: it counts the run that never connected

      result   4711
      reports  cekura-report/junit.xml
               cekura-report/summary.md
               cekura-report/result.json
      traffic  31 requests, 1 of them repeated after 500ms of waiting
      exit     4: the result did not finish within `timeout`
      next     cekura-gate watch 4711 --suite cekura-gate.yml    (waits for it again)
    ");
}

#[test]
fn the_summary_says_what_failed_and_why() {
    // The character that keeps text from becoming a reference is invisible.
    let text = markdown(&sample::report()).replace('\u{200b}', "◌");
    assert_snapshot!(text, @r"
    ## ❌ Failed: success\_rate is 75%, wanted &gt;= 90%; errors is inconclusive

    **Checkout regression** · voice · 9 runs: 6 passed, 2 failed, 1 errored · 4m12s · [result 4711](https://dashboard.cekura.ai/1376/results/4711)

    | | Check | Wanted | Seen | Runs | Why |
    |---|---|---|---|---|---|
    | ❌ failed | success\_rate | &gt;= 90% | 75%<br>`█████▓▓▓▓▒▒│░`<br>40.9% to 92.9% (95% sure) | 8 (+1 unknown) | 75% of 8 judged runs passed, wanted at least 90%: 2 runs failed |
    | ❔ inconclusive | errors | &lt;= 10% | 11.1%<br>`█│░░░░░░░░░░░` | 8 (+1 unknown) | 11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it |
    | ⚠️ warning | success\_rate in Refund for a late order | &gt;= 60% | 33.3%<br>`████░░░│░░░░░` | 3 | 33.3% of 3 judged runs passed, wanted at least 60% |
    | ✅ passed | Latency | p95 &lt;= 2500ms | 2310ms<br>`█████████░│░░` | 8 (+1 unknown) |  |

    ### 1 of 3 scenarios with failed runs

    | Scenario | Failed | |
    |---|---|---|
    | Refund for a late order | 2 of 3 | The agent promised a refund without looking the order up |

    The causes are grouped by the platform, in a model's words.

    #### Refunds are promised without an order lookup

    2 runs: 9001, 9002

    <details><summary>Run 9001 · Refund for a late order · Impatient caller · #◌1 · Main agent-ended-call after 1m3s</summary>

    The agent's last words:

    > 0:17 **Main Agent:** I have refunded the full amount, it arrives tomorrow.

    - expected outcome: **50 of 100**<br>✅ The agent greeted the caller and asked for the order number<br>❌ The agent promised a refund without looking the order up
    - Workflow adherence: **not passed**<br>Step 3 (look the order up) was skipped; the agent went straight to step 5
    - Latency: **2310**
    - Sentiment: **neutral**

    The conversation:

    > 0:00 **Main Agent:** Thank you for calling Northwind, how can I help?\
    > 0:04 **Testing Agent:** My order is two weeks late and I want my money back.\
    > 0:09 **Main Agent:** I am sorry to hear that. What is your order number?\
    > 0:14 **Testing Agent:** It's 55 012.\
    > 0:17 **Main Agent:** I have refunded the full amount, it arrives tomorrow.

    </details>

    <details><summary>Run 9002 · Refund for a late order · Impatient caller · #◌2 · Main agent-ended-call after 1m4s</summary>

    The agent's last words:

    > 0:17 **Main Agent:** I have refunded the full amount, it arrives tomorrow.

    - expected outcome: **50 of 100**<br>✅ The agent greeted the caller and asked for the order number<br>❌ The agent promised a refund without looking the order up
    - Workflow adherence: **not passed**<br>Step 3 (look the order up) was skipped; the agent went straight to step 5
    - Latency: **2310**
    - Sentiment: **neutral**

    The conversation:

    > 0:00 **Main Agent:** Thank you for calling Northwind, how can I help?\
    > 0:04 **Testing Agent:** My order is two weeks late and I want my money back.\
    > 0:09 **Main Agent:** I am sorry to hear that. What is your order number?\
    > 0:14 **Testing Agent:** It's 55 012.\
    > 0:17 **Main Agent:** I have refunded the full amount, it arrives tomorrow.

    </details>

    ### 1 run without a judgement

    | | Blame | Why | Runs |
    |---|---|---|---|
    | 1 errored | telephony | SIP 503 from carrier (sip-call-failed) | 9006<br>of Change of address |

    <details><summary>What the platform suggests (written by a model, not checked)</summary>

    **What happened:** In two of three refund calls the agent confirmed a refund at once.

    **Why:** The prompt names refunds before it names \`lookup\_order\`.

    **How to fix it:** Make \`lookup\_order\` a precondition of any promise.


    **Next steps**

    - Move the lookup rule to the top of the prompt<br>Say that no amount may be named before the lookup.

    </details>

    ### Notes

    - the platform gives a success rate of 66.7%: it counts the run that never connected

    <details><summary>All 3 scenarios</summary>

    | Scenario | Id | Passed | Failed | Errored | Unscored | Rate |
    |---|---|---:|---:|---:|---:|---:|
    | Refund for a late order | 101 | 1 | 2 | 0 | 0 | 33.3% |
    | Change of address | 102 | 2 | 0 | 1 | 0 | 100% |
    | Angry caller asks for a human | 103 | 3 | 0 | 0 | 0 | 100% |

    </details>

    <details><summary>Longest conversations</summary>

    | Run | Scenario | Length | Outcome |
    |---|---|---:|---|
    | 9009 | Angry caller asks for a human · Impatient caller · \#◌3 | 1m11s | passed |
    | 9008 | Angry caller asks for a human · Impatient caller · \#◌2 | 1m10s | passed |
    | 9007 | Angry caller asks for a human · Impatient caller · \#◌1 | 1m9s | passed |
    | 9005 | Change of address · Impatient caller · \#◌2 | 1m7s | passed |
    | 9004 | Change of address · Impatient caller · \#◌1 | 1m6s | passed |
    | 9003 | Refund for a late order · Impatient caller · \#◌3 | 1m5s | passed |
    | 9002 | Refund for a late order · Impatient caller · \#◌2 | 1m4s | **failed** |
    | 9001 | Refund for a late order · Impatient caller · \#◌1 | 1m3s | **failed** |

    </details>

    <details><summary>How to run it again</summary>

    ```sh
    cekura-gate run cekura-gate.yml    # the same calls again
    cekura-gate judge result.json --suite other.yml    # no new calls
    cekura-gate compare base/result.json result.json
    ```

    </details>

    <details><summary>About this gate</summary>

    | | |
    |---|---|
    | Exit code | 1: a gating check failed |
    | Result | 4711 (completed) |
    | Agent | Northwind support (123) |
    | Suite file | cekura-gate.yml |
    | Planned | 9 runs, 3 a scenario |
    | Started | 2026-11-20T14:03:05.123Z |
    | Took | 4m12s |
    | Conversations | 8, 8m51s in all; half of them up to 1m7s, the longest 1m11s |
    | Requests | 31 requests, 1 of them repeated after 500ms of waiting |
    | cekura-gate | 0.1.0 |

    </details>
    ");
}

#[test]
fn junit_holds_a_case_for_each_run_and_each_check() {
    assert_snapshot!(junit(&sample::report()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites>
      <testsuite name="Checkout regression" package="Checkout regression" id="0" tests="9" failures="2" errors="1" skipped="0" time="252.400" timestamp="2026-11-20T14:03:05" hostname="localhost">
        <properties>
          <property name="verdict" value="failed"/>
          <property name="exit_code" value="1"/>
          <property name="simulated" value="false"/>
          <property name="result_id" value="4711"/>
          <property name="mode" value="voice"/>
          <property name="cekura_gate_version" value="0.1.0"/>
          <property name="agent" value="Northwind support"/>
          <property name="result_url" value="https://dashboard.cekura.ai/1376/results/4711"/>
          <property name="suite_file" value="cekura-gate.yml"/>
        </properties>
        <testcase classname="Checkout regression.Refund for a late order" name="Refund for a late order · Impatient caller · #1" time="62.500">
          <failure message="The agent promised a refund without looking the order up" type="gate.AgentFailed">The agent promised a refund without looking the order up

    run 9001 of Refund for a late order · Impatient caller · #1
    blame: the agent
    ended: Main agent-ended-call after 1m3s
    see: https://dashboard.cekura.ai/1376/results/4711

    expected outcome: 50 of 100
      ✅ The agent greeted the caller and asked for the order number
      ❌ The agent promised a refund without looking the order up

    metrics:
      Workflow adherence: not passed
        Step 3 (look the order up) was skipped; the agent went straight to step 5
      Latency: 2310
      Sentiment: neutral

    transcript:
      0:00 Main Agent: Thank you for calling Northwind, how can I help?
      0:04 Testing Agent: My order is two weeks late and I want my money back.
      0:09 Main Agent: I am sorry to hear that. What is your order number?
      0:14 Testing Agent: It's 55 012.
      0:17 Main Agent: I have refunded the full amount, it arrives tomorrow.
    </failure>
        </testcase>
        <testcase classname="Checkout regression.Refund for a late order" name="Refund for a late order · Impatient caller · #2" time="63.500">
          <failure message="The agent promised a refund without looking the order up" type="gate.AgentFailed">The agent promised a refund without looking the order up

    run 9002 of Refund for a late order · Impatient caller · #2
    blame: the agent
    ended: Main agent-ended-call after 1m4s
    see: https://dashboard.cekura.ai/1376/results/4711

    expected outcome: 50 of 100
      ✅ The agent greeted the caller and asked for the order number
      ❌ The agent promised a refund without looking the order up

    metrics:
      Workflow adherence: not passed
        Step 3 (look the order up) was skipped; the agent went straight to step 5
      Latency: 2310
      Sentiment: neutral

    transcript:
      0:00 Main Agent: Thank you for calling Northwind, how can I help?
      0:04 Testing Agent: My order is two weeks late and I want my money back.
      0:09 Main Agent: I am sorry to hear that. What is your order number?
      0:14 Testing Agent: It's 55 012.
      0:17 Main Agent: I have refunded the full amount, it arrives tomorrow.
    </failure>
        </testcase>
        <testcase classname="Checkout regression.Refund for a late order" name="Refund for a late order · Impatient caller · #3" time="64.500"/>
        <testcase classname="Checkout regression.Change of address" name="Change of address · Impatient caller · #1" time="65.500"/>
        <testcase classname="Checkout regression.Change of address" name="Change of address · Impatient caller · #2" time="66.500"/>
        <testcase classname="Checkout regression.Change of address" name="Change of address · Impatient caller · #3" time="0.000">
          <error message="SIP 503 from carrier (sip-call-failed)" type="gate.NoConversation">SIP 503 from carrier (sip-call-failed)

    run 9006 of Change of address · Impatient caller · #3
    blame: telephony
    ended: sip-call-failed
    error: SIP 503 from carrier
    see: https://dashboard.cekura.ai/1376/results/4711
    </error>
        </testcase>
        <testcase classname="Checkout regression.Angry caller asks for a human" name="Angry caller asks for a human · Impatient caller · #1" time="68.500"/>
        <testcase classname="Checkout regression.Angry caller asks for a human" name="Angry caller asks for a human · Impatient caller · #2" time="69.500"/>
        <testcase classname="Checkout regression.Angry caller asks for a human" name="Angry caller asks for a human · Impatient caller · #3" time="70.500"/>
        <system-out>Failed: success_rate is 75%, wanted &gt;= 90%; errors is inconclusive
    the platform gives a success rate of 66.7%: it counts the run that never connected</system-out>
        <system-err></system-err>
      </testsuite>
      <testsuite name="Checkout regression · gate checks" package="Checkout regression · gate checks" id="1" tests="4" failures="1" errors="1" skipped="1" time="0.000" timestamp="2026-11-20T14:03:05" hostname="localhost">
        <properties>
          <property name="verdict" value="failed"/>
          <property name="exit_code" value="1"/>
          <property name="simulated" value="false"/>
          <property name="result_id" value="4711"/>
          <property name="mode" value="voice"/>
          <property name="cekura_gate_version" value="0.1.0"/>
          <property name="agent" value="Northwind support"/>
          <property name="result_url" value="https://dashboard.cekura.ai/1376/results/4711"/>
          <property name="suite_file" value="cekura-gate.yml"/>
        </properties>
        <testcase classname="Checkout regression.gate checks" name="success_rate: &gt;= 90%" time="0.000">
          <failure message="75% of 8 judged runs passed, wanted at least 90%: 2 runs failed" type="gate.Threshold">75% of 8 judged runs passed, wanted at least 90%: 2 runs failed

    check: success_rate &gt;= 90%
    seen: 75%
    interval: 40.9% to 92.9% (95% sure)
    samples: 8 (+1 unknown)
    runs: 9001, 9002
    see: https://dashboard.cekura.ai/1376/results/4711
    </failure>
        </testcase>
        <testcase classname="Checkout regression.gate checks" name="errors: &lt;= 10%" time="0.000">
          <error message="11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it" type="gate.Inconclusive">11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it

    check: errors &lt;= 10%
    seen: 11.1%
    samples: 8 (+1 unknown)
    runs: 9006
    see: https://dashboard.cekura.ai/1376/results/4711
    </error>
        </testcase>
        <testcase classname="Checkout regression.gate checks" name="Latency: p95 &lt;= 2500ms" time="0.000"/>
        <testcase classname="Checkout regression.gate checks" name="success_rate in Refund for a late order: &gt;= 60%" time="0.000">
          <skipped message="warning: 33.3% of 3 judged runs passed, wanted at least 60%">warning: 33.3% of 3 judged runs passed, wanted at least 60%

    check: success_rate in Refund for a late order &gt;= 60%
    seen: 33.3%
    samples: 3
    runs: 9001, 9002
    see: https://dashboard.cekura.ai/1376/results/4711
    </skipped>
        </testcase>
        <system-out>Failed: success_rate is 75%, wanted &gt;= 90%; errors is inconclusive
    the platform gives a success rate of 66.7%: it counts the run that never connected</system-out>
        <system-err></system-err>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn quarantined_runs_are_skipped_with_the_reason() {
    let xml = junit(&sample::quarantined());
    let skipped: Vec<&str> = xml.lines().filter(|line| line.contains("<skipped")).collect();
    assert_snapshot!(skipped.join("\n"), @r#"
    <skipped message="quarantined until 2026-12-31 (payments): ticket 42; the run failed: The agent promised a refund without looking the order up">quarantined until 2026-12-31 (payments): ticket 42; the run failed: The agent promised a refund without looking the order up
    <skipped message="quarantined until 2026-12-31 (payments): ticket 42; the run failed: The agent promised a refund without looking the order up">quarantined until 2026-12-31 (payments): ticket 42; the run failed: The agent promised a refund without looking the order up
    <skipped message="quarantined until 2026-12-31 (payments): ticket 42; the run passed">quarantined until 2026-12-31 (payments): ticket 42; the run passed
    <skipped message="warning: 33.3% of 3 judged runs passed, wanted at least 60%">warning: 33.3% of 3 judged runs passed, wanted at least 60%
    "#);
}

#[test]
fn github_outputs_hold_every_promised_name() {
    let paths = paths();
    assert_snapshot!(github::output_file(&sample::report(), github_paths(&paths), "D"), @r"
    verdict<<D
    fail
    D
    exit_code<<D
    1
    D
    passed<<D
    false
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
    assert_snapshot!(github::annotations(&sample::report()), @r"
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
    assert_snapshot!(gitlab::dotenv(&sample::report(), github_paths(&paths)), @r"
    VERDICT=fail
    EXIT_CODE=1
    PASSED=false
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

#[test]
fn the_comment_says_what_failed_and_what_changed() {
    let origin = Origin {
        commit: Some("0123456789abcdef"),
        run: Some("https://github.com/a/b/actions/runs/7"),
    };
    assert_snapshot!(comment(&sample::report(), origin), @r"
    <!-- cekura-gate: Checkout%20regression -->
    ## ❌ Failed: success\_rate is 75%, wanted &gt;= 90%; errors is inconclusive

    **Checkout regression** · voice · 9 runs: 6 passed, 2 failed, 1 errored · 4m12s · [result 4711](https://dashboard.cekura.ai/1376/results/4711)

    | | Check | Wanted | Seen | Runs | Why |
    |---|---|---|---|---|---|
    | ❌ failed | success\_rate | &gt;= 90% | 75%<br>`█████▓▓▓▓▒▒│░`<br>40.9% to 92.9% (95% sure) | 8 (+1 unknown) | 75% of 8 judged runs passed, wanted at least 90%: 2 runs failed |
    | ❔ inconclusive | errors | &lt;= 10% | 11.1%<br>`█│░░░░░░░░░░░` | 8 (+1 unknown) | 11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it |
    | ⚠️ warning | success\_rate in Refund for a late order | &gt;= 60% | 33.3%<br>`████░░░│░░░░░` | 3 | 33.3% of 3 judged runs passed, wanted at least 60% |
    | ✅ passed | Latency | p95 &lt;= 2500ms | 2310ms<br>`█████████░│░░` | 8 (+1 unknown) |  |

    #### Refund for a late order: 2 of 3 runs failed

    - The agent promised a refund without looking the order up (2 runs)

    - 1 run errored · blame: telephony

    ### Notes

    - the platform gives a success rate of 66.7%: it counts the run that never connected

    commit 0123456789 · [the job](https://github.com/a/b/actions/runs/7) · cekura-gate 0.1.0
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
