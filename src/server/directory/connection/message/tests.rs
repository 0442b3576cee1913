//! What a server may say, what it may not, and why.

use super::*;

/// A part of this kind, with these bytes in it.
pub(in super::super) fn part(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let length = u8::try_from(content.len()).unwrap();
    let head = if length < 0x80 {
        vec![tag, length]
    } else {
        vec![tag, 0x81, length]
    };
    [head, content].concat()
}

/// A message of this number.
pub(in super::super) fn numbered(id: u8, parts: &[&[u8]]) -> Vec<u8> {
    let id = part(0x02, &[&[id]]);
    part(0x30, &[&[&id[..]], parts].concat())
}

/// An answer of this kind: a code, words, and what follows.
pub(in super::super) fn result(tag: u8, code: u8, more: &[&[u8]]) -> Vec<u8> {
    let code = part(0x0a, &[&[code]]);
    let begin: &[&[u8]] = &[&code, b"\x04\x00", b"\x04\x05words"];
    part(tag, &[begin, more].concat())
}

/// An entry `cn=x`, with `uid: anna` in it.
pub(in super::super) fn anna() -> Vec<u8> {
    let values = part(0x31, &[b"\x04\x04anna"]);
    let attribute = part(0x30, &[b"\x04\x03uid", &values]);
    part(0x64, &[b"\x04\x04cn=x", &part(0x30, &[&attribute])])
}

/// Where entries are that aren't here.
pub(in super::super) fn elsewhere() -> Vec<u8> {
    part(0x73, &[b"\x04\x08ldap://a", b"\x04\x08ldap://b"])
}

/// A control of this name, with what follows.
fn control(name: &str, more: &[&[u8]]) -> Vec<u8> {
    let name = part(0x04, &[name.as_bytes()]);
    part(0xa0, &[&part(0x30, &[&[&name[..]], more].concat())])
}

/// The control of a page with this value.
pub(in super::super) fn paged(value: &[u8]) -> Vec<u8> {
    control(PAGED_RESULTS, &[&part(0x04, &[value])])
}

pub(in super::super) const COOKIE_BYTES: &[u8] = b"\x30\x08\x02\x01\x00\x04\x03abc";

fn kind(bytes: &[u8]) -> Result<Kind, NoLdap> {
    read(bytes).map(|message| message.kind)
}

#[test]
fn what_a_server_may_say_is_taken() {
    let done = result(0x65, 0, &[]);
    let referral = part(0xa3, &[b"\x04\x08ldap://a"]);
    for (operation, expected) in [
        (result(0x61, 49, &[]), Kind::Bound),
        (result(0x61, 0, &[b"\x87\x02ok"]), Kind::Bound),
        (anna(), Kind::Entry),
        (part(0x64, &[b"\x04\x00", b"\x30\x00"]), Kind::Entry),
        (elsewhere(), Kind::Reference),
        (done.clone(), Kind::Done),
        (result(0x65, 10, &[&referral]), Kind::Done),
    ] {
        assert_eq!(
            kind(&numbered(7, &[&operation])),
            Ok(expected),
            "{operation:x?}"
        );
    }
    for control in [
        paged(COOKIE_BYTES),
        control("1.2", &[]),
        control("1.2", &[b"\x01\x01\xff"]),
        control("1.2", &[b"\x01\x01\x00", b"\x04\x03\x30\xff\xff"]),
        part(0xa0, &[]),
    ] {
        assert_eq!(
            kind(&numbered(7, &[&done, &control])),
            Ok(Kind::Done),
            "{control:x?}"
        );
    }
    let message = read(&numbered(7, &[&anna()])).unwrap();
    assert_eq!((message.id, message.parts), (7, 9));
    let answer = Answer {
        code: 2,
        words: "words".to_owned(),
    };
    let name = Some("1.3".to_owned());
    let expected = Ok(Kind::Extended { answer, name });
    let named = result(0x78, 2, &[b"\x8a\x031.3", b"\x8b\x01x"]);
    assert_eq!(kind(&numbered(1, &[&named])), expected);
    // Active Directory's word at the end has its name behind it.
    let word = result(0x78, 52, &[]);
    assert!(kind(&numbered(0, &[&word, b"\x8a\x031.3"])).is_ok());
    assert_eq!(
        kind(&numbered(1, &[&word, b"\x8a\x031.3"])),
        Err(NoLdap::Behind("an answer and its controls"))
    );
}

