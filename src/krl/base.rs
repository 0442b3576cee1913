//! The base of delegated lists: what the ledger had revoked by a signed head, and which serials it held.
//!
//! The offline side makes and signs it with each answer; a list by a [delegated](super::delegation) key
//! must hold all of it, and may name no CA's key and no serial beyond it. It is no list itself: its
//! signature has a namespace of its own, so that nobody publishes it as one
//! (`docs/formats/delegation.md`).

use ssh_key::Fingerprint;

use super::serials::{SerialRange, Serials};
use super::{Authority, KRL_BYTES_MAX, Krl, ListHead, ListName, PublicKey, ReadError, Strings};
use crate::wire::{Cursor, WireError, put_string};

/// What a delegated list is held to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListBase {
    head: ListHead,
    cas: Vec<HeldSerials>,
    krl: Krl,
}

/// A CA, and the serials that the ledger held of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldSerials {
    /// Its public key.
    pub ca: PublicKey,
    /// Every serial that was ever reserved.
    pub serials: Serials,
}

/// Why bytes are no base.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaseReadError {
    /// Something else, or of a later version.
    #[error("no base of lists that this version knows")]
    Version,
    /// Cut, too long, or with something behind its end.
    #[error("the base of lists is malformed")]
    Wire(#[from] WireError),
    /// A field that has not the one form of what it says.
    #[error("the {0} in the base of lists is malformed")]
    Field(&'static str),
    /// The revocations in it are no KRL.
    #[error("the base of lists has no KRL")]
    Krl(#[from] ReadError),
}

/// Why a delegated list is more, or less, than its base lets it be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutsideBase {
    /// The list is made from another head than the base.
    #[error("it is made from another head of the ledger than its base")]
    Head,
    /// Something that the ledger revoked is not in it.
    #[error("it lacks {0}, which the ledger revoked")]
    Lacks(String),
    /// A CA's key that the ledger did not revoke.
    #[error("it names the key of a CA, {0}, which the ledger did not revoke")]
    CaKey(String),
    /// A CA that the ledger doesn't have, or every CA at once.
    #[error("it names certificates of a CA that the ledger does not have")]
    OtherCa,
    /// A serial that the ledger didn't hold.
    #[error("it names serial {0}, which the ledger did not hold")]
    Serial(u64),
}

impl ListBase {
    /// The base of these CAs by this head.
    #[must_use]
    pub fn new(head: ListHead, cas: Vec<HeldSerials>, krl: Krl) -> Self {
        Self { head, cas, krl }
    }

    /// How far the ledger had come.
    #[must_use]
    pub fn head(&self) -> &ListHead {
        &self.head
    }

    /// What was revoked by then.
    #[must_use]
    pub fn krl(&self) -> &Krl {
        &self.krl
    }

    /// The bytes that are signed.
    ///
    /// # Errors
    /// [`super::WriteError`] of the KRL.
    pub fn to_bytes(&self) -> Result<Vec<u8>, super::WriteError> {
        let mut out = Vec::new();
        put_string(&mut out, MAGIC);
        put_string(&mut out, self.head.to_string().as_bytes());
        out.extend(count(self.cas.len()));
        for held in &self.cas {
            put_string(&mut out, held.ca.as_blob());
            out.extend(count(held.serials.len()));
            for range in held.serials.ranges() {
                out.extend(range.first().to_be_bytes());
                out.extend(range.last().to_be_bytes());
            }
        }
        put_string(&mut out, &self.krl.to_bytes()?);
        Ok(out)
    }

    /// Reads them back, strictly.
    ///
    /// # Errors
    /// [`BaseReadError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BaseReadError> {
        let mut wire = Cursor::new(bytes);
        if wire.string()? != MAGIC {
            return Err(BaseReadError::Version);
        }
        let head = std::str::from_utf8(wire.string()?).ok();
        let head = head.and_then(ListHead::parse);
        let head = head.ok_or(BaseReadError::Field("head"))?;
        let mut cas = Vec::new();
        for _ in 0..wire.u32()? {
            cas.push(held(&mut wire)?);
        }
        let krl = Krl::from_bytes(wire.string()?)?;
        wire.finish()?;
        Ok(Self { head, cas, krl })
    }

    /// Whether a list holds all of this, and nothing that only the ledger may say.
    ///
    /// # Errors
    /// [`OutsideBase`], by the first that is found.
    pub fn hold(&self, list: &Krl) -> Result<(), OutsideBase> {
        if ListName::of_comment(&list.header().comment).head.as_ref() != Some(&self.head) {
            return Err(OutsideBase::Head);
        }
        has_all(&self.krl, list)?;
        self.names_no_ca_key(list)?;
        list.authorities()
            .try_for_each(|named| self.names_held(named))
    }

    /// Whoever names a CA's key locks out everybody at once: that is the offline side's alone.
    fn names_no_ca_key(&self, list: &Krl) -> Result<(), OutsideBase> {
        for HeldSerials { ca, .. } in &self.cas {
            if names_key(list, ca) && !names_key(&self.krl, ca) {
                return Err(OutsideBase::CaKey(
                    Fingerprint::Sha256(ca.sha256()).to_string(),
                ));
            }
        }
        Ok(())
    }

    fn names_held(&self, named: &Authority) -> Result<(), OutsideBase> {
        let base = self.krl.authorities().find(|base| base.ca() == named.ca());
        let held = self.cas.iter().find(|held| Some(&held.ca) == named.ca());
        if held.is_none() && base.is_none() {
            return Err(OutsideBase::OtherCa);
        }
        let held = held.into_iter().flat_map(|held| held.serials.ranges());
        let base = base.into_iter().flat_map(|base| base.serials().ranges());
        let allowed: Serials = held.chain(base).collect();
        match first_missing(named.serials(), &allowed) {
            Some(serial) => Err(OutsideBase::Serial(serial)),
            None => Ok(()),
        }
    }
}

