//! That the ledger shows what was done to it, and proves what is in it.

mod damaged;
mod export;

use std::path::PathBuf;

use crate::harness::admin::Admin;
use crate::harness::forge;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::Ran;
use crate::harness::pty::Pty;

const PASSPHRASE: &str = "a long and boring passphrase";

/// An admin with three certificates, and a ledger key without a passphrase.
fn ready() -> Admin {
    let admin = Admin::ready();
    for key in admin.public_keys(3) {
        admin.sign(&["-n", "peter", key.to_str().unwrap()]).ok();
    }
    keygen::make(admin.punchmark.home(), "ledger_key", ED25519);
    admin
}

fn checkpoint(admin: &Admin, name: &str) -> PathBuf {
    let ran = admin
        .punchmark
        .run(&["ledger", "checkpoint", "--key", "ledger_key"])
        .ok();
    let path = admin.punchmark.path(name);
    std::fs::write(&path, ran.stdout).unwrap();
    path
}

fn verify(admin: &Admin, arguments: &[&str]) -> Ran {
    let all = [&["ledger", "verify"], arguments].concat();
    admin.punchmark.run(&all)
}

fn against(admin: &Admin, head: &str) -> Ran {
    verify(admin, &["--against", head, "--signer", "ledger_key.pub"])
}

/// A copy of the ledger file, with a change.
fn changed_copy(admin: &Admin, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(admin.ledger_file()).unwrap();
    change(&mut bytes);
    std::fs::write(admin.punchmark.path("copy"), bytes).unwrap();
}

#[test]
fn a_head_without_a_signature_is_not_said_to_want_a_signer() {
    let admin = ready();
    checkpoint(&admin, "signed");
    let head = admin.punchmark.run(&["ledger", "head", "show"]).ok().stdout;
    std::fs::write(admin.punchmark.path("bare"), head).unwrap();
    let ran = verify(&admin, &["--against", "bare", "--signer", "ledger_key.pub"]).ok();
    assert!(
        ran.stdout
            .contains("not checked: who wrote a head that has no signature"),
        "{ran}"
    );
    assert!(!ran.stdout.contains("--signer"), "{ran}");
}

/// What an audit found is its product.
#[track_caller]
fn finds(ran: Ran, words: &str) {
    let ran = ran.exits(1);
    assert!(ran.stdout.contains(words), "{words}: {ran}");
}

/// Does to the ledger what a hand with another program could do, head and tree included.
fn rewrite(admin: &Admin, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let heads = admin.punchmark.path("heads");
    forge::rewrite(&admin.ledger_file(), &heads, change);
}

#[test]
fn without_a_kept_head_it_is_consistent_with_itself_and_never_complete() {
    let admin = ready();
    let ran = verify(&admin, &["--signatures"]).ok();
    assert!(ran.stdout.starts_with("consistent with itself\n"), "{ran}");
    assert!(ran.stdout.contains("3 certificates issued"), "{ran}");
    assert!(!ran.stdout.contains("complete"), "{ran}");
}

#[test]
fn a_grown_ledger_extends_the_head_that_was_kept() {
    let admin = ready();
    checkpoint(&admin, "head");
    let key = admin.public_keys(4).pop().unwrap();
    admin.sign(&["-n", "erik", key.to_str().unwrap()]).ok();
    let ran = against(&admin, "head").ok();
    assert!(
        ran.stdout
            .contains("extends head, a head of 12 entries, signed by SHA256:"),
        "{ran}"
    );
    checkpoint(&admin, "later");
    against(&admin, "later").ok();
    let both = [
        "--against",
        "head",
        "--against",
        "later",
        "--signer",
        "ledger_key.pub",
    ];
    let ran = verify(&admin, &both).ok();
    assert!(ran.stdout.contains("extends later, "), "{ran}");
}

#[test]
fn an_older_copy_that_was_put_back_is_found_by_the_kept_head() {
    let admin = ready();
    let old = std::fs::read(admin.ledger_file()).unwrap();
    let key = admin.public_keys(4).pop().unwrap();
    admin.sign(&["-n", "erik", key.to_str().unwrap()]).ok();
    checkpoint(&admin, "head");
    std::fs::write(admin.ledger_file(), old).unwrap();
    verify(&admin, &[]).ok();
    finds(against(&admin, "head"), "had 14 when the head was made");
    let again = ["ledger", "checkpoint", "--key", "ledger_key"];
    admin
        .punchmark
        .run(&again)
        .exits(1)
        .says("the ledger has 11 entries");
}

#[test]
fn another_ledger_is_told_from_the_one_of_the_head() {
    let (admin, other) = (ready(), ready());
    checkpoint(&admin, "head");
    std::fs::copy(other.ledger_file(), admin.ledger_file()).unwrap();
    finds(against(&admin, "head"), "the head is of ledger");
}

