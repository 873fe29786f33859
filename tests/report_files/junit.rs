//! `junit.xml`, as a test viewer reads it.

use cekura_gate::report::junit::{LIMIT, junit};
use cekura_gate::suite::model::Junit;
use insta::assert_snapshot;

use super::{ELEMENTS, SKIPPED, sample};

#[test]
fn junit_holds_a_case_for_each_run_and_each_check() {
    assert_snapshot!(junit(&sample::report()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites>
        <testsuite name="Checkout regression" tests="9" skipped="0" errors="1" failures="2" time="252.400" package="Checkout regression" id="0" timestamp="2026-11-20T14:03:05" hostname="localhost">
            <properties>
                <property name="verdict" value="failed"/>
                <property name="enforced" value="true"/>
                <property name="exit_code" value="1"/>
                <property name="simulated" value="false"/>
                <property name="result_id" value="4711"/>
                <property name="mode" value="voice"/>
                <property name="cekura_gate_version" value="0.1.0"/>
                <property name="agent" value="Northwind support"/>
                <property name="result_url" value="https://dashboard.cekura.ai/1376/results/4711"/>
                <property name="suite_file" value="cekura-gate.yml"/>
            </properties>
            <testcase name="Refund for a late order · Impatient caller · #1" classname="Checkout regression.Refund for a late order" time="62.500">
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
      0:14 Testing Agent: It&apos;s 55 012.
      0:17 Main Agent: I have refunded the full amount, it arrives tomorrow.
    </failure>
            </testcase>
            <testcase name="Refund for a late order · Impatient caller · #2" classname="Checkout regression.Refund for a late order" time="63.500">
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
      0:14 Testing Agent: It&apos;s 55 012.
      0:17 Main Agent: I have refunded the full amount, it arrives tomorrow.
    </failure>
            </testcase>
            <testcase name="Refund for a late order · Impatient caller · #3" classname="Checkout regression.Refund for a late order" time="64.500"/>
            <testcase name="Change of address · Impatient caller · #1" classname="Checkout regression.Change of address" time="65.500"/>
            <testcase name="Change of address · Impatient caller · #2" classname="Checkout regression.Change of address" time="66.500"/>
            <testcase name="Change of address · Impatient caller · #3" classname="Checkout regression.Change of address" time="0.000">
                <error message="SIP 503 from carrier (sip-call-failed)" type="gate.NoConversation">SIP 503 from carrier (sip-call-failed)

    run 9006 of Change of address · Impatient caller · #3
    blame: telephony
    ended: sip-call-failed
    error: SIP 503 from carrier
    see: https://dashboard.cekura.ai/1376/results/4711
    </error>
            </testcase>
            <testcase name="Angry caller asks for a human · Impatient caller · #1" classname="Checkout regression.Angry caller asks for a human" time="68.500"/>
            <testcase name="Angry caller asks for a human · Impatient caller · #2" classname="Checkout regression.Angry caller asks for a human" time="69.500"/>
            <testcase name="Angry caller asks for a human · Impatient caller · #3" classname="Checkout regression.Angry caller asks for a human" time="70.500"/>
            <system-out>Failed: success_rate is 75%, wanted &gt;= 90%; errors is inconclusive
    the platform gives a success rate of 66.7%: it counts the run that never connected</system-out>
            <system-err></system-err>
        </testsuite>
        <testsuite name="Checkout regression · gate checks" tests="4" skipped="1" errors="1" failures="1" time="0.000" package="Checkout regression · gate checks" id="1" timestamp="2026-11-20T14:03:05" hostname="localhost">
            <properties>
                <property name="verdict" value="failed"/>
                <property name="enforced" value="true"/>
                <property name="exit_code" value="1"/>
                <property name="simulated" value="false"/>
                <property name="result_id" value="4711"/>
                <property name="mode" value="voice"/>
                <property name="cekura_gate_version" value="0.1.0"/>
                <property name="agent" value="Northwind support"/>
                <property name="result_url" value="https://dashboard.cekura.ai/1376/results/4711"/>
                <property name="suite_file" value="cekura-gate.yml"/>
            </properties>
            <testcase name="success_rate: &gt;= 90%" classname="Checkout regression.gate checks" time="0.000">
                <failure message="75% of 8 judged runs passed, wanted at least 90%: 2 runs failed" type="gate.Threshold">75% of 8 judged runs passed, wanted at least 90%: 2 runs failed

    check: success_rate &gt;= 90%
    seen: 75%
    interval: 40.9% to 92.9% (95% sure)
    samples: 8 (+1 unknown)
    runs: 9001, 9002
    see: https://dashboard.cekura.ai/1376/results/4711
    </failure>
            </testcase>
            <testcase name="errors: &lt;= 10%" classname="Checkout regression.gate checks" time="0.000">
                <error message="11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it" type="gate.Inconclusive">11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it

    check: errors &lt;= 10%
    seen: 11.1%
    samples: 8 (+1 unknown)
    runs: 9006
    see: https://dashboard.cekura.ai/1376/results/4711
    </error>
            </testcase>
            <testcase name="Latency: p95 &lt;= 2500ms" classname="Checkout regression.gate checks" time="0.000"/>
            <testcase name="success_rate in Refund for a late order: &gt;= 60%" classname="Checkout regression.gate checks" time="0.000">
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

/// The lines that hold one of these, without their indentation.
fn lines_with(xml: &str, any: &[&str]) -> String {
    let lines = xml.lines().filter(|line| any.iter().any(|one| line.contains(one)));
    lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
}

#[test]
fn retried_runs_are_noted_in_text_that_every_reader_takes() {
    let xml = junit(&sample::retried(Junit::default()));
    assert!(!xml.contains("<flaky") && !xml.contains("<rerun"), "{xml}");
    assert_snapshot!(lines_with(&xml, &["flaky", "another attempt"]), @r#"
    <property name="flaky_runs" value="9003"/>
    another attempt, run 9901, failed: Again no lookup
    another attempt, run 9906, errored: SIP 503 again
    flaky: run 9903 failed and passed on retry (run 9003)</system-out>
    <property name="flaky_runs" value="9003"/>
    flaky: run 9903 failed and passed on retry (run 9003)</system-out>
    "#);
}

#[test]
fn retried_runs_have_elements_where_the_suite_asks_for_them() {
    let xml = junit(&sample::retried(ELEMENTS));
    assert_snapshot!(lines_with(&xml, &["<flaky", "<rerun", "<stackTrace"]), @r#"
    <rerunFailure message="Again no lookup" type="gate.AgentFailed">
    <stackTrace>run 9901: Again no lookup</stackTrace>
    <flakyFailure message="It hung up &lt;early&gt;" type="gate.AgentFailed">
    <stackTrace>run 9903: It hung up &lt;early&gt;</stackTrace>
    <rerunError message="SIP 503 again" type="gate.NoConversation">
    <stackTrace>run 9906: SIP 503 again</stackTrace>
    "#);
}

#[test]
fn runs_that_the_gate_tolerates_are_skipped_where_the_suite_asks_for_it() {
    let xml = junit(&sample::tolerated(SKIPPED));
    assert!(!xml.contains("<failure") && !xml.contains("<error"), "{xml}");
    assert_snapshot!(lines_with(&xml, &["<testsuite ", "<skipped"]), @r#"
    <testsuite name="Checkout regression" tests="9" skipped="3" errors="0" failures="0" time="252.400" package="Checkout regression" id="0" timestamp="2026-11-20T14:03:05" hostname="localhost">
    <skipped message="tolerated: the run failed: The agent promised a refund without looking the order up">tolerated: the run failed: The agent promised a refund without looking the order up
    <skipped message="tolerated: the run failed: The agent promised a refund without looking the order up">tolerated: the run failed: The agent promised a refund without looking the order up
    <skipped message="tolerated: the run errored: SIP 503 from carrier (sip-call-failed)">tolerated: the run errored: SIP 503 from carrier (sip-call-failed)
    <testsuite name="Checkout regression · gate checks" tests="2" skipped="0" errors="0" failures="0" time="0.000" package="Checkout regression · gate checks" id="1" timestamp="2026-11-20T14:03:05" hostname="localhost">
    "#);
    let as_it_is = junit(&sample::tolerated(Junit::default()));
    assert_eq!((as_it_is.matches("<failure").count(), as_it_is.matches("<error").count()), (2, 1));
}

#[test]
fn nothing_is_tolerated_where_the_gate_did_not_pass() {
    let mut report = sample::report();
    let plain = junit(&report);
    report.junit = SKIPPED;
    assert_eq!(junit(&report), plain);
    // A gate that only reports exits with 0, whatever it has found.
    report.exit_code = 0;
    assert!(junit(&report).contains("<failure"));
}

#[test]
fn a_file_that_would_be_too_long_leaves_out_what_passed_and_says_so() {
    let mut report = sample::large(10_000, 0);
    for run in &mut report.result.runs {
        run.scenario_name = Some(format!("{}&{}", "&".repeat(150), run.id));
    }
    let xml = junit(&report);
    assert!(xml.len() <= LIMIT, "{} bytes", xml.len());
    let left_out = 10_000 + 4 - xml.matches("<testcase ").count();
    assert!(left_out > 0);
    let said = format!("<system-out>{left_out} cases left out: all of them are in result.json");
    assert!(xml.contains(&said), "{left_out}");
    let property = format!("name=\"cases_left_out\" value=\"{left_out} cases\"");
    assert!(xml.contains(&property));
    let red = xml.matches("<failure").count() + xml.matches("<error").count();
    assert_eq!(red, 4000 + 2, "those that did not pass are all there");
}
