//! Keys that are nobody's and no host's: those of CAs and of the ledger; and what was
//! revoked.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};
use ssh_key::public::KeyData;
use ssh_key::{Fingerprint, PublicKey};

use super::Signatures;
use super::fault::Fault;
use super::finding::Findings;
use super::fit::check_fit;
use super::serials::Serials;
use super::subjects::{KeyHash, Subjects};
use super::tree::Tree;
use crate::ledger::checkpoint::origin;
use crate::ledger::entry::{
    CaAdded, CheckpointSigned, HEADS, KrlMade, LISTS, LedgerKeyAdded, LedgerKeyRevoked,
    LedgerKeyRolled, Purpose, RECEIPTS, Reserved, Resumed, Revoked, Standing,
};

/// A CA as its entry has it.
#[derive(Debug)]
pub(super) struct Ca {
    pub(super) hash: KeyHash,
    /// None where it is malformed.
    pub(super) key: Option<KeyData>,
    pub(super) purpose: Purpose,
    serials: Serials,
    is_retired: bool,
}

/// CAs, ledger keys and revoked keys so far.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Whether all is looked at, however long it takes.
    pub(super) signatures: Signatures,
    cas: HashMap<u64, Ca>,
    ca_names: HashSet<String>,
    ca_hashes: HashSet<KeyHash>,
    ledger: HashMap<KeyHash, LedgerKey>,
    revoked: HashSet<KeyHash>,
    /// Serials that were revoked for every CA, also for those that come later.
    revoked_of_all: Vec<(u64, u64)>,
    last_krl: Option<u64>,
}

/// A ledger key: by an entry of its own, or because it signed something.
#[derive(Clone, Copy, Debug, Default)]
struct LedgerKey {
    /// What it was recorded for; 0 where it is only known to have signed.
    recorded: u8,
    /// What it signed.
    signed: u8,
    /// The last size of a head by it that is believed; none while it is in use.
    ended: Option<u64>,
    /// The same, as its revocation has it; none where it was not revoked.
    revoked_to: Option<u64>,
}

impl Keys {
    pub(super) fn new(signatures: Signatures) -> Self {
        Self {
            signatures,
            ..Self::default()
        }
    }

    pub(super) fn ca(&self, position: u64) -> Option<&Ca> {
        self.cas.get(&position)
    }

    /// What the entries so far say of a CA; none if it is none.
    pub(super) fn standing(&self, position: u64) -> Option<Standing> {
        let ca = self.cas.get(&position)?;
        Some(Standing {
            purpose: ca.purpose,
            is_retired: ca.is_retired,
            is_revoked: self.revoked.contains(&ca.hash),
        })
    }

    pub(super) fn is_ca(&self, key: &KeyHash) -> bool {
        self.ca_hashes.contains(key)
    }

    pub(super) fn is_ledger_key(&self, key: &KeyHash) -> bool {
        self.ledger.contains_key(key)
    }

    /// The ledger keys that were revoked, each with the last size of a head by it that is
    /// believed.
    pub(super) fn revoked_ledger_keys(&self) -> HashMap<KeyHash, u64> {
        let keys = self.ledger.iter();
        keys.filter_map(|(hash, key)| Some((*hash, key.revoked_to?)))
            .collect()
    }

    pub(super) fn is_revoked(&self, key: &KeyHash) -> bool {
        self.revoked.contains(key)
    }

    pub(super) fn add_ca(&mut self, found: &mut Findings, position: u64, added: CaAdded) {
        let hash = sha256(&added.public_key);
        let key = PublicKey::from_bytes(&added.public_key).ok();
        match &key {
            Some(_) => check_fit(
                found,
                Signatures::Check,
                "the key of the CA",
                &added.public_key,
            ),
            None => found.broken(Fault::CaKey),
        }
        if added.next_serial == 0 {
            found.broken(Fault::FirstSerial);
        }
        if self.is_ledger_key(&hash) {
            found.broken(Fault::LedgerKeyBecameCa);
        }
        let is_new_name = self.ca_names.insert(added.name);
        let is_new_key = self.ca_hashes.insert(hash);
        if !is_new_name || !is_new_key {
            found.broken(Fault::CaKnown);
        }
        let mut serials = Serials::from(added.next_serial);
        for (first, last) in &self.revoked_of_all {
            serials.revoke(*first, *last);
        }
        let ca = Ca {
            hash,
            key: key.map(|key| key.key_data().clone()),
            purpose: added.purpose,
            serials,
            is_retired: false,
        };
        self.cas.insert(position, ca);
    }

