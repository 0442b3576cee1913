//! What each entry puts into the index: one pure function, which serves appending, the
//! audit and rebuilding alike.
//!
//! A row says "under this key, look at this position". It is never taken away, so that a
//! reader who knows how far the ledger went when it began can pass over what is newer. A row
//! that would refuse somebody is believed only once its entry was read.

pub(super) mod table;

use sha2::{Digest, Sha256};
use ssh_encoding::Encode;
use ssh_encoding::base64::{Base64Unpadded, Encoding};

use super::entry::{
    Barred, CardId, Credential, Entry, Event, EvidenceSeen, KrlMade, LedgerKeyAdded,
    LedgerKeyRolled, Reserved, Resumed, Revoked, Sequence,
};
use super::key_id::before_private_root;
use super::store::Row;
use crate::wire::RawCertificate;

/// The rows of the entry at `position`.
#[must_use]
pub fn rows(position: u64, entry: &Entry) -> Vec<Row> {
    let rows = &mut RowsOf {
        position,
        rows: Vec::new(),
    };
    match &entry.event {
        Event::CaAdded(_) => rows.add(table::CA, []),
        Event::Reserved(reserved) => rows.reserved(reserved),
        Event::Issued(issued) => rows.add(table::OUTCOME, number(issued.reserved)),
        Event::Failed(failed) => rows.add(table::OUTCOME, number(failed.reserved)),
        Event::Revoked(revoked) => rows.revoked(revoked),
        Event::KrlMade(made) => rows.krl(made),
        Event::Resumed(resumed) => rows.resumed(resumed),
        Event::EvidenceSeen(seen) => {
            rows.add(table::EVIDENCE, content(seen));
            rows.add(table::EVIDENCE_SUBJECT, sha256(&seen.subject));
        }
        Event::CheckpointSigned(signed) => {
            rows.add(table::SIGNED_HEAD, number(signed.size));
            if let Some(key) = of_fingerprint(&signed.key) {
                rows.add(table::LEDGER_KEY, key);
            }
        }
        Event::RequesterAdded(added) => rows.credential(&added.credential),
        Event::RequesterRemoved(removed) => rows.credential(&removed.credential),
        Event::ChallengeMade(made) => rows.add(table::CHALLENGE, made.nonce),
        Event::ClockCorrected(_) => {}
        Event::Barred(barred) => rows.barred(barred),
        Event::PolicySeen(seen) => rows.add(table::POLICY, seen.digest),
        Event::SuffixesSet(set) => rows.add(table::SUFFIXES, number(set.ca)),
        Event::HeadAdopted(_) => rows.add(table::HEAD_ADOPTED, []),
        Event::HeadPlaces(_) => rows.add(table::HEAD_PLACES, []),
        Event::TailCut(_) => {}
        Event::LedgerKeyAdded(added) => rows.ledger_key(added),
        Event::LedgerKeyRolled(rolled) => rows.rolled(rolled),
        Event::LedgerKeyRevoked(revoked) => rows.add(table::LEDGER_KEY, sha256(&revoked.key)),
        Event::RootDistrusted(distrusted) => rows.add(table::DISTRUSTED, distrusted.root),
        Event::Bound(bound) => rows.add(table::BOUND, number(bound.ca)),
        Event::NotBound(_) => {}
        Event::RequesterNamed(named) => rows.add(table::REQUESTER_NAMES, &named.name),
        Event::DutiesSet(set) => rows.add(table::DUTIES, &set.name),
        Event::PlaceAllowed(_) => rows.add(table::PLACE_ALLOWED, []),
        Event::CeremonyHeld(_) => rows.add(table::CEREMONY, []),
        Event::BundleTaken(_) | Event::BundleClosed(_) => rows.add(table::BUNDLE, []),
        Event::PendingTaken(taken) => rows.add(table::PENDING, taken.sha256),
        Event::PendingRefused(refused) => rows.add(table::PENDING, refused.sha256),
        Event::ListsDelegated(_) => rows.add(table::DELEGATION, []),
        Event::CaRetired(retired) => rows.add(table::RETIRED, number(retired.ca)),
        Event::StageReached(reached) => rows.add(table::ROLLOVER, number(reached.old)),
        Event::SecretsDerived(_) => rows.add(table::CUSTODY, []),
        Event::CopyTried(tried) => rows.add(table::TRIED, number(tried.ca)),
        Event::LoginSeen(seen) => rows.add(table::LOGIN, &seen.name),
        Event::LoginBound(bound) => {
            rows.add(
                table::BOUND_SUBJECT,
                binding_key(&bound.issuer, &bound.subject),
            );
            rows.add(table::BOUND_NAME, bound.name.to_ascii_lowercase());
        }
        Event::CopySeen(seen) => rows.add(table::COPY, copy_key(seen.ca, &seen.device)),
    }
    std::mem::take(&mut rows.rows)
}

