//! The exercises: a folder each in book/exercises, and nothing else.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use common::{Error, Result, Step as _};
use include_dir::{Dir, include_dir};
use nix::errno::Errno;
use serde::Deserialize;

use crate::values::{Draw, Values, fill};

static FOLDERS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/book/exercises");
/// The order of the course.
static SUMMARY: &str = include_str!("../../../book/src/SUMMARY.md");

/// What `exercise.toml` says, and the files beside it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exercise {
    /// Its folder's name, which never changes.
    #[serde(skip)]
    pub(crate) name: String,
    /// The page of the book that it belongs to.
    pub(crate) page: String,
    pub(crate) minutes: u32,
    /// What is to be done, in one line.
    pub(crate) line: String,
    /// What is drawn for each learner; for a program, anew for each run.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, Draw>,
    /// For a program: the line that runs it.
    pub(crate) run: Option<String>,
    /// Values that a fact becomes when the first stage is done.
    #[serde(default)]
    pub(crate) remember: BTreeMap<String, String>,
    /// What is to be seen in the kernel, in this order.
    pub(crate) must: Vec<Must>,
    /// The last one names the manual's section.
    pub(crate) hints: Vec<String>,
    #[serde(skip)]
    files: BTreeMap<String, String>,
}

/// One condition, and what to say where it is not met.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Must {
    pub(crate) name: String,
    pub(crate) be: String,
    #[serde(rename = "else")]
    pub(crate) otherwise: String,
    /// Those of stage 2 count when stage 1 has been seen.
    #[serde(default = "first")]
    pub(crate) stage: u8,
}

fn first() -> u8 {
    1
}

impl Exercise {
    fn new(name: &str, files: BTreeMap<String, String>) -> Result<Self> {
        let text = files.get("exercise.toml").map_or("", String::as_str);
        let mut exercise: Self = toml::from_str(text).map_err(|error| {
            let object = format!("{name}/exercise.toml");
            Error::new("parse", object, Errno::EINVAL).hint(error.message())
        })?;
        name.clone_into(&mut exercise.name);
        exercise.files = files;
        Ok(exercise)
    }

    fn file(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }

    pub(crate) fn task(&self) -> &str {
        self.file("task.md").unwrap_or_default()
    }

    /// The program, or the lines to type: without those that only a test needs.
    pub(crate) fn solution(&self, values: &Values) -> String {
        if let Some(program) = self.file("solution.rs") {
            return program.trim_end().to_owned();
        }
        let lines = self.file("solution.session").unwrap_or_default().lines();
        let typed: Vec<_> = lines.filter(|line| !line.starts_with("! ")).collect();
        fill(&typed.join("\n"), values)
    }

    pub(crate) fn skeleton(&self) -> Option<&str> {
        self.file("skeleton.rs")
    }

    /// The title of its page.
    pub(crate) fn chapter(&self) -> &str {
        let end = format!("]({})", self.page);
        let mut lines = SUMMARY.lines().filter_map(|line| line.strip_suffix(&end));
        let title = lines.next().and_then(|line| line.split_once('['));
        title.map_or(&self.page, |(_, title)| title)
    }

    /// The conditions of a stage.
    pub(crate) fn musts(&self, stage: u8) -> Vec<&Must> {
        let of_stage = self.must.iter().filter(|must| must.stage == stage);
        of_stage.collect()
    }

    /// The number of its last stage.
    pub(crate) fn stages(&self) -> u8 {
        self.must.iter().map(|must| must.stage).max().unwrap_or(1)
    }
}

/// All exercises, in the order of the course. The variable EXERCISES names another
/// folder for those who write one.
pub(crate) fn all() -> Result<Vec<Exercise>> {
    let folders = match env::var_os("EXERCISES") {
        Some(folder) => folders_in(Path::new(&folder))?,
        None => embedded(),
    };
    let folders = folders.into_iter();
    let exercises: Result<Vec<_>> = folders
        .map(|(name, files)| Exercise::new(&name, files))
        .collect();
    let mut exercises = exercises?;
    exercises.sort_by_cached_key(|exercise| {
        let place = SUMMARY.find(&format!("({})", exercise.page));
        (place, exercise.minutes, exercise.name.clone())
    });
    Ok(exercises)
}

type Folders = Vec<(String, BTreeMap<String, String>)>;

fn embedded() -> Folders {
    let folders = FOLDERS.dirs().map(|folder| {
        let files = folder.files().filter_map(|file| {
            let name = file.path().file_name()?.to_str()?;
            Some((name.to_owned(), file.contents_utf8()?.to_owned()))
        });
        let name = folder.path().to_string_lossy().into_owned();
        (name, files.collect())
    });
    folders.collect()
}

fn folders_in(folder: &Path) -> Result<Folders> {
    let mut folders = Folders::new();
    for entry in fs::read_dir(folder).step("open", folder.display())? {
        let path = entry.step("read", folder.display())?.path();
        let mut files = BTreeMap::new();
        for file in fs::read_dir(&path).step("open", path.display())? {
            let file = file.step("read", path.display())?.path();
            if let (true, Some(name)) = (file.is_file(), file.file_name()) {
                let text = fs::read_to_string(&file).step("read", file.display())?;
                files.insert(name.to_string_lossy().into_owned(), text);
            }
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        folders.push((name.into_owned(), files));
    }
    Ok(folders)
}
