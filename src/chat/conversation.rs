//! One conversation as a state machine: what happens in, what is to be done out. Pure.

use serde_json::Value;

use super::protocol::{FromAgent, record_of};
use crate::record::ChatFaultKind;

/// The most lines that the agent may write before the caller replies.
const MOST_LINES: u32 = 100;

/// Something that happens in a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The caller says something, or leaves it to the agent to speak first.
    Caller {
        /// What the caller says.
        message: Option<String>,
        /// Whether the conversation has ended.
        ended: bool,
    },
    /// The agent writes a line.
    Agent(FromAgent),
    /// The agent's program fails.
    AgentFails(ChatFaultKind, String),
    /// The agent has said nothing for as long as it may take.
    AgentIsSilent,
    /// The caller's reply can't be had.
    CallerFails(String),
}

/// Something that is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Hand the caller's message to the agent.
    Tell(String),
    /// Send the agent's message to the platform.
    Submit(String),
    /// Record something on the run.
    Record(Value),
    /// End the conversation on the platform.
    EndChat(String),
}

/// What went wrong, and in which turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault it is.
    pub kind: ChatFaultKind,
    /// What happened, in words.
    pub message: String,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Agent,
    Caller,
    Over,
}

/// A conversation.
#[derive(Debug)]
pub struct Conversation {
    turn: Turn,
    /// Messages of the agent.
    messages: u32,
    limit: u32,
    /// Lines of the agent since the caller spoke.
    lines: u32,
    fault: Option<Fault>,
}

impl Conversation {
    /// A conversation that has just been opened: the caller's opening comes first.
    pub const fn new(limit: u32) -> Self {
        Self { turn: Turn::Caller, messages: 0, limit, lines: 0, fault: None }
    }

    /// Whether it is the agent's turn.
    pub fn awaits_agent(&self) -> bool {
        self.turn == Turn::Agent
    }

    /// Whether it is the caller's turn.
    pub fn awaits_caller(&self) -> bool {
        self.turn == Turn::Caller
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.turn == Turn::Over
    }

    /// What went wrong.
    pub const fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Takes an event, and says what is to be done.
    pub fn take(&mut self, event: Event) -> Vec<Action> {
        if self.is_over() {
            return Vec::new();
        }
        match event {
            Event::Caller { ended: true, .. } => {
                self.turn = Turn::Over;
                Vec::new()
            }
            Event::Caller { message, ended: false } => {
                self.lines = 0;
                if self.messages >= self.limit {
                    return self.end("turn_limit".to_owned());
                }
                self.turn = Turn::Agent;
                message.map(Action::Tell).into_iter().collect()
            }
            Event::Agent(line) => self.agent(line),
            Event::AgentFails(kind, what) => {
                let message = match self.messages {
                    0 => format!("the agent's program {what}, before its first message"),
                    said => format!("the agent's program {what}, in turn {}", said + 1),
                };
                self.fail(kind, message)
            }
            Event::AgentIsSilent => {
                let message = format!(
                    "the agent's program gave no answer in time (`turn_timeout`), in turn {}",
                    self.messages + 1
                );
                self.fail(ChatFaultKind::Silent, message)
            }
            Event::CallerFails(why) => {
                self.fail(ChatFaultKind::NoReply, format!("the caller's reply was lost: {why}"))
            }
        }
    }

    fn agent(&mut self, line: FromAgent) -> Vec<Action> {
        self.lines += 1;
        if self.lines > MOST_LINES {
            let message = format!(
                "the agent's program wrote too much output: more than {MOST_LINES} lines in turn {}",
                self.messages + 1
            );
            return self.fail(ChatFaultKind::Flooded, message);
        }
        if let Some(body) = record_of(&line) {
            return vec![Action::Record(body)];
        }
        match line {
            FromAgent::Message { content } => {
                self.messages += 1;
                self.turn = Turn::Caller;
                vec![Action::Submit(content)]
            }
            FromAgent::End { reason } => {
                self.end(reason.unwrap_or_else(|| "main_agent_ended_call".to_owned()))
            }
            FromAgent::ToolCall { .. }
            | FromAgent::ToolResult { .. }
            | FromAgent::Metadata { .. } => Vec::new(),
        }
    }

    fn end(&mut self, reason: String) -> Vec<Action> {
        self.turn = Turn::Over;
        vec![Action::EndChat(reason)]
    }

    fn fail(&mut self, kind: ChatFaultKind, message: String) -> Vec<Action> {
        self.fault = Some(Fault { kind, message });
        self.end("main_agent_error".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Event {
        Event::Agent(FromAgent::Message { content: text.to_owned() })
    }

    fn caller(text: &str) -> Event {
        Event::Caller { message: Some(text.to_owned()), ended: false }
    }

    #[test]
    fn the_caller_or_the_agent_speaks_first() {
        let mut chat = Conversation::new(5);
        assert_eq!(chat.take(caller("Hi")), [Action::Tell("Hi".to_owned())]);
        assert!(chat.awaits_agent());
        let mut chat = Conversation::new(5);
        assert_eq!(chat.take(Event::Caller { message: None, ended: false }), []);
        assert_eq!(chat.take(said("Welcome")), [Action::Submit("Welcome".to_owned())]);
        assert!(chat.awaits_caller());
    }

    #[test]
    fn either_side_ends_it_and_nothing_follows() {
        let mut chat = Conversation::new(5);
        chat.take(Event::Caller { message: None, ended: true });
        assert!(chat.is_over());
        assert_eq!(chat.take(said("Hello?")), []);
        let mut chat = Conversation::new(5);
        chat.take(caller("Hi"));
        let end = Event::Agent(FromAgent::End { reason: Some("done".to_owned()) });
        assert_eq!(chat.take(end), [Action::EndChat("done".to_owned())]);
        assert_eq!(chat.fault(), None);
    }

    #[test]
    fn the_turn_limit_ends_it_after_the_reply_to_the_last_message() {
        let mut chat = Conversation::new(1);
        chat.take(caller("Hi"));
        chat.take(said("Hello"));
        assert_eq!(chat.take(caller("Bye")), [Action::EndChat("turn_limit".to_owned())]);
        assert_eq!(chat.fault(), None);
    }

    #[test]
    fn a_fault_names_its_turn() {
        let mut chat = Conversation::new(9);
        let exit = |what: &str| Event::AgentFails(ChatFaultKind::Exited, what.to_owned());
        chat.take(caller("Hi"));
        chat.take(said("Hello"));
        chat.take(caller("Bye"));
        chat.take(exit("ended with exit status 1"));
        let message = "the agent's program ended with exit status 1, in turn 2";
        assert_eq!(chat.fault().map(|fault| fault.message.as_str()), Some(message));
        let mut chat = Conversation::new(9);
        chat.take(exit("ended with exit status 1"));
        let message = "the agent's program ended with exit status 1, before its first message";
        assert_eq!(chat.fault().map(|fault| fault.message.as_str()), Some(message));
    }

    #[test]
    fn more_lines_than_anyone_needs_are_a_flood() {
        let mut chat = Conversation::new(9);
        chat.take(caller("Hi"));
        let record = || Event::Agent(FromAgent::Metadata { metadata: serde_json::Map::default() });
        for _ in 0..MOST_LINES {
            assert!(matches!(chat.take(record()).as_slice(), [Action::Record(_)]));
        }
        chat.take(record());
        assert_eq!(chat.fault().map(|fault| fault.kind), Some(ChatFaultKind::Flooded));
    }
}
