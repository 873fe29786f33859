//! `schema`: print a JSON Schema.

use clap::ValueEnum;

use crate::chat::schema::agent_schema;
use crate::document::schema_of;
use crate::exit::Code;
use crate::failure::Failure;
use crate::gates::file::Gates;
use crate::output::console::Console;
use crate::report::gates::index_schema;
use crate::report::json::result_schema;
use crate::simulate::{Faults, World};

/// What `schema` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Of what.
    #[arg(value_enum, default_value_t = Of::Suite)]
    of: Of,
}

/// What a schema is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// The suite file.
    Suite,
    /// A world of the simulator.
    World,
    /// A fault script of the simulator.
    Faults,
    /// The saved result.json.
    Result,
    /// The file that lists suites, gates.yml.
    Gates,
    /// The gates.json that several suites leave.
    GatesReport,
    /// The lines between the gate and an agent's program, in mode api_chat.
    Agent,
}

pub(super) fn schema(args: &Args, console: &Console) -> Result<Code, Failure> {
    let pretty = |schema: &schemars::Schema| format!("{:#}\n", schema.as_value());
    console.print_json(&match args.of {
        Of::Suite => crate::suite::schema::json_schema(),
        Of::World => pretty(&schema_of::<World>()),
        Of::Faults => pretty(&schema_of::<Faults>()),
        Of::Result => pretty(&result_schema()),
        Of::Gates => pretty(&schema_of::<Gates>()),
        Of::GatesReport => pretty(&index_schema()),
        Of::Agent => pretty(&agent_schema()),
    })?;
    Ok(Code::Passed)
}