#[test]
fn a_head_that_was_changed_or_signed_by_another_is_not_believed() {
    let admin = ready();
    let head = checkpoint(&admin, "head");
    let note = std::fs::read_to_string(&head).unwrap();
    std::fs::write(&head, note.replace("\n12\n", "\n5\n")).unwrap();
    against(&admin, "head").exits(1).says("is not valid");
    std::fs::write(&head, note).unwrap();
    keygen::make(admin.punchmark.home(), "other", ED25519);
    let other = ["--against", "head", "--signer", "other.pub"];
    verify(&admin, &other).exits(1).says("is not signed by");
}

#[test]
fn an_encrypted_ledger_key_asks_for_its_passphrase_and_a_bare_one_is_warned_of() {
    let admin = ready();
    let command = ["ledger", "checkpoint", "--key", "ledger_key"];
    admin.punchmark.run(&command).ok().says("no passphrase");
    keygen::encrypt(&admin.punchmark.path("ledger_key"), PASSPHRASE);
    let mut terminal = admin.punchmark.on_a_terminal();
    terminal.args(command);
    let mut pty = Pty::start(terminal);
    pty.expect("Passphrase for ledger_key: ");
    pty.type_line(PASSPHRASE);
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    assert!(rest.contains("punchmark.ledger/"), "{rest}");
    assert!(!rest.contains("no passphrase"), "{rest}");
}

#[test]
fn a_proof_is_checked_without_the_ledger_and_a_changed_one_is_refused() {
    let admin = ready();
    checkpoint(&admin, "head");
    let proof = admin
        .punchmark
        .run(&["ledger", "prove", "users", "2"])
        .ok()
        .stdout;
    std::fs::write(admin.punchmark.path("proof"), &proof).unwrap();
    std::fs::remove_file(admin.ledger_file()).unwrap();
    let check = ["ledger", "check-proof", "proof", "--against", "head"];
    let ran = admin.punchmark.run(&check).ok();
    assert!(ran.stdout.contains("serial 2 was reserved"), "{ran}");
    assert!(ran.stdout.contains("was issued"), "{ran}");
    assert!(
        ran.stdout.contains("whose signature was NOT checked"),
        "{ran}"
    );
    let signed = [&check[..], &["--signer", "ledger_key.pub"]].concat();
    let ran = admin.punchmark.run(&signed).ok();
    assert!(ran.stdout.contains("signed by SHA256:"), "{ran}");
    let ran = admin.punchmark.run(&[&check[..], &["--json"]].concat());
    assert!(ran.ok().stdout.contains("\"signer\":null"));

    let changed = proof.replace("\"index\":7", "\"index\":4");
    assert_ne!(changed, proof);
    std::fs::write(admin.punchmark.path("proof"), changed).unwrap();
    admin.punchmark.run(&check).exits(1).says("does not lead");
}

#[test]
fn a_proof_that_no_signed_head_covers_is_refused() {
    let admin = ready();
    checkpoint(&admin, "head");
    let key = admin.public_keys(4).pop().unwrap();
    admin.sign(&["-n", "erik", key.to_str().unwrap()]).ok();
    let prove = ["ledger", "prove", "users", "4"];
    let ran = admin.punchmark.run(&prove).exits(1);
    ran.says("no signed head covers serial 4");
    checkpoint(&admin, "head");
    admin.punchmark.run(&prove).ok();
}

#[test]
fn what_was_not_checked_is_said_in_words_and_json() {
    let admin = ready();
    let ran = verify(&admin, &[]).ok();
    assert!(ran.stdout.contains("not checked: the CAs' signatures"));
    assert!(ran.stdout.contains("not checked: that nothing is missing"));
    checkpoint(&admin, "head");
    let ran = verify(&admin, &["--against", "head"]).ok();
    assert!(ran.stdout.contains("not checked: who signed a head"));
    let ran = verify(&admin, &["--against", "head", "--json"]).ok();
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        value["not-checked"],
        serde_json::json!(["signatures", "signer", "decisions"])
    );
    assert!(value["heads"][0]["signer"].is_null());
    let all = [
        "--against",
        "head",
        "--signer",
        "ledger_key.pub",
        "--signatures",
    ];
    let ran = verify(&admin, &all).ok();
    let not_checked = ran
        .stdout
        .lines()
        .filter(|line| line.contains("not checked"));
    assert_eq!(
        not_checked.collect::<Vec<_>>(),
        ["  not checked: whether policies and roles allow what was decided by them"]
    );
}

