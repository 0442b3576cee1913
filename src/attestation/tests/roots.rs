//! What a file of certificates counts for.

use super::super::chain;
use super::super::x509::X509;
use super::pki::{Authority, authority};
use super::*;
use crate::wire::FileKind;

#[test]
fn a_certificate_that_is_not_pinned_counts_only_if_the_admin_says_so() {
    let root = Authority::root("Root", 1);
    let below = root.issue("Below", 2, &[authority(Some(1))]);
    let pem = root.pem() + &below.pem();
    let listed = list(pem.as_bytes(), Trust::Pinned).unwrap();
    assert!(
        listed
            .iter()
            .all(|one| one.role == Role::Unknown && one.vouches_for.is_empty())
    );
    assert_eq!(
        Roots::from_pem(&[&pem], &[]).unwrap_err(),
        RootsError::NoneKnown { count: 2 }
    );
    let listed = Roots::default()
        .add(pem.as_bytes(), Trust::Private)
        .unwrap();
    let roles: Vec<_> = listed.iter().map(|one| one.role).collect();
    assert_eq!(roles, [Role::PrivateRoot, Role::PrivateIntermediate]);
    assert_eq!(listed[1].subject, "CN=Below");
    assert_eq!(listed[1].pin, None);
    assert_eq!(listed[1].sha256.len(), 64);
}

/// Issued by itself means signed by itself: a name alone makes no root.
#[test]
fn a_certificate_that_only_names_itself_as_issuer_is_no_root() {
    let fake = Authority::root("Maker", 9).issue("Maker", 2, &[authority(None)]);
    let listed = list(fake.pem().as_bytes(), Trust::Private).unwrap();
    assert_eq!(listed[0].role, Role::PrivateIntermediate);
}

#[test]
fn what_is_no_certificate_is_told_by_its_number() {
    let pem = Authority::root("Root", 1).pem() + &armour::armoured("CERTIFICATE", b"no");
    let fault = list(pem.as_bytes(), Trust::Private).unwrap_err();
    assert!(
        matches!(fault, RootsError::Certificate { number: 2, .. }),
        "{fault}"
    );
    assert_eq!(
        list(b"", Trust::Private),
        Err(ArmourError::Missing {
            label: "CERTIFICATE",
            kind: FileKind::Empty
        }
        .into())
    );
}

#[test]
fn there_are_no_more_than_sixty_four() {
    let pem = Authority::root("Root", 1).pem();
    let mut roots = Roots::default();
    for _ in 0..64 {
        roots.add(pem.as_bytes(), Trust::Private).unwrap();
    }
    assert_eq!(
        roots.add(pem.as_bytes(), Trust::Private),
        Err(RootsError::TooMany { count: 65 })
    );
}

/// Each is what its pin says, and issued by one above it: a file that was changed is found.
#[test]
fn yubicos_certificates_are_pinned_and_lead_to_each_other() {
    let roots = Roots::of(Family::Yubico);
    let listed: Vec<_> = roots.listed().collect();
    assert_eq!(listed.len(), 12);
    for one in &listed {
        assert!(
            one.pin.is_some_and(|name| name.starts_with("Yubico ")),
            "{one:?}"
        );
        assert_eq!(one.subject, format!("CN={}", one.pin.unwrap()));
        let for_one = matches!(one.role, Role::Lower) || one.role == Role::Root;
        assert!(for_one || one.vouches_for.len() == 2, "{one:?}");
    }
    let text = include_bytes!("../roots/yubico.pem");
    let all: Vec<_> = armour::certificates(text).unwrap();
    let all: Vec<_> = all.iter().map(|der| X509::read(der).unwrap()).collect();
    for one in &all {
        let mut above = all.iter().filter(|above| chain::issued(one, above).is_ok());
        let issuer = above.next().unwrap();
        chain::may_issue(issuer, 0, chain::Unmarked::Refused).unwrap();
        assert_eq!(above.count(), 0);
    }
    let of = |role| listed.iter().filter(|one| one.role == role).count();
    assert_eq!((of(Role::Root), of(Role::TopRoot)), (3, 1));
    assert_eq!((of(Role::Upper), of(Role::Lower)), (2, 6));
    assert_eq!(roots.in_words(), ["yubico"]);
    assert_eq!(
        roots.families().into_iter().collect::<Vec<_>>(),
        [Family::Yubico]
    );
    assert!(Roots::of(Family::Private([0; 32])).is_empty());
}

#[test]
fn a_file_is_pem_or_der() {
    let root = Authority::root("Root", 1);
    let below = root.issue("Below", 2, &[authority(Some(1))]);
    let der = list(&root.der, Trust::Private).unwrap();
    let pem = [
        b"J\xfcrgen\n",
        root.pem().as_bytes(),
        below.pem().as_bytes(),
    ]
    .concat();
    let listed = list(&pem, Trust::Private).unwrap();
    assert_eq!(listed[..1], der);
    assert_eq!(to_pem(&root.der), Ok(root.pem()));
    assert_eq!(to_pem(&pem), Ok(root.pem() + &below.pem()));
    let fault = list(&root.der[1..], Trust::Private).unwrap_err();
    assert!(
        matches!(fault, RootsError::Pem(ArmourError::Missing { .. })),
        "{fault}"
    );
}

#[test]
fn a_root_is_known_if_the_config_or_the_program_has_it() {
    let root = Authority::root("Root", 1);
    let mut roots = Roots::default();
    let listed = roots.add(&root.der, Trust::Private).unwrap();
    let mut own: RootFingerprint = format!("SHA256:{}", listed[0].sha256).parse().unwrap();
    assert!(roots.knows(own));
    assert!(!Roots::default().knows(own));
    own.0[31] ^= 1;
    assert!(!roots.knows(own));
    let pinned = "SHA256:63ECE914E54DD87915F34033C85AF4C0696BA1512F8ADD66CED738331207B546";
    assert!(Roots::default().knows(pinned.parse().unwrap()));
}

#[test]
fn what_is_distrusted_counts_no_more_wherever_it_comes_from() {
    let root = Authority::root("Root", 1);
    let mut roots = Roots::default();
    let listed = roots.add(&root.der, Trust::Private).unwrap();
    assert_eq!(roots.listed().collect::<Vec<_>>(), [&listed[0]]);
    roots.distrust(format!("SHA256:{}", listed[0].sha256).parse().unwrap());
    assert!(roots.is_empty());
    let word = format!("distrusted:SHA256:{}", listed[0].sha256);
    assert_eq!(roots.in_words(), [word]);
    roots.add(&root.der, Trust::Private).unwrap();
    assert!(roots.is_empty());
}
