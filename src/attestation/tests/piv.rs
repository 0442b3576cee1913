//! A card's attestation, right, and wrong in every way that is known.

mod by_rsa;
mod paths;

use sha2::{Digest as _, Sha256};

use super::super::chain::ChainError;
use super::pki::{
    Authority, Contents, Key, authority, extension, no_authority, sequence, signs_no_certificates,
    tlv, yubico,
};
use super::*;

/// A card under a root, whose 9a holds a key.
#[derive(Clone)]
struct Card {
    root: Authority,
    /// Between root and f9, root first.
    between: Vec<Authority>,
    f9: Authority,
    key: Key,
}

impl Card {
    /// One before firmware 5.7.4.
    fn new() -> Self {
        let root = Authority::root("Root", 1);
        let f9 = root.issue(F9, 3, &[yubico(3, &[5, 4, 3]), authority(Some(0))]);
        Self {
            root,
            between: Vec::new(),
            f9,
            key: Key::new(4),
        }
    }

    /// One from firmware 5.7.4 on.
    fn long() -> Self {
        let root = Authority::root("Root", 1);
        let upper = root.issue("Upper", 5, &[authority(Some(2))]);
        let lower = upper.issue("PIV", 6, &[authority(Some(1))]);
        let f9 = lower.issue(F9, 3, &[authority(Some(0))]);
        Self {
            root,
            between: vec![upper, lower],
            f9,
            key: Key::new(4),
        }
    }

    fn leaf(&self) -> Contents {
        Contents::new("YubiKey PIV Attestation 9a", &self.key, F9).with(&[
            yubico(3, &[5, 4, 3]),
            yubico(7, &tlv(2, &[0, 0xbc, 0x61, 0x4e])),
            yubico(8, &[2, 3]),
            yubico(9, &[0x83]),
        ])
    }

    fn evidence(&self) -> Evidence {
        self.evidence_of(self.leaf().signed_by(&self.f9.key))
    }

    fn evidence_of(&self, leaf: Vec<u8>) -> Evidence {
        Evidence::Piv(PivEvidence::new(leaf, self.f9.der.clone(), Vec::new()).unwrap())
    }

    fn roots(&self) -> Roots {
        let all = self.between.iter().chain([&self.root]);
        let pem: String = all.map(Authority::pem).collect();
        Roots::from_pem(&[], &[&pem]).unwrap()
    }

    fn verify(&self, evidence: &Evidence) -> Result<Proof, EvidenceError> {
        evidence.verify(&self.key.ssh(), &self.roots())
    }

    /// The roots, if this card's were one of Yubico's of the time before firmware 5.7.4.
    fn roots_of_old_cards(&self) -> Roots {
        Roots::pinned_for_tests(&self.root.pem(), Role::Root, &[Purpose::Piv])
    }

    fn verify_as_old(&self, evidence: &Evidence) -> Result<Proof, EvidenceError> {
        evidence.verify(&self.key.ssh(), &self.roots_of_old_cards())
    }

    /// The fault of a leaf that has these extensions.
    fn fault_of(&self, extensions: &[Vec<u8>]) -> PivError {
        let mut leaf = self.leaf();
        leaf.extensions = extensions.to_vec();
        self.fault(&self.evidence_of(leaf.signed_by(&self.f9.key)))
    }

    fn fault(&self, evidence: &Evidence) -> PivError {
        piv_fault(self.verify(evidence))
    }

    /// The card with another certificate in f9, for the same key.
    fn with_f9(mut self, extensions: &[Vec<u8>]) -> Self {
        self.f9 = self
            .between
            .last()
            .unwrap_or(&self.root)
            .issue(F9, 3, extensions);
        self
    }
}

