//! Draws the plots of the book from what ns_cost measured: `just bless` writes them.
use crate::support::blessed::assert_file;
use crate::support::figures::figures;
use crate::support::plot::{Plot, Point};
use serde_json::Value;

const RIGHT: f64 = 690.0;
const TOP: f64 = 56.0;

#[test]
fn the_plots_of_ns_cost_show_the_figures() {
    let path = |name: &str| format!("book/src/images/{name}.svg");
    assert_file(&path("ns_cost"), &costs(&figures("ns_cost")));
    let mounts = Curve {
        name: "ns_cost_mounts",
        title: "Time for unshare(CLONE_NEWNS), which copies all mounts",
        count: "mounts",
        time: "mnt",
    };
    let nesting = Curve {
        name: "ns_cost_nesting",
        title: "Time for fork(), exit and wait in nested PID namespaces",
        count: "depth",
        time: "fork",
    };
    for curve in [mounts, nesting] {
        assert_file(&path(curve.name), &curve.draw());
    }
}

/// The median of a time, and the ends of its interval, which was not always written down.
fn times(time: &Value) -> [f64; 3] {
    let median = time["median"].as_f64().unwrap();
    let end = |name: &str| time[name].as_f64().unwrap_or(median);
    [median, end("low"), end("high")]
}

/// A number of microseconds in the unit that suits it.
fn duration(value: f64) -> String {
    if value < 1e3 {
        format!("{value} µs")
    } else {
        format!("{} ms", value / 1e3)
    }
}

/// A row for each kind, time from left to right in powers of ten.
fn costs(run: &Value) -> String {
    const LEFT: f64 = 110.0;
    const ROW: f64 = 26.0;
    const SERIES: [(&str, &str, f64); 4] = [
        ("create_us", "create", 118.0),
        ("join_us", "join", 208.0),
        ("gone_us", "destroy, until gone", 284.0),
        ("start_us", "start, exit and wait", 460.0),
    ];
    let x = |time: f64| LEFT + time.log10() / 5.0 * (RIGHT - LEFT);
    let rows = || ["types", "sets", "processes"].map(|list| run[list].as_array().unwrap());
    let words = rows().into_iter().flatten().map(|row| {
        let known = SERIES.iter().filter(|(key, ..)| !row[key].is_null());
        let parts = known.map(|(key, name, _)| format!(" {name} {:.1}", times(&row[key])[0]));
        format!(
            " {}:{}.",
            row["name"].as_str().unwrap(),
            parts.collect::<Vec<_>>().join(",")
        )
    });
    let words = format!("Medians in microseconds.{}", words.collect::<String>());
    let title = "What a namespace costs: microseconds, each step of the scale ten times the last";
    let number = rows().iter().map(|list| list.len()).sum::<usize>() as f64;
    let bottom = TOP + ROW * number + 20.0;
    let mut plot = Plot::new("cost", title, &words, bottom + 30.0);
    for power in 0..=5 {
        let time = 10f64.powi(power);
        plot.grid((x(time), TOP - 8.0), (x(time), bottom), 0.2);
        plot.text((x(time), bottom + 20.0), "middle", duration(time));
    }
    for (series, (_, name, x)) in SERIES.into_iter().enumerate() {
        plot.mark(series, (x, 22.0));
        plot.text((x + 12.0, 27.0), "start", name);
    }
    let mut y = TOP + 10.0;
    for list in rows() {
        for row in list {
            plot.text((LEFT - 12.0, y + 5.0), "end", row["name"].as_str().unwrap());
            for (series, (key, ..)) in SERIES.iter().enumerate() {
                // A little below one another, since some are equal.
                let y = y + [-6.0, 0.0, 6.0, 0.0][series];
                if !row[key].is_null() {
                    let [median, low, high] = times(&row[key]).map(x);
                    plot.line(series, (low, y), (high, y), 2);
                    plot.mark(series, (median, y));
                }
            }
            y += ROW;
        }
        // The sets follow the types, the processes stand apart.
        y += if list[0]["start_us"].is_null() {
            5.0
        } else {
            0.0
        };
    }
    plot.end()
}

/// Times against a count, both from 0.
struct Curve {
    name: &'static str,
    title: &'static str,
    count: &'static str,
    time: &'static str,
}

impl Curve {
    fn draw(&self) -> String {
        const LEFT: f64 = 78.0;
        const BOTTOM: f64 = 300.0;
        let run = figures(self.name);
        let points: Vec<(f64, [f64; 3])> = run["points"]
            .as_array()
            .unwrap()
            .iter()
            .map(|point| {
                (
                    point[self.count].as_f64().unwrap(),
                    times(&point[self.time]),
                )
            })
            .collect();
        let most = points.iter().fold(1.0, |most, (count, _)| count.max(most));
        let longest = points.iter().fold(0.1, |most, (_, time)| time[2].max(most));
        let (step_x, step_y) = (step(most), step(longest));
        let top = step_y * (longest / step_y).ceil();
        let at = |count: f64, time: f64| -> Point {
            (
                LEFT + count / most * (RIGHT - LEFT),
                BOTTOM - time / top * (BOTTOM - TOP),
            )
        };
        let words = points
            .iter()
            .map(|(count, time)| format!("{count}: {:.0}", time[0]));
        let words = words.collect::<Vec<_>>().join(", ");
        let words = format!("Medians in microseconds by {}. {words}.", self.count);
        let mut plot = Plot::new(self.name, self.title, &words, BOTTOM + 50.0);
        for time in ticks(top, step_y) {
            let (x, y) = at(0.0, time);
            plot.grid((x, y), (RIGHT, y), 0.2);
            plot.text((x - 8.0, y + 5.0), "end", duration(time));
        }
        for count in ticks(most, step_x) {
            plot.text((at(count, 0.0).0, BOTTOM + 20.0), "middle", count);
        }
        plot.text((LEFT, 27.0), "start", self.title);
        plot.text(
            (f64::midpoint(LEFT, RIGHT), BOTTOM + 42.0),
            "middle",
            self.count,
        );
        for (count, [median, low, high]) in points {
            plot.line(0, at(count, low), at(count, high), 2);
            plot.mark(0, at(count, median));
        }
        plot.end()
    }
}

/// About five steps of 1, 2 or 5 times a power of ten.
fn step(most: f64) -> f64 {
    let power = 10f64.powf((most / 5.0).log10().floor());
    let mut steps = [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power);
    steps.find(|step| most / step <= 6.0).unwrap()
}

fn ticks(most: f64, step: f64) -> impl Iterator<Item = f64> {
    let ticks = (0..).map(move |tick| f64::from(tick) * step);
    ticks.take_while(move |tick| *tick <= most)
}
