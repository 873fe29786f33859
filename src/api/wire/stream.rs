//! A result's detail, read while it arrives.
//!
//! Only one run is held as text at a time: as soon as its object ends it is read, and its transcript
//! goes where no report needs it. What stands around the runs is kept and read at the end. Each part
//! is read by the reader of whole documents: what that refuses is refused here.

use std::collections::BTreeMap;

use super::reading::{Reading, Unread};
use super::run::Runs;
use super::{WireError, WireResult, name_scenarios, read, start_of};
use crate::record::{ResultRecord, RunRecord, UnreadableField};

/// The most that is held of a document as text, in bytes: one run, or all that is around them.
const MOST_HELD: usize = 32 << 20;
/// What a message shows of a body, in bytes.
const SHOWN: usize = 481;

/// Reads the detail of one result.
pub struct ResultReading<K> {
    /// The result that was asked for.
    id: u64,
    keeps: K,
    scan: Scan,
    /// The document without its runs.
    around: Vec<u8>,
    /// The entry of the runs that is arriving, its key included.
    entry: Vec<u8>,
    /// How many entries there were.
    entries: usize,
    runs: BTreeMap<u64, RunRecord>,
    /// Entries that are no runs.
    unreadable: Vec<UnreadableField>,
    /// How the body starts.
    start: Vec<u8>,
}

/// Where in the document the next byte stands.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// Where in `around` the last text of the outermost object begins.
    last_text: usize,
    /// Whether the value that comes next is that of `runs`.
    expects_runs: bool,
    /// What the runs are written as, while they arrive.
    runs: Option<Shape>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Object,
    List,
}

impl Shape {
    const fn brackets(self) -> (u8, u8) {
        match self {
            Shape::Object => (b'{', b'}'),
            Shape::List => (b'[', b']'),
        }
    }
}

impl<K: Fn(&RunRecord) -> bool> ResultReading<K> {
    /// Reads the result of this id and keeps the transcripts of the runs that `keeps` says.
    pub const fn new(id: u64, keeps: K) -> Self {
        Self {
            id,
            keeps,
            scan: Scan {
                depth: 0,
                in_text: false,
                escaped: false,
                last_text: 0,
                expects_runs: false,
                runs: None,
            },
            around: Vec::new(),
            entry: Vec::new(),
            entries: 0,
            runs: BTreeMap::new(),
            unreadable: Vec::new(),
            start: Vec::new(),
        }
    }

