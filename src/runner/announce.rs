//! Saying what is waited for: work that takes long is not silent.

use std::time::Duration;

use tokio::time::Instant;

use crate::text;

/// How long work may take without a word.
const FIRST: Duration = Duration::from_secs(5);
/// The longest silence after the first word.
const LONGEST: Duration = Duration::from_secs(60);

/// Does work, and says every now and then what is waited for, while it takes long.
pub(crate) async fn announced<T>(
    what: &str,
    say: impl Fn(&str),
    work: impl Future<Output = T>,
) -> T {
    announced_after(FIRST, what, say, work).await
}

async fn announced_after<T>(
    mut silence: Duration,
    what: &str,
    say: impl Fn(&str),
    work: impl Future<Output = T>,
) -> T {
    let began = Instant::now();
    let mut work = std::pin::pin!(work);
    loop {
        match tokio::time::timeout(silence, &mut work).await {
            Ok(done) => return done,
            Err(_) => {
                let waited = Duration::from_secs(began.elapsed().as_secs());
                say(&format!("still waiting for {what} ({})", text::span(waited)));
                silence = next(silence);
            }
        }
    }
}

/// The silence that follows another.
fn next(silence: Duration) -> Duration {
    (silence * 2).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn work_that_takes_long_is_announced_repeatedly_until_it_is_done() {
        let said = RefCell::new(Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let enough = tokio::sync::Notify::new();
        let say = |line: &str| {
            said.borrow_mut().push(line.to_owned());
            if said.borrow().len() == 3 {
                enough.notify_one();
            }
        };
        runtime.block_on(announced_after(
            Duration::from_millis(1),
            "an answer",
            say,
            enough.notified(),
        ));
        assert_eq!(said.into_inner(), ["still waiting for an answer (0s)"; 3]);
    }

    #[test]
    fn the_silence_grows_up_to_a_minute() {
        let silences = std::iter::successors(Some(FIRST), |silence| Some(next(*silence)));
        let seconds: Vec<u64> = silences.take(6).map(|silence| silence.as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 60, 60]);
    }
}
