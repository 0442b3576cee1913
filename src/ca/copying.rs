//! What is written down before a key is made for two tokens: where, under an id that was drawn for it.
//!
//! Whatever has that id there was made by a run that wrote it down, so that the next one takes it up or
//! removes it. The file goes when the CA stands.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::home::Home;
use super::{EstablishError, NewCa};
use crate::output;
use crate::secret::AskPin;
use crate::signer::{self, DestroyError, KeyAlgorithm, Locator, NewKey, OpeningError, copy};
use crate::wire::hex;

/// A key on its way into two tokens.
pub(super) struct Copying {
    file: PathBuf,
    /// Where the key is made.
    pub(super) key: Locator,
    /// Where its copy goes, under the same id.
    pub(super) copy: Locator,
    /// Whether an earlier run wrote it down.
    pub(super) is_taken_up: bool,
}

/// The file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    key: String,
    copy: String,
    id: String,
}

impl Copying {
    /// What an earlier run wrote down for this CA; none if there was none.
    ///
    /// # Errors
    /// [`EstablishError::OtherCopying`] if it was for other places, or the file is none.
    pub(super) fn there(
        home: &Home,
        new: &NewCa<'_>,
        target: &Locator,
    ) -> Result<Option<Self>, EstablishError> {
        let file = file(home);
        let text = match crate::file::read_limited(&file, COPYING_BYTES_MAX) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|source| EstablishError::File {
                path: file.clone(),
                source,
            })?,
        };
        let written = toml::from_str::<Written>(&text).ok();
        let given = (new.locator.to_string(), target.to_string());
        let is_it = |written: &Written| (&written.key, &written.copy) == (&given.0, &given.1);
        let id = written.filter(is_it).and_then(|written| id(&written.id));
        let id = id.ok_or_else(|| EstablishError::OtherCopying(file.clone()))?;
        Ok(Some(Self {
            key: new.locator.with_id(&id),
            copy: target.with_id(&id),
            is_taken_up: true,
            file,
        }))
    }

    /// Takes up what an earlier run wrote down; else writes down where the key is to be, once both
    /// places are known to be free.
    pub(super) fn begin(
        home: &Home,
        new: &NewCa<'_>,
        target: &Locator,
        pins: &mut dyn AskPin,
    ) -> Result<Self, EstablishError> {
        copy::require_two_tokens(&new.locator, target)?;
        if let Some(there) = Self::there(home, new, target)? {
            return Ok(there);
        }
        for place in [&new.locator, target] {
            copy::require_vacant(place, pins)?;
        }
        let id = id_of(&new.locator)?;
        let written = Written {
            key: new.locator.to_string(),
            copy: target.to_string(),
            id: hex(&id),
        };
        let text = toml::to_string(&written).map_err(EstablishError::Written)?;
        let file = file(home);
        output::write(&file, text.as_bytes(), COPYING_MODE)?;
        Ok(Self {
            key: new.locator.with_id(&id),
            copy: target.with_id(&id),
            is_taken_up: false,
            file,
        })
    }

    /// The key: made, or found as an earlier run made it. One that it left unfinished, which no
    /// ledger knows, is removed and made anew.
    pub(super) fn key(
        &self,
        home: &Home,
        new: &NewCa<'_>,
        algorithm: KeyAlgorithm,
        pins: &mut dyn AskPin,
    ) -> Result<NewKey, EstablishError> {
        if self.is_taken_up {
            match signer::describe_knowing(&self.key, None, pins) {
                Err(error) if is_unfinished(&error) && !home.knows(&new.name)? => {
                    remove(&self.key, pins)?;
                }
                found => return Ok(found?),
            }
        }
        Ok(copy::generate_extractable(&self.key, algorithm, pins)?)
    }

    /// The CA stands: nothing is to be taken up any more.
    pub(super) fn end(self) -> Result<(), EstablishError> {
        std::fs::remove_file(&self.file).map_err(|source| EstablishError::File {
            path: self.file,
            source,
        })
    }
}

/// Removes what a run that was killed in the midst of making a key left of it at a place that it had written down:
/// nothing, or half a pair. Whoever calls it knows that no config and no ledger names the key.
///
/// # Errors
/// [`EstablishError`]; also what a whole key, or another fault of the device, is told by.
pub(crate) fn clear_unfinished(
    place: &Locator,
    found: OpeningError,
    pins: &mut dyn AskPin,
) -> Result<(), EstablishError> {
    match place {
        Locator::Pkcs11(_) if is_unfinished(&found) => remove(place, pins),
        // A card's slot has a key or has none.
        _ if matches!(found, OpeningError::NoKey { .. }) => Ok(()),
        _ => Err(found.into()),
    }
}

/// Whether there is nothing, or half a pair.
pub(super) fn is_unfinished(error: &OpeningError) -> bool {
    matches!(
        error,
        OpeningError::NoKey { .. } | OpeningError::PublicKey { .. }
    )
}

/// Removes what an earlier run left unfinished.
pub(super) fn remove(place: &Locator, pins: &mut dyn AskPin) -> Result<(), EstablishError> {
    let removed = copy::remove_pair(place, pins);
    removed.map(drop).map_err(|error| match error {
        DestroyError::Opening(error) => error.into(),
        other => signer::WrapError::from(other).into(),
    })
}

/// The id that the locator has, where whoever made it wrote it down before; else one that is drawn.
fn id_of(locator: &Locator) -> Result<[u8; ID_BYTES], EstablishError> {
    if let Some(given) = locator.key_id().and_then(|id| id.try_into().ok()) {
        return Ok(given);
    }
    let mut id = [0; ID_BYTES];
    getrandom::fill(&mut id).map_err(EstablishError::Random)?;
    Ok(id)
}

fn file(home: &Home) -> PathBuf {
    home.public_key_file.with_extension("copying")
}

fn id(text: &str) -> Option<[u8; ID_BYTES]> {
    let mut id = [0; ID_BYTES];
    let read = base16ct::lower::decode(text, &mut id).ok()?.len();
    (read == ID_BYTES).then_some(id)
}

/// As long as other ids of ours: no other key has the same by chance.
const ID_BYTES: usize = 16;
const COPYING_BYTES_MAX: u64 = 16 * 1024;
const COPYING_MODE: u32 = 0o600;
