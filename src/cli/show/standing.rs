//! What the ledger knows of a certificate: that its CA signed it, and whether it was revoked.

use serde_json::{Value, json};

use super::known::Known;
use crate::certificate::Serial;
use crate::certificate::explain::utc;
use crate::cli::base::failure::Failure;
use crate::ledger::{Ca, Ledger, Revocation, State};
use crate::wire::RawCertificate;

/// How a certificate stands with the ledger.
pub(super) enum Standing {
    /// No CA of the ledger signed it, or there is none to ask.
    Unknown,
    /// A CA of the ledger signed it.
    Signed {
        ca: String,
        serial: u64,
        record: Recorded,
        revoked: Option<Revocation>,
    },
}

/// What the ledger has of its serial.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    /// This certificate.
    Issued,
    /// Another certificate.
    Another,
    /// A reservation, of which nobody told what became.
    Reserved,
    /// Nothing: it was signed before the ledger, or past it.
    Missing,
}

impl Standing {
    pub(super) fn of(raw: &RawCertificate, known: &Known) -> Result<Self, Failure> {
        let Some(ledger) = known.ledger() else {
            return Ok(Self::Unknown);
        };
        let cas = ledger.cas()?;
        let Some(ca) = cas.iter().find(|ca| ca.added().public_key == raw.ca_key()) else {
            return Ok(Self::Unknown);
        };
        Ok(Self::Signed {
            ca: ca.name().to_owned(),
            serial: raw.serial(),
            record: recorded(ledger, ca, raw)?,
            revoked: ledger.revocation_of_certificate(ca, raw)?,
        })
    }

    /// Whether nobody should pass over it.
    pub(super) fn is_fault(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Signed {
                record, revoked, ..
            } => *record != Recorded::Issued || revoked.is_some(),
        }
    }

    pub(super) fn words(&self) -> Vec<String> {
        let Self::Signed {
            ca,
            serial,
            record,
            revoked,
        } = self
        else {
            return Vec::new();
        };
        let signed = format!("signed by your CA {ca}");
        let recorded = match record {
            Recorded::Issued => format!("- {signed}, serial {serial} in the ledger"),
            Recorded::Another => {
                format!("! {signed}, and the ledger has another certificate of serial {serial}")
            }
            Recorded::Reserved => {
                format!("! {signed}, and the ledger has serial {serial} as reserved, not as issued")
            }
            Recorded::Missing => {
                format!("! {signed}, and the ledger has no serial {serial} of it")
            }
        };
        match revoked {
            None => vec![format!("{recorded}, not revoked")],
            Some(revoked) => vec![recorded, format!("! {}", revocation_words(revoked))],
        }
    }

    pub(super) fn json(&self) -> Value {
        let Self::Signed {
            ca,
            serial,
            record,
            revoked,
        } = self
        else {
            return Value::Null;
        };
        json!({
            "ca": ca, "serial": serial,
            "state": match record {
                Recorded::Issued => "issued",
                Recorded::Another => "another",
                Recorded::Reserved => "reserved",
                Recorded::Missing => "missing",
            },
            "revoked": revoked.as_ref().map(|revoked| json!({
                "time": revoked.time, "by": revoked.by, "reason": revoked.reason,
                "keyboard": revoked.keyboard,
            })),
        })
    }
}

fn revocation_words(revoked: &Revocation) -> String {
    let reason = if revoked.reason.is_empty() {
        String::new()
    } else {
        format!(": {}", revoked.reason)
    };
    format!("it was revoked {}{reason}", utc(revoked.time))
}

fn recorded(ledger: &Ledger, ca: &Ca, raw: &RawCertificate) -> Result<Recorded, Failure> {
    let Ok(serial) = Serial::try_from(raw.serial()) else {
        return Ok(Recorded::Missing);
    };
    let record = ledger.record_of(ca, serial)?;
    Ok(match record.map(|record| record.state) {
        Some(State::Issued(blob)) if blob == raw.blob() => Recorded::Issued,
        Some(State::Issued(_)) => Recorded::Another,
        Some(State::Reserved | State::Failed(_)) => Recorded::Reserved,
        None => Recorded::Missing,
    })
}
