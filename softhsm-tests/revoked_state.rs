//! What was revoked reads as revoked wherever one looks, and what a revocation means is said
//! before it is recorded.

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::Ran;
use crate::harness::pty::Pty;
use crate::harness::token::Token;

/// Peter has serial 1, Erik serial 2, Anna serial 3.
fn ready() -> Admin {
    let admin = Admin::with_users_ca(Token::softhsm(), "p256");
    for name in ["peter", "erik", "anna"] {
        admin.key(name, ED25519);
        let file = format!("{name}.pub");
        let asked = ["-I", name, "-n", name, "-V", "+1h", &file];
        admin.sign(&asked).ok();
    }
    admin
}

fn revoke(admin: &Admin, arguments: &[&str]) -> Ran {
    admin.punchmark.run(&[&["revoke"], arguments].concat())
}

fn list(admin: &Admin, arguments: &[&str]) -> Vec<Value> {
    let all = [&["ledger", "list", "--json"], arguments].concat();
    let ran = admin.punchmark.run(&all).ok();
    let objects = ran.stdout.lines().map(serde_json::from_str);
    objects.collect::<Result<_, _>>().unwrap()
}

fn serials(records: &[Value]) -> Vec<u64> {
    let serials = records.iter().map(|record| record["serial"].as_u64());
    serials.map(Option::unwrap).collect()
}

#[test]
fn each_rule_makes_a_certificate_revoked_wherever_one_looks() {
    let print = |admin: &Admin| keygen::fingerprint(&admin.punchmark.path("peter.pub"));
    for (flag, value, by) in [
        ("--serial", "1", "serial"),
        ("--certificate", "peter-cert.pub", "serial"),
        ("--key-id", "peter", "key-id"),
        ("--key", "peter.pub", "key"),
        ("--fingerprint", "", "key"),
        ("--principal", "peter", "serial"),
        ("--issued-before", "+1m", "serial"),
        ("--role", "operator", "serial"),
    ] {
        let admin = ready();
        let print = print(&admin);
        let value = if value.is_empty() { &print } else { value };
        revoke(&admin, &[flag, value, "--reason", "laptop lost"]).ok();

        let revoked = list(&admin, &["--state", "revoked"]);
        assert!(serials(&revoked).contains(&1), "{flag}: {revoked:?}");
        assert_eq!(revoked[0]["revoked"]["by"], by, "{flag}");
        assert_eq!(revoked[0]["revoked"]["reason"], "laptop lost", "{flag}");
        assert!(revoked[0]["revoked"]["at-unix"].as_u64() > Some(0));
        assert!(revoked[0]["certificate"].is_string(), "{flag}");
        let issued = list(&admin, &["--state", "issued"]);
        assert!(!serials(&issued).contains(&1), "{flag}");
        assert_eq!(issued.len() + revoked.len(), 3, "{flag}");
        let shown = admin.punchmark.run(&["ledger", "show", "users", "1"]).ok();
        let first = shown.stdout.lines().next().unwrap();
        assert!(first.contains("serial 1 of users: revoked on"), "{first}");
        assert!(first.contains("for \"laptop lost\", by "), "{first}");
        let lines = admin.punchmark.run(&["ledger", "list"]).ok().stdout;
        let oldest = lines.lines().last().unwrap();
        assert!(oldest.contains(" revoked "), "{lines}");
    }
}

#[test]
fn a_ca_that_is_revoked_takes_all_its_certificates_with_it() {
    let admin = ready();
    let mut command = admin.punchmark.on_a_terminal();
    let own = admin.ca_file("users").display().to_string();
    command.args(["revoke", "--yes", "--key", &own, "--reason", "stolen"]);
    let mut pty = Pty::start(command);
    pty.expect("this is CA `users` itself: 3 certificates and all to come");
    let asked = pty.expect("Type the CA's name to revoke it: ");
    assert!(!asked.contains("itself"), "the same words twice: {asked}");
    assert!(!asked.contains("0 certificates"), "{asked}");
    pty.type_line("users");
    assert_eq!(pty.finish().1, 0);
    let revoked = list(&admin, &["--state", "revoked"]);
    assert_eq!(serials(&revoked), [1, 2, 3]);
    assert_eq!(revoked[2]["revoked"]["by"], "ca-key");
}

#[test]
fn a_second_revocation_says_when_the_first_was_and_records_nothing() {
    let admin = ready();
    let entries = || admin.punchmark.run(&["ledger", "export"]).ok().stdout;
    revoke(&admin, &["--serial", "1", "--reason", "laptop lost"]).ok();
    let before = entries();
    let again = revoke(&admin, &["--serial", "1", "--reason", "again"]).ok();
    again
        .says("was revoked before, on ")
        .says("for \"laptop lost\"");
    assert_eq!(entries(), before);
    // What is new in part is recorded whole.
    let more = revoke(&admin, &["--serial", "1-2", "--reason", "again"]).ok();
    assert!(more.stdout.contains("(revoked before: on "), "{more}");
    assert_eq!(serials(&list(&admin, &["--state", "revoked"])), [1, 2]);
    let caught = revoke(&admin, &["--serial", "2", "--json"]).ok();
    let caught: Value = serde_json::from_str(&caught.stdout).unwrap();
    assert_eq!(caught["before"][0]["reason"], "again");
}

