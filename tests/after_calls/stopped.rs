//! A command that is stopped while what it asked for is on its way.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use crate::after_calls::harness::{Account, Finished, WORLD};

#[test]
fn a_rerun_that_is_stopped_tells_what_has_started_and_ends_with_the_signals_code() {
    let faults = r#"rules: [{ method: POST, path: "*/rerun/", delay: 0.3 }]"#;
    let account = Account::on_a_bad_day(WORLD, faults);
    account.start();
    let mut command = account.command(&["result", "rerun", "2001", "-vv"]);
    let mut going = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(going.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("/rerun/") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    let kill = Command::new("kill").args(["-INT", &going.id().to_string()]).status();
    assert!(kill.unwrap().success());
    stderr.read_to_string(&mut said).unwrap();
    let finished = Finished::of(going.wait_with_output().unwrap(), account.path());
    finished.expect(130).says("result 2002 has started as a rerun of result 2001");
}
