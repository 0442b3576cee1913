//! One attribute of a URI and its value, decoded and encoded (RFC 7512, 2.3).

use std::path::PathBuf;

use super::UriError;
use crate::signer::pkcs11::field::{Field, is_unreserved};

/// Major and minor number of a library.
pub(in crate::signer::pkcs11) type Version = (u8, u8);

/// On which side of the `?` an attribute stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
}

/// One `attribute=value`, not yet decoded.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    number: usize,
    pub(super) place: Place,
    pub(super) name: &'a str,
    value: &'a str,
}

impl<'a> Part<'a> {
    pub(super) fn split(number: usize, place: Place, part: &'a str) -> Result<Self, UriError> {
        let (name, value) = part.split_once('=').ok_or(UriError::NotAPair { number })?;
        Ok(Self {
            number,
            place,
            name,
            value,
        })
    }

    pub(super) fn unknown(self) -> UriError {
        UriError::UnknownAttribute {
            number: self.number,
        }
    }

    fn bytes(self, attribute: &'static str) -> Result<Vec<u8>, UriError> {
        let mut bytes = self.value.bytes();
        let mut decoded = Vec::with_capacity(self.value.len());
        while let Some(byte) = bytes.next() {
            decoded.push(match byte {
                b'%' => hex_pair(bytes.next(), bytes.next())
                    .ok_or(UriError::PercentEncoding { attribute })?,
                _ if is_plain(byte, self.place) => byte,
                _ => return Err(UriError::Character { attribute, byte }),
            });
        }
        Ok(decoded)
    }

    /// Any bytes: what a device is called need not be text.
    pub(super) fn field(self, attribute: &'static str) -> Result<Field, UriError> {
        match self.bytes(attribute)? {
            bytes if bytes.is_empty() => Err(UriError::Empty { attribute }),
            bytes => Ok(Field::new(bytes)),
        }
    }

    pub(super) fn text(self, attribute: &'static str) -> Result<String, UriError> {
        let not_text = UriError::NotText { attribute };
        let text = String::from_utf8(self.bytes(attribute)?).map_err(|_| not_text.clone())?;
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(not_text);
        }
        Ok(text)
    }
}

pub(super) fn id(part: Part<'_>) -> Result<Vec<u8>, UriError> {
    let id = part.bytes("id")?;
    if id.is_empty() {
        return Err(UriError::EmptyId);
    }
    Ok(id)
}

pub(super) fn slot_id(part: Part<'_>) -> Result<u64, UriError> {
    let digits = part.value;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UriError::SlotId);
    }
    digits.parse().map_err(|_| UriError::SlotId)
}

/// RFC 7512, 2.3: `library-version=2.6`; a minor number that is left out is 0.
pub(super) fn library_version(part: Part<'_>) -> Result<Version, UriError> {
    let number = |digits: &str| {
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    };
    let (major, minor) = part.value.split_once('.').unwrap_or((part.value, "0"));
    number(major)
        .zip(number(minor))
        .ok_or(UriError::LibraryVersion)
}

pub(super) fn module_path(part: Part<'_>) -> Result<PathBuf, UriError> {
    let path = PathBuf::from(part.text("module-path")?);
    if !path.is_absolute() {
        return Err(UriError::RelativeModulePath);
    }
    Ok(path)
}

pub(super) fn module_name(part: Part<'_>) -> Result<String, UriError> {
    let name = part.text("module-name")?;
    if name.contains('/') {
        return Err(UriError::ModuleName);
    }
    Ok(name)
}

pub(super) fn pin_source(part: Part<'_>) -> Result<String, UriError> {
    let source = part.text("pin-source")?;
    if source.starts_with('|') {
        return Err(UriError::PinCommand);
    }
    if !file_of_url(&source).starts_with('/') {
        return Err(UriError::PinSource);
    }
    Ok(source)
}

/// The path of `file:/path` and `file:///path`; anything else as it is.
pub(super) fn file_of_url(source: &str) -> &str {
    let Some(path) = source.strip_prefix("file:") else {
        return source;
    };
    path.strip_prefix("//").unwrap_or(path)
}

/// What may stand as it is: RFC 3986's unreserved characters, and those that
/// RFC 7512, 2.3 adds for the path and for the query.
fn is_plain(byte: u8, place: Place) -> bool {
    let more: &[u8] = match place {
        Place::Path => b":[]@!$'()*+,=&",
        Place::Query => b":[]@!$'()*+,=/?|",
    };
    is_unreserved(byte) || more.contains(&byte)
}

fn hex_pair(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// RFC 7512, 2.3: the whole `id` should be percent-encoded.
pub(super) fn encode_all(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}
