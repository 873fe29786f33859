//! The agent's program as a process: started in a group of its own, spoken to by lines, and gone
//! with all its children when its conversation is over.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Settings;
use super::protocol::{self, ToAgent};
use super::stderr::{self, Tail};
use crate::chat::heard::Timed;
use crate::record::ChatFaultKind;

/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 256 * 1024;
/// The most that is read of a process, in bytes.
const LARGEST_OUTPUT: usize = 64 << 20;
/// How long a process may take to exit by itself once its conversation is over.
const GRACE: Duration = Duration::from_secs(1);
/// How long the rest of its standard error may take to arrive once it has exited.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How often, and how far apart, it is looked whether what was killed is gone.
const MOST_TRIES: u32 = 100;
const BETWEEN_TRIES: Duration = Duration::from_millis(1);

/// A process of the agent's program and all its children.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Option<i32>,
    pub(super) tail: Tail,
    errors: JoinHandle<()>,
}

/// What is read and written of a process.
pub(super) struct Pipes {
    pub(super) input: ChildStdin,
    pub(super) output: ChildStdout,
}

/// Starts the program. Its standard error goes to a file of this name.
pub(super) fn start(settings: &Settings, log: &str) -> Result<(Process, Pipes), String> {
    let [program, arguments @ ..] = settings.command.as_deref().unwrap_or_default() else {
        return Err("has no command".to_owned());
    };
    let cannot = |error: &dyn std::fmt::Display| format!("cannot be started: {program}: {error}");
    std::fs::create_dir_all(&settings.logs).map_err(|error| cannot(&error))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(settings.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(dir) = &settings.dir {
        command.current_dir(dir);
    }
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(|error| cannot(&error))?;
    let group = child.id().and_then(|id| i32::try_from(id).ok());
    let (Some(input), Some(output), Some(errors)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(cannot(&"it has no standard input and output"));
    };
    let tail = Tail::default();
    let (path, redact) = (settings.logs.join(log), settings.redact.clone());
    let errors = tokio::spawn(stderr::keep(errors, path, redact, tail.clone()));
    Ok((Process { child, group, tail, errors }, Pipes { input, output }))
}

impl Process {
    /// Waits a moment for it to exit by itself, then ends it and its children.
    pub(super) async fn finish(&mut self) {
        let _ = tokio::time::timeout(GRACE, self.child.wait()).await;
        self.end().await;
    }

    /// Ends it and its children now.
    pub(super) async fn end(&mut self) {
        self.kill_group();
        let _ = self.child.start_kill();
        let _ = self.child.wait().await;
    }

    /// How it exited, once its output has ended, and what it said last.
    pub(super) async fn exited(&mut self) -> Option<ExitStatus> {
        let status = tokio::time::timeout(GRACE, self.child.wait()).await;
        status.ok().and_then(Result::ok)
    }

    /// Waits until it exits, and says how.
    pub(super) async fn gone(&mut self) -> String {
        let status = self.child.wait().await.ok();
        self.last_words().await;
        ended(status)
    }

    /// Waits for the rest of its standard error.
    pub(super) async fn last_words(&mut self) {
        if !self.errors.is_finished() {
            let _ = tokio::time::timeout(LAST_WORDS, &mut self.errors).await;
        }
    }

    fn kill_group(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self.group.take().and_then(rustix::process::Pid::from_raw) {
            // A group whose last process is gone cannot be found, and that is the aim.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_group();
        self.errors.abort();
        // What was killed is gone at once: this waits until it is, so that it is no zombie.
        for _ in 0..MOST_TRIES {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(BETWEEN_TRIES),
                Ok(Some(_)) | Err(_) => return,
            }
        }
    }
}

/// Writes lines until nobody has more to say or nobody reads them.
pub(super) async fn write(mut input: ChildStdin, mut from: mpsc::UnboundedReceiver<ToAgent>) {
    while let Some(line) = from.recv().await {
        let mut text = serde_json::to_vec(&line).unwrap_or_default();
        text.push(b'\n');
        // A program that has gone is found out by its output.
        if input.write_all(&text).await.is_err() || input.flush().await.is_err() {
            return;
        }
    }
}

/// Reads lines to the end of the output, or until one is of no use or nobody wants more.
pub(super) async fn read(output: ChildStdout, heard: mpsc::Sender<Timed>) {
    let mut reader = BufReader::new(output);
    let (mut line, mut total) = (Vec::new(), 0_usize);
    loop {
        let Ok(piece) = reader.fill_buf().await else { return };
        if piece.is_empty() {
            return;
        }
        let end = memchr::memchr(b'\n', piece);
        let count = end.map_or(piece.len(), |end| end + 1);
        line.extend_from_slice(piece.get(..count).unwrap_or_default());
        reader.consume(count);
        total = total.saturating_add(count);
        if line.len() > LONGEST_LINE || total > LARGEST_OUTPUT {
            let what = match line.len() > LONGEST_LINE {
                true => format!("a line longer than {} KiB", LONGEST_LINE >> 10),
                false => format!("more than {} MiB", LARGEST_OUTPUT >> 20),
            };
            let fault = (ChatFaultKind::Flooded, format!("wrote too much output: {what}"));
            let _ = heard.send(Timed::now(Err(fault))).await;
            return;
        }
        if end.is_none() {
            continue;
        }
        let text = line.trim_ascii();
        if !text.is_empty() {
            let read = protocol::read(text).map_err(|why| (ChatFaultKind::NotTheProtocol, why));
            let usable = read.is_ok();
            if heard.send(Timed::now(read)).await.is_err() || !usable {
                return;
            }
        }
        line.clear();
    }
}

/// Reads what nobody wants, so that the program can go on writing. Its input stays open.
pub(super) async fn discard(mut pipes: Pipes) {
    drop(tokio::io::copy(&mut pipes.output, &mut tokio::io::sink()).await);
}

/// In words: how a program ended that should have gone on.
pub(super) fn ended(status: Option<ExitStatus>) -> String {
    match status {
        Some(status) => format!("ended with {status}"),
        None => "closed its output".to_owned(),
    }
}
