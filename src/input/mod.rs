//! What the user gives: suites, lists of suites, flags in place of keys, the connection, secrets.

pub(crate) mod basic_flags;
pub(crate) mod caps;
pub(crate) mod carrier_flags;
pub(crate) mod connection;
pub(crate) mod file;
pub(super) mod input_names;
pub(crate) mod options;
pub(crate) mod overrides;
pub(crate) mod profile;
pub(crate) mod rules;
pub(crate) mod same_suite;
pub(crate) mod secrets;
pub(crate) mod suite_file;
pub(crate) mod suite_list;
pub(crate) mod text_file;
pub(crate) mod variables;
pub(crate) mod words;
