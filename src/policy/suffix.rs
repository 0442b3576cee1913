//! Suffixes that the CA alone writes, and the class of proof that each stands for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::least_proof::{LeastProof, some_kinds};
use crate::attestation::{Proof, ProofKind};
use crate::signer::yubikey::{PinPolicy, TouchPolicy};

/// The end of a principal that says how the key is stored: `_physical`.
///
/// 2 to 32 of `a-z A-Z 0-9 _ - . + @`, the first of which is no letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Suffix(String);

/// A suffix, and the least proof that it stands for; without `proof`, none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SuffixClass {
    suffix: Suffix,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "some_kinds"
    )]
    proof: Option<BTreeSet<ProofKind>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    touch: Option<TouchPolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pin: Option<PinPolicy>,
}

/// The table `[suffixes]`: every class by its name. Empty where nothing is reserved.
///
/// No suffix ends in another, each kind of proof belongs to one class at most, and at
/// most one class asks for no proof: so a key is of one class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, SuffixClass>")]
pub struct Suffixes(BTreeMap<String, SuffixClass>);

/// A text that is no suffix.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no suffix; 2 to 32 letters, digits or `_ - . + @`, not beginning with a letter or digit"
)]
pub struct SuffixError(String);

/// Classes that contradict each other.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuffixesError {
    /// `peter_file` would be of two classes.
    #[error("suffix `{longer}` ends in suffix `{shorter}`")]
    EndsInAnother {
        /// The one.
        longer: String,
        /// The other.
        shorter: String,
    },
    /// A proof would be of two classes.
    #[error("proof kind `{}` belongs to class `{first}` and to class `{second}`", kind.as_str())]
    KindTwice {
        /// The kind.
        kind: ProofKind,
        /// A class.
        first: String,
        /// Another class.
        second: String,
    },
    /// Keys without proof would be of two classes.
    #[error("class `{first}` and class `{second}` both ask for no proof")]
    UnprovedTwice {
        /// A class.
        first: String,
        /// Another class.
        second: String,
    },
    /// Touch or PIN of what?
    #[error("class `{0}` asks for touch or PIN, but names no `proof` that could tell")]
    NothingToTell(String),
    /// Software can make a key of an `sk-` type.
    #[error("class `{0}` counts `sk` beside other proof; software can make such a key")]
    SkAmongOthers(String),
}

impl Suffix {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a name ends in it. Capitals do not count: nobody should have to see the
    /// difference between `_physical` and `_Physical`.
    pub fn ends(&self, name: &str) -> bool {
        let start = name.len().checked_sub(self.0.len());
        let tail = start.and_then(|start| name.get(start..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(&self.0))
    }
}

impl SuffixClass {
    /// The suffix that the class gives.
    pub fn suffix(&self) -> &Suffix {
        &self.suffix
    }

    /// The least that must be proved; none for keys without proof.
    pub fn least(&self) -> Option<LeastProof> {
        self.proof.as_ref().map(|kinds| LeastProof {
            kinds: Some(kinds.clone()),
            touch: self.touch,
            pin: self.pin,
            firmware: None,
        })
    }

    /// Whether it wants a PIN.
    pub fn wants_pin(&self) -> bool {
        self.least().is_some_and(|least| least.wants_pin())
    }

    /// Whether it wants a touch.
    pub fn wants_touch(&self) -> bool {
        self.least().is_some_and(|least| least.wants_touch())
    }

    fn takes(&self, kind: ProofKind) -> bool {
        self.proof
            .as_ref()
            .is_some_and(|kinds| kinds.contains(&kind))
    }

    /// Whether the proof is all that the class asks for.
    fn is_met_by(&self, proof: &Proof) -> bool {
        self.least().is_some_and(|least| least.is_met_by(proof))
    }

    fn check(&self, name: &str) -> Result<(), SuffixesError> {
        if self.proof.is_none() && (self.touch.is_some() || self.pin.is_some()) {
            return Err(SuffixesError::NothingToTell(name.to_owned()));
        }
        let kinds = self.proof.as_ref().map_or(0, BTreeSet::len);
        if self.takes(ProofKind::Sk) && kinds > 1 {
            Err(SuffixesError::SkAmongOthers(name.to_owned()))
        } else {
            Ok(())
        }
    }
}

impl Suffixes {
    /// Whether nothing is reserved.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every class, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SuffixClass)> {
        self.0.iter().map(|(name, class)| (name.as_str(), class))
    }

    /// The reserved suffix that a name ends in.
    pub fn reserved_end(&self, name: &str) -> Option<&Suffix> {
        let suffixes = self.0.values().map(SuffixClass::suffix);
        suffixes.into_iter().find(|suffix| suffix.ends(name))
    }

    /// The class whose least proof this is, if it is any's.
    pub fn proved_by(&self, proof: &Proof) -> Option<&SuffixClass> {
        self.0.values().find(|class| class.is_met_by(proof))
    }

    /// The class that counts this kind of proof, whether or not it is met.
    pub fn of_kind(&self, kind: ProofKind) -> Option<(&str, &SuffixClass)> {
        self.iter().find(|(_, class)| class.takes(kind))
    }

    /// The class of keys without proof.
    pub fn unproved(&self) -> Option<&SuffixClass> {
        self.0.values().find(|class| class.proof.is_none())
    }
}

impl TryFrom<BTreeMap<String, SuffixClass>> for Suffixes {
    type Error = SuffixesError;

    fn try_from(classes: BTreeMap<String, SuffixClass>) -> Result<Self, SuffixesError> {
        for (name, class) in &classes {
            class.check(name)?;
            for (other_name, other) in classes.iter().filter(|(other, _)| *other != name) {
                refuse_pair((name, class), (other_name, other))?;
            }
        }
        Ok(Self(classes))
    }
}

fn refuse_pair(
    (first, a): (&str, &SuffixClass),
    (second, b): (&str, &SuffixClass),
) -> Result<(), SuffixesError> {
    if b.suffix.ends(a.suffix.as_str()) {
        return Err(SuffixesError::EndsInAnother {
            longer: a.suffix.to_string(),
            shorter: b.suffix.to_string(),
        });
    }
    let (first, second) = (first.to_owned(), second.to_owned());
    match (&a.proof, &b.proof) {
        (None, None) => Err(SuffixesError::UnprovedTwice { first, second }),
        (Some(a), Some(b)) => match a.intersection(b).next() {
            Some(&kind) => Err(SuffixesError::KindTwice {
                kind,
                first,
                second,
            }),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

impl TryFrom<String> for Suffix {
    type Error = SuffixError;

    fn try_from(text: String) -> Result<Self, SuffixError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.+@".contains(&b);
        let begins = text
            .bytes()
            .next()
            .is_some_and(|b| !b.is_ascii_alphanumeric());
        if (2..=32).contains(&text.len()) && begins && text.bytes().all(plain) {
            Ok(Self(text))
        } else {
            Err(SuffixError(text.chars().take(64).collect()))
        }
    }
}

impl From<Suffix> for String {
    fn from(suffix: Suffix) -> Self {
        suffix.0
    }
}

impl fmt::Display for Suffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
