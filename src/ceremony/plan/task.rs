//! What a ceremony does: its kind, and what the plan says of that alone.

use super::Plan;
use super::blobs::PlannedBlob;
use super::compromise::Compromise;
use super::create::{Ca, Create, LedgerKey};
use super::drill::Drill;
use super::ledger::CaBefore;
use super::restore::Restore;
use super::retire::{EndOfCopy, Retire};
use super::rollover::NewBeside;
use super::sign::{PlannedBundle, Sign};
use crate::config::CaName;

/// What a ceremony does, as `kind` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// CA keys are made, with their ledger and its key.
    Create,
    /// What bundles ask for is signed.
    Sign,
    /// CAs end, and every copy of their keys.
    Retire,
    /// A new CA is made beside one whose place it takes.
    Rollover,
    /// A copy's device takes the place of one that is lost.
    Restore,
    /// Copies and shares are tried, and nothing is issued.
    Drill,
    /// A new CA in the place of one whose key is stolen, and then that one is shut out.
    Compromise,
}

/// What a ceremony does, with what the plan says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// CA keys are made, with their ledger and its key.
    Create(Create),
    /// What bundles ask for is signed.
    Sign(Sign),
    /// CAs end, and every copy of their keys.
    Retire(Retire),
    /// A new CA is made beside one whose place it takes.
    Rollover(NewBeside),
    /// A copy's device takes the place of one that is lost.
    Restore(Restore),
    /// Copies and shares are tried, and nothing is issued.
    Drill(Drill),
    /// A new CA in the place of one whose key is stolen, and then that one is shut out.
    Compromise(Compromise),
}

