//! The text of a file that the user names.

use std::path::Path;

use super::file;
use crate::failure::Failure;

/// The text of a file that the user named.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    const LARGEST: u64 = 4 << 20;
    let refuse = |reason: String| Failure::Input { path: path.to_owned(), reason };
    let text = file::read_text(path, LARGEST).map_err(refuse)?;
    if text.trim().is_empty() {
        return Err(refuse("it is empty".to_owned()));
    }
    Ok(text)
}
