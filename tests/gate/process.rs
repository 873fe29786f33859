//! The gate as a process among others: pipes, what comes on standard input, variables and files as
//! other programs leave them.

use std::io::Write as _;
use std::process::{Output, Stdio};

use super::harness::{Finished, GOOD, Gate, KEY, SUITE};

/// Runs the command with a standard output that nobody reads.
#[cfg(unix)]
fn unread(gate: &Gate, flags: &[&str], both: bool) -> Option<i32> {
    let pipe = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let mut command = gate.command(flags);
    command.stdout(pipe()).stderr(if both { pipe() } else { Stdio::null() });
    command.status().unwrap().code()
}

#[cfg(unix)]
#[test]
fn an_output_that_nobody_reads_fails_no_command() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run"]).expect(0);
    let result = "cekura-report/result.json";
    let compare: &[&str] = &["compare", result, result, "--format", "json"];
    for flags in [
        &["--help"][..],
        &["--version"],
        &["run", "--help"],
        &["check"],
        &["schema"],
        &["completions", "bash"],
        &["judge", result],
        compare,
    ] {
        assert_eq!(unread(&gate, flags, false), Some(0), "{flags:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_log_that_nobody_reads_fails_no_gate() {
    let gate = Gate::against(GOOD, SUITE);
    for flags in [&["run", "-vv"][..], &["run", "-vv", "--log-format", "json"]] {
        assert_eq!(unread(&gate, flags, true), Some(0), "{flags:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_gate_that_was_started_to_outlive_its_terminal_does() {
    let gate = Gate::against(GOOD, SUITE);
    // The signal comes while the gate works or before: ignored, it changes nothing either way.
    let script = "trap '' HUP; \"$0\" run & kill -HUP $!; wait $!";
    let program = gate.command(&[]).get_program().to_owned();
    let mut shell = gate.command(&[]);
    let envs: Vec<_> = shell.get_envs().map(|(k, v)| (k.to_owned(), v.map(Into::into))).collect();
    let dir = shell.get_current_dir().unwrap().to_owned();
    shell = std::process::Command::new("/bin/sh");
    shell.arg("-c").arg(script).arg(program).env_clear().current_dir(dir);
    for (name, value) in envs {
        let value: Option<std::ffi::OsString> = value;
        shell.env(name, value.unwrap_or_default());
    }
    let finished = Finished::of(shell.output().unwrap(), gate.dir.path());
    finished.expect(0);
}

fn with_input(gate: &Gate, flags: &[&str], input: &[u8]) -> Finished {
    let mut command = gate.command(flags);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A gate that refuses reads nothing of it.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output: Output = child.wait_with_output().unwrap();
    Finished::of(output, gate.dir.path())
}

#[test]
fn a_saved_result_is_read_from_standard_input() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run"]).expect(0);
    let saved = std::fs::read(gate.dir.path().join("cekura-report/result.json")).unwrap();
    with_input(&gate, &["judge", "-"], &saved).expect(0).says("Checkout");
    let base = ["compare", "cekura-report/result.json", "-"];
    with_input(&gate, &base, &saved).expect(0);
    with_input(&gate, &["judge", "-"], b"{").expect(2).says("standard input");
    with_input(&gate, &["compare", "-", "-"], b"").expect(2).says("only one of the two");
}

#[test]
fn a_byte_order_mark_before_a_key_or_a_saved_file_is_skipped() {
    let mut gate = Gate::against(GOOD, SUITE);
    let marked = |text: &str| format!("\u{feff}{text}");
    gate.env("CEKURA_API_KEY", &marked(KEY));
    gate.run(&["run"]).expect(0);
    std::fs::write(gate.dir.path().join("key"), marked(KEY)).unwrap();
    gate.run(&["run", "--api-key-file", "key"]).expect(0);
    for name in ["result.json", "run.json"] {
        let path = gate.dir.path().join("cekura-report").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(gate.dir.path().join(name), marked(&text)).unwrap();
    }
    gate.run(&["judge", "result.json"]).expect(0);
    gate.run(&["watch", "--from", "run.json"]).expect(0);
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_not_called_unset() {
    use std::os::unix::ffi::OsStrExt as _;
    let gate = Gate::alone(&SUITE.replace("Checkout", "${NAME}"));
    let bytes = std::ffi::OsStr::from_bytes(b"caf\xe9");
    let output = gate.command(&["check"]).env("NAME", bytes).output().unwrap();
    Finished::of(output, gate.dir.path()).expect(2).says("`NAME` is not UTF-8 text");
    let output = gate.command(&["check"]).env("NAME", "a").output().unwrap();
    Finished::of(output, gate.dir.path()).expect(0);
    let gate = Gate::alone(SUITE);
    let output = gate.command(&["run"]).env("CEKURA_API_KEY", bytes).output().unwrap();
    Finished::of(output, gate.dir.path()).expect(5).says("CEKURA_API_KEY is not UTF-8 text");
}

#[test]
fn a_line_end_in_a_variable_is_named_where_it_breaks_a_number() {
    let mut gate = Gate::alone(&SUITE.replace("agent: 1", "agent: ${ID}"));
    gate.env("ID", "123\n");
    gate.run(&["check"]).expect(2).says("it contains a line break");
}

#[test]
fn the_largest_id_in_a_message_is_the_largest_that_is_taken() {
    let id = |id: &str| Gate::alone(&SUITE.replace("agent: 1", &format!("agent: {id}")));
    id("18446744073709551615").run(&["check"]).expect(0);
    id("18446744073709551616").run(&["check"]).expect(2).says("from 1 to 18446744073709551615");
}