/// What a server keeps has the head's three lines, and no signature.
#[test]
fn a_head_that_a_server_kept_is_held_against_the_ledger_too() {
    let admin = ready();
    let head = std::fs::read_to_string(checkpoint(&admin, "head")).unwrap();
    let three: String = head
        .lines()
        .take(3)
        .map(|line| format!("{line}\n"))
        .collect();
    let mark = admin.punchmark.path("mark");
    std::fs::write(&mark, format!("version 7\n{three}seen 1795400000\n")).unwrap();
    let ran = verify(&admin, &["--against", "mark"]).ok();
    assert!(ran.stdout.contains("extends mark, "), "{ran}");
    std::fs::write(&mark, three.replace("\n12\n", "\n7\n")).unwrap();
    finds(
        verify(&admin, &["--against", "mark"]),
        "the first 7 entries are not those",
    );
    let seen = |root: &str| {
        let hash = "00".repeat(32);
        let line = head.lines().take(2).collect::<Vec<_>>().join(" ");
        format!("punchmark krl mark 1\nversion 7\nsha256 {hash}\nhead {line} {root}\n")
    };
    std::fs::write(&mark, seen(head.lines().nth(2).unwrap())).unwrap();
    let ran = verify(&admin, &["--against", "mark"]).ok();
    assert!(ran.stdout.contains("extends mark, "), "{ran}");
    std::fs::write(&mark, "version 7\n").unwrap();
    verify(&admin, &["--against", "mark"])
        .exits(1)
        .says("not a checkpoint");
}

#[test]
fn an_auditor_needs_the_file_alone_and_leaves_nothing_beside_it() {
    use std::os::unix::fs::PermissionsExt;
    let admin = ready();
    checkpoint(&admin, "head");
    admin.punchmark.run(&["ledger", "prove", "users", "1"]).ok();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evidence.ledger");
    std::fs::copy(admin.ledger_file(), &file).unwrap();
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&file, 0o444);
    mode(folder.path(), 0o555);
    std::fs::remove_file(admin.config_file()).unwrap();
    let file = file.to_str().unwrap();
    for command in [
        &["verify", "--against", "head", "--signer", "ledger_key.pub"][..],
        &["list"],
        &["show", "users", "1"],
        &["export"],
        &["prove", "users", "1"],
    ] {
        let command = [&["ledger"], command, &["--ledger", file]].concat();
        admin.punchmark.run(&command).ok();
    }
    let beside = std::fs::read_dir(folder.path()).unwrap().count();
    mode(folder.path(), 0o755);
    assert_eq!(beside, 1);
}

#[test]
fn show_says_by_which_policy_and_list_finds_by_index() {
    let admin = ready();
    let shown = admin.punchmark.run(&["ledger", "show", "users", "1"]).ok();
    assert!(shown.stdout.contains("policy"), "{shown}");
    assert!(shown.stdout.contains(r#"role = "operator""#), "{shown}");
    let count = |flags: &[&str]| {
        let all = [&["ledger", "list"], flags].concat();
        // Below the header, which nothing has none of.
        let listed = admin.punchmark.run(&all).ok().stdout;
        listed.lines().skip(1).count()
    };
    let key = keygen::fingerprint(&admin.punchmark.path("key1.pub"));
    for (flags, found) in [
        (&["--principal", "peter"][..], 3),
        (&["--principal", "peter", "--serial", "2"], 1),
        (&["--key", &key], 1),
        (&["--key-id", "id", "--state", "issued"], 3),
        (&["--requester", "operator"], 3),
        (&["--role", "operator", "--until", "-1d"], 0),
        (&["--card", "7"], 0),
    ] {
        assert_eq!(count(flags), found, "{flags:?}");
    }
}

#[test]
fn an_honest_ledger_is_never_called_forged_beside_a_run_that_writes() {
    let admin = Admin::ready();
    let list = admin.list_of_keys(200);
    let mut command = admin.punchmark.background();
    command.args([
        "sign", "-s", "users", "-I", "id", "-n", "peter", "-V", "+1h",
    ]);
    command.arg("--files-from").arg(list);
    command.stdout(std::process::Stdio::null());
    let mut writer = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut beside = 0;
    loop {
        let over = writer.try_wait().unwrap();
        verify(&admin, &[]).ok();
        match over {
            Some(status) => break assert!(status.success(), "{status}"),
            None => beside += 1,
        }
    }
    assert!(beside > 0, "no look fell beside the run");
    verify(&admin, &["--signatures"]).ok();
}

#[test]
fn a_serial_is_of_the_only_ca_where_none_is_named() {
    let admin = Admin::ready().and_key("key");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    let show = |arguments: &[&str]| {
        admin
            .punchmark
            .run(&[&["ledger", "show"], arguments].concat())
    };
    let named = show(&["users", "1"]).ok();
    assert_eq!(show(&["1"]).ok().stdout, named.stdout);
    show(&["one"]).exits(2).says("SERIAL");
    admin.init("hosts", "p256", "host").ok();
    show(&["1"]).exits(2).says("`users`, `hosts`");
    assert_eq!(show(&["users", "1"]).ok().stdout, named.stdout);
}
