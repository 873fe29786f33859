//! One model of the finished gate ▶ text for each reader.
//!
//! Pure: every report is a function from [`model::Report`] to a `String`. Writing is in `sink`.

pub mod model;
