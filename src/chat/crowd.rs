//! All conversations of a result, so many of them at the same time.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::agent::{self, Agent, Shared};
use super::drive::{ChatEnd, Held, Pacer};
use super::process::{self, Process};
use super::protocol::ScenarioOf;
use super::{Settings, http};
use crate::api::client::Client;
use crate::record::{ChatFault, ChatFaultKind, GATE_LOST, RunRecord};
use crate::suite::model::AgentProcesses;

/// The conversations of a gate, and how those ended that are over.
#[derive(Debug)]
pub struct Chats {
    settings: Settings,
    pacer: Pacer,
    /// Those that the platform may still have open.
    open: RefCell<BTreeSet<u64>>,
    seen: RefCell<BTreeSet<u64>>,
    ends: RefCell<BTreeMap<u64, ChatEnd>>,
    ended: Notify,
}

/// A conversation to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    run: u64,
    scenario: ScenarioOf,
}

/// What stands behind the agents of all conversations.
enum Backend {
    PerConversation,
    Shared(Shared),
    /// It takes turns, and ends when it is dropped where the gate has started it.
    Server(reqwest::Client, Option<Process>),
    Broken(String),
}

impl Chats {
    /// None are held yet.
    pub fn new(settings: Settings) -> Self {
        let pacer = Pacer::new(settings.spacing);
        Self {
            settings,
            pacer,
            open: RefCell::default(),
            seen: RefCell::default(),
            ends: RefCell::default(),
            ended: Notify::new(),
        }
    }

    /// Those of the runs that have to be held and have not been seen yet.
    pub fn unseen(&self, runs: &[RunRecord]) -> Vec<Wanted> {
        let mut seen = self.seen.borrow_mut();
        let going = runs.iter().filter(|run| !run.status.is_terminal());
        let fresh = going.filter(|run| seen.insert(run.id));
        let wanted = fresh.map(|run| Wanted {
            run: run.id,
            scenario: ScenarioOf { id: run.scenario, name: run.scenario_name.clone() },
        });
        let wanted: Vec<Wanted> = wanted.collect();
        self.open.borrow_mut().extend(wanted.iter().map(|one| one.run));
        wanted
    }

    /// Ends the conversations that a lost gate has left open, and takes them for lost: the agent that
    /// held them is gone. So were those that another gate has ended for the same reason. Says how
    /// many were open.
    pub async fn end_lost(&self, client: &Client, runs: &[RunRecord], until: Instant) -> usize {
        let open = self.unseen(runs);
        let ended = runs.iter().filter(|run| run.ended_reason.as_deref() == Some(GATE_LOST));
        let lost = open.iter().map(|one| one.run).chain(ended.map(|run| run.id));
        let fault = ChatFault {
            kind: ChatFaultKind::GateLost,
            message: "the gate that ran the conversation stopped".to_owned(),
            ..ChatFault::default()
        };
        let end = ChatEnd { fault: Some(fault), ..ChatEnd::default() };
        self.ends.borrow_mut().extend(lost.map(|run| (run, end.clone())));
        self.end_all(client, GATE_LOST, until).await;
        open.len()
    }

    /// Holds the conversations that come in, at most so many at the same time. It never ends.
    pub async fn hold(
        &self,
        client: &Client,
        most: usize,
        until: Instant,
        mut wanted: mpsc::UnboundedReceiver<Wanted>,
    ) -> std::convert::Infallible {
        let mut queue = VecDeque::new();
        let backend = match wanted.recv().await {
            Some(first) => {
                queue.push_back(first);
                self.backend().await
            }
            None => std::future::pending().await,
        };
        let mut going = FuturesUnordered::new();
        loop {
            while going.len() < most.max(1) {
                let Some(next) = queue.pop_front() else { break };
                going.push(self.one(client, next, until, &backend));
            }
            tokio::select! {
                Some(next) = wanted.recv() => queue.push_back(next),
                Some(()) = going.next(), if !going.is_empty() => {}
                else => std::future::pending().await,
            }
        }
    }

