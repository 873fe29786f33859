use std::collections::BTreeMap;

use super::{Found, Given};

fn given(inputs: &[(&str, &str)]) -> Given {
    let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Given(inputs.collect::<BTreeMap<_, _>>())
}

fn arguments(inputs: &[(&str, &str)], found: Found) -> Result<String, String> {
    let arguments = given(inputs).arguments(found).map_err(|failure| failure.to_string())?;
    Ok(arguments[1..].join(" "))
}

#[test]
fn an_input_becomes_the_flag_with_its_value() {
    let found = Found::default();
    for (inputs, expected) in [
        (
            vec![("agent_id", "1"), ("scenario_ids", "101, 102,")],
            "run --agent=1 --scenarios=101,102",
        ),
        (vec![("tags", "a b,\n c")], "run --tags=a b,c"),
        (vec![("scenario_ids", " , ")], "run --scenarios="),
        (vec![("tags", "a"), ("timeout", "600")], "run --tags=a --timeout=600s"),
        (vec![("tags", "a"), ("timeout", "10m")], "run --tags=a --timeout=10m"),
        (vec![("tags", "a"), ("mock_tool_names", "[]")], "run --tags=a --mock-tools=[]"),
        (vec![("tags", "a"), ("mock_tool_names", "x , y")], "run --tags=a --mock-tools=x,y"),
        (vec![("tags", "a"), ("mode", "different_numbers")], "run --tags=a --numbers=different"),
        (vec![("tags", "a"), ("mode", "text")], "run --tags=a --mode=text"),
        (
            vec![("tags", "a"), ("mode", "same_number"), ("execution_mode", "voice")],
            "run --tags=a --mode=voice --numbers=same",
        ),
        (
            vec![
                ("tags", "a"),
                ("share_link", "true"),
                ("share_links", "True"),
                ("dry_run", "TRUE"),
            ],
            "run --dry-run --tags=a --share-link",
        ),
        (
            vec![("suite", "a.yml"), ("args", "--resume\n\n --listen ")],
            "run --resume --listen -- a.yml",
        ),
    ] {
        assert_eq!(arguments(&inputs, found).as_deref(), Ok(expected), "{inputs:?}");
    }
}

#[test]
fn the_usual_file_of_test_cases_is_taken_only_where_nothing_else_says_what_to_run() {
    let both = Found { suite: true, spec: true };
    let spec = Found { suite: false, spec: true };
    assert_eq!(
        arguments(&[("agent_id", "1")], spec).unwrap(),
        "run --agent=1 --spec=cekura.tests.json"
    );
    for (inputs, found) in [
        (vec![("agent_id", "1")], both),
        (vec![("agent_id", "1"), ("tags", "a")], spec),
        (vec![("agent_id", "1"), ("suite", "a.yml")], spec),
    ] {
        assert!(!arguments(&inputs, found).unwrap().contains("--spec"), "{inputs:?}");
    }
    assert!(arguments(&[("frequency", "1")], spec).unwrap_err().contains("nothing to run"));
}

#[test]
fn inputs_that_say_the_same_or_cannot_be_carried_are_refused() {
    for (inputs, part) in [
        (vec![("mode", "text"), ("execution_mode", "voice")], "say the same"),
        (vec![("concurrency", "1"), ("concurrency_limit", "1")], "say the same"),
        (vec![("batch", "- a"), ("batch_file", "b")], "cannot be used together"),
        (vec![("batch", "- a")], "`concurrency` is empty"),
        (vec![("tags", "a"), ("name", "a\nb")], "`name` contains a line break"),
        (vec![("tags", "a"), ("share_link", "perhaps")], "neither true nor false"),
    ] {
        let refused = arguments(&inputs, Found::default()).unwrap_err();
        assert!(refused.contains(part), "{inputs:?}: {refused}");
    }
}
