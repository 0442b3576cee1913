//! Evidence made by openssl, with a maker's keys of RSA (`softhsm-tests/vectors/evidence/make`).

use super::*;

const PIV: &str = include_str!("../../../softhsm-tests/vectors/evidence/piv.pem");
const PIV_LONG: &str = include_str!("../../../softhsm-tests/vectors/evidence/piv-long.pem");
const FIDO: &[u8] = include_bytes!("../../../softhsm-tests/vectors/evidence/fido.att");
const CHALLENGE: &[u8] = include_bytes!("../../../softhsm-tests/vectors/evidence/fido.challenge");
const FIDO_KEY: &str = include_str!("../../../softhsm-tests/vectors/evidence/fido.pub");
const MAKER: &str = include_str!("../../../softhsm-tests/vectors/evidence/maker.pem");

fn roots() -> Roots {
    Roots::from_pem(&[], &[MAKER]).unwrap()
}

#[test]
fn both_paths_of_a_card_are_proved() {
    for (pem, slot, firmware) in [
        (PIV, "9a", Firmware(5, 4, 3)),
        (PIV_LONG, "9c", Firmware(5, 7, 4)),
    ] {
        let evidence = Evidence::from_text(pem).unwrap();
        let key = evidence.claimed_key().unwrap();
        let proof = evidence.verify(&key, &roots()).unwrap();
        assert_eq!(proof.facts().slot, Some(slot.parse().unwrap()));
        assert_eq!(proof.facts().firmware, Some(firmware));
        assert_eq!(proof.facts().fips, slot == "9c");
        assert_eq!(proof.facts().root.as_deref(), Some("CN=Test Root"));
    }
}

#[test]
fn a_security_key_is_proved_that_nobody_here_wrote() {
    let key: ssh_key::PublicKey = FIDO_KEY.parse().unwrap();
    let evidence = FidoEvidence::new(FIDO.to_vec(), CHALLENGE.to_vec()).unwrap();
    let proof = Evidence::Fido(evidence).verify(key.key_data(), &roots());
    assert_eq!(proof.unwrap().facts().user_verified, Some(true));
}

/// A leaf of one path under the card of the other.
#[test]
fn the_parts_of_two_cards_prove_nothing() {
    let [short, long] = [PIV, PIV_LONG].map(|pem| match Evidence::from_text(pem) {
        Ok(Evidence::Piv(evidence)) => evidence,
        other => panic!("{other:?}"),
    });
    let mixed = PivEvidence::new(short.leaf, long.f9, Vec::new()).unwrap();
    let mixed = Evidence::Piv(mixed);
    let verified = mixed.verify(&mixed.claimed_key().unwrap(), &roots());
    assert_eq!(
        verified,
        Err(PivError::Chain(ChainError::Signature("CN=Test Card".to_owned())).into())
    );
}
