//! Wrapped keys that a rehearsal finds: on its medium, in the ledger, and in components of a key that opens nothing else.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ssh_key::public::KeyData;

use super::shares::{Sheet, sheets};
use super::{ALGORITHM, World, WorldError};
use crate::ca::{
    Bring, InComponents, WrappedKeyFile, blob_name, components_name, establish_in_components,
    is_blob_name,
};
use crate::ceremony::conduct::ConductError;
use crate::ceremony::plan::{CaBefore, End, Plan, wrapped_file};
use crate::ceremony::rehearsal::wrapped;
use crate::config::CaName;
use crate::ledger::{Became, CopyKind, CopySeen};
use crate::secret::AskPin;
use crate::secret::share::SharedSecret;
use crate::signer::{self, Locator};

/// What the keys of a rehearsal are wrapped by, and the SHA-256 of each file that came of it.
pub(super) struct Wrapping {
    secret: SharedSecret,
    files: BTreeMap<CaName, [u8; 32]>,
}

impl Wrapping {
    pub(super) fn new() -> Result<Self, ConductError> {
        Ok(Self {
            secret: SharedSecret::random().map_err(ConductError::Random)?,
            files: BTreeMap::new(),
        })
    }

    /// What takes the place of a wrapped key, or of components, that the plan names so.
    fn name(&self, ca: &CaName, of_plan: &str) -> Option<String> {
        if is_blob_name(of_plan) {
            return self.files.get(ca).map(blob_name);
        }
        Some(components_name(&self.secret.check()))
    }

    /// Each that the plan opens or ends, in its order.
    pub(super) fn names(&self, sketch: &Plan) -> Vec<String> {
        let all = wrapped(sketch).into_iter();
        all.filter_map(|(ca, name)| self.name(ca, &name)).collect()
    }

    /// Each that the plan calls missing, with its number among all that it calls so.
    pub(super) fn missing(&self, sketch: &Plan) -> Vec<(usize, String)> {
        let ends = sketch.copies_that_end().iter();
        let missing = ends.filter(|copy| matches!(copy.end, End::Missing { .. }));
        let made = missing.enumerate().filter_map(|(number, copy)| {
            let name = self.name(&copy.ca, copy.wrapped()?)?;
            Some((number, name))
        });
        made.collect()
    }
}

impl World<'_> {
    /// Whether a plan finds wrapped keys, for which its medium must be there.
    #[must_use]
    pub fn has_wrapped_keys(sketch: &Plan) -> bool {
        !wrapped(sketch).is_empty()
            || sketch
                .copies_that_end()
                .iter()
                .any(|copy| copy.wrapped().is_some())
    }

    /// Makes a CA whose key is wrapped, in its first place, and brings the key out of its file into the others.
    pub(super) fn wrapped_ca(
        &self,
        (number, ca): (usize, &CaBefore),
        locators: &[Locator],
        wrapping: &mut Wrapping,
        pins: &mut dyn AskPin,
    ) -> Result<KeyData, WorldError> {
        if locators
            .iter()
            .any(|place| matches!(place, Locator::YubiKey(_)))
        {
            return Err(WorldError::OfCard(ca.name.clone()));
        }
        let Some((first, others)) = locators.split_first() else {
            return Err(ConductError::Gone("the place of a key").into());
        };
        let components = self.sketch.components.as_ref();
        let file = self.file_of(ca);
        let kept = wrapped_file(&ca.name);
        let new = InComponents {
            name: &ca.name,
            purpose: self.purpose(number),
            algorithm: ALGORITHM,
            locator: first,
            secret: &wrapping.secret,
            holders: &components.map_or_else(|| COMPONENTS.to_owned(), |one| one.words()),
            file: &file,
            kept: &components.map_or_else(|| kept.clone(), |one| one.kept(&kept)),
        };
        let made = establish_in_components(self.place, &new, pins, &self.keyboard, self.now)
            .map_err(ConductError::from)?;
        for place in others {
            self.bring((&made.public_key, &file), &wrapping.secret, place, pins)?;
        }
        wrapping.files.insert(ca.name.clone(), made.sha256);
        Ok(made.public_key)
    }

    fn bring(
        &self,
        (key, path): (&KeyData, &PathBuf),
        secret: &SharedSecret,
        locator: &Locator,
        pins: &mut dyn AskPin,
    ) -> Result<(), ConductError> {
        let path = path.clone();
        let read = WrappedKeyFile::read(&path);
        let (file, _) = read.map_err(|source| ConductError::Wrapped { path, source })?;
        let config = self.config()?;
        let bring = Bring {
            key,
            file: &file,
            secret,
            locator,
            keyboard: &self.keyboard,
            time: self.now,
        };
        bring.put(&config, pins)?;
        Ok(bring.bind(&config, pins)?)
    }

    /// What is thrown away before the first step, and has no end in the plan, is destroyed by then.
    pub(super) fn are_gone(&self, ca: &CaBefore, places: &[&Locator]) -> Result<(), ConductError> {
        for place in places {
            let holder = signer::holder(place)?;
            let config = self.config()?;
            let mut ledger = config.ledger_place().open_confirmed()?;
            let known = ledger.cas()?.into_iter();
            let mut known = known.filter(|one| one.name() == ca.name.as_str());
            let known = known.next().ok_or(ConductError::Gone("the CA"))?;
            let seen = CopySeen {
                ca: known.position(),
                kind: CopyKind::Original,
                became: Became::Destroyed,
                device: holder.locator.to_string(),
                holder: holder.words,
                word: THROWN_AWAY.to_owned(),
                keyboard: self.keyboard.clone(),
            };
            ledger.record_copy(seen, self.now)?;
        }
        Ok(())
    }

    /// What the custodians of the wrapping key are given.
    pub(super) fn components(&self, wrapping: &Wrapping) -> Result<Vec<Sheet>, ConductError> {
        let opens = self.sketch.components.as_ref();
        match opens.filter(|one| !one.blobs.is_empty()) {
            Some(components) => sheets(&components.custody, &wrapping.secret),
            None => Ok(Vec::new()),
        }
    }

    fn file_of(&self, ca: &CaBefore) -> PathBuf {
        self.medium.join(wrapped_file(&ca.name))
    }
}

/// Who holds what a plan only ends.
const COMPONENTS: &str = "components of the rehearsal";
const THROWN_AWAY: &str = "the token was thrown away";
