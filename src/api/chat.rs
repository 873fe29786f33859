//! The turns of a conversation in mode `api_chat`: the gate plays the agent.
//!
//! A submission has no idempotency key. Where its answer is lost, the caller looks for the turn
//! that would come next before it sends the message again.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::client::Client;
use super::error::ApiError;
use super::retry::{Delivery, Effect};
use super::transport::{Fresh, Request, Tries};
use super::wire;
use super::wire::reading::Whole;

/// Where a turn is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ChatTurn {
    /// `generating`, `ready`, `dropped` or `error`.
    pub status: Option<String>,
    /// What the caller says.
    pub message: Option<String>,
    /// Whether the conversation has ended.
    pub ended: Option<bool>,
    /// Why it has ended.
    pub ended_reason: Option<String>,
}

/// What became of a submission.
#[derive(Debug)]
pub enum Submitted {
    /// It was taken as this turn.
    Taken(u64),
    /// The run is still starting, or has ended (409).
    Closed,
    /// Nobody knows: its answer was lost.
    Lost(ApiError),
}

#[derive(Deserialize)]
struct Answer {
    turn_id: u64,
}

impl Client {
    /// A turn of a conversation; none where there is no such turn. Turn 0 is the opening.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn chat_turn(
        &self,
        run: u64,
        turn: u64,
        until: Instant,
    ) -> Result<Option<ChatTurn>, ApiError> {
        let url = self.url(&format!("/test_framework/v1/runs/{run}/chat/{turn}/"));
        let request = Request::get(url, self.transport.limits().largest_answer);
        let answer = self.transport.send(&request, until, wire::read::<ChatTurn>).await;
        match answer.map_err(|lost| lost.error) {
            Ok(turn) => Ok(Some(turn)),
            Err(ApiError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Submits a message of the agent, or a record of what it did.
    ///
    /// # Errors
    ///
    /// When the platform refuses it, or can't be reached.
    pub async fn chat_submit(
        &self,
        run: u64,
        body: &Value,
        until: Instant,
    ) -> Result<Submitted, ApiError> {
        let request = self.chat_request(run, "chat", body, Effect::Starts);
        let mut tries = Tries::none();
        loop {
            let reading = Whole::new(wire::read::<Answer>);
            let lost = match self.transport.once(&request, &tries, until, reading).await {
                Ok(Fresh::New(answer, _)) => return Ok(Submitted::Taken(answer.turn_id)),
                Ok(fresh @ Fresh::Same) => {
                    return fresh.value().map(|a| Submitted::Taken(a.turn_id));
                }
                Err(lost) => lost,
            };
            if matches!(lost.error, ApiError::Refused { status: 409, .. }) {
                return Ok(Submitted::Closed);
            }
            if lost.fate == Delivery::Unknown {
                return Ok(Submitted::Lost(lost.error));
            }
            let Some(wait) = lost.again else { return Err(lost.error) };
            self.transport.pause(wait).await;
            if lost.fate == Delivery::PutOff {
                return Ok(Submitted::Lost(lost.error));
            }
            self.transport.count(&mut tries);
        }
    }

    /// Ends a conversation. One that has ended stays as it is.
    ///
    /// # Errors
    ///
    /// As for [`Client::result`].
    pub async fn end_chat(&self, run: u64, reason: &str, until: Instant) -> Result<(), ApiError> {
        let body = json!({ "reason": reason });
        let request = self.chat_request(run, "end-chat", &body, Effect::Idempotent);
        let ended = self.transport.send(&request, until, |_| Ok(())).await;
        match ended.map_err(|lost| lost.error) {
            Err(ApiError::Refused { status: 404 | 409, .. }) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn chat_request<'a>(
        &self,
        run: u64,
        what: &str,
        body: &'a Value,
        effect: Effect,
    ) -> Request<'a> {
        Request {
            method: Method::POST,
            url: self.url(&format!("/test_framework/v1/runs/{run}/{what}/")),
            body: Some(body),
            effect,
            largest: self.transport.limits().largest_answer,
            repeats: true,
            known: None,
        }
    }
}
