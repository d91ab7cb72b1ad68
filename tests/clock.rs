//! A machine whose clock jumps: times still grow, and the log says what the clock said.
//!
//! A program's own `clock_gettime` comes before the C library's, so this suite sets the clock for the
//! whole process; the code under test is the code that ships.

use std::sync::atomic::{AtomicI64, Ordering};

use halfback::{Options, Registry};
use libc::{c_int, clockid_t, timespec};

/// Seconds that the wall clock is off.
static OFF: AtomicI64 = AtomicI64::new(0);

/// The system's clocks, with that of the wall as the test sets it.
///
/// # Safety
/// As of the C library's: `time` is null or a place for a time.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
    // SAFETY: the arguments are those of the caller.
    let done = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) };
    if done == 0 && clock == libc::CLOCK_REALTIME && !time.is_null() {
        // SAFETY: the caller gave a place for a time, and the kernel has filled it.
        unsafe { (*time).tv_sec += OFF.load(Ordering::SeqCst) };
    }
    -c_int::from(done != 0)
}

#[test]
fn a_clock_that_jumps_back_and_forth_is_recorded_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { create: true, ..Options::default() };
    let registry = Registry::open_with(folder.path().join("hb"), options).unwrap();
    let set = |off: i64, value: &str| {
        OFF.store(off, Ordering::SeqCst);
        if value == "1" {
            registry.create_model("fraud").unwrap();
        }
        registry.set_tag("fraud", "k", value).unwrap();
        registry.info().unwrap().commit
    };
    set(0, "1");
    let verified = registry.verify_log().unwrap();
    assert_eq!((verified.clock_behind, verified.first_clock_behind), (0, None));
    assert_eq!(registry.check().unwrap().notices, []);

    let back = set(-3600, "2");
    let again = set(-3500, "3");
    let good = set(0, "4");
    let forward = set(7200, "5");
    // Only now it shows that it was ahead.
    let after = set(0, "6");

    let log = registry.history("fraud").unwrap().items;
    let times: Vec<_> = log.iter().rev().map(|commit| commit.time).collect();
    assert!(times.is_sorted_by(|one, other| one < other), "{times:?}");
    let behind = |number: i64| {
        let commit = log.iter().find(|commit| commit.commit == number).unwrap();
        commit.clock.map(|clock| (commit.time - clock).num_seconds())
    };
    assert!((3595..=3600).contains(&behind(back).unwrap()), "{:?}", behind(back));
    assert!((3495..=3500).contains(&behind(again).unwrap()));
    assert_eq!((behind(good), behind(forward)), (None, None));
    assert!((7195..=7200).contains(&behind(after).unwrap()));

    let verified = registry.verify_log().unwrap();
    assert_eq!((verified.clock_behind, verified.first_clock_behind), (3, Some(back)));
    let report = registry.check().unwrap();
    assert_eq!(report.findings, []);
    let [notice] = report.notices.as_slice() else { panic!("{:?}", report.notices) };
    assert_eq!((notice.code.as_str(), notice.subject.clone()), ("clock", format!("commit {back}")));
    assert!(notice.message.contains("first of 3 times"), "{}", notice.message);
}
