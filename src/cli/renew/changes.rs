//! In what a certificate that is made anew differs from the one that it follows.

use std::collections::{BTreeMap, BTreeSet};

use crate::certificate::explain::key_id_in_quotes;
use crate::policy::Decided;
use crate::wire::RawCertificate;
use crate::wire::certificate::{OptionValue, RawOption};

/// Every difference but serial and validity, in words; none where all is as before.
pub(super) fn changes(before: &RawCertificate, decided: &Decided) -> Vec<String> {
    let body = decided.body();
    let mut words = Vec::new();
    let names: BTreeSet<_> = body
        .principals
        .iter()
        .map(|name| name.as_str().to_owned())
        .collect();
    let were: BTreeSet<_> = before.principals().iter().map(|name| text(name)).collect();
    if names != were {
        words.push(format!(
            "principals {}, before {}",
            list(&names),
            list(&were)
        ));
    }
    let (key_id, was) = (body.key_id.as_str().as_bytes(), before.key_id());
    if key_id != was {
        let [key_id, was] = [key_id, was].map(key_id_in_quotes);
        words.push(format!("key ID {key_id}, before {was}"));
    }
    for (options, were) in [
        (body.options.critical(), before.critical()),
        (body.options.extensions(), before.extensions()),
    ] {
        words.extend(of_options(options, &map(were)));
    }
    words
}

fn of_options(options: &BTreeMap<String, String>, were: &BTreeMap<String, String>) -> Vec<String> {
    let gone = were.iter().filter(|(name, _)| !options.contains_key(*name));
    let gone = gone.map(|(name, value)| format!("without {}", option(name, value)));
    let new = options
        .iter()
        .filter(|(name, value)| were.get(*name) != Some(value));
    let new = new.map(|(name, value)| match were.get(name) {
        Some(was) => format!("{}, before {}", option(name, value), option(name, was)),
        None => format!("new: {}", option(name, value)),
    });
    gone.chain(new).collect()
}

fn option(name: &str, value: &str) -> String {
    match value {
        "" => name.to_owned(),
        value => format!("{name}={value}"),
    }
}

fn map(options: &[RawOption]) -> BTreeMap<String, String> {
    let value = |option: &RawOption| match option.value() {
        OptionValue::Flag => String::new(),
        OptionValue::Value(value) => text(value),
        OptionValue::Opaque => text(option.data()),
    };
    options
        .iter()
        .map(|option| (text(option.name()), value(option)))
        .collect()
}

fn list(names: &BTreeSet<String>) -> String {
    names
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(",")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
