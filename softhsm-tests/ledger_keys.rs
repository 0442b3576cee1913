//! The keys that vouch for the ledger: recorded with what they sign, nobody's, rolled over by
//! the word of both, and revoked up to a size.

use std::fs;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519, P256};
use crate::harness::process::Ran;
use crate::harness::write;

/// A CA `users`, and two keys that may vouch for the ledger.
fn ready() -> Admin {
    let admin = Admin::ready();
    for name in ["ledger_key", "next_key"] {
        keygen::make(admin.punchmark.home(), name, ED25519);
    }
    admin
}

fn key(admin: &Admin, more: &[&str]) -> Ran {
    let all = [&["ledger", "key"][..], more].concat();
    admin.punchmark.run(&all)
}

fn krl(admin: &Admin, key: &str) -> Ran {
    let all = ["krl", "--out", "revoked.krl", "--ledger-key", key];
    admin.punchmark.run(&all)
}

fn verify(admin: &Admin, more: &[&str]) -> Ran {
    let all = [&["ledger", "verify"][..], more].concat();
    admin.punchmark.run(&all)
}

#[test]
fn a_key_is_recorded_with_what_it_signs_before_it_signs() {
    let admin = ready();
    krl(&admin, "ledger_key").ok();
    let listed = key(&admin, &["list"]).ok().stdout;
    assert!(listed.ends_with("  lists\n"), "{listed}");
    let checkpoint = ["ledger", "checkpoint", "--key", "ledger_key"];
    admin.punchmark.run(&checkpoint).ok();
    key(&admin, &["add", "next_key", "--for", "receipts"]).ok();
    let listed = key(&admin, &["list"]).ok().stdout;
    assert!(listed.contains("  heads and lists\n"), "{listed}");
    assert!(listed.contains("  receipts\n"), "{listed}");
    verify(&admin, &[]).ok();
}

#[test]
fn passphrases_come_from_files_each_for_its_own_key() {
    let admin = ready();
    for (name, passphrase) in [("ledger_key", "the old one"), ("next_key", "the new one")] {
        keygen::encrypt(&admin.punchmark.path(name), passphrase);
        write(
            &admin.punchmark.path(&format!("{name}.pass")),
            passphrase,
            0o600,
        );
    }
    let (old, new) = ("ledger_key.pass", "next_key.pass");
    key(&admin, &["add", "ledger_key", "--passphrase-file", new])
        .fails()
        .says("ledger_key: wrong passphrase");
    key(&admin, &["add", "ledger_key", "--passphrase-file", old]).ok();
    let rollover = ["rollover", "--old", "ledger_key", "--new", "next_key"];
    let files = ["--passphrase-file", old, "--new-passphrase-file"];
    key(&admin, &[&rollover[..], &files, &[old]].concat())
        .fails()
        .says("next_key: wrong passphrase");
    key(&admin, &[&rollover[..], &files, &[new]].concat()).ok();
    let listed = key(&admin, &["list"]).ok().stdout;
    assert!(listed.contains("until another took over"), "{listed}");
}

#[test]
fn the_key_of_the_config_is_never_certified_also_before_it_signed() {
    let admin = ready();
    let config = fs::read_to_string(admin.config_file()).unwrap();
    let file = admin.punchmark.path("ledger_key");
    let named = format!("ledger-key = \"{}\"\n{config}", file.display());
    write(&admin.config_file(), named, 0o600);
    let ran = admin.sign(&["-n", "peter", "ledger_key.pub"]);
    ran.fails().says("a ledger key is never certified");
    keygen::encrypt(&file, "a long passphrase");
    let ran = admin.sign(&["-n", "peter", "ledger_key.pub"]);
    ran.fails().says("a ledger key is never certified");
}

#[test]
fn the_key_of_the_config_in_an_agent_is_known_by_its_locator() {
    let admin = ready();
    let print = keygen::fingerprint(&admin.punchmark.path("ledger_key.pub"));
    let config = fs::read_to_string(admin.config_file()).unwrap();
    let named = format!("ledger-key = \"agent:{print}\"\n{config}");
    write(&admin.config_file(), named, 0o600);
    // No agent runs, and none needs to.
    let ran = admin.sign(&["-n", "peter", "ledger_key.pub"]);
    ran.fails().says("a ledger key is never certified");
    admin.sign(&["-n", "peter", "next_key.pub"]).ok();
}

