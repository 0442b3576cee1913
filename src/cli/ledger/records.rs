//! `punchmark ledger show`: one reservation, and what became of it.

use serde_json::{Value, json};

use super::grounds;
use super::one::{One, no_such_serial};
use crate::certificate::certificate_line;
use crate::certificate::explain::{Fields, utc};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::revoked;
use crate::cli::base::terminal::{product, product_object};
use crate::ledger::{Ledger, Record, Revocation, Standing, State};
use crate::wire::RawCertificate;

pub(super) fn show(context: &Context, ledger: &Ledger, one: &One) -> Result<Exit, Failure> {
    let (ca, serial) = one.find(ledger)?;
    let (name, number) = (ca.name(), serial.number());
    let Some(record) = ledger.record_of(&ca, serial)? else {
        let revocation = ledger.revocation_of_serial(&ca, serial)?;
        let revocation = revocation.ok_or_else(|| no_such_serial(name, number))?;
        return show_no_record(context, name, number, &revocation);
    };
    let fields = fields(&record);
    let revocation = ledger.revocation_of(&record)?;
    if context.json() {
        let mut value = json(&record, &fields, revocation.as_ref());
        if let (Value::Object(object), Some(grounds)) =
            (&mut value, grounds::json(ledger, &record.reserved)?)
        {
            object.insert("grounds".to_owned(), grounds);
        }
        product_object(value)?;
        return Ok(Exit::Done);
    }
    let reserved = &record.reserved;
    product(&format!(
        "serial {} of {}: {}",
        number,
        name,
        state(&record, revocation.as_ref())
    ))?;
    for (label, value) in [
        ("reserved", utc(record.time)),
        ("role", reserved.role.clone()),
        ("asked by", reserved.requester.clone()),
        (
            "at the keyboard",
            format!("{} (the system's word)", reserved.keyboard),
        ),
        ("proof", reserved.proof.clone()),
        ("decided by", reserved.decided_by.clone()),
    ] {
        product(&format!("  {label:16}{value}"))?;
    }
    for (label, value) in grounds::rows(ledger, reserved)?
        .into_iter()
        .chain(fields.rows())
    {
        product(&format!("  {label:16}{value}"))?;
    }
    if let Some(line) = certificate(&record) {
        product(&line)?;
    }
    Ok(Exit::Done)
}

/// A serial that this ledger gave to nobody, and that servers refuse all the same: a lost part
/// of the ledger may have given it out, or it was revoked ahead.
fn show_no_record(
    context: &Context,
    ca: &str,
    serial: u64,
    revocation: &Revocation,
) -> Result<Exit, Failure> {
    if context.json() {
        product_object(json!({
            "ca": ca,
            "serial": serial,
            "state": Standing::Revoked.as_str(),
            "revoked": revoked::json(revocation),
        }))?;
    } else {
        product(&format!(
            "serial {serial} of {ca}: given to nobody by this ledger; revoked {}",
            revoked::words(revocation)
        ))?;
    }
    Ok(Exit::Done)
}

/// All of a reservation, for programs.
pub(super) fn json(record: &Record, fields: &Fields, revocation: Option<&Revocation>) -> Value {
    let reserved = &record.reserved;
    let mut value = json!({
        "ca": record.ca,
        "serial": reserved.serial,
        "sequence": reserved.sequence,
        "state": Standing::of(&record.state, revocation).as_str(),
        "reserved": utc(record.time),
        "reserved-unix": record.time,
        "role": reserved.role,
        "requester": reserved.requester,
        "keyboard": reserved.keyboard,
        "proof": reserved.proof,
        "decided-by": reserved.decided_by,
        "content": fields,
    });
    if let Value::Object(object) = &mut value {
        if let State::Failed(reason) = &record.state {
            object.insert("reason".to_owned(), json!(reason));
        }
        if let Some(revocation) = revocation {
            object.insert("revoked".to_owned(), revoked::json(revocation));
        }
        if let Some(line) = certificate(record) {
            object.insert("certificate".to_owned(), json!(line));
        }
    }
    value
}

fn state(record: &Record, revocation: Option<&Revocation>) -> String {
    let became = match &record.state {
        State::Reserved => "reserved, not issued".to_owned(),
        State::Issued(_) => "issued".to_owned(),
        State::Failed(reason) => format!("failed: {reason}"),
    };
    match (revocation, &record.state) {
        (None, _) => became,
        (Some(revocation), State::Issued(_)) => format!("revoked {}", revoked::words(revocation)),
        (Some(revocation), _) => format!("{became}; revoked {}", revoked::words(revocation)),
    }
}

fn certificate(record: &Record) -> Option<String> {
    match &record.state {
        State::Issued(blob) => {
            let certificate = RawCertificate::from_blob(blob).ok()?;
            Some(certificate_line(&certificate, ""))
        }
        _ => None,
    }
}

/// What the reservation says, read from the very bytes that were signed.
pub(super) fn fields(record: &Record) -> Fields {
    match &record.state {
        State::Issued(blob) => RawCertificate::from_blob(blob).map_or_else(
            |_| Fields::of_to_be_signed(&record.reserved.to_be_signed),
            |certificate| Fields::of(&certificate),
        ),
        _ => Fields::of_to_be_signed(&record.reserved.to_be_signed),
    }
}
