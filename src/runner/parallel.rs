//! The gates of a batch side by side: one budget of calls, one handler for signals, one report. A suite
//! that was named alone is a batch of one.
//!
//! Everything that can be refused is refused before the first call of any of them. After that
//! each goes its own way: what becomes of one stops no other.

use std::collections::BTreeMap;

use futures_util::stream::{FuturesUnordered, StreamExt as _, TryStreamExt as _};
use tokio::time::Instant;

use crate::context;
use crate::event::What;
use crate::exit::Code;
use crate::failure::Failure;
use crate::preflight::selection::SuiteSet;
use crate::record::ResultRecord;
use crate::report::build::{End, ReportInput, build_report};
use crate::report::gates::{BatchReport, Gate as Judged, GateEnd};
use crate::report::model::Timing;
use crate::run_file::RunDir;
use crate::runner::announce::announced;
use crate::runner::batch::{About, Batch, Ended, Entry, Party, code_of, too_late};
use crate::runner::call_groups::CallGroup;
use crate::runner::call_limit::{CallLimiter, CallPermit};
use crate::runner::follow_up::FollowUp;
use crate::runner::prepare::{Prepared, Shared, prepare};

/// So many suites are asked about at the same time before they start.
const ASKED_AT_ONCE: usize = 8;

/// What may start, with its place in the queue.
enum Ready<'a> {
    /// A whole suite.
    Suite(Box<ReadySuite<'a>>),
    /// CallGroup that start together.
    CallGroup(CallGroup<'a>),
}

/// A suite that may start, with its place in the queue and among all gates.
struct ReadySuite<'a> {
    place: usize,
    about: About,
    prepared: Prepared,
    permit: CallPermit<'a>,
}

/// What others are compared with: its evidence, or none where it did not come to its end.
type Base = (String, Option<ResultRecord>);

