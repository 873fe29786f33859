//! What is printed and written: console, report files, CI systems' files, the pull request's comment.

pub(crate) mod ci_files;
pub(crate) mod claim;
pub(crate) mod console;
pub(crate) mod listen;
pub(crate) mod pr_comment;
pub(crate) mod progress_view;
pub(crate) mod publisher;
pub(crate) mod report_dir;
pub(crate) mod reporter;
pub(crate) mod reporters;
pub(crate) mod stale;
