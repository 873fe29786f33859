//! The agent as a server: one POST a turn, in the gate's own shape or in that of an OpenAI chat
//! completion.

use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Settings;
use super::agent::{Agent, WAITING_LINES};
use super::protocol::{
    FromAgent, Line, ScenarioOf, Speaker, ToAgent, ToolCall, TurnAnswer, TurnRequest, VERSION,
};
use super::stderr::Tail;
use crate::chat::heard::{Heard, Timed};
use crate::record::ChatFaultKind;
use crate::suite::model::AgentApi;

/// The largest answer that is read, in bytes.
const LARGEST: usize = 1 << 20;
/// How long a server may take until it is ready.
const READY: Duration = Duration::from_secs(60);
/// How often it is asked whether it is.
const ASK: Duration = Duration::from_millis(100);

/// A client for servers of agents: it carries no key and follows nobody.
pub(super) fn client(settings: &Settings) -> Result<Client, String> {
    let builder = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(settings.turn_timeout);
    builder
        .build()
        .map_err(|error| format!("cannot be reached: the HTTP client could not be set up: {error}"))
}

/// Waits until the server answers that it is ready.
pub(super) async fn ready(client: &Client, url: &str) -> Result<(), String> {
    let until = Instant::now() + READY;
    loop {
        let answer = client.get(url).timeout(READY).send();
        match tokio::time::timeout_at(until, answer).await {
            Ok(Ok(answer)) if answer.status().is_success() => return Ok(()),
            _ if Instant::now() >= until => {
                let span = READY.as_secs();
                return Err(format!(
                    "was not ready after {span}s: {url} did not answer with a 2xx status"
                ));
            }
            _ => tokio::time::sleep(ASK).await,
        }
    }
}

/// The agent in one conversation.
pub(super) fn converse(client: &Client, settings: &Settings, tail: Option<Tail>) -> Agent {
    let (to, mut written) = mpsc::unbounded_channel();
    let (heard, from) = mpsc::channel::<Timed>(WAITING_LINES);
    let mut server = Server {
        client: client.clone(),
        url: settings.url.clone().unwrap_or_default(),
        api: settings.api,
        conversation: String::new(),
        scenario: ScenarioOf::default(),
        turn: 0,
        messages: Vec::new(),
    };
    tokio::spawn(async move {
        while let Some(line) = written.recv().await {
            let content = match line {
                ToAgent::Start { conversation, scenario, speaks_first, .. } => {
                    server.conversation = conversation;
                    server.scenario = scenario;
                    if speaks_first == Speaker::Caller {
                        continue;
                    }
                    None
                }
                ToAgent::Message { content, .. } => Some(content),
                ToAgent::End { .. } => return,
            };
            let answer = tokio::select! {
                () = heard.closed() => return,
                answer = server.post(content) => answer,
            };
            let lines: Vec<Heard> = match answer {
                Ok(lines) => {
                    lines.into_iter().map(|what| Ok(Line { conversation: None, what })).collect()
                }
                Err(why) => vec![Err((ChatFaultKind::Refused, why))],
            };
            let at = Instant::now();
            for line in lines {
                if heard.send(Timed { at, heard: line }).await.is_err() {
                    return;
                }
            }
        }
    });
    Agent { to, from, process: None, tail, name: None }
}

struct Server {
    client: Client,
    url: String,
    api: AgentApi,
    conversation: String,
    scenario: ScenarioOf,
    turn: u32,
    messages: Vec<Value>,
}

impl Server {
    /// Posts a turn, and reads what the agent says and did.
    async fn post(&mut self, content: Option<String>) -> Result<Vec<FromAgent>, String> {
        let body = match self.api {
            AgentApi::Gate => serde_json::to_value(TurnRequest {
                protocol: VERSION,
                conversation: self.conversation.clone(),
                scenario: self.scenario.clone(),
                turn: self.turn,
                content,
            })
            .unwrap_or_default(),
            AgentApi::Openai => {
                if let Some(content) = &content {
                    self.messages.push(json!({ "role": "user", "content": content }));
                }
                json!({
                    "model": "agent",
                    "messages": self.messages,
                    "user": self.conversation,
                    "stream": false,
                })
            }
        };
        self.turn += 1;
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let request = self.client.post(&self.url).header("content-type", "application/json");
        let answer = request.body(body).send().await;
        let mut answer = answer.map_err(|error| {
            let causes =
                std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source());
            let causes: Vec<String> = causes.map(ToString::to_string).collect();
            format!("cannot be reached: {}", causes.join(": "))
        })?;
        let (status, mut bytes) = (answer.status(), Vec::new());
        while let Ok(Some(chunk)) = answer.chunk().await {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST {
                return Err("answered with more than 1 MiB".to_owned());
            }
        }
        if !status.is_success() {
            let text = String::from_utf8_lossy(&bytes);
            let start: String = text.trim().chars().take(200).collect();
            return Err(format!("answered with status {status}: {start}"));
        }
        let parsed = match self.api {
            AgentApi::Gate => own(&bytes),
            AgentApi::Openai => openai(&bytes),
        };
        let lines =
            parsed.map_err(|error| format!("gave an answer that cannot be read: {error}"))?;
        for line in &lines {
            if let FromAgent::Message { content } = line {
                self.messages.push(json!({ "role": "assistant", "content": content }));
            }
        }
        Ok(lines)
    }
}

/// Reads an answer in the gate's own shape.
fn own(bytes: &[u8]) -> Result<Vec<FromAgent>, String> {
    let answer: TurnAnswer = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let mut lines = Vec::new();
    for ToolCall { id, name, arguments, result } in answer.tool_calls {
        lines.push(FromAgent::ToolCall { id: id.clone(), name, arguments });
        lines.extend(result.map(|result| FromAgent::ToolResult { id, result }));
    }
    lines.extend(answer.metadata.map(|metadata| FromAgent::Metadata { metadata }));
    lines.extend(answer.content.map(|content| FromAgent::Message { content }));
    if answer.end {
        lines.push(FromAgent::End { reason: answer.reason });
    }
    Ok(lines)
}

/// Reads a chat completion.
fn openai(bytes: &[u8]) -> Result<Vec<FromAgent>, String> {
    let answer: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let content = answer.pointer("/choices/0/message/content").and_then(Value::as_str);
    let content = content.ok_or("it has no `choices[0].message.content`")?.to_owned();
    Ok(vec![FromAgent::Message { content }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_hold_tool_calls_before_the_message_and_an_end_after_it() {
        let lines = own(br#"{"content":"Bye","end":true,"tool_calls":[{"name":"f","result":1}]}"#);
        let lines = lines.unwrap();
        assert!(
            matches!(
                lines.as_slice(),
                [
                    FromAgent::ToolCall { .. },
                    FromAgent::ToolResult { .. },
                    FromAgent::Message { .. },
                    FromAgent::End { .. }
                ]
            ),
            "{lines:?}"
        );
    }

    #[test]
    fn a_chat_completion_is_read_by_its_first_choice() {
        let lines = openai(br#"{"choices":[{"message":{"role":"assistant","content":"Hi"}}]}"#);
        assert_eq!(lines.unwrap(), [FromAgent::Message { content: "Hi".to_owned() }]);
        assert!(openai(b"{}").is_err());
    }
}
