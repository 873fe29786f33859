//! `junit.xml`, as a test viewer reads it.

use cekura_gate::report::junit::junit;
use insta::assert_snapshot;

use crate::sample;

#[test]
fn junit_holds_a_case_for_each_run_and_each_check() {
    assert_snapshot!(junit(&sample::report()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites>
      <testsuite name="Checkout regression" package="Checkout regression" id="0" tests="9" failures="2" errors="1" skipped="0" time="252.400" timestamp="2026-11-20T14:03:05" hostname="localhost">
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
