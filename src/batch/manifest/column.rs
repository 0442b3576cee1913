//! The columns of a manifest, and the cells below them.

use std::collections::BTreeMap;

/// What a column says of its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The public key: its file, or its line as OpenSSH writes it.
    Key,
    /// Whose it is.
    Requester,
    /// The role that it is asked by.
    Role,
    /// The names that the certificate is valid for.
    Principals,
    /// How servers name it in their logs.
    KeyId,
    /// When it is valid.
    Validity,
    /// Critical options and extensions, as `sign -O` takes them.
    Options,
    /// Why it is asked.
    Reason,
}

impl Column {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Key,
        Self::Requester,
        Self::Role,
        Self::Principals,
        Self::KeyId,
        Self::Validity,
        Self::Options,
        Self::Reason,
    ];

    /// How it is called in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Requester => "requester",
            Self::Role => "role",
            Self::Principals => "principals",
            Self::KeyId => "key-id",
            Self::Validity => "validity",
            Self::Options => "options",
            Self::Reason => "reason",
        }
    }

    /// The column of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }
}

/// What stands below a column, in the line of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// One text.
    Text(String),
    /// Several: principals or options.
    List(Vec<String>),
}

/// A subject of a manifest as it was written: nothing in it was parsed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line that it begins in, from 1.
    pub line: u64,
    /// The cells that say something; what is left empty isn't there.
    pub cells: BTreeMap<Column, Cell>,
}

impl Row {
    /// The text of a cell; none where nothing was said.
    pub(super) fn text(&self, column: Column) -> Option<&str> {
        match self.cells.get(&column)? {
            Cell::Text(text) => Some(text),
            Cell::List(_) => None,
        }
    }
}
