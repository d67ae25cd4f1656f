//! Sockets: each keeps the network namespace that it was made in.

use std::os::fd::OwnedFd;

use common::ns::nsfs::get_socket_netns;
use common::process::{pidfd_getfd, pidfd_open};
use nix::fcntl::readlinkat;
use nix::unistd::{Pid, getpid};

use crate::model::{Id, World};
use crate::relations::ask;

/// Remembers a socket of another network namespace than its process's. That takes a copy
/// of the descriptor, which only who may trace the process can have.
pub(crate) fn add(
    world: &mut World,
    process: &OwnedFd,
    besides: &[Id],
    (pid, fd): (i32, i32),
    link: &str,
) -> nix::Result<()> {
    let socket = readlinkat(process, link).unwrap_or_default();
    let is_socket = socket.as_encoded_bytes().starts_with(b"socket:");
    // The numbers in the /proc of another PID namespace are not those of system calls.
    if !is_socket || world.own != Some(getpid().as_raw()) {
        return Ok(());
    }
    let copy = pidfd_open(Pid::from_raw(pid)).and_then(|process| pidfd_getfd(process, fd));
    let namespace = copy.and_then(get_socket_netns);
    let is_still_there = readlinkat(process, link).is_ok_and(|link| link == socket);
    let Some(namespace) = namespace.ok().filter(|_| is_still_there) else {
        return Ok(()); // Closed by now, or out of reach.
    };
    let found = ask(world, namespace)?.filter(|id| !besides.contains(id));
    if let Some(namespace) = found.and_then(|id| world.namespaces.get_mut(&id)) {
        namespace.handles.push(format!("/proc/{pid}/{link}").into());
    }
    Ok(())
}
