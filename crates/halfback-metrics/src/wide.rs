//! Wider vectors where the processor has them, which is asked at run time: one build runs everywhere.

/// What `call` gives, compiled for AVX2 as well and run so where the processor has it. The result is the
/// same to the last bit: vectors only do several rows' work at once.
///
/// That holds for what is compiled into `call`, so it and what it calls are `#[inline(always)]`.
#[inline(always)]
pub(crate) fn wide<T>(call: impl FnOnce() -> T) -> T {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(
            unsafe_code,
            reason = "no other way leads from a check at run time to the code for it"
        )]
        // SAFETY: the processor has what the function is compiled for.
        return unsafe { with_avx2(call) };
    }
    call()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<T>(call: impl FnOnce() -> T) -> T {
    call()
}
