//! What a suite names, checked against what the account has.
//!
//! Pure. `cli/online` asks the platform; here is decided what is unknown, and what was probably
//! meant. A list that did not come whole says nothing about what is not in it.

use crate::checks::aggregate::settled;
use crate::checks::grammar::{Aggregate, Check, Unit};
use crate::checks::spec::{Checks, DescribedUnits};
use crate::checks::units;
use crate::document::{At, Path, Problem, shown};
use crate::spec::model::{Personality, Spec, TestProfile};
use crate::suite::model::Suite;
use crate::suite::trivial_checks::{Scale, on_scale};
use crate::text;
use crate::verdict::labels::{self, Match};

/// A list of the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// Its entries.
    pub items: Vec<T>,
    /// Whether all of them came.
    pub whole: bool,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { items: Vec::new(), whole: false }
    }
}

/// An agent of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agent {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Id of its project.
    pub project: Option<u64>,
    /// The provider's assistant id.
    pub assistant: Option<String>,
    /// Ids of the personalities that its callers may have; none where the platform does not say.
    pub personalities: Option<Vec<u64>>,
    /// Whose software it runs on: `livekit`, `pipecat`, `vapi`, …
    pub provider: Option<String>,
    /// Whether it has a telephone number.
    pub has_number: bool,
    /// When it was last changed, as the platform wrote it.
    pub updated_at: Option<String>,
}

/// A scenario of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scenario {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its folder's path.
    pub folder: Option<String>,
}

/// A metric of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metric {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Slug, function name and code, by which it may also be named.
    pub aliases: Vec<String>,
    /// What it scores with: `binary`, `continuous_qualitative`, `numeric`, `enum`.
    pub kind: Option<String>,
    /// The labels of an enum metric; none where the platform does not say.
    pub labels: Option<Vec<String>>,
    /// What it measures, in the account's words.
    pub description: Option<String>,
    /// Whether it scores simulated conversations.
    pub simulated: bool,
}

/// A result of the account, as the list has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedResult {
    /// Its id.
    pub id: u64,
    /// Id of the agent under test.
    pub agent: Option<u64>,
    /// Whether it came to its end.
    pub completed: bool,
    /// Whether its conversations were text.
    pub is_text: bool,
}

/// What the account has, as far as a suite needs it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    /// The agent under test.
    pub agent: Agent,
    /// The scenarios that the suite would run; none where it brings its own cases.
    pub chosen: Option<Vec<Scenario>>,
    /// The agent's scenarios, where it was asked for them.
    pub scenarios: Listing<Scenario>,
    /// The project's folders, where it was asked for them.
    pub folders: Listing<String>,
    /// The metrics, where the suite names any.
    pub metrics: Listing<Metric>,
    /// Ids of the personalities, where test cases name any.
    pub personalities: Listing<u64>,
    /// Ids of the test profiles, where the suite or its test cases name any.
    pub test_profiles: Listing<u64>,
}

/// What the suite names and the account does not have, and what else is worth saying.
#[derive(Debug, Default)]
pub struct Findings {
    /// What keeps the suite from running as it is meant.
    pub problems: Vec<Problem>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// The units that the descriptions of metrics say.
    pub described_units: DescribedUnits,
}

impl Findings {
    /// Holds a suite against its account.
    pub fn of(suite: &Suite, account: &Account) -> Self {
        let mut findings = Self::default();
        if let Some(chosen) = &account.chosen {
            findings.scenarios(suite, account, chosen);
            findings.quarantine(suite, chosen);
        }
        findings.callers(suite, account);
        findings.metrics(suite, account);
        findings
    }

    /// Holds against the account only what a suite selects.
    pub fn of_selection(suite: &Suite, account: &Account) -> Self {
        let mut findings = Self::default();
        if let Some(chosen) = &account.chosen {
            findings.scenarios(suite, account, chosen);
        }
        findings
    }

    /// Checks only the labels that checks ask for and the units of metrics. A metric that is not
    /// among these is left to the verdict.
    pub fn of_labels(suite: &Suite, metrics: Listing<Metric>) -> Self {
        let mut findings = Self::default();
        let metrics = Listing { whole: false, ..metrics };
        findings.metrics(suite, &Account { metrics, ..Account::default() });
        findings.problems.retain(|problem| problem.at == At::Value);
        findings
    }

    fn problem(&mut self, path: Path, message: String, help: String) {
        self.problems.push(Problem::new(path, message).help(help));
    }

