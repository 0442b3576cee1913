//! Where a CA's key is, by config and ledger together, and how a copy of it ends: destroyed and read
//! back as gone, or missing, which stays visible.

use ssh_key::public::KeyData;

use super::blob_end::OverwriteError;
use super::home::open_when_free;
use super::spare::known_ca;
use crate::certificate::subject::fingerprint;
use crate::config::{CaName, Config, ConfigError, Place};
use crate::issue::OpenLedgerError;
use crate::ledger::{Became, Ca, CopyKind, CopySeen, Ledger, LedgerError};
use crate::secret::AskPin;
use crate::signer::yubikey::ManagementKey;
use crate::signer::{self, DestroyError, Gone, Holder, Locator, OpeningError, copy};

/// One place where the key of a CA is or was.
#[derive(Debug, Clone)]
pub struct KeyPlace {
    /// Its locator; of a copy that the ledger was told of, with the serial of the device.
    pub device: Locator,
    /// The device for people; empty where only the config tells of it.
    pub holder: String,
    /// What it is.
    pub kind: CopyKind,
    /// What the ledger says that became of it; none where it was never told.
    pub became: Option<Became>,
    /// Whether the config names it.
    pub in_config: bool,
}

/// Why a copy did not end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndCopyError {
    /// The config cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The ledger cannot be opened, or the clock not be believed.
    #[error(transparent)]
    Open(#[from] OpenLedgerError),
    /// The ledger cannot be used, or says that this can't be.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The ledger has no such CA.
    #[error("the ledger has no CA `{0}` with the key of the config")]
    NoCa(CaName),
    /// Neither config nor ledger tells of it.
    #[error("neither config nor ledger tells of a copy of CA `{ca}` at {device}")]
    Unknown {
        /// The CA.
        ca: CaName,
        /// The locator that was given.
        device: String,
        /// Those that are known.
        known: Vec<String>,
    },
    /// The locator says too little.
    #[error("{device} may be several copies of CA `{ca}`")]
    Several {
        /// The CA.
        ca: CaName,
        /// The locator that was given.
        device: String,
        /// Those that it may be.
        known: Vec<String>,
    },
    /// It is destroyed already.
    #[error("{0} was destroyed before, and read back as gone")]
    Before(String),
    /// The CA goes on, and this is all that it signs by.
    #[error("{device} is the last copy of the key of CA `{ca}`, which is not retired")]
    Last {
        /// The CA.
        ca: CaName,
        /// The last copy.
        device: String,
    },
    /// The device did not let go of the key, or is not there.
    #[error(transparent)]
    Device(#[from] DestroyError),
    /// The device is not there.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// It is on paper, and no file has it.
    #[error("{0} is in no file")]
    NoFile(String),
    /// The file of a wrapped key is another one, or is there still.
    #[error(transparent)]
    Overwrite(#[from] OverwriteError),
}

/// Every place of the key of a CA: those of the config, those that name the ledger, and the copies
/// that it was told of.
///
/// # Errors
/// [`LedgerError`].
pub fn key_places(config: &Config, ledger: &Ledger, ca: &Ca) -> Result<Vec<KeyPlace>, LedgerError> {
    let copies = ledger.copies(ca)?.into_iter();
    let mut places: Vec<KeyPlace> = copies
        .filter_map(|copy| {
            Some(KeyPlace {
                device: copy.seen.device.parse().ok()?,
                holder: copy.seen.holder,
                kind: copy.seen.kind,
                became: Some(copy.seen.became),
                in_config: false,
            })
        })
        .collect();
    let named = config
        .ca(ca.name())
        .map(|ca| ca.keys.iter().cloned().collect());
    let named: Vec<Locator> = named.unwrap_or_default();
    let bound = ledger.bindings(ca)?.into_iter();
    let bound = bound.filter_map(|bound| bound.device.parse().ok());
    let others = named.into_iter().map(|device| (device, true));
    for (device, in_config) in others.chain(bound.map(|device| (device, false))) {
        match places
            .iter_mut()
            .find(|place| is_same(&place.device, &device))
        {
            Some(place) => place.in_config |= in_config,
            None => places.push(KeyPlace {
                device,
                holder: String::new(),
                kind: CopyKind::Original,
                became: None,
                in_config,
            }),
        }
    }
    Ok(places)
}

fn is_same(one: &Locator, other: &Locator) -> bool {
    one.covers(other) || other.covers(one)
}

/// The other places where the key is and signs, as far as anybody knows.
fn others_there<'a>(
    all: &'a [KeyPlace],
    meant: &'a KeyPlace,
) -> impl Iterator<Item = &'a KeyPlace> {
    all.iter()
        .filter(|place| signs(place) && place.device != meant.device)
}

