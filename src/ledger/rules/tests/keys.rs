//! CA keys, ledger keys and subjects are three sets without a common member.

use super::*;
use crate::ledger::rows::sha256;

conform!(
    a_ledger_key_is_known_however_it_became_one,
    a_ledger_key_signs_what_it_was_recorded_for_and_nothing_else,
    a_key_that_anybody_can_sign_with_is_neither_a_cas_nor_the_ledgers_nor_anybodys,
    a_ledger_key_becomes_neither_subject_nor_ca_nor_anybodys,
    a_subject_or_a_ca_becomes_no_ledger_key,
    a_key_that_was_certified_revoked_or_enrolled_becomes_no_ca,
    a_ca_is_no_subject_and_ends_signing_when_its_key_is_revoked,
    a_rollover_wants_the_words_of_both_keys,
    the_place_of_a_key_is_known_once_it_was_recorded,
    the_last_size_that_is_believed_never_grows,
    a_head_that_was_never_true_is_not_recorded,
    a_krl_has_a_higher_version_than_all_before,
    what_was_revoked_is_found_by_serial_and_key_id,
);

pub(super) fn blob(seed: u8) -> Vec<u8> {
    PublicKey::from(public(seed)).to_bytes().unwrap()
}

fn configured(seed: u8) -> LedgerKeyAdded {
    LedgerKeyAdded {
        key: blob(seed),
        purposes: HEADS,
        place: String::new(),
        keyboard: String::new(),
    }
}

impl Fixture {
    fn sign_head(&mut self, seed: u8, size: u64, root: [u8; 32]) -> Result<(), LedgerError> {
        let signed = CheckpointSigned {
            size,
            root,
            key: crate::certificate::subject::fingerprint(&public(seed)),
            keyboard: String::new(),
        };
        self.ledger.record_checkpoint(signed, NOW)
    }

    pub(super) fn make_krl(&mut self, version: u64, signer: Vec<u8>) -> Result<(), LedgerError> {
        let made = KrlMade {
            version,
            sha256: [0; 32],
            keyboard: String::new(),
            list: Some(ListSigned {
                signer,
                size: 0,
                root: [0; 32],
            }),
        };
        self.ledger.record_krl(made, NOW)
    }
}

fn a_ledger_key_is_known_however_it_became_one(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let head = fixture.ledger.checkpoint().unwrap().unwrap();
    let by_format_3 = CheckpointSigned {
        size: head.size,
        root: head.root,
        key: crate::certificate::subject::fingerprint(&public(22)),
        keyboard: String::new(),
    };
    let by_format_3 = Event::CheckpointSigned(by_format_3);
    fixture.ledger.forge(by_format_3, NOW).unwrap();
    fixture.ledger.add_ledger_key(configured(20), NOW).unwrap();
    let of_lists = LedgerKeyAdded {
        purposes: LISTS,
        ..configured(21)
    };
    fixture.ledger.add_ledger_key(of_lists, NOW).unwrap();
    fixture.make_krl(1, blob(21)).unwrap();
    for seed in [20, 21, 22] {
        assert!(fixture.ledger.is_ledger_key(&public(seed)).unwrap());
        let refused = fixture.ask(wanted(seed, SerialChoice::Next));
        assert!(matches!(refused, Err(ReserveError::LedgerKey(_))), "{seed}");
    }
    let purposes = |seed| {
        let known = fixture.ledger.ledger_key(&sha256(&blob(seed)));
        known.unwrap().unwrap().purposes
    };
    assert_eq!([20, 21, 22].map(purposes), [HEADS, LISTS, HEADS]);
    assert_eq!(fixture.ledger.ledger_key(&sha256(&blob(23))).unwrap(), None);
    assert_eq!(fixture.ledger.index_fault().unwrap(), None);
}

fn a_ledger_key_signs_what_it_was_recorded_for_and_nothing_else(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let head = fixture.ledger.checkpoint().unwrap().unwrap();
    let heads = |fixture: &mut Fixture, seed| fixture.sign_head(seed, head.size, head.root);
    fixture.ledger.add_ledger_key(configured(20), NOW).unwrap();
    for refused in [fixture.make_krl(1, blob(20)), heads(&mut fixture, 21)] {
        assert!(
            matches!(refused, Err(LedgerError::LedgerKeyPurpose(_))),
            "{refused:?}"
        );
    }
    heads(&mut fixture, 20).unwrap();
    fixture.is_whole();
}

