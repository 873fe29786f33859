//! Several gates side by side: one budget of calls, one handler for signals, one report.
//!
//! Everything that can be refused is refused before the first call of any of them. After that
//! each goes its own way: what becomes of one stops no other.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures_util::stream::{FuturesUnordered, StreamExt as _, TryStreamExt as _};
use tokio::time::Instant;

use super::afterwards::Afterwards;
use super::attend::Gate;
use super::begin::Surroundings;
use super::comment::Commenter;
use super::console::Console;
use super::failure::Failure;
use super::overrides::Overrides;
use super::prepare::{Earlier, Prepared, Shared, prepare};
use super::publish::Publisher;
use super::publish_whole::WholePublisher;
use super::run::Platform;
use super::sets::{Call, Leg, Legs};
use super::stop::Stop;
use super::suites::Many;
use super::turn::{Ticket, Turnstile};
use super::waiting::announced;
use crate::context::{self, Context};
use crate::exit::Code;
use crate::plan::Plan;
use crate::record::ResultRecord;
use crate::report::assemble::{End, Parts, assemble};
use crate::report::gates::{Gate as Judged, GateEnd, Whole};
use crate::report::model::Timing;

/// So many suites are asked about at the same time before they start.
const ASKED_AT_ONCE: usize = 8;

/// One of several suites, with its outputs opened.
pub(super) struct Entry {
    /// The directory of its reports, below that of the whole.
    pub(super) dir: String,
    /// The place of the one whose result it is compared with.
    pub(super) base: Option<usize>,
    /// Whether it is there for others to be compared with.
    pub(super) is_base: bool,
    pub(super) loaded: super::load::Loaded,
    pub(super) plan: Plan,
    pub(super) earlier: Earlier,
    pub(super) publisher: Publisher,
    /// The calls of a leg, set by set; none of a whole suite.
    pub(super) calls: Vec<Call>,
}

/// What all gates of a command share.
pub(super) struct Together<'a> {
    pub(super) platform: &'a Platform,
    pub(super) context: &'a Context,
    pub(super) console: &'a Console,
    pub(super) stop: &'a Stop,
    /// Whether to tell where each call can be listened to.
    pub(super) listen: bool,
    /// Tells the pull request, where that is asked for.
    pub(super) commenter: &'a Commenter,
    /// When the time of all gates together is over, where it is limited.
    pub(super) until: Option<Instant>,
    /// The flags of the command.
    pub(super) overrides: &'a Overrides,
}

/// What is known of a gate from its beginning to its end.
pub(super) struct About {
    pub(super) name: String,
    file: Option<String>,
    dir: String,
    base: Option<usize>,
    is_base: bool,
    /// Name of the group that it is a side of.
    group: Option<String>,
    publisher: Publisher,
}

/// What may start, with its place in the queue.
enum Ready<'a> {
    /// A whole suite.
    Suite(Box<ReadySuite<'a>>),
    /// Legs that start together.
    Legs(Legs<'a>),
}

/// A suite that may start, with its place in the queue and among all gates.
struct ReadySuite<'a> {
    place: usize,
    about: About,
    prepared: Prepared,
    ticket: Ticket<'a>,
}

/// A gate whose evidence is there, or never will be.
pub(super) struct Ended {
    pub(super) place: usize,
    pub(super) about: About,
    pub(super) end: Result<(Box<Parts>, Afterwards), Failure>,
}

/// What others are compared with: its evidence, or none where it did not come to its end.
type Base = (String, Option<ResultRecord>);

