//! The names of users and groups, from /etc/passwd and /etc/group.
//!
//! The files are read here and not by getpwnam(3): a static program cannot load
//! the modules of nsswitch.conf(5) that other sources of names would need.

use std::fs;

/// The user ID that a name or a number stands for. As in every tool, a name that
/// looks like a number counts as a name.
pub(crate) fn uid_named(text: &str) -> Result<u32, String> {
    id_named("/etc/passwd", text).ok_or_else(|| format!("there is no user {text}"))
}

/// The group ID that a name or a number stands for.
pub(crate) fn gid_named(text: &str) -> Result<u32, String> {
    id_named("/etc/group", text).ok_or_else(|| format!("there is no group {text}"))
}

/// `UID:GID`, each a name or a number.
pub(crate) fn user_and_group(text: &str) -> Result<(u32, u32), String> {
    let (user, group) = text.split_once(':').ok_or("an owner is UID:GID")?;
    Ok((uid_named(user)?, gid_named(group)?))
}

fn id_named(path: &str, text: &str) -> Option<u32> {
    let named = find(path, |name, id| (name == text).then(|| id.parse().ok()));
    let id = named.unwrap_or_else(|| text.parse().ok())?;
    // -1 is how system calls say "no ID".
    (id != u32::MAX).then_some(id)
}

/// Both files have the name in the first field and the ID in the third.
fn find<T>(path: &str, matching: impl Fn(&str, &str) -> Option<T>) -> Option<T> {
    let text = fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().find_map(|line| {
        let mut fields = line.split(':');
        matching(fields.next()?, fields.nth(1)?)
    })
}
