//! The sticky pull-request comment, end to end: the binary against a simulator of GitHub's API.

mod github;

use std::fs;
use std::time::Duration;

use cekura_gate::api::options::Options;
use cekura_gate::comment::client::{Comments, Refusal};
use cekura_gate::comment::target;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::comment::github::{Fault, Github};
use crate::common::{program, set};

const TOKEN: &str = "ghs_t0ken0fTheJob";
const SUITE: &str = "version: 1\nname: Shop\nagent: 1\nscenarios: [1, 2]\nfrequency: 3\n";
const MARKER: &str = "<!-- cekura-gate: Shop -->";
/// The first line of the summary of a run that passed, and of one that failed.
const PASSED: &str = "## ✅ Passed";
const FAILED: &str = "## ❌ Failed";

/// A job about pull request 42.
struct Job {
    dir: TempDir,
    env: Vec<(String, String)>,
}

struct Done {
    code: i32,
    said: String,
}

impl Job {
    fn new(github: &Github) -> Self {
        let mut job = Self { dir: TempDir::new().unwrap(), env: Vec::new() };
        job.write("cekura-gate.yml", SUITE);
        job.world("1");
        job.event("acme/shop");
        let event = job.dir.path().join("event.json").display().to_string();
        for (name, value) in [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_EVENT_PATH", &event),
            ("GITHUB_REF", "refs/pull/42/merge"),
            ("GITHUB_RUN_ID", "77"),
            ("GITHUB_TOKEN", TOKEN),
            ("GITHUB_API_URL", &github.url),
            ("GITHUB_OUTPUT", "output"),
        ] {
            job.env(name, value);
        }
        job
    }

