//! Many namespaces of a kind alive at once: the time for one more, the memory that each
//! holds, and what stops the next.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use common::lab::json::string;
use common::ns::describe;
use common::{Error, Result, Step as _, explain};
use nix::errno::Errno;

use crate::Answer;
use crate::kind::Kind;
use crate::life::{Handles, create, destroy};
use crate::table::{Cell, Row, Summary, members, objects, table};

// ANCHOR: grow
/// The time for one more namespace in each step, the memory of one in KiB, and how many
/// microseconds it takes until all are gone.
type Growth = (Vec<Summary>, f64, f64);

/// Makes namespaces, and reads after each step what the machine holds. The first step
/// is not counted: it fills places that were free already. Of the others the median
/// counts, should the machine be busy.
pub(crate) fn grow(kind: &Kind, steps: usize, step: usize) -> Result<Growth> {
    let (mut handles, mut times) = (Handles::new(), Vec::new());
    let (mut growth, mut before) = (Vec::new(), 0.0);
    for done in 0..steps {
        let mut of_step = Vec::new();
        for number in 0..step {
            let (time, mut made) = one_more(kind, done * step + number)?;
            of_step.push(time);
            handles.append(&mut made);
        }
        times.push(Summary::of(of_step));
        let now = in_use()?;
        growth.push((now - before) / step as f64);
        before = now;
    }
    let memory = Summary::of(growth.into_iter().skip(1));
    let (_, gone) = destroy(kind, handles)?;
    Ok((times, memory.median, gone))
}
// ANCHOR_END: grow

/// A limit ends the lab, and the error says how far it came.
fn one_more(kind: &Kind, alive: usize) -> Result<(f64, Handles)> {
    let with = format!(", with {alive} alive");
    create(kind, &(describe(kind.flags) + &with)).map_err(|mut error| {
        if let Error::Step(failure) = &mut error {
            failure.object += &with;
        }
        error
    })
}

/// What the kernel has allocated for itself and cannot take back, and what it holds once
/// for each CPU, in KiB. Files, caches and the memory of processes are in other fields of
/// proc_meminfo(5).
fn in_use() -> Result<f64> {
    // The kernel counts on each CPU by itself, and adds up when a CPU has nothing to do.
    sleep(Duration::from_millis(20));
    let path = "/proc/meminfo";
    let text = fs::read_to_string(path).step("open", path)?;
    let fields = ["SUnreclaim:", "Percpu:"].map(|name| {
        let value = text.lines().find_map(|line| line.strip_prefix(name))?;
        value.split_whitespace().next()?.parse::<f64>().ok()
    });
    let sum: Option<f64> = fields.into_iter().sum();
    sum.ok_or_else(|| Error::new("read", path, Errno::EBADMSG))
}

/// The table of `--alive`: a row for each step, a column for each type.
pub(crate) fn measure(number: usize) -> Result<Answer> {
    const STEPS: usize = 10;
    let step = number.div_ceil(STEPS);
    explain!("{number} of each type, held by descriptors only, and then all closed at once");
    let counts = (1..=STEPS).map(|steps| vec![Cell::count("alive", steps * step)]);
    let mut rows: Vec<Row> = counts.collect();
    let (mut memory, mut gone) = (Row::new(), Row::new());
    for kind in Kind::each() {
        let (times, of_one, end) = grow(&kind, STEPS, step)?;
        for (row, time) in rows.iter_mut().zip(times) {
            row.push(Cell::median(kind.name, time));
        }
        memory.push(Cell::number(kind.name, of_one));
        gone.push(Cell::number(kind.name, end / 1000.0));
    }
    let json = vec![
        ("unit", string("us")),
        ("points", objects(&rows)),
        ("memory_kib", members(&memory)),
        ("gone_ms", members(&gone)),
    ];
    memory.insert(0, Cell::name("", "KiB each"));
    gone.insert(0, Cell::name("", "gone, ms"));
    rows.extend([memory, gone]);
    let title = "Time for one more namespace as their number grows: median in µs";
    let text = format!("{title}\n\n{}", table(&rows));
    Ok(Answer { text, json })
}
