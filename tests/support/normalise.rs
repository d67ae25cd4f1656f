//! Replaces what differs from run to run, field by field.
//!
//! No pattern matches a bare number: each names the words around its field. A
//! value that appears twice gets the same replacement twice, so relations
//! survive: one process has one PID throughout a transcript.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use regex::Regex;

use super::{HOSTNAME, figures};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Pid,
    Inode,
    Id,
    Index,
    Mac,
    RoundTrip,
    Host,
    User,
    Group,
    NoCarrier,
    Forward,
    PeerGroup,
    Mounts,
    CgroupMount,
    Cgroup,
    CgroupAbove,
    Run,
    Mounting,
    Chowning,
}

use Kind::{
    Cgroup, CgroupAbove, CgroupMount, Chowning, Forward, Group, Host, Id, Index, Inode, Mac,
    Mounting, Mounts, NoCarrier, PeerGroup, Pid, RoundTrip, Run, User,
};

/// The fields. Each group named `x…` holds a value to replace.
#[rustfmt::skip]
const FIELDS: &[(Kind, &str)] = &[
    (Pid, r"(?m)^PID for \S+ process = (?<x>\d+)"),
    (Pid, r"(?m)^Child process created by clone\(\) from \S+ have PID = (?<x>\d+)"),
    (Pid, r"(?m)^(?:Child's|Parent's) PID from child_function\(\) from own namespace: (?<x>\d+)"),
    (Pid, r"(?m)^PID of child created by clone\(\) is (?<x>\d+)"),
    (Pid, r"(?m)^Parent (?<x>\d+): start a container"),
    // pid_ns --siblings: the column PID OUTSIDE, and the targets of kill().
    (Pid, r"(?m)^[AB]\d(?<x> +\d+) "),
    (Pid, r"kill\((?<x>\d+), "),
    // pid_ns --nested: process 0 of itself, and the outermost column.
    (Pid, r"(?m)^0 (?<x1> +\d+) (?<x2> +\d+)$"),
    (Pid, r"(?m)^[1-9]\d* +1 (?<x> +\d+)(?: +\d+)*$"),
    // pid_ns --credentials: the columns PID and UID end its lines.
    (Pid, r"(?m)^The parent is PID (?<x1>\d+), .* child is PID (?<x2>\d+) to it"),
    (Pid, r"(?m)^child   parent  .*?(?<x> +\d+) +\d+$"),
    // init: PID and PPID outside; the names are those of its transcript.
    (Pid, r"(?m)^(?:init|subreaper|parent|orphan|joined|born)(?<x1> +\d+)(?<x2> +\d+)(?: +\d+)*$"),
    (Pid, r"\bsubreaper: waitpid\((?:-1|(?<x1>\d+))\) = (?<x2>\d+)"),
    (Pid, r"\bpstree -p (?<x>\d+)"),
    // Seen by any process but PID 1, whose own children have small numbers.
    (Pid, r"in process (?:1\d+|[2-9]\d*): PID (?<x>\d+) has ended"),
    (Pid, r"/proc/(?<x>\d+)"),
    (Pid, r"\bprocess (?<x>\d+)\b"),
    // exercise: how a program ended is another run's value.
    (Run, r"(?m)^  \| made-(?<x>\d+)$"),
    (Pid, r"--target (?<x>\d+)"),
    (Pid, r"\bnetns (?<x>\d+)"),
    // What a reader types and reads in a session of the book.
    (Pid, r"(?m)^\[\d+\][+-]?(?<x> +\d+)\b"),
    (Pid, r"\bjob \d+\[(?<x>\d+)\]"),
    (Pid, r"kill: \((?<x>\d+)\)"),
    (Pid, r"(?m)^NSpid:\t(?<x>\d+)"),
    (Pid, r"(?m)^[#$] echo \$\$.*\n(?<x>\d+)$"),
    (Pid, r"\bkill (?:-\w+ )?(?<x>\d+)\b"),
    // map: the example of a namespace, and the PIDs at level 0.
    (Pid, r"(?m)^[^a-z\n]*[a-z]+:\[\d+\](?: +\d+)+?(?<x> +\d+) [a-z]"),
    (Pid, r"(?m)^(?:> )?(?<x> +\d+)(?: +\d+)*  +[│├└]"),
    (Pid, r"(?:for example|1 process:) (?<x>\d+) [a-z]"),
    (Pid, r"[a-z](?: \(self\))?: PID (?<x>\d+)[,;)]"),
    (Pid, r">(?<x>\d+) [a-z]+</text>"),
    (Pid, "class=\"pid level-0\">(?<x>\\d+)<"),
    // map --ask
    (Pid, r"--pid (?<x>\d+)"),
    (Id, r"(?m)^  NS_GET_ID +(?<x>\d+)$"),
    (User, r"(?m)^  NS_GET_OWNER_UID +(?<x>\d+)$"),
    (Inode, r"\b(?:cgroup|ipc|mnt|net|pid|time|user|uts):\[(?<x>\d+)\]"),
    (Index, r"(?m)^(?<x>\d+): [a-z]+\d*(?:@|:)"),
    (Index, r"@if(?<x>\d+)"),
    (Mac, r"link/ether (?<x>[0-9a-f:]{17})"),
    // net_bridge: what the bridge has learned. The last part is bridge(8)'s way to show it.
    (Mac, r"(?m)^veth\d+ +(?<x>[0-9a-f:]{17})"),
    (Mac, r"(?m)^(?<x>[0-9a-f:]{17}) dev \w+ master br0"),
    (RoundTrip, r"\btime=(?<x>[0-9.]+) ms"),
    (RoundTrip, r"(?m)^rtt .* = (?<x1>[0-9.]+)/(?<x2>[0-9.]+)/(?<x3>[0-9.]+)/"),
    (User, r"\buid (?<x>\d+) (?:outside|is root|and gid)"),
    (User, r"\bgid (?<x>\d+) outside"),
    (User, r"\b(?:AS UID|(?:runs|run) as uid) (?<x>\d+)\b"),
    // user_ns: the caller's own IDs, wherever they are seen.
    (User, r"(?m)^(?:parent|child, seen by the parent): +uid = (?<x>\d+)"),
    (Group, r"(?m)^(?:parent|child, seen by the parent): +uid = \d+, gid = (?<x>\d+)"),
    // capabilities --xattr: the caller's own ID, in both columns.
    (User, r"(?m)^outside, where root is uid (?<x1>\d+) .* (?<x2>\d+)$"),
    (User, r"(?m)^parent writes to uid_map: +0 (?<x>\d+) 1$"),
    (Group, r"(?m)^parent writes to gid_map: +0 (?<x>\d+) 1$"),
    (User, r"(?m)^uid_map  .*  0 (?<x1>\d+) \d(?:, 0 (?<x2>\d+) \d)?(?:$| +#)"),
    (Group, r"(?m)^gid_map  .*  0 (?<x>\d+) 1(?:$| +#)"),
    (Group, r"\band gid (?<x>\d+) writes its own maps"),
    (User, r"(?m)^outside +0:0 +(?<x>\d+):\d+$"),
    (Group, r"(?m)^outside +0:0 +\d+:(?<x>\d+)$"),
    (User, r"(?m)^the same file, outside: (?<x>\d+):"),
    (Group, r"(?m)^the same file, outside: \d+:(?<x>\d+)$"),
    (User, r"(?m)^level 0: geteuid\(\) = (?<x>\d+)$"),
    (User, r"(?m)^level 1: .*; uid_map: 1 (?<x>\d+) 1;"),
    (User, r"(?m)^level \d+: .*; seen from level 0: (?<x>\d+)$"),
    // Kernels differ, and newer ones settle it by whichever interface has the
    // peer's index in this namespace.
    (NoCarrier, r"<NO-CARRIER,.* state (?<x>DOWN|LOWERLAYERDOWN) "),
    // net_ns --sysctls: the new namespace has what the first one of the machine has.
    (Forward, r"(?m)^net\.ipv4\.ip_forward +(?<x1>\d) +(?<x2>\d)$"),
    // mountinfo: which mounts share what is mounted on them.
    (PeerGroup, r"\b(?:shared|master|propagate_from):(?<x>\d+)"),
    (Mounts, r"(?m)^  mounts on /old and below: (?<x>\d+)$"),
    // Where cgroup v2 is mounted, and which cgroup the tests run in.
    (CgroupMount, r"cgroup v2, mounted on (?<x>/\S+)"),
    (CgroupMount, r#"(?s)cgroup v2, mounted on.*?mkdir[ (]"?(?<x>/\S*)/cgroup_ns-"#),
    (Pid, r"/cgroup_ns-(?<x>\d+)"),
    (Cgroup, r"(?m)^Parent's cgroup, read by the parent: (?<x>/.*)$"),
    (Cgroup, r"(?m)^Parent's cgroup, read by the child:  (?<x>/[^.\n].*)$"),
    (CgroupAbove, r"(?m)^Child's cgroup, read by the \w+: +(?<x>.*)/cgroup_ns-"),
    (CgroupAbove, r"(?s)/cgroup_ns-\d+\nRoot.*?Root of the mount, for the child:    /\.\.(?<x>[/.]*)"),
    (Cgroup, r"(?s)No sub-cgroup.*?Child's cgroup, read by the parent:  (?<x>/[^\n]*)"),
    (Cgroup, r"(?s)No sub-cgroup.*?Child's cgroup, read by the child:   (?<x>/[^\n]*)"),
    (Cgroup, r"(?s)No sub-cgroup.*?Root of the mount, for the child:    (?<x>/[/.]*)"),
    // idmap_mount --chown.
    (Mounting, r"(?m)^a user namespace, a mount(?<x> +[0-9.]+) ms "),
    (Chowning, r"(?m)^chown\(\), once for each file(?<x> +[0-9.]+) ms "),
    (Host, r"(?m)^uts\.nodename in parent: (?<x>.*)$"),
];

static PATTERNS: LazyLock<Vec<(Kind, Regex)>> = LazyLock::new(|| {
    let regex = |pattern| Regex::new(pattern).expect("a valid pattern");
    let fields = FIELDS.iter().map(|(kind, pattern)| (*kind, regex(pattern)));
    fields.collect()
});

/// The text with plausible values in place of those of this run.
pub(crate) fn normalise(text: &str) -> String {
    let text = &figures::replace(text);
    let mut found: BTreeMap<usize, (Kind, &str)> = BTreeMap::new();
    for (kind, field) in PATTERNS.iter() {
        for captures in field.captures_iter(text) {
            for value in field
                .capture_names()
                .flatten()
                .filter_map(|name| captures.name(name))
            {
                found.insert(value.start(), (*kind, value.as_str()));
            }
        }
    }

    let mut names = Names::default();
    let mut normal = String::new();
    let mut end = 0;
    for (start, (kind, value)) in found {
        normal.push_str(&text[end..start]);
        // A field that holds the blanks of its column keeps the column's width, and
        // always one of the blanks.
        let digits = value.trim_start();
        let width = if digits == value { 0 } else { value.len() - 1 };
        normal.push_str(if digits == value { "" } else { " " });
        normal.push_str(&format!("{:>width$}", names.of(kind, digits)));
        end = start + value.len();
    }
    normal.push_str(&text[end..]);
    normal
}

/// The replacements given so far, by kind and value.
#[derive(Default)]
struct Names {
    given: HashMap<(Kind, String), String>,
    counts: HashMap<Kind, usize>,
}

impl Names {
    fn of(&mut self, kind: Kind, value: &str) -> String {
        // These say something: PID 1 is an init, PID 0 lies outside, link 1 is lo,
        // user 0 is root, user 65534 is one that no map knows, the bridge's MAC was chosen.
        if matches!((kind, value), (Kind::Pid, "0" | "1") | (Kind::Index, "1"))
            || matches!((kind, value), (Kind::Mac, "02:00:c0:00:02:01"))
            || matches!((kind, value), (Kind::User | Kind::Group, "0" | "65534"))
        {
            return value.to_owned();
        }
        let count = self.counts.entry(kind).or_default();
        let name = self
            .given
            .entry((kind, value.to_owned()))
            .or_insert_with(|| {
                *count += 1;
                plausible(kind, *count - 1)
            });
        name.clone()
    }
}

fn plausible(kind: Kind, count: usize) -> String {
    match kind {
        Kind::Pid => (29595 + count).to_string(),
        Kind::Inode => (4_026_532_281 + count).to_string(),
        Kind::Id => (8_213 + count).to_string(),
        Kind::Index => (18 + count).to_string(),
        Kind::Mac => format!("6e:69:05:c3:d0:{:02x}", 0x81 + count),
        Kind::RoundTrip => "0.077".into(),
        Kind::Host => HOSTNAME.into(),
        Kind::User | Kind::Group => (1000 + count).to_string(),
        Kind::NoCarrier => "DOWN".into(),
        Kind::Forward => (1 - count).to_string(),
        Kind::PeerGroup => (1 + count).to_string(),
        Kind::Mounts => "24".into(),
        Kind::CgroupMount => "/sys/fs/cgroup".into(),
        Kind::Cgroup => "/".into(),
        Kind::CgroupAbove => String::new(),
        Kind::Run => "1234".into(),
        Kind::Mounting => "0.67".into(),
        Kind::Chowning => "21.37".into(),
    }
}
