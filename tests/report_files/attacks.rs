//! Each attack on each surface: what callers and models write forges nothing and breaks nothing.
//!
//! The table in `docs/security.md` is made from the two lists here. What a surface may hold is told
//! from its reader's side, independently of the escaping. The readers themselves are asked by
//! `ci/check-junit.sh`, which gets a sample of each attack.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cekura_gate::api::wire::read_result;
use cekura_gate::ci::System;
use cekura_gate::escape::markdown::inline;
use cekura_gate::escape::one_line;
use cekura_gate::report::console::Style;
use cekura_gate::report::junit::junit;
use cekura_gate::report::markdown::comment::{Origin, comment, without_a_verdict};
use cekura_gate::report::markdown::markdown;
use cekura_gate::report::model::Report;
use cekura_gate::report::{azure, github, gitlab, json};
use serde_json::Value;

use super::{as_written, github_paths, on_console, paths, sample};

/// What is tried, and the text that tries it.
pub(crate) fn attacks() -> Vec<(&'static str, String)> {
    let mut attacks: Vec<(&str, String)> = [
        ("`::error::` and its like", "::error::forged\n  ::set-output name=passed::true\n::stop-commands::x"),
        ("`##[group]`", "a ##[error]forged ##[group]g\n##[endgroup]"),
        ("`##vso[…]`", "##vso[task.complete result=Succeeded;]done ##VSO[task.setvariable variable=passed]true"),
        ("`##teamcity[…]`", "##teamcity[buildStatus status='SUCCESS']"),
        ("Buildkite's `---` and `+++`", "--- forged\n+++ forged\n~~~ forged\n^^^ +++"),
        ("encoded line breaks", "x%0A::error::forged%0D%0A##vso[task.complete]%3B%5D%AZP250A %25"),
        ("newlines", "a\nb\r\nc\rd\u{b}e\u{c}f\u{85}g\u{2028}h\u{2029}PASSED=true\n\nVERDICT=pass"),
        ("`|`", "| a | b |\n|---|---|\n| c `|` d | e \\| f"),
        ("backticks", "```\n::error::x\n```\n`a` ``b`` ~~~"),
        ("Markdown", "# head\n- item\n1. one\n> quote\n[x](http://evil.example)\n\n[x]: http://evil.example\n**b** _i_ ~~s~~ $x$ [^1]"),
        ("links and mentions", "http://evil.example www.evil.example me@evil.example @octocat @org/team #1 GH-1 mailto:a@b.c ![x](http://evil.example/x.png)"),
        ("HTML", "</details></td><img src=x onerror=alert(1)><!-- --><a href=\"javascript:alert(1)\">x</a>&lt;b&gt;"),
        ("`<script>`", "<script>alert(1)</script><svg/onload=alert(1)></script><script>"),
        ("`]]>`", "]]></failure></testcase><testcase name='forged'/><![CDATA[ &amp; &#0; &#x1b; <?xml?>"),
        ("XML entities", "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>&e;&e;"),
        ("ANSI sequences", "\u{1b}[2J\u{1b}[1A\u{1b}]8;;http://evil.example\u{7}x\u{1b}]8;;\u{7}\u{9b}31m\u{1b}[0Ksection_start:1:x\r\u{1b}[0Kforged\u{1b}[8mha:AAAA\u{1b}[0m"),
        ("NUL and other controls", "a\u{0}b\u{1}c\u{8}d\u{7f}e\u{fffe}f\u{ffff}g\u{feff}h"),
        ("bidirectional controls", "\u{202e}gnp.exe\u{2066}\u{200f}\u{61c}\u{2069}"),
        ("invisible characters", "4\u{ad}1\u{34f}1\u{2060}1\u{3164}1\u{ffa0}\u{115f}1\u{fe0f}\u{feff}\u{180e} \u{e0049}\u{e0067}\u{e006e}\u{e007f}"),
        ("delimiter look-alikes", "D\nDelimiter\ncekura-gate-0000000000000000\nD\npassed<<D\ntrue\nD"),
        ("markers of the comment", "<!-- cekura-gate: Shop -->\n--> <!-- cekura-gate: Checkout%20regression -->"),
    ]
    .map(|(name, text)| (name, text.to_owned()))
    .into();
    attacks.push(("half surrogate pairs in JSON", as_read("\\ud83d x \\ude00\\ud800")));
    attacks.push(("a line of 5 MB", format!("<|`@\u{10ffff} {} ", "x".repeat(990)).repeat(5_000)));
    attacks
}

