//! What ledger keys signed: heads, lists, and that one took over.

use super::*;

#[test]
fn a_head_that_never_was_or_by_a_key_that_is_not_for_it() {
    assert_named(&[
        (
            |history| {
                history.ledger_key(LEDGER, HEADS);
                history.signed_head(LEDGER, 2, [9; 32]);
            },
            "broken 5: the head of 2 entries is not one of this ledger",
        ),
        (
            |history| {
                let root = history.root();
                history.ledger_key(LEDGER, HEADS);
                history.signed_head(LEDGER, 5, root);
            },
            "broken 5: the head of 5 entries is not one of this ledger",
        ),
        (
            |history| {
                let list = ListSigned {
                    signer: blob(LEDGER),
                    size: 1,
                    root: [9; 32],
                };
                history.ledger_key(LEDGER, LISTS);
                history.krl_with(1, Some(list));
            },
            "broken 5: the head of 1 entries is not one of this ledger",
        ),
        (
            |history| {
                history.push(Event::HeadAdopted(HeadAdopted {
                    size: 1,
                    root: [9; 32],
                    word: "paper".to_owned(),
                    keyboard: String::new(),
                }));
            },
            "broken 4: the head of 1 entries is not one of this ledger",
        ),
        (
            |history| {
                history.ledger_key(LEDGER, LISTS);
                history.ledger_key(4, HEADS);
                history.head(LEDGER);
            },
            "broken 6: key SHA256:… is not for heads",
        ),
        (
            |history| {
                history.ledger_key(LEDGER, HEADS);
                history.krl(1);
            },
            "broken 5: key SHA256:… is not for lists",
        ),
        (
            |history| {
                // A format 4 ledger, by an entry that no other has.
                history.ledger_key(4, RECEIPTS);
                history.head(LEDGER);
            },
            "broken 5: key SHA256:… is not for heads",
        ),
        (
            |history| {
                history.ledger_key(LEDGER, LISTS);
                history.krl(1);
                history.push(Event::LedgerKeyRevoked(LedgerKeyRevoked {
                    key: blob(LEDGER),
                    last_size: 3,
                    reason: String::new(),
                    keyboard: String::new(),
                }));
                history.krl(2);
            },
            "broken 7: key SHA256:… was ended before",
        ),
        (
            |history| {
                history.ledger_key(LEDGER, LISTS);
                history.krl(1);
                history.push(Event::LedgerKeyRevoked(LedgerKeyRevoked {
                    key: blob(LEDGER),
                    last_size: 5,
                    reason: String::new(),
                    keyboard: String::new(),
                }));
                let signer = blob(LEDGER);
                history.krl_with(
                    2,
                    Some(ListSigned {
                        signer,
                        size: 0,
                        root: [0; 32],
                    }),
                );
            },
            "broken 7: key SHA256:… was ended before",
        ),
        (
            |history| {
                history.certificate(10);
                history.ledger_key(10, HEADS);
            },
            "broken 6: key SHA256:… is a subject's or a CA's, and no ledger's",
        ),
        (
            |history| {
                history.ledger_key(USERS, HEADS);
            },
            "broken 4: key SHA256:… is a subject's or a CA's, and no ledger's",
        ),
        (
            |history| {
                history.ledger_key(LEDGER, 0);
            },
            "broken 4: the ledger key is malformed, or for nothing",
        ),
    ]);
}

#[test]
fn a_rollover_that_one_key_did_not_sign() {
    let mut history = History::begun();
    history.ledger_key(LEDGER, HEADS);
    let good = history.rolled(LEDGER, 4);
    let mut forged = history.clone();
    history.push(Event::LedgerKeyRolled(good.clone()));
    history.head(4);
    assert_eq!(said(&history), Vec::<String>::new());
    history.head(LEDGER);
    assert_eq!(said(&history), ["broken 7: key SHA256:… was ended before"]);
    forged.push(Event::LedgerKeyRolled(LedgerKeyRolled {
        by_old: good.by_new.clone(),
        ..good
    }));
    assert_eq!(
        said(&forged),
        ["broken 5: the rollover is not signed by both keys"]
    );
}

#[test]
fn lists_are_delegated_by_and_to_keys_that_sign_lists_one_after_the_other() {
    let mut history = History::begun();
    history.ledger_key(LEDGER, LISTS);
    history.ledger_key(4, LISTS);
    for number in [1, 2] {
        let delegated = history.delegated(LEDGER, 4, number);
        history.push(Event::ListsDelegated(delegated));
    }
    assert_eq!(said(&history), Vec::<String>::new());
    type Change = fn(&mut ListsDelegated);
    let changes: [(Change, &str); 4] = [
        (
            |one| one.number = 2,
            "its number is not that of the next one",
        ),
        (|one| one.until = 1, "it is over before it begins"),
        (
            |one| one.until -= 1,
            "it is not signed by the key that it names",
        ),
        (
            |one| one.word.clear(),
            "it is not signed by the key that it names",
        ),
    ];
    for (change, why) in changes {
        let mut forged = history.clone();
        let mut delegated = history.delegated(LEDGER, 4, 3);
        change(&mut delegated);
        forged.push(Event::ListsDelegated(delegated));
        let words = format!("broken 8: of the delegation of lists: {why}");
        assert_eq!(said(&forged), [words]);
    }
    for (by, key) in [(LEDGER, 5), (5, 4)] {
        let mut forged = history.clone();
        let delegated = history.delegated(by, key, 3);
        forged.push(Event::ListsDelegated(delegated));
        let words = "broken 8: key SHA256:… is not for lists";
        assert_eq!(said(&forged), [words]);
    }
}

#[test]
fn a_krl_that_is_no_newer_and_a_revocation_of_nothing() {
    assert_named(&[
        (
            |history| {
                history.ledger_key(LEDGER, LISTS);
                history.krl(7);
                history.krl(7);
            },
            "broken 6: KRL 7 is no newer than KRL 7",
        ),
        (
            |history| {
                history.ledger_key(LEDGER, LISTS);
                history.resume_with(1, 9, 7);
                history.krl(7);
            },
            "broken 6: KRL 7 is no newer than KRL 7",
        ),
        (
            |history| {
                history.push(Event::Revoked(Revoked::default()));
            },
            "odd 4: it revokes nothing",
        ),
    ]);
}
