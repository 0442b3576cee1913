//! A CA's key that leaves a card: overwritten, and reset where nothing else is on the card.

use super::*;

const SPARE: &str = "yubikey:serial=12345679;slot-id=9c";

fn with_spare() -> Admin<Pcscd> {
    let admin = Admin::with_cards(&["5.7.1", "5.4.3"]);
    admin.key("users", P256);
    let import = ["import", "users", "--from", "users", "--key"];
    let more = [
        "yubikey:serial=12345678;slot-id=9c",
        "--next-serial",
        "1",
        "--touch-policy",
        "never",
        "--management-key-file",
        "management",
        "--spare",
        SPARE,
        "--pin-file",
        "12345679=pin",
    ];
    admin.punchmark.pinned(&[&import[..], &more].concat()).ok();
    admin
}

fn destroy(admin: &Admin<Pcscd>, more: &[&str]) -> Ran {
    let destroy = ["ca", "destroy-copy", "users", SPARE, "--yes"];
    let managed = ["--management-key-file", "management"];
    admin
        .punchmark
        .pinned(&[&destroy[..], &managed, more].concat())
}

fn copies(admin: &Admin<Pcscd>) -> Vec<serde_json::Value> {
    show(admin, &[])["copies"].as_array().unwrap().clone()
}

#[test]
fn a_spare_is_overwritten_and_the_card_reset() {
    let admin = with_spare();
    let before = copies(&admin);
    assert_eq!(before[0]["holder"], "YubiKey 12345679, slot 9c");
    destroy(&admin, &[])
        .ok()
        .says("its slot was overwritten, and the card reset");
    let tokens = admin.punchmark.run(&["tokens"]).ok();
    assert!(!tokens.stdout.contains(SPARE), "{tokens}");
    let copy = &copies(&admin)[0];
    assert_eq!(copy["became"], "destroyed");
    assert_eq!(copy["word"], "its slot was overwritten, and the card reset");
}

#[test]
fn a_card_with_another_key_is_not_reset_and_a_second_run_finds_nothing_to_do() {
    let admin = with_spare();
    let other = [
        "init",
        "other",
        "--key",
        "yubikey:serial=12345679;slot-id=9a",
    ];
    let more = ["--algorithm", "p256", "--touch-policy", "never"];
    let managed = [
        "--management-key-file",
        "management",
        "--pin-file",
        "12345679=pin",
    ];
    admin
        .punchmark
        .pinned(&[&other[..], &more, &managed].concat())
        .ok();
    destroy(&admin, &[])
        .ok()
        .says("the card was not reset, since it has a key in slot 9a");
    let tokens = admin.punchmark.run(&["tokens"]).ok();
    assert!(
        tokens.stdout.contains("yubikey:serial=12345679;slot-id=9a"),
        "{tokens}"
    );
    destroy(&admin, &[]).exits(1).says("destroyed before");
}

#[test]
fn a_key_that_is_overwritten_by_its_name_is_recorded_as_gone() {
    let admin = with_spare();
    let there = keygen::fingerprint(&admin.ca_file("users"));
    let other = ["init", "other", "--key", SPARE, "--algorithm", "p256"];
    let more = [
        "--touch-policy",
        "never",
        "--management-key-file",
        "management",
    ];
    let replace = ["--replace", &there, "--pin-file", "12345679=pin"];
    let mut command = admin.punchmark.on_a_terminal();
    command.args(other).args(more).args(replace);
    let mut pty = crate::harness::pty::Pty::start(command);
    pty.expect("Type yes if that is right: ");
    pty.type_line("yes");
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    let told = admin.punchmark.run(&["ledger", "export"]).ok().stdout;
    let gone = told
        .lines()
        .find(|line| line.contains("another key was put into its slot"));
    let gone = gone.expect("the ledger keeps that the key is gone");
    assert!(gone.contains("\"became\":\"destroyed\""), "{gone}");
    assert!(gone.contains(SPARE), "{gone}");
}
