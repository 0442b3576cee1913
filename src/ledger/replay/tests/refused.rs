//! Whatever the writer refuses, the replay finds: a row for each variant of its errors.
//!
//! A match over each error makes the rows, so that a new variant does not compile without one.

use super::*;
use crate::ledger::entry::*;
use crate::ledger::rules::SuffixesError;
use crate::ledger::{BindError, ClockError, EnrolError, LedgerError, LoginError, ReserveError};
use crate::policy::Refusal;
use history::{Content, HOSTS, LEDGER, USERS};

/// What becomes of an entry that the writer would have refused.
enum Row {
    /// It is named, by position 5 and up: the hand that forges goes on behind four entries.
    Found(fn(&mut History), &'static str),
    /// No entry tells, for this reason.
    Untold(&'static str),
    /// It stands for no entry at all, for this reason.
    NoEntry(&'static str),
}
use Row::{Found, NoEntry, Untold};

/// A row for each variant, or for several that have one.
macro_rules! rows {
    ($error:ident: $($variant:ident $(| $more:ident)* => $row:expr),+ $(,)?) => {{
        // Never called: it is there to name every variant.
        let _all_have_a_row = |error: &$error| match error {
            $($error::$variant { .. } $(| $error::$more { .. })* => {}),+
        };
        vec![$((concat!(stringify!($error), "::", stringify!($variant)), $row)),+]
    }};
}

mod decided;
mod logins;
mod reserved;
mod revocation;

#[track_caller]
fn hold(rows: Vec<(&'static str, Row)>) {
    for (name, row) in rows {
        let (forge, words) = match row {
            Found(forge, words) => (forge, words),
            Untold(reason) | NoEntry(reason) => {
                assert!(!reason.is_empty(), "{name}");
                continue;
            }
        };
        let mut history = History::begun();
        history.ledger_key(LEDGER, HEADS | LISTS);
        forge(&mut history);
        assert_eq!(said(&history), [words], "{name}");
    }
}

fn revoked(history: &mut History, revoked: Revoked) {
    history.push(Event::Revoked(revoked));
}

fn weak() -> Vec<u8> {
    let line = include_str!("../../../../softhsm-tests/vectors/weak-keys/ed25519-order-4.pub");
    let key = ssh_key::PublicKey::from_openssh(line).unwrap();
    key.to_bytes().unwrap()
}

#[test]
fn an_entry_that_the_ledger_refuses() {
    hold(rows!(LedgerError:
        CaKnown => Found(
            |history| {
                history.ca("users", 4, Purpose::User);
            },
            "broken 5: its name or key is a CA's already",
        ),
        Damaged | Head | UnknownKind => NoEntry("the file is at fault, and not what is written"),
        Clock => NoEntry("the rows of its own error stand for it"),
        CeremonyKnown => Found(
            |history| {
                let held = CeremonyHeld {
                    plan: [1; 32],
                    transcript: [2; 32],
                    words: crate::wire::words(&[2; 32]),
                    keyboard: String::new(),
                };
                history.push(Event::CeremonyHeld(held.clone()));
                history.push(Event::CeremonyHeld(held));
            },
            "broken 6: the ceremony has a transcript that an earlier one has",
        ),
        Stage => Found(
            |history| {
                history.push(Event::StageReached(StageReached {
                    old: 1,
                    new: 1,
                    stage: Stage::Made,
                    word: String::new(),
                    keyboard: String::new(),
                }));
            },
            "broken 5: a CA can't have taken the place of another so far: \
             a CA can't take its own place",
        ),
        Secrets => Found(
            |history| {
                for _ in 0..2 {
                    history.push(Event::SecretsDerived(SecretsDerived {
                        device: "yubikey:serial=12345679".to_owned(),
                        serial: "12345679".to_owned(),
                        generation: 1,
                        counter: 1,
                        check: [1; 32],
                        set: SecretsSet::Done,
                        keyboard: String::new(),
                    }));
                }
            },
            "broken 6: of the secrets of a device it says what can't be: \
             its generation and counter don't follow those of before",
        ),
        Copy => Found(
            |history| {
                for _ in 0..2 {
                    history.push(Event::CopySeen(CopySeen {
                        ca: 1,
                        kind: CopyKind::Imported,
                        became: Became::Made,
                        device: "yubikey:serial=12345679;slot-id=9c".to_owned(),
                        holder: String::new(),
                        word: String::new(),
                        keyboard: String::new(),
                    }));
                }
            },
            "broken 6: of a copy of the CA's key it says what can't be: it is there already",
        ),
        IsLedgerKey => Found(
            |history| {
                history.ca("more", LEDGER, Purpose::User);
            },
            "broken 5: the key of the CA is the ledger's own",
        ),
        SubjectBecomesCa => Found(
            |history| {
                history.certificate(10);
                history.ca("more", 10, Purpose::User);
            },
            "broken 7: the key of the CA was certified as a subject's before",
        ),
        RevokedBecomesCa => Found(
            |history| {
                history.revoke_key(10);
                history.ca("more", 10, Purpose::User);
            },
            "broken 6: the key of the CA was revoked before",
        ),
        EnrolledBecomesCa => Found(
            |history| {
                history.enrol("erik", Credential::Key(blob(10)));
                history.ca("more", 10, Purpose::User);
            },
            "broken 6: the key of the CA was enrolled as a requester's",
        ),
        SubjectOrCa => Found(
            |history| {
                history.certificate(10);
                history.ledger_key(10, HEADS);
            },
            "broken 7: key SHA256:… is a subject's or a CA's, and no ledger's",
        ),
        Unfit => Found(
            |history| {
                history.push(Event::LedgerKeyAdded(LedgerKeyAdded {
                    key: weak(),
                    purposes: HEADS,
                    place: String::new(),
                    keyboard: String::new(),
                }));
            },
            "broken 5: the ledger key is not fit for it: the private half of the key is no secret: its point is of small order",
        ),
        LedgerKeyPurpose => Found(
            |history| {
                history.ledger_key(4, HEADS);
                let list = ListSigned { signer: blob(4), size: 0, root: [0; 32] };
                history.krl_with(1, Some(list));
            },
            "broken 6: key SHA256:… is not for lists",
        ),
        NothingToCorrect => Found(
            |history| {
                history.push(Event::ClockCorrected(ClockCorrected {
                    wrong: history.time,
                    reason: String::new(),
                    keyboard: String::new(),
                }));
            },
            "broken 5: it corrects a time that was not wrong",
        ),
        NoLedgerKey => Found(
            |history| {
                history.push(Event::LedgerKeyRevoked(LedgerKeyRevoked {
                    key: blob(4),
                    last_size: 1,
                    reason: String::new(),
                    keyboard: String::new(),
                }));
            },
            "broken 5: the ledger key is malformed, or for nothing",
        ),
        LedgerKeyEnded => Found(
            |history| {
                history.push(Event::LedgerKeyRevoked(LedgerKeyRevoked {
                    key: blob(LEDGER),
                    last_size: 1,
                    reason: String::new(),
                    keyboard: String::new(),
                }));
                history.krl(1);
            },
            "broken 6: key SHA256:… was ended before",
        ),
        Rollover => Found(
            |history| {
                let mut rolled = history.rolled(LEDGER, 4);
                rolled.purposes = HEADS | LISTS;
                history.push(Event::LedgerKeyRolled(rolled));
            },
            "broken 5: the rollover is not signed by both keys",
        ),
        Delegation => Found(
            |history| {
                history.ledger_key(4, LISTS);
                let delegated = history.delegated(LEDGER, 4, 2);
                history.push(Event::ListsDelegated(delegated));
            },
            "broken 6: of the delegation of lists: its number is not that of the next one",
        ),
        OutcomeKnown => Found(
            |history| {
                let reserved = history.certificate(10);
                history.fail(reserved);
            },
            "broken 7: the outcome of entry 5 was recorded before",
        ),
        KrlVersion => Found(
            |history| {
                history.krl(7);
                history.krl(7);
            },
            "broken 6: KRL 7 is no newer than KRL 7",
        ),
        ChallengeKnown => Found(
            |history| {
                history.challenge(8, NOW + 600);
                history.challenge(8, NOW + 600);
            },
            "broken 6: the number of the challenge was used before",
        ),
        OtherHead => Found(
            |history| {
                history.signed_head(LEDGER, 2, [9; 32]);
            },
            "broken 5: the head of 2 entries is not one of this ledger",
        ),
        Open | Unkept | Frames => NoEntry("the file is at fault, and not what is written"),
        Entry => Found(
            |history| {
                history.push(Event::Bound(Bound {
                    ca: 3,
                    device: String::new(),
                    keyboard: String::new(),
                }));
            },
            "broken 5: it refers to entry 3, which is not what it should be",
        ),
        Key => Found(
            |history| {
                history.push(Event::CaAdded(CaAdded {
                    name: "more".to_owned(),
                    public_key: b"none".to_vec(),
                    purpose: Purpose::User,
                    origin: Origin::Generated,
                    token_says: String::new(),
                    next_serial: 1,
                    keyboard: String::new(),
                }));
            },
            "broken 5: the public key of the CA is malformed",
        ),
        Facts => Found(
            |history| {
                history.evidence(10, "piv", "no JSON");
            },
            "broken 5: its evidence says another form of facts",
        ),
        Mirror => NoEntry("a mirror and its ledger have the same entries"),
        Random => NoEntry("salt and nonce of an entry may be any bytes"),
    ));
}

#[test]
fn a_time_that_the_ledger_refuses() {
    hold(rows!(ClockError:
        BehindLedger => Found(
            |history| {
                history.time -= 3600;
                history.challenge(8, NOW + 600);
            },
            "broken 5: its time is 3599 s before that of the entry before it",
        ),
        BeforeBuild => Untold("the entry does not say when its program was built; what was \
            written before there was one is found"),
        NoClock => Found(
            |history| {
                history.time = u64::MAX - 1;
                history.push(Event::HeadPlaces(HeadPlaces {
                    places: Vec::new(),
                    keyboard: String::new(),
                }));
                history.time = NOW;
            },
            "broken 5: its time is 18446744073709551615, which no clock showed that the program goes by",
        ),
        LeapAhead => Found(
            |history| {
                history.time += 401 * 86_400;
                history.ca("more", 4, Purpose::User);
            },
            "odd 5: its time is 401 days after that of the entry before it",
        ),
    ));
}

#[test]
fn suffixes_that_the_ledger_refuses() {
    hold(rows!(SuffixesError:
        TakenOff => Found(
            |history| {
                history.suffixes(&[("_physical", r#"{"kinds":["piv"]}"#, 0)]);
                history.suffixes(&[]);
            },
            "broken 6: suffix \"_physical\" was reserved before, and is not any more",
        ),
        Weaker => Found(
            |history| {
                history.suffixes(&[("_physical", r#"{"kinds":["piv"]}"#, 0)]);
                history.suffixes(&[("_physical", r#"{"kinds":["piv","sk"]}"#, 0)]);
            },
            "broken 6: suffix \"_physical\" asks for less than before",
        ),
        Ended => Found(
            |history| {
                history.suffixes(&[("_physical", r#"{"kinds":["piv"]}"#, 1)]);
                history.suffixes(&[("_physical", r#"{"kinds":["piv"]}"#, 0)]);
            },
            "broken 6: suffix \"_physical\" asks for less than before",
        ),
        EndsInAnother => Found(
            |history| {
                history.suffixes(&[("_file", "", 0), ("_my_file", "", 0)]);
            },
            "broken 5: suffix \"_my_file\" ends in suffix \"_file\"",
        ),
        Unreadable => Found(
            |history| {
                history.suffixes(&[("a,b", "", 0)]);
            },
            "broken 5: \"a,b\" is no suffix",
        ),
        Ledger => NoEntry("the rows of its own error stand for it"),
    ));
}
