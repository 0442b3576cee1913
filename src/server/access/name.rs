//! Names of a list: principals, users, hosts, tags, and the names of definitions.

use super::fault::{Misread, Wrong};
use super::line::Word;

/// The parts of a word between commas, each with its column; an empty one is a fault.
pub(super) fn items(word: Word<'_>) -> impl Iterator<Item = Result<Word<'_>, Misread>> {
    let mut column = word.column;
    word.text.split(',').map(move |text| {
        let item = Word::part(column, text);
        column = column.saturating_add(text.len()).saturating_add(1);
        if text.is_empty() {
            return Err(Misread::new(item.column, Wrong::EmptyName));
        }
        Ok(item)
    })
}

/// A principal, or a pattern of some.
pub(super) fn check_principal(item: Word<'_>) -> Result<(), Misread> {
    match item.text.as_bytes().first() {
        Some(b'!') => Err(Misread::new(item.column, Wrong::StrayDenial)),
        Some(b'-' | b'@') => Err(character(item, 0, "principal's first place")),
        _ => check(item, "principal", is_principal_byte),
    }
}

/// Whether a text is one principal and no pattern, so that a list takes it as a member of a group and
/// a certificate can have it.
#[must_use]
pub fn is_exact_principal(text: &str) -> bool {
    let word = Word::part(1, text);
    !text.is_empty() && !text.contains(['*', '?']) && check_principal(word).is_ok()
}

/// A user of a host, or a pattern of some.
pub(super) fn check_user(item: Word<'_>) -> Result<(), Misread> {
    match item.text.as_bytes().first() {
        Some(b'!') => Err(Misread::new(item.column, Wrong::DenialInColumn("users"))),
        Some(b'@') => Err(Misread::new(item.column, Wrong::GroupAmongUsers)),
        Some(b'-') => Err(character(item, 0, "user's first place")),
        _ => check(item, "user", is_principal_byte),
    }
}

/// A host, a pattern of some, or a tag.
pub(super) fn check_host(item: Word<'_>) -> Result<(), Misread> {
    if let Some(tag) = item.text.strip_prefix('+') {
        if tag.contains(['*', '?']) {
            return Err(Misread::new(item.column, Wrong::TagWildcard));
        }
        let tag = Word::part(item.column.saturating_add(1), tag);
        return check_own(tag, "tag", is_host_byte);
    }
    if item.text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Misread::new(item.column, Wrong::UpperCaseHost));
    }
    check(item, "host", |byte| {
        is_host_byte(byte) || matches!(byte, b'*' | b'?')
    })
}

/// The name of a group, a host set or a CA.
pub(super) fn check_definition(name: Word<'_>, what: &'static str) -> Result<(), Misread> {
    check_own(name, what, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
    })
}

/// Whether a byte may stand in a principal of a list or a certificate.
pub(super) fn is_principal_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b',' | b'"' | b'\'' | b'`' | b'#')
}

/// Whether a byte may stand in the name of a host or tag.
pub(super) fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_' | b':')
}

fn check_own(
    name: Word<'_>,
    what: &'static str,
    allowed: impl Fn(u8) -> bool,
) -> Result<(), Misread> {
    if name.text.is_empty() {
        return Err(Misread::new(name.column, Wrong::EmptyName));
    }
    check(name, what, allowed)
}

fn check(item: Word<'_>, what: &'static str, allowed: impl Fn(u8) -> bool) -> Result<(), Misread> {
    if item.text.len() > NAME_BYTES_MAX {
        return Err(Misread::new(item.column, Wrong::LongName(NAME_BYTES_MAX)));
    }
    match item.text.bytes().position(|byte| !allowed(byte)) {
        Some(at) => Err(character(item, at, what)),
        None => Ok(()),
    }
}

fn character(item: Word<'_>, at: usize, what: &'static str) -> Misread {
    let character = item.text.get(at..).and_then(|rest| rest.chars().next());
    let wrong = Wrong::NameCharacter {
        character: character.unwrap_or_default(),
        what,
    };
    Misread::new(item.column.saturating_add(at), wrong)
}

/// The longest name, in bytes; a CA of ours gives no longer principal.
pub(super) const NAME_BYTES_MAX: usize = 255;
