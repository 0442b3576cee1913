//! The least that must be proved of a key's storage.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::attestation::{Firmware, Proof, ProofKind};
use crate::signer::yubikey::{PinPolicy, TouchPolicy};

/// The least that a suffix class, or a role on top of it, asks of a [`Proof`].
///
/// What is absent is not asked for. What evidence says nothing of does not meet what is
/// asked, except that a witness's word stands for touch and PIN where a class counts it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LeastProof {
    /// The kinds that count; all but `sk` where none is named.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "some_kinds"
    )]
    pub kinds: Option<BTreeSet<ProofKind>>,
    /// How often a touch is wanted: never, cached, always; in this order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touch: Option<TouchPolicy>,
    /// How often the PIN is wanted: never, once, always; in this order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<PinPolicy>,
    /// The oldest firmware.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "some_firmware",
        serialize_with = "firmware_as_text"
    )]
    pub firmware: Option<Firmware>,
}

/// What of a proof is less than what is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// Another kind.
    Kind(ProofKind),
    /// Touch.
    Touch(Option<TouchPolicy>, TouchPolicy),
    /// PIN.
    Pin(Option<PinPolicy>, PinPolicy),
    /// Firmware.
    Firmware(Option<Firmware>, Firmware),
}

impl LeastProof {
    /// Everything in which `proof` is less than this.
    pub fn shortfalls(&self, proof: &Proof) -> Vec<Shortfall> {
        let kind = (!self.takes(proof.kind())).then_some(Shortfall::Kind(proof.kind()));
        let others = self.shortfalls_of(proof.touch(), proof.pin(), proof.facts().firmware);
        kind.into_iter().chain(others).collect()
    }

    /// Everything but its kind in which a key is less than this.
    pub fn shortfalls_of(
        &self,
        touch: Option<TouchPolicy>,
        pin: Option<PinPolicy>,
        firmware: Option<Firmware>,
    ) -> Vec<Shortfall> {
        let less_touch = self
            .touch
            .filter(|least| touch.map_or(0, touch_rank) < touch_rank(*least))
            .map(|least| Shortfall::Touch(touch, least));
        let less_pin = self
            .pin
            .filter(|least| pin.map_or(0, pin_rank) < pin_rank(*least))
            .map(|least| Shortfall::Pin(pin, least));
        let older = self
            .firmware
            .filter(|least| firmware.is_none_or(|found| found < *least))
            .map(|least| Shortfall::Firmware(firmware, least));
        [less_touch, less_pin, older]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Whether the proof is all that is asked for. A person who saw the key made vouches for
    /// touch and PIN too, where a witness is counted by name.
    pub fn is_met_by(&self, proof: &Proof) -> bool {
        let by_name = self.kinds.as_ref();
        let counted = by_name.is_some_and(|kinds| kinds.contains(&ProofKind::Witnessed));
        let witnessed = proof.kind() == ProofKind::Witnessed && counted;
        witnessed || self.shortfalls(proof).is_empty()
    }

    /// Whether what is asked `now` is at least what was asked `then`: no kind of proof more,
    /// and as much touch, PIN and firmware. None asks for no proof at all.
    #[must_use]
    pub fn asks_as_much(now: Option<&Self>, then: Option<&Self>) -> bool {
        match (now, then) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(now), Some(then)) => now.asks_all_of(then),
        }
    }

    /// Whether this kind counts.
    pub fn takes(&self, kind: ProofKind) -> bool {
        match &self.kinds {
            Some(kinds) => kinds.contains(&kind),
            None => kind != ProofKind::Sk,
        }
    }

    /// Whether whatever meets this meets `other` too.
    pub fn asks_all_of(&self, other: &Self) -> bool {
        use ProofKind::{Fido, Piv, Sk, Witnessed};
        let mut kinds = [Piv, Fido, Witnessed, Sk].into_iter();
        kinds.all(|kind| !self.takes(kind) || other.takes(kind))
            && self.touch.map_or(0, touch_rank) >= other.touch.map_or(0, touch_rank)
            && self.pin.map_or(0, pin_rank) >= other.pin.map_or(0, pin_rank)
            && self.firmware >= other.firmware
    }

    /// Whether a touch is asked for.
    pub fn wants_touch(&self) -> bool {
        self.touch.is_some_and(|least| touch_rank(least) > 0)
    }

    /// Whether a PIN is asked for.
    pub fn wants_pin(&self) -> bool {
        self.pin.is_some_and(|least| pin_rank(least) > 0)
    }

    /// Whether it asks for anything at all.
    pub fn asks_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn or_unknown<T: fmt::Display>(found: &Option<T>) -> String {
            found
                .as_ref()
                .map_or("unknown".to_owned(), ToString::to_string)
        }
        match self {
            Self::Kind(kind) => write!(f, "proof by {} does not count", kind.as_str()),
            Self::Touch(found, least) => {
                write!(f, "touch {}, where {least} is the least", or_unknown(found))
            }
            Self::Pin(found, least) => {
                write!(f, "PIN {}, where {least} is the least", or_unknown(found))
            }
            Self::Firmware(found, least) => {
                write!(
                    f,
                    "firmware {}, where {least} is the least",
                    or_unknown(found)
                )
            }
        }
    }
}

/// The least proof of a suffix class as the ledger keeps it: canonical JSON, `null` for a
/// class of keys without proof.
///
/// # Errors
/// [`serde_json::Error`].
pub fn to_text(least: Option<&LeastProof>) -> Result<String, serde_json::Error> {
    serde_json::to_string(&least)
}

/// Reads what [`to_text`] wrote.
///
/// # Errors
/// [`serde_json::Error`], also for what this version does not know.
pub fn from_text(text: &str) -> Result<Option<LeastProof>, serde_json::Error> {
    serde_json::from_str(text)
}

fn touch_rank(policy: TouchPolicy) -> u8 {
    match policy {
        TouchPolicy::Never => 0,
        TouchPolicy::Cached => 1,
        TouchPolicy::Always => 2,
    }
}

fn pin_rank(policy: PinPolicy) -> u8 {
    match policy {
        PinPolicy::Never => 0,
        PinPolicy::Once => 1,
        PinPolicy::Always => 2,
    }
}

/// A list of kinds; an empty one could be read as "any", so it is none.
pub(super) fn some_kinds<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeSet<ProofKind>>, D::Error> {
    let kinds = BTreeSet::deserialize(deserializer)?;
    if kinds.is_empty() {
        Err(serde::de::Error::custom("the list names no kind of proof"))
    } else {
        Ok(Some(kinds))
    }
}

pub(crate) fn some_firmware<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Firmware>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parts: Vec<_> = text.split('.').map(str::parse::<u8>).collect();
    match parts.as_slice() {
        [Ok(major), Ok(minor), Ok(patch)] => Ok(Some(Firmware(*major, *minor, *patch))),
        _ => Err(serde::de::Error::custom(format!(
            "{text:?} is no firmware version such as 5.7.0"
        ))),
    }
}

fn firmware_as_text<S: Serializer>(
    firmware: &Option<Firmware>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    firmware.map(|f| f.to_string()).serialize(serializer)
}
