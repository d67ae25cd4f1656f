//! The claims of the chapter on bridges, routers and NAT.

mod hold;

use crate::support::{
    Who, assert_error, assert_says, assert_transcript, assert_transcripts, everyone, host,
    installed, is_root, lab, require, stderr, stdout,
};

/// What a lab answers: the line below these words, or beside them in the table of pings.
fn answer(text: &str, words: &str) -> String {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(words));
    let line = lines.next().unwrap_or_else(|| panic!("{words}:\n{text}"));
    match line.strip_suffix(':') {
        None => line[words.len()..].trim().to_owned(),
        Some(_) => {
            let below: Vec<_> = lines.take_while(|line| line.starts_with("  ")).collect();
            below.join("\n").replace("  ", "")
        }
    }
}

const UDP: &str = "UDP, member 1 to 198.51.100.2:53";
const TCP: &str = "TCP, outside to 198.51.100.1:8080";
const OUT: &str = "member 1   outside ";
const MEMBERS: &str = "member 1   member 2 ";
const LOST: &str = "ETIMEDOUT: Connection timed out";
const NO_ROUTE: &str = "ENETUNREACH: Network is unreachable";

/// The same for everyone.
fn printed(options: &[&str]) -> String {
    let lab = |who: Who| lab("net_bridge").by(who).args(options);
    let mut texts = everyone().iter().map(|&who| lab(who).transcript());
    let text = texts.next().expect("somebody");
    assert!(texts.all(|other| other == text));
    text
}

#[test]
fn who_reaches_whom() {
    assert_transcripts!("default", lab("net_bridge"));
    let text = printed(&[]);
    assert_says(&answer(&text, MEMBERS), &["64 bytes from 192.0.2.3"]);
    let router = answer(&text, "member 1   router ");
    assert_says(&router, &["64 bytes from 192.0.2.1"]);
    assert_says(&answer(&text, OUT), &["64 bytes from 198.51.100.2"]);
    assert_eq!(answer(&text, "outside    member 1"), NO_ROUTE);
}

#[test]
fn the_time_to_live_is_one_less_through_the_router() {
    let text = printed(&[]);
    assert_says(&answer(&text, MEMBERS), &[" ttl=64 "]);
    assert_says(&answer(&text, OUT), &[" ttl=63 "]);
}

#[test]
fn the_outside_sees_the_routers_address() {
    let seen = "outside receives it from 198.51.100.1\nmember 1 receives the answer";
    assert_eq!(answer(&printed(&[]), UDP), seen);
}

#[test]
fn a_published_port_reaches_the_member() {
    let accepted = "member 1 accepts it on port 80, from 198.51.100.2";
    assert_eq!(answer(&printed(&[]), TCP), accepted);
}

#[test]
fn without_nat_the_outside_sees_the_members_own_address_and_cannot_answer() {
    assert_transcripts!("no_nat", lab("net_bridge").args(["--no-nat"]));
    let text = printed(&["--no-nat"]);
    let seen = format!("outside receives it from 192.0.2.2\noutside: sendto(): {NO_ROUTE}");
    assert_eq!(answer(&text, UDP), seen);
    assert_eq!(answer(&text, OUT), LOST);
    assert_says(&answer(&text, MEMBERS), &["ttl=64"]);
    // The way back from a published port is known from the way in.
    assert_says(&answer(&text, TCP), &["member 1 accepts it"]);
}

#[test]
fn a_router_that_does_not_forward_loses_everything_silently() {
    assert_transcripts!("no_forward", lab("net_bridge").args(["--no-forward"]));
    let text = printed(&["--no-forward"]);
    assert_eq!(answer(&text, OUT), LOST);
    let nothing = "outside: recvfrom(): EAGAIN: Try again";
    assert_eq!(answer(&text, UDP), nothing);
    assert_eq!(answer(&text, TCP), format!("outside: connect(): {LOST}"));
    assert_says(&answer(&text, MEMBERS), &["ttl=64"]);
    assert_says(&answer(&text, "member 1   router "), &["ttl=64"]);
}

#[test]
fn without_a_default_route_a_member_is_told_at_once_and_answers_nobody() {
    assert_transcripts!("no_route", lab("net_bridge").args(["--no-route"]));
    let text = printed(&["--no-route"]);
    assert_eq!(answer(&text, OUT), NO_ROUTE);
    assert_eq!(
        answer(&text, UDP),
        format!("member 1: sendto(): {NO_ROUTE}")
    );
    assert_eq!(answer(&text, TCP), format!("outside: connect(): {LOST}"));
    assert_says(&answer(&text, MEMBERS), &["ttl=64"]);
}

