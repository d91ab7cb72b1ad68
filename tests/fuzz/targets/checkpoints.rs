//! `cargo fuzz run checkpoints`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| halfback_fuzz::checkpoints(data));