impl Batch<'_> {
    /// Runs the gates and gives what became of them. A suite that runs alone and comes to no evidence
    /// is an error.
    pub(crate) async fn run(
        &self,
        many: &SuiteSet,
        entries: Vec<Entry>,
    ) -> Result<BatchReport, Failure> {
        let began = Instant::now();
        let started_at = context::now().to_string();
        let limiter = CallLimiter::new(many.concurrency);
        let count = entries.len();
        let ready = self.prepare_all(many, entries, &limiter).await?;
        let limiter = &limiter;
        let mut going: FuturesUnordered<_> =
            ready.into_iter().map(|ready| self.evidence_of(ready, limiter)).collect();
        let mut judged: Vec<Option<Judged>> = (0..count).map(|_| None).collect();
        let mut bases: BTreeMap<usize, Base> = BTreeMap::new();
        let mut waiting: Vec<Ended> = Vec::new();
        // What a suite wants afterwards takes time: the others go on meanwhile.
        let mut judging: FuturesUnordered<_> = FuturesUnordered::new();
        loop {
            let ended: Vec<Ended> = tokio::select! {
                Some(ended) = going.next() => ended?,
                Some(done) = judging.next() => {
                    let (place, one): (usize, Judged) = done;
                    self.emit(place, &one.name, What::Judged(&one));
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
                judging.push(self.judge(ended, base, limiter));
            }
        }
        drop((going, judging));
        Ok(BatchReport {
            name: many.name.clone(),
            gates: judged.into_iter().flatten().collect(),
            timing: Timing { started_at, elapsed_seconds: began.elapsed().as_secs_f64() },
            traffic: self.platform.client.traffic(),
            concurrency: many.concurrency,
            simulated: self.platform.client.time_scale().is_some(),
            not_written: None,
            is_single: self.is_single,
        })
    }

    /// Asks all that is asked before the first call, for every suite, and refuses them together.
    async fn prepare_all<'a>(
        &self,
        many: &SuiteSet,
        entries: Vec<Entry>,
        limiter: &'a CallLimiter,
    ) -> Result<Vec<Ready<'a>>, Failure> {
        let shared = Shared {
            concurrency: many.concurrency,
            counted: many.budget.is_some() || self.overrides.caps().are_set(),
            ..Shared::default()
        };
        let client = &self.platform.client;
        let asked = futures_util::stream::iter(entries)
            .map(|entry| async move {
                let Entry {
                    dir,
                    base,
                    is_base,
                    loaded,
                    plan,
                    earlier,
                    failed_from,
                    run_dir,
                    calls,
                } = entry;
                let (name, file) = (loaded.name(), loaded.file.clone());
                // Each call of a leg is one: how many go at the same time is decided here.
                let concurrency = shared.concurrency.filter(|_| calls.is_empty());
                let partial = failed_from.is_some();
                let compared_within = base.is_some();
                let shared = Shared { compared_within, concurrency, partial, ..shared };
                let what = match self.is_single {
                    true => "the account's answers".to_owned(),
                    false => format!("the account's answers for {name}"),
                };
                let work = prepare(loaded, plan, earlier, shared, client);
                match announced(&what, |line| self.say(line), work).await {
                    Ok(prepared) => {
                        let group = None;
                        let about =
                            About { name, file, dir, base, is_base, group, failed_from, run_dir };
                        Ok((about, prepared, calls))
                    }
                    Err(failure) => Err(many.failure_of(name, failure)),
                }
            })
            .buffered(ASKED_AT_ONCE)
            .try_collect::<Vec<_>>();
        let asked = tokio::select! {
            biased;
            signal = self.stop.first_signal() => return Err(Failure::Stopped(signal)),
            asked = asked => asked?,
        };
        let plans: Vec<_> =
            asked.iter().map(|(_, prepared, _)| (&prepared.loaded.suite, &prepared.plan)).collect();
        many.check_budgets(&plans)?;
        self.overrides.check_caps(&plans)?;
        for (place, (_, prepared, _)) in asked.iter().enumerate() {
            for warning in crate::preflight::warnings::warnings(&prepared.loaded, &prepared.plan) {
                self.emit(place, &prepared.loaded.name(), What::Warning(&warning));
            }
        }
        let mut ready = Vec::new();
        let mut asked = asked.into_iter().enumerate().peekable();
        while let Some((place, (about, prepared, calls))) = asked.next() {
            let Some(group) = many.groups.iter().find(|group| group.places.contains(&place)) else {
                let permit = limiter.join(prepared.calls);
                let suite = ReadySuite { place, about, prepared, permit };
                ready.push(Ready::Suite(Box::new(suite)));
                continue;
            };
            let mut legs = vec![Party { place, about, prepared, calls }];
            while let Some((place, (about, prepared, calls))) =
                asked.next_if(|(place, _)| group.places.contains(place))
            {
                legs.push(Party { place, about, prepared, calls });
            }
            for leg in &mut legs {
                leg.about.group = Some(group.name.clone());
            }
            ready.push(Ready::CallGroup(CallGroup::new(legs, group.concurrency, limiter)));
        }
        Ok(ready)
    }

    /// What may start, from its place in the queue to its evidence. Only a second signal is an
    /// error.
    async fn evidence_of(
        &self,
        ready: Ready<'_>,
        limiter: &CallLimiter,
    ) -> Result<Vec<Ended>, Failure> {
        let ReadySuite { place, about, prepared, permit } = match ready {
            Ready::Suite(suite) => *suite,
            Ready::CallGroup(legs) => return self.legs(legs, limiter).await,
        };
        match self.evidence(place, prepared, &about.run_dir, limiter, permit).await {
            Err(Failure::StoppedTwice(signal)) => Err(Failure::StoppedTwice(signal)),
            // The whole command comes to nothing, and says why.
            Err(failure) if self.is_single => Err(failure),
            end => Ok(vec![Ended { place, about, end }]),
        }
    }

    /// Judges a gate, where there is evidence.
    async fn judge(
        &self,
        ended: Ended,
        base: Option<Base>,
        limiter: &CallLimiter,
    ) -> (usize, Judged) {
        let Ended { place, about, end } = ended;
        let About { name, file, dir, is_base, group, failed_from, .. } = about;
        let (code, end) = match end {
            Err(failure) => {
                self.emit(place, &name, What::Warning(&failure.to_string()));
                (
                    code_of(&failure),
                    GateEnd::Ended(crate::input::secrets::hide(&failure.to_string())),
                )
            }
            Ok((mut parts, follow_up)) => {
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
                let other_agent = failed_from.and_then(|from| from.join(&mut parts));
                let mut report = build_report(*parts);
                if let Some(why) = other_agent {
                    report.of_another_suite(&why);
                }
                let gate = self.gate((place, &name), limiter, limiter.join(0));
                let report = follow_up.after(&gate, report, is_base).await;
                let code = Code::of_number(report.exit_code).unwrap_or(Code::Internal);
                (code, GateEnd::Judged(Box::new(report)))
            }
        };
        (place, Judged { name, file, dir, is_base, group, code, end })
    }

    async fn evidence(
        &self,
        place: usize,
        mut prepared: Prepared,
        dir: &RunDir,
        limiter: &CallLimiter,
        permit: CallPermit<'_>,
    ) -> Result<(Box<ReportInput>, FollowUp), Failure> {
        let name = prepared.loaded.name();
        let id = permit.id();
        let gate = self.gate((place, &name), limiter, permit);
        prepared.until = self.until;
        let admitted = async {
            tokio::select! {
                biased;
                waited = limiter.admitted(id) => Ok(waited),
                () = self.time_is_over() => Err(too_late("all suites")),
            }
        };
        if gate.unless_stopped(admitted).await? {
            // The time that it waited for others is not its own.
            prepared.began = Instant::now();
            prepared.started_at = context::now().to_string();
        }
        let active = gate.start_or_resume(prepared, dir, &self.start_context()).await?;
        let follow_up = FollowUp::of(&active.suite);
        Ok((Box::new(gate.wait_until_done(active, dir).await?), follow_up))
    }
}

/// What others are compared with. What did not come to its end is nothing to go by.
fn base_of(ended: &Ended) -> Base {
    let record = match &ended.end {
        Ok((parts, _)) if parts.end == End::Finished => Some(parts.result.clone()),
        Ok(_) | Err(_) => None,
    };
    (ended.about.name.clone(), record)
}