/// Whoever makes an entry, the rule is the ledger's.
fn a_key_that_anybody_can_sign_with_is_neither_a_cas_nor_the_ledgers_nor_anybodys(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let weak = include_str!("../../../../softhsm-tests/vectors/weak-keys/ed25519-order-4.pub");
    let weak = PublicKey::from_openssh(weak).unwrap().to_bytes().unwrap();
    let ledger_key = LedgerKeyAdded {
        key: weak.clone(),
        ..configured(20)
    };
    let ca = CaAdded {
        public_key: weak.clone(),
        ..added("more", 9, 1)
    };
    for refused in [
        fixture.ledger.add_ledger_key(ledger_key, NOW),
        fixture.ledger.add_ca(ca, NOW).map(drop),
    ] {
        assert!(matches!(refused, Err(LedgerError::Unfit(_))), "{refused:?}");
    }
    let enrolled = fixture.enrol("erik", Credential::Key(weak));
    assert!(matches!(enrolled, Err(EnrolError::Unfit(_))));
    fixture.is_whole();
}

fn a_ledger_key_becomes_neither_subject_nor_ca_nor_anybodys(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.ledger.add_ledger_key(configured(20), NOW).unwrap();
    let ca = fixture.ledger.add_ca(added("other", 20, 1), NOW);
    assert!(matches!(ca, Err(LedgerError::IsLedgerKey)));
    for own in [20, 1] {
        let enrolled = fixture.enrol("erik", Credential::Key(blob(own)));
        assert!(matches!(enrolled, Err(EnrolError::OwnKey)), "{own}");
    }
    let operator = fixture.enrol("operator", Credential::Key(blob(5)));
    assert!(matches!(operator, Err(EnrolError::Operator)));
}

fn a_key_that_was_certified_revoked_or_enrolled_becomes_no_ca(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.ask(wanted(5, SerialChoice::Next)).unwrap();
    let revoked = Revoked {
        keys: vec![blob(6)],
        ..Revoked::default()
    };
    let revoke = fixture.ledger.revoke_and_bar(Some(revoked), None, NOW);
    revoke.unwrap();
    fixture.enrol("erik", Credential::Key(blob(7))).unwrap();
    let mut add = |seed| fixture.ledger.add_ca(added("other", seed, 1), NOW);
    assert!(matches!(add(5), Err(LedgerError::SubjectBecomesCa)));
    assert!(matches!(add(6), Err(LedgerError::RevokedBecomesCa)));
    assert!(matches!(add(7), Err(LedgerError::EnrolledBecomesCa(name)) if name == "erik"));
    add(8).unwrap();
    fixture.is_whole();
}

fn a_subject_or_a_ca_becomes_no_ledger_key(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.ask(wanted(9, SerialChoice::Next)).unwrap();
    let head = fixture.ledger.checkpoint().unwrap().unwrap();
    for seed in [9, 1] {
        for refused in [
            fixture.ledger.add_ledger_key(configured(seed), NOW),
            fixture.make_krl(1, blob(seed)),
            fixture.sign_head(seed, head.size, head.root),
        ] {
            assert!(matches!(refused, Err(LedgerError::SubjectOrCa)), "{seed}");
        }
    }
    fixture.is_whole();
}

fn a_ca_is_no_subject_and_ends_signing_when_its_key_is_revoked(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let own = fixture.ask(wanted(1, SerialChoice::Next));
    assert!(matches!(own, Err(ReserveError::CaKey(name)) if name == "users"));
    let revoked = Revoked {
        sha256s: vec![sha256(&blob(1))],
        ..Revoked::default()
    };
    fixture
        .ledger
        .revoke_and_bar(Some(revoked), None, NOW)
        .unwrap();
    let refused = fixture.reserve(SerialChoice::Next);
    assert!(matches!(refused, Err(ReserveError::CaRevoked(name)) if name == "users"));
    let again = fixture
        .ledger
        .may_be_certified(&wanted(9, SerialChoice::Next));
    assert!(matches!(again, Ok(Err(ReserveError::CaRevoked(_)))));
}

fn a_rollover_wants_the_words_of_both_keys(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.ledger.add_ledger_key(configured(20), NOW).unwrap();
    let statement = fixture.ledger.rollover(&blob(20), &blob(21));
    let statement = statement.unwrap();
    let word = |seed| crate::krl::rollover::tests::word(&key(seed), &statement);
    let rolled = |by_old, by_new| LedgerKeyRolled {
        old: blob(20),
        new: blob(21),
        purposes: HEADS,
        by_old,
        by_new,
        keyboard: String::new(),
    };
    for (by_old, by_new) in [(22, 21), (20, 20), (21, 20)] {
        let rolled = rolled(word(by_old), word(by_new));
        let refused = fixture.ledger.roll_ledger_key(rolled, NOW);
        assert!(matches!(refused, Err(LedgerError::Rollover)));
    }
    fixture
        .ledger
        .roll_ledger_key(rolled(word(20), word(21)), NOW)
        .unwrap();
    let old = fixture.ledger.ledger_key(&sha256(&blob(20))).unwrap();
    assert!(old.unwrap().rolled);
    assert!(fixture.ledger.is_ledger_key(&public(21)).unwrap());
    let ended = fixture.make_krl(1, blob(20));
    assert!(matches!(ended, Err(LedgerError::LedgerKeyEnded(_))));
    let head = fixture.ledger.checkpoint().unwrap().unwrap();
    let ended = fixture.sign_head(20, head.size, head.root);
    assert!(matches!(ended, Err(LedgerError::LedgerKeyEnded(_))));
    fixture.sign_head(21, head.size, head.root).unwrap();
    fixture.is_whole();
}

