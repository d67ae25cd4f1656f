//! What the tool remembers: one small file, and a log of the attempts.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, process};

use common::lab::notice;
use common::{Error, Result, Step as _};
use nix::errno::Errno;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::values::Values;

const NO_HOME: &str = "set XDG_STATE_HOME to a folder that you may write";
const NOT_WRITABLE: &str = "make room there, or set XDG_STATE_HOME to a folder that you may write";

/// What is known of one exercise.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    /// When it was begun, in seconds since 1970.
    pub(crate) begun: u64,
    /// Which start of the machine that was, and when after it, in clock ticks.
    pub(crate) boot: String,
    pub(crate) ticks: u64,
    pub(crate) values: Values,
    /// Values of former times.
    pub(crate) earlier: Vec<Values>,
    /// Processes that met every condition before it was begun.
    pub(crate) before: Vec<String>,
    /// The last stage that was seen.
    pub(crate) stage: u8,
    pub(crate) hints: usize,
    pub(crate) attempts: u32,
    pub(crate) done: bool,
    pub(crate) gave_up: bool,
}

impl Record {
    /// What it counts: ten, two less for each hint; nothing once the solution was shown.
    pub(crate) fn points(&self) -> usize {
        match self.done && !self.gave_up {
            true => 10_usize.saturating_sub(2 * self.hints),
            false => 0,
        }
    }
}

/// The file, as it was read.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    folder: PathBuf,
    records: BTreeMap<String, Record>,
}

impl Memory {
    /// Reads it. One that is lost or broken is begun anew, and that is said.
    pub(crate) fn load() -> Result<Self> {
        let folder = folder()?;
        let path = folder.join("exercises.json");
        let records = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
                let kept = path.with_extension("json.broken");
                // Where it cannot be kept it is overwritten all the same.
                let _ = fs::rename(&path, &kept);
                notice(format_args!(
                    "{} is broken ({error}): beginning anew; the old one is {}",
                    path.display(),
                    kept.display()
                ));
                BTreeMap::new()
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).step("read", path.display()),
        };
        Ok(Self { folder, records })
    }

    pub(crate) fn of(&self, name: &str) -> Option<&Record> {
        self.records.get(name)
    }

    /// Of an exercise that is begun, and was not reset since.
    pub(crate) fn begun(&self, name: &str) -> Option<&Record> {
        self.of(name).filter(|record| record.begun > 0)
    }

    /// Keeps what is new of one exercise; what another run has written of others stays.
    pub(crate) fn keep(&mut self, name: &str, record: &Record) -> Result<()> {
        self.records = Self::load()?.records;
        self.records.insert(name.to_owned(), record.clone());
        self.write()
    }

    /// Forgets one. Its values are not drawn again, and what was shown was shown.
    pub(crate) fn forget(&mut self, name: &str) -> Result<u8> {
        if let Some(record) = self.records.get_mut(name) {
            let mut earlier = std::mem::take(&mut record.earlier);
            earlier.push(std::mem::take(&mut record.values));
            *record = Record {
                earlier,
                hints: record.hints,
                gave_up: record.gave_up,
                ..Record::default()
            };
        }
        self.write()?;
        Ok(0)
    }

    pub(crate) fn forget_all(&mut self) -> Result<u8> {
        let names: Vec<_> = self.records.keys().cloned().collect();
        names
            .iter()
            .try_for_each(|name| self.forget(name).map(drop))?;
        Ok(0)
    }

    fn write(&self) -> Result<()> {
        let path = self.folder.join("exercises.json");
        let text = serde_json::to_string_pretty(&self.records).unwrap_or_default();
        let new = path.with_extension(format!("json.{}", process::id()));
        let written = replace(&self.folder, &new, &path, &text);
        if written.is_err() {
            // A file that is half written is no use to anybody.
            let _ = fs::remove_file(&new);
        }
        written
            .step("write", path.display())
            .map_err(|error| error.hint(NOT_WRITABLE))
    }

    /// Adds a line to the log of attempts.
    pub(crate) fn log(&self, name: &str, event: &str, told: &Value) -> Result<()> {
        let path = self.folder.join("exercises.log");
        let line = json!({"at": now(), "exercise": name, "event": event, "told": told});
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
        written
            .step("write", path.display())
            .map_err(|error| error.hint(NOT_WRITABLE))
    }
}

/// In one step, so that no moment has half a file.
fn replace(folder: &Path, new: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = File::create(new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)
}

fn folder() -> Result<PathBuf> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let state = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")));
    let state = state.ok_or_else(|| {
        Error::new("find", "a folder for what is done", Errno::ENOENT).hint(NO_HOME)
    })?;
    Ok(state.join("namespace-labs"))
}

pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map(|since| since.as_secs()).unwrap_or_default()
}