/// The rows of one entry, as they come together.
struct RowsOf {
    position: u64,
    rows: Vec<Row>,
}

impl RowsOf {
    fn add(&mut self, table: u8, key: impl AsRef<[u8]>) {
        self.rows.push(Row {
            table,
            key: key.as_ref().to_vec(),
            position: self.position,
        });
    }

    fn reserved(&mut self, reserved: &Reserved) {
        let taken = match reserved.sequence {
            Sequence::Automatic => table::AUTOMATIC,
            Sequence::Explicit => table::EXPLICIT,
        };
        self.add(taken, serial_key(reserved.ca, reserved.serial));
        self.add(table::REQUEST, request_key(reserved.ca, &reserved.request));
        self.add(table::REQUESTER, &reserved.requester);
        if let Some(grounds) = &reserved.grounds {
            grounds
                .request_id
                .iter()
                .for_each(|id| self.add(table::REQUEST_ID, id));
            let challenge = grounds.challenge.map(number);
            challenge.iter().for_each(|at| self.add(table::ANSWER, at));
            let card = grounds.card.map(number);
            card.iter().for_each(|card| self.add(table::CARD, card));
        }
        // What is no certificate to this version is still found by all of the above.
        let Ok(content) = RawCertificate::of_to_be_signed(&reserved.to_be_signed) else {
            return;
        };
        self.add(
            table::SUBJECT,
            subject_key(&sha256(content.public_key()), &reserved.requester),
        );
        self.add(table::KEY_ID, short(content.key_id()));
        if let Some(asked) = before_private_root(content.key_id()) {
            self.add(table::KEY_ID, short(asked));
        }
        for principal in content.principals() {
            self.add(table::PRINCIPAL, short(principal));
        }
    }

    fn revoked(&mut self, revoked: &Revoked) {
        self.add(table::REVOCATION, []);
        let ca = authority(&revoked.ca);
        for (first, last) in &revoked.serials {
            self.add(table::REVOKED_SERIAL, range_key(&ca, *first, *last));
        }
        for key_id in &revoked.key_ids {
            let key = [ca.as_slice(), &short(key_id.as_bytes())].concat();
            self.add(table::REVOKED_KEY_ID, key);
        }
        for hash in revoked.key_hashes() {
            self.add(table::REVOKED_KEY, hash);
        }
    }

    fn krl(&mut self, made: &KrlMade) {
        self.add(table::KRL, number(made.version));
        if let Some(list) = &made.list
            && !list.signer.is_empty()
        {
            self.add(table::LEDGER_KEY, sha256(&list.signer));
        }
    }

    fn resumed(&mut self, resumed: &Resumed) {
        let key = [
            number(resumed.ca),
            number(resumed.last),
            number(resumed.first),
        ];
        self.add(table::GAP, key.concat());
        if resumed.recovery.is_some() {
            self.add(table::RECOVERY, []);
        }
    }

    fn credential(&mut self, credential: &Credential) {
        self.add(table::CREDENTIAL, credential_key(credential));
    }

    fn barred(&mut self, barred: &Barred) {
        self.add(table::BAR, []);
        for card in &barred.cards {
            self.add(table::BARRED_CARD, number(*card));
        }
        for card in &barred.family_cards {
            self.add(table::BARRED_FAMILY_CARD, family_card_key(card));
        }
        for name in &barred.requesters {
            self.add(table::BARRED_REQUESTER, name);
        }
    }

