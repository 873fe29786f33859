//! `compare`: two results side by side: what got better, what got worse, and what may be noise.

use std::path::{Path, PathBuf};

use tokio::time::Instant;

use crate::context::Context;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::options::{Format, Global};
use crate::input::overrides::{Overrides, scalar};
use crate::input::{connection, secrets, suite_file};
use crate::output::console::Console;
use crate::preflight::baseline::starts::later_starts;
use crate::preflight::baseline::{is_file, saved_or_input};
use crate::record::ResultRecord;
use crate::report::comparison::{Compared, markdown, text};
use crate::report::evaluation::as_baseline;
use crate::report::model::{PlanHead, Report};
use crate::report::pool;
use crate::runtime::runtime;
use crate::scalars::Percent;
use crate::spec::cases;
use crate::suite::model::Transcripts;

/// How long the platform is asked for a result.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(300);

/// What `compare` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The earlier result: a saved result.json, `-` for one on standard input, or a result id.
    base: String,
    /// The later result: a saved result.json, `-` for one on standard input, or a result id.
    head: String,
    /// The largest drop of the success rate that is accepted.
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = scalar::<Percent>)]
    max_drop: Percent,
    /// How likely noise alone may explain a drop that counts.
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = scalar::<Percent>)]
    significance: Percent,
    /// The suite file whose `reports.redact` says what is hidden. Without one the text is shown as it
    /// comes.
    #[arg(long, value_name = "FILE")]
    suite: Option<PathBuf>,
}

pub(super) fn compare(
    args: &Args,
    global: &Global,
    context: &Context,
    console: &Console,
) -> Result<Code, Failure> {
    if args.base == "-" && args.head == "-" {
        return Err(Failure::Usage(
            "only one of the two results can be on standard input".to_owned(),
        ));
    }
    let redactor = match &args.suite {
        Some(path)
            if crate::input::suite_list::read(path, &Overrides::default(), context)?.is_none() =>
        {
            let loaded = suite_file::suite(Some(path), &Overrides::default(), context)?;
            secrets::redactor(Some(&loaded.suite))
        }
        // A list says nothing of what is hidden.
        Some(_) | None => secrets::redactor(None),
    };
    let mut base = match result(&args.base, global, context)? {
        Compares::Saved(saved) => as_baseline(*saved),
        Compares::Found(record) => *record,
    };
    let (mut head, plan) = match result(&args.head, global, context)? {
        Compares::Saved(saved) => (saved.result, saved.plan),
        Compares::Found(record) => (*record, PlanHead::default()),
    };
    cases::align(&mut base.runs, &head.runs);
    redactor.record(&mut base);
    redactor.record(&mut head);
    let (max_drop, significance) = (args.max_drop.fraction(), args.significance.fraction());
    let compared = Compared::of(&base, &head, &plan, max_drop, significance);
    let shown = match global.format {
        Format::Markdown => markdown(&compared),
        Format::Text | Format::Json => text(&compared),
    };
    console.answer(&shown, &compared)?;
    Ok(compared.code())
}

/// One side of a comparison.
enum Compares {
    /// What an earlier gate saved.
    Saved(Box<Report>),
    /// What the platform shows of a result.
    Found(Box<ResultRecord>),
}

fn result(from: &str, global: &Global, context: &Context) -> Result<Compares, Failure> {
    if from == "-" || is_file(from) {
        return Ok(Compares::Saved(Box::new(saved_or_input(Path::new(from))?)));
    }
    let id: u64 = from.parse().map_err(|_| {
        Failure::Usage(format!("`{from}` is neither a file that is there nor a result id"))
    })?;
    let client = connection::client(global, context)?;
    runtime()?.block_on(async {
        let until = Instant::now() + PATIENCE;
        let mut record = client.result(id, Transcripts::None, until).await?;
        // What ran in several rounds is several results.
        let starts = later_starts(&record, None, &client, until).await?;
        for (_, start) in starts.map_err(Failure::Usage)? {
            pool::add(&mut record, start);
        }
        record.runs.sort_by_key(|run| run.id);
        Ok(Compares::Found(Box::new(record)))
    })
}
