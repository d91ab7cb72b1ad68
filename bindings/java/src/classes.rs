//! The Java classes that native code names, found once when the library is loaded: later, on
//! another thread or under another class loader, looking them up by name could fail.

use std::sync::OnceLock;

use jni::objects::JClass;
use jni::refs::Global;
use jni::{Env, NativeMethod, jni_str};

static EXCEPTION: OnceLock<Global<JClass<'static>>> = OnceLock::new();

/// Finds the classes and gives `dev.halfback.Native` and `dev.halfback.metrics.Native` their methods.
pub(crate) fn load(
    env: &mut Env<'_>,
    methods: &[NativeMethod<'_>],
    metrics: &[NativeMethod<'_>],
) -> jni::errors::Result<()> {
    let exception = env.find_class(jni_str!("dev/halfback/HalfbackException"))?;
    let native = env.find_class(jni_str!("dev/halfback/Native"))?;
    let measuring = env.find_class(jni_str!("dev/halfback/metrics/Native"))?;
    let exception = env.new_global_ref(exception)?;
    // The library is loaded once in a process; a second load would bring the same class.
    EXCEPTION.get_or_init(|| exception);
    // SAFETY: every method is built by `native_method!`, which derives the signature from the
    // Rust function, and all of them are static, as they are declared in Native.java.
    unsafe {
        env.register_native_methods(native, methods)?;
        env.register_native_methods(measuring, metrics)
    }
}

/// `dev.halfback.HalfbackException`, which makes the exception of each kind.
pub(crate) fn exception() -> Option<&'static Global<JClass<'static>>> {
    EXCEPTION.get()
}
