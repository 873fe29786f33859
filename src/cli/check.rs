//! `check`: everything that can be known of a suite before it runs. What the account has to say is
//! in `online`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::check_lines::{checks, policies};
use crate::context::Context;
use crate::escape::json::safe;
use crate::escape::terminal::log_line;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::options::Global;
use crate::input::overrides::{KeyFlags, Overrides};
use crate::input::profile::Chosen;
use crate::input::suite_file::Loaded;
use crate::input::{connection, suite_file};
use crate::output::ci_files;
use crate::output::console::Console;
use crate::output::reporter::Reporter as _;
use crate::output::reporters::Log;
use crate::plan::{Plan, Selection, StartRequest, Target};
use crate::preflight::lookup::Online;
use crate::preflight::selection::{Group, Member, SuiteSet};
use crate::preflight::warnings::warnings;
use crate::preflight::{lookup, power, selection};
use crate::spec::model::Case;
use crate::suite::thresholds::Thresholds;
use crate::suite::together;
use crate::text;

/// What `check` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The suite file [default: ./cekura-gate.yml, then ./.cekura/gate.yml], or several, as `run`
    /// takes them.
    #[arg(value_name = "SUITE")]
    suites: Vec<PathBuf>,
    /// Also ask the account: look up the agent, scenarios, tags, folder, personalities, test
    /// profiles, metrics and baseline that the suite names, and price the run. Starts nothing.
    #[arg(long)]
    online: bool,
    /// Also say how many runs it takes to notice an agent below each threshold, or a drop since the
    /// baseline, with a chance of 80%.
    #[arg(long)]
    power: bool,
    #[command(flatten)]
    keys: KeyFlags,
}

pub(super) fn check(
    args: &Args,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let overrides = &args.keys.read()?;
    let surroundings = CheckContext {
        online: args.online,
        power: args.power,
        overrides,
        global,
        context,
        console,
        documents: RefCell::default(),
    };
    surroundings.check(selection::asked(&args.suites, overrides, context, &|event| {
        Log { console }.on(&event)
    })?)
}

/// `run --dry-run`: what `run` would do, and nothing is started. With a key the platform is asked.
/// The output `valid` says to later steps whether the suite is valid: of one that the platform was not
/// asked about, only that it is not.
pub(super) fn dry_run(
    (suites, keys): (&[PathBuf], &KeyFlags),
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    let online = connection::has_key(global, context);
    let checked = keys.read().and_then(|overrides| {
        let asked =
            selection::asked(suites, &overrides, context, &|event| Log { console }.on(&event))?;
        let overrides = &overrides;
        let documents = RefCell::default();
        CheckContext { online, power: false, overrides, global, context, console, documents }
            .check(asked)
    });
    let valid = match &checked {
        Ok(_) => online.then_some(true),
        Err(failure) => (failure.code() == Code::Usage).then_some(false),
    };
    if let Some(valid) = valid {
        ci_files::output(context, "valid", &valid.to_string());
    }
    if checked.is_ok() && !online {
        console.print(
            "\nThe platform was not asked, because there is no API key: this was checked offline. \
             With CEKURA_API_KEY the platform checks and prices the plan.\n",
        )?;
    }
    checked
}

struct CheckContext<'a> {
    overrides: &'a Overrides,
    /// Whether the account is asked too.
    online: bool,
    /// Whether to say what the runs can see.
    power: bool,
    global: &'a Global,
    context: &'a Context,
    console: &'a Console,
    /// What a program gets of each suite.
    documents: RefCell<Vec<Value>>,
}

