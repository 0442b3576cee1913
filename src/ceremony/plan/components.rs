//! Who holds components of the key that CA keys are wrapped by, and the medium with the wrapped keys.

use std::path::PathBuf;

use super::blobs::{self, PlannedBlob};
use super::create::Ca;
use super::custody::{Custody, shared};
use super::devices::{Device, Named};
use super::ledger::LedgerBefore;
use super::people::People;
use super::reader::{Reader, Table};
use super::task::Kind;
use crate::config::CaName;

/// The components of one key of AES, by which CA keys are wrapped, or were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Components {
    /// Who gets each component, and how many of them are needed.
    pub custody: Custody,
    /// What is written on the medium that the wrapped keys are on.
    pub medium: String,
    /// Where it is mounted; from the plan's folder.
    pub folder: PathBuf,
    /// The number of the bag that it comes in; none where it is new.
    pub bag: Option<String>,
    /// The number of the bag that it goes into.
    pub new_bag: String,
    /// The wrapped keys that are opened; none where keys are wrapped.
    pub blobs: Vec<PlannedBlob>,
}

impl Components {
    /// The components for people: `2 of 3 components`.
    #[must_use]
    pub fn words(&self) -> String {
        let (needed, all) = (
            self.custody.quorum.threshold(),
            self.custody.quorum.shares(),
        );
        format!("{needed} of {all} components")
    }

    /// A wrapped key on the medium, for people. Into which bag that goes is read when it is sealed, after the
    /// ledger has this.
    #[must_use]
    pub fn kept(&self, file: &str) -> String {
        format!("medium \"{}\", {file}", self.medium)
    }
}

/// The name of the file of a CA's wrapped key.
#[must_use]
pub(in crate::ceremony) fn wrapped_file(ca: &CaName) -> String {
    format!("{ca}.wrapped")
}

/// Reads `[components]`, which is there where keys are wrapped by them or opened, and `[[blob]]`.
pub(super) fn read(
    reader: &mut Reader,
    top: &mut Table,
    (kind, people): (Option<Kind>, Option<&People>),
    (devices, ledger): (&Named<Device>, Option<&LedgerBefore>),
) -> Option<Components> {
    let opens = matches!(kind, Some(Kind::Restore | Kind::Drill));
    let blobs = if opens {
        blobs::read(reader, top, devices, ledger)
    } else {
        Vec::new()
    };
    if !top.has("components") {
        if !blobs.is_empty() {
            let words = "is missing, and there is a [[blob]]";
            reader.add("components", words.to_owned());
        }
        return None;
    }
    if opens && blobs.is_empty() {
        let words = "open nothing: there is no [[blob]] without a fault";
        reader.add("components", words.to_owned());
    }
    let table = &mut top.table(reader, "components");
    let custody = shared(reader, table, people, false);
    let (medium, folder) = (table.words(reader, "medium"), table.path(reader, "folder"));
    // A new medium comes in no bag.
    let bag = opens.then(|| table.words(reader, "bag"));
    let new_bag = table.words(reader, "new-bag");
    if bag
        .as_ref()
        .is_some_and(|bag| bag.is_some() && *bag == new_bag)
    {
        table.fault(
            reader,
            "new-bag",
            "is the bag that it comes in, which is cut open",
        );
    }
    table.end(reader);
    Some(Components {
        custody: custody?,
        medium: medium?,
        folder: folder?,
        bag: match bag {
            None => None,
            Some(bag) => Some(bag?),
        },
        new_bag: new_bag?,
        blobs,
    })
}

/// They are there where a key is wrapped by them, or opened, and nowhere else.
pub(super) fn are_of_use(reader: &mut Reader, (kind, is_there): (Kind, bool), cas: &[Ca]) {
    if matches!(kind, Kind::Restore | Kind::Drill) {
        return;
    }
    let wraps = cas.iter().any(|ca| ca.copies.is_wrapped_by_components());
    match (wraps, is_there) {
        (true, false) => reader.add(
            "components",
            "is missing, and a CA has copies = \"components\"".to_owned(),
        ),
        (false, true) => reader.add(
            "components",
            "wrap no key: no CA has copies = \"components\"".to_owned(),
        ),
        (true, true) | (false, false) => {}
    }
}
