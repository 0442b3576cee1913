//! The one token that a URI names, and what it says of itself.

use cryptoki::error::Error;
use cryptoki::slot::{Limit, Slot, TokenInfo};
use cryptoki_sys as sys;

use super::field::Field;
use super::logins::TokenId;
use super::module::Module;
use super::uri::Uri;
use crate::signer::error::{Fault, OpeningError, PinTries, Seen};

/// A token that is plugged in.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) slot: Slot,
    pub(super) label: Field,
    pub(super) manufacturer: Field,
    pub(super) model: Field,
    pub(super) serial: Field,
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

impl Sessions {
    fn of(info: &TokenInfo) -> Self {
        Self {
            most: info.max_session_count(),
            open: info.session_count().unwrap_or(0),
        }
    }
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
            // A name that is no UTF-8 came without the bytes that are none.
            Ok(info) if is_lossy(&info) => match loaded.raw.token_info(slot) {
                Ok(raw) => Ok(Self::from_raw(slot, &raw).with_sessions_of(&info)),
                // A proxy, whose tokens the second handle doesn't know.
                Err(_) => Ok(Self::from_cryptoki(slot, &info)),
            },
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
        let (label, slot) = (&self.label, self.slot.id());
        if self.model.is_empty() {
            format!("token {label} (slot {slot})")
        } else {
            format!("token {label} ({}, slot {slot})", self.model.bare())
        }
    }

    /// For what is kept: `token "Root CA" (SoftHSM v2), serial 3f81`.
    pub(super) fn with_serial(&self) -> String {
        let parts = [
            Some(format!("token {}", self.label)),
            (!self.model.is_empty()).then(|| format!(" ({})", self.model.bare())),
            (!self.serial.is_empty()).then(|| format!(", serial {}", self.serial.bare())),
        ];
        parts.into_iter().flatten().collect()
    }

    /// `uri`, bound to this very token: a token that comes in its place later, with the same
    /// label, must not be given the PIN.
    pub(super) fn bind(&self, uri: &Uri) -> Uri {
        let text = |field: &Field| Some(field.clone()).filter(|field| !field.is_empty());
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
        let same = |wanted: &Option<Field>, is: &Field| wanted.as_ref().is_none_or(|w| w.names(is));
        uri.token
            .as_ref()
            .is_none_or(|label| self.is_labelled(label))
            && same(&uri.manufacturer, &self.manufacturer)
            && same(&uri.model, &self.model)
            && same(&uri.serial, &self.serial)
            && uri.slot_id.is_none_or(|slot| slot == self.slot.id())
    }

    /// OpenSC shows each PIN of a card as a token of its own, and puts the PIN's name behind
    /// the card's label.
    fn is_labelled(&self, label: &Field) -> bool {
        let card = self.label.as_bytes().strip_suffix(b" (UserPIN)");
        label.names(&self.label) || card.is_some_and(|card| label.names(&Field::padded(card)))
    }

    fn from_cryptoki(slot: Slot, info: &TokenInfo) -> Self {
        Self {
            slot,
            label: Field::padded(info.label().as_bytes()),
            manufacturer: Field::padded(info.manufacturer_id().as_bytes()),
            model: Field::padded(info.model().as_bytes()),
            serial: Field::padded(info.serial_number().as_bytes()),
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
            sessions: Sessions::of(info),
        }
    }

    fn with_sessions_of(self, info: &TokenInfo) -> Self {
        Self {
            sessions: Sessions::of(info),
            ..self
        }
    }

    fn from_raw(slot: Slot, info: &sys::CK_TOKEN_INFO) -> Self {
        let has = |flag| info.flags & flag != 0;
        Self {
            slot,
            label: Field::padded(&info.label),
            manufacturer: Field::padded(&info.manufacturerID),
            model: Field::padded(&info.model),
            serial: Field::padded(&info.serialNumber),
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
            label: "Root CA".into(),
            manufacturer: "".into(),
            model: "".into(),
            serial: "1".into(),
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
    told.is_ok_and(|told| {
        is_called(&uri.slot_description, told.slot_description())
            && is_called(&uri.slot_manufacturer, told.manufacturer_id())
    })
}

/// Whether `is`, as `cryptoki` read it, is what was wanted, if anything was.
fn is_called(wanted: &Option<Field>, is: &str) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted.names_text(is))
}

/// Whether a name of the token is no UTF-8.
fn is_lossy(info: &TokenInfo) -> bool {
    let names = [
        info.label(),
        info.manufacturer_id(),
        info.model(),
        info.serial_number(),
    ];
    names
        .iter()
        .any(|name| name.contains(char::REPLACEMENT_CHARACTER))
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
    let version = (version.major(), version.minor());
    let (description, maker) = (library.library_description(), library.manufacturer_id());
    if is_called(wanted.0, description)
        && is_called(wanted.1, maker)
        && wanted.2.is_none_or(|wanted| wanted == version)
    {
        return Ok(());
    }
    let (description, maker) = (Field::from(description), Field::from(maker));
    Err(OpeningError::NoToken {
        wanted: uri.to_string(),
        seen: Seen(vec![format!(
            "library {description} by {maker}, version {}.{}",
            version.0, version.1
        )]),
    })
}

fn list<'a>(tokens: impl Iterator<Item = &'a Token>) -> Seen {
    let line = |token: &Token| format!("{} serial {}", token.device(), token.serial);
    Seen(tokens.map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

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
