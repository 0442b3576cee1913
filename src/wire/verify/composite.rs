//! Signatures of `ssh-mldsa44-ed25519@openssh.com`, which two algorithms make together.
//!
//! A key is an ML-DSA-44 key (FIPS 204) and an Ed25519 key, one behind the other; a signature
//! likewise. Both are over one message, which names the pair, and both must be valid
//! (draft-miller-sshm-mldsa44-ed25519-composite-sigs, which takes "id-MLDSA44-Ed25519-SHA512" of
//! draft-ietf-lamps-pq-composite-sigs with an empty context). Seen in OpenSSH 10.5.

use ml_dsa::{EncodedVerifyingKey, MlDsa44, VerifyingKey};
use sha2::{Digest, Sha512};
use ssh_key::public::OpaquePublicKey;
use ssh_key::{Algorithm, Signature};

use super::SignatureError;
use super::engine::Engine;
use crate::wire::{Algorithm as Known, Form};

/// Checks both signatures.
pub(super) fn verify(
    message: &[u8],
    signature: &Signature,
    key: &OpaquePublicKey,
) -> Result<(), SignatureError> {
    if !is_composite(&key.algorithm()) {
        return Err(SignatureError::Key(key.algorithm().to_string()));
    }
    if signature.algorithm() != key.algorithm() {
        return Err(SignatureError::Algorithm {
            key: key.algorithm().to_string(),
            signature: signature.algorithm().to_string(),
        });
    }
    let (lattice_key, curve_key) = split(key.as_ref(), ML_DSA_KEY, ED25519_KEY)?;
    let (lattice, curve) = split(signature.as_bytes(), ML_DSA_SIGNATURE, ED25519_SIGNATURE)?;
    let signed = representative(message);
    verify_lattice(lattice_key, &signed, lattice)?;
    Engine::here().ed25519(curve_key, &signed, curve)
}

/// Whether a name is that of this pair.
pub(super) fn is_composite(algorithm: &Algorithm) -> bool {
    algorithm.as_str() == Known::MlDsa44Ed25519.name(Form::Plain)
}

/// What is signed in place of a message: prefix, label, the empty context's length, and the
/// message's SHA-512.
fn representative(message: &[u8]) -> Vec<u8> {
    [PREFIX, LABEL, &[0], Sha512::digest(message).as_slice()].concat()
}