impl Plan {
    /// What the ceremony does.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.task {
            Task::Create(_) => Kind::Create,
            Task::Sign(_) => Kind::Sign,
            Task::Retire(_) => Kind::Retire,
            Task::Rollover(_) => Kind::Rollover,
            Task::Restore(_) => Kind::Restore,
            Task::Drill(_) => Kind::Drill,
            Task::Compromise(_) => Kind::Compromise,
        }
    }

    /// The CAs whose keys are made here; those that were there before are in [`Self::ledger`].
    #[must_use]
    pub fn cas(&self) -> &[Ca] {
        self.task.cas()
    }

    /// The CAs whose keys are wrapped by a key that people hold in components.
    pub fn wrapped(&self) -> impl Iterator<Item = &Ca> {
        let cas = self.cas().iter();
        cas.filter(|ca| ca.copies.is_wrapped_by_components())
    }

    /// The wrapped key of this CA that is opened; none where its copy is in a device.
    #[must_use]
    pub fn blob(&self, ca: &CaName) -> Option<&PlannedBlob> {
        let mut blobs = self.components.iter().flat_map(|one| &one.blobs);
        blobs.find(|blob| blob.ca == *ca)
    }

    /// Whether it opens or ends a wrapped key of a CA that is there.
    #[must_use]
    pub fn finds_wrapped(&self, ca: &CaName) -> bool {
        let mut ends = self.copies_that_end().iter();
        self.blob(ca).is_some() || ends.any(|end| end.ca == *ca && end.wrapped().is_some())
    }

    /// The device of the room that has a CA's key, or gets it out of a wrapped one.
    #[must_use]
    pub fn device_with<'a>(&'a self, ca: &'a CaBefore) -> Option<&'a str> {
        let onto = self.blob(&ca.name).map(|blob| blob.onto.as_str());
        ca.device.as_deref().or(onto)
    }

    /// The copies of keys that end here: destroyed, or given up as missing.
    #[must_use]
    pub fn copies_that_end(&self) -> &[EndOfCopy] {
        match &self.task {
            Task::Create(_) | Task::Sign(_) | Task::Rollover(_) | Task::Drill(_) => &[],
            Task::Compromise(theft) => &theft.lost,
            Task::Retire(retire) => &retire.copies,
            Task::Restore(restore) => &restore.lost,
        }
    }

    /// Whether what is in this envelope is destroyed in the end.
    #[must_use]
    pub fn destroys(&self, envelope: &str) -> bool {
        match &self.task {
            Task::Retire(retire) => retire.papers.iter().any(|paper| paper.envelope == envelope),
            _ => false,
        }
    }

    /// The CA whose place the new one takes; none of another kind.
    #[must_use]
    pub fn old_ca(&self) -> Option<&CaBefore> {
        let beside = match &self.task {
            Task::Rollover(beside) => beside,
            Task::Compromise(compromise) => &compromise.beside,
            Task::Create(_)
            | Task::Sign(_)
            | Task::Retire(_)
            | Task::Restore(_)
            | Task::Drill(_) => return None,
        };
        let known = self.ledger.iter().flat_map(|ledger| &ledger.cas);
        known.into_iter().find(|ca| ca.name == beside.old)
    }

    /// The ledger key that is made; none where the ledger has one.
    #[must_use]
    pub fn ledger_key(&self) -> Option<&LedgerKey> {
        match &self.task {
            Task::Create(create) => Some(&create.ledger_key),
            Task::Sign(_)
            | Task::Retire(_)
            | Task::Rollover(_)
            | Task::Compromise(_)
            | Task::Restore(_)
            | Task::Drill(_) => None,
        }
    }

    /// When the next drill is due that this ceremony records; none where the plan says nothing of one.
    #[must_use]
    pub fn drill(&self) -> Option<&Drill> {
        match &self.task {
            Task::Create(create) => create.drill.as_ref(),
            Task::Drill(drill) => Some(drill),
            Task::Sign(_)
            | Task::Retire(_)
            | Task::Rollover(_)
            | Task::Restore(_)
            | Task::Compromise(_) => None,
        }
    }

    /// What bundles it signs; none of another kind.
    #[must_use]
    pub fn signing(&self) -> Option<&Sign> {
        match &self.task {
            Task::Sign(sign) => Some(sign),
            Task::Create(_)
            | Task::Retire(_)
            | Task::Rollover(_)
            | Task::Compromise(_)
            | Task::Restore(_)
            | Task::Drill(_) => None,
        }
    }

    /// What follows when a key is stolen; none of another kind.
    #[must_use]
    pub fn compromise(&self) -> Option<&Compromise> {
        match &self.task {
            Task::Compromise(compromise) => Some(compromise),
            Task::Create(_)
            | Task::Sign(_)
            | Task::Retire(_)
            | Task::Rollover(_)
            | Task::Restore(_)
            | Task::Drill(_) => None,
        }
    }

    /// The bundle at this place in the plan.
    #[must_use]
    pub fn bundle(&self, number: usize) -> Option<&PlannedBundle> {
        self.signing()?.bundles.get(number)
    }
}

impl Task {
    /// The CAs whose keys are made.
    #[must_use]
    pub fn cas(&self) -> &[Ca] {
        match self {
            Self::Create(create) => &create.cas,
            Self::Rollover(beside) => &beside.cas,
            Self::Compromise(compromise) => &compromise.beside.cas,
            Self::Sign(_) | Self::Retire(_) | Self::Restore(_) | Self::Drill(_) => &[],
        }
    }
}

impl Kind {
    /// The kinds, as a plan names them.
    pub const ALL: [Self; 7] = [
        Self::Create,
        Self::Sign,
        Self::Retire,
        Self::Rollover,
        Self::Restore,
        Self::Drill,
        Self::Compromise,
    ];

    /// Whether it works on a ledger, a config and CAs that are there before it.
    #[must_use]
    pub fn finds_ledger(self) -> bool {
        match self {
            Self::Create => false,
            Self::Sign
            | Self::Retire
            | Self::Rollover
            | Self::Compromise
            | Self::Restore
            | Self::Drill => true,
        }
    }

    /// Its name in a plan.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Sign => "sign",
            Self::Retire => "retire",
            Self::Rollover => "rollover",
            Self::Restore => "restore",
            Self::Drill => "drill",
            Self::Compromise => "compromise",
        }
    }
}
