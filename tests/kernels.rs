//! The labs on the kernel that is there, beside the doctor's word: `just kernels` runs
//! this in virtual machines, where next to nothing is but the labs.

use std::fs;

use crate::support::labs::{LABS, of};
use crate::support::{everyone, lab, stderr, stdout, within_limit};

/// Prints a line for each command line, which becomes a cell of the table.
#[test]
fn every_line_works_or_is_refused_as_the_doctor_says() {
    let mut wrong = Vec::new();
    // Who is root becomes nobody else here: there is no setpriv(1).
    for &who in &everyone()[..1] {
        let judged = stdout(&lab("doctor").args(["--json"]).by(who).run());
        for row in LABS {
            let refused = judged.contains(&format!("{{\"name\":\"{}\",", row.name))
                && !runs(&judged, row.name);
            for line in row.lines {
                let run = of(line).by(who).run();
                let said = stderr(&run);
                // The doctor's own status says whether every lab runs.
                let works = run.get_output().status.success() || row.name == "doctor";
                // The doctor judges the first line: another may need less.
                let is_first = row.lines.first() == Some(line);
                let verdict = match (works, refused) {
                    (true, false) => "right",
                    (true, true) if !is_first => "right",
                    (false, true) if said.contains("\nhint: ") => "refused",
                    _ => "wrong",
                };
                println!("{verdict} {line}");
                if verdict == "wrong" {
                    wrong.push(format!("{line} ({who:?}): {said}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the first caller that the doctor speaks of can run a lab.
fn runs(judged: &str, name: &str) -> bool {
    let (_, lab) = judged
        .split_once(&format!("{{\"name\":\"{name}\","))
        .expect("the doctor judges it");
    let (_, runs) = lab.split_once("\"runs\":").expect("its verdict");
    runs.starts_with("true")
}

#[test]
fn what_a_machine_lacks_is_told_with_what_helps() {
    let folder = tempfile::tempdir().expect("a folder");
    for (script, error) in [
        (
            "env PATH=/nonexistent /bin/sh labs/tools/vm/vm.sh",
            "vm: qemu-system-x86_64: not found\n\
             hint: install it: apt install qemu-system-x86 busybox-static\n",
        ),
        (
            "labs/tools/vm/kernel.sh 1.0 $1",
            "vm: there is no kernel '1.0'\n\
             hint: choose one of 5.10 6.1 6.12 6.19 7.0 7.3, or KERNEL=/path/to/vmlinuz\n",
        ),
        (
            "KERNEL=/nonexistent/vmlinuz labs/tools/vm/kernel.sh 6.12 $1",
            "vm: /nonexistent/vmlinuz: cannot be read\n\
             hint: copy the kernel to where you may read it: \
             sudo install -m 644 /nonexistent/vmlinuz /tmp/\n",
        ),
    ] {
        let mut command = within_limit(&["sh", "-c", script, "sh"]);
        command
            .arg(folder.path())
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(stderr(&command.assert().code(1)), error);
        let left = fs::read_dir(folder.path()).expect("the folder").count();
        assert_eq!(left, 0, "{script} leaves something behind");
    }
}
