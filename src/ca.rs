//! How a key becomes a CA: made in the token, adopted, or imported.
//!
//! The key comes first, then its self-test, then the ledger, the public key file, and
//! last the config: a crash in between leaves nothing that `adopt` cannot take up.

mod binding;
mod export;
mod spare;
mod storage;

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;
use ssh_key::{Fingerprint, PublicKey};

pub use binding::{Binding, OfAnother};
pub use export::{ExportError, der, jwk, pem};
pub use spare::{Spare, SpareAdded, Use, add_spare};
pub use storage::{Attested, Storage};

use binding::Binder;

use crate::attestation::{EvidenceFormError, Roots};
use crate::certificate::subject::fingerprint;
use crate::certificate::{Serial, Subject, SubjectError};
use crate::config::{
    CaConfig, CaName, Config, ConfigError, EditError, Place, with_ca, with_recorded_suffixes,
    with_suffixes,
};
use crate::issue::{OpenLedgerError, SelfTestError, self_test};
use crate::ledger::file::OpenError;
use crate::ledger::{
    Ca, CaAdded, Ledger, LedgerError, Origin, Purpose, SuffixSet, SuffixesError, recorded_form,
};
use crate::output::{self, OutputError};
use crate::secret::AskPin;
use crate::signer::yubikey::{ManagementKey, NewSlotKey};
use crate::signer::{
    self, BindError, GenerateError, ImportError, KeyAlgorithm, Locator, NewKey, OpeningError,
};

/// A CA to be.
pub struct NewCa<'a> {
    /// Its name in the config.
    pub name: CaName,
    /// Where its key is, or shall be.
    pub locator: Locator,
    /// What it may sign.
    pub purpose: Purpose,
    /// Where its key comes from.
    pub source: Source<'a>,
    /// The first serial that it may give out.
    pub next_serial: Serial,
    /// Whose word is taken for where a key was born.
    pub roots: Roots,
    /// What becomes of a key whose token names another ledger.
    pub of_another: OfAnother,
}

