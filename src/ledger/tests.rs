//! What holds for every ledger.

mod grounds;
mod migration;

use proptest::prelude::*;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::public::KeyData;
use ssh_key::{PrivateKey, PublicKey, Signature};
use tempfile::TempDir;

use super::*;
use crate::policy::Decided;
use crate::policy::sample;
use crate::request::Request;

const NOW: u64 = 1_795_400_000;

fn key(seed: u8) -> PrivateKey {
    let pair = Ed25519Keypair::from_seed(&[seed; 32]);
    PrivateKey::new(KeypairData::Ed25519(pair), "").unwrap()
}

fn public(seed: u8) -> KeyData {
    key(seed).public_key().key_data().clone()
}

fn wanted(subject: u8, serial: SerialChoice) -> Wanted {
    wanted_by("operator", subject, serial)
}

fn wanted_by(requester: &str, subject: u8, serial: SerialChoice) -> Wanted {
    let decided = sample::decided(&request(subject, serial), &public(1));
    sealed(decided.asked_by(requester), subject, serial)
}

/// A user certificate that the CA with this key may sign, as the decision believed.
fn decided_for(ca: u8) -> Decided {
    sample::decided(&request(9, SerialChoice::Next), &public(ca))
}

fn request(subject: u8, serial: SerialChoice) -> Request {
    let mut request = sample::request(public(subject));
    if let SerialChoice::Exactly(serial) = serial {
        request.ask.serial = Some(serial);
    }
    request
}

fn sealed(decided: Decided, subject: u8, serial: SerialChoice) -> Wanted {
    let (policy, keyboard) = (Policy::operator(), "tester".to_owned());
    Wanted::seal(decided, &request(subject, serial), None, policy, keyboard).unwrap()
}

fn added(name: &str, seed: u8, next_serial: u64) -> CaAdded {
    CaAdded {
        name: name.to_owned(),
        public_key: PublicKey::from(public(seed)).to_bytes().unwrap(),
        purpose: Purpose::User,
        origin: Origin::Generated,
        token_says: "sensitive".to_owned(),
        next_serial,
        keyboard: "tester".to_owned(),
    }
}

struct Fixture {
    _folder: TempDir,
    path: PathBuf,
    ledger: SqliteLedger,
    ca: Ca,
}

fn fixture(next_serial: u64) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.ledger");
    let mut ledger = SqliteLedger::create(&path).unwrap();
    let ca = ledger.add_ca(added("users", 1, next_serial), NOW).unwrap();
    Fixture {
        _folder: folder,
        path,
        ledger,
        ca,
    }
}

impl Fixture {
    fn reserve(&mut self, serial: SerialChoice) -> Result<Reservation, ReserveError> {
        let wanted = vec![wanted(9, serial)];
        let mut reserved = self.ledger.reserve(wanted, NOW).unwrap();
        reserved.remove(0)
    }

    fn next(&mut self) -> u64 {
        self.reserve(SerialChoice::Next).unwrap().serial().number()
    }

    fn exactly(&mut self, serial: u64) -> Result<Reservation, ReserveError> {
        self.reserve(SerialChoice::Exactly(serial.try_into().unwrap()))
    }
}

fn sign(reservation: &Reservation) -> Signature {
    signature::Signer::sign(&key(1), reservation.to_be_signed().as_bytes())
}

#[test]
fn serials_count_up_from_the_first_one() {
    let mut fixture = fixture(1);
    assert_eq!([fixture.next(), fixture.next(), fixture.next()], [1, 2, 3]);
}

#[test]
fn serials_of_an_adopted_key_begin_where_it_was_told() {
    assert_eq!(fixture(1001).next(), 1001);
}

#[test]
fn an_explicit_serial_does_not_move_the_sequence_and_is_skipped_by_it() {
    let mut fixture = fixture(1);
    assert_eq!(fixture.next(), 1);
    fixture.exactly(2).unwrap();
    fixture.exactly(1_000_000).unwrap();
    assert_eq!([fixture.next(), fixture.next()], [3, 4]);
}

#[test]
fn a_serial_that_was_ever_reserved_is_refused() {
    let mut fixture = fixture(1);
    assert_eq!(fixture.next(), 1);
    assert!(matches!(
        fixture.exactly(1),
        Err(ReserveError::SerialTaken(_))
    ));
    let failed = fixture.exactly(7).unwrap();
    let outcome = Outcome::Failed(&failed, "pulled".to_owned());
    fixture.ledger.record(&[outcome], NOW).unwrap();
    assert!(matches!(
        fixture.exactly(7),
        Err(ReserveError::SerialTaken(_))
    ));
}

