//! One line as words: comments cut off, quotes closed, nothing but printable ASCII left.

use std::io::BufRead;

use super::fault::{Misread, Wrong};

/// A word of a line, and the column where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) column: usize,
    pub(super) text: &'a str,
    /// Whether all of it is of small letters, digits, `_` and `.`: one name, whatever it names.
    pub(super) plain: bool,
}

impl<'a> Word<'a> {
    /// A part of a word, of which nothing is known.
    pub(super) fn part(column: usize, text: &'a str) -> Self {
        Self {
            column,
            text,
            plain: false,
        }
    }
}

/// Where the first line ends, if it does.
pub(super) fn line_end(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    // Reading from memory doesn't fail; the search is that of the C library.
    let end = rest.skip_until(b'\n').ok()?.checked_sub(1)?;
    (text.get(end) == Some(&b'\n')).then_some(end)
}

/// Cuts a line into words at blanks outside of quotes; none for blank lines and comments.
///
/// `word` is called for each.
pub(super) fn words<'a>(
    line: &'a [u8],
    mut word: impl FnMut(Word<'a>) -> Result<(), Misread>,
) -> Result<(), Misread> {
    // Once for all words; where a comment is no text, each word is one by itself.
    let text = std::str::from_utf8(line).ok();
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        match CLASSES.get(usize::from(*byte)) {
            Some(Class::Blank) => at += 1,
            Some(Class::Hash) => return comment(line, at),
            _ => {
                let (end, plain) = word_end(line, at)?;
                word(Word {
                    column: at.saturating_add(1),
                    text: match text.and_then(|text| text.get(at..end)) {
                        Some(text) => text,
                        None => ascii(line, at, end)?,
                    },
                    plain,
                })?;
                at = end;
            }
        }
    }
    Ok(())
}

/// Where the word that begins at `at` ends, and whether it is plain.
fn word_end(line: &[u8], at: usize) -> Result<(usize, bool), Misread> {
    let rest = line.get(at..).unwrap_or_default();
    let class = |byte: &u8| CLASSES.get(usize::from(*byte));
    let Some(first) = rest
        .iter()
        .position(|byte| class(byte) != Some(&Class::Plain))
    else {
        return Ok((line.len(), true));
    };
    let end = at.saturating_add(first);
    match rest.get(first).and_then(class) {
        Some(Class::Blank) => Ok((end, true)),
        _ => odd_word_end(line, end),
    }
}

/// The same of a word that is plain up to `end`, where something else stands.
fn odd_word_end(line: &[u8], mut end: usize) -> Result<(usize, bool), Misread> {
    let mut plain = true;
    while let Some(byte) = line.get(end) {
        match CLASSES.get(usize::from(*byte)) {
            Some(Class::Plain) => end += 1,
            Some(Class::Word) => {
                plain = false;
                end += 1;
            }
            Some(Class::Blank) => break,
            Some(Class::Quote) => {
                plain = false;
                end = quoted_end(line, end)?;
            }
            Some(Class::Hash) => return Err(Misread::new(end.saturating_add(1), Wrong::Hash)),
            _ => return Err(odd(line, end, *byte)),
        }
    }
    Ok((end, plain))
}

/// Behind the quote that closes the one at `at`. `\"` is a quote within, and `\` else itself, as
/// sshd has it (`opt_dequote`).
fn quoted_end(line: &[u8], at: usize) -> Result<usize, Misread> {
    let mut end = at.saturating_add(1);
    while let Some(byte) = line.get(end) {
        match (byte, line.get(end.saturating_add(1))) {
            (b'"', _) => return Ok(end.saturating_add(1)),
            (b'\\', Some(b'"')) => end += 2,
            (b'#', _) => return Err(Misread::new(end.saturating_add(1), Wrong::Hash)),
            (b'\t' | b' '..=b'~', _) => end += 1,
            _ => return Err(odd(line, end, *byte)),
        }
    }
    Err(Misread::new(at.saturating_add(1), Wrong::OpenQuote))
}

/// All bytes of a word were looked at; only a fault of this file gives an error here.
fn ascii(line: &[u8], from: usize, to: usize) -> Result<&str, Misread> {
    line.get(from..to)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .ok_or_else(|| Misread::new(from.saturating_add(1), Wrong::Comment))
}

fn comment(line: &[u8], at: usize) -> Result<(), Misread> {
    let bytes = line.get(at..).unwrap_or_default();
    if let Some(cr) = bytes.iter().position(|byte| *byte == b'\r') {
        let column = at.saturating_add(cr).saturating_add(1);
        return Err(Misread::new(column, Wrong::CarriageReturn));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(hides) => Ok(()),
        _ => Err(Misread::new(at.saturating_add(1), Wrong::Comment)),
    }
}

/// Whether a character could show a reviewer another text than is there.
fn hides(c: char) -> bool {
    let control = c.is_control() && c != '\t';
    control || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn odd(line: &[u8], at: usize, byte: u8) -> Misread {
    let wrong = match byte {
        b'\r' => Wrong::CarriageReturn,
        _ if at == 0 && line.starts_with(BYTE_ORDER_MARK) => Wrong::ByteOrderMark,
        _ => Wrong::Character(byte),
    };
    Misread::new(at.saturating_add(1), wrong)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Word,
    Blank,
    Quote,
    Hash,
    Odd,
}

/// Looked up rather than compared, since lists of a million lines are read within a login.
static CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut classes = [Class::Odd; 256];
    let mut printable: u8 = b'!';
    while printable <= b'~' {
        put(&mut classes, printable, Class::Word);
        printable += 1;
    }
    let mut letter: u8 = b'a';
    while letter <= b'z' {
        put(&mut classes, letter, Class::Plain);
        letter += 1;
    }
    let mut digit: u8 = b'0';
    while digit <= b'9' {
        put(&mut classes, digit, Class::Plain);
        digit += 1;
    }
    put(&mut classes, b'_', Class::Plain);
    put(&mut classes, b'.', Class::Plain);
    put(&mut classes, b' ', Class::Blank);
    put(&mut classes, b'\t', Class::Blank);
    put(&mut classes, b'"', Class::Quote);
    put(&mut classes, b'#', Class::Hash);
    classes
}

#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "at compile time, where neither `get` nor `from` may be called"
)]
const fn put(classes: &mut [Class; 256], byte: u8, class: Class) {
    classes[byte as usize] = class;
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
