//! The door: what it asks, what it refuses, and that it holds nobody up.

use std::cell::Cell;

use ssh_key::PublicKey;
use ssh_key::private::Ed25519Keypair;
use tempfile::TempDir;

use super::*;
use crate::ledger::{CaAdded, Origin, recorded_form};

const LAST: u64 = 1_800_000_000;
const DAY: u64 = 24 * 60 * 60;

/// A folder with a ledger of one CA, whose last entry is of [`LAST`].
struct Room {
    folder: TempDir,
    ca: Ca,
}

impl Room {
    fn new() -> Self {
        Self::of(key(1))
    }

    fn of(key: KeyData) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ca", "heads"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let mut ledger = place(&folder, || LAST).create().unwrap();
        let ca = ledger
            .add_ca(added("users", key, Purpose::User), LAST)
            .unwrap();
        let reserved = recorded_form(&suffixes("_physical")).unwrap();
        let keyboard = String::new();
        ledger.set_suffixes(&ca, reserved, keyboard, LAST).unwrap();
        drop(ledger);
        Self { folder, ca }
    }

    fn at(&self, clock: Clock) -> LedgerPlace {
        place(&self.folder, clock)
    }
}

fn place(folder: &TempDir, clock: Clock) -> LedgerPlace {
    LedgerPlace {
        path: folder.path().join("ca/l.ledger"),
        settings: FileSettings {
            kept_heads_only: Some(vec![folder.path().join("heads")]),
            ..FileSettings::default()
        },
        leap_days: 400,
        clock,
        borrows: false,
    }
}

fn key(byte: u8) -> KeyData {
    let pair = Ed25519Keypair::from_seed(&[byte; 32]);
    pair.public.into()
}

fn added(name: &str, key: KeyData, purpose: Purpose) -> CaAdded {
    CaAdded {
        name: name.to_owned(),
        public_key: PublicKey::from(key).to_bytes().unwrap(),
        purpose,
        origin: Origin::Generated,
        token_says: String::new(),
        next_serial: 1,
        keyboard: String::new(),
    }
}

fn suffixes(suffix: &str) -> Suffixes {
    toml::from_str(&format!("class = {{ suffix = '{suffix}' }}")).unwrap()
}

fn nobody(_: &ClockError) -> bool {
    panic!("nobody is to be asked");
}

#[test]
fn a_clock_that_did_not_leap_asks_nobody() {
    let room = Room::new();
    let place = room.at(|| LAST + DAY);
    place.open(&mut nobody).unwrap();
    place.look(&mut nobody).unwrap();
    place.open_again(&room.ca).unwrap();
    place.believe_clock(&mut nobody).unwrap();
}

#[test]
fn a_clock_before_the_last_entry_opens_nothing_whatever_a_person_says() {
    let room = Room::new();
    let place = room.at(|| LAST - DAY);
    let refused = [
        place.open(&mut nobody).map(drop),
        place.look(&mut nobody).map(drop),
        place.open_again(&room.ca).map(drop),
        place.open_confirmed().map(drop),
        place.believe_clock(&mut nobody),
    ];
    for refused in refused {
        let behind = OpenLedgerError::Clock(ClockError::BehindLedger { behind: DAY });
        assert_eq!(refused.unwrap_err().to_string(), behind.to_string());
    }
}

#[test]
fn a_leap_ahead_wants_a_yes_and_locks_nobody_out_meanwhile() {
    let room = Room::new();
    let place = room.at(|| LAST + 401 * DAY);
    let refused = place.open(&mut |_| false).unwrap_err();
    let is_leap = |error| matches!(error, OpenLedgerError::Clock(ClockError::LeapAhead { .. }));
    assert!(is_leap(refused));
    assert!(is_leap(place.look(&mut |_| false).unwrap_err()));
    assert!(is_leap(place.believe_clock(&mut |_| false).unwrap_err()));
    let asked = Cell::new(0);
    let mut yes = |_: &ClockError| {
        asked.set(asked.get() + 1);
        room.at(|| LAST).open(&mut nobody).is_ok()
    };
    place.open(&mut yes).unwrap();
    place.look(&mut yes).unwrap();
    assert_eq!(asked.get(), 2);
    // It was confirmed when the ledger was looked at.
    place.open_again(&room.ca).unwrap();
}

