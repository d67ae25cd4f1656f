//! The router's firewall rules, in the language of nft(8).

use common::process::run_tool;
use common::{Result, explain};
use nix::errno::Errno;

use crate::namespace::Namespace;

// ANCHOR: rules
/// What leaves by `wan` from inside gets the router's address there, and what comes back
/// to that connection gets the member's again.
const MASQUERADE: &str = "table ip lab {
    chain leaving {
        type nat hook postrouting priority srcnat
        ip saddr 192.0.2.0/24 oifname wan masquerade
    }
}";

/// As the option `-p 8080:80` of a container engine.
const PUBLISH: &str = "table ip lab {
    chain arriving {
        type nat hook prerouting priority dstnat
        iifname wan tcp dport 8080 dnat to 192.0.2.2:80
    }
}";

pub(crate) fn add_rules(router: &Namespace, masquerades: bool, publishes: bool) -> Result<()> {
    for (ruleset, is_wanted) in [(MASQUERADE, masquerades), (PUBLISH, publishes)] {
        if is_wanted {
            router.enter()?;
            nft(ruleset)?;
            explain!("the router: nft '{ruleset}'");
        }
    }
    Ok(())
}
// ANCHOR_END: rules

fn nft(ruleset: &str) -> Result<()> {
    run_tool("nft", &[ruleset]).map_err(|error| match error.errno() {
        Some(Errno::ENOENT) => error.hint("install the package nftables"),
        _ => error,
    })
}
