//! What makes an alarm, field by field.

use ssh_encoding::Encode;
use ssh_key::Signature;
use ssh_key::public::KeyData;

use super::super::subject::{describe, rsa_bits};
use super::super::{KeyId, KeyIdError, Kind, Place, Principal, PrincipalError};
use super::{Alarm, Owner};
use crate::wire::RawCertificate;
use crate::wire::certificate::{OptionValue, RawOption};
use crate::wire::verify::{SignatureError, verify_possession, verify_signature};

/// The signature, and whose it is.
pub(super) fn signature(certificate: &RawCertificate, known_cas: &[KeyData]) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    if certificate.ca_key() == certificate.public_key() {
        alarms.push(Alarm::OwnCa);
    }
    let is_ca = |ca: &KeyData| ca.encode_vec().as_deref() == Ok(certificate.ca_key());
    if !known_cas.iter().any(is_ca) {
        alarms.push(Alarm::UnknownCa);
    }
    alarms.extend(match certificate.signing_key() {
        None => None,
        Some(KeyData::Certificate(_)) => Some(Alarm::CaIsCertificate),
        Some(ca) => signature_by(certificate, &ca),
    });
    alarms
}

fn signature_by(certificate: &RawCertificate, ca: &KeyData) -> Option<Alarm> {
    let Ok(signature) = Signature::try_from(certificate.signature()) else {
        return Some(Alarm::BadSignature);
    };
    let message = certificate.signed();
    let checked = match ca {
        // No CA of ours, but one that OpenSSH may have.
        KeyData::Other(_) => verify_possession(message, &signature, ca).map(drop),
        _ => verify_signature(message, &signature, ca),
    };
    match checked {
        Ok(()) => None,
        Err(SignatureError::Sha1) => Some(Alarm::Sha1Signature),
        Err(SignatureError::Key(_)) => Some(Alarm::UncheckedSignature),
        Err(_) => Some(Alarm::BadSignature),
    }
}

/// How strong the two keys are.
pub(super) fn keys(certificate: &RawCertificate) -> Vec<Alarm> {
    let keys = [
        (Owner::Subject, certificate.subject_key()),
        (Owner::Ca, certificate.signing_key()),
    ];
    keys.into_iter()
        .filter_map(|(owner, found)| strength(owner, found))
        .collect()
}

fn strength(owner: Owner, key: Option<KeyData>) -> Option<Alarm> {
    let Some(key) = key else {
        return Some(Alarm::MalformedKey { owner });
    };
    let name = describe(&key);
    match &key {
        KeyData::Dsa(_) => Some(Alarm::WeakKey { owner, key: name }),
        KeyData::Rsa(rsa) if rsa_bits(rsa) < 2048 => Some(Alarm::WeakKey { owner, key: name }),
        KeyData::Rsa(rsa) if rsa_bits(rsa) < 3072 => Some(Alarm::ShortKey { owner, key: name }),
        _ => None,
    }
}

/// Kind, serial, key ID and principals.
pub(super) fn names(certificate: &RawCertificate) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    let kind = kind(certificate);
    if kind.is_none() {
        let kind = certificate.kind();
        alarms.push(Alarm::UnknownKind { kind });
    }
    if certificate.serial() == 0 {
        alarms.push(Alarm::SerialZero);
    }
    if !is_readable(certificate.key_id()) {
        alarms.push(Alarm::UnreadableKeyId);
    }
    if certificate.principals().is_empty() {
        alarms.push(Alarm::NoPrincipals);
    }
    let kind = kind.unwrap_or(Kind::User);
    alarms.extend(
        certificate
            .principals()
            .iter()
            .filter_map(|name| principal(name, kind)),
    );
    alarms
}

/// An empty or long key ID can be read all the same.
fn is_readable(key_id: &[u8]) -> bool {
    str::from_utf8(key_id)
        .is_ok_and(|text| !matches!(KeyId::parse(text), Err(KeyIdError::Character { .. })))
}

