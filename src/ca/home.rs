//! The files that a CA to be stands in: config, public key file, ledger, attestation.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::storage::{self, Attested};
use super::{EstablishError, NewCa, Source, public_key_line};
use crate::certificate::subject::fingerprint;
use crate::config::{
    CaConfig, CaName, Config, EditError, Place, with_ca, with_recorded_suffixes, with_suffixes,
};
use crate::issue::OpenLedgerError;
use crate::ledger::file::{self, OpenError};
use crate::ledger::{Ca, CaAdded, Ledger, LedgerError, Purpose, SuffixSet, recorded_form};
use crate::output;
use crate::signer::NewKey;

/// The files of a CA to be, looked at before the token is touched. The ledger is open to be read:
/// a PIN is asked for before anything is recorded, and others may write meanwhile.
pub(super) struct Home {
    pub(super) config: Config,
    public_key_name: PathBuf,
    pub(super) public_key_file: PathBuf,
    pub(super) ledger: Option<Ledger>,
}

impl Home {
    pub(super) fn prepare(place: &Place, new: &NewCa<'_>) -> Result<Self, EstablishError> {
        let config = config_without(place, &new.name)?;
        let is_new = config.cas().next().is_none();
        make_folder(config.path())?;
        output::check_replaced(config.path())?;
        // All that keeps the ledger from being written to shows now, and not with the key made.
        let ledger = match config.ledger_place().open_confirmed() {
            // No CA yet: the ledger is made. A config with a CA and no ledger is an error.
            Err(OpenLedgerError::Ledger(LedgerError::Open(OpenError::Missing(_)))) if is_new => {
                file::require_place(&config.ledger(), &config.ledger_settings())
                    .map_err(LedgerError::from)?;
                None
            }
            opened => {
                drop(opened?);
                Some(Ledger::open_to_read(&config.ledger())?)
            }
        };
        Ok(Self::of(config, ledger, &new.name))
    }

    /// The same without a folder made, and without the ledger opened to be written to.
    pub(super) fn look(place: &Place, new: &NewCa<'_>) -> Result<Self, EstablishError> {
        let config = config_without(place, &new.name)?;
        let is_new = config.cas().next().is_none();
        let ledger = match Ledger::open_to_read(&config.ledger()) {
            Err(LedgerError::Open(OpenError::Missing(_))) if is_new => None,
            opened => Some(opened?),
        };
        Ok(Self::of(config, ledger, &new.name))
    }

    fn of(config: Config, ledger: Option<Ledger>, name: &CaName) -> Self {
        let public_key_name = PathBuf::from(format!("{name}.pub"));
        Self {
            public_key_file: config.resolve(&public_key_name),
            public_key_name,
            config,
            ledger,
        }
    }

    /// Refuses what the ledger would refuse later, before a key is put into the token.
    pub(super) fn refuse_known(&self, new: &NewCa<'_>) -> Result<(), EstablishError> {
        let Some(ledger) = &self.ledger else {
            return Ok(());
        };
        let imported = match new.source {
            Source::Adopt(..) | Source::TakenUp | Source::Software => return Ok(()),
            Source::Generate(..) | Source::Copied(..) => None,
            Source::Import(key, _) | Source::InMemory(key, _) => Some(KeyData::try_from(key)?),
        };
        if let Some(key) = &imported {
            self.refuse_key(key)?;
        }
        let known = ledger.cas()?.into_iter().find(|ca| {
            ca.name() == new.name.as_str() || Some(ca.public_key()) == imported.as_ref()
        });
        match known {
            Some(ca) => Err(LedgerError::CaKnown {
                name: ca.name().to_owned(),
                fingerprint: fingerprint(ca.public_key()),
            }
            .into()),
            None => Ok(()),
        }
    }

    /// Whether the ledger has a CA of this name.
    pub(super) fn knows(&self, name: &CaName) -> Result<bool, EstablishError> {
        let known = self.ledger.as_ref().map(Ledger::cas).transpose()?;
        let known = known.unwrap_or_default();
        Ok(known.iter().any(|ca| ca.name() == name.as_str()))
    }

    /// Refuses a key that the ledger takes for no CA. One that is a CA's already is taken up
    /// or refused by [`Self::record`].
    pub(super) fn refuse_key(&self, key: &KeyData) -> Result<(), EstablishError> {
        let Some(ledger) = &self.ledger else {
            return Ok(());
        };
        if ledger.cas()?.iter().any(|ca| ca.public_key() == key) {
            return Ok(());
        }
        let blob = PublicKey::from(key.clone()).to_bytes()?;
        ledger.check_ca_key(&blob).map_err(|source| match source {
            LedgerError::IsLedgerKey => EstablishError::IsLedgerKey(fingerprint(key)),
            other => other.into(),
        })
    }

    /// Refuses a key or a name that another CA of the ledger has. The same CA is taken up.
    pub(super) fn refuse_other_in_ledger(
        &self,
        new: &NewCa<'_>,
        key: &KeyData,
    ) -> Result<(), EstablishError> {
        let known = self.ledger.as_ref().map(Ledger::cas).transpose()?;
        let is_other = |ca: &Ca| (ca.name() == new.name.as_str()) != (ca.public_key() == key);
        match known.unwrap_or_default().into_iter().find(is_other) {
            Some(ca) => Err(LedgerError::CaKnown {
                name: ca.name().to_owned(),
                fingerprint: fingerprint(ca.public_key()),
            }
            .into()),
            None => Ok(()),
        }
    }

