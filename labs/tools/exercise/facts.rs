//! The facts of a process that a condition can name.

use std::borrow::Cow;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use common::ns::nsfs::{get_owner_uid, get_parent, get_userns};
use common::procfs::{Mount, parse_mounts};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;
use nix::unistd::gethostname;

use crate::asked;
use crate::files::{in_root, mount_of, owner_of, peer_group, shown_by_proc};
use crate::inside::ask;
use crate::source::source;
use crate::world::{Fact, Look, Process, Unseen, World, read_file};

impl World {
    /// A fact of a process; `None` where no fact has this name.
    pub(crate) fn fact(&self, of: &Process, name: &str, argument: &str) -> Option<Look<Rc<Fact>>> {
        let key: Cow<'_, str> = match argument {
            "" => name.into(),
            argument => format!("{name}({argument})").into(),
        };
        if let Some(known) = self
            .known
            .borrow()
            .get(&of.pid)
            .and_then(|of| of.get(&*key))
        {
            return Some(known.clone());
        }
        let look = self.look_at(of, name, argument)?;
        let source = source(of, name, argument);
        let look = look.map(|value| Rc::new(Fact { value, source }));
        let mut known = self.known.borrow_mut();
        known
            .entry(of.pid)
            .or_default()
            .insert(key.into_owned(), look.clone());
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
            ("creator", _) => creator(of),
            ("pid", _) => Ok(of.pid.to_string()),
            ("levels", _) => Ok(of.status("NSpid").split('\t').count().to_string()),
            ("name", _) => Ok(of.name().to_owned()),
            ("status", _) => Ok(of
                .status(argument)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")),
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
            ("effective", _) => Ok(capabilities(of.status("CapEff"))),
            ("permitted", _) => Ok(capabilities(of.status("CapPrm"))),
            ("inheritable", _) => Ok(capabilities(of.status("CapInh"))),
            ("bounding", _) => Ok(capabilities(of.status("CapBnd"))),
            ("hostname", _) => self.inside(of, "uts", || {
                gethostname().map(|name| name.to_string_lossy().into_owned())
            }),
            ("address", _) => self.inside(of, "net", asked::addresses),
            ("links", _) => self.inside(of, "net", asked::links),
            ("ports", _) => self.inside(of, "net", || asked::ports(argument)),
            ("echo", _) => self.inside(of, "net", || asked::echo_to(argument)),
            ("queues", _) => self.inside(of, "ipc", asked::queues),
            ("sysctl", _) => self.sysctl(of, argument),
            ("listens", _) => self.listens(of),
            ("gateway", _) => of
                .read("net/route")
                .map_err(Unseen::from)
                .map(|routes| asked::gateway(&routes)),
            ("cgroup_inside", _) => self.cgroup_inside(of),
            ("root", _) => self.root(of),
            ("file", _) => {
                in_root(of, argument, OFlag::O_PATH).map_or_else(absent, |_| Ok("there".into()))
            }
            ("proc", _) => shown_by_proc(of),
            ("own_proc", _) => self.finds_itself(of),
            ("master" | "shared", _) => peer_group(of, name, argument),
            ("mounted", _) => mount_of(of, argument, |mount| mount.kind.clone()),
            ("flags", _) => mount_of(of, argument, |mount| mount.flags.replace(',', " ")),
            ("owner_of", _) => owner_of(of, argument),
            ("zombies", _) => self.zombies(of),
            ("boottime" | "monotonic", _) => self.offset(of, name),
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

    /// A server for both families stands in the second file only, which is not there without IPv6.
    fn listens(&self, of: &Process) -> Look {
        let network = self.namespace(of, "net")?;
        let mut listening = self.listening.borrow_mut();
        let ask = || {
            let tcp6 = of.read("net/tcp6").unwrap_or_default();
            let ports = [of.read("net/tcp")?, tcp6].map(|tcp| asked::listening(&tcp));
            Ok(ports.join(" "))
        };
        listening.entry(network).or_insert_with(ask).clone()
    }

    /// The type of a setting's namespace is told by its name.
    fn sysctl(&self, of: &Process, name: &str) -> Look {
        let kind = match name.split('.').next() {
            Some("net") => "net",
            Some("user") => "user",
            _ => "ipc",
        };
        let proc = open("/proc", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?;
        self.inside(of, kind, || asked::sysctl(&proc, name))
    }

    /// The cgroup of version 2, as the process's own cgroup namespace has it.
    fn cgroup_inside(&self, of: &Process) -> Look {
        let text = self.inside(of, "cgroup", || read_file(&of.directory, "cgroup"))?;
        let path = text.lines().find_map(|line| line.strip_prefix("0::"));
        Ok(path.unwrap_or("none").to_owned())
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
        let own = self.namespace(of, "pid")?;
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let is_it = match openat(&found, "ns/pid", flags, Mode::empty()) {
            // That of the process itself may be read: this is the PID 1 of somebody else.
            Err(Errno::EACCES | Errno::EPERM) => false,
            handle => self.name("pid", handle?)? == own,
        };
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
    fn offset(&self, of: &Process, clock: &str) -> Look {
        if self.namespace(of, "time")? != self.namespace(of, "time_for_children")? {
            return Ok("not its own".into());
        }
        let offsets = of.read("timens_offsets")?;
        let line = offsets.lines().find_map(|line| line.strip_prefix(clock));
        let seconds = line.and_then(|line| line.split_whitespace().next());
        Ok(seconds.unwrap_or("0").to_owned())
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

/// Who has made its user namespace.
fn creator(of: &Process) -> Look {
    let namespace = of.open_file("ns/user", OFlag::O_RDONLY)?;
    Ok(get_owner_uid(namespace)?.to_string())
}

fn absent(unseen: Unseen) -> Look {
    match unseen {
        Unseen::Gone => Ok("absent".into()),
        hidden => Err(hidden),
    }
}
