//! Forged entries, each in an honest history, and what the replay says of them.

mod forged;
mod history;
mod older;
mod refused;

use super::*;
use crate::ledger::checkpoint::Checkpoint;
use history::{History, NOW, blob};

/// What the replay says of a history, in words: grade, position and fault.
fn said(history: &History) -> Vec<String> {
    let found = history.replay(Signatures::Check).findings;
    let grade = |grade: &Grade| match grade {
        Grade::Broken => "broken",
        Grade::OlderVersion { .. } => "older",
        Grade::Odd => "odd",
        Grade::NotChecked => "not checked",
    };
    let words = found.iter().map(|found| {
        let words = format!(
            "{} {}: {}",
            grade(&found.grade),
            found.position,
            found.fault
        );
        without_fingerprint(&words)
    });
    words.collect()
}

/// Which key it is, is told by the position too.
fn without_fingerprint(words: &str) -> String {
    let cut = words.split_once("SHA256:").and_then(|(before, after)| {
        let (_, after) = after.split_once(' ')?;
        Some(format!("{before}SHA256:… {after}"))
    });
    cut.unwrap_or_else(|| words.to_owned())
}

#[test]
fn an_honest_history_is_in_order() {
    let history = History::long();
    assert_eq!(said(&history), Vec::<String>::new());
    let replayed = history.replay(Signatures::Skip);
    assert_eq!(replayed.size(), history.size());
    assert_eq!((replayed.cas, replayed.krls, replayed.gaps), (2, 2, 1));
    assert_eq!(replayed.head().unwrap().root, history.root());
}

#[test]
fn heads_of_every_size_are_told_from_others() {
    let history = History::long();
    let replayed = history.replay(Signatures::Skip);
    for size in 1..=history.size() {
        let head = replayed.head_at(size).unwrap();
        assert_eq!(replayed.extends(&head), Ok(()));
        let forked = Checkpoint {
            root: [9; 32],
            ..head.clone()
        };
        assert_eq!(replayed.extends(&forked), Err(HeadError::Forked { size }));
        let other = Checkpoint {
            origin: "other".to_owned(),
            ..head
        };
        assert!(matches!(
            replayed.extends(&other),
            Err(HeadError::OtherLedger { .. })
        ));
    }
    let longer = Checkpoint {
        size: history.size() + 1,
        ..replayed.head().unwrap()
    };
    assert!(matches!(
        replayed.extends(&longer),
        Err(HeadError::Shorter { .. })
    ));
}

#[test]
fn findings_beyond_a_number_are_counted() {
    let mut history = History::begun();
    for _ in 0..MOST_FINDINGS + 7 {
        history.push(Event::Failed(crate::ledger::Failed {
            reserved: 1,
            reason: String::new(),
        }));
    }
    let replayed = history.replay(Signatures::Skip);
    assert_eq!((replayed.findings.len(), replayed.more), (MOST_FINDINGS, 7));
}
