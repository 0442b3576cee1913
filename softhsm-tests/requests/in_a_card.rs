//! A user with a YubiKey, who has the CA's public key.

use virtual_yubikey::card::Manufacturer;
use virtual_yubikey::pcscd::Pcscd;

use super::*;
use crate::harness::yubikey::{PIN, SERIAL};

/// A user's machine and a CA that believes the maker of its card.
fn both(firmware: &str) -> (Admin<Pcscd>, Admin) {
    let user = Admin::with_cards(&[firmware]);
    let admin = admin();
    let roots = admin.punchmark.path("roots.pem");
    std::fs::copy(user.punchmark.path("roots.pem"), roots).unwrap();
    trust(&admin, "roots.pem");
    std::fs::copy(admin.ca_file("users"), user.punchmark.path("users.pub")).unwrap();
    (user, admin)
}

#[test]
fn what_is_distrusted_is_listed_revoked_and_believed_no_more() {
    let (user, admin) = both("5.7.4");
    ask(&user.punchmark, &GENERATE).ok();
    carry(&user.punchmark, "peter.req", &admin.punchmark);
    let (serial, family) = (SERIAL.to_string(), family(&admin));
    let add = [
        "requester",
        "add",
        "peter",
        "--card",
        &serial,
        "--family",
        &family,
    ];
    admin.punchmark.run(&add).ok();
    sign(&admin, &["peter.req"]).ok();
    // What the ledger keeps of the card proves it once more, as long as its root is believed.
    let renew = ["renew", "peter-cert.pub"];
    admin.punchmark.pinned(&renew).ok();
    let renewed = keygen::read(&admin.punchmark.path("peter-cert.pub"));
    assert_eq!(renewed.principals, ["peter_physical"]);
    assert_eq!(renewed.field("Serial"), "2");
    reads_what_the_ca_reads(&admin, "proves piv", 0);
    let distrust = [
        "attestation",
        "roots",
        "distrust",
        &family,
        "--yes",
        "--revoke",
    ];
    let ran = admin.punchmark.run(&distrust).ok();
    let lives = "live on it: 2 certificates, 1 enrolled card";
    assert!(ran.stdout.starts_with(lives), "{ran}");
    assert!(ran.stdout.contains("a card of peter"), "{ran}");
    reads_what_the_ca_reads(&admin, "proves nothing", 1);
    names_what_is_distrusted(&admin, &family);
    admin
        .punchmark
        .pinned(&renew)
        .exits(3)
        .says("it would follow, was revoked");
    let krl = ["krl", "--ca", "users", "--out", "revoked.krl"];
    admin.punchmark.run(&krl).ok();
    let mut check = admin.punchmark.prepare(bounded("ssh-keygen"));
    run(check.args(["-Q", "-f", "revoked.krl", "peter-cert.pub"])).fails();
    std::fs::remove_file(user.punchmark.path("peter.req")).unwrap();
    ask(&user.punchmark, &[]).ok();
    carry(&user.punchmark, "peter.req", &admin.punchmark);
    sign(&admin, &["peter.req"])
        .exits(3)
        .says("nobody is enrolled");
}

/// What a person is told of a request's evidence before vouching for it, and of evidence that the
/// ledger keeps, from a file and from a pipe.
fn reads_what_the_ca_reads(admin: &Admin, words: &str, code: i32) {
    let shown = admin.punchmark.run(&["show", "peter.req"]).exits(code);
    assert!(shown.stdout.contains(words), "{shown}");
    let kept = ["ledger", "evidence", "users", "1"];
    let kept = admin.punchmark.run(&kept).ok().stdout;
    write(&admin.punchmark.path("kept"), &kept, 0o600);
    let verify = ["evidence", "verify"];
    admin
        .punchmark
        .run(&[&verify[..], &["kept"]].concat())
        .exits(code);
    let mut piped = admin.punchmark.background();
    let ran = run_fed(piped.args(verify).arg("-"), kept.as_bytes()).exits(code);
    let proved = ran.stdout.starts_with("-: proved, by piv");
    assert_eq!(proved, code == 0, "{ran}");
}