    /// Takes the serial of a reservation.
    pub(super) fn take_serial(&mut self, found: &mut Findings, reserved: &Reserved) {
        let Some(ca) = self.cas.get_mut(&reserved.ca) else {
            found.broken(Fault::Reference(reserved.ca));
            return;
        };
        if ca.is_retired {
            found.broken(Fault::CaRetired);
        }
        match ca.serials.take(reserved.serial, reserved.sequence) {
            Ok(()) => {}
            // One whose content could not be encoded lost its serial until format 4.
            Err(fault @ (Fault::SerialSkipped { .. } | Fault::SerialRevoked(_))) => {
                found.since_format_4(fault);
            }
            Err(fault) => found.broken(fault),
        }
    }

    /// A CA ends once.
    pub(super) fn retired(&mut self, found: &mut Findings, ca: u64) {
        let Some(known) = self.cas.get_mut(&ca) else {
            found.broken(Fault::Reference(ca));
            return;
        };
        if known.is_retired {
            found.broken(Fault::CaRetired);
        }
        known.is_retired = true;
    }

    pub(super) fn resumed(&mut self, found: &mut Findings, resumed: &Resumed) {
        let Some(ca) = self.cas.get_mut(&resumed.ca) else {
            found.broken(Fault::Reference(resumed.ca));
            return;
        };
        let next = ca.serials.next();
        // An entry is written also where nothing is missing: its gap is empty.
        if next.is_some_and(|next| next != resumed.first) {
            found.broken(Fault::Gap {
                first: resumed.first,
                next: next.unwrap_or_default(),
            });
        }
        let (first, last) = (resumed.first, resumed.last);
        if last
            .checked_sub(first)
            .is_some_and(|more| more >= LARGEST_GAP)
        {
            // Version 0.1.0 asked for nothing, and a slip of the finger ended a CA.
            found.since_format_4(Fault::LargeGap { first, last });
        }
        ca.serials.gap(first, last);
        let taken_over = resumed.recovery.as_ref().map(|taken| taken.krl_version);
        self.last_krl = self.last_krl.max(taken_over.filter(|version| *version > 0));
    }

    pub(super) fn revoke(&mut self, revoked: &Revoked) {
        self.revoked.extend(revoked.key_hashes());
        let hash = sha256(&revoked.ca);
        let is_of_all = revoked.ca.is_empty();
        for ca in self
            .cas
            .values_mut()
            .filter(|ca| is_of_all || ca.hash == hash)
        {
            for (first, last) in &revoked.serials {
                ca.serials.revoke(*first, *last);
            }
        }
        if is_of_all {
            self.revoked_of_all.extend(&revoked.serials);
        }
    }

    /// A KRL is newer than all before; the head that it carries is one of this ledger.
    pub(super) fn krl(
        &mut self,
        found: &mut Findings,
        subjects: &Subjects,
        tree: &Tree,
        made: &KrlMade,
    ) {
        if let Some(last) = self.last_krl.filter(|last| made.version <= *last) {
            let version = made.version;
            found.broken(Fault::KrlVersion { version, last });
        }
        self.last_krl = self.last_krl.max(Some(made.version));
        let Some(list) = &made.list else { return };
        if list.size > 0 && tree.root_at(list.size) != Some(list.root) {
            found.broken(Fault::Head(list.size));
        }
        if !list.signer.is_empty() {
            let signer = sha256(&list.signer);
            self.signed(found, subjects, signer, LISTS);
        }
    }

    /// A head that was signed is that of the entries it covers.
    pub(super) fn head(
        &mut self,
        found: &mut Findings,
        subjects: &Subjects,
        tree: &Tree,
        signed: &CheckpointSigned,
    ) {
        if tree.root_at(signed.size) != Some(signed.root) {
            found.broken(Fault::Head(signed.size));
        }
        match signed.key.parse() {
            Ok(Fingerprint::Sha256(key)) => {
                self.signed(found, subjects, key, HEADS);
            }
            _ => found.broken(Fault::LedgerKey),
        }
    }

