//! The reports as their readers get them, made from a realistic result and from hostile, empty and
//! very large ones.
mod attacks;
mod ci;
mod junit;
mod numbers;
mod one_answer;
mod pages;
mod privacy;
mod promises;
mod sample;
mod saved;
mod summary;
mod terminal;

use std::path::{Path, PathBuf};

use cekura_gate::report::console::{Style, console};
use cekura_gate::report::github::Paths;
use cekura_gate::report::junit::junit;
use cekura_gate::report::markdown::comment::{Origin, comment};
use cekura_gate::report::markdown::markdown;
use cekura_gate::report::model::Report;
use cekura_gate::suite::model::{Junit, RetryMarks, Tolerated};

const ELEMENTS: Junit = Junit { tolerated: None, retries: Some(RetryMarks::Elements) };
const SKIPPED: Junit = Junit { tolerated: Some(Tolerated::Skipped), retries: None };

const HOSTILE: [&str; 14] = [
    "::error::forged",
    "a\n::set-output name=verdict::pass",
    "##[error]forged ##vso[task.complete result=Succeeded]",
    "</details><script>alert(1)</script><img src=x onerror=alert(1)>",
    "[click](http://evil.example) ![x](http://evil.example/x.png) <http://evil.example>",
    "http://evil.example www.evil.example me@evil.example @octocat #1",
    "| a | b |\n|---|---|\n`|` \\| **x** _y_ ~~z~~",
    "```\n# head\n- item\n1. one\n> quote\n---\n~~~",
    "]]></failure></testcase><testcase name='x'/> &amp; &#60; \u{0}\u{b}\u{fffe}",
    "\u{1b}[2J\u{1b}]8;;http://evil.example\u{7}link\u{1b}]8;;\u{7}\u{9b}31m",
    "\u{202e}gnp.exe\u{2066}\u{200f}",
    "EOF\nverdict<<EOF\npass\nEOF",
    "[x]: http://evil.example\n\n[x] &lt;b&gt; <!-- --> <b>bold</b> $\\href{http://evil.example}{x}$",
    "",
];

fn as_written(file: &str) -> Option<String> {
    Some(file.to_owned())
}

fn paths() -> [PathBuf; 3] {
    ["junit.xml", "summary.md", "result.json"].map(|name| Path::new("cekura-report").join(name))
}

fn on_console(report: &Report, style: Style) -> String {
    let paths = paths();
    console(report, style, &[&paths[0], &paths[1], &paths[2]])
}

fn github_paths(paths: &[PathBuf; 3]) -> Paths<'_> {
    Paths {
        junit: Some(&paths[0]),
        summary: Some(&paths[1]),
        dir: Some(Path::new("cekura-report")),
    }
}

/// Writes samples for `ci/check-junit.sh` into the directory that `CEKURA_GATE_SAMPLES` names.
#[test]
fn writes_samples() {
    let Some(dir) = std::env::var_os("CEKURA_GATE_SAMPLES").map(PathBuf::from) else {
        return;
    };
    let named = [
        ("failing", sample::report()),
        ("passing", sample::passing()),
        ("errored", sample::errored()),
        ("unscored", sample::unscored()),
        ("quarantined", sample::quarantined()),
        ("empty", sample::empty()),
        ("large", sample::large(3000, 20)),
        ("hostile", sample::hostile(&HOSTILE.join("\n\n"))),
        ("retried", sample::retried(Junit::default())),
        // The Windy Road schema does not know the elements of retried runs.
        ("retried.jenkins", sample::retried(ELEMENTS)),
        ("tolerated", sample::tolerated(SKIPPED)),
    ];
    let named = named.into_iter().map(|(name, report)| (name.to_owned(), report));
    let each = HOSTILE.iter().enumerate();
    let hostile = each.map(|(at, text)| (format!("hostile-{at}"), sample::hostile(text)));
    let tried = attacks::attacks().into_iter().enumerate();
    let tried = tried.map(|(at, (_, text))| (format!("attack-{at}"), attacks::attacked(&text)));
    for (name, report) in named.chain(hostile).chain(tried) {
        std::fs::write(dir.join(format!("{name}.xml")), junit(&report)).unwrap();
        std::fs::write(dir.join(format!("{name}.md")), markdown(&report)).unwrap();
        let comment = comment(&report, Origin::default());
        std::fs::write(dir.join(format!("{name}.comment.md")), comment).unwrap();
    }
}
