//! Values that are the learner's own: drawn once, kept, printed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;

use common::{Result, Step as _};
use serde::Deserialize;

/// How a value is drawn: a number in place of `{}`, or one of several words.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Draw {
    Number { from: u32, to: u32, form: String },
    Word { of: Vec<String> },
}

impl Draw {
    /// A value that is none of the earlier ones, as long as there is another.
    fn draw(&self, earlier: &[&String]) -> Result<String> {
        let mut value = String::new();
        for _ in 0..100 {
            value = match self {
                Self::Number { from, to, form } => {
                    let number = from + random(to - from + 1)?;
                    form.replace("{}", &number.to_string())
                }
                Self::Word { of } => {
                    let at = random(u32::try_from(of.len()).unwrap_or(1))?;
                    of.get(at as usize).cloned().unwrap_or_default()
                }
            };
            if !earlier.contains(&&value) {
                break;
            }
        }
        Ok(value)
    }
}

pub(crate) type Values = BTreeMap<String, String>;

/// A value for each name.
pub(crate) fn draw(draws: &BTreeMap<String, Draw>, earlier: &[Values]) -> Result<Values> {
    let values = draws.iter().map(|(name, draw)| {
        let earlier: Vec<_> = earlier
            .iter()
            .filter_map(|values| values.get(name))
            .collect();
        Ok((name.clone(), draw.draw(&earlier)?))
    });
    values.collect()
}

/// The text with each `{name}` replaced.
pub(crate) fn fill(text: &str, values: &Values) -> String {
    let values = values.iter();
    values.fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

fn random(below: u32) -> Result<u32> {
    let mut bytes = [0; 4];
    let source = File::open("/dev/urandom").step("open", "/dev/urandom");
    source?
        .read_exact(&mut bytes)
        .step("read", "/dev/urandom")?;
    Ok(u32::from_ne_bytes(bytes) % below.max(1))
}