    fn ledger_key(&mut self, added: &LedgerKeyAdded) {
        self.add(table::LEDGER_KEY, sha256(&added.key));
        if !added.place.is_empty() {
            self.add(table::LEDGER_KEY_PLACE, sha256(added.place.as_bytes()));
        }
    }

    fn rolled(&mut self, rolled: &LedgerKeyRolled) {
        self.add(table::LEDGER_KEY, sha256(&rolled.old));
        self.add(table::LEDGER_KEY, sha256(&rolled.new));
    }
}

/// Eight bytes that sort as the number does.
pub(super) fn number(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

/// A CA by the position of its entry, and a serial.
pub(super) fn serial_key(ca: u64, serial: u64) -> Vec<u8> {
    [number(ca), number(serial)].concat()
}

/// A CA by the position of its entry, and half of a request's SHA-256.
pub(super) fn request_key(ca: u64, digest: &[u8; 32]) -> Vec<u8> {
    [&number(ca)[..], half(digest)].concat()
}

/// The SHA-256 of a key's blob, and whose it is said to be.
pub(super) fn subject_key(sha256: &[u8; 32], requester: &str) -> Vec<u8> {
    [sha256.as_slice(), requester.as_bytes()].concat()
}

/// The CA whose serials or key IDs are meant: a hash of its blob; zeros where all CAs are.
pub(super) fn authority(blob: &[u8]) -> [u8; 16] {
    if blob.is_empty() {
        [0; 16]
    } else {
        short(blob)
    }
}

/// A range of serials. The last stands first, so that a walk from any serial begins with
/// the ranges that may hold it.
pub(super) fn range_key(authority: &[u8; 16], first: u64, last: u64) -> Vec<u8> {
    [authority.as_slice(), &number(last), &number(first)].concat()
}

/// A CA by the position of its entry, and half of the SHA-256 of where a copy of its key is.
pub(super) fn copy_key(ca: u64, device: &str) -> Vec<u8> {
    [&number(ca)[..], &short(device.as_bytes())].concat()
}

/// SHA-256 over an issuer and whom it means.
pub(super) fn binding_key(issuer: &str, subject: &str) -> [u8; 32] {
    let parts = [issuer, subject].map(|part| sha256(part.as_bytes()));
    sha256(&parts.concat())
}

/// A credential in its canonical bytes.
pub(super) fn credential_key(credential: &Credential) -> Vec<u8> {
    // A vector takes any length; only one beyond 4 GiB has no encoding, and no entry holds it.
    credential.encode_vec().unwrap_or_default()
}

/// A card with its family, in its canonical bytes.
pub(super) fn family_card_key(card: &CardId) -> Vec<u8> {
    card.encode_vec().unwrap_or_default()
}

/// Half of a SHA-256: two texts may share one by design of nobody; whoever finds by it
/// looks at what was found.
pub(super) fn short(text: &[u8]) -> [u8; 16] {
    let mut short = [0; 16];
    let hash = sha256(text);
    short.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    short
}

fn half(digest: &[u8; 32]) -> &[u8] {
    digest.split_at(16).0
}

/// SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 over all that makes evidence the same; not over who was at the keyboard.
pub(super) fn content(seen: &EvidenceSeen) -> [u8; 32] {
    let parts = [
        seen.subject.as_slice(),
        seen.kind.as_bytes(),
        seen.facts.as_bytes(),
        &seen.evidence,
    ];
    let hash = parts.into_iter().fold(Sha256::new(), |hash, part| {
        hash.chain_update(Sha256::digest(part))
    });
    hash.finalize().into()
}

/// The 32 bytes of `SHA256:…`; none of any other text.
pub(super) fn of_fingerprint(text: &str) -> Option<[u8; 32]> {
    let base64 = text.strip_prefix("SHA256:")?;
    Base64Unpadded::decode_vec(base64).ok()?.try_into().ok()
}
