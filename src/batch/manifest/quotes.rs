//! The quotes of CSV, as RFC 4180 has them (section 2, rules 5 to 7): one that is wrong is a fault, where a
//! lenient reader would guess.

/// Where a quote is wrong, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrongQuote {
    /// A cell was begun with a quote, here, and never closed: most often the end of the file is missing.
    Open(usize),
    /// One stands within a cell that is not quoted, or behind the end of one that is.
    Within(usize),
}

/// The first quote that is wrong.
pub(super) fn wrong_quote(text: &[u8]) -> Option<WrongQuote> {
    let mut bytes = text.iter().copied().enumerate().peekable();
    // Some editors begin a file with a mark of its byte order.
    if text.starts_with(BYTE_ORDER) {
        bytes.nth(BYTE_ORDER.len() - 1);
    }
    let mut is_first = true;
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' if is_first => {
                // Up to the quote that no other follows.
                loop {
                    match bytes.next() {
                        None => return Some(WrongQuote::Open(at)),
                        Some((_, b'"')) if bytes.next_if(|(_, next)| *next == b'"').is_none() => {
                            break;
                        }
                        Some(_) => {}
                    }
                }
                match bytes.peek() {
                    None | Some((_, b',' | b'\n' | b'\r')) => {}
                    Some((at, _)) => return Some(WrongQuote::Within(*at)),
                }
                is_first = false;
            }
            b'"' => return Some(WrongQuote::Within(at)),
            byte => is_first = matches!(byte, b',' | b'\n' | b'\r'),
        }
    }
    None
}

const BYTE_ORDER: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_begins_a_cell_ends_it_or_is_doubled() {
        for right in [
            "",
            "key,requester\npeter.pub,peter\n",
            "key,principals\r\npeter.pub,\"peter,root\"\r\n",
            "\"key\",\"requester\"\n\"\",\"\"\"a\"\"\"",
            "\"a\nb\",c",
            "\u{feff}\"key\"\n",
        ] {
            assert_eq!(wrong_quote(right.as_bytes()), None, "{right:?}");
        }
        for (wrong, how) in [
            ("key\n\"peter.pub", WrongQuote::Open(4)),
            ("key\n\"peter.pub\"\"", WrongQuote::Open(4)),
            ("\"", WrongQuote::Open(0)),
            ("key\n\"pe\"ter.pub\n", WrongQuote::Within(8)),
            ("key\npe\"ter\"\n", WrongQuote::Within(6)),
            ("key, \"a\"\n", WrongQuote::Within(5)),
            ("\"a\" ,b\n", WrongQuote::Within(3)),
        ] {
            assert_eq!(wrong_quote(wrong.as_bytes()), Some(how), "{wrong:?}");
        }
    }
}
