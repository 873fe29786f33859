//! The JSON Schema of the agent protocol. Pure.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::json;

use super::protocol::{Line, ToAgent, TurnAnswer, TurnRequest};

/// Where the schema is published.
const ID: &str =
    "https://raw.githubusercontent.com/cekura-ai/cekura-gate/main/schema/agent.schema.json";

/// Every document of the protocol.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is wanted")]
struct Documents {
    to_agent: ToAgent,
    from_agent: Line,
    request: TurnRequest,
    answer: TurnAnswer,
}

/// The JSON Schema (draft 2020-12) of a line in either direction, with those of a turn by HTTP among
/// its definitions: `ToAgent`, `FromAgent`, `TurnRequest`, `TurnAnswer`.
pub fn agent_schema() -> Schema {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Documents>();
    for keyword in ["type", "properties", "required"] {
        schema.remove(keyword);
    }
    for (keyword, value) in [
        ("$id", json!(ID)),
        ("title", json!("The agent protocol of cekura-gate, version 1")),
        (
            "description",
            json!(
                "One line of an agent's program, in either direction. `TurnRequest` and \
                 `TurnAnswer` are the bodies of a turn that is posted to `agent_url`."
            ),
        ),
        ("anyOf", json!([{ "$ref": "#/$defs/ToAgent" }, { "$ref": "#/$defs/FromAgent" }])),
    ] {
        schema.insert(keyword.to_owned(), value);
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::protocol::{self, ScenarioOf, Speaker, VERSION};
    use super::*;

    fn validator(definition: &str) -> jsonschema::Validator {
        let mut schema = agent_schema();
        schema.remove("anyOf");
        schema.insert("$ref".to_owned(), json!(format!("#/$defs/{definition}")));
        jsonschema::validator_for(schema.as_value()).unwrap()
    }

    /// To write it again: `cargo run -- schema agent > schema/agent.schema.json`.
    #[test]
    fn the_schema_that_is_checked_in_is_the_one_that_is_generated() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/agent.schema.json");
        let checked_in = std::fs::read_to_string(path).unwrap_or_default();
        let generated = format!("{:#}\n", agent_schema().as_value());
        assert!(
            checked_in == generated,
            "write it again with `cargo run -- schema agent > schema/agent.schema.json`"
        );
    }

    #[test]
    fn what_the_gate_writes_is_valid() {
        let conversation = Some("7".to_owned());
        let scenarios =
            [ScenarioOf::default(), ScenarioOf { id: Some(1), name: Some("Refund".to_owned()) }];
        let mut lines = vec![
            ToAgent::Message { conversation: conversation.clone(), content: "Hi".to_owned() },
            ToAgent::Message { conversation: None, content: String::new() },
            ToAgent::End { conversation },
        ];
        lines.extend(scenarios.clone().map(|scenario| ToAgent::Start {
            protocol: VERSION,
            conversation: "7".to_owned(),
            scenario,
            speaks_first: Speaker::Agent,
        }));
        let (lines_are, turns_are) = (validator("ToAgent"), validator("TurnRequest"));
        for line in lines {
            let line = serde_json::to_value(&line).unwrap();
            assert!(lines_are.is_valid(&line), "{line}");
        }
        for (content, scenario) in [None, Some("Hi".to_owned())].into_iter().zip(scenarios) {
            let conversation = "7".to_owned();
            let turn = TurnRequest { protocol: VERSION, conversation, scenario, turn: 0, content };
            let turn = serde_json::to_value(&turn).unwrap();
            assert!(turns_are.is_valid(&turn), "{turn}");
        }
    }

    #[test]
    fn the_schema_takes_the_lines_that_the_gate_reads_and_no_other() {
        let valid = validator("FromAgent");
        for line in [
            r#"{"type":"message","content":"Hi"}"#,
            r#"{"type":"message","content":"Hi","conversation":"7"}"#,
            r#"{"type":"tool_call","name":"f"}"#,
            r#"{"type":"tool_call","id":null,"name":"f","arguments":[1]}"#,
            r#"{"type":"tool_result","id":"1","result":null}"#,
            r#"{"type":"tool_result"}"#,
            r#"{"type":"metadata","metadata":{"a":1}}"#,
            r#"{"type":"end"}"#,
            r#"{"type":"end","reason":"done","note":"unknown fields are passed over"}"#,
            r#"{"type":"mesage","content":"Hi"}"#,
            r#"{"type":"message"}"#,
            r#"{"type":"message","content":7}"#,
            r#"{"type":"tool_call"}"#,
            r#"{"type":"metadata","metadata":[]}"#,
            r#"{"type":"end","conversation":7}"#,
            r#"{"content":"Hi"}"#,
            "7",
        ] {
            let value: Value = serde_json::from_str(line).unwrap();
            assert_eq!(valid.is_valid(&value), protocol::read(line.as_bytes()).is_ok(), "{line}");
        }
    }

    #[test]
    fn the_schema_takes_the_answers_that_the_gate_reads_and_no_other() {
        let valid = validator("TurnAnswer");
        for text in [
            "{}",
            r#"{"content":null,"metadata":null,"reason":null}"#,
            r#"{"content":"Hi","tool_calls":[{"name":"f","result":1}],"end":true}"#,
            r#"{"content":7}"#,
            r#"{"tool_calls":null}"#,
            r#"{"end":"yes"}"#,
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            let read = serde_json::from_str::<TurnAnswer>(text).is_ok();
            assert_eq!(valid.is_valid(&value), read, "{text}");
        }
    }
}
