//! What a run is about, one after the other: files, or subjects of a list that says itself what is
//! asked for each.

use std::path::{Path, PathBuf};

use crate::issue::Asked;

/// A key of a list, what is asked for it, and where its certificate goes.
#[derive(Clone, Debug)]
pub struct Named {
    /// How it is called in reports: a list and its line, such as `people.csv:7`.
    pub name: PathBuf,
    /// What is asked.
    pub asked: Asked,
    /// The certificate file; none where the front takes it elsewhere.
    pub output: Option<PathBuf>,
    /// What its line ends in.
    pub comment: String,
}

/// One turn of a run.
pub(super) enum Item {
    /// A file that nobody read yet.
    File(PathBuf),
    /// A subject of a list.
    Named(Box<Named>),
}

impl Item {
    /// How it is called in reports.
    pub(super) fn name(&self) -> &Path {
        match self {
            Self::File(file) => file,
            Self::Named(named) => &named.name,
        }
    }
}
