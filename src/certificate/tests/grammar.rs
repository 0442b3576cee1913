//! `-V`, `-O` and key files, as ssh-keygen reads them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ssh_encoding::base64::{Base64, Encoding};

use super::{NOW, lines, map, vector};
use crate::certificate::key_line::{KeyLineError, read_public_key_line};
use crate::certificate::{Kind, Options, Subject, SubjectError, Validity};
use crate::wire::RawCertificate;

/// Where `-V` is read otherwise than by ssh-keygen, and what comes of it.
///
/// Dates that do not exist and local times that the clocks skip are refused, as are signs and
/// blanks in front of a number; dates in summer are in summer time (ssh-keygen is an hour late).
const OTHER_VALIDITIES: [(&str, &str); 12] = [
    ("++1h", "refused"),
    ("+ 1h", "refused"),
    (
        "20260701:20260801",
        "from 2026-06-30T22:00:00 to 2026-07-31T22:00:00",
    ),
    (
        "202607011200:202607011300",
        "from 2026-07-01T10:00:00 to 2026-07-01T11:00:00",
    ),
    (
        "202610250130:202610250330",
        "from 2026-10-24T23:30:00 to 2026-10-25T02:30:00",
    ),
    (
        "202603290130:202603290330",
        "from 2026-03-29T00:30:00 to 2026-03-29T01:30:00",
    ),
    ("202603290230:202603290330", "refused"),
    ("20260101235960:20270101", "refused"),
    ("20260230:20260401", "refused"),
    ("20250229:20260401", "refused"),
    // As this program prints dates, in UTC.
    (
        "2026-11-22:20270101",
        "from 2026-11-22T00:00:00 to 2026-12-31T23:00:00",
    ),
    (
        "20240229:20260401",
        "from 2024-02-28T23:00:00 to 2026-03-31T22:00:00",
    ),
];

#[test]
fn reads_validities_as_ssh_keygen_does() {
    let zone = || TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    for (spec, shown) in lines("validity.tsv") {
        let other = OTHER_VALIDITIES.iter().find(|(other, _)| *other == spec);
        let expected = other.map_or(shown.as_str(), |(_, ours)| ours);
        // ssh-keygen's own form of a time past the year 9999.
        let expected = expected.replace("219250468-01-00T15:30:07", "?");
        let ours = Validity::parse(&spec, NOW, &zone).map(as_shown_by_ssh_keygen);
        assert_eq!(
            ours.unwrap_or_else(|_| "refused".to_owned()),
            expected,
            "{spec}"
        );
    }
}

fn as_shown_by_ssh_keygen(validity: Validity) -> String {
    let time = |seconds: u64| match Timestamp::from_second(seconds.cast_signed()) {
        Ok(time) if seconds < 1 << 62 => time.strftime("%FT%T").to_string(),
        _ => "?".to_owned(),
    };
    let (after, before) = (validity.valid_after(), validity.valid_before());
    match (after, before) {
        (0, u64::MAX) => "forever".to_owned(),
        (0, before) => format!("before {}", time(before)),
        (after, u64::MAX) => format!("after {}", time(after)),
        (after, before) => format!("from {} to {}", time(after), time(before)),
    }
}

/// What ssh-keygen takes of `-O` (in `-O` order, tabs between) and Punchmark refuses.
const REFUSED_OPTIONS: [&str; 13] = [
    "source-address=10",
    "source-address=010.0.0.0/8",
    "critical:a@example.org=",
    "extension:b@example.org=",
    "critical:",
    "extension:=x",
    "extension:b@example.org\textension:b@example.org",
    "extension:permit-pty",
    "extension:permit-pty=1\tclear",
    "extension:force-command=ls",
    "critical:permit-pty",
    "critical:source-address=nonsense",
    "extension:a b",
];

/// What OpenSSH has learned since 9.2.
const NEWER_OPTIONS: [&str; 1] = ["verify-required\tno-verify-required"];

#[test]
fn reads_options_as_ssh_keygen_does() {
    for (blob, line) in lines("options.tsv") {
        let mut args: Vec<String> = line.split('\t').map(str::to_owned).collect();
        args.retain(|argument| !argument.is_empty());
        let host = args.first().is_some_and(|first| first == "-h");
        let kind = if host { Kind::Host } else { Kind::User };
        let ours = Options::parse(kind, &args[usize::from(host)..]);
        if REFUSED_OPTIONS.contains(&line.as_str()) || blob == "refused" {
            let newer = NEWER_OPTIONS.contains(&line.as_str());
            assert_eq!(ours.is_ok(), newer, "{line}: {ours:?}");
            continue;
        }
        let theirs = RawCertificate::from_blob(&Base64::decode_vec(&blob).unwrap()).unwrap();
        let ours = ours.unwrap_or_else(|fault| panic!("{line}: {fault}"));
        assert_eq!(ours.critical(), &map(theirs.critical()), "{line}");
        assert_eq!(ours.extensions(), &map(theirs.extensions()), "{line}");
    }
}

#[test]
fn reads_key_files_and_says_which_keys_can_be_certified() {
    for (name, description, comment) in [
        ("rsa2048", "RSA 2048", "rsa2048"),
        ("rsa3072", "RSA 3072", "rsa3072"),
        ("ecdsa256", "ECDSA P-256", "ecdsa256"),
        ("ecdsa384", "ECDSA P-384", "ecdsa384"),
        ("ecdsa521", "ECDSA P-521", "ecdsa521"),
        ("ed25519", "Ed25519", "peter@laptop #2, \"x\""),
        ("ed25519-sk", "Ed25519-SK", "ed25519-sk"),
        ("ecdsa-sk", "ECDSA-SK P-256", "ecdsa-sk"),
    ] {
        let text = vector(&format!("keys/{name}.pub"));
        let (key, found) = read_public_key_line(&text).unwrap();
        assert_eq!(found, comment);
        assert_eq!(Subject::try_from(key).unwrap().describe(), description);
    }
    for (name, fault) in [
        ("dsa1024", SubjectError::Algorithm("ssh-dss".to_owned())),
        ("rsa1024", SubjectError::RsaSize { bits: 1024 }),
    ] {
        let text = vector(&format!("keys/{name}.pub"));
        let (key, _) = read_public_key_line(&text).unwrap();
        assert_eq!(Subject::try_from(key), Err(fault));
    }
    let text = vector("certs/host.pub");
    assert_eq!(read_public_key_line(&text), Err(KeyLineError::Certificate));
}
