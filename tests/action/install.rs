//! Where the action's binary comes from: a release that its own tag knows, or a refusal.

use std::fs;
use std::process::Command;

use crate::action::job::{Job, bash_is_missing, root};

/// A copy of what the action needs, with a release that it knows the checksum of, and a `curl`
/// that gives `archive` for every address.
fn released(job: &Job, archive: &[u8], known: &[u8]) -> (String, String) {
    let action = job.path("action");
    fs::create_dir_all(action.join("ci")).unwrap();
    fs::write(action.join("Cargo.toml"), "[package]\nversion = \"1.2.3\"\n").unwrap();
    let name = "cekura-gate-1.2.3-x86_64-unknown-linux-musl.tar.gz";
    fs::write(job.path("known"), known).unwrap();
    let sum = Command::new("sha256sum").arg(job.path("known")).output().unwrap().stdout;
    let sum = String::from_utf8(sum).unwrap();
    let sum = sum.split(' ').next().unwrap();
    fs::write(action.join("ci/checksums.txt"), format!("# released\n{sum}  {name}\n")).unwrap();
    fs::write(job.path("archive"), archive).unwrap();
    let tools = job.path("tools");
    fs::create_dir_all(&tools).unwrap();
    let copy = "while [ $# -gt 1 ]; do [ \"$1\" != --output ] || out=$2; shift; done";
    let last = "echo \"$1\" >\"$HOME/asked\"; cp \"$HOME/archive\" \"$out\"";
    let curl = tools.join("curl");
    fs::write(&curl, format!("#!/usr/bin/env bash\n{copy}\n{last}\n")).unwrap();
    fs::set_permissions(&curl, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    (action.display().to_string(), format!("{}:{path}", tools.display()))
}

#[tokio::test]
async fn a_release_is_taken_when_it_is_the_file_that_was_released() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    fs::create_dir(job.path("pack")).unwrap();
    let program = job.path("pack/cekura-gate");
    fs::write(&program, "#!/bin/sh\necho cekura-gate 1.2.3\n").unwrap();
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(job.path("pack")).args(["-czf", "-", "cekura-gate"]);
    let archive = tar.output().unwrap().stdout;

    for (known, code) in [(archive.as_slice(), 0), (b"another file".as_slice(), 2)] {
        let (action, path) = released(&job, &archive, known);
        let variables = [("GITHUB_ACTION_PATH", action.as_str()), ("PATH", &path)];
        let step = job.script(&root().join("ci/action/install.sh"), &variables).await;
        assert_eq!(step.code(), Some(code), "{}", step.log());
        assert_eq!(step.outputs.contains_key("binary"), code == 0);
        let asked = fs::read_to_string(job.path("asked")).unwrap();
        assert!(
            asked
                .trim()
                .ends_with("/download/v1.2.3/cekura-gate-1.2.3-x86_64-unknown-linux-musl.tar.gz")
        );
    }
}

#[tokio::test]
async fn an_install_without_a_known_checksum_is_refused() {
    if bash_is_missing() {
        return;
    }
    let job = Job::new().await;
    for (version, part) in
        [("99.0.0", "has no checksum here"), ("$(touch pwned)", "neither a version")]
    {
        let step = job.step("install", &[("INPUT_VERSION", version)]).await;
        assert_eq!(step.code(), Some(2), "{}", step.log());
        assert!(step.log().contains(part), "{}", step.log());
    }
    assert!(!job.path("pwned").exists());
}
