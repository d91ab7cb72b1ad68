//! `cargo fuzz run formats`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| halfback_fuzz::formats(data));
