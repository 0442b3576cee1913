//! Bundles that no version would have signed, or not so.

use super::*;

/// Ole is a registrar for role `engineer`, by key 40.
fn registrar(history: &mut History) {
    history.enrol("ole", Credential::Key(blob(40)));
    history.push(Event::DutiesSet(DutiesSet {
        name: "ole".to_owned(),
        registrar: vec!["engineer".to_owned()],
        ..DutiesSet::default()
    }));
}

fn taken(history: &mut History, id: u8, before: u8) {
    history.push(Event::BundleTaken(BundleTaken {
        id: [id; 16],
        sha256: [id; 32],
        before: [before; 32],
        items: 2,
        registrar: "ole".to_owned(),
        key: blob(40),
        ..BundleTaken::default()
    }));
}

fn closed(history: &mut History, id: u8, is_signed: u8, refused: &[(u64, &str)]) {
    let refused = refused
        .iter()
        .map(|(number, why)| (*number, (*why).to_owned()));
    history.push(Event::BundleClosed(BundleClosed {
        id: [id; 16],
        is_signed,
        refused: refused.collect(),
        reason: if is_signed == 0 { "lost" } else { "" }.to_owned(),
        keyboard: String::new(),
    }));
}

/// A certificate by the word of a registrar.
fn by_word(history: &mut History, change: impl FnOnce(&mut Reserved)) {
    history.reserve_with(Content::of(10, 1), |reserved| {
        let grounds = reserved.grounds.as_mut().unwrap();
        grounds.known.as_mut().unwrap().by = "registrar".to_owned();
        change(reserved);
    });
}

#[test]
fn bundles_in_order_and_the_word_of_their_registrar_are_in_order() {
    let mut history = History::begun();
    registrar(&mut history);
    taken(&mut history, 1, 0);
    by_word(&mut history, |_| ());
    closed(&mut history, 1, 1, &[(2, "refused")]);
    taken(&mut history, 2, 1);
    closed(&mut history, 2, 0, &[]);
    // One that was lost before anybody saw it here.
    closed(&mut history, 7, 0, &[]);
    taken(&mut history, 3, 1);
    closed(&mut history, 3, 1, &[]);
    assert_eq!(said(&history), Vec::<String>::new());
}

#[test]
fn a_bundle_that_nobody_would_have_signed_or_not_so() {
    assert_named(&[
        (
            |history| taken(history, 1, 0),
            "broken 4: the bundle was made by somebody who is no registrar",
        ),
        (
            |history| {
                registrar(history);
                history.unenrol("ole", Credential::Key(blob(40)));
                taken(history, 1, 0);
            },
            "broken 7: the bundle was made by somebody who is no registrar",
        ),
        (
            |history| {
                registrar(history);
                taken(history, 1, 9);
            },
            "broken 6: the bundle follows another than the last",
        ),
        (
            |history| {
                registrar(history);
                taken(history, 1, 0);
                taken(history, 2, 1);
            },
            "broken 7: the bundle is taken while another is signed",
        ),
        (
            |history| {
                registrar(history);
                taken(history, 1, 0);
                closed(history, 1, 1, &[]);
                taken(history, 1, 1);
            },
            "broken 8: the bundle has an id that an earlier one has",
        ),
        (
            |history| {
                registrar(history);
                taken(history, 1, 0);
                closed(history, 1, 0, &[]);
                closed(history, 1, 0, &[]);
            },
            "broken 8: the bundle ends and was void before",
        ),
        (
            |history| closed(history, 1, 1, &[]),
            "broken 4: the bundle ends and was not under way",
        ),
        (
            |history| {
                registrar(history);
                taken(history, 1, 0);
                closed(history, 1, 1, &[(3, "refused")]);
            },
            "broken 7: the bundle ends by what can't be of it",
        ),
    ]);
}

#[test]
fn a_word_that_counts_for_nobody() {
    let not_known = "was not known by \"registrar\"";
    let said_of = |forge: &dyn Fn(&mut History)| {
        let mut history = History::begun();
        registrar(&mut history);
        forge(&mut history);
        said(&history).join("; ")
    };
    let begun = |change: fn(&mut Reserved)| {
        said_of(&move |history| {
            taken(history, 1, 0);
            by_word(history, change);
        })
    };
    assert_eq!(begun(|_| ()), "");
    for words in [
        said_of(&|history| by_word(history, |_| ())),
        said_of(&|history| {
            taken(history, 1, 0);
            closed(history, 1, 1, &[]);
            by_word(history, |_| ());
        }),
        begun(|reserved| reserved.role = "boss".to_owned()),
        begun(|reserved| reserved.requester = "ole".to_owned()),
    ] {
        assert!(words.contains(not_known), "{words}");
    }
}