/// A text as the platform's JSON brings it.
fn as_read(escaped: &str) -> String {
    let body = format!(
        "{{\"id\": 1, \"status\": \"completed\", \"runs\": [{{\"id\": 2, \"status\": \"failed\", \
         \"error_message\": \"{escaped}\"}}]}}"
    );
    let record = read_result(body.as_bytes()).unwrap();
    record.runs[0].error_message.clone().unwrap()
}

/// A report that holds the text wherever the platform's can stand; a huge one in a few places.
pub(crate) fn attacked(text: &str) -> Report {
    if text.len() < 100_000 {
        return sample::hostile(text);
    }
    let mut report = sample::report();
    let spoken = report.result.runs.iter_mut().find(|run| !run.transcript.is_empty()).unwrap();
    spoken.transcript[0].content = text.to_owned();
    let failed = report.outcomes.iter_mut().find(|outcome| outcome.run == spoken.id).unwrap();
    failed.reason = text.to_owned();
    report
}

/// A surface: its name, who reads it, and what it may hold. `Err` says what is wrong.
type Surface = (&'static str, fn(&Report, &str) -> Result<(), String>);

const SURFACES: [Surface; 15] = [
    ("log", log),
    ("log groups", groups),
    ("GitHub annotations", annotations),
    ("GitHub outputs", outputs),
    ("summary", summary),
    ("comment", pull_request),
    ("JUnit", cases),
    ("GitLab dotenv", dotenv),
    ("GitLab link", link),
    ("Azure commands", commands),
    ("`result.json`", saved),
    ("`check` (suite text)", checked),
    ("diagnostics (suite text, file names)", diagnosed),
    ("`-v` (platform)", verbose),
    ("JSON logs (platform)", verbose_json),
];

fn hold(condition: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(what()) }
}

/// What any CI system would take for a command in a line of a log.
fn is_command(line: &str) -> bool {
    let start = line.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let lower = line.to_lowercase();
    let group =
        |sign: &str| start.strip_prefix(sign).is_some_and(|rest| rest.starts_with([' ', '\t']));
    start.starts_with("::")
        || ["---", "+++", "~~~", "^^^"].into_iter().any(group)
        || ["##[", "##vso[", "##teamcity["].iter().any(|mark| lower.contains(mark))
}

fn controls(text: &str, allowed: &[char]) -> Option<char> {
    let bidi = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{ad}', '\u{34f}', '\u{3164}', '\u{feff}'];
    text.chars().find(|c| {
        (c.is_control() && !allowed.contains(c))
            || ('\u{202a}'..='\u{202e}').contains(c)
            || ('\u{2060}'..='\u{206f}').contains(c)
            || ('\u{e0000}'..='\u{e007f}').contains(c)
            || bidi.contains(c)
    })
}

fn plain_lines(text: &str) -> Result<(), String> {
    hold(controls(text, &['\n']).is_none(), || format!("{:?}", controls(text, &['\n'])))?;
    text.lines().find(|line| is_command(line)).map_or(Ok(()), |line| Err(line.to_owned()))
}

fn log(report: &Report, _: &str) -> Result<(), String> {
    let shown = on_console(report, Style { color: false, width: 100 });
    hold(shown.len() < 100_000, || format!("{} bytes", shown.len()))?;
    plain_lines(&shown)
}

fn groups(_: &Report, text: &str) -> Result<(), String> {
    for system in System::ALL {
        let Some(line) = system.open_group("runs", text, 1) else { continue };
        hold(line.matches('\n').count() == 1, || line.clone())?;
        let marks = ["::group::", "##[group]", "--- ", "\r\u{1b}[0K"];
        let title = marks.iter().find_map(|mark| line.split_once(mark)).unwrap().1;
        plain_lines(title)?;
    }
    Ok(())
}

fn annotations(report: &Report, _: &str) -> Result<(), String> {
    let text = github::annotations(report, &as_written);
    hold(text.lines().count() <= 20, || text.clone())?;
    for line in text.lines() {
        let command = ["::error ", "::warning "].iter().find_map(|start| line.strip_prefix(start));
        let (properties, message) = command.and_then(|rest| rest.split_once("::")).ok_or(line)?;
        hold(line.chars().count() < 4096, || line.to_owned())?;
        let names: Vec<&str> =
            properties.split(',').filter_map(|one| one.split('=').next()).collect();
        hold(names == ["file", "title"], || properties.to_owned())?;
        hold(!message.contains("##["), || message.to_owned())?;
        // What the runner decodes is shown as lines of the same log.
        let decoded = message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
        plain_lines(&decoded)?;
    }
    Ok(())
}

