//! The enrolments that a bundle brings, shown.

use serde_json::json;

use crate::cli::base::context::Context;
use crate::cli::base::credential::named;
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::{product, product_object};
use crate::ledger::RequesterAdded;

/// A line each.
pub(super) fn show(enrolments: &[RequesterAdded], context: &Context) -> Result<(), Failure> {
    for RequesterAdded {
        name, credential, ..
    } in enrolments
    {
        let (field, value) = named(credential);
        if context.json() {
            product_object(json!({ "enrolment": name, field: value }))?;
        } else if context.talks() {
            product(&format!("       enrols {name}: {credential}"))?;
        }
    }
    Ok(())
}
