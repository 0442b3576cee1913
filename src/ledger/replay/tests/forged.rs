//! What no version writes: each forged kind of entry is named by its position.

mod bundles;
mod content;
mod grounds;
mod signed;
mod subjects;

use super::*;
use crate::ledger::entry::*;
use history::{Content, HOSTS, LEDGER, USERS};

/// A forger's hand on a history that begins with two CAs and a policy, and the words for it.
type Forgery = (fn(&mut History), &'static str);

#[track_caller]
fn assert_named(forgeries: &[Forgery]) {
    for (forge, words) in forgeries {
        let mut history = History::begun();
        forge(&mut history);
        assert_eq!(said(&history), [*words]);
    }
}

#[test]
fn a_serial_that_is_used_twice_or_out_of_order() {
    assert_named(&[
        (
            |history| {
                history.certificate(10);
                history.certificate(11);
            },
            "broken 6: serial 1 was taken before",
        ),
        (
            |history| {
                history.explicit(10, 5);
                history.explicit(11, 5);
            },
            "broken 5: serial 5 was taken before",
        ),
        (
            |history| {
                history.certificate_of(Content::of(10, 3));
            },
            "broken 4: serial 3 comes next, and 1 was left out",
        ),
        (
            |history| {
                history.resume(1, 9);
                history.certificate_of(Content::of(10, 12));
            },
            "broken 5: serial 12 comes next, and 10 was left out",
        ),
        (
            |history| {
                history.resume(1, 9);
                history.explicit(10, 4);
            },
            "broken 5: serial 4 was taken before",
        ),
        (
            |history| {
                history.explicit(10, 0);
            },
            "broken 4: its serial is 0",
        ),
        (
            |history| {
                history.certificate(10);
                history.resume(1, 9);
            },
            "broken 6: the gap begins at 1, and the sequence stands at 2",
        ),
        (
            |history| {
                history.resume(1, 1_000_001);
            },
            "broken 4: the gap from 1 to 1000001 is larger than a million serials",
        ),
    ]);
}

#[test]
fn a_serial_behind_the_sequence() {
    let mut history = History::begun();
    history.is_format_4 = false;
    history.certificate_of(Content::of(10, 3));
    history.certificate_of(Content::of(11, 2));
    assert_eq!(
        said(&history)[1..],
        ["broken 6: serial 2 is behind the sequence"]
    );
}

#[test]
fn an_outcome_that_is_none() {
    assert_named(&[
        (
            |history| {
                let reserved = history.certificate(10);
                history.issue(reserved);
            },
            "broken 6: the outcome of entry 4 was recorded before",
        ),
        (
            |history| {
                let reserved = history.certificate(10);
                history.fail(reserved);
            },
            "broken 6: the outcome of entry 4 was recorded before",
        ),
        (
            |history| {
                let signature = history.signature(1);
                history.push(Event::Issued(Issued {
                    reserved: 1,
                    signature,
                }));
            },
            "broken 4: it refers to entry 1, which is not what it should be",
        ),
        (
            |history| {
                history.fail(u64::MAX);
            },
            "broken 4: it refers to entry 18446744073709551615, which is not what it should be",
        ),
        (
            |history| {
                let reserved = history.reserve(Content::of(10, 1));
                let signature = history.signature(1);
                history.push(Event::Issued(Issued {
                    reserved,
                    signature,
                }));
            },
            "broken 5: the CA's signature is not valid",
        ),
        (
            |history| {
                let reserved = history.reserve(Content::of(10, 1));
                history.push(Event::Issued(Issued {
                    reserved,
                    signature: vec![1, 2, 3],
                }));
            },
            "broken 5: the signature is malformed",
        ),
    ]);
}

#[test]
fn time_that_runs_backwards() {
    assert_named(&[
        (
            |history| {
                history.time -= 3600;
                history.certificate(10);
            },
            "broken 4: its time is 3599 s before that of the entry before it",
        ),
        (
            |history| {
                history.time -= 3600;
                history.push(Event::ClockCorrected(ClockCorrected {
                    wrong: 7,
                    reason: String::new(),
                    keyboard: String::new(),
                }));
            },
            "broken 4: it corrects the time 7, and the entry before it has 1795400003",
        ),
    ]);
    let mut history = History::begun();
    history.time -= 61;
    history.certificate(10);
    assert_eq!(said(&history), Vec::<String>::new());
    let reserved = history.reserve(Content::of(10, 2));
    history.time -= 3600;
    history.issue(reserved);
    assert_eq!(
        said(&history),
        ["broken 7: its time is 3599 s before that of the entry before it"]
    );
}

#[test]
fn a_kind_that_was_left_or_is_not_known_yet() {
    let mut history = History::begun();
    history.certificate(10);
    history.is_format_4 = false;
    history.reserve(Content::of(10, 2));
    assert_eq!(
        said(&history),
        ["broken 6: an entry of kind 8 behind one of kind 18, which took its place"]
    );
    let mut replay = Replay::new(Signatures::Skip);
    replay.entry(&[[200].as_slice(), &[0; 24]].concat());
    replay.entry(&[1, 2, 3]);
    let found = replay.end().findings;
    assert_eq!(found[0].grade, Grade::NotChecked);
    assert_eq!(found[0].fault, Fault::Kind(200));
    assert_eq!(found[1].grade, Grade::Broken);
    assert!(matches!(found[1].fault, Fault::Bytes(_)));
}

#[test]
fn what_was_put_aside_or_where_heads_lie_is_malformed() {
    assert_named(&[
        (
            |history| {
                history.push(Event::TailCut(TailCut {
                    offset: 4096,
                    length: 0,
                    sha256: [0; 32],
                    copy: "l.tail".to_owned(),
                    keyboard: String::new(),
                }));
            },
            "broken 4: what was put aside is malformed",
        ),
        (
            |history| {
                history.push(Event::HeadPlaces(HeadPlaces {
                    places: vec!["heads".to_owned()],
                    keyboard: String::new(),
                }));
            },
            "broken 4: place \"heads\" is no absolute path",
        ),
        (
            |history| {
                history.push(Event::Bound(Bound {
                    ca: 3,
                    device: String::new(),
                    keyboard: String::new(),
                }));
            },
            "broken 4: it refers to entry 3, which is not what it should be",
        ),
    ]);
}
