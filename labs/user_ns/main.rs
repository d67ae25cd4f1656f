//! User namespaces: other IDs inside than outside, and capabilities that count inside only.
//!
//! Chapter: book/src/user_ns.md. See user_namespaces(7), capabilities(7).

mod file;
mod join;
mod nested;
mod powerless;
mod range;
mod refused;

use clap::Parser;
use common::credentials::{Identity, become_ordinary_user, write_map};
use common::lab::{ExplainArgs, HoldArgs};
use common::procfs::check_proc;
use common::{Checkpoint, Result, clone, explain, parse, say};
use nix::sched::CloneFlags;
use nix::unistd::{Pid, getegid, geteuid, getpid};
use std::process::ExitCode;

/// Starts a child in a new user namespace and shows who it is, outside and inside
#[derive(Parser)]
#[command(name = "user_ns", version)]
struct Args {
    #[command(flatten)]
    experiment: Experiment,
    #[command(flatten)]
    hold: HoldArgs,
    #[command(flatten)]
    explain: ExplainArgs,
}

#[derive(clap::Args)]
#[group(multiple = false, conflicts_with = "hold")]
struct Experiment {
    /// Who may write what to uid_map, gid_map and setgroups, and what is refused
    #[arg(long)]
    refused: bool,
    /// The owner of one file, seen from outside and from inside
    #[arg(long)]
    file: bool,
    /// Every capability inside, and what it is worth in the namespaces of the host
    #[arg(long)]
    powerless: bool,
    /// Who may join which user namespace by setns()
    #[arg(long)]
    join: bool,
    /// User namespaces inside one another, N deep: one process, many user IDs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    nested: Option<u8>,
    /// As root: map 65536 IDs, as a container engine does
    #[arg(long)]
    range: bool,
}

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    let args: Args = parse()?;
    args.explain.begin()?;
    check_proc()?;
    let asked = args.experiment;
    if asked.range {
        return range::lab();
    }
    become_ordinary_user()?;
    match asked.nested {
        Some(depth) => nested::lab(depth),
        None if asked.refused => refused::lab(),
        None if asked.file => file::lab(),
        None if asked.powerless => powerless::lab(),
        None if asked.join => join::lab(),
        None => parent_and_child(&args.hold),
    }
}

// ANCHOR: main
fn parent_and_child(hold: &HoldArgs) -> Result<u8> {
    let hold = hold.begin()?;
    let (child_is_shown, maps_written) = (Checkpoint::new()?, Checkpoint::new()?);
    let all_is_seen = Checkpoint::new()?;
    let (uid, gid) = (geteuid(), getegid());
    // ANCHOR: clone
    say!("parent:                     {}", Identity::of(getpid())?)?;

    let child = clone(CloneFlags::CLONE_NEWUSER, || {
        show_unmapped()?;
        child_is_shown.open()?;
        maps_written.wait()?;
        show_mapped()?;
        child_is_shown.open()?;
        all_is_seen.wait()?; // Its namespace lives as long as it does.
        Ok(0)
    })?;
    child_is_shown.wait()?;
    // ANCHOR_END: clone

    explain!(
        "write(): a line of a map is `inside outside count`\n\
         see: user_namespaces(7), for who may write what"
    );
    // ANCHOR: maps
    for (file, text) in [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("0 {uid} 1")),
        ("gid_map", format!("0 {gid} 1")),
    ] {
        write_map(child.pid(), file, &text)?;
        let file = format!("{file}:");
        say!("parent writes to {file:10} {text}")?;
    }
    maps_written.open()?;
    child_is_shown.wait()?;
    // ANCHOR_END: maps

    explain!(
        "/proc/PID/status: the kernel translates IDs for whoever reads them\n\
         see: cat /proc/{child}/uid_map; grep -E 'Uid|CapEff' /proc/{child}/status",
        child = child.pid()
    );
    say!("child, seen by the parent:  {}", Identity::of(child.pid())?)?;
    if let Some(hold) = &hold {
        hold.wait(&commands(child.pid()))?;
    }
    all_is_seen.open()?;
    child.wait()
}
// ANCHOR_END: main

// ANCHOR: child
fn show_unmapped() -> Result<()> {
    explain!(
        "clone(CLONE_NEWUSER): the child has every capability, for what its user\n\
         namespace owns; an ID that no map knows reads as the overflow ID\n\
         see: cat /proc/sys/kernel/overflowuid"
    );
    say!("child, nothing mapped yet:  {}", Identity::of(getpid())?)
}

fn show_mapped() -> Result<()> {
    explain!("the maps are written: the same process, with other numbers");
    say!("child, mapped to root:      {}", Identity::of(getpid())?)
}
// ANCHOR_END: child

fn commands(child: Pid) -> String {
    format!(
        "  cat /proc/{child}/uid_map    # inside, outside, count\n  \
           grep -E 'Uid|CapEff' /proc/{child}/status    # seen from outside\n  \
           nsenter --target {child} --user --preserve-credentials id    # seen from inside"
    )
}
