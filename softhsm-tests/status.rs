//! How a CA's machine stands, on one screen and in one line.

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::process::Ran;
use crate::harness::pty::Pty;

fn status(admin: &Admin, arguments: &[&str]) -> Ran {
    admin.punchmark.run(&[&["status"], arguments].concat())
}

/// One certificate that is over in an hour.
fn ready() -> Admin {
    let admin = Admin::ready().and_key("peter");
    admin.sign(&["-n", "peter", "-V", "+1h", "peter.pub"]).ok();
    admin
}

#[test]
fn a_ca_that_stands_well_is_said_to_in_every_form() {
    let admin = ready();
    let screen = status(&admin, &[]).ok().stdout;
    for words in [
        "users: user CA, ECDSA P-256 SHA256:",
        "  key          pkcs11:token=Root%20CA;object=users",
        "there, PIN not locked",
        "  next serial  2",
        "  kept head    fits",
        "  last KRL     none was made",
        "OK: no KRL was made yet",
        "  expiring     1 within 1 week",
        "punchmark ledger list --expires-before",
    ] {
        assert!(screen.contains(words), "{words}\n{screen}");
    }
    let line = status(&admin, &["--line"]).ok().stdout;
    assert!(line.starts_with("OK: 1 CA, "), "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
    let json: Value = serde_json::from_str(&status(&admin, &["--json"]).ok().stdout).unwrap();
    assert_eq!(json["state"], "OK");
    assert_eq!(json["cas"][0]["keys"][0]["there"], true);
    assert_eq!(json["ledger"]["expiring"], 1);
    // The command that it names lists what it counted.
    let list = ["ledger", "list", "--expires-before", "+604800s"];
    assert_eq!(admin.punchmark.run(&list).ok().stdout.lines().count(), 2);
}

#[test]
fn what_no_server_can_know_yet_is_a_warning_until_a_list_is_made() {
    let admin = ready();
    admin.punchmark.run(&["revoke", "--serial", "1"]).ok();
    let warned = status(&admin, &["--line"]).exits(1);
    assert!(
        warned.stdout.starts_with("WARNING: no server can know yet"),
        "{warned}"
    );
    let screen = status(&admin, &[]).ok().stdout;
    assert!(screen.contains("punchmark krl --out"), "{screen}");
    assert!(
        screen.contains("  expiring     0 within"),
        "it is revoked: {screen}"
    );
    admin.punchmark.run(&["krl", "--out", "list.krl"]).ok();
    let line = status(&admin, &["--line"]).ok().stdout;
    assert!(line.contains("KRL made "), "{line}");
    let old = status(
        &admin,
        &["--line", "--critical-after", "1s", "--warn-after", "1s"],
    );
    // Nobody is faster than a second with a token.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    drop(old);
    let old = status(
        &admin,
        &["--line", "--critical-after", "1s", "--warn-after", "1s"],
    );
    assert!(
        old.exits(2)
            .stdout
            .starts_with("CRITICAL: the last KRL was made")
    );
}

#[test]
fn a_token_that_is_gone_a_file_that_was_exchanged_and_an_older_ledger_are_critical() {
    let admin = ready();
    let tokens = admin.token.store();
    let away = admin.punchmark.path("away");
    std::fs::rename(&tokens, &away).unwrap();
    std::fs::create_dir(&tokens).unwrap();
    let gone = status(&admin, &["--line"]).exits(2);
    assert!(gone.stdout.starts_with("CRITICAL: CA `users`"), "{gone}");
    std::fs::remove_dir(&tokens).unwrap();
    std::fs::rename(&away, &tokens).unwrap();
    status(&admin, &["--line"]).ok();

    let file = admin.ca_file("users");
    let right = std::fs::read(&file).unwrap();
    let other = admin.key("other", ED25519).with_extension("pub");
    std::fs::copy(other, &file).unwrap();
    let exchanged = status(&admin, &["--line"]).exits(2);
    assert!(exchanged.stdout.contains("CA `users`"), "{exchanged}");
    std::fs::write(&file, right).unwrap();

    let ledger = admin.ledger_file();
    let before = std::fs::read(&ledger).unwrap();
    admin.sign(&["-n", "peter", "-V", "+1h", "peter.pub"]).ok();
    std::fs::write(&ledger, before).unwrap();
    let older = status(&admin, &["--line"]).exits(2);
    assert!(older.stdout.contains("nothing is signed"), "{older}");
}

#[test]
fn of_several_cas_each_is_said_and_one_whose_key_was_revoked_is_critical() {
    let admin = ready();
    admin.init("hosts", "p384", "host").ok();
    let line = status(&admin, &["--line"]).ok().stdout;
    assert!(line.starts_with("OK: 2 CAs, "), "{line}");
    let key = admin.ca_file("hosts");
    let key = key.to_str().unwrap();
    let mut revoke = admin.punchmark.on_a_terminal();
    revoke.args(["revoke", "--ca", "hosts", "--key", key, "--reason", "lost"]);
    let mut pty = Pty::start(revoke);
    pty.expect("[y/N]");
    pty.type_line("y");
    pty.expect("Type the CA's name");
    pty.type_line("hosts");
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    let screen = status(&admin, &[]).ok().stdout;
    let said =
        "CRITICAL: CA `hosts`: its key was revoked, and signs nothing more\n  take [ca.hosts]";
    assert!(screen.contains(said), "{screen}");
    assert!(
        screen.contains("hosts: host CA, ECDSA P-384 SHA256:"),
        "{screen}"
    );
    status(&admin, &["--line"]).exits(2);
    let json: Value = serde_json::from_str(&status(&admin, &["--json"]).ok().stdout).unwrap();
    let revoked = json["cas"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ca| &ca["revoked"]);
    assert_eq!(
        revoked.collect::<Vec<_>>(),
        [&Value::Bool(true), &Value::Bool(false)]
    );
}

#[cfg(feature = "yubikey")]
mod in_a_card {
    use super::*;
    use crate::harness::yubikey::{PLAIN, pull};

    #[test]
    fn a_card_says_its_tries_and_its_factory_secrets_and_is_missed_when_it_is_gone() {
        let admin = Admin::with_ca_in_card(&PLAIN).and_key("peter");
        let status = |arguments: &[&str]| admin.punchmark.run(&[&["status"], arguments].concat());
        let screen = status(&[]).ok().stdout;
        assert!(screen.contains("there, 3 PIN tries left"), "{screen}");
        admin.punchmark.write_pin("wrong", "99999999");
        for _ in 0..2 {
            let sign = [
                "--pin-file",
                "wrong",
                "sign",
                "-s",
                "users",
                "-I",
                "a",
                "-n",
                "a",
            ];
            admin
                .punchmark
                .run(&[&sign[..], &["peter.pub"]].concat())
                .exits(1);
        }
        let line = status(&["--line"]).exits(1).stdout;
        assert!(line.contains("has 1 PIN try left"), "{line}");
        pull(&admin.token, 0);
        let line = status(&["--line"]).exits(2).stdout;
        assert!(line.starts_with("CRITICAL: CA `users`"), "{line}");
        admin.put_back(admin.card());
        status(&["--line"]).exits(1);
    }
}

#[test]
fn where_nothing_can_be_looked_at_monitoring_is_told_so() {
    let admin = ready();
    std::fs::remove_file(admin.ledger_file()).unwrap();
    let unknown = status(&admin, &["--line"]).exits(3);
    assert!(unknown.stdout.starts_with("UNKNOWN: "), "{unknown}");
    status(&admin, &[]).exits(1);
    status(&admin, &["--line", "--warn-after", "x"]).exits(3);
    status(&admin, &["--warn-after", "x"]).exits(2);
}