#[test]
fn an_older_copy_is_opened_to_look_alone() {
    let room = Room::new();
    let place = room.at(|| LAST);
    let old = std::fs::read(&place.path).unwrap();
    let mut ledger = place.open(&mut nobody).unwrap();
    let hosts = added("hosts", key(2), Purpose::Host);
    let hosts = ledger.add_ca(hosts, LAST).unwrap();
    drop(ledger);
    std::fs::write(&place.path, old).unwrap();
    let refused = [
        place.open(&mut nobody),
        place.open_again(&room.ca),
        place.open_again(&hosts),
        place.open_confirmed(),
    ];
    for refused in refused {
        let Err(OpenLedgerError::Ledger(LedgerError::Unkept(_))) = refused else {
            panic!("{:?}", refused.err());
        };
    }
    assert_eq!(place.look(&mut nobody).unwrap().cas().unwrap().len(), 1);
}

#[test]
fn an_older_copy_is_opened_to_say_why_it_is_the_newest_by_a_clock_that_is_right() {
    let room = Room::new();
    let place = room.at(|| LAST);
    let old = std::fs::read(&place.path).unwrap();
    let mut ledger = place.open(&mut nobody).unwrap();
    assert!(ledger.ignored_heads().is_empty());
    ledger
        .add_ca(added("hosts", key(2), Purpose::Host), LAST)
        .unwrap();
    drop(ledger);
    std::fs::write(&place.path, old).unwrap();
    let opened = place.open_unkept(&mut nobody).unwrap();
    assert!(matches!(opened.refusal, Some(HeadsError::Older { .. })));
    drop(opened);

    let early = room.at(|| LAST - DAY);
    for refused in [
        early.open_unkept(&mut nobody),
        early.open_unkept_confirmed(),
    ] {
        assert!(matches!(
            refused.unwrap_err(),
            OpenLedgerError::Clock(ClockError::BehindLedger { behind: DAY })
        ));
    }
    let late = room.at(|| LAST + 401 * DAY);
    let refused = late.open_unkept(&mut |_| false).unwrap_err();
    assert!(matches!(
        refused,
        OpenLedgerError::Clock(ClockError::LeapAhead { .. })
    ));
    // Nobody is locked out while a person thinks.
    let mut yes = |_: &ClockError| room.at(|| LAST).open_unkept(&mut nobody).is_ok();
    late.open_unkept(&mut yes).unwrap();
}

#[test]
fn a_ledger_is_opened_to_correct_where_its_last_entry_is_later_than_the_clock_alone() {
    let room = Room::new();
    let wrong = room.at(|| LAST - DAY).open_to_correct().unwrap().unwrap();
    assert_eq!((wrong.last, wrong.now), (LAST, LAST - DAY));
    drop(wrong);
    assert!(room.at(|| LAST).open_to_correct().unwrap().is_none());
    let refused = room.at(|| 1).open_to_correct().unwrap_err();
    assert!(matches!(refused, OpenLedgerError::Clock(_)), "{refused}");
}

#[test]
fn another_ledger_in_its_place_is_not_opened_again() {
    let (room, other) = (Room::new(), Room::of(key(3)));
    let refused = other.at(|| LAST).open_again(&room.ca);
    assert!(matches!(refused.err(), Some(OpenLedgerError::NoCa { ca }) if ca == "users"));
}

#[test]
fn config_file_and_ledger_agree_on_a_ca_or_it_is_none() {
    let room = Room::new();
    let ledger = room.at(|| LAST).look(&mut nobody).unwrap();
    let (own, other) = (key(1), key(2));
    let (same, fewer, more) = (
        suffixes("_physical"),
        Suffixes::default(),
        suffixes("_file"),
    );
    let fits = ConfiguredCa {
        name: "users",
        purpose: Purpose::User,
        public_key_file: Path::new("users.pub"),
        public_key: &own,
        suffixes: &same,
    };
    assert_eq!(agree(&ledger, &fits).unwrap().ca(), &room.ca);
    let said = |configured| agree(&ledger, &configured).unwrap_err().to_string();
    let differs = [
        (
            ConfiguredCa {
                name: "others",
                ..fits.clone()
            },
            "no CA `others`",
        ),
        (
            ConfiguredCa {
                public_key: &other,
                ..fits.clone()
            },
            "users.pub is not the public key",
        ),
        (
            ConfiguredCa {
                purpose: Purpose::Both,
                ..fits.clone()
            },
            "in the ledger",
        ),
        (
            ConfiguredCa {
                suffixes: &fewer,
                ..fits.clone()
            },
            "the config lacks it",
        ),
        (
            ConfiguredCa {
                suffixes: &more,
                ..fits.clone()
            },
            "suffixes of CA `users`",
        ),
    ];
    for (configured, words) in differs {
        let said = said(configured);
        assert!(said.contains(words), "{said}");
    }
}
