//! `cargo fuzz run uris`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| halfback_fuzz::uris(data));
