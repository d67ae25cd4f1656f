//! Pictures of figures, as SVG: in the colour of the text around them, with a title and a
//! description for those who do not see them, and no blank line, at which Markdown would
//! end them.

use std::fmt::{Display, Write as _};

pub(crate) const WIDTH: f64 = 720.0;
/// Of one lightness, which stands out from the grounds of all themes; the shapes tell them apart, too.
const COLOURS: [&str; 4] = ["#1e71d5", "#23824c", "#a6621e", "currentColor"];

pub(crate) type Point = (f64, f64);

pub(crate) struct Plot(String);

impl Plot {
    pub(crate) fn new(name: &str, title: &str, words: &str, height: f64) -> Self {
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" \
             role=\"img\" aria-labelledby=\"{name}-t {name}-d\" font-family=\"sans-serif\" \
             font-size=\"13\" fill=\"currentColor\">\n\
             <title id=\"{name}-t\">{title}</title>\n<desc id=\"{name}-d\">{words}</desc>\n"
        ))
    }

    pub(crate) fn end(self) -> String {
        self.0 + "</svg>\n"
    }

    fn add(&mut self, element: impl Display) {
        writeln!(self.0, "{element}").expect("a String takes everything");
    }

    /// `anchor` is the end of the text that stands at the point: start, middle or end.
    pub(crate) fn text(&mut self, (x, y): Point, anchor: &str, text: impl Display) {
        self.add(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    fn stroke(&mut self, (x, y): Point, (to_x, to_y): Point, stroke: impl Display) {
        self.add(format_args!(
            "<path d=\"M{x:.1} {y:.1} L{to_x:.1} {to_y:.1}\" stroke={stroke}/>"
        ));
    }

    /// A line of the scale, to be read and not to be seen.
    pub(crate) fn grid(&mut self, from: Point, to: Point, weight: f64) {
        let stroke = format!("\"currentColor\" stroke-opacity=\"{weight}\"");
        self.stroke(from, to, stroke);
    }

    pub(crate) fn line(&mut self, series: usize, from: Point, to: Point, width: u32) {
        let stroke = format!("\"{}\" stroke-width=\"{width}\"", COLOURS[series]);
        self.stroke(from, to, stroke);
    }

    /// A shape for each series, so that colour is not all that tells them apart.
    pub(crate) fn mark(&mut self, series: usize, (x, y): Point) {
        let shape = match series {
            0 => "m-4.5 0 a4.5 4.5 0 1 0 9 0 a4.5 4.5 0 1 0 -9 0",
            1 => "m-4 -4 h8 v8 h-8 z",
            2 => "m-5.5 0 l5.5 -5.5 l5.5 5.5 l-5.5 5.5 z",
            _ => "m-5.5 4.5 l5.5 -10 l5.5 10 z",
        };
        let colour = COLOURS[series];
        self.add(format_args!(
            "<path d=\"M{x:.1} {y:.1} {shape}\" fill=\"{colour}\" stroke=\"var(--bg, #fff)\"/>"
        ));
    }
}
