//! `simulate`: serve the stand-in until it is stopped.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::console::Console;
use super::failure::Failure;
use super::load;
use super::runtime;
use super::stop::Signals;
use crate::context::Context;
use crate::exit::Code;
use crate::simulate::{RealClock, StandIn};

/// What `simulate` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The world to serve.
    #[arg(long, value_name = "FILE")]
    world: PathBuf,
    /// Port on loopback; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// File to write the port to once it serves.
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
}

pub(super) fn simulate(args: &Args, context: &Context, console: &Console) -> Result<Code, Failure> {
    let world = load::world(&args.world, context)?;
    runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let bind = SocketAddr::from((IpAddr::V4(Ipv4Addr::LOCALHOST), args.port));
        let stand_in = StandIn::start(world, bind, RealClock::start()).await.map_err(|error| {
            Failure::Usage(format!("cannot serve on port {}: {error}", args.port))
        })?;
        console.print(&format!("{}\n", stand_in.url()))?;
        if let Some(path) = &args.port_file {
            let port = stand_in.address().port().to_string();
            std::fs::write(path, port).map_err(|error| Failure::Input {
                path: path.clone(),
                reason: format!("it cannot be written: {error}"),
            })?;
        }
        console.progress("serving until Ctrl-C; set CEKURA_API_URL to the address above");
        tokio::select! {
            () = stand_in.wait() => Err(Failure::Internal("the stand-in ended".to_owned())),
            // Stopping it is how it is meant to end.
            _ = signals.next() => Ok(Code::Passed),
        }
    })
}
