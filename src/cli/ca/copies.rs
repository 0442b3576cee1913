//! Copies of a CA's key, as `ca show` tells of them.

use serde_json::{Value, json};

use super::super::base::failure::Failure;
use super::super::base::terminal::product;
use super::utc;
use crate::ledger::{Became, KnownCopy};

pub(super) fn print(copy: &KnownCopy) -> Result<(), Failure> {
    let seen = &copy.seen;
    let state = match seen.became {
        Became::Made => seen.kind.to_string(),
        Became::Destroyed => "destroyed, and read back as gone".to_owned(),
        Became::Missing => "MISSING: whoever finds it can sign".to_owned(),
    };
    let word = if seen.word.is_empty() {
        String::new()
    } else {
        format!(": {}", seen.word)
    };
    product(&format!(
        "  copy         {}: {state}, {}{word}",
        seen.holder,
        utc(copy.time)
    ))
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
