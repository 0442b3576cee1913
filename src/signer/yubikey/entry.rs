//! What is told of a card: its keys, and what to be careful about.

use serde::{Serialize, Serializer};

use super::{Firmware, PinPolicy, Slot, TouchPolicy};

/// One YubiKey. What it doesn't tell is `None`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CardEntry {
    /// The serial that is printed on it.
    pub serial: u32,
    /// The reader that it is in, as PC/SC names it; a USB YubiKey is its own.
    pub reader: String,
    /// The firmware of the card.
    pub firmware: Firmware,
    /// The shape of the card, by the attestation of a key that was born in it.
    pub form_factor: Option<&'static str>,
    /// Whether it is of the FIPS series, by the same.
    pub fips: Option<bool>,
    /// What it says of PIN, PUK and management key.
    #[serde(flatten)]
    pub secrets: CardSecrets,
    /// The keys in the slots that a CA can have.
    pub keys: Vec<SlotKeyEntry>,
    /// What slot f9 holds, which signs attestations; none where it was overwritten or lost.
    pub attestation_key: Option<AttestationKeyEntry>,
    /// Why not all slots could be read.
    pub fault: Option<String>,
}

/// What a card says of PIN, PUK and management key without a try.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CardSecrets {
    /// How often the PIN may be wrong before it locks.
    pub pin_tries_left: Option<u8>,
    /// Whether the PIN is the factory's.
    pub pin_is_default: Option<bool>,
    /// Whether the PUK is the factory's.
    pub puk_is_default: Option<bool>,
    /// Whether the management key is the factory's.
    pub management_key_is_default: Option<bool>,
}

/// One key in a slot.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SlotKeyEntry {
    /// The slot.
    pub slot: Slot,
    /// Names exactly this key.
    pub locator: String,
    /// The type of the key as SSH names it, if SSH knows it.
    pub algorithm: Option<String>,
    /// When it wants the PIN.
    pub pin_policy: Option<PinPolicy>,
    /// When it wants a touch.
    pub touch_policy: Option<TouchPolicy>,
    /// Born in the card, or brought in.
    pub generated: Option<bool>,
    /// The SHA-256 fingerprint of the key.
    pub fingerprint: Option<String>,
    /// The public key as a line of SSH.
    pub public_key: Option<String>,
}

/// The key in slot f9, by the certificate there; nobody has checked that yet.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AttestationKeyEntry {
    /// The type of the key as SSH names it, if SSH knows it.
    pub algorithm: Option<String>,
    /// The SHA-256 fingerprint that it would have as an SSH key.
    pub fingerprint: Option<String>,
    /// Whose it is, as RFC 4514 writes it.
    pub subject: String,
    /// Who says so.
    pub issuer: String,
}

/// What to be careful about with a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardWarning {
    /// CVE-2017-15361.
    #[error("RSA keys that were made in it can be computed from their public halves (ROCA)")]
    Roca,
    /// YSA-2024-03.
    #[error("whoever has it in a laboratory can read out ECDSA keys (EUCLEAK)")]
    Eucleak,
    /// YSA-2019-02.
    #[error("its random numbers are weak right after power-up (recalled FIPS series)")]
    FipsEntropy,
    /// The PIN that everybody knows.
    #[error("the PIN is the factory's")]
    DefaultPin,
    /// The PUK that everybody knows.
    #[error("the PUK is the factory's")]
    DefaultPuk,
    /// The management key that everybody knows.
    #[error("the management key is the factory's: whoever borrows the card can replace its keys")]
    DefaultManagementKey,
    /// Fewer than every new card has.
    #[error("PIN tries left: {0}")]
    FewTries(u8),
}

impl CardEntry {
    /// All there is to say of this card.
    #[must_use]
    pub fn warnings(&self) -> Vec<CardWarning> {
        use CardWarning as W;
        let secrets = &self.secrets;
        let tries = secrets.pin_tries_left.filter(|tries| *tries < TRIES_FEW);
        [
            self.firmware.has_roca().then_some(W::Roca),
            self.firmware.has_eucleak().then_some(W::Eucleak),
            self.firmware.has_weak_fips().then_some(W::FipsEntropy),
            (secrets.pin_is_default == Some(true)).then_some(W::DefaultPin),
            (secrets.puk_is_default == Some(true)).then_some(W::DefaultPuk),
            (secrets.management_key_is_default == Some(true)).then_some(W::DefaultManagementKey),
            tries.map(W::FewTries),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Firmware {
    /// From 4.2.6 to 4.3.4 (YSA-2017-01).
    pub(crate) fn has_roca(self) -> bool {
        (Self::of(4, 2, 6)..Self::of(4, 3, 5)).contains(&self)
    }

    /// Below 5.7 (YSA-2024-03).
    pub(crate) fn has_eucleak(self) -> bool {
        self < Self::of(5, 7, 0)
    }

    /// 4.4.2 and 4.4.4 (YSA-2019-02).
    pub(crate) fn has_weak_fips(self) -> bool {
        self == Self::of(4, 4, 2) || self == Self::of(4, 4, 4)
    }

    const fn of(major: u8, minor: u8, patch: u8) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl Serialize for Slot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The shapes that attestations tell of, less the bit for FIPS.
pub(crate) fn form_factor_name(byte: u8) -> &'static str {
    match byte & 0x7f {
        1 => "USB-A keychain",
        2 => "USB-A nano",
        3 => "USB-C keychain",
        4 => "USB-C nano",
        5 => "USB-C and Lightning",
        6 => "USB-A bio",
        7 => "USB-C bio",
        _ => "unknown form",
    }
}

/// How many tries the PIN of a card has that comes from the factory.
const TRIES_FEW: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(firmware: Firmware, secrets: CardSecrets) -> Vec<CardWarning> {
        let card = CardEntry {
            serial: 1,
            reader: String::new(),
            firmware,
            form_factor: None,
            fips: None,
            secrets,
            keys: Vec::new(),
            attestation_key: None,
            fault: None,
        };
        card.warnings()
    }

    #[test]
    fn each_firmware_has_its_own_faults() {
        use CardWarning as W;
        let told = |major, minor, patch| {
            warnings(Firmware::of(major, minor, patch), CardSecrets::default())
        };
        assert_eq!(told(4, 2, 5), [W::Eucleak]);
        assert_eq!(told(4, 3, 4), [W::Roca, W::Eucleak]);
        assert_eq!(told(4, 3, 5), [W::Eucleak]);
        assert_eq!(told(4, 4, 4), [W::Eucleak, W::FipsEntropy]);
        assert_eq!(told(5, 7, 0), []);
    }

    #[test]
    fn what_the_card_does_not_tell_is_no_warning() {
        use CardWarning as W;
        let new = CardSecrets {
            pin_tries_left: Some(2),
            pin_is_default: Some(true),
            puk_is_default: Some(false),
            management_key_is_default: None,
        };
        assert_eq!(
            warnings(Firmware::of(5, 7, 1), new),
            [W::DefaultPin, W::FewTries(2)]
        );
    }
}
