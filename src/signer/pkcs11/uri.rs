//! The URI that names a key in a token: RFC 7512.
//!
//! Stricter than most: what is not understood is refused, since an attribute that is
//! skipped makes the locator match more keys than its writer meant.

mod error;
mod part;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use error::UriError;

use super::field::{Field, encode};
use part::{
    Part, Place, Version, encode_all, id, library_version, module_name, module_path, pin_source,
    slot_id,
};

/// A `pkcs11:` URI: what is given must match, what is absent matches anything.
///
/// At most [`URI_MAX`] bytes. Its `Display` is canonical, and parses to the same value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uri {
    pub(super) token: Option<Field>,
    pub(super) manufacturer: Option<Field>,
    pub(super) serial: Option<Field>,
    pub(super) model: Option<Field>,
    pub(super) library_description: Option<Field>,
    pub(super) library_manufacturer: Option<Field>,
    pub(super) library_version: Option<Version>,
    pub(super) slot_id: Option<u64>,
    pub(super) slot_description: Option<Field>,
    pub(super) slot_manufacturer: Option<Field>,
    pub(super) object: Option<Field>,
    pub(super) id: Option<Vec<u8>>,
    /// `type=private`: the only type that can sign, so it narrows nothing.
    pub(super) private: bool,
    pub(super) module_path: Option<PathBuf>,
    pub(super) module_name: Option<String>,
    /// What the module is started with: C_Initialize's reserved string.
    pub(super) init_reserved: Option<String>,
    pub(super) pin_source: Option<String>,
}

#[cfg(feature = "pkcs11")]
impl Uri {
    /// The file that holds the PIN.
    pub(super) fn pin_file(&self) -> Option<&Path> {
        let source = self.pin_source.as_deref()?;
        Some(Path::new(part::file_of_url(source)))
    }
}

impl Uri {
    /// This locator of the key, with its `CKA_ID` too.
    pub(in crate::signer) fn with_id(&self, id: &[u8]) -> Self {
        Self {
            id: Some(id.to_vec()),
            ..self.clone()
        }
    }

    /// The `CKA_ID` of the key.
    pub(in crate::signer) fn key_id(&self) -> Option<&[u8]> {
        self.id.as_deref()
    }

    /// The module that is named by its path.
    pub fn module_path(&self) -> Option<&Path> {
        self.module_path.as_deref()
    }

    /// What of this URI says which module to load, and how to start it.
    #[must_use]
    pub fn module(&self) -> Self {
        Self {
            module_path: self.module_path.clone(),
            module_name: self.module_name.clone(),
            init_reserved: self.init_reserved.clone(),
            ..Self::default()
        }
    }

    /// The module in this file; a bare name is looked up by the dynamic loader.
    #[must_use]
    pub fn of_module(path: PathBuf) -> Self {
        Self {
            module_path: Some(path),
            ..Self::default()
        }
    }

    /// This URI, with the module of `other` in place of its own.
    #[must_use]
    pub(crate) fn with_module_of(&self, other: &Self) -> Self {
        Self {
            module_path: other.module_path.clone(),
            module_name: other.module_name.clone(),
            init_reserved: other.init_reserved.clone(),
            ..self.clone()
        }
    }

    /// This URI, of a key in this token alone; none where it names another one.
    pub(crate) fn in_token(&self, token: &Self) -> Option<Self> {
        fn fits<T: PartialEq>(named: &Option<T>, there: &Option<T>) -> bool {
            named.is_none() || there.is_none() || named == there
        }
        let is_it = fits(&self.token, &token.token)
            && fits(&self.serial, &token.serial)
            && fits(&self.module_path, &token.module_path);
        is_it.then(|| Self {
            token: self.token.clone().or(token.token.clone()),
            serial: self.serial.clone().or(token.serial.clone()),
            module_path: self.module_path.clone().or(token.module_path.clone()),
            ..self.clone()
        })
    }

