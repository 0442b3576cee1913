//! The one token that a URI names, and what it says of itself.

use cryptoki::error::Error;
use cryptoki::slot::{Limit, Slot, TokenInfo};
use cryptoki_sys as sys;

use super::logins::TokenId;
use super::module::Module;
use super::uri::Uri;
use crate::signer::error::{Fault, OpeningError, PinTries, Seen};

/// A token that is plugged in.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) slot: Slot,
    pub(super) label: String,
    pub(super) manufacturer: String,
    pub(super) model: String,
    pub(super) serial: String,
    pub(super) flags: Flags,
    pin_lengths: (usize, usize),
    sessions: Sessions,
}

/// How many sessions a token has room for, as it says.
#[derive(Debug, Clone, Copy)]
struct Sessions {
    most: Limit,
    open: u64,
}

/// Those of a token's flags that matter for a login (PKCS#11 v2.40, 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) initialized: bool,
    pub(super) login_required: bool,
    pub(super) pin_set: bool,
    pub(super) own_keypad: bool,
    pin_count_low: bool,
    pub(super) pin_final_try: bool,
    pub(super) pin_locked: bool,
}

impl Token {
    /// Finds the one token that `uri` names.
    pub(super) fn find(module: &Module, uri: &Uri) -> Result<Self, OpeningError> {
        check_library(module, uri)?;
        let seen = Self::all(module)?;
        let matching = |token: &&Self| token.matches(uri) && is_in_slot(module, token.slot, uri);
        let mut found: Vec<_> = seen.iter().filter(matching).collect();
        // One that was never set up holds no key. Some never say that they were.
        if found.iter().any(|token| token.flags.initialized) {
            found.retain(|token| token.flags.initialized);
        }
        match found.as_slice() {
            [token] => Ok((*token).clone()),
            [] => Err(OpeningError::NoToken {
                wanted: uri.to_string(),
                seen: list(seen.iter().filter(|token| token.is_worth_naming())),
            }),
            several => Err(OpeningError::SeveralTokens {
                wanted: uri.to_string(),
                seen: list(several.iter().copied()),
            }),
        }
    }

    /// Every token that can be read. One that cannot is passed over: it may be a card that
    /// is just being pulled from another reader.
    pub(super) fn all(module: &Module) -> Result<Vec<Self>, OpeningError> {
        let slots = module.slots()?;
        Ok(slots
            .into_iter()
            .filter_map(|slot| Self::read(module, slot).ok())
            .collect())
    }

    pub(super) fn read(module: &Module, slot: Slot) -> Result<Self, Fault> {
        module.with(|loaded| match loaded.pkcs11.get_token_info(slot) {
            Ok(info) => Ok(Self::from_cryptoki(slot, &info)),
            Err(error @ Error::Pkcs11(..)) => Err(error.into()),
            // The token answered, and its clock was not in the standard's form.
            Err(_) => Ok(Self::from_raw(slot, &loaded.raw.token_info(slot)?)),
        })
    }

    /// What tells it from a token that is put into its slot later.
    pub(super) fn id(&self) -> TokenId {
        TokenId {
            slot: self.slot.id(),
            label: self.label.clone(),
            serial: self.serial.clone(),
        }
    }

    /// The lengths in bytes that a PIN may have; none where the token's word is not to be
    /// believed: kryoptic says that its longest PIN has none.
    pub(super) fn pin_lengths(&self) -> Option<std::ops::RangeInclusive<usize>> {
        let (least, most) = self.pin_lengths;
        (most > 0 && least <= most).then_some(least..=most)
    }

    /// How many sessions may be opened beside those that are; a token that doesn't say has
    /// room for none that we know of.
    pub(super) fn free_sessions(&self) -> u64 {
        match self.sessions.most {
            Limit::Infinite => u64::MAX,
            Limit::Max(most) => most.saturating_sub(self.sessions.open),
            Limit::Unavailable => 0,
        }
    }

    /// Whether it can be pulled out of its slot, as a card out of a reader; so one that doesn't
    /// say is taken.
    pub(super) fn is_removable(&self, module: &Module) -> bool {
        let told = module.with(|loaded| Ok(loaded.pkcs11.get_slot_info(self.slot)?));
        told.map_or(true, |slot| slot.removable_device())
    }

