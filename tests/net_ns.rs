//! The claims of the chapter on network namespaces.

use std::path::Path;

use crate::support::{
    Who, assert_error, assert_says, assert_transcript, assert_transcripts, everyone, host,
    installed, is_root, lab, require, stderr, stdout,
};

#[test]
fn the_transcript_is_the_articles_and_its_checks() {
    assert_transcripts!("default", lab("net_ns"));
}

#[test]
fn a_new_network_namespace_has_nothing_but_a_lo_that_is_down() {
    assert_transcripts!("list", lab("net_ns").args(["--list"]));
}

#[test]
fn a_new_network_namespace_does_not_copy_the_settings_of_the_old_one() {
    assert_transcripts!("sysctls", lab("net_ns").args(["--sysctls"]));
}

#[test]
fn settings_of_the_old_namespace_do_not_follow_those_of_the_new() {
    for &who in everyone() {
        let text = lab("net_ns").by(who).args(["--sysctls"]).printed();
        let row = text.lines().find(|row| row.contains("ip_default_ttl "));
        let numbers: Vec<_> = row.expect("a row").split_whitespace().skip(1).collect();
        let end = format!("to 99, the old one has {}.\n", numbers[0]);
        assert!(text.ends_with(&end) && numbers[1] != numbers[0], "{text}");
    }
}

/// What the table of settings cannot show, since the old namespace is a stand-in.
#[test]
fn some_settings_are_the_first_namespaces_or_come_from_it() {
    let only_here = Path::new("/proc/sys/net/core/netdev_max_backlog");
    require!(
        is_root() && only_here.exists(),
        "looks at the first network namespace"
    );
    let script = "cd /proc/sys/net/ipv4; files='ip_forward tcp_congestion_control tcp_rmem'
         cat $files; unshare --net cat $files";
    let text = lab("net_ns").shell(script).printed();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..3], lines[3..]);
}

#[test]
fn no_setting_in_proc_sys_kernel_belongs_to_a_network_namespace() {
    require!(is_root(), "makes a host of its own");
    let script = "cd /proc/sys/kernel
         look='find . -type f | sort; cat hostname threads-max msgmax pid_max'
         sh -c \"$look\" >/tmp/old; unshare --net sh -c \"$look\" >/tmp/new
         cmp /tmp/old /tmp/new && echo same";
    host::on_own_host(script).stdout("same\n");
}

#[test]
fn a_socket_keeps_the_namespace_that_it_was_made_in() {
    assert_transcripts!("socket", lab("net_ns").args(["--socket"]));
    for &who in everyone() {
        let text = lab("net_ns").by(who).args(["--socket"]).printed();
        let handles: Vec<_> = text.split("net:[").skip(1).collect();
        let handles: Vec<_> = handles.iter().map(|it| it.split(']').next()).collect();
        assert_eq!(handles[..2], handles[2..], "old and new, in this order");
        assert_ne!(handles[0], handles[1]);
    }
}

#[test]
fn the_namespace_of_a_socket_is_told_to_its_administrator_only() {
    require!(installed("python3"), "asks with python3");
    let script = "exec python3 -c 'import errno, fcntl, socket
try: fcntl.ioctl(socket.socket(), 0x894c)
except OSError as error: print(errno.errorcode[error.errno])'";
    let lab = lab("net_ns").by(Who::User).shell(script);
    assert_eq!(lab.printed(), "EPERM\n");
}

#[test]
fn ip_gives_the_same_listings_routes_and_answers() {
    require!(installed("ip"), "compares with ip (package iproute2)");
    for &who in everyone() {
        let via_ip = lab("net_ns").by(who).args(["--via", "ip"]).transcript();
        let via_netlink = lab("net_ns").by(who).transcript();
        let lines = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(&via_ip), lines(&via_netlink));
    }
}

