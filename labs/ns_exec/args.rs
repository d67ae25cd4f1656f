//! The command line, in its two forms.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};
use common::lab::ExplainArgs;
use common::ns::{TYPES, Type};
use common::{Error, Result};
use nix::unistd::Pid;

/// Joins namespaces and executes PROGRAM in them: one by the FILE that stands for
/// it, or several by options, those of nsenter(1)
#[derive(Parser)]
#[command(
    name = "ns_exec",
    version,
    override_usage = "ns_exec [--type TYPE] FILE PROGRAM [ARGS]...\n       \
                      ns_exec OPTIONS [PROGRAM [ARGS]...]",
    args_override_self = true,
    infer_long_args = true
)]
pub(crate) struct Args {
    /// Have the kernel check the type of FILE: cgroup, ipc, mnt, net, pid, time, user or uts
    #[arg(long = "type", value_name = "TYPE", value_parser = a_type)]
    pub(crate) nstype: Option<Type>,
    /// The process that everything named without =FILE or =DIR is taken from
    #[arg(short, long, value_name = "PID", value_parser = a_pid)]
    pub(crate) target: Option<Pid>,
    /// Join every namespace of the target
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Join the mount namespace
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    mount: Option<Option<PathBuf>>,
    /// Join the UTS namespace
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    uts: Option<Option<PathBuf>>,
    /// Join the IPC namespace
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    ipc: Option<Option<PathBuf>>,
    /// Join the network namespace
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    net: Option<Option<PathBuf>>,
    /// Join the PID namespace, and run the program in a child
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pid: Option<Option<PathBuf>>,
    /// Join the cgroup namespace
    #[arg(short = 'C', long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    cgroup: Option<Option<PathBuf>>,
    /// Join the user namespace, as its user 0 and group 0
    #[arg(short = 'U', long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    user: Option<Option<PathBuf>>,
    /// Join the time namespace
    #[arg(short = 'T', long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    time: Option<Option<PathBuf>>,
    /// Change the root directory
    #[arg(short, long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub(crate) root: Option<Option<PathBuf>>,
    /// Change the working directory
    #[arg(short, long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub(crate) wd: Option<Option<PathBuf>>,
    /// Change the working directory to one that is looked up after joining
    #[arg(short = 'W', long, value_name = "DIR", conflicts_with = "wd")]
    pub(crate) wdns: Option<PathBuf>,
    /// Be this user in there, or with `follow` the target's
    #[arg(short = 'S', long, value_name = "UID", value_parser = an_id)]
    pub(crate) setuid: Option<Id>,
    /// Be this group in there, without others, or with `follow` the target's
    #[arg(short = 'G', long, value_name = "GID", value_parser = an_id)]
    pub(crate) setgid: Option<Id>,
    /// With --user: stay the user and the group that the caller is
    #[arg(long)]
    pub(crate) preserve_credentials: bool,
    /// With --user: keep the capabilities also as another user than root
    #[arg(long)]
    pub(crate) keep_caps: bool,
    /// Take the target's environment variables
    #[arg(short, long)]
    env: bool,
    /// With --pid: no child, only the program's children will be in there
    #[arg(short = 'F', long)]
    pub(crate) no_fork: bool,
    /// FILE PROGRAM [ARGS], or PROGRAM [ARGS] where an option says what to join
    #[arg(trailing_var_arg = true, value_name = "FILE PROGRAM [ARGS]")]
    pub(crate) words: Vec<OsString>,
    #[command(flatten)]
    pub(crate) explain: ExplainArgs,
}

/// What the words on the line mean.
pub(crate) enum Form<'a> {
    /// The article's: no option says what to join.
    File {
        file: &'a Path,
        program: &'a [OsString],
    },
    /// nsenter's: every word belongs to the program.
    Options,
}

/// Which namespace of a type is joined.
pub(crate) enum Choice<'a> {
    None,
    Target,
    File(&'a Path),
}

/// An ID, or the wish for the target's.
#[derive(Clone, Copy)]
pub(crate) enum Id {
    Number(u32),
    Follow,
}

impl Args {
    /// Finds out which of the two forms it is, and refuses what contradicts itself
    /// or would do nothing.
    pub(crate) fn form(&self) -> Result<Form<'_>> {
        if !self.has_options() {
            let Some(([file], program @ [_, ..])) = self.words.split_at_checked(1) else {
                let missing = "FILE and PROGRAM are required, or an option that says what to join";
                return Err(usage(ErrorKind::MissingRequiredArgument, missing));
            };
            let file = Path::new(file);
            return Ok(Form::File { file, program });
        }
        let follows = |id| matches!(id, Some(Id::Follow));
        let needs_target = self.all
            || self.env
            || self
                .choices()
                .any(|(_, choice)| matches!(choice, Choice::Target))
            || [&self.root, &self.wd].contains(&&Some(None))
            || follows(self.setuid)
            || follows(self.setgid);
        if self.nstype.is_some() {
            let why = "--type checks FILE; an option such as --net checks the type by itself";
            return Err(usage(ErrorKind::ArgumentConflict, why));
        }
        if needs_target && self.target.is_none() {
            let why = "--target PID is required: an option without =FILE or =DIR takes what \
                       the target has";
            return Err(usage(ErrorKind::MissingRequiredArgument, why));
        }
        if !self.changes_something() {
            let why = "nothing to join or to change: name a type such as --net, or --all";
            return Err(usage(ErrorKind::MissingRequiredArgument, why));
        }
        Ok(Form::Options)
    }

    /// What is asked for of each type by an option of its own.
    pub(crate) fn choices(&self) -> impl Iterator<Item = (Type, Choice<'_>)> {
        let options = [
            &self.cgroup,
            &self.ipc,
            &self.mount,
            &self.net,
            &self.pid,
            &self.time,
            &self.user,
            &self.uts,
        ];
        TYPES.into_iter().zip(options.map(|option| match option {
            None => Choice::None,
            Some(None) => Choice::Target,
            Some(Some(file)) => Choice::File(file),
        }))
    }

    /// The process whose environment the program gets.
    pub(crate) fn env_of(&self) -> Option<Pid> {
        self.target.filter(|_| self.env)
    }

    fn has_options(&self) -> bool {
        let modifiers = [self.preserve_credentials, self.keep_caps, self.no_fork];
        self.target.is_some() || modifiers.contains(&true) || self.changes_something()
    }

    fn changes_something(&self) -> bool {
        self.all
            || self.env
            || self
                .choices()
                .any(|(_, choice)| !matches!(choice, Choice::None))
            || [&self.root, &self.wd].into_iter().any(Option::is_some)
            || self.wdns.is_some()
            || [self.setuid, self.setgid].iter().any(Option::is_some)
    }
}

fn usage(kind: ErrorKind, why: &str) -> Error {
    Error::Usage(Box::new(Args::command().error(kind, why)), 1)
}

fn a_type(name: &str) -> std::result::Result<Type, String> {
    Type::named(name).ok_or_else(|| {
        let names = TYPES.map(|kind| kind.name).join(", ");
        format!("the types are {names}")
    })
}

fn a_pid(text: &str) -> std::result::Result<Pid, &'static str> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.map(Pid::from_raw).ok_or("a PID is a number above 0")
}

fn an_id(text: &str) -> std::result::Result<Id, &'static str> {
    if text == "follow" {
        return Ok(Id::Follow);
    }
    // setuid(2) and setgid(2) take the highest number for "no ID".
    let number = text.parse().ok().filter(|&number| number < u32::MAX);
    number
        .map(Id::Number)
        .ok_or("an ID is a number, or the word follow")
}
