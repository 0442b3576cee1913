//! What a ceremony of kind `sign` signs: the bundles that are carried in, as they were reviewed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::ledger::LedgerBefore;
use super::reader::{Reader, Table};
use crate::bundle::{BundleId, LARGEST_BUNDLE, MOST_ITEMS};
use crate::wire::bytes_of_words;

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// What the bundles are carried in on.
    pub medium: Medium,
    /// The bundles, in the order in which they were made.
    pub bundles: Vec<PlannedBundle>,
}

/// A medium that is carried in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Medium {
    /// What is written on it.
    pub label: String,
    /// The folder that shows its files; from the plan's folder.
    pub folder: PathBuf,
}

/// A bundle that is signed, as it was reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedBundle {
    /// Its file on the medium.
    pub file: String,
    /// How many bytes that has.
    pub bytes: u64,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
    /// The bundle's id.
    pub id: BundleId,
    /// SHA-256 of its header: what the words of its review say.
    pub header: [u8; 32],
    /// How many certificates it asks for; none where it only brings revocations and enrolments.
    pub items: u64,
}

/// Reads `[medium]` and `[[bundle]]`.
pub(super) fn read(
    reader: &mut Reader,
    top: &mut Table,
    ledger: Option<&LedgerBefore>,
) -> Option<Sign> {
    let table = &mut top.table(reader, "medium");
    let (label, folder) = (table.words(reader, "label"), table.path(reader, "folder"));
    table.end(reader);
    let mut bundles: Vec<PlannedBundle> = Vec::new();
    let tables = &mut top.tables(reader, "bundle");
    if tables.is_empty() {
        reader.add("bundle", "no bundle is to be signed".to_owned());
    }
    for table in tables {
        let read = bundle(reader, table);
        table.end(reader);
        let Some(bundle) = read else { continue };
        if bundles.iter().any(|one| one.file == bundle.file) {
            table.fault(reader, "file", "is that of another bundle");
        }
        if bundles.iter().any(|one| one.id == bundle.id) {
            table.fault(reader, "id", "is that of another bundle");
        }
        bundles.push(bundle);
    }
    if let Some(ca) = ledger.and_then(|ledger| ledger.cas.iter().find(|ca| ca.device.is_none())) {
        let words = format!("CA `{}` has no `device`, and can't sign", ca.name);
        reader.add("known-ca", words);
    }
    Some(Sign {
        medium: Medium {
            label: label?,
            folder: folder?,
        },
        bundles,
    })
}

fn bundle(reader: &mut Reader, table: &mut Table) -> Option<PlannedBundle> {
    let file = table.parsed(reader, "file", file_name);
    let bytes = table.size(reader, "bytes");
    let sha256 = table.sha256(reader, "sha256");
    let id = table.parsed(reader, "id", bundle_id);
    let header = table
        .hash_words(reader, "words")
        .and_then(|words| header_of_words(reader, table, &words));
    let items = table.size(reader, "items");
    if bytes.is_some_and(|bytes| bytes > LARGEST_BUNDLE) {
        table.fault(reader, "bytes", "are more than any bundle has");
    }
    if items.is_some_and(|items| items > MOST_ITEMS) {
        table.fault(reader, "items", "are more than any bundle has");
    }
    Some(PlannedBundle {
        file: file?,
        bytes: bytes?,
        sha256: sha256?,
        id: id?,
        header: header?,
        items: items?,
    })
}

/// A name without a folder, which is none of the ceremony's own files.
fn file_name(text: &str) -> Result<String, String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let is_name = text.chars().all(letters) && !text.starts_with(['.', '-']);
    if !is_name || !text.ends_with(ENDING) || text.len() > LONGEST_NAME {
        return Err(format!(
            "is no name of letters, digits, `.`, `_` and `-` that ends in {ENDING}, of at most \
             {LONGEST_NAME} bytes"
        ));
    }
    Ok(text.to_owned())
}

fn bundle_id(text: &str) -> Result<BundleId, String> {
    let mut id = BundleId::default();
    let read = base16ct::lower::decode(text, &mut id).map(<[u8]>::len);
    if read == Ok(id.len()) {
        return Ok(id);
    }
    Err("no id of a bundle in lower-case hexadecimal".to_owned())
}

fn header_of_words(reader: &mut Reader, table: &Table, text: &str) -> Option<[u8; 32]> {
    let bytes = bytes_of_words(text).map_err(|error| error.to_string());
    let header = bytes.and_then(|bytes| {
        let count = bytes.len();
        <[u8; 32]>::try_from(bytes).map_err(|_length| format!("{count} words, and not 32"))
    });
    match header {
        Ok(header) => Some(header),
        Err(words) => {
            table.fault(reader, "words", words);
            None
        }
    }
}

impl PlannedBundle {
    /// The file of the ceremony that is the table of what it asks for.
    #[must_use]
    pub fn table(&self) -> String {
        format!("{}.table.txt", self.file)
    }

    /// The file of the ceremony that is the test certificate before its first real one.
    #[must_use]
    pub fn test_certificate(&self) -> String {
        format!("{}.test-cert.pub", self.file)
    }

    /// The file of the ceremony that is its answer.
    #[must_use]
    pub fn answer(&self) -> String {
        format!("{}.answer", self.file)
    }
}

impl Sign {
    /// The files of the medium, each with its SHA-256, in the order of their names.
    pub fn files(&self) -> impl Iterator<Item = (&str, [u8; 32])> {
        let names: BTreeSet<_> = self.bundles.iter().map(|one| one.file.as_str()).collect();
        let hash = |name: &str| {
            let mut all = self.bundles.iter();
            all.find(|one| one.file == name).map(|one| one.sha256)
        };
        names
            .into_iter()
            .filter_map(move |name| Some((name, hash(name)?)))
    }
}

/// What the name of a bundle ends with, so that no output of a ceremony has the same.
const ENDING: &str = ".bundle";
const LONGEST_NAME: usize = 100;
