//! How late is a verdict, and what did it cost to know? The gate's schedule against a question every
//! 30 seconds, every 5 seconds, and at doubling intervals, over simulated results of 1 to 2,000 runs.
//!
//! ```sh
//! cargo run --release --example tables -- polling
//! ```
//!
//! Prints the tables of `docs/performance.md`, which `ci/check-polling.py` holds equal to it. Time is
//! simulated, and the seeds are fixed: the figures are the same on every machine.

use std::time::Duration;

use cekura_gate::poll::light::Light;
use cekura_gate::poll::schedule::{Pace, Prior, wait};
use cekura_gate::poll::seen::{Phase, Seen};
use cekura_gate::simulate::engine::{Lengths, TimeLine, time_lines};

use crate::random::Random;

const SIZES: [usize; 8] = [1, 3, 10, 30, 100, 300, 1000, 2000];
/// Results of each shape and size. The schedule's constants were chosen with others.
const SEEDS: u64 = 6;
const FIRST_SEED: u64 = 1000;
/// Seconds from a question to its answer.
const ROUND_TRIP: f64 = 0.2;
/// Bytes of an answer, compressed: of the detail by run (with and without a conversation), of the
/// light list by run, and of either's head.
const DETAIL: f64 = 2500.0;
const EMPTY_DETAIL: f64 = 60.0;
const LIGHT: f64 = 8.0;
const HEAD: f64 = 400.0;

/// How calls turn out.
#[derive(Clone, Copy)]
struct Shape {
    name: &'static str,
    /// Calls at a time.
    lines: usize,
    /// Length of a call.
    talk: Talk,
    /// Length of judging: median and spread of the logarithm.
    judge: (f64, f64),
    /// One run of each result lasts this long.
    hangs: Option<f64>,
    /// What the gate thinks of its calls beforehand.
    prior: Prior,
    /// Whether the goal is for it, or it shows what happens when the guess is wrong.
    odd: bool,
}

#[derive(Clone, Copy)]
enum Talk {
    Normal(f64, f64),
    LogNormal(f64, f64),
    /// Short or long, as often.
    Either(f64, f64),
}

impl Talk {
    fn draw(self, random: &mut Random) -> f64 {
        match self {
            Talk::Normal(mean, spread) => (mean + spread * random.normal()).max(4.0),
            Talk::LogNormal(median, spread) => median * libm::exp(spread * random.normal()),
            Talk::Either(short, long) => {
                let mean = if random.fraction() < 0.5 { short } else { long };
                (mean + 0.1 * mean * random.normal()).max(4.0)
            }
        }
    }
}

const STAND_IN_JUDGES: (f64, f64) = (8.0, 0.0);

const SHAPES: [Shape; 12] = [
    chat(shape("short text, 10 at a time", 10, Talk::Normal(20.0, 8.0), STAND_IN_JUDGES)),
    chat(shape("text, 100 at a time", 100, Talk::Normal(40.0, 15.0), (12.0, 0.4))),
    shape("voice, 10 at a time", 10, Talk::Normal(95.0, 25.0), STAND_IN_JUDGES),
    shape("voice, 50 at a time", 50, Talk::Normal(95.0, 25.0), (15.0, 0.5)),
    shape("voice, 2,000 at a time", 2000, Talk::Normal(95.0, 25.0), (15.0, 0.5)),
    shape("long voice, 10 at a time", 10, Talk::Normal(300.0, 90.0), (20.0, 0.4)),
    shape("long voice, 100 at a time", 100, Talk::Normal(300.0, 90.0), (20.0, 0.4)),
    shape("short and long, 20 at a time", 20, Talk::Either(30.0, 240.0), (15.0, 0.5)),
    odd(shape("heavy tail, 50 at a time", 50, Talk::LogNormal(60.0, 1.0), (15.0, 0.8))),
    odd(shape("five seconds, 50 at a time", 50, Talk::Normal(5.0, 1.0), (1.0, 0.2))),
    odd(shape("slow judging, 50 at a time", 50, Talk::Normal(95.0, 25.0), (180.0, 0.5))),
    odd(Shape {
        hangs: Some(1800.0),
        ..shape("one run hangs for 30 min", 50, Talk::Normal(95.0, 25.0), (15.0, 0.5))
    }),
];

