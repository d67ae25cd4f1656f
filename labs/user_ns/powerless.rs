//! Every capability, and nothing to use it on but what the user namespace owns.

use common::credentials::{Identity, map_to_root};
use common::lab::answer;
use common::ns::describe;
use common::{Checkpoint, Result, Step as _, clone, explain, say};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::sys::utsname::uname;
use nix::unistd::{getegid, geteuid, getpid, sethostname};

// ANCHOR: powerless
pub(crate) fn lab() -> Result<u8> {
    let maps_written = Checkpoint::new()?;
    let child = clone(CloneFlags::CLONE_NEWUSER, || {
        maps_written.wait()?;
        child_function()
    })?;
    map_to_root(child.pid(), geteuid(), getegid())?;
    maps_written.open()?;
    child.wait()
}

fn child_function() -> Result<u8> {
    say!("child: {}\n", Identity::of(getpid())?)?;
    explain!(
        "the host's namespaces belong to the first user namespace, in which the child\n\
         has no capability at all"
    );
    // ANCHOR: twice
    let hosts = attempts();
    let flags = CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET;
    unshare(flags).step("unshare", describe(flags))?;
    explain!(
        "unshare({}): these belong to the child's user namespace",
        describe(flags)
    );
    let own = attempts();
    // ANCHOR_END: twice

    say!("ATTEMPT                  IN THE HOST'S NAMESPACE           IN A NEW ONE")?;
    for ((what, host), (_, own)) in hosts.into_iter().zip(own) {
        say!("{what:23}  {:32}  {}", answer(host), answer(own))?;
    }
    // A device is the machine's: no namespace could own it.
    let device = mknod("/tmp/null", SFlag::S_IFCHR, Mode::S_IRUSR, makedev(1, 3));
    say!(
        "\nmknod() of /dev/null's twin on a tmpfs of its own: {}",
        answer(device)
    )?;
    Ok(0)
}

/// Three things that root does every day, none of which would change the host.
fn attempts() -> [(&'static str, nix::Result<()>); 3] {
    let same_name = uname().and_then(|uts| sethostname(uts.nodename()));
    let tmpfs = mount(
        Some("tmpfs"),
        "/tmp",
        Some("tmpfs"),
        MsFlags::empty(),
        None::<&str>,
    );
    let raw_socket = socket(
        AddressFamily::Inet,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::Icmp,
    );
    [
        ("sethostname(the same)", same_name),
        ("mount(tmpfs on /tmp)", tmpfs),
        ("socket(SOCK_RAW)", raw_socket.map(drop)),
    ]
}
// ANCHOR_END: powerless
