//! Blocks of IDs: which inside the user namespace are which outside.

use std::fs;
use std::str::FromStr;

use common::credentials::{self, user_name};
use common::{Error, Result, Step as _};
use nix::errno::Errno;

use crate::map::Files;
use crate::range::Range;

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

impl FromStr for Ranges {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        match (text, parse(text)) {
            ("auto", _) => Ok(Self::Auto),
            ("subids", _) => Ok(Self::Subids),
            ("all", _) => Ok(Self::All),
            (_, Some(range)) => Ok(Self::Given(range)),
            (_, None) => Err("a range is INNER:OUTER:COUNT, or OUTER,INNER,COUNT"),
        }
    }
}

/// With commas the IDs stand in the order of util-linux before 2.39.
fn parse(text: &str) -> Option<Range> {
    let commas = text.contains(',');
    let mut numbers = text.split(if commas { ',' } else { ':' }).map(number);
    let (first, second, count) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let range = if commas {
        Range::new(second, first, count)
    } else {
        Range::new(first, second, count)
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
            Self::Auto => {
                let block = first_block(files.subids, euid)?;
                Ok(vec![Range::new(0, block.outer, block.count)])
            }
            Self::Subids => Ok(vec![first_block(files.subids, euid)?]),
            Self::All => all(files.map),
        }
    }

    /// How many IDs more it may take inside, where one in between is mapped already: only
    /// that of all delegated IDs has no end that was asked for.
    pub(crate) fn spare(self) -> u64 {
        u64::from(matches!(self, Self::Auto))
    }
}

/// The first line `USER:START:COUNT` of the caller, by name or by number; groups
/// are delegated to users, too.
fn first_block(path: &'static str, euid: u32) -> Result<Range> {
    let text = fs::read_to_string(path).step("open", path)?;
    let block = credentials::first_block(&text, euid);
    let block = block.map(|(first, count)| Range::new(first.into(), first.into(), count.into()));
    block.ok_or_else(|| {
        Error::new("find", format!("uid {euid} in {path}"), Errno::ENOENT).hint(format!(
            "the administrator delegates a block of IDs by a line such as \
             {}:100000:65536",
            user_name(euid).unwrap_or_else(|| euid.to_string())
        ))
    })
}

fn all(map: &str) -> Result<Vec<Range>> {
    let path = format!("/proc/self/{map}");
    let text = fs::read_to_string(&path).step("open", &path)?;
    let line = |line: &str| {
        let mut fields = line.split_whitespace().map(number);
        let (inner, _, count) = (fields.next()??, fields.next()??, fields.next()??);
        Some(Range::new(inner, inner, count))
    };
    Ok(text.lines().filter_map(line).collect())
}