impl CheckContext<'_> {
    fn check(&self, asked: SuiteSet) -> Result<Code, Failure> {
        match asked.suites.as_slice() {
            [only] if asked.is_single => drop(self.one(&only.loaded)?),
            _ => self.several(asked)?,
        }
        if self.console.is_json() {
            let suites = self.documents.take();
            let document = json!({ "valid": true, "account": self.online, "suites": suites });
            self.console.answer("", &document)?;
        }
        Ok(Code::Passed)
    }

    fn one(&self, loaded: &Loaded) -> Result<Plan, Failure> {
        let Self { global, context, console, .. } = *self;
        let plan = Plan::new(&loaded.suite, &loaded.name(), context.branch(), "key")?;
        crate::preflight::budget::check(&loaded.suite, &plan)?;
        self.overrides.check_caps(&[(&loaded.suite, &plan)])?;
        crate::preflight::baseline::saved_of(&loaded.suite)?;
        let mut loaded = loaded.clone();
        crate::preflight::grouping::check(&mut loaded, &plan)?;
        let loaded = &loaded;
        let online = match self.online {
            true => Some(lookup::look_up(loaded, &plan, global, context)?),
            false => None,
        };
        console.print(&describe(loaded, &plan, online.as_ref()))?;
        let resolved = online.as_ref().map_or(&plan, |online| &online.plan);
        self.overrides.check_caps(&[(&loaded.suite, resolved)])?;
        if self.power {
            console.print(&power::text(loaded.suite.thresholds.as_ref(), resolved))?;
        }
        let mut warned = warnings(loaded, resolved);
        warned.extend(online.iter().flat_map(|online| online.warnings.clone()));
        for warning in &warned {
            console.warn(warning);
        }
        self.documents.borrow_mut().push(document(loaded, resolved, online.as_ref(), &warned));
        Ok(online.map_or(plan, |online| online.plan))
    }

    /// Each suite on its own, then what they are together.
    fn several(&self, mut many: SuiteSet) -> Result<(), Failure> {
        let mut plans = Vec::with_capacity(many.suites.len());
        let mut faults = Vec::new();
        for Member { dir, mut loaded, base, .. } in std::mem::take(&mut many.suites) {
            selection::reports_to(&mut loaded, &many.dir_of(&dir));
            if base.is_some()
                && self.online
                && let Some(thresholds) = &mut loaded.suite.thresholds
            {
                // It is compared with a result of the same run, which no account has yet.
                thresholds.baseline = None;
            }
            match self.one(&loaded) {
                Ok(plan) => plans.push((loaded.suite, plan)),
                // The others' are told with them.
                Err(Failure::Document(one)) => {
                    faults.push(Some(one));
                    continue;
                }
                Err(other) => return Err(other),
            }
            self.console.print("\n")?;
            for group in many.groups.iter().filter(|group| group.places.end == plans.len()) {
                let first = plans.get(group.places.start);
                let sets = first.map_or(0, |(suite, _)| together::sets(suite).len());
                self.console.print(&format!("{}\n\n", together_line(group, sets)))?;
            }
        }
        if !faults.is_empty() {
            return Err(suite_file::together(faults));
        }
        let known: Vec<_> = plans.iter().map(|(suite, plan)| (suite, plan)).collect();
        many.check_budgets(&known)?;
        self.overrides.check_caps(&known)?;
        let runs: usize = known.iter().filter_map(|(_, plan)| plan.most_runs()).sum();
        let all_known = known.iter().all(|(_, plan)| plan.runs().is_some());
        let more = if all_known { "" } else { " and more" };
        let calls = many.concurrency.map_or_else(String::new, |calls| {
            format!(", at most {} at a time", text::count(calls as usize, "call"))
        });
        let suites = text::count(known.len(), "suite");
        let at_most =
            if known.iter().any(|(_, plan)| !plan.looks.is_empty()) { "at most " } else { "" };
        let runs = text::count(runs, "run");
        self.console.print(&format!("{suites}: {at_most}{runs}{more}{calls}\n"))
    }
}

/// How the sides of the same calls start.
fn together_line(group: &Group, sets: usize) -> String {
    let sides = group.places.len();
    let calls = group.concurrency.map_or_else(String::new, |most| {
        format!(", at most {} at a time", text::count(most as usize, "call"))
    });
    format!(
        "{}: {} of {sides} calls that start together{calls}",
        line(&group.name),
        text::count(sets, "set")
    )
}

/// What a program gets of a suite.
fn document(loaded: &Loaded, plan: &Plan, online: Option<&Online>, warnings: &[String]) -> Value {
    let default = Thresholds::default();
    let thresholds = loaded.suite.thresholds.as_ref().unwrap_or(&default);
    let request = plan.request().map(|request| hidden(request, &loaded.variables));
    json!({
        "name": loaded.name(),
        "file": loaded.file,
        "mode": plan.mode.name(),
        "agent": match plan.target { Target::Agent(id) => Some(id), _ => None },
        "runs": plan.runs(),
        "runs_at_most": plan.most_runs(),
        "checks": checks(thresholds, &plan.described_units),
        "cost": online.map(|online| &online.cost),
        "request": request.map(|request| {
            json!({ "method": "POST", "path": request.path, "body": request.body })
        }),
        "warnings": warnings,
    })
}