/// What a pull request often starts: a few voice calls. Those that are over in two to three minutes.
const FEW: Shape = shape("four voice runs", 4, Talk::Normal(120.0, 25.0), (12.0, 0.4));
const FEW_RUNS: usize = 4;
const FEW_SEEDS: u64 = 400;

const fn shape(name: &'static str, lines: usize, talk: Talk, judge: (f64, f64)) -> Shape {
    Shape { name, lines, talk, judge, hangs: None, prior: Prior::CALL, odd: false }
}

const fn chat(shape: Shape) -> Shape {
    Shape { prior: Prior::CHAT, ..shape }
}

const fn odd(shape: Shape) -> Shape {
    Shape { odd: true, ..shape }
}

/// A way to choose the moments.
#[derive(Clone, Copy)]
enum Way {
    Gate,
    Every(f64),
    Doubling,
}

/// What knowing the end took.
#[derive(Clone, Copy, Debug)]
struct Cost {
    late: f64,
    requests: f64,
    bytes: f64,
}

/// The costs of some results, by each way.
type Costs = Vec<[Cost; WAYS.len()]>;

const WAYS: [(&str, Way); 4] = [
    ("the gate", Way::Gate),
    ("every 30 s", Way::Every(30.0)),
    ("every 5 s", Way::Every(5.0)),
    ("doubling from 5 s", Way::Doubling),
];

pub(crate) fn print() {
    let of_shape = |shape: &Shape| -> Vec<Costs> {
        SIZES
            .iter()
            .map(|size| {
                (FIRST_SEED..FIRST_SEED + SEEDS).map(|seed| costs(shape, *size, seed)).collect()
            })
            .collect()
    };
    let by_shape: Vec<Vec<Costs>> = SHAPES.iter().map(of_shape).collect();
    let usual: Vec<&Vec<Costs>> =
        SHAPES.iter().zip(&by_shape).filter(|(shape, _)| !shape.odd).map(|(_, of)| of).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut more: Vec<Vec<String>> = Vec::new();
    for (shape, of) in SHAPES.iter().zip(&by_shape) {
        let rows = if shape.odd { &mut more } else { &mut rows };
        rows.push(row(shape.name, of.iter().flatten()));
    }
    rows.push(row("**all of these**", usual.iter().copied().flatten().flatten()));
    table("polling-shapes", "Result", &rows);
    table("polling-odd", "Result", &more);
    let sizes = SIZES.iter().enumerate().map(|(place, size)| {
        let of = usual.iter().filter_map(|by_size| by_size.get(place)).flatten();
        row(&format!("{size} {}", if *size == 1 { "run" } else { "runs" }), of)
    });
    table("polling-sizes", "Size", &sizes.collect::<Vec<_>>());
    let few: Vec<_> = (FIRST_SEED..FIRST_SEED + FEW_SEEDS)
        .filter(|seed| (120.0..=180.0).contains(&end(&lay_out(&FEW, FEW_RUNS, *seed))))
        .map(|seed| costs(&FEW, FEW_RUNS, seed))
        .collect();
    table("polling-few", "Result", &[row(FEW.name, few.iter())]);
}

fn costs(shape: &Shape, size: usize, seed: u64) -> [Cost; WAYS.len()] {
    let lines = lay_out(shape, size, seed);
    WAYS.map(|(_, way)| follow(&lines, way, shape.prior))
}

/// A table with its place in the docs.
fn table(name: &str, first: &str, rows: &[Vec<String>]) {
    println!("<!-- begin {name} -->");
    let ways = WAYS.map(|(name, _)| name).join(" | ");
    println!("| {first} | {ways} |");
    println!("|---{}|", "|--:".repeat(WAYS.len()));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
    println!("<!-- end {name} -->\n");
}

fn row<'a>(name: &str, costs: impl Iterator<Item = &'a [Cost; WAYS.len()]>) -> Vec<String> {
    let costs: Vec<_> = costs.collect();
    let cell = |way| summary(&costs.iter().filter_map(|of| of.get(way)).collect::<Vec<_>>());
    std::iter::once(name.to_owned()).chain((0..WAYS.len()).map(cell)).collect()
}

