//! What is refused, with its status and its words; and that nothing of it is in the ledger.

use punchmark::request::{Reason, RequestFile};
use serde_json::json;
use ssh_key::PrivateKey;

use super::client::Client;
use super::http::{Answer, request, send};
use super::room::Room;
use crate::harness::keygen::ED25519;

#[test]
fn what_no_client_sends_is_refused_in_words() {
    let room = Room::ready();
    let server = room.start();
    let ask = |bytes: &[u8]| send(room.port, bytes).unwrap();
    let plain = |method, path, body: Option<&str>| ask(&request((method, path), &[], body));
    plain("GET", "/nothing", None).refuses(404, "not-found", "nothing at this path");
    plain("GET", "/v1/cas/%ff/krl", None).refuses(400, "malformed", "no text");
    plain("GET", "/v1/logins", None).refuses(405, "method", "another method");
    let unknown = r#"{"method":"keys","more":1}"#;
    plain("POST", "/v1/logins", Some(unknown)).refuses(400, "malformed", "unknown field");
    plain("POST", "/v1/logins", Some("{")).refuses(400, "malformed", "the body");
    let twice = r#"{"method":"keys","method":"keys"}"#;
    plain("POST", "/v1/logins", Some(twice)).refuses(400, "malformed", "duplicate field");
    let none = r#"{"method":"none"}"#;
    plain("POST", "/v1/logins", Some(none)).refuses(422, "unfit", "no login method");
    let long = format!("{{\"method\":\"{}\"}}", "a".repeat(70_000));
    plain("POST", "/v1/logins", Some(&long)).refuses(413, "too-large", "65536 bytes");
    let text = "POST /v1/logins HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    let typed = format!("{text}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{{}}");
    ask(typed.as_bytes()).refuses(415, "media-type", "application/json");
    let zipped = format!("{text}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{{}}");
    ask(zipped.as_bytes()).refuses(415, "media-type", "not compressed");
    let page = plain("GET", "/problems/refused", None).is(200);
    assert!(page.body.contains("403"), "{page:?}");
    plain("GET", "/healthz/live", None).is(200);
    assert_eq!(
        plain("GET", "/healthz/ready", None).is(200).json()["ready"],
        true
    );
    server.end();
    room.admin.assert_issued(0);
}

