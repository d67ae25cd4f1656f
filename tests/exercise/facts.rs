//! Each fact that a condition can name, of a process whose facts are known.

use super::looking::{can_learn, learner, own};
use crate::support::require;

/// In every namespace, with something to be seen in each.
const PROCESS: &str = "import ctypes, os, socket, subprocess
c = ctypes.CDLL(None)
c.msgget(4711, 0o1600)
server = socket.socket(); server.bind(('', 8080)); server.listen()
run = lambda line: subprocess.run(line, shell=True, check=True)
run('ip link set lo up; ip link add eth9 type veth peer name wire; ip link set eth9 up')
run('ip address add 10.1.1.2/24 dev eth9; ip route add default via 10.1.1.1')
run('echo 77 >/proc/sys/net/ipv4/ip_default_ttl; echo 99 >/proc/sys/kernel/msgmni')
run('mkdir /tmp/m; mount -t tmpfs -o ro,nosuid tmpfs /tmp/m')
server.set_inheritable(True)
c.prctl(38, 1, 0, 0, 0)
os.execvp('sleep', ['sleep', '100'])";

#[test]
fn every_fact_is_as_the_kernel_has_it() {
    require!(can_learn(), "makes a host of its own, and reads JSON");
    let facts = "p.argument == 100
p.name == sleep
p.pid != 1
p.levels == 2
p.pid_inside == 1
p.status(NoNewPrivs) == 1
p.creator == 1234
p.effective has sys_admin
p.permitted has net_raw
p.inheritable == none
p.bounding has kill
p.address has 10.1.1.2
p.links has eth9
p.listens has 8080
p.gateway == 10.1.1.1
p.queues has 4711
me.queues lacks 4711
p.sysctl(net.ipv4.ip_default_ttl) == 77
p.sysctl(kernel.msgmni) == 99
p.cgroup_inside == /
p.mounted(/tmp/m) == tmpfs
p.flags(/tmp/m) has ro
p.flags(/tmp/m) has nosuid
p.owner_of(/tmp/m) == 1234
p.owner_of(/tmp/nothing) == absent
p.monotonic == 60
p.boottime == 0";
    let text = learner(&format!(
        "{}begin own; cat >/tmp/process <<'END'\n{}\nEND
         $user unshare -UrmnipfCT --monotonic 60 --mount-proc --kill-child /usr/bin/python3 /tmp/process & wait_for sleeps 1
         in_time own 'done: -'",
        own(facts),
        PROCESS
    ));
    assert_eq!(text, "done: -\n");
}
