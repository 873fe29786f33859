//! A platform made by hand, which answers what a test says: for what the simulator never does.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::common::program;
use crate::faults::harness::{Finished, KEY};

/// What is asked: method, path with its query, body, and how often that method and path were asked
/// before.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) earlier: usize,
}

type Answer = (u16, Vec<u8>);

/// The platform, and a directory with a suite.
pub(crate) struct Made {
    pub(crate) dir: TempDir,
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Made {
    /// A platform that answers so.
    pub(crate) fn new(
        suite: &str,
        answer: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::at_pace(suite, "x-cekura-simulator: 100\r\n", answer)
    }

    /// A platform that is no simulator, and is asked as seldom.
    pub(crate) fn real(
        suite: &str,
        answer: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::at_pace(suite, "", answer)
    }

    fn at_pace(
        suite: &str,
        pace: &'static str,
        answer: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        let counts = Arc::<Mutex<BTreeMap<String, usize>>>::default();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer, counts) = (log.clone(), Arc::clone(&answer), counts.clone());
                std::thread::spawn(move || serve(stream, pace, &log, &counts, &*answer));
            }
        });
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("cekura-gate.yml"), suite).unwrap();
        Self { dir, url, asked }
    }

    /// Runs the program.
    pub(crate) fn run(&self, args: &[&str]) -> Finished {
        self.run_with(&[], args)
    }

    /// Runs the program with these variables.
    pub(crate) fn run_with(&self, more: &[(&str, &str)], args: &[&str]) -> Finished {
        let env = [("CEKURA_API_KEY", KEY), ("CEKURA_API_URL", &self.url)];
        let env = env.iter().chain(more);
        let env: Vec<(String, String)> =
            env.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let began = std::time::Instant::now();
        let output = program(self.dir.path(), &env, args).output().unwrap();
        Finished::of(&output, began.elapsed(), self.dir.path())
    }

    /// Method and path of each request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(
    stream: TcpStream,
    pace: &str,
    log: &Mutex<Vec<String>>,
    counts: &Mutex<BTreeMap<String, usize>>,
    answer: &dyn Fn(&Asked<'_>) -> Answer,
) {
    let mut reader = BufReader::new(&stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut length = 0;
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header).unwrap_or(0) <= 2 {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let bare = path.split('?').next().unwrap_or_default();
        log.lock().unwrap().push(format!("{method} {path}"));
        let earlier = {
            let mut counts = counts.lock().unwrap();
            let count = counts.entry(format!("{method} {bare}")).or_default();
            *count += 1;
            *count - 1
        };
        let asked = Asked { method: &method, path: &path, body: &body, earlier };
        let (status, body) = answer(&asked);
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{pace}\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let mut out = &stream;
        if out.write_all(head.as_bytes()).and_then(|()| out.write_all(&body)).is_err() {
            return;
        }
    }
}