    /// Where text goes that stands here.
    fn held(&mut self) -> &mut Vec<u8> {
        if self.scan.runs.is_some() { &mut self.entry } else { &mut self.around }
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<(), Unread> {
        let held = self.held();
        if held.len() + bytes.len() > MOST_HELD {
            return Err(Unread::TooLarge(MOST_HELD as u64));
        }
        held.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes a byte outside of texts that may change where one is.
    fn step(&mut self, byte: u8) -> Result<(), Unread> {
        match byte {
            b'"' => {
                self.scan.in_text = true;
                if self.scan.depth == 1 {
                    self.scan.last_text = self.around.len();
                }
            }
            b'{' | b'[' => {
                self.scan.depth += 1;
                if self.scan.depth == 2 && self.scan.expects_runs {
                    self.hold(&[byte])?;
                    self.entries = 0;
                    let shape = if byte == b'{' { Shape::Object } else { Shape::List };
                    self.scan.runs = Some(shape);
                    self.scan.expects_runs = false;
                    return Ok(());
                }
            }
            b'}' | b']' => {
                if let (2, Some(shape)) = (self.scan.depth, self.scan.runs) {
                    // Nothing but blanks is no entry, unless a comma promised one.
                    if self.entries > 0 || !is_blank(&self.entry) {
                        self.read_entry(shape)?;
                    }
                    self.entry.clear();
                    self.scan.runs = None;
                }
                self.scan.depth = self.scan.depth.saturating_sub(1);
            }
            b',' if self.scan.depth == 2 => {
                if let Some(shape) = self.scan.runs {
                    self.read_entry(shape)?;
                    return Ok(());
                }
            }
            b',' if self.scan.depth == 1 => self.scan.expects_runs = false,
            b':' if self.scan.depth == 1 => {
                let key = self.around.get(self.scan.last_text..).unwrap_or_default();
                self.scan.expects_runs = key.trim_ascii_end() == b"\"runs\"";
            }
            _ => {}
        }
        self.hold(&[byte])
    }

    /// Reads the entry that has just ended.
    fn read_entry(&mut self, shape: Shape) -> Result<(), Unread> {
        let wrong = |path: String, reason: String, start: &[u8]| {
            Unread::Unreadable(WireError { path, reason, start: start_of(start) })
        };
        let (open, close) = shape.brackets();
        let mut document = Vec::with_capacity(self.entry.len() + 2);
        document.push(open);
        document.append(&mut self.entry);
        document.push(close);
        let place = |first: &str| format!("{first}[{}]", self.entries);
        let Runs { runs, unreadable } = read(&document).map_err(|error| {
            let path = match shape {
                Shape::Object => format!("runs.{}", error.path),
                Shape::List => error.path.replacen("[0]", &place("runs"), 1),
            };
            wrong(path, without_place(error.reason), &self.start)
        })?;
        if runs.is_empty() && unreadable.is_empty() {
            return Err(wrong("runs".to_owned(), "expected a run".to_owned(), &self.start));
        }
        for mut entry in unreadable {
            if shape == Shape::List {
                entry.field = entry.field.replacen("runs[0]", &place("runs"), 1);
            }
            self.unreadable.push(entry);
        }
        for mut run in runs {
            if !(self.keeps)(&run) {
                run.transcript = Vec::new();
            }
            self.runs.insert(run.id, run);
        }
        self.entries += 1;
        // The next one is about as long.
        document.clear();
        self.entry = document;
        Ok(())
    }
}

impl<K: Fn(&RunRecord) -> bool> Reading for ResultReading<K> {
    type Value = ResultRecord;

    fn take(&mut self, piece: &[u8]) -> Result<(), Unread> {
        let missing = SHOWN.saturating_sub(self.start.len()).min(piece.len());
        self.start.extend_from_slice(piece.get(..missing).unwrap_or_default());
        let mut rest = piece;
        while !rest.is_empty() {
            if self.scan.escaped {
                let (one, after) = rest.split_at(1);
                self.hold(one)?;
                self.scan.escaped = false;
                rest = after;
                continue;
            }
            let next = match self.scan.in_text {
                true => memchr::memchr2(b'"', b'\\', rest),
                false => rest.iter().position(|byte| {
                    matches!(byte, b'"' | b'{' | b'}' | b'[' | b']' | b',' | b':')
                }),
            };
            let Some(at) = next else { return self.hold(rest) };
            let (before, from) = rest.split_at(at);
            let (byte, after) = from.split_at(1);
            self.hold(before)?;
            match byte {
                b"\\" => {
                    self.hold(byte)?;
                    self.scan.escaped = true;
                }
                b"\"" if self.scan.in_text => {
                    self.hold(byte)?;
                    self.scan.in_text = false;
                }
                [byte, ..] => self.step(*byte)?,
                [] => {}
            }
            rest = after;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<ResultRecord, WireError> {
        let shown = start_of(&self.start);
        let wrong = |path: String, reason: String| WireError { path, reason, start: shown.clone() };
        if let Some(shape) = self.scan.runs.filter(|_| !is_blank(&self.entry)) {
            // The body ends within a run: that says where.
            let mut document = vec![shape.brackets().0];
            document.append(&mut self.entry);
            if let Err(error) = read::<Runs>(&document) {
                let reason = without_place(error.reason);
                return Err(wrong(format!("runs.{}", error.path), reason));
            }
        }
        let result: WireResult =
            read(&self.around).map_err(|error| wrong(error.path, without_place(error.reason)))?;
        let names = result.scenario_names();
        let (mut result, tags) = result.record_and_tags();
        if result.id != self.id {
            let reason = format!("expected {}, found {}", self.id, result.id);
            return Err(wrong("id".to_owned(), reason));
        }
        result.runs = self.runs.into_values().collect();
        name_scenarios(&mut result.runs, &names);
        tags.mark(&mut result.runs);
        result.unreadable = self.unreadable;
        Ok(result)
    }
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace)
}

/// A reason without the line and column, which are of a part of the document.
fn without_place(reason: String) -> String {
    match reason.rfind(" at line ") {
        Some(at) => reason.get(..at).unwrap_or_default().to_owned(),
        None => reason,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const ID: u64 = 7;

    /// Reads a body in pieces of this many bytes.
    fn in_pieces(body: &[u8], size: usize) -> Result<ResultRecord, WireError> {
        let mut reading = ResultReading::new(ID, |_: &RunRecord| true);
        for piece in body.chunks(size.max(1)) {
            reading.take(piece).map_err(|unread| match unread {
                Unread::Unreadable(error) => error,
                Unread::TooLarge(most) => panic!("{most}"),
            })?;
        }
        reading.finish()
    }

    fn run(id: u64) -> Value {
        json!({
            "id": id, "status": "completed", "success": true, "scenario": {"id": 3, "name": "a \"b\" {c"},
            "transcript_object": [{"role": "Agent", "content": "brackets ]}\\ \u{1F600} and \"runs\": [1]"}],
            "evaluation": {"metrics": [{"name": "Latency", "eval_type": "numeric", "score": 3}]},
        })
    }

    fn detail() -> Value {
        json!({
            "name": "runs", "id": ID, "status": "completed", "failed_reasons": {"runs": [1, 2]},
            "runs": {"1": run(1), "2": run(2), "30": run(30)},
            "ai_summary": "it said \"runs\": {",
        })
    }

    #[test]
    fn a_body_in_pieces_is_the_body_as_a_whole() {
        for document in [
            detail(),
            json!({"id": ID, "runs": [run(2), run(1)], "status": "running"}),
            json!({"id": ID, "runs": {}}),
            json!({"runs": [], "id": "7"}),
            json!({"id": ID, "runs": null}),
            json!({"id": ID}),
        ] {
            for body in [document.to_string(), serde_json::to_string_pretty(&document).unwrap()] {
                let whole = super::super::read_result(body.as_bytes()).unwrap();
                for size in [1, 2, 3, 7, 64, 100_000] {
                    assert_eq!(in_pieces(body.as_bytes(), size).unwrap(), whole, "{size}: {body}");
                }
            }
        }
    }

    #[test]
    fn a_body_that_is_cut_anywhere_is_no_result() {
        let body = detail().to_string();
        for at in 0..body.len() {
            let cut = &body.as_bytes()[..at];
            assert!(in_pieces(cut, 11).is_err(), "{at}");
        }
    }

    #[test]
    fn a_fault_is_told_by_its_path() {
        for (document, path, reason) in [
            (json!({"id": ID, "runs": 5}), "runs", "runs as an object"),
            (json!({"id": ID, "status": {}}), "status", "expected a status as text"),
            (json!({"id": 8, "runs": {}}), "id", "expected 7, found 8"),
        ] {
            let error = in_pieces(document.to_string().as_bytes(), 5).unwrap_err();
            assert!(error.path.starts_with(path), "{error} ({path})");
            assert!(error.reason.contains(reason) && !error.reason.contains("at line"), "{error}");
            assert!(error.start.starts_with('{'), "{error}");
        }
    }

    #[test]
    fn a_transcript_that_nobody_needs_is_not_held_and_was_there() {
        let mut reading = ResultReading::new(ID, |run: &RunRecord| run.id == 2);
        reading.take(detail().to_string().as_bytes()).unwrap();
        let result = reading.finish().unwrap();
        let held: Vec<bool> = result.runs.iter().map(|run| !run.transcript.is_empty()).collect();
        assert_eq!(held, [false, true, false]);
        assert!(result.runs.iter().all(|run| run.has_transcript));
    }

    #[test]
    fn half_an_emoji_is_mended_wherever_it_stands() {
        let body =
            r#"{"id": 7, "name": "\ud83d x", "runs": {"1": {"transcript": "Agent: \udc00"}}}"#;
        let result = in_pieces(body.as_bytes(), 1).unwrap();
        assert_eq!(result.name.as_deref(), Some("\u{fffd} x"));
        assert_eq!(result.runs[0].transcript[0].content, "\u{fffd}");
    }

    #[test]
    fn a_text_without_an_end_is_not_held_for_ever() {
        for start in [r#"{"id": 7, "name": ""#, r#"{"id": 7, "runs": {"1": {"transcript": ""#] {
            let mut reading = ResultReading::new(ID, |_: &RunRecord| true);
            reading.take(start.as_bytes()).unwrap();
            let more = vec![b'a'; 1 << 20];
            let taken = (0..100).take_while(|_| reading.take(&more).is_ok()).count();
            assert!((30..33).contains(&taken), "{taken}");
        }
    }

    #[test]
    fn values_that_cannot_be_read_are_missing_as_in_whole_documents() {
        let bodies: [&[u8]; 6] = [
            br#"{"id": 7, "runs": {"1": {"duration": NaN}, "2": {"duration": 1e400}}}"#,
            br#"{"id": 7, "runs": {"1": null, "2": {}, "x": {"id": {}}}}"#,
            br#"{"id": 7, "runs": [{"id": 1}, null, {}, {"id": 2, "evaluation": ""}]}"#,
            br#"{"id": 7, "success_rate": NaN, "runs": [{"id": 1, "success": [NaN]}]}"#,
            b"{\"id\": 7, \"name\": \"\xff\", \"runs\": [{\"id\": 1, \"transcript\": \"\xc3\"}]}",
            b"{\"id\": 7, \"runs\": {\"1\": {\"transcript\": \"\xe9\\ud83d\"}}}",
        ];
        for body in bodies {
            let whole = super::super::read_result(body).unwrap();
            assert!(!whole.runs.is_empty());
            for size in 1..body.len() {
                let shown = String::from_utf8_lossy(body);
                assert_eq!(in_pieces(body, size).as_ref(), Ok(&whole), "{size} {shown}");
            }
        }
    }

    #[test]
    fn what_is_no_json_is_refused_as_in_whole_documents() {
        for body in [
            "",
            "[]",
            "42",
            "null",
            "{",
            "}",
            "{}{}",
            r#"{"id": 7,}"#,
            r#"{"id": 7} x"#,
            r#"{"id": 7, "runs": {,}}"#,
            r#"{"id": 7, "runs": {"1": {},}}"#,
            r#"{"id": 7, "runs": [{"id": 1},]}"#,
            r#"{"id": 7, "runs": {"1" {}}}"#,
            r#"{"id": 7, "runs": {"1": {}]}"#,
            r#"{"id": 7, "runs": {}, "runs": {}}"#,
            r#"{"id": 7, "runs": {"1": {"id": 1} "2": {"id": 2}}}"#,
            r#"{"id": 7, "runs": [{"id": 1}}}"#,
            "<html>\"runs\": {</html>",
        ] {
            assert!(super::super::read_result(body.as_bytes()).is_err(), "{body}");
            assert!(in_pieces(body.as_bytes(), 4).is_err(), "{body}");
        }
    }

    proptest! {
        #[test]
        fn a_document_with_changed_bytes_is_read_as_the_whole_is_or_refused(
            changes in prop::collection::vec((0_usize..900, prop::sample::select(b"{}[]\",:\\ 1au-eN\xff".as_slice())), 0..4),
            size in 1_usize..50,
        ) {
            let mut body = detail().to_string().into_bytes();
            for (at, byte) in changes {
                let at = at % body.len();
                body[at] = byte;
            }
            let whole = super::super::read_result(&body).ok().filter(|result| result.id == ID);
            prop_assert_eq!(in_pieces(&body, size).ok(), whole);
        }
    }
}