fn names_what_is_distrusted(admin: &Admin, family: &str) {
    let list = ["attestation", "roots", "list"];
    let ran = admin.punchmark.run(&list).ok();
    assert!(
        ran.stdout.contains("distrusted by the ledger, for good"),
        "{ran}"
    );
    let ran = admin.punchmark.run(&["doctor"]);
    assert!(
        ran.stdout.contains("and 1 that the ledger distrusts"),
        "{ran}"
    );
    let add = [
        "requester",
        "add",
        "zoe",
        "--card",
        "77",
        "--family",
        family,
    ];
    admin
        .punchmark
        .run(&add)
        .fails()
        .says("is distrusted, for good");
}

/// The private root that the admin trusts.
fn family(admin: &Admin) -> String {
    let list = ["attestation", "roots", "list", "--json"];
    let list = admin.punchmark.run(&list).ok().stdout;
    let list: Value = serde_json::from_str(&list).unwrap();
    let all = list["certificates"].as_array().unwrap();
    let root = all.iter().find(|one| one["role"] == "private-root");
    format!("SHA256:{}", root.unwrap()["sha256"].as_str().unwrap())
}

fn ask(user: &Punchmark, more: &[&str]) -> Ran {
    let mut arguments = vec!["request", "--role", "engineer", "--piv", "9a"];
    arguments.extend(["--ca", "users.pub", "--out", "peter.req"]);
    arguments.extend(more);
    user.pinned(&arguments)
}

fn carry(from: &Punchmark, name: &str, to: &Punchmark) {
    std::fs::copy(from.path(name), to.path(name)).unwrap();
}

const GENERATE: [&str; 9] = [
    "--generate",
    "--algorithm",
    "p256",
    "--pin-policy",
    "once",
    "--touch-policy",
    "cached",
    "--management-key-file",
    "management",
];

/// What stands in the ledger behind serial 1 proves again what it proved.
fn kept_evidence_verifies(admin: &Admin) {
    let run = |arguments: &[&str]| admin.punchmark.run(arguments);
    let kept = run(&["ledger", "evidence", "users", "1"]).ok().stdout;
    std::fs::write(admin.punchmark.path("kept"), kept).unwrap();
    let verified = run(&["--json", "evidence", "verify", "kept"]).ok();
    let verified: Value = serde_json::from_str(&verified.stdout).unwrap();
    let shown = run(&["ledger", "show", "users", "1"]).ok().stdout;
    let hash = verified["sha256"].as_str().unwrap();
    assert!(shown.contains(&format!("SHA-256 {hash}")), "{shown}");
    let none = run(&["ledger", "evidence", "users", "2"]);
    none.exits(1);
}

#[test]
fn what_the_card_attests_makes_peter_physical_who_logs_in() {
    let (user, admin) = both("5.7.4");
    ask(&user.punchmark, &GENERATE).ok();
    let serial = SERIAL.to_string();
    carry(&user.punchmark, "peter.req", &admin.punchmark);
    // The number is one of this maker's, and not Yubico's, whose number it also could be.
    let add = ["requester", "add", "peter", "--card", &serial];
    admin.punchmark.run(&add).ok();
    sign(&admin, &["peter.req"])
        .exits(3)
        .says("nobody is enrolled");
    let family = family(&admin);
    let of_its_maker = [&add[..], &["--family", &family]].concat();
    admin.punchmark.run(&of_its_maker).ok();
    let shown = admin.punchmark.run(&["show", "--json", "peter.req"]).ok();
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(shown["possession"]["proved"], true, "{shown}");
    assert_eq!(shown["evidence"]["proof"], "piv", "{shown}");
    sign(&admin, &["peter.req"]).ok();
    let reading = keygen::read(&admin.punchmark.path("peter-cert.pub"));
    assert_eq!(reading.principals, ["peter_physical"]);
    kept_evidence_verifies(&admin);
    carry(&admin.punchmark, "peter-cert.pub", &user.punchmark);

    let ca = admin.ca_file("users");
    let physical = Sshd::start(&Configuration::users(&ca, &["peter_physical"]));
    let ran = physical.login_in_card(&user.punchmark, "peter-cert.pub");
    assert_eq!(ran.ok().stdout, "welcome\n");
    let in_a_file = Sshd::start(&Configuration::users(&ca, &["peter_file"]));
    in_a_file
        .login_in_card(&user.punchmark, "peter-cert.pub")
        .exits(255);

    // A key in a file gets the other name, and only into the other server.
    let key = admin.key("soft", ED25519);
    super::ask(&admin, "soft", &[]);
    sign(&admin, &["--requester", "peter", "--yes", "soft.req"]).ok();
    physical.login(&key).exits(255);
    assert_eq!(in_a_file.login(&key).ok().stdout, "welcome\n");
}

