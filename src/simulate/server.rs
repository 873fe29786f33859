//! The socket: a loopback HTTP server over an account and a clock.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request as HttpRequest, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::answers::{Call, Reply};
use super::clock::Clock;
use super::faults::{self, Faults, Script};
use super::world::World;
use crate::simulate::clock::HEADER;
use crate::simulate::state::{Account, Request};

/// The longest body that is read.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Shorter bodies are not worth compressing.
const SHORTEST_ZIPPED: usize = 500;

/// A running simulator. It stops when this is dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    account: Arc<Mutex<Account>>,
    task: JoinHandle<()>,
    /// What spoils the answers, where there are faults.
    proxy: Option<JoinHandle<()>>,
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(proxy) = &self.proxy {
            proxy.abort();
        }
    }
}

struct Shared<C> {
    account: Arc<Mutex<Account>>,
    clock: C,
    time_scale: f64,
}

impl Simulator {
    /// Starts to serve `world` on `bind`, on the current tokio runtime. Port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn start<C: Clock>(world: World, bind: SocketAddr, clock: C) -> io::Result<Self> {
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        let time_scale = world.time_scale;
        let account = Arc::new(Mutex::new(Account::new(world, clock.began())));
        let shared = Arc::new(Shared { account: Arc::clone(&account), clock, time_scale });
        let router = Router::new().fallback(handle::<C>).with_state(shared);
        let task = tokio::spawn(async move {
            // Serving on a bound socket ends only with the task.
            drop(axum::serve(listener, router).await);
        });
        Ok(Self { address, account, task, proxy: None })
    }

    /// Starts to serve `world` on `bind` as [`Simulator::start`] does, with `faults` between it and
    /// its clients. The account knows nothing of them.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn start_with_faults<C: Clock>(
        world: World,
        faults: Faults,
        bind: SocketAddr,
        clock: C,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        let time_scale = world.time_scale;
        let behind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut simulator = Self::start(world, behind, clock).await?;
        let script = Script::new(faults, time_scale);
        let proxy = tokio::spawn(faults::serve(listener, simulator.address, script));
        simulator.address = address;
        simulator.proxy = Some(proxy);
        Ok(simulator)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL, without a final slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, in the order of their answers.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.account).log.clone()
    }

    /// How many results were started.
    pub fn starts(&self) -> usize {
        lock(&self.account).starts
    }

    /// Serves until the server ends by itself, which it doesn't: for a command that is stopped by
    /// a signal.
    pub async fn wait(mut self) {
        drop((&mut self.task).await);
    }
}

fn lock(account: &Mutex<Account>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn handle<C: Clock>(State(shared): State<Arc<Shared<C>>>, request: HttpRequest) -> Response {
    let scale = HeaderValue::from_str(&shared.time_scale.to_string());
    let mut response = answer(&shared, request).await;
    if let Ok(scale) = scale {
        response.headers_mut().insert(HeaderName::from_static(HEADER), scale);
    }
    response
}

async fn answer<C: Clock>(shared: &Shared<C>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let text = |name: &str| header_text(&parts.headers, name);
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let call = Call {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: query.map(|Query(pairs)| pairs).unwrap_or_default(),
        target: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        body: body.to_vec(),
        key: text("x-cekura-api-key"),
        host: text("host").unwrap_or_default(),
    };
    let reply = lock(&shared.account).answer(&call, shared.clock.elapsed());
    let known = text("if-none-match").filter(|_| call.method == "GET");
    let zips = text("accept-encoding").is_some_and(|codings| codings.contains("gzip"));
    respond(reply, known.as_deref(), zips)
}

fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// Sends a reply; compressed where the client takes that, and not at all where it knows it already.
fn respond(reply: Reply, known: Option<&str>, zips: bool) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if reply.body.is_empty() {
        return status.into_response();
    }
    let tag = tag_of(&reply.body);
    if status == StatusCode::OK && known == Some(tag.as_str()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::VARY, "accept-encoding")];
    let tag = [(header::ETAG, tag)];
    let zip = zips && reply.body.len() >= SHORTEST_ZIPPED;
    match zip.then(|| zipped(&reply.body)).flatten() {
        Some(body) => {
            let coding = [(header::CONTENT_ENCODING, "gzip")];
            (status, headers, tag, coding, Body::from(body)).into_response()
        }
        None => (status, headers, tag, Body::from(reply.body)).into_response(),
    }
}

/// What marks a body: a weak tag, as the compressed one has it too.
fn tag_of(body: &str) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

fn zipped(body: &str) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body.as_bytes()).ok()?;
    encoder.finish().ok()
}