    /// An empty slot of a software token looks like a token without a label.
    fn is_worth_naming(&self) -> bool {
        self.flags.initialized || !self.label.is_empty()
    }

    /// For messages: `token "Root CA" (SoftHSM v2, slot 0)`.
    pub(super) fn device(&self) -> String {
        let (label, model, slot) = (&self.label, &self.model, self.slot.id());
        if model.is_empty() {
            format!("token {label:?} (slot {slot})")
        } else {
            format!("token {label:?} ({}, slot {slot})", model.escape_debug())
        }
    }

    /// `uri`, bound to this very token: a token that comes in its place later, with the same
    /// label, must not be given the PIN.
    pub(super) fn bind(&self, uri: &Uri) -> Uri {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Uri {
            token: text(&self.label),
            serial: text(&self.serial),
            slot_id: None,
            slot_description: None,
            slot_manufacturer: None,
            ..uri.clone()
        }
    }

    pub(super) fn pin_tries(&self) -> PinTries {
        match self.flags {
            Flags {
                pin_locked: true, ..
            } => PinTries::NoneLeft,
            Flags {
                pin_final_try: true,
                ..
            } => PinTries::OneLeft,
            Flags {
                pin_count_low: true,
                ..
            } => PinTries::Left,
            _ => PinTries::Untold,
        }
    }

    fn matches(&self, uri: &Uri) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w == is);
        uri.token
            .as_deref()
            .is_none_or(|label| self.is_labelled(label))
            && same(&uri.manufacturer, &self.manufacturer)
            && same(&uri.model, &self.model)
            && same(&uri.serial, &self.serial)
            && uri.slot_id.is_none_or(|slot| slot == self.slot.id())
    }

    /// OpenSC shows each PIN of a card as a token of its own, and puts the PIN's name behind
    /// the card's label.
    fn is_labelled(&self, label: &str) -> bool {
        self.label == label || self.label.strip_suffix(" (UserPIN)") == Some(label)
    }

    fn from_cryptoki(slot: Slot, info: &TokenInfo) -> Self {
        Self {
            slot,
            label: without_padding(info.label()),
            manufacturer: without_padding(info.manufacturer_id()),
            model: without_padding(info.model()),
            serial: without_padding(info.serial_number()),
            flags: Flags {
                initialized: info.token_initialized(),
                login_required: info.login_required(),
                pin_set: info.user_pin_initialized(),
                own_keypad: info.protected_authentication_path(),
                pin_count_low: info.user_pin_count_low(),
                pin_final_try: info.user_pin_final_try(),
                pin_locked: info.user_pin_locked(),
            },
            pin_lengths: (info.min_pin_length(), info.max_pin_length()),
            sessions: Sessions {
                most: info.max_session_count(),
                open: info.session_count().unwrap_or(0),
            },
        }
    }

    fn from_raw(slot: Slot, info: &sys::CK_TOKEN_INFO) -> Self {
        let has = |flag| info.flags & flag != 0;
        Self {
            slot,
            label: unpadded(&info.label),
            manufacturer: unpadded(&info.manufacturerID),
            model: unpadded(&info.model),
            serial: unpadded(&info.serialNumber),
            flags: Flags {
                initialized: has(sys::CKF_TOKEN_INITIALIZED),
                login_required: has(sys::CKF_LOGIN_REQUIRED),
                pin_set: has(sys::CKF_USER_PIN_INITIALIZED),
                own_keypad: has(sys::CKF_PROTECTED_AUTHENTICATION_PATH),
                pin_count_low: has(sys::CKF_USER_PIN_COUNT_LOW),
                pin_final_try: has(sys::CKF_USER_PIN_FINAL_TRY),
                pin_locked: has(sys::CKF_USER_PIN_LOCKED),
            },
            // Sizes of the platform; one that is out of range is no limit.
            pin_lengths: (
                usize::try_from(info.ulMinPinLen).unwrap_or(0),
                usize::try_from(info.ulMaxPinLen).unwrap_or(0),
            ),
            sessions: Sessions {
                most: Limit::Unavailable,
                open: 0,
            },
        }
    }
}

