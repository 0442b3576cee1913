//! Cards in later rooms: one takes the place of another that is lost, and a new one that of a stolen key.

use std::collections::BTreeMap;
use std::fs;

use super::cards::CardRoom;
use super::people::People;
use super::room::{date, with_window, words_of};
use super::sha256;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::Ran;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::write;
use crate::harness::yubikey::{SERIAL, pull};

fn ran(room: &CardRoom, arguments: &[&str]) -> Ran {
    let config = ["--config", "ca/punchmark.toml"];
    room.admin.punchmark.run(&[&config, arguments].concat())
}

/// Holds the ceremony of the plan, and puts its folder away: the words of its transcript, and the sheets.
fn made(room: &CardRoom) -> (String, BTreeMap<String, String>) {
    let mut people = room.people();
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let account = &room.admin.punchmark;
    fs::rename(account.path("ceremony"), account.path("first")).unwrap();
    (words_of(&shown).0, people.sheets)
}

/// A plan of this kind about `users`, for cards by their numbers from 0 and firmware, with what else it wants.
fn drawn(
    room: &CardRoom,
    (kind, cards): (&str, &[(u32, &str)]),
    last: &str,
    own: &[&str],
) -> String {
    let account = &room.admin.punchmark;
    let head = ran(room, &["ledger", "head", "show"]).ok().stdout;
    let head: Vec<_> = head.lines().collect();
    let print = keygen::fingerprint(&account.path("ca/users.pub"));
    let count = cards.len().to_string();
    let draw = ["ceremony", "plan", "--kind", kind, "--yubikeys", &count];
    let mut plan = account.run(&draw).ok().stdout;
    plan = plan.replace("size = \"?\"", &format!("size = {}", head[1]));
    let mut words = ["about users", "Room 5", "Anna", "Bob", "live system 7"]
        .map(str::to_owned)
        .to_vec();
    for (place, (number, firmware)) in cards.iter().enumerate() {
        words.push((SERIAL + number).to_string());
        words.push((*firmware).to_owned());
        words.extend(["B3", "B4", "E3"].map(|word| format!("{word}-{number}")));
        // A new card behind the first gets a PUK, too.
        words.extend((place > 0).then(|| format!("E4-{number}")));
    }
    words.extend([head[0], head[2], &print].map(str::to_owned));
    words.extend(own.iter().map(|word| (*word).to_owned()));
    for word in words {
        plan = plan.replacen("= \"?\"", &format!("= \"{word}\""), 1);
    }
    let hash = sha256(&account.path("roots.pem"));
    let roots = format!("\n[[attestation-root]]\npath = \"roots.pem\"\nsha256 = \"{hash}\"\n");
    let plan = plan
        .replace("last    = \"none\"", &format!("last    = \"{last}\""))
        .replace("touch-policy = \"always\"", "touch-policy = \"never\"");
    with_window(&plan, "-1 day", "+1 day") + &roots
}

/// Who knows the PIN of the first card of the plan off the sheet that called it so.
fn people(room: &CardRoom, sheets: &BTreeMap<String, String>, device: &str) -> People {
    let wanted = format!("the PIN of `{device}`");
    let (_, pin) = sheets
        .iter()
        .find(|(what, _)| what.contains(&wanted))
        .unwrap();
    let mut people = room.people();
    let sheet = "typed at a login: the PIN of `root`".to_owned();
    people.sheets.insert(sheet, pin.clone());
    people
}

fn sign(room: &CardRoom, ca: &str, name: &str) -> Ran {
    let key = format!("{name}.pub");
    let sign = [
        "sign", "-s", ca, "-I", name, "-n", "peter", "-V", "+1h", &key,
    ];
    let config = ["--config", "ca/punchmark.toml"];
    room.admin.punchmark.pinned(&[&config[..], &sign].concat())
}

