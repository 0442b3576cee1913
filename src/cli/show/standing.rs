//! What the ledger knows of a certificate: that its CA signed it, and whether it was revoked.

use serde_json::{Value, json};

use super::known::Known;
use crate::certificate::Serial;
use crate::certificate::explain::utc;
use crate::cli::base::failure::Failure;
use crate::cli::base::storage::private_root;
use crate::ledger::{Ca, Ledger, Record, Revocation, State};
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
        /// The root that proves its key, where no maker's does: one of the admin's own.
        private_root: Option<String>,
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
        let record = record(ledger, ca, raw)?;
        Ok(Self::Signed {
            ca: ca.name().to_owned(),
            serial: raw.serial(),
            private_root: private_root_of(ledger, record.as_ref(), raw)?,
            record: recorded(record, raw),
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
            private_root,
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
        let mut words = match revoked {
            None => vec![format!("{recorded}, not revoked")],
            Some(revoked) => vec![recorded, format!("! {}", revocation_words(revoked))],
        };
        words.extend(private_root.as_ref().map(|root| {
            format!("- its key is proved by the private root {root} alone, which is no maker's")
        }));
        words
    }

    pub(super) fn json(&self) -> Value {
        let Self::Signed {
            ca,
            serial,
            record,
            private_root,
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
            "private-root": private_root,
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

fn record(ledger: &Ledger, ca: &Ca, raw: &RawCertificate) -> Result<Option<Record>, Failure> {
    let Ok(serial) = Serial::try_from(raw.serial()) else {
        return Ok(None);
    };
    Ok(ledger.record_of(ca, serial)?)
}

fn recorded(record: Option<Record>, raw: &RawCertificate) -> Recorded {
    match record.map(|record| record.state) {
        Some(State::Issued(blob)) if blob == raw.blob() => Recorded::Issued,
        Some(State::Issued(_)) => Recorded::Another,
        Some(State::Reserved | State::Failed(_)) => Recorded::Reserved,
        None => Recorded::Missing,
    }
}

/// Of another certificate's evidence nothing is said here.
fn private_root_of(
    ledger: &Ledger,
    record: Option<&Record>,
    raw: &RawCertificate,
) -> Result<Option<String>, Failure> {
    let is_this =
        |record: &&Record| matches!(&record.state, State::Issued(blob) if blob == raw.blob());
    let grounds = record
        .filter(is_this)
        .and_then(|record| record.reserved.grounds.as_ref());
    let Some(position) = grounds.and_then(|grounds| grounds.evidence) else {
        return Ok(None);
    };
    let seen = ledger.evidence_of(position)?;
    Ok(seen.and_then(|seen| private_root(&seen.facts)))
}
