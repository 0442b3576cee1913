//! Logins by a real `slapd`: who gets a session, by which name and groups, and who doesn't.

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

use super::by_provider::login::FLOOR;
use super::client::Client;
use super::http::{Answer, request, send};
use super::room::Room;
use crate::harness::keygen::{self, ED25519};
use crate::harness::pty::{self, Pty};
use crate::harness::slapd::{PASSWORD as READERS, READER, Slapd, Then};
use crate::harness::write;
use crate::login::User;

pub(super) const PASSWORD: &str = "mias own horse battery";
const OTHER: &str = "staple of another kind";
const PEOPLE: &str = "ou=people,dc=example,dc=org";

/// An entry of somebody, by a name that LDIF takes as it is or in Base64.
fn person(dn: &str, uid: &str, more: &str) -> String {
    let dn = Base64::encode_string(format!("{dn},{PEOPLE}").as_bytes());
    format!(
        "dn:: {dn}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: {uid}\n\
         userPassword: {PASSWORD}\n{more}\n"
    )
}

pub(super) fn entries() -> String {
    let far = "dn: ou=far,dc=example,dc=org\nobjectClass: referral\nobjectClass: extensibleObject\nou: far\n\
        ref: ldap://127.0.0.1:9/ou=far,dc=example,dc=org\n\n";
    person(
        "uid=mia",
        "mia",
        "memberOf: cn=engineers,ou=groups,dc=example,dc=org\nmemberOf: cn=bosses,ou=people,dc=example,dc=org\n",
    ) + &person("sn=Müller\\, Jörg", "joerg", "sn: Müller, Jörg\n")
        + &person("uid=anna", "anna", "")
        + &person("uid=lea", "lea", "")
        + &person("uid=kim", "kim", "uid: kimmy\n")
        + &person("uid=jörg", "jörg", "")
        + &person("uid=ole_file", "ole_file", "")
        + "dn: cn=engineers,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\ncn: engineers\n\
           member: uid=mia,ou=people,dc=example,dc=org\nmember: uid=lea,ou=people,dc=example,dc=org\n\n"
        + far
}

/// The lines of a method that asks this server.
pub(super) fn method(slapd: &Slapd, server: &str, more: &str) -> String {
    let roots = slapd.path().join("roots.pem").display().to_string();
    let file = slapd.path().join("password");
    write(&file, READERS, 0o600);
    format!(
        "[login.work]\nkind = \"ldap\"\n[login.work.directory]\nserver = \"{server}\"\nca-file = \"{roots}\"\n\
         bind-dn = \"{READER}\"\nbind-password-file = \"{}\"\nbase = \"{PEOPLE}\"\n{more}",
        file.display()
    )
}

const BY_PERSON: &str = "groups = \"memberOf\"\ngroup-base = \"ou=groups,dc=example,dc=org\"\n";
const BY_GROUP: &str = "groups = \"member\"\ngroup-base = \"ou=groups,dc=example,dc=org\"\n";

pub(super) fn asking(mut room: Room, method: &str) -> Room {
    room.admin = room.admin.and_config(&format!("{FLOOR}\n{method}\n"));
    room
}

fn log_in(room: &Room, client: &Client, typed: (&str, &str)) -> Answer {
    log_in_by("work", room, client, typed)
}

/// What a login is answered with.
pub(super) fn log_in_by(
    method: &str,
    room: &Room,
    client: &Client,
    (name, password): (&str, &str),
) -> Answer {
    let method = json!({ "method": method }).to_string();
    let bytes = request(("POST", "/v1/logins"), &[], Some(&method));
    let begun = send(room.port, &bytes).unwrap().is(201);
    client.learn(&begun);
    let begun = begun.json();
    assert_eq!(
        (&begun["kind"], begun.get("challenge")),
        (&json!("ldap"), None)
    );
    let path = format!("/v1/logins/{}/token", begun["login"].as_str().unwrap());
    let body = json!({ "name": name, "password": password }).to_string();
    client.ask("POST", &path, Some(&body)).unwrap()
}

/// Somebody with a session, and what was said when it was opened.
fn logged_in(room: &Room, name: &str) -> (Client, Value) {
    let mut client = Client::new(room.port);
    let opened = log_in(room, &client, (name, PASSWORD)).is(200).json();
    client.token = Some(opened["token"].as_str().unwrap().to_owned());
    (client, opened)
}

