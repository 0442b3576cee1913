//! A list joined with the ledger: which certificates get in now, and what stands behind each.

use serde_json::{Value, json};

use super::table;
use crate::certificate::explain::{Fields, utc};
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::product_object;
use crate::ledger::{Ledger, Record, RevokedSet, State};
use crate::server::access::review::Book;
use crate::server::access::{
    Asking, Doubt, KnownCertificates, Moment, Outcome, Presented, Query, Standing, decide,
};
use crate::wire::RawCertificate;

/// A certificate of the ledger that gets in.
pub(super) struct Held {
    principal: String,
    ca: String,
    serial: u64,
    key_id: String,
    valid_before: u64,
    proof: String,
    requester: String,
    role: String,
    line: u64,
    /// What is printed for sshd.
    printed: String,
}

/// The certificates that were issued by then, not revoked, valid, and are let in as this user on
/// this host, in the order of the ledger.
pub(super) fn held(
    book: &Book<'_>,
    place: &Query<'_>,
    ledger: &Ledger,
    moment: &Moment<'_>,
) -> Result<Vec<Held>, Failure> {
    let revoked = RevokedSet::of(ledger)?;
    let mut found = Vec::new();
    let mut doubt = None;
    ledger.each_record(&mut |record| {
        let is_revoked = || {
            let revocation = revoked.revocation_of(&record);
            revocation.is_some_and(|revocation| revocation.time <= moment.now)
        };
        if record.time > moment.now || is_revoked() {
            return;
        }
        match of(book, place, &record, moment) {
            Ok(held) => found.extend(held),
            Err(error) => doubt = Some(error),
        }
    })?;
    match doubt {
        Some(doubt) => Err(Failure::new(doubt.to_string())),
        None => Ok(found),
    }
}

fn of(
    book: &Book<'_>,
    place: &Query<'_>,
    record: &Record,
    moment: &Moment<'_>,
) -> Result<Option<Held>, Doubt> {
    let Some((raw, presented)) = valid_at(record, moment.now) else {
        return Ok(None);
    };
    let principals = presented.principals().iter().map(String::as_str);
    let query = place.with(principals.clone());
    let mut lines: Vec<_> = principals.flat_map(|name| book.lines(name)).collect();
    lines.sort_unstable_by_key(|(line, _)| *line);
    lines.dedup_by_key(|(line, _)| *line);
    let asking = Asking {
        certificate: Some(&presented),
        query: &query,
        moment,
        known: &InTheLedger,
    };
    let decision = decide(book.list().header(), lines, &asking)?;
    let Outcome::Line {
        line,
        principal,
        printed,
        ..
    } = decision.outcome
    else {
        return Ok(None);
    };
    Ok(Some(Held {
        principal,
        ca: record.ca.clone(),
        serial: record.reserved.serial,
        key_id: Fields::of(&raw).key_id,
        valid_before: raw.valid_before(),
        proof: record.reserved.proof.clone(),
        requester: record.reserved.requester.clone(),
        role: record.reserved.role.clone(),
        line,
        printed,
    }))
}

/// The certificate of a record, if one was issued that counts at this time. One that a list can't
/// decide about gets in nowhere.
fn valid_at(record: &Record, now: u64) -> Option<(RawCertificate, Presented)> {
    let State::Issued(blob) = &record.state else {
        return None;
    };
    let raw = RawCertificate::from_blob(blob).ok()?;
    let valid = (raw.valid_after()..raw.valid_before()).contains(&now);
    Some((raw, Presented::from_blob(blob).ok()?)).filter(|_| valid)
}

/// What is asked about stands in the ledger.
struct InTheLedger;

impl KnownCertificates for InTheLedger {
    fn standing(&self, _ca: &str, _certificate: &Presented, _seconds_max: u64) -> Standing {
        Standing::Known
    }
}

pub(super) fn print(context: &Context, held: &[Held]) -> Result<(), Failure> {
    if context.json() {
        let mut held = held.iter();
        return held.try_for_each(|held| product_object(held.object()));
    }
    table::columns(HEAD, held.iter().map(Held::row))
}

impl Held {
    fn row(&self) -> [String; 7] {
        [
            self.principal.clone(),
            format!("{} {}", self.ca, self.serial),
            self.until(),
            self.proof.clone(),
            self.requester.clone(),
            self.line.to_string(),
            self.printed.clone(),
        ]
    }

    fn object(&self) -> Value {
        json!({
            "principal": self.principal,
            "ca": self.ca,
            "serial": self.serial,
            "key-id": self.key_id,
            "until": self.until(),
            "until-unix": self.valid_before,
            "proof": self.proof,
            "requester": self.requester,
            "role": self.role,
            "line": self.line,
            "printed": self.printed,
        })
    }

    fn until(&self) -> String {
        match self.valid_before {
            u64::MAX => "forever".to_owned(),
            end => utc(end),
        }
    }
}

const HEAD: [&str; 7] = [
    "PRINCIPAL",
    "CERTIFICATE",
    "UNTIL",
    "PROOF",
    "ASKED BY",
    "LINE",
    "PRINTED",
];
