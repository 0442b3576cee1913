//! What reviewers are told of directives.

use base64ct::Encoding;

use super::*;
use crate::server::access::review::{Book, rule_changes};

/// A list of this header, held against one of that.
fn told(old: &str, new: &str) -> Vec<String> {
    let texts = [old, new].map(|head| format!("{head}anna root *\n"));
    let lists = texts
        .each_ref()
        .map(|text| List::parse(text.as_bytes()).unwrap());
    let [old, new] = lists.each_ref().map(Book::new);
    let row = |rule: &crate::server::access::review::RuleChange| {
        let shown = |words: &Option<String>| words.clone().unwrap_or_else(|| "none".into());
        let (before, after) = (shown(&rule.before), shown(&rule.after));
        let sign = if rule.gains { '+' } else { '-' };
        format!("{sign}{} {before} > {after}", rule.directive)
    };
    rule_changes(&old, &new).iter().map(row).collect()
}

/// What a change gives, and what the way back takes.
#[track_caller]
fn gains(less: &str, more: &str, directive: &str) {
    let (there, back) = (told(less, more), told(more, less));
    assert!(
        there.len() == 1 && there[0].starts_with(&format!("+{directive} ")),
        "{there:?}"
    );
    assert!(
        back.len() == 1 && back[0].starts_with(&format!("-{directive} ")),
        "{back:?}"
    );
}

fn ca(name: &str) -> String {
    format!("@ca {name} {}\n", certificate::fingerprint(name.as_bytes()))
}

#[test]
fn whose_certificates_count_is_told_by_the_keys_of_their_cas() {
    let (one, two) = (ca("users"), ca("partner"));
    let both = format!("{one}{two}");
    gains(&one, &both, "@ca");
    gains(&one, "", "@ca");
    assert!(told(&one, &two)[0].starts_with("+@ca users SHA256:"));
    assert!(told(&one, &one.replace("users", "people"))[0].starts_with('-'));
    assert_eq!(told(&both, &format!("{two}{one}")), [""; 0]);
}

#[test]
fn a_name_of_a_ca_counts_where_its_ledger_is_asked() {
    let known = format!("{}@known root 2h\n", ca("users"));
    assert!(told(&known, &known.replace("@ca users", "@ca people"))[0].starts_with('+'));
}

#[test]
fn a_suffix_that_is_reserved_no_more_is_reached_by_wildcards() {
    gains(
        "@suffixes _physical _file\n",
        "@suffixes _physical\n",
        "@suffixes",
    );
}

#[test]
fn a_list_that_may_be_older_or_for_more_is_a_gain() {
    let list = |rest: &str| format!("@version 1000000\n@group ops = ole\n{rest}");
    let week = list("@stale 7d @ops\n");
    gains(&week, &list("@stale 8d @ops\n"), "@stale");
    gains(&week, &list(""), "@stale");
    gains(&week, &list("@stale 7d @ops,eve\n"), "@stale");
    // One who comes into a group comes past the age of a list too.
    gains(&week, &week.replace("ole", "ole eve"), "@stale");
    assert_eq!(
        told(&week, &week.replace("@stale 7d @ops", "@stale 7d ole")),
        [""; 0]
    );
    assert_eq!(
        told(&week, &list("@stale 7d\n")),
        ["-@stale 1 week but for ole > 1 week"]
    );
}

#[test]
fn an_account_that_asks_the_ledger_less_is_a_gain() {
    let list = |known: &str| format!("{}{known}", ca("users"));
    gains(
        &list("@known root 2h\n"),
        &list("@known root 4h\n"),
        "@known",
    );
    gains(&list("@known root 2h\n"), &list(""), "@known");
    gains(
        &list("@known root,www 2h\n"),
        &list("@known root 2h\n"),
        "@known",
    );
    gains(&list("@known * 2h\n"), &list("@known root 2h\n"), "@known");
}

#[test]
fn another_key_that_speaks_for_the_list_is_a_gain() {
    let (one, two) = (
        ca("a").replace("@ca a", "@fresh"),
        ca("b").replace("@ca b", "@fresh"),
    );
    gains("", &one, "@fresh");
    assert!(told(&one, &two)[0].starts_with("+@fresh SHA256:"));
    let signer = |person: &str, seed: u8| {
        let key = [b"\0\0\0\x0bssh-ed25519\0\0\0\x20".as_slice(), &[seed; 32]].concat();
        let key = base64ct::Base64::encode_string(&key);
        format!("@signer {person} ssh-ed25519 {key}\n")
    };
    let anna = signer("anna", 1);
    gains(&anna, &format!("{anna}{}", signer("eve", 2)), "@signer");
    assert!(told(&anna, &signer("anna", 3))[0].starts_with("+@signer anna ssh-ed25519 SHA256:"));
}
