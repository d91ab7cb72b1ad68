//! `cargo fuzz run bundles`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| halfback_fuzz::bundles(data));
