//! Which lists are taken, and why others aren't.

use super::super::signatures::tests::{allowed, of};
use super::*;

const NOW: u64 = 1_795_000_000;

struct Case<'a> {
    by: &'a [u8],
    at_least: usize,
    mark: Option<(u64, &'a str)>,
    installed: Option<&'a str>,
    host: Option<&'a str>,
    accept: Option<u64>,
    resolves: Resolves,
}

const CASE: Case<'static> = Case {
    by: &[1, 2],
    at_least: 2,
    mark: None,
    installed: None,
    host: None,
    accept: None,
    resolves: Resolves::Publisher,
};

fn judged(list: &str, case: &Case<'_>) -> Result<Judged, Refusal> {
    let signers = allowed(&[("anna", 1), ("anna", 4), ("ole", 2)]);
    let host = case.host.map(|host| Host::parse(host).unwrap());
    let mark = case.mark.map(|(version, list)| ListMark {
        version,
        sha256: Sha256::digest(list).into(),
    });
    let expected = Expected {
        signers: &signers,
        at_least: case.at_least,
        mark,
        host: host.as_ref(),
        now: NOW,
        zone: &|| TimeZone::UTC,
        resolves: case.resolves,
        accept_version: case.accept,
    };
    let signatures = of(case.by, list.as_bytes());
    judge(
        list.as_bytes(),
        &signatures,
        case.installed.map(str::as_bytes),
        &expected,
    )
}

fn list(version: u64, more: &str) -> String {
    format!("peter www *\nanna root *\n{more}@version {version}\n")
}

#[test]
fn enough_persons_must_have_signed() {
    let text = list(NOW, "");
    assert_eq!(judged(&text, &CASE).unwrap().persons, ["anna", "ole"]);
    for by in [&[1][..], &[1, 4], &[1, 9]] {
        let refused = judged(&text, &Case { by, ..CASE }).unwrap_err();
        let (signed, wanted) = (vec!["anna".to_owned()], 2);
        assert_eq!(refused, Refusal::Persons { signed, wanted });
    }
    // Nobody is none, whatever is asked for.
    let case = Case {
        by: &[9],
        at_least: 0,
        ..CASE
    };
    assert!(matches!(
        judged(&text, &case),
        Err(Refusal::Persons { wanted: 1, .. })
    ));
}

#[test]
fn a_list_that_was_believed_needs_no_signers_of_today() {
    let text = list(NOW, "");
    let case = Case {
        by: &[9],
        mark: Some((NOW, &text)),
        ..CASE
    };
    assert_eq!(judged(&text, &case).unwrap().persons, [""; 0]);
}

#[test]
fn no_version_goes_back_or_far_ahead_but_by_roots_word() {
    let (older, same, newer) = (list(NOW - 1, ""), list(NOW, "# 2\n"), list(NOW + 1, ""));
    let seen = list(NOW, "");
    for (mark, installed) in [(Some((NOW, &*seen)), None), (None, Some(&*seen))] {
        let case = Case {
            mark,
            installed,
            ..CASE
        };
        let refused = judged(&older, &case).unwrap_err();
        assert_eq!(
            refused,
            Refusal::Older {
                seen: NOW,
                fetched: NOW - 1
            }
        );
        assert!(judged(&newer, &case).is_ok());
        assert!(
            judged(
                &older,
                &Case {
                    accept: Some(NOW - 1),
                    ..case
                }
            )
            .is_ok()
        );
    }
    let case = Case {
        mark: Some((NOW, &seen)),
        ..CASE
    };
    assert_eq!(judged(&same, &case), Err(Refusal::SameVersion(NOW)));
    let far = NOW + 86_401;
    let refused = judged(&list(far, ""), &CASE).unwrap_err();
    assert_eq!(
        refused,
        Refusal::Ahead {
            version: far,
            days: 1
        }
    );
    assert!(
        judged(
            &list(far, ""),
            &Case {
                accept: Some(far),
                ..CASE
            }
        )
        .is_ok()
    );
    assert!(judged(&list(NOW + 86_400, ""), &CASE).is_ok());
}

#[test]
fn what_is_no_published_list_is_refused() {
    assert_eq!(judged("peter www *\n", &CASE), Err(Refusal::NoVersion));
    assert!(matches!(
        judged("peter www\n", &CASE),
        Err(Refusal::Invalid(_))
    ));
    let directory = "@group ops = directory \"cn=ops\" suffix _physical\n";
    assert_eq!(
        judged(&list(NOW, directory), &CASE),
        Err(Refusal::Unresolved("ops".into()))
    );
    let case = Case {
        resolves: Resolves::Server,
        ..CASE
    };
    assert!(judged(&list(NOW, directory), &case).is_ok());
}

#[test]
fn what_shrank_is_refused_unless_it_was_stamped_behind_what_is_there() {
    let before = list(NOW - 100, "a u *\nb u *\n");
    let case = Case {
        installed: Some(&before),
        ..CASE
    };
    let text = |stamp: &str| format!("peter www *\nanna www *\n{stamp}@version {NOW}\n");
    let stamp = |version: u64| text(&format!("@shrinks {version}\n"));
    let Err(Refusal::Shrunk(lost)) = judged(&text(""), &case) else {
        panic!("taken");
    };
    assert_eq!(lost, [Loss::Lines { gone: 3, before: 4 }, Loss::Root]);
    assert!(judged(&stamp(NOW - 100), &case).is_ok());
    assert!(judged(&stamp(NOW - 50), &case).is_ok());
    assert!(matches!(
        judged(&stamp(NOW - 101), &case),
        Err(Refusal::Shrunk(_))
    ));
    assert!(
        judged(
            &text(""),
            &Case {
                accept: Some(NOW),
                ..case
            }
        )
        .is_ok()
    );
    // A list that was believed may be put back over what somebody made of it.
    let text = text("");
    let case = Case {
        mark: Some((NOW, &text)),
        installed: Some(&before),
        ..CASE
    };
    assert!(judged(&text, &case).is_ok());
}

#[test]
fn canaries_go_first_and_the_others_wait() {
    let text = list(NOW - 3_000, "@canary 1h +canary web9\n");
    for host in ["web1+canary", "web9"] {
        assert!(
            judged(
                &text,
                &Case {
                    host: Some(host),
                    ..CASE
                }
            )
            .is_ok(),
            "{host}"
        );
    }
    let (version, seconds) = (NOW - 3_000, 600);
    for host in [None, Some("web1+production")] {
        let refused = judged(&text, &Case { host, ..CASE }).unwrap_err();
        assert_eq!(refused, Refusal::Waits { version, seconds }, "{host:?}");
    }
    assert!(judged(&list(NOW - 3_600, "@canary 1h +canary\n"), &CASE).is_ok());
    assert!(
        judged(
            &text,
            &Case {
                accept: Some(version),
                ..CASE
            }
        )
        .is_ok()
    );
}

#[test]
fn a_list_that_lets_too_few_sign_the_next_one_is_refused() {
    let key = super::super::signatures::tests::key(1);
    let key = key.public_key().to_openssh().unwrap();
    let text = list(NOW, &format!("@signer anna {}\n", key.trim_end()));
    let (named, wanted) = (1, 2);
    assert_eq!(
        judged(&text, &CASE),
        Err(Refusal::FewSigners { named, wanted })
    );
    assert!(
        judged(
            &text,
            &Case {
                at_least: 1,
                ..CASE
            }
        )
        .is_ok()
    );
}