fn the_place_of_a_key_is_known_once_it_was_recorded(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let at = |place: &str| LedgerKeyAdded {
        place: place.to_owned(),
        ..configured(20)
    };
    let size = |fixture: &Fixture| fixture.ledger.checkpoint().unwrap().unwrap().size;
    fixture.ledger.ledger_key_signs(at(""), NOW).unwrap();
    let before = size(&fixture);
    for _ in 0..2 {
        fixture.ledger.ledger_key_signs(at("agent:x"), NOW).unwrap();
    }
    assert_eq!(size(&fixture), before + 1);
    assert!(fixture.ledger.knows_ledger_key_at("agent:x").unwrap());
    for other in ["", "agent:y"] {
        assert!(
            !fixture.ledger.knows_ledger_key_at(other).unwrap(),
            "{other}"
        );
    }
    fixture.is_whole();
}

fn the_last_size_that_is_believed_never_grows(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.ledger.add_ledger_key(configured(20), NOW).unwrap();
    let mut revoke = |seed, last_size| {
        let revoked = LedgerKeyRevoked {
            key: blob(seed),
            last_size,
            reason: "stolen".to_owned(),
            keyboard: String::new(),
        };
        fixture.ledger.revoke_ledger_key(revoked, NOW)
    };
    assert!(matches!(revoke(21, 3), Err(LedgerError::NoLedgerKey)));
    for size in [9, 3, 5] {
        revoke(20, size).unwrap();
    }
    let known = fixture.ledger.ledger_key(&sha256(&blob(20))).unwrap();
    assert_eq!(known.unwrap().believed_to, Some(3));
}

fn a_head_that_was_never_true_is_not_recorded(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.ledger.add_ledger_key(configured(20), NOW).unwrap();
    let head = fixture.ledger.checkpoint().unwrap().unwrap();
    for (size, root) in [(head.size, [7; 32]), (head.size + 1, head.root)] {
        let refused = fixture.sign_head(20, size, root);
        assert!(matches!(refused, Err(LedgerError::OtherHead { .. })));
    }
    fixture.next();
    fixture.sign_head(20, head.size, head.root).unwrap();
}

fn a_krl_has_a_higher_version_than_all_before(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.make_krl(5, Vec::new()).unwrap();
    for version in [5, 4] {
        let refused = fixture.make_krl(version, Vec::new());
        assert!(matches!(
            refused,
            Err(LedgerError::KrlVersion { newest: 5, .. })
        ));
    }
    fixture.make_krl(6, Vec::new()).unwrap();
    assert_eq!(fixture.ledger.last_krl_version().unwrap(), Some(6));
}

fn what_was_revoked_is_found_by_serial_and_key_id(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let other = fixture.ledger.add_ca(added("other", 2, 1), NOW).unwrap();
    let revoked = Revoked {
        ca: blob(1),
        serials: vec![(1, 100), (5, 7), (1000, u64::MAX)],
        key_ids: vec!["peter".to_owned()],
        ..Revoked::default()
    };
    fixture
        .ledger
        .revoke_and_bar(Some(revoked), None, NOW)
        .unwrap();
    let everywhere = Revoked {
        key_ids: vec!["erik".to_owned()],
        ..Revoked::default()
    };
    fixture
        .ledger
        .revoke_and_bar(Some(everywhere), None, NOW)
        .unwrap();
    let (ledger, ca) = (&fixture.ledger, &fixture.ca);
    for (serial, is_revoked) in [
        (1, true),
        (50, true),
        (101, false),
        (999, false),
        (1000, true),
    ] {
        let serial = Serial::try_from(serial).unwrap();
        assert_eq!(ledger.serial_is_revoked(ca, serial).unwrap(), is_revoked);
        assert!(!ledger.serial_is_revoked(&other, serial).unwrap());
    }
    assert!(ledger.key_id_is_revoked(ca, b"peter").unwrap());
    assert!(!ledger.key_id_is_revoked(&other, b"peter").unwrap());
    for ca in [ca, &other] {
        assert!(ledger.key_id_is_revoked(ca, b"erik").unwrap());
    }
}
