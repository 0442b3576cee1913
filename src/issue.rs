//! The spine: reserve, sign, verify, record, release. Every front comes through here.
//!
//! Orders are reserved by the chunk, in one durable step before its first signature. Each
//! signer takes the next reserved order when it is free; one that fails for good leaves its
//! order to the others. Meanwhile another thread verifies what was signed, and records and
//! releases each chunk that is through, in the sequence of the orders: in one durable step
//! before its first certificate goes out.

mod case;
mod chunk;
mod finish;
mod queue;
mod sign;
#[cfg(test)]
mod tests;
mod work;

use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ssh_key::Signature;
use ssh_key::public::KeyData;

pub use case::intake::{self, IntakeError};
pub use case::{Asked, Case, CaseError, Judge, Rulebook};
pub use sign::{SelfTestError, self_test};

use crate::certificate::{Certificate, EncodeError, Serial, VerifyError};
use crate::ledger::{Ca, Ledger, LedgerError, Origin, Reservation, ReserveError, Wanted};
use crate::secret::AskPin;
use crate::signer::yubikey::TouchPolicy;
use crate::signer::{self, Locator, Locators, OpeningError, RsaHash, Signer, SignerError};
use queue::Queue;

/// A CA whose key was found, opened, and is the one that was recorded.
pub struct OpenCa {
    ca: Ca,
    signers: Vec<Box<dyn Signer>>,
    absent: Vec<(Locator, OpeningError)>,
}

/// One certificate to issue, and the front's own mark for it.
#[derive(Debug)]
pub struct Order<T> {
    /// What policy decided, and which serial it shall have.
    pub wanted: Wanted,
    /// Comes back with the result.
    pub tag: T,
}

/// What became of one order.
#[derive(Debug)]
pub struct Finished<T> {
    /// The front's mark.
    pub tag: T,
    /// The certificate, recorded and free to go out, or why there is none.
    pub result: Result<Issued, IssueError>,
}

/// A certificate that its ledger holds.
#[derive(Debug)]
pub struct Issued {
    /// Its serial.
    pub serial: Serial,
    /// The certificate, verified.
    pub certificate: Certificate,
}

/// The ledger, shared by the two threads of a run.
pub type SharedLedger = Mutex<Box<dyn Ledger>>;

