//! Clients that hang up, or never come to an end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::Client;
use super::http::{read, request, send};
use super::room::Room;
use crate::harness::keygen::ED25519;

#[test]
fn a_client_that_hangs_up_at_each_byte_harms_nobody_and_gets_its_certificate_later() {
    let room = Room::ready();
    let (server, client, asked) = Client::with_request(&room);
    let body = json!({ "request": asked }).to_string();
    let whole = client.bytes("POST", "/v1/certificates", Some(&body));
    for end in (0..whole.len()).step_by(97).chain([whole.len()]) {
        let mut stream = TcpStream::connect(("127.0.0.1", room.port)).unwrap();
        stream.write_all(&whole[..end]).unwrap();
    }
    // Whether the last one got as far as a reservation, nobody can know.
    let mut answer = client.certificate(&asked).unwrap();
    for _ in 0..50 {
        if answer.status != 503 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        answer = client.certificate(&asked).unwrap();
    }
    assert!(matches!(answer.status, 200 | 201), "{answer:?}");
    server.end();
    room.admin.assert_issued(1);
    room.ledger_is_right();
}

#[test]
fn headers_that_never_end_are_not_waited_for_and_others_are_served() {
    let room = Room::ready();
    let server = room.start();
    let begun = Instant::now();
    let mut slow = TcpStream::connect(("127.0.0.1", room.port)).unwrap();
    slow.set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    slow.write_all(b"GET /healthz/live HTTP/1.1\r\nHost: a\r\n")
        .unwrap();
    let closed = loop {
        // Others are not kept.
        let live = request(("GET", "/healthz/live"), &[], None);
        send(room.port, &live).unwrap().is(200);
        let mut left = [0; 512];
        match slow.read(&mut left) {
            Ok(0) => break true,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break true,
            Err(_) => {}
        }
        if slow.write_all(b"X-More: 1\r\n").is_err() {
            break true;
        }
        if begun.elapsed() > Duration::from_secs(25) {
            break false;
        }
    };
    assert!(closed);
    server.end();
}

#[test]
fn a_body_that_never_ends_is_waited_for_twenty_seconds_and_others_are_served() {
    let room = Room::ready();
    let server = room.start();
    let begun = Instant::now();
    let mut slow = TcpStream::connect(("127.0.0.1", room.port)).unwrap();
    let beginning = b"POST /v1/logins HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
        Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{";
    slow.write_all(beginning).unwrap();
    let mut reader = slow.try_clone().unwrap();
    let answer = std::thread::scope(|scope| {
        let answer = scope.spawn(move || read(&mut reader, beginning));
        while !answer.is_finished() && begun.elapsed() < Duration::from_secs(60) {
            let live = request(("GET", "/healthz/live"), &[], None);
            send(room.port, &live).unwrap().is(200);
            // Closed from the other side, where it was answered.
            let _open_or_not = slow.write_all(b" ");
            std::thread::sleep(Duration::from_millis(500));
        }
        answer.join().unwrap()
    });
    let took = begun.elapsed();
    assert!((19..45).contains(&took.as_secs()), "{took:?}");
    if let Some(answer) = answer {
        answer.refuses(408, "too-late", "nothing of the request was done");
    }
    server.end();
}

#[test]
fn what_was_begun_is_answered_when_the_server_ends() {
    let room = Room::ready();
    let peter = room.enrolled("peter");
    let server = room.start();
    let mut requests = Vec::new();
    for number in 0..8 {
        let key = format!("key{number}");
        room.admin.key(&key, ED25519);
        let client = Client::logged_in(room.port, &peter);
        let asked = room.request_file(&key, &client.challenge(), &[]);
        requests.push((client, asked));
    }
    let answers: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = requests
            .into_iter()
            .map(|(client, asked)| scope.spawn(move || client.certificate(&asked)))
            .collect();
        server.terminate();
        asking
            .into_iter()
            .map(|asking| asking.join().unwrap())
            .collect()
    });
    server.end();
    // Who came too late found the door closed; who was in got an answer.
    let issued = answers
        .iter()
        .flatten()
        .filter(|answer| answer.status == 201);
    let issued = issued.count();
    for answer in answers.iter().flatten() {
        assert!(matches!(answer.status, 201 | 503), "{answer:?}");
    }
    room.admin.assert_issued(issued);
    room.ledger_is_right();
}
