//! Looking hosts up in a way that cannot hold the gate up.
//!
//! The system's look-up blocks its thread, for minutes where name servers are silent, and tokio's
//! pool waits for such threads when the program ends. A thread of its own is left behind instead.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::oneshot;

/// The system's look-up, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Resolver;

/// A host that could not be looked up.
#[derive(Debug, thiserror::Error)]
#[error("the host `{host}` cannot be found: {reason}")]
pub(super) struct UnknownHost {
    host: String,
    reason: String,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let found = look_up(host.clone()).await;
            let addresses =
                found.map_err(|error| UnknownHost { host, reason: error.to_string() })?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

async fn look_up(host: String) -> io::Result<Vec<SocketAddr>> {
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new().name("look-up".to_owned()).spawn(move || {
        let found = (host.as_str(), 0).to_socket_addrs().map(Iterator::collect);
        // Nobody waits any more when the time is over.
        drop(sender.send(found));
    })?;
    receiver
        .await
        .unwrap_or_else(|_| Err(io::Error::other("the name lookup ended without an answer")))
}
