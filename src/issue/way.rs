//! The way of a certificate behind the decision, told in one place: reserve, sign, verify,
//! record, release.
//!
//! 1. **Decide** ([`case`](super::case)). Policy sees the whole body that will be signed, and
//!    what it says is sealed as a [`Wanted`]. Nothing was touched so far.
//! 2. **Reserve.** The ledger checks under its lock what must be unique or unrevoked, takes a
//!    serial, and makes the exact content to be signed durable. There is no undo: after a
//!    crash between here and 5 the ledger names the serial, and the KRL revokes it. The other
//!    order, sign and then store, loses certificates that somebody has.
//! 3. **Sign.** One private-key operation over that content, in [`sign`] alone. A signature
//!    of an SSH CA says nothing of what it is for, so the key gets nothing else to see.
//! 4. **Verify.** The certificate is read back as a server would read it, held against the
//!    body that was decided, and its signature against the CA's key as it was recorded. A
//!    device that lies once is not asked again.
//! 5. **Record.** What became of the reservation is durable before anybody gets anything. If
//!    the ledger can't take it, the certificate is thrown away: one that no ledger knows
//!    can't be revoked.
//! 6. **Release.** Only now does the front get the certificate.
//!
//! [`issue_one`] goes this way once, on the calling thread. A [`Desk`](super::Desk) takes the
//! same steps for many at a time, some of them on threads of their own.

use std::error::Error;

use ssh_key::Signature;
use ssh_key::public::KeyData;

use super::open_ca::Session;
use super::{
    Clock, IssueError, Issued, Lost, OpenCa, RunEnd, SelfTestError, SharedLedger, lock, sign,
};
use crate::certificate::{self, Certificate, Serial};
use crate::ledger::{Ca, LedgerError, Outcome, Reservation, Wanted};
use crate::signer::{Signer, SignerError};

/// Issues one certificate, without starting a thread. With several devices, the next is
/// asked where one can sign no more, which `lost` is told of.
///
/// # Errors
/// [`IssueError`] says why there is no certificate; beside it, what ended more than this one
/// order.
pub fn issue_one(
    mut open: OpenCa,
    ledger: &SharedLedger,
    wanted: Wanted,
    clock: Clock,
    lost: &Lost,
) -> (Result<Issued, IssueError>, Result<(), RunEnd>) {
    let fit = refuse_unfit(&wanted, &open.ca, open.longest_message());
    // Each device is let go of before anything is recorded.
    let sign = move |reservation: &Reservation| sign_by_any(&mut open.sessions, reservation, lost);
    issue(fit, ledger, wanted, clock, sign)
}

/// The same with a CA that stays open for the next order. A device that can sign no more is taken
/// out of it; without any left, it is to be opened anew.
///
/// # Errors
/// As [`issue_one`].
pub fn issue_next(
    open: &mut OpenCa,
    ledger: &SharedLedger,
    wanted: Wanted,
    clock: Clock,
    lost: &Lost,
) -> (Result<Issued, IssueError>, Result<(), RunEnd>) {
    let fit = refuse_unfit(&wanted, &open.ca, open.longest_message());
    let sign = |reservation: &Reservation| sign_by_any(&mut open.sessions, reservation, lost);
    issue(fit, ledger, wanted, clock, sign)
}

fn issue(
    fit: Result<(), IssueError>,
    ledger: &SharedLedger,
    wanted: Wanted,
    clock: Clock,
    sign: impl FnOnce(&Reservation) -> Result<Signature, IssueError>,
) -> (Result<Issued, IssueError>, Result<(), RunEnd>) {
    if let Err(unfit) = fit {
        return (Err(unfit), Ok(()));
    }
    if let Err(error) = close_abandoned(ledger, clock) {
        return (Err(IssueError::NotReserved), Err(error.into()));
    }
    let reserved = lock(ledger).reserve(vec![wanted], clock());
    let reservation = match reserved.map(|mut reserved| reserved.pop()) {
        Ok(Some(Ok(reservation))) => Box::new(reservation),
        Ok(Some(Err(refused))) => return (Err(refused.into()), Ok(())),
        Ok(None) => return (Err(IssueError::NotReserved), Ok(())),
        Err(error) => return (Err(IssueError::NotReserved), Err(error.into())),
    };
    let signed = sign(&reservation);
    let end = match &signed {
        Err(IssueError::Sign(error)) if error.ends_the_run() => Err(RunEnd::Signer),
        _ => Ok(()),
    };
    let checked = verify(Tried {
        reservation,
        signed,
    });
    let recorded = lock(ledger).record(&[checked.outcome()], clock());
    let issued = checked.release(recorded.is_ok());
    (issued, recorded.map_err(RunEnd::from).and(end))
}

