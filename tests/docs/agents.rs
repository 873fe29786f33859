//! What coding agents are told: each command in it runs, and the page shows the same words.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use cekura_gate::document::Source;
use cekura_gate::simulate::{RealClock, Simulator, World};

use super::pages::blocks;
use super::{fenced, hold, read};

#[test]
fn the_page_for_coding_agents_shows_the_section_that_is_to_be_copied() {
    hold("docs/agents.md", "snippet", &fenced("markdown", &read("packaging/agents/snippet.md")));
}

/// The skill from its first line to its last, in an empty directory, with and without an account.
#[cfg(unix)]
#[test]
fn the_skill_can_be_followed_word_by_word() {
    if Command::new("jq").arg("--version").output().is_err() {
        eprintln!("passed over: there is no jq here");
        return;
    }
    let skill = read("packaging/agents/SKILL.md");
    let script: String =
        blocks(&skill).into_iter().filter(|(info, _)| info == "sh").map(|(_, text)| text).collect();
    assert!(script.matches("cekura-gate ").count() >= 3 && script.matches("jq ").count() >= 4);
    let text = read("examples/worlds/quickstart.yml");
    let world = World::read(Source { name: "world", text: &text }, &|_| None).unwrap();
    let runtime = crate::common::serving();
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let simulator = runtime.block_on(Simulator::start(world, bind, RealClock::start())).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_cekura-gate")).parent().unwrap().display();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap());
    for key in [None, Some("a-key")] {
        let dir = tempfile::tempdir().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", &script]).current_dir(dir.path()).env_clear();
        shell.env("PATH", &path).env("HOME", dir.path()).env("CEKURA_API_URL", simulator.url());
        shell.envs(key.map(|key| ("CEKURA_API_KEY", key)));
        let done = shell.output().unwrap();
        assert!(done.status.success(), "{done:?}");
        let said = String::from_utf8(done.stdout).unwrap();
        for words in ["\"valid\": true", "\"verdict\": \"pass\""] {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
    // What else it names is there.
    let schema = read("schema/result.schema.json");
    let keys = "verdict headline checks condition value reason deciding_runs outcomes blame runs transcript metrics";
    for key in keys.split(' ') {
        assert!(skill.contains(key) && schema.contains(&format!("\"{key}\": {{")), "{key}");
    }
    for command in ["schema suite", "check --online", "compare OLD.json NEW.json", "result rerun"] {
        assert!(skill.contains(command), "{command}");
    }
}