#[test]
fn a_port_that_is_not_published_is_refused_by_the_router() {
    assert_transcripts!("no_publish", lab("net_bridge").args(["--no-publish"]));
    let text = printed(&["--no-publish"]);
    let refused = "outside: connect(): ECONNREFUSED: Connection refused";
    assert_eq!(answer(&text, TCP), refused);
    assert_says(&answer(&text, OUT), &["ttl=63"]);
}

#[test]
fn the_options_go_together() {
    let text = printed(&["--no-forward", "--no-nat", "--no-route", "--no-publish"]);
    assert_says(&answer(&text, UDP), &["ENETUNREACH"]);
    assert_says(&answer(&text, TCP), &["ECONNREFUSED"]);
    let text = printed(&["--no-forward", "--no-nat"]);
    assert_says(&answer(&text, UDP), &["EAGAIN"]);
}

#[test]
fn the_bridge_connects_from_one_to_twenty_members() {
    for number in [1, 20] {
        let text = printed(&["--members", &number.to_string()]);
        let learned: Vec<_> = text
            .lines()
            .filter(|line| line.contains("  eth0 of "))
            .collect();
        assert_eq!(learned.len(), number, "{text}");
        let last = learned.last().expect("a member");
        assert!(last.starts_with(&format!("veth{number} ")), "{text}");
        assert!(last.ends_with(&format!("of member {number}")), "{text}");
    }
    for number in ["0", "21", "many"] {
        let run = lab("net_bridge").args(["--members", number]).run().code(2);
        assert_says(&stderr(&run), &["--members"]);
    }
}

#[test]
fn a_bridge_without_an_address_of_its_own_has_the_lowest_of_its_ports() {
    require!(is_root() && installed("ip"), "makes a host, and types ip");
    let script = "ip link add br0 type bridge
         for low in 9 5 7; do
             ip link add v$low address 02:00:00:00:00:0$low type veth peer name w$low
             ip link set v$low master br0; cat /sys/class/net/br0/address
         done";
    let lines = ["9", "5", "5"].map(|low| format!("02:00:00:00:00:0{low}\n"));
    // A sysfs shows the network namespace of who mounted it.
    let script = format!("mount -t sysfs none /sys; {script}");
    host::on_own_host(&script).success().stdout(lines.concat());
}

#[test]
fn without_nft_the_lab_says_what_to_install() {
    require!(is_root(), "hides a program");
    let hide = "mount -t tmpfs none /usr/sbin; [ -L /sbin ] || mount -t tmpfs none /sbin; ";
    let run = host::on_own_host(&format!("{hide} net_bridge >/dev/null")).code(1);
    let error = stderr(&run);
    assert_error(&error, "net_bridge: execvp nft: ENOENT", "nftables");
    let run = host::on_own_host(&format!("{hide} doctor; echo $?")).success();
    assert_says(
        &stdout(&run),
        &["execvp nft: ENOENT", "apt install nftables"],
    );
}

#[test]
fn a_kernel_without_nat_is_told_in_the_words_of_nft() {
    require!(is_root(), "puts another program in the place of nft");
    let script = "mount -t tmpfs none /usr/sbin
         printf '#!/bin/sh\\necho Error: Operation not supported >&2; exit 1' >/usr/sbin/nft
         chmod 755 /usr/sbin/nft; net_bridge >/dev/null";
    let error = stderr(&host::on_own_host(script).code(1));
    let hint = "nft says: Error: Operation not supported";
    assert_error(&error, "net_bridge: nft table ip lab", hint);
}

#[test]
fn a_proc_that_is_read_only_is_said_plainly() {
    require!(is_root(), "mounts");
    let script = "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys
         net_bridge >/dev/null";
    let error = stderr(&host::on_own_host(script).code(1));
    let step = "net_bridge: write /proc/sys/net/ipv4/ip_forward: EROFS";
    assert_error(&error, step, "mounted read-only");
}

#[test]
fn the_narration_shows_the_command_of_every_step() {
    let lab = lab("net_bridge").by(Who::User);
    let lab = lab.args(["--explain", "--members", "2"]);
    assert_transcript!("explain", lab.terminal());
}

#[test]
fn leaves_the_host_untouched() {
    host::leaves_the_host_untouched(
        "before=$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/all/rp_filter)
         net_bridge; net_bridge --no-nat; $user net_bridge; net_bridge --hold 0
         for delay in 0.003 0.01 0.02; do
             net_bridge --hold 1 & lab=$!; sleep $delay; kill -KILL $lab || :; wait $lab || :
         done
         [ \"$before\" = \"$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/all/rp_filter)\" ]
         nft list ruleset >/tmp/rules; [ ! -s /tmp/rules ]; rm /tmp/rules",
    );
}
