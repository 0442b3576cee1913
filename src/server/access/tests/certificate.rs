//! Certificates to ask with, and those that are no answer's worth.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use super::*;
use crate::wire::certificate::ReadError;
use crate::wire::put_string;

/// A user certificate of one CA, which nothing here checks.
pub(super) fn user(principals: &[&str]) -> Vec<u8> {
    let principals: Vec<_> = principals.iter().map(|name| name.as_bytes()).collect();
    of(1, &principals, CA)
}

pub(super) fn of(kind: u32, principals: &[&[u8]], ca: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    put_string(&mut blob, b"ssh-ed25519-cert-v01@openssh.com");
    put_string(&mut blob, &[7; 32]);
    put_string(&mut blob, &[8; 32]);
    blob.extend_from_slice(&42_u64.to_be_bytes());
    blob.extend_from_slice(&kind.to_be_bytes());
    put_string(&mut blob, b"--help %u $(x)");
    let mut names = Vec::new();
    for principal in principals {
        put_string(&mut names, principal);
    }
    put_string(&mut blob, &names);
    blob.extend_from_slice(&[0; 8]);
    blob.extend_from_slice(&[0xff; 8]);
    for _options_extensions_reserved in 0..3 {
        put_string(&mut blob, b"");
    }
    put_string(&mut blob, ca);
    put_string(&mut blob, b"signature");
    blob
}

pub(super) fn fingerprint(ca: &[u8]) -> String {
    let text = base64ct::Base64Unpadded::encode_string(&Sha256::digest(ca));
    format!("SHA256:{text}")
}

pub(super) const CA: &[u8] = b"the key of a CA";
const OTHER: &[u8] = b"the key of a partner's CA";

fn principal(name: &[u8]) -> Result<Presented, PresentedError> {
    Presented::from_blob(&of(1, &[b"peter", name], CA))
}

#[test]
fn a_principal_that_sshd_would_read_as_something_else_is_doubt() {
    for name in [
        &b"erik\nroot"[..],
        b"erik root",
        b"erik\troot",
        b"erik,root",
        b"erik\"",
        b"erik'",
        b"erik#root",
        b"erik\0",
        b"erik\r",
        b"\xc3\xa9rik",
        b"erik\xff",
        b"erik\x7f",
        b"-erik",
        b"@dba",
        b"!erik",
        b"",
    ] {
        let error = principal(name).unwrap_err();
        assert!(
            matches!(error, PresentedError::Principal { .. }),
            "{name:?} {error}"
        );
    }
    for name in [
        &b"erik"[..],
        b"a-b@example.org",
        b"x!y",
        b"*",
        b"$(x)",
        b"%u",
        b"a=b",
    ] {
        principal(name).unwrap();
    }
}

#[test]
fn what_is_no_certificate_is_doubt() {
    let blob = user(&["peter"]);
    let text = Base64::encode_string(&blob);
    assert_eq!(Presented::from_base64(&text).unwrap().serial(), 42);
    assert_eq!(
        Presented::from_base64(""),
        Presented::from_base64(&text[..0])
    );
    for text in ["%k", &text[1..], &format!("{text}="), &format!("{text}\n")] {
        assert_eq!(
            Presented::from_base64(text),
            Err(PresentedError::Base64),
            "{text}"
        );
    }
    for text in ["", "AAAA"] {
        let none = Presented::from_base64(text).unwrap_err();
        let is_meant = matches!(
            none,
            PresentedError::Certificate(ReadError::Truncated("type"))
        );
        assert!(is_meant, "{text:?} {none:?}");
    }
    let longer = Presented::from_blob(&[&blob[..], &[0]].concat());
    let trailing = PresentedError::Certificate(ReadError::Trailing { length: 1 });
    assert_eq!(longer, Err(trailing));
    let neither = Presented::from_blob(&of(3, &[b"peter"], CA));
    assert_eq!(neither, Err(PresentedError::Kind(3)));
    let long = "A".repeat(200_000);
    assert_eq!(Presented::from_base64(&long), Err(PresentedError::TooLong));
}

#[test]
fn a_certificate_of_another_ca_gets_nothing_where_the_list_names_one() {
    let list = format!("@ca users {}\npeter www *\n", fingerprint(CA));
    let ours = Presented::from_blob(&of(1, &[b"peter"], CA)).unwrap();
    let theirs = Presented::from_blob(&of(1, &[b"peter"], OTHER)).unwrap();
    let outcome = |presented, list: &str| {
        decision_at(list, presented, "www", "web1", &moment())
            .unwrap()
            .outcome
    };
    assert!(matches!(outcome(&ours, &list), Outcome::Line { .. }));
    assert_eq!(outcome(&theirs, &list), Outcome::Nothing(Why::OtherCa));
    assert!(matches!(
        outcome(&theirs, "peter www *\n"),
        Outcome::Line { .. }
    ));
    let both = format!("@ca old {}\n{list}", fingerprint(OTHER));
    assert!(matches!(outcome(&theirs, &both), Outcome::Line { .. }));
}

#[test]
fn a_host_certificate_gets_nothing() {
    let host = Presented::from_blob(&of(2, &[b"peter"], CA)).unwrap();
    let decision = decision_at("peter www *\n", &host, "www", "web1", &moment()).unwrap();
    assert_eq!(decision.outcome, Outcome::Nothing(Why::HostCertificate));
}

