//! What holds for every kind of entry.

mod kinds;

use proptest::prelude::*;

use super::*;
use kinds::{each_kind, reserved};

#[test]
fn reads_back_what_it_writes() {
    let entry = reserved();
    let bytes = entry.to_bytes().unwrap();
    assert_eq!(Entry::from_bytes(&bytes).unwrap(), entry);
}

#[test]
fn the_bytes_of_format_1_stay_what_they_are() {
    let entry = Entry {
        time: 1,
        salt: [0xaa; SALT],
        event: Event::Failed(Failed {
            reserved: 2,
            reason: "no".into(),
        }),
    };
    let mut expected = vec![4, 0, 0, 0, 0, 0, 0, 0, 1];
    expected.extend([0xaa; SALT]);
    expected.extend([0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, b'n', b'o']);
    assert_eq!(entry.to_bytes().unwrap(), expected);
}

#[test]
fn refuses_a_byte_too_many_and_a_byte_too_few() {
    let mut bytes = reserved().to_bytes().unwrap();
    bytes.push(0);
    assert!(matches!(
        Entry::from_bytes(&bytes),
        Err(EntryError::Encoding(_))
    ));
    bytes.truncate(bytes.len() - 2);
    assert!(matches!(
        Entry::from_bytes(&bytes),
        Err(EntryError::Encoding(_))
    ));
}

#[test]
fn refuses_a_kind_of_a_later_version() {
    let mut bytes = reserved().to_bytes().unwrap();
    bytes[0] = 200;
    assert!(matches!(
        Entry::from_bytes(&bytes),
        Err(EntryError::Unknown {
            field: "kind",
            value: 200
        })
    ));
}

fn bytes_of(event: Event) -> Vec<u8> {
    let (time, salt) = (1, [6; SALT]);
    Entry { time, salt, event }.to_bytes().unwrap()
}

#[test]
fn every_kind_has_its_number_and_reads_back_what_it_writes() {
    for (kind, event) in (1..).zip(each_kind()) {
        let bytes = bytes_of(event.clone());
        assert_eq!(bytes[0], kind);
        assert_eq!(Entry::from_bytes(&bytes).unwrap().event, event);
    }
}

#[test]
fn every_kind_refuses_a_byte_too_many_and_any_too_few() {
    for event in each_kind() {
        let mut bytes = bytes_of(event);
        for length in 0..bytes.len() {
            let cut = Entry::from_bytes(&bytes[..length]);
            assert!(matches!(cut, Err(EntryError::Encoding(_))), "{length}");
        }
        bytes.push(0);
        let long = Entry::from_bytes(&bytes);
        assert!(matches!(long, Err(EntryError::Encoding(_))));
    }
}

#[test]
fn a_request_id_of_another_length_is_refused() {
    let bytes = bytes_of(each_kind().swap_remove(7));
    let id = [&16_u32.to_be_bytes()[..], &[2; 16]].concat();
    let at = bytes.windows(20).position(|window| window == id).unwrap();
    let shorter = [
        &bytes[..at],
        &15_u32.to_be_bytes(),
        &[2; 15],
        &bytes[at + 20..],
    ]
    .concat();
    let refused = Entry::from_bytes(&shorter);
    assert!(matches!(refused, Err(EntryError::Encoding(_))));
}

#[test]
fn a_count_that_lies_takes_no_memory() {
    for kind in [5, 14] {
        let mut bytes = vec![kind];
        bytes.extend([0; 8 + SALT]);
        bytes.extend([0xff; 8]);
        let refused = Entry::from_bytes(&bytes);
        assert!(matches!(refused, Err(EntryError::Encoding(_))));
    }
}

proptest! {
    #[test]
    fn a_changed_byte_is_refused_or_another_entry(kind in 0..each_kind().len(), at: prop::sample::Index, to: u8) {
        let event = each_kind().swap_remove(kind);
        let mut bytes = bytes_of(event.clone());
        let at = at.index(bytes.len());
        let same = bytes[at] == to;
        bytes[at] = to;
        if let Ok(entry) = Entry::from_bytes(&bytes) {
            prop_assert_eq!(entry.to_bytes().unwrap(), bytes);
            prop_assert!(same || entry.event != event || at < 1 + 8 + SALT);
        }
    }

    #[test]
    fn any_grounds_read_back(policy: [u8; 32], id: Option<[u8; 16]>, numbers in prop::array::uniform3(prop::option::of(1_u64..)), reason: String) {
        let [challenge, evidence, card] = numbers;
        let grounds = Grounds { policy, request_id: id, challenge, evidence, card, reason, known: None, served: None };
        let Event::Reserved(reserved) = reserved().event else { unreachable!() };
        let event = Event::Reserved(Reserved { grounds: Some(grounds), ..reserved });
        prop_assert_eq!(Entry::from_bytes(&bytes_of(event.clone())).unwrap().event, event);
    }
    #[test]
    fn never_panics_on_any_bytes_and_is_canonical(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(entry) = Entry::from_bytes(&bytes) {
            prop_assert_eq!(entry.to_bytes().unwrap(), bytes);
        }
    }
}
