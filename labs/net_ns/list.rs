//! Only look: the links of the namespace that the lab is in, and those of a new one.

use common::{Checkpoint, Result, clone, say};

use crate::{FLAGS, explain_clone, links};

// ANCHOR: list
pub(crate) fn lab() -> Result<u8> {
    say!("\nOriginal NET namespace:\n\n{}", links()?)?;
    let original_is_listed = Checkpoint::new()?;
    let child = clone(FLAGS, || {
        original_is_listed.wait()?;
        say!("New NET namespace:\n\n{}", links()?)?;
        Ok(0)
    })?;
    explain_clone(child.pid());
    original_is_listed.open()?;
    child.wait()
}
// ANCHOR_END: list