/// Whether one list revokes all that another does.
///
/// # Errors
/// [`OutsideBase::Lacks`], by the first that is missing.
pub fn has_all(before: &Krl, list: &Krl) -> Result<(), OutsideBase> {
    lacks_none(before.keys(), list.keys(), "a key")?;
    let sha1s = list.sha1s();
    if !(before.sha1s().iter()).all(|hash| sha1s.binary_search(hash).is_ok()) {
        return Err(OutsideBase::Lacks("a key by its SHA-1".to_owned()));
    }
    let missing =
        (before.sha256s().iter()).find(|hash| list.sha256s().binary_search(hash).is_err());
    if let Some(hash) = missing {
        return Err(OutsideBase::Lacks(Fingerprint::Sha256(*hash).to_string()));
    }
    for base in before.authorities() {
        let named = list.authorities().find(|named| named.ca() == base.ca());
        let no_serials = Serials::default();
        let serials = named.map_or(&no_serials, Authority::serials);
        if let Some(serial) = first_missing(base.serials(), serials) {
            return Err(OutsideBase::Lacks(format!("serial {serial}")));
        }
        let no_key_ids = Strings::default();
        let key_ids = named.map_or(&no_key_ids, Authority::key_ids);
        lacks_none(base.key_ids(), key_ids, "a key ID")?;
    }
    Ok(())
}

/// A CA with its ranges of serials, which stand in order with a gap between any two.
fn held(wire: &mut Cursor<'_>) -> Result<HeldSerials, BaseReadError> {
    let key = wire.string()?;
    let ca = PublicKey::from_blob(key).map_err(|_key| BaseReadError::Field("CA"))?;
    if ca.as_blob() != key {
        return Err(BaseReadError::Field("CA"));
    }
    let mut serials = Serials::default();
    let mut behind = 0_u64;
    for _ in 0..wire.u32()? {
        let (first, last) = (wire.u64()?, wire.u64()?);
        let range = SerialRange::new(first, last).ok();
        let range = range.filter(|_| first > behind);
        serials.push(range.ok_or(BaseReadError::Field("serial"))?);
        // The next range neither overlaps this one nor touches it, so that one set has one form.
        behind = last.saturating_add(1);
    }
    serials.settle();
    Ok(HeldSerials { ca, serials })
}

/// The first serial of one set that is not in another.
fn first_missing(wanted: &Serials, there: &Serials) -> Option<u64> {
    wanted.ranges().find_map(|range| {
        let covering = there.ranges_from(range.first()).next();
        match covering.filter(|there| there.first() <= range.first()) {
            None => Some(range.first()),
            Some(there) if there.last() < range.last() => Some(there.last().saturating_add(1)),
            Some(_) => None,
        }
    })
}

fn lacks_none(wanted: &Strings, there: &Strings, what: &str) -> Result<(), OutsideBase> {
    if wanted.iter().all(|one| there.contains(one)) {
        return Ok(());
    }
    Err(OutsideBase::Lacks(what.to_owned()))
}

/// Whether a KRL names a key, in any of the three ways.
fn names_key(krl: &Krl, key: &PublicKey) -> bool {
    krl.keys().contains(key.as_blob())
        || krl.sha1s().binary_search(&key.sha1()).is_ok()
        || krl.sha256s().binary_search(&key.sha256()).is_ok()
}

/// A count that fits: nothing in memory has four billion parts.
fn count(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

/// What the signature of a base is for.
pub const BASE_NAMESPACE: &str = "base@punchmark";

/// The longest base that is read, in bytes: its KRL, and room for serials.
pub const BASE_BYTES_MAX: usize = KRL_BYTES_MAX + (16 << 20);

const MAGIC: &[u8] = b"punchmark-list-base-v1";

#[cfg(test)]
pub(crate) mod tests;
