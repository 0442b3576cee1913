//! Whether a certificate is what an item asked for.

use ssh_key::PublicKey;

use crate::bundle::Item;
use crate::certificate::Kind;
use crate::ledger::Reserved;
use crate::wire::RawCertificate;

/// Held against each other: key, kind, role, requester, names and key ID, as far as they were asked for. A name may
/// end in one of `suffixes`, which are those of the CA; a key ID has in it what was asked for, since a role may
/// write more around it.
///
/// # Errors
/// In what they differ.
pub fn fits(
    item: &Item,
    reserved: &Reserved,
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
    let is_named = |name: &str| {
        let names = certificate.principals().iter();
        names
            .into_iter()
            .any(|is| has_base(is, name.as_bytes(), suffixes))
    };
    let (claimed, names) = (content.claimed.as_ref(), content.principals.as_ref());
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
    let mut asked = names.into_iter().flat_map(|names| names.iter());
    if !asked.all(|name| is_named(name.as_str())) {
        return Err("its certificate has not the names that were asked for");
    }
    let key_id = String::from_utf8_lossy(certificate.key_id());
    let asked = content.key_id.as_ref();
    if asked.is_some_and(|asked| !key_id.contains(asked.as_str())) {
        return Err("its certificate has another key ID");
    }
    Ok(())
}

/// Whether a principal is this name, alone or with a suffix of the CA.
fn has_base(principal: &[u8], name: &[u8], suffixes: &[String]) -> bool {
    let is_suffix = |rest: &[u8]| suffixes.iter().any(|suffix| suffix.as_bytes() == rest);
    let rest = principal.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || is_suffix(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_in_a_suffix_of_its_ca_and_in_nothing_else() {
        let suffixes = ["_physical", "+soft"].map(str::to_owned);
        let is = |principal: &str| has_base(principal.as_bytes(), b"peter", &suffixes);
        for right in ["peter", "peter_physical", "peter+soft"] {
            assert!(is(right), "{right}");
        }
        for wrong in [
            "peter_other",
            "peter+",
            "peter_physical_physical",
            "petr",
            "peterson",
        ] {
            assert!(!is(wrong), "{wrong}");
        }
    }
}
