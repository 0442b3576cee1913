//! A directory that says what is no LDAP, to a server: it stays up, says why in its log, and lets people in by another one.

use super::by_directory::{PASSWORD, asking, entries, log_in_by, method};
use super::client::Client;
use super::room::Room;
use crate::harness::false_directory::{BOUND, Begins, FalseDirectory, NO_ANSWERS, YES};
use crate::harness::slapd::Slapd;

/// A right directory's method `work`, and `odd` with a false one.
fn both(slapd: &Slapd, odd: &str, more: &str) -> String {
    let work = method(slapd, &slapd.tls(), "");
    let odd = method(slapd, odd, more).replace("login.work", "login.odd");
    format!("{work}{odd}")
}

/// Somebody is kept out by the false directory for this reason, and let in by the right one.
fn kept_out(room: &Room, server: &mut std::process::Child, words: &str) {
    let client = Client::new(room.port);
    let before = room.log().len();
    let refused = log_in_by("odd", room, &client, ("mia", PASSWORD));
    refused.refuses(503, "busy", "can't be asked now");
    let log = room.log().split_off(before);
    assert!(log.contains(words), "{words}: {log}");
    log_in_by("work", room, &client, ("mia", PASSWORD)).is(200);
    assert!(server.try_wait().unwrap().is_none(), "{}", room.log());
}

#[test]
fn what_a_directory_says_behind_tls_ends_its_login_alone() {
    let slapd = Slapd::start(&entries(), "");
    let odd = FalseDirectory::start(Begins::AtOnce(slapd.path()));
    let url = format!("ldaps://127.0.0.1:{}", odd.port());
    let room = asking(Room::ready(), &both(&slapd, &url, ""));
    // A server asks its directories when it starts, and starts whatever one says.
    odd.says(&[b"\x30\x00"]);
    let mut server = room.start();
    for (bytes, words) in NO_ANSWERS {
        odd.says(&[BOUND, bytes]);
        kept_out(&room, &mut server.child, words);
    }
    server.end();
    room.ledger_is_right();
    assert!(!room.log().contains("panicked"), "{}", room.log());
}

/// Whoever stands on the way to a directory says what they want before TLS begins.
#[test]
fn what_anybody_says_before_tls_ends_that_login_alone() {
    let slapd = Slapd::start(&entries(), "");
    let odd = FalseDirectory::start(Begins::ByStartTls(slapd.path()));
    let url = format!("ldap://127.0.0.1:{}", odd.port());
    let room = asking(Room::ready(), &both(&slapd, &url, "start-tls = true\n"));
    odd.says(&[b"\x30\x00"]);
    let mut server = room.start();
    let behind = [YES, BOUND].concat();
    for (bytes, words) in [
        (
            &b"\x30\x00"[..],
            "something else where a message's number should be",
        ),
        (
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            "more than 4096 bytes in one message",
        ),
        (
            b"\x16\x03\x03\x00\x02",
            "something else where a message should be",
        ),
        // The answer to a bind that is on its way behind TLS alone, and a number that isn't that of the request.
        (
            BOUND,
            "something else where the answer to StartTLS should be",
        ),
        (
            b"\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\x00\x04\x00\x04\x00",
            "something else where the answer to StartTLS should be",
        ),
        (
            b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00",
            "StartTLS: protocolError (2)",
        ),
        // A right answer, and one more in clear behind it.
        (&behind, "no TLS with ldap://127.0.0.1:"),
    ] {
        odd.says(&[bytes]);
        kept_out(&room, &mut server.child, words);
    }
    // Where TLS did begin, all holds as ever.
    odd.says(&[YES, BOUND, b"\x30\x00"]);
    let words = "something else where a message's number should be";
    kept_out(&room, &mut server.child, words);
    server.end();
    room.ledger_is_right();
    assert!(!room.log().contains("panicked"), "{}", room.log());
}
