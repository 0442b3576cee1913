//! The key objects of a token, read as far as the module lets them be read.

use cryptoki::error::RvError;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::field::Field;
use super::public_key::PublicParts;
use crate::signer::Origin;
use crate::signer::error::Fault;
use crate::wire::hex;

/// What a key object says of itself.
#[derive(Debug, Clone)]
pub(super) struct KeyObject {
    pub(super) handle: ObjectHandle,
    pub(super) label: Vec<u8>,
    pub(super) id: Vec<u8>,
    pub(super) key_type: Option<KeyType>,
    pub(super) sign: Option<bool>,
    pub(super) parts: PublicParts,
    pub(super) origin: Origin,
}

impl KeyObject {
    /// The name of the key in messages: `key "users" (id 0a1b)`.
    pub(super) fn name(&self) -> String {
        let label = Field::new(self.label.clone());
        if self.id.is_empty() {
            format!("key {label}")
        } else {
            format!("key {label} (id {})", hex(&self.id))
        }
    }

    fn new(handle: ObjectHandle) -> Self {
        Self {
            handle,
            label: Vec::new(),
            id: Vec::new(),
            key_type: None,
            sign: None,
            parts: PublicParts::default(),
            origin: Origin::default(),
        }
    }

    fn take(&mut self, attribute: Attribute) {
        match attribute {
            Attribute::Label(label) => self.label = label,
            Attribute::Id(id) => self.id = id,
            Attribute::KeyType(key_type) => self.key_type = Some(key_type),
            Attribute::Sign(value) => self.sign = Some(value),
            Attribute::Modulus(value) => self.parts.modulus = filled(value),
            Attribute::PublicExponent(value) => self.parts.exponent = filled(value),
            Attribute::EcParams(value) => self.parts.curve = filled(value),
            Attribute::EcPoint(value) => self.parts.point = filled(value),
            Attribute::Local(value) => self.origin.local = Some(value),
            Attribute::Sensitive(value) => self.origin.sensitive = Some(value),
            Attribute::Extractable(value) => self.origin.extractable = Some(value),
            Attribute::NeverExtractable(value) => self.origin.never_extractable = Some(value),
            Attribute::AlwaysAuthenticate(value) => self.origin.always_authenticate = Some(value),
            _ => {}
        }
    }
}

/// Every key object of `class` with this label and this id, where they are given.
pub(super) fn find(
    session: &Session,
    class: ObjectClass,
    label: Option<&[u8]>,
    id: Option<&[u8]>,
) -> Result<Vec<KeyObject>, Fault> {
    let handles = handles(session, class, label, id)?;
    handles
        .into_iter()
        .map(|handle| read(session, handle, class))
        .collect()
}

/// As [`find`], of what is only counted: nothing is read.
pub(super) fn handles(
    session: &Session,
    class: ObjectClass,
    label: Option<&[u8]>,
    id: Option<&[u8]>,
) -> Result<Vec<ObjectHandle>, Fault> {
    let mut template = vec![Attribute::Class(class)];
    template.extend(label.map(|label| Attribute::Label(label.to_vec())));
    template.extend(id.map(|id| Attribute::Id(id.to_vec())));
    Ok(session.find_objects(&template)?)
}

/// Reads one object.
pub(super) fn read(
    session: &Session,
    handle: ObjectHandle,
    class: ObjectClass,
) -> Result<KeyObject, Fault> {
    let wanted = match class {
        ObjectClass::PRIVATE_KEY => [PUBLIC, PRIVATE].concat(),
        _ => PUBLIC.to_vec(),
    };
    let mut object = KeyObject::new(handle);
    match session.get_attributes(handle, &wanted) {
        Ok(attributes) => attributes.into_iter().for_each(|a| object.take(a)),
        // Some modules fail the whole call for one attribute that they do not know.
        Err(_) => read_singly(session, &wanted, &mut object)?,
    }
    Ok(object)
}

fn read_singly(
    session: &Session,
    wanted: &[AttributeType],
    object: &mut KeyObject,
) -> Result<(), Fault> {
    for attribute in wanted {
        match session.get_attributes(object.handle, &[*attribute]) {
            Ok(values) => values.into_iter().for_each(|value| object.take(value)),
            Err(error) => skip(error.into())?,
        }
    }
    Ok(())
}

/// Passes over what this attribute alone is to blame for.
fn skip(fault: Fault) -> Result<(), Fault> {
    use RvError as R;
    match fault.code() {
        None | Some(R::GeneralError | R::FunctionFailed | R::VendorDefined(_)) => Ok(()),
        Some(_) if fault.may_heal() => Err(fault),
        Some(_) => Ok(()),
    }
}

/// Some modules show an attribute that they do not have as empty.
fn filled(value: Vec<u8>) -> Option<Vec<u8>> {
    Some(value).filter(|value| !value.is_empty())
}

const PUBLIC: &[AttributeType] = &[
    AttributeType::Label,
    AttributeType::Id,
    AttributeType::KeyType,
    AttributeType::Modulus,
    AttributeType::PublicExponent,
    AttributeType::EcParams,
    AttributeType::EcPoint,
];

const PRIVATE: &[AttributeType] = &[
    AttributeType::Sign,
    AttributeType::Local,
    AttributeType::Sensitive,
    AttributeType::Extractable,
    AttributeType::NeverExtractable,
    AttributeType::AlwaysAuthenticate,
];