fn piv_fault(verified: Result<Proof, EvidenceError>) -> PivError {
    match verified {
        Err(EvidenceError::Piv(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

const F9: &str = "Yubico PIV Attestation";

#[test]
fn a_card_of_either_family_proves_its_key_and_tells_of_itself() {
    for card in [Card::new(), Card::long()] {
        let evidence = card.evidence();
        let proof = card.verify(&evidence).unwrap();
        assert_eq!(proof.key(), &card.key.ssh());
        assert_eq!(proof.kind(), ProofKind::Piv);
        let told = Facts {
            slot: Some("9a".parse().unwrap()),
            touch: Some(TouchPolicy::Cached),
            pin: Some(PinPolicy::Once),
            firmware: Some(Firmware(5, 4, 3)),
            serial: Some(12_345_678),
            form_factor: Some("USB-C keychain".to_owned()),
            fips: true,
            root: Some("CN=Root".to_owned()),
            private_root: true,
            family: Some(Family::Private(Sha256::digest(&card.root.der).into())),
            evidence: evidence.sha256(),
            ..Facts::default()
        };
        assert_eq!(proof.facts(), &told);
        assert_eq!(evidence.claimed_key(), Ok(card.key.ssh()));
    }
}

#[test]
fn an_old_card_tells_neither_serial_nor_form_and_its_f9_is_not_marked_as_an_authority() {
    let card = Card::new().with_f9(&[yubico(3, &[4, 3, 7])]);
    let mut leaf = card.leaf();
    leaf.extensions = vec![yubico(3, &[4, 3, 7]), yubico(8, &[3, 1])];
    let proof = card.verify_as_old(&card.evidence_of(leaf.signed_by(&card.f9.key)));
    let facts = proof.unwrap().facts().clone();
    assert_eq!(
        (facts.serial, facts.form_factor, facts.fips),
        (None, None, false)
    );
}

#[test]
fn a_fips_card_is_known_by_its_f9_too() {
    let card = Card::new().with_f9(&[authority(Some(0)), yubico(10, &[1])]);
    let mut leaf = card.leaf();
    leaf.extensions[3] = yubico(9, &[1]);
    let proof = card.verify(&card.evidence_of(leaf.signed_by(&card.f9.key)));
    assert!(proof.unwrap().facts().fips);
}

#[test]
fn no_changed_byte_is_believed() {
    let card = Card::new();
    let roots = card.roots();
    let leaf = card.leaf().signed_by(&card.f9.key);
    for bit in [0x01, 0x80] {
        for index in 0..leaf.len() {
            let mut changed = leaf.clone();
            changed[index] ^= bit;
            let evidence = card.evidence_of(changed);
            assert!(
                evidence.verify(&card.key.ssh(), &roots).is_err(),
                "leaf {index}"
            );
        }
        for index in 0..card.f9.der.len() {
            let mut changed = card.clone();
            changed.f9.der[index] ^= bit;
            let evidence = changed.evidence_of(leaf.clone());
            assert!(
                evidence.verify(&card.key.ssh(), &roots).is_err(),
                "f9 {index}"
            );
        }
    }
}

#[test]
fn no_cut_certificate_is_believed() {
    let card = Card::new();
    let leaf = card.leaf().signed_by(&card.f9.key);
    for length in 0..leaf.len() {
        let fault = card.fault(&card.evidence_of(leaf[..length].to_vec()));
        assert!(
            matches!(fault, PivError::Chain(ChainError::Form(_))),
            "{length}: {fault}"
        );
    }
    let long = [&leaf[..], &[0]].concat();
    let fault = card.fault(&card.evidence_of(long));
    assert!(
        matches!(fault, PivError::Chain(ChainError::Form(_))),
        "{fault}"
    );
}

#[test]
fn it_is_about_the_attested_key_alone() {
    let card = Card::new();
    let verified = card.evidence().verify(&Key::new(9).ssh(), &card.roots());
    let attested = crate::certificate::subject::fingerprint(&card.key.ssh());
    assert_eq!(piv_fault(verified), PivError::OtherKey { attested });
}

#[test]
fn extensions_are_taken_once_and_critical_ones_only_if_known() {
    let card = Card::new();
    let mut twice = card.leaf().extensions;
    twice.push(yubico(8, &[1, 1]));
    let oid = "1.3.6.1.4.1.41482.3.8".to_owned();
    let duplicate = PivError::Chain(ChainError::Duplicate(oid));
    assert_eq!(card.fault_of(&twice), duplicate);
    let mut critical = card.leaf().extensions;
    critical.push(extension(&[0x55, 0x1d, 0x1e], true, &sequence(&[])));
    let unknown = PivError::Chain(ChainError::Critical {
        oid: "2.5.29.30".to_owned(),
        subject: "CN=YubiKey PIV Attestation 9a".to_owned(),
    });
    assert_eq!(card.fault_of(&critical), unknown);
    let mut ca = card.leaf().extensions;
    ca.push(authority(None));
    let subject = "CN=YubiKey PIV Attestation 9a".to_owned();
    let authority = PivError::Chain(ChainError::Authority(subject));
    assert_eq!(card.fault_of(&ca), authority);
}

#[test]
fn statements_that_are_missing_or_of_another_length_are_refused() {
    let card = Card::new();
    let good = card.leaf().extensions;
    assert!(matches!(card.fault_of(&good[1..]), PivError::Missing(_)));
    assert!(matches!(card.fault_of(&good[..2]), PivError::Missing(_)));
    let bad = [
        (0, yubico(3, &[5, 4])),
        (0, yubico(3, &[4, 3, 5, 4, 3])),
        (1, yubico(7, &[1, 2, 3, 4])),
        (1, yubico(7, &tlv(2, &[0xff]))),
        (1, yubico(7, &tlv(2, &[1, 0, 0, 0, 0]))),
        (2, yubico(8, &[2])),
        (2, yubico(8, &[2, 3, 1])),
        (3, yubico(9, &[])),
        (3, yubico(9, &[1, 1])),
    ];
    for (place, extension) in bad {
        let mut extensions = good.clone();
        extensions[place] = extension;
        let fault = card.fault_of(&extensions);
        let malformed = matches!(fault, PivError::Chain(ChainError::Extension { .. }));
        assert!(malformed, "{place}: {fault}");
    }
}

#[test]
fn policies_that_no_card_has_are_refused() {
    let card = Card::new();
    for (pin, touch) in [(0, 1), (6, 1), (1, 0), (1, 4), (255, 255)] {
        let mut extensions = card.leaf().extensions;
        extensions[2] = yubico(8, &[pin, touch]);
        let fault = card.fault_of(&extensions);
        assert!(
            matches!(fault, PivError::Policy { .. }),
            "{pin} {touch}: {fault}"
        );
    }
}

#[test]
fn f9_itself_and_what_is_no_slot_are_not_attested() {
    let card = Card::new();
    for subject in [
        "YubiKey PIV Attestation f9",
        "YubiKey PIV Attestation 9b",
        "Peter",
        "",
    ] {
        let mut leaf = card.leaf();
        leaf.subject = pki::name(subject);
        let fault = card.fault(&card.evidence_of(leaf.signed_by(&card.f9.key)));
        assert!(matches!(fault, PivError::Slot(_)), "{subject}: {fault}");
    }
}
