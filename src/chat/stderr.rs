//! The standard error of the agent's program: into a file, its last lines at hand.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

/// How much of it is written to the file, in bytes.
const LARGEST_FILE: usize = 1 << 20;
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
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let from = lines.len().saturating_sub(LINES);
        lines.get(from..).unwrap_or_default().iter().map(|line| (*line).to_owned()).collect()
    }
}

/// Reads it to its end. A file that can't be written is left out: the last lines are there.
pub(super) async fn keep(mut from: impl AsyncRead + Unpin, path: PathBuf, tail: Tail) {
    let mut file: Option<File> = None;
    let mut written = 0;
    let mut buffer = vec![0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let bytes = buffer.get(..count).unwrap_or_default();
        tail.push(bytes);
        if written == 0 {
            file = File::create(&path).await.ok();
        }
        let room = bytes.get(..count.min(LARGEST_FILE.saturating_sub(written)));
        written += count;
        if let (Some(file), Some(room @ [_, ..])) = (&mut file, room) {
            drop(file.write_all(room).await);
            drop(file.flush().await);
        }
    }
}
