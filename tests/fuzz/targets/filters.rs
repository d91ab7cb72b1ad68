//! `cargo fuzz run filters`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| halfback_fuzz::filters(data));
