//! The words of a directive: lists, times, keys and numbers, each read one way.

use base64ct::{Base64Unpadded, Encoding};

use super::super::fault::{Misread, Wrong};
use super::super::line::Word;
use super::super::name;
use crate::certificate::length_in_seconds;

pub(super) fn unix_seconds(words: &[Word<'_>]) -> Result<u64, Misread> {
    let [number] = words else {
        return Err(form());
    };
    let digits = number.text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = number.text.parse().ok().filter(|_| digits);
    let wrong = || Misread::new(number.column, Wrong::Version(number.text.to_owned()));
    seconds.ok_or_else(wrong)
}

/// One to three numbers with dots between them.
pub(super) fn program_version(text: &str) -> Option<[u32; 3]> {
    let mut version = [0; 3];
    let mut places = version.iter_mut();
    for part in text.split('.') {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *places.next()? = part.parse().ok()?;
    }
    Some(version)
}

/// Names with blanks or commas between them.
pub(super) fn named<'a>(
    words: &[Word<'a>],
    check: impl Fn(Word<'a>) -> Result<(), Misread>,
) -> Result<Vec<Box<str>>, Misread> {
    let mut names = Vec::new();
    for item in words.iter().flat_map(|word| name::items(*word)) {
        let item = item?;
        check(item)?;
        names.push(item.text.into());
    }
    Ok(names)
}

pub(super) fn check_suffix(word: Word<'_>) -> Result<(), Misread> {
    let text = word.text;
    let punctuation = |byte: u8| matches!(byte, b'_' | b'-' | b'.' | b'+' | b'@');
    let first = text.bytes().next().is_some_and(punctuation);
    let rest = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || punctuation(byte));
    if first && rest && (2..=32).contains(&text.len()) {
        return Ok(());
    }
    Err(Misread::new(word.column, Wrong::Suffix(text.to_owned())))
}

/// A SHA-256 fingerprint as `ssh-keygen -l` prints it.
pub(super) fn fingerprint(word: Word<'_>) -> Result<[u8; 32], Misread> {
    let mut bytes = [0; 32];
    let encoded = word.text.strip_prefix("SHA256:");
    let decoded = encoded.and_then(|text| Base64Unpadded::decode(text, &mut bytes).ok());
    match decoded.map(<[u8]>::len) {
        Some(32) => Ok(bytes),
        _ => Err(Misread::new(
            word.column,
            Wrong::Fingerprint(word.text.to_owned()),
        )),
    }
}

pub(super) fn length(word: Word<'_>) -> Result<u64, Misread> {
    let wrong = || Misread::new(word.column, Wrong::Length(word.text.to_owned()));
    length_in_seconds(word.text)
        .filter(|seconds| *seconds > 0)
        .ok_or_else(wrong)
}

pub(super) fn defined_twice(what: &'static str, name: Word<'_>, first: u64) -> Misread {
    let wrong = Wrong::DefinedTwice {
        what,
        name: name.text.to_owned(),
        first,
    };
    Misread::new(name.column, wrong)
}

/// Replaced by the form of the directive that was met.
pub(super) fn form() -> Misread {
    let wrong = Wrong::Form {
        directive: "",
        form: "",
    };
    Misread::new(1, wrong)
}
