//! Hostile and odd KRLs.

use proptest::prelude::*;

use super::super::tests::{self as vectors, blob, key};
use super::super::{KeyError, SerialRangeError, WireError};
use super::*;
use crate::wire::{put_mpint, put_string};

/// A KRL of some sections.
/// Appends a `string` whose content `write` appends.
fn put_nested(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let mut content = Vec::new();
    write(&mut content);
    put_string(out, &content);
}

fn krl(sections: &[(u8, &[u8])]) -> Result<Krl, ReadError> {
    let mut bytes = vectors::file("empty.krl");
    for (kind, content) in sections {
        bytes.push(*kind);
        put_string(&mut bytes, content);
    }
    Krl::from_bytes(&bytes)
}

/// A KRL of one certificate section.
fn certificates(ca: &[u8], sections: &[(u8, &[u8])]) -> Result<Krl, ReadError> {
    let mut content = Vec::new();
    put_string(&mut content, ca);
    put_string(&mut content, b"reserved");
    for (kind, section) in sections {
        content.push(*kind);
        put_string(&mut content, section);
    }
    krl(&[(section::CERTIFICATES, &content)])
}

fn extension(name: &[u8], critical: u8) -> Vec<u8> {
    let mut content = Vec::new();
    put_string(&mut content, name);
    content.push(critical);
    put_string(&mut content, b"value");
    content
}

fn bitmap(offset: u64, bits: &[u8]) -> Vec<u8> {
    let mut content = offset.to_be_bytes().to_vec();
    put_mpint(&mut content, bits);
    content
}

fn range(first: u64, last: u64) -> Vec<u8> {
    [first.to_be_bytes(), last.to_be_bytes()].concat()
}

fn serials(krl: Result<Krl, ReadError>) -> Vec<(u64, u64)> {
    let krl = krl.unwrap();
    let authority = krl.authorities().next().unwrap();
    let ranges = authority.serials().ranges();
    ranges.map(|range| (range.first(), range.last())).collect()
}

#[test]
fn something_else_is_not_a_krl() {
    assert_eq!(Krl::from_bytes(b""), Err(ReadError::Magic));
    assert_eq!(Krl::from_bytes(b"ssh-ed25519 AAAA"), Err(ReadError::Magic));
    let mut newer = vectors::file("empty.krl");
    newer[11] = 2;
    assert_eq!(
        Krl::from_bytes(&newer),
        Err(ReadError::FormatVersion { version: 2 })
    );
}

#[test]
fn a_krl_that_is_cut_anywhere_but_between_sections_is_refused() {
    let bytes = vectors::file("several.krl");
    let mut whole = Vec::new();
    for length in 8..bytes.len() {
        match Krl::from_bytes(&bytes[..length]) {
            Ok(_) => whole.push(length),
            Err(error) => assert_eq!(error, ReadError::Wire(WireError::Short)),
        }
    }
    assert_eq!(whole.len(), 5, "{whole:?}");
}

#[test]
fn sections_of_every_kind_may_repeat_and_mix() {
    let list = [3_u64.to_be_bytes(), 9_u64.to_be_bytes()].concat();
    let krl = certificates(
        b"",
        &[
            (section::SERIAL_RANGE, &range(11, u64::MAX)),
            (section::SERIAL_LIST, &list),
            (section::SERIAL_BITMAP, &bitmap(5, &[0b1000_0001, 0])),
            (section::SERIAL_LIST, b""),
            (section::SERIAL_LIST, &list),
        ],
    );
    assert_eq!(serials(krl), [(3, 3), (9, 9), (11, u64::MAX)]);
}

#[test]
fn serial_zero_is_refused_in_every_kind_of_section() {
    let zero = Err(ReadError::Serial(SerialRangeError::Zero));
    let list = (section::SERIAL_LIST, [0; 8].to_vec());
    let range = (section::SERIAL_RANGE, range(0, 5));
    let bitmap = (section::SERIAL_BITMAP, bitmap(0, &[1]));
    for (kind, content) in [list, range, bitmap] {
        assert_eq!(certificates(b"", &[(kind, &content)]), zero);
    }
}

#[test]
fn a_backward_range_is_refused() {
    let backwards = SerialRangeError::Backwards { first: 9, last: 8 };
    assert_eq!(
        certificates(b"", &[(section::SERIAL_RANGE, &range(9, 8))]),
        Err(ReadError::Serial(backwards))
    );
}

#[test]
fn a_bitmap_may_reach_the_highest_serial_and_no_further() {
    let highest = bitmap(u64::MAX - 7, &[0x80]);
    assert_eq!(
        serials(certificates(b"", &[(section::SERIAL_BITMAP, &highest)])),
        [(u64::MAX, u64::MAX)]
    );
    let beyond = bitmap(u64::MAX - 7, &[1, 0]);
    assert_eq!(
        certificates(b"", &[(section::SERIAL_BITMAP, &beyond)]),
        Err(ReadError::BitmapOverflow {
            offset: u64::MAX - 7
        })
    );
}

#[test]
fn a_bitmap_that_openssh_writes_and_cannot_read_is_refused() {
    let long = bitmap(1, &[1; 2_049]);
    assert_eq!(
        certificates(b"", &[(section::SERIAL_BITMAP, &long)]),
        Err(ReadError::Wire(WireError::LongInteger { bytes: 2_049 }))
    );
}

