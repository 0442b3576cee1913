//! What a file of certificates counts for.

use super::pki::{Authority, authority};
use super::*;

#[test]
fn a_certificate_that_is_not_pinned_counts_only_if_the_admin_says_so() {
    let root = Authority::root("Root", 1);
    let below = root.issue("Below", 2, &[authority(Some(1))]);
    let pem = root.pem() + &below.pem();
    let listed = list(&pem, Trust::Pinned).unwrap();
    assert!(
        listed
            .iter()
            .all(|one| one.role == Role::Unknown && one.vouches_for.is_empty())
    );
    assert_eq!(
        Roots::from_pem(&[&pem], &[]).unwrap_err(),
        RootsError::NoneKnown { count: 2 }
    );
    let listed = Roots::default().add_pem(&pem, Trust::Private).unwrap();
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
    let listed = list(&fake.pem(), Trust::Private).unwrap();
    assert_eq!(listed[0].role, Role::PrivateIntermediate);
}

#[test]
fn what_is_no_certificate_is_told_by_its_number() {
    let pem = Authority::root("Root", 1).pem() + &armour::armoured("CERTIFICATE", b"no");
    let fault = list(&pem, Trust::Private).unwrap_err();
    assert!(
        matches!(fault, RootsError::Certificate { number: 2, .. }),
        "{fault}"
    );
    assert_eq!(
        list("", Trust::Private),
        Err(ArmourError::Missing("CERTIFICATE").into())
    );
}

#[test]
fn there_are_no_more_than_sixty_four() {
    let pem = Authority::root("Root", 1).pem();
    let mut roots = Roots::default();
    for _ in 0..64 {
        roots.add_pem(&pem, Trust::Private).unwrap();
    }
    assert_eq!(
        roots.add_pem(&pem, Trust::Private),
        Err(RootsError::TooMany { count: 65 })
    );
}
