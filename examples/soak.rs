//! Runs many suites against platforms that fail at random, and tells what became of them.
//!
//! ```sh
//! cargo build --release && cargo run --release --example soak -- 1000
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a tool for those who change the gate: it tells, and fails by panicking"
)]

#[path = "../tests/faults/soak.rs"]
mod soak;

use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let number = |place: usize| std::env::args().nth(place).and_then(|text| text.parse().ok());
    let (count, first) = (number(1).unwrap_or(1000), number(2).unwrap_or(1));
    // The binary lies beside the directory of the examples.
    let here = std::env::current_exe().unwrap();
    let gate = here.parent().unwrap().parent().unwrap().join("cekura-gate");
    let began = Instant::now();
    let account = soak::run(&gate, first, count);
    println!("{count} suites in {:.0?}, {} requests", began.elapsed(), account.requests);
    println!("{} platforms processed a start, {} starts", account.reached, account.starts);
    for (code, suites) in &account.codes {
        println!("exit {code}: {suites}");
    }
    for wrong in &account.wrong {
        println!("WRONG {wrong}");
    }
    if account.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
