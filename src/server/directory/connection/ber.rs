//! Parts of BER, one behind the other, as LDAP writes them (RFC 4511, section 5.1; X.690).
//!
//! A caller says which part must come next, so that nothing is read whose place isn't known, and nothing calls itself: how deep
//! bytes are nested is their sender's affair. Lengths are definite. They need not be the shortest ones:
//! Active Directory writes each of them in five bytes.

use std::cell::Cell;
use std::ops::Range;

/// Why bytes are no LDAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoLdap {
    /// Another part, or none.
    #[error("something else where {0} should be")]
    Other(&'static str),
    /// More than what should be there.
    #[error("bytes behind {0}")]
    Behind(&'static str),
    /// An indefinite length, or one that nobody needs.
    #[error("a length that is indefinite, or of more than 4 bytes")]
    Length,
    /// A part that is longer than the one that it stands in.
    #[error("{0} that ends behind what it stands in")]
    Long(&'static str),
    /// A number that LDAP has no place for.
    #[error("{0} that is no number from 0 to 2147483647")]
    Number(&'static str),
    /// A text that is none.
    #[error("{0} that is no UTF-8")]
    Text(&'static str),
}

/// The first byte of a part, and what it is called.
#[derive(Clone, Copy)]
pub(super) struct Tag(pub(super) u8, pub(super) &'static str);

/// The parts that stand in another one.
pub(super) struct Parts<'a> {
    rest: &'a [u8],
    /// How many were taken from all parts of a message.
    taken: &'a Cell<usize>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(bytes: &'a [u8], taken: &'a Cell<usize>) -> Self {
        Self { rest: bytes, taken }
    }

    /// Whether a part of this kind is the next one.
    pub(super) fn has(&self, tag: Tag) -> bool {
        self.rest.first() == Some(&tag.0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The content of the next part, which must be of this kind.
    pub(super) fn take(&mut self, tag: Tag) -> Result<&'a [u8], NoLdap> {
        let Tag(_, name) = tag;
        if !self.has(tag) {
            return Err(NoLdap::Other(name));
        }
        let content = content(self.rest)?.ok_or(NoLdap::Long(name))?;
        let rest = self.rest.get(content.end..).ok_or(NoLdap::Long(name))?;
        let content = self.rest.get(content).ok_or(NoLdap::Long(name))?;
        self.rest = rest;
        self.taken.set(self.taken.get().saturating_add(1));
        Ok(content)
    }

    /// The parts that stand in the next one.
    pub(super) fn enter(&mut self, tag: Tag) -> Result<Self, NoLdap> {
        let taken = self.taken;
        Ok(Self::of(self.take(tag)?, taken))
    }

    pub(super) fn text(&mut self, tag: Tag) -> Result<&'a str, NoLdap> {
        std::str::from_utf8(self.take(tag)?).map_err(|_where| NoLdap::Text(tag.1))
    }

    pub(super) fn number(&mut self, tag: Tag) -> Result<u32, NoLdap> {
        let bytes = self.take(tag)?;
        let fits =
            (1..=4).contains(&bytes.len()) && bytes.first().is_some_and(|first| *first < 0x80);
        if !fits {
            return Err(NoLdap::Number(tag.1));
        }
        Ok(bytes
            .iter()
            .fold(0, |all, byte| (all << 8) | u32::from(*byte)))
    }

    /// That nothing is left of what is called so.
    pub(super) fn end(&self, name: &'static str) -> Result<(), NoLdap> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(NoLdap::Behind(name))
        }
    }
}

/// How many bytes of a part are known to be wanted, by those that are there already: all, if so many are there.
pub(super) fn wanted(bytes: &[u8], tag: Tag) -> Result<usize, NoLdap> {
    if bytes.first().is_some_and(|first| *first != tag.0) {
        return Err(NoLdap::Other(tag.1));
    }
    let Some(first) = bytes.get(1) else {
        return Ok(HEAD);
    };
    let head = HEAD.saturating_add(octets(*first)?);
    Ok(content(bytes)?.map_or(head, |content| content.end))
}

/// Where the content of a part stands, or will, if its length is there.
fn content(part: &[u8]) -> Result<Option<Range<usize>>, NoLdap> {
    let Some(first) = part.get(1) else {
        return Ok(None);
    };
    let start = HEAD.saturating_add(octets(*first)?);
    let length = match part.get(HEAD..start) {
        None => return Ok(None),
        Some([]) => usize::from(*first),
        Some(octets) => octets
            .iter()
            .fold(0, |all, byte| (all << 8) | usize::from(*byte)),
    };
    Ok(Some(start..start.saturating_add(length)))
}

/// How many bytes of a length follow its first one.
fn octets(first: u8) -> Result<usize, NoLdap> {
    match first {
        0..=0x7f => Ok(0),
        0x81..=0x84 => Ok(usize::from(first & 0x7f)),
        _ => Err(NoLdap::Length),
    }
}

/// A tag, and the first byte of a length.
const HEAD: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: Tag = Tag(0x04, "a word");

    fn taken(bytes: &[u8]) -> Result<&[u8], NoLdap> {
        // What was counted is of no interest here.
        Parts::of(bytes, Box::leak(Box::new(Cell::new(0)))).take(TEXT)
    }

    #[test]
    fn a_part_has_a_definite_length_of_any_width_within_what_it_stands_in() {
        for right in [
            &b"\x04\x02an"[..],
            b"\x04\x81\x02an",
            b"\x04\x84\x00\x00\x00\x02an",
            b"\x04\x02an and more",
        ] {
            assert_eq!(taken(right), Ok(&b"an"[..]), "{right:x?}");
        }
        for (wrong, why) in [
            (&b""[..], NoLdap::Other("a word")),
            (b"\x24\x02an", NoLdap::Other("a word")),
            (b"\x04", NoLdap::Long("a word")),
            (b"\x04\x03an", NoLdap::Long("a word")),
            (b"\x04\x82\x00", NoLdap::Long("a word")),
            (b"\x04\x84\xff\xff\xff\xffan", NoLdap::Long("a word")),
            (b"\x04\x80an\x00\x00", NoLdap::Length),
            (b"\x04\x85\x00\x00\x00\x00\x02an", NoLdap::Length),
            (b"\x04\xffan", NoLdap::Length),
        ] {
            assert_eq!(taken(wrong), Err(why), "{wrong:x?}");
        }
    }

    #[test]
    fn a_number_is_of_31_bits_and_a_text_is_utf_8() {
        let taken = Cell::new(0);
        let number = |bytes: &[u8]| Parts::of(bytes, &taken).number(TEXT);
        assert_eq!(number(b"\x04\x01\x00"), Ok(0));
        assert_eq!(number(b"\x04\x04\x7f\xff\xff\xff"), Ok(2_147_483_647));
        for wrong in [
            &b"\x04\x00"[..],
            b"\x04\x01\x80",
            b"\x04\x05\x00\x00\x00\x00\x01",
        ] {
            assert_eq!(number(wrong), Err(NoLdap::Number("a word")), "{wrong:x?}");
        }
        let text = |bytes: &[u8]| Parts::of(bytes, &taken).text(TEXT).map(str::to_owned);
        assert_eq!(text("\x04\x02ü".as_bytes()), Ok("ü".to_owned()));
        assert_eq!(text(b"\x04\x01\xfc"), Err(NoLdap::Text("a word")));
    }

    #[test]
    fn how_much_is_wanted_is_known_before_it_is_there() {
        for (bytes, expected) in [
            (&b""[..], 2),
            (b"\x04", 2),
            (b"\x04\x00", 2),
            (b"\x04\x05", 7),
            (b"\x04\x82", 4),
            (b"\x04\x82\x01", 4),
            (b"\x04\x82\x01\x00", 260),
        ] {
            assert_eq!(wanted(bytes, TEXT), Ok(expected), "{bytes:x?}");
        }
        assert_eq!(wanted(b"H", TEXT), Err(NoLdap::Other("a word")));
        assert_eq!(wanted(b"\x04\x80", TEXT), Err(NoLdap::Length));
    }
}
