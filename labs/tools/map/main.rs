//! The namespaces that exist now: who owns them, who is in them, what else holds them.
//!
//! Section: book/src/map.md. See ioctl_ns(2), namespaces(7), lsns(8).

mod cells;
mod collect;
mod handle;
mod json;
mod listed;
mod model;
mod mounts;
mod picture;
mod relations;
mod sockets;
mod svg;
mod text;
mod tree;
mod view;

use clap::Parser;
use common::lab::ExplainArgs;
use common::{Error, Result, explain, parse, say};
use nix::errno::Errno;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::model::{Process, World};
use crate::view::{Choice, unseen};

/// Draws the namespaces that exist now: which user namespace owns which, and every
/// process's PID in every PID namespace. Reads only; without root, your own processes
#[derive(Parser)]
#[command(name = "map", version)]
struct Args {
    /// Only the tree of user namespaces, and what each owns
    #[arg(long, conflicts_with = "pids")]
    user: bool,
    /// Only the tree of PID namespaces, and every process's PID at every level
    #[arg(long)]
    pids: bool,
    /// Mark the place of process P in both trees
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(i32).range(1..))]
    pid: Option<i32>,
    /// Only what the kernel says of these handles (with --pid, what P's PID is in there)
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["user", "pids"])]
    ask: Vec<PathBuf>,
    /// Every line, also of long lists
    #[arg(long)]
    all: bool,
    /// Everything as one JSON object
    #[arg(long, conflicts_with_all = ["user", "pids", "svg"])]
    json: bool,
    /// A picture (SVG) on stdout
    #[arg(long)]
    svg: bool,
    #[command(flatten)]
    explain: ExplainArgs,
}

fn main() -> ExitCode {
    common::run(lab)
}

// ANCHOR: main
fn lab() -> Result<u8> {
    let args: Args = parse()?;
    args.explain.begin()?;

    if !args.ask.is_empty() {
        return handle::show(&args.ask, args.pid);
    }
    let world = collect::collect()?;
    narrate(&world);
    let marked = args.pid.map(|pid| find(&world, pid)).transpose()?;
    if args.json {
        say!("{}", json::document(&world, args.pid))?;
        return Ok(0);
    }

    let choice = Choice {
        marked,
        all: args.all,
    };
    if args.svg {
        say!("{}", svg::document(&world, &choice, !args.pids, !args.user))?;
        return Ok(0);
    }
    let user = (!args.pids).then(|| tree::of_owners(&world, &choice));
    let pids = (!args.user).then(|| tree::of_pids(&world, &choice));
    let trees: Vec<_> = user
        .into_iter()
        .chain(pids)
        .chain(unseen(&world, &choice))
        .collect();
    say!("{}", trees.join("\n\n"))?;
    Ok(0)
}
// ANCHOR_END: main

fn find(world: &World, pid: i32) -> Result<&Process> {
    world.processes.get(&pid).ok_or_else(|| {
        Error::new("find", format!("process {pid}"), Errno::ESRCH).hint(
            "it has ended, or it is another user's, which root sees; PIDs are those of this /proc: \
             see `ps -e`",
        )
    })
}

fn narrate(world: &World) {
    let namespaces = world.namespaces.values();
    let without = namespaces.filter(|found| found.members.is_empty());
    explain!(
        "readlink() of each /proc/PID/ns/TYPE:\n\
         {} processes in {} namespaces\n\
         see: ls -l /proc/self/ns",
        world.processes.len(),
        world.namespaces.len() - without.clone().count()
    );
    explain!(
        "open() of one link for each of them, then\n\
         ioctl(NS_GET_NSTYPE), NS_GET_USERNS for the owner,\n\
         NS_GET_PARENT, NS_GET_OWNER_UID; the answers lead to the next\n\
         see: ioctl_ns(2)"
    );
    explain!(
        "readlink() of /proc/PID/fd/*, and the lines of type\n\
         nsfs in /proc/PID/mountinfo, once for each mount\n\
         namespace: {} namespaces without a process\n\
         see: grep nsfs /proc/self/mountinfo",
        without.count()
    );
    explain!(
        "ioctl(SIOCGSKNS) on a copy of each socket (pidfd_getfd()):\n\
         the network namespace that it was made in; NS_MNT_GET_NEXT:\n\
         for root, every mount namespace that there is not in sight:\n\
         what only a descriptor on its way through a UNIX socket\n\
         holds, or only a mount in a mount namespace without processes"
    );
    explain!(
        "read() of NSpid in /proc/PID/status: the PIDs\n\
         from the namespace of this /proc inwards\n\
         see: grep NSpid /proc/self/status"
    );
}
