//! A revocation that no list can name.

use super::*;

/// Why each of them is refused, `revocation::naming` has.
#[test]
fn a_revocation_that_no_list_can_name() {
    let what = [
        (
            Revoked {
                key_ids: vec!["a\0b".to_owned()],
                ..Revoked::default()
            },
            "key ID",
        ),
        (
            Revoked {
                serials: vec![(9, 7)],
                ..Revoked::default()
            },
            "range of serials",
        ),
        (
            Revoked {
                serials: vec![(0, 7)],
                ..Revoked::default()
            },
            "range of serials",
        ),
        (
            Revoked {
                keys: vec![b"none".to_vec()],
                ..Revoked::default()
            },
            "key",
        ),
    ];
    for (one, what) in what {
        let mut history = History::begun();
        history.ledger_key(LEDGER, LISTS);
        revoked(&mut history, one);
        let words = format!("broken 5: it revokes a {what} that no KRL can name");
        assert_eq!(said(&history), [words]);
    }
}
