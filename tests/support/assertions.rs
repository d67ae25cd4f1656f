//! What tests demand of texts.

/// Demands that a text has all of these parts.
pub(crate) fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

/// Demands an error of two lines, with this begin and these words in the hint; in the
/// begin, `*` stands for anything. The notice of a user namespace does not count.
pub(crate) fn assert_error(said: &str, begin: &str, hint: &str) {
    let own = |line: &&str| !is_notice(line);
    let lines: Vec<_> = said.lines().filter(own).collect();
    let [error, advice] = lines[..] else {
        panic!("not two lines:\n{said}");
    };
    let (begin, parts) = begin.split_once('*').unwrap_or((begin, ""));
    assert!(
        error.starts_with(begin),
        "{begin:?} does not begin:\n{said}"
    );
    assert_says(error, &parts.split('*').collect::<Vec<_>>());
    assert!(advice.starts_with("hint: "), "no hint:\n{said}");
    assert_says(advice, &[hint]);
}

/// Compares a transcript with its snapshot, `tests/snapshots/MODULE__NAME.snap`.
macro_rules! assert_transcript {
    ($name:expr, $transcript:expr) => {
        insta::with_settings!({
            omit_expression => true,
            prepend_module_to_snapshot => false,
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"),
        }, {
            insta::assert_snapshot!($crate::support::snapshot(module_path!(), &$name), $transcript)
        })
    };
}

/// The same for each caller: root and an ordinary user read one chapter.
macro_rules! assert_transcripts {
    ($name:expr, $lab:expr) => {
        for &who in $crate::support::everyone() {
            $crate::support::assert_transcript!($name, $lab.by(who).transcript());
        }
    };
}
pub(crate) use {assert_transcript, assert_transcripts};

/// The name of a snapshot: the path of a module is `labs::NAME`, or goes on below.
pub(crate) fn snapshot(module: &str, name: &str) -> String {
    format!("{}__{name}", module.split("::").nth(1).expect("a module"))
}

/// Whether a line on stderr says as whom a lab goes on.
pub(crate) fn is_notice(line: &str) -> bool {
    let said = [
        ": working in a user namespace of its own",
        ": going on as uid ",
    ];
    said.iter().any(|words| line.contains(words))
}
