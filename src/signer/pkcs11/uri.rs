//! The URI that names a key in a token: RFC 7512.
//!
//! Stricter than most: what is not understood is refused, since an attribute that is
//! skipped makes the locator match more keys than its writer meant.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A `pkcs11:` URI: what is given must match, what is absent matches anything.
///
/// At most [`URI_MAX`] bytes. Its `Display` is canonical, and parses to the same value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uri {
    pub(super) token: Option<String>,
    pub(super) manufacturer: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) model: Option<String>,
    pub(super) library_description: Option<String>,
    pub(super) library_manufacturer: Option<String>,
    pub(super) library_version: Option<String>,
    pub(super) slot_id: Option<u64>,
    pub(super) slot_description: Option<String>,
    pub(super) slot_manufacturer: Option<String>,
    pub(super) object: Option<String>,
    pub(super) id: Option<Vec<u8>>,
    /// `type=private`: the only type that can sign, so it narrows nothing.
    pub(super) private: bool,
    pub(super) module_path: Option<PathBuf>,
    pub(super) module_name: Option<String>,
    pub(super) pin_source: Option<String>,
}

/// Why a text is no usable `pkcs11:` URI. No variant holds a value, since a
/// mistyped URI may hold a PIN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// Another scheme, or none.
    #[error("a PKCS#11 URI begins with pkcs11:")]
    Scheme,
    /// More than [`URI_MAX`] bytes.
    #[error("PKCS#11 URI of {length} bytes, at most {URI_MAX} are read")]
    TooLong {
        /// The bytes that there are.
        length: usize,
    },
    /// A part without `=`.
    #[error("part {number} of the PKCS#11 URI is not attribute=value")]
    NotAPair {
        /// Which part, counted from 1.
        number: usize,
    },
    /// An attribute that is not understood where it stands.
    #[error("part {number} of the PKCS#11 URI has an unknown attribute")]
    UnknownAttribute {
        /// Which part, counted from 1.
        number: usize,
    },
    /// One attribute stands twice.
    #[error("`{attribute}` stands twice in the PKCS#11 URI")]
    Duplicate {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A `%` without two hexadecimal digits.
    #[error("`{attribute}` has a % without two hexadecimal digits")]
    PercentEncoding {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A character that must be percent-encoded (RFC 7512, 2.3).
    #[error("`{attribute}` has a character that must be percent-encoded: 0x{byte:02x}")]
    Character {
        /// The attribute's name.
        attribute: &'static str,
        /// The first byte at fault.
        byte: u8,
    },
    /// A value that is not UTF-8, holds a control character or is empty.
    #[error("`{attribute}` is not printable text")]
    NotText {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// An empty `id`.
    #[error("`id` is empty")]
    EmptyId,
    /// A `slot-id` that is no number.
    #[error("`slot-id` is not a decimal number below 2^64")]
    SlotId,
    /// A type of object that cannot sign.
    #[error("`type` must be private: nothing else can sign")]
    Type,
    /// A module path that depends on where one stands.
    #[error("`module-path` must be an absolute path")]
    RelativeModulePath,
    /// A module name that is a path.
    #[error("`module-name` must be a bare name; a path belongs in module-path")]
    ModuleName,
    /// Both ways to name a module.
    #[error("module-path and module-name exclude each other")]
    TwoModules,
    /// A PIN in a URI shows in process lists, logs and shell histories.
    #[error("pin-value is refused: a PIN does not belong in a URI")]
    PinValue,
    /// A `pin-source` that names a program.
    #[error("pin-source names a command; only a file is read")]
    PinCommand,
    /// A `pin-source` that is neither an absolute path nor a `file:` URL.
    #[error("pin-source must be an absolute path or a file: URL")]
    PinSource,
}

#[cfg(feature = "pkcs11")]
impl Uri {
    /// This locator of the key, with its `CKA_ID` too.
    pub(super) fn with_id(&self, id: &[u8]) -> Self {
        Self {
            id: Some(id.to_vec()),
            ..self.clone()
        }
    }

    /// The file that holds the PIN.
    pub(super) fn pin_file(&self) -> Option<&Path> {
        let source = self.pin_source.as_deref()?;
        Some(Path::new(file_of_url(source)))
    }
}

impl Uri {
    /// The module that is named by its path.
    pub fn module_path(&self) -> Option<&Path> {
        self.module_path.as_deref()
    }

    /// The key's label.
    pub fn object(&self) -> Option<&str> {
        self.object.as_deref()
    }

    /// Whether all that this URI says, `other` says too.
    pub(in crate::signer) fn covers(&self, other: &Self) -> bool {
        let filled = Self {
            token: self.token.clone().or(other.token.clone()),
            manufacturer: self.manufacturer.clone().or(other.manufacturer.clone()),
            serial: self.serial.clone().or(other.serial.clone()),
            model: self.model.clone().or(other.model.clone()),
            library_description: (self.library_description.clone())
                .or(other.library_description.clone()),
            library_manufacturer: (self.library_manufacturer.clone())
                .or(other.library_manufacturer.clone()),
            library_version: self
                .library_version
                .clone()
                .or(other.library_version.clone()),
            slot_id: self.slot_id.or(other.slot_id),
            slot_description: (self.slot_description.clone()).or(other.slot_description.clone()),
            slot_manufacturer: (self.slot_manufacturer.clone()).or(other.slot_manufacturer.clone()),
            object: self.object.clone().or(other.object.clone()),
            id: self.id.clone().or(other.id.clone()),
            private: self.private || other.private,
            module_path: self.module_path.clone().or(other.module_path.clone()),
            module_name: self.module_name.clone().or(other.module_name.clone()),
            // Where a PIN comes from makes no other key.
            pin_source: other.pin_source.clone(),
        };
        filled == *other
    }

    fn read_part(&mut self, part: Part<'_>) -> Result<(), UriError> {
        match (part.place, part.name) {
            (Place::Path, "id") => put(&mut self.id, "id", id(part)?),
            (Place::Path, "slot-id") => put(&mut self.slot_id, "slot-id", slot_id(part)?),
            (Place::Path, "type") => self.read_type(part),
            (Place::Query, "module-path") => {
                put(&mut self.module_path, "module-path", module_path(part)?)
            }
            (Place::Query, "module-name") => {
                put(&mut self.module_name, "module-name", module_name(part)?)
            }
            (Place::Query, "pin-source") => {
                put(&mut self.pin_source, "pin-source", pin_source(part)?)
            }
            (_, "pin-value") => Err(UriError::PinValue),
            (Place::Path, _) => self.read_text(part),
            (Place::Query, _) => Err(part.unknown()),
        }
    }

    fn read_type(&mut self, part: Part<'_>) -> Result<(), UriError> {
        if part.text("type")? != "private" {
            return Err(UriError::Type);
        }
        if std::mem::replace(&mut self.private, true) {
            return Err(UriError::Duplicate { attribute: "type" });
        }
        Ok(())
    }

    fn read_text(&mut self, part: Part<'_>) -> Result<(), UriError> {
        let (attribute, field) = match part.name {
            "token" => ("token", &mut self.token),
            "manufacturer" => ("manufacturer", &mut self.manufacturer),
            "serial" => ("serial", &mut self.serial),
            "model" => ("model", &mut self.model),
            "object" => ("object", &mut self.object),
            "library-description" => ("library-description", &mut self.library_description),
            "library-manufacturer" => ("library-manufacturer", &mut self.library_manufacturer),
            "library-version" => ("library-version", &mut self.library_version),
            "slot-description" => ("slot-description", &mut self.slot_description),
            "slot-manufacturer" => ("slot-manufacturer", &mut self.slot_manufacturer),
            _ => return Err(part.unknown()),
        };
        put(field, attribute, part.text(attribute)?)
    }

    fn path_attributes(&self) -> [(&'static str, Option<String>); 13] {
        let text = |value: &Option<String>| value.as_deref().map(|text| encode(text, ""));
        [
            ("token", text(&self.token)),
            ("manufacturer", text(&self.manufacturer)),
            ("model", text(&self.model)),
            ("serial", text(&self.serial)),
            ("library-description", text(&self.library_description)),
            ("library-manufacturer", text(&self.library_manufacturer)),
            ("library-version", text(&self.library_version)),
            ("slot-id", self.slot_id.map(|slot| slot.to_string())),
            ("slot-description", text(&self.slot_description)),
            ("slot-manufacturer", text(&self.slot_manufacturer)),
            ("object", text(&self.object)),
            ("id", self.id.as_deref().map(encode_all)),
            ("type", self.private.then(|| "private".to_owned())),
        ]
    }

    fn query_attributes(&self) -> [(&'static str, Option<String>); 3] {
        let text = |value: &str| encode(value, "/:");
        let path = self.module_path.as_deref().and_then(Path::to_str);
        [
            ("module-path", path.map(text)),
            ("module-name", self.module_name.as_deref().map(text)),
            ("pin-source", self.pin_source.as_deref().map(text)),
        ]
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        if text.len() > URI_MAX {
            return Err(UriError::TooLong { length: text.len() });
        }
        let (scheme, rest) = text
            .split_at_checked(SCHEME.len())
            .ok_or(UriError::Scheme)?;
        // RFC 3986, 3.1: the case of a scheme means nothing.
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(UriError::Scheme);
        }
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let path = path.split(';').filter(|_| !path.is_empty());
        let query = query.into_iter().flat_map(|query| query.split('&'));
        let parts = path
            .map(|part| (Place::Path, part))
            .chain(query.map(|part| (Place::Query, part)));
        let mut uri = Self::default();
        for (number, (place, part)) in (1..).zip(parts) {
            uri.read_part(Part::split(number, place, part)?)?;
        }
        if uri.module_path.is_some() && uri.module_name.is_some() {
            return Err(UriError::TwoModules);
        }
        Ok(uri)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        write_attributes(f, &self.path_attributes(), "", ";")?;
        write_attributes(f, &self.query_attributes(), "?", "&")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Path,
    Query,
}

/// One `attribute=value`, not yet decoded.
#[derive(Clone, Copy)]
struct Part<'a> {
    number: usize,
    place: Place,
    name: &'a str,
    value: &'a str,
}

impl<'a> Part<'a> {
    fn split(number: usize, place: Place, part: &'a str) -> Result<Self, UriError> {
        let (name, value) = part.split_once('=').ok_or(UriError::NotAPair { number })?;
        Ok(Self {
            number,
            place,
            name,
            value,
        })
    }

    fn unknown(self) -> UriError {
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

    fn text(self, attribute: &'static str) -> Result<String, UriError> {
        let not_text = UriError::NotText { attribute };
        let text = String::from_utf8(self.bytes(attribute)?).map_err(|_| not_text.clone())?;
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(not_text);
        }
        Ok(text)
    }
}

fn put<T>(field: &mut Option<T>, attribute: &'static str, value: T) -> Result<(), UriError> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(UriError::Duplicate { attribute }),
    }
}

fn id(part: Part<'_>) -> Result<Vec<u8>, UriError> {
    let id = part.bytes("id")?;
    if id.is_empty() {
        return Err(UriError::EmptyId);
    }
    Ok(id)
}

fn slot_id(part: Part<'_>) -> Result<u64, UriError> {
    let digits = part.value;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UriError::SlotId);
    }
    digits.parse().map_err(|_| UriError::SlotId)
}

