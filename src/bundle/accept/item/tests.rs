//! A certificate that is not what was asked for, in each thing that a request can ask for.

use ssh_key::certificate::{Builder, CertType};

use super::*;
use crate::bundle::Wish;
use crate::bundle::tests::{item, key};
use crate::certificate::{KeyId, Principals, Validity};
use crate::ledger::Sequence;

const RESERVED_AT: u64 = 1_800_000_000;
const HOUR: u64 = 3600;

/// What the certificate of the test says.
struct Says {
    names: &'static [&'static str],
    valid: (u64, u64),
    critical: &'static [(&'static str, &'static str)],
    extensions: &'static [&'static str],
}

impl Default for Says {
    fn default() -> Self {
        Self {
            names: &["peter_file"],
            valid: (RESERVED_AT - 300, RESERVED_AT + HOUR),
            critical: &[],
            extensions: &["permit-pty"],
        }
    }
}

impl Says {
    fn blob(&self) -> Vec<u8> {
        let (after, before) = self.valid;
        let subject = key(11).public_key().clone();
        let mut builder = Builder::new(vec![7; 32], subject, after, before).unwrap();
        builder.serial(1).unwrap();
        builder.cert_type(CertType::User).unwrap();
        builder.key_id("peter, engineer").unwrap();
        for name in self.names {
            builder.valid_principal(*name).unwrap();
        }
        for (name, value) in self.critical {
            builder.critical_option(*name, *value).unwrap();
        }
        for name in self.extensions {
            builder.extension(*name, "").unwrap();
        }
        builder.sign(&key(9)).unwrap().to_bytes().unwrap()
    }
}

/// A change of what is asked for.
type Asked<'a> = &'a dyn Fn(&mut Content);

fn held(asked: Asked<'_>, says: &Says) -> Result<(), &'static str> {
    let mut item = item(11, Some("peter"));
    let Wish::Key(content) = &mut item.wish else {
        unreachable!("the items of these tests are keys")
    };
    content.options.clear();
    asked(content);
    let reserved = Reserved {
        ca: 1,
        serial: 1,
        sequence: Sequence::Automatic,
        role: "engineer".to_owned(),
        decided_by: String::new(),
        requester: "peter".to_owned(),
        keyboard: String::new(),
        proof: "none".to_owned(),
        request: [0; 32],
        to_be_signed: Vec::new(),
        grounds: None,
    };
    let suffixes = ["_physical", "_file"].map(str::to_owned);
    fits(&item, (&reserved, RESERVED_AT), &suffixes, &says.blob())
}

fn names(names: &[&str]) -> Option<Principals> {
    let names = names.iter().map(|name| Principal::parse(name, Kind::User));
    let names: Vec<_> = names.map(Result::unwrap).collect();
    Some(Principals::try_from(names).unwrap())
}

#[test]
fn a_certificate_has_the_names_that_were_asked_for_and_no_other() {
    let says = |names| Says {
        names,
        ..Says::default()
    };
    let wrong = Err("its certificate has not the names that were asked for");
    let nothing: Asked<'_> = &|_| {};
    assert_eq!(held(nothing, &says(&["peter_file"])), Ok(()));
    assert_eq!(held(nothing, &says(&["peter"])), Ok(()));
    assert_eq!(held(nothing, &says(&["root"])), wrong);
    assert_eq!(held(nothing, &says(&["peter_file", "root"])), wrong);
    assert_eq!(held(nothing, &says(&["peter", "peter_physical"])), wrong);
    let two: Asked<'_> = &|content| content.principals = names(&["web", "db"]);
    assert_eq!(held(two, &says(&["db_file", "web_file"])), Ok(()));
    assert_eq!(held(two, &says(&["web", "web_file"])), wrong);
    assert_eq!(held(two, &says(&["web_file", "db_file", "peter"])), wrong);
    assert_eq!(held(two, &says(&["web_file"])), wrong);
}

#[test]
fn a_certificate_is_valid_when_it_was_asked_for() {
    let says = |valid| Says {
        valid,
        ..Says::default()
    };
    let wrong = Err("its certificate is valid at another time than was asked for");
    let length: Asked<'_> = &|content| content.validity = Some(Span::Length(HOUR));
    let end = RESERVED_AT + HOUR;
    assert_eq!(held(length, &says((end - HOUR - 300, end))), Ok(()));
    // It was decided some seconds before its serial was taken.
    assert_eq!(held(length, &says((end - HOUR - 305, end - 5))), Ok(()));
    assert_eq!(held(length, &says((end - HOUR, end + 1))), wrong);
    assert_eq!(held(length, &says((end - HOUR + 1, end))), wrong);
    let interval = Validity::new(RESERVED_AT, end).unwrap();
    let both: Asked<'_> = &|content| content.validity = Some(Span::Interval(interval));
    assert_eq!(held(both, &says((RESERVED_AT, end))), Ok(()));
    assert_eq!(held(both, &says((RESERVED_AT, end + 1))), wrong);
    assert_eq!(held(both, &says((RESERVED_AT - 1, end))), wrong);
    // Without one that was asked for it is the role's.
    assert_eq!(held(&|_| {}, &says((0, u64::MAX))), Ok(()));
}

#[test]
fn a_certificate_has_the_options_that_were_asked_for() {
    let wrong = Err("its certificate has not the options that were asked for");
    let says = |critical, extensions| Says {
        critical,
        extensions,
        ..Says::default()
    };
    let fetter: Asked<'_> = &|content| {
        content.options = vec!["source-address=10.0.0.0/8".to_owned(), "no-pty".to_owned()];
    };
    let address = &[("source-address", "10.0.0.0/8")];
    assert_eq!(held(fetter, &says(address, &["permit-x11"])), Ok(()));
    assert_eq!(held(fetter, &says(&[], &[])), wrong);
    assert_eq!(
        held(fetter, &says(&[("source-address", "::/0")], &[])),
        wrong
    );
    assert_eq!(held(fetter, &says(address, &["permit-pty"])), wrong);
    // What a role adds by itself is a fetter more, or its own default.
    let more = &[("force-command", "id"), ("source-address", "10.0.0.0/8")];
    assert_eq!(held(fetter, &says(more, &[])), Ok(()));
}

#[test]
fn a_key_id_has_in_it_what_was_asked_for() {
    let asked = |key_id: &'static str| {
        move |content: &mut Content| content.key_id = Some(KeyId::parse(key_id).unwrap())
    };
    assert_eq!(held(&asked("engineer"), &Says::default()), Ok(()));
    let wrong = Err("its certificate has another key ID");
    assert_eq!(held(&asked("admin"), &Says::default()), wrong);
}

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
