//! The events of whole batches against the simulator: which a reporter receives, and in which order.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};

use crate::context::Context;
use crate::event::{Event, What};
use crate::input::connection;
use crate::input::overrides::Overrides;
use crate::plan::Plan;
use crate::preflight::selection;
use crate::run_file::RunDir;
use crate::runner::batch::{Batch, Entry};
use crate::runner::platform::Platform;
use crate::runner::prepare::Resume;
use crate::runner::start::unique_key;
use crate::runtime::runtime;
use crate::simulate::{RealClock, Simulator, World};
use crate::stop::with_signals;

/// A suite of two scenarios that both pass.
const SUITE: &str = "version: 1\nname: NAME\nagent: 1\nscenarios: [1, 2]\n";

/// What an event says, as far as it is the same each time.
fn line_of(event: &Event<'_>) -> Option<String> {
    let name = event.name.map(|name| format!(" {name}")).unwrap_or_default();
    let what = match event.what {
        What::Started { is_resumed, .. } => format!("started, resumed: {is_resumed}"),
        What::WaitBegan { .. } => "wait began".to_owned(),
        What::WaitEnded { .. } => "wait ended".to_owned(),
        What::Judged(gate) => format!("judged: {}", gate.word()),
        What::Retrying { attempt, runs, .. } => format!("retry {attempt} of {runs}"),
        What::Warning(line) => format!("warning: {line}"),
        What::Progress(_) | What::Refused(_) | What::Updated { .. } | What::Counted { .. } => {
            return None;
        }
    };
    Some(format!("{}{name}: {what}", event.place))
}

/// Runs these suites and gives the events, a line for each.
fn events_of(suites: &[&str]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let context = Context::with_env(&[]);
    let files: Vec<_> = suites
        .iter()
        .enumerate()
        .map(|(at, suite)| {
            let file = dir.path().join(format!("{at}.yml"));
            std::fs::write(&file, suite.replace("NAME", &format!("S{at}"))).unwrap();
            file
        })
        .collect();
    let lines = RefCell::new(Vec::new());
    let events = |event: Event<'_>| lines.borrow_mut().extend(line_of(&event));
    let overrides = &Overrides::default();
    let mut set = selection::asked(&files, overrides, &context, &events).unwrap();
    let entry = |member: selection::Member| {
        let key = unique_key(&member.loaded.suite, &context);
        Entry {
            plan: Plan::new(&member.loaded.suite, &member.loaded.name(), None, &key).unwrap(),
            run_dir: RunDir::open(&dir.path().join(format!("out{}", member.dir)), false).unwrap(),
            dir: member.dir,
            base: member.base,
            is_base: member.is_base,
            loaded: member.loaded,
            earlier: Resume::None,
            failed_from: None,
            calls: Vec::new(),
        }
    };
    let entries: Vec<Entry> = std::mem::take(&mut set.suites).into_iter().map(entry).collect();
    let world = World::for_suites(entries.iter().map(|entry| &entry.loaded.suite));
    let work = with_signals(|stop| async move {
        let scale = world.time_scale;
        let key = world.api_key.clone().unwrap_or_else(|| "simulated".to_owned()).into();
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let simulator = Simulator::start(world, bind, RealClock::start()).await.unwrap();
        let url = simulator.url().parse().unwrap();
        let client = connection::to_simulator(url, &key, scale)?;
        let platform = &Platform { client, dashboard: None, simulator: Some(simulator) };
        let batch = Batch {
            platform,
            context: &context,
            events: &events,
            stop: &stop,
            hears_calls: false,
            is_single: set.is_single,
            until: None,
            overrides,
        };
        batch.run(&set, entries).await
    });
    let batch = runtime().unwrap().block_on(work).unwrap();
    assert_eq!(batch.gates.len(), suites.len());
    lines.into_inner()
}

#[test]
fn a_suite_that_runs_alone_is_told_of_without_a_name() {
    let lines = events_of(&[SUITE]);
    assert_eq!(
        lines,
        ["0: started, resumed: false", "0: wait began", "0: wait ended", "0: judged: passed"]
    );
}

#[test]
fn each_of_several_suites_is_told_of_by_its_place_and_name() {
    let lines = events_of(&[SUITE, SUITE]);
    for (place, name) in [(0, "S0"), (1, "S1")] {
        let own: Vec<&str> = lines
            .iter()
            .filter_map(|line| line.strip_prefix(&format!("{place} {name}: ")))
            .collect();
        let all = ["started, resumed: false", "wait began", "wait ended", "judged: passed"];
        assert_eq!(own, all);
    }
    assert_eq!(lines.len(), 8);
}
