//! Runs that are killed at a sample of their writes, where one run for each would take minutes.

use super::room::{killed_at, texts, words_of};

/// Holds a ceremony by runs that are killed early and late in turn, until one comes to its end: the words of its
/// transcript. None does so much between two of its steps that it begins with them anew for good.
pub(super) fn killed_now_and_then(
    own: &[&str],
    mut hold: impl FnMut(&[&str]) -> (String, u8),
) -> String {
    let (mut kills, mut call) = (0, 2);
    loop {
        let traced = killed_at("fdatasync,fsync,rename", call);
        let (shown, code) = hold(&[&texts(&traced), own].concat());
        if code == 0 {
            assert!(kills > LEAST, "{kills} kills: {shown}");
            return words_of(&shown).0;
        }
        assert_eq!(code, 137, "{shown}");
        kills += 1;
        call = 2 + kills * STRIDE % WRITES;
        assert!(kills < 60, "{shown}");
    }
}

const LEAST: usize = 3;
/// It has no divisor with the next one, so that no write is left out for good.
const STRIDE: usize = 7;
/// More than a step has that a run begins anew.
const WRITES: usize = 30;
