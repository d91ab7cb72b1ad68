//! `cargo fuzz run codec`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| halfback_fuzz::codec(data));