#[test]
fn the_second_card_of_one_key_takes_the_place_of_a_lost_one_and_what_it_signs_logs_in() {
    let room = CardRoom::new(&["5.7.1", "5.7.4"], 2);
    let text = room.text();
    let (first, rest) = text.split_once("\n[[ca]]").unwrap();
    let (ca, rest) = rest.split_once("\n[[ca]]").unwrap();
    let (_, ledger_key) = rest.split_once("\n[ledger-key]").unwrap();
    let in_both = "copies       = \"in-memory\"\ncopy-devices = [\"root2\"]";
    let ca = ca.replacen("copies       = \"none\"", in_both, 1);
    // The ledger key isn't lost with the first card.
    let ledger_key = ledger_key.replacen("\"root\"", "\"root2\"", 1);
    room.write_plan(&format!("{first}\n[[ca]]{ca}\n[ledger-key]{ledger_key}"));
    let (last, sheets) = made(&room);
    pull(&room.admin.token, 0);
    room.admin.key("peter", ED25519);
    let lost = format!("yubikey:serial={SERIAL};slot-id=9c");
    let own = ["the first card was lost", &lost, "Anna and Bob looked"];
    let cards = [(1, "5.7.4")];
    room.write_plan(&drawn(&room, ("restore", &cards), &last, &own));
    let (shown, code) = people(&room, &sheets, "root2").hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0).ok();
    let config = fs::read_to_string(room.admin.punchmark.path("ca/punchmark.toml")).unwrap();
    assert!(!config.contains(&lost), "{config}");
    let told = ran(&room, &["ca", "show", "users"]).ok().stdout;
    assert!(
        told.contains("MISSING: whoever finds it can sign"),
        "{told}"
    );
    let pin = sheets
        .iter()
        .find(|(what, _)| what.contains("PIN of `root2`"));
    room.admin.punchmark.write_pin("pin", pin.unwrap().1);
    sign(&room, "users", "peter").ok();
    let trusted = room.admin.punchmark.path("ca/users.pub");
    let sshd = Sshd::start(&Configuration::users(&trusted, &["peter"]));
    sshd.login(&room.admin.punchmark.path("peter")).ok();
}

const ROLE: &str = "
[role.emergency]
ca         = \"users2\"
requesters = [\"erik\"]
principals = [\"peter\"]
storage    = \"ignore\"
lifetime   = { default = \"1h\", maximum = \"8h\", back-date = \"1h\" }
extensions = { default = [\"permit-pty\"], allowed = [\"permit-pty\"] }
";

#[test]
fn a_new_card_makes_the_ca_that_takes_the_place_of_a_stolen_one() {
    let room = CardRoom::new(&["5.7.1", "5.7.4"], 1);
    let account = &room.admin.punchmark;
    // The second card comes when the first one's key is stolen.
    pull(&room.admin.token, 1);
    let (last, sheets) = made(&room);
    room.admin.put_back(room.admin.token.link(1).unwrap());
    for name in ["peter", "erik"] {
        room.admin.key(name, ED25519);
    }
    let pin = sheets
        .iter()
        .find(|(what, _)| what.contains("PIN of `root`"));
    account.write_pin("pin", pin.unwrap().1);
    sign(&room, "users", "peter").ok();
    let config = account.path("ca/punchmark.toml");
    let text = fs::read_to_string(&config).unwrap();
    write(&config, format!("{text}{ROLE}"), 0o644);
    let key = fs::read_to_string(account.path("erik.pub")).unwrap();
    let own = [
        "the PIN was seen",
        "erik",
        key.trim(),
        "emergency",
        "erik, emergency",
    ];
    let cards = [(0, "5.7.1"), (1, "5.7.4")];
    let plan = drawn(&room, ("compromise", &cards), &last, &own);
    let plan = plan.replacen("[\"?\"]", "[\"web1\"]", 1);
    let plan = plan.replacen("[\"?\"]", "[\"peter\"]", 1);
    let (before, emergency) = plan.split_once("[[emergency]]").unwrap();
    let emergency = emergency
        .replace(&date("-1 day"), &date("-1 minute"))
        .replace(&date("+1 day"), &date("+4 hours"));
    room.write_plan(&format!("{before}[[emergency]]{emergency}"));
    let mut people = people(&room, &sheets, "root");
    let servers = "let somebody in by a certificate of the new CA".to_owned();
    people.instead.push((servers, "yes, lock out".to_owned()));
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0).ok();
    let erik = account.path("erik-cert.pub");
    fs::copy(account.path("ceremony/emergency-1-cert.pub"), erik).unwrap();
    let list = account.path("ceremony/revoked.krl");
    let revoked = format!("RevokedKeys {}", list.display());
    let both = account.path("ceremony/users2-trusted.pub");
    let sshd = Sshd::start(&Configuration::users(&both, &["peter"]).line(&revoked));
    assert_ne!(sshd.login(&account.path("peter")).code, Some(0));
    sshd.login(&account.path("erik")).ok();
    // What the new card said of its key is believed elsewhere, too.
    let attested = account.path("ceremony/users2-attestation.pem");
    assert_eq!(
        fs::read_to_string(attested)
            .unwrap()
            .matches("BEGIN")
            .count(),
        2
    );
}
