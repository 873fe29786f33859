//! The profile of a suite that a flag or an input names.

use super::overrides::Overrides;
use crate::document::Path;
use crate::failure::Failure;
use crate::suite::model::{Profile, Suite};
use crate::suite::profiles;

/// A profile that was chosen.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    /// Its name.
    pub(crate) name: String,
    /// Its keys.
    pub(crate) profile: Profile,
}

impl Chosen {
    /// The profile of a suite's file that the flags name; none where they name none.
    ///
    /// # Errors
    ///
    /// The suite has no profile of that name.
    pub(crate) fn of(
        suite: &Suite,
        file: &str,
        overrides: &Overrides,
    ) -> Result<Option<Self>, Failure> {
        let Some(name) = overrides.profile() else { return Ok(None) };
        match profiles::named(suite, name) {
            Ok(profile) => Ok(Some(Self { name: name.to_owned(), profile: profile.clone() })),
            Err(why) => {
                let flag = overrides.called("--profile");
                Err(Failure::Usage(format!("{flag}: {why} ({file}); nothing was started")))
            }
        }
    }

    /// Where a part of the merged suite stands in the file.
    pub(crate) fn place(&self, path: &Path) -> Option<Path> {
        self.profile.place(&self.name, path)
    }
}

/// The name of a suite that runs by a profile. Results are found by it, so that those of another
/// profile are never compared with.
pub(crate) fn name_of(suite: &str, profile: &str) -> String {
    format!("{suite} (profile {profile})")
}
