//! What holds for every ledger, over every store.

mod backward;
mod bundles;
mod ended;
mod enrolled;
mod grounds;
mod index;
mod keys;
mod logins;
mod recovery;
mod replayed;
mod revoked;
mod stores;
mod suffixes;

use proptest::prelude::*;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::public::KeyData;
use ssh_key::{PrivateKey, PublicKey, Signature};

use super::{Ledger, SuffixesError, Term};
use crate::certificate::Serial;
use crate::ledger::EnrolError;
use crate::ledger::*;
use crate::policy::Decided;
use crate::policy::sample;
use crate::request::Request;

use stores::{Disk, Memory, Shelf};

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
    let policy = match decided.role() {
        OPERATOR => Policy::operator(),
        role => Policy::new(format!(r#"{{"role":"{role}"}}"#)),
    };
    let keyboard = "tester".to_owned();
    Wanted::seal(
        decided,
        &request(subject, serial),
        (None, &[]),
        policy,
        keyboard,
    )
    .unwrap()
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

/// Runs each of these tests over each store. A test that is not named here is dead code.
macro_rules! conform {
    ($($name:ident),+ $(,)?) => {
        mod memory {
            $(#[test]
            fn $name() {
                super::$name(crate::ledger::rules::tests::memory_shelf);
            })+
        }

        mod on_disk {
            $(#[test]
            fn $name() {
                super::$name(crate::ledger::rules::tests::disk_shelf);
            })+
        }
    };
}
use conform;

/// How a test gets a store of its own.
type Stand = fn() -> Box<dyn Shelf>;

fn memory_shelf() -> Box<dyn Shelf> {
    Box::new(Memory::default())
}

fn disk_shelf() -> Box<dyn Shelf> {
    Box::new(Disk::default())
}

struct Fixture {
    shelf: Box<dyn Shelf>,
    ledger: Ledger,
    ca: Ca,
}

fn fixture(stand: Stand, next_serial: u64) -> Fixture {
    let shelf = stand();
    let mut ledger = shelf.open().unwrap();
    let ca = ledger.add_ca(added("users", 1, next_serial), NOW).unwrap();
    Fixture { shelf, ledger, ca }
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

    /// Whatever was refused, the index is that of the entries, and nothing looks forged.
    fn is_whole(&self) {
        assert_eq!(self.ledger.index_fault().unwrap(), None);
        let replayed = self.replay();
        let broken = replayed.broken();
        assert!(broken.is_empty(), "{broken:?}");
    }
}

fn sign(reservation: &Reservation) -> Signature {
    signature::Signer::sign(&key(1), reservation.to_be_signed().as_bytes())
}

conform!(
    serials_count_up_from_the_first_one,
    serials_of_an_adopted_key_begin_where_it_was_told,
    an_explicit_serial_does_not_move_the_sequence_and_is_skipped_by_it,
    a_serial_that_was_ever_reserved_is_refused,
    the_sequence_ends_at_the_last_serial_there_is,
    two_cas_count_for_themselves,
    what_was_decided_for_one_ca_is_reserved_by_no_other,
    a_key_or_a_name_is_a_ca_only_once,
    what_was_recorded_is_read_back_as_the_certificate,
    a_reservation_has_one_outcome,
    finds_the_certificate_of_the_same_request_and_of_no_other,
);

fn serials_count_up_from_the_first_one(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    assert_eq!([fixture.next(), fixture.next(), fixture.next()], [1, 2, 3]);
}

fn serials_of_an_adopted_key_begin_where_it_was_told(stand: Stand) {
    assert_eq!(fixture(stand, 1001).next(), 1001);
}

fn an_explicit_serial_does_not_move_the_sequence_and_is_skipped_by_it(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    assert_eq!(fixture.next(), 1);
    fixture.exactly(2).unwrap();
    fixture.exactly(1_000_000).unwrap();
    assert_eq!([fixture.next(), fixture.next()], [3, 4]);
}

fn a_serial_that_was_ever_reserved_is_refused(stand: Stand) {
    let mut fixture = fixture(stand, 1);
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

fn the_sequence_ends_at_the_last_serial_there_is(stand: Stand) {
    let mut fixture = fixture(stand, u64::MAX);
    assert_eq!(fixture.next(), u64::MAX);
    assert!(matches!(
        fixture.reserve(SerialChoice::Next),
        Err(ReserveError::NoSerialLeft)
    ));
}

fn two_cas_count_for_themselves(stand: Stand) {
    let mut fixture = fixture(stand, 1);
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

fn what_was_decided_for_one_ca_is_reserved_by_no_other(stand: Stand) {
    let mut fixture = fixture(stand, 1);
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

fn a_key_or_a_name_is_a_ca_only_once(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    for again in [added("other", 1, 1), added("users", 3, 1)] {
        let error = fixture.ledger.add_ca(again, NOW).unwrap_err();
        assert!(
            matches!(&error, LedgerError::CaKnown { name, .. } if name == "users"),
            "{error}"
        );
    }
}

fn what_was_recorded_is_read_back_as_the_certificate(stand: Stand) {
    let mut fixture = fixture(stand, 1);
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

fn a_reservation_has_one_outcome(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let reservation = fixture.reserve(SerialChoice::Next).unwrap();
    let failed = || Outcome::Failed(&reservation, "x".to_owned());
    fixture.ledger.record(&[failed()], NOW).unwrap();
    let again = fixture.ledger.record(&[failed()], NOW);
    assert!(
        matches!(again, Err(LedgerError::OutcomeKnown { .. })),
        "{again:?}"
    );
}

fn finds_the_certificate_of_the_same_request_and_of_no_other(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let reservation = fixture.reserve(SerialChoice::Next).unwrap();
    let again = wanted(9, SerialChoice::Next);
    assert!(
        issued(&fixture, &again).is_empty(),
        "reserved is not issued"
    );
    let signature = sign(&reservation);
    let outcome = Outcome::Issued(&reservation, &signature);
    fixture.ledger.record(&[outcome], NOW).unwrap();
    assert_eq!(issued(&fixture, &again), [1]);
    let other = wanted(8, SerialChoice::Next);
    assert!(issued(&fixture, &other).is_empty());
    let as_first = |wanted| fixture.ledger.issued_as(wanted, Serial::FIRST).unwrap();
    assert!(as_first(&again).is_some());
    assert!(as_first(&other).is_none());
}

/// The serials that were issued for this very request.
fn issued(fixture: &Fixture, wanted: &Wanted) -> Vec<u64> {
    let positions = fixture.ledger.reservations_for(wanted).unwrap();
    let records = positions
        .into_iter()
        .filter_map(|position| fixture.ledger.issued_at(wanted, position).unwrap());
    records.map(|record| record.reserved.serial).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn no_serial_is_ever_given_twice(choices in proptest::collection::vec(prop::option::of(1_u64..30), 1..40)) {
        let mut fixture = fixture(memory_shelf, 1);
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
        fixture.is_whole();
    }
}