    fn scenarios(&mut self, suite: &Suite, account: &Account, chosen: &[Scenario]) {
        let all = &account.scenarios;
        let known: Vec<String> = all.items.iter().map(|one| one.id.to_string()).collect();
        for (index, id) in suite.scenarios.iter().flatten().enumerate() {
            if !all.items.iter().any(|one| one.id == *id) && all.whole {
                let help = match text::nearest(&id.to_string(), known.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean {}?", named(&all.items, near)),
                    None => some_of("the agent has", &known),
                };
                let path = Path::of(["scenarios"]).child(index);
                self.problem(path, format!("the agent has no scenario `{id}`"), help);
            }
        }
        let tags: Vec<String> = distinct(all.items.iter().flat_map(|one| one.tags.clone()));
        for (index, tag) in suite.tags.iter().flatten().enumerate() {
            let carried = chosen.iter().any(|one| one.tags.iter().any(|own| own == tag));
            if !carried {
                let path = Path::of(["tags"]).child(index);
                let message = format!("no scenario of the agent has the tag {}", shown(tag));
                self.problem(path, message, near_or_some(tag, "its scenarios have", &tags));
            }
        }
        if let Some(folder) = suite.folder.as_ref().filter(|_| chosen.is_empty()) {
            let is_there = account.folders.items.contains(folder);
            let message = match is_there {
                true => format!("the folder {} contains no scenario of the agent", shown(folder)),
                false => format!("there is no folder {}", shown(folder)),
            };
            let help = match is_there {
                true => "put scenarios into it, or name another".to_owned(),
                false => near_or_some(folder, "the project has", &account.folders.items),
            };
            self.problem(Path::of(["folder"]), message, help);
        }
    }

    fn quarantine(&mut self, suite: &Suite, chosen: &[Scenario]) {
        for (index, entry) in suite.quarantine.iter().flatten().enumerate() {
            let id = entry.scenario;
            if !chosen.iter().any(|one| one.id == id) {
                let path = Path::of(["quarantine"]).child(index).child("scenario");
                let message = format!("scenario `{id}` is quarantined but would not run");
                self.problem(path, message, "remove the entry, or correct the id".to_owned());
            }
        }
    }

    fn callers(&mut self, suite: &Suite, account: &Account) {
        let enabled = account.agent.personalities.as_deref();
        if suite.personalities.is_some() && enabled.is_none() {
            let words =
                "the platform does not say which personalities the agent's callers may have";
            self.warnings.push(words.to_owned());
        }
        for (index, id) in suite.personalities.iter().flatten().enumerate() {
            if enabled.is_some_and(|enabled| !enabled.contains(id)) {
                let enabled = ids(enabled.unwrap_or_default());
                let path = Path::of(["personalities"]).child(index);
                let message = format!("the personality `{id}` is not enabled for the agent");
                self.problem(path, message, some_of("enabled are", &enabled));
            }
        }
        let profiles = &account.test_profiles;
        if suite.test_profiles.is_some() && !profiles.whole {
            self.warnings.push("the test profiles could not be looked up".to_owned());
        }
        for (index, id) in suite.test_profiles.iter().flatten().enumerate() {
            if profiles.whole && !profiles.items.contains(id) {
                let known = ids(&profiles.items);
                let path = Path::of(["test_profiles"]).child(index);
                let message = format!("there is no test profile `{id}`");
                self.problem(path, message, some_of("the account has", &known));
            }
        }
    }

    /// Holds the people that test cases name against the account. The problems are of the document
    /// that holds the cases, which stand at `at`.
    pub fn of_cases(spec: &Spec, at: &Path, account: &Account) -> Self {
        let mut findings = Self::default();
        for People { place, personality, profile } in people(spec, at) {
            if let Some((path, id)) = personality {
                findings.personality(&place, path, id, account);
            }
            if let Some((path, id)) =
                profile.filter(|(_, id)| !account.test_profiles.items.contains(id))
            {
                let message = format!("there is no test profile `{id}`");
                match account.test_profiles.whole {
                    true => {
                        let known = ids(&account.test_profiles.items);
                        findings.problem(path, message, some_of("the account has", &known));
                    }
                    false => findings
                        .warnings
                        .push(format!("the test profile `{id}` of {place} could not be looked up")),
                }
            }
        }
        findings
    }

    /// A case may have any personality of the account, enabled for the agent or not.
    fn personality(&mut self, place: &str, path: Path, id: u64, account: &Account) {
        let enabled = account.agent.personalities.as_deref().unwrap_or_default();
        let all = &account.personalities;
        if enabled.contains(&id) || all.items.contains(&id) {
            return;
        }
        // Every account has some: an empty list says nothing.
        if all.whole && !all.items.is_empty() {
            let message = format!("there is no personality `{id}`");
            self.problem(path, message, some_of("the account has", &ids(&all.items)));
        } else {
            self.warnings.push(format!(
                "the personality `{id}` of {place} is not among those that are enabled for the agent, \
                 and the account's could not be looked up"
            ));
        }
    }

