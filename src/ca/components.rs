//! A CA whose key leaves its token once, wrapped by a key that people hold in components: what it leaves as is a
//! file, from which a copy can be made years later.
//!
//! The CA is recorded first, and so is what could give the key away (the components, the wrapped key) before it
//! is there. Whoever asks wrote the place of the key down before, so that a run that was cut short is taken up
//! by the next: as long as the token lets the key go it is wrapped again, and behind that the file must be
//! there as the ledger has it. Nothing signs by the key before it can't leave any more.

use std::path::Path;

use sha2::{Digest, Sha256};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::binding::Binder;
use super::copied::{Seen, record_copy};
use super::copying::{is_unfinished, remove};
use super::home::{Home, open_when_free};
use super::spare::known_ca;
use super::wrapped_key::{WrappedKeyFile, blob_name, components_name};
use super::{EstablishError, NewCa, OfAnother, Source, added, public_key_line, refuse_unfit};
use crate::attestation::Roots;
use crate::certificate::Serial;
use crate::config::{CaName, Place};
use crate::issue::self_test;
use crate::ledger::{Became, CaAdded, CopyKind, KnownCopy, Ledger, Origin, Purpose};
use crate::output;
use crate::secret::AskPin;
use crate::secret::share::SharedSecret;
use crate::signer::{self, KeyAlgorithm, Locator, NewKey, copy};

/// A CA to be, whose key people can bring into another token.
pub struct InComponents<'a> {
    /// Its name in the config.
    pub name: &'a CaName,
    /// What it may sign.
    pub purpose: Purpose,
    /// The type of its key.
    pub algorithm: KeyAlgorithm,
    /// Where the token makes it, with an id. Whoever asks for it wrote the place down before, and found it empty
    /// then.
    pub locator: &'a Locator,
    /// What it is wrapped by.
    pub secret: &'a SharedSecret,
    /// Who holds that, for people: `2 of 3 components`.
    pub holders: &'a str,
    /// The file of the wrapped key.
    pub file: &'a Path,
    /// Where that is kept, for people.
    pub kept: &'a str,
}

/// A CA whose key was wrapped, and can't leave its token any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFile {
    /// Its key.
    pub public_key: KeyData,
    /// SHA-256 of the file of the wrapped key.
    pub sha256: [u8; 32],
}

/// Makes the key, wraps it into its file, and makes it a CA; or goes on with what an earlier run did of that.
/// `time` is Unix time in seconds, `keyboard` who is at it.
///
/// # Errors
/// [`EstablishError`]. The same call goes on with the same secret.
pub fn establish_in_components(
    place: &Place,
    new: &InComponents<'_>,
    pins: &mut dyn AskPin,
    keyboard: &str,
    time: u64,
) -> Result<InFile, EstablishError> {
    let ca = new.ca();
    let mut home = Home::prepare(place, &ca)?;
    let key = new.key(&home, pins)?;
    let public = key.public_key.clone();
    refuse_unfit(&public)?;
    home.refuse_key(&public)?;
    home.refuse_other_in_ledger(&ca, &public)?;
    let line = public_key_line(&public, new.name)?;
    home.require_public_key_file(&line)?;
    let text = home.text_of_config(&ca, &key)?;
    let added = CaAdded {
        origin: Origin::Extractable,
        ..added(&ca, &key, keyboard.to_owned())?
    };
    drop(home.record(added, &text, None, time)?);
    let wrapping = Wrapping {
        new,
        home: &home,
        key: &public,
        keyboard,
        time,
    };
    let sha256 = wrapping.wrap_to_file(&key, pins)?;
    let sealed = copy::seal(&key.locator, &public, pins)?;
    let tested = self_test(&sealed.locator, &public, pins).map_err(EstablishError::SelfTest)?;
    if *tested.key_data() != public {
        return Err(EstablishError::OtherKey);
    }
    wrapping.bind(&sealed, pins)?;
    output::write(&home.public_key_file, line.as_bytes(), 0o644)?;
    output::write(home.config.path(), text.as_bytes(), 0o644)?;
    Ok(InFile {
        public_key: public,
        sha256,
    })
}

impl InComponents<'_> {
    fn ca(&self) -> NewCa<'static> {
        NewCa {
            name: self.name.clone(),
            locator: self.locator.clone(),
            purpose: self.purpose,
            source: Source::TakenUp,
            next_serial: Serial::FIRST,
            // Nobody's word is asked for.
            roots: Roots::default(),
            of_another: OfAnother::Refused,
        }
    }

    /// The key: made, or found as an earlier run made it. One that it left unfinished, which no ledger knows, is
    /// removed and made anew.
    fn key(&self, home: &Home, pins: &mut dyn AskPin) -> Result<NewKey, EstablishError> {
        match signer::describe_knowing(self.locator, None, pins) {
            Err(error) if is_unfinished(&error) && !home.knows(self.name)? => {
                remove(self.locator, pins)?;
                Ok(copy::generate_extractable(
                    self.locator,
                    self.algorithm,
                    pins,
                )?)
            }
            found => Ok(found?),
        }
    }
}