fn describe(loaded: &Loaded, plan: &Plan, online: Option<&Online>) -> String {
    let suite = &loaded.suite;
    let place = loaded.file.as_ref().map(|file| format!(" ({})", line(file)));
    let place = place.unwrap_or_default();
    let valid = match online {
        Some(_) => "is valid, and the account has what it names",
        None => "is valid",
    };
    let mut out = format!("{}{place} {valid}. Nothing was started.\n\n", line(&loaded.name()));
    let resolved = online.map_or(plan, |online| &online.plan);
    let mut row = |label: &str, value: &str| {
        // Much of it is the suite's own text.
        out.push_str(&format!("  {label:<10} {}\n", log_line(value)));
    };
    if let Some(profiles) = profiles(loaded) {
        row("profile", &profiles);
    }
    row("mode", plan.mode.name());
    match (&plan.target, online) {
        (Target::Agent(id), None) => row("agent", &id.to_string()),
        (Target::Agent(_), Some(online)) => row("agent", &line(&online.agent)),
        (Target::OfScenarios, _) => row("agent", "that of the scenarios"),
        (Target::Assistant(id), None) => row("assistant", id),
        (Target::Assistant(id), Some(online)) => {
            row("assistant", &format!("{id}, of agent {}", line(&online.agent)));
        }
    }
    let found = online.and_then(|online| online.scenarios.as_deref()).map(line);
    row("scenarios", &found.unwrap_or_else(|| scenarios(plan)));
    row("runs", &runs(loaded, resolved));
    if let Some(expected) = online.and_then(|online| online.expected_runs) {
        let expected = text::count(expected, "run");
        row("", &format!("about {expected} if nothing has changed since the baseline"));
    }
    if let Some(online) = online {
        row("cost", &online.cost);
        if let Some(balance) = &online.balance {
            row("balance", balance);
        }
    }
    row("timeout", &suite.timeout.unwrap_or_default().to_string());
    let default = Thresholds::default();
    let thresholds = suite.thresholds.as_ref().unwrap_or(&default);
    let checks = checks(thresholds, &resolved.described_units);
    for (at, check) in checks.iter().enumerate() {
        row(if at == 0 { "checks" } else { "" }, check);
    }
    let baseline = online.and_then(|online| online.baseline.as_deref()).map(line);
    for (label, value) in policies(suite) {
        match &baseline {
            Some(found) if label == "baseline" => row(label, found),
            _ if label == "order" => {
                let found = online.and_then(|online| online.order.as_deref());
                let found = found.and_then(|told| told.strip_prefix("order: "));
                row(label, found.unwrap_or(&value));
            }
            _ => row(label, &value),
        }
    }
    row("reports", &crate::report::files::report_dir(suite.reports.as_ref()).display().to_string());
    out.push('\n');
    let request = match loaded.is_party() {
        true => {
            out.push_str("Each call is a result of its own. The first:\n\n");
            first_call(loaded)
        }
        false => plan.request().or_else(|| resolved.request()),
    };
    match request {
        Some(request) => out.push_str(&show_request(request, &loaded.variables)),
        None => out.push_str(
            "The request is known once the scenarios are resolved: this mode starts by ids only.\n",
        ),
    }
    out
}

/// Which profile is merged in, and with which keys, or which there are; none where there are none.
fn profiles(loaded: &Loaded) -> Option<String> {
    if let Some(Chosen { name, profile }) = &loaded.profile {
        let keys = profile.keys();
        let stand = if keys.len() == 1 { "stands" } else { "stand" };
        return Some(format!("{name}: its {} {stand} in place of the suite's", text::list(&keys)));
    }
    let names: Vec<&str> =
        loaded.suite.profiles.iter().flatten().map(|(name, _)| name.as_str()).collect();
    (!names.is_empty()).then(|| format!("none; `--profile` takes {}", names.join(", ")))
}

/// The request of a leg's first call.
fn first_call(loaded: &Loaded) -> Option<StartRequest> {
    let first = together::sets(&loaded.suite).into_iter().next()?;
    let name = format!("{} · {}", loaded.name(), first.label());
    let call = together::call(&loaded.suite, first);
    Plan::new(&call, &name, None, "key").ok()?.request()
}

