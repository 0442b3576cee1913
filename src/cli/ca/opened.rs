//! What opens the devices of a CA's key, as `ca show` tells of it.

use serde_json::{Value, json};

use super::super::base::failure::Failure;
use super::super::base::terminal::product;
use crate::ledger::{Derivation, OpenedDevice};

/// A device that shares open, by its locator.
pub(super) type Opened = (String, OpenedDevice);

pub(super) fn print((device, opened): &Opened) -> Result<(), Failure> {
    let words = match (opened.opened_by, opened.about_to_be) {
        (Some(by), Some(about)) => format!("{by}; or {about}, where a run was cut short"),
        (Some(by), None) | (None, Some(by)) => by.to_string(),
        (None, None) => return Ok(()),
    };
    product(&format!("  opened by    shares, {words} ({device})"))
}

pub(super) fn json((device, opened): &Opened) -> Value {
    let derivation = |of: Option<Derivation>| {
        of.map(|of| json!({ "generation": of.generation, "counter": of.counter }))
    };
    json!({
        "device": device,
        "opened-by": derivation(opened.opened_by),
        "about-to-be": derivation(opened.about_to_be),
    })
}
