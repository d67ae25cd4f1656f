//! UTS namespaces: the child has a hostname of its own.
//!
//! Chapter: book/src/uts_ns.md. See uts_namespaces(7), clone(2), sethostname(2).

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::{OsStringValueParser, TypedValueParser};
use common::credentials::{Capability, enter_unless_capable, nsenter};
use common::lab::{ExplainArgs, HoldArgs, printable};
use common::ns::setdomainname;
use common::process::{ChildStack, clone_on};
use common::{Checkpoint, Result, Step as _, explain, ns, parse, say};
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::sys::utsname::uname;
use nix::unistd::{Pid, getpid, sethostname};

/// Starts a child in a new UTS namespace and changes the hostname there
#[derive(Parser)]
#[command(name = "uts_ns", version)]
struct Args {
    /// The hostname that the child sets
    #[arg(value_parser = nonempty_name())]
    name: OsString,
    /// Set the NIS domain name, too
    #[arg(long, value_name = "NAME", value_parser = nonempty_name())]
    domain: Option<OsString>,
    #[command(flatten)]
    hold: HoldArgs,
    #[command(flatten)]
    explain: ExplainArgs,
}

fn nonempty_name() -> impl TypedValueParser<Value = OsString> {
    OsStringValueParser::new().try_map(|name| match name.is_empty() {
        true => Err("a name must not be empty"),
        false => Ok(name),
    })
}

fn main() -> ExitCode {
    common::run(lab)
}

// ANCHOR: main
fn lab() -> Result<u8> {
    let args: Args = parse()?;
    args.explain.begin()?;
    enter_unless_capable(&[Capability::CAP_SYS_ADMIN])?;
    let hold = args.hold.begin()?;

    // ANCHOR: clone
    let (pid_is_printed, renamed) = (Checkpoint::new()?, Checkpoint::new()?);
    let all_is_seen = Checkpoint::new()?;
    let mut child_stack = ChildStack::new()?;
    let child_function = || {
        pid_is_printed.wait()?;
        rename(&args)?;
        renamed.open()?;
        all_is_seen.wait()?; // Its namespace lives as long as it does.
        Ok(0)
    };
    let child = clone_on(
        child_function,
        &mut child_stack,
        CloneFlags::CLONE_NEWUTS,
        Signal::SIGCHLD,
    )?;

    say!("PID of child created by clone() is {}", child.pid())?;
    // ANCHOR_END: clone
    explain!(
        "clone(CLONE_NEWUTS): the child starts with a copy of the parent's names\n\
         {}\n\
         {}",
        link(getpid()),
        link(child.pid())
    );
    // ANCHOR: turns
    pid_is_printed.open()?;
    renamed.wait()?;

    explain!("uname() in the parent: its own namespace still has the old name");
    print_names("parent:", args.domain.is_some())?;
    if let Some(hold) = &hold {
        hold.wait(&commands(getpid(), child.pid()))?;
    }
    all_is_seen.open()?;
    child.wait()
    // ANCHOR_END: turns
}
// ANCHOR_END: main

// ANCHOR: child
fn rename(args: &Args) -> Result<()> {
    sethostname(&args.name).step("sethostname", printable(&args.name))?;
    explain!("sethostname() in the child: it changes the child's namespace, no other");
    if let Some(domain) = &args.domain {
        setdomainname(domain).step("setdomainname", printable(domain))?;
    }
    print_names("child: ", args.domain.is_some())
}

fn print_names(whose: &str, with_domain: bool) -> Result<()> {
    let uts = uname().step("uname", "of the UTS namespace")?;
    say!("uts.nodename in {whose} {}", printable(uts.nodename()))?;
    if with_domain {
        say!("uts.domainname in {whose} {}", printable(uts.domainname()))?;
    }
    Ok(())
}
// ANCHOR_END: child

/// A line such as `/proc/4242/ns/uts -> uts:[4026531838]`, as ls shows the link.
fn link(pid: Pid) -> String {
    let text = ns::link(pid, "uts").unwrap_or_else(|_| "(no /proc here)".to_owned());
    format!("/proc/{pid}/ns/uts -> {text}")
}

fn commands(parent: Pid, child: Pid) -> String {
    format!(
        "  readlink /proc/{parent}/ns/uts    # the parent's UTS namespace\n  \
           readlink /proc/{child}/ns/uts    # the child's\n  \
           {} uname -n",
        nsenter(child, "--uts")
    )
}
