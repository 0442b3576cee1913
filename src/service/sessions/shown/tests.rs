//! To whom a token belongs, and for how long.

use std::path::Path;

use super::*;
use crate::login::dpop::SessionKey;

const NOW: u64 = 1_795_400_000;

fn open(path: &Path, now: u64) -> Sessions {
    Sessions::open(path, 600, now, &|_words| {}).unwrap()
}

fn key(seed: u8) -> Thumbprint {
    SessionKey::from_seed(&[seed; 32]).thumbprint()
}

/// One of five minutes.
fn token(mark: u8, issued: u64) -> ProgramToken {
    ProgramToken::of_test([mark; 32], issued, issued + 300)
}

#[test]
fn a_token_belongs_to_the_key_that_showed_it_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sessions");
    let sessions = open(&path, NOW);
    sessions.show(&token(1, NOW), &key(1), NOW).unwrap();
    let again = |sessions: &Sessions, seed, now| sessions.show(&token(1, NOW), &key(seed), now);
    again(&sessions, 1, NOW + 10).unwrap();
    let refused = again(&sessions, 2, NOW + 10);
    assert!(matches!(refused, Err(NotShown::OfOtherKey)), "{refused:?}");
    // The same after a restart, and however often others come.
    let sessions = open(&path, NOW + 20);
    again(&sessions, 1, NOW + 20).unwrap();
    sessions
        .show(&token(2, NOW + 20), &key(2), NOW + 20)
        .unwrap();
    assert!(again(&sessions, 2, NOW + 359).is_err());
    // Kept for as long as the token counts by a clock that is a minute behind.
    sessions
        .show(&token(3, NOW + 300), &key(3), NOW + 359)
        .unwrap();
    assert!(again(&sessions, 2, NOW + 359).is_err());
    sessions
        .show(&token(4, NOW + 300), &key(3), NOW + 360)
        .unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        !text.contains(&Base64UrlUnpadded::encode_string(&[1; 32])),
        "{text}"
    );
}

#[test]
fn a_file_that_was_lost_takes_no_token_that_is_older() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sessions");
    let sessions = open(&path, NOW);
    sessions.show(&token(1, NOW), &key(1), NOW).unwrap();
    let ways: [&dyn Fn(); 2] = [&|| std::fs::remove_file(&path).unwrap(), &|| {
        std::fs::write(&path, "{}").unwrap();
    }];
    for lose in ways {
        lose();
        let sessions = open(&path, NOW + 100);
        for seed in [1, 2] {
            let refused = sessions.show(&token(1, NOW + 99), &key(seed), NOW + 100);
            assert!(matches!(refused, Err(NotShown::Early)), "{refused:?}");
        }
        sessions
            .show(&token(2, NOW + 100), &key(2), NOW + 100)
            .unwrap();
        // A restart begins no file.
        let sessions = open(&path, NOW + 200);
        sessions
            .show(&token(3, NOW + 150), &key(3), NOW + 200)
            .unwrap();
    }
}

#[test]
fn a_file_of_before_programs_logged_in_begins_where_it_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sessions");
    let began = open(&path, NOW);
    let text = std::fs::read_to_string(&path).unwrap();
    let old = text.replace(&format!("\"began\":{NOW},"), "");
    assert_ne!(text, old);
    drop(began);
    std::fs::write(&path, old).unwrap();
    let sessions = open(&path, NOW + 100);
    assert!(matches!(
        sessions.show(&token(1, NOW + 99), &key(1), NOW + 100),
        Err(NotShown::Early)
    ));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains(&format!("\"began\":{},", NOW + 100)),
        "{text}"
    );
}

#[test]
fn so_many_are_kept_and_none_is_forgotten_before_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = open(&folder.path().join("a.sessions"), NOW);
    let of = |number: usize| {
        let mut mark = [0; 32];
        mark[..8].copy_from_slice(&number.to_be_bytes());
        ProgramToken::of_test(mark, NOW, NOW + 300)
    };
    for number in 0..MOST {
        let shown = sessions.with_shown(|shown| shown.show(&of(number), &key(1), NOW));
        assert!(shown.unwrap());
    }
    let one_more = sessions.show(&of(MOST), &key(1), NOW);
    assert!(matches!(one_more, Err(NotShown::Full)));
    sessions.show(&of(0), &key(1), NOW).unwrap();
    sessions
        .show(&of(MOST), &key(1), NOW + 360)
        .unwrap_or_else(|error| panic!("{error}"));
}
