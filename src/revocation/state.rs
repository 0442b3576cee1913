//! What a CA published of its ledger beside a list, for the day on which the ledger is lost.
//!
//! A KRL says which certificates and keys are revoked, and nothing of who is barred, whose
//! enrolments stand, or which suffixes are reserved. The state beside it says that, under the
//! same kind of signature, so that an older ledger that goes on (`ledger resume`) takes over
//! what the lost part had decided.

mod ledger_keys;
mod suffixes;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ssh_encoding::base64::{Base64, Encoding};

use self::ledger_keys::{PublishedLedgerKey, PublishedRollover};
use self::suffixes::PublishedSuffix;
use crate::ledger::{Barred, CardId, Credential, Ledger, LedgerError, RequesterRemoved};
use crate::wire::hex;

/// The state of a ledger when a list was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PublishedState {
    /// The format: 1.
    pub format: u32,
    /// The name of the ledger.
    pub ledger: String,
    /// How many entries it had.
    pub size: u64,
    /// The version of the list beside it.
    pub version: u64,
    /// The SHA-256 of that list, in hexadecimal.
    pub list: String,
    /// Who is never served again.
    pub barred: Bars,
    /// Whose key or card is whose.
    pub enrolments: Vec<Enrolment>,
    /// The suffixes that each CA reserves, or reserved.
    #[serde(default)]
    pub suffixes: Vec<PublishedSuffix>,
    /// The keys of the ledger itself.
    #[serde(default)]
    pub ledger_keys: Vec<PublishedLedgerKey>,
    /// Which of them handed over, oldest first.
    #[serde(default)]
    pub rollovers: Vec<PublishedRollover>,
    /// Keys of the ledger whose blob no entry holds, as `SHA256:…`.
    #[serde(default)]
    pub ledger_key_prints: Vec<String>,
}

/// Who is never served again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Bars {
    /// Cards of every family, by serial.
    pub cards: Vec<u64>,
    /// Cards of a family.
    pub family_cards: Vec<Card>,
    /// People.
    pub requesters: Vec<String>,
}

/// A card of a family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Whose number it is.
    pub family: String,
    /// The number.
    pub serial: u64,
}

/// A key or card that is somebody's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// Whose.
    pub name: String,
    /// The key's blob in Base64; none of a card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The card's serial; none of a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<u64>,
    /// The card's family, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
}

impl PublishedState {
    /// The state of a ledger, beside a list of this version and these bytes.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn of(ledger: &Ledger, version: u64, list: &[u8]) -> Result<Self, LedgerError> {
        let head = ledger.checkpoint()?;
        let mut barred = Bars::default();
        for (_, bar) in ledger.barred()? {
            barred.cards.extend(bar.cards);
            let cards = bar.family_cards.into_iter();
            barred.family_cards.extend(cards.map(Card::of));
            barred.requesters.extend(bar.requesters);
        }
        let enrolled = ledger.requesters()?.into_iter();
        Ok(Self {
            format: FORMAT,
            ledger: head.as_ref().map_or_else(String::new, |h| h.origin.clone()),
            size: head.map_or(0, |head| head.size),
            version,
            list: hex(&Sha256::digest(list)),
            barred,
            enrolments: enrolled
                .map(|(_, added)| Enrolment::of(added.name, added.credential))
                .collect(),
            suffixes: suffixes::published(ledger)?,
            ledger_keys: ledger_keys::published(ledger)?,
            rollovers: ledger_keys::rollovers(ledger)?,
            ledger_key_prints: ledger_keys::prints(ledger)?,
        })
    }

    /// Whether this is the state beside the list of these bytes.
    #[must_use]
    pub fn is_beside(&self, list: &[u8]) -> bool {
        self.list == hex(&Sha256::digest(list))
    }

    /// The text of the file.
    ///
    /// # Errors
    /// [`serde_json::Error`].
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Reads the file of a state.
    ///
    /// # Errors
    /// [`serde_json::Error`], also for a format that this version doesn't know.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let state: Self = serde_json::from_str(text)?;
        if state.format == FORMAT {
            return Ok(state);
        }
        Err(serde::de::Error::custom("a format of a later version"))
    }

    /// The bars that `ledger` lacks.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn bars_missing_in(
        &self,
        ledger: &Ledger,
        keyboard: &str,
    ) -> Result<Option<Barred>, LedgerError> {
        let mut there = Bars::default();
        for (_, bar) in ledger.barred()? {
            there.cards.extend(bar.cards);
            let cards = bar.family_cards.into_iter();
            there.family_cards.extend(cards.map(Card::of));
            there.requesters.extend(bar.requesters);
        }
        let missing = Barred {
            cards: lacking(&self.barred.cards, &there.cards),
            family_cards: lacking(&self.barred.family_cards, &there.family_cards)
                .into_iter()
                .map(CardId::from)
                .collect(),
            requesters: lacking(&self.barred.requesters, &there.requesters),
            reason: "taken over from a published state".to_owned(),
            keyboard: keyboard.to_owned(),
        };
        let nothing = missing.cards.is_empty()
            && missing.family_cards.is_empty()
            && missing.requesters.is_empty();
        Ok((!nothing).then_some(missing))
    }

    /// The enrolments of `ledger` that were taken away before this state was published.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn taken_away_from(
        &self,
        ledger: &Ledger,
        keyboard: &str,
    ) -> Result<Vec<RequesterRemoved>, LedgerError> {
        let gone = ledger.requesters()?.into_iter().filter(|(_, added)| {
            let enrolment = Enrolment::of(added.name.clone(), added.credential.clone());
            !self.enrolments.contains(&enrolment)
        });
        Ok(gone
            .map(|(_, added)| RequesterRemoved {
                name: added.name,
                credential: added.credential,
                keyboard: keyboard.to_owned(),
            })
            .collect())
    }
}