/// The outputs as a runner reads them.
fn read_outputs(text: &str) -> Vec<(String, String)> {
    let mut lines = text.lines();
    let mut read = Vec::new();
    while let Some(line) = lines.next() {
        let Some((name, delimiter)) = line.split_once("<<") else {
            read.push((line.to_owned(), String::new()));
            continue;
        };
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        read.push((name.to_owned(), value.join("\n")));
    }
    read
}

fn outputs(report: &Report, _: &str) -> Result<(), String> {
    let paths = paths();
    let expected: Vec<&str> =
        github::outputs(report, github_paths(&paths)).into_iter().map(|(name, _)| name).collect();
    let text = github::output_file(&github::outputs(report, github_paths(&paths)), "D", 0);
    let read = read_outputs(&text);
    let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
    hold(names == expected, || format!("{names:?}"))?;
    let values: BTreeMap<_, _> = read.iter().cloned().collect();
    hold(values["passed"] == "false" && values["verdict"] == "fail", || text.clone())
}

/// Markdown with nothing active in it that is not the gate's own.
fn quiet_markdown(text: &str) -> Result<(), String> {
    hold(controls(text, &['\n']).is_none(), || format!("{:?}", controls(text, &['\n'])))?;
    let ours = ["details", "/details", "summary", "/summary", "br"];
    for tag in text.split('<').skip(1) {
        let name = tag.split(['>', ' ']).next().unwrap_or_default();
        hold(ours.contains(&name) || tag.starts_with("!-- cekura-gate: "), || format!("<{name}"))?;
    }
    hold(text.matches("<!--").count() <= 1, || "a comment within".to_owned())?;
    let folds = |tag: &str| text.matches(tag).count();
    hold(folds("<details>") == folds("</details>"), || "a fold is left open".to_owned())?;
    // GitHub reads no Markdown in a line that begins with its element, and looks for people in what
    // is shown, not in the address of a link.
    let lines = text.lines().filter(|line| !line.starts_with("<details><summary>"));
    let shown = lines.collect::<Vec<_>>().join("\n");
    for at in shown.match_indices('@').map(|(at, _)| at) {
        if shown[..at].rsplit(|c: char| c.is_whitespace()).next().unwrap().contains("](https://") {
            continue;
        }
        let next = shown[at + 1..].chars().next();
        hold(!next.is_some_and(char::is_alphanumeric), || format!("a mention at {at}"))?;
    }
    for (at, _) in shown.match_indices("](") {
        let target = &shown[at + 2..];
        let own = ["https://dashboard.cekura.ai/", "https://github.com/"];
        let escaped = shown[..at].ends_with('\\');
        hold(escaped || own.iter().any(|start| target.starts_with(start)), || {
            target.chars().take(60).collect()
        })?;
    }
    Ok(())
}

fn summary(report: &Report, _: &str) -> Result<(), String> {
    let text = markdown(report);
    hold(text.len() <= 1_048_576, || format!("{} bytes", text.len()))?;
    quiet_markdown(&text)
}

fn pull_request(report: &Report, text: &str) -> Result<(), String> {
    let origin = Origin { commit: Some(text), run: Some("https://github.com/a/b") };
    let written = comment(report, origin);
    hold(written.chars().count() <= 65_536, || format!("{} characters", written.chars().count()))?;
    quiet_markdown(&written)?;
    let failure = without_a_verdict(text, 5, text, origin);
    hold(failure.chars().count() <= 65_536, || format!("{} characters", failure.chars().count()))?;
    quiet_markdown(&failure)
}

