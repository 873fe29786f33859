//! `simulate`: serve the simulator until it is stopped.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde_json::json;

use crate::context::Context;
use crate::document::Source;
use crate::exit::Code;
use crate::failure::Failure;
use crate::input::suite_file;
use crate::output::console::Console;
use crate::runtime::runtime;
use crate::simulate::{Faults, RealClock, Simulator, World};
use crate::stop::Signals;

/// The world that is served where none is named.
const DEFAULT: Source<'static> = Source {
    name: "the default world",
    text: include_str!("../../examples/worlds/quickstart.yml"),
};

/// What `simulate` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The world to serve. Default: a shop's agent with eight scenarios.
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// What goes wrong on the network: a fault script.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Port on loopback; 0 chooses a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// File to write the port to once it serves.
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
}

pub(super) fn simulate(args: &Args, context: &Context, console: &Console) -> Result<Code, Failure> {
    let world = match &args.world {
        Some(path) => suite_file::world(path, context)?,
        None => World::read(DEFAULT, &|_| None)?,
    };
    let faults =
        args.faults.as_deref().map(|path| suite_file::faults(path, context)).transpose()?;
    runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let bind = SocketAddr::from((IpAddr::V4(Ipv4Addr::LOCALHOST), args.port));
        let simulator = serve(world, faults, bind).await.map_err(|error| {
            Failure::Usage(format!("cannot serve on port {}: {error}", args.port))
        })?;
        let (url, port) = (simulator.url(), simulator.address().port());
        console.answer(&format!("{url}\n"), &json!({ "url": url, "port": port }))?;
        if let Some(path) = &args.port_file {
            let port = simulator.address().port().to_string();
            std::fs::write(path, port).map_err(|error| Failure::Input {
                path: path.clone(),
                reason: format!("it cannot be written: {error}"),
            })?;
        }
        console.progress("serving until Ctrl-C; set CEKURA_API_URL to the address above");
        tokio::select! {
            () = simulator.wait() => Err(Failure::Internal("the simulator ended".to_owned())),
            // Stopping it is how it is meant to end.
            _ = signals.next() => Ok(Code::Passed),
        }
    })
}

/// Starts the simulator, with what goes wrong where that is scripted.
pub(super) async fn serve(
    world: World,
    faults: Option<Faults>,
    bind: SocketAddr,
) -> io::Result<Simulator> {
    match faults {
        Some(faults) => Simulator::start_with_faults(world, faults, bind, RealClock::start()).await,
        None => Simulator::start(world, bind, RealClock::start()).await,
    }
}
