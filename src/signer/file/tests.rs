use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use ssh_key::PublicKey;
use ssh_key::private::Ed25519Keypair;
use tempfile::TempDir;

use super::*;
use crate::secret::{Pin, PinError};

struct Passphrase(&'static str);

impl AskPin for Passphrase {
    fn pin(&mut self, _device: &str) -> Result<Pin, PinError> {
        Ok(Pin::new(self.0.to_owned()))
    }
}

fn key() -> PrivateKey {
    let pair = Ed25519Keypair::from_seed(&[9; 32]);
    PrivateKey::new(KeypairData::Ed25519(pair), "ca").unwrap()
}

fn written(text: &[u8], mode: u32) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca_key");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    (folder, path)
}

fn text() -> Vec<u8> {
    let text = key().to_openssh(ssh_key::LineEnding::LF).unwrap();
    text.as_bytes().to_vec()
}

#[test]
fn signs_with_the_key_of_the_file() {
    let (_folder, path) = written(&text(), 0o600);
    let locator = format!("file:{}", path.display()).parse().unwrap();
    let mut signer = open(&locator, RsaHash::default(), &mut Passphrase("")).unwrap();
    let signature = signer.sign(b"message").unwrap();
    let public = PublicKey::from(signer.public_key().clone());
    signature::Verifier::verify(&public, b"message", &signature).unwrap();
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    for mode in [0o640, 0o604, 0o610, 0o620] {
        let (_folder, path) = written(&text(), mode);
        let fault = read(&path).unwrap_err();
        assert!(matches!(fault, KeyFileFault::OpenToOthers { mode: m } if m == mode));
    }
}

#[test]
fn what_is_no_key_file_has_its_own_name() {
    let (_folder, path) = written(&vec![b'a'; 70_000], 0o600);
    assert!(matches!(read(&path), Err(KeyFileFault::TooLong)));
    let (_folder, path) = written(b"-----BEGIN RSA PRIVATE KEY-----\n", 0o600);
    assert!(matches!(read(&path), Err(KeyFileFault::Form)));
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(read(folder.path()), Err(KeyFileFault::NotRegular)));
    let missing = read(&folder.path().join("ca_key"));
    assert!(matches!(missing, Err(KeyFileFault::File(_))));
}