#[test]
fn a_request_has_so_many_bytes_and_not_one_more() {
    let room = Room::ready();
    let server = room.start();
    let of_length = |length: usize| {
        let rest = r#"{"method":""}"#.len();
        let body = format!(r#"{{"method":"{}"}}"#, "a".repeat(length - rest));
        assert_eq!(body.len(), length);
        body
    };
    let ask = |bytes: &[u8]| send(room.port, bytes).unwrap();
    let plain = |length| {
        ask(&request(
            ("POST", "/v1/logins"),
            &[],
            Some(&of_length(length)),
        ))
    };
    plain(64 * 1024).refuses(422, "unfit", "no login method");
    plain(64 * 1024 + 1).refuses(413, "too-large", "65536 bytes");
    // Without a length that says so beforehand.
    let body = of_length(64 * 1024 + 1);
    let chunked = format!(
        "POST /v1/logins HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    ask(chunked.as_bytes()).refuses(413, "too-large", "65536 bytes");
    server.end();
    room.admin.assert_issued(0);
}

#[test]
fn what_can_be_read_in_two_ways_is_read_in_none() {
    let room = Room::ready();
    let server = room.start();
    let second = "GET /healthz/live HTTP/1.1\r\nHost: a\r\n\r\n";
    let body = r#"{"method":"keys"}"#;
    let head = "POST /v1/logins HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
        Content-Type: application/json\r\n";
    let length = body.len();
    // By either way of reading, the body is whole: nothing but the head is at fault.
    let chunks = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    let of_chunks = chunks.len();
    for (lines, body) in [
        (
            format!("Content-Length: {length}\r\nContent-Length: 0\r\n"),
            body,
        ),
        (
            format!("Content-Length: {length}\r\ncontent-length: {length}\r\n"),
            body,
        ),
        (
            format!("Content-Length: {of_chunks}\r\nTransfer-Encoding: chunked\r\n"),
            &chunks,
        ),
        (
            format!("Transfer-Encoding: chunked\r\nContent-Length: {of_chunks}\r\n"),
            &chunks,
        ),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n".to_owned(),
            &chunks,
        ),
        ("Transfer-Encoding: gzip, chunked\r\n".to_owned(), &chunks),
        (
            "Transfer-Encoding: chunked, identity\r\n".to_owned(),
            &chunks,
        ),
        ("Content-Length: +18\r\n".to_owned(), body),
        (format!("Host: b\r\nContent-Length: {length}\r\n"), body),
    ] {
        let bytes = format!("{head}{lines}\r\n{body}{second}");
        let answer = send(room.port, bytes.as_bytes()).expect("an answer");
        assert_eq!(answer.status, 400, "{lines:?} {answer:?}");
        assert!(
            !answer.body.contains("HTTP/1.1 200"),
            "{lines:?} {answer:?}"
        );
    }
    let hostless = "GET /v1/server HTTP/1.1\r\nConnection: close\r\n\r\n";
    let answer = send(room.port, hostless.as_bytes()).unwrap();
    answer.refuses(400, "ambiguous", "one Host");
    // Said once, it is read by either way.
    let unknown = r#"{"method":"none"}"#;
    let length = unknown.len();
    for (lines, body) in [
        (format!("Content-Length: {length}\r\n"), unknown.to_owned()),
        (
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("{length:x}\r\n{unknown}\r\n0\r\n\r\n"),
        ),
    ] {
        let bytes = format!("{head}{lines}\r\n{body}");
        let answer = send(room.port, bytes.as_bytes()).unwrap();
        answer.refuses(422, "unfit", "no login method");
    }
    server.end();
}

#[test]
fn a_list_is_no_object_and_what_wants_no_body_has_none() {
    let room = Room::ready();
    let peter = room.enrolled("peter");
    let server = room.start();
    let ask = |body: &str| {
        let asked = request(("POST", "/v1/logins"), &[], Some(body));
        send(room.port, &asked).unwrap()
    };
    ask(r#"["keys"]"#).refuses(400, "malformed", "in the place of an object");
    let client = Client::logged_in(room.port, &peter);
    room.admin.key("laptop", ED25519);
    let asked = room.request_file("laptop", &client.challenge(), &[]);
    for body in [
        json!([asked]),
        json!({ "request": asked, "device": ["AAAA", "AAAA"] }),
    ] {
        let body = body.to_string();
        let answer = client.ask("POST", "/v1/certificates", Some(&body)).unwrap();
        answer.refuses(400, "malformed", "in the place of an object");
    }
    let challenge = |body| client.ask("POST", "/v1/challenges", Some(body)).unwrap();
    challenge(r#"{"x":1}"#).refuses(400, "malformed", "unknown field `x`");
    challenge("{}").is(201);
    client.certificate(&asked).unwrap().is(201);
    server.end();
    room.admin.assert_issued(1);
}

#[test]
fn a_login_counts_once_for_its_key_and_tells_nobody_who_is_enrolled() {
    let room = Room::ready();
    let peter = room.enrolled("peter");
    let stranger = room.admin.key("stranger", ED25519);
    let stranger = PrivateKey::read_openssh_file(&stranger).unwrap();
    let server = room.start();
    let client = Client::new(room.port);
    let begun = client.begin();
    client.answer_login(&begun, &peter).is(200);
    client
        .answer_login(&begun, &peter)
        .refuses(401, "login", "answered before");
    let strangers = client.log_in(&stranger).is(401);
    // Peter's key over another session's key: a signature that was lured out on its way.
    let begun = client.begin();
    let lured = Client::new(room.port).signature(&begun, &peter);
    let id = begun["login"].as_str().unwrap();
    let body = json!({ "signature": lured }).to_string();
    let lured = client.ask("POST", &format!("/v1/logins/{id}/token"), Some(&body));
    let lured = lured.unwrap().is(401);
    assert_eq!(strangers.body, lured.body);
    let nothing = client.ask("POST", "/v1/logins/none/token", Some(&body));
    assert_eq!(nothing.unwrap().is(401).body, lured.body);
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_session_is_its_keys_and_each_proof_counts_once() {
    let room = Room::ready();
    let peter = room.enrolled("peter");
    let server = room.start();
    let client = Client::logged_in(room.port, &peter);
    let bytes = client.bytes("GET", "/v1/session", None);
    send(room.port, &bytes).unwrap().is(200);
    send(room.port, &bytes)
        .unwrap()
        .refuses(401, "proof", "came before");
    let mut thief = Client::new(room.port);
    thief.token = client.token.clone();
    let stolen = thief.ask("GET", "/v1/session", None).unwrap();
    stolen.refuses(401, "proof", "another key");
    let token = format!("DPoP {}", client.token.as_ref().unwrap());
    for (method, path, words) in [
        ("POST", "/v1/session", "another method"),
        ("GET", "/v1/roles", "another URL"),
    ] {
        let proof = client.proof(method, path);
        let headers = [("Authorization", token.as_str()), ("DPoP", proof.as_str())];
        let bytes = request(("GET", "/v1/session"), &headers, None);
        send(room.port, &bytes)
            .unwrap()
            .refuses(401, "proof", words);
    }
    let bare = request(("GET", "/v1/session"), &[("Authorization", &token)], None);
    send(room.port, &bare)
        .unwrap()
        .refuses(401, "nonce", "in the header DPoP");
    let none = request(("GET", "/v1/session"), &[], None);
    let none = send(room.port, &none).unwrap();
    assert!(none.header("www-authenticate").unwrap().starts_with("DPoP"));
    none.refuses(401, "no-session", "log in first");
    server.end();
}

#[test]
fn a_request_that_is_not_allowed_reserves_nothing() {
    let room = Room::ready();
    let (peter, erik) = (room.enrolled("peter"), room.enrolled("erik"));
    for name in ["laptop", "other"] {
        room.admin.key(name, ED25519);
    }
    let server = room.start();
    let client = Client::logged_in(room.port, &peter);
    let ask = |key: &str, more: &[&str]| -> Answer {
        let asked = room.request_file(key, &client.challenge(), more);
        client.certificate(&asked).unwrap()
    };
    let long = ask("laptop", &["-V", "+20h"]).is(403);
    let why = &long.json()["refusals"][0];
    assert_eq!(
        (&why["field"], &why["limit"]),
        (&json!("lifetime"), &json!("8 hours"))
    );
    assert!(why["value"].as_str().unwrap().starts_with("in "), "{why}");
    long.refuses(403, "refused", "at most 8 hours");
    ask("laptop", &["--role", "boss"]).refuses(403, "refused", "requester");
    ask("laptop", &["--role", "none"]).refuses(403, "refused", "no role");
    ask("laptop", &["--requester", "erik"]).refuses(409, "used", "not yours");
    ask("erik", &[]).refuses(409, "used", "not yours");
    let garbage = client
        .certificate("-----BEGIN PUNCHMARK REQUEST-----")
        .unwrap();
    garbage.refuses(422, "unfit", "");
    let eriks = Client::logged_in(room.port, &erik);
    for challenge in [eriks.challenge(), "00".repeat(32)] {
        let asked = room.request_file("laptop", &challenge, &[]);
        let refused = client.certificate(&asked).unwrap();
        refused.refuses(403, "refused", "no challenge of this session");
    }
    // Two requests answer one challenge.
    let challenge = client.challenge();
    let first = room.request_file("laptop", &challenge, &[]);
    client.certificate(&first).unwrap().is(201);
    let second = room.request_file("other", &challenge, &[]);
    let second = client.certificate(&second).unwrap();
    second.refuses(403, "refused", "no challenge of this session");
    // Another body under the same id.
    let mut content = RequestFile::from_text(&first).unwrap().content().clone();
    content.reason = Some("another".parse::<Reason>().unwrap());
    let key = PrivateKey::read_openssh_file(room.admin.punchmark.path("laptop")).unwrap();
    let bytes = content.to_bytes().unwrap();
    let signature = key.sign(RequestFile::NAMESPACE, RequestFile::HASH, &bytes);
    let file = RequestFile::new(content, signature.unwrap()).unwrap();
    let changed = client.certificate(&file.to_text().unwrap()).unwrap();
    changed.refuses(409, "used", "used before");
    server.end();
    room.admin.assert_issued(1);
    room.ledger_is_right();
}

#[test]
fn a_ledger_that_cannot_grow_releases_nothing() {
    let room = Room::ready();
    let (server, client, asked) = Client::with_request(&room);
    // From here on no file of the server grows: a full disk, as the ledger sees one.
    let pid = server.child.id().to_string();
    let limit = std::process::Command::new("prlimit")
        .args(["--pid", &pid, "--fsize=0:0"])
        .status();
    assert!(limit.unwrap().success());
    let refused = client.certificate(&asked);
    if let Some(refused) = refused {
        refused.refuses(503, "busy", "same request");
    }
    drop(server);
    room.admin.assert_issued(0);
    let server = room.start();
    client.certificate(&asked).unwrap().is(201);
    server.end();
    room.admin.assert_issued(1);
    room.ledger_is_right();
}
