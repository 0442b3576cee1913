//! Any bytes as a private key file: no panic; what ssh-key reads is read as it, and what it alone
//! refuses is a P-256 key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::wire::private_key::{decrypt, from_openssh};
use ssh_key::{Algorithm, EcdsaCurve, Kdf, PrivateKey};

fuzz_target!(|bytes: &[u8]| {
    let ours = from_openssh(bytes);
    match (&ours, PrivateKey::from_openssh(bytes)) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours.public_key(), theirs.public_key()),
        (Ok(ours), Err(_)) => {
            let curve = EcdsaCurve::NistP256;
            assert_eq!(ours.algorithm(), Algorithm::Ecdsa { curve });
        }
        (Err(_), theirs) => assert!(theirs.is_err()),
    }
    let Ok(key) = ours else { return };
    // A file says itself how many rounds its passphrase costs.
    if let Kdf::Bcrypt { rounds, .. } = key.kdf()
        && *rounds <= 2
    {
        let _decrypted = decrypt(&key, "a short one");
    }
});
