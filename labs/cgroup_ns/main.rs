//! cgroup namespaces: the child takes its cgroup for the root of the tree.
//!
//! Chapter: book/src/cgroup_ns.md. See cgroup_namespaces(7), cgroups(7), unshare(2).

mod delegation;

use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use common::credentials::{Capability, enter_unless_capable};
use common::lab::{ExplainArgs, HoldArgs, printable};
use common::ns::Hierarchy;
use common::process::{Guardian, clone3};
use common::procfs::check_proc;
use common::{Checkpoint, Child, Error, Result, Step as _, clone, explain, parse, say};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Pid, getpid, getppid};

/// Puts a child into a cgroup and makes that the root of its new cgroup namespace
#[derive(Parser)]
#[command(name = "cgroup_ns", version)]
struct Args {
    /// Leave unshare(CLONE_NEWCGROUP) out: the child sees what the parent sees
    #[arg(long)]
    shared: bool,
    /// Have the child born in its cgroup by clone3(), in place of moving there itself
    #[arg(long, conflicts_with = "v1")]
    into: bool,
    /// What the child may do from inside: leave, and change what limits it
    #[arg(long, conflicts_with_all = ["shared", "into", "v1", "hold"])]
    delegation: bool,
    /// Use a cgroup version 1 hierarchy, also where there is version 2
    #[arg(long)]
    v1: bool,
    #[command(flatten)]
    hold: HoldArgs,
    #[command(flatten)]
    explain: ExplainArgs,
}

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    let args: Args = parse()?;
    args.explain.begin()?;
    check_proc()?;
    if !args.shared {
        enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    }

    let hold = args.hold.begin()?;
    let tree = Hierarchy::find(args.v1)?;
    say!(
        "Hierarchy: {tree}, mounted on {}",
        printable(tree.mount_point.as_os_str())
    )?;
    if args.delegation {
        return delegation::lab(&tree);
    }
    let sub_cgroup = make_sub_cgroup(&tree)?;
    let directory = sub_cgroup.as_ref().map(|(path, _guardian)| path.as_path());

    let (is_inside, parent_is_shown) = (Checkpoint::new()?, Checkpoint::new()?);
    let is_born_there = args.into && directory.is_some();
    let child_function = || {
        enter(directory.filter(|_| !is_born_there), args.shared)?;
        is_inside.open()?;
        parent_is_shown.wait()?;
        child_function(&tree)
    };
    let child = match directory.filter(|_| is_born_there) {
        Some(directory) => born_in(directory, child_function)?,
        None => clone(CloneFlags::empty(), child_function)?,
    };

    is_inside.wait()?;
    let (own, root) = (tree.path_of(getpid())?, tree.mount_root()?);
    explain!(
        "read() of /proc/PID/cgroup in the parent:\n\
         paths from the root of its own namespace"
    );
    say!("Parent's cgroup, read by the parent: {own}")?;
    say!(
        "Child's cgroup, read by the parent:  {}",
        tree.path_of(child.pid())?
    )?;
    say!("Root of the mount, for the parent:   {}", root.display())?;
    if let Some(hold) = hold {
        hold.wait(&commands(child.pid()))?;
    }
    parent_is_shown.open()?;
    let status = child.wait()?;
    if let Some((_path, guardian)) = sub_cgroup {
        guardian.end()?;
    }
    Ok(status)
}

/// What to paste into another terminal while both processes are held.
fn commands(child: Pid) -> String {
    let parent = getpid();
    format!(
        "  readlink /proc/{parent}/ns/cgroup /proc/{child}/ns/cgroup\n  \
           cat /proc/{parent}/cgroup /proc/{child}/cgroup"
    )
}

/// clone3() takes a descriptor of a cgroup's directory: version 2 only, since Linux 5.7.
fn born_in(directory: &Path, child_function: impl FnMut() -> Result<u8>) -> Result<Child> {
    let cgroup = File::open(directory).step("open", directory.display())?;
    let child = clone3(CloneFlags::empty(), Some(cgroup.as_fd()), child_function)?;
    explain!(
        "clone3(CLONE_INTO_CGROUP): the child was\n\
         a member before its first instruction"
    );
    Ok(child)
}

// ANCHOR: enter
fn enter(sub_cgroup: Option<&Path>, shared: bool) -> Result<()> {
    if let Some(directory) = sub_cgroup {
        let procs = directory.join("cgroup.procs");
        fs::write(&procs, "0").step("write", procs.display())?;
        explain!("write(\"0\") to cgroup.procs of the sub-cgroup: the child moves itself there");
    }
    if !shared {
        unshare(CloneFlags::CLONE_NEWCGROUP).step("unshare", "CLONE_NEWCGROUP")?;
        explain!(
            "unshare(CLONE_NEWCGROUP): the cgroup that the child\n\
             is in now is the root of its new namespace, for good\n\
             see: readlink /proc/{}/ns/cgroup /proc/{}/ns/cgroup",
            getppid(),
            getpid()
        );
    }
    Ok(())
}
// ANCHOR_END: enter

fn child_function(tree: &Hierarchy) -> Result<u8> {
    explain!("read() of the same files in the child: the reader's namespace decides");
    say!(
        "Child's cgroup, read by the child:   {}",
        tree.path_of(getpid())?
    )?;
    say!(
        "Parent's cgroup, read by the child:  {}",
        tree.path_of(getppid())?
    )?;
    say!(
        "Root of the mount, for the child:    {}",
        tree.mount_root()?.display()
    )?;
    Ok(0)
}

/// A cgroup for the child below the one that this process is in, if it may make one.
fn make_sub_cgroup(tree: &Hierarchy) -> Result<Option<(PathBuf, Guardian)>> {
    match guarded_cgroup(tree) {
        Err(Error::Step(failure)) if ["mkdir", "find"].contains(&failure.step) => {
            let (step, object, errno) = (failure.step, failure.object, failure.errno);
            say!("No sub-cgroup allowed here: {step} {object}: {errno}")?;
            explain!(
                "mkdir(): who may make a cgroup is a matter of the directory's owner and\n\
                 mode; systemd hands one over: systemd-run --user --scope -p Delegate=yes …"
            );
            Ok(None)
        }
        made => made.map(Some),
    }
}

fn guarded_cgroup(tree: &Hierarchy) -> Result<(PathBuf, Guardian)> {
    let parent = tree.directory_of(getpid())?;
    let (path, guardian) = Guardian::of_new_directory(&parent, "cgroup_ns")?;
    explain!("mkdir({path:?})\nby a guardian, which removes it even if this lab is killed");
    Ok((path, guardian))
}
