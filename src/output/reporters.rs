//! All reporters of what happens while suites run: each receives every event.

use futures_util::future::join_all;

use crate::api::client::Client;
use crate::event::{Event, What};
use crate::exit::Code;
use crate::failure::Failure;
use crate::output::console::Console;
use crate::output::listen::Listener;
use crate::output::pr_comment::Commenter;
use crate::output::progress_view::ProgressView;
use crate::output::publisher::Publisher;
use crate::output::reporter::Reporter;
use crate::report::gates::BatchReport;
use crate::stop::Stop;
use crate::text;

/// All of them, and those who report the end.
pub(crate) struct Reporters<'a> {
    all: Vec<Box<dyn Reporter + 'a>>,
    console: &'a Console,
    publisher: &'a Publisher,
    commenter: &'a Commenter,
}

impl<'a> Reporters<'a> {
    /// The reporters of a command. `listen` reaches the platform where the addresses are wanted at
    /// which calls can be listened to.
    pub(crate) fn new(
        console: &'a Console,
        publisher: &'a Publisher,
        commenter: &'a Commenter,
        listen: Option<&'a Client>,
    ) -> Self {
        let mut all: Vec<Box<dyn Reporter + 'a>> = vec![
            Box::new(ToPublisher { publisher, console }),
            Box::new(ProgressView::new(console)),
            Box::new(Log { console }),
        ];
        if let Some(client) = listen {
            all.push(Box::new(Listener::new(client, console)));
        }
        Self { all, console, publisher, commenter }
    }

    /// Gives an event to all of them.
    pub(crate) fn on(&self, event: &Event<'_>) {
        for reporter in &self.all {
            reporter.on(event);
        }
    }

    /// Reports how the whole ended, and gives the code to exit with. It is no event: a file that cannot
    /// be written takes a pass back, and the comment, which comes last, says what is final. A signal
    /// ends the comment.
    pub(crate) async fn finish(
        &self,
        batch: &mut BatchReport,
        stop: &Stop,
    ) -> Result<Code, Failure> {
        let code = self.publisher.finish(batch, self.console)?;
        self.commenter.put_verdict(batch, self.console, stop).await;
        Ok(code)
    }

    /// Does what the reporters do besides, as long as some work lasts.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let endless = join_all(self.all.iter().map(|reporter| reporter.work()));
        tokio::select! {
            biased;
            done = work => done,
            _ = endless => std::future::pending().await,
        }
    }
}

/// Lines on standard error.
pub(crate) struct Log<'a> {
    pub(crate) console: &'a Console,
}

impl Reporter for Log<'_> {
    fn on(&self, event: &Event<'_>) {
        let line = match event.what {
            What::Progress(line) => line.to_owned(),
            What::Warning(line) => {
                let name = event.name.map(|name| format!("{name}: ")).unwrap_or_default();
                return self.console.warn(&format!("{name}{line}"));
            }
            What::Refused(failure) => return self.console.failure(failure),
            What::Started { result, page, is_resumed } => {
                let page = page.map(|url| format!(": {url}")).unwrap_or_default();
                let how = if is_resumed { "is resumed" } else { "has started" };
                format!("result {result} {how}{page}")
            }
            What::Retrying { attempt, result, runs } => {
                let runs = text::count(runs, "run");
                format!("retry {attempt}: {runs} started as result {result}")
            }
            _ => return,
        };
        self.console.say(event.name, &line);
    }
}

/// The files of the reports and of CI systems.
struct ToPublisher<'a> {
    publisher: &'a Publisher,
    console: &'a Console,
}

impl Reporter for ToPublisher<'_> {
    fn on(&self, event: &Event<'_>) {
        match event.what {
            What::Started { result, page, .. } => {
                self.publisher.started(event.place, result, page, self.console);
            }
            What::Judged(gate) => self.publisher.judged(event.place, gate, self.console),
            _ => {}
        }
    }
}
