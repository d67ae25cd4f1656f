//! The labs that the doctor judges.

#[path = "../../table.rs"]
#[expect(dead_code, reason = "the doctor asks for no page and no sentence")]
mod table;

pub(crate) use table::Lab;

/// The labs with needs, in the order of the course.
pub(crate) fn judged() -> impl Iterator<Item = &'static Lab> {
    table::LABS.iter().filter(|lab| !lab.needs.is_empty())
}

impl Lab {
    /// The command line that the verdict is about.
    pub(crate) fn command(&self, works_directly: bool) -> &'static str {
        match (self.judged_by, self.lines) {
            (Some([direct, _]), _) if works_directly => direct,
            (Some([_, rootless]), _) => rootless,
            (None, [line, ..]) => line,
            (None, []) => self.name,
        }
    }
}
