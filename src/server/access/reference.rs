//! A name with `@` before it, which stands for what a definition holds.

use super::fault::Misread;
use super::line::Word;
use super::name;

/// What a name with `@` before it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A group of principals.
    Group,
    /// A set of hosts.
    Hosts,
}

impl Kind {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Hosts => "host set",
        }
    }
}

/// A name of its own, or `@` and the name of a definition.
pub(super) fn check_or_definition<'a>(
    item: Word<'a>,
    what: &'static str,
    own: impl Fn(Word<'a>) -> Result<(), Misread>,
) -> Result<(), Misread> {
    match item.text.strip_prefix('@') {
        Some(text) => {
            let column = item.column.saturating_add(1);
            name::check_definition(Word::part(column, text), what)
        }
        None => own(item),
    }
}