/// Whether the key is in this place and signs there, as far as anybody knows.
pub(super) fn signs(place: &KeyPlace) -> bool {
    let ended = matches!(place.became, Some(Became::Destroyed | Became::Missing));
    !matches!(place.kind, CopyKind::WrappingKey | CopyKind::Blob) && !ended
}

/// A CA that is taken out of the config has copies still: the ledger knows its key.
pub(super) fn ca_of(
    name: &CaName,
    config: &Config,
    ledger: &Ledger,
) -> Result<(Ca, KeyData), EndCopyError> {
    let Ok(named) = config.ca(name.as_str()) else {
        let mut all = ledger.cas()?.into_iter();
        let ca = all.find(|ca| ca.name() == name.as_str());
        let ca = ca.ok_or_else(|| EndCopyError::NoCa(name.clone()))?;
        let key = ca.public_key().clone();
        return Ok((ca, key));
    };
    let key = config.public_key(named)?.key_data().clone();
    let ca = known_ca(ledger, &key).map_err(|_none| EndCopyError::NoCa(name.clone()))?;
    Ok((ca, key))
}

/// A copy that is to end.
pub struct Ending<'a> {
    /// The CA.
    pub ca: &'a CaName,
    /// The copy, by a locator that config or ledger knows.
    pub device: &'a Locator,
    /// Why, for the ledger.
    pub word: String,
    /// Who is at the keyboard.
    pub keyboard: String,
    /// Unix seconds.
    pub time: u64,
}

