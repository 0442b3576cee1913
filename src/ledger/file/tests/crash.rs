//! What a crash leaves behind the last frame, and what becomes of it.

use super::*;

#[test]
fn a_hole_that_is_larger_than_any_room_is_cut_off_before_it_is_written_over() {
    let room = Room::with_frames(2);
    let file = std::fs::File::options().write(true).open(room.ledger());
    file.unwrap().set_len(1 << 40).unwrap();
    append(&mut room.open().unwrap(), &[b"x"]);
    assert!(std::fs::metadata(room.ledger()).unwrap().len() < 1 << 20);
    assert_eq!(room.open().unwrap().end().0.size, 3);
}

#[test]
fn a_whole_last_frame_without_its_head_is_kept_and_built_on() {
    let room = Room::with_frames(2);
    let head = std::fs::read(room.kept_head()).unwrap();
    append(&mut room.open().unwrap(), &[b"not acknowledged"]);
    std::fs::write(room.kept_head(), head).unwrap();
    let mut ledger = room.open().unwrap();
    assert!(matches!(ledger.standing(), Standing::Kept));
    assert_eq!(ledger.end().0.size, 3);
    assert_eq!(ledger.cut_tail(), None);
    append(&mut ledger, &[b"x"]);
    drop(ledger);
    assert_eq!(room.open().unwrap().end().0.size, 4);
}

#[test]
fn a_torn_frame_is_copied_aside_and_cut_off_and_said_until_an_entry_follows() {
    let room = Room::with_frames(2);
    let end = usize::try_from(room.open().unwrap().end().1.0).unwrap();
    let torn = [b"fram", &200_u32.to_be_bytes()[..], &[5; 90]].concat();
    room.edit(|bytes| bytes[end..end + torn.len()].copy_from_slice(&torn));
    let reader = FileReader::open(&room.ledger(), None).unwrap();
    let offset = u64::try_from(end).unwrap();
    assert_eq!(reader.tail(), Some(Tail { offset, length: 98 }));
    let expected = CutTail {
        offset,
        length: 98,
        sha256: Sha256::digest(&torn).into(),
        copy: format!("punchmark.ledger.tail-{end}"),
    };
    // A run that ends before it says so leaves it to the next.
    for _ in 0..2 {
        let ledger = room.open().unwrap();
        assert_eq!(ledger.cut_tail(), Some(&expected));
    }
    let copy = room.path("ca").join(&expected.copy);
    assert_eq!(std::fs::read(copy).unwrap(), torn);
    let mut ledger = room.open().unwrap();
    append(&mut ledger, &[b"what was cut"]);
    assert_eq!(ledger.cut_tail(), None);
    drop(ledger);
    assert_eq!(room.open().unwrap().cut_tail(), None);
}

#[test]
fn a_broken_frame_that_the_head_knows_is_damage() {
    let room = Room::with_frames(3);
    let last = {
        let ledger = room.open().unwrap();
        usize::try_from(ledger.end.last.0).unwrap()
    };
    room.edit(|bytes| bytes[last + 60] ^= 1);
    let ledger = room.open().unwrap();
    assert!(
        matches!(
            ledger.standing(),
            Standing::Refused(HeadsError::Broken { .. })
        ),
        "{:?}",
        ledger.standing()
    );
}

#[test]
fn frames_behind_a_broken_one_are_damage_and_stay_untouched() {
    for lose_the_length in [false, true] {
        let room = Room::with_frames(2);
        let head = std::fs::read(room.kept_head()).unwrap();
        let end = usize::try_from(room.open().unwrap().end().1.0).unwrap();
        append(&mut room.open().unwrap(), &[b"third"]);
        append(&mut room.open().unwrap(), &[b"fourth"]);
        std::fs::write(room.kept_head(), head).unwrap();
        room.edit(|bytes| {
            if lose_the_length {
                bytes[end..end + 8].fill(0)
            } else {
                bytes[end + 60] ^= 1
            }
        });
        let before = std::fs::read(room.ledger()).unwrap();
        let error = room.open().unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
        assert_eq!(std::fs::read(room.ledger()).unwrap(), before);
    }
}

#[test]
fn a_torn_first_frame_leaves_a_new_ledger() {
    let room = Room::with_frames(0);
    room.edit(|bytes| bytes[64..72].copy_from_slice(b"fram\0\0\0\xff"));
    let mut ledger = room.open().unwrap();
    assert!(matches!(ledger.standing(), Standing::New));
    append(&mut ledger, &[b"first"]);
    drop(ledger);
    assert_eq!(room.open().unwrap().end().0.size, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A frame of several pages, of which any may be lost while the head does not know it.
    #[test]
    fn whatever_pages_of_an_unacknowledged_frame_are_lost_the_ledger_opens(
        lost in prop::collection::vec(any::<bool>(), 6)
    ) {
        let room = Room::with_frames(2);
        let head = std::fs::read(room.kept_head()).unwrap();
        let before = std::fs::read(room.ledger()).unwrap();
        append(&mut room.open().unwrap(), &[&[9; 16_000]]);
        std::fs::write(room.kept_head(), head).unwrap();
        room.edit(|bytes| {
            for (number, _) in lost.iter().enumerate().filter(|(_, lost)| **lost) {
                let page = number * 4096..(number + 1) * 4096;
                bytes[page.clone()].copy_from_slice(&before[page]);
            }
        });
        let mut ledger = room.open().unwrap();
        let size = ledger.end().0.size;
        prop_assert!(size == 2 || size == 3);
        append(&mut ledger, &[b"next"]);
        drop(ledger);
        prop_assert_eq!(room.open().unwrap().end().0.size, size + 1);
    }
}
