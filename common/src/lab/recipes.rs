//! The recipes that a sentence names, where there is no justfile.

/// Whether these are the binaries of a tarball, whose folder is in the reader's PATH;
/// `just dist` says so when it builds them.
const IN_TARBALL: bool = option_env!("NAMESPACE_LABS_TARBALL").is_some();

/// A sentence with its recipes as a reader types them here: `just doctor` is `doctor`
/// in a tarball.
pub fn as_typed_here(sentence: &str) -> String {
    if IN_TARBALL {
        return as_programs(sentence);
    }
    sentence.to_owned()
}

/// sudo has a PATH of its own, in which the folder is not.
fn as_programs(sentence: &str) -> String {
    sentence
        .replace("just root ", "sudo env \"PATH=$PATH\" ")
        .replace("just ", "")
}

#[cfg(test)]
mod tests {
    use super::as_programs;

    #[test]
    fn recipes_become_programs() {
        for (recipe, program) in [
            ("`just doctor` says which", "`doctor` says which"),
            (
                "Run it: just root NAME.",
                "Run it: sudo env \"PATH=$PATH\" NAME.",
            ),
        ] {
            assert_eq!(as_programs(recipe), program);
        }
    }
}
