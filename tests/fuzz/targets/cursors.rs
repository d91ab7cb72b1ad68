//! `cargo fuzz run cursors`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| halfback_fuzz::cursors(data));
