//! Bundles: each follows the one before, is signed once, and its registrar's word counts while it is
//! signed.

mod refused;

pub use refused::BundleRefused;

use super::Ledger;
use super::draft::Draft;
use super::read::damaged;
use super::served::Checked;
use crate::ledger::entry::{
    Barred, BundleClosed, BundleTaken, Event, PendingRefused, PendingTaken, RequesterAdded, Revoked,
};
use crate::ledger::rows::{sha256, table};
use crate::ledger::store::Keys;
use crate::ledger::{Credential, DutiesSet, LedgerError, ReserveError};
use crate::policy::Decided;
use crate::request::KnownBy;

/// What the ledger has of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBundle {
    /// The position of its entry; 0 of one that was declared void before it was seen.
    pub position: u64,
    /// What it is; of one that was never seen, its id alone.
    pub taken: BundleTaken,
    /// What ended it.
    pub closed: Option<BundleClosed>,
}

/// A revocation that was pending outside, as it comes with a bundle.
#[derive(Clone, Debug)]
pub struct PendingRevocation {
    /// Which it is, and whose.
    pub taken: PendingTaken,
    /// What it revokes.
    pub revoked: Option<Revoked>,
    /// Whom it bars.
    pub barred: Option<Barred>,
}

/// What comes in with a bundle, beside what it asks for.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    /// Revocations that were pending outside.
    pub pending: Vec<PendingRevocation>,
    /// Those that do not count: each is named by an entry, so that nobody carries it again.
    pub refused: Vec<PendingRefused>,
    /// Keys and cards that are somebody's by the registrar's word.
    pub enrolments: Vec<RequesterAdded>,
}

impl KnownBundle {
    /// Whether it was declared void.
    pub fn is_void(&self) -> bool {
        self.closed.as_ref().is_some_and(|end| end.is_signed == 0)
    }
}