/// Mean and 95th percentile of the lateness, mean number of requests and of bytes.
fn summary(costs: &[&Cost]) -> String {
    let n = costs.len() as f64;
    let mean = |of: fn(&Cost) -> f64| costs.iter().map(|cost| of(cost)).sum::<f64>() / n;
    let mut late: Vec<f64> = costs.iter().map(|cost| cost.late).collect();
    late.sort_by(f64::total_cmp);
    let p95 = late.get((0.95 * n) as usize).copied().unwrap_or_default();
    let late = mean(|cost| cost.late);
    let digits = usize::from(late < 100.0);
    format!(
        "{late:.digits$} · {p95:.0} s, {:.0}, {:.1} MiB",
        mean(|cost| cost.requests),
        mean(|cost| cost.bytes) / 1024.0 / 1024.0
    )
}

fn lay_out(shape: &Shape, runs: usize, seed: u64) -> Vec<TimeLine> {
    let mut random = Random(seed * 1_000_003 + runs as u64);
    let mut lengths: Vec<Lengths> = (0..runs)
        .map(|_| Lengths {
            ringing: 1.0 + 3.0 * random.fraction(),
            talking: shape.talk.draw(&mut random),
            judging: shape.judge.0 * libm::exp(shape.judge.1 * random.normal()),
        })
        .collect();
    if let Some(length) = shape.hangs {
        let at = random.below(runs);
        if let Some(run) = lengths.get_mut(at) {
            run.talking = length;
        }
    }
    time_lines(&lengths, shape.lines, 5.0)
}

fn phase(line: &TimeLine, at: f64) -> Phase {
    if at < line.answered {
        Phase::Waiting
    } else if at < line.hung_up {
        Phase::Talking
    } else if at < line.settled {
        Phase::Judging
    } else {
        Phase::Ended
    }
}

/// When the last run has been judged.
fn end(lines: &[TimeLine]) -> f64 {
    lines.iter().map(|line| line.settled).fold(0.0, f64::max)
}

/// Asks until the end is known.
fn follow(lines: &[TimeLine], way: Way, prior: Prior) -> Cost {
    let end = end(lines);
    let mut cost = Cost { late: 0.0, requests: 0.0, bytes: 0.0 };
    let detail = |at: f64| {
        let ended = lines.iter().filter(|line| line.settled <= at).count() as f64;
        HEAD + DETAIL * ended + EMPTY_DETAIL * (lines.len() as f64 - ended)
    };
    let mut light = Light::default();
    let mut seen = Seen::default();
    seen.look(0.0, (0..).zip(lines).map(|(id, _)| (id, Phase::Waiting)));
    let mut at = 0.0;
    let mut asked = 0;
    let mut gap = 5.0;
    loop {
        at += match way {
            Way::Gate => {
                let elapsed = Duration::from_secs_f64(at);
                wait(&seen, elapsed, asked, prior, Pace::PLATFORM).as_secs_f64()
            }
            Way::Every(seconds) => seconds,
            Way::Doubling => {
                gap *= 2.0;
                gap / 2.0
            }
        };
        asked += 1;
        cost.requests += 1.0;
        at += ROUND_TRIP;
        if let Way::Gate = way {
            let serves = light.serves(at, lines.len(), seen.count(Phase::Ended));
            if serves {
                cost.bytes +=
                    HEAD + LIGHT * lines.iter().filter(|line| line.settled > at).count() as f64;
            }
            seen.look(at, (0..).zip(lines).map(|(id, line)| (id, phase(line, at))));
            if serves && seen.all_ended() {
                cost.requests += 1.0;
                at += ROUND_TRIP;
            }
            if !serves || seen.all_ended() {
                cost.bytes += detail(at);
                light.whole(at, seen.count(Phase::Ended));
            }
            if seen.all_ended() {
                cost.late = at - end;
                return cost;
            }
        } else {
            cost.bytes += detail(at);
            if at >= end {
                cost.late = at - end;
                return cost;
            }
        }
    }
}