#[test]
fn a_directory_brings_a_session_with_groups_that_open_roles() {
    let slapd = Slapd::start(&entries(), "");
    let tls = method(&slapd, &slapd.tls(), BY_PERSON);
    let room = asking(Room::ready(), &tls);
    room.admin.key("laptop", ED25519);
    let check = room.admin.punchmark.pinned(&["serve", "--check"]).ok();
    check.says(&format!("logins by work ask {} as {READER}", slapd.tls()));
    let server = room.start();
    // The case of a name is the directory's, and a group elsewhere in the tree is none.
    let (client, opened) = logged_in(&room, "MIA");
    assert_eq!(
        (&opened["requester"], &opened["groups"]),
        (&json!("mia"), &json!(["work:engineers"]))
    );
    assert_eq!(client.roles(), ["floor"]);
    let asked = room.request_file("laptop", &client.challenge(), &["--role", "floor"]);
    let issued = client.certificate(&asked).unwrap().is(201).json();
    let path = room.admin.punchmark.path("laptop-cert.pub");
    write(&path, issued["certificate"].as_str().unwrap(), 0o644);
    assert_eq!(keygen::read(&path).principals, ["mia_file"]);
    let (_, joerg) = logged_in(&room, "joerg");
    assert_eq!(
        (&joerg["requester"], &joerg["groups"]),
        (&json!("joerg"), &json!([]))
    );
    server.end();
    let server = room.start();
    client.ask("GET", "/v1/session", None).unwrap().is(200);
    let bound = room.admin.punchmark.run(&["requester", "list"]).ok();
    assert!(bound.stdout.contains(&slapd.tls()), "{bound}");
    // The binding's end is that of each session which rests on it.
    let listed = bound
        .stdout
        .lines()
        .find(|line| line.contains("mia"))
        .unwrap();
    let subject = listed
        .split_whitespace()
        .find(|word| word.len() == 36)
        .unwrap();
    let issuer = format!("{}/{PEOPLE}", slapd.tls());
    let remove = [
        "requester",
        "remove",
        "mia",
        "--issuer",
        &issuer,
        "--subject",
        subject,
    ];
    room.admin.punchmark.run(&remove).ok();
    let over = client.ask("GET", "/v1/session", None).unwrap();
    over.refuses(401, "no-session", "log in again");
    server.end();
    room.ledger_is_right();
    room.tells_nothing_of(&[PASSWORD, READERS]);
}

#[test]
fn start_tls_and_groups_that_name_their_members_do_as_well() {
    let slapd = Slapd::start(&entries(), "");
    let more = format!("start-tls = true\nfilter = \"(objectClass=inetOrgPerson)\"\n{BY_GROUP}");
    let room = asking(Room::ready(), &method(&slapd, &slapd.plain(), &more));
    let server = room.start();
    for name in ["mia", "lea"] {
        let (_, opened) = logged_in(&room, name);
        assert_eq!(opened["groups"], json!(["work:engineers"]));
    }
    assert_eq!(logged_in(&room, "joerg").1["groups"], json!([]));
    server.end();
    room.ledger_is_right();
}

#[test]
fn what_opens_nothing_is_answered_alike_and_an_empty_password_is_sent_nowhere() {
    let slapd = Slapd::start(&entries(), "");
    let room = asking(Room::ready(), &method(&slapd, &slapd.tls(), ""));
    let server = room.start();
    let client = Client::new(room.port);
    let guess = |name: &str, password: &str| log_in(&room, &client, (name, password)).is(401);
    let wrong = guess("mia", OTHER);
    for (name, password) in [
        ("mia", ""),
        ("nobody", PASSWORD),
        ("nobody", ""),
        ("*)(uid=*", PASSWORD),
        ("mi*", PASSWORD),
        ("mia,ou=people", PASSWORD),
        ("jörg", PASSWORD),
        ("", PASSWORD),
        ("", ""),
        (READER, READERS),
    ] {
        assert_eq!(guess(name, password).body, wrong.body, "{name}");
    }
    // Whoever knew a password is told what is wrong with the entry.
    let refused = |name: &str, words: &str| {
        log_in(&room, &client, (name, PASSWORD)).refuses(403, "login-refused", words);
    };
    refused("kim", "doesn't say who that is");
    refused("ole_file", "which the CA alone adds");
    logged_in(&room, "mia");
    server.end();
    room.ledger_is_right();
    assert!(room.log().contains("kim"), "{}", room.log());
}

