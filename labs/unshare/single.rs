//! The options that map one ID, the caller's. Of several the last one counts, so
//! their order matters, which the derived parser does not tell.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use common::accounts::{gid_named, uid_named};

/// What the caller's user and group are inside.
#[derive(Default)]
pub(crate) struct Single {
    pub(crate) user: Option<Inner>,
    pub(crate) group: Option<Inner>,
}

#[derive(Clone, Copy)]
pub(crate) enum Inner {
    Id(u32),
    /// The same as outside.
    Current,
}

#[derive(Args)]
struct SingleOptions {
    /// Map the caller's user and group to root, and deny setgroups()
    #[arg(short = 'r', long)]
    map_root_user: bool,
    /// Map the caller's user and group to the same IDs, and deny setgroups()
    #[arg(short = 'c', long)]
    map_current_user: bool,
    /// Map the caller's user to this one
    #[arg(long, value_name = "UID|NAME", value_parser = uid_named, allow_hyphen_values = true)]
    map_user: Option<u32>,
    /// Map the caller's group to this one, and deny setgroups()
    #[arg(long, value_name = "GID|NAME", value_parser = gid_named, allow_hyphen_values = true)]
    map_group: Option<u32>,
}

impl Single {
    /// As -r has it.
    pub(crate) fn root() -> Self {
        let root = Some(Inner::Id(0));
        Self {
            user: root,
            group: root,
        }
    }

    fn last(matches: &ArgMatches, own: &str, id: Option<u32>) -> Option<Inner> {
        let given = [
            ("map_root_user", Some(Inner::Id(0))),
            ("map_current_user", Some(Inner::Current)),
            (own, id.map(Inner::Id)),
        ];
        let typed = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
        let last = given
            .into_iter()
            .filter(|(name, _)| typed(name))
            .max_by_key(|(name, _)| matches.indices_of(name).and_then(Iterator::last));
        last.and_then(|(_, inner)| inner)
    }
}

impl FromArgMatches for Single {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let options = SingleOptions::from_arg_matches(matches)?;
        Ok(Self {
            user: Self::last(matches, "map_user", options.map_user),
            group: Self::last(matches, "map_group", options.map_group),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Single {
    fn augment_args(command: Command) -> Command {
        SingleOptions::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        SingleOptions::augment_args_for_update(command)
    }
}

impl Inner {
    /// The ID inside of the one that is `current` outside.
    pub(crate) fn id(self, current: u32) -> u32 {
        match self {
            Self::Id(id) => id,
            Self::Current => current,
        }
    }
}
