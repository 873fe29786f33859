//! A check that can be read is written so that it is read again as itself.

#![no_main]

use cekura_gate::checks::grammar::Check;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(check) = text.parse::<Check>() {
        let written = check.to_string();
        assert_eq!(written.parse::<Check>().ok(), Some(check), "written as {written:?}");
    }
});