#[test]
fn a_name_is_of_one_entry_however_it_is_given_on() {
    let slapd = Slapd::start(&entries(), "");
    let room = asking(Room::ready(), &method(&slapd, &slapd.tls(), ""));
    room.enrolled("anna");
    let server = room.start();
    logged_in(&room, "mia");
    slapd.modify(&format!("dn: uid=mia,{PEOPLE}\nchangetype: delete\n"));
    slapd.modify(&format!(
        "dn: uid=mia,{PEOPLE}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: mia\ncn: another\n\
         sn: another\nuserPassword: {PASSWORD}\n"
    ));
    let client = Client::new(room.port);
    let another = log_in(&room, &client, ("mia", PASSWORD));
    another.refuses(403, "login-refused", "bound to somebody else");
    let held = log_in(&room, &client, ("anna", PASSWORD));
    held.refuses(403, "login-refused", "that of an enrolled key");
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_directory_that_is_not_whole_or_goes_away_keeps_nobody_from_another_login() {
    let slapd = Slapd::start(&entries(), "");
    let config = method(&slapd, &slapd.tls(), "");
    let room = asking(Room::ready(), &config);
    let key = room.enrolled("peter");
    let check = |words: &str| {
        room.admin
            .punchmark
            .pinned(&["serve", "--check"])
            .exits(1)
            .says(words);
    };
    let client = Client::new(room.port);
    let away = |any: &[&str]| {
        let server = room.start();
        let refused = log_in(&room, &client, ("mia", PASSWORD));
        refused.refuses(503, "busy", "can't be asked now");
        Client::logged_in(room.port, &key);
        server.end();
        let log = room.log();
        assert!(
            any.iter().any(|words| log.contains(words)),
            "{any:?}: {log}"
        );
    };
    // A part of the tree is elsewhere, where nobody goes.
    room.edit(
        &format!("base = \"{PEOPLE}\""),
        "base = \"dc=example,dc=org\"",
    );
    away(&["refers to another one: ldap://127.0.0.1:9"]);
    room.edit(
        "base = \"dc=example,dc=org\"",
        "base = \"ou=none,dc=example,dc=org\"",
    );
    check("there is no entry");
    room.edit(
        "base = \"ou=none,dc=example,dc=org\"",
        &format!("base = \"{PEOPLE}\""),
    );
    let others = slapd.path().join("others.pem").display().to_string();
    let roots = slapd.path().join("roots.pem").display().to_string();
    room.edit(&roots, &others);
    check("UnknownIssuer");
    room.edit(&others, &roots);
    // It is killed before it says whether it takes the password. A server asks it when it starts, and each
    // login by two connections, of which the second one is bound to by whoever logs in.
    let whole = slapd.relay_behind(2, usize::MAX, Then::Silence);
    let start_tls = |url: &str| format!("server = \"{url}\"\nstart-tls = true");
    room.edit(
        &format!("server = \"{}\"", slapd.tls()),
        &start_tls(&whole.url()),
    );
    let server = room.start();
    logged_in(&room, "mia");
    server.end();
    // The answer to the bind is less than that, and stands at the end.
    let bytes = whole.passed() - 100;
    let relay = slapd.relay_behind(2, bytes, Then::Kill);
    room.edit(&whole.url(), &relay.url());
    away(&["ended in the middle", "no TLS with"]);
    check("[login.work.directory]");
    room.ledger_is_right();
    assert!(!room.log().contains("panicked"), "{}", room.log());
}

#[test]
fn a_config_that_would_send_passwords_in_the_clear_starts_no_server() {
    let slapd = Slapd::start(&entries(), "");
    let config = method(&slapd, &slapd.plain(), "");
    let room = asking(Room::ready(), &config);
    let check = || room.admin.punchmark.pinned(&["serve", "--check"]).exits(1);
    check().says("passwords of people go by ldaps://");
    room.edit(&slapd.plain(), "ldap://ldap.example.org");
    check().says("without TLS");
    room.edit("ldap://ldap.example.org", &slapd.tls());
    room.admin.punchmark.pinned(&["serve", "--check"]).ok();
    write(&slapd.path().join("password"), READERS, 0o644);
    check().says("chmod 600");
    write(&slapd.path().join("password"), OTHER, 0o600);
    check()
        .says("invalidCredentials (49)")
        .says("look at `bind-dn`");
}

#[test]
fn somebody_types_the_directorys_password_and_gets_a_certificate() {
    let slapd = Slapd::start(&entries(), "");
    let room = asking(
        Room::for_clients(),
        &method(&slapd, &slapd.tls(), BY_PERSON),
    );
    let (user, server) = (User::new(), room.start());
    let host = format!("127.0.0.1:{}", room.port);
    let mut log_in = user.prepare(pty::command(crate::harness::punchmark::BINARY));
    let roots = room.folder().join("root.pem");
    log_in
        .args(["login", "--user", "mia", "--ca-file"])
        .arg(&roots)
        .arg(&host);
    let mut terminal = Pty::start(log_in);
    terminal.expect(&format!("Password of mia at {host}: "));
    terminal.type_line(PASSWORD);
    let (said, code) = terminal.finish();
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("logged in as mia by work (engineers) until"),
        "{said}"
    );
    user.run(&["get", "--role", "floor"])
        .ok()
        .says("mia_file for 1 hour");
    user.run(&["login", "--end"]).ok();
    user.run(&["login"]).exits(1).says("typed at a terminal");
    server.end();
    room.ledger_is_right();
}