#[test]
fn a_user_at_the_desk_is_enrolled_in_one_command() {
    let (user, admin) = both("5.7.1");
    let (name, socket) = user.token.environment();
    let desk = admin.punchmark.with(name, socket);
    carry(&user.punchmark, "management", &desk);
    desk.write_pin("card-pin", PIN);
    let enroll = [
        "enroll",
        "peter",
        "--role",
        "engineer",
        "--card-pin-file",
        "card-pin",
    ];
    let of_nobody = [&enroll[..4], &GENERATE].concat();
    desk.pinned(&of_nobody)
        .fails()
        .says("give it with --card-pin-file FILE, or --pin-file SERIAL=FILE");
    desk.pinned(&[&enroll[..], &GENERATE].concat()).ok();
    let reading = keygen::read(&desk.path("peter-cert.pub"));
    assert_eq!(reading.principals, ["peter_physical"]);
    // The card is Peter's, and the key that is there is taken.
    let by_serial = format!("{SERIAL}=card-pin");
    let by_serial = ["--pin-file", &by_serial, "--out", "again.req"];
    let again = [&enroll[..4], &by_serial].concat();
    desk.pinned(&again).ok();
    let listed = desk.run(&["requester", "list"]).ok();
    assert_eq!(listed.stdout.lines().count(), 1, "{listed}");
    let erik = [&["enroll", "erik"], &enroll[2..]].concat();
    desk.pinned(&erik)
        .fails()
        .says("is that of requester `peter`");
}

#[test]
fn a_card_is_changed_only_where_its_certificate_would_be_signed() {
    let (user, admin) = both("5.7.1");
    let (name, socket) = user.token.environment();
    let desk = admin.punchmark.with(name, socket);
    carry(&user.punchmark, "management", &desk);
    desk.write_pin("card-pin", PIN);
    let enroll = |who, more: &[&str]| {
        let what = [
            "enroll",
            who,
            "--role",
            "engineer",
            "--card-pin-file",
            "card-pin",
        ];
        desk.pinned(&[&what[..], &GENERATE, more].concat())
    };
    enroll("mallory", &[]).exits(3).says("mallory");
    enroll("peter", &["-V", "+60d"])
        .exits(3)
        .says("allows at most");
    let tokens = desk.run(&["tokens"]).ok();
    assert!(!tokens.stdout.contains("slot-id=9a"), "{tokens}");
    assert!(!desk.path("mallory.pub").exists() && !desk.path("peter.req").exists());
    enroll("peter", &[]).ok();
    enroll("erik", &["--replace", "none"])
        .fails()
        .says("is that of requester `peter`");
}

