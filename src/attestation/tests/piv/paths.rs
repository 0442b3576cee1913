//! The path from a key up to a root: of one length, each link by who it names.

use super::*;

/// The key of 9a issues what looks like an attestation of a key in software.
#[test]
fn a_users_own_key_attests_nothing() {
    for card in [Card::new(), Card::long()] {
        let software = Key::new(9);
        let mut fake = Contents::new(
            "YubiKey PIV Attestation 9a",
            &software,
            "YubiKey PIV Attestation 9a",
        );
        fake.extensions = card.leaf().extensions;
        let fake = fake.signed_by(&card.key);
        let real = card.leaf().signed_by(&card.f9.key);
        let evidence = PivEvidence::new(fake, real, vec![card.f9.der.clone()]).unwrap();
        let verified = Evidence::Piv(evidence).verify(&software.ssh(), &card.roots());
        let fault = piv_fault(verified);
        let unknown = ChainError::UnknownIssuer {
            subject: "CN=YubiKey PIV Attestation 9a".to_owned(),
            issuer: format!("CN={F9}"),
        };
        assert_eq!(fault, PivError::Chain(unknown));
    }
}

/// The same, by an admin who took a card's f9 for a maker's certificate.
#[test]
fn a_users_own_key_attests_nothing_even_if_its_card_is_trusted() {
    let card = Card::new();
    let software = Key::new(9);
    let fake = Contents::new(
        "YubiKey PIV Attestation 9a",
        &software,
        "YubiKey PIV Attestation 9a",
    )
    .with(&card.leaf().extensions)
    .signed_by(&card.key);
    let real = card.leaf().signed_by(&card.f9.key);
    let evidence = Evidence::Piv(PivEvidence::new(fake, real, Vec::new()).unwrap());
    let pem = card.root.pem() + &card.f9.pem();
    let roots = Roots::from_pem(&[], &[&pem]).unwrap();
    let fault = piv_fault(evidence.verify(&software.ssh(), &roots));
    let too_long = ChainError::TooLong {
        subject: format!("CN={F9}"),
        limit: 0,
        below: 1,
    };
    assert_eq!(fault, PivError::Chain(too_long));
}

#[test]
fn another_cards_leaf_is_refused() {
    let card = Card::new();
    let fault = card.fault(&card.evidence_of(card.leaf().signed_by(&Key::new(8))));
    assert_eq!(
        fault,
        PivError::Chain(ChainError::Signature(format!("CN={F9}")))
    );
}

#[test]
fn a_leaf_that_names_another_issuer_is_refused() {
    let card = Card::new();
    let mut leaf = card.leaf();
    leaf.issuer = pki::name("Somebody");
    let fault = card.fault(&card.evidence_of(leaf.signed_by(&card.f9.key)));
    assert!(
        matches!(fault, PivError::Chain(ChainError::OtherIssuer { .. })),
        "{fault}"
    );
}

#[test]
fn a_root_that_is_not_trusted_proves_nothing() {
    let card = Card::new();
    let unknown = ChainError::UnknownIssuer {
        subject: format!("CN={F9}"),
        issuer: "CN=Root".to_owned(),
    };
    let verified = card.evidence().verify(&card.key.ssh(), &Roots::default());
    assert_eq!(piv_fault(verified), PivError::Chain(unknown));
    // Another root of the same name.
    let other = Authority::root("Root", 7).pem();
    let roots = Roots::from_pem(&[], &[&other]).unwrap();
    let verified = card.evidence().verify(&card.key.ssh(), &roots);
    assert_eq!(
        piv_fault(verified),
        PivError::Chain(ChainError::Signature("CN=Root".to_owned()))
    );
}