#[test]
fn the_sequence_ends_at_the_last_serial_there_is() {
    let mut fixture = fixture(u64::MAX);
    assert_eq!(fixture.next(), u64::MAX);
    assert!(matches!(
        fixture.reserve(SerialChoice::Next),
        Err(ReserveError::NoSerialLeft)
    ));
}

#[test]
fn two_cas_count_for_themselves() {
    let mut fixture = fixture(1);
    assert_eq!(fixture.next(), 1);
    fixture.ledger.add_ca(added("other", 2, 1), NOW).unwrap();
    let other = decided_for(2);
    let both = vec![
        sealed(other, 9, SerialChoice::Next),
        wanted(9, SerialChoice::Next),
    ];
    let reserved = fixture.ledger.reserve(both, NOW).unwrap();
    let serials = reserved
        .iter()
        .map(|one| one.as_ref().unwrap().serial().number());
    assert_eq!(serials.collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn what_was_decided_for_one_ca_is_reserved_by_no_other() {
    let mut fixture = fixture(1);
    let hosts = CaAdded {
        purpose: Purpose::Host,
        ..added("hosts", 2, 1)
    };
    fixture.ledger.add_ca(hosts, NOW).unwrap();
    let mut refused = |ca: u8| {
        let wanted = sealed(decided_for(ca), 9, SerialChoice::Next);
        fixture.ledger.reserve(vec![wanted], NOW).unwrap().remove(0)
    };
    let unknown = refused(3);
    assert!(matches!(unknown, Err(ReserveError::UnknownCa(_))));
    let of_users = refused(2);
    assert!(
        matches!(of_users, Err(ReserveError::OtherPurpose { ca, .. }) if ca == "hosts"),
        "a user certificate, though the decision believed that the CA signs them"
    );
    assert_eq!(fixture.next(), 1, "what was refused took no serial");
}

#[test]
fn a_key_or_a_name_is_a_ca_only_once() {
    let mut fixture = fixture(1);
    for again in [added("other", 1, 1), added("users", 3, 1)] {
        let error = fixture.ledger.add_ca(again, NOW).unwrap_err();
        assert!(
            matches!(&error, LedgerError::CaKnown { name, .. } if name == "users"),
            "{error}"
        );
    }
}

#[test]
fn what_was_recorded_is_read_back_as_the_certificate() {
    let mut fixture = fixture(1);
    let reservation = fixture.reserve(SerialChoice::Next).unwrap();
    let signature = sign(&reservation);
    let before = fixture.ledger.record_of(&fixture.ca, reservation.serial());
    assert_eq!(before.unwrap().unwrap().state, State::Reserved);
    let outcome = Outcome::Issued(&reservation, &signature);
    fixture.ledger.record(&[outcome], NOW).unwrap();
    let record = fixture.ledger.record_of(&fixture.ca, reservation.serial());
    let blob = reservation.to_be_signed().with_signature(&signature);
    assert_eq!(record.unwrap().unwrap().state, State::Issued(blob));
}

#[test]
fn a_reservation_has_one_outcome() {
    let mut fixture = fixture(1);
    let reservation = fixture.reserve(SerialChoice::Next).unwrap();
    let failed = || Outcome::Failed(&reservation, "x".to_owned());
    fixture.ledger.record(&[failed()], NOW).unwrap();
    let again = fixture.ledger.record(&[failed()], NOW);
    assert!(matches!(again, Err(LedgerError::Store(_))), "{again:?}");
}

#[test]
fn finds_the_certificate_of_the_same_request_and_of_no_other() {
    let mut fixture = fixture(1);
    let reservation = fixture.reserve(SerialChoice::Next).unwrap();
    let again = wanted(9, SerialChoice::Next);
    let found = fixture.ledger.issued_for(&again).unwrap();
    assert!(found.is_none(), "reserved is not issued");
    let signature = sign(&reservation);
    let outcome = Outcome::Issued(&reservation, &signature);
    fixture.ledger.record(&[outcome], NOW).unwrap();
    let found = fixture.ledger.issued_for(&again).unwrap();
    assert_eq!(found.unwrap().reserved.serial, 1);
    let other = wanted(8, SerialChoice::Next);
    assert!(fixture.ledger.issued_for(&other).unwrap().is_none());
}

#[test]
fn entries_cannot_be_changed_or_removed() {
    let fixture = fixture(1);
    let connection = rusqlite::Connection::open(&fixture.path).unwrap();
    for statement in ["UPDATE entry SET bytes = x'00'", "DELETE FROM entry"] {
        let error = connection.execute(statement, []).unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
}

#[test]
fn one_writer_at_a_time_and_readers_beside_it() {
    let Fixture {
        path,
        ledger,
        _folder,
        ..
    } = fixture(1);
    let second = SqliteLedger::open(&path).unwrap_err();
    let ours = std::process::id();
    assert!(
        matches!(second, LedgerError::Locked { holder: Some(pid), .. } if pid == ours),
        "{second}"
    );
    assert_eq!(
        SqliteLedger::open_to_read(&path)
            .unwrap()
            .cas()
            .unwrap()
            .len(),
        1
    );
    drop(ledger);
    assert_eq!(SqliteLedger::open(&path).unwrap().cas().unwrap().len(), 1);
}

#[test]
fn a_missing_ledger_is_an_error_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.ledger");
    assert!(matches!(
        SqliteLedger::open(&path),
        Err(LedgerError::Missing(_))
    ));
    assert!(matches!(
        SqliteLedger::open_to_read(&path),
        Err(LedgerError::Missing(_))
    ));
    assert!(!path.exists());
}

#[test]
fn a_ledger_that_is_there_is_not_made_again() {
    let Fixture {
        path,
        ledger,
        _folder,
        ..
    } = fixture(1);
    drop(ledger);
    assert!(matches!(
        SqliteLedger::create(&path),
        Err(LedgerError::Exists(_))
    ));
}

#[test]
fn another_file_and_a_newer_format_are_refused() {
    let Fixture {
        path,
        ledger,
        _folder,
        ..
    } = fixture(1);
    drop(ledger);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let newer = SqliteLedger::open(&path).unwrap_err();
    assert!(
        matches!(newer, LedgerError::NewerFormat { found: 99, .. }),
        "{newer}"
    );
    std::fs::write(
        &path,
        "no database, but long enough to be looked at\n".repeat(30),
    )
    .unwrap();
    let other = SqliteLedger::open(&path).unwrap_err();
    assert!(matches!(other, LedgerError::NotALedger(_)), "{other}");
}

#[test]
fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = fixture(1);
    let mode = fixture.path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Does to the file what a hand with another program could do.
fn tamper(path: &std::path::Path, statements: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let without_guards = "DROP TRIGGER entry_stays; DROP TRIGGER entry_remains;";
    connection.execute_batch(without_guards).unwrap();
    connection.execute_batch(statements).unwrap();
}

#[test]
fn a_damaged_entry_is_named_and_nothing_is_written_behind_it() {
    let Fixture {
        path,
        mut ledger,
        _folder,
        ..
    } = fixture(1);
    ledger
        .reserve(vec![wanted(9, SerialChoice::Next)], NOW)
        .unwrap();
    drop(ledger);
    tamper(&path, "UPDATE entry SET bytes = x'0200' WHERE position = 3");
    let ledger = SqliteLedger::open_to_read(&path).unwrap();
    let error = ledger.each_record(&mut |_| ()).unwrap_err();
    assert!(
        matches!(error, LedgerError::Damaged { position: 3, .. }),
        "{error}"
    );
    let error = SqliteLedger::open(&path).unwrap_err();
    assert!(matches!(error, LedgerError::Head), "{error}");
}

#[test]
fn an_end_that_was_cut_off_or_grown_by_another_hand_is_refused() {
    for statements in [
        "PRAGMA foreign_keys = off; DELETE FROM entry WHERE position = 300",
        "INSERT INTO entry (bytes) SELECT bytes FROM entry WHERE position = 2",
        "UPDATE head SET peaks = zeroblob(length(peaks))",
        "UPDATE tile SET hash = zeroblob(32)",
    ] {
        let Fixture {
            path,
            mut ledger,
            _folder,
            ..
        } = fixture(1);
        let many = (0..299).map(|_| wanted(9, SerialChoice::Next)).collect();
        ledger.reserve(many, NOW).unwrap();
        drop(ledger);
        drop(SqliteLedger::open(&path).unwrap());
        tamper(&path, statements);
        let error = SqliteLedger::open(&path).unwrap_err();
        assert!(matches!(error, LedgerError::Head), "{statements}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn no_serial_is_ever_given_twice(choices in proptest::collection::vec(prop::option::of(1_u64..30), 1..40)) {
        let mut fixture = fixture(1);
        let mut given = std::collections::HashSet::new();
        for choice in choices {
            let reserved = match choice {
                None => fixture.reserve(SerialChoice::Next),
                Some(serial) => fixture.exactly(serial),
            };
            if let Ok(reservation) = reserved {
                prop_assert!(given.insert(reservation.serial()));
            }
        }
    }
}
