//! CI systems: which one the gate runs in, and how the log of each is folded into groups.
//!
//! What a system reads beside its log (outputs, annotations, summaries) is in `report`. Pure: the
//! environment is asked through a function.

use crate::escape::short;
use crate::escape::terminal::neutral;
use crate::plan::mark::{Event, Origin};

/// A CI system, as far as the gate speaks its language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum System {
    /// GitHub Actions: outputs, step summary, annotations, pull-request comment.
    Github,
    /// GitLab CI: dotenv and annotations reports.
    Gitlab,
    /// Jenkins: nothing but the files.
    Jenkins,
    /// Azure Pipelines: issues, summary, output variables.
    Azure,
    /// CircleCI: nothing but the files.
    Circleci,
    /// Buildkite: nothing but the files.
    Buildkite,
    /// Bitbucket Pipelines: nothing but the files.
    Bitbucket,
    /// None: a terminal, or a system that is not known here.
    #[default]
    None,
}

/// What a change is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeBase {
    /// The commit or the branch.
    pub reference: String,
    /// The commit that is judged, which what is checked out must hold.
    pub head: Option<String>,
}

impl System {
    /// Every system that is one.
    pub const ALL: [Self; 7] = [
        Self::Github,
        Self::Gitlab,
        Self::Jenkins,
        Self::Azure,
        Self::Circleci,
        Self::Buildkite,
        Self::Bitbucket,
    ];

    /// The system that set these variables. Each sets one that no other does; Jenkins, whose jobs
    /// often run beside others' agents, is asked last.
    pub fn detect<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Self {
        let is_true = |name: &str| variable(name).is_some_and(|v| v.eq_ignore_ascii_case("true"));
        let is_set = |name: &str| variable(name).is_some();
        match () {
            () if is_true("GITHUB_ACTIONS") => Self::Github,
            () if is_true("GITLAB_CI") => Self::Gitlab,
            () if is_true("TF_BUILD") => Self::Azure,
            () if is_true("CIRCLECI") => Self::Circleci,
            () if is_true("BUILDKITE") => Self::Buildkite,
            () if is_set("BITBUCKET_BUILD_NUMBER") => Self::Bitbucket,
            () if is_set("JENKINS_URL") => Self::Jenkins,
            () => Self::None,
        }
    }

