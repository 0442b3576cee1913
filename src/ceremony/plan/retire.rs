//! What ends in a ceremony of kind `retire`: CAs, every copy of their keys, and the papers that opened
//! them.

use std::path::PathBuf;

use super::devices::{Device, Named};
use super::ledger::LedgerBefore;
use super::reader::{Reader, Table};
use crate::ca::{LockOut, is_wrapped_name};
use crate::config::CaName;
use crate::signer::Locator;

/// What a ceremony ends. The CAs are those that the plan knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retire {
    /// Why, for the ledger.
    pub reason: String,
    /// Whether people whose certificates are valid may be locked out.
    pub lock_out: LockOut,
    /// What servers know the list of revoked keys by; none for the names of all CAs.
    pub list_name: Option<String>,
    /// Every copy of the keys.
    pub copies: Vec<EndOfCopy>,
    /// What is collected on paper, and destroyed: sheets of PINs, shares.
    pub papers: Vec<Paper>,
}

/// How one copy of a key ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndOfCopy {
    /// The CA.
    pub ca: CaName,
    /// What becomes of it.
    pub end: End,
}

impl EndOfCopy {
    /// Whether it is this copy, by what the ledger calls it where it is in no device.
    #[must_use]
    pub fn is_of(&self, name: &str) -> bool {
        match &self.end {
            End::Destroyed(_) => false,
            End::Overwritten { copy, .. }
            | End::ByHand { copy, .. }
            | End::Missing { copy, .. } => copy == name,
        }
    }

    /// What the ledger calls it, where it is a wrapped key or the components of one.
    #[must_use]
    pub fn wrapped(&self) -> Option<&str> {
        match &self.end {
            End::Destroyed(_) => None,
            End::Overwritten { copy, .. } | End::ByHand { copy, .. } => Some(copy),
            End::Missing { copy, .. } => is_wrapped_name(copy).then_some(copy),
        }
    }
}

/// What becomes of a copy of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Whatever is of it in this device of the room is destroyed, and read back as gone.
    Destroyed(String),
    /// A wrapped key: its file is overwritten, removed, and read back as gone.
    Overwritten {
        /// What the ledger calls it.
        copy: String,
        /// The file; from the plan's folder.
        file: PathBuf,
    },
    /// What is in no device is destroyed by people: a medium, or the components on paper.
    ByHand {
        /// What the ledger calls it.
        copy: String,
        /// What becomes of it.
        words: String,
    },
    /// Nobody knows where it is, and that stays visible.
    Missing {
        /// The copy, by its locator in ledger or config.
        copy: String,
        /// Where it was seen last, and who looked for it.
        words: String,
    },
}

/// Something on paper that ends with what it opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// What it is.
    pub what: String,
    /// The number of the envelope that it is in.
    pub envelope: String,
}

/// Reads `[retire]`, `[[copy]]` and `[[paper]]`.
pub(super) fn read(
    reader: &mut Reader,
    top: &mut Table,
    devices: &Named<Device>,
    ledger: Option<&LedgerBefore>,
) -> Option<Retire> {
    let table = &mut top.table(reader, "retire");
    let reason = table.words(reader, "reason");
    let lock_out = table.truth(reader, "lock-out").map(|accepted| {
        if accepted {
            LockOut::Accepted
        } else {
            LockOut::Nobody
        }
    });
    let list_name = table.words_if_there(reader, "list-name");
    table.end(reader);
    let copies = copies(reader, top, devices, ledger);
    let mut papers = Vec::new();
    for table in &mut top.tables(reader, "paper") {
        let (what, envelope) = (table.words(reader, "what"), table.words(reader, "envelope"));
        table.end(reader);
        papers.extend(
            what.zip(envelope)
                .map(|(what, envelope)| Paper { what, envelope }),
        );
    }
    Some(Retire {
        reason: reason?,
        lock_out: lock_out?,
        list_name,
        copies,
        papers,
    })
}

