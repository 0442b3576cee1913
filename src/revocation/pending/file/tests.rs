use super::*;
use crate::revocation::pending::statement::tests::{signed, statement};

#[test]
fn statements_follow_one_another_and_an_older_copy_is_none() {
    let room = tempfile::tempdir().unwrap();
    let mirror = room.path().join("office/mirror");
    std::fs::create_dir(room.path().join("office")).unwrap();
    let settings = FileSettings {
        kept_heads_only: Some(vec![room.path().join("heads")]),
        ..FileSettings::default()
    };
    let hold = || Pending::hold(&mirror, settings.clone(), "punchmark.ledger/00");
    assert!(hold().is_err(), "a mirror alone makes one");
    let begin = || Pending::begin(&mirror, settings.clone(), "punchmark.ledger/00");
    begin().unwrap();
    let mut pending = hold().unwrap();
    let first = statement(1, [0; 32]);
    let (bytes, signature) = signed(&first);
    pending.add(&bytes, &signature).unwrap();
    let again = pending.add(&bytes, &signature);
    assert!(matches!(again, Err(PendingError::Order(2))), "{again:?}");
    drop(pending);
    let old = std::fs::read(Pending::path(&mirror)).unwrap();
    let mut pending = hold().unwrap();
    assert_eq!(pending.next().unwrap(), (2, first.sha256().unwrap()));
    let nine = ListMade {
        version: 9,
        size: 7,
    };
    pending.note_list(nine, &[1; 32]).unwrap();
    let back = pending.note_list(nine, &[1; 32]);
    assert!(
        matches!(back, Err(PendingError::Version { .. })),
        "{back:?}"
    );
    drop(pending);
    assert_eq!(hold().unwrap().newest_list(), Some(nine));
    let rebased = Rebased {
        before: (9, [1; 32]),
        after: (7, [2; 32]),
        common: 5,
        time: 8,
    };
    hold().unwrap().note_rebase(rebased).unwrap();
    assert_eq!(hold().unwrap().rebased(), Some(rebased));
    std::fs::write(Pending::path(&mirror), old).unwrap();
    let older = hold();
    assert!(matches!(older, Err(PendingError::Unkept(_))), "{older:?}");
    std::fs::remove_file(Pending::path(&mirror)).unwrap();
    let gone = hold();
    assert!(
        matches!(gone, Err(PendingError::Open(OpenError::Missing(_)))),
        "{gone:?}"
    );
    let anew = begin();
    assert!(matches!(anew, Err(PendingError::Unkept(_))), "{anew:?}");
}

#[test]
fn a_run_that_was_killed_before_the_first_head_was_kept_is_gone_on_with() {
    let room = tempfile::tempdir().unwrap();
    let mirror = room.path().join("office/mirror");
    std::fs::create_dir(room.path().join("office")).unwrap();
    let heads = room.path().join("heads");
    let settings = FileSettings {
        kept_heads_only: Some(vec![heads.clone()]),
        ..FileSettings::default()
    };
    let origin = "punchmark.ledger/00";
    let name = kept_name(origin);
    FileFrames::create_pending(&Pending::path(&mirror), settings.clone(), &name).unwrap();
    let kept = std::fs::read_dir(heads).unwrap().next().unwrap().unwrap();
    let of_none = std::fs::read(kept.path()).unwrap();
    Pending::begin(&mirror, settings.clone(), origin).unwrap();
    std::fs::write(kept.path(), of_none).unwrap();
    let mut pending = Pending::hold(&mirror, settings.clone(), origin).unwrap();
    let (bytes, signature) = signed(&statement(1, [0; 32]));
    pending.add(&bytes, &signature).unwrap();
    drop(pending);
    // Without any kept head, what lies there is not taken for new.
    std::fs::remove_file(kept.path()).unwrap();
    let unkept = Pending::begin(&mirror, settings.clone(), origin);
    assert!(matches!(unkept, Err(PendingError::Unkept(_))), "{unkept:?}");
    let adopted = Pending::adopt(&mirror, settings.clone(), origin).unwrap();
    assert_eq!(adopted.next().unwrap().0, 2);
}

#[test]
fn what_a_published_list_revoked_is_kept_for_good() {
    let room = tempfile::tempdir().unwrap();
    let mirror = room.path().join("office/mirror");
    std::fs::create_dir(room.path().join("office")).unwrap();
    let settings = FileSettings {
        kept_heads_only: Some(vec![room.path().join("heads")]),
        ..FileSettings::default()
    };
    let origin = "punchmark.ledger/00";
    let revoked = Revoked {
        sha256s: vec![[7; 32]],
        ..Revoked::default()
    };
    let mut pending = Pending::adopt(&mirror, settings.clone(), origin).unwrap();
    let list = ListMade {
        version: 5,
        size: 2,
    };
    pending.take_over(vec![revoked.clone()], list).unwrap();
    drop(pending);
    let pending = Pending::hold(&mirror, settings, origin).unwrap();
    assert_eq!((pending.published, pending.list), (vec![revoked], list));
}
