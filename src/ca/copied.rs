//! A CA whose key is in two tokens from its first day: made in the one, wrapped once for the other, and
//! made one that can't leave before it signs anything.
//!
//! The CA is recorded first, so that each thing that could give the key away (the wrapping key, what is
//! wrapped) is an entry until it was destroyed and read back as gone. A run that is cut short leaves a
//! key that never signed; nothing signs by it while its token says that it can leave.

use ssh_key::public::KeyData;

use super::binding::Binder;
use super::home::{Home, open_when_free};
use super::spare::known_ca;
use super::{EstablishError, Established, NewCa, added};
use crate::config::Config;
use crate::issue::self_test;
use crate::ledger::{Became, CopyKind, CopySeen, Origin};
use crate::output;
use crate::secret::AskPin;
use crate::signer::{self, Locator, NewKey, WrapError, copy};

/// A key that was just made, and all that its CA stands in.
pub(super) struct Copied<'a> {
    pub(super) home: Home,
    pub(super) new: &'a NewCa<'a>,
    pub(super) key: NewKey,
    /// Where the copy goes.
    pub(super) target: &'a Locator,
    /// The public key file, as it reads.
    pub(super) line: String,
    pub(super) keyboard: String,
    pub(super) time: u64,
}

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
        output::write(&self.home.public_key_file, self.line.as_bytes(), 0o644)?;
        output::write(self.home.config.path(), text.as_bytes(), 0o644)?;
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
        let source = &self.key.locator;
        let wrapping = copy::make_wrapping_key(self.target, pins)?;
        let by = (
            wrapping.holder.locator.to_string(),
            wrapping.holder.words.clone(),
        );
        self.record(key, CopyKind::WrappingKey, Became::Made, &by, "")?;
        let wrapped = copy::wrap(source, key, &wrapping, pins)?;
        let blob = (wrapped.name(), "the memory of this run".to_owned());
        self.record(key, CopyKind::Blob, Became::Made, &blob, "")?;
        let copied = copy::unwrap(&self.at_target(), &wrapped, &wrapping, key, pins)?;
        let there = signer::holder(&copied.locator)?;
        let there = (there.locator.to_string(), there.words);
        self.record(key, CopyKind::Wrapped, Became::Made, &there, "")?;
        let sealed = copy::seal(source, key, pins)?;
        wrapped.wipe();
        self.record(
            key,
            CopyKind::Blob,
            Became::Destroyed,
            &blob,
            "it was in memory alone, and wiped",
        )?;
        let gone = copy::destroy_wrapping_key(
            &wrapping.holder.locator.with_pin_source_of(self.target),
            pins,
        )
        .map_err(WrapError::from)?;
        self.record(
            key,
            CopyKind::WrappingKey,
            Became::Destroyed,
            &by,
            &gone.how,
        )?;
        Ok((sealed, copied))
    }

    /// The copy has the id that the key has: it is one key.
    fn at_target(&self) -> Locator {
        self.target.with_id_of(&self.key.locator)
    }

    fn record(
        &self,
        key: &KeyData,
        kind: CopyKind,
        became: Became,
        (device, holder): &(String, String),
        word: &str,
    ) -> Result<(), EstablishError> {
        let mut ledger = open_when_free(&self.home.config)?;
        let ca = known_ca(&ledger, key)?;
        let seen = CopySeen {
            ca: ca.position(),
            kind,
            became,
            device: device.clone(),
            holder: holder.clone(),
            word: word.to_owned(),
            keyboard: self.keyboard.clone(),
        };
        Ok(ledger.record_copy(seen, self.time)?)
    }
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
