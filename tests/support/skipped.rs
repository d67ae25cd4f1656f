//! Tests that cannot run here, counted apart from those that passed.

use std::fs::OpenOptions;
use std::io::Write as _;

/// Whether a program is installed.
pub(crate) fn installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// Tests that CI's own machine may skip, with the reason why it must.
const MAY_SKIP_ON_CI: &[&str] = &[];

/// Ends the test early unless the condition holds, counted apart from those that passed.
macro_rules! require {
    ($condition:expr, $why:expr) => {
        if !$condition {
            $crate::support::skip(std::thread::current().name().unwrap_or("?"), $why);
            return;
        }
    };
}
pub(crate) use require;

/// Writes a skipped test down for the tally of `just test`.
pub(crate) fn skip(test: &str, why: &str) {
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
