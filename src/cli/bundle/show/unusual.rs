//! What whoever reviews a bundle should look at twice.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use ssh_key::HashAlg;

use crate::certificate::OptionsAsked;
use crate::cli::base::failure::Failure;
use crate::ledger::{Ledger, Record, State, Term};
use crate::request::Content;
use crate::wire::RawCertificate;

/// What the ledger has never seen of this person, or has seen of this key.
pub(super) fn unusual(content: &Content, ledger: &Ledger) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    let key = content.subject.key().fingerprint(HashAlg::Sha256);
    let key = key.sha256().unwrap_or_default();
    if let Some((record, _)) = newest(ledger, Term::Key(key), content)? {
        words.push(format!(
            "the key was certified before: serial {} of {}, for {}",
            record.reserved.serial, record.ca, record.reserved.requester
        ));
    }
    let Some(name) = &content.claimed else {
        return Ok(words);
    };
    let Some((record, before)) = newest(ledger, Term::Requester(name.as_str()), content)? else {
        words.push(format!("{name} has no certificate in this ledger"));
        return Ok(words);
    };
    let serial = record.reserved.serial;
    let new = |what: &str, names: Vec<String>| match names.as_slice() {
        [] => None,
        names => Some(format!(
            "{what}: {}, which serial {serial} did not have",
            names.join(", ")
        )),
    };
    words.extend(new("names", new_names(content, &before)));
    words.extend(new("options", new_options(content, &before)));
    Ok(words)
}

/// The newest certificate that a term finds, by the role that is asked for.
fn newest(
    ledger: &Ledger,
    term: Term<'_>,
    content: &Content,
) -> Result<Option<(Record, RawCertificate)>, Failure> {
    let mut found = None;
    let is_key = matches!(term, Term::Key(_));
    ledger.each_record_backward(&[term], &mut |record| {
        let State::Issued(blob) = &record.state else {
            return ControlFlow::Continue(());
        };
        let is_meant = is_key || record.reserved.role == content.role.as_str();
        match RawCertificate::from_blob(blob) {
            Ok(certificate) if is_meant => {
                found = Some((record, certificate));
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    })?;
    Ok(found)
}

/// Names that the certificate before had neither alone nor with a suffix.
fn new_names(content: &Content, before: &RawCertificate) -> Vec<String> {
    let had = |name: &str| {
        let mut names = before.principals().iter();
        names.any(|is| {
            is.strip_prefix(name.as_bytes())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"_"))
        })
    };
    let names = content.principals.iter().flat_map(|names| names.iter());
    let names = names.map(|name| name.as_str().to_owned());
    names.filter(|name| !had(name)).collect()
}

/// Extensions that the certificate before did not have, and critical options that it had and that
/// are asked for otherwise.
fn new_options(content: &Content, before: &RawCertificate) -> Vec<String> {
    let Ok(asked) = OptionsAsked::parse(&content.options) else {
        return Vec::new();
    };
    let had: BTreeSet<_> = before
        .extensions()
        .iter()
        .map(|option| option.name())
        .collect();
    let extensions = asked.extensions().keys();
    let new = extensions.filter(|name| !had.contains(name.as_bytes()));
    new.cloned().collect()
}