#[cfg(test)]
impl Token {
    /// One that wants a login, and has nothing to say against it.
    pub(super) fn sample() -> Self {
        Self {
            slot: Slot::try_from(0_u64).unwrap(),
            label: "Root CA".to_owned(),
            manufacturer: String::new(),
            model: String::new(),
            serial: "1".to_owned(),
            flags: Flags {
                initialized: true,
                login_required: true,
                pin_set: true,
                own_keypad: false,
                pin_count_low: false,
                pin_final_try: false,
                pin_locked: false,
            },
            pin_lengths: (4, 8),
            sessions: Sessions {
                most: Limit::Infinite,
                open: 0,
            },
        }
    }

    /// The same, as it says how many sessions it has room for.
    pub(super) fn with_sessions(self, most: Limit, open: u64) -> Self {
        Self {
            sessions: Sessions { most, open },
            ..self
        }
    }
}

/// Whether the slot is the one that `uri` describes, if it describes one.
fn is_in_slot(module: &Module, slot: Slot, uri: &Uri) -> bool {
    if (&uri.slot_description, &uri.slot_manufacturer) == (&None, &None) {
        return true;
    }
    let told = module.with(|loaded| Ok(loaded.pkcs11.get_slot_info(slot)?));
    let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w == is);
    told.is_ok_and(|told| {
        same(
            &uri.slot_description,
            &without_padding(told.slot_description()),
        ) && same(
            &uri.slot_manufacturer,
            &without_padding(told.manufacturer_id()),
        )
    })
}

/// Refuses a library other than the one that `uri` describes.
fn check_library(module: &Module, uri: &Uri) -> Result<(), OpeningError> {
    let wanted = (
        &uri.library_description,
        &uri.library_manufacturer,
        &uri.library_version,
    );
    if wanted == (&None, &None, &None) {
        return Ok(());
    }
    let library = module.with(|loaded| Ok(loaded.pkcs11.get_library_info()?));
    let library = library.map_err(|fault| module.at(fault))?;
    let version = library.library_version();
    let version = format!("{}.{}", version.major(), version.minor());
    let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w == is);
    let description = without_padding(library.library_description());
    let manufacturer = without_padding(library.manufacturer_id());
    if same(wanted.0, &description) && same(wanted.1, &manufacturer) && same(wanted.2, &version) {
        return Ok(());
    }
    Err(OpeningError::NoToken {
        wanted: uri.to_string(),
        seen: Seen(vec![format!(
            "library {description:?} by {manufacturer:?}, version {version}"
        )]),
    })
}

fn list<'a>(tokens: impl Iterator<Item = &'a Token>) -> Seen {
    let line = |token: &Token| format!("{} serial {:?}", token.device(), token.serial);
    Seen(tokens.map(line).collect())
}

fn unpadded(field: &[u8]) -> String {
    without_padding(&String::from_utf8_lossy(field))
}

/// A field without what fills it: blanks as the standard has it, or zeros, as TPM models and some
/// labels were seen.
pub(super) fn without_padding(field: &str) -> String {
    field.trim_end_matches([' ', '\0']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_field_is_no_part_of_it() {
        for field in [
            "SW   TPM",
            "SW   TPM\0\0\0",
            "SW   TPM   ",
            "SW   TPM \0 \0",
        ] {
            assert_eq!(unpadded(field.as_bytes()), "SW   TPM");
        }
        assert_eq!(unpadded(&[0; 16]), "");
    }

    #[test]
    fn no_more_sessions_are_opened_than_a_token_says_it_has_room_for() {
        for (most, open, free) in [
            (Limit::Max(4), 1, 3),
            (Limit::Max(2), 5, 0),
            (Limit::Infinite, 9, u64::MAX),
            (Limit::Unavailable, 0, 0),
        ] {
            let token = Token::sample().with_sessions(most, open);
            assert_eq!(token.free_sessions(), free, "{most:?}");
        }
    }
}