    /// A key that signs for the ledger is a ledger key from then on.
    fn signed(&mut self, found: &mut Findings, subjects: &Subjects, key: KeyHash, purpose: u8) {
        let known = self.ledger.get(&key).copied().unwrap_or_default();
        // Since format 4 it is recorded what a key signs, before it does so.
        if known.recorded & purpose == 0 && found.is_format_4() {
            found.broken(Fault::LedgerKeyPurpose {
                key: fingerprint(&key),
                what: purpose_in_words(purpose),
            });
        }
        self.is_in_use(found, &key);
        self.becomes_ledger_key(found, subjects, key);
        self.ledger.entry(key).or_default().signed |= purpose;
    }

    /// The key with this blob signs, or is to sign, for this purpose.
    pub(super) fn signs(
        &mut self,
        found: &mut Findings,
        subjects: &Subjects,
        key: &[u8],
        purpose: u8,
    ) {
        self.signed(found, subjects, sha256(key), purpose);
    }

    /// Nothing is said of a key that ended, however little: no version let one go on.
    fn is_in_use(&self, found: &mut Findings, key: &KeyHash) {
        if self.ledger.get(key).is_some_and(|key| key.ended.is_some()) {
            found.broken(Fault::LedgerKeyEnded(fingerprint(key)));
        }
    }

    fn becomes_ledger_key(&mut self, found: &mut Findings, subjects: &Subjects, key: KeyHash) {
        let is_new = !self.ledger.contains_key(&key);
        self.ledger.entry(key).or_default();
        if is_new && self.is_ca(&key) {
            found.broken(Fault::LedgerKeyOfAnother(fingerprint(&key)));
        } else if is_new && subjects.contains(&key) {
            found.since_format_4(Fault::LedgerKeyOfAnother(fingerprint(&key)));
        }
    }

    pub(super) fn ledger_key(
        &mut self,
        found: &mut Findings,
        subjects: &Subjects,
        added: &LedgerKeyAdded,
    ) {
        let known = HEADS | LISTS | RECEIPTS;
        let is_key = PublicKey::from_bytes(&added.key).is_ok();
        if !is_key || added.purposes == 0 || added.purposes & !known != 0 {
            found.broken(Fault::LedgerKey);
        }
        if is_key {
            check_fit(found, Signatures::Check, "the ledger key", &added.key);
        }
        let key = sha256(&added.key);
        self.is_in_use(found, &key);
        self.becomes_ledger_key(found, subjects, key);
        self.ledger.entry(key).or_default().recorded |= added.purposes;
    }

    pub(super) fn rolled(
        &mut self,
        found: &mut Findings,
        subjects: &Subjects,
        tree: &Tree,
        rolled: &LedgerKeyRolled,
    ) {
        if !is_signed_by_both(rolled, tree) {
            found.broken(Fault::Rollover);
        }
        let (old, new) = (sha256(&rolled.old), sha256(&rolled.new));
        let Some(before) = self.ledger.get(&old).copied() else {
            found.broken(Fault::LedgerKey);
            return;
        };
        for key in [&old, &new] {
            self.is_in_use(found, key);
        }
        if rolled.purposes != before.recorded | before.signed {
            found.broken(Fault::LedgerKey);
        }
        self.becomes_ledger_key(found, subjects, new);
        self.ledger.entry(new).or_default().recorded |= rolled.purposes;
        self.ledger.entry(old).or_default().ended = Some(found.size_before());
    }

    pub(super) fn ledger_key_revoked(&mut self, found: &mut Findings, revoked: &LedgerKeyRevoked) {
        match self.ledger.get_mut(&sha256(&revoked.key)) {
            Some(key) => {
                let least = |last: Option<u64>| last.unwrap_or(u64::MAX).min(revoked.last_size);
                key.ended = Some(least(key.ended));
                key.revoked_to = Some(least(key.revoked_to));
            }
            None => found.broken(Fault::LedgerKey),
        }
    }
}

/// Whether old and new key signed that the one takes over from the other in this ledger.
fn is_signed_by_both(rolled: &LedgerKeyRolled, tree: &Tree) -> bool {
    let Some(origin) = tree.first().map(origin) else {
        return false;
    };
    rolled.in_ledger(&origin).is_some()
}

fn purpose_in_words(purpose: u8) -> &'static str {
    match purpose {
        HEADS => "heads",
        _ => "lists",
    }
}

/// The SHA-256 of a public key blob: its fingerprint.
pub(super) fn sha256(blob: &[u8]) -> KeyHash {
    Sha256::digest(blob).into()
}

fn fingerprint(key: &KeyHash) -> String {
    Fingerprint::Sha256(*key).to_string()
}

/// `ledger resume` leaves out no more at once.
const LARGEST_GAP: u64 = 1_000_000;
