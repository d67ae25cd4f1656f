//! Sandboxes in which something is refused, and a comparison of what the doctor says
//! in them with what the labs then do.

use super::{host, stdout};

/// Runs the doctor, and then every lab as every caller that it speaks of, each behind
/// `block`; prints where they disagree, and what was found: the doctor's status, and
/// for each caller the causes and the attempts that are refused, if some labs run.
const COMPARE: &str = r#"
ordinary='setpriv --reuid=1000 --regid=1000 --clear-groups --'
block doctor --json >/mnt/scratch/json </dev/null; status=$?
jq -r '.callers | to_entries[] | .key as $who
       | .value.labs[] | "\($who) \(.runs) \(.command)"' /mnt/scratch/json |
while read who says command; do
    as=; [ $who = 0 ] || as=$ordinary
    block $as sh -c "$command" >/mnt/scratch/out 2>&1 </dev/null; real=$?
    runs=false; [ $real = 0 ] && runs=true
    [ $runs = $says ] && continue
    echo "caller $who, $command: the doctor says $says, the status is $real"; cat /mnt/scratch/out
done
echo "status $status"
jq -r '.callers[] | ([.attempts[] | select(.works | not) | .cause] | unique | join(" ")) + ": " +
    if all(.labs[]; .runs) then "all run" elif any(.labs[]; .runs)
    then "not " + ([.attempts[] | select(.works | not) | .key] | join(" ")) else "none runs" end' /mnt/scratch/json
"#;

/// Runs a program under a filter of system calls, in Python.
pub(crate) const SECCOMP: &str = include_str!("seccomp.py");

/// Runs a script on a host of its own, in which `block` runs a command in the sandbox
/// that `around` makes: a shell command around `"$@"`. There, `$seccomp refuse` stands
/// for a filter and `$user1234` for an ordinary user.
pub(crate) fn run(around: &str, script: &str) -> assert_cmd::assert::Assert {
    host::on_own_host(&format!(
        "cat >/mnt/scratch/seccomp.py <<'END'\n{SECCOMP}END
         user1234='setpriv --reuid=1234 --regid=1234 --clear-groups --'
         seccomp=\"$(python3 -c 'import sys; print(sys.executable)') -S /mnt/scratch/seccomp.py\"
         block() {{ {around}\n}}\n{script}"
    ))
}

/// Compares in each sandbox, and demands what is expected to be found.
pub(crate) fn compare(blocks: &[(&str, &str)]) {
    for (around, expected) in blocks {
        let found = stdout(&run(around, COMPARE));
        let expected: String = expected
            .lines()
            .map(|line| format!("{}\n", line.trim()))
            .collect();
        assert_eq!(found, expected, "{around}");
    }
}

/// Each user namespace has limits of its own, and an ordinary user may set them.
pub(crate) fn with_limit(limit: &str) -> String {
    format!(r#"$user1234 /usr/bin/unshare -r sh -c 'echo {limit}; exec "$@"' sh "$@""#)
}

/// In a mount namespace of its own, changed by a command.
pub(crate) fn with_mounts(command: &str, then: &str) -> String {
    format!(
        r#"export user1234; /usr/bin/unshare -m sh -c '{command} || echo failed; exec {then} "$@"' sh "$@""#
    )
}

/// No capability, and none to come by execve().
pub(crate) const NO_CAPABILITIES: &str = "setpriv --bounding-set=-all --inh-caps=-all --";

/// Ends a test early that cannot build its sandboxes.
macro_rules! require_a_sandbox {
    () => {
        require!(is_root(), "builds sandboxes");
        for program in ["jq", "python3"] {
            require!(installed(program), "the comparison needs jq and python3");
        }
    };
}
pub(crate) use require_a_sandbox;

/// Ends a test early whose filters would not know the numbers of the labs' system calls.
macro_rules! require_64_bits {
    () => {
        require!(
            cfg!(target_pointer_width = "64"),
            "seccomp.py knows no 32-bit system calls"
        );
    };
}
pub(crate) use require_64_bits;
