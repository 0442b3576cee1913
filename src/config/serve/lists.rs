//! The lists that a server hands out: the KRL, what the ledger knows of its CAs, and a signed head.

use std::path::PathBuf;

use serde::Deserialize;

use super::Seconds;
use crate::config::Config;

/// The value of `krl` in `[serve]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListsTable {
    #[serde(default)]
    folder: Option<PathBuf>,
    #[serde(default)]
    every: Option<Seconds>,
}

/// Where the lists are that a server hands out, and whether it makes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeLists {
    /// The folder that they lie in.
    pub folder: PathBuf,
    /// Makes them anew after so many seconds; none where somebody else makes them.
    pub every: Option<u64>,
}

impl ServeLists {
    /// The KRL of all CAs.
    #[must_use]
    pub fn krl(&self) -> PathBuf {
        self.folder.join("revoked.krl")
    }

    /// The newest head that was signed.
    #[must_use]
    pub fn checkpoint(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }
}

impl ListsTable {
    /// Without a folder of their own, they lie beside the ledger.
    pub(super) fn read(&self, config: &Config) -> ServeLists {
        let beside = || config.ledger().with_extension("lists");
        let folder = self.folder.as_ref().map(|folder| config.resolve(folder));
        ServeLists {
            folder: folder.unwrap_or_else(beside),
            every: self.every.map(|every| every.0),
        }
    }
}