#[test]
fn every_revocation_is_listed_with_its_reason_and_the_list_that_has_it() {
    let admin = ready();
    revoke(&admin, &["--list"]).ok().says("nothing was revoked");
    revoke(&admin, &["--serial", "1", "--reason", "laptop lost"]).ok();
    admin.punchmark.run(&["krl", "--out", "revoked.krl"]).ok();
    revoke(&admin, &["--requester", "peter", "--reason", "left"]).ok();
    revoke(&admin, &["--serial", "2", "--reason", "late"]).ok();
    let listed = revoke(&admin, &["--list"]).ok().stdout;
    let at = |text: &str| {
        listed
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {listed}"))
    };
    assert!(at("\"laptop lost\", by ") < at("serial 1 of users"));
    assert!(at("serial 1 of users") < at("in KRLs from version "));
    assert!(at("in KRLs from version ") < at("requester peter is never served again"));
    assert!(at("requester peter") < at("\"late\", by "));
    assert!(at("\"late\", by ") < at("in no KRL yet"));
    assert_eq!(
        listed.matches("KRL").count(),
        2,
        "a bar is in no list: {listed}"
    );
    revoke(&admin, &["--list", "--serial", "1"]).exits(2);
    let json = revoke(&admin, &["--list", "--json"]).ok();
    let all: Vec<Value> = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(all[0]["what"]["serials"][0], serde_json::json!([1, 1]));
    assert!(all[0]["krl"]["version"].as_u64() > Some(0));
    assert_eq!(all[1]["what"]["requesters"][0], "peter");
    assert!(all[1]["krl"].is_null() && all[2]["krl"].is_null());
}

#[test]
fn a_base_name_means_every_suffix_of_it() {
    let admin = ready();
    let roles = "[role.marked]\nca = \"users\"\nrequesters = [\"peter\"]\n\
        principals = [\"{requester}\"]\nstorage = \"mark\"\nlifetime = { default = \"1h\", maximum = \"2h\" }\n";
    admin.configure(roles);
    let asked = ["sign", "--role", "marked", "--requester", "peter", "--yes"];
    let asked = [&asked[..], &["anna.pub"]].concat();
    admin.punchmark.pinned(&asked).ok();
    let named = |more: &[&str]| serials(&list(&admin, &[&["--principal", "peter"], more].concat()));
    assert_eq!(named(&[]), [1, 4]);
    assert_eq!(named(&["--exact"]), [1]);
    let dry = |arguments: &[&str]| {
        let all = [arguments, &["--dry-run", "--json"]].concat();
        let caught: Value = serde_json::from_str(&revoke(&admin, &all).ok().stdout).unwrap();
        serials(caught["certificates"].as_array().unwrap())
    };
    assert_eq!(dry(&["--principal", "peter"]), [1, 4]);
    assert_eq!(dry(&["--principal", "peter", "--exact"]), [1]);
    assert_eq!(dry(&["--principal", "peter_file"]), [4]);
    let said = revoke(&admin, &["--principal", "peter", "--dry-run"]).ok();
    assert!(
        said.stdout.contains("principals peter, peter_file, "),
        "{said}"
    );
    // Without the config, the suffixes that the ledger recorded count.
    let ledger = admin.ledger_file().display().to_string();
    let audited = list(&admin, &["--ledger", &ledger, "--principal", "peter"]);
    assert_eq!(serials(&audited), [1, 4]);
}

#[test]
fn a_range_of_most_or_ahead_of_all_wants_a_typed_yes_that_names_it() {
    let admin = ready();
    let at_a_terminal = |range: &str, expected: &str, answer: &str| {
        let mut command = admin.punchmark.on_a_terminal();
        command.args(["revoke", "--serial", range, "--yes"]);
        let mut pty = Pty::start(command);
        pty.expect("caught in the ledger of users: ");
        pty.expect(expected);
        pty.expect("Type yes if that is right: ");
        pty.type_line(answer);
        pty.finish().1
    };
    let huge = "serials 1 to 18446744073709551615 of users: all 3 certificates of it, and 4 to \
        18446744073709551615, which it has yet to give out";
    assert_eq!(at_a_terminal("1-18446744073709551615", huge, "y"), 1);
    let ahead = "serials 3 to 9 of users: 1 of 3 certificates of it, and 4 to 9, which";
    assert_eq!(at_a_terminal("3-9", ahead, "no"), 1);
    assert_eq!(serials(&list(&admin, &["--state", "revoked"])), [0; 0]);
    let most = "serials 1 to 2 of users: 2 of 3 certificates of it";
    assert_eq!(at_a_terminal("1-2", most, "yes"), 0);
    assert_eq!(serials(&list(&admin, &["--state", "revoked"])), [1, 2]);
    // A script is told, and meant it.
    let ran = revoke(&admin, &["--serial", "3-5"]).ok();
    assert!(ran.stdout.contains("which it has yet to give out"), "{ran}");
}

