//! One rule for a key, whether a file or a flag says it.

use clap::{Args as _, Command, FromArgMatches as _};

use crate::document::{Diagnostics, Source};
use crate::input::overrides::*;
use crate::suite;
use crate::suite::model::Rounds;

fn command() -> Command {
    KeyFlags::augment_args(Command::new("gate"))
}

fn flags(flag: &str, value: &str) -> KeyFlags {
    let given = ["gate".to_owned(), format!("{flag}={value}")];
    KeyFlags::from_arg_matches(&command().try_get_matches_from(given).unwrap()).unwrap()
}

fn read(flag: &str, value: &str) -> Result<Overrides, Diagnostics> {
    flags(flag, value).read().map_err(|failure| match failure {
        Failure::Document(faults) => faults,
        other => panic!("{other}"),
    })
}

/// What is wrong, and the fix.
fn faults(found: &Diagnostics) -> Vec<(String, Option<String>)> {
    found.iter().map(|one| (one.message.clone(), one.help.clone())).collect()
}

/// The faults of the same value in a file, below its key.
fn in_file(key: &str, value: &str) -> Vec<(String, Option<String>)> {
    let mut text = "version: 1\n".to_owned();
    for (depth, part) in key.split('.').enumerate() {
        text.push_str(&format!("{}{part}:\n", "  ".repeat(depth)));
    }
    let text = format!("{} {value}\n", text.trim_end());
    let source = Source { name: "suite", text: &text };
    suite::read(source, &|_| None, "2026-01-01".parse().unwrap())
        .err()
        .map_or_else(Vec::new, |found| faults(&found))
}

/// The flags with a value, and the key of each. Limits are no keys.
fn all() -> Vec<(String, String)> {
    let name = |one: &clap::Arg| one.get_long().unwrap().to_owned();
    let typed = Caps::augment_args(Command::new("typed"));
    let typed: Vec<String> = typed.get_arguments().map(name).collect();
    let command = command();
    let valued = command.get_arguments().filter(|one| one.get_action().takes_values());
    let flag = |name: String| format!("--{name}");
    let own = valued.map(name).filter(|name| !typed.contains(name)).map(flag);
    // The name of a profile is no key either.
    let keys = own.filter_map(|flag| {
        let key = flags(&flag, "1").given().first()?.key.clone();
        Some((flag, key))
    });
    keys.collect()
}

#[test]
fn a_flag_takes_and_refuses_what_its_key_in_a_file_does_in_the_same_words() {
    const IDS: [&str; 5] =
        ["--scenarios", "--personalities", "--test-profiles", "--tags", "--mock-tools"];
    let values = [
        "1",
        "0",
        "-1",
        "+3",
        "007",
        "4294967295",
        "4294967296",
        "18446744073709551615",
        "18446744073709551616",
        "1.5",
        "1e3",
        "abc",
        "voice",
        "voise",
        "api_chat",
        "end_calls",
        "leave",
        "failed",
        "faild",
        "45m",
        "45",
        "0s",
        "169h",
        "-5m",
        "90%",
        ">= 90%",
        "<= 3s",
        "p95 <= 2500ms",
        "main",
        "a b",
        "12m 3s",
        "same",
        "{}",
        "{\"agent_name\": \"bot\", \"config\": {\"a\": [1, true, null]}}",
        "{\"url\": \"\"}",
        "yes",
    ];
    for (flag, key) in all() {
        for value in values {
            let is_list = IDS.contains(&flag.as_str());
            let written = if is_list { format!("[{value}]") } else { value.to_owned() };
            // To YAML a `>` or `{` without quotes begins something else.
            let is_object = ["livekit", "pipecat"].contains(&key.as_str());
            let written = match value.chars().next() {
                Some('>') if key != "thresholds.success_rate" => continue,
                Some('>') => format!("\"{value}\""),
                Some('{') if !is_object => continue,
                _ => written,
            };
            let expected: Vec<(String, Option<String>)> = in_file(&key, &written)
                .into_iter()
                .map(|(message, help)| (format!("{flag}: {message}"), help))
                .collect();
            let found = read(&flag, value).err().map_or_else(Vec::new, |found| faults(&found));
            // What several keys say together is said of the whole suite, with the flags in it.
            let of_rules = |one: &&(String, Option<String>)| {
                one.0.contains("rewards") || one.0.contains("passes when runs fail")
            };
            let expected: Vec<_> = expected.iter().filter(|one| !of_rules(one)).cloned().collect();
            assert_eq!(found, expected, "{flag}={value}");
        }
    }
}

#[test]
fn no_flag_takes_an_empty_value_for_everything_or_nothing() {
    let all = all();
    assert!(all.len() > 15, "{all:?}");
    for (flag, key) in all {
        let last = key.rsplit('.').next().unwrap();
        for value in ["", " ", "\n"] {
            let found = read(&flag, value).unwrap_err();
            let found = faults(&found).remove(0).0;
            assert!(found.starts_with(&format!("{flag}: ")), "{found}");
            let is_text = ["--name", "--tags", "--folder", "--baseline", "--report-dir"];
            if is_text.contains(&flag.as_str()) {
                assert_eq!(found, format!("{flag}: `{last}` is empty"));
            }
        }
    }
    for flag in ["--tags", "--scenarios", "--personalities", "--test-profiles", "--mock-tools"] {
        for value in [",", "1,,2", "1, ,2", "1,"] {
            assert!(read(flag, value).is_err(), "{flag} {value:?}");
        }
    }
    let found = faults(&read("--tags", "a,,b").unwrap_err());
    assert_eq!(found[0].0, "--tags: an entry of `tags` is empty");
    assert_eq!(in_file("tags", "[a, \"\", b]")[0].0, "an entry of `tags` is empty");
    assert_eq!(in_file("name", "\" \"")[0].0, "`name` is empty");
}

