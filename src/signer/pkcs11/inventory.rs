//! Everything that a module shows: slots, tokens and keys.

use std::collections::BTreeMap;

use cryptoki::object::{KeyType, ObjectClass};
use cryptoki::session::Session as RawSession;
use cryptoki::slot::Slot;
use ssh_key::public::KeyData;

use super::door::log_in_as;
use super::entry::{Inventory, KeyEntry, SlotEntry, TokenEntry};
use super::field::Field;
use super::half::public_half;
use super::logins::Credential;
use super::module::Module;
use super::object::{self, KeyObject};
use super::public_key::size;
use super::session::{Access, Session};
use super::token::Token;
use super::uri::Uri;
use crate::secret::AskPin;
use crate::signer::error::{Fault, OpeningError};

/// Lists what a module shows; see [`crate::signer::inventory`].
pub(in crate::signer) fn inventory(
    module: Option<&Uri>,
    login: Option<(&Uri, &mut dyn AskPin)>,
) -> Result<Inventory, OpeningError> {
    let named = match (module, &login) {
        (Some(uri), _) => uri.module(),
        (None, Some((uri, _))) => uri.module(),
        (None, None) => Uri::default(),
    };
    let module = Module::of(&named)?;
    let door = match login {
        Some((uri, pins)) => Some(log_in(&module, uri, pins)?),
        None => None,
    };
    let all = module.with(|loaded| Ok(loaded.pkcs11.get_all_slots()?));
    let all = all.map_err(|fault| module.at(fault))?;
    let open = door.as_ref().map(|(slot, _)| *slot);
    let mut slots: Vec<_> = all
        .into_iter()
        .map(|slot| slot_entry(&module, slot, open))
        .collect();
    name_keys(&mut slots, &named);
    // Until here: a login holds for all sessions on the token while one is open.
    drop(door);
    Ok(Inventory {
        module: module.path().to_owned(),
        slots,
    })
}

/// A token that says it wants no login may hide its private keys before one all the same.
fn log_in(
    module: &Module,
    uri: &Uri,
    pins: &mut dyn AskPin,
) -> Result<(Slot, Session), OpeningError> {
    let token = Token::find(module, uri)?;
    let session = Session::open(module, token.slot, Access::ReadOnly);
    let mut session = session.map_err(|fault| fault.at(&token.device()))?;
    log_in_as(
        &mut session,
        (module, &token),
        uri,
        pins,
        Credential::of_user,
    )?;
    Ok((token.slot, session))
}

fn slot_entry(module: &Module, slot: Slot, open: Option<Slot>) -> SlotEntry {
    let told = module.with(|loaded| Ok(loaded.pkcs11.get_slot_info(slot)?));
    let (description, present) = match told {
        Ok(slot) => (
            Field::padded(slot.slot_description().as_bytes()),
            slot.token_present(),
        ),
        Err(_) => (Field::from(""), false),
    };
    let token = present.then(|| Token::read(module, slot).ok()).flatten();
    SlotEntry {
        slot_id: slot.id(),
        description,
        token: token.map(|token| token_entry(module, token, open == Some(slot))),
    }
}

fn token_entry(module: &Module, token: Token, logged_in: bool) -> TokenEntry {
    let sees_private = logged_in || !token.flags.login_required;
    let keys = if token.flags.initialized {
        keys_of(module, &token, sees_private)
    } else {
        Ok(Vec::new())
    };
    TokenEntry {
        initialized: token.flags.initialized,
        fault: keys.as_ref().err().map(Fault::to_string),
        keys: keys.unwrap_or_default(),
        login_required: token.flags.login_required,
        logged_in,
        label: token.label,
        manufacturer: token.manufacturer,
        model: token.model,
        serial: token.serial,
    }
}

/// Private keys first, each with its public half; then public keys that belong to none.
fn keys_of(module: &Module, token: &Token, sees_private: bool) -> Result<Vec<KeyEntry>, Fault> {
    let session = Session::open(module, token.slot, Access::ReadOnly)?;
    session.call(|session| pairs(session, sees_private))?
}