impl Card {
    fn of(card: CardId) -> Self {
        let CardId { family, serial } = card;
        Self { family, serial }
    }
}

impl From<Card> for CardId {
    fn from(card: Card) -> Self {
        let Card { family, serial } = card;
        Self { family, serial }
    }
}

impl Enrolment {
    fn of(name: String, credential: Credential) -> Self {
        let (key, card, family) = match credential {
            Credential::Key(blob) => (Some(Base64::encode_string(&blob)), None, None),
            Credential::Card(card) => (None, Some(card), None),
            Credential::FamilyCard(card) => (None, Some(card.serial), Some(card.family)),
        };
        Self {
            name,
            key,
            card,
            family,
        }
    }
}

fn lacking<T: Clone + PartialEq>(all: &[T], there: &[T]) -> Vec<T> {
    let missing = all.iter().filter(|one| !there.contains(one));
    missing.cloned().collect()
}

/// The format of the file.
const FORMAT: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> PublishedState {
        PublishedState {
            format: FORMAT,
            ledger: "punchmark.ledger/0123456789abcdef".into(),
            size: 42,
            version: 7,
            list: hex(&[1; 32]),
            barred: Bars {
                cards: vec![5],
                family_cards: vec![Card {
                    family: "yubico".into(),
                    serial: 12_345_678,
                }],
                requesters: vec!["erik".into()],
            },
            enrolments: vec![
                Enrolment::of("peter".into(), Credential::Key(vec![1, 2, 3])),
                Enrolment::of("anna".into(), Credential::Card(9)),
            ],
            suffixes: vec![PublishedSuffix {
                ca: 1,
                class: "file".into(),
                suffix: "_file".into(),
                proof: "null".into(),
                ended: true,
            }],
            ledger_keys: vec![PublishedLedgerKey {
                key: vec![1, 2],
                purposes: 3,
                believed_to: Some(40),
            }],
            rollovers: vec![PublishedRollover {
                purposes: 3,
                old: vec![1, 2],
                new: vec![3, 4],
                by_old: vec![5],
                by_new: vec![6],
            }],
            ledger_key_prints: vec!["SHA256:x".into()],
        }
    }

    #[test]
    fn reads_back_what_it_writes() {
        let text = state().to_text().unwrap();
        assert_eq!(PublishedState::parse(&text).unwrap(), state());
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let later = PublishedState {
            format: 2,
            ..state()
        };
        let error = PublishedState::parse(&later.to_text().unwrap()).unwrap_err();
        assert!(error.to_string().contains("later version"), "{error}");
        let more = state().to_text().unwrap().replacen('{', "{\"x\":1,", 1);
        assert!(
            PublishedState::parse(&more)
                .unwrap_err()
                .to_string()
                .contains("x")
        );
    }
}
