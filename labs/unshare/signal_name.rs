//! Signals as users write them.

use nix::libc;
use nix::sys::signal::Signal;

/// The number of a signal that is given as `TERM`, `SIGTERM`, `15`, `RTMIN+1` or
/// `RTMAX-1`, in any case of letters.
pub(crate) fn signal_named(text: &str) -> Result<i32, String> {
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let number = name.parse().ok();
    number
        .or_else(|| real_time(name))
        .or_else(|| by_name(name))
        .filter(|number| (1..=libc::SIGRTMAX()).contains(number))
        .ok_or_else(|| format!("there is no signal {text}"))
}

fn by_name(name: &str) -> Option<i32> {
    let name = match name {
        "CLD" => "CHLD",
        "IOT" => "ABRT",
        "POLL" => "IO",
        name => name,
    };
    let signal: Signal = format!("SIG{name}").parse().ok()?;
    Some(signal as i32)
}

/// The C library keeps the first real-time signals for itself.
fn real_time(name: &str) -> Option<i32> {
    let (from, distance) = match (name.strip_prefix("RTMIN"), name.strip_prefix("RTMAX")) {
        (Some(rest), _) if rest.is_empty() || rest.starts_with('+') => (libc::SIGRTMIN(), rest),
        (_, Some(rest)) if rest.is_empty() || rest.starts_with('-') => (libc::SIGRTMAX(), rest),
        _ => return None,
    };
    let distance = if distance.is_empty() {
        0
    } else {
        distance.parse().ok()?
    };
    from.checked_add(distance)
        .filter(|signal| (libc::SIGRTMIN()..=libc::SIGRTMAX()).contains(signal))
}
