//! The signal that tells a parent of a child's end, see proc_pid_stat(5).

use std::fs;

use common::{Error, Result, Step as _};
use nix::errno::Errno;
use nix::unistd::Pid;

/// Field 38 of /proc/PID/stat, as a number: clone(2) also takes one that no signal has.
pub(crate) fn exit_signal(pid: Pid) -> Result<i32> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read(&path).step("open", &path)?;
    // The program's name in it is cut to 15 bytes, also inside a character.
    let stat = String::from_utf8_lossy(&stat);
    // Field 2 is the program's name in parentheses, and may hold blanks and more of them.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields);
    fields
        .and_then(|fields| fields.split_whitespace().nth(38 - 3))
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| Error::new("read", path, Errno::EBADMSG))
}
