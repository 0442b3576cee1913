//! What `init` and `import` are told about a key in a YubiKey's slot.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ssh_key::Fingerprint;

use super::context::Context;
use super::failure::Failure;
use super::terminal::{confirm_typed, warn};
use crate::attestation::Facts;
use crate::ca::owner;
use crate::secret::{Pin, SecretKind, read_short_secret};
use crate::signer::Locator;
use crate::signer::yubikey::{
    ManagementKey, NewSlotKey, PinPolicy, Replaceable, SlotLocator, TouchPolicy,
};

/// Policies of a new key, what proves that it may be put there, and what it may replace.
#[derive(Debug, Args)]
pub(crate) struct SlotArguments {
    /// When a key in a YubiKey wants the PIN [default: always]
    #[arg(long, value_name = "WHEN")]
    pin_policy: Option<PinWanted>,

    /// When a key in a YubiKey wants a touch [default: always]
    #[arg(long, value_name = "WHEN")]
    touch_policy: Option<TouchWanted>,

    /// Hexadecimal management key of a YubiKey, which nobody else can read [default: the one
    /// that the YubiKey keeps behind its PIN]
    #[arg(long, value_name = "FILE")]
    management_key_file: Option<PathBuf>,

    /// Overwrite the key with this fingerprint in a YubiKey's slot; may be given several times.
    /// `none`, for firmware before 5.3: a slot of which it tells no key, also if it has one
    #[arg(long, value_name = "SHA256:…|none", value_parser = replaceable)]
    replace: Vec<Replaceable>,
}

/// [`PinPolicy`], as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum PinWanted {
    Never,
    Once,
    Always,
}

/// [`TouchPolicy`], as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum TouchWanted {
    Never,
    Always,
    Cached,
}

impl SlotArguments {
    /// Reads the management key, if one was named.
    pub(crate) fn management_key(&self) -> Result<Option<Pin>, Failure> {
        let key = self
            .management_key_file
            .as_deref()
            .map(|file| read_short_secret(file, SecretKind::ManagementKey));
        Ok(key.transpose()?)
    }

    /// Refuses what is for cards alone where there is none, and asks before a CA's own key is overwritten.
    pub(crate) fn check(&self, context: &Context, keys: &[Locator]) -> Result<(), Failure> {
        self.require_card(keys)?;
        let place = context.place()?;
        for replaced in &self.replace {
            match replaced {
                Replaceable::Untold => keys.iter().try_for_each(confirm_untold)?,
                Replaceable::Key(key) => {
                    if let Some(ca) = owner(&place, key)? {
                        confirm_typed(&ends_ca(key, &ca))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a key that is there is to make room.
    pub(crate) fn replaces(&self) -> bool {
        !self.replace.is_empty()
    }

    /// The same for whoever only looks: what would be asked is said.
    pub(crate) fn look(&self, context: &Context, keys: &[Locator]) -> Result<(), Failure> {
        self.require_card(keys)?;
        let place = context.place()?;
        for replaced in &self.replace {
            if let Replaceable::Key(key) = replaced
                && let Some(ca) = owner(&place, key)?
            {
                warn(&ends_ca(key, &ca));
            }
        }
        Ok(())
    }

    fn require_card(&self, keys: &[Locator]) -> Result<(), Failure> {
        let for_card = self.pin_policy.is_some()
            || self.touch_policy.is_some()
            || self.management_key_file.is_some()
            || !self.replace.is_empty();
        if for_card && !keys.iter().any(|key| matches!(key, Locator::YubiKey(_))) {
            return Err(Failure::usage(FOR_CARDS));
        }
        Ok(())
    }

    /// What the card will attest of a new key's policies, if it does as it is told.
    pub(crate) fn promise(&self) -> Facts {
        let (pin, touch) = (self.pin_policy, self.touch_policy);
        Facts {
            pin: Some(pin.map_or(PinPolicy::Always, PinPolicy::from)),
            touch: Some(touch.map_or(TouchPolicy::Always, TouchPolicy::from)),
            ..Facts::default()
        }
    }

    /// What the arguments ask of the card for a new key.
    pub(crate) fn wanted<'a>(&'a self, management_key: Option<&'a Pin>) -> NewSlotKey<'a> {
        NewSlotKey {
            pin: self.pin_policy.map(PinPolicy::from),
            touch: self.touch_policy.map(TouchPolicy::from),
            management_key: ManagementKey::given_or_protected(management_key),
            replace: &self.replace,
        }
    }
}

fn ends_ca(key: &Fingerprint, ca: &str) -> String {
    format!(
        "The key {key} is that of CA `{ca}`. What overwrites it on the card ends that CA there."
    )
}

/// Asks before a key is lost of which nobody can be told: by the names of card and slot.
fn confirm_untold(key: &Locator) -> Result<(), Failure> {
    match key {
        Locator::YubiKey(SlotLocator {
            serial: Some(serial),
            slot,
            ..
        }) => confirm_typed(&format!(
            "Firmware before 5.3 does not tell of a key that was brought in. If slot {slot} of \
             YubiKey {serial} has one, it is overwritten for good."
        )),
        Locator::YubiKey(_) => Err(Failure::usage(SERIAL)),
        _ => Ok(()),
    }
}

impl From<PinWanted> for PinPolicy {
    fn from(wanted: PinWanted) -> Self {
        match wanted {
            PinWanted::Never => Self::Never,
            PinWanted::Once => Self::Once,
            PinWanted::Always => Self::Always,
        }
    }
}

impl From<TouchWanted> for TouchPolicy {
    fn from(wanted: TouchWanted) -> Self {
        match wanted {
            TouchWanted::Never => Self::Never,
            TouchWanted::Always => Self::Always,
            TouchWanted::Cached => Self::Cached,
        }
    }
}

fn replaceable(text: &str) -> Result<Replaceable, &'static str> {
    match text.parse() {
        Ok(fingerprint @ Fingerprint::Sha256(_)) => Ok(Replaceable::Key(fingerprint)),
        _ if text == "none" => Ok(Replaceable::Untold),
        _ => Err("a fingerprint reads SHA256:…, as ssh-keygen -l prints it"),
    }
}

const SERIAL: &str = "--replace none wants the card's serial in the locator";

const FOR_CARDS: &str = "\
--pin-policy, --touch-policy, --management-key-file and --replace are for a key in a YubiKey";
