//! One entry of the ledger, and the canonical bytes it is kept as.
//!
//! The bytes are SSH's own wire types (RFC 4251, section 5): an entry has exactly one
//! encoding, and that is what a hash of it is taken over. `docs/formats/ledger.md`
//! gives the layout field by field.

/// The canonical bytes of a struct: its fields, in this order.
macro_rules! wire {
    ($type:ident: $($field:ident),+) => {
        impl $type {
            pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), super::EntryError> {
                $(ssh_encoding::Encode::encode(&self.$field, out)?;)+
                Ok(())
            }

            pub(super) fn decode(
                input: &mut impl ssh_encoding::Reader,
            ) -> Result<Self, super::EntryError> {
                Ok(Self { $($field: ssh_encoding::Decode::decode(input)?),+ })
            }
        }
    };
}

/// A choice of one byte, as the canonical bytes spell it.
macro_rules! codes {
    ($type:ident, $field:literal, $($variant:ident = $code:literal),+) => {
        impl ssh_encoding::Encode for $type {
            fn encoded_len(&self) -> Result<usize, ssh_encoding::Error> {
                Ok(1)
            }

            fn encode(&self, out: &mut impl ssh_encoding::Writer) -> Result<(), ssh_encoding::Error> {
                let code: u8 = match self { $(Self::$variant => $code),+ };
                ssh_encoding::Encode::encode(&code, out)
            }
        }

        impl ssh_encoding::Decode for $type {
            type Error = super::EntryError;

            fn decode(input: &mut impl ssh_encoding::Reader) -> Result<Self, Self::Error> {
                match <u8 as ssh_encoding::Decode>::decode(input)? {
                    $($code => Ok(Self::$variant),)+
                    value => Err(super::EntryError::Unknown { field: $field, value }),
                }
            }
        }
    };
}

mod bundles;
mod ca;
mod copies;
mod custody;
mod delegated;
mod ending;
mod grounds;
mod kind;
mod login;
mod requester;
mod reserved;
mod revocation;
mod state;
#[cfg(test)]
mod tests;
mod tried;

use ssh_encoding::{Decode, Encode, Reader};

pub use bundles::{BundleClosed, BundleTaken, PendingRefused, PendingTaken};
pub use ca::{CaAdded, Origin, Purpose};
pub use copies::{Became, CopyKind, CopySeen};
pub use custody::{Derivation, OpenedDevice, OpenedDevices, SecretsDerived, SecretsSet};
pub use delegated::ListsDelegated;
pub(in crate::ledger) use ending::Standing;
pub use ending::{CaRetired, Stage, StageReached};
pub use grounds::{ChallengeMade, EvidenceSeen, Grounds, Known, Nonce, PolicySeen, RequestId};
pub use login::{Binding, LoginBound, LoginSeen, Served};
pub use requester::{
    CardId, Credential, DutiesSet, RequesterAdded, RequesterNamed, RequesterRemoved,
};
pub use reserved::{Failed, Issued, Reserved, Sequence};
pub use revocation::{Barred, KrlMade, ListSigned, Recovery, Resumed, Revoked};
pub use state::{
    Bound, CeremonyHeld, CheckpointSigned, ClockCorrected, HEADS, HeadAdopted, HeadPlaces, LISTS,
    LedgerKeyAdded, LedgerKeyRevoked, LedgerKeyRolled, NotBound, PlaceAllowed, RECEIPTS,
    RootDistrusted, SuffixSet, SuffixesSet, TailCut,
};
pub use tried::{CopyTried, TrialResult, TriedFor};

/// What happened, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Unix time in seconds, by the clock of the machine that wrote the entry.
    pub time: u64,
    /// Random, so that the hash of an entry tells nothing about its contents.
    pub salt: [u8; SALT],
    /// What happened.
    pub event: Event,
}

