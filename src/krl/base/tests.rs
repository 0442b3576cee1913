use super::*;
use crate::krl::rollover::tests::{LEDGER, blob};
use crate::krl::{Header, Revocations};

fn ca(seed: u8) -> PublicKey {
    PublicKey::from_blob(&blob(seed)).unwrap()
}

pub(crate) fn head(size: u64) -> ListHead {
    ListHead {
        origin: LEDGER.into(),
        size,
        root: [7; 32],
    }
}

fn range(first: u64, last: u64) -> SerialRange {
    SerialRange::new(first, last).unwrap()
}

/// A list at a head, with the revocations of `base` and more.
pub(crate) fn list(size: u64, version: u64, more: impl FnOnce(&mut Revocations)) -> Krl {
    let name = ListName {
        name: String::new(),
        head: Some(head(size)),
    };
    let mut revocations = Revocations::default();
    revocations.revoke_serials(Some(&ca(20)), range(3, 5));
    revocations.revoke_key_id(Some(&ca(20)), c"peter");
    revocations.revoke_key(&ca(30));
    revocations.revoke_sha256([3; 32]);
    more(&mut revocations);
    let header = Header {
        version,
        comment: name.to_comment().unwrap(),
        ..Header::default()
    };
    Krl::new(header, revocations)
}

/// A ledger with CA 20, which issued the serials 1 to 10 and 15, and CA 21 without any.
pub(crate) fn base(size: u64) -> ListBase {
    let held = |seed, ranges: &[(u64, u64)]| HeldSerials {
        ca: ca(seed),
        serials: ranges.iter().map(|&(a, b)| range(a, b)).collect(),
    };
    let cas = vec![held(20, &[(1, 10), (15, 15)]), held(21, &[])];
    ListBase::new(head(size), cas, list(size, 4, |_| ()))
}

fn held(more: impl FnOnce(&mut Revocations)) -> Result<(), OutsideBase> {
    base(9).hold(&list(9, 5, more))
}

#[test]
fn reads_back_what_it_writes_and_nothing_else() {
    let bytes = base(9).to_bytes().unwrap();
    assert_eq!(ListBase::from_bytes(&bytes), Ok(base(9)));
    for cut in 0..bytes.len() {
        let read = ListBase::from_bytes(&bytes[..cut]);
        assert_eq!(read, Err(BaseReadError::Wire(WireError::Short)), "{cut}");
    }
    let longer = [&bytes[..], &[0]].concat();
    let trailing = BaseReadError::Wire(WireError::Trailing { bytes: 1 });
    assert_eq!(ListBase::from_bytes(&longer), Err(trailing));
}

#[test]
fn serials_that_overlap_touch_or_run_backwards_are_refused() {
    let bytes = base(9).to_bytes().unwrap();
    let fifteen = 15_u64.to_be_bytes();
    let at = bytes.windows(8).position(|part| part == fifteen).unwrap();
    for first in [0_u64, 5, 10, 11, 16] {
        let mut changed = bytes.clone();
        changed[at..at + 8].copy_from_slice(&first.to_be_bytes());
        let read = ListBase::from_bytes(&changed);
        assert_eq!(read, Err(BaseReadError::Field("serial")), "{first}");
    }
}

#[test]
fn a_list_with_all_of_it_and_more_that_the_ledger_held_passes() {
    assert_eq!(held(|_| ()), Ok(()));
    let more = held(|list| {
        list.revoke_serials(Some(&ca(20)), range(1, 10));
        list.revoke_serials(Some(&ca(20)), range(15, 15));
        list.revoke_key_id(Some(&ca(21)), c"erik");
        list.revoke_key(&ca(31));
    });
    assert_eq!(more, Ok(()));
}

#[test]
fn a_list_of_another_head_is_refused() {
    for size in [8, 10] {
        assert_eq!(base(9).hold(&list(size, 5, |_| ())), Err(OutsideBase::Head));
    }
}

#[test]
fn a_list_that_lacks_anything_is_refused() {
    let lacks =
        |base: &ListBase| matches!(base.hold(&list(9, 5, |_| ())), Err(OutsideBase::Lacks(_)));
    let with: [fn(&mut Revocations); 6] = [
        |base| base.revoke_serials(Some(&ca(20)), range(6, 6)),
        |base| base.revoke_serials(Some(&ca(21)), range(1, 1)),
        |base| base.revoke_key_id(Some(&ca(20)), c"erik"),
        |base| base.revoke_key(&ca(31)),
        |base| base.revoke_sha1([3; 20]),
        |base| base.revoke_sha256([4; 32]),
    ];
    for more in with {
        let cas = base(9).cas;
        assert!(lacks(&ListBase::new(head(9), cas, list(9, 4, more))));
    }
}

#[test]
fn a_list_that_names_a_cas_key_in_any_way_is_refused() {
    let ways: [fn(&mut Revocations); 3] = [
        |list| list.revoke_key(&ca(21)),
        |list| list.revoke_sha1(ca(21).sha1()),
        |list| list.revoke_sha256(ca(21).sha256()),
    ];
    for way in ways {
        assert!(matches!(held(way), Err(OutsideBase::CaKey(_))));
        let with = ListBase::new(head(9), base(9).cas, list(9, 4, way));
        assert_eq!(with.hold(&list(9, 5, way)), Ok(()));
    }
}

#[test]
fn a_list_that_names_a_serial_that_was_not_held_is_refused() {
    for (first, last, named) in [(11, 11, 11), (8, 12, 11), (16, u64::MAX, 16), (14, 15, 14)] {
        let list = held(|list| list.revoke_serials(Some(&ca(20)), range(first, last)));
        assert_eq!(list, Err(OutsideBase::Serial(named)), "{first}");
    }
    let none = held(|list| list.revoke_serials(Some(&ca(21)), range(1, 1)));
    assert_eq!(none, Err(OutsideBase::Serial(1)));
    for other in [Some(ca(22)), None] {
        let list = held(|list| list.revoke_key_id(other.as_ref(), c"erik"));
        assert_eq!(list, Err(OutsideBase::OtherCa));
    }
}
