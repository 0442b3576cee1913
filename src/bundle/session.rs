//! A session over a bundle, where the CA's key is: what it asks for is decided, signed and answered.
//!
//! Everything is decided before the first signature, and nothing is signed twice: that the bundle is
//! signed is an entry of the ledger before it is, so that whoever was cut off goes on, and what an item
//! got is read back from the ledger alone. Who opens keys and asks people is the front's: a command, or
//! a ceremony.

mod answer;
mod base;
mod carried;
mod enrolments;
mod error;
mod offer;
mod pending;
mod stream;
mod words;

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;

pub use base::{OfferedBase, signed_base};
pub use carried::{Carried, only_ca, own_file};
pub use enrolments::BroughtEnrolmentError;
pub use error::BundleSessionError;
pub use offer::{CUT_OFF, ItemVerdict, Offer, ShowItem};
pub use pending::{LeftOut, WhyLeftOut};
pub use stream::number;
pub use words::CertificateWords;

use self::enrolments::Ended;
use super::Header;
use crate::batch::{Batch, Books, HowFar, Looked, Reporter, Resume, SerialPlan, Subjects};
use crate::ca::KnownCa;
use crate::certificate::length;
use crate::config::{self, Config};
use crate::issue::{Bundled, Judge, SharedLedger};
use crate::ledger::{Brought, BundleClosed, BundleTaken, Ledger};
use crate::request::RoleName;

/// What is known of a bundle before anybody is asked for anything.
pub struct BundleSession {
    /// The bundle.
    pub carried: Carried,
    /// The entry by which the ledger takes it.
    pub taken: BundleTaken,
    /// The revocations and enrolments that it brings, and that the ledger does not have.
    pub brought: Brought,
    /// The revocations that it brings and that do not count.
    pub left_out: Vec<LeftOut>,
    /// The CA that signs all of it; none where nothing is asked for.
    pub known: Option<KnownCa>,
    books: Books,
    /// As of when all of it is decided, in Unix seconds.
    decided: u64,
    /// The position of the entry that began it; 0 where none did yet.
    begun: u64,
}

/// Whether a bundle is to be signed, or its answer written once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionGoal {
    /// It is to be signed, or gone on with.
    Sign,
    /// It was signed, and its answer is to be written.
    AnswerAgain,
}

impl BundleSession {
    /// Reads a bundle, and holds it against config and ledger. All of it is decided as of `decided`, in Unix
    /// seconds, so that what is shown is what is signed, times and all.
    ///
    /// # Errors
    /// Each [`BundleSessionError`], all at once.
    pub fn look(
        bundle: &Path,
        config: &Config,
        ledger: &Ledger,
        (goal, decided): (SessionGoal, u64),
    ) -> Result<Self, Vec<BundleSessionError>> {
        let all = |error: BundleSessionError| vec![error];
        let carried = Carried::copy(bundle, config).map_err(all)?;
        let taken = taken(&carried.header).map_err(all)?;
        let bundles = ledger.bundles().map_err(|error| vec![error.into()])?;
        let known = bundles.iter().find(|one| one.taken.id == taken.id);
        let begun = known.filter(|one| one.taken.sha256 == taken.sha256);
        let mut faults = Vec::new();
        if goal == SessionGoal::AnswerAgain {
            if begun.is_none_or(|one| one.closed.is_none() || one.is_void()) {
                faults.push(BundleSessionError::NotSigned);
            }
        } else {
            note(&mut faults, ledger.may_take_bundle(&taken));
            if begun.is_none() {
                note(&mut faults, fresh(&carried.header, config));
            }
        }
        // What the bundle brings is taken in with it: one that was begun brings nothing more.
        let brought = if begun.is_some() {
            Some(Default::default())
        } else {
            brought(&mut faults, &carried.header, (ledger, config))
        };
        note(&mut faults, fits(&carried.header, ledger));
        let known = if carried.roles.is_empty() {
            Some(None)
        } else {
            let ca = note(&mut faults, only_ca(&carried.roles, config));
            let known = ca.and_then(|ca| note(&mut faults, KnownCa::find(config, ledger, &ca)));
            known.map(Some)
        };
        let books = note(&mut faults, Books::read(config, ledger));
        match (known, brought, books) {
            (Some(known), Some((brought, left_out)), Some(books)) if faults.is_empty() => {
                Ok(Self {
                    decided,
                    begun: begun.map_or(0, |one| one.position),
                    carried,
                    taken,
                    brought,
                    left_out,
                    known,
                    books,
                })
            }
            _ => Err(faults),
        }
    }

    /// Why a ledger would not take a bundle as it is, beside what its config and its clock say.
    #[must_use]
    pub fn refused_by(header: &Header, ledger: &Ledger) -> Vec<BundleSessionError> {
        let mut faults = Vec::new();
        if let Some(taken) = note(&mut faults, taken(header)) {
            note(&mut faults, ledger.may_take_bundle(&taken));
        }
        note(&mut faults, fits(header, ledger));
        note(&mut faults, pending::of(header, ledger));
        faults
    }

