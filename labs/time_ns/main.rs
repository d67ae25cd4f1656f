//! Time namespaces: a child for which the machine has been up a day longer.
//!
//! Chapter: book/src/time_ns.md. See time_namespaces(7), unshare(2), clock_gettime(2).

mod child;
mod clocks;
mod exit_signal;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::process::ExitCode;

use child::{NO_SECOND, columns, start_child};
use clap::Parser;
use clocks::NAMES;
use common::credentials::{Capability, enter_unless_capable};
use common::lab::{ExplainArgs, HoldArgs, answer};
use common::ns::CLONE_NEWTIME;
use common::procfs::check_proc;
use common::{Error, Result, Step as _, explain, ns, parse, say};
use exit_signal::exit_signal;
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid};

/// Sets the clocks of a new time namespace and compares a child's with the parent's
#[derive(Parser)]
#[command(name = "time_ns", version)]
struct Args {
    /// How far the child's CLOCK_BOOTTIME, its uptime, is ahead
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 86400,
        allow_negative_numbers = true
    )]
    boottime: i64,
    /// How far the child's CLOCK_MONOTONIC is ahead
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 3600,
        allow_negative_numbers = true
    )]
    monotonic: i64,
    /// Leave CLONE_NEWTIME out: parent and child share their clocks
    #[arg(long, conflicts_with_all = ["late", "by_clone", "boottime", "monotonic"])]
    shared: bool,
    /// Write the offsets when the child is in the namespace already, which is too late
    #[arg(long, conflicts_with = "by_clone")]
    late: bool,
    /// Hand CLONE_NEWTIME to clone() instead of unshare(): no flag of clone()'s
    #[arg(long, conflicts_with_all = ["boottime", "monotonic"])]
    by_clone: bool,
    /// Hand CLONE_NEWTIME to clone3(): the child is born in the namespace, and no offset is set
    #[arg(long, conflicts_with_all = ["shared", "late", "by_clone", "boottime", "monotonic"])]
    by_clone3: bool,
    #[command(flatten)]
    hold: HoldArgs,
    #[command(flatten)]
    explain: ExplainArgs,
}

/// Where the offsets of the namespace for the children of this process stand.
const OFFSETS: &str = "/proc/self/timens_offsets";

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    let args: Args = parse()?;
    args.explain.begin()?;
    check_proc()?;
    let unshares = !args.shared && !args.by_clone && !args.by_clone3;
    if unshares || args.by_clone3 {
        enter_unless_capable(&[Capability::CAP_SYS_ADMIN, Capability::CAP_SYS_TIME])?;
    }

    let hold = args.hold.begin()?;
    say!("                         TIME               TIME_FOR_CHILDREN")?;
    say!("parent, at first         {}", namespaces_of(getpid())?)?;
    // ANCHOR: unshare
    if unshares {
        unshare(CLONE_NEWTIME).step("unshare", "CLONE_NEWTIME")?;
        explain!(
            "unshare(CLONE_NEWTIME): a new time namespace, for its children to come;\n\
             this process stays in the old one\n\
             see: ls -l /proc/{}/ns",
            getpid()
        );
        say!("parent, after unshare()  {}", namespaces_of(getpid())?)?;
        if !args.late {
            write_offsets(&args, OFFSETS)?;
        }
    }
    // ANCHOR_END: unshare
    let has_flag = args.by_clone || args.by_clone3;
    let flags = if has_flag {
        CLONE_NEWTIME
    } else {
        CloneFlags::empty()
    };
    let (child, table_is_begun) = match start_child(flags, args.by_clone3) {
        Err(Error::Step(refusal)) if args.by_clone && refusal.errno == Errno::EINVAL => {
            explain!(
                "clone(CLONE_NEWTIME): refused since Linux 7.1, which has no such exit signal"
            );
            say!("\nclone(CLONE_NEWTIME): {}", refusal.errno)?;
            return Ok(0);
        }
        started => started?,
    };
    say!("child                    {}\n", namespaces_of(child.pid())?)?;

    if args.late {
        say!(
            "write to {OFFSETS}: {}\n",
            answer(write_offsets(&args, OFFSETS))
        )?;
    }
    if args.by_clone3 {
        let offsets = format!("/proc/{}/timens_offsets", child.pid());
        let written = answer(write_offsets(&args, &offsets));
        say!("write to {offsets}: {written}\n")?;
    }
    if args.by_clone {
        say!(
            "exit signal of the child: {} = CLONE_NEWTIME ({}) + SIGCHLD ({})\n",
            exit_signal(child.pid())?,
            CLONE_NEWTIME.bits(),
            Signal::SIGCHLD as i32
        )?;
    }
    let offsets = fs::read_to_string(OFFSETS).step("open", OFFSETS)?;
    say!("{OFFSETS}:\n{offsets}")?;
    say!("Seconds since the parent's reading before clone(), by each clock:\n")?;
    say!("        {}", columns(NAMES))?;
    say!("parent  {}", columns(NO_SECOND))?; // start_child() has seen to it.
    if let Some(hold) = hold {
        hold.wait(&commands(child.pid()))?;
    }
    table_is_begun.open()?;
    child.wait()
}

// ANCHOR: offsets
fn write_offsets(args: &Args, offsets: &str) -> Result<()> {
    let text = format!(
        "monotonic {} 0\nboottime {} 0\n",
        args.monotonic, args.boottime
    );
    let mut file = OpenOptions::new()
        .write(true)
        .open(offsets)
        .step("open", offsets)?;
    file.write_all(text.as_bytes()).step("write", offsets)?;
    explain!(
        "write({offsets}): seconds and nanoseconds for two clocks;\n\
         the wall clock, CLOCK_REALTIME, has no offset\n\
         see: cat /proc/{}/timens_offsets",
        getpid()
    );
    Ok(())
}
// ANCHOR_END: offsets

/// What to paste into another terminal while both processes are held.
fn commands(child: Pid) -> String {
    let parent = getpid();
    format!(
        "  ls -l /proc/{parent}/ns /proc/{child}/ns\n  \
           cat /proc/{parent}/timens_offsets"
    )
}

/// The two links of a process, such as `time:[4026531834]  time:[4026532281]`.
fn namespaces_of(pid: Pid) -> Result<String> {
    let time = ns::link(pid, "time")?;
    Ok(format!("{time}  {}", ns::link(pid, "time_for_children")?))
}
