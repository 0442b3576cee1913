//! A server that says anything, `ldap3` behind the relay, and who waits for its answer.

use ldap3::Scope;
use tokio::io::{AsyncWriteExt, duplex};

use super::super::line::Line;
use super::super::message::tests::{COOKIE_BYTES, anna, elsewhere, numbered, paged, result};
use super::super::question::{Fault, Question, Reply};
use super::*;

/// What a search gives that is answered by these bytes, and then by the stream's end.
fn answered(bytes: Vec<u8>) -> Result<Reply, AskError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (near, mut far) = duplex(64 * 1024);
        let (mut line, ldap) = Line::between(Box::new(near), Bounds::OF_A_LOGIN).await?;
        tokio::spawn(async move {
            let _request = frames::next(&mut far, usize::MAX).await;
            let _taken = far.write_all(&bytes).await;
        });
        let question = Question::new(&ldap, "cn=x", Scope::Base, "(a=*)", &["uid"]);
        let reply = async { question.begin().await?.reply().await };
        match line.turn_for(reply).await {
            Ok(reply) => Ok(reply),
            Err(Fault::Ask(error)) => Err(error),
            Err(Fault::Ldap(error)) => Err(line.why(&error)),
        }
    })
}

fn whole_answer() -> Vec<u8> {
    let referral: &[u8] = b"\xa3\x0a\x04\x08ldap://c";
    let done = result(0x65, 0, &[referral]);
    [
        numbered(1, &[&anna()]),
        numbered(1, &[&elsewhere()]),
        numbered(1, &[&done, &paged(COOKIE_BYTES)]),
    ]
    .concat()
}

#[test]
fn what_is_right_comes_through_in_one_piece() {
    let Ok(reply) = answered(whole_answer()) else {
        panic!("it was refused");
    };
    assert_eq!(reply.entries.len(), 1);
    assert_eq!(reply.entries[0].dn, "cn=x");
    assert_eq!(reply.cookie.as_deref(), Some(&b"abc"[..]));
    assert_eq!((reply.answer.code, &reply.answer.words[..]), (0, "words"));
    let Err(AskError::Referral(referrals)) = reply.whole() else {
        panic!("it refers to others");
    };
    assert_eq!(referrals, ["ldap://a", "ldap://b", "ldap://c"]);
}

#[test]
fn what_is_wrong_ends_the_connection_by_its_reason() {
    let entry = numbered(1, &[&anna()]);
    for (bytes, words) in [
        (
            b"\x30\x00".to_vec(),
            "something else where a message's number should be",
        ),
        (
            b"HTTP/1.1 400".to_vec(),
            "something else where a message should be",
        ),
        (
            [0x30, 0x84, 0x7f, 0xff, 0xff, 0xff].to_vec(),
            "more than 1048576 bytes in one message",
        ),
        (entry[..9].to_vec(), "the server closed it within a message"),
        (
            entry.clone(),
            "the connection ended in the middle: the server closed it",
        ),
        (
            numbered(2, &[&anna()]),
            "an answer to nothing that was asked",
        ),
        (
            numbered(0, &[&result(0x78, 52, &[])]),
            "the server ends it: unavailable (52), words",
        ),
        (
            [
                &entry[..],
                &numbered(1, &[&result(0x65, 0, &[]), &paged(b"\x30\x00")]),
            ]
            .concat(),
            "something else where a page's size should be",
        ),
    ] {
        let refused = answered(bytes.clone()).err().unwrap().to_string();
        assert!(refused.contains(words), "{bytes:x?} {refused}");
    }
}

/// Each byte of a right answer as many others: `ldap3` takes what the relay takes, or whoever asked gets an error.
#[test]
fn no_byte_that_is_another_one_brings_a_panic() {
    let right = whole_answer();
    let (mut taken, mut refused) = (0, 0);
    for place in 0..right.len() {
        let was = right[place];
        let others = [0, 1, 2, 4, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x84, 0xa0, 0xff];
        for other in
            others
                .into_iter()
                .chain([was ^ 0x20, was.wrapping_add(1), was.wrapping_sub(1)])
        {
            let mut odd = right.clone();
            odd[place] = other;
            match answered(odd) {
                Ok(_) => taken += 1,
                Err(_) => refused += 1,
            }
        }
    }
    // A letter may be another one, and a tag or a length may not.
    assert!(taken > 500 && refused > 500, "{taken} {refused}");
}
