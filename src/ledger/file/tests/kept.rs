//! A file held against the heads that are kept of it.

use super::*;

#[test]
fn an_older_copy_is_not_written_to_before_somebody_says_that_it_is_the_newest() {
    let room = Room::with_frames(2);
    std::fs::copy(room.ledger(), room.path("old")).unwrap();
    append(&mut room.open().unwrap(), &[b"newer"]);
    std::fs::copy(room.path("old"), room.ledger()).unwrap();
    let mut ledger = room.open().unwrap();
    assert!(
        matches!(
            ledger.standing(),
            Standing::Refused(HeadsError::Older {
                kept: 3,
                found: 2,
                ..
            })
        ),
        "{:?}",
        ledger.standing()
    );
    let error = try_append(&mut ledger, &[b"x"]).unwrap_err();
    assert!(matches!(error, StoreError::Unkept), "{error}");
    ledger.adopt().unwrap();
    append(&mut ledger, &[b"another third"]);
    drop(ledger);
    assert!(matches!(room.open().unwrap().standing(), Standing::Kept));
}

#[test]
fn a_copy_that_went_another_way_is_not_written_to() {
    let room = Room::with_frames(2);
    std::fs::copy(room.ledger(), room.path("old")).unwrap();
    append(&mut room.open().unwrap(), &[b"newer"]);
    std::fs::rename(room.path("heads"), room.path("aside")).unwrap();
    std::fs::copy(room.path("old"), room.ledger()).unwrap();
    let mut ledger = room.open().unwrap();
    ledger.adopt().unwrap();
    append(&mut ledger, &[b"another third"]);
    append(&mut ledger, &[b"fourth"]);
    drop(ledger);
    std::fs::remove_dir_all(room.path("heads")).unwrap();
    std::fs::rename(room.path("aside"), room.path("heads")).unwrap();
    let ledger = room.open().unwrap();
    assert!(
        matches!(
            ledger.standing(),
            Standing::Refused(HeadsError::Forked { kept: 3, .. })
        ),
        "{:?}",
        ledger.standing()
    );
}

#[test]
fn a_kept_head_that_others_can_write_to_is_named_in_the_refusal() {
    let room = Room::with_frames(2);
    let mode = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(room.path("heads"), mode).unwrap();
    let mut ledger = room.open().unwrap();
    let Some(HeadsError::Missing { ignored, .. }) = ledger.take_refusal() else {
        panic!("{:?}", ledger.standing())
    };
    let said: Vec<_> = ignored.iter().map(ToString::to_string).collect();
    assert!(said[0].contains("chmod go-w"), "{said:?}");
}

#[test]
fn without_a_kept_head_nothing_is_written_until_it_is_adopted() {
    let room = Room::with_frames(2);
    std::fs::remove_dir_all(room.path("heads")).unwrap();
    for _ in 0..2 {
        let mut ledger = room.open().unwrap();
        assert!(matches!(
            ledger.standing(),
            Standing::Refused(HeadsError::Missing { .. })
        ));
        let error = try_append(&mut ledger, &[b"x"]).unwrap_err();
        assert!(matches!(error, StoreError::Unkept), "{error}");
    }
    let mut ledger = room.open().unwrap();
    ledger.adopt().unwrap();
    append(&mut ledger, &[b"x"]);
    drop(ledger);
    assert!(matches!(room.open().unwrap().standing(), Standing::Kept));
}

#[test]
fn a_head_in_a_folder_that_the_ledger_names_counts_too() {
    let room = Room::with_frames(2);
    std::fs::copy(room.ledger(), room.path("old")).unwrap();
    append(&mut room.open().unwrap(), &[b"newer"]);
    std::fs::copy(room.path("old"), room.ledger()).unwrap();
    let settings = FileSettings {
        kept_heads_only: Some(vec![room.path("other")]),
        ..FileSettings::default()
    };
    let mut ledger = FileFrames::open(&room.ledger(), settings).unwrap();
    let refused = |ledger: &FileFrames| match ledger.standing() {
        Standing::Refused(error) => error.to_string(),
        standing => format!("{standing:?}"),
    };
    assert!(refused(&ledger).starts_with("no kept head"));
    ledger.look_in(&[&room.path("heads")]).unwrap();
    assert!(refused(&ledger).contains("the head kept in"));
}
