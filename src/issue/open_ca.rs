//! A CA whose key was found, and can sign.

use ssh_key::public::KeyData;

use super::AgreedCa;
use crate::ledger::{Ca, Origin};
use crate::secret::AskPin;
use crate::signer::yubikey::TouchPolicy;
use crate::signer::{self, Locator, Locators, OpeningError, RsaHash, Signer};

/// A CA whose key was found, opened, and is the one that was recorded.
pub struct OpenCa {
    pub(super) ca: Ca,
    pub(super) sessions: Vec<Session>,
    pub(super) absent: Vec<(Locator, OpeningError)>,
}

/// One way to have the key sign: a login at one of its devices.
pub(super) struct Session {
    /// Which of the devices it is at.
    pub(super) device: usize,
    pub(super) signer: Box<dyn Signer>,
}

/// Why a CA cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The key cannot be opened.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// It was made to be copied, and its token still lets it go.
    #[error("the key of CA `{ca}` in {locator} can still leave its token, and signs nothing")]
    Unsealed {
        /// The CA.
        ca: String,
        /// Where the key is.
        locator: String,
    },
    /// The key that the locator finds is not the one that was recorded.
    #[error("the key in {device} is not that of CA `{ca}`: recorded {recorded}, found {found}")]
    OtherKey {
        /// The CA.
        ca: String,
        /// The device that has another key.
        device: String,
        /// The fingerprint that was recorded first.
        recorded: String,
        /// The fingerprint of the key that is there now.
        found: String,
    },
    /// The config names a key in software for a CA that was recorded as one in hardware.
    #[error("{locator} is a key in software, and CA `{ca}` was recorded with one in hardware")]
    Software {
        /// The CA.
        ca: String,
        /// The key that the config names.
        locator: String,
    },
    /// A hash was chosen for a key that is not RSA.
    #[error("a hash can be chosen for an RSA key only; CA `{ca}` has {algorithm}")]
    HashForOtherKey {
        /// The CA.
        ca: String,
        /// Its algorithm.
        algorithm: String,
    },
}

impl OpenCa {
    /// Finds and opens the key of `ca` in each of its devices, asking for each one's PIN
    /// where it needs one.
    ///
    /// Devices that aren't there are left out while one is; each that is there must hold the
    /// recorded key. Each is opened by as many sessions as one login covers, `at_most` so many.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was signed.
    pub fn open(
        ca: &AgreedCa,
        keys: &Locators,
        rsa_hash: Option<RsaHash>,
        at_most: usize,
        pins: &mut dyn AskPin,
    ) -> Result<Self, OpenError> {
        let ca = ca.ca().clone();
        if rsa_hash.is_some() && !matches!(ca.public_key(), KeyData::Rsa(_)) {
            return Err(OpenError::HashForOtherKey {
                ca: ca.name().to_owned(),
                algorithm: ca.public_key().algorithm().to_string(),
            });
        }
        refuse_unrecorded_software(&ca, keys)?;
        let (mut sessions, mut absent) = (Vec::new(), Vec::new());
        for (device, locator) in keys.iter().enumerate() {
            match open_all(&ca, locator, (rsa_hash.unwrap_or_default(), at_most), pins) {
                Err(OpenError::Opening(missing)) if missing.leaves_the_others() => {
                    absent.push((locator.clone(), missing));
                }
                opened => {
                    let signers = opened?.into_iter();
                    sessions.extend(signers.map(|signer| Session { device, signer }));
                }
            }
        }
        if sessions.is_empty() && !absent.is_empty() {
            return Err(absent.swap_remove(0).1.into());
        }
        Ok(Self {
            ca,
            sessions,
            absent,
        })
    }

    /// The devices that aren't there, and what was seen in place of each.
    pub fn absent(&self) -> &[(Locator, OpeningError)] {
        &self.absent
    }

    /// Whether no device of it can sign any more.
    pub fn is_spent(&self) -> bool {
        self.sessions.is_empty()
    }

    /// When a signature wants a finger, by the strictest of the devices that tell.
    pub fn touch(&self) -> Option<TouchPolicy> {
        let told = |policy| {
            let mut sessions = self.sessions.iter();
            sessions.any(|session| session.signer.touch() == Some(policy))
        };
        [TouchPolicy::Always, TouchPolicy::Cached, TouchPolicy::Never]
            .into_iter()
            .find(|policy| told(*policy))
    }

    /// What the least of the devices takes, in bytes.
    pub(super) fn longest_message(&self) -> Option<usize> {
        let sessions = self.sessions.iter();
        sessions
            .filter_map(|session| session.signer.longest_message())
            .min()
    }
}

/// A config may only name a key in software where the ledger says that the CA's is one.
fn refuse_unrecorded_software(ca: &Ca, keys: &Locators) -> Result<(), OpenError> {
    let software = keys.iter().find(|locator| locator.is_software());
    match software {
        Some(locator) if ca.added().origin != Origin::Software => Err(OpenError::Software {
            ca: ca.name().to_owned(),
            locator: locator.to_string(),
        }),
        _ => Ok(()),
    }
}

/// A key that was made to be copied signs nothing while its token lets it go.
fn refuse_unsealed(ca: &Ca, locator: &Locator, pins: &mut dyn AskPin) -> Result<(), OpenError> {
    let told = signer::describe_knowing(locator, Some(ca.public_key()), pins)?;
    if told.origin.extractable == Some(false) {
        return Ok(());
    }
    Err(OpenError::Unsealed {
        ca: ca.name().to_owned(),
        locator: locator.to_string(),
    })
}

fn open_all(
    ca: &Ca,
    locator: &Locator,
    (rsa_hash, at_most): (RsaHash, usize),
    pins: &mut dyn AskPin,
) -> Result<Vec<Box<dyn Signer>>, OpenError> {
    let known = Some(ca.public_key());
    if ca.added().origin == Origin::Extractable {
        refuse_unsealed(ca, locator, pins)?;
    }
    let signers = signer::open_sessions(locator, known, rsa_hash, at_most, pins)?;
    let other = signers
        .iter()
        .find(|one| one.public_key() != ca.public_key());
    if let Some(other) = other {
        return Err(OpenError::OtherKey {
            ca: ca.name().to_owned(),
            device: other.device().to_owned(),
            recorded: fingerprint(ca.public_key()),
            found: fingerprint(other.public_key()),
        });
    }
    Ok(signers)
}

fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(Default::default()).to_string()
}
