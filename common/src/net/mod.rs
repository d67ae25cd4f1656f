//! Links, addresses and routes by rtnetlink, and one ping.

pub mod netlink;
mod ping;

pub use ping::{Echo, echo};
