//! The table: what each way back does to each state.
//!
//! Each cell names its state and its way, so that a new one of either does not compile before
//! somebody has said what becomes of it.

use super::{State, Way};

/// What a way does to a state.
pub(super) enum Outcome {
    /// What would take the state back is refused in these words.
    Closed(&'static str),
    /// The run goes on, and the state holds.
    Kept,
    /// The way can't touch the state, for this reason; it holds all the same.
    Elsewhere(&'static str),
}

/// What becomes of a state on a way.
pub(super) fn outcome(state: State, way: Way) -> Outcome {
    use Outcome::{Closed, Elsewhere, Kept};
    match way {
        Way::Killed => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Kept,
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Kept,
        },
        Way::IndexDeleted => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Kept,
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Kept,
        },
        Way::OlderIndex => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Kept,
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Kept,
        },
        Way::LastNightsFile => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Closed(OLDER),
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Closed(OLDER),
        },
        Way::NewMachine => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Closed("no kept head says that this is the newest copy"),
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Closed("no kept head"),
        },
        Way::Resumed => match state {
            State::UsedRequestIds | State::Challenges => {
                Closed("when the ledger went on behind a gap")
            }
            State::SignedHead => Closed("when the checkpoint was made"),
            State::NextSerial
            | State::EnrolmentsTakenAway
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::KeptHead
            | State::LedgerKeys => Kept,
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Elsewhere(NOT_RESUMED),
        },
        Way::AnotherHome => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Closed(OLDER),
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Closed(OLDER),
        },
        Way::AnotherConfig => match state {
            State::UsedRequestIds | State::Challenges | State::EnrolmentsTakenAway => {
                Closed("has no role `engineer`")
            }
            State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead => Kept,
            State::NextSerial
            | State::RevokedSerials
            | State::RevokedKeys
            | State::ReservedSuffixes
            | State::KeptHead
            | State::LedgerKeys => Closed("is reserved, and the config lacks it"),
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Kept,
        },
        Way::HeadsElsewhere => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Closed(OLDER),
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Closed("no kept head"),
        },
        Way::HardLink => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Closed("has 2 hard links"),
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Closed("has 2 hard links"),
        },
        Way::Symlink => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Kept,
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Closed(MISSING),
        },
        Way::BindMount => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Kept,
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Closed(MISSING),
        },
        Way::RenamedUnderARun => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Closed(OLDER),
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Closed(OLDER),
        },
        Way::TwoWriters => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Closed("is in use by another run"),
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Closed("is in use by another run"),
        },
        Way::SignResume => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Kept,
            State::InstalledList | State::InstalledKnown | State::FollowedKey => {
                Elsewhere(A_SERVERS)
            }
            State::PendingRevocations | State::MirrorVersion => Elsewhere(NOT_SIGNED),
        },
        Way::InstalledListEmpty => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Elsewhere(A_LEDGERS),
            State::InstalledList | State::InstalledKnown => Closed("older than"),
            State::FollowedKey => Closed("took over"),
            State::PendingRevocations | State::MirrorVersion => Elsewhere(A_MIRRORS),
        },
        Way::InstalledListDamaged => match state {
            State::NextSerial
            | State::UsedRequestIds
            | State::Challenges
            | State::RevokedSerials
            | State::RevokedKeys
            | State::RevokedKeyIds
            | State::RevokedCards
            | State::RevokedPersons
            | State::EnrolmentsTakenAway
            | State::ReservedSuffixes
            | State::KrlVersion
            | State::KnownVersion
            | State::SignedHead
            | State::KeptHead
            | State::LedgerKeys => Elsewhere(A_LEDGERS),
            State::InstalledList | State::InstalledKnown => Closed("older than"),
            State::FollowedKey => Closed("took over"),
            State::PendingRevocations | State::MirrorVersion => Elsewhere(A_MIRRORS),
        },
    }
}

/// The heads that are kept outside of the ledger know more.
const OLDER: &str = "knows";
const A_SERVERS: &str = "it lies on a server, which keeps a mark of its own";
const A_LEDGERS: &str = "it stands in the ledger, and the list only follows from that";
/// What is pending lies beside the mirror by its own name.
const MISSING: &str = ".pending is missing";
const A_MIRRORS: &str = "it lies beside the mirror, and a server has no part in it";
const NOT_RESUMED: &str = "a mirror is never gone on with behind a gap";
const NOT_SIGNED: &str = "nothing is signed from a mirror";
