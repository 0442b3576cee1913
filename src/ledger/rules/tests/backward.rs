//! Records from the newest back: the same as forward, however they are looked up.

use std::ops::ControlFlow;

use super::*;

conform!(
    backward_is_forward_turned_round,
    who_breaks_off_has_seen_the_newest,
    page_by_page_nothing_is_left_out_or_seen_twice,
);

fn backward(ledger: &Ledger, terms: &[Term<'_>], limit: usize) -> Vec<u64> {
    let mut serials = Vec::new();
    let each = &mut |record: Record| {
        serials.push(record.reserved.serial);
        if serials.len() < limit {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    ledger.each_record_backward(terms, each).unwrap();
    serials
}

/// Serials 1 to 8 of two keys, with other entries between.
fn eight(stand: Stand) -> Fixture {
    let mut fixture = fixture(stand, 1);
    for subject in [9, 8, 9, 8, 9, 8, 9, 8] {
        let reservation = fixture.ask(wanted(subject, SerialChoice::Next)).unwrap();
        let outcome = Outcome::Failed(&reservation, "pulled".to_owned());
        fixture.ledger.record(&[outcome], NOW).unwrap();
    }
    fixture
}

fn backward_is_forward_turned_round(stand: Stand) {
    let fixture = eight(stand);
    let all = [8, 7, 6, 5, 4, 3, 2, 1];
    assert_eq!(backward(&fixture.ledger, &[], 99), all);
    // No row leads to a role: all are shown, to be looked at.
    assert_eq!(backward(&fixture.ledger, &[Term::Role("x")], 99), all);
    let hash = public(9).fingerprint(Default::default()).sha256().unwrap();
    assert_eq!(
        backward(&fixture.ledger, &[Term::Key(hash)], 99),
        [7, 5, 3, 1]
    );
    let both = [Term::Key(hash), Term::Serials(&fixture.ca, 1, 2)];
    assert_eq!(backward(&fixture.ledger, &both, 99), [7, 5, 3, 2, 1]);
}

fn who_breaks_off_has_seen_the_newest(stand: Stand) {
    let fixture = eight(stand);
    assert_eq!(backward(&fixture.ledger, &[], 3), [8, 7, 6]);
    assert_eq!(backward(&fixture.ledger, &[Term::Role("x")], 1), [8]);
}

fn page_by_page_nothing_is_left_out_or_seen_twice(stand: Stand) {
    let fixture = eight(stand);
    let hash = public(9).fingerprint(Default::default()).sha256().unwrap();
    for (terms, all) in [
        (vec![], vec![8, 7, 6, 5, 4, 3, 2, 1]),
        (vec![Term::Key(hash)], vec![7, 5, 3, 1]),
    ] {
        for size in 1..=3 {
            let (mut serials, mut before) = (Vec::new(), u64::MAX);
            loop {
                let (mut page, from) = (Vec::new(), before);
                let each = &mut |position, record: Record| {
                    before = position;
                    page.push(record.reserved.serial);
                    if page.len() < size {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                };
                let ledger = &fixture.ledger;
                ledger.each_record_before(&terms, from, each).unwrap();
                if page.is_empty() {
                    break;
                }
                serials.extend(page);
            }
            assert_eq!(serials, all, "{size}");
        }
    }
    for none in [0, 1] {
        let never = &mut |_, _| panic!("nothing stands before the first entry");
        fixture.ledger.each_record_before(&[], none, never).unwrap();
    }
}