impl Ending<'_> {
    /// The place that is meant.
    ///
    /// # Errors
    /// [`EndCopyError`] if it is not known, was destroyed, or is the last one of a CA that goes on.
    pub fn look(&self, place: &Place) -> Result<KeyPlace, EndCopyError> {
        let config = place.read()?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let (ca, _) = ca_of(self.ca, &config, &ledger)?;
        self.place_of(&config, &ledger, &ca)
    }

    /// Destroys the copy, reads back that it is gone, and has the ledger keep that.
    ///
    /// A copy that is gone when the device is looked at is recorded as well: a run may have been cut
    /// off between the device and the ledger.
    ///
    /// # Errors
    /// [`EndCopyError`]. The same call goes on where it was cut off.
    pub fn destroy(
        &self,
        place: &Place,
        management_key: ManagementKey<'_>,
        pins: &mut dyn AskPin,
    ) -> Result<(KeyPlace, Gone), EndCopyError> {
        let config = place.read()?;
        // Whatever keeps the ledger from being written to shows before the key is gone.
        drop(config.ledger_place().open_confirmed()?);
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let (ca, key) = ca_of(self.ca, &config, &ledger)?;
        let known = self.place_of(&config, &ledger, &ca)?;
        let kept: Vec<Locator> = others_there(&key_places(&config, &ledger, &ca)?, &known)
            .map(|place| place.device.clone())
            .collect();
        drop(ledger);
        let known = match known.became {
            Some(_) => known,
            None => self.tell_of(&config, &key, known, pins)?,
        };
        let asked = known.device.with_pin_source_of(self.device);
        let holder = signer::holder(&asked)?;
        let gone = match known.kind {
            CopyKind::WrappingKey => copy::remove_pair(&asked, pins)?,
            _ => signer::destroy((&asked, &kept), &key, management_key, pins)?,
        };
        let word = [gone.how.as_str(), self.word.as_str()];
        let word: Vec<_> = word.into_iter().filter(|word| !word.is_empty()).collect();
        self.record(
            &config,
            &key,
            &known,
            holder,
            Became::Destroyed,
            word.join("; "),
        )?;
        Ok((known, gone))
    }

    /// Records that nobody knows where the copy is.
    ///
    /// # Errors
    /// [`EndCopyError`].
    pub fn miss(&self, place: &Place) -> Result<KeyPlace, EndCopyError> {
        let config = place.read()?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let (ca, key) = ca_of(self.ca, &config, &ledger)?;
        let known = self.place_of(&config, &ledger, &ca)?;
        drop(ledger);
        let holder = Holder {
            words: if known.holder.is_empty() {
                known.device.to_string()
            } else {
                known.holder.clone()
            },
            locator: known.device.clone(),
        };
        self.record(
            &config,
            &key,
            &known,
            holder,
            Became::Missing,
            self.word.clone(),
        )?;
        Ok(known)
    }

    fn place_of(
        &self,
        config: &Config,
        ledger: &Ledger,
        ca: &Ca,
    ) -> Result<KeyPlace, EndCopyError> {
        let all = key_places(config, ledger, ca)?;
        let names = |places: &[&KeyPlace]| places.iter().map(|p| p.device.to_string()).collect();
        let meant: Vec<_> = all
            .iter()
            .filter(|p| is_same(&p.device, self.device))
            .collect();
        let meant = match meant.as_slice() {
            [one] => (*one).clone(),
            [] => {
                return Err(EndCopyError::Unknown {
                    ca: self.ca.clone(),
                    device: self.device.to_string(),
                    known: names(&all.iter().collect::<Vec<_>>()),
                });
            }
            several => {
                return Err(EndCopyError::Several {
                    ca: self.ca.clone(),
                    device: self.device.to_string(),
                    known: names(several),
                });
            }
        };
        if meant.became == Some(Became::Destroyed) {
            return Err(EndCopyError::Before(meant.device.to_string()));
        }
        if others_there(&all, &meant).next().is_none() && ledger.retired(ca)?.is_none() {
            return Err(EndCopyError::Last {
                ca: self.ca.clone(),
                device: meant.device.to_string(),
            });
        }
        Ok(meant)
    }

    /// Has the ledger keep which device it is, while the key is there: a run that is cut off behind
    /// the removal knows it by its serial.
    fn tell_of(
        &self,
        config: &Config,
        key: &KeyData,
        known: KeyPlace,
        pins: &mut dyn AskPin,
    ) -> Result<KeyPlace, EndCopyError> {
        let asked = known.device.with_pin_source_of(self.device);
        let there = signer::describe_knowing(&asked, Some(key), pins)?;
        let holder = signer::holder(&there.locator)?;
        if there.public_key != *key {
            return Err(DestroyError::OtherKey {
                device: holder.words,
                found: fingerprint(&there.public_key),
                wanted: fingerprint(key),
            }
            .into());
        }
        self.record(
            config,
            key,
            &known,
            holder.clone(),
            Became::Made,
            String::new(),
        )?;
        Ok(KeyPlace {
            device: holder.locator,
            holder: holder.words,
            became: Some(Became::Made),
            ..known
        })
    }

    fn record(
        &self,
        config: &Config,
        key: &KeyData,
        known: &KeyPlace,
        holder: Holder,
        became: Became,
        word: String,
    ) -> Result<(), EndCopyError> {
        let mut ledger = open_when_free(config)?;
        let ca = known_ca(&ledger, key).map_err(|_none| EndCopyError::NoCa(self.ca.clone()))?;
        let device = match known.became {
            // Under the name that it was made by.
            Some(_) => known.device.to_string(),
            None => holder.locator.to_string(),
        };
        let seen = CopySeen {
            ca: ca.position(),
            kind: known.kind,
            became,
            device,
            holder: holder.words,
            word,
            keyboard: self.keyboard.clone(),
        };
        Ok(ledger.record_copy(seen, self.time)?)
    }
}