/// The kinds of entries. A change of state is a new entry, never an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key became a CA.
    CaAdded(CaAdded),
    /// A serial was taken for exactly this content, before the key was used.
    Reserved(Reserved),
    /// The content of a reservation was signed; the certificate may be released.
    Issued(Issued),
    /// A reservation was given up; its serial stays taken.
    Failed(Failed),
    /// Certificates or keys were revoked.
    Revoked(Revoked),
    /// A KRL was made of all that was revoked until then.
    KrlMade(KrlMade),
    /// An older ledger was put back, and goes on behind the gap.
    Resumed(Resumed),
    /// What a key is made of, by evidence that was checked or a person's word.
    EvidenceSeen(EvidenceSeen),
    /// A head of this ledger was signed, to be kept elsewhere.
    CheckpointSigned(CheckpointSigned),
    /// A key or card became a requester's.
    RequesterAdded(RequesterAdded),
    /// A number was made that one request can be bound to.
    ChallengeMade(ChallengeMade),
    /// The clock had been wrong; entries behind this one go by the corrected time.
    ClockCorrected(ClockCorrected),
    /// Cards or requesters are never served again.
    Barred(Barred),
    /// Reservations behind this one may have been decided by this policy.
    PolicySeen(PolicySeen),
    /// A key or card is no longer a requester's.
    RequesterRemoved(RequesterRemoved),
    /// The suffixes that a CA reserves were recorded.
    SuffixesSet(SuffixesSet),
    /// A ledger without a kept head was said to be the newest copy.
    HeadAdopted(HeadAdopted),
    /// The places where the head is kept were recorded.
    HeadPlaces(HeadPlaces),
    /// What a crash left behind the last whole frame was put aside.
    TailCut(TailCut),
    /// A key became a ledger key.
    LedgerKeyAdded(LedgerKeyAdded),
    /// A ledger key took over from another.
    LedgerKeyRolled(LedgerKeyRolled),
    /// A ledger key is no longer believed.
    LedgerKeyRevoked(LedgerKeyRevoked),
    /// A root of attestation is no longer believed.
    RootDistrusted(RootDistrusted),
    /// A token was bound to this ledger.
    Bound(Bound),
    /// A place that is refused by itself was allowed.
    PlaceAllowed(PlaceAllowed),
    /// A token was not bound to this ledger.
    NotBound(NotBound),
    /// The names of a requester were recorded.
    RequesterNamed(RequesterNamed),
    /// What a requester may do beside asking was recorded.
    DutiesSet(DutiesSet),
    /// A ceremony was held.
    CeremonyHeld(CeremonyHeld),
    /// The signing of a bundle began.
    BundleTaken(BundleTaken),
    /// The signing of a bundle ended, or it was declared void.
    BundleClosed(BundleClosed),
    /// A revocation that was pending outside was taken.
    PendingTaken(PendingTaken),
    /// A revocation that was pending outside does not count.
    PendingRefused(PendingRefused),
    /// Something became of a copy of a CA's key.
    CopySeen(CopySeen),
    /// A CA takes no serial any more.
    CaRetired(CaRetired),
    /// A CA took the place of another so far.
    StageReached(StageReached),
    /// A device got secrets that follow from a shared one, or is about to.
    SecretsDerived(SecretsDerived),
    /// A ledger key delegated the signing of lists.
    ListsDelegated(ListsDelegated),
    /// A copy of a CA's key was tried.
    CopyTried(CopyTried),
    /// Somebody logged in to a server.
    LoginSeen(LoginSeen),
    /// Somebody whom an identity provider knows has a name, or no longer.
    LoginBound(LoginBound),
}

/// Bytes that are not an entry.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Cut, too long, or a field that is no text.
    #[error("not an entry: {0}")]
    Encoding(#[from] ssh_encoding::Error),
    /// A kind or choice that this version does not know.
    #[error("entry has an unknown {field} ({value})")]
    Unknown {
        /// The field.
        field: &'static str,
        /// The value that the field has.
        value: u8,
    },
}