    /// Waits until every conversation has ended that was to be held.
    pub async fn idle(&self) {
        let is_held = || {
            let ends = self.ends.borrow();
            self.seen.borrow().iter().all(|run| ends.contains_key(run))
        };
        while !is_held() {
            self.ended.notified().await;
        }
    }

    /// Ends those that the platform may still have open.
    pub async fn end_open(&self, client: &Client, until: Instant) {
        self.end_all(client, "main_agent_ended_call", until).await;
    }

    async fn end_all(&self, client: &Client, reason: &str, until: Instant) {
        let open: Vec<u64> = std::mem::take(&mut *self.open.borrow_mut()).into_iter().collect();
        let end = |run| client.end_chat(run, reason, until);
        let mut ending: FuturesUnordered<_> = open.into_iter().map(end).collect();
        while ending.next().await.is_some() {}
    }

    /// Puts what is known of each conversation into its run.
    pub fn mark(&self, runs: &mut [RunRecord]) {
        let ends = self.ends.borrow();
        for run in runs {
            if let Some(end) = ends.get(&run.id) {
                run.chat_fault.clone_from(&end.fault);
                run.agent_latencies_ms.clone_from(&end.latencies_ms);
            }
        }
    }

    /// Starts what all conversations share.
    async fn backend(&self) -> Backend {
        let settings = &self.settings;
        if settings.url.is_some() {
            return self.server().await.unwrap_or_else(Backend::Broken);
        }
        match settings.processes {
            AgentProcesses::PerConversation => Backend::PerConversation,
            AgentProcesses::Shared => {
                Shared::start(settings).map_or_else(Backend::Broken, Backend::Shared)
            }
        }
    }

    async fn server(&self) -> Result<Backend, String> {
        let settings = &self.settings;
        let client = http::client(settings)?;
        let mut process = match settings.command {
            Some(_) => {
                let (process, pipes) = process::start(settings, "server.stderr.log")?;
                tokio::spawn(process::discard(pipes));
                Some(process)
            }
            None => None,
        };
        if let Some(url) = &settings.ready {
            let ready = tokio::select! {
                ready = http::ready(&client, url) => ready,
                ended = exit_of(&mut process) => Err(ended),
            };
            if let Err(why) = ready {
                let lines = process.as_ref().map(|one| one.tail.lines()).unwrap_or_default();
                return Err(match lines.is_empty() {
                    true => why,
                    false => format!("{why} ({})", lines.join(" | ")),
                });
            }
        }
        Ok(Backend::Server(client, process))
    }

    async fn one(&self, client: &Client, wanted: Wanted, until: Instant, backend: &Backend) {
        let Wanted { run, scenario } = wanted;
        let (settings, pacer) = (&self.settings, &self.pacer);
        let held = Held { client, settings, pacer, run, scenario, until };
        let end = held.hold(async || self.agent(run, backend)).await;
        if let Backend::Shared(shared) = backend {
            shared.leave(&run.to_string());
        }
        if !end.open {
            self.open.borrow_mut().remove(&run);
        }
        self.ends.borrow_mut().insert(run, end);
        self.ended.notify_one();
    }

    fn agent(&self, run: u64, backend: &Backend) -> Result<Agent, String> {
        match backend {
            Backend::PerConversation => agent::alone(&self.settings, &format!("{run}.stderr.log")),
            Backend::Shared(shared) => Ok(shared.join(run.to_string())),
            Backend::Server(client, process) => {
                let tail = process.as_ref().map(|process| process.tail.clone());
                Ok(http::converse(client, &self.settings, tail))
            }
            Backend::Broken(why) => Err(why.clone()),
        }
    }
}

/// Waits until a process ends that should not; for ever where there is none.
async fn exit_of(process: &mut Option<Process>) -> String {
    match process {
        Some(process) => process.gone().await,
        None => std::future::pending().await,
    }
}
