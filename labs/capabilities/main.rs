//! Capabilities across execve(): which are lost, which are kept, which the file gives.
//!
//! Chapter: book/src/capabilities.md. See capabilities(7), execve(2), user_namespaces(7).

mod cases;
mod file;
mod sets;
mod xattr;

use std::process::ExitCode;

use cases::{CASES, Case};
use clap::Parser;
use clap::builder::PossibleValuesParser;
use common::credentials::{become_ordinary_user, map_to_root};
use common::lab::ExplainArgs;
use common::ns::describe;
use common::procfs::check_proc;
use common::{Checkpoint, Result, Step as _, clone, explain, parse, say};
use file::PROGRAM;
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::prctl::get_no_new_privs;
use nix::unistd::{execv, getegid, geteuid, getpid};
use sets::Sets;

/// Shows the capabilities of a process before and after execve(), case by case
#[derive(Parser)]
#[command(name = "capabilities", version)]
struct Args {
    /// One case, with its narration
    #[arg(long, value_name = "NAME", conflicts_with = "xattr",
        value_parser = PossibleValuesParser::new(CASES.iter().map(|case| case.name)))]
    case: Option<String>,
    /// The capabilities of one file, read in three user namespaces
    #[arg(long)]
    xattr: bool,
    /// Where each case arrives after execve()
    #[arg(long, hide = true)]
    after_execve: bool,
    #[command(flatten)]
    explain: ExplainArgs,
}

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    let args: Args = parse()?;
    if args.after_execve {
        return after_execve();
    }
    match args.case {
        Some(_) => ExplainArgs::given().begin()?,
        None => args.explain.begin()?,
    }
    check_proc()?;
    if args.xattr {
        become_ordinary_user()?;
        return xattr::lab();
    }
    let is_chosen = |case: &&Case| args.case.as_deref().is_none_or(|name| name == case.name);
    let cases: Vec<_> = CASES.iter().filter(is_chosen).collect();
    become_ordinary_user()?;
    show(&cases)
}

// ANCHOR: main
fn show(cases: &[&Case]) -> Result<u8> {
    if get_no_new_privs().step("prctl", "PR_GET_NO_NEW_PRIVS")? {
        say!(
            "Under no_new_privs, which the caller has set: no execve() gives more than there was.\n"
        )?;
    }
    say!("{:26} {}", "CASE", sets::HEADS)?;

    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS;
    let (uid, gid) = (geteuid(), getegid());
    let maps_written = Checkpoint::new()?;
    let child = clone(flags, || {
        maps_written.wait()?;
        explain!(
            "clone({}): uid {uid} is root inside,\n\
             with every capability\n\
             see: grep Cap /proc/{}/status",
            describe(flags),
            getpid()
        );
        file::copy_this_program()?;
        cases.iter().try_for_each(|case| across_execve(case))?;
        Ok(0)
    })?;
    map_to_root(child.pid(), uid, gid)?;
    maps_written.open()?;
    child.wait()
}

// ANCHOR: across
fn across_execve(case: &Case) -> Result<()> {
    // Those without come first: the file never has any that would have to be taken away.
    if let Some(capabilities) = &case.file {
        capabilities.set()?;
    }
    let child = clone(CloneFlags::empty(), || {
        (case.prepare)()?;
        say!("{:18} before  {}", case.name, Sets::own()?.row()?)?;
        explain!("execve(): {}", case.why);
        match execv(PROGRAM, &[c"capabilities", c"--after-execve"]) {
            Err(errno @ Errno::EPERM) if case.is_refused => {
                say!("{:18} after   execve(): {errno}", "")?;
                Ok(0)
            }
            Err(errno) => Err(errno).step("execve", PROGRAM.to_string_lossy()),
        }
    })?;
    child.succeed()
}
// ANCHOR_END: across

/// The program that every case executes is this one.
fn after_execve() -> Result<u8> {
    say!("{:18} after   {}", "", Sets::own()?.row()?)?;
    Ok(0)
}
// ANCHOR_END: main
