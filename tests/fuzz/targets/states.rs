//! `cargo fuzz run states`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| halfback_fuzz::states(data));
