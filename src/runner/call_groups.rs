//! Sides of one call: started together or not at all, and each judged over all of its sets.
//!
//! A set has one call of each leg, and each call is a result of its own. A set waits in the queue
//! for all of its calls at once; each of them leaves it on its own. Where one of a set cannot be
//! started, the others are ended, and no further set of the suite is started: the gate cannot pass
//! any more. Which sets there are is decided by [`together`], what they show together by
//! [`pool`](crate::report::pool).

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use futures_util::stream::{StreamExt as _, TryStreamExt as _};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::context::{self, Context};
use crate::failure::Failure;
use crate::input::suite_file::Loaded;
use crate::plan::Plan;
use crate::preflight::baseline::Chosen;
use crate::record::Status;
use crate::report::build::{End, ReportInput};
use crate::report::model::{PlanHead, Timing};
use crate::report::pool::{Call as Pooled, pool};
use crate::run_file::{self, RunDir};
use crate::runner::active_run::{ActiveRun, RunEnd};
use crate::runner::batch::{About, Batch, Call, Ended, Party, code_of, too_late};
use crate::runner::call_limit::{CallLimiter, CallPermit};
use crate::runner::follow_up::FollowUp;
use crate::runner::gate::{Gate, WRAP_UP};
use crate::runner::prepare::{Prepared, Resume, ensure_findable, ensure_resumable};
use crate::signal::Signal;
use crate::suite::together::{self, Set};

/// CallGroup that start together, with their places in the queue.
pub(crate) struct CallGroup<'a> {
    heads: Vec<Head>,
    sets: Vec<SetReady<'a>>,
    /// How many sets may go at the same time.
    at_once: usize,
}

/// What is known of a leg from its beginning to its end.
struct Head {
    place: usize,
    about: About,
    prepared: Prepared,
}

/// The calls of one set, one of each leg.
struct SetReady<'a> {
    set: Set,
    calls: Vec<Call>,
    /// Its place in the queue; none where it takes one later.
    permit: Option<CallPermit<'a>>,
}

/// What the sets of a group share while they go.
struct Going<'a> {
    heads: &'a [Head],
    limiter: &'a CallLimiter,
    /// When the first set began.
    clock: watch::Sender<Option<(Instant, String)>>,
    /// Why no further set is started.
    broken: RefCell<Option<String>>,
}

/// Why a set was not started.
enum Unstarted {
    Stopped(Signal),
    TooLate(&'static str),
}

/// What came of the calls of a set, in the order of the legs.
type SetEnd = (Set, Vec<Result<ReportInput, Failure>>);

/// Whether an earlier gate has left calls of a leg in its directory.
pub(crate) fn any_left(dir: &Path) -> bool {
    left_in(dir).next().is_some()
}

fn left_in(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let sets = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("set-"));
    sets.map(|entry| entry.path().join(run_file::FILE)).filter(|file| file.exists())
}

/// Opens the calls of a leg, to go on with what an earlier gate has left where `resume` says so:
/// `earlier` says what may have been left in a directory.
pub(crate) fn open(
    loaded: &Loaded,
    dir: &Path,
    resume: bool,
    context: &Context,
    earlier: &dyn Fn(&Path) -> Result<Resume, Failure>,
) -> Result<Vec<Call>, Failure> {
    let sets = together::sets(&loaded.suite);
    let dir_of = |set: Set| {
        let repetition = set.repetition.map(|number| format!("-{number}")).unwrap_or_default();
        dir.join(format!("set-{}{repetition}", set.position + 1))
    };
    let planned: BTreeSet<PathBuf> =
        sets.iter().map(|set| dir_of(*set).join(run_file::FILE)).collect();
    for file in left_in(dir).filter(|file| !planned.contains(file)) {
        if resume {
            return Err(Failure::Usage(format!(
                "cannot resume: the plan has changed and no longer has the set of {}; nothing \
                 was started. Leave --resume out to start again",
                file.display()
            )));
        }
        // A larger plan would take it for its own one day.
        crate::sink::remove(&file)?;
    }
    let open = |set: Set| {
        let name = format!("{} · {}", loaded.name(), set.label());
        let dir = dir_of(set);
        let loaded = loaded.of_call(together::call(&loaded.suite, set), name);
        let key = crate::runner::start::unique_key(&loaded.suite, context);
        let plan = Plan::new(&loaded.suite, &loaded.name(), context.branch(), &key)?;
        let request = plan
            .request()
            .ok_or_else(|| Failure::Internal("a call has unresolved scenarios".to_owned()))?;
        let earlier = earlier(&dir)?;
        ensure_findable(&earlier, &plan)?;
        ensure_resumable(&earlier, loaded.file.as_deref(), &request)?;
        let run_dir = RunDir::open(&dir, matches!(earlier, Resume::FromDisk(_)))?;
        let prepared = Prepared {
            loaded,
            plan,
            request,
            found: Vec::new(),
            baseline: Chosen::default(),
            history: None,
            earlier,
            calls: 1,
            until: None,
            began: Instant::now(),
            started_at: String::new(),
        };
        Ok(Call { set, prepared, run_dir })
    };
    sets.into_iter().map(open).collect()
}

