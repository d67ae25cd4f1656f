//! What is typed while the lab holds its namespaces.

use crate::support::{host, installed, is_root, require, stdout};

/// Runs a script while the lab holds, with `member`, `outside` and `router` to run a command
/// in each of their namespaces.
fn while_it_holds(script: &str) -> String {
    let held = format!(
        "net_bridge --hold 60 >/tmp/transcript 2>/tmp/held & lab=$!
         wait_for grep 'nft list' /tmp/held
         net() {{ sed -n \"s/.*--net=\\([^ ]*\\) $1.*/\\1/p\" /tmp/held | sed -n \"$2p\"; }}
         member=$(net 'ping' 1) outside=$(net 'ip route' 2) router=$(net 'nft' 1)
         for name in member outside router; do
             eval \"$name() {{ nsenter --net=\\$$name \\\"\\$@\\\"; }}\"
         done
         {script}
         kill $lab; fails wait $lab"
    );
    stdout(&host::on_own_host(&held).success())
}

#[test]
fn each_namespace_has_an_ip_forward_of_its_own() {
    require!(is_root(), "makes a host of its own");
    let typed = while_it_holds(
        "file=/proc/sys/net/ipv4/ip_forward; before=$(cat $file); echo 0 >$file
         router cat $file; cat $file; member sh -c \"echo 0 >$file\"; router cat $file
         echo $before >$file",
    );
    assert_eq!(typed, "1\n0\n1\n");
}

#[test]
fn the_table_is_that_of_bridge() {
    require!(
        is_root() && installed("bridge"),
        "compares with bridge (iproute2)"
    );
    let typed = while_it_holds(
        "router bridge fdb show br br0 | grep -v permanent | sort -k 3 |
             sed 's/\\(.*\\) dev \\([^ ]*\\) .*/\\2   \\1/'
         echo; grep ' eth0 of' /tmp/transcript | cut -d' ' -f1-4",
    );
    let (theirs, ours) = typed.split_once("\n\n").expect("two parts");
    assert_eq!(theirs, ours.trim_end());
    assert_eq!(theirs.lines().count(), 3);
}

/// Filters of the IP layer see bridged frames where br_netfilter is loaded, as by Docker.
#[test]
fn a_forward_chain_that_drops_stops_neighbours_where_br_netfilter_is_loaded() {
    require!(is_root() && installed("ping"), "types ping (iputils-ping)");
    let typed = while_it_holds(
        "router nft add table ip strict
         router nft add chain ip strict f '{ type filter hook forward priority 0; policy drop; }'
         ask() { member ping -c 1 -W 1 192.0.2.3 | grep -o '[01] received'; }
         file=/proc/sys/net/bridge/bridge-nf-call-iptables
         if [ -e $file ]; then router sh -c \"echo 1 >$file\"; ask; router sh -c \"echo 0 >$file\"
         else echo '0 received'; fi
         ask; member ping -c 1 -W 1 198.51.100.2 | grep -o '[01] received'",
    );
    assert_eq!(typed, "0 received\n1 received\n0 received\n");
}

#[test]
fn the_printed_commands_work_for_who_started_the_lab() {
    require!(is_root() && installed("ping"), "types ping (iputils-ping)");
    for user in ["", "$user "] {
        let script = format!(
            "{user}net_bridge --hold 60 >/dev/null 2>/tmp/held & lab=$!
             wait_for grep 'nft list' /tmp/held
             sed -n '/^  /p' /tmp/held >/tmp/typed; chmod 644 /tmp/typed
             {user}sh -e /tmp/typed >/tmp/said 2>&1; echo \"status $?\"
             grep -c ' 0% packet loss' /tmp/said; grep -c 'default via' /tmp/said
             grep -c 'master br0 state UP' /tmp/said; grep -c 'masquerade' /tmp/said
             kill $lab; fails wait $lab"
        );
        host::on_own_host(&script)
            .success()
            .stdout("status 0\n1\n1\n3\n1\n");
    }
}

#[test]
fn two_members_with_one_source_port_are_told_apart_by_the_routers_ports() {
    require!(is_root() && installed("python3"), "speaks UDP with python3");
    let typed = while_it_holds(
        r#"second=$(echo $member | sed 's|fd/.*|fd/|')$(( ${member##*/} + 1 ))
         udp='import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", int(sys.argv[1])))'
         outside python3 -c "$udp
seen = [s.recvfrom(9) for _ in range(2)]
print(*sorted(data for data, _ in seen), {who[0] for _, who in seen}, len({who[1] for _, who in seen}))
for data, who in seen: s.sendto(data, who)" 53 & server=$!
         wait_for sh -c "nsenter --net=$outside cat /proc/net/udp | grep :0035"
         ask="$udp
s.sendto(sys.argv[2].encode(), ('198.51.100.2', 53)); print('back', s.recv(9).decode())"
         member python3 -c "$ask" 5000 one >/tmp/one & first=$!
         nsenter --net=$second python3 -c "$ask" 5000 two >/tmp/two
         wait $first; wait $server; cat /tmp/one /tmp/two"#,
    );
    let seen = "b'one' b'two' {'198.51.100.1'} 2\nback one\nback two\n";
    assert_eq!(typed, seen);
}
