//! What a token, a slot, a library or an object is called: text in theory, bytes in truth.

use std::fmt;

use serde::{Serialize, Serializer};

/// A name as the device has it.
///
/// PKCS#11 v2.40, 3.2 and 4.4 want UTF-8 filled up with blanks; tokens were seen that fill with
/// zeros, or write Latin-1. RFC 7512, 2.3 can name any of them, since it percent-encodes bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(Vec<u8>);

impl Field {
    /// The very bytes, as those of a label of an object.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    #[cfg(feature = "pkcs11")]
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name in an RFC 7512 URI.
    pub(super) fn encoded(&self) -> String {
        encode(&self.0, "")
    }

    /// The name without quotes, for a sentence.
    pub fn bare(&self) -> String {
        match self.text() {
            Some(text) => text.escape_debug().to_string(),
            None => self.encoded(),
        }
    }

    /// The name as text, with U+FFFD for what is none.
    pub fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// The name as text, if that says all of it and nothing that a terminal would obey.
    fn text(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.0).ok()?;
        let is_plain = !text.contains(char::is_control) && !text.ends_with(' ');
        is_plain.then_some(text)
    }
}

#[cfg(feature = "pkcs11")]
impl Field {
    /// A field of fixed size, without what fills it: blanks, or zeros as TPM models and some
    /// labels were seen.
    pub(super) fn padded(field: &[u8]) -> Self {
        let is_filling = |byte: &&u8| matches!(byte, b' ' | 0);
        let filling = field.iter().rev().take_while(is_filling).count();
        let end = field.len().saturating_sub(filling);
        Self(field.get(..end).unwrap_or_default().to_vec())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `is`, a field as the device fills it, is what was meant by this one.
    pub(super) fn names(&self, is: &Self) -> bool {
        Self::padded(&self.0) == Self::padded(&is.0)
    }

    /// The same, of a field that came as text, in which bytes may have been lost.
    pub(super) fn names_text(&self, is: &str) -> bool {
        self.names(&is.into()) || Self::from(&*self.lossy()).names(&is.into())
    }
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

/// In quotes, or percent-encoded where that is the one way to say it whole.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => write!(f, "{text:?}"),
            None => f.write_str(&self.encoded()),
        }
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Field {
    /// As text, in which a byte that is none is U+FFFD; the locator beside it names it whole.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(&self.0))
    }
}

/// `bytes` percent-encoded, but for what RFC 3986 reserves for nothing, and for those in `plain`.
pub(super) fn encode(bytes: &[u8], plain: &str) -> String {
    let keep = |byte: u8| is_unreserved(byte) || plain.as_bytes().contains(&byte);
    let one = |byte: &u8| {
        if keep(*byte) {
            char::from(*byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    bytes.iter().map(one).collect()
}

/// Whether a character is one of RFC 3986, 2.3.
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "pkcs11")]
    #[test]
    fn what_fills_a_field_is_no_part_of_it() {
        let field = Field::from("SW   TPM");
        for filled in [
            "SW   TPM",
            "SW   TPM\0\0\0",
            "SW   TPM   ",
            "SW   TPM \0 \0",
        ] {
            assert_eq!(Field::padded(filled.as_bytes()), field);
            assert!(field.names(&filled.into()) && Field::from(filled).names(&field));
        }
        assert!(Field::padded(&[0; 16]).is_empty());
        assert!(!field.names(&"SW   TPN".into()));
    }

    #[cfg(feature = "pkcs11")]
    #[test]
    fn a_field_whose_bytes_were_lost_is_still_met_by_its_name() {
        let latin = Field::new(b"B\xfcro".to_vec());
        assert!(latin.names_text("B\u{fffd}ro") && latin.names_text("B\u{fffd}ro \0"));
        assert!(!latin.names_text("Buro"));
    }

    #[test]
    fn a_name_that_is_no_clean_text_is_printed_as_a_uri_has_it() {
        for (bytes, printed) in [
            (&b"Root CA"[..], "\"Root CA\""),
            ("Büro".as_bytes(), "\"Büro\""),
            (b"B\xfcro", "B%FCro"),
            (b"users\0", "users%00"),
            (b"users ", "users%20"),
            (b"a\x1b[31m", "a%1B%5B31m"),
        ] {
            assert_eq!(Field::new(bytes.to_vec()).to_string(), printed);
        }
    }
}