impl Together<'_> {
    /// Runs the gates and gives the worst of their codes.
    pub(super) async fn run(
        &self,
        many: &Many,
        entries: Vec<Entry>,
        publisher: WholePublisher,
    ) -> Result<Code, Failure> {
        let began = Instant::now();
        let started_at = context::now().to_string();
        let turn = Turnstile::new(many.concurrency);
        let count = entries.len();
        let ready = self.prepare_all(many, entries, &turn).await?;
        let begun: RefCell<Vec<Vec<u64>>> = RefCell::new(vec![Vec::new(); count]);
        let tell = |place: usize, id: u64| {
            let mut begun = begun.borrow_mut();
            if let Some(ids) = begun.get_mut(place) {
                ids.push(id);
            }
            let ids: Vec<u64> = begun.iter().flatten().copied().collect();
            if let Err(error) = publisher.started(&ids) {
                self.console.warn(&error.to_string());
            }
        };
        let (turn, tell) = (&turn, &tell);
        let mut going: FuturesUnordered<_> =
            ready.into_iter().map(|ready| self.evidence_of(ready, turn, tell)).collect();
        let mut judged: Vec<Option<Judged>> = (0..count).map(|_| None).collect();
        let mut bases: BTreeMap<usize, Base> = BTreeMap::new();
        let mut waiting: Vec<Ended> = Vec::new();
        // What a suite wants afterwards takes time: the others go on meanwhile.
        let mut judging: FuturesUnordered<_> = FuturesUnordered::new();
        loop {
            let ended: Vec<Ended> = tokio::select! {
                Some(ended) = going.next() => ended?,
                Some(done) = judging.next() => {
                    let (place, one): (usize, Judged) = done?;
                    self.console.progress(&format!("{}: {}", one.name, line(&one)));
                    if let Some(slot) = judged.get_mut(place) {
                        *slot = Some(one);
                    }
                    continue;
                }
                else => break,
            };
            for ended in ended.iter().filter(|ended| ended.about.is_base) {
                bases.insert(ended.place, base_of(ended));
            }
            waiting.extend(ended);
            // Who is compared with another one waits for it; everybody else is judged at once.
            let ready = |ended: &Ended| ended.about.base.is_none_or(|at| bases.contains_key(&at));
            let (now, later): (Vec<Ended>, Vec<Ended>) = waiting.into_iter().partition(ready);
            waiting = later;
            for ended in now {
                let base = ended.about.base.and_then(|at| bases.get(&at).cloned());
                judging.push(self.judge(ended, base, turn));
            }
        }
        drop((going, judging));
        let mut whole = Whole {
            name: many.name.clone(),
            gates: judged.into_iter().flatten().collect(),
            timing: Timing { started_at, elapsed_seconds: began.elapsed().as_secs_f64() },
            traffic: self.platform.client.traffic(),
            concurrency: many.concurrency,
            simulated: self.platform.client.time_scale().is_some(),
            not_written: None,
        };
        let code = publisher.finish(&mut whole, self.console)?;
        self.commenter.tell_whole(&whole, self.console, self.stop).await;
        Ok(code)
    }

    /// Asks all that is asked before the first call, for every suite, and refuses them together.
    async fn prepare_all<'a>(
        &self,
        many: &Many,
        entries: Vec<Entry>,
        turn: &'a Turnstile,
    ) -> Result<Vec<Ready<'a>>, Failure> {
        let shared = Shared {
            concurrency: many.concurrency,
            counted: many.budget.is_some() || self.overrides.caps().are_set(),
            compared_within: false,
            partial: false,
        };
        let client = &self.platform.client;
        let asked = futures_util::stream::iter(entries)
            .map(|entry| async move {
                let Entry { dir, base, is_base, loaded, plan, earlier, publisher, calls } = entry;
                let (name, file) = (loaded.name(), loaded.file.clone());
                // Each call of a leg is one: how many go at the same time is decided here.
                let concurrency = shared.concurrency.filter(|_| calls.is_empty());
                let shared = Shared { compared_within: base.is_some(), concurrency, ..shared };
                let what = format!("the account's answers for {name}");
                let work = prepare(loaded, plan, earlier, shared, client);
                match announced(&what, |line| self.console.progress(line), work).await {
                    Ok(prepared) => {
                        let group = None;
                        let about = About { name, file, dir, base, is_base, group, publisher };
                        Ok((about, prepared, calls))
                    }
                    Err(failure) => Err(Failure::Suite { name, source: Box::new(failure) }),
                }
            })
            .buffered(ASKED_AT_ONCE)
            .try_collect::<Vec<_>>();
        let asked = tokio::select! {
            biased;
            signal = self.stop.asked() => return Err(Failure::Stopped(signal)),
            asked = asked => asked?,
        };
        let plans: Vec<_> =
            asked.iter().map(|(_, prepared, _)| (&prepared.loaded.suite, &prepared.plan)).collect();
        many.hold_budgets(&plans)?;
        self.overrides.check_caps(&plans)?;
        for (_, prepared, _) in &asked {
            for warning in super::check::warnings(&prepared.loaded, &prepared.plan) {
                self.console.warn(&format!("{}: {warning}", prepared.loaded.name()));
            }
        }
        let mut ready = Vec::new();
        let mut asked = asked.into_iter().enumerate().peekable();
        while let Some((place, (about, prepared, calls))) = asked.next() {
            let Some(group) = many.groups.iter().find(|group| group.places.contains(&place)) else {
                let ticket = turn.join(prepared.calls);
                let suite = ReadySuite { place, about, prepared, ticket };
                ready.push(Ready::Suite(Box::new(suite)));
                continue;
            };
            let mut legs = vec![Leg { place, about, prepared, calls }];
            while let Some((place, (about, prepared, calls))) =
                asked.next_if(|(place, _)| group.places.contains(place))
            {
                legs.push(Leg { place, about, prepared, calls });
            }
            for leg in &mut legs {
                leg.about.group = Some(group.name.clone());
            }
            ready.push(Ready::Legs(Legs::new(legs, group.concurrency, turn)));
        }
        Ok(ready)
    }

    /// What may start, from its place in the queue to its evidence. Only a second signal is an
    /// error.
    async fn evidence_of(
        &self,
        ready: Ready<'_>,
        turn: &Turnstile,
        tell: &dyn Fn(usize, u64),
    ) -> Result<Vec<Ended>, Failure> {
        let ReadySuite { place, about, prepared, ticket } = match ready {
            Ready::Suite(suite) => *suite,
            Ready::Legs(legs) => return self.legs(legs, turn, tell).await,
        };
        let tell = |id| tell(place, id);
        match self.evidence(prepared, &about.publisher, turn, ticket, &tell).await {
            Err(Failure::StoppedTwice(signal)) => Err(Failure::StoppedTwice(signal)),
            end => Ok(vec![Ended { place, about, end }]),
        }
    }

    /// Judges a gate, where there is evidence, and writes its reports.
    async fn judge(
        &self,
        ended: Ended,
        base: Option<Base>,
        turn: &Turnstile,
    ) -> Result<(usize, Judged), Failure> {
        let Ended { place, about, end } = ended;
        let About { name, file, dir, is_base, group, mut publisher, .. } = about;
        let (code, end) = match end {
            Err(failure) => {
                self.console.warn(&format!("{name}: {failure}"));
                (code_of(&failure), GateEnd::Ended(super::secrets::hide(&failure.to_string())))
            }
            Ok((mut parts, afterwards)) => {
                match base {
                    Some((of, Some(record))) => {
                        parts.baseline = Some((format!("matrix: {of}"), record));
                    }
                    Some((of, None)) => {
                        // It was to be there: `if_missing` is for results that never were.
                        parts.refused_baseline =
                            Some(format!("{of} did not finish: there is nothing to compare with"));
                    }
                    None => {}
                }
                let mut report = assemble(*parts);
                if !is_base {
                    afterwards.take(&self.gate(&name, turn, turn.join(0)), &mut report).await;
                }
                let faults = publisher.write_part(&mut report)?;
                for fault in &faults {
                    self.console.warn(&fault.to_string());
                }
                let code = Code::of_number(report.exit_code).unwrap_or(Code::Internal);
                (code, GateEnd::Judged(Box::new(report)))
            }
        };
        Ok((place, Judged { name, file, dir, is_base, group, code, end }))
    }

    async fn evidence(
        &self,
        mut prepared: Prepared,
        publisher: &Publisher,
        turn: &Turnstile,
        ticket: Ticket<'_>,
        tell: &dyn Fn(u64),
    ) -> Result<(Box<Parts>, Afterwards), Failure> {
        let name = prepared.loaded.name();
        let id = ticket.id();
        let gate = self.gate(&name, turn, ticket);
        prepared.until = self.until;
        let admitted = async {
            tokio::select! {
                biased;
                waited = turn.admitted(id) => Ok(waited),
                () = self.time_is_over() => Err(too_late("all suites")),
            }
        };
        if gate.unless_stopped(admitted).await? {
            // The time that it waited for others is not its own.
            prepared.began = Instant::now();
            prepared.started_at = context::now().to_string();
        }
        let attached = gate.begin(prepared, publisher, &self.surroundings()).await?;
        tell(attached.record.id);
        let afterwards = Afterwards::of(&attached);
        Ok((Box::new(gate.attend(attached, publisher).await?), afterwards))
    }

    /// Waits until the time of all gates together is over: for ever, where it is not limited.
    pub(super) async fn time_is_over(&self) {
        match self.until {
            Some(until) => tokio::time::sleep_until(until).await,
            None => std::future::pending().await,
        }
    }

    /// What surrounds each start.
    pub(super) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings { context: self.context, dashboard: self.platform.dashboard.as_deref() }
    }

    /// A gate that speaks by its name.
    pub(super) fn gate<'a>(
        &'a self,
        name: &'a str,
        turn: &'a Turnstile,
        ticket: Ticket<'a>,
    ) -> Gate<'a> {
        Gate {
            client: &self.platform.client,
            console: self.console,
            stop: self.stop,
            label: Some(name),
            turn,
            ticket: ticket.into(),
            listen: self.listen,
        }
    }
}

/// The code of one of several that ended without evidence. Others have started by then: it is none
/// that says that nothing was.
pub(super) fn code_of(failure: &Failure) -> Code {
    match failure.code() {
        Code::Usage => Code::Api,
        code => code,
    }
}

/// What becomes of a gate whose calls did not become free in time.
pub(super) fn too_late(whose: &str) -> Failure {
    Failure::NotYet(format!(
        "the `timeout` of {whose} was over before its calls became free: it was not started"
    ))
}

/// What others are compared with. What did not come to its end is nothing to go by.
fn base_of(ended: &Ended) -> Base {
    let record = match &ended.end {
        Ok((parts, _)) if parts.end == End::Finished => Some(parts.result.clone()),
        Ok(_) | Err(_) => None,
    };
    (ended.about.name.clone(), record)
}

/// How a gate ended, for those who watch.
fn line(judged: &Judged) -> String {
    format!("{}: {}", judged.word(), judged.headline())
}