impl<'a> CallGroup<'a> {
    /// Puts the calls of the legs together by set, and the sets into the queue. `most` is how many
    /// calls they may have at the same time.
    pub(crate) fn new(legs: Vec<Party>, most: Option<u32>, limiter: &'a CallLimiter) -> Self {
        let sides = legs.len().max(1);
        let at_once = most.map_or(usize::MAX, |most| most as usize / sides).max(1);
        let (mut heads, mut sets): (Vec<Head>, Vec<SetReady<'a>>) = (Vec::new(), Vec::new());
        for Party { place, about, prepared, calls } in legs {
            for (at, call) in calls.into_iter().enumerate() {
                match sets.get_mut(at) {
                    Some(set) => set.calls.push(call),
                    None => {
                        let set = call.set;
                        sets.push(SetReady { set, calls: vec![call], permit: None });
                    }
                }
            }
            heads.push(Head { place, about, prepared });
        }
        for set in sets.iter_mut().take(at_once) {
            set.permit = Some(limiter.join(sides));
        }
        Self { heads, sets, at_once }
    }
}

impl Batch<'_> {
    /// Runs the legs from their place in the queue to their evidence. Only a second signal is an
    /// error.
    pub(crate) async fn legs(
        &self,
        legs: CallGroup<'_>,
        limiter: &CallLimiter,
    ) -> Result<Vec<Ended>, Failure> {
        let CallGroup { heads, sets, at_once } = legs;
        let (clock, _) = watch::channel(None);
        let going = Going { heads: &heads, limiter, clock, broken: RefCell::default() };
        let mut done: Vec<SetEnd> = futures_util::stream::iter(sets)
            .map(|set| self.set(set, &going))
            .buffer_unordered(at_once)
            .try_collect()
            .await?;
        done.sort_by_key(|(set, _)| (set.position, set.repetition));
        let began = going.clock.borrow().clone();
        let (began, started_at) =
            began.unwrap_or_else(|| (Instant::now(), context::now().to_string()));
        let timing = Timing { started_at, elapsed_seconds: began.elapsed().as_secs_f64() };
        drop(going);
        let mut ended = Vec::with_capacity(heads.len());
        // The calls of the first leg stand first in each set, then those of the next.
        let mut sets: Vec<_> =
            done.into_iter().map(|(set, ends)| (set, ends.into_iter())).collect();
        for head in heads {
            let calls = sets.iter_mut().filter_map(|(set, ends)| Some((*set, ends.next()?)));
            ended.push(head.ended(calls.collect(), timing.clone()));
        }
        Ok(ended)
    }

    /// One set: waits for its calls to be free, starts all of them, and waits for their ends.
    async fn set(&self, set: SetReady<'_>, going: &Going<'_>) -> Result<SetEnd, Failure> {
        let SetReady { set, calls, permit } = set;
        let permit = permit.unwrap_or_else(|| going.limiter.join(calls.len()));
        let sides = calls.len();
        let unstarted = |why: &dyn Fn() -> Failure| (set, (0..sides).map(|_| Err(why())).collect());
        let admitted = tokio::select! {
            biased;
            signal = self.stop.first_signal() => Err(Unstarted::Stopped(signal)),
            () = going.time_is_over(&calls) => Err(Unstarted::TooLate("the suite")),
            () = self.time_is_over() => Err(Unstarted::TooLate("all suites")),
            _ = going.limiter.admitted(permit.id()) => Ok(()),
        };
        match admitted {
            Ok(()) => {}
            Err(Unstarted::Stopped(signal)) => return Ok(unstarted(&|| Failure::Stopped(signal))),
            Err(Unstarted::TooLate(whose)) => return Ok(unstarted(&|| too_late(whose))),
        }
        if let Some(why) = going.broken.borrow().clone() {
            return Ok(unstarted(&|| Failure::Remote(format!("it was not started: {why}"))));
        }
        let label = set.label();
        let names: Vec<String> =
            going.heads.iter().map(|head| format!("{} · {label}", head.about.name)).collect();
        let permits = going.limiter.split(permit, calls.len());
        let gates: Vec<Gate<'_>> = names
            .iter()
            .zip(permits)
            .zip(going.heads)
            .map(|((name, permit), head)| self.gate((head.place, name), going.limiter, permit))
            .collect();
        let ends = self.calls(&gates, calls, going).await?;
        Ok((set, ends))
    }