impl Ledger {
    /// Every bundle, in the order in which it was first told of.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn bundles(&self) -> Result<Vec<KnownBundle>, LedgerError> {
        let mut all: Vec<KnownBundle> = Vec::new();
        for position in self.index.positions(table::BUNDLE, &[])? {
            match self.entry(position)?.event {
                Event::BundleTaken(taken) => all.push(KnownBundle {
                    position,
                    taken,
                    closed: None,
                }),
                Event::BundleClosed(closed) => {
                    match all.iter_mut().find(|one| one.taken.id == closed.id) {
                        Some(one) => one.closed = Some(closed),
                        None => all.push(unseen(closed)),
                    }
                }
                _ => return Err(damaged(position)),
            }
        }
        Ok(all)
    }

    /// Whether there is a mirror of this ledger, as far as it tells: a bundle came from one, or the signing of
    /// lists was delegated. Servers get the lists of that, and none of the ledger itself.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn has_mirror(&self) -> Result<bool, LedgerError> {
        for table in [table::BUNDLE, table::DELEGATION] {
            if self.index.first(&Keys::of(table, &[]))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The bundle that is being signed.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open_bundle(&self) -> Result<Option<BundleTaken>, LedgerError> {
        let newest = self.index.first(&Keys::of(table::BUNDLE, &[]).backward())?;
        let Some((_, position)) = newest else {
            return Ok(None);
        };
        Ok(match self.entry(position)?.event {
            Event::BundleTaken(taken) => Some(taken),
            _ => None,
        })
    }

    /// Whether a bundle would be taken, on a read. One that is under way goes on.
    ///
    /// # Errors
    /// [`BundleRefused`].
    pub fn may_take_bundle(&self, taken: &BundleTaken) -> Result<(), BundleRefused> {
        let all = self.bundles()?;
        match all.iter().find(|one| one.taken.id == taken.id) {
            Some(one) => match &one.closed {
                Some(end) if end.is_signed != 0 => return Err(BundleRefused::Signed),
                Some(end) => return Err(BundleRefused::Void(end.reason.clone())),
                None if one.taken.sha256 != taken.sha256 => {
                    return Err(BundleRefused::Other(taken.id));
                }
                None => {}
            },
            None => {
                if let Some(open) = all.iter().find(|one| one.closed.is_none()) {
                    return Err(BundleRefused::Other(open.taken.id));
                }
                let (before, last) = (taken.before, last(&all));
                if before != last {
                    return Err(BundleRefused::Order { before, last });
                }
            }
        }
        let owner = self.requester_of(&Credential::Key(taken.key.clone()))?;
        if owner.as_deref() != Some(taken.registrar.as_str()) {
            return Err(BundleRefused::Key(taken.registrar.clone()));
        }
        if self.key_is_revoked(&sha256(&taken.key))? {
            return Err(BundleRefused::KeyRevoked);
        }
        match self.duties_of(&taken.registrar)? {
            Some(duties) if !duties.registrar.is_empty() => Ok(()),
            _ => Err(BundleRefused::NoRegistrar(taken.registrar.clone())),
        }
    }

    /// Records that a bundle is signed from here on, what was revoked outside meanwhile, and whom it
    /// enrols, in one frame; of one that is under way, nothing.
    ///
    /// # Errors
    /// [`BundleRefused`], and then nothing changed.
    pub fn take_bundle(
        &mut self,
        taken: BundleTaken,
        brought: Brought,
        time: u64,
    ) -> Result<(), BundleRefused> {
        self.append(time, |draft| {
            draft.ledger.may_take_bundle(&taken)?;
            if draft.ledger.open_bundle()?.is_some() {
                return Ok(());
            }
            for revocation in brought.pending {
                draft.pending(revocation)?;
            }
            for refused in brought.refused {
                draft.refused(refused)?;
            }
            // What it brings may revoke the key that signed it: such a word counts for nothing.
            draft.ledger.may_take_bundle(&taken)?;
            for added in brought.enrolments {
                if added.name == taken.registrar {
                    return Err(BundleRefused::OfHimself);
                }
                draft.requester_added(added)?;
            }
            draft.entry(Event::BundleTaken(taken))?;
            Ok(())
        })
    }

    /// Whether a revocation that was pending outside was taken, by SHA-256 of what its revoker signed.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn took_revocation(&self, sha256: &[u8; 32]) -> Result<bool, LedgerError> {
        let is_it =
            |event: &Event| matches!(event, Event::PendingTaken(taken) if taken.sha256 == *sha256);
        Ok(self.confirmed(table::PENDING, sha256, is_it)?.is_some())
    }

    /// Why a revocation that was pending outside does not count, by SHA-256 of what was signed; none of one
    /// that was taken or never seen.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn refused_revocation(
        &self,
        sha256: &[u8; 32],
    ) -> Result<Option<PendingRefused>, LedgerError> {
        for position in self.index.positions(table::PENDING, sha256)? {
            match self.entry(position)?.event {
                Event::PendingRefused(refused) if refused.sha256 == *sha256 => {
                    return Ok(Some(refused));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Whether a revocation that was pending outside was taken or refused: nothing more becomes of it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn ended_revocation(&self, sha256: &[u8; 32]) -> Result<bool, LedgerError> {
        Ok(self.took_revocation(sha256)? || self.refused_revocation(sha256)?.is_some())
    }

    /// Whether this key is that of somebody of this name who may revoke, and was not revoked.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn is_revoker(&self, name: &str, key: &[u8]) -> Result<bool, LedgerError> {
        if self.key_is_revoked(&sha256(key))? {
            return Ok(false);
        }
        let owner = self.requester_of(&Credential::Key(key.to_vec()))?;
        let duties = self.duties_of(name)?;
        Ok(owner.as_deref() == Some(name) && duties.is_some_and(|duties| duties.revoker))
    }

    /// Records what ended a bundle: the one that is under way, or one that was lost.
    ///
    /// # Errors
    /// [`BundleRefused`], and then nothing changed.
    pub fn close_bundle(&mut self, closed: BundleClosed, time: u64) -> Result<(), BundleRefused> {
        self.append(time, |draft| {
            draft.may_close(&closed)?;
            draft.entry(Event::BundleClosed(closed))?;
            Ok(())
        })
    }

    /// Whether the word of a registrar, where it stands for who asks, counts here and now: for others,
    /// for the registrar's roles, while a bundle of theirs is signed.
    pub(super) fn word_counts(&self, decided: &Decided) -> Checked<()> {
        if decided.known_by() != KnownBy::Registrar {
            return Ok(Ok(()));
        }
        let registrar = match self.open_bundle()? {
            Some(open) => open.registrar,
            None => String::new(),
        };
        let duties = self.duties_of(&registrar)?.unwrap_or_default();
        let (requester, role) = (decided.requester(), decided.role());
        if requester != registrar && duties.registrar.iter().any(|one| one == role) {
            return Ok(Ok(()));
        }
        Ok(Err(ReserveError::Word {
            requester: requester.to_owned(),
            role: role.to_owned(),
        }))
    }

    /// The duties of one requester, as [`Self::duties`] has them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn duties_of(&self, name: &str) -> Result<Option<DutiesSet>, LedgerError> {
        let positions = self.index.positions(table::DUTIES, name.as_bytes())?;
        let Some(newest) = positions.last() else {
            return Ok(None);
        };
        let Event::DutiesSet(set) = self.entry(*newest)?.event else {
            return Err(damaged(*newest));
        };
        let serves = self.serves(*newest)? && !self.requester_is_barred(name)?;
        Ok((serves && set.has_some()).then_some(set))
    }
}

impl Draft<'_> {
    /// Takes a revocation that was pending, unless something became of it before.
    fn pending(&mut self, revocation: PendingRevocation) -> Result<(), BundleRefused> {
        let PendingRevocation {
            taken,
            revoked,
            barred,
        } = revocation;
        if self.ledger.ended_revocation(&taken.sha256)? {
            return Ok(());
        }
        if !self.ledger.is_revoker(&taken.revoker, &taken.key)? {
            // Barred by another that came before it, or while somebody was asked: the bundle is signed all
            // the same.
            let why = format!("{} is no revoker", taken.revoker);
            return self.refused(taken.refused(why));
        }
        let keyboard = taken.keyboard_of_its_own();
        let revoked = revoked.map(|revoked| {
            Event::Revoked(Revoked {
                keyboard: keyboard.clone(),
                ..revoked
            })
        });
        let barred = barred.map(|barred| Event::Barred(Barred { keyboard, ..barred }));
        let events = revoked.into_iter().chain(barred);
        self.entries(events.chain([Event::PendingTaken(taken)]))?;
        Ok(())
    }

    /// Names a revocation that does not count, unless something became of it before.
    fn refused(&mut self, refused: PendingRefused) -> Result<(), BundleRefused> {
        if !self.ledger.ended_revocation(&refused.sha256)? {
            self.entry(Event::PendingRefused(refused))?;
        }
        Ok(())
    }

    fn may_close(&self, closed: &BundleClosed) -> Result<(), BundleRefused> {
        let all = self.ledger.bundles()?;
        let known = all.iter().find(|one| one.taken.id == closed.id);
        if closed.is_malformed(known.map_or(0, |one| one.taken.items)) {
            return Err(BundleRefused::Malformed);
        }
        let open = all.iter().find(|one| one.closed.is_none());
        match (known, open) {
            (Some(known), _) if known.is_void() => {
                let end = known.closed.as_ref().map(|end| end.reason.clone());
                Err(BundleRefused::Void(end.unwrap_or_default()))
            }
            (_, Some(open)) if open.taken.id != closed.id => {
                Err(BundleRefused::Other(open.taken.id))
            }
            (_, None) if closed.is_signed != 0 => Err(BundleRefused::NotOpen),
            _ => Ok(()),
        }
    }
}

/// The hash of the newest bundle that is not void; zeros without any.
fn last(all: &[KnownBundle]) -> [u8; 32] {
    let counts = all.iter().rev().find(|one| !one.is_void());
    counts.map_or([0; 32], |one| one.taken.sha256)
}

fn unseen(closed: BundleClosed) -> KnownBundle {
    KnownBundle {
        position: 0,
        taken: BundleTaken {
            id: closed.id,
            ..BundleTaken::default()
        },
        closed: Some(closed),
    }
}
