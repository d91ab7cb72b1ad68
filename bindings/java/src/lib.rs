//! The native half of `dev.halfback:halfback`: what `dev.halfback.Native` declares, and nothing
//! else. JSON goes in and out as bytes; names, records and errors are shaped on the Java side.
//!
//! Nothing here logs: a logger that calls back into the JVM while a thread is inside a native
//! method can deadlock it.

mod classes;
mod evaluation;
mod failure;
mod handle;
#[expect(clippy::needless_pass_by_value, reason = "jni passes references to Java objects by value")]
mod metrics;
#[expect(clippy::needless_pass_by_value, reason = "jni passes references to Java objects by value")]
mod native;
#[expect(clippy::needless_pass_by_value, reason = "jni passes references to Java objects by value")]
mod proof;
mod signing;
mod transfer;
#[expect(clippy::needless_pass_by_value, reason = "jni passes references to Java objects by value")]
mod transit;
mod user;

use std::ffi::c_void;

use jni::sys::{JNI_ERR, JNI_VERSION_1_8, jint};
use jni::vm::JavaVM;

/// Called by the JVM when the library is loaded, on a thread whose class loader knows the classes
/// of the jar: the one moment when they can be found from any application server.
///
/// # Safety
///
/// For the JVM alone to call, which passes its own invocation interface.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn JNI_OnLoad(
    vm: *mut jni::sys::JavaVM,
    _reserved: *mut c_void,
) -> jint {
    let loaded = std::panic::catch_unwind(|| {
        // SAFETY: the caller's promise; the interface stays valid while the JVM runs.
        let vm = unsafe { JavaVM::from_raw(vm) };
        vm.with_local_frame(16, |env| classes::load(env, native::METHODS, metrics::METHODS))
    });
    match loaded {
        Ok(Ok(())) => JNI_VERSION_1_8,
        // The class loader turns this into an UnsatisfiedLinkError; a pending exception, such as
        // the NoSuchMethodError of a jar of another version, becomes its text.
        Ok(Err(_)) | Err(_) => JNI_ERR,
    }
}
