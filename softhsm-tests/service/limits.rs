//! Whoever asks too often waits, and nobody else does.

use super::client::Client;
use super::http::{Answer, request, send};
use super::room::Room;

const HEADER: &str =
    "\"proxy\"\ntrusted-proxies = [\"127.0.0.1\"]\naddress-header = \"X-Forwarded-For\"";

/// What a server of the room answers to who comes from there, without a session.
fn from(room: &Room, address: &str, token: Option<&str>) -> Answer {
    let mut headers = vec![("X-Forwarded-For", address)];
    headers.extend(token.map(|token| ("Authorization", token)));
    let path = if token.is_some() {
        "/v1/session"
    } else {
        "/v1/server"
    };
    send(room.port, &request(("GET", path), &headers, None)).unwrap()
}

#[track_caller]
fn waits(answer: Answer) {
    let seconds = answer.header("retry-after").map(str::to_owned);
    answer.refuses(429, "too-many", "so much was asked");
    let seconds: u64 = seconds.unwrap().parse().unwrap();
    assert!((1..=61).contains(&seconds), "{seconds}");
}

#[test]
fn an_address_waits_and_another_and_a_session_do_not() {
    let room = Room::with_tls(HEADER).serves("limits = { address = 8 }");
    let peter = room.enrolled("peter");
    let server = room.start();
    // A client without a header comes from the proxy's own address.
    let client = Client::logged_in(room.port, &peter);
    for _ in 0..8 {
        from(&room, "192.0.2.1", None).is(200);
    }
    waits(from(&room, "192.0.2.1", None));
    // A token that opens nothing, or isn't proved, is no way around.
    waits(from(&room, "192.0.2.1", Some("DPoP guessed")));
    let stolen = format!("DPoP {}", client.token.as_ref().unwrap());
    waits(from(&room, "192.0.2.1", Some(&stolen)));
    from(&room, "192.0.2.2", None).is(200);
    for last in 1..=8 {
        from(&room, &format!("2001:db8::{last}"), None).is(200);
    }
    waits(from(&room, "2001:db8::9", None));
    from(&room, "2001:db8:0:1::1", None).is(200);
    for _ in 0..20 {
        client.ask("GET", "/v1/session", None).unwrap().is(200);
    }
    server.end();
}

#[test]
fn a_session_waits_and_another_of_the_same_person_does_not() {
    let room = Room::ready().serves("limits = { session = 5, address = 1 }");
    let peter = room.enrolled("peter");
    let server = room.start();
    // Behind a proxy that doesn't say who asked, nobody is counted by address.
    let (first, second) = (
        Client::logged_in(room.port, &peter),
        Client::logged_in(room.port, &peter),
    );
    for _ in 0..5 {
        first.ask("GET", "/v1/session", None).unwrap().is(200);
    }
    waits(first.ask("GET", "/v1/session", None).unwrap());
    second.ask("GET", "/v1/session", None).unwrap().is(200);
    server.end();
}
