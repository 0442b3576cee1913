//! A row of the table: an item, and what was decided of it.

use serde_json::json;

use crate::bundle::{Item, ItemVerdict};
use crate::certificate::subject::fingerprint;
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::{product, product_object};

/// Shows an item.
pub(super) fn show(
    number: u64,
    item: &Item,
    verdict: &ItemVerdict,
    context: &Context,
) -> Result<(), Failure> {
    let content = item.content();
    let name = content.claimed.as_ref().map(ToString::to_string);
    let key = fingerprint(content.subject.key());
    let (state, why) = match verdict {
        ItemVerdict::Sign(what) => ("would be signed", what.clone()),
        ItemVerdict::Refused(why) => ("refused", why.clone()),
        ItemVerdict::Done(serial) => ("signed before", format!("serial {serial}")),
    };
    if context.json() {
        return product_object(json!({
            "item": number, "requester-claimed": name, "role": content.role.as_str(), "key": key,
            "state": state, "words": why,
        }));
    }
    if !context.talks() {
        return Ok(());
    }
    let name = name.unwrap_or_else(|| "(nobody named)".to_owned());
    product(&format!(
        "{number:>5}  {name}, role {}  {key}",
        content.role
    ))?;
    product(&format!("       {state}: {why}"))
}
