//! The agent protocol, version 1: JSON lines on the standard input and output of the agent's
//! program. Pure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of the protocol.
pub const VERSION: u32 = 1;

/// Who speaks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The agent: it sends the first message.
    Agent,
    /// The caller: the program waits for the first message.
    Caller,
}

/// The scenario of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioOf {
    /// Its id.
    pub id: Option<u64>,
    /// Its name.
    pub name: Option<String>,
}

/// A line that the program reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToAgent {
    /// A conversation begins.
    Start {
        /// Version of the protocol: 1.
        protocol: u32,
        /// The conversation: the id of its run.
        conversation: String,
        /// What the conversation is about.
        scenario: ScenarioOf,
        /// Who speaks first.
        speaks_first: Speaker,
    },
    /// The caller says something.
    Message {
        /// The conversation, where one process holds all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<String>,
        /// What the caller says.
        content: String,
    },
    /// The conversation is over.
    End {
        /// The conversation, where one process holds all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<String>,
    },
}

/// A line that the program writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromAgent {
    /// The agent says something.
    Message {
        /// What the agent says.
        content: String,
    },
    /// The agent calls a tool. It is recorded on the run.
    ToolCall {
        /// Connects the call with its result.
        #[serde(default)]
        id: Option<String>,
        /// Name of the tool.
        name: String,
        /// What the tool is called with.
        #[serde(default)]
        arguments: Value,
    },
    /// What a tool gave. It is recorded on the run.
    ToolResult {
        /// Connects the result with its call.
        #[serde(default)]
        id: Option<String>,
        /// The result.
        #[serde(default)]
        result: Value,
    },
    /// What is to be kept with the run.
    Metadata {
        /// Names and values.
        metadata: Map<String, Value>,
    },
    /// The agent ends the conversation.
    End {
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
}

/// A line of a program, and the conversation that it names.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[schemars(rename = "FromAgent")]
pub struct Line {
    /// The conversation, where one process holds all of them.
    #[serde(default)]
    pub conversation: Option<String>,
    /// What it says.
    #[serde(flatten)]
    pub what: FromAgent,
}

/// A turn as it is posted to a server, in the gate's own shape.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TurnRequest {
    /// Version of the protocol: 1.
    pub protocol: u32,
    /// The conversation: the id of its run.
    pub conversation: String,
    /// What the conversation is about.
    pub scenario: ScenarioOf,
    /// The turn, counted from 0.
    pub turn: u32,
    /// What the caller says; null where the agent speaks first.
    pub content: Option<String>,
}

/// A server's answer to a turn, in the gate's own shape.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TurnAnswer {
    /// What the agent says.
    pub content: Option<String>,
    /// The tools that it has called. They are recorded on the run.
    pub tool_calls: Vec<ToolCall>,
    /// What is to be kept with the run.
    pub metadata: Option<Map<String, Value>>,
    /// Whether the agent ends the conversation.
    pub end: bool,
    /// Why it ends it.
    pub reason: Option<String>,
}

/// A tool call, and what it gave.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ToolCall {
    /// Connects the call with its result.
    pub id: Option<String>,
    /// Name of the tool.
    pub name: String,
    /// What the tool is called with.
    pub arguments: Value,
    /// What the tool gave.
    pub result: Option<Value>,
}

/// Reads a line of the program.
///
/// # Errors
///
/// What is wrong with it, in a sentence with the start of the line.
pub fn read(line: &[u8]) -> Result<Line, String> {
    const SHOWN: usize = 80;
    serde_json::from_slice(line).map_err(|error| {
        let text = String::from_utf8_lossy(line);
        let mut start: String = text.trim().chars().take(SHOWN).collect();
        if start.len() < text.trim().len() {
            start.push('…');
        }
        match error.classify() {
            serde_json::error::Category::Data => {
                let why = error.to_string();
                let why = why.split(" at line ").next().unwrap_or_default();
                format!("wrote a line that is not a message of the protocol ({why}): {start}")
            }
            _ => format!("wrote a line that is not JSON: {start}"),
        }
    })
}

/// The body that records a tool call, its result or metadata on a run; none for what is no record.
pub fn record_of(what: &FromAgent) -> Option<Value> {
    Some(match what {
        FromAgent::ToolCall { id, name, arguments } => serde_json::json!({
            "role": "Function Call",
            "data": { "id": id, "name": name, "arguments": arguments },
        }),
        FromAgent::ToolResult { id, result } => serde_json::json!({
            "role": "Function Call Result",
            "data": { "id": id, "result": result },
        }),
        FromAgent::Metadata { metadata } => serde_json::json!({ "metadata": metadata }),
        FromAgent::Message { .. } | FromAgent::End { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_it_is_and_may_name_its_conversation() {
        let line = read(br#"{"type":"message","content":"Hi","conversation":"7"}"#).unwrap();
        assert_eq!(line.conversation.as_deref(), Some("7"));
        assert_eq!(line.what, FromAgent::Message { content: "Hi".to_owned() });
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_start() {
        let error = read(b"Listening on port 80").unwrap_err();
        assert_eq!(error, "wrote a line that is not JSON: Listening on port 80");
        let error = read(br#"{"type":"mesage"}"#).unwrap_err();
        assert!(error.starts_with("wrote a line that is not a message of the protocol"), "{error}");
    }

    #[test]
    fn the_lines_to_the_program_are_those_of_the_documentation() {
        let start = ToAgent::Start {
            protocol: VERSION,
            conversation: "7".to_owned(),
            scenario: ScenarioOf { id: Some(1), name: Some("Refund".to_owned()) },
            speaks_first: Speaker::Caller,
        };
        assert_eq!(
            serde_json::to_string(&start).unwrap(),
            r#"{"type":"start","protocol":1,"conversation":"7","scenario":{"id":1,"name":"Refund"},"speaks_first":"caller"}"#
        );
        let end = ToAgent::End { conversation: None };
        assert_eq!(serde_json::to_string(&end).unwrap(), r#"{"type":"end"}"#);
    }
}