/// What comes with the evidence, and what is not issued by itself, is no root.
#[test]
fn a_root_does_not_come_with_the_evidence_nor_an_intermediate_that_is_not_pinned() {
    let card = Card::long();
    let leaf = card.leaf().signed_by(&card.f9.key);
    let all = card.between.iter().chain([&card.root]);
    let brought: Vec<_> = all.map(|one| one.der.clone()).collect();
    let evidence = PivEvidence::new(leaf, card.f9.der.clone(), brought).unwrap();
    let root = card.root.pem();
    for roots in [Roots::default(), Roots::from_pem(&[], &[&root]).unwrap()] {
        let evidence = Evidence::Piv(evidence.clone());
        let fault = piv_fault(evidence.verify(&card.key.ssh(), &roots));
        assert!(
            matches!(fault, PivError::Chain(ChainError::UnknownIssuer { .. })),
            "{fault}"
        );
    }
    let between: String = card.between.iter().map(Authority::pem).collect();
    let roots = Roots::from_pem(&[], &[&between]).unwrap();
    let fault = piv_fault(card.evidence().verify(&card.key.ssh(), &roots));
    assert!(
        matches!(fault, PivError::Chain(ChainError::UnknownIssuer { .. })),
        "{fault}"
    );
}

#[test]
fn a_longer_path_and_a_shorter_one_are_refused() {
    let mut card = Card::long();
    let lowest = card
        .between
        .last()
        .unwrap()
        .issue("Lowest", 7, &[authority(None)]);
    card.f9 = lowest.issue(F9, 3, &[authority(Some(0))]);
    card.between.push(lowest);
    let fault = card.fault(&card.evidence());
    assert!(
        matches!(
            &fault,
            PivError::Chain(ChainError::TooLong { .. } | ChainError::UnknownIssuer { .. })
        ),
        "{fault}"
    );
    // f9 as the leaf, and the root as its issuer.
    let card = Card::new();
    let evidence = PivEvidence::new(card.f9.der.clone(), card.root.der.clone(), Vec::new());
    let verified = Evidence::Piv(evidence.unwrap()).verify(&card.f9.key.ssh(), &card.roots());
    let fault = piv_fault(verified);
    assert_eq!(
        fault,
        PivError::Chain(ChainError::Authority(format!("CN={F9}")))
    );
}

#[test]
fn an_intermediate_that_is_no_authority_is_refused() {
    let no = ChainError::NoAuthority("CN=PIV".to_owned());
    for extensions in [
        vec![],
        vec![no_authority()],
        vec![authority(Some(1)), signs_no_certificates()],
    ] {
        let mut card = Card::long();
        let upper = card.between[0].clone();
        card.between[1] = upper.issue("PIV", 6, &extensions);
        assert_eq!(card.fault(&card.evidence()), PivError::Chain(no.clone()));
    }
    let mut card = Card::long();
    card.between[1] = card.between[0].issue("PIV", 6, &[authority(Some(0))]);
    let too_long = ChainError::TooLong {
        subject: "CN=PIV".to_owned(),
        limit: 0,
        below: 1,
    };
    assert_eq!(card.fault(&card.evidence()), PivError::Chain(too_long));
}

#[test]
fn f9_may_be_unmarked_but_not_marked_as_no_authority() {
    let no = PivError::Chain(ChainError::NoAuthority(format!("CN={F9}")));
    for extensions in [vec![no_authority()], vec![signs_no_certificates()]] {
        let card = Card::new().with_f9(&extensions);
        assert_eq!(card.fault(&card.evidence()), no);
        assert_eq!(piv_fault(card.verify_as_old(&card.evidence())), no);
    }
}

/// Else whoever has a plain certificate of such a root could attest what he likes.
#[test]
fn an_unmarked_f9_is_taken_under_the_roots_of_old_cards_alone() {
    let no = PivError::Chain(ChainError::NoAuthority(format!("CN={F9}")));
    let card = Card::new().with_f9(&[yubico(3, &[5, 2, 4])]);
    let evidence = card.evidence();
    assert!(card.verify_as_old(&evidence).is_ok());
    assert_eq!(card.fault(&evidence), no);
    let long = Card::long().with_f9(&[yubico(3, &[5, 7, 4])]);
    assert_eq!(long.fault(&long.evidence()), no);
    let others = Roots::pinned_for_tests(&card.root.pem(), Role::Root, &[Purpose::Fido]);
    let verified = evidence.verify(&card.key.ssh(), &others);
    assert!(matches!(
        piv_fault(verified),
        PivError::Chain(ChainError::UnknownIssuer { .. })
    ));
}