fn verify_lattice(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
    let malformed = |_form| SignatureError::Malformed;
    let key = EncodedVerifyingKey::<MlDsa44>::try_from(key).map_err(malformed)?;
    // What is wrong with its hints and bounds, nobody can act on.
    let signature = ml_dsa::Signature::<MlDsa44>::try_from(signature)
        .map_err(|_opaque| SignatureError::Malformed)?;
    if VerifyingKey::<MlDsa44>::decode(&key).verify_with_context(message, LABEL, &signature) {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// The two parts of what has this length, and no other.
fn split(bytes: &[u8], first: usize, second: usize) -> Result<(&[u8], &[u8]), SignatureError> {
    match bytes.split_at_checked(first) {
        Some((one, other)) if other.len() == second => Ok((one, other)),
        _ => Err(SignatureError::Malformed),
    }
}

const PREFIX: &[u8] = b"CompositeAlgorithmSignatures2025";
const LABEL: &[u8] = b"COMPSIG-MLDSA44-Ed25519-SHA512";

/// The lengths of FIPS 204, table 2, and of RFC 8032, 5.1.5 and 5.1.6, in bytes.
const ML_DSA_KEY: usize = 1_312;
const ML_DSA_SIGNATURE: usize = 2_420;
const ED25519_KEY: usize = 32;
const ED25519_SIGNATURE: usize = 64;

#[cfg(test)]
pub(crate) mod tests {
    use base64ct::{Base64, Encoding as _};
    use ml_dsa::ExpandedSigningKey;
    use ssh_key::private::Ed25519Keypair;
    use ssh_key::public::KeyData;
    use ssh_key::{PublicKey, SshSig};

    use super::super::{verify_by_any, verify_possession};
    use super::*;
    use crate::wire::KeyError;
    use crate::wire::{PublicKey as PlainKey, RawCertificate};

    /// A pair of keys, both of them from a seed.
    pub(crate) struct Pair {
        lattice: ExpandedSigningKey<MlDsa44>,
        curve: Ed25519Keypair,
    }

    impl Pair {
        pub(crate) fn new(seed: u8) -> Self {
            Self {
                lattice: ExpandedSigningKey::from_seed(&[seed; 32].into()),
                curve: Ed25519Keypair::from_seed(&[seed; 32]),
            }
        }

        pub(crate) fn public(&self) -> KeyData {
            let lattice = self.lattice.verifying_key().encode();
            let key = [lattice.as_slice(), &self.curve.public.0].concat();
            KeyData::Other(OpaquePublicKey::new(key, algorithm()))
        }

        pub(crate) fn sign(&self, message: &[u8]) -> Signature {
            let signed = representative(message);
            let lattice = self.lattice.sign_deterministic(&signed, LABEL).unwrap();
            let curve = signature::Signer::<Signature>::sign(&self.curve, &signed);
            let both = [lattice.encode().as_slice(), curve.as_bytes()].concat();
            Signature::new(algorithm(), both).unwrap()
        }
    }

    fn algorithm() -> Algorithm {
        Algorithm::new("ssh-mldsa44-ed25519@openssh.com").unwrap()
    }

    fn vector(name: &str) -> Vec<u8> {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/softhsm-tests/vectors/mldsa44-ed25519/"
        );
        std::fs::read(format!("{folder}{name}")).unwrap()
    }

    fn key(name: &str) -> KeyData {
        let line = String::from_utf8(vector(name)).unwrap();
        PublicKey::from_openssh(&line).unwrap().key_data().clone()
    }

    #[test]
    fn a_signature_that_openssh_made_is_valid_for_its_key_and_message_alone() {
        let pem = String::from_utf8(vector("signed.sig")).unwrap();
        let signed: SshSig = pem.parse().unwrap();
        let verify = |data: &[u8], key: &KeyData| {
            let message = SshSig::signed_data("unittest", signed.hash_alg(), data).unwrap();
            verify_possession(&message, signed.signature(), key)
        };
        let data = vector("signed");
        assert_eq!(verify(&data, &key("signer.pub")), Ok(None));
        assert_eq!(
            verify(&data, &key("key.pub")),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify(b"other", &key("signer.pub")),
            Err(SignatureError::Mismatch)
        );
    }

    #[test]
    fn both_signatures_count() {
        let pair = Pair::new(1);
        let KeyData::Other(public) = pair.public() else {
            unreachable!("made above");
        };
        let good = pair.sign(b"message");
        assert_eq!(verify(b"message", &good, &public), Ok(()));
        for at in [0, ML_DSA_SIGNATURE - 90, ML_DSA_SIGNATURE, 2_483] {
            let mut bytes = good.as_bytes().to_vec();
            bytes[at] ^= 1;
            let bad = Signature::new(algorithm(), bytes).unwrap();
            assert_eq!(
                verify(b"message", &bad, &public),
                Err(SignatureError::Mismatch),
                "byte {at}"
            );
        }
        let short = good.as_bytes()[1..].to_vec();
        let short = Signature::new(algorithm(), short).unwrap();
        assert_eq!(
            verify(b"message", &short, &public),
            Err(SignatureError::Malformed)
        );
        let curve = signature::Signer::<Signature>::sign(&pair.curve, b"message");
        assert!(matches!(
            verify(b"message", &curve, &public),
            Err(SignatureError::Algorithm { .. })
        ));
    }

    #[test]
    fn what_names_itself_otherwise_or_has_another_length_is_no_such_key() {
        let foreign = Algorithm::new("ssh-other@example.org").unwrap();
        let KeyData::Other(public) = Pair::new(1).public() else {
            unreachable!("made above");
        };
        let other = OpaquePublicKey::new(public.as_ref().to_vec(), foreign);
        let signature = Pair::new(1).sign(b"message");
        assert!(matches!(
            verify(b"message", &signature, &other),
            Err(SignatureError::Key(_))
        ));
        for length in [0, 32, 1_343, 1_345] {
            let short = OpaquePublicKey::new(vec![7; length], algorithm());
            let blob = PublicKey::from(KeyData::Other(short)).to_bytes().unwrap();
            let refused = PlainKey::from_blob(&blob).unwrap_err();
            assert_eq!(refused, KeyError::CompositeLength { bytes: length });
        }
    }

    #[test]
    fn a_certificate_that_openssh_made_is_read_whole_and_its_signature_is_valid() {
        let line = String::from_utf8(vector("key-cert.pub")).unwrap();
        let base64 = line.split(' ').nth(1).unwrap();
        let raw = RawCertificate::from_blob(&Base64::decode_vec(base64).unwrap()).unwrap();
        assert_eq!(raw.algorithm(), "ssh-mldsa44-ed25519-cert-v01@openssh.com");
        assert_eq!(raw.subject_key(), Some(key("key.pub")));
        let ca = PlainKey::from_blob(raw.ca_key()).unwrap();
        assert_eq!(verify_by_any(raw.signed(), raw.signature(), &ca), Ok(()));
    }
}