/// Where the key of a CA comes from.
pub enum Source<'a> {
    /// The token makes it. The second part is what a YubiKey is asked for.
    Generate(KeyAlgorithm, NewSlotKey<'a>),
    /// It is in the token. It must be this key, where one is given. The second part is what a
    /// YubiKey wants before it names the ledger.
    Adopt(Option<KeyData>, ManagementKey<'a>),
    /// It is in an ssh-agent or a file, and whoever asks for it knows that.
    Software,
    /// It comes from a file, and copies of it may stay outside. The second part as above.
    Import(&'a KeypairData, NewSlotKey<'a>),
}

/// A CA that stands in the config and in the ledger.
#[derive(Debug)]
pub struct Established {
    /// Its name.
    pub name: CaName,
    /// Its key, and what the token says of it.
    pub key: NewKey,
    /// What the device says of it, signed; none if it was brought in or the device can't.
    pub attested: Option<Attested>,
    /// The public key file that was written.
    pub public_key_file: PathBuf,
    /// The same file, as it reads.
    pub public_key_line: String,
    /// The config that names it.
    pub config: PathBuf,
    /// The ledger that it counts in.
    pub ledger: PathBuf,
    /// Whether the ledger was made for it.
    pub ledger_is_new: bool,
    /// Whether the token names the ledger.
    pub binding: Binding,
}

/// Why there is no new CA. A key that was made stays in the token, for `adopt`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EstablishError {
    /// The config cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The CA cannot be written into the config.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The ledger cannot be opened, or the clock not be believed.
    #[error(transparent)]
    Open(#[from] OpenLedgerError),
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The suffixes of the config can't be recorded for it.
    #[error(transparent)]
    Suffixes(#[from] SuffixesError),
    /// The device did not give the key.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The device did not make a key.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The key was not brought into the device.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A key in software, and nobody said that this may be.
    #[error("{locator} is a key in software, which nothing keeps from being copied")]
    Software {
        /// Where it is.
        locator: String,
    },
    /// The key is there, and its self-test failed.
    #[error("the key is in the token, but failed its self-test")]
    SelfTest(#[source] SelfTestError),
    /// The key that signed is not the key that was found first.
    #[error("the key that signed the self-test is not the one that was found before")]
    OtherKey,
    /// Who keeps the ledger honest must not be who signs.
    #[error("the key {0} is the ledger's own: it signed its heads")]
    IsLedgerKey(String),
    /// The token says that another ledger counts the key's serials.
    #[error("key {fingerprint} is bound to ledger {ledger}")]
    BoundToAnother {
        /// The key's fingerprint.
        fingerprint: String,
        /// The name of the other ledger.
        ledger: String,
        /// What the CA would be called.
        name: CaName,
        /// Where the key is.
        locator: String,
    },
    /// The device of a spare says that another ledger counts the key's serials.
    #[error("{locator}: key {fingerprint} is bound to ledger {ledger} there")]
    SpareOfAnother {
        /// Where the key should go.
        locator: String,
        /// The key's fingerprint.
        fingerprint: String,
        /// The name of the other ledger.
        ledger: String,
    },
    /// The config has a CA with this key, and the ledger has none.
    #[error("the ledger has no CA with the key {0}")]
    NotInLedger(String),
    /// A person moved the key's serials here, and the token goes on naming the other ledger.
    #[error("the token still names the other ledger")]
    NotMoved(#[source] BindError),
    /// Anybody could sign as this CA, or no server would take its signatures.
    #[error("the key {fingerprint} cannot be a CA's")]
    UnfitKey {
        /// The key's fingerprint.
        fingerprint: String,
        /// What is wrong with it.
        source: SubjectError,
    },
    /// A file is in the way.
    #[error("{} exists already, with another key", .0.display())]
    PublicKeyFileTaken(PathBuf),
    /// A file could not be written.
    #[error("cannot write")]
    Output(#[from] OutputError),
    /// The token tells of another key than the one that was given for it.
    #[error("the key in the token is {found}, not {given}")]
    NotTheGiven {
        /// The fingerprint of the key that was given.
        given: String,
        /// The fingerprint of the key that is there.
        found: String,
    },
    /// The key that was given for a spare is not the CA's.
    #[error("CA `{name}` has the key {recorded}, not {given}")]
    OtherKeyOfCa {
        /// The CA.
        name: CaName,
        /// The fingerprint that was recorded.
        recorded: String,
        /// The fingerprint of the key that was given.
        given: String,
    },
    /// What the device gave as attestation, or a file of it, is none.
    #[error("the attestation of the key")]
    Attestation(#[from] EvidenceFormError),
    /// A file cannot be read.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder of the config could not be made.
    #[error("folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The public key cannot be written as a line.
    #[error("public key")]
    Encode(#[from] ssh_key::Error),
}

/// Makes `new` a CA. `time` is Unix time in seconds, `keyboard` who is at it.
///
/// # Errors
/// [`EstablishError`].
pub fn establish(
    place: &Place,
    new: &NewCa<'_>,
    pins: &mut dyn AskPin,
    keyboard: String,
    time: u64,
) -> Result<Established, EstablishError> {
    let mut home = Home::prepare(place, new)?;
    home.refuse_known(new)?;
    if let Source::Import(key, _) = new.source {
        let key = KeyData::try_from(key)?;
        refuse_unfit(&key)?;
        home.refuse_bound(new, &new.locator, &key, pins)?;
    }
    let key = obtain(new, pins)?;
    refuse_unfit(&key.public_key)?;
    new.refuse_other(&key.public_key)?;
    home.refuse_ledger_key(&key.public_key)?;
    if matches!(new.source, Source::Adopt(..)) {
        home.refuse_bound(new, &key.locator, &key.public_key, pins)?;
    }
    let line = public_key_line(&key, &new.name)?;
    home.require_public_key_file(&line)?;
    let tested =
        self_test(&key.locator, &key.public_key, pins).map_err(EstablishError::SelfTest)?;
    if *tested.key_data() != key.public_key {
        return Err(EstablishError::OtherKey);
    }
    let attested = Attested::fetch(&key.locator, &key.public_key, &new.roots)?;
    let text = home.text_of_config(new, &key)?;
    let ledger_is_new = home.ledger.is_none();
    let ca = added(new, &key, keyboard.clone())?;
    let (mut ledger, ca) = home.record(ca, &text, attested.as_ref(), time)?;
    let binder = Binder {
        ledger: &mut ledger,
        ca: &ca,
        management_key: new.management_key(),
        keyboard,
        time,
    };
    let binding = binder.bind(&key.locator, &key.public_key, pins)?;
    let binding = new.require_moved(binding)?;
    output::write(&home.public_key_file, line.as_bytes(), 0o644)?;
    home.keep_attestation(&new.name, attested.as_ref())?;
    output::write(home.config.path(), text.as_bytes(), 0o644)?;
    Ok(Established {
        name: new.name.clone(),
        key,
        attested,
        public_key_file: home.public_key_file,
        public_key_line: line,
        ledger: home.config.ledger(),
        config: home.config.path().to_path_buf(),
        ledger_is_new,
        binding,
    })
}

/// Refuses a key whose private half is no secret, wherever it was made: also a token makes such
/// keys (ROCA).
fn refuse_unfit(key: &KeyData) -> Result<(), EstablishError> {
    let subject = Subject::try_from(key.clone());
    let fingerprint = fingerprint(key);
    subject
        .map(|_fit| ())
        .map_err(|source| EstablishError::UnfitKey {
            fingerprint,
            source,
        })
}

/// The CA of ledger or config whose key has this fingerprint.
///
/// # Errors
/// [`EstablishError`] if config, ledger or a public key file is there and cannot be read.
pub fn owner(place: &Place, of: &Fingerprint) -> Result<Option<String>, EstablishError> {
    let Some(config) = place.read_if_there()? else {
        return Ok(None);
    };
    let is_it = |key: &KeyData| key.fingerprint(of.algorithm()) == *of;
    let ledger = match Ledger::open_to_read(&config.ledger()) {
        Err(LedgerError::Open(OpenError::Missing(_))) => Vec::new(),
        opened => opened?.cas()?,
    };
    if let Some(ca) = ledger.iter().find(|ca| is_it(ca.public_key())) {
        return Ok(Some(ca.name().to_owned()));
    }
    for (name, ca) in config.cas() {
        if is_it(config.public_key(ca)?.key_data()) {
            return Ok(Some(name.to_string()));
        }
    }
    Ok(None)
}

/// What a token says of a key, in words: `local, sensitive, never extractable`.
pub fn token_says(origin: &signer::Origin) -> String {
    let words = [
        (origin.local, "made in the token", "not made in the token"),
        (origin.sensitive, "sensitive", "not sensitive"),
        (origin.extractable, "extractable", "not extractable"),
        (
            origin.never_extractable,
            "never extractable",
            "was extractable",
        ),
        (origin.always_authenticate, "PIN for each signature", ""),
    ];
    let said: Vec<_> = words
        .into_iter()
        .filter_map(|(fact, yes, no)| fact.map(|fact| if fact { yes } else { no }))
        .filter(|word| !word.is_empty())
        .collect();
    if said.is_empty() {
        "nothing".to_owned()
    } else {
        said.join(", ")
    }
}

/// The files of a CA to be, looked at before the token is touched.
struct Home {
    config: Config,
    public_key_name: PathBuf,
    public_key_file: PathBuf,
    ledger: Option<Ledger>,
}

impl Home {
    fn prepare(place: &Place, new: &NewCa<'_>) -> Result<Self, EstablishError> {
        let there = place.read_if_there()?;
        let config = there.unwrap_or_else(|| Config::empty(place.path()));
        let is_new = config.cas().next().is_none();
        if config.ca(new.name.as_str()).is_ok() {
            return Err(EditError::Taken(new.name.clone()).into());
        }
        make_folder(config.path())?;
        output::check(config.path())?;
        let ledger = match config.ledger_place().open_confirmed() {
            // No CA yet: the ledger is made. A config with a CA and no ledger is an error.
            Err(OpenLedgerError::Ledger(LedgerError::Open(OpenError::Missing(_)))) if is_new => {
                None
            }
            opened => Some(opened?),
        };
        let public_key_name = PathBuf::from(format!("{}.pub", new.name));
        Ok(Self {
            public_key_file: config.resolve(&public_key_name),
            public_key_name,
            config,
            ledger,
        })
    }

    /// Refuses what the ledger would refuse later, before a key is put into the token.
    fn refuse_known(&self, new: &NewCa<'_>) -> Result<(), EstablishError> {
        let Some(ledger) = &self.ledger else {
            return Ok(());
        };
        let imported = match new.source {
            Source::Adopt(..) | Source::Software => return Ok(()),
            Source::Generate(..) => None,
            Source::Import(key, _) => Some(KeyData::try_from(key)?),
        };
        if let Some(key) = &imported {
            self.refuse_ledger_key(key)?;
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

    fn refuse_ledger_key(&self, key: &KeyData) -> Result<(), EstablishError> {
        match &self.ledger {
            Some(ledger) if ledger.is_ledger_key(key)? => {
                Err(EstablishError::IsLedgerKey(fingerprint(key)))
            }
            _ => Ok(()),
        }
    }

    /// A public key file of the same key may be there, from a run that was cut short.
    fn require_public_key_file(&self, line: &str) -> Result<(), EstablishError> {
        match crate::config::read_bytes(&self.public_key_file, 64 * 1024) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Ok(found) if key_of(&String::from_utf8_lossy(&found)) == key_of(line) => Ok(()),
            _ => Err(EstablishError::PublicKeyFileTaken(
                self.public_key_file.clone(),
            )),
        }
    }

    /// The ledger, and the CA in it. A CA that the ledger knows with the same
    /// name and key is taken up: the run that recorded it was cut short.
    fn record(
        &mut self,
        added: CaAdded,
        text: &str,
        attested: Option<&Attested>,
        time: u64,
    ) -> Result<(Ledger, Ca), EstablishError> {
        let mut ledger = match self.ledger.take() {
            Some(ledger) => ledger,
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

    fn keep_attestation(
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
    fn text_of_config(&self, new: &NewCa<'_>, key: &NewKey) -> Result<String, EstablishError> {
        let ca = CaConfig {
            certificates: new.purpose,
            keys: key.locator.clone().into(),
            public_key: self.public_key_name.clone(),
        };
        let mut text = with_ca(&self.config, &new.name, &ca)?;
        if let Some(recorded) = self.recorded_suffixes(new)? {
            return Ok(with_recorded_suffixes(&self.config, text, &recorded));
        }
        if matches!(new.source, Source::Generate(..)) && new.purpose != Purpose::Host {
            text = with_suffixes(&self.config, text);
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

impl NewCa<'_> {
    fn refuse_other(&self, found: &KeyData) -> Result<(), EstablishError> {
        match &self.source {
            Source::Adopt(Some(given), _) if given != found => Err(EstablishError::NotTheGiven {
                given: fingerprint(given),
                found: fingerprint(found),
            }),
            _ => Ok(()),
        }
    }

    /// What a YubiKey wants before it names the ledger.
    fn management_key(&self) -> ManagementKey<'_> {
        match &self.source {
            Source::Generate(_, in_slot) | Source::Import(_, in_slot) => in_slot.management_key,
            Source::Adopt(_, key) => *key,
            Source::Software => ManagementKey::Protected,
        }
    }

    /// A device that still names the other ledger would let that one go on.
    fn require_moved(&self, binding: Binding) -> Result<Binding, EstablishError> {
        match binding {
            Binding::Refused(refused) if self.of_another == OfAnother::Moved => {
                Err(EstablishError::NotMoved(refused))
            }
            bound => Ok(bound),
        }
    }
}

impl Source<'_> {
    fn origin(&self) -> Origin {
        match self {
            Self::Generate(..) => Origin::Generated,
            Self::Adopt(..) => Origin::Adopted,
            Self::Import(..) => Origin::Imported,
            Self::Software => Origin::Software,
        }
    }
}

fn obtain(new: &NewCa<'_>, pins: &mut dyn AskPin) -> Result<NewKey, EstablishError> {
    match &new.source {
        Source::Generate(algorithm, in_slot) => {
            Ok(signer::generate(&new.locator, *algorithm, in_slot, pins)?)
        }
        Source::Adopt(..) if new.locator.is_software() => Err(EstablishError::Software {
            locator: new.locator.to_string(),
        }),
        Source::Adopt(known, _) => Ok(signer::describe_knowing(
            &new.locator,
            known.as_ref(),
            pins,
        )?),
        Source::Software => Ok(signer::describe_knowing(&new.locator, None, pins)?),
        Source::Import(key, in_slot) => Ok(signer::import(&new.locator, key, in_slot, pins)?),
    }
}

fn added(new: &NewCa<'_>, key: &NewKey, keyboard: String) -> Result<CaAdded, ssh_key::Error> {
    Ok(CaAdded {
        name: new.name.to_string(),
        public_key: PublicKey::from(key.public_key.clone()).to_bytes()?,
        purpose: new.purpose,
        origin: new.source.origin(),
        token_says: token_says(&key.origin),
        next_serial: new.next_serial.number(),
        keyboard,
    })
}

fn public_key_line(key: &NewKey, name: &CaName) -> Result<String, ssh_key::Error> {
    let line = PublicKey::new(key.public_key.clone(), name.as_str()).to_openssh()?;
    Ok(format!("{}\n", line.trim_end()))
}

/// Algorithm and key of a line, without its comment.
fn key_of(line: &str) -> Vec<&str> {
    line.split_whitespace().take(2).collect()
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
