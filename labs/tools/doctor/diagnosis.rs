//! What is said of a refusal: the cause that explains it, in words that fit.

use common::explain;
use common::lab::as_typed_here;
use common::ns::Type;

use crate::caller::Caller;
use crate::causes::{CAUSES, UNKNOWN};
use crate::refusal::Refusal;
use crate::surroundings;

/// A cause, for every refusal that it explains.
pub(crate) struct Cause {
    /// Its name for programs; these do not change.
    pub(crate) key: &'static str,
    /// Whether it explains a refusal, and then the values of the words in braces below.
    pub(crate) explains: fn(&Refusal, Caller) -> Option<Words>,
    /// Why it was refused, in whole sentences.
    pub(crate) reason: &'static str,
    /// A command to type or an option to give, if there is one.
    pub(crate) fix: &'static str,
}

pub(crate) type Words = Vec<(&'static str, String)>;

/// A refusal, and what is said of it.
pub(crate) struct Diagnosis {
    pub(crate) refusal: Refusal,
    pub(crate) cause: &'static str,
    pub(crate) reason: String,
    pub(crate) fix: String,
}

pub(crate) fn diagnose(refusal: Refusal, caller: Caller) -> Diagnosis {
    for (kind, limit) in refusal.limits() {
        let limit = limit.map_or_else(|| "no such file".to_owned(), |limit| limit.to_string());
        explain!("read(/proc/sys/user/max_{kind}_namespaces): {limit}");
    }
    let explains = |cause: &'static Cause| Some((cause, (cause.explains)(&refusal, caller)?));
    let found = CAUSES.iter().find_map(explains);
    let (cause, words) = found.unwrap_or((&UNKNOWN, Words::new()));
    Diagnosis {
        cause: cause.key,
        reason: filled(cause.reason, &words),
        fix: filled(surroundings::fix(cause.key).unwrap_or(cause.fix), &words),
        refusal,
    }
}

fn filled(text: &str, words: &Words) -> String {
    let mut text = as_typed_here(text);
    for (word, value) in words {
        text = text.replace(&format!("{{{word}}}"), value);
    }
    text
}

/// For a cause whose texts name nothing.
pub(crate) fn when(explained: bool) -> Option<Words> {
    explained.then(Words::new)
}

/// For a cause whose texts name one thing.
pub(crate) fn word(name: &'static str, value: &str) -> Option<Words> {
    Some(vec![(name, value.to_owned())])
}

/// A limit that the caller can read, of the first type with such a one.
pub(crate) fn limited(it: &Refusal, is_meant: fn(Type, Option<i64>) -> bool) -> Option<Words> {
    let mut limits = it.limits().into_iter();
    let (kind, limit) = limits.find(|(kind, limit)| is_meant(*kind, *limit))?;
    let limit = limit.unwrap_or_default().to_string();
    Some(vec![("type", kind.to_string()), ("limit", limit)])
}
