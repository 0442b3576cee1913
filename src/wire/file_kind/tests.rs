use super::FileKind;
use super::FileKind::{
    Binary, ByteOrderMark, Certificate, CutShort, DamagedRequest, Der, Empty, Evidence, Gzip, Head,
    Krl, Ledger, Name, Options, Other, OtherPem, PrivateKey, Proof, PublicDer, PublicKey,
    PublicPem, Quoted, Request, Rfc4716, RsaPem, Signature, UnknownType, Utf16, Wrapped, X509,
    X509Der, X509Request,
};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
const ED25519: &str = "ssh-ed25519";

#[test]
fn a_line_of_text_is_known_by_where_its_key_stands() {
    for (text, kind) in [
        (format!("{KEY} peter"), PublicKey),
        (format!("# a comment\n\n{KEY}"), PublicKey),
        (
            format!("from=\"10.0.0.0/8\",no-pty {KEY}"),
            Options(ED25519),
        ),
        (format!("command=\"a b c\" {KEY} x"), Options(ED25519)),
        (format!("NO-X11-FORWARDING {KEY} x"), Options(ED25519)),
        (format!("host.example.org {KEY} x"), Name(ED25519)),
        (format!("> {KEY} x"), Quoted(ED25519)),
        (format!("> > {KEY} x"), Quoted(ED25519)),
        (
            format!("@cert-authority *.example.org {KEY}"),
            Name(ED25519),
        ),
        (format!("peter namespaces=\"git\" {KEY}"), Name(ED25519)),
        (format!("\u{feff}{KEY}"), ByteOrderMark),
        (KEY[..60].to_owned(), CutShort(ED25519)),
        (format!("{}!", &KEY[..60]), CutShort(ED25519)),
        (
            format!("{}\r\n{} peter\r\n", &KEY[..60], &KEY[60..]),
            Wrapped(ED25519),
        ),
        ("a@b.org AAAAB2FAYi5vcmc=".to_owned(), UnknownType),
        ("ssh-ed25519\n".to_owned(), CutShort(ED25519)),
        ("peter and erik\n".to_owned(), Other),
        ("root:x:0:0:root:/root:/bin/bash\n".to_owned(), Other),
    ] {
        assert_eq!(FileKind::of(text.as_bytes()), kind, "{text}");
    }
    let certificate = include_str!("../../../softhsm-tests/vectors/krl/serial-7-cert.pub");
    assert_eq!(FileKind::of(certificate.as_bytes()), Certificate);
}

#[test]
fn a_block_is_known_by_its_label_whatever_stands_before_it() {
    for (label, kind) in [
        ("PUBLIC KEY", PublicPem),
        ("RSA PUBLIC KEY", RsaPem),
        ("CERTIFICATE", X509),
        ("NEW CERTIFICATE REQUEST", X509Request),
        ("SSH SIGNATURE", Signature),
        ("PUNCHMARK REQUEST", Request),
        ("PUNCHMARK EVIDENCE", Evidence),
        ("OPENSSH PRIVATE KEY", PrivateKey),
        ("EC PRIVATE KEY", PrivateKey),
        ("PGP MESSAGE", OtherPem),
    ] {
        for before in ["", "\u{feff}", "Gr\u{fc}\u{df}e,\n\n", "> ", "# "] {
            let text = format!("{before}-----BEGIN {label}-----\nAAAA\n");
            assert_eq!(FileKind::of(text.as_bytes()), kind, "{text}");
        }
    }
    for (text, kind) in [
        ("---- BEGIN SSH2 PUBLIC KEY ----\r\nAAAA\r\n", Rfc4716),
        ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n", PrivateKey),
        ("PuTTY-User-Key-File-3: ssh-ed25519\n", PrivateKey),
        ("BEGIN PUNCHMARK REQUEST\nAAAA\n", DamagedRequest),
        ("punchmark.ledger/abc\n64\nAAAA\n", Head),
        ("{\"origin\":\"punchmark.ledger/abc\",\"size\":64}", Proof),
    ] {
        assert_eq!(FileKind::of(text.as_bytes()), kind, "{text}");
    }
}

#[test]
fn bytes_are_known_by_how_they_begin_and_end() {
    let utf16: Vec<u8> = KEY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let sequence = |content: &[u8]| {
        let length = u8::try_from(content.len()).unwrap();
        [&[0x30, 0x81, length], content].concat()
    };
    for (bytes, kind) in [
        (b"".to_vec(), Empty),
        (b" \r\n".to_vec(), Empty),
        (b"SSHKRL\n\0\0\0\0\x01".to_vec(), Krl),
        (b"punchmark.ledger\0\0\0\x04".to_vec(), Ledger),
        (b"\x1f\x8b\x08".to_vec(), Gzip),
        ([b"\xff\xfe", &utf16[..]].concat(), Utf16),
        (utf16, Utf16),
        (b"\x00\x01\x02 bytes".to_vec(), Binary),
        (sequence(b"\x30\x03\x06\x01\x2a\x03\x01\x00"), PublicDer),
        (sequence(b"\x30\x03\xa0\x01\x02"), X509Der),
        (sequence(b"\x02\x01\x00"), PrivateKey),
        (sequence(b"\x04\x01\x00"), Der),
        (
            [sequence(b"\x04\x01\x00"), b"more".to_vec()].concat(),
            Binary,
        ),
        (b"\x30\x84\xff\xff\xff\xff".to_vec(), Other),
        (b"J\xfcrgen".to_vec(), Other),
    ] {
        assert_eq!(FileKind::of(&bytes), kind, "{bytes:?}");
    }
}
