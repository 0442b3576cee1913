//! Which characters may stand in text that people and logs will read.

/// Whether a character shows as itself wherever it is printed.
///
/// Refuses controls, line separators, spaces other than U+0020, bidi and other format
/// characters, private and unassigned ones, and what is invisible by design. Non-ASCII
/// characters are judged by the Unicode tables of the standard library.
pub(crate) fn is_plain(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    !is_invisible(c) && shows_unescaped(c)
}

/// Bytes from a certificate as they may be printed: plain text as it is, else what isn't plain
/// escaped, and `\\` with it. Plain text that reads like an escape is escaped too: no two texts are
/// shown alike.
pub(super) fn escaped(bytes: &[u8]) -> String {
    if let Ok(text) = str::from_utf8(bytes)
        && text.chars().all(is_plain)
        && !reads_like_an_escape(text)
    {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_plain(c) && c != '\\' {
                shown.push(c);
            } else {
                shown.extend(c.escape_default());
            }
        }
        shown.push_str(&chunk.invalid().escape_ascii().to_string());
    }
    shown
}

/// Whether a backslash in it could be one that an escape begins with.
fn reads_like_an_escape(text: &str) -> bool {
    let mut behind = text.split('\\').skip(1);
    behind.any(|rest| rest.is_empty() || rest.starts_with(['n', 'r', 't', 'u', 'x']))
}

/// Whether the standard library prints the character as it is within a `Debug` string.
///
/// A letter stands before it, since a combining mark is escaped only where it has no base.
fn shows_unescaped(c: char) -> bool {
    let text = String::from_iter(['a', c]);
    text.escape_debug().eq(text.chars())
}

/// Letters and marks that Unicode calls `Default_Ignorable_Code_Point`: they print as nothing.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::{escaped, is_plain};

    #[test]
    fn takes_letters_marks_and_symbols_of_every_script() {
        for c in "a~ \\\"'é\u{301}ßłжα中한🔑".chars() {
            assert!(is_plain(c), "{c:?}");
        }
    }

    #[test]
    fn escapes_what_is_not_plain_text() {
        assert_eq!(escaped(br"CN=Root\, Ltd"), r"CN=Root\, Ltd");
        assert_eq!(escaped(br"a\n"), r"a\\n");
        assert_eq!(escaped(b"a\n"), r"a\n");
        assert_eq!(escaped(br"a\"), r"a\\");
        assert_eq!(escaped(br"a\\u"), r"a\\\\u");
        assert_eq!(escaped("pétér \"1\"".as_bytes()), "pétér \"1\"");
        assert_eq!(escaped(b"a\x1b[2J\\\n\xff"), "a\\u{1b}[2J\\\\\\n\\xff");
    }

    #[test]
    fn refuses_what_hides_or_rearranges_text() {
        for c in [
            '\0',
            '\t',
            '\n',
            '\r',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{a0}',
            '\u{ad}',
            '\u{200b}',
            '\u{200d}',
            '\u{200f}',
            '\u{202e}',
            '\u{2028}',
            '\u{2029}',
            '\u{2066}',
            '\u{feff}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{e000}',
            '\u{e0041}',
            '\u{fdd0}',
            '\u{378}',
            '\u{10ffff}',
        ] {
            assert!(!is_plain(c), "{c:?}");
        }
    }
}
