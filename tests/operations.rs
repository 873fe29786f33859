//! docs/operations.md names every operation of the published API, and its commands exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The rows of the table: operation, whether it is old, Cekura's command, ours.
fn rows() -> Vec<[String; 4]> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<[String; 4]> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells = line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', ""));
            cells.collect::<Vec<String>>().try_into().unwrap()
        })
        .collect();
    assert!(rows.len() > 50, "only {} rows", rows.len());
    rows
}

#[test]
fn every_operation_of_the_published_api_is_in_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/contract/cekura-openapi.json");
    let Ok(text) = fs::read_to_string(&path) else {
        eprintln!("passed over: {} is missing", path.display());
        return;
    };
    let openapi: Value = serde_json::from_str(&text).unwrap();
    let mut published = BTreeSet::new();
    for (path, item) in openapi["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if ["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                let old = operation["deprecated"].as_bool().unwrap_or_default();
                published.insert((format!("{} {path}", method.to_uppercase()), old));
            }
        }
    }
    let listed: BTreeSet<(String, bool)> =
        rows().into_iter().map(|[operation, old, _, _]| (operation, old == "yes")).collect();
    let missing: Vec<_> = published.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&published).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "missing: {missing:#?}\nunknown: {unknown:#?}"
    );
}

#[test]
fn every_command_of_the_gate_in_the_table_exists() {
    let named: BTreeSet<String> =
        rows().into_iter().map(|[_, _, _, ours]| ours).filter(|ours| ours != "–").collect();
    assert!(named.len() > 20, "{named:?}");
    for command in &named {
        let words: Vec<&str> = command.split(' ').collect();
        let flag = words.iter().position(|word| word.starts_with("--")).unwrap_or(words.len());
        let (path, flags) = words.split_at(flag);
        let help = Command::new(env!("CARGO_BIN_EXE_cekura-gate"))
            .args(path)
            .arg("--help")
            .output()
            .unwrap();
        let text = String::from_utf8(help.stdout).unwrap();
        assert!(help.status.success(), "there is no `{command}`");
        assert!(text.contains(&format!("Usage: cekura-gate {}", path.join(" "))), "{command}");
        for word in flags {
            assert!(text.contains(word), "`{command}`: its help does not name {word}\n{text}");
        }
    }
}

#[test]
fn every_command_on_a_result_or_a_call_is_in_the_table() {
    let named: BTreeSet<String> = rows().into_iter().map(|[_, _, _, ours]| ours).collect();
    for group in ["result", "call", "prompt", "test-set"] {
        let help = Command::new(env!("CARGO_BIN_EXE_cekura-gate"))
            .args([group, "--help"])
            .output()
            .unwrap();
        let text = String::from_utf8(help.stdout).unwrap();
        let listed = text.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
        let commands: Vec<&str> = listed
            .lines()
            .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .collect();
        assert!(!commands.is_empty(), "{text}");
        for command in commands {
            let whole = format!("{group} {command}");
            let found = named.iter().any(|ours| ours.starts_with(&whole));
            assert!(found, "docs/operations.md does not name `{whole}`");
        }
    }
}
