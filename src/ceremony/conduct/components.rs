//! The key that CA keys are wrapped by: tried on the tokens, made in memory, given out in components, and used.
//!
//! It leaves the program as components alone, is in a token for the one call that wraps, and is wiped when the
//! run ends. A run that goes on has it from the custodians again, and what was noted of it tells a wrong one
//! before anything is wrapped.

use std::path::PathBuf;

use super::shares::{Shared, all_sets_open};
use super::{Conduct, ConductError};
use crate::ca::{
    InComponents, InFile, WrappedKeyError, WrappedKeyFile, blob_name, establish_in_components,
};
use crate::ceremony::custody::{COMPONENT, in_lines};
use crate::ceremony::facts::{
    COMPONENTS, COMPONENTS_CHECK, blob_fact, blob_in_words, can_wrap_fact, components_in_words,
};
use crate::ceremony::key_place;
use crate::ceremony::plan::{Ca, Components, wrapped_file};
use crate::ceremony::steps::{Ask, Step};
use crate::ledger::Ledger;
use crate::output;
use crate::secret::share::SharedSecret;
use crate::signer::{Locator, copy};
use crate::wire::hex;

impl Conduct<'_> {
    /// Each token wraps a key that is thrown away, and takes it back; and the medium is there.
    pub(super) fn can_wrap(&mut self, step: &Step) -> Result<(), ConductError> {
        let setting = self.setting;
        let folder = setting.folder.join(&self.planned_components()?.folder);
        // A rehearsal has no medium but a folder in its own.
        if setting.plan.rehearsal_of.is_some() {
            std::fs::create_dir_all(&folder).map_err(|source| ConductError::File {
                path: folder.display().to_string(),
                source,
            })?;
        }
        for ca in setting.plan.wrapped() {
            self.medium_takes(ca)?;
            let device = self.device_of(&ca.device)?;
            let place = key_place::key(device, &ca.place, &[])?;
            let tried = copy::can_wrap(&place, ca.algorithm, &mut self.pins);
            tried.map_err(|source| ConductError::WrapsNot {
                device: device.name.clone(),
                algorithm: ca.algorithm,
                source,
            })?;
            self.fact(step, &can_wrap_fact(ca), WRAPS)?;
        }
        Ok(())
    }

    /// The file can be written, and nothing is in its place but what this ceremony made.
    fn medium_takes(&self, ca: &Ca) -> Result<(), ConductError> {
        let file = self.wrapped_file(ca)?;
        output::check(&file)?;
        let is_free = matches!(
            WrappedKeyFile::read(&file),
            Err(WrappedKeyError::File(error)) if error.kind() == std::io::ErrorKind::NotFound
        );
        if is_free {
            return Ok(());
        }
        Err(ConductError::OnMedium(file))
    }

    /// Shows a component to its custodian, until it is typed back off the paper.
    pub(super) fn component(
        &mut self,
        step: &Step,
        ask: &Ask,
        number: usize,
    ) -> Result<(), ConductError> {
        if number == 0 {
            let secret = SharedSecret::random().map_err(ConductError::Random)?;
            let shown = secret.split(self.planned_components()?.custody.quorum)?;
            self.wrapping = Some(Shared::new(secret, shown));
        }
        let wrapping = self.wrapping.as_ref();
        let share = wrapping.and_then(|one| one.shown.get(number));
        let words = in_lines(share.ok_or(ConductError::Gone("the component"))?);
        self.pins.keep_out(&words);
        let typed = self.off_its_sheet(step, ask, &words)?;
        if let Some(wrapping) = &mut self.wrapping {
            wrapping.typed.push(typed);
        }
        self.note_typed_back(step, ask)
    }

    /// Puts together every set of what was typed back that must be the key.
    pub(super) fn all_components(&mut self, step: &Step) -> Result<(), ConductError> {
        let quorum = self.planned_components()?.custody.quorum;
        let wrapping = self.wrapping.as_ref();
        let wrapping = wrapping.ok_or(ConductError::Gone("the wrapping key"))?;
        all_sets_open(wrapping, quorum)?;
        let check = hex(&wrapping.secret.check());
        self.fact(step, COMPONENTS, &components_in_words(quorum))?;
        self.fact(step, COMPONENTS_CHECK, &check)
    }

    /// Makes the key of a CA, and wraps it into its file.
    pub(super) fn in_components(&mut self, step: &Step, ca: &Ca) -> Result<(), ConductError> {
        let locator = self.place_of(step, &ca.device, &ca.place)?;
        let made = match self.made_before(ca, &locator)? {
            Some(public_key) => InFile {
                public_key,
                sha256: self.wrapped_before(ca)?,
            },
            None => self.wrap_new(ca, &locator)?,
        };
        self.is_told_of(&made)?;
        let kept = self.planned_components()?.kept(&wrapped_file(&ca.name));
        let told = blob_in_words(&made.sha256, &kept);
        self.fact(step, &blob_fact(&ca.name), &told)?;
        self.public(step, (ca.name.as_str(), &made.public_key))?;
        if self.is_last_wrapped(ca) {
            self.wrapping = None;
        }
        Ok(())
    }

    /// The SHA-256 of the file of a key that an earlier run made.
    fn wrapped_before(&self, ca: &Ca) -> Result<[u8; 32], ConductError> {
        let path = self.wrapped_file(ca)?;
        match WrappedKeyFile::read(&path) {
            Ok((_, sha256)) => Ok(sha256),
            Err(source) => Err(ConductError::Wrapped { path, source }),
        }
    }

    fn wrap_new(&mut self, ca: &Ca, locator: &Locator) -> Result<InFile, ConductError> {
        self.have_wrapping_key()?;
        let wrapping = self.wrapping.as_ref();
        let wrapping = wrapping.ok_or(ConductError::Gone("the wrapping key"))?;
        let components = self.planned_components()?;
        let new = InComponents {
            name: &ca.name,
            purpose: ca.certificates,
            algorithm: ca.algorithm,
            locator,
            secret: &wrapping.secret,
            holders: &components.words(),
            file: &self.wrapped_file(ca)?,
            kept: &components.kept(&wrapped_file(&ca.name)),
        };
        let (keyboard, now) = (&self.setting.keyboard, self.room.now());
        Ok(establish_in_components(
            &self.place,
            &new,
            &mut self.pins,
            keyboard,
            now,
        )?)
    }

    /// The ledger has the file as a copy of the key.
    fn is_told_of(&self, made: &InFile) -> Result<(), ConductError> {
        let config = self.config()?.ok_or(ConductError::Gone("the config"))?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let cas = ledger.cas()?;
        let known = cas.iter().find(|ca| *ca.public_key() == made.public_key);
        let left = known.map(|ca| ledger.copies_left(ca)).transpose()?;
        let name = blob_name(&made.sha256);
        let is_told = left.iter().flatten().any(|copy| copy.seen.device == name);
        is_told
            .then_some(())
            .ok_or(ConductError::Gone("the wrapped key of the ledger"))
    }

    /// Behind it nothing is wrapped: the wrapping key is wiped.
    fn is_last_wrapped(&self, ca: &Ca) -> bool {
        self.plan
            .wrapped()
            .last()
            .is_some_and(|last| last.name == ca.name)
    }

    /// Has the wrapping key again from as many custodians as are needed, where a run that was cut short knew it.
    pub(super) fn have_wrapping_key(&mut self) -> Result<(), ConductError> {
        if self.wrapping.is_some() {
            return Ok(());
        }
        let check = self.transcript().fact(COMPONENTS_CHECK).map(str::to_owned);
        let told = self.transcript().fact(COMPONENTS).unwrap_or_default();
        // What was noted says already what they are.
        let why = told.rsplit_once(": ").map_or(told, |(_, why)| why);
        let check = check.ok_or_else(|| ConductError::FewComponents(why.to_owned()))?;
        let needed = self.planned_components()?.custody.quorum.threshold();
        self.room.show(&format!(
            "This was cut short. {needed} custodians give the wrapping key again, each with their component."
        ));
        let secret = self.typed_secret(COMPONENT, needed)?;
        if check != hex(&secret.check()) {
            return Err(ConductError::OtherWrappingKey);
        }
        self.wrapping = Some(Shared::back(secret));
        Ok(())
    }

    fn wrapped_file(&self, ca: &Ca) -> Result<PathBuf, ConductError> {
        let folder = &self.planned_components()?.folder;
        Ok(self
            .setting
            .folder
            .join(folder)
            .join(wrapped_file(&ca.name)))
    }

    pub(super) fn planned_components(&self) -> Result<&Components, ConductError> {
        let components = self.setting.plan.components.as_ref();
        components.ok_or(ConductError::Gone("the components of the plan"))
    }
}

/// What is noted of a token that does it.
const WRAPS: &str = "a key that was thrown away was wrapped, and came back";
