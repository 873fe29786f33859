//! From a suite that may start to a result that is going: started, or resumed from an earlier
//! gate. A signal during a start gives it a moment to be answered, and is honest where it is not.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::error::ApiError;
use crate::api::start::Started;
use crate::chat::Settings;
use crate::chat::crowd::Chats;
use crate::context::{self, Context};
use crate::failure::Failure;
use crate::input::suite_file::Loaded;
use crate::input::variables::looks_secret;
use crate::plan::mark::Mark;
use crate::plan::name::FIRST_PART;
use crate::plan::{Plan, StartRequest, carries_name, result_name_start};
use crate::preflight::agent_dir;
use crate::preflight::baseline::Wanted;
use crate::record::{ResultRecord, RunRecord};
use crate::report::model::PlanHead;
use crate::run_file::{RunDir, RunState, fingerprints};
use crate::runner::active_run::{ActiveRun, first_part};
use crate::runner::announce::announced;
use crate::runner::gate::Gate;
use crate::runner::prepare::{Prepared, Resume, asked};
use crate::runner::reuse;
use crate::suite::model::{Suite, Transcripts};

/// How long a start that is under way may take to be answered after a signal. GitHub sends SIGTERM
/// 7.5 seconds after SIGINT, and the calls have to be ended within them.
const ANSWER_GRACE: Duration = Duration::from_secs(2);

/// How long the calls of a set may take to start: who comes later than that talks to nobody.
const AT_ONCE: Duration = Duration::from_secs(60);

/// What surrounds a start.
pub(crate) struct StartContext<'a> {
    pub(crate) context: &'a Context,
    /// The dashboard's address, where there is one.
    pub(crate) dashboard: Option<&'a str>,
}

/// A result that is going, and what is known of how it came to be.
struct StartOutcome {
    record: ResultRecord,
    /// Whether an earlier gate started it.
    resumed: bool,
    notes: Vec<String>,
}