    /// Looks for what an earlier attempt of the job has started, where that is wanted: a whole set,
    /// or none of it. What cannot be asked is a failure of each call.
    async fn find_previous(
        &self,
        gates: &[Gate<'_>],
        calls: Vec<Call>,
    ) -> Result<Vec<Call>, Vec<Failure>> {
        let around = self.start_context();
        let looks = gates.iter().zip(calls).map(|(gate, call)| {
            let around = &around;
            async move {
                let Call { set, prepared, run_dir } = call;
                let prepared = gate.find_previous(prepared, around).await?;
                Ok::<Call, Failure>(Call { set, prepared, run_dir })
            }
        });
        let looked = join_all(looks).await;
        let sides = looked.len();
        let mut calls = Vec::with_capacity(sides);
        for call in looked {
            match call {
                Ok(call) => calls.push(call),
                Err(Failure::Stopped(signal)) => {
                    return Err((0..sides).map(|_| Failure::Stopped(signal)).collect());
                }
                Err(other) => {
                    let why = other.to_string();
                    return Err((0..sides).map(|_| Failure::Remote(why.clone())).collect());
                }
            }
        }
        let is_found = |call: &Call| matches!(call.prepared.earlier, Resume::Found(_));
        if !calls.iter().all(is_found) {
            for call in calls.iter_mut().filter(|call| is_found(call)) {
                call.prepared.earlier = Resume::None;
            }
        }
        Ok(calls)
    }

    /// Starts the calls of a set and waits for them, or ends them where not all have started.
    async fn calls(
        &self,
        gates: &[Gate<'_>],
        calls: Vec<Call>,
        going: &Going<'_>,
    ) -> Result<Vec<Result<ReportInput, Failure>>, Failure> {
        let (began, started_at) = going.begin();
        let around = self.start_context();
        let calls = match self.find_previous(gates, calls).await {
            Ok(calls) => calls,
            Err(failures) => return Ok(failures.into_iter().map(Err).collect()),
        };
        let was_left = |call: &Call| matches!(call.prepared.earlier, Resume::FromDisk(_));
        let goes_on = calls.iter().any(was_left);
        let starts = gates.iter().zip(calls).map(|(gate, call)| {
            let (started_at, around) = (started_at.clone(), &around);
            async move {
                if goes_on && !was_left(&call) {
                    // Its other sides have been going for a while: it would talk to nobody.
                    return Err(Failure::Usage(
                        "the earlier run stopped before it was started, and its other parties did start"
                            .to_owned(),
                    ));
                }
                let until = self.until;
                let prepared = Prepared { until, began, started_at, ..call.prepared };
                let active = gate.start_or_resume(prepared, &call.run_dir, around).await?;
                Ok((active, call.run_dir))
            }
        });
        let begun: Vec<Result<(ActiveRun, RunDir), Failure>> = join_all(starts).await;
        let failed = begun.iter().zip(going.heads).find_map(|(begun, head)| {
            let failure = begun.as_ref().err()?;
            Some((format!("{}: {failure}", head.about.name), code_of(failure)))
        });
        // After a signal each call is ended, or left, as the suite says.
        let failed = failed.filter(|_| self.stop.heard().is_none());
        if let Some((why, _)) = &failed
            // One that an earlier gate has left half is given up; the others are sound.
            && !goes_on
            && going.broken.replace(Some(why.clone())).is_none()
        {
            self.say(&format!("{why}; no further set is started"));
        }
        let failed = &failed;
        let ends = gates.iter().zip(begun).map(|(gate, begun)| async move {
            let (active, dir) = begun?;
            match failed {
                None => gate.wait_until_done(active, &dir).await,
                Some((why, code)) => {
                    let end = End::NotStarted { reason: why.clone(), code: *code };
                    gate.abandon(active, &dir, end).await
                }
            }
        });
        let ends = join_all(ends).await;
        ends.into_iter()
            .map(|end| match end {
                Err(Failure::StoppedTwice(signal)) => Err(Failure::StoppedTwice(signal)),
                end => Ok(end),
            })
            .collect()
    }
}

impl Gate<'_> {
    /// Ends the call of a result whose other sides did not start, and gives what it left.
    async fn abandon(
        &self,
        mut active: ActiveRun,
        dir: &RunDir,
        end: End,
    ) -> Result<ReportInput, Failure> {
        let id = active.record.id;
        self.has_started(&active, dir);
        self.say(&format!("ending the call of result {id}: its other parties did not start"));
        let mut record = std::mem::take(&mut active.record);
        let wrap_up = async {
            let ended = self.client.end_calls(id, self.by(WRAP_UP)).await;
            self.last_look(&mut record, active.suite.transcripts()).await;
            ended
        };
        let ended = tokio::select! {
            ended = wrap_up => ended,
            second = self.stop.second_signal() => return Err(Failure::StoppedTwice(second)),
        };
        if let Err(error) = ended {
            let error = active.redacted(&error);
            active.notes.push(format!(
                "the call of result {id} could not be ended: {error}; end it on the dashboard"
            ));
        }
        let paid = record.runs.len();
        // However far it came: alone it was not the call that the suite means.
        for run in &mut record.runs {
            (run.status, run.success) = (Status::Cancelled, None);
        }
        active.notes.push("its call was ended: the other parties did not start".to_owned());
        active.record = record;
        let run_end =
            RunEnd { end, retries: Vec::new(), stopped_early: false, results: Vec::new(), paid };
        Ok(self.parts_of(active, run_end))
    }
}

impl Going<'_> {
    /// When the first set began: now, where this is it.
    fn begin(&self) -> (Instant, String) {
        self.clock.send_if_modified(|clock| {
            let first = clock.is_none();
            clock.get_or_insert_with(|| (Instant::now(), context::now().to_string()));
            first
        });
        self.clock.borrow().clone().unwrap_or_else(|| (Instant::now(), String::new()))
    }

