//! A CA whose key is in two tokens from its first day: made in the one, wrapped once for the other, and
//! made one that can't leave before it signs anything.
//!
//! The CA is recorded first, and each thing that could give the key away (the wrapping key, what is
//! wrapped) is an entry before it is made, until it was destroyed and read back as gone. So a run that
//! was cut short is taken up by the next: what it left half made is found by what was written, and
//! finished or removed. Nothing signs by the key while its token says that it can leave; the config
//! names it last of all.

use ssh_key::public::KeyData;

use super::binding::Binder;
use super::copying::{Copying, is_unfinished, remove};
use super::home::{Home, open_when_free};
use super::spare::known_ca;
use super::{EstablishError, Established, NewCa, added};
use crate::config::Config;
use crate::issue::self_test;
use crate::ledger::{Became, CopyKind, CopySeen, Ledger, Origin};
use crate::output;
use crate::secret::AskPin;
use crate::signer::{self, Locator, NewKey, WrapError, copy};

/// A key that is in its first token, and all that its CA stands in.
pub(super) struct Copied<'a> {
    pub(super) home: Home,
    pub(super) new: &'a NewCa<'a>,
    pub(super) key: NewKey,
    /// Where key and copy go.
    pub(super) copying: Copying,
    /// The public key file, as it reads.
    pub(super) line: String,
    pub(super) keyboard: String,
    pub(super) time: u64,
}

/// What is told of a place: its locator, and the device for people.
type Told = (String, String);