    fn env(&mut self, name: &str, value: &str) {
        set(&mut self.env, name, value);
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    /// What the runs will show: this chance to pass.
    fn world(&self, pass: &str) {
        let scenario = |id| format!("  - {{ id: {id}, name: S{id}, pass: {pass}, error: 0 }}\n");
        let scenarios = [1, 2].map(scenario).concat();
        let agents = "agents: [{ id: 1, name: Mia }]";
        self.write("world.yml", &format!("time_scale: 0\n{agents}\nscenarios:\n{scenarios}"));
    }

    /// The event of a pull request whose commits come from this repository.
    fn event(&self, from: &str) {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        let head = format!(r#"{{"sha": "{sha}", "repo": {{"full_name": "{from}"}}}}"#);
        self.write(
            "event.json",
            &format!(r#"{{"pull_request": {{"number": 42, "head": {head}}}}}"#),
        );
    }

    fn gate(&self, args: &[&str]) -> Done {
        let output = program(self.dir.path(), &self.env, args).output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        let said = said.concat();
        assert!(!said.contains(TOKEN), "the token is shown: {said}");
        Done { code: output.status.code().unwrap(), said }
    }

    fn run(&self) -> Done {
        self.gate(&["run", "--simulate=world.yml", "--comment"])
    }
}

impl Done {
    #[track_caller]
    fn says(&self, code: i32, words: &str) {
        assert_eq!(self.code, code, "{}", self.said);
        assert!(self.said.contains(words), "`{words}` is not in: {}", self.said);
    }
}

/// The only comment.
#[track_caller]
fn only(github: &Github) -> String {
    let comments = github.comments();
    assert_eq!(comments.len(), 1, "{comments:?}");
    comments[0].1.clone()
}

#[test]
fn the_first_run_makes_the_comment_and_later_ones_update_it() {
    let github = Github::start();
    let job = Job::new(&github);
    job.run().says(0, "pull request 42 has the comment: https://github.com/acme/shop/pull/42#");
    let body = only(&github);
    assert!(body.starts_with(&format!("{MARKER}\n{PASSED}")), "{body}");
    assert!(
        body.contains(
            "commit 0123456789 · [the job](https://github.com/acme/shop/actions/runs/77)"
        )
    );

    job.world("0");
    job.run().says(1, "has the comment");
    let body = only(&github);
    assert!(body.contains(FAILED) && !body.contains(PASSED), "{body}");
    assert!(
        body.contains("| ❌ failed | success\\_rate |") && body.contains("S1: 3 of 3 runs failed")
    );
    let asked = github.asked();
    assert!(asked.iter().all(|one| one.authorization == format!("Bearer {TOKEN}")));
    let lines: Vec<&str> = asked.iter().map(|one| one.line.as_str()).collect();
    let all = "/api/v3/repos/acme/shop/issues/42/comments";
    let one = "/api/v3/repos/acme/shop/issues/comments/1000";
    let (get, post) = (format!("GET {all}"), format!("POST {all}"));
    assert_eq!(lines, [&get, &post, &get, &format!("PATCH {one}")]);
}

#[test]
fn the_difference_to_the_baseline_is_in_the_comment() {
    let github = Github::start();
    let job = Job::new(&github);
    job.run().says(0, "");
    // The base is of an earlier commit.
    let saved = fs::read_to_string(job.dir.path().join("cekura-report/result.json")).unwrap();
    fs::write(job.dir.path().join("base.json"), saved.replace("0123456", "0000001")).unwrap();
    job.world("0");
    let args = ["run", "--simulate=world.yml", "--comment", "--baseline", "base.json"];
    job.gate(&args).says(1, "has the comment");
    let body = only(&github);
    assert!(body.contains("<summary>Since result 2001 (base.json)</summary>"), "{body}");
}

#[test]
fn a_saved_result_can_be_told_again() {
    let github = Github::start();
    let job = Job::new(&github);
    job.gate(&["run", "--simulate=world.yml"]).says(0, "");
    assert!(github.asked().is_empty(), "nobody asked for a comment");
    let args = ["judge", "cekura-report/result.json", "--report-dir", "again", "--comment"];
    job.gate(&args).says(0, "has the comment");
    assert!(only(&github).starts_with(MARKER));
}

#[test]
fn suites_have_comments_of_their_own() {
    let github = Github::start();
    let job = Job::new(&github);
    job.run().says(0, "");
    job.write("cekura-gate.yml", &SUITE.replace("Shop", "Nightly"));
    job.run().says(0, "");
    job.run().says(0, "");
    let starts: Vec<String> =
        github.comments().iter().map(|(_, body)| body.lines().next().unwrap().to_owned()).collect();
    assert_eq!(starts, [MARKER, "<!-- cekura-gate: Nightly -->"]);
}

#[test]
fn the_comment_is_found_behind_hundreds_of_others() {
    let github = Github::start();
    for at in 0..230 {
        github.comment("octocat", "User", &format!("comment {at}, quoting {MARKER}"));
    }
    github.comment("github-actions[bot]", "Bot", &format!("{MARKER}\nold"));
    let job = Job::new(&github);
    job.run().says(0, "has the comment");
    let comments = github.comments();
    assert_eq!(comments.len(), 231);
    assert!(comments[230].1.contains(PASSED), "{:?}", comments[230]);
}

#[test]
fn a_comment_that_somebody_else_wrote_is_never_taken_for_ones_own() {
    let github = Github::start();
    let forged = format!("{MARKER}\n{PASSED}");
    github.comment("mallory", "User", &forged);
    let job = Job::new(&github);
    job.world("0");
    job.run().says(1, "has the comment");
    let comments = github.comments();
    assert_eq!(comments[0], ("mallory".to_owned(), forged));
    assert!(comments[1].1.contains(FAILED), "{comments:?}");
}

#[test]
fn a_comment_that_only_quotes_the_marker_is_not_taken_for_ones_own() {
    let github = Github::start();
    let quoted = format!("> {MARKER}\n> {PASSED}\n\nlooks good");
    github.comment("github-actions[bot]", "Bot", &quoted);
    Job::new(&github).run().says(0, "has the comment");
    let comments = github.comments();
    assert_eq!((comments.len(), &comments[0].1), (2, &quoted));
}

#[test]
fn a_comment_that_goes_away_while_it_is_updated_is_made_again() {
    let github = Github::start();
    github.comment("github-actions[bot]", "Bot", &format!("{MARKER}\n{PASSED}"));
    let gone = Fault::Refuse(404, Vec::new(), "Not Found");
    github.faults(&[Fault::Fine, gone]);
    Job::new(&github).run().says(0, "has the comment");
    let asked = github.asked();
    let methods: Vec<&str> = asked.iter().filter_map(|one| one.line.split(' ').next()).collect();
    assert_eq!(methods, ["GET", "PATCH", "GET", "PATCH"], "it is looked for once more");
}

#[test]
fn a_list_of_comments_without_an_end_is_not_read() {
    let github = Github::start();
    github.faults(&[Fault::Blanks(65 << 20)]);
    Job::new(&github).run().says(0, "GitHub answered 200, which is not a list of comments");
    assert!(github.comments().is_empty());
}

#[test]
fn a_persons_token_updates_that_persons_comment() {
    let github = Github::start();
    github.person("release-bot");
    github.comment("mallory", "User", MARKER);
    let job = Job::new(&github);
    job.run().says(0, "");
    job.run().says(0, "");
    let authors: Vec<String> = github.comments().into_iter().map(|(author, _)| author).collect();
    assert_eq!(authors, ["mallory", "release-bot"]);
}

#[test]
fn a_token_that_may_not_write_is_told_and_changes_nothing() {
    let said = "Resource not accessible by integration";
    for (status, from, words) in [
        (403, "acme/shop", "(403): give the job `permissions: pull-requests: write`"),
        (404, "acme/shop", "(404): give the job `permissions: pull-requests: write`"),
        (403, "mallory/shop", "(403): the pull request comes from a fork"),
        (401, "acme/shop", "GitHub rejected the token (401)"),
    ] {
        let github = Github::start();
        let job = Job::new(&github);
        job.event(from);
        // Reading is allowed, writing is not.
        github.faults(&[Fault::Fine, Fault::Refuse(status, Vec::new(), said)]);
        job.run().says(
            0,
            &format!(
                "warning: no pull-request comment: {}",
                if status == 401 {
                    words.to_owned()
                } else {
                    format!("the token may not write comments {words}")
                }
            ),
        );
        assert!(github.comments().is_empty());
        let output = fs::read_to_string(job.dir.path().join("output")).unwrap();
        assert!(output.contains("passed"), "{output}");
    }
}

#[test]
fn a_fault_of_the_server_is_tried_again_and_makes_no_second_comment() {
    let github = Github::start();
    let refuse = |status| Fault::Refuse(status, Vec::new(), "<html>");
    // The second answer to the creation is lost: the comment is there all the same.
    github.faults(&[refuse(502), Fault::Fine, Fault::DoneBut(503)]);
    let job = Job::new(&github);
    job.run().says(0, "has the comment");
    assert!(only(&github).contains(PASSED));

    github.faults(&[refuse(500), refuse(500), refuse(500), refuse(500), refuse(500)]);
    job.run().says(0, "no pull-request comment: GitHub answered 500");
    assert_eq!(github.comments().len(), 1);
}

#[test]
fn a_rate_limit_is_waited_for_only_as_long_as_github_says() {
    let github = Github::start();
    let soon = Fault::Refuse(429, vec![("retry-after", "0".to_owned())], "slow down");
    github.faults(&[soon]);
    let job = Job::new(&github);
    job.run().says(0, "has the comment");

    for headers in
        [vec![("x-ratelimit-remaining", "0".to_owned())], vec![("retry-after", "3600".to_owned())]]
    {
        github.faults(&[Fault::Refuse(403, headers, "API rate limit exceeded")]);
        let before = github.asked().len();
        job.run().says(0, "no pull-request comment: GitHub's rate limit is reached");
        assert_eq!(github.asked().len(), before + 1);
    }
}

#[test]
fn a_redirect_is_not_followed_with_the_token() {
    let (github, other) = (Github::start(), Github::start());
    let elsewhere = vec![("location", format!("{}/repos/acme/shop/issues/42/comments", other.url))];
    github.faults(&[Fault::Refuse(307, elsewhere, "Moved")]);
    Job::new(&github).run().says(0, "no pull-request comment: GitHub answered 307: Moved");
    assert!(other.asked().is_empty());
}

#[test]
fn what_github_says_is_hostile_too() {
    let github = Github::start();
    let forged = "\u{1b}[2J\n::error::forged ##[error]forged";
    github.faults(&[Fault::Refuse(422, Vec::new(), forged)]);
    let done = Job::new(&github).run();
    done.says(0, "no pull-request comment: GitHub answered 422");
    assert!(!done.said.contains(['\u{1b}']) && !done.said.contains("##[error]"), "{}", done.said);
    assert!(!done.said.lines().any(|line| line.starts_with("::error::forged")), "{}", done.said);
}

#[test]
fn without_a_pull_request_or_a_token_it_says_so_and_asks_nobody() {
    let github = Github::start();
    for (name, value, words) in [
        (
            "GITHUB_REF",
            "refs/heads/main",
            "this job is about no pull request (event `pull_request`)",
        ),
        ("GITHUB_TOKEN", "", "GITHUB_TOKEN is not set: give the step"),
        ("GITHUB_ACTIONS", "", "only GitHub Actions has one, and this is no CI system"),
        ("GITHUB_API_URL", "http://ghe.example.com", "GITHUB_API_URL is no https address"),
    ] {
        let mut job = Job::new(&github);
        job.env(name, value);
        if name == "GITHUB_REF" {
            job.env("GITHUB_EVENT_PATH", "nowhere.json");
        }
        job.run().says(0, &format!("warning: no pull-request comment: {words}"));
    }
    assert!(github.asked().is_empty());
}

#[test]
fn a_gate_without_a_verdict_does_not_leave_an_earlier_pass_standing() {
    let github = Github::start();
    let job = Job::new(&github);
    job.run().says(0, "");
    job.write("cekura-gate.yml", &format!("{SUITE}budget: {{ max_runs: 1 }}\n"));
    job.run().says(2, "has the comment");
    let body = only(&github);
    assert!(body.contains("## ❔ No verdict") && !body.contains(PASSED), "{body}");
    assert!(body.contains("the budget allows 1; nothing was started"), "{body}");
}

/// A second suite, and the arguments that gate both.
fn of_two(job: &Job, suite: &str) -> Done {
    job.write("nightly.yml", suite);
    job.gate(&["run", "cekura-gate.yml", "nightly.yml", "--simulate=world.yml", "--comment"])
}

#[test]
fn several_suites_have_one_comment_with_a_section_for_each() {
    let github = Github::start();
    let job = Job::new(&github);
    let nightly = SUITE.replace("Shop", "Nightly");
    let failing = format!("{nightly}thresholds: {{ success_rate: 90%, duration: max <= 1s }}\n");
    of_two(&job, &failing).says(1, "pull request 42 has the comment");
    let body = only(&github);
    let start = "<!-- cekura-gate: suites -->\n# ❌ 1 of 2 suites passed, 1 failed\n";
    assert!(body.starts_with(start), "{body}");
    let (failed, passed) = (body.find(FAILED).unwrap(), body.find(PASSED).unwrap());
    let fold = body.find("<summary>✅ <b>Shop</b>").unwrap();
    assert!(failed < fold && fold < passed, "{body}");
    assert!(body.contains("| ❌ failed | duration |"), "{body}");
    assert!(body.contains("commit 0123456789 · [the job]"), "{body}");
    assert!(body.contains("> Simulated: no real call was made"), "{body}");

    of_two(&job, &nightly).says(0, "has the comment");
    assert!(only(&github).contains("# ✅ 2 of 2 suites passed"));
    // One suite of its own has a comment of its own.
    job.run().says(0, "has the comment");
    assert_eq!(github.comments().len(), 2);
}

#[test]
fn a_list_with_a_name_has_a_comment_of_that_name() {
    let github = Github::start();
    let job = Job::new(&github);
    job.write("nightly.yml", &SUITE.replace("Shop", "Nightly"));
    job.write("gates.yml", "version: 1\nname: Release\nsuites: [cekura-gate.yml, nightly.yml]\n");
    let args = ["run", "gates.yml", "--simulate=world.yml", "--comment"];
    job.gate(&args).says(0, "has the comment");
    assert!(only(&github).starts_with("<!-- cekura-gate: Release -->\n# ✅"));
}

#[test]
fn several_suites_without_a_verdict_do_not_leave_an_earlier_pass_standing() {
    let github = Github::start();
    let job = Job::new(&github);
    let nightly = SUITE.replace("Shop", "Nightly");
    of_two(&job, &nightly).says(0, "has the comment");
    of_two(&job, &format!("{nightly}budget: {{ max_runs: 1 }}\n")).says(2, "has the comment");
    let body = only(&github);
    assert!(body.contains("## ❔ No verdict") && !body.contains(PASSED), "{body}");
    assert!(body.contains("Nightly: the plan has 6 runs"), "{body}");
}

/// A host that takes connections and never says a word.
#[tokio::test]
async fn a_host_that_never_answers_costs_no_more_than_the_time_it_is_given() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let variable = |name: &str| match name {
        "GITHUB_REPOSITORY" => Some("acme/shop"),
        "GITHUB_API_URL" => Some(url.as_str()),
        "GITHUB_REF" => Some("refs/pull/42/merge"),
        _ => None,
    };
    let target = target(variable, None).unwrap();
    let token = SecretString::from(TOKEN);
    let comments = Comments::new(&target, &token, &Options::default()).unwrap();
    let until = Instant::now() + Duration::from_millis(50);
    let refusal = comments.put(MARKER, "text", until).await.unwrap_err();
    assert!(matches!(refusal, Refusal::TimedOut), "{refusal}");
}
