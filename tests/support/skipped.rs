//! Tests that cannot run here, counted apart from those that passed.

use std::fs::OpenOptions;
use std::io::Write as _;

/// Whether a program is installed.
pub(crate) fn installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// Tests that CI may skip, with the reason why it must.
const MAY_SKIP_ON_CI: &[&str] = &[
    // Debug builds are linked dynamically; `just test-release` runs these.
    "mount_ns::a_root_that_is_no_mount_point_is_an_error_with_a_hint",
    "robust::a_root_without_a_c_library_is_enough",
    "robust::closed_descriptors_need_no_dev_null",
    // Minutes long, and made by `just storm`; samples of them are not skipped.
    "container::attacks::attack_by_missing_step",
    "container::attacks::attack_by_stage",
    // What an older kernel does; `just kernels` has some.
    "time_ns::clone_takes_the_flag_for_a_signal_number_and_asks_for_no_privilege",
];

/// Ends the test early unless the condition holds, counted apart from those that passed.
macro_rules! require {
    ($condition:expr, $why:expr) => {
        if !$condition {
            return $crate::support::skip($why);
        }
    };
}
pub(crate) use require;

/// Writes the test of this thread down for the tally of `just test`.
pub(crate) fn skip(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("?");
    let on_ci = std::env::var_os("CI").is_some();
    assert!(
        !on_ci || MAY_SKIP_ON_CI.contains(&test),
        "skipped on CI: {test}: {why}"
    );
    eprintln!("skipped: {test}: {why}");
    if let Some(list) = std::env::var_os("SKIPPED_TESTS") {
        let mut list = OpenOptions::new()
            .create(true)
            .append(true)
            .open(list)
            .expect("the list");
        writeln!(list, "{test}: {why}").expect("the list");
    }
}
