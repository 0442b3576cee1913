//! The spine: reserve, sign, verify, record, release. Every front comes through here.
//!
//! While the token signs, another thread verifies what it signed just before, and records
//! and releases each chunk of a batch that is through. A chunk is reserved in one durable
//! step before its first signature, and recorded in one before its first certificate is
//! released.

mod chunk;
mod sign;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ssh_key::Signature;
use ssh_key::public::KeyData;

pub use sign::{SelfTestError, self_test};

use crate::certificate::{self, Certificate, Serial, VerifyError};
use crate::ledger::{Ca, Ledger, LedgerError, Outcome, Reservation, ReserveError, Wanted};
use crate::secret::AskPin;
use crate::signer::{self, Locator, Locators, RsaHash, Signer, SignerError};
use chunk::ChunkSize;

/// A CA whose key was found, opened, and is the one that was recorded.
pub struct OpenCa {
    ca: Ca,
    signers: Vec<Box<dyn Signer>>,
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
    /// No serial was taken for it.
    #[error(transparent)]
    Reserve(#[from] ReserveError),
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
    Signer(#[from] SignerError),
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
        let open = |locator| open_one(&ca, locator, rsa_hash.unwrap_or_default(), pins);
        let signers = keys.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { ca, signers })
    }

    /// The CA.
    pub fn ca(&self) -> &Ca {
        &self.ca
    }

    /// Issues the orders in their sequence; hands each to `release` when the ledger
    /// holds what became of it. `now` is the clock, in Unix seconds.
    ///
    /// An order that fails does not stop the others. When the run ends early, orders
    /// that were not taken from the iterator were not touched.
    ///
    /// # Errors
    /// [`RunEnd`].
    pub fn issue<T: Send>(
        &mut self,
        ledger: &SharedLedger,
        orders: &mut dyn Iterator<Item = Order<T>>,
        now: &(dyn Fn() -> u64 + Sync),
        release: &mut (dyn FnMut(Vec<Finished<T>>) + Send),
    ) -> Result<(), RunEnd> {
        let ca = self.ca.clone();
        let stop = AtomicBool::new(false);
        let (chunks, signed) = sync_channel(1);
        let run = Run {
            ca: &ca,
            ledger,
            now,
            stop: &stop,
        };
        std::thread::scope(|scope| {
            let finisher = scope.spawn(|| run.finish_all(signed, release));
            let signing = match self.signers.first_mut() {
                Some(signer) => run.sign_all(signer.as_mut(), orders, chunks),
                None => Err(RunEnd::Signer),
            };
            let finishing = finisher.join().unwrap_or(Err(RunEnd::Signer));
            // Where both ended early, the ledger is the cause.
            finishing.and(signing)
        })
    }
}

fn open_one(
    ca: &Ca,
    locator: &Locator,
    rsa_hash: RsaHash,
    pins: &mut dyn AskPin,
) -> Result<Box<dyn Signer>, OpenError> {
    let signer = signer::open(locator, rsa_hash, pins)?;
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

/// What both threads of a run share.
struct Run<'a> {
    ca: &'a Ca,
    ledger: &'a SharedLedger,
    now: &'a (dyn Fn() -> u64 + Sync),
    stop: &'a AtomicBool,
}

/// An order on its way: not taken or refused by the ledger, or reserved and tried.
enum Tried {
    Unreserved,
    Refused(ReserveError),
    Reserved(Box<Reservation>, Result<Signature, IssueError>),
}

/// The orders of a chunk, each as soon as it was tried; ends with the chunk.
type Chunk<T> = Receiver<(T, Tried)>;

type ReservedOrders<T> = Vec<(T, Result<Reservation, ReserveError>)>;