    /// Why a config would not have a bundle signed now that asks for these roles: its age, and whose they are.
    #[must_use]
    pub fn refused_by_config<'r>(
        header: &Header,
        roles: impl Iterator<Item = &'r RoleName> + Clone,
        config: &Config,
    ) -> Vec<BundleSessionError> {
        let mut faults = Vec::new();
        note(&mut faults, fresh(header, config));
        if roles.clone().next().is_some() {
            note(&mut faults, only_ca(roles, config));
        }
        faults
    }

    /// Decides by this CA, for others and the registrar's roles where his word counts.
    ///
    /// # Errors
    /// [`BundleSessionError::Ledger`].
    pub fn judge<'a>(
        &'a self,
        (known, config): (&'a KnownCa, &'a Config),
        ledger: &SharedLedger,
    ) -> Result<Judge<'a>, BundleSessionError> {
        let ledger = crate::issue::lock(ledger);
        let mut rulebook = self.books.rulebook(config);
        let duties = ledger.duties_of(&self.taken.registrar)?;
        rulebook.bundle = Some(Bundled {
            registrar: duties.unwrap_or_default(),
            made: self.taken.made,
        });
        Ok(Judge::new(rulebook, &known.agreed, &ledger)?)
    }

    /// Whether a run before this one began it.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.begun != 0
    }

    /// Whose keys are whose, beside what the ledger says.
    #[must_use]
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// What is the same for every item.
    #[must_use]
    pub fn batch<'a>(
        &self,
        judge: &'a Judge<'a>,
        interrupted: &'a AtomicBool,
        report: Reporter,
    ) -> Batch<'a> {
        Batch {
            judge,
            ask: None,
            vouched: None,
            witnessed: None,
            serials: SerialPlan::Automatic,
            resume: Resume::No,
            clock: config::now,
            decided: Some(self.decided),
            interrupted,
            report,
        }
    }

    /// Decides all of it, and shows each item.
    ///
    /// # Errors
    /// [`BundleSessionError`], or that of whoever shows it.
    pub fn offer<E: From<BundleSessionError>>(
        &self,
        config: &Config,
        ledger: &SharedLedger,
        interrupted: &AtomicBool,
        show: &mut ShowItem<'_, E>,
    ) -> Result<Offer, E> {
        let mut offer = Offer::default();
        let Some(known) = &self.known else {
            return Ok(offer);
        };
        let judge = self.judge((known, config), ledger)?;
        let batch = |report| self.batch(&judge, interrupted, report);
        let revoked: HashSet<_> = pending::keys(&self.brought.pending);
        let about = (&self.carried, &revoked);
        offer.look(about, ledger, self.begun, batch, show)?;
        Ok(offer)
    }

    /// The items that are neither refused nor signed, up to the first that is to be signed.
    ///
    /// # Errors
    /// [`BundleSessionError`].
    pub fn left(
        &self,
        batch: &Batch<'_>,
        offer: &Offer,
        ledger: &SharedLedger,
    ) -> Result<Looked, BundleSessionError> {
        let left = stream::left(&self.carried, offer.passed().collect())?;
        Ok(batch.look(ledger, Subjects::Stream(left), HowFar::First))
    }

    /// The entry that ends it, when each item has its certificate or its refusal.
    #[must_use]
    pub fn closed(&self, offer: &Offer) -> BundleClosed {
        let refused = offer.refused.iter();
        BundleClosed {
            id: self.taken.id,
            is_signed: 1,
            refused: refused
                .map(|(number, why)| (*number, why.clone()))
                .collect(),
            reason: String::new(),
            keyboard: config::keyboard(),
        }
    }
}

/// What came out well; a fault is noted.
fn note<T, E: Into<BundleSessionError>>(
    faults: &mut Vec<BundleSessionError>,
    result: Result<T, E>,
) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            faults.push(error.into());
            None
        }
    }
}

/// What the bundle brings beside its items, and which of it does not count; each fault is noted.
fn brought(
    faults: &mut Vec<BundleSessionError>,
    header: &Header,
    (ledger, config): (&Ledger, &Config),
) -> Option<(Brought, Vec<LeftOut>)> {
    let pending = note(faults, pending::of(header, ledger));
    let revoked = pending.as_ref().map(|(pending, _)| pending.as_slice());
    let revoked = revoked.unwrap_or_default();
    let ended = Ended {
        keys: pending::keys(revoked),
        pending: revoked,
    };
    if ended.has_registrar(header) {
        faults.push(BundleSessionError::RegistrarEnded(
            header.registrar.name.clone(),
        ));
    }
    let enrolments = enrolments::of(header, ledger, config, &ended);
    let enrolments = enrolments.map_err(|all| {
        faults.extend(
            all.into_iter()
                .map(|(name, source)| BundleSessionError::Enrolment { name, source }),
        );
    });
    let (pending, left_out) = pending?;
    let enrolments = enrolments.ok()?;
    Some((
        Brought {
            refused: left_out.iter().filter_map(LeftOut::refused).collect(),
            pending,
            enrolments,
        },
        left_out,
    ))
}

fn taken(header: &Header) -> Result<BundleTaken, BundleSessionError> {
    Ok(BundleTaken {
        id: header.id,
        sha256: header.hash()?,
        before: header.before,
        made: header.made,
        items: header.items,
        registrar: header.registrar.name.to_string(),
        key: header.registrar.key.clone(),
        keyboard: config::keyboard(),
    })
}

/// Whether the bundle is neither too old nor of tomorrow.
fn fresh(header: &Header, config: &Config) -> Result<(), BundleSessionError> {
    let (limits, now) = (config.bundle_limits(), config::now());
    let (age, ahead) = (
        now.saturating_sub(header.made),
        header.made.saturating_sub(now),
    );
    if age > limits.oldest {
        let (age, most) = (length(age), length(limits.oldest));
        return Err(BundleSessionError::TooOld { age, most });
    }
    if ahead > limits.ahead {
        return Err(BundleSessionError::OfTomorrow(length(ahead)));
    }
    Ok(())
}

/// Whether the ledger goes on from where the bundle was made.
fn fits(header: &Header, ledger: &Ledger) -> Result<(), BundleSessionError> {
    ledger
        .extends(&header.against)
        .map_err(BundleSessionError::OtherLedger)?;
    if ledger.ends_a_frame(header.against.size)? {
        return Ok(());
    }
    Err(BundleSessionError::NoFrame)
}
