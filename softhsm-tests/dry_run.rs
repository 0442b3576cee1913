//! `--dry-run` says what would be done for good, and changes neither a file nor a token.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519, P256};
use crate::harness::process::Ran;
use crate::harness::token::Token;
use crate::harness::write;

/// Every file below a folder, and what is in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.extend([(path.clone(), fs::read(&path).unwrap())]);
        }
    }
    all
}

/// The command with `--dry-run`, and no PIN: it must say these words, and leave all as it was.
#[track_caller]
fn only_says(admin: &Admin, arguments: &[&str], words: &[&str]) -> Ran {
    let (_, configuration) = admin.token.environment();
    let token = configuration.parent().unwrap();
    let before = (files(admin.punchmark.home()), files(token));
    let mut ran = admin
        .punchmark
        .run(&[arguments, &["--dry-run"]].concat())
        .ok();
    for words in words.iter().chain(&["nothing was done (--dry-run)"]) {
        ran = ran.says(words);
    }
    let after = (files(admin.punchmark.home()), files(token));
    assert!(after == before && !before.1.is_empty(), "{ran}");
    ran
}

#[test]
fn a_ca_is_foreseen_and_then_made_as_it_was_said() {
    let admin = Admin::new(Token::softhsm());
    let key = admin.token.locator("users");
    let init = ["init", "users", "--key", &key, "--algorithm", "p256"];
    only_says(
        &admin,
        &init,
        &[
            "CA users would be made of a new key, p256",
            "ledger",
            "(new)",
        ],
    );
    admin.punchmark.pinned(&init).ok();
    let again = [&init[..], &["--dry-run"]].concat();
    admin
        .punchmark
        .run(&again)
        .exits(1)
        .says("has a CA `users`");
    let other = [&["init", "others"], &init[2..], &["--dry-run"]].concat();
    admin
        .punchmark
        .run(&other)
        .exits(1)
        .says("the label \"users\" is taken");
}

#[test]
fn a_key_that_is_there_or_is_brought_in_is_foreseen() {
    let admin = Admin::with_users_ca(Token::softhsm(), "p256");
    let private = admin.key("ca_key", P256);
    let (private, fingerprint) = (private.to_str().unwrap(), keygen::fingerprint(&private));
    let key = admin.token.locator("trial");
    let import = ["import", "trial", "--key", &key, "--from", private];
    only_says(
        &admin,
        &import,
        &["would be made of", &fingerprint, "brought in there"],
    );
    let numbered = [&import[..], &["--next-serial", "7"]].concat();
    admin.punchmark.pinned(&numbered).ok();
    // The ledger has it already.
    let key = admin.token.locator("users");
    let adopt = [
        "adopt",
        "again",
        "--key",
        &key,
        "--next-serial",
        "9",
        "--dry-run",
    ];
    admin.punchmark.run(&adopt).exits(1).says("`users`");
}

#[test]
fn what_the_ledger_would_keep_is_foreseen() {
    let admin = Admin::ready();
    let key = admin.key("peter", ED25519);
    let public = keygen::public(&key);
    let public = public.to_str().unwrap();
    let add = ["requester", "add", "peter", "--key", public];
    only_says(&admin, &add, &["would be that of peter"]);
    admin.punchmark.run(&add).ok();
    only_says(
        &admin,
        &["requester", "remove", "peter", "--key", public],
        &["no longer"],
    );
    only_says(
        &admin,
        &["requester", "add", "peter", "--names", "web1"],
        &["may have the names web1"],
    );
    let duties = ["requester", "add", "peter", "--revoker"];
    only_says(&admin, &duties, &["peter would be revoker"]);
    let taken = [&["requester", "add", "erik"], &add[3..], &["--dry-run"]].concat();
    admin
        .punchmark
        .run(&taken)
        .exits(1)
        .says("requester `peter`");
    let config = fs::read_to_string(admin.config_file()).unwrap();
    write(
        &admin.config_file(),
        config.replace("_file", "_disk"),
        0o600,
    );
    only_says(
        &admin,
        &["ca", "suffixes", "users", "--record"],
        &["_disk", "reserved"],
    );
}