    fn metrics(&mut self, suite: &Suite, account: &Account) {
        let Some(thresholds) = &suite.thresholds else { return };
        let at = |dotted: &str, name: &String| Path::of(dotted.split('.')).child(name);
        for (group, rules) in thresholds.with_groups() {
            let root = Path::of(["thresholds"]);
            let root = group.map_or(root.clone(), |group| root.child("groups").child(group));
            let each = root.child("each_scenario").child("metrics");
            for (name, checks) in &rules.metrics {
                let path = root.child("metrics").child(name);
                self.metric(name, Some(checks), path, account);
            }
            for (name, checks) in rules.each_scenario.iter().flat_map(|each| &each.metrics) {
                self.metric(name, Some(checks), each.child(name), account);
            }
        }
        for name in thresholds.baseline.iter().flat_map(|baseline| baseline.metrics.keys()) {
            self.metric(name, None, at("thresholds.baseline.metrics", name), account);
        }
    }

    fn metric(&mut self, name: &str, checks: Option<&Checks>, path: Path, account: &Account) {
        let list = &account.metrics;
        let found = called(name, &list.items);
        let metric = match found.as_slice() {
            [only] => *only,
            [] if !list.whole => return,
            [] => {
                let names: Vec<String> = list.items.iter().map(|one| one.name.clone()).collect();
                let message = format!("the agent has no metric {}", shown(name));
                let help = near_or_some(name, "it has", &names);
                self.problems.push(Problem::of_key(path, message).help(help));
                return;
            }
            many => {
                let ids: Vec<String> = many.iter().map(|one| one.id.to_string()).collect();
                let message = format!("{} metrics are called {}", many.len(), shown(name));
                let help = format!("name it by its id: {}", ids.join(", "));
                self.problems.push(Problem::of_key(path, message).help(help));
                return;
            }
        };
        if !metric.simulated {
            self.warnings.push(format!(
                "the metric {} is not enabled for simulations: no run may have it",
                shown(&metric.name)
            ));
        }
        for spec in checks.iter().flat_map(|checks| &checks.0) {
            self.warnings.extend(unfit(metric, &spec.check));
            self.warnings.extend(off_scale(metric, &spec.check));
            let names = [&metric.name].into_iter().chain(&metric.aliases).map(String::as_str);
            let described = metric.description.as_deref().and_then(units::described);
            if let Some((message, fix)) =
                units::against_description(names, spec, described.as_ref())
            {
                self.problem(path.clone(), message, fix);
            }
            if let Some(described) = described.filter(|_| units::needs_unit(&spec.check)) {
                self.described_units.insert(name.to_owned(), described);
            }
        }
        let Some(labels) = metric.labels.as_ref().filter(|labels| !labels.is_empty()) else {
            return;
        };
        for spec in checks.iter().flat_map(|checks| &checks.0) {
            let Some(Aggregate::Share(label)) = &spec.check.aggregate else { continue };
            let name = shown(&metric.name);
            let best = |known: &&String| labels::matches(label, known);
            let found = labels.iter().max_by_key(best);
            match found.map(|known| (labels::matches(label, known), known)) {
                Some((Match::Exact, _)) => {}
                Some((Match::Folded, known)) => self.warnings.push(format!(
                    "the metric {name} has the label {}, which counts as {}",
                    shown(known),
                    shown(label)
                )),
                Some((Match::No, _)) | None => {
                    let message = format!("the metric {name} has no label {}", shown(label));
                    let help = near_or_some(label, "its labels are", labels);
                    self.problem(path.clone(), message, help);
                }
            }
        }
    }
}

/// The people of the account that a case, or all of them, are given.
struct People {
    /// Whose they are, in words.
    place: String,
    personality: Option<(Path, u64)>,
    profile: Option<(Path, u64)>,
}