#[test]
fn a_range_that_leaves_a_ca_no_serial_is_refused_where_nobody_is_asked() {
    let admin = ready();
    for range in ["1-18446744073709551615", "4-18446744073709551615"] {
        let ran = revoke(&admin, &["--serial", range, "--yes"]).exits(1);
        ran.says("no serial is left to the CA")
            .says("punchmark ca retire");
        revoke(&admin, &["--serial", range, "--dry-run"]).ok();
    }
    assert_eq!(serials(&list(&admin, &["--state", "revoked"])), [0; 0]);
    // A part of what is ahead is meant.
    revoke(&admin, &["--serial", "5-18446744073709551615"]).ok();
    admin.punchmark.run(&["ledger", "verify"]).ok();
}

#[test]
fn a_key_is_a_matter_of_every_ca_and_needs_none_named() {
    let admin = ready();
    admin.init("hosts", "p256", "host").ok();
    let host = [
        "-s", "hosts", "-h", "-I", "web", "-n", "web1", "-V", "+1h", "erik.pub",
    ];
    let print = keygen::fingerprint(&admin.punchmark.path("erik.pub"));
    admin.punchmark.pinned(&[&["sign"], &host[..]].concat());
    let caught = revoke(&admin, &["--key", "erik.pub", "--dry-run"]).ok();
    assert!(caught.stdout.contains("caught in the ledger: "), "{caught}");
    revoke(&admin, &["--fingerprint", &print]).ok();
    assert_eq!(
        serials(&list(&admin, &["--ca", "users", "--state", "revoked"])),
        [2]
    );
    revoke(&admin, &["--certificate", "anna-cert.pub"]).ok();
    revoke(&admin, &["--serial", "1"])
        .exits(2)
        .says("name one with --ca");
    admin.punchmark.run(&["ledger", "verify"]).ok();
}

#[test]
fn a_card_without_a_family_is_barred_in_every_family_that_is_known() {
    let admin = ready();
    let private = format!("SHA256:{}", "AB".repeat(32));
    let add = [
        "requester",
        "add",
        "erik",
        "--card",
        "7",
        "--family",
        &private,
    ];
    admin.punchmark.run(&add).ok();
    let caught = revoke(&admin, &["--card", "12345678", "--reason", "lost"]).ok();
    let said = |family: &str| format!("card 12345678 of {family} is never served again");
    assert!(caught.stdout.contains(&said("yubico")), "{caught}");
    assert!(caught.stdout.contains(&said(&private)), "{caught}");
    let add = [
        "requester",
        "add",
        "anna",
        "--card",
        "12345678",
        "--family",
        "yubico",
    ];
    admin.punchmark.run(&add).fails().says("barred");
    let again = revoke(&admin, &["--card", "12345678"]).ok();
    again.says("all of this was barred before");
}

#[test]
fn a_dry_run_of_what_cannot_be_undone_says_what_it_would_do_and_records_nothing() {
    let admin = ready();
    keygen::make(admin.punchmark.home(), "ledger_key", ED25519);
    keygen::make(admin.punchmark.home(), "next_key", ED25519);
    let run = |arguments: &[&str]| admin.punchmark.run(arguments);
    run(&["ledger", "key", "add", "ledger_key"]).ok();
    run(&["requester", "add", "peter", "--key", "peter.pub"]).ok();
    revoke(&admin, &["--serial", "1-2"]).ok();
    let entries = || run(&["ledger", "export"]).ok().stdout;
    let before = entries();
    let list = run(&["krl", "--out", "dry.krl", "--dry-run"]).ok();
    assert!(
        list.stdout
            .contains("revoke 2 serials, 0 key IDs and 0 keys"),
        "{list}"
    );
    assert!(!admin.punchmark.path("dry.krl").exists());
    let roll = ["--old", "ledger_key", "--new", "next_key"];
    let revoke_key = ["ledger_key.pub", "--last-size", "1", "--reason", "stolen"];
    for (command, more, said) in [
        (
            &["ledger", "key", "add"][..],
            &["next_key"][..],
            "would sign heads and lists",
        ),
        (&["ledger", "key", "rollover"], &roll, "which signs no more"),
        (
            &["ledger", "key", "revoke"],
            &revoke_key,
            "are not believed: 0 of those",
        ),
        (
            &["requester", "remove"],
            &["peter", "--key", "peter.pub"],
            "would no longer be that",
        ),
    ] {
        let ran = run(&[command, more, &["--dry-run"]].concat()).ok();
        ran.says(said).says("nothing was done (--dry-run)");
    }
    assert_eq!(entries(), before);
    let stranger = [
        "requester",
        "remove",
        "erik",
        "--key",
        "peter.pub",
        "--dry-run",
    ];
    run(&stranger).exits(1).says("is not enrolled");
}
