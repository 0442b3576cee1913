//! Evidence from cards and security keys that are made here, with keys and roots of their own.

mod container;
mod fido;
mod piv;
mod pki;
mod roots;
mod vectors;

use super::*;
use pki::Key;

#[test]
fn facts_leave_out_what_is_not_known() {
    let facts = Facts {
        firmware: Some(Firmware(5, 7, 1)),
        ..Facts::default()
    };
    let proof = Proof::for_tests(Key::new(1).ssh(), ProofKind::Piv, facts);
    assert_eq!(
        serde_json::to_string(proof.facts()).unwrap(),
        r#"{"firmware":"5.7.1","fips":false,"private-root":false}"#
    );
}

#[test]
fn a_bare_key_of_a_security_key_is_a_kind_of_its_own_and_others_are_none() {
    assert_eq!(Proof::sk(Key::new(1).ssh()), None);
    let proof = Proof::sk(Key::new(1).sk("ssh:")).unwrap();
    assert_eq!(proof.kind(), ProofKind::Sk);
    assert_eq!(proof.facts(), &Facts::default());
}

#[test]
fn each_fault_of_a_firmware_concerns_its_own_types_of_key() {
    let faults = |key: &KeyData, firmware| {
        let facts = Facts {
            firmware: Some(firmware),
            ..Facts::default()
        };
        Proof::for_tests(key.clone(), ProofKind::Piv, facts).faults()
    };
    let (ecdsa, rsa) = (Key::new(1).ssh(), pki::rsa_ssh());
    assert_eq!(faults(&rsa, Firmware(4, 2, 5)), []);
    assert_eq!(faults(&rsa, Firmware(4, 2, 6)), [Fault::Roca]);
    assert_eq!(faults(&rsa, Firmware(4, 3, 4)), [Fault::Roca]);
    assert_eq!(faults(&rsa, Firmware(4, 3, 5)), []);
    assert_eq!(faults(&rsa, Firmware(4, 4, 2)), [Fault::FipsEntropy]);
    assert_eq!(faults(&rsa, Firmware(4, 4, 3)), []);
    assert_eq!(faults(&ecdsa, Firmware(4, 3, 4)), [Fault::Eucleak]);
    assert_eq!(
        faults(&ecdsa, Firmware(4, 4, 4)),
        [Fault::Eucleak, Fault::FipsEntropy]
    );
    assert_eq!(faults(&ecdsa, Firmware(5, 6, 9)), [Fault::Eucleak]);
    assert_eq!(faults(&ecdsa, Firmware(5, 7, 0)), []);
    let sk = Key::new(1).sk("ssh:");
    assert_eq!(faults(&sk, Firmware(5, 4, 3)), [Fault::Eucleak]);
}