fn kind(certificate: &RawCertificate) -> Option<Kind> {
    [Kind::User, Kind::Host]
        .into_iter()
        .find(|kind| kind.code() == certificate.kind())
}

fn principal(name: &[u8], kind: Kind) -> Option<Alarm> {
    let parsed = str::from_utf8(name).map(|text| Principal::parse(text, kind));
    match parsed {
        Ok(Ok(_)) => None,
        Ok(Err(PrincipalError::Empty { .. })) => Some(Alarm::EmptyPrincipal),
        Ok(Err(PrincipalError::Wildcard(principal))) => {
            Some(Alarm::WildcardPrincipal { principal })
        }
        Ok(Err(_)) | Err(_) => Some(Alarm::OddPrincipal {
            principal: shown(name),
        }),
    }
}

/// When it is valid.
pub(super) fn times(certificate: &RawCertificate, now: u64) -> Vec<Alarm> {
    let (after, before) = (certificate.valid_after(), certificate.valid_before());
    let mut alarms = Vec::new();
    if before >= YEAR_10000 {
        alarms.push(Alarm::ValidForever);
    }
    if before <= after {
        alarms.push(Alarm::NeverValid);
    } else if now < after {
        alarms.push(Alarm::NotYetValid);
    } else if before <= now {
        alarms.push(Alarm::Expired);
    }
    alarms
}

/// Critical options and extensions.
pub(super) fn options(certificate: &RawCertificate) -> Vec<Alarm> {
    let host = kind(certificate) == Some(Kind::Host);
    let critical = certificate.critical();
    let extensions = certificate.extensions();
    let mut alarms = Vec::new();
    alarms.extend(
        critical
            .iter()
            .filter_map(|option| critical_option(option, host)),
    );
    alarms.extend(extensions.iter().filter_map(extension));
    alarms.extend(unordered(Place::Critical, critical));
    alarms.extend(unordered(Place::Extension, extensions));
    alarms
}

fn critical_option(option: &RawOption, host: bool) -> Option<Alarm> {
    let name = shown(option.name());
    if host {
        return Some(Alarm::CriticalOptionForHost { name });
    }
    if Place::Critical.form(&name).is_none() {
        return Some(Alarm::UnknownCriticalOption { name });
    }
    malformed(Place::Critical, option, name)
}

fn extension(option: &RawOption) -> Option<Alarm> {
    let name = shown(option.name());
    if Place::Critical.form(&name).is_some() {
        return Some(Alarm::MisplacedOption { name });
    }
    let note = (name == "no-touch-required").then_some(Alarm::NoTouchRequired);
    malformed(Place::Extension, option, name).or(note)
}

/// An option that OpenSSH knows, with data that it cannot read.
fn malformed(place: Place, option: &RawOption, name: String) -> Option<Alarm> {
    let form = place.form(&name)?;
    let fits = match option.value() {
        OptionValue::Flag => form.fits(""),
        OptionValue::Value([]) | OptionValue::Opaque => false,
        OptionValue::Value(value) => str::from_utf8(value).is_ok_and(|value| form.fits(value)),
    };
    (!fits).then_some(Alarm::MalformedOption { name, place })
}

fn unordered(place: Place, options: &[RawOption]) -> Option<Alarm> {
    let ascending = options.is_sorted_by(|a, b| a.name() < b.name());
    (!ascending).then_some(Alarm::UnorderedOptions { place })
}

/// The begin of a text from a certificate, escaped where it is not ASCII.
fn shown(bytes: &[u8]) -> String {
    let begin = bytes.get(..MAX_SHOWN).unwrap_or(bytes);
    begin.escape_ascii().to_string()
}

/// How many bytes of a name are shown.
const MAX_SHOWN: usize = 80;

/// 10000-01-01 in Unix seconds: what ends later, by whatever number, ends never.
const YEAR_10000: u64 = 253_402_300_800;
