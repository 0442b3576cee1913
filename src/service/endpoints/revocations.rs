//! Revocations: one's own certificates, and for admins whatever the ledger has but a CA.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::response::Response;
use ssh_key::Fingerprint;

use super::{Outcome, json};
use crate::api::revoke::{RevocationAsked, RevocationMade, RevokedCertificate};
use crate::certificate::Serial;
use crate::issue::lock;
use crate::ledger::{Barred, Ca, Ledger, Revoked};
use crate::login::LoginKind;
use crate::request::{Reason, RequesterName};
use crate::revocation::{Caught, Meant, RevokeError, Selector, catch};
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::authenticate::InSession;
use crate::service::problem::{ProblemKind, Refused};
use crate::wire::chain;

/// Revokes, for good, or tells what that would catch.
pub(in crate::service) fn revoke(service: &Service, asked: &Asked) -> Outcome {
    let by = match service.session_of(asked) {
        Ok(by) => by,
        Err(refused) => return Outcome::of(Err(refused)),
    };
    let made = asked.json().and_then(|wanted| service.revoke(&by, &wanted));
    let note = made.as_ref().ok().map(words);
    let outcome = Outcome::of(made.and_then(told)).by(&by.session.requester);
    match note {
        Some(note) => outcome.noting(note),
        None => outcome,
    }
}

impl Service {
    fn revoke(&self, by: &InSession, asked: &RevocationAsked) -> Result<RevocationMade, Refused> {
        let selectors = selectors(asked)?;
        let reason = self.reason(by, asked)?;
        // What was looked at is what is revoked: nobody writes between.
        let mut ledger = lock(&self.ledger);
        let ca = the_ca(&ledger, asked)?;
        if self.is_admin(by) {
            self.refuse_other_case(&asked.requesters)?;
            each_was_given(&ledger, ca.as_ref(), &asked.serials, |_| true)?;
        } else {
            own_alone(asked)?;
            each_was_given(&ledger, ca.as_ref(), &asked.serials, |name| by.is_of(name))?;
        }
        let meant = Meant {
            ca: ca.as_ref(),
            selectors: &selectors,
            families: &BTreeSet::new(),
        };
        let caught = catch(&ledger, meant).map_err(|error| not_caught(&error))?;
        if let Some(hit) = caught.cas.first() {
            let detail = format!("that is the key of CA `{}`, {A_CA}", hit.ca);
            return Err(Refused::new(ProblemKind::Refused, detail));
        }
        let mut made = shown(&caught);
        if !asked.dry_run && !made.before {
            let (revoked, barred) = self.entries(caught, &reason);
            let recorded = ledger.revoke_and_bar(revoked, barred, self.now());
            recorded.map_err(Refused::fault)?;
            made.recorded = true;
            self.bell.ring();
        }
        Ok(made)
    }

    /// A user who has a password need not be in the ledger.
    fn refuse_other_case(&self, names: &[String]) -> Result<(), Refused> {
        let mut methods = self.serve.logins.iter();
        if !methods.any(|method| method.kind == LoginKind::Password) {
            return Ok(());
        }
        let users = self.users.users().map_err(Refused::fault)?;
        for name in names.iter().filter(|name| users.mark(name).is_none()) {
            let mut all = users.names();
            if let Some(other) = all.find(|user| user.eq_ignore_ascii_case(name)) {
                let (name, other) = (name.clone(), other.to_owned());
                return Err(not_caught(&RevokeError::OtherCase { name, other }));
            }
        }
        Ok(())
    }

    /// Who asked stands in the ledger: the keyboard is the server's account, whoever revokes.
    fn reason(&self, by: &InSession, asked: &RevocationAsked) -> Result<String, Refused> {
        let given = asked.reason.as_deref().map(str::parse::<Reason>);
        let given = given.transpose();
        let given = given.map_err(|error| Refused::new(ProblemKind::Unfit, chain(&error)))?;
        let asked_by = format!(
            "asked for by {} at {}",
            by.session.requester, self.serve.url
        );
        Ok(match given {
            Some(reason) => format!("{reason} ({asked_by})"),
            None => asked_by,
        })
    }

    fn entries(&self, caught: Caught, reason: &str) -> (Option<Revoked>, Option<Barred>) {
        let (bars, revokes) = (!caught.bars_nobody(), !caught.revoked.is_empty());
        let (keyboard, reason) = (self.keyboard.clone(), reason.to_owned());
        let barred = bars.then(|| Barred {
            reason: reason.clone(),
            keyboard: keyboard.clone(),
            ..caught.barred
        });
        let revoked = revokes.then_some(Revoked {
            reason,
            keyboard,
            ..caught.revoked
        });
        (revoked, barred)
    }
}

