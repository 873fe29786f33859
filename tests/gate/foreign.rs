//! A suite that somebody else wrote: what it may read, use and show.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use super::harness::{GOOD, Gate, KEY, SUITE};

/// What every file below a directory holds, with both streams.
fn everything(finished: &super::harness::Finished) -> String {
    let mut all = format!("{}{}", finished.stdout, finished.stderr);
    let mut pending = vec![finished.dir.join("cekura-report")];
    while let Some(dir) = pending.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => pending.push(path),
                path => all.push_str(&String::from_utf8_lossy(&fs::read(path).unwrap())),
            }
        }
    }
    all
}

/// A platform that refuses everything with this body, once for each of so many connections.
pub(crate) fn refusing(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 65_536]);
            let head = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length:";
            let _ = write!(stream, "{head} {}\r\n\r\n{body}", body.len());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_secret_of_the_ci_system_is_refused_outside_of_headers() {
    for name in
        ["CEKURA_API_KEY", "GITHUB_TOKEN", "ACTIONS_RUNTIME_URL", "CI_JOB_TOKEN", "MY_SECRET"]
    {
        let mut gate = Gate::alone(&SUITE.replace("Checkout", &format!("\"${{{name}}}\"")));
        gate.env(name, "s3cr3t-v4lue");
        let finished = gate.run(&["check"]).expect(2).says(name).says("--allow-env");
        assert!(!everything(&finished).contains("s3cr3t-v4lue"), "{}", finished.stderr);
        if name == "MY_SECRET" {
            gate.run(&["check", "--allow-env", name]).expect(0).says("s3cr3t-v4lue");
        }
    }
    let list = "version: 1\nname: ${CI_JOB_TOKEN}\nsuites: [cekura-gate.yml]\n";
    let mut gate = Gate::alone(SUITE);
    fs::write(gate.dir.path().join("gates.yml"), list).unwrap();
    gate.env("CI_JOB_TOKEN", "s3cr3t-v4lue");
    gate.run(&["check", "gates.yml"]).expect(2).says("CI_JOB_TOKEN");
}

#[test]
fn what_was_filled_into_a_header_and_the_key_are_shown_nowhere() {
    let suite = format!(
        "{SUITE}mode: text\nwebsocket: {{ url: 'wss://x.example', headers: {{ Authorization: \
         'Bearer ${{AGENT_TOKEN}}' }} }}\n"
    );
    let world = GOOD
        .replace("Where is my order", "with t0k3n.v4lue")
        .replace("name: Latency", &format!("name: of {KEY}"))
        .replace("pass: 1", "pass: 0");
    let mut gate = Gate::against(&world, &suite);
    gate.env("AGENT_TOKEN", "t0k3n.v4lue");
    let finished = gate.run(&["run", "-vv"]).expect(1);
    let all = everything(&finished);
    assert!(all.contains("[redacted: secret]"), "{all}");
    for secret in ["t0k3n.v4lue", KEY] {
        let at = all.find(secret).map(|at| &all[at.saturating_sub(200)..at]);
        assert_eq!(at, None, "{secret}");
    }
    let shown = gate.run(&["result", "show", "1", "--format", "json"]);
    assert!(!everything(&shown).contains(KEY));
}

#[test]
fn a_refusal_that_repeats_the_key_does_not_show_it() {
    let mut gate = Gate::alone(SUITE);
    gate.env("CEKURA_API_KEY", KEY);
    for body in [
        format!("{{\"detail\": \"bad key {KEY} ##vso[task.complete]\"}}"),
        format!("<html>{KEY}\n::error::forged</html>"),
    ] {
        gate.env("CEKURA_API_URL", &refusing(body));
        for format in ["text", "json"] {
            let finished = gate.run(&["run", "-vv", "--log-format", format]).expect(5);
            let all = everything(&finished);
            assert!(!all.contains(KEY) && !all.contains("##vso["), "{all}");
            assert!(!finished.stderr.lines().any(|line| line.trim().starts_with("::")), "{all}");
        }
    }
}

#[test]
fn a_password_in_the_api_address_is_not_repeated() {
    let mut gate = Gate::alone(SUITE);
    gate.env("CEKURA_API_KEY", KEY);
    for address in ["https://me:pw1234@host", "me:pw1234@host", "http://me:pw1234@ho st"] {
        let finished = gate.run(&["run", "--api-url", address]).expect(2);
        assert!(!everything(&finished).contains("pw1234"), "{}", finished.stderr);
    }
}

/// A gate whose suite lies in a repository.
fn in_repository(suite: &str) -> Gate {
    let gate = Gate::alone(suite);
    fs::create_dir(gate.dir.path().join(".git")).unwrap();
    gate
}

