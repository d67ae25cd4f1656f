//! The facts of a process that a condition can name.

use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use common::net::echo;
use common::ns::nsfs::{get_parent, get_userns};
use common::procfs::{Mount, parse_mounts};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::ifaddrs::getifaddrs;
use nix::sys::stat::Mode;
use nix::unistd::gethostname;

use crate::files::{in_root, peer_group, shown_by_proc};
use crate::inside::ask;
use crate::world::{Fact, Look, Process, Unseen, World, read_file};

/// An echo between two namespaces of one machine takes microseconds.
const PATIENCE: Duration = Duration::from_secs(1);

impl World {
    /// A fact of a process; `None` where no fact has this name.
    pub(crate) fn fact(&self, of: &Process, name: &str, argument: &str) -> Option<Look<Fact>> {
        let key = (of.identity(), format!("{name}({argument})"));
        if let Some(known) = self.known.borrow().get(&key) {
            return Some(known.clone());
        }
        let look = self.look_at(of, name, argument)?;
        let source = source(of, name, argument);
        let look = look.map(|value| Fact { value, source });
        self.known.borrow_mut().insert(key, look.clone());
        Some(look)
    }

    fn look_at(&self, of: &Process, name: &str, argument: &str) -> Option<Look> {
        Some(match name.split_once('.').unwrap_or((name, "")) {
            ("ns", link) => match self.namespace(of, link) {
                // A new PID namespace has no file before its first process.
                Err(Unseen::Gone) if link.ends_with("_for_children") && !of.is_zombie() => {
                    Ok("one without a process".into())
                }
                name => name,
            },
            ("owner", kind) => self.related(of, kind, "user", get_userns),
            ("parent", kind) => self.related(of, kind, kind, get_parent),
            ("uid", _) => Ok(effective(of.status("Uid"))),
            ("uid_inside", _) => uid_inside(of),
            ("uid_map" | "gid_map", _) => words_of(of.read(name)),
            ("pid_inside", _) => Ok(of.status("NSpid").rsplit('\t').next().unwrap_or("").into()),
            ("args", _) => of
                .read("cmdline")
                .map(|text| arguments(&text))
                .map_err(Unseen::from),
            ("argument", _) => of
                .read("cmdline")
                .map_err(Unseen::from)
                .map(|text| arguments(text.split('\0').nth(1).unwrap_or_default())),
            ("ambient", _) => Ok(capabilities(of.status("CapAmb"))),
            ("hostname", _) => self.inside(of, "uts", || {
                gethostname().map(|name| name.to_string_lossy().into_owned())
            }),
            ("address", _) => self.inside(of, "net", addresses),
            ("echo", _) => self.inside(of, "net", || Ok(echo_to(argument))),
            ("root", _) => self.root(of),
            ("file", _) => {
                in_root(of, argument, OFlag::O_PATH).map_or_else(absent, |_| Ok("there".into()))
            }
            ("proc", _) => shown_by_proc(of),
            ("own_proc", _) => self.finds_itself(of),
            ("master" | "shared", _) => peer_group(of, name, argument),
            ("zombies", _) => self.zombies(of),
            ("boottime", _) => self.boottime(of),
            _ => return None,
        })
    }

    fn related(
        &self,
        of: &Process,
        kind: &str,
        kind_of_answer: &str,
        relation: fn(OwnedFd) -> nix::Result<OwnedFd>,
    ) -> Look {
        let handle = of.open_file(&format!("ns/{kind}"), OFlag::O_RDONLY)?;
        self.name(kind_of_answer, relation(handle)?)
    }

    /// /proc/PID shows much of a namespace as its reader's namespace has it: so a child joins.
    fn inside(&self, of: &Process, kind: &str, question: impl Fn() -> nix::Result<String>) -> Look {
        let namespace = of.open_file(&format!("ns/{kind}"), OFlag::O_RDONLY)?;
        if self.namespace(of, kind)? == self.namespace(&self.me, kind)? {
            return Ok(question()?);
        }
        let own = self.me.open_file("ns/user", OFlag::O_RDONLY)?;
        Ok(ask(&namespace, &own, question)?)
    }