fn pairs(session: &RawSession, sees_private: bool) -> Result<Vec<KeyEntry>, Fault> {
    let private = object::find(session, ObjectClass::PRIVATE_KEY, None, None)?;
    let public = object::find(session, ObjectClass::PUBLIC_KEY, None, None)?;
    let mut entries: Vec<_> = private
        .iter()
        .map(|key| key_entry(session, key, Some(true)))
        .collect();
    let unseen = sees_private.then_some(false);
    for object in &public {
        let lone = key_entry(session, object, unseen);
        let is_half_of = |whole: &KeyEntry| {
            whole.private == Some(true)
                && whole.public_key.is_some()
                && whole.public_key == lone.public_key
        };
        let belongs = private.iter().any(|key| is_pair(key, object));
        if !belongs && !entries.iter().any(is_half_of) {
            entries.push(lone);
        }
    }
    Ok(entries)
}

fn is_pair(private: &KeyObject, public: &KeyObject) -> bool {
    private.key_type == public.key_type
        && private.id == public.id
        && (!private.id.is_empty() || private.label == public.label)
}

fn key_entry(session: &RawSession, key: &KeyObject, private: Option<bool>) -> KeyEntry {
    let public_key = match private {
        Some(true) => public_half(session, key, None, "").ok(),
        _ => key.key_type.and_then(|kind| key.parts.key_data(kind).ok()),
    };
    KeyEntry {
        locator: None,
        label: Field::new(key.label.clone()),
        id: key.id.clone(),
        private,
        key_type: key.key_type.map(type_name),
        bits: public_key.as_ref().and_then(size),
        public_key: public_key.and_then(openssh),
        origin: key.origin,
    }
}

fn type_name(key_type: KeyType) -> String {
    match key_type {
        KeyType::RSA => "rsa".to_owned(),
        KeyType::EC => "ecdsa".to_owned(),
        KeyType::EC_EDWARDS => "ed25519".to_owned(),
        other => other.to_string(),
    }
}

fn openssh(key: KeyData) -> Option<String> {
    ssh_key::PublicKey::new(key, "").to_openssh().ok()
}

/// Gives each key the shortest locator that no other key of the module has too.
fn name_keys(slots: &mut [SlotEntry], module: &Uri) {
    let mut seen: BTreeMap<Uri, usize> = BTreeMap::new();
    let tokens = slots.iter().filter_map(|slot| slot.token.as_ref());
    for token in tokens {
        for key in &token.keys {
            for uri in candidates(token, key, module) {
                *seen.entry(uri).or_default() += 1;
            }
        }
    }
    for token in slots.iter_mut().filter_map(|slot| slot.token.as_mut()) {
        let names: Vec<_> = token
            .keys
            .iter()
            .map(|key| candidates(token, key, module))
            .map(|mut uris| uris.drain(..).find(|uri| seen.get(uri) == Some(&1)))
            .collect();
        for (key, name) in token.keys.iter_mut().zip(names) {
            key.locator = name.map(|uri| uri.to_string());
        }
    }
}

/// Locators that match the key, the shortest first.
fn candidates(token: &TokenEntry, key: &KeyEntry, module: &Uri) -> Vec<Uri> {
    let named = |field: &Field| Some(field.clone()).filter(|field| !field.is_empty());
    let base = Uri {
        token: named(&token.label),
        ..module.clone()
    };
    let label = named(&key.label);
    let id = Some(key.id.clone()).filter(|id| !id.is_empty());
    let serial = named(&token.serial);
    [
        (label.clone(), None, None),
        (None, id.clone(), None),
        (label.clone(), id.clone(), None),
        (label.clone(), None, serial.clone()),
        (label, id, serial),
    ]
    .into_iter()
    .filter(|(object, id, _)| object.is_some() || id.is_some())
    .map(|(object, id, serial)| Uri {
        object,
        id,
        serial,
        ..base.clone()
    })
    .collect()
}
