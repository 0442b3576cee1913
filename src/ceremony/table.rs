//! The table of a bundle: what was decided of each item, as people read it and as it is an output.

use std::collections::BTreeMap;

use crate::bundle::{Item, ItemVerdict};
use crate::certificate::subject::fingerprint;

/// An item, and what was decided of it.
pub(super) fn row(number: u64, item: &Item, verdict: &ItemVerdict) -> String {
    let decided = match verdict {
        ItemVerdict::Sign(what) => format!("{WOULD_BE_SIGNED}{what}"),
        ItemVerdict::Refused(why) => format!("{REFUSED}{why}"),
        ItemVerdict::Done(serial) => signed_before(*serial),
    };
    format!("{number:>5}  {}\n{INDENT}{decided}", who(item))
}

/// Who asks for what, and for which key.
pub(super) fn who(item: &Item) -> String {
    let content = item.content();
    let name = content.claimed.as_ref().map(ToString::to_string);
    let name = name.unwrap_or_else(|| "(nobody named)".to_owned());
    let key = fingerprint(content.subject.key());
    format!("{name}, role {}  {key}", content.role)
}

/// What is decided of an item that a run before signed.
pub(super) fn signed_before(serial: u64) -> String {
    format!("signed before: serial {serial}")
}

/// The items of a table by their numbers: who and for which key, and what was decided.
pub(super) fn items(table: &str) -> BTreeMap<u64, (&str, &str)> {
    let mut lines = table.lines().peekable();
    let mut items = BTreeMap::new();
    while let Some(line) = lines.next() {
        let decided = lines.peek().and_then(|next| next.strip_prefix(INDENT));
        let item = line.trim_start().split_once("  ");
        let item = item.and_then(|(number, who)| Some((number.parse().ok()?, who)));
        if let (Some(decided), Some((number, who))) = (decided, item) {
            items.insert(number, (who, decided));
        }
    }
    items
}

/// A bundle has at most 100,000 items, each with a few hundred bytes.
pub(super) const TABLE_BYTES_MAX: u64 = 256 * 1024 * 1024;
pub(super) const WOULD_BE_SIGNED: &str = "would be signed: ";
pub(super) const REFUSED: &str = "refused: ";
const INDENT: &str = "       ";

#[cfg(test)]
mod tests {
    use super::items;

    #[test]
    fn the_items_of_a_table_have_what_was_decided() {
        let table = "    1  erik, role ops  SHA256:aa\n       would be signed: erik; valid x\n    2  anna, role ops  \
            SHA256:bb\n       refused: no\n   13  ole, role ops  SHA256:cc\n       would be signed: ole; valid y\n\
            \x20      enrols erik\n";
        let items = items(table);
        assert_eq!(items.len(), 3);
        let (who, says) = items.get(&1).unwrap();
        assert_eq!(
            (*who, *says),
            (
                "erik, role ops  SHA256:aa",
                "would be signed: erik; valid x"
            )
        );
        assert_eq!(items.get(&2).unwrap().1, "refused: no");
        assert_eq!(items.get(&13).unwrap().1, "would be signed: ole; valid y");
    }
}
