//! What a list would hold, before it is made.

use std::path::Path;

use serde_json::json;

use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{product, product_object};
use crate::cli::base::words::number_of;
use crate::krl::Krl;

/// Says how much of each a list would revoke.
pub(super) fn print(
    context: &Context,
    out: &Path,
    list: &Krl,
    length: usize,
) -> Result<Exit, Failure> {
    let (version, out) = (list.header().version, out.display());
    let held = Held::of(list);
    if context.json() {
        let value = json!({
            "version": version, "file": out.to_string(), "bytes": length,
            "serials": held.serials, "key-ids": held.key_ids, "keys": held.keys,
            "written": false,
        });
        product_object(value)?;
        return Ok(Exit::Done);
    }
    product(&format!(
        "{out} would be version {version} of {length} bytes, and revoke {}, {} and {}; nothing was \
         done (--dry-run)",
        number_of(held.serials, "serial"),
        number_of(held.key_ids, "key ID"),
        number_of(held.keys, "key")
    ))?;
    Ok(Exit::Done)
}

/// How much of each a list revokes.
struct Held {
    serials: u64,
    key_ids: usize,
    keys: usize,
}

impl Held {
    fn of(list: &Krl) -> Self {
        let ranges = list.authorities().flat_map(|one| one.serials().ranges());
        let lengths = ranges.map(|range| (range.last() - range.first()).saturating_add(1));
        Self {
            serials: lengths.fold(0, u64::saturating_add),
            key_ids: list
                .authorities()
                .map(|one| one.key_ids().iter().len())
                .sum(),
            keys: list.keys().iter().len() + list.sha256s().len(),
        }
    }
}
