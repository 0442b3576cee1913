//! A config that changes while a server runs: all of it counts from a signal on, or nothing of it.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::json;

use super::client::Client;
use super::hears::{Hears, READY, hang_up, told};
use super::http::read;
use super::room::{Room, free_port};
use super::tls::{FILES, certify, seen};
use crate::harness::keygen::ED25519;
use crate::harness::scratch;

#[test]
fn what_changed_counts_for_who_comes_and_what_was_begun_ends_as_it_began() {
    let room = Room::ready();
    let peter = room.enrolled("peter");
    room.admin.key("laptop", ED25519);
    room.admin.key("desktop", ED25519);
    let manager = Hears::bind();
    let server = told(&room, &manager);
    let client = Client::logged_in(room.port, &peter);
    assert_eq!(client.roles(), ["engineer"]);
    let begun = room.request_file("laptop", &client.challenge(), &[]);
    let other = room.request_file("desktop", &client.challenge(), &[]);

    // It has come, and its body isn't whole yet.
    let body = json!({ "request": begun }).to_string();
    let bytes = client.bytes("POST", "/v1/certificates", Some(&body));
    let (first, rest) = bytes.split_at(bytes.len() - 100);
    let mut stream = TcpStream::connect(("127.0.0.1", room.port)).unwrap();
    stream.write_all(first).unwrap();
    // What is answered behind it was asked behind it.
    assert_eq!(client.roles(), ["engineer"]);

    room.edit(
        "requesters = [\"peter\", \"erik\", \"user*\"]",
        "requesters = [\"erik\"]",
    );
    room.edit(
        "requesters = [\"anna\"]",
        "requesters = [\"anna\", \"peter\"]",
    );
    room.edit("[serve]\n", "[serve]\nauditors = [\"peter\"]\n");
    assert_eq!(hang_up(&server, &manager), READY);
    assert_eq!(client.roles(), ["boss"]);
    client
        .certificate(&other)
        .unwrap()
        .refuses(403, "refused", "not among those of the role");
    stream.write_all(rest).unwrap();
    let issued = read(&mut stream, &bytes).unwrap().is(201).json();
    assert_eq!(issued["serial"], 1);

    // A command has the ledger between, and the new config is what counts then, too.
    room.admin
        .punchmark
        .run(&["revoke", "--serial", "1", "--reason", "gone"])
        .ok();
    assert_eq!(client.roles(), ["boss"]);
    server.end();
    room.admin.assert_issued(1);
    room.ledger_is_right();
}

#[test]
fn sessions_end_whose_login_method_went_away_and_idle_ones_by_the_new_time() {
    let room = Room::ready();
    let peter = room.enrolled("peter");
    let manager = Hears::bind();
    let server = told(&room, &manager);
    let client = Client::logged_in(room.port, &peter);
    room.edit("[login.keys]", "[login.cards]");
    assert_eq!(hang_up(&server, &manager), READY);
    let over = client.ask("GET", "/v1/session", None).unwrap();
    over.refuses(401, "no-session", "log in again");
    let log = room.log();
    assert!(
        log.contains("1 sessions ended, whose login method"),
        "{log}"
    );
    server.end();
}

#[test]
fn a_config_that_can_not_count_is_refused_in_words_and_the_one_before_stays() {
    let room = Room::ready();
    let peter = room.enrolled("peter");
    let manager = Hears::bind();
    let server = told(&room, &manager);
    let client = Client::logged_in(room.port, &peter);
    let good = std::fs::read_to_string(room.admin.config_file()).unwrap();
    let port = room.port;
    let listen = format!("127.0.0.1:{port}");
    let elsewhere = format!("127.0.0.1:{}", free_port());
    let key = good.lines().find(|line| line.contains("object=users"));
    let key = key.unwrap().to_owned();
    let other_key = key.replace("object=users", "object=others");
    for (from, to, words) in [
        (
            "requesters = [\"anna\"]",
            "requesters = \"anna\"",
            "expected a sequence",
        ),
        ("[login.keys]\nkind = \"key\"", "", "nobody could log in"),
        (
            "[serve]\n",
            "[serve]\nmetrics = \"127.0.0.1:9\"\n",
            "`metrics` changed",
        ),
        (listen.as_str(), elsewhere.as_str(), "`listen` changed"),
        (
            key.as_str(),
            other_key.as_str(),
            "`key` of CA `users` changed",
        ),
    ] {
        room.edit(from, to);
        room.edit("requesters = [\"peter\", ", "requesters = [");
        let status = hang_up(&server, &manager);
        assert!(
            status.starts_with("READY=1\nSTATUS=serves by the config before"),
            "{status}"
        );
        assert!(status.contains(words), "{words} {status}");
        assert_eq!(status.lines().count(), 2, "{status}");
        assert!(room.log().contains("and the one before stays"));
        assert_eq!(client.roles(), ["engineer"]);
        crate::harness::write(&room.admin.config_file(), &good, 0o600);
    }
    let top = format!("ledger = \"other.ledger\"\n{good}");
    crate::harness::write(&room.admin.config_file(), top, 0o600);
    let status = hang_up(&server, &manager);
    assert!(
        status.contains("`ledger`") && status.contains("start the server again"),
        "{status}"
    );
    crate::harness::write(&room.admin.config_file(), &good, 0o600);
    assert_eq!(hang_up(&server, &manager), READY);
    assert_eq!(client.roles(), ["engineer"]);
    server.end();
    room.ledger_is_right();
}

#[test]
fn another_certificate_file_counts_if_it_can_be_used() {
    let room = Room::with_tls(FILES);
    certify(&room.folder());
    let manager = Hears::bind();
    let server = told(&room, &manager);
    let made = scratch();
    certify(made.path());
    for name in ["root.pem", "server.pem", "server.key"] {
        let text = std::fs::read(made.path().join(name)).unwrap();
        let name = if name == "root.pem" {
            name.to_owned()
        } else {
            format!("new-{name}")
        };
        crate::harness::write(&room.folder().join(name), text, 0o600);
    }
    room.edit("server.pem", "missing.pem");
    let status = hang_up(&server, &manager);
    assert!(status.contains("missing.pem"), "{status}");
    room.edit("missing.pem", "new-server.pem");
    room.edit("\"server.key", "\"new-server.key");
    assert_eq!(hang_up(&server, &manager), READY);
    // The root that vouches for the new one.
    seen(&room.folder(), room.port, &["server"])
        .unwrap()
        .1
        .is(200);
    server.end();
}
