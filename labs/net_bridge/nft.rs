//! The router's firewall rules, in the language of nft(8).

use common::process::run_tool;
use common::{Result, explain};
use nix::errno::Errno;

use crate::Args;
use crate::namespace::Namespace;

const NO_NFT: &str =
    "the program that sets firewall rules is not installed: take the package nftables";

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
// ANCHOR_END: rules

pub(crate) fn add_rules(router: &Namespace, args: &Args) -> Result<()> {
    router.enter()?;
    for (ruleset, is_left_out) in [(MASQUERADE, args.no_nat), (PUBLISH, args.no_publish)] {
        if !is_left_out {
            run_tool("nft", &[ruleset]).map_err(|error| error.hint_if(Errno::ENOENT, NO_NFT))?;
            explain!("{}: nft '{ruleset}'", router.name);
        }
    }
    Ok(())
}
