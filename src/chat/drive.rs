//! Carries the turns of one conversation between the platform and the agent.

use std::cell::Cell;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::agent::Agent;
use super::conversation::{Action, Conversation, Event};
use super::protocol::{ScenarioOf, Speaker, ToAgent, VERSION};
use super::{Settings, process};
use crate::api::chat::{ChatTurn, Submitted};
use crate::api::client::Client;
use crate::chat::heard::Timed;
use crate::record::{ChatFault, ChatFaultKind};

/// How often a message is sent again that was dropped, or whose reply failed or was lost.
const MOST_AGAIN: u32 = 3;
/// How long a run may be starting that says so.
const STARTING: Duration = Duration::from_secs(120);

/// How a conversation ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ChatEnd {
    /// What went wrong.
    pub(super) fault: Option<ChatFault>,
    /// How long the agent took for each answer, in milliseconds.
    pub(super) latencies_ms: Vec<f64>,
    /// Whether the platform may still have it open.
    pub(super) open: bool,
}

/// Keeps the questions of all conversations apart, so that they stay below the platform's limits.
#[derive(Debug)]
pub(super) struct Pacer {
    spacing: Duration,
    next: Cell<Option<Instant>>,
}

impl Pacer {
    pub(super) const fn new(spacing: Duration) -> Self {
        Self { spacing, next: Cell::new(None) }
    }

    /// Waits for the next free place.
    async fn place(&self) {
        if self.spacing.is_zero() {
            return;
        }
        let now = Instant::now();
        let at = self.next.get().map_or(now, |next| next.max(now));
        self.next.set(Some(at + self.spacing));
        tokio::time::sleep_until(at).await;
    }

    /// How long to wait before asking again, after so many questions.
    fn pause(&self, asked: u32) -> Duration {
        let floor = (self.spacing * 5).max(Duration::from_millis(1));
        let ceiling = (self.spacing * 40).max(Duration::from_millis(50));
        floor.saturating_mul(2_u32.saturating_pow(asked)).min(ceiling)
    }
}

/// What a conversation is held with.
pub(super) struct Held<'a> {
    pub(super) client: &'a Client,
    pub(super) settings: &'a Settings,
    pub(super) pacer: &'a Pacer,
    pub(super) run: u64,
    pub(super) scenario: ScenarioOf,
    pub(super) until: Instant,
}

/// What became of a message that was submitted.
enum Sent {
    /// It is this turn.
    Turn(u64),
    /// The conversation had ended before.
    Ended,
}

/// Where the conversation stands on the platform.
#[derive(Debug, Default)]
struct Place {
    /// The newest turn.
    turn: u64,
    /// The message of that turn.
    content: String,
    /// How often it was sent again.
    again: u32,
}

