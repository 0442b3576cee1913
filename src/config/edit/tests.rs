//! What is added stands where it should, and all else as it was.

use std::path::Path;

use super::*;
use crate::ledger::{Purpose, SuffixSet};

#[test]
fn a_private_root_is_added_whether_the_table_is_there_or_not() {
    let config = |text: &str| Config::parse(Path::new("/c/p.toml"), text.to_owned()).unwrap();
    for (before, after) in [
        ("", "\n[attestation]\nprivate-roots = [\"b\"]\n"),
        (
            "[attestation] # whose\nroots = [\"yubico\"]\n",
            "[attestation] # whose\nprivate-roots = [\"b\"]\nroots = [\"yubico\"]\n",
        ),
        (
            "[attestation]\nprivate-roots = [ \"a\" ] # ours\n",
            "[attestation]\nprivate-roots = [\"a\", \"b\"] # ours\n",
        ),
    ] {
        assert_eq!(with_private_root(&config(before), "b").unwrap(), after);
    }
    let inline = config("attestation = { roots = [\"yubico\"] }\n");
    let refused = with_private_root(&inline, "b").unwrap_err();
    assert!(matches!(refused, EditError::Form(_)), "{refused}");
}

#[test]
fn the_ledger_key_is_named_before_the_first_table() {
    let config = |text: &str| Config::parse(Path::new("/c/p.toml"), text.to_owned()).unwrap();
    let line = "ledger-key = \"pkcs11:object=l\"\n\n";
    for (before, after) in [
        ("", line.to_owned()),
        (
            "# a\n\n[attestation]\nroots = []\n",
            format!("# a\n\n{line}[attestation]\nroots = []\n"),
        ),
        ("modules = []", format!("modules = []\n{line}")),
        ("ledger-key = \"k\"\n", "ledger-key = \"k\"\n".to_owned()),
    ] {
        assert_eq!(
            with_ledger_key(&config(before), "pkcs11:object=l").unwrap(),
            after
        );
    }
}

#[test]
fn recorded_suffixes_read_back_as_they_were() {
    let path = Path::new("punchmark.toml");
    let with = Config::parse(
        path,
        with_suffixes(&Config::empty(path), &"a".parse().unwrap(), String::new()),
    )
    .unwrap();
    let recorded = crate::ledger::recorded_form(with.policy().suffixes()).unwrap();
    let text = with_recorded_suffixes(&Config::empty(path), String::new(), &recorded);
    let back = Config::parse(path, text).unwrap();
    assert_eq!(back.policy().suffixes(), with.policy().suffixes());
    let ended = recorded
        .into_iter()
        .map(|set| SuffixSet { ended: 1, ..set });
    let ended: Vec<_> = ended.collect();
    assert_eq!(with_recorded_suffixes(&with, "x".into(), &ended), "x");
}

fn locator(text: &str) -> Locator {
    text.parse().unwrap()
}

fn hosts() -> (CaName, CaConfig) {
    let ca = CaConfig {
        certificates: Purpose::Host,
        keys: locator("pkcs11:token=T;object=hosts").into(),
        public_key: "hosts.pub".into(),
        description: None,
    };
    ("hosts".parse().unwrap(), ca)
}

#[test]
fn keeps_comments_and_order() {
    let text = "# mine\nmodules = [ '/a' ] # why\n\n[ca]\n# none";
    let config = Config::parse(Path::new("c"), text.to_owned()).unwrap();
    let (name, ca) = hosts();
    let edited = with_ca(&config, &name, &ca).unwrap();
    assert!(edited.starts_with(text), "{edited}");
    let read = Config::parse(Path::new("c"), edited).unwrap();
    assert_eq!(read.ca("hosts").unwrap().keys, ca.keys);
}

#[test]
fn several_devices_are_written_as_a_list_and_read_back() {
    let (name, mut ca) = hosts();
    ca.keys = ca.keys.with(locator("yubikey:slot-id=9c")).unwrap();
    let text = with_ca(&Config::empty(Path::new("c")), &name, &ca).unwrap();
    let read = Config::parse(Path::new("c"), text).unwrap();
    assert_eq!(read.ca("hosts").unwrap().keys, ca.keys);
}

#[test]
fn a_device_is_added_where_the_key_stands() {
    let text = "[ca.a]\ncertificates = 'user'\nkey = 'yubikey:serial=1;slot-id=9c' # one\n\
        public-key = 'a.pub'\n\n[ca.b]\ncertificates = 'host'\n\
        key = 'yubikey:serial=9;slot-id=9c'\npublic-key = 'b.pub' # last\n";
    let config = Config::parse(Path::new("c"), text.to_owned()).unwrap();
    let name = "a".parse().unwrap();
    let spare = locator("yubikey:serial=2;slot-id=9c");
    let edited = with_key(&config, &name, spare.clone()).unwrap();
    assert_eq!(
        edited,
        text.replace(
            "'yubikey:serial=1;slot-id=9c'",
            "[\n    \"yubikey:serial=1;slot-id=9c\",\n    \"yubikey:serial=2;slot-id=9c\",\n]"
        )
    );
    let config = Config::parse(Path::new("c"), edited).unwrap();
    assert_eq!(config.ca("a").unwrap().keys.iter().last(), Some(&spare));
    assert!(matches!(
        with_key(&config, &name, spare),
        Err(EditError::Locators(LocatorsError::Overlap { .. }))
    ));
    assert!(matches!(
        with_key(
            &config,
            &"c".parse().unwrap(),
            locator("yubikey:slot-id=9a")
        ),
        Err(EditError::NoCa(_))
    ));
}

#[test]
fn refuses_a_name_that_is_taken() {
    let (name, ca) = hosts();
    let text = with_ca(&Config::empty(Path::new("c")), &name, &ca).unwrap();
    let config = Config::parse(Path::new("c"), text).unwrap();
    assert!(matches!(
        with_ca(&config, &name, &ca),
        Err(EditError::Taken(_))
    ));
}

#[test]
fn refuses_an_inline_table_that_it_cannot_add_to() {
    let config = Config::parse(Path::new("c"), "ca = {}\n".to_owned()).unwrap();
    let (name, ca) = hosts();
    assert!(matches!(
        with_ca(&config, &name, &ca),
        Err(EditError::Form(_))
    ));
}
