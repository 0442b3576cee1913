//! Bytes and text that nobody meant well with, and that all that is well meant survives.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{NOW, body, certificate, key, serial};
use crate::certificate::alarm::alarms;
use crate::certificate::key_line::read_public_key_line;
use crate::certificate::*;
use crate::wire::RawCertificate;
use crate::wire::certificate::ReadError;

#[test]
fn reads_no_certificate_that_is_cut_short_or_goes_on() {
    for name in ["options", "ecdsa-sk-by-rsa3072", "odd-dsa"] {
        let blob = certificate(name).blob().to_vec();
        for length in 0..blob.len() {
            assert!(
                matches!(
                    RawCertificate::from_blob(&blob[..length]),
                    Err(ReadError::Truncated(_))
                ),
                "{name} {length}"
            );
        }
        let longer = [blob.as_slice(), &[0]].concat();
        assert_eq!(
            RawCertificate::from_blob(&longer),
            Err(ReadError::Trailing { length: 1 })
        );
    }
    assert_eq!(
        RawCertificate::from_blob(&[0; 65_537]),
        Err(ReadError::TooLong { length: 65_537 })
    );
    let plain = b"\0\0\0\x07ssh-rsa";
    assert_eq!(
        RawCertificate::from_blob(plain),
        Err(ReadError::Type("ssh-rsa".to_owned()))
    );
}

proptest! {
    #[test]
    fn believes_no_certificate_with_a_byte_changed(
        at in any::<prop::sample::Index>(),
        flip in 1..=255u8,
    ) {
        let raw = certificate("options");
        let mut blob = raw.blob().to_vec();
        let at = at.index(blob.len());
        blob[at] ^= flip;
        let believed = verify(&blob, &body(&raw), serial(&raw), &key(raw.ca_key()));
        prop_assert_eq!(believed.ok(), None);
    }

    #[test]
    fn survives_mutated_certificates(
        which in 0..4usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let name = ["options", "odd-dsa", "ecdsa-sk-by-rsa3072", "odd-key-id"][which];
        let mut blob = certificate(name).blob().to_vec();
        for (at, byte) in changes {
            let at = at.index(blob.len());
            blob[at] = byte;
        }
        if cut.index(2) == 1 {
            blob.truncate(cut.index(blob.len()));
        }
        if let Ok(raw) = RawCertificate::from_blob(&blob) {
            let _ = alarms(&raw, NOW, &[]).iter().map(ToString::to_string).count();
        }
    }

    #[test]
    fn survives_any_text(text in "\\PC*", any in ".*") {
        for text in [&text, &any] {
            let _ = Validity::parse(text, NOW, &|| TimeZone::UTC);
            let _ = Options::parse(Kind::User, std::slice::from_ref(text));
            let _ = read_public_key_line(text);
            let _ = Principals::parse(text, Kind::Host);
            let _ = KeyId::parse(text);
        }
    }

    #[test]
    fn a_body_survives_being_written_and_read(
        key_id in "[ -~]{1,64}",
        names in prop::collection::btree_set("[a-z_][a-z0-9_.@\\\\-]{0,20}", 1..20),
        after in 0..u64::MAX,
        length in 1..=u64::MAX,
        number in 1..=u64::MAX,
        value in "[ -~]{1,64}",
        nonce: [u8; 32],
    ) {
        let raw = certificate("ed25519-by-ed25519");
        let names: Vec<String> = names.into_iter().collect();
        let command = BTreeMap::from([("force-command".to_owned(), value)]);
        let made = Body {
            key_id: KeyId::parse(&key_id).unwrap(),
            principals: Principals::parse(&names.join(","), Kind::User).unwrap(),
            validity: Validity::new(after, after.saturating_add(length)).unwrap(),
            options: Options::new(command, BTreeMap::new()).unwrap(),
            ..body(&raw)
        };
        let serial = Serial::try_from(number).unwrap();
        let signed = made.to_be_signed(serial, &nonce, &key(raw.ca_key())).unwrap();
        let signature = ssh_key::Signature::try_from(raw.signature()).unwrap();
        let back = RawCertificate::from_blob(&signed.with_signature(&signature)).unwrap();
        prop_assert_eq!(body(&back), made);
        prop_assert_eq!(back.nonce(), nonce);
        prop_assert_eq!(back.signed(), signed.as_bytes());
    }
}