impl Entry {
    /// The canonical bytes.
    ///
    /// # Errors
    /// [`EntryError::Encoding`] if a field is longer than the 4 GiB that the wire allows.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        let out = &mut Vec::with_capacity(1024);
        self.kind().encode(out)?;
        self.time.encode(out)?;
        self.salt.encode(out)?;
        match &self.event {
            Event::CaAdded(event) => event.encode(out)?,
            Event::Reserved(event) => event.encode(out)?,
            Event::Issued(event) => event.encode(out)?,
            Event::Failed(event) => event.encode(out)?,
            Event::Revoked(event) => event.encode(out)?,
            Event::KrlMade(event) => event.encode(out)?,
            Event::Resumed(event) => event.encode(out)?,
            Event::EvidenceSeen(event) => event.encode(out)?,
            Event::CheckpointSigned(event) => event.encode(out)?,
            Event::RequesterAdded(event) => event.encode(out)?,
            Event::ChallengeMade(event) => event.encode(out)?,
            Event::ClockCorrected(event) => event.encode(out)?,
            Event::Barred(event) => event.encode(out)?,
            Event::PolicySeen(event) => event.encode(out)?,
            Event::RequesterRemoved(event) => event.encode(out)?,
            Event::SuffixesSet(event) => event.encode(out)?,
            Event::HeadAdopted(event) => event.encode(out)?,
            Event::HeadPlaces(event) => event.encode(out)?,
            Event::TailCut(event) => event.encode(out)?,
            Event::LedgerKeyAdded(event) => event.encode(out)?,
            Event::LedgerKeyRolled(event) => event.encode(out)?,
            Event::LedgerKeyRevoked(event) => event.encode(out)?,
            Event::RootDistrusted(event) => event.encode(out)?,
            Event::Bound(event) => event.encode(out)?,
            Event::PlaceAllowed(event) => event.encode(out)?,
            Event::NotBound(event) => event.encode(out)?,
            Event::RequesterNamed(event) => event.encode(out)?,
            Event::DutiesSet(event) => event.encode(out)?,
            Event::CeremonyHeld(event) => event.encode(out)?,
            Event::BundleTaken(event) => event.encode(out)?,
            Event::BundleClosed(event) => event.encode(out)?,
            Event::PendingTaken(event) => event.encode(out)?,
            Event::PendingRefused(event) => event.encode(out)?,
            Event::CopySeen(event) => event.encode(out)?,
            Event::CaRetired(event) => event.encode(out)?,
            Event::StageReached(event) => event.encode(out)?,
            Event::SecretsDerived(event) => event.encode(out)?,
            Event::ListsDelegated(event) => event.encode(out)?,
            Event::CopyTried(event) => event.encode(out)?,
            Event::LoginSeen(event) => event.encode(out)?,
            Event::LoginBound(event) => event.encode(out)?,
        }
        Ok(std::mem::take(out))
    }

    /// Reads canonical bytes back; all of them, or it is an error.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, EntryError> {
        let input = &mut bytes;
        let kind = u8::decode(input)?;
        let time = u64::decode(input)?;
        let salt = <[u8; SALT]>::decode(input)?;
        let event = match kind {
            1 => Event::CaAdded(CaAdded::decode(input)?),
            2 => Event::Reserved(Reserved::decode_before_format_3(input)?),
            3 => Event::Issued(Issued::decode(input)?),
            4 => Event::Failed(Failed::decode(input)?),
            5 => Event::Revoked(Revoked::decode(input)?),
            6 => Event::KrlMade(KrlMade::decode_before_format_4(input)?),
            7 => Event::Resumed(Resumed::decode_before_format_4(input)?),
            8 => Event::Reserved(Reserved::decode_before_format_4(input)?),
            9 => Event::EvidenceSeen(EvidenceSeen::decode(input)?),
            10 => Event::CheckpointSigned(CheckpointSigned::decode(input)?),
            11 => Event::RequesterAdded(RequesterAdded::decode(input)?),
            12 => Event::ChallengeMade(ChallengeMade::decode(input)?),
            13 => Event::ClockCorrected(ClockCorrected::decode(input)?),
            14 => Event::Barred(Barred::decode_before_format_4(input)?),
            15 => Event::PolicySeen(PolicySeen::decode(input)?),
            16 => Event::RequesterRemoved(RequesterRemoved::decode(input)?),
            17 => Event::Barred(Barred::decode(input)?),
            18 => Event::Reserved(Reserved::decode(input)?),
            19 => Event::SuffixesSet(SuffixesSet::decode(input)?),
            20 => Event::HeadAdopted(HeadAdopted::decode(input)?),
            21 => Event::HeadPlaces(HeadPlaces::decode(input)?),
            22 => Event::TailCut(TailCut::decode(input)?),
            23 => Event::LedgerKeyAdded(LedgerKeyAdded::decode(input)?),
            24 => Event::LedgerKeyRolled(LedgerKeyRolled::decode(input)?),
            25 => Event::KrlMade(KrlMade::decode(input)?),
            26 => Event::Resumed(Resumed::decode(input)?),
            27 => Event::LedgerKeyRevoked(LedgerKeyRevoked::decode(input)?),
            28 => Event::RootDistrusted(RootDistrusted::decode(input)?),
            29 => Event::Bound(Bound::decode(input)?),
            30 => Event::PlaceAllowed(PlaceAllowed::decode(input)?),
            31 => Event::NotBound(NotBound::decode(input)?),
            32 => Event::RequesterNamed(RequesterNamed::decode(input)?),
            33 => Event::DutiesSet(DutiesSet::decode(input)?),
            34 => Event::CeremonyHeld(CeremonyHeld::decode(input)?),
            35 => Event::CopySeen(CopySeen::decode(input)?),
            36 => Event::BundleTaken(BundleTaken::decode(input)?),
            37 => Event::BundleClosed(BundleClosed::decode(input)?),
            40 => Event::PendingTaken(PendingTaken::decode(input)?),
            38 => Event::CaRetired(CaRetired::decode(input)?),
            39 => Event::StageReached(StageReached::decode(input)?),
            41 => Event::SecretsDerived(SecretsDerived::decode(input)?),
            42 => Event::ListsDelegated(ListsDelegated::decode(input)?),
            43 => Event::PendingRefused(PendingRefused::decode(input)?),
            44 => Event::CopyTried(CopyTried::decode(input)?),
            45 => Event::LoginSeen(LoginSeen::decode(input)?),
            46 => Event::Reserved(Reserved::decode_served(input)?),
            47 => Event::LoginBound(LoginBound::decode(input)?),
            value => {
                return Err(EntryError::Unknown {
                    field: "kind",
                    value,
                });
            }
        };
        Ok(input.finish(Self { time, salt, event })?)
    }
}

/// A count, then so many items. Nothing is set aside for a count that lies: each item
/// takes bytes that must be there.
fn list<R: Reader, T>(
    input: &mut R,
    mut item: impl FnMut(&mut R) -> Result<T, ssh_encoding::Error>,
) -> Result<Vec<T>, EntryError> {
    let count = usize::decode(input)?;
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(item(input)?);
    }
    Ok(items)
}

/// Random bytes an entry.
pub(super) const SALT: usize = 16;
