//! Wrapped keys that are opened by components of an earlier ceremony: brought into a token to stay there, or to be
//! tried in a spare that has nothing of it after.

use std::path::PathBuf;

use super::opened::one_secret;
use super::retire::of_ledger;
use super::shares::Shared;
use super::{Conduct, ConductError};
use crate::ca::{
    Bring, Ending, WrappedKeyError, WrappedKeyFile, blob_name, components_name, key_places,
};
use crate::ceremony::facts::{
    COMPONENTS, COMPONENTS_CHECK, MISSING as NOT_THERE, brought_key_fact, components_typed,
    one_wrapping_key,
};
use crate::ceremony::key_place;
use crate::ceremony::plan::{CaBefore, KeyPlace, Kind, PlannedBlob};
use crate::ceremony::steps::Step;
use crate::config::LedgerKeyPlace;
use crate::ledger::{Became, Ca, CopyKind, Ledger};
use crate::secret::share::{Quorum, Share, SharedSecret};
use crate::signer::yubikey::ManagementKey;
use crate::signer::{self, Holder, Locator};
use crate::wire::hex;

impl Conduct<'_> {
    /// Puts every set of what was typed together, and holds it against the ledger.
    pub(super) fn open_components(&mut self, step: &Step) -> Result<(), ConductError> {
        self.are_spares()?;
        let quorum = self.planned_components()?.custody.quorum;
        let typed = std::mem::take(&mut self.typed_again);
        let numbers: Vec<_> = typed.iter().map(|one| one.number().to_string()).collect();
        let (words, is_enough) = components_typed(&numbers, quorum);
        let opened = if is_enough {
            self.known_wrapping_key(&typed, quorum)
        } else {
            Err(ConductError::FewComponents(words.clone()))
        };
        match opened {
            Ok(secret) => {
                self.fact(step, COMPONENTS, &one_wrapping_key(&words, quorum))?;
                self.fact(step, COMPONENTS_CHECK, &hex(&secret.check()))?;
                self.wrapping = Some(Shared::back(secret));
                Ok(())
            }
            Err(error) if self.plan.kind() == Kind::Drill && error.is_of_components() => {
                self.fact(step, COMPONENTS, &format!("{NOT_THERE}: {error}"))
            }
            Err(error) => Err(error),
        }
    }

    fn known_wrapping_key(
        &self,
        typed: &[Share],
        quorum: Quorum,
    ) -> Result<SharedSecret, ConductError> {
        let secret = one_secret(typed, quorum)?;
        let name = components_name(&secret.check());
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        for blob in &self.planned_components()?.blobs {
            let ca = of_ledger(&ledger, self.ca_of(blob)?)?;
            let left = ledger.copies_left(&ca)?;
            let is_known = left
                .iter()
                .any(|copy| copy.seen.kind == CopyKind::WrappingKey && copy.seen.device == name);
            if !is_known {
                return Err(ConductError::OtherWrappingKey);
            }
        }
        Ok(secret)
    }

    /// What the components are to open is on the medium, before anybody types one. A drill notes in a later step what
    /// is missing.
    pub(super) fn wrapped_keys_are_there(&self) -> Result<(), ConductError> {
        if self.is_drill() {
            return Ok(());
        }
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        for blob in &self.planned_components()?.blobs {
            let ca = of_ledger(&ledger, self.ca_of(blob)?)?;
            self.wrapped_of(&ledger, &ca, blob)?;
        }
        Ok(())
    }

    /// A token that gets a key has none that the ledger knows; one that a run that was cut short put there is ours.
    fn are_spares(&self) -> Result<(), ConductError> {
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        for blob in &self.planned_components()?.blobs {
            let device = self.device_of(&blob.onto)?;
            let mut places = Vec::new();
            for ca in ledger.cas()? {
                let known = key_places(&config, &ledger, &ca)?.into_iter();
                let known = known.filter(|place| place.became != Some(Became::Destroyed));
                places.extend(known.map(|place| place.device));
            }
            // What is tried is to leave the spare as it was.
            if self.is_drill()
                && let Some(LedgerKeyPlace::Device(place)) = config.ledger_key()
            {
                places.push(place);
            }
            let is_there = |place: &Locator| key_place::narrowed(place, device).is_some();
            if places.iter().any(is_there) {
                return Err(ConductError::NoSpare(blob.onto.clone()));
            }
        }
        Ok(())
    }

    /// The key of a CA comes out of its wrapped file, to stay.
    pub(super) fn bring(&mut self, step: &Step, number: usize) -> Result<(), ConductError> {
        let planned = self.cas_before().nth(number);
        let planned = planned.ok_or(ConductError::Gone("the CA of the plan"))?;
        let setting = self.setting;
        let blob = setting.plan.blob(&planned.name);
        let blob = blob.ok_or(ConductError::Gone("the wrapped key of the plan"))?;
        let holder = self.come_out(step, planned, blob)?;
        self.fact(step, &brought_key_fact(&planned.name), &holder.words)
    }

    fn come_out(
        &mut self,
        step: &Step,
        planned: &CaBefore,
        blob: &PlannedBlob,
    ) -> Result<Holder, ConductError> {
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let ca = of_ledger(&ledger, planned)?;
        let file = self.wrapped_of(&ledger, &ca, blob)?;
        drop(ledger);
        self.have_wrapping_key()?;
        let place = KeyPlace::Label(blob.label.clone());
        let locator = self.place_of(step, &blob.onto, &place)?;
        let wrapping = self.wrapping.as_ref();
        let wrapping = wrapping.ok_or(ConductError::Gone("the wrapping key"))?;
        let bring = Bring {
            key: ca.public_key(),
            file: &file,
            secret: &wrapping.secret,
            locator: &locator,
            keyboard: &self.setting.keyboard,
            time: self.room.now(),
        };
        bring.put(&config, &mut self.pins)?;
        if !self.is_drill() {
            bring.bind(&config, &mut self.pins)?;
        }
        Ok(signer::holder(&locator)?)
    }

    /// What is in the file of the plan, which is the one that the ledger has, of this CA.
    fn wrapped_of(
        &self,
        ledger: &Ledger,
        ca: &Ca,
        blob: &PlannedBlob,
    ) -> Result<WrappedKeyFile, ConductError> {
        let name = blob_name(&blob.sha256);
        let known = ledger.copies(ca)?.into_iter();
        let mut known = known.filter(|copy| copy.seen.device == name);
        if !known.any(|copy| copy.seen.became == Became::Made) {
            return Err(ConductError::NotWrapped(name));
        }
        let path = self.file_of(blob)?;
        let unread = |source: WrappedKeyError| ConductError::Wrapped {
            path: path.clone(),
            source,
        };
        let (file, sha256) = WrappedKeyFile::read(&path).map_err(unread)?;
        if sha256 != blob.sha256 {
            return Err(ConductError::OtherFile {
                path: path.display().to_string(),
                found: hex(&sha256),
            });
        }
        if file.public_key != ca.added().public_key {
            return Err(ConductError::OtherWrapped(path));
        }
        Ok(file)
    }

    fn file_of(&self, blob: &PlannedBlob) -> Result<PathBuf, ConductError> {
        let folder = &self.planned_components()?.folder;
        Ok(self.setting.folder.join(folder).join(&blob.file))
    }

    /// Where a wrapped key goes, as the plan has it: without an id, which is drawn when it goes there.
    pub(super) fn place_of_blob(&self, blob: &PlannedBlob) -> Result<Locator, ConductError> {
        let place = KeyPlace::Label(blob.label.clone());
        Ok(key_place::key(self.device_of(&blob.onto)?, &place, &[])?)
    }

    /// Brings a key onto a spare, has it sign the test, and leaves nothing of it there whatever came of that.
    pub(super) fn tried_on_spare(
        &mut self,
        step: &Step,
        number: usize,
        (planned, blob): (&CaBefore, &PlannedBlob),
    ) -> Result<(), ConductError> {
        let tried = self
            .come_out(step, planned, blob)
            .and_then(|_holder| self.test_key(step, number));
        self.leave_nothing(step, planned)?;
        tried
    }

    fn leave_nothing(&mut self, step: &Step, planned: &CaBefore) -> Result<(), ConductError> {
        let Some(locator) = self.transcript().intent(&step.name) else {
            return Ok(());
        };
        let device: Locator = locator.parse()?;
        let device = signer::holder(&device)?.locator;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let left = ledger.copies_left(&of_ledger(&ledger, planned)?)?;
        let name = device.to_string();
        if left.iter().all(|copy| copy.seen.device != name) {
            return Ok(());
        }
        drop(ledger);
        let ending = Ending {
            ca: &planned.name,
            device: &device,
            word: "it was a drill".to_owned(),
            keyboard: self.setting.keyboard.clone(),
            time: self.room.now(),
        };
        ending.destroy(&self.place, ManagementKey::Protected, &mut self.pins)?;
        Ok(())
    }

    fn ca_of(&self, blob: &PlannedBlob) -> Result<&CaBefore, ConductError> {
        let mut known = self.cas_before();
        known
            .find(|ca| ca.name == blob.ca)
            .ok_or(ConductError::Gone("the CA of the plan"))
    }
}

impl ConductError {
    /// Whether it says that components are not as they should be: of this a drill is to tell.
    fn is_of_components(&self) -> bool {
        matches!(
            self,
            Self::FewComponents(_) | Self::OtherWrappingKey | Self::OtherSecret | Self::Combine(_)
        )
    }

    /// Whether it says that a wrapped key is not as it should be, or that a token doesn't take it.
    pub(super) fn is_of_wrapped_key(&self) -> bool {
        use crate::ca::EstablishError as E;
        matches!(
            self,
            Self::FewComponents(_)
                | Self::Wrapped { .. }
                | Self::OtherFile { .. }
                | Self::OtherWrapped(_)
                | Self::NotWrapped(_)
                | Self::Establish(E::Copy(_) | E::Opening(_) | E::OtherKey | E::Unsealed(_))
        )
    }
}
