//! How a body is read: piece by piece as it arrives, and to its end.

use super::WireError;

/// Reads one body.
pub trait Reading {
    /// What comes out.
    type Value;

    /// Takes the next piece.
    ///
    /// # Errors
    ///
    /// When it is already clear that the body can't be read, or that it holds too much at once.
    fn take(&mut self, piece: &[u8]) -> Result<(), Unread>;

    /// Takes the end.
    ///
    /// # Errors
    ///
    /// When the body can't be read.
    fn finish(self) -> Result<Self::Value, WireError>;
}

/// Why a body was not read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It can't be read.
    Unreadable(WireError),
    /// It would take more memory than so many bytes.
    TooLarge(u64),
}

/// Reads a body once all of it is there.
pub struct Whole<F> {
    body: Vec<u8>,
    read: F,
}

impl<F> Whole<F> {
    /// Reads the body with `read`.
    pub const fn new(read: F) -> Self {
        Self { body: Vec::new(), read }
    }
}

impl<T, F: FnOnce(&[u8]) -> Result<T, WireError>> Reading for Whole<F> {
    type Value = T;

    fn take(&mut self, piece: &[u8]) -> Result<(), Unread> {
        self.body.extend_from_slice(piece);
        Ok(())
    }

    fn finish(self) -> Result<T, WireError> {
        (self.read)(&self.body)
    }
}
