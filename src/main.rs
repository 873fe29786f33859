//! The `cekura-gate` binary: reads its surroundings, runs a command, exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    cekura_gate::cli::main(&cekura_gate::context::Context::of_process()).into()
}
