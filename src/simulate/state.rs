//! What the simulator knows: its world, the results that were started, and what was asked of it.
//!
//! No clock and no socket: each call brings the time along.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::record::Status;
use crate::simulate::after::{Job, Reviews};
use crate::simulate::chat::Chat;
use crate::simulate::endpoints::{CHAT, Endpoint};
use crate::simulate::engine::TimeLine;
use crate::simulate::fate::Fate;
use crate::simulate::start::Order;
use crate::simulate::world::{Scenario, World};
use crate::simulate::{engine, fate};

/// A request that the simulator answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, with the query.
    pub path: String,
    /// The answer's status.
    pub status: u16,
    /// The body, when it was JSON.
    pub body: Option<Value>,
    /// Fields of a start's body that the endpoint does not know.
    pub unknown_fields: Vec<String>,
}

/// The simulator's account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) world: World,
    /// When the simulator began.
    pub(super) began: Timestamp,
    /// By id; the newest last.
    pub(super) results: BTreeMap<u64, Held>,
    /// The result of each run.
    pub(super) run_owner: BTreeMap<u64, u64>,
    /// How often each scenario has run.
    repetitions: BTreeMap<u64, u64>,
    /// Jobs in the background, by what they are asked for by.
    pub(super) jobs: BTreeMap<String, Job>,
    /// Test sets that were made of runs.
    pub(super) test_sets: Vec<Value>,
    pub(super) log: Vec<Request>,
    pub(super) starts: usize,
}

/// A result that was started.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) agent: u64,
    pub(super) run_type: &'static str,
    /// What the start asked for.
    pub(super) settings: Map<String, Value>,
    /// Real time between the simulator's beginning and the start.
    started: Duration,
    /// In ascending order of their ids.
    pub(super) runs: Vec<HeldRun>,
}

/// A run that was started.
#[derive(Debug)]
pub(super) struct HeldRun {
    pub(super) id: u64,
    pub(super) scenario: u64,
    pub(super) personality: Option<u64>,
    pub(super) test_profile: Option<u64>,
    pub(super) fate: Fate,
    pub(super) line: TimeLine,
    /// The conversation that whoever called plays the agent in.
    pub(super) chat: Option<Chat>,
    /// Simulated second at which someone ended it.
    pub(super) cancelled: Option<f64>,
    /// What was said of it afterwards.
    pub(super) reviews: Reviews,
    /// Its document, once it has ended and can't change any more.
    pub(super) document: OnceLock<String>,
}

impl HeldRun {
    /// Its status at the simulated second `at`.
    pub(super) fn status(&self, at: f64) -> Status {
        if let Some(status) = self.chat.as_ref().and_then(|chat| chat.status(at)) {
            return status;
        }
        let status = engine::status(&self.line, &self.fate.end, self.cancelled, at);
        let again = status == Status::Completed && at < self.reviews.evaluating_until;
        if again { Status::Evaluating } else { status }
    }

    /// Ends it, unless it has ended.
    pub(super) fn cancel(&mut self, at: f64) {
        if !self.status(at).is_terminal() {
            if let Some(chat) = &mut self.chat {
                chat.cancelled = true;
            }
            self.cancelled = Some(at);
        }
    }
}

impl Held {
    /// Simulated seconds since its start.
    pub(super) fn at(&self, world: &World, now: Duration) -> f64 {
        if world.time_scale > 0.0 {
            now.saturating_sub(self.started).as_secs_f64() * world.time_scale
        } else {
            f64::INFINITY
        }
    }

    /// The calendar time of a simulated second, in the clock's time.
    pub(super) fn calendar(&self, account: &Account, at: f64) -> String {
        let scale = account.world.time_scale;
        let real = if scale > 0.0 { at / scale } else { 0.0 };
        let since = Duration::try_from_secs_f64(real).unwrap_or_default();
        account.calendar(self.started.saturating_add(since))
    }

    /// The calendar time of a simulated second as those on the line see it, for whom a call of two
    /// minutes takes two minutes: begin and length of the calls fit together.
    pub(super) fn on_the_line(&self, account: &Account, at: f64) -> String {
        let since = Duration::try_from_secs_f64(at).unwrap_or_default();
        account.calendar(self.started.saturating_add(since))
    }
}

impl Account {
    pub(super) fn new(world: World, began: Timestamp) -> Self {
        Self {
            world,
            began,
            results: BTreeMap::new(),
            run_owner: BTreeMap::new(),
            repetitions: BTreeMap::new(),
            jobs: BTreeMap::new(),
            test_sets: Vec::new(),
            log: Vec::new(),
            starts: 0,
        }
    }

