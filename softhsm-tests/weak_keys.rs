//! Keys that anybody can sign with, in every place where a key comes in.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ssh_key::private::{EcdsaKeypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::token::Token;

fn vectors() -> Vec<PathBuf> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/softhsm-tests/vectors/weak-keys"
    );
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut keys: Vec<_> = files.filter(|file| file.extension().is_some()).collect();
    keys.sort();
    keys
}

fn is_fine(file: &Path) -> bool {
    file.ends_with("rsa-fine.pub")
}

#[test]
fn no_weak_key_is_certified_in_any_front() {
    let admin = Admin::ready();
    for file in vectors() {
        let name = file.file_name().unwrap().to_str().unwrap();
        fs::copy(&file, admin.punchmark.path(name)).unwrap();
        let ran = admin.sign(&["-n", "peter", name]);
        if is_fine(&file) {
            ran.ok()
        } else {
            ran.exits(3).says("the key cannot be certified: ")
        };
    }
}

#[test]
fn no_weak_key_is_enrolled_as_somebodys() {
    let admin = Admin::ready();
    for file in vectors() {
        let file = file.to_str().unwrap();
        let arguments = ["requester", "add", "peter", "--key", file];
        let ran = admin.punchmark.run(&arguments);
        if is_fine(Path::new(file)) {
            ran.ok()
        } else {
            ran.exits(1)
        };
    }
}

/// The token isn't touched: nothing can be taken back there.
#[test]
fn a_weak_key_becomes_no_ca() {
    let admin = Admin::new(Token::softhsm());
    let secret = p256::SecretKey::from_slice(&[&[0; 31][..], &[2]].concat()).unwrap();
    let pair = EcdsaKeypair::NistP256 {
        public: secret.public_key().into(),
        private: secret.into(),
    };
    let key = PrivateKey::new(KeypairData::Ecdsa(pair), "weak").unwrap();
    let file = admin.punchmark.path("weak");
    fs::write(&file, key.to_openssh(LineEnding::LF).unwrap()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let locator = format!("file:{}", file.display());
    let words = ["--allow-software-key", "--next-serial", "1"];
    let adopt = ["adopt", "users", "--key", &locator];
    admin
        .punchmark
        .pinned(&[&adopt[..], &words].concat())
        .exits(1)
        .says("the private half of the key is no secret: it is found by counting");
    let key = admin.key("key", ED25519);
    assert!(key.exists());
    admin.sign(&["-n", "peter", "key.pub"]).exits(2);
}
