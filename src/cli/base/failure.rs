//! A command that did not do what it was told: how the program ends, the cause, the way out.
//!
//! A library's error tells its cause and knows no flags. What the command line has to add,
//! it says by [`Advised`], which stands in the file of the command that meets the error, or
//! once below the commands where several do.

use std::error::Error;
use std::io;
use std::path::Path;

use super::words;

/// How a run of the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All was done.
    Done,
    /// Something was not.
    Failed,
    /// The arguments make no sense.
    Usage,
    /// Policy said no.
    Refused,
    /// What guards this machine is too old, missing or not believed; to monitoring alone.
    Critical,
    /// It could not be looked at; to monitoring alone.
    Unknown,
}

/// What kind of failure ended a command, which decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something could not be done.
    Failed,
    /// The arguments make no sense.
    Usage,
    /// Policy, or a rule of the ledger, said no.
    Refused,
    /// What guards this machine is not believed; to monitoring alone.
    #[cfg_attr(
        not(feature = "hosts"),
        allow(dead_code, reason = "it is said of what a server fetches")
    )]
    Critical,
    /// Whoever read stdout has read enough, and wants to hear no more.
    ReaderGone,
}

/// Why a command ended early, and what can be done about it.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    cause: Box<dyn Error + Send + Sync>,
    hints: Vec<String>,
    /// What else is wrong, where all was looked for.
    others: Vec<Failure>,
}

/// What the command line adds to a library's error, which makes it a [`Failure`] by `?`.
pub(crate) trait Advised: Error + Send + Sync + 'static {
    /// The kind of failure that this error is.
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    /// The way out, where there is one that the error itself doesn't say.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// Says of an error where it was met: in which file, at which step.
pub(crate) trait At<T> {
    /// Puts these words before the cause.
    fn at(self, place: impl Into<String>) -> Result<T, Failure>;

    /// Names the file that the error is about.
    fn in_file(self, file: &Path) -> Result<T, Failure>;
}

/// A place, and the error that was met there.
#[derive(Debug, thiserror::Error)]
#[error("{place}")]
struct Met {
    place: String,
    source: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// A failure that no library names.
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self::of(Kind::Failed, words.into())
    }

    /// Arguments that make no sense.
    pub(crate) fn usage(words: impl Into<String>) -> Self {
        Self::of(Kind::Usage, words.into())
    }

    pub(crate) fn of(kind: Kind, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            cause: cause.into(),
            hints: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Adds a way out.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says another way out than this one, if that is what it says.
    pub(crate) fn hint_instead(mut self, general: &str, better: &str) -> Self {
        for hint in self.hints.iter_mut().filter(|hint| *hint == general) {
            *hint = better.to_owned();
        }
        self
    }

    /// Says what to do where nothing better is known.
    pub(crate) fn or_hint(self, hint: &str) -> Self {
        if self.hints.is_empty() {
            return self.hint(hint);
        }
        self
    }

    /// Puts these words before the cause.
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.cause = Box::new(Met {
            place: place.into(),
            source: self.cause,
        });
        self
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The causes in one line.
    pub(crate) fn words(&self) -> String {
        words::chain(self.cause.as_ref())
    }

    /// What else is wrong.
    pub(crate) fn others(&self) -> &[Failure] {
        &self.others
    }

    /// Adds what else is wrong. It ends the program as the first does.
    pub(crate) fn beside(mut self, mut other: Failure) -> Self {
        let more = std::mem::take(&mut other.others);
        self.others.push(other);
        self.others.extend(more);
        self
    }

    /// The ways out, a sentence each.
    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl<E: Advised> From<E> for Failure {
    fn from(error: E) -> Self {
        let hints = error.hint().into_iter().collect();
        Self {
            kind: error.kind(),
            cause: Box::new(error),
            hints,
            others: Vec::new(),
        }
    }
}

impl<T, E> At<T> for Result<T, E>
where
    Failure: From<E>,
{
    fn at(self, place: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| Failure::from(error).at(place))
    }

    fn in_file(self, file: &Path) -> Result<T, Failure> {
        self.map_err(|error| Failure::from(error).at(words::path(file)))
    }
}

impl Kind {
    /// How the program ends by a failure of this kind.
    pub(crate) fn exit(self) -> Exit {
        match self {
            Self::Failed | Self::ReaderGone => Exit::Failed,
            Self::Usage => Exit::Usage,
            Self::Refused => Exit::Refused,
            Self::Critical => Exit::Critical,
        }
    }

    /// The word for it, to programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Failed | Self::ReaderGone => "failed",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::Critical => "critical",
        }
    }
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage | Self::Critical => 2,
            Self::Refused | Self::Unknown => 3,
        }
    }
}

impl Advised for io::Error {}
impl Advised for ssh_key::Error {}
impl Advised for ssh_encoding::Error {}
impl Advised for getrandom::Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the stone is hard")]
    struct Hard;

    impl Advised for Hard {
        fn kind(&self) -> Kind {
            Kind::Usage
        }

        fn hint(&self) -> Option<String> {
            Some("take a softer one".to_owned())
        }
    }

    #[test]
    fn an_error_keeps_its_kind_and_its_way_out_wherever_it_was_met() {
        let failure = Err::<(), _>(Hard).in_file(Path::new("a\nb")).unwrap_err();
        assert_eq!(failure.words(), "a\\nb: the stone is hard");
        assert_eq!(failure.hints(), ["take a softer one"]);
        assert_eq!(failure.kind().exit().code(), 2);
    }

    #[test]
    fn a_hint_gives_way_to_one_that_is_about_the_same() {
        let failure = Failure::from(Hard).hint_instead("take a softer one", "soak it");
        assert_eq!(failure.hints(), ["soak it"]);
        let failure = Failure::from(Hard).hint_instead("wait", "soak it");
        assert_eq!(failure.hints(), ["take a softer one"]);
    }

    #[test]
    fn the_hint_of_last_resort_gives_way_to_a_better_one() {
        assert_eq!(
            Failure::from(Hard).or_hint("wait").hints(),
            ["take a softer one"]
        );
        assert_eq!(Failure::new("no").or_hint("wait").hints(), ["wait"]);
    }
}
