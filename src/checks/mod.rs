//! The grammar of checks, what a check is asked of, and the unit of its numbers.
//!
//! Pure, and below the suite: it knows texts and numbers, no runs. Judging is in `verdict`.

pub(crate) mod aggregate;
pub mod figure;
pub mod figures;
pub mod grammar;
pub mod spec;
pub(crate) mod unit_words;
pub(crate) mod units;
