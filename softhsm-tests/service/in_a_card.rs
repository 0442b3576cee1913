//! Keys in a YubiKey: who logs in with one, and what a certificate says of it.

use serde_json::Value;
use virtual_yubikey::pcscd::Pcscd;

use super::room::Room;
use crate::harness::admin::Admin;
use crate::harness::process::Ran;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::yubikey::{SERIAL, pull};

/// Certificates where a key in a card logs in, or asks.
struct InACard {
    room: Room,
    user: Admin<Pcscd>,
}

impl InACard {
    /// A user with two cards, each with a key in 9a, and a server that believes their maker.
    fn ready() -> Self {
        let (room, user) = (Room::for_clients(), Admin::with_cards(&["5.7.4", "5.7.1"]));
        let roots = room.admin.punchmark.path("roots.pem");
        std::fs::copy(user.punchmark.path("roots.pem"), roots).unwrap();
        let trust = ["attestation", "roots", "add", "roots.pem"];
        room.admin.punchmark.run(&trust).ok();
        let ca = room.admin.ca_file("users");
        std::fs::copy(ca, user.punchmark.path("users.pub")).unwrap();
        let both = Self { room, user };
        for card in [SERIAL, SERIAL + 1] {
            both.make_key(card);
        }
        both
    }

    /// Makes the key, whose line lies in `piv-9a-SERIAL.pub` then.
    fn make_key(&self, card: u32) {
        let (serial, out) = (card.to_string(), format!("piv-9a-{card}.req"));
        let mut arguments = vec!["request", "--role", "engineer", "--ca", "users.pub"];
        arguments.extend([
            "--piv",
            "9a",
            "--card",
            &serial,
            "--out",
            &out,
            "--generate",
        ]);
        arguments.extend(["--algorithm", "p256", "--management-key-file", "management"]);
        arguments.extend(["--pin-policy", "once", "--touch-policy", "cached"]);
        self.user.punchmark.pinned(&arguments).ok();
    }

    /// Enrols the card as peter's, or its key alone.
    fn enrol(&self, card: u32, more: &[&str]) {
        let key = format!("piv-9a-{card}.pub");
        let here = self.room.admin.punchmark.path(&key);
        std::fs::copy(self.user.punchmark.path(&key), here).unwrap();
        let mut add = vec!["requester", "add", "peter"];
        let key = ["--key", key.as_str()];
        add.extend(if more.is_empty() { &key } else { more });
        self.room.admin.punchmark.run(&add).ok();
    }

    fn family(&self) -> String {
        let list = ["attestation", "roots", "list", "--json"];
        let list = self.room.admin.punchmark.run(&list).ok().stdout;
        let list: Value = serde_json::from_str(&list).unwrap();
        let all = list["certificates"].as_array().unwrap();
        let root = all.iter().find(|one| one["role"] == "private-root");
        format!("SHA256:{}", root.unwrap()["sha256"].as_str().unwrap())
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.user.punchmark.pinned(arguments)
    }

    fn log_in(&self, more: &[&str]) -> Ran {
        let roots = self.room.folder().join("root.pem");
        let host = format!("127.0.0.1:{}", self.room.port);
        let mut arguments = vec!["login", "--ca-file", roots.to_str().unwrap()];
        arguments.extend(more);
        arguments.push(&host);
        self.run(&arguments)
    }

    fn of_role(&self, ending: &str) -> String {
        let file = format!(".ssh/punchmark/engineer{ending}");
        self.user.punchmark.path(&file).display().to_string()
    }
}

#[test]
fn a_card_logs_in_and_is_what_its_certificate_says() {
    let both = InACard::ready();
    let (serial, family) = (SERIAL.to_string(), both.family());
    both.enrol(SERIAL, &[]);
    both.enrol(SERIAL, &["--card", &serial, "--family", &family]);
    let server = both.room.start();
    both.log_in(&["--piv", "9a"])
        .fails()
        .says("more than one token matches")
        .says("--card");
    both.log_in(&["--piv", "9a", "--card", &serial])
        .ok()
        .says("logged in as peter by keys until");
    let get = [
        "get", "--role", "engineer", "--piv", "9a", "--card", &serial,
    ];
    both.run(&get)
        .ok()
        .says("peter_physical for 1 hour, beside ")
        .says(".ssh/punchmark/engineer.pub");
    let needed = [&get[..], &["--if-needed"]].concat();
    assert_eq!(both.run(&needed).ok().stderr, "");
    // Another slot's certificate is none for this one.
    let other = ["get", "--if-needed", "--role", "engineer", "--piv", "9c"];
    both.run(&other).fails().says("9c");
    let sshd = Configuration::users(&both.room.admin.ca_file("users"), &["peter_physical"]);
    let sshd = Sshd::start(&sshd);
    let certificate = both.of_role("-cert.pub");
    let ran = sshd.login_in_card(&both.user.punchmark, &certificate);
    assert_eq!(ran.ok().stdout, "welcome\n");
    // The key in the card that logged in last logs in again.
    both.log_in(&[]).ok().says("logged in as peter by keys");
    both.run(&["login", "--end"]).ok();
    assert!(!both.user.punchmark.path(&certificate).exists());
    assert!(!both.user.punchmark.path(&both.of_role(".pub")).exists());
    server.end();
    both.room.ledger_is_right();
}

