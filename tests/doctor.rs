//! The doctor's word against the labs: under each block that a sandbox can build, what
//! it says of every lab is compared with what the lab then does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::path::Path;

use support::{assert_transcript, everyone, host, installed, is_root, lab, labs, require};

/// A way of running a command, `"$@"`, in which something is refused.
struct Block {
    name: &'static str,
    /// A shell command around `"$@"`.
    around: &'static str,
    /// The caller's exit status, and for each caller the causes found and the labs refused.
    expected: &'static str,
}

/// Runs the doctor, and after it every lab as every caller that it speaks of; says
/// where they disagree, and then what was found. `$1` of `block` is not known here,
/// so it is a function around `"$@"`.
const COMPARE: &str = r#"
ordinary='setpriv --reuid=1000 --regid=1000 --clear-groups --'
block doctor --json >/mnt/scratch/json 2>/mnt/scratch/said </dev/null; status=$?
cat /mnt/scratch/said
jq -r '.callers | to_entries[] | .key as $who | .value.labs[] | "\($who) \(.runs) \(.command)"' /mnt/scratch/json |
while read who says command; do
    as=; [ $who = 0 ] || as=$ordinary
    block $as sh -c "$command" >/mnt/scratch/out 2>&1 </dev/null; real=$?
    runs=false; [ $real = 0 ] && runs=true
    [ $runs = $says ] && continue
    echo "caller $who, $command: the doctor says $says, the lab's status is $real"; cat /mnt/scratch/out
done
echo "status $status"
jq -r '.callers[] | ([.attempts[] | select(.works | not) | .cause] | unique | join(" ")) +
                    ": " + ([.labs[] | select(.runs | not) | .name] | join(" "))' /mnt/scratch/json
"#;

const SECCOMP: &str = include_str!("support/seccomp.py");

fn compare(blocks: &[Block]) {
    for Block {
        name,
        around,
        expected,
    } in blocks
    {
        let seccomp = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/seccomp.py");
        let around = around.replace("SECCOMP", &format!("python3 {}", seccomp.display()));
        let script = format!("umask 022\nblock() {{\n{around}\n}}\n{COMPARE}");
        eprintln!("{name}");
        host::on_own_host(&script).stdout(format!("{}\n", expected.trim()));
    }
}

#[test]
fn explore() {
    let file = std::fs::read_to_string("/tmp/doctor-blocks").unwrap();
    for block in file.split("\n\n") {
        let script = format!(
            "cat >/mnt/scratch/seccomp.py <<'PY'\n{SECCOMP}PY\nblock() {{\n{block}\n}}\n{COMPARE}"
        );
        let out = host::on_own_host(&script);
        eprintln!(
            "=== {block}\n{}{}",
            String::from_utf8_lossy(&out.get_output().stdout),
            String::from_utf8_lossy(&out.get_output().stderr)
        );
    }
}
