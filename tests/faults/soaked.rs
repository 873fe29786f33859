//! Forty suites, each without faults and with them; `examples/soak.rs` runs more.

use std::path::Path;

use super::soak;

#[test]
fn forty_suites_end_as_their_worlds_imply_or_honestly_and_none_pays_twice() {
    let account = soak::run(Path::new(env!("CARGO_BIN_EXE_cekura-gate")), 1, 40);
    assert!(account.wrong.is_empty(), "{}", account.wrong.join("\n"));
    assert_eq!(account.starts, account.reached);
    let judged: u64 = account.codes.range(0..4).map(|(_, count)| count).sum();
    assert!(judged > 24, "most must get through: {:?}", account.codes);
}
