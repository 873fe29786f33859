//! What others read of the repository: the entry for SchemaStore and the hooks for pre-commit.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// The suite files that the gate finds by itself, and others that a repository of several agents has.
const SUITES: [&str; 4] = [
    "cekura-gate.yml",
    ".cekura/gate.yml",
    "bots/mia/cekura-gate.yml",
    "bots/mia/.cekura/gate.yml",
];
/// Files that are none, or that nobody can know to be one by their names.
const OTHERS: [&str; 7] = [
    "gate.yml",
    "gates.yml",
    ".github/workflows/cekura-gate.yml.txt",
    "my-cekura-gate.yml",
    "cekura-gateXyml",
    ".cekura/gates.yml",
    "xcekura/gate.yml",
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Whether a glob of SchemaStore, `**/` at its head and no other sign, fits a path.
fn fits(glob: &str, path: &str) -> bool {
    let tail = glob.strip_prefix("**/").unwrap_or_else(|| panic!("{glob}"));
    assert!(!tail.contains(['*', '?', '[', '{']), "{glob}");
    path == tail || path.ends_with(&format!("/{tail}"))
}

#[test]
fn the_entry_for_schemastore_names_the_suite_files_and_the_schemas_own_address() {
    let entry: Value = serde_json::from_str(&read("packaging/schemastore.json")).unwrap();
    let schema: Value = serde_json::from_str(&read("schema/suite.schema.json")).unwrap();
    assert_eq!(entry["url"], schema["$id"]);
    let globs: Vec<&str> =
        entry["fileMatch"].as_array().unwrap().iter().map(|glob| glob.as_str().unwrap()).collect();
    for path in SUITES {
        assert!(globs.iter().any(|glob| fits(glob, path)), "{path}");
    }
    for path in OTHERS {
        assert!(!globs.iter().any(|glob| fits(glob, path)), "{path}");
    }
    // The names that `run --help` gives are these.
    let help = read("docs/command-line.md");
    assert!(help.contains("[default: ./cekura-gate.yml, then ./.cekura/gate.yml]"));
    let keys: Vec<&String> = entry.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["name", "description", "fileMatch", "url"]);
}

#[test]
fn the_hooks_check_the_suite_files_and_no_others() {
    let hooks = read(".pre-commit-hooks.yaml");
    let patterns: Vec<&str> = hooks
        .lines()
        .filter_map(|line| line.trim().strip_prefix("files: '")?.strip_suffix('\''))
        .collect();
    assert_eq!(patterns.len(), hooks.matches("- id: ").count());
    for pattern in patterns {
        let pattern = regex::Regex::new(pattern).unwrap();
        for path in SUITES {
            assert!(pattern.is_match(path), "{path}");
        }
        for path in OTHERS {
            assert!(!pattern.is_match(path), "{path}");
        }
    }
    assert_eq!(hooks.matches("entry: cekura-gate check\n").count(), 2, "{hooks}");
}

/// `0.1.0-rc.1` as Python writes it: `0.1.0rc1`.
fn python_version(version: &str) -> String {
    version.replace("-alpha.", "a").replace("-beta.", "b").replace("-rc.", "rc")
}

#[test]
fn the_hook_installs_the_wheel_of_this_version() {
    let wanted = format!("cekura-gate=={}", python_version(env!("CARGO_PKG_VERSION")));
    let project = read("pyproject.toml");
    assert!(project.contains(&format!("dependencies = [\"{wanted}\"]")), "{wanted}\n{project}");
}

#[test]
fn a_hook_is_given_several_suites_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let names = ["cekura-gate.yml", "bots/mia/cekura-gate.yml"];
    for name in names {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("version: 1\nname: {name}\nagent: 1\nscenarios: [1]\n")).unwrap();
    }
    let check = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cekura-gate"));
        command.arg("check").args(names).current_dir(dir.path()).env_clear().output().unwrap()
    };
    assert_eq!(check().status.code(), Some(0), "{:?}", check());
    fs::write(dir.path().join(names[1]), "version: 1\nagnet: 1\n").unwrap();
    let output = check();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("bots/mia/cekura-gate.yml:2:1"), "{error}");
}