    /// The calendar time after `elapsed`, as the platform writes it.
    pub(super) fn calendar(&self, elapsed: Duration) -> String {
        let elapsed = SignedDuration::try_from(elapsed).unwrap_or_default();
        let time = self.began.saturating_add(elapsed).unwrap_or(self.began);
        time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
    }

    /// Starts a result: draws the fate of its runs and lays out their time lines.
    pub(super) fn start(
        &mut self,
        endpoint: &'static Endpoint,
        order: Order,
        settings: Map<String, Value>,
        now: Duration,
    ) -> u64 {
        let Self { world, repetitions, .. } = self;
        let pass = world.agent(order.agent).and_then(|agent| agent.pass);
        let mut fates = Vec::with_capacity(order.calls.len());
        let mut calls = Vec::with_capacity(order.calls.len());
        for call in order.calls {
            let Some(scenario) = world.scenario(call.scenario) else { continue };
            let repetition = repetitions.entry(call.scenario).or_default();
            let with_agent = pass.map(|pass| Scenario { pass, ..scenario.clone() });
            fates.push(fate::draw(world, with_agent.as_ref().unwrap_or(scenario), *repetition));
            calls.push(call);
            *repetition += 1;
        }
        let lines = u64::from(world.concurrency).min(order.concurrency.unwrap_or(u64::MAX));
        let chats = endpoint.name == CHAT;
        // Nobody is dialled in a chat: it is open for as long as it takes.
        let lines = if chats { u64::MAX } else { lines };
        let mut plan = engine::lay_out(world, &fates, usize::try_from(lines).unwrap_or(usize::MAX));
        let open: Vec<Option<Chat>> = calls
            .iter()
            .zip(&fates)
            .zip(&mut plan)
            .map(|((call, fate), line)| {
                let scenario = world.scenario(call.scenario).filter(|_| chats)?;
                // Whoever plays the agent does so in real time, however fast the simulated one goes.
                let life = order.timeout.unwrap_or(600) as f64 * world.time_scale.max(1.0);
                Chat::open(scenario, fate, line, life)
            })
            .collect();
        let id = 2001 + self.results.len() as u64;
        let first_run = 34501 + self.run_owner.len() as u64;
        let runs: Vec<HeldRun> = calls
            .into_iter()
            .zip(fates)
            .zip(plan)
            .zip(open)
            .zip(first_run..)
            .map(|((((call, fate), line), chat), id)| HeldRun {
                chat,
                id,
                scenario: call.scenario,
                personality: call.personality,
                test_profile: call.test_profile,
                fate,
                line,
                cancelled: None,
                reviews: Reviews::default(),
                document: OnceLock::new(),
            })
            .collect();
        self.run_owner.extend(runs.iter().map(|run| (run.id, id)));
        let name = order.name.unwrap_or_else(|| format!("Result {id}"));
        let held = Held {
            id,
            name,
            agent: order.agent,
            run_type: endpoint.run_type,
            settings,
            started: now,
            runs,
        };
        self.results.insert(id, held);
        self.starts += 1;
        id
    }

    /// The credits that are left; none where they have no end.
    pub(super) fn credits(&self) -> Option<f64> {
        let spent = self.run_owner.len() as f64 * self.world.price_per_run;
        self.world.credits.map(|credits| (credits - spent).max(0.0))
    }

    /// Whether so many runs more can be paid for.
    pub(super) fn affords(&self, runs: usize) -> bool {
        let cost = runs as f64 * self.world.price_per_run;
        self.credits().is_none_or(|left| cost <= left)
    }

    /// A run and its result.
    pub(super) fn run(&self, id: u64) -> Option<(&Held, &HeldRun)> {
        let held = self.results.get(self.run_owner.get(&id)?)?;
        let place = held.runs.binary_search_by_key(&id, |run| run.id).ok()?;
        held.runs.get(place).map(|run| (held, run))
    }

    /// A run, to change it.
    pub(super) fn run_mut(&mut self, id: u64) -> Option<&mut HeldRun> {
        let held = self.results.get_mut(self.run_owner.get(&id)?)?;
        held.runs.iter_mut().find(|run| run.id == id)
    }

    /// Ends a result's calls, or the one of a run.
    pub(super) fn cancel(&mut self, result: u64, run: Option<u64>, now: Duration) {
        let Some(held) = self.results.get_mut(&result) else { return };
        let at = held.at(&self.world, now);
        for one in &mut held.runs {
            if run.is_none_or(|run| run == one.id) {
                one.cancel(at);
            }
        }
    }
}
