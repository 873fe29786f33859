//! A conversation of mode `api_chat`: the simulator plays the caller, by a script, and whoever
//! calls plays the agent.

use serde_json::{Map, Value, json};

use super::dialogue::{self, AGENT, CALLER};
use super::engine::TimeLine;
use super::fate::{End, Fate};
use super::random::Random;
use super::world::Scenario;
use crate::record::Status;
use crate::simulate::world::{ChatScript, SpeaksFirst};

/// A conversation.
#[derive(Debug)]
pub(super) struct Chat {
    script: ChatScript,
    /// What the caller has yet to say.
    says: std::vec::IntoIter<String>,
    opening: Option<String>,
    answered: f64,
    /// When the platform closes it by itself.
    closes: f64,
    turns: Vec<Turn>,
    said: Vec<Value>,
    pub(super) metadata: Map<String, Value>,
    /// Simulated second at which it ended.
    over: Option<f64>,
    pub(super) cancelled: bool,
    pub(super) ended_reason: Option<String>,
}

/// A message of the agent and what comes of it.
#[derive(Debug)]
struct Turn {
    /// When the reply is there.
    ready: f64,
    reply: Option<String>,
    fate: TurnFate,
    ends: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TurnFate {
    Replied,
    Dropped,
    Failed,
}

/// Where a turn is.
pub(super) struct Polled<'a> {
    pub(super) status: &'static str,
    pub(super) message: Option<&'a str>,
    pub(super) ended: bool,
    pub(super) reason: Option<&'a str>,
}

/// Why nothing can be said.
pub(super) enum Closed {
    Starting,
    Over,
}

impl Chat {
    /// Opens the conversation of a run, which closes by itself after so many simulated seconds; none
    /// where the run never becomes one.
    pub(super) fn open(
        scenario: &Scenario,
        fate: &Fate,
        line: &mut TimeLine,
        life: f64,
    ) -> Option<Self> {
        if matches!(fate.end, End::Errored { .. }) {
            return None;
        }
        let script = scenario.chat.clone();
        let says = script.says.clone().unwrap_or_else(|| {
            let mut random = Random::new(&[fate.script]);
            let turns = dialogue::turns(dialogue::topic(&scenario.name), None, &mut random);
            turns
                .into_iter()
                .filter(|(role, _)| *role != AGENT)
                .map(|(_, text)| text.to_owned())
                .collect()
        });
        let mut says = says.into_iter();
        let opening = match script.speaks_first {
            SpeaksFirst::Caller => says.next(),
            SpeaksFirst::Agent => None,
        };
        let answered = line.answered;
        let closes = answered + life;
        line.settled += closes - line.hung_up;
        line.hung_up = closes;
        let said = opening.iter().map(|text| turn_of(CALLER, text)).collect();
        Some(Self {
            script,
            says,
            opening,
            answered,
            closes,
            turns: Vec::new(),
            said,
            metadata: Map::new(),
            over: None,
            cancelled: false,
            ended_reason: None,
        })
    }

    /// The run's status while the conversation decides it: until it ends.
    pub(super) fn status(&self, at: f64) -> Option<Status> {
        if self.cancelled {
            return Some(Status::Cancelled);
        }
        // Where time stands still, nothing is over before it has ended.
        let open = self.over.is_none() && at >= self.answered && at.is_infinite();
        open.then_some(Status::InProgress)
    }

    /// Whether something can be said at the simulated second `at`.
    fn is_open(&self, at: f64) -> Result<(), Closed> {
        if at < self.answered {
            Err(Closed::Starting)
        } else if self.over.is_some() || self.cancelled || (at.is_finite() && at >= self.closes) {
            Err(Closed::Over)
        } else {
            Ok(())
        }
    }

    /// Takes a message of the agent. Gives the turn's number.
    pub(super) fn say(&mut self, content: &str, at: f64) -> Result<u64, Closed> {
        self.is_open(at)?;
        let number = self.turns.len() as u64 + 1;
        self.said.push(turn_of(AGENT, content));
        if let Some(last) = self.turns.last_mut().filter(|last| at < last.ready) {
            // A newer message interrupts the reply to the older one; its reply answers both.
            last.fate = TurnFate::Dropped;
        }
        let fate = match () {
            () if self.script.drops.contains(&number) => TurnFate::Dropped,
            () if self.script.errors.contains(&number) => TurnFate::Failed,
            () => TurnFate::Replied,
        };
        let early = self.script.ends_after.is_some_and(|most| number >= most);
        let replies = fate == TurnFate::Replied;
        let reply = if replies && !early { self.says.next() } else { None };
        let ends = replies && (early || reply.is_none());
        if let Some(reply) = &reply {
            self.said.push(turn_of(CALLER, reply));
        }
        let ready = if at.is_finite() { at + self.script.reply_after } else { at };
        if ends {
            self.finish("Testing agent-ended-call", ready);
        }
        self.turns.push(Turn { ready, reply, fate, ends });
        Ok(number)
    }

    /// Records a tool call or its result. It draws no reply.
    pub(super) fn record(&mut self, role: &str, data: &Value, at: f64) -> Result<u64, Closed> {
        self.is_open(at)?;
        self.said.push(json!({ "role": role, "content": data.to_string(), "data": data }));
        Ok(self.turns.len() as u64)
    }

    /// Ends it, unless it has ended.
    pub(super) fn finish(&mut self, reason: &str, at: f64) {
        if self.over.is_none() {
            self.over = Some(at);
            self.ended_reason = Some(reason.to_owned());
        }
    }

    /// When it ended.
    pub(super) const fn over(&self) -> Option<f64> {
        self.over
    }

    /// Where a turn is at the simulated second `at`; none where there is no such turn.
    pub(super) fn poll(&self, number: u64, at: f64) -> Option<Polled<'_>> {
        let over = matches!(self.is_open(at), Err(Closed::Over));
        let reason = self.ended_reason.as_deref().filter(|_| over);
        let Some(place) = number.checked_sub(1) else {
            let message = self.opening.as_deref();
            return Some(Polled { status: "ready", message, ended: over, reason });
        };
        let turn = self.turns.get(usize::try_from(place).ok()?)?;
        let status = match turn.fate {
            TurnFate::Dropped => "dropped",
            TurnFate::Failed => "error",
            TurnFate::Replied if at < turn.ready => "generating",
            TurnFate::Replied => "ready",
        };
        let ready = status == "ready";
        let message = turn.reply.as_deref().filter(|_| ready);
        let ended = ready && turn.ends || over && !turn.ends;
        Some(Polled { status, message, ended, reason: reason.filter(|_| ended) })
    }

    /// What was said so far.
    pub(super) fn transcript(&self) -> Vec<Value> {
        let stamp = |(place, turn): (usize, &Value)| {
            let mut turn = turn.clone();
            if let Some(fields) = turn.as_object_mut() {
                fields.insert("timestamp".to_owned(), json!(place));
            }
            turn
        };
        self.said.iter().enumerate().map(stamp).collect()
    }
}

fn turn_of(role: &str, content: &str) -> Value {
    json!({ "role": role, "content": content })
}
