//! Several gates in one command: which suites there are, and which may have calls when.
//!
//! Pure. `file` is the file that lists suites, `batch` the lists of Cekura's batch action, `queue` shares one budget of parallel calls. Loading
//! and waiting are `cli`'s work, the reports of all gates together are in `report/gates`.

pub mod batch;
pub mod file;
pub mod queue;