fn copies(
    reader: &mut Reader,
    top: &mut Table,
    devices: &Named<Device>,
    ledger: Option<&LedgerBefore>,
) -> Vec<EndOfCopy> {
    let mut copies: Vec<EndOfCopy> = Vec::new();
    let mut is_whole = true;
    for table in &mut top.tables(reader, "copy") {
        let read = copy(reader, table, devices);
        table.end(reader);
        let Some(copy) = read else {
            is_whole = false;
            continue;
        };
        if ledger.is_some_and(|known| known.cas.iter().all(|ca| ca.name != copy.ca)) {
            table.fault(reader, "ca", "is no [[known-ca]] of the plan");
        }
        if copies.contains(&copy) {
            table.fault(reader, "ca", "and its place are there twice");
        }
        copies.push(copy);
    }
    // Whose copies couldn't be read would be missed here too.
    for ca in ledger.iter().flat_map(|known| &known.cas) {
        if is_whole && copies.iter().all(|copy| copy.ca != ca.name) {
            reader.add("copy", format!("none is of CA `{}`", ca.name));
        }
    }
    copies
}

fn copy(reader: &mut Reader, table: &mut Table, devices: &Named<Device>) -> Option<EndOfCopy> {
    let ca = table.parsed(reader, "ca", |text| {
        text.parse::<CaName>().map_err(|error| error.to_string())
    });
    let end = if table.has("missing") {
        let words = table.words(reader, "missing");
        let copy = table.line(reader, "locator");
        // What was wrapped has the path of its file in the place of a locator.
        let locator = copy.as_ref().filter(|copy| is_meant_as_locator(copy));
        if let Some(Err(error)) = locator.map(|copy| copy.parse::<Locator>()) {
            let words = format!("is no locator of a key, as `ca show --json` has it: {error}");
            table.fault(reader, "locator", words);
        }
        copy.zip(words)
            .map(|(copy, words)| End::Missing { copy, words })
    } else if table.has("file") {
        let file = table.path(reader, "file");
        let copy = named(reader, table, &[BLOB]);
        copy.zip(file)
            .map(|(copy, file)| End::Overwritten { copy, file })
    } else if table.has("by-hand") {
        let words = table.words(reader, "by-hand");
        let copy = named(reader, table, &[BLOB, COMPONENTS]);
        copy.zip(words)
            .map(|(copy, words)| End::ByHand { copy, words })
    } else {
        let device = table.words(reader, "device");
        if let Some(name) = device.as_ref().filter(|name| !devices.has(name)) {
            let words = format!("{name:?} is no [[device]] of the plan");
            table.fault(reader, "device", words);
        }
        device.map(End::Destroyed)
    };
    Some(EndOfCopy { ca: ca?, end: end? })
}

fn is_meant_as_locator(text: &str) -> bool {
    let schemes = ["pkcs11:", "yubikey:", "agent:", "file:"];
    schemes.iter().any(|scheme| text.starts_with(scheme))
}

/// What the ledger calls something that is in no device: one of these words, and 64 digits.
fn named(reader: &mut Reader, table: &mut Table, kinds: &[&str]) -> Option<String> {
    table.parsed(reader, "locator", |text| {
        is_named(text, kinds)
            .then(|| text.to_owned())
            .ok_or_else(|| "is none of what such an end is for; see `ca show --json`".to_owned())
    })
}

/// Whether the ledger may call something so that is of one of these kinds.
pub(super) fn is_named(text: &str, kinds: &[&str]) -> bool {
    let is_hex = |digits: &str| {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        digits.len() == 64 && digits.bytes().all(digit)
    };
    let mut kinds = kinds.iter();
    kinds.any(|kind| text.strip_prefix(kind).is_some_and(is_hex))
}

pub(super) const BLOB: &str = "blob:";
pub(super) const COMPONENTS: &str = "components:";