fn scenarios(plan: &Plan) -> String {
    let ids = |ids: &[u64]| ids.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    match &plan.selection {
        Selection::Ids(list) => ids(list),
        Selection::Cases(spec) => {
            let keys: Vec<&str> = spec.scenarios.iter().map(Case::key).collect();
            line(&keys.join(", "))
        }
        Selection::ByPlatform(query) | Selection::Resolve(query) => {
            let named = query.describe();
            let beside = if query.ids.is_empty() {
                String::new()
            } else {
                format!(", and {}", ids(&query.ids))
            };
            format!("those of {named}{beside} (resolved when it runs)")
        }
    }
}

/// The run count with its factors: `2 scenarios × frequency 5 × 2 personalities = 20 runs`.
fn runs(loaded: &Loaded, plan: &Plan) -> String {
    let suite = &loaded.suite;
    let mut factors = vec![match &plan.selection {
        Selection::Ids(ids) => text::count(ids.len(), "scenario"),
        Selection::Cases(spec) => text::count(spec.scenarios.len(), "test case"),
        Selection::ByPlatform(_) | Selection::Resolve(_) => "each scenario".to_owned(),
    }];
    if let Some(spec) = plan.spec() {
        let most = spec.scenarios.iter().map(|case| spec.frequency(case)).max().unwrap_or(1);
        let least = plan.runs_per_scenario;
        let times = plan.case_multiplier();
        let most = most.saturating_mul(times);
        if least < most {
            let total = text::count(plan.runs().unwrap_or_default(), "run");
            return format!("{}, {least} to {most} runs each: {total}", factors.concat());
        } else if most > 1 {
            factors.push(format!("frequency {most}"));
        }
    } else if suite.first_repetitions() > 1 || suite.rounds().is_some() {
        factors.push(format!("frequency {}", suite.first_repetitions()));
    }
    for (ids, one, many) in [
        (&suite.personalities, "personality", "personalities"),
        (&suite.test_profiles, "test profile", "test profiles"),
    ] {
        if let Some(ids) = ids {
            factors.push(format!("{} {}", ids.len(), if ids.len() == 1 { one } else { many }));
        }
    }
    let product = match plan.runs() {
        Some(runs) => text::count(runs, "run"),
        None => format!("{} each", text::count(plan.runs_per_scenario, "run")),
    };
    let rounds = rounds(plan).unwrap_or_default();
    format!("{} = {product}{rounds}", factors.join(" × "))
}

/// What rounds come to at most: `, then in rounds to 6, 9, 12 of each …: 120 runs at most`.
fn rounds(plan: &Plan) -> Option<String> {
    if plan.looks.is_empty() {
        return None;
    }
    let looks: Vec<String> = plan.looks.iter().map(u32::to_string).collect();
    let most = match plan.most_runs() {
        Some(runs) => text::count(runs, "run"),
        None => format!("{} each", text::count(plan.most_runs_per_scenario(), "run")),
    };
    let later = looks.get(1..)?.join(", ");
    Some(format!(
        ", then in rounds to {later} of each until every check is decided: {most} at most"
    ))
}

/// Text of the platform or of a file on one line, not too long.
fn line(text: &str) -> String {
    const LONGEST: usize = 400;
    let mut shown = log_line(text);
    if shown.chars().count() > LONGEST {
        shown = shown.chars().take(LONGEST).chain(['…']).collect();
    }
    shown
}

/// The request as it would be sent, but for what may be secret: headers, and what came from the
/// environment, which is shown by its name.
fn show_request(request: StartRequest, variables: &BTreeMap<String, String>) -> String {
    let request = hidden(request, variables);
    let body = serde_json::to_string_pretty(&request.body).unwrap_or_default();
    format!("POST {}\n{}\n", request.path, safe(&body))
}

/// The request without what may be secret.
fn hidden(mut request: StartRequest, variables: &BTreeMap<String, String>) -> StartRequest {
    hide(&mut request.body, variables);
    if let Some(headers) = request.body.get_mut("websocket_headers").and_then(Value::as_object_mut)
    {
        for value in headers.values_mut() {
            *value = Value::from("(hidden)");
        }
    }
    let entries = request.body.get_mut("scenarios").and_then(Value::as_array_mut);
    for token in entries.into_iter().flatten().filter_map(|entry| entry.get_mut("pipecat_token")) {
        *token = Value::from("(hidden)");
    }
    request
}

/// Puts the names of variables in the place of their values, in every text of a document.
fn hide(value: &mut Value, variables: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            for (name, value) in variables.iter().filter(|(_, value)| value.len() > 2) {
                *text = text.replace(value.as_str(), &format!("${{{name}}}"));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, variables)),
        Value::Object(fields) => fields.values_mut().for_each(|field| hide(field, variables)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