    /// This URI, with the source of the PIN of `other` where it has none.
    pub(in crate::signer) fn with_pin_source_of(&self, other: &Self) -> Self {
        Self {
            pin_source: self.pin_source.clone().or(other.pin_source.clone()),
            ..self.clone()
        }
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
            library_version: self.library_version.or(other.library_version),
            slot_id: self.slot_id.or(other.slot_id),
            slot_description: (self.slot_description.clone()).or(other.slot_description.clone()),
            slot_manufacturer: (self.slot_manufacturer.clone()).or(other.slot_manufacturer.clone()),
            object: self.object.clone().or(other.object.clone()),
            id: self.id.clone().or(other.id.clone()),
            private: self.private || other.private,
            module_path: self.module_path.clone().or(other.module_path.clone()),
            module_name: self.module_name.clone().or(other.module_name.clone()),
            // How a module is started and where a PIN comes from make no other key.
            init_reserved: other.init_reserved.clone(),
            pin_source: other.pin_source.clone(),
        };
        filled == *other
    }

    fn read_part(&mut self, part: Part<'_>) -> Result<(), UriError> {
        match (part.place, part.name) {
            (Place::Path, "id") => put(&mut self.id, "id", id(part)?),
            (Place::Path, "slot-id") => put(&mut self.slot_id, "slot-id", slot_id(part)?),
            (Place::Path, "library-version") => put(
                &mut self.library_version,
                "library-version",
                library_version(part)?,
            ),
            (Place::Path, "type") => self.read_type(part),
            (Place::Query, "module-path") => {
                put(&mut self.module_path, "module-path", module_path(part)?)
            }
            (Place::Query, "module-name") => {
                put(&mut self.module_name, "module-name", module_name(part)?)
            }
            (Place::Query, "x-init-reserved") => put(
                &mut self.init_reserved,
                "x-init-reserved",
                part.text("x-init-reserved")?,
            ),
            (Place::Query, "pin-source") => {
                put(&mut self.pin_source, "pin-source", pin_source(part)?)
            }
            (_, "pin-value") => Err(UriError::PinValue),
            (Place::Path, _) => self.read_field(part),
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

    fn read_field(&mut self, part: Part<'_>) -> Result<(), UriError> {
        let (attribute, field) = match part.name {
            "token" => ("token", &mut self.token),
            "manufacturer" => ("manufacturer", &mut self.manufacturer),
            "serial" => ("serial", &mut self.serial),
            "model" => ("model", &mut self.model),
            "object" => ("object", &mut self.object),
            "library-description" => ("library-description", &mut self.library_description),
            "library-manufacturer" => ("library-manufacturer", &mut self.library_manufacturer),
            "slot-description" => ("slot-description", &mut self.slot_description),
            "slot-manufacturer" => ("slot-manufacturer", &mut self.slot_manufacturer),
            _ => return Err(part.unknown()),
        };
        put(field, attribute, part.field(attribute)?)
    }

    fn path_attributes(&self) -> [(&'static str, Option<String>); 13] {
        let text = |value: &Option<Field>| value.as_ref().map(Field::encoded);
        let version = |version: Version| format!("{}.{}", version.0, version.1);
        [
            ("token", text(&self.token)),
            ("manufacturer", text(&self.manufacturer)),
            ("model", text(&self.model)),
            ("serial", text(&self.serial)),
            ("library-description", text(&self.library_description)),
            ("library-manufacturer", text(&self.library_manufacturer)),
            ("library-version", self.library_version.map(version)),
            ("slot-id", self.slot_id.map(|slot| slot.to_string())),
            ("slot-description", text(&self.slot_description)),
            ("slot-manufacturer", text(&self.slot_manufacturer)),
            ("object", text(&self.object)),
            ("id", self.id.as_deref().map(encode_all)),
            ("type", self.private.then(|| "private".to_owned())),
        ]
    }

    fn query_attributes(&self) -> [(&'static str, Option<String>); 4] {
        let text = |value: &str| encode(value.as_bytes(), "/:");
        let path = self.module_path.as_deref().and_then(Path::to_str);
        [
            ("module-path", path.map(text)),
            ("module-name", self.module_name.as_deref().map(text)),
            ("x-init-reserved", self.init_reserved.as_deref().map(text)),
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
        let names_module = uri.module_path.is_some() || uri.module_name.is_some();
        if uri.init_reserved.is_some() && !names_module {
            return Err(UriError::ReservedForNoModule);
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

fn put<T>(field: &mut Option<T>, attribute: &'static str, value: T) -> Result<(), UriError> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(UriError::Duplicate { attribute }),
    }
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
