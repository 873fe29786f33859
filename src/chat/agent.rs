//! What a conversation sees of the agent: a way to speak to it, and what comes back, whether a
//! process or a server stands behind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::Settings;
use super::process::{self, Pipes, Process};
use super::protocol::{Line, ToAgent};
use super::stderr::Tail;
use crate::chat::heard::Timed;

/// How many lines of the agent may wait to be taken.
pub(super) const WAITING_LINES: usize = 16;

/// The agent in one conversation.
pub(super) struct Agent {
    pub(super) to: mpsc::UnboundedSender<ToAgent>,
    pub(super) from: mpsc::Receiver<Timed>,
    /// The process, where it is of this conversation alone.
    pub(super) process: Option<Process>,
    /// The end of the standard error of the process that is of all conversations.
    pub(super) tail: Option<Tail>,
    /// What the conversation is called on each line, where one process holds all.
    pub(super) name: Option<String>,
}

/// Starts the program for one conversation.
pub(super) fn alone(settings: &Settings, log: &str) -> Result<Agent, String> {
    let (process, Pipes { input, output }) = process::start(settings, log)?;
    let (to, written) = mpsc::unbounded_channel();
    let (heard, from) = mpsc::channel(WAITING_LINES);
    tokio::spawn(process::write(input, written));
    tokio::spawn(process::read(output, heard));
    Ok(Agent { to, from, process: Some(process), tail: None, name: None })
}

type Routes = Arc<Mutex<BTreeMap<String, mpsc::Sender<Timed>>>>;

/// One process that holds all conversations.
pub(super) struct Shared {
    to: mpsc::UnboundedSender<ToAgent>,
    /// None once the process is gone.
    routes: Routes,
    tail: Tail,
    gone: Arc<std::sync::atomic::AtomicBool>,
    /// Ends when this is dropped.
    _process: Process,
}

impl Shared {
    /// Starts it.
    pub(super) fn start(settings: &Settings) -> Result<Self, String> {
        let (process, Pipes { input, output }) = process::start(settings, "shared.stderr.log")?;
        let (to, written) = mpsc::unbounded_channel();
        let (heard, mut from) = mpsc::channel::<Timed>(WAITING_LINES);
        tokio::spawn(process::write(input, written));
        tokio::spawn(process::read(output, heard));
        let (routes, tail) = (Routes::default(), process.tail.clone());
        let gone = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (map, flag) = (Arc::clone(&routes), Arc::clone(&gone));
        tokio::spawn(async move {
            while let Some(timed) = from.recv().await {
                let names = |line: &Line| line.conversation.clone().unwrap_or_default();
                let to = match &timed.heard {
                    Ok(line) => lock(&map).get(&names(line)).cloned().into_iter().collect(),
                    // What is of no use may be of any conversation: it ends them all.
                    Err(_) => lock(&map).values().cloned().collect::<Vec<_>>(),
                };
                for one in to {
                    let _ = one.send(timed.clone()).await;
                }
            }
            flag.store(true, std::sync::atomic::Ordering::Relaxed);
            lock(&map).clear();
        });
        Ok(Self { to, routes, tail, gone, _process: process })
    }

    /// The agent in a conversation of this name.
    pub(super) fn join(&self, name: String) -> Agent {
        let (heard, from) = mpsc::channel(WAITING_LINES);
        if !self.gone.load(std::sync::atomic::Ordering::Relaxed) {
            lock(&self.routes).insert(name.clone(), heard);
        }
        let tail = Some(self.tail.clone());
        Agent { to: self.to.clone(), from, process: None, tail, name: Some(name) }
    }

    /// Takes a conversation out that is over.
    pub(super) fn leave(&self, name: &str) {
        lock(&self.routes).remove(name);
    }
}

fn lock<T>(map: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}
