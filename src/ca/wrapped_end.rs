//! How a wrapped key ends, and the components of the key that it was wrapped by: they are in no device, but in a file
//! on a medium and on sheets of paper.

use std::path::Path;

use super::blob_end::{Begun, is_blob, overwrite};
use super::copies::{EndCopyError, ca_of, key_places, signs};
use super::home::open_when_free;
use crate::config::{CaName, Config, Place};
use crate::ledger::{Became, Ca, CopySeen, Ledger};

/// A wrapped key, or the components of a wrapping key, that is to end.
pub struct WrappedEnding<'a> {
    /// The CA.
    pub ca: &'a CaName,
    /// What the ledger calls it: `blob:` or `components:`, and 64 digits.
    pub name: &'a str,
    /// Who is at the keyboard.
    pub keyboard: String,
    /// Unix seconds.
    pub time: u64,
}

impl WrappedEnding<'_> {
    /// What the ledger knows of it.
    ///
    /// # Errors
    /// [`EndCopyError`] if it is not known, was destroyed, or is all that is left of a CA that goes on.
    pub fn look(&self, place: &Place) -> Result<CopySeen, EndCopyError> {
        Ok(self.known(&place.read()?)?.1)
    }

    /// Whether its file is this one, or was when an earlier run began to overwrite it.
    ///
    /// # Errors
    /// [`EndCopyError`] if it is another file, or can't be read.
    pub fn look_at_file(&self, seen: &CopySeen, file: &Path) -> Result<(), EndCopyError> {
        let sha256 = self.sha256()?;
        match begun(seen, file) {
            Begun::Before => Ok(()),
            Begun::Now => Ok(is_blob(file, &sha256)?),
        }
    }

    /// Overwrites its file, removes it, looks whether it is gone, and has the ledger keep that.
    ///
    /// Before the file changes the ledger has it as missing, in words that name the file: so a run that was cut
    /// short stays visible, and the same call goes on.
    ///
    /// # Errors
    /// [`EndCopyError`].
    pub fn overwrite(
        &self,
        place: &Place,
        file: &Path,
        reason: &str,
    ) -> Result<CopySeen, EndCopyError> {
        let config = place.read()?;
        let (ca, seen) = self.known(&config)?;
        self.look_at_file(&seen, file)?;
        let begun = begun(&seen, file);
        if begun == Begun::Now {
            let word = begins_word(file);
            // Words of an earlier run about another file, or of whoever missed it, give way to these.
            if seen.became == Became::Missing {
                self.record(&config, &ca, &seen, (Became::Made, "it was found"))?;
            }
            self.record(&config, &ca, &seen, (Became::Missing, &word))?;
        }
        overwrite(file, &self.sha256()?, begun)?;
        let word = overwritten_word(reason);
        self.record(&config, &ca, &seen, (Became::Destroyed, &word))
    }

    /// Has the ledger keep that people destroyed it, and how.
    ///
    /// # Errors
    /// [`EndCopyError`].
    pub fn by_hand(
        &self,
        place: &Place,
        words: &str,
        reason: &str,
    ) -> Result<CopySeen, EndCopyError> {
        let config = place.read()?;
        let (ca, seen) = self.known(&config)?;
        let word = by_hand_word(words, reason);
        self.record(&config, &ca, &seen, (Became::Destroyed, &word))
    }

    /// Has the ledger keep that nobody knows where it is.
    ///
    /// # Errors
    /// [`EndCopyError`].
    pub fn miss(&self, place: &Place, words: &str) -> Result<CopySeen, EndCopyError> {
        let config = place.read()?;
        let (ca, seen) = self.known(&config)?;
        self.record(&config, &ca, &seen, (Became::Missing, words))
    }

    fn known(&self, config: &Config) -> Result<(Ca, CopySeen), EndCopyError> {
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let (ca, _) = ca_of(self.ca, config, &ledger)?;
        let copies = ledger.copies(&ca)?.into_iter().map(|copy| copy.seen);
        let copies = copies.filter(|seen| is_wrapped_name(&seen.device));
        let (mut meant, others): (Vec<_>, Vec<_>) =
            copies.partition(|seen| seen.device == self.name);
        let Some(seen) = meant.pop() else {
            return Err(EndCopyError::Unknown {
                ca: self.ca.clone(),
                device: self.name.to_owned(),
                known: others.into_iter().map(|seen| seen.device).collect(),
            });
        };
        if seen.became == Became::Destroyed {
            return Err(EndCopyError::Before(self.name.to_owned()));
        }
        let places = key_places(config, &ledger, &ca)?;
        if !places.iter().any(signs) && ledger.retired(&ca)?.is_none() {
            return Err(EndCopyError::Last {
                ca: self.ca.clone(),
                device: self.name.to_owned(),
            });
        }
        Ok((ca, seen))
    }

    fn sha256(&self) -> Result<[u8; 32], EndCopyError> {
        let digits = self.name.strip_prefix(BLOB).unwrap_or_default();
        let mut sha256 = [0; 32];
        match base16ct::lower::decode(digits, &mut sha256) {
            Ok(read) if read.len() == 32 => Ok(sha256),
            _ => Err(EndCopyError::NoFile(self.name.to_owned())),
        }
    }

    fn record(
        &self,
        config: &Config,
        ca: &Ca,
        seen: &CopySeen,
        (became, word): (Became, &str),
    ) -> Result<CopySeen, EndCopyError> {
        let seen = CopySeen {
            became,
            word: word.to_owned(),
            keyboard: self.keyboard.clone(),
            ca: ca.position(),
            ..seen.clone()
        };
        open_when_free(config)?.record_copy(seen.clone(), self.time)?;
        Ok(seen)
    }
}

/// Whether the ledger calls something so that is in no device.
#[must_use]
pub fn is_wrapped_name(name: &str) -> bool {
    name.starts_with(BLOB) || name.starts_with(COMPONENTS)
}

/// What the ledger keeps of a wrapped key whose file is gone.
#[must_use]
pub fn overwritten_word(reason: &str) -> String {
    with_reason(OVERWRITTEN, reason)
}

/// What it keeps of what people destroyed.
#[must_use]
pub fn by_hand_word(words: &str, reason: &str) -> String {
    with_reason(&format!("by hand: {words}"), reason)
}

fn with_reason(word: &str, reason: &str) -> String {
    match reason {
        "" => word.to_owned(),
        reason => format!("{word}; {reason}"),
    }
}

/// Whether a run before this one wrote down that it was about to overwrite this very file.
fn begun(seen: &CopySeen, file: &Path) -> Begun {
    if seen.became == Became::Missing && seen.word == begins_word(file) {
        Begun::Before
    } else {
        Begun::Now
    }
}

fn begins_word(file: &Path) -> String {
    let whole = std::path::absolute(file).unwrap_or_else(|_error| file.to_owned());
    format!("its file is being overwritten: {}", whole.display())
}

const BLOB: &str = "blob:";
const COMPONENTS: &str = "components:";
const OVERWRITTEN: &str = "its file was overwritten, removed, and read back as gone";