fn cases(report: &Report, _: &str) -> Result<(), String> {
    use quick_xml::events::Event;
    let xml = junit(report);
    hold(xml.len() < 20_000_000, || format!("{} bytes", xml.len()))?;
    hold(controls(&xml, &['\n', '\t']).is_none(), || {
        format!("{:?}", controls(&xml, &['\n', '\t']))
    })?;
    let mut reader = quick_xml::Reader::from_str(&xml);
    let mut found = 0;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(element) | Event::Empty(element) => {
                found += usize::from(element.name().as_ref() == b"testcase");
            }
            Event::CData(_) | Event::DocType(_) | Event::PI(_) | Event::Comment(_) => {
                return Err("markup that is not the gate's".to_owned());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    hold(found == 9 + 4, || format!("{found} cases"))
}

fn dotenv(report: &Report, _: &str) -> Result<(), String> {
    let paths = paths();
    let known: Vec<String> = github::outputs(report, github_paths(&paths))
        .into_iter()
        .map(|(name, _)| name.to_uppercase())
        .collect();
    let text = gitlab::dotenv(&github::outputs(report, github_paths(&paths)));
    hold(text.len() <= 5000 && text.lines().count() <= 20, || text.clone())?;
    for line in text.lines() {
        let (name, value) = line.split_once('=').ok_or(line)?;
        hold(known.iter().any(|known| known == name) && !value.is_empty(), || line.to_owned())?;
    }
    let written: Vec<&str> = text.lines().filter(|line| line.starts_with("PASSED=")).collect();
    hold(written == ["PASSED=false"], || text.clone())
}

fn link(report: &Report, _: &str) -> Result<(), String> {
    let Some(text) = gitlab::annotations(report) else { return Ok(()) };
    let document: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let link = &document["Cekura"][0]["external_link"];
    hold(link["label"] == "Cekura result 4711 (failed)", || text.clone())?;
    let url = link["url"].as_str().unwrap_or_default();
    hold(url.starts_with("https://dashboard.cekura.ai/") && url.is_ascii(), || url.to_owned())
}

fn commands(report: &Report, text: &str) -> Result<(), String> {
    let paths = paths();
    let summary = PathBuf::from(format!("/work/{}/summary.md", one_line(text)));
    let issues = azure::annotations(report);
    let results = azure::results(&github::outputs(report, github_paths(&paths)), Some(&summary));
    hold(issues.lines().count() <= 20, || issues.clone())?;
    let starts = ["##vso[task.logissue type=error]", "##vso[task.logissue type=warning]"];
    let wanted = 1 + github::outputs(report, github_paths(&paths)).len();
    hold(results.lines().count() == wanted, || results.clone())?;
    for line in issues.lines().chain(results.lines()) {
        let issue = starts.iter().find_map(|start| line.strip_prefix(start));
        let upload = || line.strip_prefix("##vso[task.uploadsummary]");
        let variable = || {
            let (name, value) =
                line.strip_prefix("##vso[task.setvariable variable=")?.split_once(']')?;
            name.strip_suffix(";isOutput=true").map(|_| value)
        };
        let data = issue.or_else(upload).or_else(variable).ok_or(line)?;
        hold(!data.to_lowercase().contains("##vso["), || data.to_owned())?;
        for code in ["%0D", "%3B", "%5D", "%AZP25"] {
            hold(!data.contains(code), || data.to_owned())?;
        }
        plain_lines(&data.replace("%0A", "\n"))?;
    }
    Ok(())
}

fn saved(report: &Report, _: &str) -> Result<(), String> {
    let text = json::write(report).map_err(|error| error.to_string())?;
    plain_lines(&text)?;
    let read = json::read(&text).map_err(|error| error.to_string())?;
    hold(read == *report, || "it reads back to something else".to_owned())
}

/// The program in an empty directory with a file, and what it printed.
fn printed(file: &str, text: &str, args: &[&str], env: &[(&str, &str)]) -> (i32, String) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(file), text).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cekura-gate"))
        .args(args)
        .current_dir(dir.path())
        .env_clear()
        .envs(env.iter().copied())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// A text as a suite may hold it: a string that YAML reads whole.
fn quoted(text: &str) -> String {
    Value::from(text.chars().take(150).collect::<String>()).to_string()
}

fn checked(_: &Report, text: &str) -> Result<(), String> {
    let quoted = quoted(text);
    let suite = format!(
        "version: 1\nname: {0}\nagent: 1\ntags: [{0}]\nfolder: {0}\nthresholds: {{ metrics: {{ {0}: \
         '>= 1' }} }}\n",
        quoted
    );
    let suites = [suite.replace(&format!("\nfolder: {quoted}"), ""), suite];
    for suite in suites {
        plain_lines(&printed("a.yml", &suite, &["check", "a.yml"], &[]).1)?;
    }
    Ok(())
}

fn diagnosed(_: &Report, text: &str) -> Result<(), String> {
    let name: String = text.chars().filter(|c| !matches!(c, '/' | '\0')).take(60).collect();
    let file = format!("{name}.yml");
    let suite = format!("version: 1\nagent: 1\nscenarios: [1, 1]\n{}: 1\n", quoted(text));
    let (code, shown) = printed(&file, &suite, &["check", "--", &file], &[]);
    hold(code == 2, || shown.clone())?;
    plain_lines(&shown)?;
    // The text as it is: most of it is no YAML.
    let text: String = text.chars().take(2000).collect();
    plain_lines(&printed("b.yml", &text, &["check", "b.yml"], &[]).1)
}

