//! The ratios as a picture for the book.

use crate::figures::Figures;
use crate::plot::Plot;

/// The ratio at the right edge of the bars.
const WIDEST: f64 = 1.2;
const LEFT: f64 = 400.0;
const ROW: f64 = 26.0;
const TOP: f64 = 44.0;

/// One bar a pair, with the interval and the goal.
pub(crate) fn chart(machine: &str, all: &[Figures]) -> String {
    let bottom = TOP + ROW * all.len() as f64;
    let title = "Wall time of the labs, divided by that of other programs";
    let words = description(machine, all);
    let mut plot = Plot::new("bench", title, &words, bottom + 54.0);
    let x = |ratio: f64| LEFT + ratio.min(WIDEST) / WIDEST * 280.0;
    for tick in 0..=6 {
        let ratio = f64::from(tick) * 0.2;
        let weight = if tick == 5 { 0.8 } else { 0.2 };
        plot.grid((x(ratio), TOP - 8.0), (x(ratio), bottom), weight);
        plot.text((x(ratio), TOP - 14.0), "middle", format_args!("{ratio:.1}"));
    }
    for (row, figures) in all.iter().enumerate() {
        let y = TOP + ROW * row as f64 + 11.0;
        let ratio = &figures.ratio;
        plot.text((LEFT - 10.0, y + 4.5), "end", label(figures));
        plot.line(0, (LEFT, y), (x(ratio.middle), y), 14);
        plot.grid((x(ratio.low), y), (x(ratio.high), y), 1.0);
        plot.mark(2, (x(figures.pair.goal), y));
    }
    let legend = [
        format!("{machine}. Left of 1.0 the lab is faster."),
        "Bar: median ratio, thin line: 95 % interval, diamond: goal.".to_owned(),
    ];
    for (line, y) in legend.iter().zip([24.0, 42.0]) {
        plot.text((14.0, bottom + y), "start", line);
    }
    plot.end()
}

/// `mount_proc ÷ bwrap`, `net_ns --list ÷ the article’s C`: options that only
/// make the other do the same work are left out.
fn label(figures: &Figures) -> String {
    let lab = figures.pair.lab.replace("/proc/self/ns/uts ", "");
    let other = match figures.pair.other.split_once(' ') {
        _ if figures.pair.other.starts_with("twin/") => "the article’s C".to_owned(),
        Some((name @ ("bwrap" | "nsenter"), _)) => name.to_owned(),
        Some(("busybox", rest)) => {
            let applet = rest.split(' ').next().unwrap_or_default();
            format!("busybox {applet}")
        }
        _ => format!(
            "util-linux {}",
            figures.pair.other.replace("--mount-proc ", "")
        ),
    };
    format!("{lab} ÷ {other}")
}

fn description(machine: &str, all: &[Figures]) -> String {
    let each = all.iter().map(|figures| {
        let (ratio, goal) = (figures.ratio.middle, figures.pair.goal);
        format!(" {}: {ratio:.2}, goal {goal:.2}.", label(figures))
    });
    format!("Measured on {machine}.{}", each.collect::<String>())
}