impl Copied<'_> {
    /// Records the CA, makes the copy, and tests both.
    pub(super) fn establish(
        mut self,
        pins: &mut dyn AskPin,
    ) -> Result<Established, EstablishError> {
        let public = self.key.public_key.clone();
        let text = self.home.text_of_config(self.new, &self.key)?;
        let ledger_is_new = self.home.ledger.is_none();
        let edited = Config::of_text(self.home.config.path(), &text)?;
        let has_suffixes = !edited.policy().suffixes().is_empty();
        let ca = added(self.new, &self.key, self.keyboard.clone())?;
        drop(self.home.record(ca, &text, None, self.time)?);
        let (sealed, copied) = self.copy(&public, pins)?;
        for key in [&sealed, &copied] {
            let tested =
                self_test(&key.locator, &public, pins).map_err(EstablishError::SelfTest)?;
            if *tested.key_data() != public {
                return Err(EstablishError::OtherKey);
            }
        }
        let mut ledger = open_when_free(&self.home.config)?;
        let ca = known_ca(&ledger, &public)?;
        let mut bind = |key: &NewKey| {
            let binder = Binder {
                ledger: &mut ledger,
                ca: &ca,
                management_key: self.new.management_key(),
                keyboard: self.keyboard.clone(),
                time: self.time,
            };
            binder.bind(&key.locator, &public, pins)
        };
        let binding = bind(&sealed)?;
        bind(&copied)?;
        output::write(&self.home.public_key_file, self.line.as_bytes(), 0o644)?;
        output::write(self.home.config.path(), text.as_bytes(), 0o644)?;
        self.copying.end()?;
        Ok(Established {
            name: self.new.name.clone(),
            key: sealed,
            attested: None,
            copy: Some(signer::holder(&copied.locator)?),
            public_key_file: self.home.public_key_file,
            public_key_line: self.line,
            ledger: self.home.config.ledger(),
            config: self.home.config.path().to_path_buf(),
            ledger_is_new,
            has_suffixes,
            binding,
        })
    }

    /// The key in its first token, which it can't leave any more, and in the second.
    fn copy(
        &self,
        key: &KeyData,
        pins: &mut dyn AskPin,
    ) -> Result<(NewKey, NewKey), EstablishError> {
        self.end_what_was_left(key, pins)?;
        if let Some(copied) = self.made_before(key, pins)? {
            let sealed = copy::seal(&self.key.locator, key, pins)?;
            return Ok((sealed, copied));
        }
        if self.key.origin.extractable == Some(false) {
            return Err(EstablishError::NoCopy(self.copying.copy.to_string()));
        }
        remove(&self.copying.copy, pins)?;
        self.wrap_over(key, pins)
    }

    /// What could give the key away, and was left by a run that was cut short: the wrapping key is
    /// removed, and what was wrapped ended with the memory of that run.
    fn end_what_was_left(
        &self,
        key: &KeyData,
        pins: &mut dyn AskPin,
    ) -> Result<(), EstablishError> {
        let ledger = Ledger::open_to_read(&self.home.config.ledger())?;
        for left in ledger.copies_left(&known_ca(&ledger, key)?)? {
            let told = (left.seen.device, left.seen.holder);
            match left.seen.kind {
                CopyKind::WrappingKey => {
                    let place: Locator = told.0.parse()?;
                    self.end_wrapping_key(key, &place, &told, pins)?;
                }
                CopyKind::Blob => self.record(
                    key,
                    CopyKind::Blob,
                    Became::Destroyed,
                    &told,
                    "it was in the memory of a run that ended",
                )?,
                _ => {}
            }
        }
        Ok(())
    }

    fn end_wrapping_key(
        &self,
        key: &KeyData,
        place: &Locator,
        told: &Told,
        pins: &mut dyn AskPin,
    ) -> Result<(), EstablishError> {
        let place = place.with_pin_source_of(&self.copying.copy);
        let gone = copy::remove_pair(&place, pins).map_err(WrapError::from)?;
        self.record(
            key,
            CopyKind::WrappingKey,
            Became::Destroyed,
            told,
            &gone.how,
        )
    }

    /// The copy that an earlier run made whole.
    fn made_before(
        &self,
        key: &KeyData,
        pins: &mut dyn AskPin,
    ) -> Result<Option<NewKey>, EstablishError> {
        if !self.copying.is_taken_up {
            return Ok(None);
        }
        match signer::describe_knowing(&self.copying.copy, None, pins) {
            Ok(there) if there.public_key == *key => Ok(Some(there)),
            Ok(_other) => Err(EstablishError::OtherKey),
            Err(error) if is_unfinished(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn wrap_over(
        &self,
        key: &KeyData,
        pins: &mut dyn AskPin,
    ) -> Result<(NewKey, NewKey), EstablishError> {
        let (source, target) = (&self.key.locator, &self.copying.copy);
        let planned = copy::plan_wrapping_key(target)?;
        let by = (planned.locator.to_string(), planned.words.clone());
        self.record(key, CopyKind::WrappingKey, Became::Made, &by, "")?;
        let wrapping = copy::make_wrapping_key(target, planned, pins)?;
        let wrapped = copy::wrap(source, key, &wrapping, pins)?;
        let blob = (wrapped.name(), "the memory of this run".to_owned());
        self.record(key, CopyKind::Blob, Became::Made, &blob, "")?;
        let there = signer::holder(target)?;
        let there = (there.locator.to_string(), there.words);
        if !self.is_told(key, &there.0)? {
            self.record(key, CopyKind::Wrapped, Became::Made, &there, "")?;
        }
        let copied = copy::unwrap(target, &wrapped, &wrapping, key, pins)?;
        let sealed = copy::seal(source, key, pins)?;
        wrapped.wipe();
        self.record(
            key,
            CopyKind::Blob,
            Became::Destroyed,
            &blob,
            "it was in memory alone, and wiped",
        )?;
        self.end_wrapping_key(key, &wrapping.holder.locator, &by, pins)?;
        Ok((sealed, copied))
    }

    /// Whether an earlier run told the ledger of the copy, and did not get to make it.
    fn is_told(&self, key: &KeyData, device: &str) -> Result<bool, EstablishError> {
        let ledger = Ledger::open_to_read(&self.home.config.ledger())?;
        let left = ledger.copies_left(&known_ca(&ledger, key)?)?;
        Ok(left.iter().any(|copy| copy.seen.device == device))
    }

    fn record(
        &self,
        key: &KeyData,
        kind: CopyKind,
        became: Became,
        (device, holder): &Told,
        word: &str,
    ) -> Result<(), EstablishError> {
        let seen = Seen {
            kind,
            became,
            device,
            holder,
            word,
        };
        record_copy(&self.home.config, key, &seen, (&self.keyboard, self.time))
    }
}

/// What is told of a copy.
pub(super) struct Seen<'a> {
    pub(super) kind: CopyKind,
    pub(super) became: Became,
    pub(super) device: &'a str,
    pub(super) holder: &'a str,
    pub(super) word: &'a str,
}

/// Has the ledger keep what became of a copy of this CA's key.
pub(super) fn record_copy(
    config: &Config,
    key: &KeyData,
    seen: &Seen<'_>,
    (keyboard, time): (&str, u64),
) -> Result<(), EstablishError> {
    let mut ledger = open_when_free(config)?;
    let ca = known_ca(&ledger, key)?;
    let seen = CopySeen {
        ca: ca.position(),
        kind: seen.kind,
        became: seen.became,
        device: seen.device.to_owned(),
        holder: seen.holder.to_owned(),
        word: seen.word.to_owned(),
        keyboard: keyboard.to_owned(),
    };
    Ok(ledger.record_copy(seen, time)?)
}

/// A key that its token lets go must not sign, once it was made for a copy.
pub(super) fn refuse_unsealed(home: &Home, key: &NewKey) -> Result<(), EstablishError> {
    let Some(ledger) = &home.ledger else {
        return Ok(());
    };
    let known = ledger.cas()?.into_iter();
    let mut known = known.filter(|ca| *ca.public_key() == key.public_key);
    let is_copied = known.any(|ca| ca.added().origin == Origin::Extractable);
    if is_copied && key.origin.extractable != Some(false) {
        return Err(EstablishError::Unsealed(key.locator.to_string()));
    }
    Ok(())
}
