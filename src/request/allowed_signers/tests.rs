//! Lines that count, and lines that don't.

use super::*;
use crate::certificate::key_line::{KeyLineError, read_public_key_line};
use crate::wire::FileKind;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFBG/fUCXIRhD0pyGp6FnxZT7bSNg8YmUuhcrZHXR8bk";
const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

fn parse(text: &str) -> AllowedSigners {
    AllowedSigners::parse(text.as_bytes(), &|| TimeZone::UTC).unwrap()
}

fn requester(text: &str, claimed: Option<&str>, now: u64) -> Option<String> {
    let (key, _) = read_public_key_line(KEY).unwrap();
    let claimed = claimed.map(|name| name.parse().unwrap());
    let name = parse(text).requester(&key, claimed.as_ref(), now);
    name.map(|name| name.to_string())
}

#[test]
fn a_key_has_the_name_of_its_line() {
    let text = format!("# ours\n\nerik {OTHER}\npeter {KEY} laptop\n");
    assert_eq!(requester(&text, None, 0).as_deref(), Some("peter"));
    assert_eq!(requester(&text, Some("peter"), 0).as_deref(), Some("peter"));
    assert_eq!(requester(&text, Some("erik"), 0), None);
}

#[test]
fn a_pattern_names_nobody_and_allows_a_claim() {
    let text = format!("*@example.org,ops {KEY}");
    assert_eq!(requester(&text, None, 0), None);
    assert_eq!(
        requester(&text, Some("peter@example.org"), 0).as_deref(),
        Some("peter@example.org")
    );
    assert_eq!(requester(&text, Some("peter@example.org.evil"), 0), None);
}

#[test]
fn a_line_for_another_namespace_or_time_does_not_count() {
    let with = |options: &str| format!("peter {options} {KEY}");
    assert_eq!(requester(&with("namespaces=\"git,file\""), None, 0), None);
    let both = with("namespaces=\"git,request@punchmark\"");
    assert_eq!(requester(&both, None, 0).as_deref(), Some("peter"));
    let until = with("valid-after=\"20260101Z\",valid-before=\"20270101Z\"");
    let (before, within, after) = (1_767_225_599, 1_767_225_600, 1_798_761_601);
    assert_eq!(requester(&until, None, before), None);
    assert_eq!(requester(&until, None, within).as_deref(), Some("peter"));
    assert_eq!(requester(&until, None, after), None);
}

#[test]
fn a_denial_denies_wherever_it_stands() {
    for (line, claimed) in [
        (format!("* namespaces=\"!request@punchmark,*\" {KEY}"), None),
        (format!("peter namespaces=\"*,!request@*\" {KEY}"), None),
        (format!("!peter,* {KEY}"), None),
        (format!("!erik,* {KEY}"), Some("peter")),
        (format!("peter namespaces=\"!git,*\" {KEY}"), Some("peter")),
    ] {
        let found = requester(&line, Some("peter"), 0);
        assert_eq!(found.as_deref(), claimed, "{line}");
    }
    assert_eq!(requester(&format!("!erik {KEY}"), None, 0), None);
}

#[test]
fn a_line_that_cant_be_read_counts_for_nobody_and_hides_no_other() {
    for (line, fault) in [
        (
            format!("peter no-touch {KEY}"),
            SignerLineError::Option("no-touch".to_owned()),
        ),
        (
            format!("peter namespaces=\"*\",namespaces=\"*\" {KEY}"),
            SignerLineError::Twice("namespaces"),
        ),
        (
            format!("peter valid-after=\"2026010112Z\" {KEY}"),
            SignerLineError::Time("2026010112Z".to_owned()),
        ),
        (
            format!("peter valid-before=\"20260230\" {KEY}"),
            SignerLineError::Time("20260230".to_owned()),
        ),
        (
            format!("peter valid-before=20270101 {KEY}"),
            SignerLineError::NotQuoted("valid-before"),
        ),
        (
            format!("peter cert-authority, {KEY}"),
            SignerLineError::CommaAtTheEnd,
        ),
        (
            format!("peter namespaces=\"git {KEY}"),
            SignerLineError::Quote,
        ),
        ("peter".to_owned(), SignerLineError::NamesAlone),
        (
            "peter ssh-ed25519".to_owned(),
            SignerLineError::Key(KeyLineError::NoKey(FileKind::CutShort("ssh-ed25519"))),
        ),
    ] {
        let text = format!("{line}\nerik {KEY}\n");
        let signers = parse(&text);
        let [error] = signers.faults() else {
            panic!("{line}: {:?}", signers.faults());
        };
        assert_eq!((error.line, &error.source), (1, &fault), "{line}");
        assert_eq!(requester(&text, Some("peter"), 0), None, "{line}");
        assert_eq!(requester(&text, None, 0).as_deref(), Some("erik"), "{line}");
    }
}

#[test]
fn the_key_of_a_certificate_authority_signs_no_request_and_is_no_fault() {
    let signers = parse(&format!("peter cert-authority {KEY}"));
    assert!(signers.faults().is_empty());
    let (key, _) = read_public_key_line(KEY).unwrap();
    assert_eq!(signers.requester(&key, None, 0), None);
}

#[test]
fn a_comment_may_be_in_any_encoding() {
    let text = [format!("peter {KEY} J").as_bytes(), b"\xfcrgen\n"].concat();
    let signers = AllowedSigners::parse(&text, &|| TimeZone::UTC).unwrap();
    let (key, _) = read_public_key_line(KEY).unwrap();
    assert!(signers.requester(&key, None, 0).is_some());
    let many = "\n".repeat(100_001);
    let error = AllowedSigners::parse(many.as_bytes(), &|| TimeZone::UTC);
    assert_eq!(error.unwrap_err(), TooManySigners);
}
