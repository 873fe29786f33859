//! The standard error of the agent's program: into a file, its last lines at hand.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};

use crate::redact::Redactor;

/// How much of it is written to the file, in bytes.
const LARGEST_FILE: usize = 1 << 20;
/// How much of a line is written to the file, in bytes.
const LONGEST_LINE: usize = 64 << 10;
/// What is taken off a line that was cut, in bytes.
const LONGEST_SECRET: usize = 4096;
/// How much of its end is kept, in bytes.
const TAIL: usize = 4096;
/// How many lines of it are shown.
const LINES: usize = 5;

/// The end of what a program wrote to its standard error.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes);
        let over = kept.len().saturating_sub(TAIL);
        kept.drain(..over);
    }

    /// Its last lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let kept: Vec<u8> = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().copied().collect()
        };
        let text = String::from_utf8_lossy(&kept);
        // Of the first line the beginning may be gone, and with it what a secret is known by.
        let whole = text.split_once('\n').filter(|_| kept.len() >= TAIL);
        let text = whole.map_or(text.as_ref(), |(_, rest)| rest);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let from = lines.len().saturating_sub(LINES);
        lines.get(from..).unwrap_or_default().iter().map(|line| (*line).to_owned()).collect()
    }
}

/// Reads it to its end. A file that can't be written is left out: the last lines are there. What the
/// file keeps is a line at a time, so that a secret is found whole.
pub(super) async fn keep(
    from: impl AsyncRead + Unpin,
    path: PathBuf,
    redact: Redactor,
    tail: Tail,
) {
    let mut from = BufReader::new(from);
    let mut log = Log { path, redact, file: None, written: 0 };
    let (mut line, mut left_out) = (Vec::new(), 0);
    while let Ok(piece @ [_, ..]) = from.fill_buf().await {
        let end = memchr::memchr(b'\n', piece);
        let count = end.map_or(piece.len(), |end| end + 1);
        let piece = piece.get(..count).unwrap_or_default();
        tail.push(piece);
        let room = LONGEST_LINE.saturating_sub(line.len()).min(count);
        line.extend_from_slice(piece.get(..room).unwrap_or_default());
        left_out += count - room;
        from.consume(count);
        if end.is_some() {
            log.line(&line, left_out).await;
            line.clear();
            left_out = 0;
        }
    }
    log.line(&line, left_out).await;
}

/// The file that it is kept in.
struct Log {
    path: PathBuf,
    redact: Redactor,
    file: Option<File>,
    written: usize,
}

impl Log {
    /// Writes a line, of which so many bytes are left out.
    async fn line(&mut self, line: &[u8], left_out: usize) {
        if line.is_empty() || self.written > LARGEST_FILE {
            return;
        }
        if self.written == 0 {
            self.file = File::create(&self.path).await.ok();
        }
        let Some(file) = &mut self.file else { return };
        let text = String::from_utf8_lossy(line);
        let mut text = self.redact.text(&text).into_owned();
        if left_out > 0 {
            // The end may be the first half of a secret.
            text.truncate(text.floor_char_boundary(text.len().saturating_sub(LONGEST_SECRET)));
            text.push_str("… (the rest of this line is left out)\n");
        }
        self.written += text.len();
        if self.written > LARGEST_FILE {
            text = "… (the rest is left out: at most 1 MiB is kept)\n".to_owned();
        }
        drop(file.write_all(text.as_bytes()).await);
        drop(file.flush().await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Secrets;

    /// What is kept of a text in which `hunter2hunter2` is a secret.
    fn kept(text: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut secrets = Secrets::default();
        secrets.add("hunter2hunter2");
        let redact = Redactor::default().with(secrets);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(keep(text.as_bytes(), path.clone(), redact, Tail::default()));
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_secret_is_found_wherever_it_stands() {
        let mark = "[redacted: secret]";
        assert_eq!(kept("a hunter2hunter2\nb"), format!("a {mark}\nb"));
        let (before, cut) = ("x".repeat(4090), "y".repeat(LONGEST_LINE - 7));
        assert_eq!(kept(&format!("{before}hunter2hunter2\n")), format!("{before}{mark}\n"));
        let log = kept(&format!("{cut}hunter2hunter2\nz\n"));
        assert!(!log.contains("hunter2"), "half of one is shown");
        assert!(log.ends_with("y… (the rest of this line is left out)\nz\n"));
    }

    #[test]
    fn a_file_is_as_long_as_it_may_be_and_says_so() {
        let log = kept(&"0123456789\n".repeat(200_000));
        assert!(log.len() <= LARGEST_FILE + 100, "{}", log.len());
        assert!(log.ends_with("\n… (the rest is left out: at most 1 MiB is kept)\n"));
    }
}
