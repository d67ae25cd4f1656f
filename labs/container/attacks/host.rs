//! What a host has that a container must not touch, in the stand-in.

use std::ffi::CStr;
use std::fs::{self, File, Permissions};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};

use common::credentials::keyring::{add_key, join_session_keyring};
use common::ns::{mount_tmpfs, sysv::msgget};
use common::process::probe::name_to_handle;
use common::process::{fork, pidfd_open, set_controlling_terminal, waiting_bytes};
use common::{Child, Result, Step as _};
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::libc::{IPC_CREAT, S_ISUID, key_t};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, posix_openpt, ptsname_r, unlockpt};
use nix::sys::prctl::set_name;
use nix::sys::stat::Mode;
use nix::unistd::{dup2_stdin, gethostname, pause, setsid};

use crate::options::Volume;

/// A tmpfs in the stand-in, where nothing of the machine's is in the way.
pub(super) const PLACE: &str = "/mnt";
pub(super) const SECRET: &str = "/mnt/secret";
/// Programs that the container shares with the host, as it does all of /usr.
pub(super) const PROGRAMS: &str = "/usr/local/bin";
pub(super) const QUEUE: key_t = 0x686f_7374;
pub(super) const KEY: &CStr = c"host";
pub(super) const SOCKET: &str = "container-host";
pub(super) const PROCESS: &str = "host-process";
/// The first child of PID 1.
pub(super) const PID: i32 = 2;
pub(super) const NEW_NAME: &str = "owned";

/// What is asked after an attack.
pub(super) struct Host {
    process: Child,
    terminal: (PtyMaster, OwnedFd),
    volume: u64,
    _socket: UnixListener,
}

/// In every attacked container: a volume, and one that is read-only.
pub(crate) fn volumes() -> [Volume; 2] {
    [("volume", false), ("readonly", true)].map(|(name, is_readonly)| Volume {
        source: Path::new(PLACE).join(name),
        place: PathBuf::from(name),
        is_readonly,
    })
}

impl Host {
    pub(super) fn furnish() -> Result<Self> {
        let process = fork(|| {
            set_name(c"host-process").step("prctl", "PR_SET_NAME")?;
            loop {
                pause();
            }
        })?;
        mount_tmpfs(PLACE)?;
        mount_tmpfs("/tmp")?;
        for volume in volumes() {
            fs::create_dir(&volume.source).step("mkdir", volume.source.display())?;
        }
        write(SECRET, "secret", 0o644)?;
        let handle = name_to_handle(c"/mnt/secret").step("name_to_handle_at", SECRET)?;
        write("/mnt/volume/handle", handle, 0o644)?;
        if Path::new(PROGRAMS).is_dir() {
            // A set-user-ID program of root's, and what only root may read.
            mount_tmpfs(PROGRAMS)?;
            let program = format!("{PROGRAMS}/cat");
            fs::copy("/bin/cat", &program).step("open", "/bin/cat")?;
            fs::set_permissions(&program, Permissions::from_mode(0o4755)).step("chmod", program)?;
            write("/usr/local/bin/only-root", "secret", 0o400)?;
        }
        msgget(QUEUE, IPC_CREAT | 0o666).step("msgget", "of the stand-in")?;
        let address = SocketAddr::from_abstract_name(SOCKET).step("bind", SOCKET)?;
        let socket = UnixListener::bind_addr(&address).step("bind", SOCKET)?;
        // A kernel without keys has none to be stolen.
        let _ = join_session_keyring().and_then(|_| add_key(KEY, b"secret"));
        let directory = File::open(PLACE).step("open", PLACE)?;
        // Without O_CLOEXEC: an engine that forgets a descriptor.
        fcntl(&directory, FcntlArg::F_DUPFD(9)).step("fcntl", "F_DUPFD")?;
        Ok(Self {
            process,
            terminal: begin_session()?,
            volume: device("/mnt/volume"),
            _socket: socket,
        })
    }

    pub(super) fn is_renamed(&mut self) -> bool {
        gethostname().is_ok_and(|name| name == NEW_NAME)
    }

    pub(super) fn has_lost_its_process(&mut self) -> bool {
        let process = pidfd_open(self.process.pid());
        process.is_ok_and(|process| {
            let mut end = [PollFd::new(process.as_fd(), PollFlags::POLLIN)];
            poll(&mut end, PollTimeout::from(100_u8)) == Ok(1)
        })
    }

    pub(super) fn has_a_new_mount(&mut self) -> bool {
        device("/mnt/volume") != self.volume
    }

    pub(super) fn has_a_new_file(&mut self) -> bool {
        Path::new("/mnt/readonly/new").exists()
    }

    /// One that makes its owner of whoever starts it: root, or the user who runs the lab.
    pub(super) fn has_a_set_user_id_file(&mut self) -> bool {
        fs::metadata("/mnt/volume/program")
            .is_ok_and(|file| file.mode() & S_ISUID != 0 && file.uid() == 0)
    }

    pub(super) fn was_typed_into(&mut self) -> bool {
        waiting_bytes(self.terminal.1.as_fd()).is_ok_and(|bytes| bytes > 0)
    }
}

/// A session whose terminal is on stdin, as that of a person at a shell.
fn begin_session() -> Result<(PtyMaster, OwnedFd)> {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = posix_openpt(flags).step("posix_openpt", "for the stand-in")?;
    unlockpt(&master).step("unlockpt", "for the stand-in")?;
    let name = ptsname_r(&master).step("ptsname", "for the stand-in")?;
    let terminal = open(name.as_str(), flags, Mode::empty()).step("open", name)?;
    setsid().step("setsid", "of the stand-in")?;
    set_controlling_terminal(&terminal).step("ioctl", "TIOCSCTTY")?;
    dup2_stdin(&terminal).step("dup2", "stdin")?;
    Ok((master, terminal))
}

fn write(path: &str, text: impl AsRef<[u8]>, mode: u32) -> Result<()> {
    fs::write(path, text).step("write", path)?;
    fs::set_permissions(path, Permissions::from_mode(mode)).step("chmod", path)
}

fn device(path: &str) -> u64 {
    fs::metadata(path)
        .map(|file| file.dev())
        .unwrap_or_default()
}
