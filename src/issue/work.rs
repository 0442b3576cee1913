//! The signing half of a run: orders become reserved jobs, and jobs become signatures.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, SyncSender, channel};
use std::time::Instant;

use ssh_key::Signature;

use super::chunk::ChunkSize;
use super::queue::{Job, Queue, Worker};
use super::{Chunk, IssueError, Lost, Order, Run, RunEnd, Tried, lock, sign};
use crate::certificate::Serial;
use crate::ledger::{LedgerError, Reservation, Wanted};
use crate::signer::{Signer, SignerError};

impl Run<'_> {
    /// Reserves a chunk whenever a signer would stand idle; until there are no orders.
    pub(super) fn feed<T>(
        &self,
        queue: &Queue<T>,
        orders: &mut dyn Iterator<Item = Order<T>>,
        chunks: SyncSender<Chunk<T>>,
    ) -> Result<(), RunEnd> {
        let mut size = ChunkSize::default();
        while let Some((pace, signers)) = queue.wait_for_a_free_worker() {
            size.paced(pace, signers);
            if self.stop.load(Ordering::Acquire) {
                break;
            }
            let orders: Vec<_> = orders.take(size.get()).collect();
            if orders.is_empty() {
                queue.close();
                return match self.stop.load(Ordering::Acquire) {
                    true => Err(RunEnd::Signer),
                    false => Ok(()),
                };
            }
            let (tried, chunk) = channel();
            // The finisher only goes away before the last chunk if it panicked.
            if chunks.send(chunk).is_err() {
                break;
            }
            queue.push(self.reserve(orders, tried)?);
        }
        Err(RunEnd::Signer)
    }

    /// The jobs of one chunk; what gets no serial is through at once.
    fn reserve<T>(
        &self,
        orders: Vec<Order<T>>,
        chunk: Sender<(usize, T, Tried)>,
    ) -> Result<Vec<Job<T>>, LedgerError> {
        let tell = |(place, tag), error| {
            let _panicked = chunk.send((place, tag, Tried::Unreserved(error)));
        };
        let (mut tags, mut wanted) = (Vec::new(), Vec::new());
        for (place, order) in orders.into_iter().enumerate() {
            match self.fits(&order.wanted) {
                Err(error) => tell((place, order.tag), error),
                Ok(()) => {
                    tags.push((place, order.tag));
                    wanted.push(order.wanted);
                }
            }
        }
        let reserved = match wanted.is_empty() {
            true => Ok(Vec::new()),
            false => lock(self.ledger).reserve(wanted, (self.now)()),
        };
        let reserved = match reserved {
            Ok(reserved) => reserved,
            Err(error) => {
                let left = tags.into_iter();
                left.for_each(|tag| tell(tag, IssueError::NotReserved));
                return Err(error);
            }
        };
        let mut jobs = Vec::with_capacity(tags.len());
        for ((place, tag), reserved) in tags.into_iter().zip(reserved) {
            match reserved {
                Err(refused) => tell((place, tag), refused.into()),
                Ok(reservation) => jobs.push(Job {
                    reservation: Box::new(reservation),
                    tag,
                    place,
                    chunk: chunk.clone(),
                }),
            }
        }
        Ok(jobs)
    }

    /// Whether every device of the run could be sent it: serial and nonce have one length.
    fn fits(&self, wanted: &Wanted) -> Result<(), IssueError> {
        if wanted.decided().ca() != self.ca.public_key() {
            return Err(IssueError::OtherCa {
                ca: self.ca.name().to_owned(),
            });
        }
        let Some(longest) = self.longest else {
            return Ok(());
        };
        let body = wanted.decided().body();
        let message = body.to_be_signed(Serial::FIRST, &[0; 32], self.ca.public_key())?;
        match message.as_bytes().len() {
            length if length > longest => Err(IssueError::TooLong { length, longest }),
            _ => Ok(()),
        }
    }

    /// Signs what waits, as long as this signer can. The last one goes on to the end, and
    /// says of each job that it was not tried.
    pub(super) fn work<T>(
        &self,
        mut signer: Box<dyn Signer>,
        mut worker: Worker<'_, T>,
        lost: &Lost<'_>,
    ) {
        while let Some(job) = worker.take() {
            let start = Instant::now();
            match self.sign_one(signer.as_mut(), &job.reservation) {
                Err(IssueError::Sign(error)) if error.ends_the_run() => {
                    match worker.leave_to_others(job) {
                        Ok(()) => return lost(signer.device(), &error),
                        Err((last, job)) => {
                            worker = last;
                            self.end(job, error);
                        }
                    }
                }
                signed => tell(job, signed),
            }
            worker.done(start.elapsed());
        }
    }

    fn sign_one(
        &self,
        signer: &mut dyn Signer,
        reservation: &Reservation,
    ) -> Result<Signature, IssueError> {
        match self.stop.load(Ordering::Acquire) {
            true => Err(IssueError::NotTried),
            false => Ok(sign::sign(signer, reservation)?),
        }
    }

    /// Nobody is left who could sign.
    fn end<T>(&self, job: Job<T>, error: SignerError) {
        self.stop.store(true, Ordering::Release);
        tell(job, Err(error.into()));
    }
}

fn tell<T>(job: Job<T>, signed: Result<Signature, IssueError>) {
    let tried = Tried::Reserved(job.reservation, signed);
    // The finisher only goes away before if it panicked.
    let _panicked = job.chunk.send((job.place, job.tag, tried));
}
