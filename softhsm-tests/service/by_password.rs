//! Logins by a password: what they open, when they end, and what a guess costs.

use serde_json::json;

use super::client::Client;
use super::http::{Answer, request, send};
use super::room::Room;
use crate::harness::keygen::{self, ED25519};
use crate::harness::pty::{self, Pty};
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::write;
use crate::login::User;

pub(super) const PASSWORD: &str = "correct horse battery";
const OTHER: &str = "staple of another kind";

/// A role for logins by password, beside the one for engineers, which names no login.
const CONFIG: &str = "
[login.start]
kind = \"password\"

[role.desk]
ca         = \"users\"
requesters = [\"peter\"]
principals = [\"{requester}\"]
storage    = \"mark\"
lifetime   = { default = \"1h\", maximum = \"8h\" }
login      = { methods = [\"start\"] }
";

pub(super) fn with_passwords(mut room: Room) -> Room {
    room.admin = room.admin.and_config(CONFIG);
    give(&room, "peter", PASSWORD);
    room
}

fn give(room: &Room, name: &str, password: &str) {
    let file = room.admin.punchmark.path("password");
    write(&file, password, 0o600);
    let add = ["user", "add", name, "--password-file", "password"];
    room.admin.punchmark.run(&add).ok();
}

/// Begins a login and answers it with a name and a password, asked from this address by a proxy's word.
fn log_in(room: &Room, client: &Client, (name, password): (&str, &str), from: &str) -> Answer {
    let method = json!({ "method": "start" }).to_string();
    let bytes = request(("POST", "/v1/logins"), &[], Some(&method));
    let begun = send(room.port, &bytes).unwrap().is(201);
    client.learn(&begun);
    let begun = begun.json();
    assert_eq!(begun["kind"], "password");
    assert!(begun.get("challenge").is_none(), "{begun}");
    let path = format!("/v1/logins/{}/token", begun["login"].as_str().unwrap());
    let body = json!({ "name": name, "password": password }).to_string();
    let proof = client.proof("POST", &path);
    let headers = [("DPoP", proof.as_str()), ("X-Forwarded-For", from)];
    send(room.port, &request(("POST", &path), &headers, Some(&body))).unwrap()
}

pub(super) fn logged_in(room: &Room, password: &str) -> Client {
    let mut client = Client::new(room.port);
    let opened = log_in(room, &client, ("peter", password), "192.0.2.1");
    let opened = opened.is(200).json();
    assert_eq!(
        (&opened["requester"], &opened["method"]),
        (&json!("peter"), &json!("start"))
    );
    client.token = Some(opened["token"].as_str().unwrap().to_owned());
    client
}

fn session(client: &Client) -> Answer {
    client.ask("GET", "/v1/session", None).unwrap()
}

#[test]
fn a_password_opens_the_roles_that_name_its_method_and_no_other() {
    let room = with_passwords(Room::ready());
    room.admin.key("laptop", ED25519);
    let server = room.start();
    let client = logged_in(&room, PASSWORD);
    assert_eq!(client.roles(), ["desk"]);
    let asked = room.request_file("laptop", &client.challenge(), &[]);
    let refused = client.certificate(&asked).unwrap().is(403);
    assert_eq!(refused.json()["refusals"][0]["field"], "login");
    refused.refuses(403, "refused", "enrolled keys alone");
    let asked = room.request_file("laptop", &client.challenge(), &["--role", "desk"]);
    let issued = client.certificate(&asked).unwrap().is(201).json();
    let path = room.admin.punchmark.path("laptop-cert.pub");
    write(&path, issued["certificate"].as_str().unwrap(), 0o644);
    assert_eq!(keygen::read(&path).principals, ["peter_file"]);
    server.end();
    room.admin.assert_issued(1);
    room.ledger_is_right();
    room.tells_nothing_of(&[PASSWORD]);
    let exported = room.admin.punchmark.run(&["ledger", "export"]).ok();
    assert!(
        exported.stdout.contains("\"method\":\"start\""),
        "{exported}"
    );
}

#[test]
fn a_session_ends_with_the_password_that_opened_it() {
    let room = with_passwords(Room::ready());
    let server = room.start();
    let first = logged_in(&room, PASSWORD);
    session(&first).is(200);
    give(&room, "peter", OTHER);
    session(&first).refuses(401, "no-session", "log in again");
    let second = logged_in(&room, OTHER);
    let list = room.admin.punchmark.run(&["user", "list"]).ok();
    assert_eq!(list.stdout, "peter\n");
    room.admin.punchmark.run(&["user", "remove", "peter"]).ok();
    session(&second).refuses(401, "no-session", "log in again");
    give(&room, "peter", OTHER);
    let third = logged_in(&room, OTHER);
    server.end();
    let server = room.start();
    session(&third).is(200);
    let revoke = [
        "revoke",
        "--requester",
        "peter",
        "--reason",
        "left",
        "--yes",
    ];
    room.admin.punchmark.run(&revoke).ok();
    session(&third).refuses(401, "no-session", "log in again");
    let barred = log_in(
        &room,
        &Client::new(room.port),
        ("peter", OTHER),
        "192.0.2.1",
    );
    barred.is(401);
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_guess_tells_nobody_who_is_there_and_locks_nobody_out() {
    let proxy =
        "\"proxy\"\ntrusted-proxies = [\"127.0.0.1\"]\naddress-header = \"X-Forwarded-For\"";
    let room = with_passwords(Room::with_tls(proxy));
    let server = room.start();
    let client = Client::new(room.port);
    let guess = |name: &str, from: &str| log_in(&room, &client, (name, OTHER), from);
    let wrong = guess("peter", "192.0.2.1").is(401);
    for nobody in ["anna", "PETER", "operator", "a,b", ""] {
        assert_eq!(
            guess(nobody, "192.0.2.2").is(401).body,
            wrong.body,
            "{nobody}"
        );
    }
    for name in ["peter", "anna"] {
        let waits = (0..12).find_map(|_| {
            let answer = guess(name, "192.0.2.9");
            (answer.status == 429).then_some(answer)
        });
        let waits = waits.expect("guesses wait at last");
        assert!(waits.header("retry-after").is_some(), "{waits:?}");
        waits.refuses(429, "too-many", "wrong passwords");
    }
    // Peter himself logs in from elsewhere meanwhile, and nobody needs an admin.
    let peters = log_in(&room, &client, ("peter", PASSWORD), "192.0.2.1");
    peters.is(200);
    server.end();
    assert!(!room.log().contains(OTHER));
    room.ledger_is_right();
}

#[test]
fn a_file_of_users_that_others_read_starts_no_server_and_no_password_is_short() {
    let room = with_passwords(Room::ready());
    let users = room.folder().join("punchmark.users");
    let punchmark = &room.admin.punchmark;
    write(&punchmark.path("password"), "fourteen chars", 0o600);
    let short = ["user", "add", "erik", "--password-file", "password"];
    punchmark.run(&short).exits(1).says("15 to 255 characters");
    let reserved = ["user", "add", "erik_file", "--password-file", "password"];
    punchmark
        .run(&reserved)
        .exits(2)
        .says("which the CA alone writes");
    punchmark
        .run(&["user", "remove", "erik"])
        .exits(1)
        .says("erik has no password");
    let text = std::fs::read_to_string(&users).unwrap();
    write(&users, &text, 0o644);
    punchmark
        .pinned(&["serve", "--check"])
        .exits(1)
        .says("chmod 600");
    write(&users, text.replace("m=19456", "m=4294967295"), 0o600);
    punchmark.pinned(&["serve", "--check"]).exits(1).says("KiB");
    write(&users, &text, 0o600);
    punchmark.pinned(&["serve", "--check"]).ok();
}

#[test]
fn a_user_types_the_password_gets_a_certificate_and_is_let_in() {
    let room = with_passwords(Room::for_clients());
    let (user, server) = (User::new(), room.start());
    let host = format!("127.0.0.1:{}", room.port);
    let roots = room.folder().join("root.pem");
    let mut log_in = user.prepare(pty::command(crate::harness::punchmark::BINARY));
    log_in
        .args(["login", "--user", "peter", "--ca-file"])
        .arg(&roots)
        .arg(&host);
    let mut terminal = Pty::start(log_in);
    terminal.expect(&format!("Password of peter at {host}: "));
    terminal.type_line(PASSWORD);
    let (said, code) = terminal.finish();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("logged in as peter by start until"), "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
    user.run(&["get"]).ok().says("peter_file for 1 hour");
    let ca = room.admin.ca_file("users");
    let sshd = Sshd::start(&Configuration::users(&ca, &["peter_file"]));
    let agent = user.agent.as_ref().unwrap().socket();
    assert_eq!(sshd.login_by_agent(&agent).ok().stdout, "welcome\n");
    user.run(&["login", "--end"]).ok();
    // Without a terminal nobody is asked, and nothing hangs.
    user.run(&["login"]).exits(1).says("typed at a terminal");
    server.end();
    room.ledger_is_right();
}
