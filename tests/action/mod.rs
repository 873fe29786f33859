//! The GitHub action's steps as a runner runs them, and every example workflow as its system does:
//! the scripts between the CI system and the gate.
#![cfg(target_os = "linux")]
mod batches;
mod cekura;
mod inputs;
mod install;
mod job;
mod workflows;
