//! The operating system's users by their login names.

use std::ffi::CString;

/// The number of the user with a login name, from the system's user database, which may be a
/// directory service; none where it knows nobody of that name.
pub(crate) fn number(login: &str) -> Option<u32> {
    let login = CString::new(login).ok()?;
    let mut buffer = vec![0_u8; 16 << 10];
    let mut entry = std::mem::MaybeUninit::<libc::passwd>::zeroed();
    let mut found = std::ptr::null_mut();
    // SAFETY: all pointers are valid for the call, the name is a C string, and the buffer's length
    // is the one given.
    let failed = unsafe {
        libc::getpwnam_r(
            login.as_ptr(),
            entry.as_mut_ptr(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            &raw mut found,
        )
    };
    if failed != 0 || found.is_null() {
        return None;
    }
    // SAFETY: the call succeeded and found an entry, so the entry is filled.
    Some(unsafe { (*found).pw_uid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_has_a_number_where_there_is_such_a_user() {
        assert_eq!(number("root"), Some(0));
        assert_eq!(number("nobody has this name"), None);
        assert_eq!(number("ro\0ot"), None);
        assert_eq!(number(""), None);
    }
}