/// What is named.
fn selectors(asked: &RevocationAsked) -> Result<Vec<Selector>, Refused> {
    let serials = asked.serials.iter();
    let mut all: Vec<_> = serials.map(|one| Selector::Serials(*one..=*one)).collect();
    for id in &asked.key_ids {
        all.push(Selector::KeyId(id.clone()));
        all.push(Selector::KeyIdAsAsked(id.clone()));
    }
    for key in &asked.keys {
        let Ok(Fingerprint::Sha256(hash)) = key.parse() else {
            return Err(unfit("a key is named by its fingerprint, SHA256:…"));
        };
        all.push(Selector::Fingerprint(hash));
    }
    let principals = asked.principals.iter().cloned();
    all.extend(principals.map(Selector::Principal));
    for name in &asked.requesters {
        let name: Result<RequesterName, _> = name.parse();
        let name = name.map_err(|_form| unfit("a requester is named as the ledger has them"))?;
        all.push(Selector::Requester(name.to_string()));
    }
    if all.is_empty() {
        return Err(unfit("nothing is named that could be revoked"));
    }
    Ok(all)
}

/// The CA that is named, or the only one; none where keys alone are named, which are a matter of every CA.
fn the_ca(ledger: &Ledger, asked: &RevocationAsked) -> Result<Option<Ca>, Refused> {
    let mut cas = ledger.cas().map_err(Refused::fault)?;
    let of_keys_alone = asked.serials.is_empty()
        && asked.key_ids.is_empty()
        && asked.principals.is_empty()
        && asked.requesters.is_empty();
    match &asked.ca {
        Some(name) => {
            let found = cas.into_iter().find(|ca| ca.name() == name);
            let none = || Refused::new(ProblemKind::NotFound, "there is no such CA");
            found.map(Some).ok_or_else(none)
        }
        None if cas.len() == 1 => Ok(cas.pop()),
        None if of_keys_alone => Ok(None),
        None => Err(unfit("the ledger has several CAs: name one as `ca`")),
    }
}

/// What is named by anything else than serials may be somebody else's, too.
fn own_alone(asked: &RevocationAsked) -> Result<(), Refused> {
    let names_more = [
        &asked.key_ids,
        &asked.keys,
        &asked.principals,
        &asked.requesters,
    ];
    if names_more.into_iter().any(|names| !names.is_empty()) {
        return Err(Refused::new(ProblemKind::Refused, ADMINS));
    }
    Ok(())
}

/// A serial that the CA has yet to give out would be lost to it, and whose another one is, nobody is told.
fn each_was_given(
    ledger: &Ledger,
    ca: Option<&Ca>,
    serials: &[u64],
    is_meant: impl Fn(&str) -> bool,
) -> Result<(), Refused> {
    for number in serials {
        let none = || Refused::new(ProblemKind::NotFound, "you have no such certificate");
        let serial = Serial::try_from(*number).map_err(|_zero| none())?;
        let record = ca.map(|ca| ledger.record_of(ca, serial)).transpose();
        let record = record.map_err(Refused::fault)?.flatten();
        let meant = record.filter(|record| is_meant(&record.reserved.requester));
        meant.ok_or_else(none)?;
    }
    Ok(())
}

fn shown(caught: &Caught) -> RevocationMade {
    let certificates = caught.certificates.iter().map(|hit| RevokedCertificate {
        ca: hit.ca.clone(),
        serial: hit.serial,
        key_id: hit.key_id.clone(),
        principals: hit.principals.clone(),
    });
    RevocationMade {
        recorded: false,
        before: caught.before.is_some(),
        certificates: certificates.collect(),
        barred: caught.barred.requesters.clone(),
    }
}

fn told(made: RevocationMade) -> Result<Response, Refused> {
    let status = if made.recorded {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    json(status, &made)
}

fn words(made: &RevocationMade) -> String {
    let count = made.certificates.len();
    let done = match (made.recorded, made.before) {
        (true, _) => "revoked",
        (false, true) => "revoked before",
        (false, false) => "would revoke",
    };
    format!("{done}: {count} certificates")
}

fn not_caught(error: &RevokeError) -> Refused {
    match error {
        RevokeError::Nothing(_) => Refused::new(
            ProblemKind::NotFound,
            "no certificate in the ledger is meant",
        ),
        RevokeError::Naming(error) => Refused::new(ProblemKind::Unfit, chain(error)),
        error @ RevokeError::OtherCase { .. } => Refused::new(ProblemKind::Unfit, chain(error)),
        error => Refused::fault_of(chain(error)),
    }
}

fn unfit(detail: &str) -> Refused {
    Refused::new(ProblemKind::Unfit, detail)
}

const ADMINS: &str = "you may revoke your own certificates, by `ca` and `serials`; all else is for the server's admins, \
    with a session that an enrolled key or a browser at an identity provider opened";
const A_CA: &str = "which a person at a terminal revokes, by `punchmark revoke`";
