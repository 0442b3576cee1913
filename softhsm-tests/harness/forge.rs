//! What a hand with another program could do to a ledger: entries, tree and heads alike.

use std::path::Path;

use punchmark::ledger::file::{FileFrames, FileReader};
use punchmark::ledger::merkle::{Frontier, leaf_hash};
use punchmark::ledger::settings::FileSettings;
use punchmark::ledger::store::{Frames, Head};

/// Writes a ledger anew with other entries; every head that was kept of it in `heads` is
/// forged too, and its index is gone.
pub(crate) fn rewrite(ledger: &Path, heads: &Path, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut entries = entries(ledger);
    change(&mut entries);
    std::fs::remove_file(ledger).unwrap();
    let _none = std::fs::remove_file(ledger.with_extension("ledger.index"));
    std::fs::remove_dir_all(heads).unwrap();
    std::fs::create_dir(heads).unwrap();
    let settings = FileSettings {
        kept_heads_only: Some(vec![heads.to_path_buf()]),
        ..FileSettings::default()
    };
    let mut frames = FileFrames::create(ledger, settings).unwrap();
    let mut tree = Frontier::default();
    for entry in entries {
        tree.push(leaf_hash(&entry), |_, _| ());
        let after = Head {
            size: tree.size(),
            root: tree.root(),
        };
        let (before, _) = frames.end();
        frames.append(&before, &[entry], &after, 0).unwrap();
    }
}

/// The canonical bytes of every entry.
pub(crate) fn entries(ledger: &Path) -> Vec<Vec<u8>> {
    let frames = FileReader::open(ledger, None).unwrap();
    let (mut entries, mut place) = (Vec::new(), frames.start());
    while let Some(frame) = frames.read(place).unwrap() {
        entries.extend(frame.entries);
        place = frame.next;
    }
    entries
}