fn people(spec: &Spec, at: &Path) -> Vec<People> {
    let of =
        |place: String, at: Path, who: Option<&Personality>, data: Option<&TestProfile>| People {
            place,
            personality: match who {
                Some(Personality::Id(id)) => Some((at.child("personality"), *id)),
                Some(Personality::Inline(new)) => {
                    new.base.map(|base| (at.child("personality").child("base"), base))
                }
                None => None,
            },
            profile: match data {
                Some(TestProfile::Id(id)) => Some((at.child("test_profile"), *id)),
                Some(TestProfile::Inline(_)) | None => None,
            },
        };
    let defaults = spec.defaults.iter().map(|all| {
        let (who, data) = (all.personality.as_ref(), all.test_profile.as_ref());
        of("the defaults".to_owned(), Path::of(["defaults"]), who, data)
    });
    let cases = spec.scenarios.iter().enumerate().map(|(index, case)| {
        let place = format!("the case {}", shown(&case.name));
        of(place, at.child(index), case.personality.as_ref(), case.test_profile.as_ref())
    });
    defaults.chain(cases).collect()
}

/// Whether test cases name personalities, and test profiles, of the account.
pub fn names_people(spec: &Spec) -> (bool, bool) {
    let all = people(spec, &Path::root());
    (all.iter().any(|one| one.personality.is_some()), all.iter().any(|one| one.profile.is_some()))
}

fn ids(ids: &[u64]) -> Vec<String> {
    ids.iter().map(u64::to_string).collect()
}

/// What a check asks of a metric that has no such figure. It would be inconclusive.
fn unfit(metric: &Metric, check: &Check) -> Option<String> {
    let aggregate = settled(check);
    let kind = metric.kind.as_deref()?;
    let (fits, instead) = match kind {
        "binary" => (aggregate == Aggregate::Rate, "`>= 95%`"),
        "enum" => (matches!(aggregate, Aggregate::Share(_)), "`share(\"label\") <= 5%`"),
        "numeric" | "continuous_qualitative" => {
            (!aggregate.is_share(), "`mean >= 4` or `p95 <= 2500ms`")
        }
        _ => return None,
    };
    let kind = if kind == "continuous_qualitative" { "rating" } else { kind };
    let name = shown(&metric.name);
    (!fits).then(|| {
        format!(
            "{name} is a metric of the kind {kind}, and `{aggregate}` cannot be used for it: the \
             check would be inconclusive; write for example {instead}"
        )
    })
}

/// A check of a rating that every rating passes, or none. Which of the two scales it has, only its
/// runs tell.
fn off_scale(metric: &Metric, check: &Check) -> Option<String> {
    let bounded = !matches!(settled(check), Aggregate::Sum | Aggregate::Count);
    let is_rating = metric.kind.as_deref() == Some("continuous_qualitative");
    let fits = bounded && is_rating && check.threshold.unit == Unit::None;
    let holds = on_scale(Scale::Score, check).filter(|_| fits)?;
    let never = if holds { "can never fail" } else { "can never pass" };
    let (name, check) = (shown(&metric.name), shown(&check.to_string()));
    Some(format!(
        "{name} is a rating, and {check} {never}: a rating lies between 0 and 5, or 0 and 100; write \
         for example `mean >= 4`"
    ))
}

/// The metrics that a suite calls so: by id, by name (any case), or by slug, function or code. As
/// the verdict looks them up in the evidence.
fn called<'a>(wanted: &str, metrics: &'a [Metric]) -> Vec<&'a Metric> {
    let id = wanted.trim().parse::<u64>().ok();
    let same = |text: &str| text.to_lowercase() == wanted.trim().to_lowercase();
    let rules: [&dyn Fn(&Metric) -> bool; 3] =
        [&|metric| id == Some(metric.id), &|metric| same(&metric.name), &|metric| {
            metric.aliases.iter().any(|alias| same(alias))
        }];
    let found = rules.iter().map(|rule| metrics.iter().filter(|one| rule(one)).collect());
    found.into_iter().find(|found: &Vec<&Metric>| !found.is_empty()).unwrap_or_default()
}

fn named(scenarios: &[Scenario], id: &str) -> String {
    let name = scenarios.iter().find(|one| one.id.to_string() == id).map(|one| one.name.as_str());
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("`{id}` ({})", name.chars().take(60).collect::<String>()),
        None => format!("`{id}`"),
    }
}

fn near_or_some(name: &str, has: &str, known: &[String]) -> String {
    match text::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {}?", shown(near)),
        None => some_of(has, known),
    }
}

/// `it has a, b, c and 4 more`.
fn some_of(has: &str, known: &[String]) -> String {
    const MOST: usize = 8;
    let mut names: Vec<String> = known.iter().take(MOST).map(|name| shown(name)).collect();
    match known.len().checked_sub(MOST) {
        _ if known.is_empty() => return format!("{has} none"),
        Some(more @ 1..) => names.push(format!("{more} more")),
        _ => {}
    }
    format!("{has} {}", text::list(&names))
}

fn distinct(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: Vec<String> = words.collect();
    seen.sort();
    seen.dedup();
    seen
}
