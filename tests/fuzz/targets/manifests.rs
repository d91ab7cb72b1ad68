//! `cargo fuzz run manifests`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| halfback_fuzz::manifests(data));
