//! The suite file: its model, how it is read, and what makes it valid.
//!
//! Pure: text in, a [`Suite`](model::Suite) or [diagnostics](crate::document::Diagnostics) out.
//! Nothing here reads a file, the environment or the clock.

pub mod checks;
pub mod model;
pub mod scalars;
