//! What versions before format 4 did by known faults: findings of their own, no forgery.

use super::*;
use crate::ledger::entry::*;
use history::{Content, LEDGER, USERS};

/// What a version of format 3 did; it is given a policy that reserves `_physical`.
type Fault3 = fn(&mut History, &str);

#[test]
fn a_request_signed_twice_after_an_older_ledger_went_on() {
    let mut history = History::of_format_3();
    let asked = |reserved: &mut Reserved| {
        reserved.grounds.as_mut().unwrap().request_id = Some([5; 16]);
    };
    let first = history.reserve_with(Content::of(10, 1), asked);
    history.issue(first);
    history.resume(2, 9);
    history.reserve_with(Content::of(10, 10), asked);
    let found = history.replay(Signatures::Check).findings;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].fault, Fault::RequestUsed);
    let version = "punchmark 0.1.0".to_owned();
    assert_eq!(found[0].grade, Grade::OlderVersion { version });
}

#[test]
fn the_faults_of_format_3_are_named_by_entry_and_version() {
    let physical = r#"{"suffixes":{"physical":{"suffix":"_physical"}}}"#;
    let faults: [(Fault3, &str); 7] = [
        (
            |history, _| {
                history.certificate(LEDGER);
                history.head(LEDGER);
            },
            "older 6: key SHA256:… is a subject's or a CA's, and no ledger's",
        ),
        (
            |history, _| {
                history.certificate(10);
                history.ca("more", 10, Purpose::User);
            },
            "older 6: the key of the CA was certified as a subject's before",
        ),
        (
            |history, _| {
                history.revoke_key(USERS);
                history.certificate(10);
            },
            "older 5: the key of its CA was revoked before",
        ),
        (
            |history, _| {
                history.certificate_of(Content::of(10, 2));
            },
            "older 4: serial 2 comes next, and 1 was left out",
        ),
        (
            |history, _| {
                history.time -= 3600;
                history.resume(1, 9);
            },
            "older 4: its time is 3599 s before that of the entry before it",
        ),
        (
            |history, _| {
                history.push(Event::Revoked(Revoked {
                    keys: vec![b"no key".to_vec()],
                    ..Revoked::default()
                }));
            },
            "older 4: it revokes a key that no KRL can name",
        ),
        (
            |history, physical| {
                let policy = history.policy(physical);
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.grounds.as_mut().unwrap().policy = policy;
                });
                let by_hand = Content {
                    principals: vec!["peter_physical"],
                    ..Content::of(10, 2)
                };
                history.reserve(by_hand);
            },
            "older 6: principal \"peter_physical\" ends in the reserved \"_physical\", and the config of that day did not know it",
        ),
    ];
    for (forge, words) in faults {
        let mut history = History::of_format_3();
        forge(&mut history, physical);
        assert_eq!(said(&history), [words]);
    }
}
