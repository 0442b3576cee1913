//! What whoever reviews a bundle should look at twice.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use ssh_key::HashAlg;

use crate::certificate::{OptionsAsked, length};
use crate::cli::base::failure::Failure;
use crate::ledger::{Ledger, Record, State, Term};
use crate::request::{Content, Span};
use crate::wire::RawCertificate;
use crate::wire::certificate::OptionValue;

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
    words.extend(looser(content, &before).map(|what| format!("{what} serial {serial}")));
    words.extend(longer(content, (serial, &before)));
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

/// Critical options that bound the certificate before, and that are asked for no more, or otherwise.
fn looser(content: &Content, before: &RawCertificate) -> impl Iterator<Item = String> {
    let asked = OptionsAsked::parse(&content.options).unwrap_or_default();
    let all = before.critical().iter().filter_map(move |bound| {
        let name = String::from_utf8_lossy(bound.name()).into_owned();
        let had = match bound.value() {
            OptionValue::Flag => Some(&b""[..]),
            OptionValue::Value(value) => Some(value),
            OptionValue::Opaque => None,
        };
        match asked.critical().get(&name) {
            Some(value) if Some(value.as_bytes()) == had => None,
            Some(_) => Some(format!("{name} is asked for otherwise than in")),
            None => Some(format!(
                "{name} is not asked for (the role may give it), and bound"
            )),
        }
    });
    all.collect::<Vec<_>>().into_iter()
}

/// A validity that is longer than that of the certificate before.
fn longer(content: &Content, (serial, before): (u64, &RawCertificate)) -> Option<String> {
    let asked = match content.validity? {
        Span::Length(seconds) => seconds,
        Span::Interval(all) => all.valid_before().saturating_sub(all.valid_after()),
    };
    let had = before.valid_before().saturating_sub(before.valid_after());
    // Clocks differ, and a certificate may begin some minutes before it is signed.
    (asked > had.saturating_add(A_CLOCK_APART)).then(|| {
        format!(
            "valid for {}, and serial {serial} was for {}",
            length(asked),
            length(had)
        )
    })
}

/// Extensions that the certificate before did not have.
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

const A_CLOCK_APART: u64 = 600;