#[test]
fn an_authority_of_which_nothing_is_revoked_does_not_show() {
    let nothing = certificates(
        key("ca").as_blob(),
        &[
            (section::SERIAL_BITMAP, &bitmap(9, &[])),
            (section::KEY_ID, b""),
        ],
    );
    let (header, mut revocations) = nothing.unwrap().into_parts();
    revocations.authority(None);
    revocations.revoke_key_id(Some(&key("p384")), c"peter");
    revocations.revoke_key_id(Some(&key("p256")), c"peter");
    let krl = Krl::new(header, revocations);
    let cas: Vec<_> = krl.authorities().map(|authority| authority.ca()).collect();
    assert_eq!(cas, [Some(&key("p384")), Some(&key("p256"))]);
    assert_eq!(Krl::from_bytes(&krl.to_bytes().unwrap()).as_ref(), Ok(&krl));
}

#[test]
fn trailing_bytes_of_a_section_are_refused() {
    let trailing = Err(ReadError::Wire(WireError::Trailing { bytes: 1 }));
    let mut long = range(1, 2);
    long.push(0);
    assert_eq!(
        certificates(b"", &[(section::SERIAL_RANGE, &long)]),
        trailing
    );
    let mut long = extension(b"x", 0);
    long.push(0);
    assert_eq!(krl(&[(section::EXTENSION, &long)]), trailing);
}

#[test]
fn an_extension_is_skipped_unless_it_is_critical() {
    let optional = extension(b"colour@example.org", 0);
    assert_eq!(krl(&[(section::EXTENSION, &optional)]), krl(&[]));
    let inner: (u8, &[u8]) = (section::CERTIFICATE_EXTENSION, &optional);
    assert_eq!(certificates(b"", &[inner]), krl(&[]));
    let critical = extension(b"colour@example.org", 2);
    let refusal = Err(ReadError::CriticalExtension {
        name: "colour@example.org".into(),
    });
    assert_eq!(krl(&[(section::EXTENSION, &critical)]), refusal);
    let inner: (u8, &[u8]) = (section::CERTIFICATE_EXTENSION, &critical);
    assert_eq!(certificates(b"", &[inner]), refusal);
}

#[test]
fn sections_of_unknown_types_are_refused() {
    assert_eq!(krl(&[(6, b"")]), Err(ReadError::UnknownSection { kind: 6 }));
    assert_eq!(
        certificates(b"", &[(0x24, b"")]),
        Err(ReadError::UnknownCertificateSection { kind: 0x24 })
    );
}

#[test]
fn an_embedded_signature_is_recognised_and_refused() {
    let mut bytes = vectors::file("list.krl");
    bytes.push(section::SIGNATURE);
    put_string(&mut bytes, key("ca").as_blob());
    put_nested(&mut bytes, |out| put_string(out, b"ssh-ed25519"));
    assert_eq!(Krl::from_bytes(&bytes), Err(ReadError::Signed));
}

#[test]
fn a_certificate_is_no_ca() {
    assert_eq!(
        certificates(&blob("serial-7-cert"), &[]),
        Err(ReadError::Ca(KeyError::Certificate))
    );
    assert_eq!(
        certificates(b"\0\0\0\x03abc", &[]),
        Err(ReadError::Ca(KeyError::UnknownAlgorithm))
    );
}

#[test]
fn a_fingerprint_of_another_length_is_refused() {
    let mut content = Vec::new();
    put_string(&mut content, &[0; 31]);
    assert_eq!(
        krl(&[(section::SHA256, &content)]),
        Err(ReadError::FingerprintLength {
            bytes: 31,
            expected: 32
        })
    );
}

#[test]
fn bitmaps_of_too_many_ranges_are_refused() {
    let mut bytes = vectors::file("empty.krl");
    bytes.push(section::CERTIFICATES);
    put_nested(&mut bytes, |out| {
        out.extend([0; 8]);
        for offset in [1, 101] {
            out.push(section::SERIAL_BITMAP);
            put_string(out, &bitmap(offset, &[0x55, 0x55]));
        }
    });
    let read = |bitmap_ranges_left| {
        let revocations = Revocations::default();
        let mut reader = Reader {
            revocations,
            bitmap_ranges_left,
        };
        reader.read(&bytes).map(|header| header.version)
    };
    assert_eq!(read(16), Ok(3));
    assert_eq!(read(15), Err(ReadError::TooManyRanges));
}

#[test]
fn many_cas_take_no_quadratic_time() {
    let mut bytes = vectors::file("empty.krl");
    let template = key("ca").as_blob().to_vec();
    for number in 0..50_000_u32 {
        let mut ca = template.clone();
        ca[19..23].copy_from_slice(&number.to_be_bytes());
        bytes.push(section::CERTIFICATES);
        put_nested(&mut bytes, |out| {
            put_string(out, &ca);
            put_string(out, b"");
            out.extend([section::SERIAL_LIST, 0, 0, 0, 8]);
            out.extend(u64::from(number + 1).to_be_bytes());
        });
    }
    let krl = Krl::from_bytes(&bytes).unwrap();
    assert_eq!(krl.authorities().count(), 50_000);
}

proptest! {
    #[test]
    fn no_bytes_behind_a_header_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut krl = vectors::file("empty.krl");
        krl.extend(bytes);
        let _ = Krl::from_bytes(&krl);
    }

    #[test]
    fn what_is_read_from_a_damaged_krl_can_be_written_and_read(
        vector in 0..vectors::KRLS.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = vectors::file(&format!("{}.krl", vectors::KRLS[vector].0));
        for (index, byte) in damage {
            *index.get_mut(&mut bytes) = byte;
        }
        if let Ok(krl) = Krl::from_bytes(&bytes) {
            prop_assert_eq!(Krl::from_bytes(&krl.to_bytes().unwrap()), Ok(krl.clone()));
            let mut text = String::new();
            krl.show("then", &mut text).unwrap();
        }
    }
}
