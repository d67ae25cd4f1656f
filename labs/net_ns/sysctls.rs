//! Settings in /proc/sys/net: a network namespace has its own, or none.

use std::fs;
use std::io::ErrorKind;

use common::{Checkpoint, Result, Step as _, clone, explain, say};

use crate::{FLAGS, explain_clone};

const TTL: &str = "net.ipv4.ip_default_ttl";
const SETTINGS: [&str; 5] = [
    TTL,
    "net.ipv4.ip_unprivileged_port_start",
    "net.core.somaxconn",
    "net.ipv4.ip_forward",
    "net.core.netdev_max_backlog",
];

pub(crate) fn lab() -> Result<u8> {
    for setting in SETTINGS {
        if let Ok(value) = read(setting)?.parse::<u32>() {
            write(setting, value ^ 1)?; // Another value, near enough to be allowed.
        }
    }
    explain!("write() to files in /proc/sys/net: now the old namespace is unlike a new one");

    let old = read_all()?;
    let (is_announced, is_changed) = (Checkpoint::new()?, Checkpoint::new()?);
    let child = clone(FLAGS, || {
        is_announced.wait()?;
        say!("SETTING                               OLD   NEW")?;
        for ((setting, old), new) in SETTINGS.iter().zip(&old).zip(read_all()?) {
            say!("{setting:35}  {old:>4}  {new:>4}")?;
        }
        write(TTL, 99)?;
        is_changed.open()?;
        Ok(0)
    })?;
    explain_clone(child.pid());
    is_announced.open()?;
    is_changed.wait()?;
    say!(
        "\nThe new one sets {TTL} to 99, the old one has {}.",
        read(TTL)?
    )?;
    child.wait()
}

fn read_all() -> Result<Vec<String>> {
    SETTINGS.into_iter().map(read).collect()
}

/// The kernel shows each process the settings of the namespace that the process is in.
fn path(setting: &str) -> String {
    format!("/proc/sys/{}", setting.replace('.', "/"))
}

/// A setting that this namespace has not is shown as a dash.
fn read(setting: &str) -> Result<String> {
    let path = path(setting);
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok("-".to_owned()),
        text => Ok(text.step("open", path)?.trim().to_owned()),
    }
}

fn write(setting: &str, value: u32) -> Result<()> {
    let path = path(setting);
    fs::write(&path, value.to_string()).step("write", path)
}
