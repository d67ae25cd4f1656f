//! The cgroups that labs could leave behind.

use std::collections::BTreeSet;
use std::fs;

/// Those of the lab's naming below the cgroup that this process is in, in every
/// hierarchy: a lab is in the same one, and makes its own there.
pub(crate) fn of_labs() -> BTreeSet<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let roots = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let point = fields.next()?;
        fields.next()?.starts_with("cgroup").then_some(point)
    });
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let paths: BTreeSet<_> = own
        .lines()
        .filter_map(|line| line.splitn(3, ':').nth(2))
        .collect();
    let folders = roots.flat_map(|root| {
        let below = |path: &&str| format!("{root}{}", path.trim_end_matches('/'));
        paths.iter().map(below).collect::<Vec<_>>()
    });
    let entries = folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    entries
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("cgroup_ns-")
        })
        .map(|entry| entry.path().to_string_lossy().into_owned())
        .collect()
}
