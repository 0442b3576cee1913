//! `renew`: the same people, hosts, keys and roles again, by the rules of today.

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::faketime::faketime;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::pty::Pty;
use crate::harness::punchmark::BINARY;
use crate::harness::token::PIN;

fn renew(admin: &Admin, arguments: &[&str]) -> Ran {
    let all = [&["renew"], arguments].concat();
    admin.punchmark.pinned(&all)
}

/// A host CA that signed three hosts for two days, each with its own name, as an admin had them.
fn fleet() -> Admin {
    let admin = Admin::ready();
    admin.init("hosts", "p256", "host").ok();
    admin.public_keys(3);
    for number in 0..3 {
        let (key, name) = (
            format!("key{number}.pub"),
            format!("web{number}.example.org"),
        );
        let short = format!("web{number}");
        let arguments = ["sign", "-s", "hosts", "-h", "-I", &short, "-n", &name];
        let all = [&arguments[..], &["-V", "+2d", &key]].concat();
        admin.punchmark.pinned(&all).ok();
    }
    admin
}

fn certificate(admin: &Admin, name: &str) -> keygen::Reading {
    keygen::read(&admin.punchmark.path(name))
}

/// The files of a folder in the home, sorted.
fn files(admin: &Admin, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(admin.punchmark.path(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// What the ledger has of a serial.
fn entry(admin: &Admin, ca: &str, serial: u64) -> Value {
    let mut entries = admin.ledger().into_iter();
    entries
        .find(|entry| entry["ca"] == ca && entry["serial"] == serial)
        .unwrap()
}

#[test]
fn a_fleet_of_hosts_is_renewed_in_one_go_each_in_its_place() {
    let admin = fleet();
    let names = ["key0-cert.pub", "key1-cert.pub", "key2-cert.pub"];
    let again = [&names[..], &["--expires-before", "+7d"]].concat();
    renew(&admin, &[&again[..], &["-V", "+52w"]].concat())
        .ok()
        .says("signed 3 keys with hosts: serials 4 to 6");
    for (number, name) in names.iter().enumerate() {
        let reading = certificate(&admin, name);
        assert_eq!(reading.principals, [format!("web{number}.example.org")]);
        assert_eq!(reading.field("Key ID"), format!("web{number}"));
    }
    admin.assert_issued(6);
    let entry = entry(&admin, "hosts", 4);
    assert_eq!(entry["requester"], "operator", "{entry}");
    renew(&admin, &again)
        .ok()
        .says("3 certificates not due yet");
    admin.assert_issued(6);
    admin.punchmark.run(&["ledger", "verify"]).ok();
}

#[test]
fn a_ledger_is_searched_and_what_a_run_lost_is_written_again() {
    let admin = fleet();
    let search = ["-s", "hosts", "--expires-before", "+7d", "--out-dir", "out"];
    let dry = renew(&admin, &[&search[..], &["--dry-run"]].concat()).ok();
    assert!(
        dry.stdout.contains("3 certificates would be signed"),
        "{dry}"
    );
    admin.assert_issued(3);
    renew(&admin, &[&search[..], &["-V", "+52w"]].concat()).ok();
    let written = files(&admin, "out");
    assert_eq!(written.len(), 3);
    for (number, name) in written.iter().enumerate() {
        let beginning = format!("web{number}.example.org-");
        assert!(
            name.starts_with(&beginning) && name.ends_with("-cert.pub"),
            "{name}"
        );
    }
    let lost = admin.punchmark.path("out").join(&written[1]);
    let before = std::fs::read(&lost).unwrap();
    std::fs::remove_file(&lost).unwrap();
    let resume = [&search[..], &["-V", "+52w", "--resume"]].concat();
    renew(&admin, &resume)
        .ok()
        .says("1 key had a certificate before, 1 of them written again");
    assert_eq!(std::fs::read(&lost).unwrap(), before);
    assert_eq!(files(&admin, "out"), written);
    admin.assert_issued(6);
    // Without a condition, nobody meant all that there is.
    renew(&admin, &["--out-dir", "out"])
        .exits(2)
        .says("which certificates?");
    renew(&admin, &["-s", "hosts"]).exits(2).says("--out-dir");
}

#[test]
fn as_long_and_with_the_same_options_as_before() {
    let admin = Admin::ready().and_key("peter");
    let options = ["-V", "-10m:+3d", "-O", "clear", "-O", "permit-pty"];
    let more = [
        "-O",
        "source-address=10.0.0.0/8",
        "-n",
        "peter,root",
        "peter.pub",
    ];
    admin.sign(&[&options[..], &more].concat()).ok();
    renew(&admin, &["peter-cert.pub"]).ok();
    let [first, second] = [1, 2].map(|serial| entry(&admin, "users", serial)["content"].clone());
    for field in [
        "principals",
        "critical-options",
        "extensions",
        "key-id",
        "key",
    ] {
        assert_eq!(first[field], second[field], "{field}");
    }
    let length = |content: &Value| {
        let [before, after] =
            ["valid-before", "valid-after"].map(|field| content[field].as_u64().unwrap());
        before - after
    };
    assert_eq!(length(&first), length(&second));
}

/// Peter, whose key is enrolled, and Erik, for whom the operator gave a word.
fn engineers() -> Admin {
    let admin = Admin::ready().and_config(ROLE);
    for name in ["peter", "erik"] {
        admin.key(name, ED25519);
    }
    admin
        .punchmark
        .run(&["requester", "add", "peter", "--key", "peter.pub"])
        .ok();
    for name in ["peter", "erik"] {
        let key = format!("{name}.pub");
        let sign = ["sign", "--role", "engineer", "--requester", name, &key];
        admin.punchmark.pinned(&sign).ok();
    }
    admin
}

const BY_ROLE: [&str; 4] = ["--role", "engineer", "--out-dir", "out"];

#[test]
fn a_word_is_asked_for_again_where_nothing_else_says_whose_a_key_is() {
    let admin = engineers();
    renew(&admin, &BY_ROLE)
        .fails()
        .says("nobody is here to give it");
    let erik = [&BY_ROLE[..], &["--requester", "erik"]].concat();
    renew(&admin, &erik)
        .fails()
        .says("nobody is here to give it");
    admin.assert_issued(2);
    renew(&admin, &["--requester", "peter", "--out-dir", "out"]).ok();
    let peter = entry(&admin, "users", 3);
    assert_eq!(
        peter["content"]["principals"],
        serde_json::json!(["peter_file"])
    );
    let mut command = admin.punchmark.on_a_terminal();
    command.args(["renew"]).args(BY_ROLE);
    let mut pty = Pty::start(command);
    let said = pty.expect("You vouch that erik asks");
    assert!(!said.contains("that peter asks"), "{said}");
    pty.expect("erik_file");
    pty.expect("Is that so?");
    pty.type_line("y");
    pty.expect("PIN for");
    pty.type_line(PIN);
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    admin.assert_issued(5);
    renew(&admin, &[&erik[..], &["--yes"]].concat()).ok();
    let dry = renew(&admin, &[&erik[..], &["--dry-run", "--json"]].concat()).ok();
    assert!(dry.stdout.contains("\"known-by\":\"vouch\""), "{dry}");
    admin.punchmark.run(&["ledger", "verify"]).ok();
}

#[test]
fn who_was_removed_revoked_or_refused_is_named_and_left_out() {
    let admin = engineers();
    let run = |arguments: &[&str]| admin.punchmark.run(arguments).ok();
    run(&["requester", "remove", "peter", "--key", "peter.pub"]);
    renew(&admin, &[&BY_ROLE[..], &["--requester", "peter"]].concat())
        .exits(3)
        .says("no longer that of requester `peter`");
    let serial = [
        "revoke", "--ca", "users", "--serial", "2", "--reason", "left", "--yes",
    ];
    run(&serial);
    renew(
        &admin,
        &[&BY_ROLE[..], &["--requester", "erik", "--yes"]].concat(),
    )
    .exits(3)
    .says("certificate 2, which it would follow, was revoked");
    admin.key("anna", ED25519);
    let anna = [
        "sign",
        "--role",
        "engineer",
        "--requester",
        "anna",
        "anna.pub",
    ];
    admin.punchmark.pinned(&anna).ok();
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let narrow = config.replace("\"erik\", \"anna\"", "\"erik\"");
    std::fs::write(admin.config_file(), narrow).unwrap();
    let ran = renew(
        &admin,
        &["anna-cert.pub", "peter-cert.pub", "erik-cert.pub"],
    );
    let ran = ran
        .exits(3)
        .says("requester `anna` is not among those of the role");
    assert!(ran.stderr.contains("erik-cert.pub: certificate 2"), "{ran}");
    admin.assert_issued(3);
    renew(&admin, &["erik.pub"])
        .fails()
        .says("not a certificate");
    // A certificate that another CA signed is none of this ledger's.
    let other = Admin::ready().and_key("peter");
    other.sign(&["-n", "peter", "-V", "+1h", "peter.pub"]).ok();
    let certificate = other.punchmark.path("peter-cert.pub");
    std::fs::copy(certificate, admin.punchmark.path("x-cert.pub")).unwrap();
    renew(&admin, &["x-cert.pub"])
        .exits(1)
        .says("is not in the ledger");
}

#[test]
fn what_the_role_gives_no_more_is_said_and_what_is_over_is_not_meant_by_a_role() {
    let admin = engineers();
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let narrow = config.replace("\"permit-pty\", \"permit-user-rc\"", "\"permit-pty\"");
    std::fs::write(admin.config_file(), narrow.replace("\"8h\"", "\"30m\"")).unwrap();
    let peter = ["--requester", "peter", "--out-dir", "out"];
    let ran = renew(&admin, &peter).ok().says("without permit-user-rc");
    assert!(ran.stderr.contains("35 minutes"), "{ran}");
    let objects = renew(&admin, &[&peter[..], &["--dry-run", "--json"]].concat()).ok();
    let object: Value = serde_json::from_str(objects.stdout.trim()).unwrap();
    assert_eq!(object["follows"], 3, "{object}");
    assert_eq!(object["known-by"], "key", "{object}");
    let later = |arguments: &[&str]| {
        let mut command = admin.punchmark.prepare(bounded(faketime()));
        command.args(["-f", "+1d", BINARY, "--pin-file", "pin", "--yes", "renew"]);
        run(command.args(arguments))
    };
    later(&peter).ok().says("no certificate is meant");
    later(&[&peter[..], &["--expired-within", "2d"]].concat()).ok();
}

const ROLE: &str = "
[role.engineer]
ca         = \"users\"
requesters = [\"peter\", \"erik\", \"anna\"]
principals = [\"{requester}\"]
storage    = \"mark\"
lifetime   = { default = \"8h\", back-date = \"5m\" }
extensions = { default = [\"permit-pty\", \"permit-user-rc\"] }
";
