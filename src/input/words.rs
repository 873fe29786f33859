//! The words that a flag takes, as help and completions show them.

use clap::ValueEnum;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};

/// The words that a flag takes, for help and completions. What is none of them is refused as in a
/// file, and not here.
#[derive(Debug, Clone)]
pub(crate) struct Words(Vec<PossibleValue>);

impl Words {
    pub(crate) fn of<T: ValueEnum>() -> Self {
        Self(T::value_variants().iter().filter_map(T::to_possible_value).collect())
    }
}

impl TypedValueParser for Words {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().cloned()))
    }
}
