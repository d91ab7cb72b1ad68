//! Who the operating system says is running this process.

use std::ffi::CStr;

use crate::tx::Actor;

/// The actor of a session that is proved by the operating system's user.
pub fn os_user() -> Actor {
    let uid = rustix::process::getuid().as_raw();
    let subject = format!("uid:{uid}");
    let name = user_name(uid).unwrap_or_else(|| subject.clone());
    Actor { proof: "os_user".into(), subject, name, principal: None }
}

/// The account's name from the system's user database, which may be a directory service.
fn user_name(uid: u32) -> Option<String> {
    let mut buffer = vec![0_u8; 16 << 10];
    let mut entry = std::mem::MaybeUninit::<libc::passwd>::zeroed();
    let mut found = std::ptr::null_mut();
    // SAFETY: all pointers are valid for the call, and the buffer's length is the one given.
    let failed = unsafe {
        libc::getpwuid_r(
            uid,
            entry.as_mut_ptr(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            &raw mut found,
        )
    };
    if failed != 0 || found.is_null() {
        return None;
    }
    // SAFETY: the call succeeded and found an entry, so the entry is filled and its name is a C
    // string inside `buffer`, which is still alive.
    let name = unsafe { CStr::from_ptr((*found).pw_name) };
    name.to_str().ok().filter(|name| !name.is_empty()).map(str::to_owned)
}
