//! The API's answers: which call asks for what, and the documents.
//!
//! Pure of sockets: a [`Call`] in, a [`Reply`] out.

mod after;
mod billing;
mod cases;
mod catalog;
mod chat;
mod insights;
mod listing;
mod results;
mod route;
mod runs;

use std::time::Duration;

use serde_json::{Map, Value, json};

use self::route::Route;
use super::endpoints::CASES;
use super::start;
use crate::simulate::state::{Account, Request};

/// A call, as it came.
#[derive(Debug, Default)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    /// The query's pairs, decoded.
    pub(super) query: Vec<(String, String)>,
    /// The path and the query, as they came.
    pub(super) target: String,
    pub(super) body: Vec<u8>,
    pub(super) key: Option<String>,
    /// What the caller calls this server, for links to further pages.
    pub(super) host: String,
}

impl Call {
    /// A value of the query that isn't empty.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.raw_query(name).filter(|value| !value.is_empty())
    }

    /// A value of the query.
    pub(super) fn raw_query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A number of the query; none when it is missing or no number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.query(name)?.parse().ok()
    }

    /// A comma-separated list of the query, also when its key stands several times.
    pub(super) fn list(&self, name: &str) -> Option<Vec<&str>> {
        let values = self.query.iter().filter(|(key, _)| key == name);
        let items: Vec<&str> = values
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect();
        (!items.is_empty()).then_some(items)
    }
}

/// An answer: status and, mostly, a JSON text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Reply {
    fn json(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string() }
    }

    fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    fn detail(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "detail": message }))
    }

    fn not_found() -> Self {
        Self::detail(404, "Not found.")
    }

    fn refused(field: &str, message: &str) -> Self {
        Self::json(400, &json!({ field: [message] }))
    }
}

impl Account {
    /// Answers a call and puts it on the log. `now` is the real time since the simulator began.
    pub(super) fn answer(&mut self, call: &Call, now: Duration) -> Reply {
        let body: Option<Value> = serde_json::from_slice(&call.body).ok();
        let mut unknown_fields = Vec::new();
        let reply = self.dispatch(call, body.as_ref(), &mut unknown_fields, now);
        self.log.push(Request {
            method: call.method.clone(),
            path: call.target.clone(),
            status: reply.status,
            body,
            unknown_fields,
        });
        reply
    }

    fn dispatch(
        &mut self,
        call: &Call,
        body: Option<&Value>,
        unknown_fields: &mut Vec<String>,
        now: Duration,
    ) -> Reply {
        if self.world.quirks.without_v1 && route::is_replaced(&call.path) {
            return Reply { status: 404, body: "<h1>Not Found</h1>".to_owned() };
        }
        let Some((method, route)) = route::find(&call.path) else { return Reply::not_found() };
        match (&call.key, &self.world.api_key) {
            (None, _) => {
                return Reply::detail(401, "Authentication credentials were not provided.");
            }
            (Some(key), Some(expected)) if key != expected => {
                return Reply::detail(401, "Invalid API key.");
            }
            _ => {}
        }
        if call.method != method {
            return Reply::detail(405, &format!("Method \"{}\" not allowed.", call.method));
        }
        match route {
            Route::Start(endpoint) => {
                let empty = Map::new();
                let form = match body {
                    Some(Value::Object(form)) => form,
                    None if call.body.is_empty() => &empty,
                    None => return Reply::detail(400, "JSON parse error"),
                    Some(_) => {
                        return Reply::refused("non_field_errors", "Expected a dictionary.");
                    }
                };
                *unknown_fields = endpoint.unknown_fields(form);
                if endpoint.name == CASES {
                    return cases::start(self, call, form, now);
                }
                match start::read(endpoint, form, &self.world) {
                    Err(faults) => Reply::json(400, &Value::Object(faults)),
                    Ok(order) if !self.affords(order.calls.len()) => billing::too_low(),
                    Ok(order) => {
                        let id = self.start(endpoint, order, form.clone(), now);
                        let answer = self.results.get(&id).map(|held| results::started(self, held));
                        Reply::json(endpoint.answer, &answer.unwrap_or_default())
                    }
                }
            }
            Route::Results => results::list(self, call, now),
            Route::Result(id) => match self.results.get(&id) {
                Some(held) => Reply { status: 200, body: results::detail(self, held, now) },
                None => Reply::not_found(),
            },
            Route::EndCalls(id) => {
                if !self.results.contains_key(&id) {
                    return Reply::not_found();
                }
                self.cancel(id, None, now);
                Reply { status: 200, body: String::new() }
            }
            Route::Share(id) => match self.results.contains_key(&id) {
                true => results::share(id, body),
                false => Reply::not_found(),
            },
            Route::Runs => runs::list(self, call, now),
            Route::RunsBulk => runs::bulk(self, call, now),
            Route::Run(id) => match self.run(id) {
                Some((held, run)) => {
                    Reply { status: 200, body: runs::detail(self, held, run, now) }
                }
                None => Reply::not_found(),
            },
            Route::EndCall(id) => match self.run_owner.get(&id).copied() {
                Some(result) => {
                    self.cancel(result, Some(id), now);
                    Reply { status: 200, body: String::new() }
                }
                None => Reply::not_found(),
            },
            Route::Chat(id) => chat::submit(self, id, body, unknown_fields, now),
            Route::ChatTurn(id, turn) => chat::turn(self, id, turn, now),
            Route::EndChat(id) => chat::end(self, id, body, unknown_fields, now),
            Route::After(after) => after::answer(self, after, call, body, now),
            Route::Scenarios => catalog::scenarios(&self.world, call),
            Route::Scenario(id) => catalog::scenario(&self.world, id),
            Route::Folders => catalog::folders(&self.world, call),
            Route::Metrics => catalog::metrics(&self.world, call),
            Route::Agents => catalog::agents(&self.world, call),
            Route::Agent(id) => catalog::agent(&self.world, id),
            Route::Projects => catalog::projects(&self.world, call),
            Route::Personalities => catalog::named(&self.world.personalities, call),
            Route::Billing => billing::info(self),
            Route::Occupancy => billing::occupancy(&self.world, call),
            Route::TestProfiles => catalog::named(&self.world.test_profiles, call),
        }
    }
}
