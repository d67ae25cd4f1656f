//! The options of unshare(1), and which of them contradict each other. Those that
//! one step of the story needs stand in the file of that step.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgAction, CommandFactory as _, Parser};
use common::lab::ExplainArgs;
use common::ns::CLONE_NEWTIME;
use common::signal_name::signal_named;
use common::{Error, Result};
use nix::sched::CloneFlags;

use crate::clocks::ClockOptions;
use crate::maps::{MapOptions, SetGroups};
use crate::mounts::MountOptions;

/// Runs a program with some namespaces not shared with the caller
#[derive(Default, Parser)]
#[command(
    name = "unshare",
    version,
    args_override_self = true,
    infer_long_args = true
)]
pub(crate) struct Args {
    /// The program and its arguments; without one, a login shell: $SHELL or /bin/sh
    #[arg(trailing_var_arg = true, value_name = "PROGRAM [ARGS]", action = ArgAction::Append)]
    pub(crate) command: Vec<OsString>,
    #[command(flatten)]
    pub(crate) explain: ExplainArgs,
    #[command(flatten)]
    pub(crate) types: Types,
    #[command(flatten)]
    pub(crate) maps: MapOptions,
    #[command(flatten)]
    pub(crate) mounts: MountOptions,
    #[command(flatten)]
    pub(crate) clocks: ClockOptions,
    #[command(flatten)]
    pub(crate) process: ProcessOptions,
}

#[derive(Default, clap::Args)]
#[command(next_help_heading = "The program's process")]
pub(crate) struct ProcessOptions {
    /// Run the program in a child process
    #[arg(short, long)]
    pub(crate) fork: bool,
    /// Send the child SIGNAME (SIGKILL) when this process ends; implies --fork
    #[arg(long, value_name = "SIGNAME", num_args = 0..=1, require_equals = true,
          default_missing_value = "SIGKILL", value_parser = signal_named)]
    pub(crate) kill_child: Option<i32>,
    /// Run the program as this group, without supplementary groups
    #[arg(short = 'G', long, value_name = "GID", allow_hyphen_values = true)]
    pub(crate) setgid: Option<u32>,
    /// Run the program as this user
    #[arg(short = 'S', long, value_name = "UID", allow_hyphen_values = true)]
    pub(crate) setuid: Option<u32>,
}

/// Each may be not given, given, or given with a file to bind the namespace to.
#[derive(Default, clap::Args)]
#[command(next_help_heading = "New namespaces; FILE keeps one alive, by a bind mount")]
pub(crate) struct Types {
    /// A new cgroup namespace
    #[arg(short = 'C', long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) cgroup: Option<Vec<PathBuf>>,
    /// A new IPC namespace
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) ipc: Option<Vec<PathBuf>>,
    /// A new mount namespace
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) mount: Option<Vec<PathBuf>>,
    /// A new network namespace
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) net: Option<Vec<PathBuf>>,
    /// A new PID namespace, for the program's children; with --fork for itself
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) pid: Option<Vec<PathBuf>>,
    /// A new time namespace
    #[arg(short = 'T', long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) time: Option<Vec<PathBuf>>,
    /// A new UTS namespace
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) uts: Option<Vec<PathBuf>>,
    /// A new user namespace; every option of the next group implies it
    #[arg(short = 'U', long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) user: Option<Vec<PathBuf>>,
}

/// The values of such an option: one that was given without a file adds none.
type Files = Option<Vec<PathBuf>>;

impl Args {
    /// The arguments, unless they contradict each other: status 1, as in unshare(1).
    pub(crate) fn get() -> Result<Self> {
        let args = match Self::from_letters(startup::arguments()) {
            Some(args) => args,
            None => output::parse_with_status(1)?,
        };
        if last(&args.types.pid).is_some() && !args.forks() {
            return Err(conflict(
                "--pid=FILE needs --fork: until its first process exists, the namespace has no file",
            ));
        }
        if args.maps.deny_setgroups() && args.maps.setgroups == Some(SetGroups::Allow) {
            return Err(conflict(
                "--setgroups=allow excludes --map-group, --map-root-user and --map-current-user, \
                 which deny setgroups()",
            ));
        }
        Ok(args)
    }

    /// Whether the program runs in a child.
    pub(crate) fn forks(&self) -> bool {
        self.process.fork || self.process.kill_child.is_some()
    }

    /// The flags for unshare(2).
    pub(crate) fn flags(&self) -> CloneFlags {
        let mut flags = CloneFlags::empty();
        for (option, flag, _) in self.types.all() {
            flags.set(flag, option.is_some());
        }
        if self.mounts.mount_proc.is_some() {
            flags |= CloneFlags::CLONE_NEWNS;
        }
        if self.maps.are_asked_for() {
            flags |= CloneFlags::CLONE_NEWUSER;
        }
        flags
    }

    /// The files to bind, each with the namespace's name in /proc/PID/ns.
    pub(crate) fn files(&self) -> Vec<(&'static str, PathBuf)> {
        let file = |(option, _, name): (&Files, _, _)| Some((name, last(option)?.clone()));
        self.types.all().into_iter().filter_map(file).collect()
    }
}

impl Types {
    /// Of PID and time, this process stays in the old one: the new one is that of
    /// its children.
    fn all(&self) -> [(&Files, CloneFlags, &'static str); 8] {
        [
            (&self.cgroup, CloneFlags::CLONE_NEWCGROUP, "cgroup"),
            (&self.ipc, CloneFlags::CLONE_NEWIPC, "ipc"),
            (&self.mount, CloneFlags::CLONE_NEWNS, "mnt"),
            (&self.net, CloneFlags::CLONE_NEWNET, "net"),
            (&self.pid, CloneFlags::CLONE_NEWPID, "pid_for_children"),
            (&self.time, CLONE_NEWTIME, "time_for_children"),
            (&self.user, CloneFlags::CLONE_NEWUSER, "user"),
            (&self.uts, CloneFlags::CLONE_NEWUTS, "uts"),
        ]
    }
}

/// The file that counts. `--uts=FILE -u` keeps it.
fn last(files: &Files) -> Option<&PathBuf> {
    files.as_ref().and_then(|files| files.last())
}

fn conflict(message: &str) -> Error {
    let error = Args::command().error(ErrorKind::ArgumentConflict, message);
    Error::Usage(Box::new(error), 1)
}
