//! The other half of a run: what was signed is verified, recorded, and only then released.

use std::error::Error;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use ssh_key::Signature;

use super::{Chunk, Finished, IssueError, Issued, Run, RunEnd, Tried, lock};
use crate::certificate::{self, Certificate};
use crate::ledger::{LedgerError, Outcome, Reservation};

impl Run<'_> {
    /// Verifies each order as it comes; records and releases each chunk as it ends.
    pub(super) fn finish_all<T>(
        &self,
        signed: Receiver<Chunk<T>>,
        release: &mut (dyn FnMut(Vec<Finished<T>>) + Send),
    ) -> Result<(), RunEnd> {
        let mut ended = Ok(());
        for chunk in signed {
            let verified = self.verify_all(chunk);
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

    /// In the sequence of the orders, although some were signed before others.
    fn verify_all<T>(&self, chunk: Chunk<T>) -> Vec<(T, Verified)> {
        let mut verified: Vec<_> = chunk
            .into_iter()
            .map(|(place, tag, tried)| (place, (tag, self.verify(tried))))
            .collect();
        verified.sort_by_key(|(place, _)| *place);
        verified.into_iter().map(|(_, verified)| verified).collect()
    }

    fn verify(&self, tried: Tried) -> Verified {
        let (reservation, signature) = match tried {
            Tried::Unreserved(error) => return Verified::Refused(error),
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
