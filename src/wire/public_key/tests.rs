use super::super::tests::{blob, key, text};
use super::*;

fn fields(name: &str, fields: &[&[u8]]) -> Vec<u8> {
    let mut blob = Vec::new();
    put_string(&mut blob, name.as_bytes());
    for field in fields {
        put_string(&mut blob, field);
    }
    blob
}

/// The fields behind the algorithm's name.
fn split(blob: &[u8]) -> Vec<Vec<u8>> {
    let mut wire = Cursor::new(blob);
    wire.string().unwrap();
    let mut fields = Vec::new();
    while !wire.is_empty() {
        fields.push(wire.string().unwrap().to_vec());
    }
    fields
}

#[test]
fn keys_of_every_algorithm_keep_their_bytes() {
    for name in [
        "ed25519",
        "rsa",
        "dsa",
        "p256",
        "p384",
        "p521",
        "sk-ed25519",
        "sk-p256",
    ] {
        let key = key(name);
        assert_eq!(key.as_blob(), blob(name));
        assert!(text(&format!("{name}.pub")).starts_with(key.algorithm()));
    }
}

#[test]
fn a_security_key_has_an_application_too() {
    let ed25519 = split(&blob("ed25519"));
    let without = fields("sk-ssh-ed25519@openssh.com", &[&ed25519[0]]);
    assert_eq!(
        PublicKey::from_blob(&without),
        Err(KeyError::Wire(WireError::Short))
    );
}

#[test]
fn two_encodings_of_one_key_are_equal() {
    let rsa = split(&blob("rsa"));
    let padded = [vec![0, 0], rsa[1].clone()].concat();
    let odd = fields("rsa-sha2-512", &[&rsa[0], &padded]);
    assert_eq!(PublicKey::from_blob(&odd), Ok(key("rsa")));
}

#[test]
fn a_point_must_be_uncompressed_and_on_its_curve() {
    let p256 = split(&blob("p256"));
    let with_point =
        |point: &[u8]| PublicKey::from_blob(&fields("ecdsa-sha2-nistp256", &[b"nistp256", point]));
    let mut moved = p256[1].clone();
    moved[64] ^= 1;
    assert_eq!(with_point(&moved), Err(KeyError::Point));
    let compressed = [&[2 + (p256[1][64] & 1)], &p256[1][1..33]].concat();
    assert_eq!(with_point(&compressed), Err(KeyError::Point));
    assert_eq!(with_point(&[0]), Err(KeyError::Point));
    let other_curve = fields("ecdsa-sha2-nistp384", &[b"nistp256", &p256[1]]);
    assert_eq!(PublicKey::from_blob(&other_curve), Err(KeyError::Curve));
}

#[test]
fn keys_of_the_wrong_length_are_refused() {
    assert_eq!(
        PublicKey::from_blob(&fields("ssh-ed25519", &[&[7; 31]])),
        Err(KeyError::Ed25519Length { bytes: 31 })
    );
    let modulus = [&[0x7f][..], &[0xff; 127]].concat();
    assert_eq!(
        PublicKey::from_blob(&fields("ssh-rsa", &[&[3], &modulus])),
        Err(KeyError::RsaLength { bits: 1_023 })
    );
    let mut long = blob("ed25519");
    long.push(0);
    assert_eq!(
        PublicKey::from_blob(&long),
        Err(KeyError::Wire(WireError::Trailing { bytes: 1 }))
    );
}

#[test]
fn a_certificate_and_an_unknown_algorithm_are_no_keys() {
    assert_eq!(
        PublicKey::from_blob(&blob("serial-7-cert")),
        Err(KeyError::Certificate)
    );
    assert_eq!(
        PublicKey::from_blob(&fields("ED25519", &[&[7; 32]])),
        Err(KeyError::UnknownAlgorithm)
    );
}
