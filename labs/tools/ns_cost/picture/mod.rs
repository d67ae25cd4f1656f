//! The results as pictures, in the colour of the text around them.

mod costs;
mod curve;

const WIDTH: f64 = 720.0;
const RIGHT: f64 = 690.0;
const TOP: f64 = 56.0;
/// Told apart on white and on dark grounds, also by those who see no red or green.
const COLOURS: [&str; 3] = ["#2a7de1", "#2e9e5b", "#d9822b"];

/// A number of microseconds in the unit that suits it.
fn duration(value: f64) -> String {
    if value < 1e3 {
        format!("{value} µs")
    } else if value < 1e6 {
        format!("{} ms", value / 1e3)
    } else {
        format!("{} s", value / 1e6)
    }
}

/// A shape for each series, so that colour is not all that tells them apart.
fn mark(series: usize, x: f64, y: f64) -> String {
    let colour = COLOURS.get(series).unwrap_or(&"currentColor");
    match series {
        0 => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\" fill=\"{colour}\"/>"),
        1 => format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"8\" height=\"8\" fill=\"{colour}\"/>",
            x - 4.0,
            y - 4.0
        ),
        _ => format!(
            "<path d=\"M{:.1} {y:.1} l5.5 -5.5 l5.5 5.5 l-5.5 5.5 z\" fill=\"{colour}\"/>",
            x - 5.5
        ),
    }
}

/// The median as a mark, its interval as a line.
fn dot(series: usize, (from, median, to): (f64, f64, f64), y: f64) -> String {
    let colour = COLOURS.get(series).unwrap_or(&"currentColor");
    format!(
        "<path d=\"M{from:.1} {y:.1} H{to:.1}\" stroke=\"{colour}\" stroke-width=\"2\"/>{}\n",
        mark(series, median, y)
    )
}

fn head(name: &str, title: &str, words: &str, height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" \
         role=\"img\" aria-labelledby=\"{name}-t {name}-d\" font-family=\"sans-serif\" \
         font-size=\"14\" fill=\"currentColor\">\n\
         <title id=\"{name}-t\">{title}</title>\n<desc id=\"{name}-d\">{words}</desc>\n"
    )
}
