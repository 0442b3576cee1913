//! The entries about how a CA ends, and how another takes its place.

use super::Purpose;

/// A CA takes no serial any more. What it signed holds on until it ends or is revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaRetired {
    /// The position of the CA's [`CaAdded`](super::CaAdded) entry.
    pub ca: u64,
    /// Why.
    pub reason: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// Another CA takes the place of this one, and that came so far. The stages follow one another, and a
/// CA has one successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageReached {
    /// The position of the entry of the CA that goes.
    pub old: u64,
    /// The position of the entry of the CA that comes.
    pub new: u64,
    /// How far.
    pub stage: Stage,
    /// By what that is known, and who is locked out by it, where that was accepted.
    pub word: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// How far one CA took the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The key of the new CA is made and published.
    Made,
    /// Whoever has to trust the new CA does: servers, for a user CA; clients, for a host CA.
    Trusted,
    /// Roles and config sign by the new CA.
    Switched,
    /// The old CA is retired, and its last certificate over.
    Ended,
    /// The old key is in no trust file, and in the list of what was revoked.
    Revoked,
    /// Every copy of the old key is destroyed, or named as missing.
    Destroyed,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Made,
        Self::Trusted,
        Self::Switched,
        Self::Ended,
        Self::Revoked,
        Self::Destroyed,
    ];

    /// The stage behind this one; none behind the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| *stage > self)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Trusted => "trusted",
            Self::Switched => "switched",
            Self::Ended => "ended",
            Self::Revoked => "revoked",
            Self::Destroyed => "destroyed",
        }
    }
}

/// What the entries before a stage say of one of its CAs.
#[derive(Clone, Copy, Debug)]
pub(in crate::ledger) struct Standing {
    pub(in crate::ledger) purpose: Purpose,
    pub(in crate::ledger) is_retired: bool,
    pub(in crate::ledger) is_revoked: bool,
}

impl StageReached {
    /// Whether it may stand behind the last stage of its old CA, which says its new one and how far it
    /// was. In words why not.
    pub(in crate::ledger) fn follows(
        &self,
        before: Option<(u64, Stage)>,
        old: Standing,
        new: Standing,
    ) -> Result<(), &'static str> {
        let is_next = match before {
            None => self.stage == Stage::Made,
            Some((_, stage)) => stage.next() == Some(self.stage),
        };
        let tests = [
            (self.old != self.new, "a CA can't take its own place"),
            (
                old.purpose == new.purpose,
                "the two CAs sign different kinds of certificates",
            ),
            (
                before.is_none_or(|(known, _)| known == self.new),
                "another CA takes that place already",
            ),
            (is_next, "the stage is not the next one"),
            (
                !new.is_retired && !new.is_revoked,
                "the new CA is retired or revoked",
            ),
            (
                self.stage < Stage::Ended || old.is_retired,
                "the old CA is not retired",
            ),
            (
                self.stage < Stage::Revoked || old.is_revoked,
                "the key of the old CA is not revoked",
            ),
        ];
        match tests.into_iter().find(|(holds, _)| !holds) {
            Some((_, why)) => Err(why),
            None => Ok(()),
        }
    }
}

wire!(CaRetired: ca, reason, keyboard);
wire!(StageReached: old, new, stage, word, keyboard);
codes!(
    Stage,
    "stage",
    Made = 1,
    Trusted = 2,
    Switched = 3,
    Ended = 4,
    Revoked = 5,
    Destroyed = 6
);
