//! Histories in memory: honest entries, one after another.

mod content;

use sha2::{Digest, Sha256};
use ssh_encoding::Encode;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{PrivateKey, Signature};

use super::super::*;
use crate::krl::DelegationStatement;
use crate::krl::rollover::RolloverStatement;
use crate::ledger::checkpoint::origin;
use crate::ledger::entry::*;
pub(super) use content::Content;

pub(super) const NOW: u64 = 1_795_400_000;

/// Entries in order, and what is needed to write the next.
#[derive(Clone)]
pub(super) struct History {
    pub(super) entries: Vec<Entry>,
    pub(super) time: u64,
    /// Whether reservations are of kind 18.
    pub(super) is_format_4: bool,
}

pub(super) fn key(seed: u8) -> PrivateKey {
    let pair = Ed25519Keypair::from_seed(&[seed; 32]);
    PrivateKey::new(KeypairData::Ed25519(pair), "").unwrap()
}

pub(super) fn blob(seed: u8) -> Vec<u8> {
    key(seed).public_key().to_bytes().unwrap()
}

/// The seeds of keys that are no subject's.
pub(super) const USERS: u8 = 1;
pub(super) const HOSTS: u8 = 2;
pub(super) const LEDGER: u8 = 3;

impl History {
    /// A user CA, a host CA, a policy: positions 1, 2 and 3.
    pub(super) fn begun() -> Self {
        let mut history = Self {
            entries: Vec::new(),
            time: NOW,
            is_format_4: true,
        };
        history.ca("users", USERS, Purpose::User);
        history.ca("hosts", HOSTS, Purpose::Host);
        history.policy("{}");
        history
    }

    /// As format 3 wrote it.
    pub(super) fn of_format_3() -> Self {
        let mut history = Self::begun();
        history.is_format_4 = false;
        history
    }

