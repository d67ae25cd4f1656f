//! CLONE_NEWNS against the number of mounts that it copies.

use std::fs::DirBuilder;

use common::{Result, Step as _, explain, mounts};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use crate::Budget;
use crate::curve::Curve;
use crate::kind::Kind;
use crate::life::Life;
use crate::progress::Progress;
use crate::statistics::Summary;

/// Mounts of the lab's own, beside those that it finds.
const NUMBERS: [usize; 7] = [0, 500, 1000, 2000, 3000, 4000, MOST];
const MOST: usize = 5000;

// ANCHOR: mounts
pub(crate) fn measure(budget: &Budget) -> Result<Curve> {
    unshare(CloneFlags::CLONE_NEWNS).step("unshare", "CLONE_NEWNS")?;
    let none = None::<&str>;
    // The mounts that follow must not travel to the machine's namespace.
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, "/", none, private, none).step("mount", "MS_PRIVATE on /")?;
    mount(Some("tmpfs"), "/tmp", Some("tmpfs"), MsFlags::empty(), none)
        .step("mount", "tmpfs on /tmp")?;
    DirBuilder::new()
        .create("/tmp/source")
        .step("mkdir", "/tmp/source")?;

    let (mut life, progress) = (Life::new()?, Progress::new());
    let kind = Kind::named("mnt");
    let (mut points, mut own) = (Vec::new(), 0);
    // For the first time a copy takes longer.
    life.create(&kind)?;
    for number in NUMBERS {
        while own < number {
            let target = format!("/tmp/{own}");
            DirBuilder::new().create(&target).step("mkdir", &target)?;
            let bind = MsFlags::MS_BIND;
            mount(Some("/tmp/source"), target.as_str(), none, bind, none)
                .step("mount", format!("MS_BIND on {target}"))?;
            own += 1;
        }
        let mut times = Vec::new();
        for _ in budget.rounds() {
            progress.show("mounts", number, MOST);
            times.push(life.create(&kind)?.0);
        }
        points.push((mounted()?, Summary::of(&times)));
    }
    // ANCHOR_END: mounts
    explain!(
        "unshare(CLONE_NEWNS), MS_PRIVATE on /, and in there up to {own} bind mounts: each\n\
         measured unshare(CLONE_NEWNS) copied all of them"
    );
    let mut curve = Curve::new(
        "Time for unshare(CLONE_NEWNS), which copies all mounts",
        "mounts",
        vec!["mnt"],
    );
    curve.add(&points);
    Ok(curve)
}

/// How many there are in this namespace.
fn mounted() -> Result<usize> {
    Ok(mounts::of("self")?.len())
}
