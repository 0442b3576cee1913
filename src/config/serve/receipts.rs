//! Whether a server shows that its ledger has a certificate, when it gives it out, and by which key.

use serde::Deserialize;

use crate::config::{Config, LedgerKeyPlace};

/// The value of `receipts` in `[serve]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "`receipts` is true, false, or { key = KEY } with a key that the ledger key lets sign receipts"
)]
pub(super) enum ReceiptsValue {
    Word(bool),
    Key(ReceiptsTable),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceiptsTable {
    #[serde(deserialize_with = "crate::config::parsed")]
    key: LedgerKeyPlace,
}

/// Which key signs receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptsBy {
    /// The config's ledger key, where it has one.
    LedgerKey,
    /// A key of its own, which the ledger key lets sign them.
    Own(LedgerKeyPlace),
}

impl ReceiptsValue {
    pub(super) fn read(&self, config: &Config) -> Option<ReceiptsBy> {
        match self {
            Self::Word(false) => None,
            Self::Word(true) => Some(ReceiptsBy::LedgerKey),
            Self::Key(table) => {
                let key = table.key.clone().from_folder(&config.folder);
                Some(ReceiptsBy::Own(key))
            }
        }
    }
}