#[test]
fn a_suite_names_no_file_outside_of_its_repository() {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("other.json");
    fs::write(&file, "{\"s3cr3t\": 1}").unwrap();
    let path = file.to_str().unwrap();
    let suites = [
        format!("version: 1\nagent: 1\nspec: {path}\n"),
        format!("{SUITE}thresholds: {{ baseline: {{ from: {path} }} }}\n"),
        format!("{SUITE}on_failure: {{ improve_prompt: {{ agent_prompt: {path} }} }}\n"),
    ];
    for suite in suites {
        let gate = in_repository(&suite);
        let finished = gate.run(&["check"]).expect(2).says("outside the repository");
        assert!(!finished.stderr.contains("s3cr3t"), "{}", finished.stderr);
        let finished = gate.run(&["check", "--allow-outside"]);
        assert!(!finished.stderr.contains("outside of"), "{}", finished.stderr);
    }
    let gate = in_repository(SUITE);
    let list = format!("version: 1\nsuites: [{path}]\n");
    fs::write(gate.dir.path().join("gates.yml"), list).unwrap();
    gate.run(&["check", "gates.yml"]).expect(2).says("outside the repository");
}

#[test]
fn a_suite_below_the_repositorys_root_names_files_beside_and_above_it() {
    let gate = in_repository(SUITE);
    let dir = gate.dir.path();
    fs::create_dir(dir.join("gates")).unwrap();
    let cases = "{\"version\": \"1\", \"scenarios\": [{\"name\": \"A\", \"instructions\": \"x\"}]}";
    fs::write(dir.join("cases.json"), cases).unwrap();
    fs::write(dir.join("gates/a.yml"), "version: 1\nagent: 1\nspec: ../cases.json\n").unwrap();
    gate.run(&["check", "gates/a.yml"]).expect(0);
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_repository_is_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("a.yml"), "s3cr3t: 1\n").unwrap();
    let gate = in_repository("version: 1\nagent: 1\nspec: cases.json\n");
    let link = |name: &str| {
        let link = gate.dir.path().join(name);
        std::os::unix::fs::symlink(outside.path().join("a.yml"), link).unwrap();
    };
    link("cases.json");
    link("linked.yml");
    for args in [&["check"][..], &["check", "linked.yml"]] {
        let finished = gate.run(args).expect(2).says("out");
        assert!(!finished.stderr.contains("s3cr3t"), "{}", finished.stderr);
    }
    let own = outside.path().join("a.yml");
    gate.run(&["check", own.to_str().unwrap()]).expect(2).says("s3cr3t");
}

#[cfg(target_os = "linux")]
#[test]
fn only_regular_files_are_read() {
    for file in ["/proc/self/environ", "/dev/zero", "/dev/stdin"] {
        let mut gate = Gate::alone(&format!("version: 1\nagent: 1\nspec: {file}\n"));
        gate.env("MARKED", "s3cr3t_v4lue");
        for flags in [&["check"][..], &["check", "--allow-outside"], &["check", file]] {
            let finished = gate.run(flags).expect(2);
            assert!(!finished.stderr.contains("s3cr3t_v4lue"), "{}", finished.stderr);
        }
        gate.run(&["judge", file]).expect(2).says("not a regular file");
        gate.run(&["check", "--spec", file]).expect(2).says("not a regular file");
        gate.run(&["check", "--baseline", file]);
    }
}

#[test]
fn the_suites_own_text_and_file_names_are_no_commands_in_what_check_prints() {
    let name = "##vso[task.prependpath]/evil ::error::forged";
    let gate = Gate::alone(&SUITE.replace("Checkout", &format!("\"{name}\"")));
    let bad = "x##vso[task.x]\u{1b}[2J\u{202e}.yml";
    fs::write(gate.dir.path().join(bad), "##teamcity[x: '\u{202e}::error::x'\n").unwrap();
    let tagged = SUITE.replace("scenarios: [1, 2]", "tags: ['\u{202e}::error::x ##[group]']");
    fs::write(gate.dir.path().join("tagged.yml"), tagged).unwrap();
    for (args, code) in [
        (&["check"][..], 0),
        (&["check", "tagged.yml"], 0),
        (&["check", bad], 2),
        (&["check", "-v", bad], 2),
    ] {
        let finished = gate.run(args).expect(code);
        for line in finished.stdout.lines().chain(finished.stderr.lines()) {
            let forged = ["##vso[", "##teamcity[", "\u{202e}", "\u{1b}"];
            assert!(!forged.iter().any(|word| line.contains(word)), "{line:?}");
            assert!(!line.trim_start().starts_with("::"), "{line:?}");
        }
    }
}
