//! Heads that were kept or given out before.

use super::*;

#[test]
fn a_ledger_without_any_kept_head_is_migrated_on_a_recorded_word_only() {
    for format in [1, 2, 3] {
        let old = Old::without_heads(format);
        let ledger = old.open().unwrap();
        assert!(!ledger.is_kept());
        let error = ledger.migrate(&[more()]).unwrap_err();
        assert!(
            matches!(error, MigrateError::Heads(HeadsError::Missing { .. })),
            "{error}"
        );
        assert_eq!(old.user_version("punchmark.ledger"), i64::from(format));
        let word = HeadAdopted {
            size: 0,
            root: [0; 32],
            word: "this is the newest copy".to_owned(),
            keyboard: "tester".to_owned(),
        };
        let adopts = OldLedger::adopting_entry(word, 1_795_700_000).unwrap();
        let ledger = old.open().unwrap();
        ledger.migrate(std::slice::from_ref(&adopts)).unwrap();
        let new = FileFrames::open(&old.ledger(), old.settings()).unwrap();
        assert!(matches!(new.standing(), Standing::Kept));
        assert_eq!(entries(&new).last().unwrap(), &adopts.to_bytes().unwrap());
    }
}

#[test]
fn a_kept_head_of_no_entry_does_not_say_that_a_copy_is_the_newest() {
    let old = Old::new(3);
    let nothing = file::empty();
    old.keep(&Checkpoint {
        size: 0,
        root: nothing.root,
        ..old.checkpoint()
    });
    assert!(!old.open().unwrap().is_kept());
}

#[test]
fn heads_that_were_given_out_before_still_hold() {
    for &(format, name) in FORMATS {
        let old = Old::new(format);
        let text = old.vector(name);
        let head = Checkpoint::parse(&text).unwrap();
        old.open().unwrap().migrate(&[more()]).unwrap();
        let new = FileReader::open(&old.ledger(), None).unwrap();
        let mut tree = Frontier::default();
        let size = usize::try_from(head.size).unwrap();
        let entries = entries(&new);
        entries[..size]
            .iter()
            .for_each(|entry| tree.push(leaf_hash(entry), |_, _| ()));
        assert_eq!(tree.root(), head.root, "format {format}");
        assert_eq!(origin(&leaf_hash(&entries[0])), head.origin);
        let leaves = Leaves(entries.iter().map(|entry| leaf_hash(entry)).collect());
        let root = leaves.range(0, new.end().0.size).unwrap();
        assert_eq!(root, new.end().0.root);
    }
}

#[test]
fn a_head_that_an_earlier_version_kept_must_be_gone_on_from() {
    let old = Old::new(3);
    let head = Checkpoint::parse(&old.vector("signed-head")).unwrap();
    let newer = Checkpoint {
        size: head.size + 40,
        ..head.clone()
    };
    let other = Checkpoint {
        root: [9; 32],
        ..head.clone()
    };
    for wrong in [newer, other] {
        old.keep(&wrong);
        let error = old.open().unwrap_err();
        assert!(matches!(error, MigrateError::Older { .. }), "{error}");
        assert_eq!(old.user_version("punchmark.ledger"), 3);
    }
    let kept = old.keep(&head);
    old.open().unwrap().migrate(&[]).unwrap();
    assert!(!kept.exists());
}

#[test]
fn a_head_of_an_earlier_version_that_is_found_later_is_held_against_the_file_once() {
    let old = Old::new(3);
    old.open().unwrap().migrate(&[more()]).unwrap();
    let head = Checkpoint::parse(&old.vector("signed-head")).unwrap();
    let open = || FileFrames::open(&old.ledger(), old.settings()).unwrap();
    let kept = old.keep(&Checkpoint {
        root: [9; 32],
        ..head.clone()
    });
    assert!(matches!(
        open().standing(),
        Standing::Refused(HeadsError::Forked { .. })
    ));
    old.keep(&Checkpoint {
        size: 4000,
        ..head.clone()
    });
    assert!(matches!(
        open().standing(),
        Standing::Refused(HeadsError::Older { kept: 4000, .. })
    ));
    assert!(kept.exists());
    old.keep(&head);
    assert!(matches!(open().standing(), Standing::Kept));
    assert!(!kept.exists());
    old.keep(&Checkpoint {
        root: [9; 32],
        ..head
    });
    let mut adopted = open();
    adopted.adopt().unwrap();
    drop(adopted);
    assert!(matches!(open().standing(), Standing::Kept));
}
