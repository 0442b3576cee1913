//! What can be wrong with a line of a manifest.

use std::path::PathBuf;

use crate::certificate::key_line::KeyLineError;

use crate::certificate::{KeyIdError, OptionError, PrincipalError, SubjectError, ValidityError};
use crate::config::SubjectFileError;
use crate::request::{ReasonError, RoleName, RoleNameError};

/// What is wrong, and where.
#[derive(Debug, thiserror::Error)]
#[error("line {line}")]
pub struct ManifestFault {
    /// The line that the subject begins in, from 1.
    pub line: u64,
    /// What is wrong with it.
    #[source]
    pub fault: LineFault,
}

/// What is wrong with a line of a manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// It is larger than any manifest.
    #[error("a manifest of more than {0} subjects")]
    TooMany(usize),
    /// It is no CSV.
    #[error("is no line of CSV")]
    Csv(#[from] ::csv::Error),
    /// A quote that is never closed.
    #[error("a quote is opened and never closed; is the end of the file missing?")]
    OpenQuote,
    /// A quote where none can stand.
    #[error(
        "a quote within a cell: a quoted cell begins and ends with one, and one within it is doubled"
    )]
    Quote,
    /// It is no TOML.
    #[error("{0}")]
    Toml(String),
    /// A TOML manifest holds `[[subject]]` tables alone.
    #[error("`{0}` is no table of a manifest, which has [[subject]] alone")]
    NoSubject(String),
    /// A cell of TOML that is neither text nor a list of texts.
    #[error("`{0}` must be a text{or}", or = list_too(*.0))]
    NoText(&'static str),
    /// A heading that is none.
    #[error("there is no column `{0}`")]
    UnknownColumn(String),
    /// Cells that are parted as some programs part them.
    #[error("cells are parted by commas, and this line has semicolons: save it as CSV with commas")]
    Semicolons,
    /// A heading that stands there twice.
    #[error("column `{0}` stands there twice")]
    ColumnTwice(&'static str),
    /// The heading of the keys is missing.
    #[error("the first line names the columns, and there is no column `key`")]
    NoKeyColumn,
    /// More or fewer cells than columns.
    #[error("has {found} cells below {columns} columns")]
    Cells {
        /// The cells of the line.
        found: usize,
        /// Those of the first line.
        columns: usize,
    },
    /// Something else than text.
    #[error("`{0}` is no UTF-8")]
    NotText(&'static str),
    /// A break within a cell: most often a quote that was not closed.
    #[error("`{0}` holds a line break; is a quote left open?")]
    Break(&'static str),
    /// A TOML key with nothing in it.
    #[error("`{0}` is empty; leave it out")]
    Empty(&'static str),
    /// No key.
    #[error("there is no key")]
    NoKey,
    /// A key that stands in the cell itself.
    #[error("key")]
    Key(#[from] KeyLineError),
    /// A key file.
    #[error("key {}", file.display())]
    File {
        /// As it was looked for.
        file: PathBuf,
        /// What is wrong with it.
        source: SubjectFileError,
    },
    /// A key that nobody should certify.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// A name that is none.
    #[error("requester")]
    Requester(#[source] PrincipalError),
    /// A role with a name that no role has.
    #[error(transparent)]
    RoleName(#[from] RoleNameError),
    /// A role that the config doesn't have.
    #[error("there is no role `{0}`")]
    NoRole(RoleName),
    /// A role is for somebody.
    #[error("role `{0}` is for somebody, and no requester is named")]
    NoRequester(RoleName),
    /// The names.
    #[error(transparent)]
    Principals(#[from] PrincipalError),
    /// A certificate without names.
    #[error("there are no principals")]
    NoPrincipals,
    /// The key ID.
    #[error(transparent)]
    KeyId(#[from] KeyIdError),
    /// A certificate without a key ID.
    #[error("there is no key ID")]
    NoKeyId,
    /// The validity.
    #[error(transparent)]
    Validity(#[from] ValidityError),
    /// The options.
    #[error(transparent)]
    Options(#[from] OptionError),
    /// The reason.
    #[error(transparent)]
    Reason(#[from] ReasonError),
    /// A key that has a line already.
    #[error("its key is that of line {0}")]
    KeyTwice(u64),
    /// Somebody who has a line already.
    #[error("{who} has a line already, {line}")]
    PersonTwice {
        /// Who, in words.
        who: String,
        /// The line before.
        line: u64,
    },
    /// A place that another line's certificate has.
    #[error("its certificate would take the place of that of line {line}, {}", place.display())]
    PlaceTwice {
        /// The place.
        place: PathBuf,
        /// The line before.
        line: u64,
    },
}

/// Why a manifest gives nothing to sign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It cannot be read.
    #[error("the manifest cannot be read")]
    File(#[from] std::io::Error),
    /// It is no text.
    #[error("the manifest is no UTF-8")]
    NotText,
    /// It names nobody.
    #[error("the manifest names no subject")]
    Empty,
    /// All that is wrong with its lines, in their order.
    #[error("{} lines of the manifest are wrong", .0.len())]
    Lines(Vec<ManifestFault>),
}

fn list_too(column: &str) -> &'static str {
    match column {
        "principals" | "options" => " or a list of texts",
        _ => "",
    }
}
