//! Just enough HTTP/1.1 to see what a message is and to write another one.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest head that is read.
const LONGEST_HEAD: usize = 64 * 1024;

/// A message's head, and what was read of its body so far.
pub(super) struct Head {
    /// All bytes so far.
    pub(super) bytes: Vec<u8>,
    /// Where the body begins.
    pub(super) end: usize,
}

/// Reads until the end of a head; none when the peer closes before.
pub(super) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Head>> {
    let mut bytes = Vec::new();
    let mut seen: usize = 0;
    loop {
        // The end may lie across two reads.
        let from = seen.saturating_sub(3);
        let fresh = bytes.get(from..).unwrap_or_default();
        if let Some(at) = fresh.windows(4).position(|four| four == b"\r\n\r\n") {
            return Ok(Some(Head { bytes, end: from + at + 4 }));
        }
        seen = bytes.len();
        if seen > LONGEST_HEAD || stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

impl Head {
    fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes.get(..self.end).unwrap_or_default()).into_owned()
    }

    /// The words of the first line.
    pub(super) fn first_line(&self) -> Vec<String> {
        let text = self.text();
        let line = text.lines().next().unwrap_or_default();
        line.split(' ').map(str::to_owned).collect()
    }

    /// How long the body is said to be.
    pub(super) fn content_length(&self) -> usize {
        let text = self.text();
        let mut headers = text.lines().filter_map(|line| line.split_once(':'));
        let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
    }

    /// The whole request, asking for the connection to be closed after the answer, and for a body
    /// that can be spoiled: a plain one, and all of it.
    pub(super) fn closing(&self) -> Vec<u8> {
        let text = self.text();
        let kept = text.trim_end().split("\r\n").filter(|line| {
            let name = line.split(':').next().unwrap_or_default();
            !["connection", "accept-encoding", "if-none-match"]
                .iter()
                .any(|left_out| name.eq_ignore_ascii_case(left_out))
        });
        let mut request = kept.collect::<Vec<_>>().join("\r\n").into_bytes();
        request.extend_from_slice(b"\r\nconnection: close\r\n\r\n");
        request.extend_from_slice(self.bytes.get(self.end..).unwrap_or_default());
        request
    }
}

/// An answer: its bytes, and where its body begins.
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    pub(super) body: usize,
}

impl Answer {
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let body = head.map_or(bytes.len(), |at| at + 4);
        Self { bytes, body }
    }

    /// The first `most` bytes.
    pub(super) fn cut(&self, most: u64) -> &[u8] {
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(self.bytes.len());
        self.bytes.get(..most).unwrap_or_default()
    }

    pub(super) fn body(&self) -> &[u8] {
        self.bytes.get(self.body..).unwrap_or_default()
    }

    /// Its status line, such as `200 OK`.
    pub(super) fn status(&self) -> String {
        let line = self.bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        line.split_once(' ').map_or("200 OK", |(_, status)| status).to_owned()
    }
}

/// Writes an answer. Without a length the body goes on until the connection ends.
pub(super) fn head(status: &str, headers: &[(&str, &str)], length: Option<usize>) -> String {
    let mut head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(length) = length {
        head.push_str(&format!("content-length: {length}\r\n"));
    }
    head + "\r\n"
}

/// An answer with a body.
pub(super) fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = head(status, headers, Some(body.len())).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