    /// Whether the file system that is the learner's root is still mounted anywhere in the
    /// mount namespace. The root directory of the process says less: chroot() changes that one.
    fn root(&self, of: &Process) -> Look {
        let mounts = |text: &str| parse_mounts(text.as_bytes());
        let own = self.me.read("mountinfo")?;
        let own = mounts(&own)
            .into_iter()
            .rfind(|mount| mount.point.as_os_str() == "/");
        let Some(own) = own else {
            return Err(Unseen::Hidden(Errno::ENOENT));
        };
        let is_root = |mount: &Mount| mount.device == own.device && mount.root == own.root;
        let proc = open("/proc", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?;
        self.inside(of, "mnt", || {
            let text = read_file(&proc, "self/mountinfo")?;
            let is_there = mounts(&text).iter().any(is_root);
            Ok(if is_there { "there" } else { "gone" }.into())
        })
    }

    /// Whether the /proc of a process shows it, under the number that it has itself: by the PID
    /// namespace, since another may have that number outside.
    fn finds_itself(&self, of: &Process) -> Look {
        let pid = of.status("NSpid").rsplit('\t').next().unwrap_or_default();
        let found = match in_root(
            of,
            &format!("/proc/{pid}"),
            OFlag::O_PATH | OFlag::O_DIRECTORY,
        ) {
            Err(Unseen::Gone) => return Ok("no".into()),
            directory => directory?,
        };
        let handle = openat(
            &found,
            "ns/pid",
            OFlag::O_RDONLY | OFlag::O_CLOEXEC,
            Mode::empty(),
        )?;
        let is_it = self.name("pid", handle)? == self.namespace(of, "pid")?;
        Ok(if is_it { "yes" } else { "no" }.into())
    }

    fn zombies(&self, of: &Process) -> Look {
        let own = self.namespace(of, "pid")?;
        let zombies = self.processes.iter().filter(|process| process.is_zombie());
        let inside =
            zombies.filter(|zombie| self.namespace(zombie, "pid").is_ok_and(|name| name == own));
        Ok(inside.count().to_string())
    }

    /// The offsets in /proc are those for children.
    fn boottime(&self, of: &Process) -> Look {
        if self.namespace(of, "time")? != self.namespace(of, "time_for_children")? {
            return Ok("not its own".into());
        }
        let offsets = of.read("timens_offsets")?;
        let line = offsets
            .lines()
            .find_map(|line| line.strip_prefix("boottime"));
        let seconds = line.and_then(|line| line.split_whitespace().next());
        Ok(seconds.unwrap_or("0").to_owned())
    }
}

fn source(of: &Process, name: &str, argument: &str) -> String {
    let pid = of.pid;
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    match first {
        "ns" => format!("/proc/{pid}/ns/{rest}"),
        "owner" => format!("NS_GET_USERNS of /proc/{pid}/ns/{rest}"),
        "parent" => format!("NS_GET_PARENT of /proc/{pid}/ns/{rest}"),
        "uid_map" | "gid_map" => format!("/proc/{pid}/{first}"),
        "args" | "argument" => format!("/proc/{pid}/cmdline"),
        "hostname" => format!("gethostname() in /proc/{pid}/ns/uts"),
        "address" => format!("the addresses in /proc/{pid}/ns/net"),
        "echo" => format!("an ICMP echo to {argument} from /proc/{pid}/ns/net"),
        "root" => format!("mountinfo in /proc/{pid}/ns/mnt"),
        "file" => format!("/proc/{pid}/root{argument}"),
        "proc" | "own_proc" => format!("/proc/{pid}/root/proc"),
        "master" | "shared" => format!("{argument} in /proc/{pid}/mountinfo"),
        "zombies" => format!("State of the processes in /proc/{pid}/ns/pid"),
        "boottime" => format!("/proc/{pid}/timens_offsets"),
        _ => format!("/proc/{pid}/status"),
    }
}

/// Blanks lie between arguments only.
fn arguments(cmdline: &str) -> String {
    cmdline.replace(char::is_whitespace, "_").replace('\0', " ")
}

fn effective(uids: &str) -> String {
    uids.split_whitespace()
        .nth(1)
        .unwrap_or_default()
        .to_owned()
}

fn words_of(text: nix::Result<String>) -> Look {
    let text = text?;
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The effective user ID as the process reads it: uid_map says which is which.
fn uid_inside(of: &Process) -> Look {
    let uid: u64 = effective(of.status("Uid")).parse().unwrap_or_default();
    let map = of.read("uid_map")?;
    let inside = map.lines().find_map(|line| {
        let numbers: Vec<u64> = line.split_whitespace().flat_map(str::parse).collect();
        let [inside, outside, count] = numbers[..] else {
            return None;
        };
        (outside..outside + count)
            .contains(&uid)
            .then(|| inside + (uid - outside))
    });
    Ok(inside.map_or_else(|| "65534".into(), |uid| uid.to_string()))
}

fn capabilities(mask: &str) -> String {
    let mask = u64::from_str_radix(mask, 16).unwrap_or_default();
    let all = caps::all().into_iter();
    let set = all.filter(|capability| mask & capability.bitmask() != 0);
    let mut names: Vec<_> = set
        .map(|capability| {
            capability
                .to_string()
                .trim_start_matches("CAP_")
                .to_lowercase()
        })
        .collect();
    names.sort();
    if names.is_empty() {
        "none".into()
    } else {
        names.join(" ")
    }
}

fn addresses() -> nix::Result<String> {
    let all = getifaddrs()?.filter_map(|interface| interface.address);
    let addresses = all.filter_map(|address| Some(address.as_sockaddr_in()?.ip().to_string()));
    Ok(addresses.collect::<Vec<_>>().join(" "))
}

fn echo_to(address: &str) -> String {
    let Ok(address) = address.parse::<Ipv4Addr>() else {
        return "no address".into();
    };
    match echo(address, PATIENCE) {
        Ok(_) => "answered".into(),
        Err(error) => error
            .errno()
            .map_or_else(|| "no answer".into(), |errno| errno.to_string()),
    }
}

fn absent(unseen: Unseen) -> Look {
    match unseen {
        Unseen::Gone => Ok("absent".into()),
        hidden => Err(hidden),
    }
}
