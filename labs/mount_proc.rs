//! A tiny container: hostname, PID 1 and /proc of its own.
//!
//! Chapter: book/src/mount_proc.md. See mount_namespaces(7), pid_namespaces(7), proc(5).

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use common::credentials::{Capability, enter_unless_capable};
use common::lab::ExplainArgs;
use common::ns::atime_flags;
use common::process::{exec, or_shell};
use common::signals::{Policy, Supervisor};
use common::{Checkpoint, Result, Step as _, clone, explain, parse, say};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::CloneFlags;
use nix::unistd::{getpid, sethostname};

/// Runs a program as PID 1 of a container with its own hostname and /proc
#[derive(Parser)]
#[command(name = "mount_proc", version)]
struct Args {
    /// Leave the mount namespace out: ps and top then show the host's processes
    #[arg(long)]
    host_proc: bool,
    /// The program and its arguments; without one, $SHELL or /bin/sh
    #[arg(trailing_var_arg = true, value_name = "PROGRAM [ARGS]")]
    command: Vec<OsString>,
    #[command(flatten)]
    explain: ExplainArgs,
}

const COVERED: &str = "in a user namespace a fresh proc may be mounted only where the old one is \
    wholly visible: `just doctor` says what is in the way; or use --host-proc";

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    let Args {
        host_proc,
        command,
        explain,
    } = parse()?;
    explain.begin()?;
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    let is_shell = command.is_empty();
    let command = or_shell(command);
    // ANCHOR: clone
    let mut flags = CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWPID;
    if !host_proc {
        flags |= CloneFlags::CLONE_NEWNS;
    }

    say!("Parent {}: start a container", getpid())?;
    let checkpoint = Checkpoint::new()?;
    let container = clone(flags, || {
        checkpoint.wait()?;
        container_function(host_proc)?;
        if is_shell {
            explain!("execve(): your shell, as PID 1; `exit` or Ctrl-D ends the container");
        }
        Err(exec(&command))
    })?;
    // ANCHOR_END: clone
    explain!(
        "clone(CLONE_NEWUTS | CLONE_NEWPID{}):\n\
         process {container} is the container's PID 1\n\
         see: ls -l /proc/{container}/ns",
        if host_proc { "" } else { " | CLONE_NEWNS" },
        container = container.pid()
    );
    // Until here a signal ends this process, and the child with it. From here on
    // signals are for the program, which waits at the checkpoint to be started.
    let supervisor = Supervisor::begin(Policy::EndPid1)?;
    checkpoint.open()?;

    let status = supervisor.wait(container)?.status();
    say!("Parent: container stopped!")?;
    Ok(status)
}

fn container_function(host_proc: bool) -> Result<()> {
    say!("Container pid: {}", getpid())?;
    sethostname("container").step("sethostname", "container")?;
    explain!("sethostname(\"container\"): in the container's UTS namespace only");
    if host_proc {
        explain!("no mount: /proc is still the host's, and ps reads /proc");
        return Ok(());
    }

    // ANCHOR: mounts
    // The new mount namespace is a copy, and its mounts propagate to the originals
    // where those are shared: without this, the next mount would cover the host's /proc.
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .step("mount", "MS_PRIVATE on /")?;
    explain!(
        "mount(MS_REC | MS_PRIVATE on /): from here on no mount travels to the host\n\
         see: cat /proc/self/mountinfo, where `shared:` is gone"
    );
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC | atime_flags();
    mount(Some("proc"), "/proc", Some("proc"), flags, None::<&str>)
        .step("mount", "proc on /proc")
        .map_err(|error| error.hint_if(Errno::EPERM, COVERED))?;
    // ANCHOR_END: mounts
    explain!(
        "mount(\"proc\", \"/proc\"): a proc shows the\n\
         PID namespace of the process that mounts it\n\
         see: ps -ef; ls /proc"
    );
    Ok(())
}
