//! The key appears in nothing, ever: every surface is searched for it.

use std::fs;
use std::path::Path;

use super::harness::{Finished, GOOD, Gate, KEY, SUITE};

#[track_caller]
fn keeps_the_secret(finished: &Finished, secret: &str) {
    for (surface, text) in [("stdout", &finished.stdout), ("stderr", &finished.stderr)] {
        assert!(!text.contains(secret), "the key is in {surface}:\n{text}");
    }
    search(&finished.dir, secret);
}

#[track_caller]
fn search(dir: &Path, secret: &str) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, secret);
        } else if path.file_name().is_some_and(|name| name != "key" && name != "config.toml") {
            let bytes = fs::read(&path).unwrap();
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "the key is in {}", path.display());
        }
    }
}

#[test]
fn no_output_log_or_report_holds_the_key_at_any_verbosity() {
    for flags in
        [&["run"][..], &["run", "-v"], &["run", "-vvv"], &["run", "-vvv", "--log-format", "json"]]
    {
        let mut gate = Gate::against(GOOD, SUITE);
        gate.env("GITHUB_ACTIONS", "true");
        gate.env("GITHUB_OUTPUT", gate.dir.path().join("output").to_str().unwrap());
        gate.env("RUST_LOG", "trace");
        gate.env("RUST_BACKTRACE", "1");
        let finished = gate.run(flags).expect(0);
        assert_eq!(flags.len() > 1, finished.stderr.contains("GET"), "{}", finished.stderr);
        keeps_the_secret(&finished, KEY);
    }
}

#[test]
fn no_error_holds_the_key() {
    let mut gate = Gate::against(GOOD, SUITE);
    let secret = "wr0ng_k3y_that_is_refused";
    gate.env("CEKURA_API_KEY", secret);
    keeps_the_secret(&gate.run(&["run", "-vvv"]).expect(5), secret);
    gate.env("CEKURA_API_URL", "http://127.0.0.1:9");
    keeps_the_secret(&gate.run(&["run", "-vvv", "--timeout", "1s"]).expect(5), secret);
    gate.env("CEKURA_API_URL", "not a url");
    keeps_the_secret(&gate.run(&["run", "-vvv"]).expect(2), secret);
    let unprintable = "line\u{1}break_s3cr3t";
    gate.env("CEKURA_API_KEY", unprintable);
    gate.env("CEKURA_API_URL", "http://127.0.0.1:9");
    keeps_the_secret(&gate.run(&["run", "-vvv"]).expect(5), "break_s3cr3t");
}

#[test]
fn the_key_comes_from_a_file_or_the_config() {
    let mut gate = Gate::against(GOOD, SUITE);
    gate.env("CEKURA_API_KEY", "");
    fs::write(gate.dir.path().join("key"), format!("{KEY}\n")).unwrap();
    keeps_the_secret(&gate.run(&["run", "--api-key-file", "key"]).expect(0), KEY);

    fs::create_dir(gate.dir.path().join(".cekura")).unwrap();
    let config = gate.dir.path().join(".cekura/config.toml");
    fs::write(config, format!("api_key = \"{KEY}\"\n")).unwrap();
    keeps_the_secret(&gate.run(&["run"]).expect(0), KEY);
}

#[test]
fn a_key_file_that_is_no_key_is_refused_without_showing_it() {
    let gate = Gate::against(GOOD, SUITE);
    fs::write(gate.dir.path().join("key"), "two words").unwrap();
    let finished = gate.run(&["run", "--api-key-file", "key"]).expect(5);
    assert!(!finished.stderr.contains("two words"), "{}", finished.stderr);
    gate.run(&["run", "--api-key-file", "nowhere"]).expect(5).says("nowhere");
}

#[test]
fn the_key_is_not_sent_in_the_clear_to_another_host() {
    let mut gate = Gate::alone(SUITE);
    gate.env("CEKURA_API_KEY", KEY);
    gate.env("CEKURA_API_URL", "http://api.example.com");
    gate.run(&["run"]).expect(2).says("plain http").says("--allow-http");
    gate.env("CEKURA_API_URL", "ftp://api.example.com");
    gate.run(&["run"]).expect(2).says("neither https nor http");
}

#[test]
fn a_variables_value_is_in_no_diagnostic_and_no_plan() {
    let suite = "version: 1\nagent: 1\nscenarios: [1]\nmode: text\nwebsocket: { url: 'wss://x.example', headers: { Authorization: '${TOKEN}' } }\n";
    let mut gate = Gate::alone(suite);
    gate.env("TOKEN", "t0k3n_v4lue");
    keeps_the_secret(&gate.run(&["check"]).expect(0).says("(hidden)"), "t0k3n_v4lue");
    let in_url = suite.replace("wss://x.example", "wss://x.example/?t=${TOKEN}");
    let mut gate = Gate::alone(&in_url);
    gate.env("TOKEN", "t0k3n_v4lue");
    keeps_the_secret(&gate.run(&["check"]).expect(0).says("?t=${TOKEN}"), "t0k3n_v4lue");
    let mut gate = Gate::alone(&suite.replace("agent: 1", "agent: ${TOKEN}"));
    gate.env("TOKEN", "t0k3n_v4lue");
    keeps_the_secret(&gate.run(&["check"]).expect(2).says("TOKEN"), "t0k3n_v4lue");
}
