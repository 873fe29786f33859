//! What each reporter of events is.

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;

use crate::event::Event;

/// Work that goes on as long as it is polled.
type Endless<'a> = Pin<Box<dyn Future<Output = Infallible> + 'a>>;

/// Someone who reports events.
pub(crate) trait Reporter {
    /// Takes in what has happened.
    fn on(&self, event: &Event<'_>);

    /// What it does besides, such as moving a clock.
    fn work(&self) -> Endless<'_> {
        Box::pin(pending())
    }
}
