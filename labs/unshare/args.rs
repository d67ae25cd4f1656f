//! The command line of unshare(1). It is read from left to right: of several options
//! for the same thing the last one counts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use common::Result;
use common::lab::Arg::{Long, Short, Value};
use common::lab::{CommandLine, ExplainArgs, Word, usage_error};
use common::ns::{CLONE_NEWTIME, Type};
use common::signals::Policy;
use nix::libc::SIGKILL;
use nix::mount::MsFlags;
use nix::sched::CloneFlags;
use nix::unistd::{getegid, geteuid};

use crate::accounts::{gid_named, uid_named, user_and_group};
use crate::maps::Mapping;
use crate::ranges::Ranges;
use crate::signal_name::signal_named;

/// What the command line asks for.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) explain: ExplainArgs,
    types: Vec<CloneFlags>,
    /// The files to keep namespaces by, each with the name of its namespace's type.
    pub(crate) files: BTreeMap<&'static str, PathBuf>,
    pub(crate) mapping: Mapping,
    pub(crate) keep_caps: bool,
    /// How mounts travel; `None` leaves that as it is.
    pub(crate) propagation: Option<MsFlags>,
    pub(crate) mount_proc: Option<PathBuf>,
    pub(crate) root: Option<PathBuf>,
    pub(crate) wd: Option<PathBuf>,
    pub(crate) monotonic: Option<i64>,
    pub(crate) boottime: Option<i64>,
    fork: bool,
    forward_signals: bool,
    /// Who makes the user namespace.
    pub(crate) owner: Option<(u32, u32)>,
    /// The variables that the program gets, if not all.
    pub(crate) kept_environment: Option<Vec<OsString>>,
    pub(crate) kill_child: Option<i32>,
    pub(crate) setgid: Option<u32>,
    pub(crate) setuid: Option<u32>,
    pub(crate) command: Vec<OsString>,
}

const SETGROUPS: [(&str, &str); 2] = [("allow", "allow"), ("deny", "deny")];

const PROPAGATION: [(&str, Option<MsFlags>); 4] = [
    ("private", Some(MsFlags::MS_PRIVATE)),
    ("shared", Some(MsFlags::MS_SHARED)),
    ("slave", Some(MsFlags::MS_SLAVE)),
    ("unchanged", None),
];

impl Args {
    pub(crate) fn get() -> Result<Self> {
        let mut args = Self {
            propagation: Some(MsFlags::MS_PRIVATE),
            ..Self::default()
        };
        let (mut map_auto, mut map_subids) = (false, false);
        let mut line = CommandLine::new(include_str!("help.txt"));
        while let Some(option) = line.option()? {
            if let Some(kind) = Type::of_option(&option) {
                args.types.push(kind.flag);
                if let Some(file) = line.value_after_equals() {
                    args.files.insert(kind.name, file.path()?);
                }
                continue;
            }
            let mapping = &mut args.mapping;
            match option {
                Short('r') | Long("map-root-user") => mapping.map_caller_to(0, 0),
                Short('c') | Long("map-current-user") => {
                    mapping.map_caller_to(geteuid().as_raw(), getegid().as_raw());
                }
                Long("map-user") => mapping.user = Some(line.value()?.parse(uid_named)?),
                Long("map-group") => mapping.group = Some(line.value()?.parse(gid_named)?),
                Long("map-users") => mapping.users.push(line.value()?.parse(str::parse)?),
                Long("map-groups") => mapping.groups.push(line.value()?.parse(str::parse)?),
                Long("map-auto") => map_auto = true,
                Long("map-subids") => map_subids = true,
                Long("setgroups") => mapping.setgroups = Some(line.value()?.one_of(&SETGROUPS)?),
                Long("keep-caps") => args.keep_caps = true,
                Long("propagation") => args.propagation = line.value()?.one_of(&PROPAGATION)?,
                Long("mount-proc") => {
                    let directory = line.optional_value().map(Word::path).transpose()?;
                    args.types.push(CloneFlags::CLONE_NEWNS);
                    args.mount_proc = Some(directory.unwrap_or_else(|| "/proc".into()));
                }
                Short('R') | Long("root") => args.root = Some(line.value()?.path()?),
                Short('w') | Long("wd") => args.wd = Some(line.value()?.path()?),
                Long("monotonic") => args.monotonic = Some(line.value()?.parse(str::parse)?),
                Long("boottime") => args.boottime = Some(line.value()?.parse(str::parse)?),
                Short('f') | Long("fork") => args.fork = true,
                Long("forward-signals") => args.forward_signals = true,
                Long("owner") => {
                    args.owner = Some(line.value()?.parse(user_and_group)?);
                    args.types.push(CloneFlags::CLONE_NEWUSER);
                }
                Long("clear-env") => {
                    args.kept_environment.get_or_insert_default();
                }
                Long("whitelist-env") => {
                    let names: String = line.value()?.parse(str::parse)?;
                    let kept = args.kept_environment.get_or_insert_default();
                    kept.extend(names.split(',').map(OsString::from));
                }
                Long("kill-child") => {
                    let signal = line.optional_value();
                    let signal = signal.map(|name| name.parse(signal_named)).transpose()?;
                    args.kill_child = Some(signal.unwrap_or(SIGKILL));
                }
                Short('G') | Long("setgid") => args.setgid = Some(line.value()?.parse(str::parse)?),
                Short('S') | Long("setuid") => args.setuid = Some(line.value()?.parse(str::parse)?),
                Long("explain") => args.explain = ExplainArgs::given(),
                Value(program) => args.command = line.command(program),
                _ => return Err(line.unexpected()),
            }
        }
        if map_auto {
            args.mapping.map_block(Ranges::Auto);
        }
        if map_subids {
            args.mapping.map_block(Ranges::Subids);
        }
        if args.mapping.is_asked_for() {
            args.types.push(CloneFlags::CLONE_NEWUSER);
        }
        args.check()?;
        Ok(args)
    }

    /// Refuses what contradicts itself.
    fn check(&self) -> Result<()> {
        if self.files.contains_key("pid") && !self.forks() {
            return Err(usage_error(
                "--pid=FILE needs --fork: until its first process exists, the namespace has no file",
            ));
        }
        if self.mapping.denies_setgroups() && self.mapping.setgroups == Some("allow") {
            return Err(usage_error(
                "--setgroups=allow excludes --map-group, --map-root-user and --map-current-user, \
                 which deny setgroups()",
            ));
        }
        let moves_clocks = self.monotonic.is_some() || self.boottime.is_some();
        if moves_clocks && !self.types.contains(&CLONE_NEWTIME) {
            return Err(usage_error("--monotonic and --boottime need --time"));
        }
        Ok(())
    }

    /// Whether the program runs in a child.
    pub(crate) fn forks(&self) -> bool {
        self.fork || self.forward_signals || self.kill_child.is_some()
    }

    /// What becomes of signals while the program runs in a child.
    pub(crate) fn policy(&self) -> Policy {
        if self.forward_signals {
            Policy::PassOn
        } else {
            Policy::Outlive
        }
    }

    /// The flags for unshare(2).
    pub(crate) fn flags(&self) -> CloneFlags {
        self.types.iter().copied().collect()
    }
}