#[test]
fn active_directory_writes_each_length_in_five_bytes() {
    let done =
        b"\x30\x84\x00\x00\x00\x10\x02\x01\x02\x65\x84\x00\x00\x00\x07\x0a\x01\x00\x04\x00\x04\x00";
    assert_eq!(kind(done), Ok(Kind::Done));
}

#[test]
fn any_other_message_is_refused_by_its_reason() {
    let other = NoLdap::Other;
    let done = result(0x65, 0, &[]);
    for (bytes, why) in [
        (b"".to_vec(), other("a message")),
        (b"HTTP/1.1".to_vec(), other("a message")),
        (b"\x30\x00".to_vec(), other("a message's number")),
        (b"\x30\x03\x02\x01\x01".to_vec(), other("an answer")),
        (b"\x30\x05\x04\x03abc".to_vec(), other("a message's number")),
        (
            b"\x30\x02\x02\x00".to_vec(),
            NoLdap::Number("a message's number"),
        ),
        (
            b"\x30\x03\x02\x01\x81".to_vec(),
            NoLdap::Number("a message's number"),
        ),
        (
            [&numbered(1, &[&done])[..], b"\0"].concat(),
            NoLdap::Behind("a message"),
        ),
        (
            numbered(1, &[&done, b"\x04\x00"]),
            NoLdap::Behind("an answer and its controls"),
        ),
        (
            numbered(1, &[&done, b"\x80\x00"]),
            NoLdap::Behind("an answer and its controls"),
        ),
        // Requests, and what answers to requests that aren't made here.
        (numbered(1, &[b"\x42\x00"]), other("an answer")),
        (numbered(1, &[&result(0x67, 0, &[])]), other("an answer")),
        (numbered(1, &[b"\x79\x00"]), other("an answer")),
    ] {
        assert_eq!(kind(&bytes), Err(why), "{bytes:x?}");
    }
    // However deep: nothing but the next part is looked at.
    let deep: Vec<u8> = (0..100_000)
        .flat_map(|_| *b"\x30\x84\x00\x00\x00\x00")
        .collect();
    assert_eq!(kind(&deep), Err(NoLdap::Behind("a message")));
}

#[test]
fn an_operation_of_another_shape_is_refused_by_its_reason() {
    let other = NoLdap::Other;
    let text = NoLdap::Text;
    let attributes = |inner: &[u8]| part(0x64, &[b"\x04\x00", &part(0x30, &[inner])]);
    for (operation, why) in [
        (part(0x65, &[]), other("a result code")),
        (part(0x65, &[b"\x02\x01\x00"]), other("a result code")),
        (part(0x65, &[b"\x0a\x00"]), NoLdap::Number("a result code")),
        (
            part(0x65, &[b"\x0a\x01\x00"]),
            other("the name of an entry"),
        ),
        (
            part(0x65, &[b"\x0a\x01\x00", b"\x04\x01\xff"]),
            text("the name of an entry"),
        ),
        (
            part(0x65, &[b"\x0a\x01\x00", b"\x24\x00"]),
            other("the name of an entry"),
        ),
        (
            part(0x65, &[b"\x0a\x01\x00", b"\x04\x00"]),
            other("a diagnostic message"),
        ),
        (
            part(0x65, &[b"\x0a\x01\x00", b"\x04\x00", b"\x04\x01\xff"]),
            text("a diagnostic message"),
        ),
        (
            result(0x65, 0, &[b"\x83\x00"]),
            NoLdap::Behind("the end of a search"),
        ),
        (
            result(0x65, 0, &[b"\x87\x00"]),
            NoLdap::Behind("the end of a search"),
        ),
        (
            result(0x65, 0, &[b"\xa3\x02\x30\x00"]),
            other("a referral's URI"),
        ),
        (
            result(0x65, 0, &[b"\xa3\x03\x04\x01\xff"]),
            text("a referral's URI"),
        ),
        (
            result(0x65, 0, &[b"\x0a\x01\x00"]),
            NoLdap::Behind("the end of a search"),
        ),
        (
            result(0x61, 0, &[b"\xa7\x00"]),
            NoLdap::Behind("the answer to a bind"),
        ),
        (
            result(0x78, 0, &[b"\x8a\x01\xff"]),
            text("the name of an extended answer"),
        ),
        (
            result(0x78, 0, &[b"\x8b\x00", b"\x8b\x00"]),
            NoLdap::Behind("an extended answer"),
        ),
        (b"\x44\x00".to_vec(), other("an answer")),
        (part(0x64, &[]), other("the name of an entry")),
        (
            part(0x64, &[b"\x04\x01\xff", b"\x30\x00"]),
            text("the name of an entry"),
        ),
        (part(0x64, &[b"\x04\x00"]), other("attributes")),
        (part(0x64, &[b"\x04\x00", b"\x10\x00"]), other("attributes")),
        (
            part(0x64, &[b"\x04\x00", b"\x30\x00", b"\x04\x00"]),
            NoLdap::Behind("an entry"),
        ),
        (attributes(b"\x04\x00"), other("an attribute")),
        (attributes(b"\x30\x00"), other("an attribute's name")),
        (
            attributes(b"\x30\x03\x04\x01\xff"),
            text("an attribute's name"),
        ),
        (
            attributes(b"\x30\x02\x04\x00"),
            other("an attribute's values"),
        ),
        (
            attributes(b"\x30\x04\x04\x00\x30\x00"),
            other("an attribute's values"),
        ),
        (
            attributes(b"\x30\x06\x04\x00\x31\x02\x30\x00"),
            other("a value"),
        ),
        (
            attributes(b"\x30\x06\x04\x00\x31\x00\x04\x00"),
            NoLdap::Behind("an attribute"),
        ),
        (
            attributes(b"\x30\x09\x04\x00\x31\x00"),
            NoLdap::Long("an attribute"),
        ),
        (part(0x73, &[b"\x30\x00"]), other("a referral's URI")),
        (part(0x73, &[b"\x04\x01\xff"]), text("a referral's URI")),
    ] {
        assert_eq!(
            kind(&numbered(1, &[&operation])),
            Err(why),
            "{operation:x?}"
        );
    }
}

