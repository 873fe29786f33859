//! What stands before the simulator when there are faults: it takes each request from its socket,
//! hands it on over a connection of its own, and spoils what comes back, to the byte.
//!
//! Every connection carries one request, so that a cut concerns that request alone.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::super::clock::HEADER;
use super::choose::Script;
use super::http::{self, Answer, Head, read_head};
use super::{DropWhen, Rule};
use crate::simulate::faults::corrupt;

/// Serves on `listener`, before the simulator at `inner`, until it is dropped.
pub(in super::super) async fn serve(listener: TcpListener, inner: SocketAddr, script: Script) {
    let script = Arc::new(script);
    let mut exchanges = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: that passes.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        while exchanges.try_join_next().is_some() {}
        let script = Arc::clone(&script);
        // A peer that goes away is what this is about.
        exchanges.spawn(async move { drop(exchange(client, inner, &script).await) });
    }
}

async fn exchange(mut client: TcpStream, inner: SocketAddr, script: &Script) -> io::Result<()> {
    client.set_nodelay(true)?;
    let Some(mut request) = read_head(&mut client).await? else { return Ok(()) };
    let (method, path) = match request.first_line().as_slice() {
        [method, target, _] => {
            let path = target.split('?').next().unwrap_or_default();
            (method.clone(), path.to_owned())
        }
        _ => return Ok(()),
    };
    let harmless = Rule::default();
    let rule = script.choose(&method, &path).unwrap_or(&harmless);
    let whole = request.end.saturating_add(request.content_length());
    let wanted = rule.cut_request.and_then(|most| usize::try_from(most).ok()).unwrap_or(whole);
    while request.bytes.len() < wanted.min(whole) {
        if client.read_buf(&mut request.bytes).await? == 0 {
            return Ok(());
        }
    }
    tokio::time::sleep(Duration::try_from_secs_f64(rule.delay).unwrap_or_default()).await;
    if wanted < whole {
        return hand_on_part(inner, &request, wanted).await;
    }
    if rule.drop == Some(DropWhen::Before) {
        return Ok(());
    }
    let unprocessed = (rule.status.is_some() || rule.redirect.is_some()) && !rule.processed;
    let answer = match unprocessed {
        true => Answer::of(Vec::new()),
        false => hand_on(inner, &request).await?,
    };
    reply(&mut client, rule, &answer, &script.time_scale).await
}

/// Hands a part of a request on, and waits until the simulator has done with it.
async fn hand_on_part(inner: SocketAddr, request: &Head, most: usize) -> io::Result<()> {
    let mut server = TcpStream::connect(inner).await?;
    server.write_all(request.bytes.get(..most).unwrap_or_default()).await?;
    server.shutdown().await?;
    server.read_to_end(&mut Vec::new()).await.map(drop)
}

async fn hand_on(inner: SocketAddr, request: &Head) -> io::Result<Answer> {
    let mut server = TcpStream::connect(inner).await?;
    server.write_all(&request.closing()).await?;
    let mut bytes = Vec::new();
    server.read_to_end(&mut bytes).await?;
    Ok(Answer::of(bytes))
}

/// Sends the answer, or what the rule makes of it.
async fn reply(
    client: &mut TcpStream,
    rule: &Rule,
    answer: &Answer,
    time_scale: &str,
) -> io::Result<()> {
    const JSON: (&str, &str) = ("content-type", "application/json");
    let simulator = (HEADER, time_scale);
    let with_body = |body: &[u8]| http::answer(&answer.status(), &[JSON, simulator], body);
    if let Some(status) = rule.status {
        let wait = rule.retry_after.map(|seconds| {
            let form = rule.retry_after_as.unwrap_or_default();
            corrupt::retry_after(seconds, form, crate::context::now())
        });
        let mut headers = vec![JSON, simulator];
        headers.extend(wait.as_deref().map(|wait| ("retry-after", wait)));
        let body = format!(r#"{{"detail": "a fault script answers with status {status}"}}"#);
        let line = format!("{status} Scripted");
        return send(client, &http::answer(&line, &headers, body.as_bytes())).await;
    }
    if let Some(address) = &rule.redirect {
        let headers = [("location", address.as_str()), simulator];
        let moved = http::answer("307 Temporary Redirect", &headers, b"");
        return send(client, &moved).await;
    }
    if rule.drop == Some(DropWhen::After) || rule.cut_request.is_some() {
        return Ok(());
    }
    if let Some(most) = rule.cut_answer {
        return send(client, answer.cut(most)).await;
    }
    if let Some(most) = rule.cut_body {
        return send(client, answer.cut((answer.body as u64).saturating_add(most))).await;
    }
    if let Some(most) = rule.truncate {
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(answer.body().len());
        return send(client, &with_body(answer.body().get(..most).unwrap_or_default())).await;
    }
    if let Some(garble) = rule.garble {
        return send(client, &with_body(&corrupt::garbled(garble, answer.body()))).await;
    }
    if let Some(status) = &rule.pretend_status {
        return send(client, &with_body(&corrupt::pretending(status, answer.body()))).await;
    }
    if let Some(count) = rule.vanish {
        return send(client, &with_body(&corrupt::vanished(count, answer.body()))).await;
    }
    if let Some(times) = rule.multiply {
        return send(client, &with_body(&corrupt::multiplied(times, answer.body()))).await;
    }
    if let Some(mebibytes) = rule.gzip_bomb {
        let headers = [JSON, simulator, ("content-encoding", "gzip")];
        let bomb = corrupt::gzip_bomb(mebibytes);
        return send(client, &http::answer(&answer.status(), &headers, &bomb)).await;
    }
    if rule.endless {
        client.write_all(http::head(&answer.status(), &[JSON, simulator], None).as_bytes()).await?;
        client.write_all(br#"{"id": 1, "name": ""#).await?;
        let more = [b'a'; 16 * 1024];
        loop {
            client.write_all(&more).await?;
        }
    }
    if let Some(seconds) = rule.drip {
        let pause = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        client.write_all(answer.cut(answer.body as u64)).await?;
        for byte in answer.body() {
            tokio::time::sleep(pause).await;
            client.write_all(&[*byte]).await?;
        }
        return client.shutdown().await;
    }
    send(client, &answer.bytes).await
}

async fn send(client: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    client.write_all(bytes).await?;
    client.shutdown().await
}
