//! Bombs, each of which stops sixteen above the limit that it was told.

use std::fs::{self, File};
use std::io::Write as _;

use common::process::fork_untied;
use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::pause;

use super::mounts::errno;
use crate::limits::DESCRIPTORS;
use crate::options::Args;

const ABOVE: u64 = 16;
const MIB: u64 = 1 << 20;

pub(super) fn processes(args: &Args) -> nix::Result<()> {
    for _ in 0..args.pids() + ABOVE {
        let child = fork_untied(|| {
            loop {
                pause();
            }
        });
        // They end with their PID namespace.
        child
            .map_err(|error| error.errno().unwrap_or(Errno::EIO))?
            .into_pid();
    }
    Ok(())
}

pub(super) fn memory(args: &Args) -> nix::Result<()> {
    let mut taken = Vec::new();
    for _ in 0..args.memory() / MIB + ABOVE {
        let mut piece: Vec<u8> = Vec::new();
        piece
            .try_reserve_exact(MIB as usize)
            .map_err(|_| Errno::ENOMEM)?;
        // Only what is written is taken.
        piece.resize(MIB as usize, 1);
        taken.push(piece);
    }
    Ok(())
}

pub(super) fn tmpfs(args: &Args) -> nix::Result<()> {
    let mut file = File::create("/tmp/bomb").map_err(errno)?;
    let piece = vec![1; MIB as usize];
    let written = (0..args.tmp_size / MIB + ABOVE).try_for_each(|_| file.write_all(&piece));
    let _ = fs::remove_file("/tmp/bomb");
    written.map_err(errno)
}

pub(super) fn descriptors() -> nix::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    let mut taken = Vec::new();
    for _ in 0..DESCRIPTORS + ABOVE {
        taken.push(File::open("/").map_err(errno)?);
    }
    Ok(())
}
