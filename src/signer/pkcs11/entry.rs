//! What the list of a module's slots, tokens and keys says of each.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use super::field::Field;
use crate::signer::Origin;
use crate::wire::hex;

/// What a module shows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inventory {
    /// The module, as it was named.
    pub module: PathBuf,
    /// Every slot, with or without a token.
    pub slots: Vec<SlotEntry>,
}

/// One slot.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SlotEntry {
    /// The number of the slot, which some modules change at each start.
    pub slot_id: u64,
    /// What the module calls it.
    pub description: Field,
    /// The token in it, if there is one that can be read.
    pub token: Option<TokenEntry>,
}

impl SlotEntry {
    /// Whether it is the card reader with this name, which has room for the name's beginning.
    pub fn is_reader(&self, reader: &str) -> bool {
        let shown = self.description.lossy();
        !shown.is_empty() && (shown == reader || (shown.len() >= 60 && reader.starts_with(&shown)))
    }

    /// Whether it is another place for a card in the same reader, and nothing is in it: pcscd ends
    /// the name of each place with the reader's number and its own, two digits each.
    pub fn is_empty_place_of(&self, reader: &str) -> bool {
        let shown = self.description.lossy();
        let device = |name: &str| name.rsplit_once(' ').map(|(device, _)| device.to_owned());
        self.token.is_none() && device(&shown).is_some() && device(&shown) == device(reader)
    }
}

/// One token.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TokenEntry {
    /// The label.
    pub label: Field,
    /// Who made it.
    pub manufacturer: Field,
    /// The model of the token.
    pub model: Field,
    /// The serial number of the token.
    pub serial: Field,
    /// Whether it was ever set up; if not, it holds nothing.
    pub initialized: bool,
    /// Whether private keys show after a login only.
    pub login_required: bool,
    /// Whether this list was made logged in.
    pub logged_in: bool,
    /// The keys of the token.
    pub keys: Vec<KeyEntry>,
    /// Why the keys could not be listed.
    pub fault: Option<String>,
}

/// One key: a private one, a public one, or the pair of both.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct KeyEntry {
    /// The shortest locator that names it alone in this module; `None` if nothing does.
    pub locator: Option<String>,
    /// The label.
    pub label: Field,
    /// The id of the key; written in hexadecimal.
    #[serde(serialize_with = "as_hex")]
    pub id: Vec<u8>,
    /// Whether the private half is there; `None` where a login would be needed to see it.
    pub private: Option<bool>,
    /// `rsa`, `ecdsa`, `ed25519`, or what the token calls it; `None` if it doesn't say.
    pub key_type: Option<String>,
    /// The size of the key in bits.
    pub bits: Option<u32>,
    /// The SSH public key, where it can be built.
    pub public_key: Option<String>,
    /// What the token says of the private half.
    pub origin: Origin,
}

fn as_hex<S: Serializer>(id: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex(id))
}