    /// Waits until the suite's time is over, counted from its first set.
    async fn time_is_over(&self, calls: &[Call]) {
        let suite = calls.first().map(|call| &call.prepared.loaded.suite);
        let limit = suite.and_then(|suite| suite.timeout).unwrap_or_default().duration();
        let mut clock = self.clock.subscribe();
        let began = clock.wait_for(Option::is_some).await.ok().and_then(|began| began.clone());
        match began {
            Some((began, _)) => tokio::time::sleep_until(began + limit).await,
            None => std::future::pending().await,
        }
    }
}

impl Head {
    /// What came of the leg over all of its sets.
    fn ended(self, calls: Vec<(Set, Result<ReportInput, Failure>)>, timing: Timing) -> Ended {
        let Head { place, about, prepared } = self;
        let Prepared { loaded, plan, baseline, .. } = prepared;
        let planned = PlanHead::of(&plan);
        let mut unstarted = None;
        let calls = calls.into_iter().map(|(set, end)| {
            let end = end.map_err(|failure| {
                let ended = (failure.to_string(), code_of(&failure));
                unstarted.get_or_insert(failure);
                ended
            });
            Pooled { set: set.label(), end }
        });
        let calls = calls.collect();
        let price = loaded.suite.budget.as_ref().and_then(|budget| budget.price_per_run);
        let pooled = pool(loaded.head(), planned, timing, calls);
        let end = match (pooled, unstarted) {
            (Some(mut parts), _) => {
                parts.notes.extend(baseline.notes);
                parts.baseline = baseline.base;
                parts.refused_baseline = baseline.refused;
                if let Some(price) = price {
                    let runs = parts.result.runs.len();
                    let cost = price * runs as f64;
                    let runs = crate::text::count(runs, "run");
                    parts.notes.push(format!("cost: {cost:.2} for {runs}"));
                }
                Ok((Box::new(parts), FollowUp::of(&loaded.suite)))
            }
            (None, Some(failure)) => Err(failure),
            (None, None) => Err(Failure::Internal("a leg without a call".to_owned())),
        };
        Ended { place, about, end }
    }
}
