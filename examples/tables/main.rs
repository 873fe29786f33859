//! Makes the tables of the docs from simulations with the gate's own code: one program, so that the
//! library is linked once.
//!
//! ```sh
//! cargo run --release --example tables -- sampling
//! ```

#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "printing tables is what it is for, and their sizes are fixed here"
)]

use std::process::ExitCode;

mod false_verdicts;
mod order;
mod polling;
mod random;
mod sampling;
mod statistics;
mod table;

const TABLES: [(&str, fn()); 5] = [
    ("false_verdicts", false_verdicts::print),
    ("order", order::print),
    ("polling", polling::print),
    ("sampling", sampling::print),
    ("statistics", statistics::print),
];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let chosen = TABLES.iter().filter(|(name, _)| wanted.iter().any(|wanted| wanted == name));
    let mut printed = 0;
    for (_, print) in chosen {
        print();
        printed += 1;
    }
    if printed == wanted.len() && printed > 0 {
        return ExitCode::SUCCESS;
    }
    println!("Name tables, each once: {}.", TABLES.map(|(name, _)| name).join(", "));
    ExitCode::FAILURE
}
