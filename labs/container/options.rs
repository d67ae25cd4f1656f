//! The command line.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use clap::builder::{
    NonEmptyStringValueParser, OsStringValueParser, PossibleValuesParser, TypedValueParser as _,
};
use clap::{Parser, ValueEnum};
use common::lab::ExplainArgs;

use crate::attacks;
use crate::steps::{Step, Steps};

/// Runs a program in a container: namespaces, a root of its own, limits, few privileges
#[derive(Parser)]
#[command(name = "container", version)]
pub(crate) struct Args {
    /// The root file system; without it a fresh root with the host's /usr and a small /etc
    #[arg(long, value_name = "DIR")]
    pub(crate) rootfs: Option<PathBuf>,
    /// A volume, writable unless :ro; never with devices or set-user-ID programs
    #[arg(long, value_name = "SRC:DST[:ro]", value_parser = volume)]
    pub(crate) bind: Vec<Volume>,
    /// An overlay on the root, whose changes end with the container; else it is read-only
    #[arg(long)]
    pub(crate) writable: bool,
    /// The container's hostname
    #[arg(long, value_name = "NAME", default_value = "container", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) hostname: String,
    /// Memory of all its processes: 512M as without the option, 2G, or bytes
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<u64>,
    /// How many processes and threads it may have: 256 without the option
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=4_194_304))]
    pids: Option<u64>,
    /// The size of each file system in memory, such as /tmp
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = size)]
    pub(crate) tmp_size: u64,
    /// Sets a variable, or keeps the caller's
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = OsStringValueParser::new().try_map(variable))]
    pub(crate) env: Vec<(OsString, Option<OsString>)>,
    /// The network: a new namespace with lo, or the host's
    #[arg(long, value_enum, default_value = "none")]
    pub(crate) net: Net,
    /// PID 1 is an init that reaps, the program PID 2
    #[arg(long)]
    pub(crate) init: bool,
    /// Only the first N steps (0 to 12), in a stand-in for the host; below 3 the program sees the
    /// machine's own files
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=12))]
    pub(crate) stage: Option<u8>,
    /// All but this step, in a stand-in for the host; may be repeated
    #[arg(long, value_name = "STEP", value_enum)]
    pub(crate) without: Vec<Step>,
    /// List the steps, and which attacks they stop
    #[arg(long, conflicts_with = "command")]
    pub(crate) steps: bool,
    /// Try an attack from inside, or all of them, in a stand-in for the host
    #[arg(long, value_name = "NAME|all", value_parser = PossibleValuesParser::new(attacks::names()), conflicts_with_all = ["command", "init", "rootfs"])]
    pub(crate) attack: Option<String>,
    /// What an attack is started with in the container.
    #[arg(long, hide = true)]
    pub(crate) inside: Option<String>,
    #[command(flatten)]
    pub(crate) explain: ExplainArgs,
    /// The program and its arguments; without one, $SHELL's name or /bin/sh
    #[arg(trailing_var_arg = true, value_name = "PROGRAM [ARGS]")]
    command: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Net {
    None,
    Host,
}

/// A directory of the host's in the container.
#[derive(Clone, Debug)]
pub(crate) struct Volume {
    pub(crate) source: PathBuf,
    /// Relative to the container's root.
    pub(crate) place: PathBuf,
    pub(crate) is_readonly: bool,
}

impl Args {
    pub(crate) fn chosen(&self) -> Steps {
        Steps::new(self.stage.unwrap_or(12), &self.without)
    }

    /// Whether steps are missing: such a container runs in a stand-in.
    pub(crate) fn is_experiment(&self) -> bool {
        self.stage.is_some() || !self.without.is_empty()
    }

    pub(crate) fn memory(&self) -> u64 {
        self.memory.unwrap_or(512 << 20)
    }

    pub(crate) fn pids(&self) -> u64 {
        self.pids.unwrap_or(256)
    }

    /// Whether a limit was asked for, so that the caller is told how it is kept.
    pub(crate) fn asks_for_limits(&self) -> bool {
        self.memory.is_some() || self.pids.is_some()
    }

    /// The program, else the caller's shell by its name: its path may not be in the container.
    pub(crate) fn command(&self) -> Vec<OsString> {
        if !self.command.is_empty() {
            return self.command.clone();
        }
        let shell = std::env::var_os("SHELL").map(PathBuf::from);
        let name = shell.as_deref().and_then(Path::file_name);
        let place = name.map(|name| Path::new("/usr/bin").join(name));
        let is_there = self.rootfs.is_none() && place.is_some_and(|place| place.exists());
        vec![
            name.filter(|_| is_there)
                .unwrap_or(OsStr::new("/bin/sh"))
                .to_owned(),
        ]
    }
}

/// `512M` in bytes.
fn size(text: &str) -> Result<u64, String> {
    let (number, power) = match text.char_indices().last() {
        Some((end, 'k' | 'K')) => (&text[..end], 10),
        Some((end, 'M')) => (&text[..end], 20),
        Some((end, 'G')) => (&text[..end], 30),
        _ => (text, 0),
    };
    let bytes = number
        .parse()
        .ok()
        .and_then(|number: u64| number.checked_mul(1 << power));
    let bytes = bytes.filter(|&bytes| bytes >= 1 << 16 && bytes <= i64::MAX as u64);
    bytes.ok_or_else(|| "a size is 64K or more: bytes, or a number with K, M or G".into())
}

/// `NAME=VALUE`, or NAME alone for what the caller has.
fn variable(text: OsString) -> Result<(OsString, Option<OsString>), String> {
    let bytes = text.as_bytes();
    match bytes.iter().position(|&byte| byte == b'=') {
        Some(0) => Err("a name comes before `=`".into()),
        Some(end) => {
            let (name, value) = bytes.split_at(end);
            let value = value.get(1..).unwrap_or_default();
            let value = OsStr::from_bytes(value).into();
            Ok((OsStr::from_bytes(name).into(), Some(value)))
        }
        None => Ok((text, None)),
    }
}

/// `SRC:DST[:ro]`, where DST is absolute and names no parent.
fn volume(text: &str) -> Result<Volume, String> {
    let (text, is_readonly) = match text.strip_suffix(":ro") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let (source, place) = text
        .split_once(':')
        .ok_or("a volume is SRC:DST or SRC:DST:ro")?;
    let place = Path::new(place);
    let mut parts = place.components();
    if place.as_os_str().as_encoded_bytes().contains(&b':') {
        return Err("after DST comes `:ro` or nothing".into());
    }
    let is_inside = parts.next() == Some(Component::RootDir)
        && parts.clone().next().is_some()
        && parts.all(|part| matches!(part, Component::Normal(_)));
    if !is_inside {
        return Err("DST is an absolute path below the container's root, without `..`".into());
    }
    Ok(Volume {
        source: source.into(),
        place: place.strip_prefix("/").unwrap_or(place).into(),
        is_readonly,
    })
}
