//! ID-mapped mounts: one directory, and whose its files are depends on the mount.
//!
//! Chapter: book/src/idmap_mount.md. See mount_setattr(2), open_tree(2), user_namespaces(7).

mod chown;
mod mapped;
mod read_only;
mod refusals;
mod stage;

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::process::ExitCode;

use clap::Parser;
use common::credentials::{map_ids, nsenter, set_uid};
use common::lab::{ExplainArgs, HoldArgs, answer};
use common::procfs::check_proc;
use common::{Checkpoint, Result, Step as _, clone, explain, parse, say};
use nix::sched::CloneFlags;
use nix::unistd::{Pid, Uid, getegid, getpid};
use stage::{HOME, MAPPED, Users};

/// Shows the owner of one directory through two mounts, to a container and outside of it
#[derive(Parser)]
#[command(name = "idmap_mount", version)]
struct Args {
    #[command(flatten)]
    experiment: Experiment,
    #[command(flatten)]
    hold: HoldArgs,
    #[command(flatten)]
    explain: ExplainArgs,
}

/// What is shown in place of the two mounts.
#[derive(clap::Args)]
#[group(multiple = false, conflicts_with = "hold")]
struct Experiment {
    /// Give FILES files to the container by chown(), and by a mount: what each way takes
    #[arg(long, value_name = "FILES", num_args = 0..=1, default_missing_value = "10000",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    chown: Option<u32>,
    /// Break each rule of MOUNT_ATTR_IDMAP once
    #[arg(long)]
    refusals: bool,
    /// Make a tree of mounts read-only, by mount() and by mount_setattr()
    #[arg(long)]
    read_only: bool,
}

fn main() -> ExitCode {
    common::run(lab)
}

fn lab() -> Result<u8> {
    let args: Args = parse()?;
    args.explain.begin()?;
    check_proc()?; // By which the IDs of a child are mapped.
    let asked = &args.experiment;
    if asked.refusals {
        return refusals::lab();
    }
    stage::enter()?;
    if asked.read_only {
        return read_only::lab();
    }
    let users = Users::here()?;
    stage::set_up(users)?;
    match asked.chown {
        Some(files) => chown::lab(users, files),
        None => whose_files(users, &args.hold),
    }
}

// ANCHOR: main
fn whose_files(users: Users, hold: &HoldArgs) -> Result<u8> {
    let hold = hold.begin()?;
    mapped::mount(users)?;
    let Users { owner, root } = users;
    say!("{HOME}    belongs to user {owner} on disk")?;
    say!("{MAPPED}  is the same directory, and shows user 1000 as {root}")?;
    say!("the container: its root is user {root} out here\n")?;
    say!("WHO LOOKS               {HOME}  {MAPPED}")?;

    let (maps_written, inside_is_shown) = (Checkpoint::new()?, Checkpoint::new()?);
    let all_is_seen = Checkpoint::new()?;
    let container = clone(CloneFlags::CLONE_NEWUSER, || {
        maps_written.wait()?;
        set_uid(0)?;
        show("root of the container")?;
        make_files()?;
        inside_is_shown.open()?;
        all_is_seen.wait()?; // Its user namespace lives as long as it does.
        Ok(0)
    })?;
    let group = (0, getegid());
    map_ids(container.pid(), (0, Uid::from_raw(root)), group)?;
    show("outside")?;
    explain!(
        "clone(CLONE_NEWUSER), write(\"0 {root} 1\" to uid_map): the container\n\
         see: cat /proc/{}/uid_map",
        container.pid()
    );
    maps_written.open()?;
    inside_is_shown.wait()?;

    explain!(
        "on the way to the disk, IDs go through the map the other way round\n\
         see: ls -ln {HOME} {MAPPED}, in the mount namespace of process {}",
        getpid()
    );
    for entry in fs::read_dir(HOME).step("open", HOME)? {
        let path = entry.step("getdents", HOME)?.path();
        let file = fs::metadata(&path).step("stat", path.display())?;
        say!("on disk, {} belongs to user {}", path.display(), file.uid())?;
    }
    if let Some(hold) = &hold {
        hold.wait(&commands(container.pid()))?;
    }
    all_is_seen.open()?;
    container.wait()
}

fn show(viewer: &str) -> Result<()> {
    let owner = |path| fs::metadata(path).step("stat", path);
    let (home, mapped) = (owner(HOME)?.uid(), owner(MAPPED)?.uid());
    say!("{viewer:22}  {home:9}  {mapped:11}")
}

/// Each through another mount, and both to the same directory.
fn make_files() -> Result<()> {
    explain!("open(O_CREAT): the new file is to belong to root, as the mount has it");
    say!("")?;
    for path in ["/tmp/home/a", "/tmp/mapped/b"] {
        let made = File::create_new(path).map(drop);
        say!("root of the container makes {path:13}  {}", answer(made))?;
    }
    Ok(())
}
// ANCHOR_END: main

fn commands(container: Pid) -> String {
    let look = format!("ls -ln {HOME} {MAPPED}");
    let outside = nsenter(getpid(), "--mount");
    let inside = match nsenter(container, "--mount") {
        // An ordinary user joins the user namespace for the right to join the other one.
        joins_both if joins_both.contains("--user") => joins_both,
        _ => nsenter(container, "--user --mount"),
    };
    format!("  {outside} {look}    # outside\n  {inside} {look}    # in the container")
}
