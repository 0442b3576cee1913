//! Options as somebody asks for them: changes to what there would be without.

use std::collections::{BTreeMap, BTreeSet};

use super::{OptionError, Options};

/// What the arguments of `ssh-keygen -O` change.
///
/// Options to add, flags to leave out, and whether everything is left out that nobody
/// asked for. Without arguments it changes nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OptionsAsked {
    pub(super) cleared: bool,
    pub(super) without: BTreeSet<&'static str>,
    /// The flags that are asked for as flags; they stand among the extensions too.
    pub(super) flags: BTreeSet<&'static str>,
    pub(super) critical: BTreeMap<String, String>,
    pub(super) extensions: BTreeMap<String, String>,
}

impl OptionsAsked {
    /// Asks for exactly these options, and for none that would be there without being asked for.
    ///
    /// # Errors
    /// As [`Options::new`].
    pub fn exactly(
        critical: BTreeMap<String, String>,
        extensions: BTreeMap<String, String>,
    ) -> Result<Self, OptionError> {
        Options::new(critical.clone(), extensions.clone())?;
        Ok(Self {
            cleared: true,
            critical,
            extensions,
            ..Self::default()
        })
    }

    /// The critical options that are asked for.
    #[must_use]
    pub fn critical(&self) -> &BTreeMap<String, String> {
        &self.critical
    }

    /// The extensions that are asked for.
    #[must_use]
    pub fn extensions(&self) -> &BTreeMap<String, String> {
        &self.extensions
    }

    /// Whether an extension that nobody asked for shall be left out.
    #[must_use]
    pub fn leaves_out(&self, name: &str) -> bool {
        self.cleared || self.without.contains(name)
    }

    /// The flags that shall be left out, each by its name.
    pub fn without(&self) -> impl Iterator<Item = &'static str> {
        self.without.iter().copied()
    }

    /// What shall be left out, in words: `clear`, or the flags with commas between.
    #[must_use]
    pub fn left_out(&self) -> String {
        let clear = self.cleared.then_some("clear");
        let words: Vec<_> = clear.into_iter().chain(self.without()).collect();
        words.join(",")
    }

    /// The options of a certificate that would have these flags.
    ///
    /// # Errors
    /// If one of them is asked for as `extension:` too, or a map grows too large.
    pub(super) fn onto(self, defaults: &[&str]) -> Result<Options, OptionError> {
        let mut extensions = self.extensions.clone();
        for flag in defaults.iter().filter(|flag| !self.leaves_out(flag)) {
            let custom = extensions
                .insert((*flag).to_owned(), String::new())
                .is_some();
            if custom && !self.flags.contains(flag) {
                return Err(OptionError::Twice((*flag).to_owned()));
            }
        }
        Options::new(self.critical, extensions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(args: &[&str]) -> OptionsAsked {
        let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
        OptionsAsked::parse(&args).unwrap()
    }

    #[test]
    fn the_last_word_on_a_flag_counts() {
        assert!(asked(&["permit-pty", "no-pty"]).leaves_out("permit-pty"));
        assert!(!asked(&["no-pty", "permit-pty"]).leaves_out("permit-pty"));
        assert_eq!(
            asked(&["no-pty", "clear", "no-user-rc"]).left_out(),
            "clear,permit-user-rc"
        );
        assert_eq!(asked(&[]), OptionsAsked::default());
    }
}