#[test]
fn a_recorded_key_becomes_no_subject_and_a_subject_no_ledger_key() {
    let admin = ready();
    key(&admin, &["add", "ledger_key"]).ok();
    let ran = admin.sign(&["-n", "peter", "ledger_key.pub"]);
    ran.fails().says("a ledger key is never certified");

    admin.sign(&["-n", "peter", "next_key.pub"]).ok();
    let new = ["rollover", "--old", "ledger_key", "--new", "next_key"];
    for ran in [
        key(&admin, &["add", "next_key"]),
        key(&admin, &new),
        krl(&admin, "next_key"),
    ] {
        ran.exits(1).says("becomes no ledger key");
    }
    let head = ["ledger", "checkpoint", "--key", "next_key"];
    let ran = admin.punchmark.run(&head).exits(1);
    ran.says("becomes no ledger key");
    verify(&admin, &[]).ok();
}

#[test]
fn behind_a_rollover_the_old_key_signs_no_more() {
    let admin = ready();
    krl(&admin, "ledger_key").ok();
    let roll = ["rollover", "--old", "ledger_key", "--new", "next_key"];
    key(&admin, &roll).ok().says("took over from");
    krl(&admin, "ledger_key").exits(1).says("signs no more");
    let head = ["ledger", "checkpoint", "--key", "ledger_key"];
    let ran = admin.punchmark.run(&head).exits(1);
    ran.says("signs no more");
    key(&admin, &roll).exits(1).says("signs no more");
    key(&admin, &["add", "ledger_key"])
        .exits(1)
        .says("signs no more");
    krl(&admin, "next_key").ok();
    verify(&admin, &["--strict"]).ok();
}

/// A ledger with two heads, `first` and `second`, whose signer was revoked in between.
fn revoked_between_two_heads() -> Admin {
    let admin = ready();
    let checkpoint = ["ledger", "checkpoint", "--key", "ledger_key"];
    let head = |name: &str| {
        let note = admin.punchmark.run(&checkpoint).ok().stdout;
        write(&admin.punchmark.path(name), note, 0o644);
    };
    head("first");
    let text = fs::read_to_string(admin.punchmark.path("first")).unwrap();
    let size = text.lines().nth(1).unwrap().to_owned();
    admin.public_keys(1);
    admin.sign(&["-n", "peter", "key0.pub"]).ok();
    head("second");
    revoke(&admin, &size);
    admin
}

fn revoke(admin: &Admin, last_size: &str) {
    let revoke = ["revoke", "ledger_key.pub", "--last-size", last_size];
    key(admin, &[&revoke[..], &["--reason", "stolen"]].concat())
        .ok()
        .says("signs no more");
}

const BY_THE_KEY: [&str; 2] = ["--signer", "ledger_key.pub"];

#[test]
fn a_head_beyond_what_is_believed_of_a_revoked_key_is_refused() {
    let admin = revoked_between_two_heads();
    let held = |name| verify(&admin, &[&["--against", name], &BY_THE_KEY[..]].concat());
    held("first").ok();
    held("second").exits(1).says("is not believed");
    krl(&admin, "ledger_key").exits(1).says("signs no more");
    let listed = key(&admin, &["list"]).ok().stdout;
    assert!(listed.contains("revoked: believed up to"), "{listed}");
    let unknown = [
        "revoke",
        "next_key.pub",
        "--last-size",
        "0",
        "--reason",
        "x",
    ];
    key(&admin, &unknown)
        .exits(1)
        .says("none of the ledger's own");
}