#[test]
fn spaces_around_the_items_of_a_list_mean_nothing() {
    assert_eq!(read("--scenarios", "1, 2").unwrap().suite.scenarios, Some(vec![1, 2]));
    let tags = read("--tags", "a , b").unwrap().suite.tags;
    assert_eq!(tags, Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(read("--frequency", "101").unwrap().frequency(), Some(Frequency::Fixed(101)));
    assert_eq!(read("--name", "null").unwrap().name(), Some("null"));
}

#[test]
fn every_fault_of_the_flags_is_said_at_once() {
    let flags = KeyFlags {
        basic: BasicFlags {
            frequency: Some("0".to_owned()),
            mode: Some("voise".to_owned()),
            ..BasicFlags::default()
        },
        timeout: Some("45".to_owned()),
        ..KeyFlags::default()
    };
    let Err(Failure::Document(found)) = flags.read() else { panic!("they are refused") };
    assert_eq!(found.len(), 3, "{found}");
}

#[test]
fn an_input_is_called_what_it_is() {
    let given = Given {
        key: "frequency".to_owned(),
        text: "many".to_owned(),
        also: &[],
        origin: "the input `frequency`".to_owned(),
    };
    let Err(Failure::Document(found)) = Overrides::of(vec![given]) else { panic!("refused") };
    let words = "the input `frequency`: `frequency` must be a whole number, not `many`";
    assert_eq!(faults(&found)[0].0, words);
}

#[test]
fn a_mapping_is_written_within_braces_and_read_by_the_rules_of_its_key() {
    let rounds = |text: &str| read("--frequency", text).map(|overrides| overrides.frequency());
    let read = Some(Frequency::Rounds(Rounds { start: 3, max: 12, step: None }));
    for text in ["{start: 3, max: 12}", " { max: 12, start: 3 } ", r#"{"start": 3, "max": 12}"#] {
        assert_eq!(rounds(text).unwrap(), read, "{text}");
    }
    for (text, words) in [
        ("{start: 3}", "--frequency: `frequency` needs the key `max`"),
        ("{start: 0, max: 2}", "--frequency: `start` must be from 1 to 1000, not `0`"),
        ("{start: 3, most: 12}", "--frequency: unknown key `most`"),
        ("{start: 3, max: 12", "--frequency: "),
        ("[3, 12]", "--frequency: `frequency` must be a whole number, not `[3, 12]`"),
    ] {
        let found = faults(&rounds(text).unwrap_err());
        assert!(found[0].0.starts_with(words), "{text}: {found:?}");
    }
}

#[test]
fn a_list_may_be_one_of_json_and_an_empty_one_mocks_no_tool() {
    let tools = |text: &str| read("--mock-tools", text).map(|read| read.suite.mock_tools.unwrap());
    assert_eq!(tools("lookup , refund").unwrap(), ["lookup", "refund"]);
    assert_eq!(tools(r#"["lookup", "a, b"]"#).unwrap(), ["lookup", "a, b"]);
    assert!(tools(" [] ").unwrap().is_empty());
    for text in ["", ",", "a,,b", "[", r#"[""]"#, r#"["a", ["b"]]"#] {
        assert!(tools(text).is_err(), "{text}");
    }
    assert_eq!(read("--scenarios", "[1, 2]").unwrap().suite.scenarios, Some(vec![1, 2]));
    assert!(read("--scenarios", "[]").is_err(), "an empty selection is not everything");
    let found = faults(&tools("[\"a\"").unwrap_err());
    assert_eq!(found[0].0, "--mock-tools: it is not JSON: the text ends too early");
}

#[test]
fn only_the_outermost_name_of_pipecats_agent_has_the_name_of_cekuras_own_actions() {
    let data = |text: &str| read("--pipecat-data", text).map(|read| read.suite.pipecat.unwrap());
    let read = data(
        r#"{"pipecat_agent_name": "bot", "config": {"pipecat_agent_name": "inner", "a": "${B}"}}"#,
    );
    let read = read.unwrap();
    assert_eq!(read.agent_name.as_deref(), Some("bot"));
    let config = read.config.unwrap();
    assert_eq!(config["pipecat_agent_name"], "inner");
    assert_eq!(config["a"], "${B}");
    assert_eq!(data(r#"{"agent_name": "bot"}"#).unwrap().agent_name.as_deref(), Some("bot"));
    for (text, part) in [
        (r#"{"pipecat_agent_name": "a", "agent_name": "b"}"#, "pipecat_agent_name"),
        (r#"{"pipecat_agent_name": "a", "pipecat_agent_name": "b"}"#, "is already on line"),
        (r#"{"pipecat_agent": "a"}"#, "pipecat_agent"),
        ("[1]", "list"),
        ("bot", "bot"),
    ] {
        let found = faults(&data(text).unwrap_err());
        assert!(found[0].0.contains(part), "{text}: {found:?}");
    }
}
