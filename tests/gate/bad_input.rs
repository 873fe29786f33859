//! Files that are no suites: a clear error within a second, exit 2, nothing started.

use std::time::{Duration, Instant};

use super::harness::{Gate, SUITE};

/// Generous for a loaded machine: the point is that nothing hangs or grows without bound.
const AT_ONCE: Duration = Duration::from_secs(5);

#[track_caller]
fn refused(content: &[u8], words: &str) {
    let gate = Gate::alone("");
    std::fs::write(gate.dir.path().join("bad.yml"), content).unwrap();
    for command in ["check", "run"] {
        let began = Instant::now();
        let finished = gate.run(&[command, "bad.yml"]).expect(2).says(words);
        assert!(began.elapsed() < AT_ONCE);
        assert!(finished.stderr.len() < 20_000, "{} bytes of error", finished.stderr.len());
        assert!(!finished.stderr.contains('\x1b'), "{}", finished.stderr);
    }
}

#[test]
fn an_empty_file_is_refused() {
    refused(b"", "empty");
}

#[test]
fn binary_junk_is_refused() {
    refused(&[0, 159, 146, 150, 255, 7, 27], "UTF-8");
    refused(b"\x7fELF\x02\x01\x01\x00\x00\x00", "bad.yml");
}

#[test]
fn a_file_of_ten_megabytes_is_refused_unread() {
    refused("a: b\n".repeat(2_000_000).as_bytes(), "at most 1024 KiB");
}

#[test]
fn deep_nesting_is_refused() {
    refused("[".repeat(100_000).as_bytes(), "deep");
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let below = format!("*a{}", level - 1);
        let ten = vec![below; 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{ten}]\n"));
    }
    refused(bomb.as_bytes(), "alias");
}

#[test]
fn a_directory_and_a_missing_file_are_refused_by_name() {
    let gate = Gate::alone(SUITE);
    std::fs::create_dir(gate.dir.path().join("suites")).unwrap();
    gate.run(&["run", "suites"]).expect(2).says("the directory has no suite");
    gate.run(&["run", "nowhere.yml"]).expect(2).says("nowhere.yml");
}

#[test]
fn without_a_suite_the_way_out_is_told() {
    let gate = Gate::alone(SUITE);
    std::fs::remove_file(gate.dir.path().join("cekura-gate.yml")).unwrap();
    gate.run(&["run"]).expect(2).says("--agent");
}

#[test]
fn every_fault_of_a_suite_is_shown_at_once() {
    let suite = "version: 1\nagnet: 1\nscenarios: [1, 1]\nmode: voise\nthresholds: { success_rate: '>= 90' }\n";
    let finished = Gate::alone(suite).run(&["check"]).expect(2);
    let errors = finished.stderr.lines().filter(|line| line.starts_with("error")).count();
    assert_eq!(errors, 4, "{}", finished.stderr);
    for place in
        ["cekura-gate.yml:2:1", "cekura-gate.yml:3:", "cekura-gate.yml:4:7", "cekura-gate.yml:5:"]
    {
        assert!(finished.stderr.contains(place), "{place} is not in:\n{}", finished.stderr);
    }
}

#[test]
fn an_unset_variable_is_named() {
    let suite = SUITE.replace("agent: 1", "agent: ${AGENT_ID}");
    Gate::alone(&suite).run(&["check"]).expect(2).says("AGENT_ID");
}

#[test]
fn a_saved_result_that_is_none_is_refused_with_its_place() {
    let gate = Gate::alone(SUITE);
    std::fs::write(gate.dir.path().join("x.json"), r#"{"format_version": 1}"#).unwrap();
    gate.run(&["judge", "x.json"]).expect(2).says("x.json");
    gate.run(&["judge", "nowhere.json"]).expect(2).says("nowhere.json");
}

#[test]
fn a_flag_out_of_range_is_refused() {
    Gate::alone(SUITE).run(&["check", "--frequency", "0"]).expect(2).says("--frequency");
    Gate::alone(SUITE).run(&["check", "--timeout", "45"]).expect(2).says("45s");
    Gate::alone(SUITE).run(&["check", "--success-rate", "90"]).expect(2).says("90%");
}

/// The places of the faults that `check` tells, in its order.
fn places(gate: &Gate, file: &str) -> Vec<String> {
    let stderr = gate.run(&["check", file]).expect(2).stderr;
    let places = stderr.lines().filter_map(|line| line.trim_start().strip_prefix("--> "));
    places.map(str::to_owned).collect()
}

const TWICE: &str = "{ \"version\": \"1\", \"scenarios\": [\n\
    { \"name\": \"A\", \"instructions\": \"x\" },\n\
    { \"name\": \"A\", \"instructions\": \"x\" } ] }\n";

#[test]
fn a_suite_and_its_test_cases_tell_their_faults_together() {
    for fault in ["frequncy: 2", "personalities: [3]"] {
        let gate = Gate::alone(&format!("version: 1\nagent: 1\n{fault}\nspec: a.json\n"));
        std::fs::write(gate.dir.path().join("a.json"), TWICE).unwrap();
        assert_eq!(places(&gate, "cekura-gate.yml"), ["a.json:3:11", "cekura-gate.yml:3:1"]);
    }
}

#[test]
fn a_list_of_suites_tells_its_faults_with_those_of_its_suites() {
    let gate = Gate::alone("version: 1\nagent: 1\nspec: a.json\n");
    let write = |name: &str, text: &str| std::fs::write(gate.dir.path().join(name), text).unwrap();
    write("a.json", TWICE);
    write("b.yml", "version: 1\nagent: 1\nscenarios: [1, 1]\n");
    write("gates.yml", "version: 1\nconcurency: 3\nsuites: [b.yml, cekura-gate.yml]\n");
    assert_eq!(places(&gate, "gates.yml"), ["a.json:3:11", "b.yml:3:16", "gates.yml:2:1"]);
}