/// A key on its way into its file.
struct Wrapping<'a> {
    new: &'a InComponents<'a>,
    home: &'a Home,
    key: &'a KeyData,
    keyboard: &'a str,
    time: u64,
}

impl Wrapping<'_> {
    /// The SHA-256 of the file, which is there and says what it should.
    fn wrap_to_file(
        &self,
        key: &NewKey,
        pins: &mut dyn AskPin,
    ) -> Result<[u8; 32], EstablishError> {
        if key.origin.extractable == Some(false) {
            return self.wrapped_before();
        }
        let components = components_name(&self.new.secret.check());
        self.tell(CopyKind::WrappingKey, &components, self.new.holders)?;
        let file = WrappedKeyFile {
            public_key: PublicKey::from(self.key.clone()).to_bytes()?,
            check: self.new.secret.check(),
            blob: copy::wrap_by(&key.locator, self.key, self.new.secret.expose(), pins)?,
        };
        let bytes = file.to_bytes();
        let sha256 = Sha256::digest(&bytes).into();
        self.end_other_blobs(&blob_name(&sha256))?;
        self.tell(CopyKind::Blob, &blob_name(&sha256), self.new.kept)?;
        output::write(self.new.file, &bytes, BLOB_MODE)?;
        self.require_file(&sha256)?;
        Ok(sha256)
    }

    /// The file that the ledger has, of a key that can't leave its token any more.
    fn wrapped_before(&self) -> Result<[u8; 32], EstablishError> {
        let path = self.new.file.display().to_string();
        let (file, sha256) = match WrappedKeyFile::read(self.new.file) {
            Ok(read) => read,
            Err(source) => return Err(EstablishError::Wrapped { path, source }),
        };
        let is_known = self
            .left()?
            .iter()
            .any(|copy| copy.seen.device == blob_name(&sha256));
        if !is_known || file.check != self.new.secret.check() {
            return Err(EstablishError::NoCopy(path));
        }
        Ok(sha256)
    }

    fn require_file(&self, sha256: &[u8; 32]) -> Result<(), EstablishError> {
        let path = self.new.file.display().to_string();
        match WrappedKeyFile::read(self.new.file) {
            Ok((_, read)) if read == *sha256 => Ok(()),
            Ok(_other) => Err(EstablishError::NoCopy(path)),
            Err(source) => Err(EstablishError::Wrapped { path, source }),
        }
    }

    /// A blob of a run that was cut short never got to its file, or gives way there to this one.
    fn end_other_blobs(&self, name: &str) -> Result<(), EstablishError> {
        for left in self.left()? {
            if left.seen.kind == CopyKind::Blob && left.seen.device != name {
                self.record(&Seen {
                    kind: CopyKind::Blob,
                    became: Became::Destroyed,
                    device: &left.seen.device,
                    holder: &left.seen.holder,
                    word: "a run that was cut short made it, and another took its place",
                })?;
            }
        }
        Ok(())
    }

    /// Has the ledger keep that something is there, once.
    fn tell(&self, kind: CopyKind, device: &str, holder: &str) -> Result<(), EstablishError> {
        if self.left()?.iter().any(|copy| copy.seen.device == device) {
            return Ok(());
        }
        self.record(&Seen {
            kind,
            became: Became::Made,
            device,
            holder,
            word: "",
        })
    }

    fn left(&self) -> Result<Vec<KnownCopy>, EstablishError> {
        let ledger = Ledger::open_to_read(&self.home.config.ledger())?;
        Ok(ledger.copies_left(&known_ca(&ledger, self.key)?)?)
    }

    fn record(&self, seen: &Seen<'_>) -> Result<(), EstablishError> {
        let by = (self.keyboard, self.time);
        record_copy(&self.home.config, self.key, seen, by)
    }

    fn bind(&self, sealed: &NewKey, pins: &mut dyn AskPin) -> Result<(), EstablishError> {
        let mut ledger = open_when_free(&self.home.config)?;
        let ca = known_ca(&ledger, self.key)?;
        let new = self.new.ca();
        let binder = Binder {
            ledger: &mut ledger,
            ca: &ca,
            management_key: new.management_key(),
            keyboard: self.keyboard.to_owned(),
            time: self.time,
        };
        binder.bind(&sealed.locator, self.key, pins).map(drop)
    }
}

/// Whoever has it and the components has the key: nobody else is to read it.
const BLOB_MODE: u32 = 0o600;
