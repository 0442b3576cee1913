//! A bundle that somebody other than its registrar signed again.

use punchmark::bundle::{Draft, NAMESPACE, Opened, Registrar};
use ssh_key::{HashAlg, PrivateKey};

use super::answers::Parts;
use super::*;

/// The same bundle whose certificates go elsewhere, signed again by another key in the registrar's name; with the
/// hash of its header.
fn signed_again(bundle: &[u8], place: &str) -> (Vec<u8>, [u8; 32]) {
    let length = u64::try_from(bundle.len()).unwrap();
    let opened = Opened::read(bundle, length).unwrap();
    let old = opened.header().clone();
    let mut draft = Draft::default();
    for item in opened.items() {
        let mut item = item.unwrap();
        item.place = place.into();
        draft.add(&item).unwrap();
    }
    let key = PrivateKey::from(ssh_key::private::Ed25519Keypair::from_seed(&[7; 32]));
    let registrar = Registrar {
        key: key.public_key().to_bytes().unwrap(),
        ..old.registrar
    };
    let mut header = draft.header((old.id, old.before), old.made, old.against, registrar);
    header.list_version = old.list_version;
    let signature = key.sign(NAMESPACE, HashAlg::Sha512, &header.to_bytes().unwrap());
    let bytes = draft.to_bytes(&header, &signature.unwrap()).unwrap();
    (bytes, header.hash().unwrap())
}

#[test]
fn a_bundle_that_somebody_signed_again_is_not_the_one_that_the_ledger_answered() {
    let sides = Sides::begun();
    let made = sides.make("one.bundle", ERIK, "");
    sides.sign("one.bundle", &made).ok();
    sides.carry_out("one.bundle.answer");
    let bundle = std::fs::read(sides.office.path("one.bundle")).unwrap();
    // The mirror of an earlier head, beside which the bundle was not made.
    sides.lose_mirror();
    sides
        .office(&format!("mirror init {}", crate::harness::two_sides::FROM))
        .ok();
    let place = sides.office.path("important.conf");
    write(&place, "mine", 0o600);
    let (again, hash) = signed_again(&bundle, place.to_str().unwrap());
    write(&sides.office.path("again.bundle"), again, 0o644);
    let mut parts = Parts::of(&sides.answer());
    parts.header.sha256 = hash;
    write(&sides.office.path("odd.answer"), parts.written(), 0o644);
    let before = sides.entries();
    sides
        .office("bundle accept --bundle again.bundle odd.answer")
        .fails()
        .says("the bundle of this id that the ledger took to be signed is another one");
    assert_eq!(std::fs::read(&place).unwrap(), b"mine");
    assert_eq!(sides.entries(), before);
    sides
        .office("bundle accept --bundle one.bundle one.bundle.answer")
        .ok()
        .says("1 certificate filed");
}