    /// One of each kind that a careful admin writes.
    pub(super) fn long() -> Self {
        let mut history = Self::begun();
        history.suffixes(&[("_physical", r#"{"kinds":["piv"]}"#, 0), ("_file", "", 0)]);
        history.certificate(10);
        let evidence = history.evidence(11, "piv", r#"{"serial":123,"family":"yubico"}"#);
        let proved = history.reserve_with(Content::of(11, 2), |reserved| {
            reserved.proof = "piv".to_owned();
            let grounds = reserved.grounds.as_mut().unwrap();
            grounds.evidence = Some(evidence);
            grounds.card = Some(123);
            grounds.known.as_mut().unwrap().family = "yubico".to_owned();
        });
        history.issue(proved);
        let challenge = history.challenge(8, history.time + 600);
        let asked = |reserved: &mut Reserved| {
            let grounds = reserved.grounds.as_mut().unwrap();
            grounds.request_id = Some([5; 16]);
            grounds.challenge = Some(challenge);
        };
        let given_up = history.reserve_with(Content::of(12, 3), asked);
        history.fail(given_up);
        let again = history.reserve_with(Content::of(12, 4), asked);
        history.issue(again);
        history.explicit(13, 6);
        history.certificate_of(Content::of(14, 5));
        history.certificate_of(Content::of(14, 7));
        history.enrol("anna", Credential::Key(blob(15)));
        history.unenrol("anna", Credential::Key(blob(15)));
        history.ledger_key(LEDGER, HEADS | LISTS);
        history.head(LEDGER);
        history.krl(1);
        history.revoke_key(10);
        history.krl(2);
        history.resume(8, 20);
        history.certificate_of(Content::of(16, 21));
        let last = history.time;
        history.time -= 5000;
        history.push(Event::ClockCorrected(ClockCorrected {
            wrong: last,
            reason: "battery".to_owned(),
            keyboard: String::new(),
        }));
        history.certificate_of(Content::of(17, 22));
        let open = Content::of(18, 23);
        history.reserve(open);
        history
    }

    pub(super) fn size(&self) -> u64 {
        self.entries.len().try_into().unwrap()
    }

    pub(super) fn push(&mut self, event: Event) -> u64 {
        self.time += 1;
        let (time, salt) = (self.time, [1; 16]);
        self.entries.push(Entry { time, salt, event });
        self.size()
    }

    pub(super) fn replay(&self, signatures: Signatures) -> Replayed {
        let mut replay = Replay::new(signatures);
        for entry in &self.entries {
            replay.entry(&entry.to_bytes().unwrap());
        }
        replay.end()
    }

    pub(super) fn root(&self) -> [u8; 32] {
        let mut tree = Tree::default();
        for entry in &self.entries {
            tree.push(leaf_hash(&entry.to_bytes().unwrap()));
        }
        tree.root_at(tree.size()).unwrap()
    }

    pub(super) fn ca(&mut self, name: &str, seed: u8, purpose: Purpose) -> u64 {
        self.push(Event::CaAdded(CaAdded {
            name: name.to_owned(),
            public_key: blob(seed),
            purpose,
            origin: Origin::Generated,
            token_says: String::new(),
            next_serial: 1,
            keyboard: String::new(),
        }))
    }

    pub(super) fn policy(&mut self, text: &str) -> [u8; 32] {
        let digest = Sha256::digest(text).into();
        self.push(Event::PolicySeen(PolicySeen {
            digest,
            text: text.to_owned(),
            keyboard: String::new(),
        }));
        digest
    }

    pub(super) fn reserve(&mut self, content: Content) -> u64 {
        self.reserve_with(content, |_| ())
    }

    pub(super) fn reserve_with(
        &mut self,
        content: Content,
        change: impl FnOnce(&mut Reserved),
    ) -> u64 {
        let known = self.is_format_4.then(|| {
            Box::new(Known {
                by: "vouch".to_owned(),
                family: String::new(),
            })
        });
        let mut reserved = Reserved {
            ca: content.ca.into(),
            serial: content.serial,
            sequence: Sequence::Automatic,
            role: "engineer".to_owned(),
            decided_by: "punchmark 0.1.0".to_owned(),
            requester: "peter".to_owned(),
            keyboard: String::new(),
            proof: "none".to_owned(),
            request: [0; 32],
            to_be_signed: content.bytes(),
            grounds: Some(Grounds {
                policy: Sha256::digest("{}").into(),
                known,
                ..Grounds::default()
            }),
        };
        change(&mut reserved);
        self.push(Event::Reserved(reserved))
    }

    pub(super) fn signature(&self, reserved: u64) -> Vec<u8> {
        let index = usize::try_from(reserved).unwrap() - 1;
        let content = match &self.entries[index].event {
            Event::Reserved(reserved) => &reserved.to_be_signed[..],
            _ => &[],
        };
        let ca = match &self.entries[index].event {
            Event::Reserved(reserved) if reserved.ca == 2 => HOSTS,
            _ => USERS,
        };
        let signature: Signature = signature::Signer::sign(&key(ca), content);
        signature.encode_vec().unwrap()
    }

    pub(super) fn issue(&mut self, reserved: u64) -> u64 {
        let signature = self.signature(reserved);
        self.push(Event::Issued(Issued {
            reserved,
            signature,
        }))
    }

    pub(super) fn fail(&mut self, reserved: u64) -> u64 {
        self.push(Event::Failed(Failed {
            reserved,
            reason: "pulled".to_owned(),
        }))
    }

    /// The first serial of the user CA.
    pub(super) fn certificate(&mut self, subject: u8) -> u64 {
        self.certificate_of(Content::of(subject, 1))
    }

    pub(super) fn certificate_of(&mut self, content: Content) -> u64 {
        let reserved = self.reserve(content);
        self.issue(reserved);
        reserved
    }

    pub(super) fn explicit(&mut self, subject: u8, serial: u64) -> u64 {
        self.reserve_with(Content::of(subject, serial), |reserved| {
            reserved.sequence = Sequence::Explicit;
        })
    }

    pub(super) fn evidence(&mut self, subject: u8, kind: &str, facts: &str) -> u64 {
        self.push(Event::EvidenceSeen(EvidenceSeen {
            subject: blob(subject),
            kind: kind.to_owned(),
            facts: facts.to_owned(),
            evidence: Vec::new(),
            keyboard: String::new(),
        }))
    }

    pub(super) fn challenge(&mut self, nonce: u8, expires: u64) -> u64 {
        self.push(Event::ChallengeMade(ChallengeMade {
            nonce: [nonce; 32],
            expires,
            keyboard: String::new(),
        }))
    }

    pub(super) fn enrol(&mut self, name: &str, credential: Credential) -> u64 {
        self.push(Event::RequesterAdded(RequesterAdded {
            name: name.to_owned(),
            credential,
            keyboard: String::new(),
        }))
    }

    pub(super) fn unenrol(&mut self, name: &str, credential: Credential) -> u64 {
        self.push(Event::RequesterRemoved(RequesterRemoved {
            name: name.to_owned(),
            credential,
            keyboard: String::new(),
        }))
    }

    pub(super) fn bar(&mut self, barred: Barred) -> u64 {
        self.push(Event::Barred(barred))
    }

    pub(super) fn head(&mut self, seed: u8) -> u64 {
        let (size, root) = (self.size(), self.root());
        self.signed_head(seed, size, root)
    }

    pub(super) fn signed_head(&mut self, seed: u8, size: u64, root: [u8; 32]) -> u64 {
        self.push(Event::CheckpointSigned(CheckpointSigned {
            size,
            root,
            key: key(seed).fingerprint(Default::default()).to_string(),
            keyboard: String::new(),
        }))
    }

    pub(super) fn krl(&mut self, version: u64) -> u64 {
        let list = ListSigned {
            signer: blob(LEDGER),
            size: self.size(),
            root: self.root(),
        };
        self.krl_with(version, self.is_format_4.then_some(list))
    }

    pub(super) fn krl_with(&mut self, version: u64, list: Option<ListSigned>) -> u64 {
        self.push(Event::KrlMade(KrlMade {
            version,
            sha256: [0; 32],
            keyboard: String::new(),
            list,
        }))
    }

    pub(super) fn revoke_key(&mut self, seed: u8) -> u64 {
        self.push(Event::Revoked(Revoked {
            keys: vec![blob(seed)],
            ..Revoked::default()
        }))
    }

    pub(super) fn resume(&mut self, first: u64, last: u64) -> u64 {
        self.resume_with(first, last, 0)
    }

    pub(super) fn resume_with(&mut self, first: u64, last: u64, krl_version: u64) -> u64 {
        let recovery = Recovery {
            krl_version,
            ..Recovery::default()
        };
        self.push(Event::Resumed(Resumed {
            ca: 1,
            first,
            last,
            keyboard: String::new(),
            recovery: self.is_format_4.then_some(recovery),
        }))
    }

    pub(super) fn rolled(&self, old: u8, new: u8) -> LedgerKeyRolled {
        let first = self.entries[0].to_bytes().unwrap();
        let origin = origin(&leaf_hash(&first));
        let statement = RolloverStatement::new(&origin, HEADS, &blob(old), &blob(new));
        let sign = |seed| crate::krl::rollover::tests::word(&key(seed), &statement);
        LedgerKeyRolled {
            old: blob(old),
            new: blob(new),
            purposes: HEADS,
            by_old: sign(old),
            by_new: sign(new),
            keyboard: String::new(),
        }
    }

    pub(super) fn delegated(&self, by: u8, key: u8, number: u64) -> ListsDelegated {
        let first = self.entries[0].to_bytes().unwrap();
        let statement = DelegationStatement {
            ledger: origin(&leaf_hash(&first)),
            number,
            until: u64::MAX,
            key: blob(key),
        };
        ListsDelegated {
            number,
            until: statement.until,
            word: crate::krl::tests_of_delegations::word_of(by, &statement),
            key: statement.key,
            by: blob(by),
            keyboard: String::new(),
        }
    }

    pub(super) fn suffixes(&mut self, suffixes: &[(&str, &str, u8)]) -> u64 {
        let set = |(suffix, proof, ended): &(&str, &str, u8)| SuffixSet {
            class: suffix.trim_start_matches('_').to_owned(),
            suffix: (*suffix).to_owned(),
            proof: (*proof).to_owned(),
            ended: *ended,
        };
        self.push(Event::SuffixesSet(SuffixesSet {
            ca: 1,
            suffixes: suffixes.iter().map(set).collect(),
            keyboard: String::new(),
        }))
    }

    pub(super) fn ledger_key(&mut self, seed: u8, purposes: u8) -> u64 {
        self.push(Event::LedgerKeyAdded(LedgerKeyAdded {
            key: blob(seed),
            purposes,
            place: String::new(),
            keyboard: String::new(),
        }))
    }
}
