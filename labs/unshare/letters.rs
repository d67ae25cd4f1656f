//! Lines such as the article's, `unshare -pf PROGRAM`: to build the parser of all the
//! options takes longer than unshare() itself.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use crate::args::Args;
use crate::single::Single;

impl Args {
    /// The arguments, unless some option is more than a letter that is known here.
    pub(crate) fn from_letters(words: &[OsString]) -> Option<Self> {
        let mut args = Self::default();
        let mut words = words.iter().skip(1);
        for word in words.by_ref() {
            match word.as_bytes() {
                [b'-', letters @ ..] if !letters.is_empty() => {
                    letters.iter().try_for_each(|letter| args.take(*letter))?;
                }
                _ => {
                    args.command.push(word.clone());
                    break;
                }
            }
        }
        args.command.extend(words.cloned());
        Some(args)
    }

    fn take(&mut self, letter: u8) -> Option<()> {
        let types = &mut self.types;
        let namespace = match letter {
            b'C' => &mut types.cgroup,
            b'i' => &mut types.ipc,
            b'm' => &mut types.mount,
            b'n' => &mut types.net,
            b'p' => &mut types.pid,
            b'T' => &mut types.time,
            b'u' => &mut types.uts,
            b'U' => &mut types.user,
            b'f' => {
                self.process.fork = true;
                return Some(());
            }
            b'r' => {
                self.maps.single = Single::root();
                return Some(());
            }
            _ => return None,
        };
        *namespace = Some(Vec::new());
        Some(())
    }
}
