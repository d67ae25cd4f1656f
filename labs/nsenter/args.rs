//! The command line of nsenter(1). It is read from left to right: of several options
//! for the same thing the last one counts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::PathBuf;
use std::str::FromStr;

use common::Result;
use common::lab::Arg::{Long, Short, Value};
use common::lab::{CommandLine, ExplainArgs, usage_error};
use common::ns::Type;
use nix::unistd::Pid;

/// What the command line asks for.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) explain: ExplainArgs,
    pub(crate) target: Option<Pid>,
    pub(crate) all: bool,
    /// The namespaces to join, by the names of their types in /proc/PID/ns.
    pub(crate) namespaces: BTreeMap<&'static str, Source>,
    /// A socket of the target, by its descriptor there: its network namespace is joined.
    pub(crate) net_socket: Option<RawFd>,
    /// Join the user namespace around the one that is named, or that owns another one.
    pub(crate) user_parent: bool,
    pub(crate) root: Option<Source>,
    pub(crate) wd: Option<Source>,
    pub(crate) wdns: Option<PathBuf>,
    pub(crate) setuid: Option<Id>,
    pub(crate) setgid: Option<Id>,
    pub(crate) preserve_credentials: bool,
    pub(crate) keep_caps: bool,
    pub(crate) env: bool,
    pub(crate) no_fork: bool,
    pub(crate) command: Vec<OsString>,
}

/// Where a namespace or a directory is taken from.
#[derive(PartialEq, Eq)]
pub(crate) enum Source {
    Target,
    Path(PathBuf),
}

/// An ID, or the wish for the target's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Id {
    Number(u32),
    Follow,
}

impl Id {
    /// The ID itself, where the target's is this one.
    pub(crate) fn number(self, target: u32) -> u32 {
        match self {
            Self::Number(number) => number,
            Self::Follow => target,
        }
    }
}

impl Args {
    pub(crate) fn get() -> Result<Self> {
        let mut args = Self::default();
        let mut line = CommandLine::new(include_str!("help.txt"));
        while let Some(option) = line.option()? {
            if let Some(kind) = Type::of_option(&option) {
                args.namespaces.insert(kind.name, source(&mut line)?);
                continue;
            }
            match option {
                Short('t') | Long("target") => args.target = Some(line.value()?.parse(pid)?),
                Short('a') | Long("all") => args.all = true,
                Short('N') | Long("net-socket") => {
                    args.net_socket = Some(line.value()?.parse(str::parse)?);
                }
                Long("user-parent") => args.user_parent = true,
                Short('r') | Long("root") => args.root = Some(source(&mut line)?),
                Short('w') | Long("wd") => args.wd = Some(source(&mut line)?),
                Short('W') | Long("wdns") => args.wdns = Some(line.value()?.path()?),
                Short('S') | Long("setuid") => {
                    args.setuid = Some(line.value()?.parse(str::parse)?);
                }
                Short('G') | Long("setgid") => {
                    args.setgid = Some(line.value()?.parse(str::parse)?);
                }
                Long("preserve-credentials") => args.preserve_credentials = true,
                Long("keep-caps") => args.keep_caps = true,
                Short('e') | Long("env") => args.env = true,
                Short('F') | Long("no-fork") => args.no_fork = true,
                Long("explain") => args.explain = ExplainArgs::given(),
                Value(program) => args.command = line.command(program),
                _ => return Err(line.unexpected()),
            }
        }
        args.check()?;
        Ok(args)
    }

    /// Refuses what contradicts itself or would do nothing.
    fn check(&self) -> Result<()> {
        let names_a_namespace =
            self.all || self.net_socket.is_some() || !self.namespaces.is_empty();
        if self.user_parent && !names_a_namespace {
            return Err(usage_error(
                "--user-parent needs another namespace: it joins the user namespace that owns it",
            ));
        }
        if self.wd.is_some() && self.wdns.is_some() {
            return Err(usage_error("--wd cannot be used with --wdns"));
        }
        let sources = self.namespaces.values().chain(&self.root).chain(&self.wd);
        let (sources, ids): (Vec<_>, _) = (sources.collect(), [self.setuid, self.setgid]);
        let needs_target = self.all
            || self.env
            || self.net_socket.is_some()
            || sources.contains(&&Source::Target)
            || ids.contains(&Some(Id::Follow));
        if needs_target && self.target.is_none() {
            return Err(usage_error(
                "--target PID is required: an option without =FILE or =DIR takes what the \
                 target has",
            ));
        }
        let changes_something =
            needs_target || !sources.is_empty() || self.wdns.is_some() || ids != [None, None];
        if !changes_something {
            return Err(usage_error(
                "nothing to join or to change: name a type such as --net, or --all",
            ));
        }
        Ok(())
    }
}

fn source(line: &mut CommandLine) -> Result<Source> {
    match line.optional_value() {
        None => Ok(Source::Target),
        Some(path) => path.path().map(Source::Path),
    }
}

fn pid(text: &str) -> std::result::Result<Pid, &'static str> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(Pid::from_raw(number)),
        _ => Err("a PID is a number above 0"),
    }
}

impl FromStr for Id {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        match text.parse() {
            // setuid(2) and setgid(2) take the highest number for "no ID".
            Ok(number) if number < u32::MAX => Ok(Self::Number(number)),
            _ if text == "follow" => Ok(Self::Follow),
            _ => Err("an ID is a number, or the word follow"),
        }
    }
}