/// One that ole signed is taken, beside entries of this keyboard that revoke a key and bar somebody.
fn pending(history: &mut History, keyboard: &str, (key, barred): (u8, &str)) {
    history.push(Event::Revoked(Revoked {
        keys: vec![blob(key)],
        keyboard: keyboard.to_owned(),
        ..Revoked::default()
    }));
    if !barred.is_empty() {
        history.push(Event::Barred(Barred {
            requesters: vec![barred.to_owned()],
            keyboard: keyboard.to_owned(),
            ..Barred::default()
        }));
    }
    pending_alone(history);
}

fn pending_alone(history: &mut History) {
    history.push(Event::PendingTaken(PendingTaken {
        sha256: [1; 32],
        revoker: "ole".to_owned(),
        key: blob(40),
        keyboard: "root".to_owned(),
        ..PendingTaken::default()
    }));
}

fn refused(history: &mut History, why: &str) {
    history.push(Event::PendingRefused(PendingRefused {
        sha256: [1; 32],
        revoker: "ole".to_owned(),
        key: blob(40),
        why: why.to_owned(),
        ..PendingRefused::default()
    }));
}

/// Ole is a revoker, by key 40.
fn revoker(history: &mut History) {
    history.enrol("ole", Credential::Key(blob(40)));
    history.push(Event::DutiesSet(DutiesSet {
        name: "ole".to_owned(),
        revoker: true,
        ..DutiesSet::default()
    }));
}

const OLES: &str = "ole, a revoker; taken in by root";

#[test]
fn a_revocation_that_was_pending_and_ends_its_own_revoker_is_in_order() {
    let mut history = History::begun();
    revoker(&mut history);
    pending(&mut history, OLES, (40, "ole"));
    assert_eq!(said(&history), Vec::<String>::new());
}

#[test]
fn a_revocation_that_was_pending_ends_once_by_a_revoker_and_beside_what_it_revokes() {
    assert_named(&[
        (
            |history| {
                registrar(history);
                pending(history, OLES, (41, ""));
            },
            "broken 7: the revocation that was pending was made by somebody who is no revoker",
        ),
        (
            |history| {
                revoker(history);
                history.push(Event::Revoked(Revoked {
                    keys: vec![blob(40)],
                    ..Revoked::default()
                }));
                pending(history, OLES, (41, ""));
            },
            "broken 8: the revocation that was pending was made by somebody who is no revoker",
        ),
        (
            |history| {
                revoker(history);
                history.push(Event::Barred(Barred {
                    requesters: vec!["ole".to_owned()],
                    ..Barred::default()
                }));
                pending(history, OLES, (41, "ole"));
            },
            "broken 9: the revocation that was pending was made by somebody who is no revoker",
        ),
        (
            |history| {
                revoker(history);
                pending(history, OLES, (41, ""));
                pending(history, OLES, (42, ""));
            },
            "broken 9: the revocation that was pending was taken or refused before",
        ),
        (
            |history| {
                revoker(history);
                pending_alone(history);
            },
            "broken 6: the revocation that was pending is not beside what it revokes",
        ),
        (
            |history| {
                revoker(history);
                pending(history, "root", (41, ""));
            },
            "broken 7: the revocation that was pending is not beside what it revokes",
        ),
        (
            |history| {
                revoker(history);
                refused(history, "ole is no revoker");
                pending(history, OLES, (41, ""));
            },
            "broken 8: the revocation that was pending was taken or refused before",
        ),
        (
            |history| refused(history, ""),
            "broken 4: the revocation that was pending is refused without a reason",
        ),
        (
            |history| {
                registrar(history);
                history.push(Event::Revoked(Revoked {
                    keys: vec![blob(40)],
                    ..Revoked::default()
                }));
                taken(history, 1, 0);
            },
            "broken 7: the bundle was signed by a key that was revoked",
        ),
    ]);
}
