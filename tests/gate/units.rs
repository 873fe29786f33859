//! Units, scales, directions and labels, as a user sees them: no slip of the pen turns a gate green.

use super::harness::{GOOD, Gate, SUITE};

/// A world with one more metric.
fn with(metric: &str) -> String {
    let world = GOOD.replace("name: Latency", "name: Delay");
    format!("{world}  - {{ id: 600, {metric} }}\n")
}

fn suite(thresholds: &str) -> String {
    format!("{SUITE}thresholds: {{ {thresholds} }}\n")
}

/// The gate's end with one more metric and one check of it.
fn judged(name: &str, value: f64, check: &str) -> (i32, String) {
    let world =
        with(&format!("name: \"{name}\", kind: numeric, values: {{ mean: {value}, spread: 0 }}"));
    let gate = Gate::against(&world, &suite(&format!("metrics: {{ \"{name}\": {check} }}")));
    let finished = gate.run(&["run"]);
    let reason = finished.result()["checks"][0]["reason"].as_str().unwrap_or_default().to_owned();
    (finished.code, reason)
}

#[test]
fn a_word_in_the_name_says_the_unit() {
    for name in ["Latency (s)", "latency_sec", "Latency in seconds", "Problems", "Items"] {
        let (code, reason) = judged(name, 9.5, "p95 <= 2s");
        assert_eq!(code, 1, "{name}: {reason}");
        assert!(reason.contains("values taken as s"), "{reason}");
        assert_eq!(judged(name, 1.5, "p95 <= 2s").0, 0, "{name}");
    }
    for name in ["Latency", "Response time (ms)", "responseTimeMs"] {
        assert_eq!(judged(name, 1500.0, "p95 <= 2s").0, 0, "{name}");
        assert_eq!(judged(name, 9500.0, "p95 <= 2s").0, 1, "{name}");
    }
}

#[test]
fn values_that_cannot_be_in_the_unit_are_inconclusive_and_the_suites_unit_settles_it() {
    for (name, value, probably) in
        [("Latency", 9.5, "s"), ("Latency (s)", 1310.0, "ms"), ("Response time", 1310.0, "ms")]
    {
        let (code, reason) = judged(name, value, "p95 <= 2s");
        assert_eq!(code, 3, "{name}: {reason}");
        assert!(reason.contains(&format!("unit: {probably}")), "{reason}");
        let check = format!("{{ check: \"p95 <= 10s\", unit: {probably} }}");
        assert_eq!(judged(name, value, &check).0, 0, "{name}");
    }
}

#[test]
fn check_says_which_unit_will_be_assumed() {
    let gate = Gate::alone(&suite("metrics: { Latency (s): p95 <= 2s, Latency: p95 <= 2s }"));
    gate.run(&["check"])
        .expect(0)
        .says("Latency (s) p95 <= 2s; values taken as s (`Latency (s)` says `s`)")
        .says("Latency p95 <= 2s; values taken as ms (the usual unit of a latency;");
}

#[test]
fn a_direction_or_a_scale_that_no_one_can_mean_starts_nothing() {
    for (thresholds, fix) in [
        ("success_rate: '<= 90%'", "write `>= 90%`"),
        ("success_rate: '>= 0.9%'", "write `>= 90%`"),
        ("expected_outcome: mean >= 0.9", "write `mean >= 90`"),
        ("errors: '>= 10%'", "write `<= 10%`"),
        ("duration: min >= -1s", "no call is shorter than 0 s"),
        ("each_scenario: { success_rate: '< 50%' }", "write `>= 50%`"),
        ("metrics: { Latency: p95 >= 2s }", "write `p95 <= 2s`"),
        ("metrics: { Words per minute: mean <= 3m }", "write a bare number"),
    ] {
        let gate = Gate::against(GOOD, &suite(thresholds));
        gate.run(&["run"]).expect(2).says(fix).says("cekura-gate.yml:7:");
        assert_eq!(gate.simulator().starts(), 0);
    }
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run", "--success-rate", "<= 90%"]).expect(2).says("--success-rate");
    assert_eq!(gate.simulator().starts(), 0);
}

#[test]
fn a_rating_to_100_is_judged_on_its_scale_although_runs_errored() {
    let half = GOOD.replacen("pass: 1, error: 0", "pass: 1, error: 1", 1);
    let of = |mean: f64, check: &str| {
        let rating = format!(
            "  - {{ id: 600, name: Tone, kind: rating, values: {{ mean: {mean}, spread: 0, max: 100 }} }}\n"
        );
        let world = format!("{half}{rating}");
        Gate::against(&world, &suite(&format!("metrics: {{ Tone: {check} }}"))).run(&["run"]).code
    };
    assert_eq!(of(4.0, "mean >= 80"), 1);
    assert_eq!(of(4.0, "mean <= 6"), 3);
    assert_eq!(of(79.0, "mean >= 80"), 3);
    assert_eq!(of(60.0, "mean >= 4"), 3);
}

/// A world whose metric gives only some of its labels.
fn moods(labels: &str) -> String {
    with(&format!("name: Mood, kind: enum, values: {{ labels: {{ {labels} }} }}"))
}

#[test]
fn a_label_of_the_account_is_right_however_near_another_is() {
    for (wanted, given) in [
        ("unsatisfied", "satisfied"),
        ("unresolved", "resolved"),
        ("incomplete", "complete"),
        ("tier 1", "tier 2"),
    ] {
        let world = moods(&format!("\"{given}\": 1, \"{wanted}\": 0"));
        let check = format!("metrics: {{ Mood: 'share(\"{wanted}\") <= 5%' }}");
        let gate = Gate::against(&world, &suite(&check));
        let finished = gate.run(&["run"]).expect(0);
        let reason = finished.result()["checks"][0]["reason"].to_string();
        let note = format!("no run gave `{wanted}`, the runs gave `{given}`");
        assert!(reason.contains(&note), "{reason}");
    }
}