#[test]
fn a_certificate_without_principals_gets_nothing_from_any_line() {
    let list = with_suffixes("* * *\n");
    assert_eq!(why(&list, &[], "www", "web1"), Why::NotListed);
}

#[test]
fn for_accounts_of_known_a_certificate_that_nobody_told_of_gets_nothing() {
    let list = format!(
        "@ca users {}\n@known root,post* 2h\npeter root,postgres,www *\n",
        fingerprint(CA)
    );
    let not_told = Why::NotTold { ca: "users".into() };
    assert_eq!(why(&list, &["peter"], "root", "web1"), not_told);
    assert_eq!(why(&list, &["peter"], "postgres", "web1"), not_told);
    assert!(lets_in(&list, "peter", "www", "web1"));
}

struct Told(Standing);

impl KnownCertificates for Told {
    fn standing(&self, ca: &str, _certificate: &Presented, seconds_max: u64) -> Standing {
        assert_eq!((ca, seconds_max), ("users", 3_600));
        self.0
    }
}

/// What a list of this many seconds says to Peter as root, whose certificate stands so.
fn told(standing: Standing, age: u64, stale: &str) -> Outcome {
    let text = format!(
        "@ca users {}\n@known * 2h\n@known root 1h\n@version {NOW}\n{stale}peter root *\n",
        fingerprint(CA)
    );
    let list = List::parse(text.as_bytes()).unwrap();
    let presented = Presented::from_blob(&user(&["peter"])).unwrap();
    let query = Query::new(["peter"], "root", Host::parse("web1").unwrap()).unwrap();
    let moment = Moment {
        now: NOW + age,
        ..moment()
    };
    let asking = Asking {
        certificate: Some(&presented),
        query: &query,
        moment: &moment,
        known: &Told(standing),
    };
    let decided = decide(list.header(), list.entries().iter().copied(), &asking).unwrap();
    assert_eq!(decided.standing, Some(standing));
    decided.outcome
}

#[test]
fn an_account_of_known_lets_in_what_the_ledger_knows_and_asks_by_the_shortest_time() {
    let lets_in = |standing| matches!(told(standing, 0, ""), Outcome::Line { .. });
    assert!(lets_in(Standing::Known) && lets_in(Standing::Emergency));
    let ca = || "users".to_owned();
    let unknown = told(Standing::Unknown, 0, "");
    assert_eq!(unknown, Outcome::Nothing(Why::NotKnown { ca: ca() }));
    let not_told = told(Standing::NotTold, 0, "");
    assert_eq!(not_told, Outcome::Nothing(Why::NotTold { ca: ca() }));
}

/// Else blocking the fetch would open the door that it guards.
#[test]
fn who_a_stale_list_lets_in_still_has_to_be_known_and_emergencies_need_no_exception() {
    let week = 7 * 86_400 + 1;
    let lets_in = |standing, stale| matches!(told(standing, week, stale), Outcome::Line { .. });
    for stale in ["@stale 7d peter\n", "@stale 7d\n"] {
        assert!(lets_in(Standing::Emergency, stale), "{stale}");
        assert!(!lets_in(Standing::NotTold, stale), "{stale}");
        assert!(!lets_in(Standing::Unknown, stale), "{stale}");
    }
    // What is known counts as anywhere: from a list that is too old, by its exceptions alone.
    assert!(lets_in(Standing::Known, "@stale 7d peter\n"));
    assert!(!lets_in(Standing::Known, "@stale 7d\n"));
}

/// What a list of known certificates of this age says to a certificate, and to another.
#[test]
fn a_list_knows_by_its_digests_until_it_is_too_old_and_then_those_for_emergencies_alone() {
    let presented = |name| Presented::from_blob(&user(&[name])).unwrap();
    let (anna, peter, eve) = (presented("anna"), presented("peter"), presented("eve"));
    let all = vec![*anna.digest(), *peter.digest()];
    let drawer = vec![*peter.digest()];
    let times = (NOW, NOW);
    let list = |ca| KnownList::new("users", ca, times, None, all.clone(), drawer.clone()).unwrap();
    let ours = list(*anna.ca());
    let at = |now, certificate| ours.at(now).standing("users", certificate, 100);
    for now in [NOW - 300, NOW, NOW + 100] {
        assert_eq!(at(now, &anna), Standing::Known);
        assert_eq!(at(now, &peter), Standing::Known);
        assert_eq!(at(now, &eve), Standing::Unknown);
    }
    for now in [NOW - 301, NOW + 101] {
        assert_eq!(at(now, &anna), Standing::NotTold);
        assert_eq!(at(now, &peter), Standing::Emergency);
        assert_eq!(at(now, &eve), Standing::NotTold);
    }
    // The list of another CA says nothing, whatever its file is called.
    let other = list([1; 32]);
    let standing = other.at(NOW).standing("users", &anna, 100);
    assert_eq!(standing, Standing::NotTold);
}

#[test]
fn a_group_that_no_directory_resolved_is_doubt_for_everybody() {
    let list = "@group ops = directory \"cn=ops,dc=example\" suffix _physical\npeter www *\n";
    let presented = Presented::from_blob(&user(&["peter"])).unwrap();
    let doubt = decision_at(list, &presented, "www", "web1", &moment()).unwrap_err();
    assert_eq!(doubt, Doubt::Unresolved("ops".into()));
}