#[test]
fn a_control_of_another_shape_is_refused_by_its_reason() {
    let other = NoLdap::Other;
    for (control, why) in [
        (b"\xa0\x02\x04\x00".to_vec(), other("a control")),
        (b"\xa0\x02\x30\x00".to_vec(), other("a control's name")),
        (
            b"\xa0\x05\x30\x03\x04\x01\xff".to_vec(),
            NoLdap::Text("a control's name"),
        ),
        (
            control("1.2", &[b"\x01\x00"]),
            NoLdap::Number("a control's criticality"),
        ),
        (
            control("1.2", &[b"\x01\x02\x00\x00"]),
            NoLdap::Number("a control's criticality"),
        ),
        (control("1.2", &[b"\x21\x00"]), NoLdap::Behind("a control")),
        (control("1.2", &[b"\x24\x00"]), NoLdap::Behind("a control")),
        (
            control("1.2", &[b"\x04\x00", b"\x04\x00"]),
            NoLdap::Behind("a control"),
        ),
        (control(PAGED_RESULTS, &[]), other("a control's value")),
        (
            control(PAGED_RESULTS, &[b"\x01\x01\x00"]),
            other("a control's value"),
        ),
        (paged(b""), other("a page")),
        (paged(b"\x04\x00"), other("a page")),
        (paged(b"\x30\x00"), other("a page's size")),
        (paged(b"\x30\x02\x02\x00"), NoLdap::Number("a page's size")),
        (paged(b"\x30\x03\x02\x01\x00"), other("a page's cookie")),
        (
            paged(b"\x30\x05\x02\x01\x00\x24\x00"),
            other("a page's cookie"),
        ),
        (
            paged(b"\x30\x07\x02\x01\x00\x04\x00\x04\x00"),
            NoLdap::Behind("a page's cookie"),
        ),
        (
            paged(b"\x30\x05\x02\x01\x00\x04\x00\x00"),
            NoLdap::Behind("a page's control"),
        ),
        (
            paged(b"\x30\x7f\x02\x01\x00\x04\x00"),
            NoLdap::Long("a page"),
        ),
    ] {
        let bytes = numbered(1, &[&result(0x65, 0, &[]), &control]);
        assert_eq!(kind(&bytes), Err(why), "{control:x?}");
    }
}

#[test]
fn what_this_program_asks_is_known_by_its_number() {
    for (operation, expected) in [
        (&b"\x60\x00"[..], Request::Bind),
        (b"\x63\x00", Request::Search),
        (b"\x42\x00", Request::Word),
    ] {
        assert_eq!(request(&numbered(9, &[operation])), Ok((9, expected)));
    }
}