#[test]
fn a_head_that_is_not_believed_makes_no_ledger_the_newest_copy() {
    let admin = revoked_between_two_heads();
    let heads = admin.punchmark.path("heads");
    fs::remove_dir_all(&heads).unwrap();
    fs::create_dir(&heads).unwrap();
    let adopt = |name| {
        let adopt = ["ledger", "head", "adopt", "--against", name];
        admin.punchmark.run(&[&adopt, &BY_THE_KEY[..]].concat())
    };
    adopt("second").exits(1).says("is not believed");
    adopt("first").ok().says("taken for the newest copy");
}

#[test]
fn a_head_that_is_not_believed_shows_no_loss() {
    let admin = revoked_between_two_heads();
    let resume = |head| {
        let resume = ["ledger", "resume", "--ca", "users", "--after", "9"];
        let against = ["--no-krl", "--dry-run", "--against", head];
        admin
            .punchmark
            .run(&[&resume, &against[..], &BY_THE_KEY[..]].concat())
    };
    resume("second").exits(1).says("is not believed");
    resume("first").exits(1).says("nothing is missing");
    // That of another ledger shows nothing of this one.
    let first = fs::read_to_string(admin.punchmark.path("first")).unwrap();
    let lines: Vec<_> = first.lines().take(3).skip(1).collect();
    let other = format!("punchmark.ledger/0123456789abcdef\n{}\n", lines.join("\n"));
    write(&admin.punchmark.path("other"), other, 0o644);
    let resume = ["ledger", "resume", "--ca", "users", "--after", "9"];
    let against = ["--no-krl", "--dry-run", "--against", "other"];
    let ran = admin.punchmark.run(&[&resume, &against[..]].concat());
    ran.exits(1).says("is of ledger punchmark.ledger/0123");
}

#[test]
fn a_proof_leads_to_no_head_that_is_not_believed() {
    let admin = revoked_between_two_heads();
    let prove = || admin.punchmark.run(&["ledger", "prove", "users", "1"]);
    prove().exits(1).says("among those that are believed");
    let checkpoint = ["ledger", "checkpoint", "--key", "next_key"];
    admin.punchmark.run(&checkpoint).ok();
    prove().ok();
}

#[test]
fn a_list_of_a_revoked_key_is_not_taken_over_though_another_handed_over_to_it() {
    let admin = ready();
    krl(&admin, "next_key").ok();
    let roll = ["rollover", "--old", "next_key", "--new", "ledger_key"];
    key(&admin, &roll).ok();
    krl(&admin, "ledger_key").ok();
    revoke(&admin, "0");
    let old = fs::read(admin.ledger_file()).unwrap();
    admin.public_keys(1);
    admin.sign(&["-n", "peter", "key0.pub"]).ok();
    fs::write(admin.ledger_file(), old).unwrap();
    let resume = ["ledger", "resume", "--ca", "users", "--after", "9"];
    let by = ["--krl", "revoked.krl", "--dry-run"];
    let ran = admin.punchmark.run(&[&resume, &by[..]].concat());
    ran.exits(1)
        .says("no ledger key that this ledger knows for lists");
}

/// The token isn't touched: whoever holds the file again can make the same CA elsewhere.
#[test]
fn a_key_that_was_certified_revoked_or_enrolled_becomes_no_ca() {
    let admin = ready();
    for name in ["certified", "revoked", "enrolled", "nobodys"] {
        admin.key(name, P256);
    }
    admin.sign(&["-n", "peter", "certified.pub"]).ok();
    let run = |arguments: &[&str]| admin.punchmark.run(arguments).ok();
    run(&["revoke", "--key", "revoked.pub", "--yes"]);
    run(&["requester", "add", "bob", "--key", "enrolled.pub"]);
    let import = |from: &str| {
        let key = admin.token.locator("second");
        let import = ["import", "second", "--from", from, "--key", &key];
        let import = [&import[..], &["--next-serial", "1"]].concat();
        admin.punchmark.pinned(&import)
    };
    for (key, words) in [
        ("certified", "was certified as a subject's"),
        ("revoked", "was revoked"),
        ("enrolled", "is enrolled for requester `bob`"),
    ] {
        import(key).fails().says(words).says("becomes no CA");
    }
    // The label would be taken, had one of them come into the token.
    import("nobodys").ok();
    verify(&admin, &["--strict"]).ok();
}
