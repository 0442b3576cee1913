//! How a key becomes a CA: made in the token, adopted, or imported.
//!
//! The key comes first, then its self-test, then the ledger, the public key file, and
//! last the config: a crash in between leaves nothing that `adopt` cannot take up.

mod binding;
mod blob_end;
mod brought;
mod components;
mod copied;
mod copies;
mod copying;
mod destroyed;
mod error;
mod export;
mod foreseen;
mod home;
mod in_memory;
mod known;
mod left;
mod overwritten;
mod retire;
mod rollover;
mod shared_device;
mod spare;
mod storage;
mod wrapped_end;
mod wrapped_key;

use std::path::PathBuf;

use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;
use ssh_key::{Fingerprint, PublicKey};

pub use binding::{Binding, OfAnother};
pub use blob_end::{Begun, OverwriteError, is_blob, overwrite};
pub use brought::Bring;
pub use components::{InComponents, InFile, establish_in_components};
pub use copies::{EndCopyError, Ending, KeyPlace, key_places};
pub use error::EstablishError;
pub use export::{ExportError, der, jwk, pem};
pub use foreseen::{Foreseen, foresee, foresee_spare};
pub use in_memory::{InMemory, establish_in_memory};
pub use known::{KnownCa, KnownCaError};
pub use left::{LeftPlace, left_places};
pub use retire::{LockOut, Retirement, retire};
pub use rollover::{Block, Rollover, RolloverError, ServersSay, roles_of};
pub use shared_device::{SharedDevice, SharedDeviceError, opened_devices_of};
pub use spare::{Spare, SpareAdded, SpareKey, Use, add_spare};
pub use storage::{Attested, Storage};
pub use wrapped_end::{WrappedEnding, by_hand_word, is_wrapped_name, overwritten_word};
pub use wrapped_key::{
    WRAPPED_KEY_BYTES_MAX, WrappedKeyError, WrappedKeyFile, blob_name, components_name,
    is_blob_name,
};

use binding::Binder;
use copied::Copied;
use copying::Copying;
pub(crate) use copying::clear_unfinished;
use home::Home;

