//! Whether a certificate is what an item asked for.

use ssh_key::PublicKey;

use crate::bundle::Item;
use crate::certificate::{Kind, OptionsAsked, Principal};
use crate::ledger::Reserved;
use crate::request::{Content, Span};
use crate::wire::RawCertificate;
use crate::wire::certificate::{OptionValue, RawOption};

/// Held against each other: key, kind, role, requester, names, key ID, validity and options, as far as they were
/// asked for. A name may end in one of `suffixes`, which are those of the CA, and there are no other names; a key ID
/// has in it what was asked for, since a role may write more around it; a length counts from before `reserved_at`, in
/// Unix seconds, when the serial was taken. What nobody asked for is the role's, and is held by nothing here: the
/// validity without one that was asked for, and options beside those that were.
///
/// # Errors
/// In what they differ.
pub fn fits(
    item: &Item,
    (reserved, reserved_at): (&Reserved, u64),
    suffixes: &[String],
    blob: &[u8],
) -> Result<(), &'static str> {
    let content = item.content();
    let certificate = RawCertificate::from_blob(blob).map_err(|_form| "its certificate is none")?;
    let key = PublicKey::from(content.subject.key().clone()).to_bytes();
    let kind = match content.kind {
        Kind::User => 1,
        Kind::Host => 2,
    };
    let claimed = content.claimed.as_ref();
    if key.ok().as_deref() != Some(certificate.public_key()) {
        return Err("its certificate is for another key");
    }
    if certificate.kind() != kind {
        return Err("its certificate is of the other kind");
    }
    if reserved.role != content.role.as_str() {
        return Err("its certificate is of another role");
    }
    if claimed.is_some_and(|name| name.as_str() != reserved.requester) {
        return Err("its certificate is another requester's");
    }
    if !has_names(&certificate, content, &reserved.requester, suffixes) {
        return Err("its certificate has not the names that were asked for");
    }
    let key_id = String::from_utf8_lossy(certificate.key_id());
    let asked = content.key_id.as_ref();
    if asked.is_some_and(|asked| !key_id.contains(asked.as_str())) {
        return Err("its certificate has another key ID");
    }
    if !is_valid_as_asked(&certificate, content.validity, reserved_at) {
        return Err("its certificate is valid at another time than was asked for");
    }
    let asked = OptionsAsked::parse(&content.options);
    let asked = asked.map_err(|_other| "asks for options that this version does not know")?;
    if !has_options(&certificate, &asked) {
        return Err("its certificate has not the options that were asked for");
    }
    Ok(())
}

/// Exactly the names that were asked for; the requester's own by whom none was.
fn has_names(
    certificate: &RawCertificate,
    content: &Content,
    requester: &str,
    suffixes: &[String],
) -> bool {
    let asked: Vec<&str> = match &content.principals {
        Some(names) => names.iter().map(Principal::as_str).collect(),
        None => vec![requester],
    };
    let found = certificate.principals();
    let is_found = |name: &&str| {
        let mut found = found.iter();
        found.any(|principal| has_base(principal, name.as_bytes(), suffixes))
    };
    found.len() == asked.len() && asked.iter().all(is_found)
}

/// Both ends as they were asked for; of a length, the end at the latest and the length at least.
fn is_valid_as_asked(certificate: &RawCertificate, asked: Option<Span>, reserved_at: u64) -> bool {
    let (begin, end) = (certificate.valid_after(), certificate.valid_before());
    match asked {
        None => true,
        Some(Span::Interval(interval)) => {
            (begin, end) == (interval.valid_after(), interval.valid_before())
        }
        Some(Span::Length(seconds)) => {
            end <= reserved_at.saturating_add(seconds) && end.saturating_sub(begin) >= seconds
        }
    }
}

/// Each option that was asked for, with its value, and none of those that were to be left out.
fn has_options(certificate: &RawCertificate, asked: &OptionsAsked) -> bool {
    let has = |there: &[RawOption], (name, value): (&String, &String)| {
        there.iter().any(|option| {
            option.name() == name.as_bytes()
                && match option.value() {
                    OptionValue::Flag => value.is_empty(),
                    OptionValue::Value(found) => found == value.as_bytes(),
                    OptionValue::Opaque => false,
                }
        })
    };
    let (critical, extensions) = (certificate.critical(), certificate.extensions());
    let is_left_out = |name: &str| !extensions.iter().any(|one| one.name() == name.as_bytes());
    asked.critical().iter().all(|one| has(critical, one))
        && asked.extensions().iter().all(|one| has(extensions, one))
        && asked.without().all(is_left_out)
}

/// Whether a principal is this name, alone or with a suffix of the CA.
fn has_base(principal: &[u8], name: &[u8], suffixes: &[String]) -> bool {
    let is_suffix = |rest: &[u8]| suffixes.iter().any(|suffix| suffix.as_bytes() == rest);
    let rest = principal.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || is_suffix(rest))
}

#[cfg(test)]
mod tests;
