//! The labs on the kernel that is there, beside the doctor's word: `just kernels` runs
//! this in virtual machines. There is next to nothing in those but the labs.

use crate::support::labs::{LABS, of};
use crate::support::{everyone, lab, stderr, stdout};

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
                let verdict = match (works, refused) {
                    (true, false) => "right",
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