#[test]
fn a_wrong_pin_of_the_ca_leaves_the_users_card_alone_and_the_same_command_goes_on_after_a_fault() {
    let (user, admin) = both("5.7.1");
    let (name, socket) = user.token.environment();
    let desk = admin.punchmark.with(name, socket);
    carry(&user.punchmark, "management", &desk);
    desk.write_pin("card-pin", PIN);
    desk.write_pin("wrong-pin", "999999");
    let enroll = ["enroll", "peter", "--role", "engineer", "--card-pin-file"];
    let enroll = |card_pin, pin| {
        let pins = [card_pin, "--pin-file", pin];
        desk.run(&[&enroll[..], &pins, &GENERATE].concat())
    };
    let slot_is_empty = || {
        let tokens = desk.run(&["tokens"]).ok();
        !tokens.stdout.contains("slot-id=9a")
    };
    enroll("card-pin", "wrong-pin").fails().says("wrong PIN");
    assert!(slot_is_empty() && !desk.path("peter.pub").exists());
    // The ledger can't be written to: the key is there, its certificate isn't.
    let blocked = desk.path("peter-cert.pub");
    std::fs::create_dir(&blocked).unwrap();
    enroll("card-pin", "pin").fails().says("peter-cert.pub");
    assert!(!slot_is_empty() && desk.path("peter.pub").exists());
    std::fs::remove_dir(&blocked).unwrap();
    let again = enroll("card-pin", "pin").ok();
    again.says("made by an earlier run: going on with it");
    let reading = keygen::read(&desk.path("peter-cert.pub"));
    assert_eq!(reading.principals, ["peter_physical"]);
    // Another key's file is in the way, and so is a key without its file.
    std::fs::write(desk.path("peter.pub"), "").unwrap();
    let in_the_way = enroll("card-pin", "pin").fails();
    in_the_way
        .says("peter.pub is there already")
        .says("leave --generate and its options out");
    std::fs::remove_file(desk.path("peter.pub")).unwrap();
    let taken = enroll("card-pin", "pin").fails();
    taken
        .says("slot 9a has a key")
        .says("leave --generate and its options out");
}

#[test]
fn the_users_card_is_told_from_the_cas_by_its_serial() {
    let desk = Admin::with_cards(&["5.7.1", "5.7.4"]);
    let ca = format!("yubikey:serial={SERIAL};slot-id=9c");
    let init = ["init", "users", "--key", &ca, "--algorithm", "p256"];
    let once = ["--pin-policy", "once", "--touch-policy", "never"];
    let key = ["--management-key-file", "management"];
    desk.punchmark
        .pinned(&[&init[..], &once, &key].concat())
        .ok();
    trust(&desk, "roots.pem");
    desk.configure(ROLES);
    let enroll = [
        "enroll",
        "peter",
        "--role",
        "engineer",
        "--card-pin-file",
        "pin",
    ];
    let serial = SERIAL.to_string();
    let wrong = [&enroll[..], &GENERATE, &["--card", &serial]].concat();
    desk.punchmark
        .pinned(&wrong)
        .fails()
        .says("holds the key of CA `users`");
    desk.punchmark
        .pinned(&[&enroll[..], &GENERATE].concat())
        .ok();
    let reading = keygen::read(&desk.punchmark.path("peter-cert.pub"));
    assert_eq!(reading.principals, ["peter_physical"]);
    let listed = desk.punchmark.run(&["requester", "list"]).ok();
    assert!(
        listed.stdout.contains(&(SERIAL + 1).to_string()),
        "{listed}"
    );
}

#[test]
fn a_request_that_could_not_be_written_or_sent_changes_no_card() {
    let user = Admin::with_cards(&["5.4.3"]);
    let ca = format!("SHA256:{}", "A".repeat(43));
    let request = |more: &[&str]| {
        let arguments = ["request", "--role", "engineer", "--piv", "9a", "--ca", &ca];
        user.punchmark
            .pinned(&[&arguments[..], &GENERATE, more].concat())
    };
    std::fs::write(user.punchmark.path("piv-9a-12345678.pub"), "another\n").unwrap();
    request(&[])
        .exits(1)
        .says("piv-9a-12345678.pub is there already");
    let nowhere = request(&["--out", "nowhere/peter.req"]).exits(1);
    nowhere.says("cannot write");
    let headers = user.card().take_headers();
    let makes = |header: &[u8; 4]| header[1] == 0x47;
    assert!(!headers.iter().any(makes));
    request(&["--out", "peter.req"]).ok();
}

#[test]
fn a_card_of_a_maker_that_is_not_trusted_proves_nothing() {
    let (user, admin) = both("5.4.3");
    let other = Manufacturer::new().unwrap();
    let stranger = Admin::with_cards_of(&other, &["5.4.3"]);
    carry(&user.punchmark, "users.pub", &stranger.punchmark);
    ask(&stranger.punchmark, &GENERATE).ok();
    carry(&stranger.punchmark, "peter.req", &admin.punchmark);
    sign(&admin, &["--requester", "peter", "--yes", "peter.req"])
        .exits(3)
        .says("evidence of the request");
    admin.assert_issued(0);
}
