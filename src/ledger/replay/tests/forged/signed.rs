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