fn module_path(part: Part<'_>) -> Result<PathBuf, UriError> {
    let path = PathBuf::from(part.text("module-path")?);
    if !path.is_absolute() {
        return Err(UriError::RelativeModulePath);
    }
    Ok(path)
}

fn module_name(part: Part<'_>) -> Result<String, UriError> {
    let name = part.text("module-name")?;
    if name.contains('/') {
        return Err(UriError::ModuleName);
    }
    Ok(name)
}

fn pin_source(part: Part<'_>) -> Result<String, UriError> {
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
fn file_of_url(source: &str) -> &str {
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

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn hex_pair(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn encode(text: &str, plain: &str) -> String {
    let keep = |byte: u8| is_unreserved(byte) || plain.as_bytes().contains(&byte);
    text.bytes()
        .map(|byte| {
            if keep(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// RFC 7512, 2.3: the whole `id` should be percent-encoded.
fn encode_all(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

fn write_attributes(
    f: &mut fmt::Formatter<'_>,
    attributes: &[(&str, Option<String>)],
    first: &'static str,
    next: &'static str,
) -> fmt::Result {
    let mut before = first;
    for (name, value) in attributes {
        if let Some(value) = value {
            write!(f, "{before}{name}={value}")?;
            before = next;
        }
    }
    Ok(())
}

const SCHEME: &str = "pkcs11:";

/// The longest URI that is read, in bytes.
pub const URI_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(text: &str) -> UriError {
        text.parse::<Uri>().unwrap_err()
    }

    #[test]
    fn a_shorter_uri_covers_a_longer_one_and_no_other() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        let long = uri("pkcs11:token=T;object=users;id=%01?module-path=/m.so");
        assert!(uri("pkcs11:object=users").covers(&long));
        assert!(long.covers(&long));
        let sourced = uri("pkcs11:object=users?pin-source=/a");
        assert!(sourced.covers(&uri("pkcs11:object=users?pin-source=/b")));
        assert!(!uri("pkcs11:object=hosts").covers(&long));
        assert!(!uri("pkcs11:object=users;serial=1").covers(&long));
    }

    #[test]
    fn every_attribute_is_read_and_written_in_canonical_order() {
        let text = "pkcs11:type=private;id=%0a%FFk;object=us%65rs;slot-id=7;serial=0f1;\
                    model=v2;manufacturer=a%26b;token=Root%20CA;library-description=d;\
                    library-manufacturer=m;library-version=2.6;slot-manufacturer=p;slot-description=s%20d?pin-source=file:/run/pin&\
                    module-path=/usr/lib/softhsm/libsofthsm2.so";
        let canonical = "pkcs11:token=Root%20CA;manufacturer=a%26b;model=v2;serial=0f1;\
                    library-description=d;library-manufacturer=m;library-version=2.6;slot-id=7;\
                    slot-description=s%20d;slot-manufacturer=p;object=users;id=%0A%FF%6B;type=private?\
                    module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin";
        assert_eq!(text.parse::<Uri>().unwrap().to_string(), canonical);
    }

    #[test]
    fn a_pin_value_is_refused_and_not_repeated() {
        for text in ["pkcs11:token=a?pin-value=648219", "pkcs11:pin-value=648219"] {
            assert_eq!(fault(text), UriError::PinValue);
            assert!(!format!("{:?} {}", fault(text), fault(text)).contains("648219"));
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert_eq!(fault("file:/x"), UriError::Scheme);
        assert_eq!(fault("pkcs11"), UriError::Scheme);
        assert!("PKCS11:token=a".parse::<Uri>().is_ok());
        assert_eq!(fault("pkcs11:token"), UriError::NotAPair { number: 1 });
        assert_eq!(fault("pkcs11:token=a;"), UriError::NotAPair { number: 2 });
        assert_eq!(fault("pkcs11:token=a?"), UriError::NotAPair { number: 2 });
        assert_eq!(
            fault("pkcs11:x-color=a"),
            UriError::UnknownAttribute { number: 1 }
        );
        assert_eq!(
            fault("pkcs11:module-path=/a"),
            UriError::UnknownAttribute { number: 1 }
        );
        assert_eq!(fault("pkcs11:type=cert"), UriError::Type);
    }

    #[test]
    fn an_attribute_that_stands_twice_is_refused() {
        for (text, attribute) in [
            ("pkcs11:token=a;token=a", "token"),
            ("pkcs11:id=%01;id=%02", "id"),
            ("pkcs11:type=private;type=private", "type"),
            ("pkcs11:?module-path=/a&module-path=/a", "module-path"),
        ] {
            assert_eq!(fault(text), UriError::Duplicate { attribute });
        }
    }

    #[test]
    fn values_that_break_the_encoding_are_refused() {
        let percent = UriError::PercentEncoding { attribute: "token" };
        for text in [
            "pkcs11:token=%",
            "pkcs11:token=%4",
            "pkcs11:token=%zz",
            "pkcs11:token=%+1",
        ] {
            assert_eq!(fault(text), percent);
        }
        let space = UriError::Character {
            attribute: "token",
            byte: b' ',
        };
        assert_eq!(fault("pkcs11:token=Root CA"), space);
        let not_text = UriError::NotText {
            attribute: "object",
        };
        for text in ["pkcs11:object=", "pkcs11:object=%FF", "pkcs11:object=a%0Ab"] {
            assert_eq!(fault(text), not_text);
        }
        assert_eq!(fault("pkcs11:id="), UriError::EmptyId);
        for text in [
            "pkcs11:slot-id=",
            "pkcs11:slot-id=-1",
            "pkcs11:slot-id=18446744073709551616",
        ] {
            assert_eq!(fault(text), UriError::SlotId);
        }
    }

    #[test]
    fn a_module_is_an_absolute_path_or_a_bare_name() {
        assert_eq!(
            fault("pkcs11:?module-path=lib.so"),
            UriError::RelativeModulePath
        );
        assert_eq!(fault("pkcs11:?module-name=../a"), UriError::ModuleName);
        assert_eq!(
            fault("pkcs11:?module-name=a&module-path=/a"),
            UriError::TwoModules
        );
    }

    #[test]
    fn a_pin_source_is_a_file_and_no_command() {
        assert_eq!(fault("pkcs11:?pin-source=|cat%20pin"), UriError::PinCommand);
        assert_eq!(fault("pkcs11:?pin-source=pin"), UriError::PinSource);
        assert_eq!(
            fault("pkcs11:?pin-source=file://host/pin"),
            UriError::PinSource
        );
        for text in ["file:/run/pin", "file:///run/pin", "/run/pin"] {
            let uri: Uri = format!("pkcs11:?pin-source={text}").parse().unwrap();
            assert_eq!(uri.pin_file(), Some(Path::new("/run/pin")));
        }
    }

    #[test]
    fn the_longest_uri_is_read_and_a_longer_one_refused() {
        let longest = format!("pkcs11:token={}", "a".repeat(URI_MAX - 13));
        assert!(longest.parse::<Uri>().is_ok());
        let length = URI_MAX + 1;
        assert_eq!(fault(&format!("{longest}a")), UriError::TooLong { length });
    }

    proptest! {
        #[test]
        fn canonical_text_parses_to_the_same_uri(
            token in "[^\\p{C}]{1,16}",
            object in proptest::option::of("[^\\p{C}]{1,16}"),
            id in proptest::option::of(proptest::collection::vec(any::<u8>(), 1..20)),
            slot_id in any::<Option<u64>>(),
            path in "/[^\\p{C}]{0,16}",
        ) {
            let uri = Uri {
                token: Some(token), object, id, slot_id,
                module_path: Some(path.into()), ..Uri::default()
            };
            prop_assert_eq!(uri.to_string().parse::<Uri>().unwrap(), uri);
        }

        #[test]
        fn no_text_panics(text in "pkcs11:[a-z;=?&%0-9/|-]{0,64}|\\PC{0,64}") {
            if let Ok(uri) = text.parse::<Uri>() {
                prop_assert_eq!(uri.to_string().parse::<Uri>().unwrap(), uri);
            }
        }
    }
}