#[test]
fn by_login_alone_a_strangers_card_is_a_file() {
    let both = InACard::ready();
    let (serial, family) = (SERIAL.to_string(), both.family());
    both.enrol(SERIAL, &[]);
    both.enrol(SERIAL, &["--card", &serial, "--family", &family]);
    let server = both.room.start();
    both.log_in(&["--piv", "9a", "--card", &serial]).ok();
    let thief = (SERIAL + 1).to_string();
    both.run(&["get", "--piv", "9a", "--card", &thief])
        .ok()
        .says("enrolled for `peter`, and by login alone a key counts as a file")
        .says("peter_file for 1 hour");
    both.run(&["get", "--attestation", "users.pub"])
        .exits(2)
        .says("name that with --key");
    pull(&both.user.token, 1);
    pull(&both.user.token, 0);
    both.run(&["get", "--piv", "9a"])
        .fails()
        .says("no token matches");
    server.end();
    both.room.ledger_is_right();
}

#[test]
fn a_device_that_is_enrolled_vouches_for_the_next() {
    let both = InACard::ready();
    let (first, second) = (SERIAL.to_string(), (SERIAL + 1).to_string());
    let family = both.family();
    both.enrol(SERIAL, &[]);
    both.enrol(SERIAL, &["--card", &first, "--family", &family]);
    let server = both.room.start();
    both.log_in(&["--piv", "9a", "--card", &first]).ok();
    // The PIN of the one is not shown to the other.
    let pin = both.user.punchmark.path("pin").display().to_string();
    let of = |serial: &str| format!("yubikey:serial={serial};slot-id=9a?pin-source={pin}");
    let get = ["get", "--piv", "9a", "--card", &second];
    let by = |device: &str| both.run(&[&get[..], &["--enroll-by", device]].concat());
    // Not by itself, and not by a key that could be copied.
    by(&of(&second))
        .exits(3)
        .says("the device that vouches is not enrolled for `peter`");
    both.room.enrolled("anna");
    std::fs::copy(
        both.room.admin.punchmark.path("anna.pub"),
        both.user.punchmark.path("anna.pub"),
    )
    .unwrap();
    by("anna.pub")
        .exits(2)
        .says("nothing proves that the key which is to vouch is in a device");
    both.run(&["get", "--enroll-by", &of(&first)])
        .exits(2)
        .says("name that with --piv or --key");
    both.run(&get).ok().says("peter_file for 1 hour");
    by(&of(&first)).ok().says("peter_physical for 1 hour");
    both.run(&get).ok().says("peter_physical for 1 hour");
    let listed = both.room.admin.punchmark.run(&["requester", "list"]).ok();
    assert!(listed.stdout.contains(&second), "{listed}");
    server.end();
    both.room.ledger_is_right();
}

#[test]
fn a_role_may_say_that_a_login_is_enough_and_is_told_of_it() {
    let both = InACard::ready();
    let line = "requesters = [\"peter\", \"erik\", \"user*\"]";
    both.room
        .edit(line, &format!("{line}\nenrol = \"by-login\""));
    let lint = both.room.admin.punchmark.run(&["role", "lint"]);
    let told = "role engineer: enrol = \"by-login\": whoever gets at a session";
    assert!(lint.stdout.contains(told), "{lint}");
    both.enrol(SERIAL, &[]);
    let (first, second) = (SERIAL.to_string(), (SERIAL + 1).to_string());
    let server = both.room.start();
    both.log_in(&["--piv", "9a", "--card", &first]).ok();
    let get = ["get", "--piv", "9a", "--card", &second];
    both.run(&get).ok().says("peter_physical for 1 hour");
    // It is peter's from then on, and nobody else's.
    let family = both.family();
    let add = [
        "requester",
        "add",
        "anna",
        "--card",
        &second,
        "--family",
        &family,
    ];
    both.room.admin.punchmark.run(&add).fails().says("peter");
    server.end();
    both.room.ledger_is_right();
}
