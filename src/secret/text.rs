//! What a PIN in a file may look like: what a person could have typed on purpose.
//!
//! An editor may put things into a file that nobody sees. A token would count such a PIN as a
//! wrong one, and lock after some. So each is refused by its name, before a try is spent.

/// Why a text is no PIN that anybody meant. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinTextFault {
    /// What editors on Windows put before a text.
    #[error("begins with a byte order mark, which editors add unseen")]
    ByteOrderMark,
    /// CR before LF.
    #[error("has the line end of Windows (CR LF)")]
    WindowsLineEnd,
    /// Anything behind the first line, an empty line too.
    #[error("holds more than one line")]
    SeveralLines,
    /// A control character.
    #[error("holds a control character")]
    Control,
    /// A blank that is seen by nobody at the end, or was meant for something else in front.
    #[error("begins or ends with a blank")]
    Blank,
    /// A blank that is not the space bar's.
    #[error("holds a blank other than the space (U+{:04X})", u32::from(*.0))]
    OtherBlank(char),
    /// A character without any width, or one that turns the direction of what follows.
    #[error("holds a character that nobody sees (U+{:04X})", u32::from(*.0))]
    Invisible(char),
}

/// Refuses a text that nobody typed on purpose. `text` is without its one line end (LF).
pub(super) fn check(text: &str) -> Result<(), PinTextFault> {
    use PinTextFault as F;
    if text.starts_with(BYTE_ORDER_MARK) {
        return Err(F::ByteOrderMark);
    }
    if text.ends_with('\r') || text.contains("\r\n") {
        return Err(F::WindowsLineEnd);
    }
    if text.contains('\n') {
        return Err(F::SeveralLines);
    }
    text.chars().try_for_each(check_char)?;
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(F::Blank);
    }
    Ok(())
}

fn check_char(c: char) -> Result<(), PinTextFault> {
    match c {
        ' ' => Ok(()),
        // U+0085 and U+2028 are blanks and controls, or blanks that end a line.
        c if c.is_control() => Err(PinTextFault::Control),
        c if c.is_whitespace() => Err(PinTextFault::OtherBlank(c)),
        c if is_invisible(c) => Err(PinTextFault::Invisible(c)),
        _ => Ok(()),
    }
}

/// Unicode's default ignorable code points, and those for annotations.
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164
        | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3
        | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

const BYTE_ORDER_MARK: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_types_is_taken() {
        for text in [
            "1234",
            "a b",
            "schlüssel",
            "鍵1234",
            "p|n:'\"\\",
            "1234\u{301}",
        ] {
            assert_eq!(check(text), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn each_thing_that_nobody_sees_has_its_own_word() {
        use PinTextFault as F;
        for (text, fault) in [
            ("\u{feff}1234", F::ByteOrderMark),
            ("\u{feff}1234\r", F::ByteOrderMark),
            ("1234\r", F::WindowsLineEnd),
            ("1234\r\n", F::WindowsLineEnd),
            ("12\r\n34", F::WindowsLineEnd),
            ("12\n34", F::SeveralLines),
            ("1234\n", F::SeveralLines),
            ("\n1234", F::SeveralLines),
            ("1234\0", F::Control),
            ("12\t34", F::Control),
            ("\u{1b}1234", F::Control),
            ("1234\u{85}", F::Control),
            ("1234 ", F::Blank),
            (" 1234", F::Blank),
            (" ", F::Blank),
            ("1234\u{a0}", F::OtherBlank('\u{a0}')),
            ("12\u{3000}34", F::OtherBlank('\u{3000}')),
            ("12\u{2028}34", F::OtherBlank('\u{2028}')),
            ("12\u{200b}34", F::Invisible('\u{200b}')),
            ("\u{202e}4321", F::Invisible('\u{202e}')),
            ("12\u{feff}34", F::Invisible('\u{feff}')),
            ("1234\u{ad}", F::Invisible('\u{ad}')),
            ("1234\u{e0020}", F::Invisible('\u{e0020}')),
        ] {
            assert_eq!(check(text), Err(fault), "{text:?}");
        }
        assert_eq!(
            F::Invisible('\u{200b}').to_string(),
            "holds a character that nobody sees (U+200B)"
        );
    }
}