    /// Refuses a public key file that is in the way of a key that is yet to be made or brought in.
    pub(super) fn require_place_for_file(&self, new: &NewCa<'_>) -> Result<(), EstablishError> {
        match new.source {
            // A key that is not made yet is in no file.
            Source::Generate(..) | Source::Copied(..) => self.require_public_key_file(""),
            Source::Import(key, _) | Source::InMemory(key, _) => {
                let key = KeyData::try_from(key)?;
                self.require_public_key_file(&public_key_line(&key, &new.name)?)
            }
            Source::Adopt(..) | Source::TakenUp | Source::Software => Ok(()),
        }
    }

    /// A public key file of the same key may be there, from a run that was cut short.
    pub(super) fn require_public_key_file(&self, line: &str) -> Result<(), EstablishError> {
        match crate::config::read_bytes(&self.public_key_file, 64 * 1024) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Ok(found) if is_line_of(&String::from_utf8_lossy(&found), line) => Ok(()),
            _ => Err(EstablishError::PublicKeyFileTaken(
                self.public_key_file.clone(),
            )),
        }
    }

    /// The ledger, and the CA in it. A CA that the ledger knows with the same
    /// name and key is taken up: the run that recorded it was cut short.
    pub(super) fn record(
        &mut self,
        added: CaAdded,
        text: &str,
        attested: Option<&Attested>,
        time: u64,
    ) -> Result<(Ledger, Ca), EstablishError> {
        let mut ledger = match self.ledger.take() {
            Some(_looked) => open_when_free(&self.config)?,
            None => self.config.ledger_place().create()?,
        };
        let same = |ca: &Ca| {
            ca.name() == added.name
                && ca.added().public_key == added.public_key
                && ca.added().purpose == added.purpose
        };
        let seen = attested.map(|attested| attested.seen(&added.keyboard));
        let keyboard = added.keyboard.clone();
        let ca = match ledger.cas()?.into_iter().find(same) {
            Some(known) => known,
            None => ledger.add_ca(added, time)?,
        };
        if ca.added().purpose != Purpose::Host && ledger.suffixes(&ca)?.is_none() {
            let config = Config::parse(self.config.path(), text.to_owned())?;
            let suffixes = recorded_form(config.policy().suffixes())?;
            ledger.set_suffixes(&ca, suffixes, keyboard, time)?;
        }
        if let Some(seen) = seen.transpose()?.flatten() {
            ledger.see_evidence(seen, time)?;
        }
        Ok((ledger, ca))
    }

    pub(super) fn keep_attestation(
        &self,
        name: &CaName,
        attested: Option<&Attested>,
    ) -> Result<(), EstablishError> {
        let Some(attested) = attested else {
            return Ok(());
        };
        let path = storage::attestation_file(&self.config, name.as_str());
        let pem = attested.evidence.to_pem();
        Ok(output::write(&path, pem.as_bytes(), 0o644)?)
    }

    /// The config with the new CA, and with suffixes where it had none.
    pub(super) fn text_of_config(
        &self,
        new: &NewCa<'_>,
        key: &NewKey,
    ) -> Result<String, EstablishError> {
        let ca = CaConfig {
            certificates: new.purpose,
            keys: key.locator.clone().into(),
            public_key: self.public_key_name.clone(),
            description: None,
        };
        let mut text = with_ca(&self.config, &new.name, &ca)?;
        if let Some(recorded) = self.recorded_suffixes(new)? {
            return Ok(with_recorded_suffixes(&self.config, text, &recorded));
        }
        let is_new = matches!(
            new.source,
            Source::Generate(..) | Source::Copied(..) | Source::TakenUp | Source::InMemory(..)
        );
        if is_new && new.purpose != Purpose::Host {
            text = with_suffixes(&self.config, &new.name, text);
        }
        Ok(text)
    }

    /// What the ledger has recorded for a CA of this name, which the config lost.
    fn recorded_suffixes(&self, new: &NewCa<'_>) -> Result<Option<Vec<SuffixSet>>, EstablishError> {
        let Some(ledger) = &self.ledger else {
            return Ok(None);
        };
        let known = ledger.cas()?.into_iter();
        let mut known = known.filter(|ca| ca.name() == new.name.as_str());
        let recorded = known.next().map(|ca| ledger.suffixes(&ca)).transpose()?;
        Ok(recorded.flatten().map(|set| set.suffixes))
    }
}

/// The config at `place`, which may be yet to be written, and has no CA of this name.
fn config_without(place: &Place, name: &CaName) -> Result<Config, EstablishError> {
    let there = place.read_if_there()?;
    let config = there.unwrap_or_else(|| Config::empty(place.path()));
    match config.ca(name.as_str()) {
        Ok(_) => Err(EditError::Taken(name.clone()).into()),
        Err(_none) => Ok(config),
    }
}

/// Opens the ledger for a key that is in the token by now: another run that has it is waited for,
/// with a limit, so that the key does not stay behind without a CA.
pub(super) fn open_when_free(config: &Config) -> Result<Ledger, OpenLedgerError> {
    let began = Instant::now();
    loop {
        match config.ledger_place().open_confirmed() {
            Err(OpenLedgerError::Ledger(LedgerError::Open(OpenError::Locked { .. })))
                if began.elapsed() < PATIENCE =>
            {
                sleep(PAUSE);
            }
            opened => return opened,
        }
    }
}

/// Whether two lines have the same algorithm and key, whatever their comments.
fn is_line_of(found: &str, line: &str) -> bool {
    let key_of = |line| <str>::split_whitespace(line).take(2).collect::<Vec<_>>();
    !line.is_empty() && key_of(found) == key_of(line)
}

fn make_folder(config: &Path) -> Result<(), EstablishError> {
    let folder = match config.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => return Ok(()),
    };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| EstablishError::Folder {
            path: folder.to_path_buf(),
            source,
        })
}

/// How long another run is waited for: longer than one certificate takes with a touch.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);