#[test]
fn a_list_is_not_published_and_takes_no_version() {
    let admin = Admin::ready();
    let key = admin.key("signs", ED25519);
    let list = admin.punchmark.path("access.list");
    let ca = keygen::fingerprint(&admin.ca_file("users"));
    let text = format!("@ca users {ca}\npeter www web*\n");
    write(&list, text, 0o644);
    let out = admin.punchmark.path("out.list");
    let (list, out) = (list.to_str().unwrap(), out.to_str().unwrap());
    let key = key.to_str().unwrap();
    let publish = [
        "access",
        "publish",
        list,
        "--out",
        out,
        "--key",
        key,
        "--despite-findings",
    ];
    only_says(&admin, &publish, &["would be version"]);
}

#[test]
fn a_further_signature_of_a_list_is_foreseen_without_the_key() {
    let admin = Admin::ready();
    let ca = keygen::fingerprint(&admin.ca_file("users"));
    let text = format!("@ca users {ca}\npeter www web*\n");
    write(&admin.punchmark.path("access.list"), text, 0o644);
    let (first, second) = (admin.key("first", ED25519), admin.key("second", ED25519));
    let publish = [
        "access",
        "publish",
        "access.list",
        "--out",
        "out.list",
        "--despite-findings",
    ];
    admin
        .punchmark
        .run(&[&publish[..], &["--key", "first"]].concat())
        .ok();
    let sign = |key| ["access", "sign", "out.list", "--key", key];
    let (of_first, of_second) = (keygen::fingerprint(&first), keygen::fingerprint(&second));
    let has = format!("out.list.sig has the signature of {of_first}; that of");
    // The private half isn't wanted, so that it may be in a device that isn't there.
    fs::remove_file(&second).unwrap();
    only_says(
        &admin,
        &sign("second.pub"),
        &[&format!("{has} {of_second} would come to it")],
    );
    only_says(
        &admin,
        &sign("first"),
        &[&format!("{has} {of_first} would be made anew")],
    );
}

#[test]
fn a_head_is_foreseen_and_neither_signed_nor_recorded() {
    let admin = Admin::ready();
    admin.key("ledger_key", ED25519);
    let sign = ["ledger", "checkpoint", "--key", "ledger_key"];
    only_says(
        &admin,
        &sign,
        &["would be signed by ledger_key, recorded, and written to ledger_key.head"],
    );
    // A key in a device makes no folder for its head either.
    let device = ["ledger", "checkpoint", "--key", "pkcs11:object=nowhere"];
    only_says(
        &admin,
        &device,
        &["would be signed by pkcs11:object=nowhere"],
    );
    admin.punchmark.run(&sign).ok();
    only_says(&admin, &sign, &["would be signed"]);
    // What the next head must go on from is looked at.
    let head = admin.punchmark.path("ledger_key.head");
    let of_another =
        fs::read_to_string(&head)
            .unwrap()
            .replacen("punchmark.ledger/", "punchmark.ledger/0", 1);
    write(&head, of_another, 0o644);
    admin
        .punchmark
        .run(&[&sign[..], &["--dry-run"]].concat())
        .exits(1);
    let missing = ["ledger", "checkpoint", "--key", "no_key", "--dry-run"];
    admin.punchmark.run(&missing).exits(1).says("no_key");
}

/// Instructions that change a card, spend a try or use a key.
#[cfg(feature = "yubikey")]
const CHANGES: [u8; 9] = [0x47, 0x87, 0xfe, 0xdb, 0x24, 0x2c, 0xff, 0xfa, 0xf6];

#[cfg(feature = "yubikey")]
#[test]
fn a_card_is_read_and_neither_changed_nor_asked_to_sign() {
    let admin = Admin::with_cards(&["5.7.1"]);
    let before = files(admin.punchmark.home());
    let ca = "SHA256:ke2F1NEn+Ua1DaNDX+NzXUjFg+HIimHdktNTKffUfVw";
    let _of_start = admin.card().take_headers();
    for (line, words) in [
        (
            "init users --key yubikey:slot-id=9c --algorithm p256",
            "a new key, p256",
        ),
        (
            &*format!("request --role engineer --piv 9a --ca {ca} --generate --algorithm p256"),
            "would be made in slot 9a",
        ),
    ] {
        let arguments: Vec<_> = line.split(' ').chain(["--dry-run"]).collect();
        admin
            .punchmark
            .run(&arguments)
            .ok()
            .says(words)
            .says("nothing was done");
    }
    assert!(files(admin.punchmark.home()) == before);
    let sent = admin.card().take_headers();
    let change = sent.iter().find(|header| CHANGES.contains(&header[1]));
    assert!(!sent.is_empty() && change.is_none(), "{change:02x?}");
}
