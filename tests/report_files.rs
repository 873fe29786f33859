//! The reports as their readers get them: each from the same realistic result, then from hostile,
//! empty and very large ones.

#[path = "report_sample/mod.rs"]
mod sample;

use std::path::{Path, PathBuf};

use cekura_gate::report::console::{Style, console};
use cekura_gate::report::github::{self, Paths};
use cekura_gate::report::junit::junit;
use cekura_gate::report::markdown::{LIMIT, markdown};
use cekura_gate::report::model::Report;
use cekura_gate::report::{gitlab, json};
use insta::assert_snapshot;

const HOSTILE: [&str; 14] = [
    "::error::forged",
    "a\n::set-output name=verdict::pass",
    "##[error]forged ##vso[task.complete result=Succeeded]",
    "</details><script>alert(1)</script><img src=x onerror=alert(1)>",
    "[click](http://evil.example) ![x](http://evil.example/x.png) <http://evil.example>",
    "http://evil.example www.evil.example me@evil.example @octocat #1",
    "| a | b |\n|---|---|\n`|` \\| **x** _y_ ~~z~~",
    "```\n# head\n- item\n1. one\n> quote\n---\n~~~",
    "]]></failure></testcase><testcase name='x'/> &amp; &#60; \u{0}\u{b}\u{fffe}",
    "\u{1b}[2J\u{1b}]8;;http://evil.example\u{7}link\u{1b}]8;;\u{7}\u{9b}31m",
    "\u{202e}gnp.exe\u{2066}\u{200f}",
    "EOF\nverdict<<EOF\npass\nEOF",
    "[x]: http://evil.example\n\n[x] &lt;b&gt; <!-- --> <b>bold</b> $\\href{http://evil.example}{x}$",
    "",
];

fn paths() -> [PathBuf; 3] {
    ["junit.xml", "summary.md", "result.json"].map(|name| Path::new("cekura-report").join(name))
}

fn on_console(report: &Report, style: Style) -> String {
    let paths = paths();
    console(report, style, &[&paths[0], &paths[1], &paths[2]])
}

fn github_paths(paths: &[PathBuf; 3]) -> Paths<'_> {
    Paths {
        junit: Some(&paths[0]),
        summary: Some(&paths[1]),
        dir: Some(Path::new("cekura-report")),
    }
}