/// Gives up what runs before this one reserved and left, so that nobody takes it for being
/// signed just now, and its requests can be signed after all. Nobody has a certificate of it:
/// none is released before it is recorded.
pub(super) fn close_abandoned(ledger: &SharedLedger, clock: Clock) -> Result<(), LedgerError> {
    lock(ledger).close_abandoned(clock()).map(drop)
}

/// Whether it was decided for this CA, and each of its devices can be sent it: serial and
/// nonce have one length.
pub(super) fn refuse_unfit(
    wanted: &Wanted,
    ca: &Ca,
    longest: Option<usize>,
) -> Result<(), IssueError> {
    if wanted.decided().ca() != ca.public_key() {
        return Err(IssueError::OtherCa {
            ca: ca.name().to_owned(),
        });
    }
    let Some(longest) = longest else {
        return Ok(());
    };
    let body = wanted.decided().body();
    let message = body.to_be_signed(Serial::FIRST, &[0; 32], ca.public_key())?;
    match message.as_bytes().len() {
        length if length > longest => Err(IssueError::TooLong { length, longest }),
        _ => Ok(()),
    }
}

/// Signs with the first device that can. One that can sign no more is taken out.
fn sign_by_any(
    sessions: &mut Vec<Session>,
    reservation: &Reservation,
    lost: &Lost,
) -> Result<Signature, IssueError> {
    while let Some(session) = sessions.first_mut() {
        let signed = sign_guarded(session.signer.as_mut(), reservation);
        match signed {
            Err(IssueError::Sign(error)) if error.ends_the_run() => {
                let gone = sessions.remove(0);
                if sessions.is_empty() {
                    return Err(error.into());
                }
                lost(gone.signer.device(), &error);
            }
            signed => return signed,
        }
    }
    Err(IssueError::NotTried)
}

/// Signs, and takes a panic in a device's code for a failure of this one order.
pub(super) fn sign_guarded(
    signer: &mut dyn Signer,
    reservation: &Reservation,
) -> Result<Signature, IssueError> {
    let attempt = std::panic::AssertUnwindSafe(|| sign::sign(signer, reservation));
    let signed: Result<Signature, SignerError> =
        std::panic::catch_unwind(attempt).map_err(|_panic| IssueError::Panicked)?;
    Ok(signed?)
}

/// Whether a signer signs the self-test's message with this key; none where a device's code panics.
pub(super) fn try_guarded(
    signer: &mut dyn Signer,
    recorded: &KeyData,
) -> Option<Result<(), SelfTestError>> {
    let attempt = std::panic::AssertUnwindSafe(|| sign::try_key(signer, recorded));
    std::panic::catch_unwind(attempt).ok()
}

/// A reservation that a signer tried.
pub(super) struct Tried {
    pub(super) reservation: Box<Reservation>,
    pub(super) signed: Result<Signature, IssueError>,
}

/// A reservation whose signature was checked. Not recorded, so nobody gets it yet.
pub(super) enum Checked {
    Issued(Box<Reservation>, Signature, Box<Certificate>),
    Failed(Box<Reservation>, IssueError),
}

/// Reads the certificate back, and checks it against what was decided.
pub(super) fn verify(tried: Tried) -> Checked {
    let Tried {
        reservation,
        signed,
    } = tried;
    let signature = match signed {
        Ok(signature) => signature,
        Err(error) => return Checked::Failed(reservation, error),
    };
    let blob = reservation.to_be_signed().with_signature(&signature);
    let decided = reservation.decided();
    match certificate::verify(&blob, decided.body(), reservation.serial(), decided.ca()) {
        Ok(certificate) => Checked::Issued(reservation, signature, Box::new(certificate)),
        Err(error) => Checked::Failed(reservation, error.into()),
    }
}

impl Checked {
    /// What the ledger is to keep of it.
    pub(super) fn outcome(&self) -> Outcome<'_> {
        match self {
            Self::Issued(reservation, signature, _) => Outcome::Issued(reservation, signature),
            Self::Failed(reservation, error) => Outcome::Failed(reservation, chain(error)),
        }
    }

    /// Whether the device signed something else than it was given, or with another key.
    pub(super) fn is_a_lie(&self) -> bool {
        matches!(self, Self::Failed(_, IssueError::Verify(_)))
    }

    /// What the front gets, once the ledger holds it or refused to.
    pub(super) fn release(self, recorded: bool) -> Result<Issued, IssueError> {
        match self {
            Self::Failed(_, error) => Err(error),
            Self::Issued(..) if !recorded => Err(IssueError::NotRecorded),
            Self::Issued(reservation, _, certificate) => Ok(Issued {
                serial: reservation.serial(),
                certificate: *certificate,
            }),
        }
    }
}

/// An error with its sources, as a failed entry keeps it.
fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        words.push_str(": ");
        words.push_str(&error.to_string());
        source = error.source();
    }
    words
}