    /// What started the job, and of which commit it is, as far as the system's variables say.
    /// `event` is the document of the event that a system leaves beside them, where it does. The
    /// commit is the one that was pushed, not the merge of it that a pull request checks out.
    pub fn origin<'a>(
        self,
        variable: impl Fn(&str) -> Option<&'a str>,
        event: Option<&str>,
    ) -> Origin {
        let is_set = |name: &str| variable(name).is_some();
        let is = |name: &str, word: &str| variable(name).is_some_and(|value| value == word);
        let starts = |name: &str, with: &str| variable(name).is_some_and(|v| v.starts_with(with));
        let of_event = event.and_then(commit_of_event);
        let (commit, is_tag, is_pull, event) = match self {
            Self::Github => (
                "GITHUB_SHA",
                is("GITHUB_REF_TYPE", "tag") || starts("GITHUB_REF", "refs/tags/"),
                is_set("GITHUB_HEAD_REF") || starts("GITHUB_REF", "refs/pull/"),
                match variable("GITHUB_EVENT_NAME") {
                    Some("push") => Event::Push,
                    Some("schedule") => Event::Schedule,
                    Some("workflow_dispatch" | "repository_dispatch") => Event::Manual,
                    // A merge queue tests what is not merged yet.
                    Some("merge_group") => Event::PullRequest,
                    Some(name) if name.starts_with("pull_request") => Event::PullRequest,
                    // Comments and other workflows run for the default branch, whatever they test.
                    Some(_) => Event::Other,
                    None => Event::Unknown,
                },
            ),
            Self::Gitlab => (
                first_set(is_set, &["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "CI_COMMIT_SHA"]),
                is_set("CI_COMMIT_TAG"),
                is_set("CI_MERGE_REQUEST_IID") || is_set("CI_EXTERNAL_PULL_REQUEST_IID"),
                match variable("CI_PIPELINE_SOURCE") {
                    Some("push") => Event::Push,
                    Some("schedule") => Event::Schedule,
                    Some("web" | "api" | "trigger") => Event::Manual,
                    Some("merge_request_event" | "external_pull_request_event") => {
                        Event::PullRequest
                    }
                    // A pipeline that another one starts does not say what that one is about.
                    Some(_) => Event::Other,
                    None => Event::Unknown,
                },
            ),
            Self::Azure => (
                first_set(is_set, &["SYSTEM_PULLREQUEST_SOURCECOMMITID", "BUILD_SOURCEVERSION"]),
                starts("BUILD_SOURCEBRANCH", "refs/tags/"),
                starts("BUILD_SOURCEBRANCH", "refs/pull/"),
                match variable("BUILD_REASON") {
                    Some("IndividualCI" | "BatchedCI") => Event::Push,
                    Some("Schedule") => Event::Schedule,
                    Some("Manual") => Event::Manual,
                    Some("PullRequest") => Event::PullRequest,
                    Some(_) => Event::Other,
                    None => Event::Unknown,
                },
            ),
            Self::Buildkite => (
                "BUILDKITE_COMMIT",
                is_set("BUILDKITE_TAG"),
                variable("BUILDKITE_PULL_REQUEST").is_some_and(|number| number != "false"),
                match variable("BUILDKITE_SOURCE") {
                    Some("webhook") => Event::Push,
                    Some("schedule") => Event::Schedule,
                    Some("ui" | "api") => Event::Manual,
                    Some(_) => Event::Other,
                    None => Event::Unknown,
                },
            ),
            Self::Circleci => (
                "CIRCLE_SHA1",
                is_set("CIRCLE_TAG"),
                is_set("CIRCLE_PULL_REQUEST") || is_set("CIRCLE_PR_NUMBER"),
                Event::Unknown,
            ),
            Self::Bitbucket => (
                "BITBUCKET_COMMIT",
                is_set("BITBUCKET_TAG"),
                is_set("BITBUCKET_PR_ID"),
                Event::Unknown,
            ),
            Self::Jenkins => {
                ("GIT_COMMIT", is_set("TAG_NAME"), is_set("CHANGE_ID"), Event::Unknown)
            }
            Self::None => ("CEKURA_GATE_COMMIT", false, false, Event::Unknown),
        };
        let event = match () {
            () if is_pull => Event::PullRequest,
            () if is_tag => Event::Tag,
            () => event,
        };
        let own = variable("CEKURA_GATE_COMMIT");
        Origin::new(event, own.or(of_event.as_deref()).or_else(|| variable(commit)))
    }

    /// What the pull request of a job is compared with, as far as the system's variables and its
    /// event say. A push has none: the gate on the commit before it may have failed.
    ///
    /// # Errors
    ///
    /// Why it is not known.
    pub fn change_base<'a>(
        self,
        variable: impl Fn(&str) -> Option<&'a str>,
        event: Option<&str>,
    ) -> Result<ChangeBase, String> {
        let commit = |name: &str| variable(name).filter(|value| !value.is_empty());
        let branch = |name: &str| {
            let name = commit(name)?;
            let name = name.strip_prefix("refs/heads/").unwrap_or(name);
            Some(format!("refs/remotes/origin/{name}"))
        };
        let event: Option<serde_json::Value> =
            event.and_then(|text| serde_json::from_str(text).ok());
        let of_event = |places: [&str; 2]| {
            let text = |place: &str| event.as_ref()?.pointer(place)?.as_str();
            places.iter().find_map(|place| text(place)).map(str::to_owned)
        };
        let own = |name: &str| commit(name).map(str::to_owned);
        let (reference, head) = match self {
            Self::Github => (
                of_event(["/pull_request/base/sha", "/merge_group/base_sha"]),
                of_event(["/pull_request/head/sha", "/merge_group/head_sha"]),
            ),
            Self::Gitlab => (
                own("CI_MERGE_REQUEST_DIFF_BASE_SHA"),
                own("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA").or_else(|| own("CI_COMMIT_SHA")),
            ),
            Self::Azure => (
                branch("SYSTEM_PULLREQUEST_TARGETBRANCH"),
                own("SYSTEM_PULLREQUEST_SOURCECOMMITID"),
            ),
            Self::Bitbucket => (own("BITBUCKET_PR_DESTINATION_COMMIT"), own("BITBUCKET_COMMIT")),
            Self::Buildkite => {
                (branch("BUILDKITE_PULL_REQUEST_BASE_BRANCH"), own("BUILDKITE_COMMIT"))
            }
            Self::Jenkins => (branch("CHANGE_TARGET"), own("GIT_COMMIT")),
            Self::Circleci | Self::None => {
                let title = self.title();
                return Err(format!(
                    "{title} does not say what a change is compared with: name a commit or a branch"
                ));
            }
        };
        match reference {
            Some(reference) => Ok(ChangeBase { reference, head }),
            None => Err(format!(
                "{} says of no pull request that this job is for: name a commit or a branch",
                self.title()
            )),
        }
    }

    /// The name that people know it by.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Github => "GitHub Actions",
            Self::Gitlab => "GitLab CI",
            Self::Jenkins => "Jenkins",
            Self::Azure => "Azure Pipelines",
            Self::Circleci => "CircleCI",
            Self::Buildkite => "Buildkite",
            Self::Bitbucket => "Bitbucket Pipelines",
            Self::None => "no CI system",
        }
    }

    /// The name that `--ci` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Jenkins => "jenkins",
            Self::Azure => "azure",
            Self::Circleci => "circleci",
            Self::Buildkite => "buildkite",
            Self::Bitbucket => "bitbucket",
            Self::None => "none",
        }
    }

    /// The line that opens a group of the log; none where the system knows no groups. The title may
    /// be untrusted. `key` is our own word for it, of lower-case letters; `at` is the time as
    /// seconds since 1970, which GitLab shows as the group's duration.
    pub fn open_group(self, key: &str, title: &str, at: i64) -> Option<String> {
        let title = neutral(&short(title, 200));
        match self {
            Self::Github => Some(format!("::group::{}\n", one_percent(&title))),
            Self::Azure => Some(format!("##[group]{title}\n")),
            Self::Buildkite => Some(format!("--- {title}\n")),
            Self::Gitlab => Some(format!(
                "\x1b[0Ksection_start:{at}:cekura_gate_{key}[collapsed=true]\r\x1b[0K{title}\n"
            )),
            Self::Jenkins | Self::Circleci | Self::Bitbucket | Self::None => None,
        }
    }

    /// The line that closes the group that [`Self::open_group`] opened; none where nothing closes
    /// one.
    pub fn close_group(self, key: &str, at: i64) -> Option<String> {
        match self {
            Self::Github => Some("::endgroup::\n".to_owned()),
            Self::Azure => Some("##[endgroup]\n".to_owned()),
            Self::Gitlab => Some(format!("\x1b[0Ksection_end:{at}:cekura_gate_{key}\r\x1b[0K\n")),
            // A group lasts until the next one: this one is open, so that what follows is seen.
            Self::Buildkite => Some("+++ cekura-gate\n".to_owned()),
            Self::Jenkins | Self::Circleci | Self::Bitbucket | Self::None => None,
        }
    }
}

