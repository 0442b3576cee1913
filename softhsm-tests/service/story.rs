//! From a login to a certificate, and what stays of it.

use serde_json::json;

use super::client::Client;
use super::http::{request, send};
use super::room::Room;
use crate::harness::keygen;
use crate::harness::write;

#[test]
fn an_enrolled_key_logs_in_and_gets_a_certificate_by_its_role() {
    let room = Room::ready();
    let (peter, erik) = (room.enrolled("peter"), room.enrolled("erik"));
    let server = room.start();
    let about = send(room.port, &request(("GET", "/v1/server"), &[], None));
    let about = about.unwrap().is(200).json();
    assert_eq!(about["cas"][0]["name"], "users");
    assert_eq!(about["logins"], json!([{ "name": "keys", "kind": "key" }]));
    let document = send(room.port, &request(("GET", "/openapi.json"), &[], None));
    assert!(document.unwrap().is(200).body == super::documented::text());
    let client = Client::logged_in(room.port, &peter);
    let session = client
        .ask("GET", "/v1/session", None)
        .unwrap()
        .is(200)
        .json();
    assert_eq!(session["requester"], "peter");
    assert_eq!(client.roles(), ["engineer"]);

    room.admin.key("laptop", keygen::ED25519);
    let asked = room.request_file("laptop", &client.challenge(), &["-V", "+2h"]);
    let body = json!({ "request": asked }).to_string();
    let decided = client
        .ask("POST", "/v1/decisions", Some(&body))
        .unwrap()
        .is(200)
        .json();
    assert_eq!(decided["suffix"], "_file");
    let issued = client.certificate(&asked).unwrap().is(201).json();
    assert_eq!(issued["serial"], 1);
    let line = issued["certificate"].as_str().unwrap();
    let path = room.admin.punchmark.path("laptop-cert.pub");
    write(&path, line, 0o644);
    assert_eq!(keygen::read(&path).principals, ["peter_file"]);

    // The same again is the same certificate, in another session too; nobody else gets it.
    for client in [&client, &Client::logged_in(room.port, &peter)] {
        let again = client.certificate(&asked).unwrap().is(200).json();
        assert_eq!(again["certificate"], issued["certificate"]);
    }
    let other = Client::logged_in(room.port, &erik);
    other
        .certificate(&asked)
        .unwrap()
        .refuses(409, "used", "used before");
    let own = client.ask("GET", "/v1/certificates/users/1", None);
    assert_eq!(own.unwrap().is(200).json()["serial"], 1);
    let others = other.ask("GET", "/v1/certificates/users/1", None);
    others
        .unwrap()
        .refuses(404, "not-found", "no such certificate");

    client.ask("DELETE", "/v1/session", None).unwrap().is(204);
    let over = client.ask("GET", "/v1/session", None);
    over.unwrap().refuses(401, "no-session", "log in again");
    server.end();

    room.admin.assert_issued(1);
    let entry = room.admin.ledger().pop().unwrap();
    assert_eq!(entry["requester"], "peter");
    let shown = room
        .admin
        .punchmark
        .run(&["ledger", "show", "users", "1"])
        .ok();
    assert!(
        shown
            .stdout
            .contains("ca.example.org, asked from 127.0.0.1"),
        "{shown}"
    );
    room.ledger_is_right();
    let log = room.log();
    assert!(log.contains("POST /v1/certificates 201"), "{log}");
    assert!(!log.contains(client.token.as_ref().unwrap()), "{log}");
}

#[test]
fn a_session_outlives_the_server_and_ends_with_its_key() {
    let room = Room::ready();
    let peter = room.enrolled("peter");
    let server = room.start();
    let client = Client::logged_in(room.port, &peter);
    server.end();
    let server = room.start();
    client.ask("GET", "/v1/session", None).unwrap().is(200);
    server.end();
    let removal = ["requester", "remove", "peter", "--key", "peter.pub"];
    room.admin.punchmark.run(&removal).ok();
    let server = room.start();
    let over = client.ask("GET", "/v1/session", None);
    over.unwrap().refuses(401, "no-session", "log in again");
    Client::new(room.port)
        .log_in(&peter)
        .refuses(401, "login", "opens nothing here");
    server.end();
    room.ledger_is_right();
}

#[test]
fn all_but_listening_is_checked() {
    let room = Room::ready();
    let check = room.admin.punchmark.pinned(&["serve", "--check"]).ok();
    check.says("1 CA could be served");
    let server = room.start();
    let second = room.admin.punchmark.pinned(&["serve", "--check"]);
    second.exits(1).says("in use");
    server.end();
    let wrong = room
        .admin
        .punchmark
        .pinned(&["serve", "--check", "--config", "none.toml"]);
    wrong.fails();
}
