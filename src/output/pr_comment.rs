//! `--comment`: the verdict as one comment on the pull request, updated by each run.
//!
//! Whatever stands in its way is a warning and changes nothing: the comment is no evidence.

use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;

use crate::api::options::{Options, Proxies};
use crate::ci::System;
use crate::comment::client::Comments;
use crate::comment::{Target, target};
use crate::context::Context;
use crate::escape::url;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::options::Global;
use crate::input::{connection, secrets};
use crate::output::console::Console;
use crate::report::gates::{self, BatchReport};
use crate::report::markdown::comment::{self, Origin};
use crate::runtime::runtime;
use crate::stop::Stop;

/// How long GitHub may take in all.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same for a job that is being stopped: the runner kills it after ten seconds.
const HURRY: Duration = Duration::from_secs(2);
/// The longest file about an event that is read, in bytes.
const EVENT: u64 = 64 << 20;

/// Writes the comment, where one is asked for.
pub(crate) struct Commenter {
    /// The pull request and what reaches it, or why there is none.
    way: Result<(Target, SecretString, Options), String>,
    wanted: bool,
}

impl Commenter {
    /// `wanted`: whether `--comment` was given. Without it nothing is read.
    pub(crate) fn new(wanted: bool, global: &Global, context: &Context) -> Self {
        let way = if wanted { way(global, context) } else { Err(String::new()) };
        Self { way, wanted }
    }

    /// Writes the verdict: one comment, with a section for each suite. A signal that comes meanwhile
    /// ends it.
    pub(crate) async fn put_verdict(&self, batch: &BatchReport, console: &Console, stop: &Stop) {
        unless_stopped(self.verdict(batch, console), console, stop).await;
    }

    /// Writes the verdict where nothing else goes on.
    pub(crate) fn put_verdict_now(
        &self,
        batch: &BatchReport,
        console: &Console,
    ) -> Result<(), Failure> {
        if self.wanted {
            runtime()?.block_on(self.verdict(batch, console));
        }
        Ok(())
    }

    async fn verdict(&self, batch: &BatchReport, console: &Console) {
        let text = |origin: Origin<'_>| gates::comment(batch, origin);
        self.put(batch.comment_name(), text, patience_after(batch.code()), console).await;
    }

    /// Writes that a gate ended without a verdict, so that the comment of an earlier one does not
    /// stand for it.
    pub(crate) async fn put_failure(&self, suite: &str, failure: &Failure, console: &Console) {
        let code = failure.code();
        if code.is_signal() {
            return;
        }
        let why = failure.to_string();
        let text =
            |origin: Origin<'_>| comment::without_a_verdict(suite, code.number(), &why, origin);
        self.put(suite, text, PATIENCE, console).await;
    }

    async fn put(
        &self,
        suite: &str,
        text: impl Fn(Origin<'_>) -> String,
        patience: Duration,
        console: &Console,
    ) {
        if !self.wanted {
            return;
        }
        let (target, token, options) = match &self.way {
            Ok(way) => way,
            Err(why) => return console.warn(&format!("no pull-request comment: {why}")),
        };
        let origin = Origin { commit: target.commit.as_deref(), run: target.run.as_deref() };
        let put = async {
            let comments = Comments::new(target, token, options)?;
            let until = Instant::now() + patience;
            comments.put(&comment::marker(suite), &secrets::hide(&text(origin)), until).await
        };
        match put.await {
            Ok(page) => {
                let page = url::web(&page).map(|page| format!(": {page}")).unwrap_or_default();
                console.progress(&format!("pull request {} has the comment{page}", target.number));
            }
            Err(why) => console.warn(&format!("no pull-request comment: {why}")),
        }
    }
}

/// How long GitHub may take after a gate that ended so.
const fn patience_after(code: Code) -> Duration {
    if code.is_signal() { HURRY } else { PATIENCE }
}

/// Waits for the comment, unless a signal comes.
async fn unless_stopped(put: impl Future<Output = ()>, console: &Console, stop: &Stop) {
    let next = async {
        if stop.heard().is_some() { stop.second_signal().await } else { stop.first_signal().await }
    };
    tokio::select! {
        () = put => {}
        signal = next => {
            console.warn(&format!("no pull-request comment: stopped by {signal}"));
        }
    }
}

fn way(global: &Global, context: &Context) -> Result<(Target, SecretString, Options), String> {
    if context.ci != System::Github {
        return Err(format!("only GitHub Actions has one, and this is {}", context.ci.title()));
    }
    let event = context.var("GITHUB_EVENT_PATH");
    let event = event.and_then(|path| crate::input::file::read_text(path.as_ref(), EVENT).ok());
    let target =
        target(|name| context.var(name), event.as_deref()).map_err(|why| why.to_string())?;
    let token = context
        .var("GITHUB_TOKEN")
        .ok_or("GITHUB_TOKEN is not set: give the step `env: GITHUB_TOKEN: ${{ github.token }}`")?;
    let authorities = global.ca_file.as_deref().map(connection::authorities).transpose();
    let options = Options {
        proxies: if target.api.starts_with("http://") {
            Proxies::None
        } else {
            connection::proxies(context)
        },
        authorities: authorities.map_err(|why| why.to_string())?,
        ..Options::default()
    };
    Ok((target, SecretString::from(token.trim()), options))
}
