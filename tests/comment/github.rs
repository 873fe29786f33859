//! A simulator of GitHub's API, as far as comments on a pull request go.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// What becomes of a request, in place of its answer.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Refused, with these headers.
    Refuse(u16, Vec<(&'static str, String)>, &'static str),
    /// Done, but answered with this status.
    DoneBut(u16),
    /// Answered with an empty list behind so many blanks.
    Blanks(usize),
    /// Answered as it should be.
    Fine,
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) authorization: String,
}

#[derive(Default)]
struct Inside {
    comments: Vec<Value>,
    asked: Vec<Asked>,
    faults: VecDeque<Fault>,
    /// Who the token belongs to: none for a job's own.
    person: Option<String>,
}

/// The simulator, for as long as it lives.
pub(crate) struct Github {
    _runtime: Runtime,
    pub(crate) url: String,
    inside: Arc<Mutex<Inside>>,
}

/// Comments on a page, whatever is asked for: so that few make many pages.
const PAGE: usize = 100;

impl Github {
    pub(crate) fn start() -> Self {
        let inside = Arc::new(Mutex::new(Inside::default()));
        let runtime = crate::common::serving();
        let app = Router::new().fallback(answer).with_state(Arc::clone(&inside));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/api/v3", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { _runtime: runtime, url, inside }
    }

    pub(crate) fn person(&self, login: &str) {
        self.inside.lock().unwrap().person = Some(login.to_owned());
    }

    pub(crate) fn faults(&self, faults: &[Fault]) {
        self.inside.lock().unwrap().faults = faults.iter().cloned().collect();
    }

    /// Puts a comment of somebody there.
    pub(crate) fn comment(&self, login: &str, kind: &str, body: &str) {
        self.inside.lock().unwrap().add(login, kind, body);
    }

    /// Author and text of each comment.
    pub(crate) fn comments(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let comments = &self.inside.lock().unwrap().comments;
        comments.iter().map(|one| (text(&one["user"]["login"]), text(&one["body"]))).collect()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.inside.lock().unwrap().asked.clone()
    }
}

impl Inside {
    fn add(&mut self, login: &str, kind: &str, body: &str) -> Value {
        let id = 1000 + self.comments.len();
        let page = format!("https://github.com/acme/shop/pull/42#issuecomment-{id}");
        let comment = json!({
            "id": id, "body": body, "html_url": page, "user": { "login": login, "type": kind },
        });
        self.comments.push(comment.clone());
        comment
    }

    fn writer(&self) -> (String, &'static str) {
        match &self.person {
            Some(login) => (login.clone(), "User"),
            None => ("github-actions[bot]".to_owned(), "Bot"),
        }
    }

    fn done(&mut self, method: &Method, path: &str, query: &str, body: &[u8]) -> Response {
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = sent["body"].as_str().unwrap_or_default().to_owned();
        let path = path.strip_prefix("/api/v3").unwrap_or_default();
        let id = path.strip_prefix("/repos/acme/shop/issues/comments/");
        match (method.as_str(), path, id) {
            ("GET", "/user", _) => match &self.person {
                Some(login) => axum::Json(json!({ "login": login })).into_response(),
                None => refusal(403, "Resource not accessible by integration"),
            },
            ("GET", "/repos/acme/shop/issues/42/comments", _) => self.page(query),
            (_, _, _) if text.chars().count() > 65_536 => {
                refusal(422, "Body is too long (maximum is 65536 characters)")
            }
            ("POST", "/repos/acme/shop/issues/42/comments", _) => {
                let (login, kind) = self.writer();
                let comment = self.add(&login, kind, &text);
                (StatusCode::CREATED, axum::Json(comment)).into_response()
            }
            ("PATCH", _, Some(id)) => {
                let id: u64 = id.parse().unwrap();
                let found = self.comments.iter_mut().find(|one| one["id"] == id);
                let Some(comment) = found else { return refusal(404, "Not Found") };
                comment["body"] = Value::from(text);
                axum::Json(comment.clone()).into_response()
            }
            _ => refusal(404, "Not Found"),
        }
    }

    fn page(&self, query: &str) -> Response {
        let page = query.split('&').find_map(|pair| pair.strip_prefix("page="));
        let page: usize = page.unwrap_or("1").parse().unwrap();
        let start = (page - 1) * PAGE;
        let shown: Vec<&Value> = self.comments.iter().skip(start).take(PAGE).collect();
        let mut response = axum::Json(json!(shown)).into_response();
        if start + PAGE < self.comments.len() {
            // A link to another host is none to follow with a token.
            let link =
                "<https://evil.example/next>; rel=\"next\", <https://evil.example>; rel=\"last\"";
            response.headers_mut().insert("link", link.parse().unwrap());
        }
        response
    }
}

fn refusal(status: u16, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, axum::Json(json!({ "message": message }))).into_response()
}

async fn answer(
    State(inside): State<Arc<Mutex<Inside>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut inside = inside.lock().unwrap();
    let authorization =
        headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let asked = Asked {
        line: format!("{method} {}", uri.path()),
        authorization: authorization.unwrap_or_default(),
    };
    inside.asked.push(asked);
    let fault = inside.faults.pop_front().unwrap_or(Fault::Fine);
    if let Fault::Refuse(status, headers, message) = fault {
        let mut response = refusal(status, message);
        for (name, value) in headers {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        return response;
    }
    if let Fault::Blanks(count) = fault {
        return (StatusCode::OK, " ".repeat(count) + "[]").into_response();
    }
    let response = inside.done(&method, uri.path(), uri.query().unwrap_or_default(), &body);
    match fault {
        Fault::DoneBut(status) => refusal(status, "Server Error"),
        _ => response,
    }
}
