//! What a ceremony of kind `restore` does: a copy's device takes the place of one that is lost.

use super::blobs::PlannedBlob;
use super::ledger::LedgerBefore;
use super::reader::{Reader, Table};
use super::retire::{BLOB, COMPONENTS, End, EndOfCopy, is_named};
use crate::ca::{blob_name, is_wrapped_name};
use crate::config::CaName;
use crate::signer::Locator;

/// What takes the place of what. The CAs, and the devices that their keys are in from here on, are those
/// that the plan knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restore {
    /// Why, for the ledger.
    pub reason: String,
    /// Every place of a key that is lost; all of them end as missing.
    pub lost: Vec<EndOfCopy>,
}

/// Reads `[restore]` and `[[lost]]`.
pub(super) fn read(
    reader: &mut Reader,
    top: &mut Table,
    (ledger, blobs): (Option<&LedgerBefore>, &[PlannedBlob]),
) -> Option<Restore> {
    let table = &mut top.table(reader, "restore");
    let reason = table.words(reader, "reason");
    table.end(reader);
    let (lost, is_whole) = lost(reader, top, ledger);
    for ca in ledger.iter().flat_map(|known| &known.cas) {
        if is_whole && lost.iter().all(|place| place.ca != ca.name) {
            reader.add("lost", format!("no place is of CA `{}`", ca.name));
        }
    }
    for (number, place) in (1..).zip(&lost) {
        if blobs
            .iter()
            .any(|blob| place.is_of(&blob_name(&blob.sha256)))
        {
            let words = "is the wrapped key that is opened".to_owned();
            reader.add(&format!("lost {number}, locator"), words);
        }
    }
    a_device_each(reader, ledger, blobs);
    Some(Restore {
        reason: reason?,
        lost,
    })
}

/// Each CA has a device in the room with its copy, or a wrapped key that goes into one.
pub(super) fn a_device_each(
    reader: &mut Reader,
    ledger: Option<&LedgerBefore>,
    blobs: &[PlannedBlob],
) {
    for ca in ledger.iter().flat_map(|known| &known.cas) {
        if ca.device.is_none() && blobs.iter().all(|blob| blob.ca != ca.name) {
            let words = format!(
                "CA `{}` has no device, which is where its copy is, and no [[blob]]",
                ca.name
            );
            reader.add("known-ca", words);
        }
    }
}

/// Reads `[[lost]]`, and whether none of them has a fault.
pub(super) fn lost(
    reader: &mut Reader,
    top: &mut Table,
    ledger: Option<&LedgerBefore>,
) -> (Vec<EndOfCopy>, bool) {
    let mut lost: Vec<EndOfCopy> = Vec::new();
    let mut is_whole = true;
    for table in &mut top.tables(reader, "lost") {
        let read = place(reader, table);
        table.end(reader);
        let Some(place) = read else {
            is_whole = false;
            continue;
        };
        if ledger.is_some_and(|known| known.cas.iter().all(|ca| ca.name != place.ca)) {
            table.fault(reader, "ca", "is no [[known-ca]] of the plan");
        }
        if lost.contains(&place) {
            table.fault(reader, "ca", "and its place are there twice");
        }
        lost.push(place);
    }
    (lost, is_whole)
}

fn place(reader: &mut Reader, table: &mut Table) -> Option<EndOfCopy> {
    let ca = table.parsed(reader, "ca", |text| {
        text.parse::<CaName>().map_err(|error| error.to_string())
    });
    let copy = table.line(reader, "locator");
    let fault = copy.as_ref().and_then(|copy| no_place(copy));
    if let Some(words) = fault {
        table.fault(reader, "locator", words);
    }
    let words = table.words(reader, "missing");
    let end = copy.zip(words);
    let end = end.map(|(copy, words)| End::Missing { copy, words });
    Some(EndOfCopy { ca: ca?, end: end? })
}

/// Why a text names no place of a key: no device, no wrapped key, and no components of what that was wrapped by.
fn no_place(text: &str) -> Option<String> {
    if is_wrapped_name(text) {
        return (!is_named(text, &[BLOB, COMPONENTS]))
            .then(|| "is no `blob:…` or `components:…`, as `ca show --json` has it".to_owned());
    }
    let error = text.parse::<Locator>().err()?;
    Some(format!(
        "is no locator of a key, as `ca show --json` has it: {error}"
    ))
}
