//! A clock that jumps while the gate waits: it goes by time that passes, not by the time of day.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use super::harness::{Day, GOOD};

/// Debian's `faketime`, where it is installed: it gives a program another time of day.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

#[test]
fn a_clock_that_jumps_neither_ends_the_wait_nor_prolongs_it() {
    if !Path::new(LIBRARY).exists() {
        eprintln!("passed over: {LIBRARY} is missing (apt-get install faketime)");
        return;
    }
    for jump in ["+3d", "-3d"] {
        // A minute's call in about a second, so that the clock jumps in the middle of the wait.
        let world = GOOD.replace("time_scale: 0", "time_scale: 60");
        let mut day = Day::of(&world, "", "127.0.0.1:0".parse().unwrap());
        let clock = day.dir.path().join("clock");
        std::fs::write(&clock, "+400d").unwrap();
        day.env("LD_PRELOAD", LIBRARY);
        day.env("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap());
        day.env("FAKETIME_NO_CACHE", "1");
        day.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");

        let began = Instant::now();
        let mut child = day.spawn(&["run", "--timeout", "1h"]);
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("has started") {
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
        }
        std::fs::write(&clock, jump).unwrap();
        stderr.read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{jump}: {said}");
        assert!(began.elapsed() < Duration::from_secs(30), "{jump}: {said}");

        let saved = std::fs::read(day.dir.path().join("cekura-report/result.json")).unwrap();
        let saved: serde_json::Value = serde_json::from_slice(&saved).unwrap();
        let started: jiff::Timestamp =
            saved["timing"]["started_at"].as_str().unwrap().parse().unwrap();
        let ahead = started.duration_since(jiff::Timestamp::now()).as_hours();
        assert!(ahead > 24 * 399, "the clock was not set: {started}");
        assert!(saved["timing"]["elapsed_seconds"].as_f64().unwrap() < 30.0, "{jump}");
    }
}
