//! The wrapped keys that a plan opens, and the tokens that they go into.

use std::collections::BTreeSet;

use super::devices::{Device, Named};
use super::ledger::LedgerBefore;
use super::reader::{Reader, Table};
use crate::config::CaName;

/// A wrapped key that is opened in a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedBlob {
    /// The CA whose key it is.
    pub ca: CaName,
    /// The file on the medium.
    pub file: String,
    /// Its SHA-256, as the ledger has it.
    pub sha256: [u8; 32],
    /// The token that the key goes into.
    pub onto: String,
    /// The label that it gets there.
    pub label: String,
}

/// Reads `[[blob]]`.
pub(super) fn read(
    reader: &mut Reader,
    top: &mut Table,
    devices: &Named<Device>,
    ledger: Option<&LedgerBefore>,
) -> Vec<PlannedBlob> {
    let mut blobs: Vec<PlannedBlob> = Vec::new();
    let mut places = BTreeSet::new();
    for table in &mut top.tables(reader, "blob") {
        let read = blob(reader, table, devices);
        table.end(reader);
        let Some(blob) = read else { continue };
        let mut known = ledger.iter().flat_map(|known| &known.cas);
        match known.find(|ca| ca.name == blob.ca) {
            None if ledger.is_some() => {
                table.fault(reader, "ca", "is no [[known-ca]] of the plan");
            }
            Some(ca) if ca.device.is_some() => {
                let words = "has a `device` in [[known-ca]] too, and one copy of a key is meant";
                table.fault(reader, "ca", words);
            }
            _ => {}
        }
        let is_same = |one: &PlannedBlob| one.ca == blob.ca || one.file == blob.file;
        if blobs.iter().any(is_same) {
            table.fault(reader, "ca", "or its file is that of another [[blob]]: one wrapped key of a CA is opened in a plan; try the other by a plan of its own");
        }
        if !places.insert((blob.onto.clone(), blob.label.clone())) {
            table.fault(reader, "label", "is that of another key in this device");
        }
        blobs.push(blob);
    }
    blobs
}

fn blob(reader: &mut Reader, table: &mut Table, devices: &Named<Device>) -> Option<PlannedBlob> {
    let ca = table.parsed(reader, "ca", |text| {
        text.parse::<CaName>().map_err(|error| error.to_string())
    });
    let file = table.parsed(reader, "file", file_name);
    let sha256 = table.sha256(reader, "sha256");
    let (onto, label) = (table.words(reader, "onto"), table.words(reader, "label"));
    if let Some(name) = &onto {
        if !devices.has(name) {
            let words = format!("{name:?} is no [[device]] of the plan");
            table.fault(reader, "onto", words);
        } else if devices.find(name).is_some_and(Device::is_card) {
            table.fault(reader, "onto", TAKES_NONE);
        }
    }
    Some(PlannedBlob {
        ca: ca?,
        file: file?,
        sha256: sha256?,
        onto: onto?,
        label: label?,
    })
}

/// A name, and no way to another folder.
fn file_name(text: &str) -> Result<String, String> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_name = text.bytes().all(is_letter) && !text.starts_with(['.', '-']);
    if is_name && text.ends_with(ENDING) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "is no name of letters, digits, `.`, `_` and `-` that ends in {ENDING}"
    ))
}

const ENDING: &str = ".wrapped";
const TAKES_NONE: &str = "a YubiKey takes no key that was wrapped: what fits is a PKCS#11 token of the kind that it came from";
