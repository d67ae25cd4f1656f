//! What nsenter(1) has come to have, and a user namespace without an ID 0.

use crate::support::{host, installed, is_root, require, stdout};

#[test]
fn a_socket_leads_to_the_network_namespace_that_it_was_made_in() {
    require!(
        is_root() && installed("python3"),
        "a process with a socket from elsewhere"
    );
    let python = "import ctypes, os, socket, time
libc = ctypes.CDLL(None)
own = os.open('/proc/self/ns/net', 0)
libc.unshare(0x40000000)
made = socket.socket()
os.dup2(made.fileno(), 9)
print(os.readlink('/proc/self/ns/net'), flush=True)
libc.setns(own, 0)
time.sleep(60)";
    let script = format!(
        "python3 -c \"{python}\" >/tmp/net & target=$!; wait_for grep -q net /tmp/net; cat /tmp/net
         nsenter -t $target -N 9 readlink /proc/self/ns/net
         for none in 0 77; do nsenter -t $target --net-socket=$none true 2>&1 | grep -c 'no socket'; done
         kill $target"
    );
    let text = stdout(&host::on_own_host(&script));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], lines[1], "{text}");
    assert_eq!(lines[2..], ["1", "1"], "{text}");
}

#[test]
fn the_user_namespace_around_is_joined_by_what_it_owns() {
    require!(is_root(), "joins two levels below");
    let script = "unshare -r unshare -rn sleep 60 & inner=$!; wait_for runs $inner sleep
         own=$(readlink /proc/$inner/ns/user)
         [ \"$(nsenter -t $inner --net --user-parent readlink /proc/self/ns/user)\" = \"$own\" ] && echo owner
         [ \"$(nsenter -t $inner --user --user-parent readlink /proc/self/ns/user)\" != \"$own\" ] && echo around
         kill $inner";
    let text = stdout(&host::on_own_host(script));
    assert_eq!(text, "owner\naround\n");
}

#[test]
fn a_user_namespace_without_an_id_0_is_told_with_what_helps() {
    require!(is_root(), "joins a user's namespace");
    let script = "$user /usr/bin/unshare -c sleep 60 & target=$!; wait_for runs $target sleep
         nsenter -t $target -U true 2>&1 | grep -c -- --preserve-credentials
         nsenter -t $target -U -S follow -G follow id -u; kill $target";
    host::on_own_host(script).stdout("1\n1234\n");
}
