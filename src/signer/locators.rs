//! The places that hold one CA's key.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use super::{Locator, LocatorError};

/// One locator, or several of devices that hold the same key: 1 to 16, none of which may
/// name another's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locators(Vec<Locator>);

/// Why locators cannot stand together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocatorsError {
    /// There is none.
    #[error("a CA's key has at least one locator")]
    None,
    /// There are too many.
    #[error("a CA's key has at most {LOCATORS_MAX} locators, not {0}")]
    TooMany(usize),
    /// Two may name the same key, which would be opened twice.
    #[error("{first} and {second} may name one and the same key")]
    Overlap {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// One is no locator.
    #[error(transparent)]
    Locator(#[from] LocatorError),
}

impl Locators {
    /// The one that was written first.
    pub fn first(&self) -> Option<&Locator> {
        self.0.first()
    }

    /// All, in the order in which they were written.
    pub fn iter(&self) -> std::slice::Iter<'_, Locator> {
        self.0.iter()
    }

    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// These, and one more.
    ///
    /// # Errors
    /// [`LocatorsError`].
    pub fn with(&self, locator: Locator) -> Result<Self, LocatorsError> {
        let mut all = self.0.clone();
        all.push(locator);
        all.try_into()
    }
}

impl From<Locator> for Locators {
    fn from(locator: Locator) -> Self {
        Self(vec![locator])
    }
}

impl TryFrom<Vec<Locator>> for Locators {
    type Error = LocatorsError;

    fn try_from(locators: Vec<Locator>) -> Result<Self, LocatorsError> {
        match locators.len() {
            0 => return Err(LocatorsError::None),
            1..=LOCATORS_MAX => {}
            more => return Err(LocatorsError::TooMany(more)),
        }
        for (index, first) in locators.iter().enumerate() {
            let mut later = locators.iter().skip(index + 1);
            if let Some(second) = later.find(|other| first.covers(other) || other.covers(first)) {
                return Err(LocatorsError::Overlap {
                    first: first.to_string(),
                    second: second.to_string(),
                });
            }
        }
        Ok(Self(locators))
    }
}

impl<'a> IntoIterator for &'a Locators {
    type Item = &'a Locator;
    type IntoIter = std::slice::Iter<'a, Locator>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'de> Deserialize<'de> for Locators {
    /// A string, or a list of strings.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrSeveral)
    }
}

struct OneOrSeveral;

impl<'de> Visitor<'de> for OneOrSeveral {
    type Value = Locators;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a locator, or a list of locators")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Locators, E> {
        let locator: Locator = text.parse().map_err(E::custom)?;
        Ok(locator.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Locators, A::Error> {
        let mut locators = Vec::new();
        while let Some(text) = list.next_element::<String>()? {
            locators.push(text.parse().map_err(A::Error::custom)?);
        }
        Locators::try_from(locators).map_err(A::Error::custom)
    }
}

/// Each is a thread of its own in a run.
const LOCATORS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Result<Locators, LocatorsError> {
        let locators: Vec<Locator> = texts.iter().map(|text| text.parse().unwrap()).collect();
        locators.try_into()
    }

    #[test]
    fn two_cards_may_hold_one_key() {
        let both = of(&["yubikey:serial=1;slot-id=9c", "yubikey:serial=2;slot-id=9c"]).unwrap();
        assert_eq!(both.len(), 2);
        let three = both.with("pkcs11:token=T;object=o".parse().unwrap());
        assert_eq!(three.unwrap().len(), 3);
    }

    #[test]
    fn none_too_many_and_overlapping_ones_are_refused() {
        assert_eq!(of(&[]), Err(LocatorsError::None));
        let many: Vec<_> = (1..18)
            .map(|n| format!("yubikey:serial={n};slot-id=9c"))
            .collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(of(&many), Err(LocatorsError::TooMany(17)));
        for any in ["yubikey:slot-id=9c", "yubikey:serial=1;slot-id=9c"] {
            let fault = of(&["yubikey:serial=1;slot-id=9c", any]);
            assert!(matches!(fault, Err(LocatorsError::Overlap { .. })), "{any}");
        }
    }
}
