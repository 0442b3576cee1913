//! What a ceremony of kind `rollover` makes: a new CA beside one that is there, whose place it takes.

use super::create::{self, Ca};
use super::devices::{Device, Named};
use super::ledger::LedgerBefore;
use super::reader::{Reader, Table};
use crate::config::CaName;

/// A new CA, and the one that it takes the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBeside {
    /// The CA that goes, which the plan knows.
    pub old: CaName,
    /// The CA that comes: one alone.
    pub cas: Vec<Ca>,
}

/// Reads `[[ca]]`, of which there is one, beside the one that is known.
pub(super) fn read(
    reader: &mut Reader,
    top: &mut Table,
    devices: &Named<Device>,
    ledger: Option<&LedgerBefore>,
) -> Option<NewBeside> {
    let cas = create::cas(reader, top, devices, &mut std::collections::BTreeSet::new());
    let known = ledger.map_or(&[][..], |ledger| &ledger.cas);
    if known.len() > 1 {
        reader.add("known-ca", "one CA goes, and these are several".to_owned());
    }
    if cas.len() > 1 {
        reader.add("ca", "one CA comes, and these are several".to_owned());
    }
    let (old, new) = (known.first()?, cas.first()?);
    if old.name == new.name {
        reader.add("ca", "has the name of the CA that goes".to_owned());
    }
    Some(NewBeside {
        old: old.name.clone(),
        cas,
    })
}