/// Why one order gave no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// It was decided for a CA whose key these devices don't hold. No serial was taken.
    #[error("it was decided for another CA than `{ca}`")]
    OtherCa {
        /// The CA of the devices.
        ca: String,
    },
    /// No serial was taken for it.
    #[error(transparent)]
    Reserve(#[from] ReserveError),
    /// A device of the run can't take what would be signed. No serial was taken for it.
    #[error("{length} bytes to sign, where the CA's key takes at most {longest}")]
    TooLong {
        /// How many there are.
        length: usize,
        /// How many the device takes.
        longest: usize,
    },
    /// The content cannot be put together. No serial was taken for it.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The key did not sign; the serial is spent.
    #[error(transparent)]
    Sign(#[from] SignerError),
    /// What the token returned is no signature of this CA over this content.
    #[error("the certificate was thrown away")]
    Verify(#[from] VerifyError),
    /// The run ended before it was signed; the serial is spent.
    #[error("not signed, since the run ended before")]
    NotTried,
    /// The ledger could not take a serial for it.
    #[error("not signed, since the ledger could not reserve a serial")]
    NotReserved,
    /// The ledger did not take it, so it is not released.
    #[error("not released, since the ledger could not record it")]
    NotRecorded,
}

/// Why a run ended before its last order.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunEnd {
    /// The key can sign no more; the error of the last order says why.
    #[error("the run was ended, since the key can sign no more")]
    Signer,
    /// Somebody asked it to stop; what was begun was finished.
    #[error("the run was stopped")]
    Interrupted,
    /// The ledger failed; nothing of the last chunk was released.
    #[error("the run was ended by the ledger")]
    Ledger(#[from] LedgerError),
}

/// Why a CA cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The key cannot be opened.
    #[error(transparent)]
    Opening(#[from] OpeningError),
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
    /// recorded key.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was signed.
    pub fn open(
        ca: Ca,
        keys: &Locators,
        rsa_hash: Option<RsaHash>,
        pins: &mut dyn AskPin,
    ) -> Result<Self, OpenError> {
        if rsa_hash.is_some() && !matches!(ca.public_key(), KeyData::Rsa(_)) {
            return Err(OpenError::HashForOtherKey {
                ca: ca.name().to_owned(),
                algorithm: ca.public_key().algorithm().to_string(),
            });
        }
        refuse_unrecorded_software(&ca, keys)?;
        let (mut signers, mut absent) = (Vec::new(), Vec::new());
        for locator in keys {
            match open_one(&ca, locator, rsa_hash.unwrap_or_default(), pins) {
                Err(OpenError::Opening(missing)) if missing.leaves_the_others() => {
                    absent.push((locator.clone(), missing));
                }
                opened => signers.push(opened?),
            }
        }
        if signers.is_empty() && !absent.is_empty() {
            return Err(absent.swap_remove(0).1.into());
        }
        Ok(Self {
            ca,
            signers,
            absent,
        })
    }

    /// The devices that aren't there, and what was seen in place of each.
    pub fn absent(&self) -> &[(Locator, OpeningError)] {
        &self.absent
    }

    /// The CA.
    pub fn ca(&self) -> &Ca {
        &self.ca
    }

    /// When a signature wants a finger, by the strictest of the devices that tell.
    pub fn touch(&self) -> Option<TouchPolicy> {
        let told = |policy| self.signers.iter().any(|s| s.touch() == Some(policy));
        [TouchPolicy::Always, TouchPolicy::Cached, TouchPolicy::Never]
            .into_iter()
            .find(|policy| told(*policy))
    }

    /// Issues the orders in their sequence; hands each to `release` when the ledger
    /// holds what became of it. `now` is the clock, in Unix seconds. `lost` is told of a
    /// device that can sign no more while others can.
    ///
    /// An order that fails does not stop the others. When the run ends early, orders
    /// that were not taken from the iterator were not touched. Each device is let go of, its
    /// login reset, as soon as it has nothing more to sign.
    ///
    /// # Errors
    /// [`RunEnd`].
    pub fn issue<T: Send>(
        self,
        ledger: &SharedLedger,
        orders: &mut dyn Iterator<Item = Order<T>>,
        now: &(dyn Fn() -> u64 + Sync),
        release: &mut (dyn FnMut(Vec<Finished<T>>) + Send),
        lost: &Lost<'_>,
    ) -> Result<(), RunEnd> {
        let stop = AtomicBool::new(false);
        let queue = Queue::new(self.signers.len());
        let (chunks, signed) = sync_channel(2 * self.signers.len());
        let run = Run {
            ca: &self.ca,
            ledger,
            now,
            stop: &stop,
            longest: self
                .signers
                .iter()
                .filter_map(|s| s.longest_message())
                .min(),
        };
        let (run, queue) = (&run, &queue);
        std::thread::scope(|scope| {
            let finisher = scope.spawn(|| run.finish_all(signed, release));
            for signer in self.signers {
                let worker = queue.worker();
                scope.spawn(move || run.work(signer, worker, lost));
            }
            let signing = run.feed(queue, orders, chunks);
            queue.close();
            let finishing = finisher.join().unwrap_or(Err(RunEnd::Signer));
            // Where both ended early, the ledger is the cause.
            finishing.and(signing)
        })
    }
}

/// Is told of a device that can sign no more, and why, while others of the run can.
pub type Lost<'a> = dyn Fn(&str, &SignerError) + Sync + 'a;

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

fn open_one(
    ca: &Ca,
    locator: &Locator,
    rsa_hash: RsaHash,
    pins: &mut dyn AskPin,
) -> Result<Box<dyn Signer>, OpenError> {
    let signer = signer::open_knowing(locator, Some(ca.public_key()), rsa_hash, pins)?;
    if signer.public_key() == ca.public_key() {
        return Ok(signer);
    }
    Err(OpenError::OtherKey {
        ca: ca.name().to_owned(),
        device: signer.device().to_owned(),
        recorded: fingerprint(ca.public_key()),
        found: fingerprint(signer.public_key()),
    })
}

/// What all threads of a run share.
struct Run<'a> {
    ca: &'a Ca,
    ledger: &'a SharedLedger,
    now: &'a (dyn Fn() -> u64 + Sync),
    stop: &'a AtomicBool,
    /// What the least of the devices takes, in bytes.
    longest: Option<usize>,
}

/// An order on its way: left without a serial, or reserved and tried.
enum Tried {
    Unreserved(IssueError),
    Reserved(Box<Reservation>, Result<Signature, IssueError>),
}

/// The orders of a chunk with their places in it, each as soon as it was tried; ends with
/// the last one.
type Chunk<T> = Receiver<(usize, T, Tried)>;

/// The ledger is consistent after a panic elsewhere: its transactions are its own.
pub(crate) fn lock(ledger: &SharedLedger) -> MutexGuard<'_, Box<dyn Ledger>> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(Default::default()).to_string()
}