impl Gate<'_> {
    /// Starts the result, or takes up the one that an earlier gate has started.
    pub(crate) async fn start_or_resume(
        &self,
        prepared: Prepared,
        dir: &RunDir,
        around: &StartContext<'_>,
    ) -> Result<ActiveRun, Failure> {
        let prepared = self.find_previous(prepared, around).await?;
        let deadline = prepared.deadline();
        let Prepared {
            loaded,
            mut plan,
            request,
            found,
            baseline,
            history,
            earlier,
            calls,
            began,
            started_at,
            ..
        } = prepared;
        let mut started = RunState {
            result: None,
            name: carries_name(plan.mode).then(|| plan.result_name.clone()),
            url: None,
            suite: loaded.file.clone(),
            planned: PlanHead { found, ..PlanHead::of(&plan) },
            ended: matches!(&earlier, Resume::FromDisk(left) if left.ended),
            request: fingerprints(&asked(&plan, &request)),
        };
        if let (Some(rounds), Some(history)) = (&mut started.planned.rounds, &history) {
            rounds.first.clone_from(&history.first);
        }
        let ended_earlier = started.ended;
        let keep = loaded.suite.transcripts();
        let begun = match earlier {
            Resume::FromDisk(left) => {
                let of_start = first_part(&plan, &left.planned).map(|_| FIRST_PART);
                let work = self.go_on(&left, &plan, of_start, (keep, deadline));
                let work = announced("the result of the earlier gate", |line| self.say(line), work);
                let begun = self.unless_stopped(work).await?;
                started.planned.join(&left.planned);
                plan = plan.named(left.name.or(begun.record.name.clone()).unwrap_or_default());
                begun
            }
            Resume::None => {
                let until = match loaded.is_call {
                    true => deadline.min(Instant::now() + AT_ONCE),
                    false => deadline,
                };
                let part = first_part(&plan, &started.planned);
                let (of_start, request) = match &part {
                    Some(part) => (part, part.request().unwrap_or(request)),
                    None => (&plan, request),
                };
                let begun = self.start_anew(of_start, request, &started, dir, until).await;
                self.explained(begun, &loaded, &plan).await?
            }
            Resume::Found(record) => {
                plan = plan.named(record.name.clone().unwrap_or_default());
                self.resumed(*record, "started by an earlier attempt of this job")
            }
            Resume::FromCiJob(..) => {
                return Err(Failure::Internal(
                    "the earlier attempt was not searched for".to_owned(),
                ));
            }
        };
        let StartOutcome { record, resumed, mut notes } = begun;
        // A resumed result may itself have been chosen: it was started before.
        let is_chosen = baseline.base.is_some() || baseline.refused.is_some();
        let baseline = match is_chosen && resumed {
            true => {
                let (name, read) = (loaded.name(), loaded.baseline.clone());
                let units = plan.described_units.clone();
                let wanted = Wanted::new(&loaded.suite, &name, around.context, Some(&record));
                let wanted = wanted.with_units(units);
                let chosen = wanted.choose(read, self.client, deadline);
                self.unless_stopped(chosen).await?
            }
            false => baseline,
        };
        notes.extend(baseline.notes);
        notes.extend(history.map(|history| history.message));
        let chats = chats_of(&loaded, dir, around, self.client.time_scale().is_some());
        if let Some(chats) = chats.as_ref().filter(|_| resumed) {
            notes.extend(self.end_chats(chats, &record.runs, deadline).await);
        }
        started.result = Some(record.id);
        started.planned.learn(&record.runs);
        started.name = started.name.and(Some(plan.result_name.clone()));
        if let Err(error) = dir.leave(&started) {
            self.warn(&error.to_string());
        }
        // Finding the page is a courtesy that a signal cuts short.
        let url = tokio::select! {
            url = self.page(around, &loaded, &record, deadline) => url,
            _ = self.stop.first_signal() => None,
        };
        started.url = url.clone();
        Ok(ActiveRun {
            chats,
            in_round: None,
            head: loaded.head(),
            planned: started.planned.clone(),
            plan: Some(plan),
            baseline: baseline.base,
            refused_baseline: baseline.refused,
            suite: loaded.suite,
            record,
            calls,
            resumed,
            ended_earlier,
            of_set: loaded.is_call,
            started,
            url,
            began,
            deadline,
            started_at,
            notes,
        })
    }

    /// Looks for what an earlier attempt of the job has started, where that is wanted. Where there
    /// is nothing, the start gets a name by which a later attempt finds it.
    pub(crate) async fn find_previous(
        &self,
        mut prepared: Prepared,
        around: &StartContext<'_>,
    ) -> Result<Prepared, Failure> {
        let Resume::FromCiJob(job, age) = &prepared.earlier else { return Ok(prepared) };
        let deadline = prepared.deadline();
        let suite = &prepared.loaded.suite;
        let of_suite = result_name_start(&prepared.loaded.name(), around.context.branch());
        let asked = asked(&prepared.plan, &prepared.request);
        let names = reuse::Names::new(&of_suite, job, &asked);
        let wanted = (*age, suite.transcripts());
        let found = reuse::find(self.client, &names, &prepared.plan, wanted, deadline);
        let found = self.unless_stopped(async { found.await.map_err(Failure::from) }).await?;
        prepared.plan =
            prepared.plan.named(names.own(&unique_key(&prepared.loaded.suite, around.context)));
        prepared.request = prepared.plan.request().unwrap_or(prepared.request);
        prepared.earlier = match found {
            Some(record) => Resume::Found(Box::new(record)),
            None => Resume::None,
        };
        Ok(prepared)
    }

    /// Does what starts nothing, unless a signal comes first.
    pub(crate) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            signal = self.stop.first_signal() => Err(Failure::Stopped(signal)),
            done = work => done,
        }
    }

    async fn start_anew(
        &self,
        plan: &Plan,
        request: StartRequest,
        started: &RunState,
        dir: &RunDir,
        deadline: Instant,
    ) -> Result<StartOutcome, Failure> {
        if let Some((signal, _)) = self.stop.heard() {
            return Err(Failure::Stopped(signal));
        }
        // Whoever goes on after a runner that is lost now can look for the result by its name.
        dir.leave(started)?;
        let record = match self.start(plan, &request, deadline).await? {
            Started::Answered(record) => *record,
            Started::Found(record) => {
                self.warn(&format!(
                    "the answer to the start was lost; found result {} of this start and resumed it",
                    record.id
                ));
                *record
            }
        };
        Ok(StartOutcome { record, resumed: false, notes: Vec::new() })
    }

    /// Sends a start. A signal gives it a moment to be answered; then nobody knows.
    pub(crate) async fn start(
        &self,
        plan: &Plan,
        request: &StartRequest,
        deadline: Instant,
    ) -> Result<Started, Failure> {
        let name = carries_name(plan.mode).then_some(plan.result_name.as_str());
        let work = self.client.start(request, name, deadline);
        let say = |line: &str| self.say(line);
        let mut work = std::pin::pin!(announced("the answer to the start", say, work));
        let signal = tokio::select! {
            biased;
            started = &mut work => return Ok(started?),
            signal = self.stop.first_signal() => signal,
        };
        self.say("the start is under way: waiting a moment for its answer");
        let lost = |signal| Failure::StoppedStarting { signal, name: plan.result_name.clone() };
        let answered = tokio::select! {
            answered = tokio::time::timeout(ANSWER_GRACE, work) => answered,
            second = self.stop.second_signal() => return Err(lost(second)),
        };
        match answered {
            Ok(Ok(started)) => Ok(started),
            Err(_) | Ok(Err(ApiError::StartLost { .. })) => Err(lost(signal)),
            Ok(Err(_)) => Err(Failure::Stopped(signal)),
        }
    }

    /// Goes on with what a lost gate left on disk.
    async fn go_on(
        &self,
        left: &RunState,
        plan: &Plan,
        part: Option<&str>,
        (keep, deadline): (Transcripts, Instant),
    ) -> Result<StartOutcome, Failure> {
        let record = match (left.result, &left.name) {
            (Some(id), _) => self.client.result(id, keep, deadline).await?,
            (None, Some(name)) => {
                let name = &part.map_or_else(|| name.clone(), |part| format!("{name} {part}"));
                self.say(&format!("looking for the result named `{name}`"));
                let path = plan.path();
                *self.client.seek_started(path, name, deadline).await?
            }
            (None, None) => {
                return Err(Failure::Usage(format!(
                    "cannot resume: the runner was lost during the start, and mode {} gives \
                     no name to look for; look for the result on the dashboard, then `cekura-gate \
                     watch ID`",
                    plan.mode.name()
                )));
            }
        };
        Ok(self.resumed(record, "started by an earlier gate"))
    }

    /// Ends the conversations that a lost gate has left open: the agent that held them is gone.
    async fn end_chats(
        &self,
        chats: &Chats,
        runs: &[RunRecord],
        deadline: Instant,
    ) -> Option<String> {
        let open = chats.end_lost(self.client, runs, deadline).await;
        let ended = crate::text::count(open, "conversation");
        (open > 0).then(|| {
            format!("an earlier gate left {ended} open: they were ended and started again")
        })
    }

    fn resumed(&self, record: ResultRecord, how: &str) -> StartOutcome {
        let note =
            format!("result {} was {how} and is resumed: it is not paid for again", record.id);
        self.say(&note);
        StartOutcome { record, resumed: true, notes: vec![note] }
    }

    /// The result's page on the dashboard. Finding the project may fail.
    async fn page(
        &self,
        around: &StartContext<'_>,
        loaded: &Loaded,
        record: &ResultRecord,
        deadline: Instant,
    ) -> Option<String> {
        let dashboard = around.dashboard?;
        let configured = || around.context.var("CEKURA_PROJECT_ID").and_then(|id| id.parse().ok());
        let project = match loaded.suite.project.or_else(configured) {
            Some(project) => Some(project),
            None => {
                let soon = deadline.min(Instant::now() + Duration::from_secs(5));
                match loaded.suite.agent.or(record.agent) {
                    Some(agent) => self.client.project_of(agent, soon).await.ok().flatten(),
                    None => None,
                }
            }
        };
        Some(match project {
            Some(project) => format!("{dashboard}/{project}/results/{}", record.id),
            // Where the project is not known, the page from which the result is found.
            None => dashboard.to_owned(),
        })
    }
}

/// The conversations with the agent's own program, where the suite is of such a mode.
fn chats_of(
    loaded: &Loaded,
    dir: &RunDir,
    around: &StartContext<'_>,
    simulated: bool,
) -> Option<Chats> {
    /// No more than twenty questions a second, of all conversations together.
    const SPACING: Duration = Duration::from_millis(50);
    let var = |name: &str| around.context.env.get(name).cloned();
    let spacing = if simulated { Duration::ZERO } else { SPACING };
    let logs = dir.agent_logs();
    let mut settings = Settings::of(&loaded.suite, &var, logs, spacing)?;
    settings.dir = agent_dir::of(loaded);
    // The program may print what it is given.
    let secret = settings.env.iter().filter(|(name, value)| looks_secret(name, value));
    crate::input::secrets::keep(|secrets| secret.for_each(|(_, value)| secrets.add(value)));
    settings.redact = crate::input::secrets::redactor(Some(&loaded.suite));
    Some(Chats::new(settings))
}

/// Ten characters that make the result's name unique and easy to read aloud, and what the name says
/// of the start of a suite.
pub(crate) fn unique_key(suite: &Suite, context: &Context) -> String {
    Mark::new(context.origin(), suite).after(&crate::run_file::letters(context::random()))
}
