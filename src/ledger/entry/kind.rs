//! The number of each kind of entry.

use super::*;

impl Entry {
    /// The number that its bytes begin with: of several that one event had in the course of time, the
    /// one that takes all of its fields.
    pub(super) fn kind(&self) -> u8 {
        match &self.event {
            Event::CaAdded(_) => 1,
            Event::Reserved(Reserved { grounds: None, .. }) => 2,
            Event::Reserved(Reserved {
                grounds: Some(Grounds { known: None, .. }),
                ..
            }) => 8,
            Event::Reserved(Reserved {
                grounds: Some(Grounds {
                    served: Some(_), ..
                }),
                ..
            }) => 46,
            Event::Issued(_) => 3,
            Event::Failed(_) => 4,
            Event::Revoked(_) => 5,
            Event::KrlMade(KrlMade { list: None, .. }) => 6,
            Event::Resumed(Resumed { recovery: None, .. }) => 7,
            Event::EvidenceSeen(_) => 9,
            Event::CheckpointSigned(_) => 10,
            Event::RequesterAdded(_) => 11,
            Event::ChallengeMade(_) => 12,
            Event::ClockCorrected(_) => 13,
            Event::Barred(barred) if barred.family_cards.is_empty() => 14,
            Event::PolicySeen(_) => 15,
            Event::RequesterRemoved(_) => 16,
            Event::Barred(_) => 17,
            Event::Reserved(_) => 18,
            Event::SuffixesSet(_) => 19,
            Event::HeadAdopted(_) => 20,
            Event::HeadPlaces(_) => 21,
            Event::TailCut(_) => 22,
            Event::LedgerKeyAdded(_) => 23,
            Event::LedgerKeyRolled(_) => 24,
            Event::LedgerKeyRevoked(_) => 27,
            Event::RootDistrusted(_) => 28,
            Event::Bound(_) => 29,
            Event::PlaceAllowed(_) => 30,
            Event::NotBound(_) => 31,
            Event::RequesterNamed(_) => 32,
            Event::DutiesSet(_) => 33,
            Event::CeremonyHeld(_) => 34,
            Event::CopySeen(_) => 35,
            Event::BundleTaken(_) => 36,
            Event::BundleClosed(_) => 37,
            Event::PendingTaken(_) => 40,
            Event::CaRetired(_) => 38,
            Event::StageReached(_) => 39,
            Event::SecretsDerived(_) => 41,
            Event::ListsDelegated(_) => 42,
            Event::PendingRefused(_) => 43,
            Event::CopyTried(_) => 44,
            Event::LoginSeen(_) => 45,
            Event::LoginBound(_) => 47,
            Event::KrlMade(_) => 25,
            Event::Resumed(_) => 26,
        }
    }
}
