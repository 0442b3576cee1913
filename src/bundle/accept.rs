//! What must hold of an answer before anything of it is taken: who signed its head, that its frames lead
//! there from the mirror, that each certificate is one of these frames, is signed by its CA, and is what its
//! item asked for, and that each refusal is one that the ledger has.

mod item;
mod signers;
mod unverified;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::answer::{Answer, AnswerError, Answered};
use super::{BundleError, Item};
use crate::krl::{
    BASE_NAMESPACE, BaseReadError, ListBase, ListHead, ListSignature, ListSignatureError,
};
use crate::ledger::checkpoint::{Checkpoint, CheckpointError};
use crate::ledger::note::{NoteError, unverified_text};
use crate::ledger::{
    BundleClosed, Entry, EntryError, Event, LedgerError, Mirror, MirrorError, RequestId, Reserved,
    SuffixesSet,
};
pub use item::fits;
use signers::Signers;
use unverified::Unverified;

/// Why an answer is not accepted. Nothing of it was taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// It can't be read.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The bundle that it answers can't be read.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// It does not go on from the mirror.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// The mirror can't be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An entry that this version doesn't know.
    #[error("entry {position} of the answer")]
    Entry {
        /// Its position.
        position: u64,
        /// What is wrong with it.
        source: EntryError,
    },
    /// The head is no signed note.
    #[error("the head of the answer")]
    Note(#[from] NoteError),
    /// The head is none.
    #[error("the head of the answer")]
    Head(#[from] CheckpointError),
    /// Nobody who is known here signed the head.
    #[error("no key that signs heads, as far as the mirror knows, signed the head of the answer")]
    Signer,
    /// Its signer was revoked.
    #[error("the key that signed the head of the answer was revoked, and counts up to {0} entries")]
    SignerRevoked(u64),
    /// The base of lists is not signed by who signed the head.
    #[error("the base of lists")]
    BaseSignature(#[from] ListSignatureError),
    /// The base of lists is none.
    #[error(transparent)]
    Base(#[from] BaseReadError),
    /// The base of lists is made from another head.
    #[error("the base of lists is made from another head than that of the answer")]
    BaseHead,
    /// A certificate in the frames that its CA did not sign.
    #[error("the certificate of entry {0} is not signed by its CA")]
    Signature(u64),
    /// The ledger doesn't say that the bundle was signed.
    #[error("the ledger does not say that this bundle was signed")]
    NotSigned,
    /// The ledger says that another bundle of this id was signed.
    #[error("the bundle of this id that the ledger took to be signed is another one")]
    OtherBundle,
    /// It has another number of items than the bundle.
    #[error("it has {found} items, and the bundle {asked}")]
    Items {
        /// How many it has.
        found: u64,
        /// How many were asked for.
        asked: u64,
    },
    /// What an item got is not what it asked for, or not what the ledger says.
    #[error("item {number}: {what}")]
    Item {
        /// Which, from 1.
        number: u64,
        /// What is wrong.
        what: &'static str,
    },
}

/// What the frames of an answer say, as far as it is looked for.
#[derive(Default)]
struct Frames {
    cas: HashMap<u64, Option<Arc<KeyData>>>,
    /// The suffixes that a CA reserves; none is ever taken off its list.
    suffixes: HashMap<u64, Vec<String>>,
    open: HashMap<u64, (Arc<Reserved>, u64)>,
    issued: HashMap<RequestId, Granted>,
    unverified: Unverified,
    /// SHA-256 of the header that was taken to be signed, and how many items it has.
    taken: Option<([u8; 32], u64)>,
    closed: Option<BundleClosed>,
}

/// A certificate of the frames.
struct Granted {
    reserved: Arc<Reserved>,
    /// In Unix seconds.
    reserved_at: u64,
    blob: Vec<u8>,
}

/// Checks all of an answer against the mirror and the items of the bundle. `trusted` are keys that a
/// person names beside those that the mirror knows.
///
/// # Errors
/// [`AcceptError`], by the first fault.
pub fn check(
    answer: &Answer,
    mirror: &Mirror,
    trusted: &[KeyData],
    items: impl Iterator<Item = Result<Item, BundleError>>,
) -> Result<Checkpoint, AcceptError> {
    let (head, frames) = frames_of(answer, mirror, trusted)?;
    frames.answers(answer, items)?;
    Ok(head)
}

/// Checks that the entries of an answer go on from the mirror to a head that counts, with each certificate in
/// them: all that can be held against a mirror beside which the bundle was not made.
///
/// # Errors
/// [`AcceptError`], by the first fault.
pub fn check_entries(
    answer: &Answer,
    mirror: &Mirror,
    trusted: &[KeyData],
) -> Result<Checkpoint, AcceptError> {
    frames_of(answer, mirror, trusted).map(|(head, _frames)| head)
}

/// Checks an answer to a bundle that is gone, since it was accepted before: its entries as [`check_entries`] does, and
/// that what its items got stands in these.
///
/// # Errors
/// [`AcceptError`], by the first fault.
pub fn check_again(
    answer: &Answer,
    mirror: &Mirror,
    trusted: &[KeyData],
) -> Result<(), AcceptError> {
    let (_head, frames) = frames_of(answer, mirror, trusted)?;
    frames.hold_all(answer)
}

fn frames_of(
    answer: &Answer,
    mirror: &Mirror,
    trusted: &[KeyData],
) -> Result<(Checkpoint, Frames), AcceptError> {
    let note = &answer.header().head;
    let head = Checkpoint::parse(unverified_text(note)?)?;
    mirror.check(
        answer
            .frames()?
            .map(|frame| frame.map_err(AcceptError::from)),
        &head,
    )?;
    let mut signers = Signers::of(mirror.ledger(), trusted)?;
    let mut frames = Frames::of(mirror)?;
    for frame in answer.frames()? {
        let frame = frame?;
        for (position, bytes) in (frame.first..).zip(&frame.entries) {
            let entry = Entry::from_bytes(bytes);
            let entry = entry.map_err(|source| AcceptError::Entry { position, source })?;
            signers.take(position, &entry.event, &head.origin);
            frames.take(position, entry, &answer.header().id)?;
        }
    }
    frames.unverified.verify()?;
    let signer = signers.believe(note, &head)?;
    base_fits(answer, &head, signer)?;
    frames.are_of(answer)?;
    Ok((head, frames))
}

/// Whether the base of lists, where there is one, is signed by who signed the head, and made from it.
fn base_fits(answer: &Answer, head: &Checkpoint, signer: &KeyData) -> Result<(), AcceptError> {
    let Some(base) = answer.base()? else {
        return Ok(());
    };
    let signature = ListSignature::read(base.signature.as_bytes())?;
    signature.verify(BASE_NAMESPACE, &base.bytes, std::slice::from_ref(signer))?;
    let base = ListBase::from_bytes(&base.bytes)?;
    let expected = ListHead {
        origin: head.origin.clone(),
        size: head.size,
        root: head.root,
    };
    if *base.head() != expected {
        return Err(AcceptError::BaseHead);
    }
    Ok(())
}

impl Frames {
    /// Before the first frame: the CAs that the mirror knows.
    fn of(mirror: &Mirror) -> Result<Self, AcceptError> {
        let mut frames = Self::default();
        for ca in mirror.ledger().cas()? {
            let key = Arc::new(ca.public_key().clone());
            frames.cas.insert(ca.position(), Some(key));
            let recorded = mirror.ledger().suffixes(&ca)?;
            recorded.into_iter().for_each(|set| frames.reserve(set));
        }
        Ok(frames)
    }

    fn reserve(&mut self, set: SuffixesSet) {
        let suffixes = set.suffixes.into_iter().map(|one| one.suffix);
        self.suffixes.insert(set.ca, suffixes.collect());
    }

    fn take(&mut self, position: u64, entry: Entry, bundle: &[u8; 16]) -> Result<(), AcceptError> {
        match entry.event {
            Event::CaAdded(added) => {
                let key = PublicKey::from_bytes(&added.public_key).ok();
                let key = key.map(|key| Arc::new(key.key_data().clone()));
                self.cas.insert(position, key);
            }
            Event::SuffixesSet(set) => self.reserve(set),
            Event::Reserved(reserved) => {
                let reserved = (Arc::new(reserved), entry.time);
                self.open.insert(position, reserved);
            }
            Event::Failed(failed) => {
                self.open.remove(&failed.reserved);
            }
            Event::Issued(issued) => {
                let Some(reserved) = self.open.remove(&issued.reserved) else {
                    // Reserved before the mirror ended: none of this bundle's.
                    return Ok(());
                };
                self.issued(position, reserved, &issued.signature)?;
            }
            Event::BundleTaken(taken) if taken.id == *bundle => {
                self.taken = Some((taken.sha256, taken.items));
            }
            Event::BundleClosed(closed) if closed.id == *bundle => self.closed = Some(closed),
            _ => {}
        }
        Ok(())
    }

    fn issued(
        &mut self,
        position: u64,
        (reserved, reserved_at): (Arc<Reserved>, u64),
        signature: &[u8],
    ) -> Result<(), AcceptError> {
        let bad = || AcceptError::Signature(position);
        let ca = self.cas.get(&reserved.ca).and_then(Option::as_ref);
        let ca = ca.ok_or_else(bad)?;
        self.unverified.add((position, &reserved), signature, ca)?;
        let grounds = reserved.grounds.as_ref();
        if let Some(id) = grounds.and_then(|grounds| grounds.request_id) {
            // PROTOCOL.certkeys: the signature is the last field, a string, over all before it.
            let length = u32::try_from(signature.len()).map_err(|_long| bad())?;
            let blob = [&reserved.to_be_signed, &length.to_be_bytes()[..], signature].concat();
            let granted = Granted {
                reserved,
                reserved_at,
                blob,
            };
            self.issued.insert(id, granted);
        }
        Ok(())
    }

    /// Whether they say that the bundle was signed which the answer names: nobody signed what its header says.
    fn are_of(&self, answer: &Answer) -> Result<(), AcceptError> {
        if self.closed.as_ref().is_none_or(|end| end.is_signed == 0) {
            return Err(AcceptError::NotSigned);
        }
        let (found, header) = (answer.header().items, answer.header());
        match self.taken {
            Some((sha256, asked)) if sha256 == header.sha256 => {
                let fits = found == asked;
                fits.then_some(())
                    .ok_or(AcceptError::Items { found, asked })
            }
            _ => Err(AcceptError::OtherBundle),
        }
    }

    /// Whether they have what each item got, of a bundle that is not at hand to say which is whose.
    fn hold_all(&self, answer: &Answer) -> Result<(), AcceptError> {
        let refused = self.refused()?;
        let granted = self.issued.values().map(|one| one.blob.as_slice());
        let granted: HashSet<_> = granted.collect();
        answer.each_item(&mut |number, answered| {
            let what = match answered {
                Answered::Refused(why) if refused.get(&number) == Some(&&why) => return Ok(()),
                Answered::Refused(_) => OTHER_REFUSAL,
                Answered::Certificate(blob) if granted.contains(blob.as_slice()) => return Ok(()),
                Answered::Certificate(_) => OTHER_CERTIFICATE,
            };
            Err(AcceptError::Item { number, what })
        })
    }

    /// The refusals that the ledger has, by the number of the item.
    fn refused(&self) -> Result<BTreeMap<u64, &String>, AcceptError> {
        let closed = self.closed.as_ref().ok_or(AcceptError::NotSigned)?;
        let refused = closed.refused.iter();
        Ok(refused.map(|(number, why)| (*number, why)).collect())
    }

    /// Whether each item got what the frames say, and asked for that.
    fn answers(
        &self,
        answer: &Answer,
        mut items: impl Iterator<Item = Result<Item, BundleError>>,
    ) -> Result<(), AcceptError> {
        let refused = self.refused()?;
        let mut asked = 0;
        answer.each_item(&mut |number, answered| {
            let found = answer.header().items;
            let item = items.next().ok_or(AcceptError::Items { found, asked })??;
            asked += 1;
            let right = match answered {
                Answered::Refused(why) => match refused.get(&number) {
                    Some(known) if **known == why => Ok(()),
                    _ => Err(OTHER_REFUSAL),
                },
                Answered::Certificate(blob) => match self.issued.get(&item.content().id) {
                    Some(granted) if granted.blob == blob => {
                        let suffixes = self.suffixes.get(&granted.reserved.ca);
                        let suffixes = suffixes.map_or(&[][..], Vec::as_slice);
                        let reserved = (granted.reserved.as_ref(), granted.reserved_at);
                        item::fits(&item, reserved, suffixes, &granted.blob)
                    }
                    _ => Err(OTHER_CERTIFICATE),
                },
            };
            right.map_err(|what| AcceptError::Item { number, what })
        })?;
        match items.next() {
            None => Ok(()),
            Some(_) => Err(AcceptError::Items {
                found: asked,
                asked: asked.saturating_add(1),
            }),
        }
    }
}

const OTHER_REFUSAL: &str = "its refusal is not the one of the ledger";
const OTHER_CERTIFICATE: &str = "its certificate is not the one of the ledger";
