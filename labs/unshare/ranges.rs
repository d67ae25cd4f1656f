//! Blocks of IDs: which inside the user namespace are which outside.

use std::fs;
use std::str::FromStr;

use common::{Error, Result, Step as _};
use nix::errno::Errno;

use crate::accounts::user_name;

/// The argument of --map-users and --map-groups.
#[derive(Clone, Copy)]
pub(crate) enum Ranges {
    Given(Range),
    /// The caller's first block of subordinate IDs, from 0 on.
    Auto,
    /// The same block, mapped to itself.
    Subids,
    /// Every ID that exists in the caller's user namespace, mapped to itself.
    All,
}

/// One line of a map. Sums of two IDs of 32 bits need more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) inner: u64,
    pub(crate) outer: u64,
    pub(crate) count: u64,
}

impl Range {
    /// The line that maps a single ID.
    pub(crate) fn of_one(inner: u32, outer: u32) -> Self {
        Self {
            inner: inner.into(),
            outer: outer.into(),
            count: 1,
        }
    }
}

/// The files that tell of users, or of groups.
#[derive(Clone, Copy)]
pub(crate) struct Files {
    /// In /proc/PID.
    pub(crate) map: &'static str,
    /// What one of them is called.
    pub(crate) id: &'static str,
    /// subuid(5), subgid(5).
    pub(crate) subids: &'static str,
    /// newuidmap(1), newgidmap(1).
    pub(crate) program: &'static str,
}

impl FromStr for Ranges {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "subids" => Ok(Self::Subids),
            "all" => Ok(Self::All),
            _ => parse(text)
                .map(Self::Given)
                .ok_or_else(|| "a range is INNER:OUTER:COUNT, or OUTER,INNER,COUNT".to_owned()),
        }
    }
}

/// With commas the IDs stand in the order of util-linux before 2.39.
fn parse(text: &str) -> Option<Range> {
    let commas = text.contains(',');
    let mut numbers = text.split(if commas { ',' } else { ':' }).map(number);
    let (first, second, count) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let (inner, outer) = if commas {
        (second, first)
    } else {
        (first, second)
    };
    let range = Range {
        inner,
        outer,
        count,
    };
    numbers.next().is_none().then_some(range)
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse::<u32>().ok().map(u64::from)
}

impl Ranges {
    /// The lines of the map that the argument stands for.
    pub(crate) fn resolve(self, files: Files, euid: u32) -> Result<Vec<Range>> {
        match self {
            Self::Given(range) => Ok(vec![range]),
            Self::Auto => Ok(vec![Range {
                inner: 0,
                ..first_block(files.subids, euid)?
            }]),
            Self::Subids => Ok(vec![first_block(files.subids, euid)?]),
            Self::All => all(files.map),
        }
    }
}

/// The first line `USER:START:COUNT` of the caller, by name or by number; groups
/// are delegated to users, too.
fn first_block(path: &'static str, euid: u32) -> Result<Range> {
    let text = fs::read_to_string(path).step("open", path)?;
    let (name, uid) = (user_name(euid), euid.to_string());
    let block = |line: &str| {
        let mut fields = line.split(':');
        let user = fields.next()?;
        let mine = user == uid || name.as_ref().is_some_and(|name| name == user);
        let (start, count) = (number(fields.next()?)?, number(fields.next()?)?);
        mine.then_some(Range {
            inner: start,
            outer: start,
            count,
        })
    };
    text.lines().find_map(block).ok_or_else(|| {
        Error::new("find", format!("uid {euid} in {path}"), Errno::ENOENT).hint(format!(
            "the administrator delegates a block of IDs by a line such as \
             {}:100000:65536",
            name.as_deref().unwrap_or(&uid)
        ))
    })
}

fn all(map: &str) -> Result<Vec<Range>> {
    let path = format!("/proc/self/{map}");
    let text = fs::read_to_string(&path).step("open", &path)?;
    let line = |line: &str| {
        let mut fields = line.split_whitespace().map(number);
        let (inner, _, count) = (fields.next()??, fields.next()??, fields.next()??);
        Some(Range {
            inner,
            outer: inner,
            count,
        })
    };
    Ok(text.lines().filter_map(line).collect())
}