use crate::attestation::Roots;
use crate::certificate::subject::fingerprint;
use crate::certificate::{Serial, Subject};
use crate::config::{CaName, Config, Place};
use crate::issue::self_test;
use crate::ledger::file::OpenError;
use crate::ledger::{CaAdded, Ledger, LedgerError, Origin, Purpose};
use crate::output::{self};
use crate::secret::AskPin;
use crate::signer::yubikey::{ManagementKey, NewSlotKey, Replaceable};
use crate::signer::{self, Holder, KeyAlgorithm, Locator, NewKey};

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
    /// The token makes it, and it is wrapped once for the token that is named here, before it signs
    /// anything. Both are PKCS#11 tokens of one kind.
    Copied(KeyAlgorithm, Locator),
    /// It is in the token. It must be this key, where one is given. The second part is what a
    /// YubiKey wants before it names the ledger.
    Adopt(Option<KeyData>, ManagementKey<'a>),
    /// The token made it for this CA, in a run that was cut short before it was recorded. Whoever says
    /// so wrote its place down before, and found it empty then.
    TakenUp,
    /// It is in an ssh-agent or a file, and whoever asks for it knows that.
    Software,
    /// It comes from a file, and copies of it may stay outside. The second part as above.
    Import(&'a KeypairData, NewSlotKey<'a>),
    /// It was made in memory for this CA, and ends there with the run. The second part as above.
    InMemory(&'a KeypairData, NewSlotKey<'a>),
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
    /// Which device has a copy of it, wrapped from the first.
    pub copy: Option<Holder>,
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
    /// Whether the config reserves suffixes, which the CA alone writes.
    pub has_suffixes: bool,
    /// Whether the token names the ledger.
    pub binding: Binding,
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
    let copying = match &new.source {
        Source::Copied(_, target) => Some(Copying::begin(&home, new, target, pins)?),
        _ => None,
    };
    if copying.as_ref().is_none_or(|copying| !copying.is_taken_up) {
        home.refuse_known(new)?;
        home.require_place_for_file(new)?;
    }
    if let Source::Import(key, _) | Source::InMemory(key, _) = new.source {
        let key = KeyData::try_from(key)?;
        refuse_unfit(&key)?;
        home.refuse_bound(new, &new.locator, &key, pins)?;
    }
    let replaced = overwritten::about_to_go(home.ledger.as_ref(), &new.locator, new.replaces())?;
    let key = obtain(&home, new, copying.as_ref(), pins)?;
    refuse_unfit(&key.public_key)?;
    new.refuse_other(&key.public_key)?;
    home.refuse_key(&key.public_key)?;
    if matches!(new.source, Source::Adopt(..) | Source::TakenUp) {
        home.refuse_bound(new, &key.locator, &key.public_key, pins)?;
    }
    let line = public_key_line(&key.public_key, &new.name)?;
    home.require_public_key_file(&line)?;
    if let Some(copying) = copying {
        home.refuse_other_in_ledger(new, &key.public_key)?;
        let copied = Copied {
            home,
            new,
            key,
            copying,
            line,
            keyboard,
            time,
        };
        return copied.establish(pins);
    }
    copied::refuse_unsealed(&home, &key)?;
    let tested =
        self_test(&key.locator, &key.public_key, pins).map_err(EstablishError::SelfTest)?;
    if *tested.key_data() != key.public_key {
        return Err(EstablishError::OtherKey);
    }
    let attested = Attested::fetch(&key.locator, &key.public_key, &new.roots)?;
    let text = home.text_of_config(new, &key)?;
    let ledger_is_new = home.ledger.is_none();
    let edited = Config::of_text(home.config.path(), &text)?;
    let has_suffixes = !edited.policy().suffixes().is_empty();
    let ca = added(new, &key, keyboard.clone())?;
    let (mut ledger, ca) = home.record(ca, &text, attested.as_ref(), time)?;
    if let Some(replaced) = replaced {
        overwritten::went(&mut ledger, &replaced, &key.locator, (&keyboard, time))?;
    }
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
        copy: None,
        public_key_file: home.public_key_file,
        public_key_line: line,
        ledger: home.config.ledger(),
        config: home.config.path().to_path_buf(),
        ledger_is_new,
        has_suffixes,
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

    /// What may be overwritten in a YubiKey's slot.
    fn replaces(&self) -> &[Replaceable] {
        match &self.source {
            Source::Generate(_, in_slot)
            | Source::Import(_, in_slot)
            | Source::InMemory(_, in_slot) => in_slot.replace,
            _ => &[],
        }
    }

    /// What a YubiKey wants before it names the ledger.
    fn management_key(&self) -> ManagementKey<'_> {
        match &self.source {
            Source::Generate(_, in_slot)
            | Source::Import(_, in_slot)
            | Source::InMemory(_, in_slot) => in_slot.management_key,
            Source::Adopt(_, key) => *key,
            Source::Copied(..) | Source::TakenUp | Source::Software => ManagementKey::Protected,
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
            Self::Generate(..) | Self::TakenUp => Origin::Generated,
            Self::Copied(..) => Origin::Extractable,
            Self::Adopt(..) => Origin::Adopted,
            Self::Import(..) | Self::InMemory(..) => Origin::Imported,
            Self::Software => Origin::Software,
        }
    }
}

fn obtain(
    home: &Home,
    new: &NewCa<'_>,
    copying: Option<&Copying>,
    pins: &mut dyn AskPin,
) -> Result<NewKey, EstablishError> {
    match &new.source {
        Source::Generate(algorithm, in_slot) => {
            Ok(signer::generate(&new.locator, *algorithm, in_slot, pins)?)
        }
        Source::Copied(algorithm, target) => match copying {
            Some(copying) => copying.key(home, new, *algorithm, pins),
            None => Copying::begin(home, new, target, pins)?.key(home, new, *algorithm, pins),
        },
        Source::Adopt(..) if new.locator.is_software() => Err(EstablishError::Software {
            locator: new.locator.to_string(),
        }),
        Source::Adopt(known, _) => Ok(signer::describe_knowing(
            &new.locator,
            known.as_ref(),
            pins,
        )?),
        Source::TakenUp | Source::Software => {
            Ok(signer::describe_knowing(&new.locator, None, pins)?)
        }
        Source::Import(key, in_slot) | Source::InMemory(key, in_slot) => {
            Ok(signer::import(&new.locator, key, in_slot, pins)?)
        }
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

fn public_key_line(key: &KeyData, name: &CaName) -> Result<String, ssh_key::Error> {
    let line = PublicKey::new(key.clone(), name.as_str()).to_openssh()?;
    Ok(format!("{}\n", line.trim_end()))
}