/// What the log of requests shows of a platform that refuses with these words.
fn refused(text: &str, format: &str) -> String {
    use std::io::{Read as _, Write as _};
    let text: String = text.chars().take(2000).collect();
    let body = serde_json::json!({ "detail": text }).to_string();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 65_536]);
            let head = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length:";
            let _ = write!(stream, "{head} {}\r\n\r\n{body}", body.len());
        }
    });
    let suite = "version: 1\nagent: 1\nscenarios: [1]\n";
    let args = ["run", "a.yml", "-vv", "--log-format", format];
    let env = [("CEKURA_API_URL", url.as_str()), ("CEKURA_API_KEY", "k3y-of-a-test")];
    printed("a.yml", suite, &args, &env).1
}

fn verbose(_: &Report, text: &str) -> Result<(), String> {
    plain_lines(&refused(text, "text"))
}

fn verbose_json(_: &Report, text: &str) -> Result<(), String> {
    let shown = refused(text, "json");
    plain_lines(&shown)?;
    let events = shown.lines().filter(|line| line.starts_with('{'));
    let read: Result<Vec<Value>, _> = events.map(serde_json::from_str).collect();
    hold(read.is_ok_and(|events| !events.is_empty()), || shown.clone())
}

#[test]
fn no_attack_forges_or_breaks_a_surface() {
    let mut broken = Vec::new();
    for (attack, text) in attacks() {
        let report = attacked(&text);
        // What is tried without a report is tried a dozen times: a part of it will do.
        let text: String = text.chars().take(100_000).collect();
        for (surface, holds) in SURFACES {
            if let Err(why) = holds(&report, &text) {
                let why: String = why.chars().take(300).collect();
                broken.push(format!("{attack} on {surface}: {why:?}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The checks above can fail: text that is written as it came is noticed on every surface.
#[test]
fn a_surface_that_did_not_escape_would_be_noticed() {
    assert!(plain_lines("ok\n::error::x").is_err() && plain_lines("a \u{202e}b").is_err());
    assert!(plain_lines("+++ x").is_err() && plain_lines("a ##VSO[x]").is_err());
    for text in ["<script>", "@octocat", "[x](http://evil)", "<details>", "\u{1b}[2J"] {
        assert!(quiet_markdown(text).is_err(), "{text}");
        assert!(quiet_markdown(&inline(text)).is_ok(), "{text}");
    }
    let forged = "verdict<<D\nfail\nD\npassed<<D\ntrue\nD\n";
    assert_eq!(read_outputs(forged).len(), 2);
}

/// Every test that the page names is there.
#[test]
fn the_docs_name_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let part = page.split("<!-- end:attacks -->").nth(1).unwrap().split("\n\n`result.json`").next();
    let mut sources = String::new();
    for dir in ["src", "src/escape", "src/report/markdown", "tests/report_files"] {
        for entry in std::fs::read_dir(root.join(dir)).unwrap() {
            let path = entry.unwrap().path();
            sources.push_str(&std::fs::read_to_string(path).unwrap_or_default());
        }
    }
    let names = part.unwrap().split('`').skip(1).step_by(2);
    let names: Vec<&str> = names.filter(|name| name.contains('_') && !name.contains('/')).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(sources.contains(&format!("fn {name}(")), "no test is called {name}");
    }
}

#[test]
fn the_docs_have_the_table_of_attacks() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/security.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- begin:attacks -->\n", "<!-- end:attacks -->");
    let from = page.find(begin).unwrap() + begin.len();
    let to = page.find(end).unwrap();
    let surfaces = SURFACES.map(|(name, _)| name);
    let mut table =
        format!("| | {} |\n|---|{}\n", surfaces.join(" | "), "---|".repeat(SURFACES.len()));
    for (attack, _) in attacks() {
        let attack = attack.replace('|', "\\|");
        table.push_str(&format!("| {attack} |{}\n", " ✓ |".repeat(SURFACES.len())));
    }
    let fresh = format!("\n{table}\n");
    if page[from..to] != fresh && std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{}{fresh}{}", &page[..from], &page[to..])).unwrap();
        return;
    }
    assert_eq!(&page[from..to], fresh, "UPDATE_DOCS=1 cargo test report_files:: writes it again");
}