#[test]
fn a_label_is_the_same_in_another_spelling_and_that_is_said() {
    let world = moods("very_angry: 1");
    let check = "metrics: { Mood: 'share(\"Very Angry\") <= 5%' }";
    let finished = Gate::against(&world, &suite(check)).run(&["run"]).expect(1);
    finished.says(
        "warning: the metric `Mood` has the label `very_angry`, which counts as `Very Angry`",
    );
    let gate = Gate::against(&world, &suite(check));
    let reason = gate.run(&["run"]).result()["checks"][0]["reason"].to_string();
    assert!(reason.contains("`very_angry` counted as `Very Angry`"), "{reason}");
}

#[test]
fn labels_are_looked_up_for_an_assistant_too() {
    let world = GOOD.replace("name: Mia,", "name: Mia, assistant: abc,");
    let suite = "version: 1\nassistant: abc\nscenarios: [1]\n\
                 thresholds: { metrics: { Sentiment: 'share(\"clam\") <= 5%' } }\n";
    let gate = Gate::against(&world, suite);
    gate.run(&["run"]).expect(2).says("the metric `Sentiment` has no label `clam`");
    assert_eq!(gate.simulator().starts(), 0);
}

/// A world whose further metric has a description.
fn described(name: &str, words: &str, value: f64) -> String {
    with(&format!(
        "name: \"{name}\", description: \"{words}\", kind: numeric, values: {{ mean: {value}, spread: 0 }}"
    ))
}

#[test]
fn the_accounts_description_says_the_unit_where_the_name_says_nothing() {
    let check = suite("metrics: { Latency: p95 <= 2s }");
    for (value, code) in [(9.5, 1), (1.5, 0)] {
        let world = described("Latency", "Seconds until the first word", value);
        let gate = Gate::against(&world, &check);
        let result = gate.run(&["run"]).expect(code).result();
        let reason = result["checks"][0]["reason"].to_string();
        let said = "values taken as s (the account's description says `seconds`)";
        assert!(reason.contains(said), "{reason}");
        // Judging it again asks no account, and finds the same.
        let judged = gate.run(&["judge", "cekura-report/result.json", "--report-dir", "again"]);
        assert_eq!(judged.expect(code).result()["checks"], result["checks"]);
        let other = ["judge", "cekura-report/result.json", "--suite", "cekura-gate.yml"];
        gate.run(&[&other[..], &["--report-dir", "again"]].concat()).expect(code);
        let id = result["result"]["id"].to_string();
        gate.run(&["watch", &id, "--suite", "cekura-gate.yml"]).expect(code);
        gate.run(&["check", "--online"]).expect(0).says("the account's description says `seconds`");
    }
}

#[test]
fn a_name_and_a_description_that_contradict_each_other_decide_nothing() {
    let world = described("Wait (s)", "Wait in milliseconds", 1500.0);
    let gate = Gate::against(&world, &suite("metrics: { Wait (s): p95 <= 2s }"));
    let words =
        "`Wait (s)` says `s`, and the account's description of the metric says `milliseconds`";
    for command in [&["run"][..], &["check", "--online"]] {
        gate.run(command).expect(2).says(words).says("unit: ms").says("cekura-gate.yml:7:");
    }
    assert_eq!(gate.simulator().starts(), 0);
    let settled = suite("metrics: { Wait (s): { check: p95 <= 2s, unit: ms } }");
    std::fs::write(gate.dir.path().join("settled.yml"), settled).unwrap();
    let id = gate.run(&["run", "settled.yml"]).expect(0).result()["result"]["id"].to_string();
    // What has started already cannot be refused.
    let watched = gate.run(&["watch", &id, "--suite", "cekura-gate.yml"]).expect(3);
    assert!(watched.result()["checks"][0]["reason"].to_string().contains("says `milliseconds`"));
}

#[test]
fn a_rehearsal_passes_a_suite_whatever_unit_its_metrics_names_say() {
    for (name, check) in [
        ("Latency (s)", "p95 <= 2s"),
        ("Latency", "p95 <= 2s"),
        ("Response time (ms)", "p95 <= 2s"),
        ("Hold time (min)", "p90 <= 2m"),
        ("Hold time", "p90 <= 20s"),
        ("First word (ms)", "p95 <= 900ms"),
    ] {
        let gate = Gate::alone(&suite(&format!("metrics: {{ \"{name}\": {check} }}")));
        gate.run(&["run", "--simulate"]).expect(0);
    }
}

#[test]
fn every_report_says_which_unit_and_scale_were_assumed() {
    let metrics = "metrics: { Latency: p95 <= 2s, Customer satisfaction: mean <= 80 }";
    let gate = Gate::against(GOOD, &suite(metrics));
    let finished = gate.run(&["run"]).expect(0);
    for said in [
        "values taken as ms (the usual unit of a latency; unit says another)",
        "ratings taken as 0 to 100, though none is above 5",
    ] {
        let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let plain = |text: String| {
            flat(text).replace(['\\', '`'], "").replace("<code>", "").replace("</code>", "")
        };
        let mut reports = vec![("terminal", plain(finished.stdout.clone()))];
        for name in ["summary.md", "result.json", "html/index.html"] {
            reports.push((
                name,
                plain(
                    std::fs::read_to_string(gate.dir.path().join("cekura-report").join(name))
                        .unwrap(),
                ),
            ));
        }
        for (name, text) in reports {
            assert!(text.contains(said), "{name} does not say `{said}`: {text}");
        }
    }
}