#[test]
fn the_terminal_says_what_failed_and_why() {
    let style = Style { color: false, width: 90 };
    assert_snapshot!(on_console(&sample::report(), style), @r"
    ✗ Failed: success_rate is 75%, wanted >= 90%; errors is inconclusive
      Checkout regression · voice · 9 runs: 6 passed, 2 failed, 1 errored · 4m12s

    Checks
                      check                                    wanted         seen    runs
      ✗ failed        success_rate                             >= 90%         75%     8 (+1 unknown)
          75% of 8 judged runs passed, wanted at least 90%: 2 runs failed; between 40.9% to
          92.9% (95% sure)
      ? inconclusive  errors                                   <= 10%         11.1%   8 (+1 unknown)
          11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it
      ! warning       success_rate in Refund for a late order  >= 60%         33.3%   3
          33.3% of 3 judged runs passed, wanted at least 60%
      ✓ passed        Latency                                  p95 <= 2500ms  2310ms  8 (+1 unknown)

    Failed runs
      ✗ Refund for a late order: 2 of 3 runs failed
        - The agent promised a refund without looking the order up (2 runs)

    Runs without a judgement
      ? 1 run errored · blame: telephony · 9006
        - SIP 503 from carrier (sip-call-failed)

    Notes
      - the platform gives a success rate of 66.7%: it counts the run that never connected

      result   4711  https://dashboard.cekura.ai/1376/results/4711
      reports  cekura-report/junit.xml
               cekura-report/summary.md
               cekura-report/result.json
      exit     1: a gating check failed
      next     cekura-gate judge cekura-report/result.json    (other thresholds, no new calls)
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
      exit     4: the result did not finish within `timeout`
      next     cekura-gate watch 4711    (waits for it again)
    ");
}

#[test]
fn the_summary_says_what_failed_and_why() {
    assert_snapshot!(markdown(&sample::report()), @r"
    ## ❌ Failed: success\_rate is 75%, wanted &gt;= 90%; errors is inconclusive

    **Checkout regression** · voice · 9 runs: 6 passed, 2 failed, 1 errored · 4m12s · [result 4711](https://dashboard.cekura.ai/1376/results/4711)

    | | Check | Wanted | Seen | Runs | Why |
    |---|---|---|---|---|---|
    | ❌ failed | success\_rate | &gt;= 90% | 75%<br>40.9% to 92.9% (95% sure) | 8 (+1 unknown) | 75% of 8 judged runs passed, wanted at least 90%: 2 runs failed |
    | ❔ inconclusive | errors | &lt;= 10% | 11.1% | 8 (+1 unknown) | 11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it |
    | ⚠️ warning | success\_rate in Refund for a late order | &gt;= 60% | 33.3% | 3 | 33.3% of 3 judged runs passed, wanted at least 60% |
    | ✅ passed | Latency | p95 &lt;= 2500ms | 2310ms | 8 (+1 unknown) |  |

    ### 1 of 3 scenarios with failed runs

    #### Refund for a late order: 2 of 3 runs failed

    - The agent promised a refund without looking the order up (2 runs)

    <details><summary>Run 9001 · Impatient caller · #​1 · Main agent-ended-call after 1m3s</summary>

    - expected outcome: **50 of 100**<br>✅ The agent greeted the caller and asked for the order number<br>❌ The agent promised a refund without looking the order up
    - Workflow adherence: **not passed**<br>Step 3 (look the order up) was skipped; the agent went straight to step 5
    - Latency: **2310**
    - Sentiment: **neutral**

    > 0:00 **Main Agent:** Thank you for calling Northwind, how can I help?\
    > 0:04 **Testing Agent:** My order is two weeks late and I want my money back.\
    > 0:09 **Main Agent:** I am sorry to hear that. What is your order number?\
    > 0:14 **Testing Agent:** It's 55 012.\
    > 0:17 **Main Agent:** I have refunded the full amount, it arrives tomorrow.

    </details>

    <details><summary>Run 9002 · Impatient caller · #​2 · Main agent-ended-call after 1m4s</summary>

    - expected outcome: **50 of 100**<br>✅ The agent greeted the caller and asked for the order number<br>❌ The agent promised a refund without looking the order up
    - Workflow adherence: **not passed**<br>Step 3 (look the order up) was skipped; the agent went straight to step 5
    - Latency: **2310**
    - Sentiment: **neutral**

    > 0:00 **Main Agent:** Thank you for calling Northwind, how can I help?\
    > 0:04 **Testing Agent:** My order is two weeks late and I want my money back.\
    > 0:09 **Main Agent:** I am sorry to hear that. What is your order number?\
    > 0:14 **Testing Agent:** It's 55 012.\
    > 0:17 **Main Agent:** I have refunded the full amount, it arrives tomorrow.

    </details>

    ### 1 run without a judgement

    - 1 run errored · blame: telephony

    | Run | Scenario | Outcome | Blame | Why |
    |---|---|---|---|---|
    | 9006 | Change of address · Impatient caller · \#​3 | errored | telephony | SIP 503 from carrier (sip-call-failed) |

    <details><summary>What the platform suggests (written by a model, not checked)</summary>

    **What happened:** In two of three refund calls the agent confirmed a refund at once.

    **Why:** The prompt names refunds before it names \`lookup\_order\`.

    **How to fix it:** Make \`lookup\_order\` a precondition of any promise.

    - Refunds are promised without an order lookup (2 runs: 9001, 9002)

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
    | 9009 | Angry caller asks for a human · Impatient caller · \#​3 | 1m11s | passed |
    | 9008 | Angry caller asks for a human · Impatient caller · \#​2 | 1m10s | passed |
    | 9007 | Angry caller asks for a human · Impatient caller · \#​1 | 1m9s | passed |
    | 9005 | Change of address · Impatient caller · \#​2 | 1m7s | passed |
    | 9004 | Change of address · Impatient caller · \#​1 | 1m6s | passed |
    | 9003 | Refund for a late order · Impatient caller · \#​3 | 1m5s | passed |
    | 9002 | Refund for a late order · Impatient caller · \#​2 | 1m4s | **failed** |
    | 9001 | Refund for a late order · Impatient caller · \#​1 | 1m3s | **failed** |

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
    | Requests | 31, of them 1 repeated |
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
    result_id<<D
    4711
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
    RESULT_ID=4711
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
fn the_summary_stays_below_the_limit_and_says_what_it_left_out() {
    for (runs, turns) in [(1, 0), (100, 3), (300, 400), (5000, 20), (20_000, 60)] {
        let text = markdown(&sample::large(runs, turns));
        assert!(text.len() <= LIMIT, "{runs} runs: {} bytes", text.len());
        assert!(text.contains("## ❌ Failed") && text.contains("About this gate"), "{runs} runs");
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        assert_eq!(text.contains("Left out"), runs >= 5000, "{runs} runs");
    }
}

#[test]
fn the_summary_stays_below_the_limit_when_every_text_is_huge() {
    let mut report = sample::hostile(&"@<&|\\`\u{10ffff}".repeat(20_000));
    report.notes = vec!["|".repeat(5000); 3000];
    let text = markdown(&report);
    assert!(text.len() <= LIMIT);
    assert!(junit(&report).len() < 20_000_000);
}

#[test]
fn junit_stays_below_what_gitlab_takes() {
    let xml = junit(&sample::large(20_000, 60));
    assert!(xml.len() < 20_000_000, "{} bytes", xml.len());
    assert_eq!(xml.matches("<testcase ").count(), 20_000 + 4);
}

/// The name, class and suite of each case with the elements in it.
fn cases(xml: &str) -> Vec<(String, String, String, Vec<String>)> {
    use quick_xml::XmlVersion;
    use quick_xml::events::{BytesStart, Event};
    let attribute = |element: &BytesStart<'_>, name: &str| {
        let value = element.try_get_attribute(name).unwrap().unwrap();
        value.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned()
    };
    let (mut suite, mut cases) = (String::new(), Vec::new());
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => match element.name().as_ref() {
                b"testsuite" => suite = attribute(&element, "name"),
                b"testcase" => cases.push((
                    suite.clone(),
                    attribute(&element, "classname"),
                    attribute(&element, "name"),
                    Vec::new(),
                )),
                b"failure" | b"error" | b"skipped" => {
                    let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
                    cases.last_mut().unwrap().3.push(name);
                }
                _ => {}
            },
            Event::Eof => return cases,
            _ => {}
        }
    }
}

