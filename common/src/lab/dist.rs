//! Completions for shells and the manual page, from the command line that the lab reads.
//! The feature `dist` has them written in place of running; `just dist` asks for that
//! in a build of its own, and no lab that is run or handed on has any of it.

use std::path::Path;
use std::{env, fs};

use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use super::error::{Error, Result, Step as _};

/// Writes them below the folder that the variable `DIST` names, where it is set, and ends.
pub(super) fn write_instead(mut command: Command) -> Result<()> {
    let Some(share) = env::var_os("DIST") else {
        return Ok(());
    };
    let share = Path::new(&share);
    let name = command.get_name().to_owned();
    for (shell, path) in [
        (Shell::Bash, format!("bash-completion/completions/{name}")),
        (Shell::Zsh, format!("zsh/site-functions/_{name}")),
        (
            Shell::Fish,
            format!("fish/vendor_completions.d/{name}.fish"),
        ),
    ] {
        let mut text = Vec::new();
        generate(shell, &mut command, &name, &mut text);
        write(&share.join(path), &text)?;
    }
    let version = command.get_version().unwrap_or_default();
    let source = format!("namespace-labs {version}");
    let page = Man::new(command).source(source).manual("Namespace labs");
    let mut text = Vec::new();
    page.render(&mut text).step("write", &name)?;
    write(&share.join(format!("man/man1/{name}.1")), &text)?;
    let text = format!("{name}: written");
    Err(Error::Usage { text, status: 0 })
}

fn write(path: &Path, text: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).step("mkdir", folder.display())?;
    fs::write(path, text).step("write", path.display())
}

/// The command that a help text describes: what it does, the usage, groups of options. A
/// line of an option begins with a hyphen, and two blanks end its spelling; what is indented
/// far goes on with it.
pub(super) fn command_of(help: &'static str) -> Command {
    let (about, rest) = help.split_once("\n\nUsage: ").unwrap_or((help, ""));
    let (usage, rest) = rest.split_once('\n').unwrap_or((rest, ""));
    let name = usage.split(' ').next().unwrap_or_default();
    let mut command = Command::new(name)
        .version(env!("CARGO_PKG_VERSION"))
        .override_usage(usage)
        .disable_help_flag(true)
        .disable_version_flag(true);
    if usage.contains(" FILE ") {
        command = command.arg(Arg::new("FILE").value_hint(ValueHint::AnyPath).hide(true));
    }
    let program = Arg::new("PROGRAM").num_args(1..).trailing_var_arg(true);
    let program = program.value_hint(ValueHint::CommandWithArguments);
    command = command.arg(program.hide(true));
    let (mut description, mut heading) = (about.to_owned(), None);
    let mut lines = rest.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with('-') {
            let (spelling, text) = line.trim_start().split_once("  ").unwrap_or((line, ""));
            let mut text = text.trim_start().to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with("          ")) {
                text = format!("{text} {}", more.trim_start());
            }
            command = command.arg(option_of(spelling).help(text).help_heading(heading));
        } else if let Some(title) = line.strip_suffix(':') {
            heading = (title != "Options").then_some(title);
        } else {
            description = format!("{description}\n{line}");
        }
    }
    let about = about.lines().next().unwrap_or_default();
    command
        .about(about.trim_end_matches('.'))
        .long_about(description.trim_end().to_owned())
}

/// An option as it is spelt: `-w, --wd <DIR>`, `--mount-proc[=<DIR>]`, `-f, --fork`.
fn option_of(spelling: &'static str) -> Arg {
    let (short, long) = match spelling.split_once(", --") {
        Some((short, long)) => (short.chars().nth(1), long),
        None => (None, spelling.trim_start_matches('-')),
    };
    let (long, value) = long.split_once([' ', '[']).unwrap_or((long, ""));
    let option = Arg::new(long).short(short).long(long);
    if value.is_empty() {
        return option.action(ArgAction::SetTrue);
    }
    let name = value.trim_matches(['=', '<', '>', ']']);
    let hint = match name {
        "DIR" => ValueHint::DirPath,
        "FILE" => ValueHint::FilePath,
        _ => ValueHint::Other,
    };
    let is_optional = value.starts_with('=');
    option
        .value_name(name)
        .value_hint(hint)
        .num_args(if is_optional { 0..=1 } else { 1..=1 })
        .require_equals(is_optional)
}