/// The first of these variables that is set, or the last.
fn first_set(is_set: impl Fn(&str) -> bool, names: &[&'static str]) -> &'static str {
    let set = names.iter().find(|name| is_set(name));
    set.or(names.last()).copied().unwrap_or_default()
}

/// The commit that an event of GitHub is about, where it is another one than `GITHUB_SHA`: that is
/// the merge for a pull request, and the newest of the default branch for `pull_request_target` and
/// `workflow_run`. None in a document of another event, or in one that is none.
fn commit_of_event(text: &str) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(text).ok()?;
    let places = ["/pull_request/head/sha", "/merge_group/head_sha", "/workflow_run/head_sha"];
    let found = places.iter().find_map(|place| event.pointer(place)?.as_str());
    found.map(str::to_owned)
}

/// The title of a command is percent-decoded.
fn one_percent(text: &str) -> String {
    text.replace('%', "%25")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::escape::terminal::tests::holds_a_command;
    use crate::escape::tests::hostile;

    fn of(pairs: &'static [(&'static str, &'static str)]) -> System {
        System::detect(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn each_system_is_known_by_what_only_it_sets() {
        let table: [(&[(&str, &str)], System); 10] = [
            (&[("GITHUB_ACTIONS", "true"), ("CI", "true")], System::Github),
            (&[("GITLAB_CI", "true")], System::Gitlab),
            (&[("TF_BUILD", "True")], System::Azure),
            (&[("CIRCLECI", "true")], System::Circleci),
            (&[("BUILDKITE", "true")], System::Buildkite),
            (&[("BITBUCKET_BUILD_NUMBER", "7")], System::Bitbucket),
            (&[("JENKINS_URL", "http://ci"), ("BUILD_ID", "7")], System::Jenkins),
            (&[("JENKINS_URL", "http://ci"), ("GITHUB_ACTIONS", "true")], System::Github),
            (&[("GITHUB_ACTIONS", "false"), ("CI", "true")], System::None),
            (&[], System::None),
        ];
        for (variables, system) in table {
            assert_eq!(of(variables), system, "{variables:?}");
        }
    }

    #[test]
    fn a_pull_request_and_a_tag_are_told_from_a_push_whatever_their_branch_is_called() {
        let event = |pairs: &'static [(&'static str, &'static str)]| {
            let system = of(pairs);
            let get =
                |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
            system.origin(get, None).event
        };
        let github = ("GITHUB_ACTIONS", "true");
        let gitlab = ("GITLAB_CI", "true");
        let azure = ("TF_BUILD", "True");
        let table: Vec<(Vec<(&'static str, &'static str)>, Event)> = vec![
            (vec![github, ("GITHUB_EVENT_NAME", "push")], Event::Push),
            (vec![github, ("GITHUB_EVENT_NAME", "schedule")], Event::Schedule),
            (vec![github, ("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF_TYPE", "tag")], Event::Tag),
            (vec![github, ("GITHUB_EVENT_NAME", "pull_request_target")], Event::PullRequest),
            (vec![github, ("GITHUB_EVENT_NAME", "merge_group")], Event::PullRequest),
            (vec![github, ("GITHUB_EVENT_NAME", "issue_comment")], Event::Other),
            (vec![gitlab, ("CI_PIPELINE_SOURCE", "push")], Event::Push),
            (vec![gitlab, ("CI_PIPELINE_SOURCE", "push"), ("CI_COMMIT_TAG", "main")], Event::Tag),
            (vec![gitlab, ("CI_PIPELINE_SOURCE", "merge_request_event")], Event::PullRequest),
            (vec![gitlab, ("CI_PIPELINE_SOURCE", "parent_pipeline")], Event::Other),
            (vec![azure, ("BUILD_REASON", "PullRequest")], Event::PullRequest),
            (vec![azure, ("BUILD_REASON", "BatchedCI")], Event::Push),
            (vec![("BUILDKITE", "true"), ("BUILDKITE_PULL_REQUEST", "7")], Event::PullRequest),
            (
                vec![
                    ("BUILDKITE", "true"),
                    ("BUILDKITE_PULL_REQUEST", "false"),
                    ("BUILDKITE_SOURCE", "webhook"),
                ],
                Event::Push,
            ),
            (vec![("CIRCLECI", "true"), ("CIRCLE_TAG", "main")], Event::Tag),
            (vec![("BITBUCKET_BUILD_NUMBER", "7"), ("BITBUCKET_PR_ID", "3")], Event::PullRequest),
            (vec![("JENKINS_URL", "x"), ("CHANGE_ID", "3")], Event::PullRequest),
            (vec![("JENKINS_URL", "x"), ("BRANCH_NAME", "main")], Event::Unknown),
            (vec![], Event::Unknown),
        ];
        for (variables, expected) in table {
            assert_eq!(event(variables.leak()), expected);
        }
    }

    #[test]
    fn the_commit_is_the_one_that_was_pushed_and_not_its_merge() {
        const HEAD: &str = "bbbbbbb0123456789";
        let github = ("GITHUB_ACTIONS", "true");
        let gitlab = ("GITLAB_CI", "true");
        let sha = ("GITHUB_SHA", "aaaaaaa0123456789");
        let request = r#"{"pull_request": {"head": {"sha": "bbbbbbb0123456789"}}}"#;
        let queue = r#"{"merge_group": {"head_sha": "bbbbbbb0123456789"}}"#;
        type Variables = Vec<(&'static str, &'static str)>;
        let table: Vec<(Variables, Option<&str>, &str)> = vec![
            (vec![github, sha], Some(request), "bbbbbbb"),
            (vec![github, sha], Some(queue), "bbbbbbb"),
            (vec![github, sha], Some(r#"{"workflow_run": {"head_sha": "bbbbbbb01"}}"#), "bbbbbbb"),
            (vec![github, sha], Some(r#"{"head_commit": {"id": "bbbbbbb01"}}"#), "aaaaaaa"),
            (vec![github, sha], Some(r#"{"pull_request": {"head": {"sha": 7}}}"#), "aaaaaaa"),
            (vec![github, sha], Some("not JSON"), "aaaaaaa"),
            (vec![github, sha], None, "aaaaaaa"),
            (vec![github, sha, ("CEKURA_GATE_COMMIT", "ccccccc0123")], Some(request), "ccccccc"),
            (vec![gitlab, ("CI_COMMIT_SHA", "aaaaaaa01")], None, "aaaaaaa"),
            (
                vec![
                    gitlab,
                    ("CI_COMMIT_SHA", "aaaaaaa01"),
                    ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", HEAD),
                ],
                None,
                "bbbbbbb",
            ),
            (
                vec![
                    ("TF_BUILD", "True"),
                    ("BUILD_SOURCEVERSION", "aaaaaaa01"),
                    ("SYSTEM_PULLREQUEST_SOURCECOMMITID", HEAD),
                ],
                None,
                "bbbbbbb",
            ),
        ];
        for (variables, event, expected) in table {
            let variables: &'static _ = variables.leak();
            let get = |name: &str| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
            };
            let commit = of(variables).origin(get, event).commit;
            assert_eq!(commit.as_deref(), Some(expected), "{variables:?} {event:?}");
        }
    }

    #[test]
    fn a_group_opens_and_closes_as_each_log_reads_it() {
        let shown = |system: System| {
            let open = system.open_group("runs", "40 runs, 97%", 7)?;
            Some(open + &system.close_group("runs", 9)?)
        };
        let gitlab = "\x1b[0Ksection_start:7:cekura_gate_runs[collapsed=true]\r\x1b[0K40 runs, 97%\n\
                      \x1b[0Ksection_end:9:cekura_gate_runs\r\x1b[0K\n";
        for (system, text) in [
            (System::Github, Some("::group::40 runs, 97%25\n::endgroup::\n")),
            (System::Azure, Some("##[group]40 runs, 97%\n##[endgroup]\n")),
            (System::Buildkite, Some("--- 40 runs, 97%\n+++ cekura-gate\n")),
            (System::Gitlab, Some(gitlab)),
            (System::Jenkins, None),
            (System::Circleci, None),
            (System::Bitbucket, None),
            (System::None, None),
        ] {
            assert_eq!(shown(system).as_deref(), text, "{system:?}");
        }
    }

    proptest! {
        #[test]
        fn a_title_of_a_group_is_no_other_command(title in hostile()) {
            for system in System::ALL {
                let Some(open) = system.open_group("runs", &title, 7) else { continue };
                prop_assert_eq!(open.matches('\n').count(), 1);
                let (_, shown) = match system {
                    System::Github => open.split_once("::group::").unwrap(),
                    System::Azure => open.split_once("##[group]").unwrap(),
                    System::Gitlab => open.split_once("\r\x1b[0K").unwrap(),
                    _ => open.split_once("--- ").unwrap(),
                };
                prop_assert!(!holds_a_command(shown), "{}", open);
                prop_assert!(!shown.contains('\x1b'), "{}", open);
            }
        }
    }
}
