//! The ratios as a picture for the book.

use std::fmt::Write as _;

use crate::figures::Figures;

/// The ratio at the right edge of the bars.
const WIDEST: f64 = 1.2;
const LEFT: f64 = 400.0;
const WIDTH: f64 = 280.0;
const ROW: f64 = 26.0;
const TOP: f64 = 44.0;

/// One bar a pair, with the interval and the goal. It follows the page's colours,
/// and holds no blank line, at which Markdown would end it.
pub(crate) fn chart(machine: &str, all: &[Figures]) -> String {
    let bottom = TOP + ROW * all.len() as f64;
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {:.0}" role="img" aria-labelledby="bench-t bench-d" font-family="sans-serif" font-size="13" fill="currentColor">
<title id="bench-t">Wall time of the labs, divided by that of other programs</title>
<desc id="bench-d">{}</desc>
"#,
        bottom + 34.0,
        description(machine, all)
    );
    for tick in 0..=6 {
        let ratio = f64::from(tick) * 0.2;
        let (x, weight) = (at(ratio), if tick == 5 { 0.8 } else { 0.2 });
        let _ = writeln!(
            svg,
            r#"<line x1="{x:.0}" y1="{:.0}" x2="{x:.0}" y2="{bottom:.0}" stroke="currentColor" stroke-opacity="{weight}"/>
<text x="{x:.0}" y="{:.0}" text-anchor="middle">{ratio:.1}</text>"#,
            TOP - 8.0,
            TOP - 14.0
        );
    }
    for (row, figures) in all.iter().enumerate() {
        bar(&mut svg, TOP + ROW * row as f64, figures);
    }
    let _ = writeln!(
        svg,
        r##"<text x="14" y="{:.0}" font-size="11.5">{machine}. Bar: median ratio of the times, thin line: 95 % interval, mark: goal. Left of 1.0 the lab is faster.</text>
</svg>"##,
        bottom + 24.0
    );
    svg
}

fn bar(svg: &mut String, top: f64, figures: &Figures) {
    let ratio = &figures.ratio;
    let (middle, text) = (top + 11.0, top + 15.5);
    let _ = writeln!(
        svg,
        r##"<text x="{:.0}" y="{text:.1}" text-anchor="end">{}</text>
<rect x="{LEFT:.0}" y="{:.0}" width="{:.1}" height="14" fill="#2a7de1" fill-opacity="0.6"/>
<line x1="{:.1}" y1="{middle:.0}" x2="{:.1}" y2="{middle:.0}" stroke="currentColor" stroke-width="1.5"/>
<path d="M{:.1} {:.0}v18" stroke="#e0862a" stroke-width="3"/>"##,
        LEFT - 10.0,
        label(figures),
        top + 4.0,
        at(ratio.middle) - LEFT,
        at(ratio.low),
        at(ratio.high),
        at(figures.goal),
        top + 2.0,
    );
}

fn at(ratio: f64) -> f64 {
    LEFT + ratio.min(WIDEST) / WIDEST * WIDTH
}

/// `mount_proc ÷ bwrap`, `net_ns --list ÷ the article’s C`: options that only
/// make the other do the same work are left out.
fn label(figures: &Figures) -> String {
    let lab = figures.lab.replace("/proc/self/ns/uts ", "");
    let other = match figures.other.split_once(' ') {
        _ if figures.other.starts_with("twin/") => "the article’s C".to_owned(),
        Some((name @ ("bwrap" | "nsenter"), _)) => name.to_owned(),
        Some(("busybox", rest)) => {
            let applet = rest.split(' ').next().unwrap_or_default();
            format!("busybox {applet}")
        }
        _ => format!("util-linux {}", figures.other.replace("--mount-proc ", "")),
    };
    format!("{lab} ÷ {other}")
}

fn description(machine: &str, all: &[Figures]) -> String {
    let mut text = format!("Measured on {machine}.");
    for figures in all {
        let _ = write!(
            text,
            " {}: {:.2}, goal {:.2}.",
            label(figures),
            figures.ratio.middle,
            figures.goal
        );
    }
    text
}