impl Held<'_> {
    /// Holds the conversation to its end. `start` gives the agent, once there is someone to talk to.
    pub(super) async fn hold(&self, start: impl AsyncFnOnce() -> Result<Agent, String>) -> ChatEnd {
        let mut chat = Conversation::new(self.settings.turn_limit);
        let mut end = ChatEnd::default();
        let mut place = Place::default();
        let opening = match self.opening().await {
            Ok(opening) if opening.ended != Some(true) => Ok(opening),
            Ok(turn) => {
                let reason = turn.ended_reason.unwrap_or_else(|| "no reason was given".to_owned());
                Err(format!("the conversation had ended before it began ({reason})"))
            }
            Err(why) => Err(why),
        };
        let opening = match opening {
            Ok(opening) => opening,
            Err(why) => {
                self.act(chat.take(Event::CallerFails(why)), None, &mut chat, &mut place, &mut end)
                    .await;
                end.fault = self.fault(&chat, &[]);
                return end;
            }
        };
        let mut agent = match start().await {
            Ok(agent) => agent,
            Err(why) => {
                let failed = Event::AgentFails(ChatFaultKind::NotStarted, why);
                self.act(chat.take(failed), None, &mut chat, &mut place, &mut end).await;
                end.fault = self.fault(&chat, &[]);
                return end;
            }
        };
        let speaks_first = if opening.message.is_some() { Speaker::Caller } else { Speaker::Agent };
        let _ = agent.to.send(ToAgent::Start {
            protocol: VERSION,
            conversation: self.run.to_string(),
            scenario: self.scenario.clone(),
            speaks_first,
        });
        let opened = Event::Caller { message: opening.message, ended: false };
        self.act(chat.take(opened), Some(&agent), &mut chat, &mut place, &mut end).await;
        let mut since = Instant::now();
        // An opening of the agent is no answer.
        let mut is_asked = speaks_first == Speaker::Caller;
        while !chat.is_over() {
            let awaited_agent = chat.awaits_agent();
            let mut at = None;
            let event = tokio::select! {
                biased;
                heard = agent.from.recv() => match heard {
                    Some(Timed { at: came, heard: Ok(line) }) => {
                        at = Some(came);
                        Event::Agent(line.what)
                    }
                    Some(Timed { heard: Err((kind, why)), .. }) => Event::AgentFails(kind, why),
                    None => Event::AgentFails(ChatFaultKind::Exited, self.exit_of(&mut agent).await),
                },
                event = self.reply(&mut place), if chat.awaits_caller() => event,
                () = tokio::time::sleep_until(since + self.settings.turn_timeout),
                    if awaited_agent => Event::AgentIsSilent,
            };
            let is_silent = event == Event::AgentIsSilent;
            let actions = chat.take(event);
            // Who says nothing has taken at least as long.
            if awaited_agent && (chat.awaits_caller() || is_silent) {
                let took = at.unwrap_or_else(Instant::now).saturating_duration_since(since);
                end.latencies_ms.extend(is_asked.then_some(took.as_secs_f64() * 1000.0));
            }
            self.act(actions, Some(&agent), &mut chat, &mut place, &mut end).await;
            if !awaited_agent && chat.awaits_agent() {
                since = Instant::now();
                is_asked = true;
            }
        }
        let _ = agent.to.send(ToAgent::End { conversation: agent.name.clone() });
        let Agent { to, from, process, tail, .. } = agent;
        drop((to, from));
        if let Some(mut process) = process {
            match chat.fault() {
                None => process.finish().await,
                Some(_) => {
                    process.end().await;
                    process.last_words().await;
                }
            }
            end.fault = self.fault(&chat, &process.tail.lines());
        } else {
            let lines = tail.map(|tail| tail.lines()).unwrap_or_default();
            end.fault = self.fault(&chat, &lines);
        }
        end
    }

    /// How the agent's program ended that should have gone on.
    async fn exit_of(&self, agent: &mut Agent) -> String {
        match &mut agent.process {
            Some(process) => process::ended(process.exited().await),
            None => process::ended(None),
        }
    }

    fn fault(&self, chat: &Conversation, stderr: &[String]) -> Option<ChatFault> {
        let fault = chat.fault()?;
        Some(ChatFault {
            kind: fault.kind,
            message: fault.message.clone(),
            stderr: stderr.to_vec(),
            counts_as_failed: self.settings.counts_as_failed,
        })
    }

    /// Does what the conversation asks for. What fails becomes an event of its own.
    async fn act(
        &self,
        actions: Vec<Action>,
        agent: Option<&Agent>,
        chat: &mut Conversation,
        place: &mut Place,
        end: &mut ChatEnd,
    ) {
        let mut pending = actions;
        while !pending.is_empty() {
            let mut next = Vec::new();
            for action in std::mem::take(&mut pending) {
                match action {
                    Action::Tell(content) => {
                        if let Some(agent) = agent {
                            let conversation = agent.name.clone();
                            let _ = agent.to.send(ToAgent::Message { conversation, content });
                        }
                    }
                    Action::Submit(content) => {
                        (place.content, place.again) = (content, 0);
                        match self.submit(place).await {
                            Ok(Sent::Turn(turn)) => place.turn = turn,
                            // Nothing that the agent has said was taken: there is nothing to judge.
                            Ok(Sent::Ended) if place.turn == 0 => {
                                let why = "the conversation had ended before the agent's first \
                                           message was taken";
                                next.extend(chat.take(Event::CallerFails(why.to_owned())));
                            }
                            Ok(Sent::Ended) => {
                                next.extend(
                                    chat.take(Event::Caller { message: None, ended: true }),
                                );
                            }
                            Err(why) => next.extend(chat.take(Event::CallerFails(why))),
                        }
                    }
                    // A record has no turn of its own by which it could be looked up: one whose
                    // answer is lost is not sent a second time.
                    Action::Record(body) => {
                        let _ = self.client.chat_submit(self.run, &body, self.until).await;
                    }
                    Action::EndChat(reason) => {
                        let ended = self.client.end_chat(self.run, &reason, self.until).await;
                        end.open = ended.is_err();
                    }
                }
            }
            pending = next;
        }
    }

    /// The caller's opening.
    async fn opening(&self) -> Result<ChatTurn, String> {
        for asked in 0.. {
            self.pacer.place().await;
            match self.client.chat_turn(self.run, 0, self.until).await {
                Ok(Some(turn)) if turn.status.as_deref() != Some("generating") => return Ok(turn),
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
            tokio::time::sleep(self.pacer.pause(asked)).await;
        }
        Err("it never arrived".to_owned())
    }

    /// Submits the agent's message, exactly once: one whose answer was lost is looked for first.
    async fn submit(&self, place: &Place) -> Result<Sent, String> {
        let body: Value = json!({ "content": place.content });
        let starting_until = Instant::now() + STARTING;
        let (mut lost, mut asked) = (0, 0);
        loop {
            match self.client.chat_submit(self.run, &body, self.until).await {
                Ok(Submitted::Taken(turn)) => return Ok(Sent::Turn(turn)),
                Ok(Submitted::Closed) => {
                    let turn = self.client.chat_turn(self.run, place.turn, self.until).await;
                    match turn {
                        Ok(Some(turn)) if turn.ended == Some(true) => return Ok(Sent::Ended),
                        Ok(_) if Instant::now() < starting_until => {}
                        Ok(_) => return Err("the run did not start in time".to_owned()),
                        Err(error) => return Err(error.to_string()),
                    }
                    tokio::time::sleep(self.pacer.pause(asked)).await;
                    asked += 1;
                }
                Ok(Submitted::Lost(error)) => {
                    let next = place.turn + 1;
                    let found = self.client.chat_turn(self.run, next, self.until).await;
                    match found {
                        Ok(Some(_)) => return Ok(Sent::Turn(next)),
                        Ok(None) if lost < MOST_AGAIN => lost += 1,
                        Ok(None) => return Err(error.to_string()),
                        Err(error) => return Err(error.to_string()),
                    }
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Waits for the caller's reply to the newest turn.
    async fn reply(&self, place: &mut Place) -> Event {
        for asked in 0.. {
            self.pacer.place().await;
            let turn = match self.client.chat_turn(self.run, place.turn, self.until).await {
                Ok(turn) => turn.unwrap_or_default(),
                Err(error) => return Event::CallerFails(error.to_string()),
            };
            match turn.status.as_deref() {
                Some("ready") => {
                    let ended = turn.ended == Some(true);
                    return Event::Caller { message: turn.message, ended };
                }
                _ if turn.ended == Some(true) => {
                    return Event::Caller { message: None, ended: true };
                }
                Some(status @ ("dropped" | "error")) => {
                    // A newer turn answers both; where there is none, nobody will reply.
                    let next = self.client.chat_turn(self.run, place.turn + 1, self.until).await;
                    match next {
                        Ok(Some(_)) => place.turn += 1,
                        Ok(None) if place.again < MOST_AGAIN => {
                            place.again += 1;
                            match self.submit(place).await {
                                Ok(Sent::Turn(turn)) => place.turn = turn,
                                Ok(Sent::Ended) => {
                                    return Event::Caller { message: None, ended: true };
                                }
                                Err(why) => return Event::CallerFails(why),
                            }
                        }
                        Ok(None) => {
                            return Event::CallerFails(format!(
                                "the turn's status stayed `{status}`"
                            ));
                        }
                        Err(error) => return Event::CallerFails(error.to_string()),
                    }
                }
                _ => {}
            }
            tokio::time::sleep(self.pacer.pause(asked)).await;
        }
        Event::CallerFails("it never arrived".to_owned())
    }
}