impl Run<'_> {
    fn sign_all<T>(
        &self,
        signer: &mut dyn Signer,
        orders: &mut dyn Iterator<Item = Order<T>>,
        chunks: SyncSender<Chunk<T>>,
    ) -> Result<(), RunEnd> {
        let mut size = ChunkSize::default();
        while !self.stop.load(Ordering::Acquire) {
            let orders: Vec<_> = orders.take(size.get()).collect();
            if orders.is_empty() {
                return Ok(());
            }
            let (tried, chunk) = channel();
            // The finisher only goes away before the last chunk if it panicked.
            if chunks.send(chunk).is_err() {
                break;
            }
            let reserved = self.reserve(orders, &tried)?;
            size.timed(|| self.sign_chunk(signer, reserved, &tried));
        }
        Err(RunEnd::Signer)
    }

    fn reserve<T>(
        &self,
        orders: Vec<Order<T>>,
        chunk: &Sender<(T, Tried)>,
    ) -> Result<ReservedOrders<T>, LedgerError> {
        let (tags, wanted): (Vec<_>, Vec<_>) = orders
            .into_iter()
            .map(|order| (order.tag, order.wanted))
            .unzip();
        match lock(self.ledger).reserve(self.ca, wanted, (self.now)()) {
            Ok(reserved) => Ok(tags.into_iter().zip(reserved).collect()),
            Err(error) => {
                for tag in tags {
                    let _panicked = chunk.send((tag, Tried::Unreserved));
                }
                Err(error)
            }
        }
    }

    fn sign_chunk<T>(
        &self,
        signer: &mut dyn Signer,
        reserved: ReservedOrders<T>,
        chunk: &Sender<(T, Tried)>,
    ) {
        for (tag, reserved) in reserved {
            let tried = match reserved {
                Err(refused) => Tried::Refused(refused),
                Ok(reservation) => {
                    let signature = self.sign_one(signer, &reservation);
                    Tried::Reserved(Box::new(reservation), signature)
                }
            };
            // As above.
            let _panicked = chunk.send((tag, tried));
        }
    }

    fn sign_one(
        &self,
        signer: &mut dyn Signer,
        reservation: &Reservation,
    ) -> Result<Signature, IssueError> {
        if self.stop.load(Ordering::Acquire) {
            return Err(IssueError::NotTried);
        }
        sign::sign(signer, reservation).map_err(|error| {
            if error.ends_the_run() {
                self.stop.store(true, Ordering::Release);
            }
            error.into()
        })
    }

    fn finish_all<T>(
        &self,
        signed: Receiver<Chunk<T>>,
        release: &mut (dyn FnMut(Vec<Finished<T>>) + Send),
    ) -> Result<(), RunEnd> {
        let mut ended = Ok(());
        for chunk in signed {
            let verified: Vec<_> = chunk
                .into_iter()
                .map(|(tag, tried)| (tag, self.verify(tried)))
                .collect();
            let recorded = self.record(&verified);
            release(
                verified
                    .into_iter()
                    .map(|v| finished(v, recorded.is_ok()))
                    .collect(),
            );
            if let Err(error) = recorded {
                self.stop.store(true, Ordering::Release);
                ended = Err(error.into());
            }
        }
        ended
    }

    fn verify(&self, tried: Tried) -> Verified {
        let (reservation, signature) = match tried {
            Tried::Unreserved => return Verified::Refused(IssueError::NotReserved),
            Tried::Refused(refused) => return Verified::Refused(refused.into()),
            Tried::Reserved(reservation, Err(error)) => {
                return Verified::Failed(reservation, error);
            }
            Tried::Reserved(reservation, Ok(signature)) => (reservation, signature),
        };
        let blob = reservation.to_be_signed().with_signature(&signature);
        let body = reservation.decided().body();
        match certificate::verify(&blob, body, reservation.serial(), self.ca.public_key()) {
            Ok(certificate) => Verified::Issued(reservation, signature, Box::new(certificate)),
            Err(error) => {
                // A token that lies once is not asked again.
                self.stop.store(true, Ordering::Release);
                Verified::Failed(reservation, error.into())
            }
        }
    }

    fn record<T>(&self, verified: &[(T, Verified)]) -> Result<(), LedgerError> {
        let outcomes: Vec<_> = verified
            .iter()
            .filter_map(|(_, verified)| match verified {
                Verified::Refused(_) => None,
                Verified::Failed(reservation, error) => {
                    Some(Outcome::Failed(reservation, chain(error)))
                }
                Verified::Issued(reservation, signature, _) => {
                    Some(Outcome::Issued(reservation, signature))
                }
            })
            .collect();
        if outcomes.is_empty() {
            return Ok(());
        }
        lock(self.ledger).record(&outcomes, (self.now)())
    }
}

/// An order whose signature was checked; not yet recorded.
enum Verified {
    Refused(IssueError),
    Failed(Box<Reservation>, IssueError),
    Issued(Box<Reservation>, Signature, Box<Certificate>),
}

fn finished<T>((tag, verified): (T, Verified), recorded: bool) -> Finished<T> {
    let result = match verified {
        Verified::Refused(refused) => Err(refused),
        Verified::Failed(_, error) => Err(error),
        Verified::Issued(..) if !recorded => Err(IssueError::NotRecorded),
        Verified::Issued(reservation, _, certificate) => Ok(Issued {
            serial: reservation.serial(),
            certificate: *certificate,
        }),
    };
    Finished { tag, result }
}

/// The ledger is consistent after a panic elsewhere: its transactions are its own.
pub(crate) fn lock(ledger: &SharedLedger) -> MutexGuard<'_, Box<dyn Ledger>> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(Default::default()).to_string()
}

/// An error with its sources, as a failed entry keeps it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        words.push_str(": ");
        words.push_str(&error.to_string());
        source = error.source();
    }
    words
}