/// Runs a script in both namespaces of a held lab, as the article does from
/// another terminal.
fn in_both_namespaces(arguments: &str, script: &str) -> String {
    let held = format!(
        "net_ns {arguments} --hold 30 >/dev/null 2>/tmp/held & lab=$!
         wait_for grep 'readlink /proc' /tmp/held
         child=$(child_of $lab)
         both() {{ for pid in $lab $child; do nsenter --target $pid --net \"$@\"; done; }}
         {script}
         kill $lab; fails wait $lab"
    );
    stdout(&host::on_own_host(&held).success())
}

#[test]
fn ip_leaves_the_same_state_as_netlink() {
    require!(
        is_root() && installed("ip"),
        "makes a host, and compares with ip"
    );
    // The whole state, without what is random (addresses of the links, and the IPv6
    // addresses made of them, which get a route when nobody else has claimed them for
    // a second), counted (indexes) or a matter of time (valid_lft).
    let read =
        "both ip -details -json address | jq -S 'del(.[][\"address\", \"ifindex\", \"link_index\"])
                  | del(.[].addr_info[]? | select(.family == \"inet6\" and .scope == \"link\"))'
                both ip -details route show table all | grep -v '^local fe80:'
                both ip neighbour | grep -v lladdr | cut -d' ' -f1-3";
    require!(installed("jq"), "compares with jq");
    let netlink = in_both_namespaces("", read);
    let ip = in_both_namespaces("--via ip", read);
    assert_says(&netlink, &["veth1", "169.254.1.2"]);
    assert_eq!(netlink, ip);
}

#[test]
fn the_listing_is_that_of_ip_link_list_to_the_byte() {
    require!(
        is_root() && installed("ip"),
        "makes a host, and compares with ip"
    );
    let output = host::on_own_host(
        "ip link add br0 type bridge; ip link set br0 up alias 'two words'
         ip link add va type veth peer name vb; ip link set va master br0; ip link set vb up
         ip link add m0 link eth0 type macvlan 2>/dev/null; ip link set lo txqueuelen 0
         # The kernel settles states from a work queue, for all namespaces once a second.
         wait_for sh -c 'ip link show br0 | grep \"state DOWN\"'
         ip link list; echo ====; net_ns --list --host",
    )
    .success();
    let text = stdout(&output);
    let (theirs, ours) = text.split_once("====\n").unwrap();
    assert_says(theirs, &["vb@va", "alias two words"]);
    let expected = format!("\nOriginal NET namespace:\n\n{theirs}\n");
    assert!(ours.starts_with(&expected), "{ours}\n{theirs}");
}

#[test]
fn what_the_article_types_works_while_the_lab_holds() {
    require!(is_root() && installed("ping"), "types ping (iputils-ping)");
    let typed = in_both_namespaces(
        "",
        "nsenter --target $lab --net ping -c 1 169.254.1.2 | grep -c ' 0% packet loss'
         nsenter --target $child --net ping -c 1 169.254.1.1 | grep -c ' 0% packet loss'
         nsenter --target $lab --net ip route list 169.254.1.0/30",
    );
    let route = "169.254.1.0/30 dev veth0 proto kernel scope link src 169.254.1.1";
    assert_eq!(typed.replace(" \n", "\n"), format!("1\n1\n{route}\n"));
}

#[test]
fn a_user_is_given_commands_that_work_for_a_user() {
    require!(is_root() && installed("ping"), "types ping (iputils-ping)");
    let script = "$user net_ns --hold 30 >/dev/null 2>/tmp/held & lab=$!
         wait_for grep 'readlink /proc' /tmp/held
         sed -n '/^  /p' /tmp/held >/tmp/typed; chmod 644 /tmp/typed
         $user sh -e /tmp/typed >/tmp/said 2>&1; echo \"status $?\"
         grep -c ' 0% packet loss' /tmp/said; grep -c 'net:\\[' /tmp/said
         kill $lab; fails wait $lab";
    host::on_own_host(script)
        .success()
        .stdout("status 0\n2\n2\n");
}

#[test]
fn on_the_real_host_veth0_is_gone_before_the_lab_returns() {
    require!(is_root(), "makes a host of its own");
    let script = "for i in 1 2 3 4 5; do net_ns --host >/dev/null || echo failed; \
                  ip link show veth0 2>&1; done";
    let gone = "Device \"veth0\" does not exist.\n".repeat(5);
    host::on_own_host(script).stdout(gone);
    host::leaves_the_host_untouched(
        "net_ns --host; net_ns --host --via ip; net_ns --host --hold 0",
    );
}

#[test]
fn a_kill_never_leaves_veth0_on_the_real_host() {
    host::leaves_the_host_untouched(
        "for delay in 0.001 0.003 0.005 0.01 0.02 0.03; do for signal in KILL TERM INT; do
             env --default-signal=INT net_ns --host --hold 1 & lab=$!
             sleep $delay; kill -$signal $lab || :; wait $lab || :
             # The kernel takes its time, and the next one says EEXIST before that.
             wait_for fails ip link show veth0
         done; done",
    );
}

#[test]
fn a_veth0_that_exists_is_said_plainly_and_left_alone() {
    require!(is_root(), "makes a host of its own");
    let ips_own_words = "ip says: RTNETLINK answers: File exists";
    for (via, error, hint) in [
        ("netlink", "net_ns: *EEXIST: File exists", "veth0 exists"),
        ("ip", "net_ns: ip link add veth0 type veth", ips_own_words),
    ] {
        let script = format!(
            "ip link add veth0 type veth peer name other
             net_ns --host --via {via} >/dev/null; echo \"status $?\"; ip link show veth0 >/dev/null && echo there"
        );
        let output = host::on_own_host(&script).stdout("status 1\nthere\n");
        assert_error(&stderr(&output.success()), error, hint);
    }
}

#[test]
fn a_taken_port_80_and_a_firewall_are_said_plainly() {
    require!(is_root(), "makes a host of its own");
    require!(installed("python3"), "serves port 80 with python3");
    let script = "python3 -m http.server 80 >/dev/null 2>&1 & server=$!
         wait_for python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 80))'
         net_ns --host >/dev/null; echo \"status $?\"; ip link show veth0 2>&1; kill $server";
    let gone = "status 1\nDevice \"veth0\" does not exist.\n";
    let error = stderr(&host::on_own_host(script).stdout(gone));
    assert_error(&error, "net_ns: bind 169.254.1.1:80: EADDRINUSE", "");
    // A route that drops stands for a firewall that does.
    let script =
        "ip rule add pref 0 to 169.254.1.2 blackhole; net_ns --host >/dev/null; echo \"status $?\"";
    let error = stderr(&host::on_own_host(script).success().stdout("status 1\n"));
    assert_error(&error, "net_ns: *169.254.1.2: E", "");
}

#[test]
fn a_user_cannot_change_the_real_host() {
    let run = lab("net_ns").by(Who::User).args(["--host"]).run();
    let error = stderr(&run.code(1).stdout(""));
    assert_error(&error, "net_ns: *EPERM", "only root");
}

#[test]
fn the_narration_shows_the_ip_command_of_every_step() {
    let lab = lab("net_ns").by(Who::User).args(["--explain"]);
    assert_transcript!("explain", lab.terminal());
}

#[test]
fn the_narration_of_settings_and_sockets_is_in_order() {
    for (name, option) in [
        ("explain_sysctls", "--sysctls"),
        ("explain_socket", "--socket"),
    ] {
        let lab = lab("net_ns").by(Who::User).args([option, "--explain"]);
        assert_transcript!(name, lab.terminal());
    }
}

#[test]
fn leaves_the_host_untouched() {
    host::leaves_the_host_untouched(
        "net_ns; net_ns --list; net_ns --via ip; $user net_ns; net_ns --hold 0
         net_ns --sysctls; net_ns --socket; $user net_ns --sysctls; $user net_ns --socket",
    );
}

/// The third message of the parent that changes something gives veth0 its address.
#[test]
fn a_veth0_without_an_address_is_removed_at_once() {
    require!(is_root(), "makes a host of its own");
    require!(installed("strace"), "makes a system call fail with strace");
    let script = "strace -qq -o /tmp/calls -e trace=sendto -e inject=sendto:error=ENOBUFS:when=3 \
             net_ns --host >/dev/null; echo \"status $?\"
         # Some versions of strace know RTM_DELLINK by its number only.
         grep -cE 'nlmsg_type=(RTM_DELLINK|0x11)' /tmp/calls";
    let run = host::on_own_host(script).success().stdout("status 1\n1\n");
    let error = stderr(&run);
    assert!(
        error.starts_with("net_ns: RTM_NEWADDR 169.254.1.1/30: ENOBUFS"),
        "{error}"
    );
}

#[test]
fn another_link_may_take_the_index_meanwhile() {
    require!(is_root(), "makes a host of its own");
    require!(installed("strace"), "delays a system call with strace");
    // eth0 and its peer are the newest links of the host, so the lab takes the highest index + 2.
    let script =
        "strace -qq -o /tmp/calls -e trace=sendto -e inject=sendto:delay_enter=1500000:when=2 \
             net_ns --host >/tmp/transcript & lab=$!
         wait_for grep -q RTM_GETLINK /tmp/calls
         highest=$(ip -o link | sort -n | tail -1 | cut -d: -f1)
         ip link add rival index $((highest + 2)) type dummy
         wait $lab; echo \"status $?\"; grep -c 'answers' /tmp/transcript
         ip -o address show dev rival | grep -c 169.254";
    host::on_own_host(script).stdout("status 0\n2\n0\n");
}
