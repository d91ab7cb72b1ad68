//! Registries where containers put them: on file systems that nobody can write to, and on those of
//! other machines. Each test runs its part again in a mount namespace of its own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed expectation is this file's way of failing"
)]

use std::ffi::CString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use halfback::{Content, Options, RegisterVersion, Registry, no_progress};

/// Set in the child processes: which folder to work on.
const FOLDER: &str = "HALFBACK_TEST_FOLDER";

fn inherited() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// This test program again, running only the test `name`, where `mounting`, lines of a shell, comes
/// first. `$FOLDER` is the folder.
#[track_caller]
fn again(name: &str, folder: &Path, mounting: &str) {
    let script = format!("set -e; FOLDER=\"${FOLDER}\"; {mounting}; exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]);
    command.arg(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(FOLDER, folder);
    let ran = command.output().expect("`unshare` of util-linux is needed for this test");
    assert!(
        ran.status.success(),
        "it failed, or this kernel gives no user and mount namespaces to unprivileged programs \
         (sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces, or a container's \
         seccomp profile): {ran:?}"
    );
}

fn create(path: &Path) -> Registry {
    let registry =
        Registry::open_with(path, Options { create: true, ..Options::default() }).unwrap();
    registry.create_model("fraud").unwrap();
    let content = Content::Bytes { name: "m".into(), bytes: b"weights".to_vec() };
    let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
    registry.register_version(&content, version, &mut no_progress).unwrap();
    registry.set_alias("fraud", "champion", 1).unwrap();
    registry
}

fn open(path: &Path, read_only: bool) -> halfback::Result<Registry> {
    Registry::open_with(path, Options { read_only, ..Options::default() })
}

#[test]
fn a_registry_on_a_read_only_file_system_is_read() {
    if let Some(folder) = inherited() {
        assert!(File::create(folder.join("x")).is_err(), "the file system can be written to");
        let registry = open(&folder.join("hb"), true).unwrap();
        let champion = registry.resolve("fraud@champion").unwrap();
        assert_eq!(champion.number, 1);
        assert_eq!(registry.check().unwrap().findings, []);
        let to = tempfile::tempdir().unwrap();
        let file = registry.download(champion.as_ref(), to.path(), &mut no_progress).unwrap();
        assert_eq!(std::fs::read(file).unwrap(), b"weights");
        assert_eq!(registry.set_tag("fraud", "k", "v").unwrap_err().code(), "read_only");
        let error = open(&folder.join("hb"), false).unwrap_err();
        assert_eq!(error.code(), "permission_denied", "{error}");
        // What a killed writer left takes the right to write once, and the error says so.
        let error = open(&folder.join("killed"), true).unwrap_err();
        assert_eq!(error.code(), "permission_denied", "{error}");
        assert!(error.to_string().contains("ended without closing it"), "{error}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let registry = create(&folder.path().join("hb"));
    std::fs::create_dir(folder.path().join("killed")).unwrap();
    for file in ["registry.db", "registry.db-wal"] {
        let from = registry.path().join(file);
        std::fs::copy(from, folder.path().join("killed").join(file)).unwrap();
    }
    registry.close().unwrap();
    again(
        "a_registry_on_a_read_only_file_system_is_read",
        folder.path(),
        "mount --bind \"$FOLDER\" \"$FOLDER\"; mount -o remount,bind,ro \"$FOLDER\"",
    );
}

#[test]
fn a_file_system_of_another_machine_is_refused() {
    let name = "a_file_system_of_another_machine_is_refused";
    let Some(folder) = inherited() else {
        let folder = tempfile::tempdir().unwrap();
        again(name, folder.path(), "true");
        return;
    };
    // SAFETY: a mount that nobody answers ends with this process.
    unsafe { libc::alarm(60) };
    let refused = |place: &Path| {
        let options = Options { create: true, ..Options::default() };
        let error = Registry::open_with(place.join("hb"), options).unwrap_err();
        (error.code(), error.to_string())
    };
    let remote = folder.join("remote");
    serve(&remote, "fuse.sshfs");
    let (code, message) = refused(&remote);
    assert_eq!(code, "invalid_argument", "{message}");
    assert!(message.contains("fuse.sshfs") && message.contains("local disk"), "{message}");
    // Reading is not refused: here there is nothing to read.
    assert_eq!(open(&remote.join("hb"), true).unwrap_err().code(), "registry_not_found");
    let local = folder.join("local");
    serve(&local, "fuse.bindfs");
    let (_, message) = refused(&local);
    assert!(!message.contains("network file system"), "{message}");
}

/// Mounts a file system that has an empty folder and nothing else, and answers for it.
fn serve(place: &Path, kind: &str) {
    std::fs::create_dir(place).unwrap();
    let device = File::options().read(true).write(true).open("/dev/fuse");
    let mut device = device.expect("this test needs `/dev/fuse` (the kernel module `fuse`)");
    let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", device.as_raw_fd());
    let text = |text: &str| CString::new(text).unwrap();
    let (target, kind, options) = (text(place.to_str().unwrap()), text(kind), text(&options));
    // SAFETY: all texts end with a zero and outlive the call.
    let mounted = unsafe {
        let flags = libc::MS_NOSUID | libc::MS_NODEV;
        libc::mount(
            c"test".as_ptr(),
            target.as_ptr(),
            kind.as_ptr(),
            flags,
            options.as_ptr().cast(),
        )
    };
    assert_eq!(mounted, 0, "cannot mount: {}", std::io::Error::last_os_error());
    std::thread::spawn(move || {
        let mut request = vec![0; 1 << 20];
        while let Ok(length) = device.read(&mut request) {
            let Some(answer) = answer(request.get(..length).unwrap()) else { continue };
            device.write_all(&answer).unwrap();
        }
    });
}

/// An answer of `linux/fuse.h`; none to what wants none.
fn answer(request: &[u8]) -> Option<Vec<u8>> {
    const FORGET: [u32; 2] = [2, 42];
    let opcode = u32::from_ne_bytes(request.get(4..8)?.try_into().ok()?);
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let (error, body): (i32, Vec<u8>) = match opcode {
        _ if FORGET.contains(&opcode) => return None,
        // LOOKUP: nothing is there.
        1 => (-libc::ENOENT, Vec::new()),
        // GETATTR: `fuse_attr_out` of a folder, whose mode is the word after 3 of nanoseconds.
        3 => {
            let mut attributes = [0; 26];
            *attributes.get_mut(4)? = 1;
            *attributes.get_mut(19)? = libc::S_IFDIR | 0o755;
            *attributes.get_mut(20)? = 2;
            (0, words(&attributes))
        }
        // STATFS: `fuse_statfs_out`.
        17 => (0, vec![0; 80]),
        // INIT: `fuse_init_out`, version 7.31, at most 4096 bytes a write.
        26 => {
            let mut init = [0; 16];
            *init.get_mut(0)? = 7;
            *init.get_mut(1)? = 31;
            *init.get_mut(5)? = 4096;
            (0, words(&init))
        }
        _ => (-libc::ENOSYS, Vec::new()),
    };
    let length = u32::try_from(16 + body.len()).unwrap();
    let mut answer = length.to_ne_bytes().to_vec();
    answer.extend(error.to_ne_bytes());
    answer.extend(request.get(8..16)?);
    answer.extend(body);
    Some(answer)
}