#[test]
fn every_case_has_its_own_name_and_at_most_one_end() {
    for text in HOSTILE.iter().chain(&["same"]) {
        let mut report = sample::hostile(text);
        // The repetitions tell nothing apart here.
        report.outcomes.iter_mut().for_each(|outcome| outcome.repetition = 1);
        let cases = cases(&junit(&report));
        assert_eq!(cases.len(), 9 + 4, "{text:?}");
        assert!(cases.iter().all(|case| case.3.len() <= 1), "{text:?}");
        let mut keys: Vec<_> = cases.iter().map(|(a, b, c, _)| (a, b, c)).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 9 + 4, "{text:?}");
    }
}

#[test]
fn no_line_on_the_terminal_is_a_command_or_moves_the_cursor() {
    for text in HOSTILE {
        for width in [0, 41, 47, 80, 1000] {
            let padded = format!("{}{text}", "word ".repeat(width % 7));
            let report = sample::hostile(&padded);
            for color in [false, true] {
                let shown = on_console(&report, Style { color, width });
                for line in shown.lines() {
                    assert!(!line.trim_start().starts_with("::"), "{line:?}");
                    let lower = line.to_lowercase();
                    assert!(!lower.contains("##[") && !lower.contains("##vso["), "{line:?}");
                }
                let styles = ["\u{1b}[1;31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[1m"];
                let plain = styles.iter().fold(shown, |text, code| text.replace(code, ""));
                let plain = plain.replace("\u{1b}[2m", "").replace("\u{1b}[0m", "");
                assert!(!plain.contains(|c: char| c != '\n' && c.is_control()), "{plain:?}");
            }
        }
    }
}

#[test]
fn annotations_are_few_short_and_ours() {
    let many = "100% of\n::error::it, all: ##[x]".repeat(300);
    for report in HOSTILE.map(sample::hostile).into_iter().chain([sample::hostile(&many)]) {
        let mut report = report;
        report.checks = (0..40).map(|at| report.checks[at % 4].clone()).collect();
        let text = github::annotations(&report);
        for level in ["::error ", "::warning "] {
            let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(level)).collect();
            assert_eq!(lines.len(), 10);
            assert!(lines.iter().all(|line| line.chars().count() < 4096));
        }
        assert_eq!(text.lines().count(), 20, "{text}");
    }
}

