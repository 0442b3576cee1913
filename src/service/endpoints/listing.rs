//! Certificates that were asked for before: page by page, and the proof of one. Their own for everybody, all for
//! auditors and admins.

use std::ops::ControlFlow;

use axum::http::StatusCode;
use axum::response::Response;
use ssh_key::Fingerprint;

use super::certificates::{found, with_session};
use super::{Outcome, json};
use crate::api::listing::{Listed, Page};
use crate::certificate::explain::Fields;
use crate::issue::lock;
use crate::ledger::{Condition, Ledger, ProofText, Record, RevokedSet, Standing, ends_before};
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::authenticate::InSession;
use crate::service::problem::{ProblemKind, Refused};
use crate::service::query::{Query, not};

/// A page of certificates, the newest first.
pub(in crate::service) fn list(service: &Service, asked: &Asked) -> Outcome {
    with_session(service, asked, |by| {
        let sought = service.sought(by, &asked.query)?;
        let ledger = lock(&service.ledger);
        let page = sought.page(&ledger).map_err(Refused::fault)?;
        drop(ledger);
        json(StatusCode::OK, &page)
    })
}

/// That the ledger holds a certificate, as `ledger prove` prints it.
pub(in crate::service) fn proof(service: &Service, of: (&str, &str), asked: &Asked) -> Outcome {
    with_session(service, asked, |by| {
        let ledger = lock(&service.ledger);
        let (ca, record) = found(service, &ledger, of, by)?;
        let serial = record.reserved.serial;
        let serial = crate::certificate::Serial::try_from(serial).map_err(Refused::fault)?;
        let inclusions = ledger.inclusions(&ca, serial).map_err(Refused::fault)?;
        let heads = ledger.believed_heads().map_err(Refused::fault)?;
        drop(ledger);
        let no_head = match service.receipts {
            Some(_) => NO_HEAD_BUT_RECEIPTS,
            None => NO_HEAD,
        };
        let is_signed = |size| heads.iter().any(|head| head.size == size);
        proved(ProofText::of(&inclusions), is_signed, no_head)
    })
}

/// One that leads to a head which nobody signed could be checked by nobody.
fn proved(
    proof: Option<ProofText>,
    is_signed: impl Fn(u64) -> bool,
    no_head: &str,
) -> Result<Response, Refused> {
    match proof.filter(|proof| is_signed(proof.size)) {
        Some(proof) => json(StatusCode::OK, &proof),
        None => Err(Refused::new(ProblemKind::NotFound, no_head)),
    }
}

/// What is looked for, and where in the ledger.
struct Sought {
    condition: Condition,
    /// The page begins behind this position.
    before: u64,
    most: usize,
}

impl Service {
    fn sought(&self, by: &InSession, query: &str) -> Result<Sought, Refused> {
        let query = Query::read(query, &NAMES)?;
        let mut condition = condition(&query, self.now())?;
        if !self.sees_all(by) {
            let own = by.session.requester.to_string();
            let is_own = condition.requester.as_ref().is_none_or(|name| *name == own);
            if !is_own {
                return Err(Refused::new(ProblemKind::Refused, AUDITORS));
            }
            condition.requester = Some(own);
        }
        let most = query.value("limit", "a number")?.unwrap_or(FEW);
        if !(1..=MANY).contains(&most) {
            return Err(not("limit", &format!("from 1 to {MANY}")));
        }
        Ok(Sought {
            condition,
            before: query
                .value("cursor", "a page's `next`")?
                .unwrap_or(u64::MAX),
            most,
        })
    }
}

fn condition(query: &Query, now: u64) -> Result<Condition, Refused> {
    let number = |name| query.value::<u64>(name, "a number");
    let time = |name| query.value::<u64>(name, "a time in Unix seconds");
    let key = query.text("key").map(|key| match key.parse() {
        Ok(Fingerprint::Sha256(hash)) => Ok(hash),
        _ => Err(not("key", "a fingerprint, SHA256:…")),
    });
    let standing = query.text("state").map(|word| {
        let words = "reserved, issued, failed or revoked";
        Standing::of_word(&word).ok_or_else(|| not("state", words))
    });
    Ok(Condition {
        ca: query.text("ca"),
        principals: query.text("principal").into_iter().collect(),
        key_id: query.text("key-id"),
        exact: true,
        serial: number("serial")?,
        key: key.transpose()?,
        card: number("card")?,
        requester: query.text("requester"),
        role: query.text("role"),
        standing: standing.transpose()?,
        reserved: time("since")?.unwrap_or(0)..time("until")?.unwrap_or(u64::MAX),
        ends: time("expires-before")?.map(|before| ends_before(before, now)),
    })
}

impl Sought {
    /// Looks at so many reservations at most: the ledger is locked meanwhile.
    fn page(&self, ledger: &Ledger) -> Result<Page, crate::ledger::LedgerError> {
        let revoked = RevokedSet::of(ledger)?;
        let (mut certificates, mut next, mut looked) = (Vec::new(), None, 0);
        let terms = self.condition.terms(&revoked);
        ledger.each_record_before(&terms, self.before, &mut |position, record| {
            if certificates.len() >= self.most || looked >= LOOKED_AT {
                return ControlFlow::Break(());
            }
            looked += 1;
            next = Some(position);
            certificates.extend(self.meant(&record, &revoked));
            ControlFlow::Continue(())
        })?;
        let is_last = certificates.len() < self.most && looked < LOOKED_AT;
        Ok(Page {
            certificates,
            next: next
                .filter(|_| !is_last)
                .map(|position| position.to_string()),
        })
    }

    fn meant(&self, record: &Record, revoked: &RevokedSet) -> Option<Listed> {
        let fields = Fields::of_to_be_signed(&record.reserved.to_be_signed);
        let revocation = revoked.revocation_of(record);
        let standing = Standing::of(&record.state, revocation.as_ref());
        let is_meant = self.condition.holds(record, &fields, standing);
        is_meant.then(|| listed(record, fields, standing))
    }
}

fn listed(record: &Record, fields: Fields, standing: Standing) -> Listed {
    let reserved = &record.reserved;
    Listed {
        ca: record.ca.clone(),
        serial: reserved.serial,
        state: standing.as_str().to_owned(),
        reserved: record.time,
        requester: reserved.requester.clone(),
        role: reserved.role.clone(),
        key_id: fields.key_id,
        principals: fields.principals,
        key: fields.key,
        valid_after: fields.valid_after,
        valid_before: Some(fields.valid_before).filter(|until| *until != u64::MAX),
    }
}

/// What a query may name.
pub(in crate::service) const NAMES: [&str; 14] = [
    "ca",
    "principal",
    "key-id",
    "serial",
    "key",
    "card",
    "requester",
    "role",
    "state",
    "since",
    "until",
    "expires-before",
    "limit",
    "cursor",
];
/// A page has so many where nobody says otherwise, and never more than `MANY`.
const FEW: usize = 50;
const MANY: usize = 500;
const LOOKED_AT: usize = 5000;
const AUDITORS: &str = "you may see your own certificates; others' are for the server's auditors and admins, with a \
    session that an enrolled key opened";
const NO_HEAD_BUT_RECEIPTS: &str = "no head that the ledger recorded covers it yet: ask again when the next one is made; \
    its receipt, which stands in the answer at the path without /proof, shows the same by a head that is signed then";
const NO_HEAD: &str = "no signed head covers it yet: ask again when the next one is made";
