//! A server that is asked for TLS, and what it says in clear.

use tokio::io::{AsyncReadExt, duplex};

use super::super::message::tests::{anna, numbered, part, result};
use super::*;

/// What comes of these bytes as the answer, and how many of them were read.
fn told(bytes: &[u8]) -> (Result<(), String>, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = Server::parse("ldap://ldap.example.org", true).unwrap();
        let (mut near, mut far) = duplex(64 * 1024);
        far.write_all(bytes).await.unwrap();
        far.shutdown().await.unwrap();
        let begun = start_tls(&server, &mut near).await;
        let mut asked = vec![0; START_TLS.len()];
        far.read_exact(&mut asked).await.unwrap();
        assert_eq!(asked, START_TLS);
        let mut rest = Vec::new();
        near.read_to_end(&mut rest).await.unwrap();
        let read = bytes.len() - rest.len();
        (begun.map_err(|error| error.to_string()), read)
    })
}

#[test]
fn the_one_answer_is_read_and_nothing_behind_it() {
    for named in [&b"\x8a\x161.3.6.1.4.1.1466.20037"[..], b""] {
        let yes = numbered(1, &[&result(0x78, 0, &[named])]);
        assert_eq!(told(&yes), (Ok(()), yes.len()));
        let and_more = [&yes[..], &numbered(2, &[&anna()])].concat();
        assert_eq!(told(&and_more), (Ok(()), yes.len()));
    }
}

#[test]
fn what_else_comes_in_clear_is_refused_by_its_reason() {
    let yes = result(0x78, 0, &[]);
    for (bytes, words) in [
        (b"".to_vec(), "the server closed it"),
        (b"\x30\x00".to_vec(), "where a message's number should be"),
        (
            b"\x16\x03\x01\x00\x05".to_vec(),
            "where a message should be",
        ),
        (
            b"\x30\x0a\x02\x01\x01".to_vec(),
            "the server closed it within a message",
        ),
        (
            b"\x30\x82\x10\x00\x02\x01\x01".to_vec(),
            "more than 4096 bytes in one message",
        ),
        (
            b"\x30\x84\xff\xff\xff\xff".to_vec(),
            "more than 4096 bytes in one message",
        ),
        (b"\x30\x80".to_vec(), "a length that is indefinite"),
        (numbered(2, &[&yes]), NO_START_TLS),
        (numbered(0, &[&yes]), NO_START_TLS),
        (
            numbered(1, &[&result(0x78, 0, &[b"\x8a\x031.3"])]),
            NO_START_TLS,
        ),
        (numbered(1, &[&result(0x61, 0, &[])]), NO_START_TLS),
        (numbered(1, &[&anna()]), NO_START_TLS),
        (
            numbered(1, &[&result(0x78, 2, &[])]),
            "no TLS with ldap://ldap.example.org: StartTLS: protocolError (2), words",
        ),
        (
            numbered(0, &[&result(0x78, 52, &[])]),
            "StartTLS: unavailable (52), words",
        ),
        (
            numbered(1, &[&yes, &part(0xa0, &[b"\x30\x00"])]),
            "where a control's name should be",
        ),
    ] {
        let (begun, _) = told(&bytes);
        let refused = begun.unwrap_err();
        assert!(refused.contains(words), "{bytes:x?} {refused}");
    }
}