#[test]
fn gitlab_variables_are_few_small_and_have_values() {
    let paths = ["x".repeat(4000), "y\nz=1".into(), "z".into()].map(PathBuf::from);
    for report in HOSTILE.map(sample::hostile) {
        let text = gitlab::dotenv(&report, github_paths(&paths));
        assert!(text.len() < 5000 && text.lines().count() <= 20);
        for line in text.lines() {
            let (key, value) = line.split_once('=').unwrap();
            assert!(key.chars().all(|c| c.is_ascii_uppercase() || c == '_'), "{line}");
            assert!(!value.is_empty() && value.trim() == value, "{line}");
        }
    }
}

#[test]
fn a_saved_result_reads_back_to_the_same_bytes() {
    let plain = [sample::report(), sample::passing(), sample::quarantined(), sample::empty()];
    for report in plain.into_iter().chain(HOSTILE.map(sample::hostile)) {
        let saved = json::write(&report).unwrap();
        assert!(saved.ends_with("}\n"));
        let read = json::read(&saved).unwrap();
        assert_eq!(read, report);
        assert_eq!(json::write(&read).unwrap(), saved);
    }
}

#[test]
fn a_saved_result_that_cannot_be_read_says_where() {
    let saved = json::write(&sample::report()).unwrap();
    let broken = [
        saved.replace("\"unit\": \"milliseconds\"", "\"unit\": \"fortnights\""),
        saved.replace("\"run\": 9006", "\"run\": null"),
        saved.replace("\"format_version\": 1", "\"format_version\": 2, \"verdict\": 7"),
        format!("{saved} and more"),
        "<html>".to_owned(),
        "{}".to_owned(),
    ];
    let errors = broken.map(|text| json::read(&text).unwrap_err().to_string());
    assert_snapshot!(errors.join("\n"), @r"
    not a saved result: unknown variant `fortnights`, expected one of `share`, `number`, `milliseconds`, `seconds`, `minutes` at line 80 column 26, at `checks[2].unit`
    not a saved result: invalid type: null, expected u64 at line 147 column 17, at `outcomes[5].run`
    saved in format 2 by a newer cekura-gate: this one reads up to format 1, so update it
    not a saved result: trailing characters at line 702 column 2, at `.`
    not a saved result: expected value at line 1 column 1, at `.`
    not a saved result: missing field `format_version` at line 1 column 2, at `.`
    ");
}

#[test]
fn the_schema_of_results_is_the_one_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/result.schema.json");
    let generated = format!("{:#}\n", json::result_schema().as_value());
    if std::env::var_os("CEKURA_GATE_BLESS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(checked_in, generated, "run this test again with CEKURA_GATE_BLESS=1 set");
}

#[test]
fn saved_results_are_valid_by_their_schema() {
    let schema = jsonschema::validator_for(json::result_schema().as_value()).unwrap();
    for report in [sample::report(), sample::quarantined(), sample::empty(), sample::unscored()] {
        let saved = serde_json::to_value(&report).unwrap();
        let errors: Vec<String> = schema.iter_errors(&saved).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn a_gate_that_did_not_pass_is_red_in_junit_whatever_the_reason() {
    let timed_out = junit(&sample::empty());
    assert!(timed_out.contains("<error message=\"Inconclusive: the result did not finish"));
    for report in [sample::errored(), sample::unscored(), sample::quarantined()] {
        let cases = cases(&junit(&report));
        assert!(cases.iter().any(|case| ["error", "failure"].iter().any(|end| case.3 == [*end])));
    }
}

/// Writes samples for `ci/check-junit.sh` into the directory that `CEKURA_GATE_SAMPLES` names.
#[test]
fn writes_samples() {
    let Some(dir) = std::env::var_os("CEKURA_GATE_SAMPLES").map(PathBuf::from) else {
        return;
    };
    let named = [
        ("failing", sample::report()),
        ("passing", sample::passing()),
        ("errored", sample::errored()),
        ("unscored", sample::unscored()),
        ("quarantined", sample::quarantined()),
        ("empty", sample::empty()),
        ("large", sample::large(3000, 20)),
        ("hostile", sample::hostile(&HOSTILE.join("\n\n"))),
    ];
    let named = named.into_iter().map(|(name, report)| (name.to_owned(), report));
    let each = HOSTILE.iter().enumerate();
    let hostile = each.map(|(at, text)| (format!("hostile-{at}"), sample::hostile(text)));
    for (name, report) in named.chain(hostile) {
        std::fs::write(dir.join(format!("{name}.xml")), junit(&report)).unwrap();
        std::fs::write(dir.join(format!("{name}.md")), markdown(&report)).unwrap();
    }
}
