//! Copies of a CA's key, as `ca show` tells of them.

use serde_json::{Value, json};

use super::super::base::failure::Failure;
use super::super::base::terminal::product;
use super::utc;
use crate::ledger::{Became, CopyKind, KnownCopy};

pub(super) fn print(copy: &KnownCopy) -> Result<(), Failure> {
    let seen = &copy.seen;
    let state = match seen.became {
        Became::Made => seen.kind.to_string(),
        Became::Destroyed if is_a_key_of_the_ca(seen.kind) => {
            "destroyed, and read back as gone".to_owned()
        }
        Became::Destroyed => format!("{}, destroyed", seen.kind),
        Became::Missing => "MISSING: whoever finds it can sign".to_owned(),
    };
    // Behind a drill or a restore it lies in another bag, of which the ledger has no entry.
    let since = match (seen.kind, seen.became) {
        (CopyKind::Blob, Became::Made) => {
            "; the bag of now stands on the paper of the last drill or restore"
        }
        _ => "",
    };
    let word = if seen.word.is_empty() {
        String::new()
    } else {
        format!(": {}", seen.word)
    };
    product(&format!(
        "  copy         {}: {state}, {}{word}{since}",
        seen.holder,
        utc(copy.time)
    ))
}

/// What only led to the key is called by what it was: the token of a wrapping key may hold a copy as well.
fn is_a_key_of_the_ca(kind: CopyKind) -> bool {
    !matches!(kind, CopyKind::WrappingKey | CopyKind::Blob)
}

pub(super) fn json(copy: &KnownCopy) -> Value {
    let seen = &copy.seen;
    json!({
        "device": seen.device,
        "holder": seen.holder,
        "kind": seen.kind,
        "became": seen.became,
        "recorded": copy.time,
        "word": seen.word,
        "keyboard": seen.keyboard,
    })
}
