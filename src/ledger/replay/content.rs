//! The content of a reservation by itself: what it says, and whether its CA may sign that.

use super::fault::Fault;
use super::finding::Findings;
use super::keys::{Ca, Keys, sha256};
use super::subjects::KeyHash;
use crate::certificate::{KeyId, KeyIdError, Kind, Principal, PrincipalError, Principals};
use crate::ledger::entry::{Purpose, Reserved};
use crate::wire::RawCertificate;

/// The content says what the entry says, and is what the CA may sign.
pub(super) fn check(
    found: &mut Findings,
    ca: &Ca,
    reserved: &Reserved,
    time: u64,
    content: &RawCertificate,
) {
    if content.serial() != reserved.serial {
        found.broken(Fault::ContentDiffers("serial"));
    }
    if sha256(content.ca_key()) != ca.hash {
        found.broken(Fault::ContentDiffers("CA"));
    }
    match (content.kind(), ca.purpose) {
        (USER, Purpose::Host) => found.broken(Fault::Purpose("user")),
        (HOST, Purpose::User) => found.broken(Fault::Purpose("host")),
        (USER | HOST, _) => {}
        _ => found.broken(Fault::Purpose("such")),
    }
    check_texts(found, content);
    let (after, before) = (content.valid_after(), content.valid_before());
    if after >= before {
        found.since_format_4(Fault::NeverValid { after, before });
    } else if let Some(over) = time.checked_sub(before) {
        // A person may have been asked for so long; nothing works with it.
        found.odd(Fault::Over(over));
    }
}

/// The subject is no CA's, no ledger's and no revoked key, and its CA goes on.
pub(super) fn check_keys(found: &mut Findings, keys: &Keys, ca: &Ca, subject: &KeyHash) {
    if keys.is_ca(subject) {
        found.broken(Fault::SubjectIsCa);
    }
    if keys.is_ledger_key(subject) {
        found.broken(Fault::SubjectIsLedgerKey);
    }
    if keys.is_revoked(subject) {
        found.broken(Fault::SubjectRevoked);
    }
    if keys.is_revoked(&ca.hash) {
        found.since_format_4(Fault::CaRevoked);
    }
}

/// Every version had principals and key IDs read before it signed; what is one was a matter of
/// the version.
fn check_texts(found: &mut Findings, content: &RawCertificate) {
    match principals(content) {
        Ok(_) => {}
        Err(PrincipalError::None) => found.broken(Fault::Principals(PrincipalError::None)),
        Err(why) => found.since_format_4(Fault::Principals(why)),
    }
    if let Err(why) = key_id(content) {
        found.since_format_4(Fault::KeyId(why));
    }
}

fn principals(content: &RawCertificate) -> Result<Principals, PrincipalError> {
    let kind = match content.kind() {
        HOST => Kind::Host,
        _ => Kind::User,
    };
    let names = content.principals().iter();
    // What is no UTF-8 is no ASCII either, which a principal is.
    let name = |bytes: &Vec<u8>| Principal::parse(&String::from_utf8_lossy(bytes), kind);
    Principals::try_from(names.map(name).collect::<Result<Vec<_>, _>>()?)
}

fn key_id(content: &RawCertificate) -> Result<KeyId, KeyIdError> {
    // The sign that stands for what is no UTF-8 is printable.
    KeyId::parse(&String::from_utf8_lossy(content.key_id()))
}

/// The types of certificates (PROTOCOL.certkeys).
const USER: u32 = 1;
const HOST: u32 = 2;
