//! `punchmark ledger evidence`: what proved a key's storage, out of the ledger again.

use super::grounds::seen;
use super::one::{One, no_such_serial};
use crate::attestation::Evidence;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::terminal::product;

pub(super) fn print(context: &Context, one: &One) -> Result<Exit, Failure> {
    let ledger = one.source.open(context)?;
    let (ca, serial) = one.find(&ledger)?;
    let (name, number) = (ca.name(), serial.number());
    let record = ledger.record_of(&ca, serial)?;
    let record = record.ok_or_else(|| no_such_serial(name, number))?;
    let position = record.reserved.grounds.and_then(|grounds| grounds.evidence);
    let seen = seen(&ledger, position)?.filter(|seen| !seen.evidence.is_empty());
    let seen = seen.ok_or_else(|| {
        Failure::new(format!(
            "serial {number} of CA `{name}` was given without evidence"
        ))
    })?;
    let evidence = Evidence::from_bytes(&seen.evidence)
        .at(format!("the evidence of serial {number} of {name}"))?;
    product(evidence.to_text().trim_end())?;
    Ok(Exit::Done)
}
