//! The specifications of `ssh-keygen -k`: lines of text that say what to revoke.
//!
//! ```text
//! # comments, and blank lines, count for nothing
//! serial: 7
//! serial: 0x100-0x1ff
//! id: peter, laptop
//! key: ssh-ed25519 AAAA...
//! sha1: ssh-ed25519 AAAA...
//! sha256: ssh-ed25519 AAAA...
//! hash: SHA256:ZmluZ2VycHJpbnQ...
//! ssh-ed25519 AAAA...
//! ssh-ed25519-cert-v01@openssh.com AAAA...
//! ```
//!
//! What a line means is what `ssh-keygen` takes it for (ssh-keygen(1), "Key
//! revocation lists"): a keyword in any case; a plain certificate by its serial, or
//! by its key ID if that is 0, under its own CA; `key:`, `sha1:` and `sha256:` by the
//! key in it. A line ends at `#`, in a key ID too.

mod serial;

use std::ffi::CString;

use base64ct::{Base64, Encoding};

use super::certificate::{CertificateError, Subject};
use super::key::{Algorithm, KeyError, PublicKey};
use super::{Revocations, SerialRangeError};

pub use self::serial::SerialError;

/// The CA whose serials and key IDs a specification names: `-s` of `ssh-keygen -k`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ca {
    /// None was named, so serials and key IDs are refused.
    Unnamed,
    /// Every CA: `-s none`.
    Any,
    /// This CA.
    Key(PublicKey),
}

impl Ca {
    fn scope(&self) -> Result<Option<&PublicKey>, Fault> {
        match self {
            Self::Unnamed => Err(Fault::CaMissing),
            Self::Any => Ok(None),
            Self::Key(key) => Ok(Some(key)),
        }
    }
}

/// Adds what the specification `text` revokes to `revocations`.
///
/// # Errors
/// [`SpecError`], with the first line that `ssh-keygen` would refuse. The lines
/// before it are in `revocations` then.
pub fn revoke(text: &[u8], ca: &Ca, revocations: &mut Revocations) -> Result<(), SpecError> {
    // What follows the last line feed is a line only if there is any.
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        revoke_line(line, ca, revocations).map_err(|fault| SpecError {
            line: index + 1,
            fault,
        })?;
    }
    Ok(())
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the specification")]
pub struct SpecError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub fault: Fault,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A serial or key ID means nothing without its CA.
    #[error("revoking by serial or key ID needs a CA")]
    CaMissing,
    /// No serial or range of serials.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// Serial 0, which no KRL can name.
    #[error(transparent)]
    Range(#[from] SerialRangeError),
    /// `hash:` takes fingerprints as in `SHA256:…` alone.
    #[error("a hash that is not SHA256:")]
    HashAlgorithm,
    /// A key or hash is not base64.
    #[error("invalid base64")]
    Base64,
    /// A fingerprint of the wrong length.
    #[error("a SHA-256 hash of {bytes} bytes, not 32")]
    HashLength {
        /// Its length.
        bytes: usize,
    },
    /// Neither a keyword, nor a key's algorithm and its base64 form.
    #[error("neither a keyword nor a key")]
    NoKey,
    /// The key or certificate cannot be read.
    #[error("invalid key")]
    Key(#[source] CertificateError),
    /// The algorithm before the key is not the key's.
    #[error("the line says {said}, the key is {found}")]
    OtherAlgorithm {
        /// The algorithm that the line starts with.
        said: &'static str,
        /// The algorithm in the key.
        found: &'static str,
    },
}

fn revoke_line(line: &[u8], ca: &Ca, revocations: &mut Revocations) -> Result<(), Fault> {
    let (keyword, content) = Keyword::split(trim(line));
    match keyword {
        Keyword::None if content.is_empty() => {}
        Keyword::None => revocations.revoke(&read_key(content)?.0),
        Keyword::Serial => {
            let ca = ca.scope()?;
            revocations.revoke_serials(ca, serial::range(content)?);
        }
        Keyword::Id => {
            let ca = ca.scope()?;
            // A line ends at its first NUL.
            let key_id = CString::new(content).unwrap_or_default();
            revocations.revoke_key_id(ca, &key_id);
        }
        Keyword::Hash => revocations.revoke_sha256(read_hash(content)?),
        Keyword::Key => revocations.revoke_key(read_key(content)?.0.key()),
        Keyword::Sha1 => revocations.revoke_sha1(read_key(content)?.0.key().sha1()),
        Keyword::Sha256 => revocations.revoke_sha256(read_key(content)?.0.key().sha256()),
    }
    Ok(())
}

/// What a line names its revocation by.
#[derive(Clone, Copy)]
enum Keyword {
    Serial,
    Id,
    Hash,
    Key,
    Sha1,
    Sha256,
    /// A key or certificate stands alone.
    None,
}

impl Keyword {
    /// The keyword of a trimmed line, and what follows it.
    fn split(line: &[u8]) -> (Self, &[u8]) {
        for (name, keyword) in Self::NAMES {
            if let Some((start, content)) = line.split_at_checked(name.len())
                && start.eq_ignore_ascii_case(name)
            {
                return (keyword, trim_start(content));
            }
        }
        (Self::None, line)
    }

    const NAMES: [(&[u8], Self); 6] = [
        (b"serial:", Self::Serial),
        (b"id:", Self::Id),
        (b"hash:", Self::Hash),
        (b"key:", Self::Key),
        (b"sha1:", Self::Sha1),
        (b"sha256:", Self::Sha256),
    ];
}

/// Drops a comment, and blanks at both ends. A NUL ends a line too, as in C.
fn trim(line: &[u8]) -> &[u8] {
    let ends = |byte: &u8| matches!(byte, b'#' | b'\0');
    let mut line = trim_start(line.split(ends).next().unwrap_or_default());
    while let [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

pub(super) fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

/// Reads an algorithm and a base64 key, and gives the comment behind them.
pub(super) fn read_key(text: &[u8]) -> Result<(Subject, &[u8]), Fault> {
    let (name, rest) = split_word(text);
    let (base64, rest) = split_word(trim_start(rest));
    if base64.is_empty() {
        return Err(Fault::NoKey);
    }
    // An unknown name may be a misspelt keyword as well.
    let (algorithm, form) = Algorithm::named(name).map_err(|_: KeyError| Fault::NoKey)?;
    let blob = decode(base64.to_vec())?;
    let subject = Subject::from_signed_blob(&blob).map_err(Fault::Key)?;
    let (said, found) = (algorithm.name(form), subject.algorithm());
    if said == found {
        Ok((subject, trim_start(rest)))
    } else {
        Err(Fault::OtherAlgorithm { said, found })
    }
}

/// Reads a fingerprint as `ssh-keygen -l` prints it.
fn read_hash(text: &[u8]) -> Result<[u8; 32], Fault> {
    let base64 = text.strip_prefix(b"SHA256:").ok_or(Fault::HashAlgorithm)?;
    let mut padded = base64.to_vec();
    while padded.len() % 4 != 0 {
        padded.push(b'=');
    }
    let hash = decode(padded)?;
    <[u8; 32]>::try_from(hash).map_err(|hash| Fault::HashLength { bytes: hash.len() })
}

/// Decodes padded base64. White space counts for nothing, as in `b64_pton`.
fn decode(mut base64: Vec<u8>) -> Result<Vec<u8>, Fault> {
    base64.retain(|byte| !matches!(byte, b' ' | b'\t'..=b'\r'));
    // The errors tell characters and length apart, which helps nobody here.
    let text = std::str::from_utf8(&base64).map_err(|_| Fault::Base64)?;
    Base64::decode_vec(text).map_err(|_| Fault::Base64)
}

/// A word up to a blank, and what follows it.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    text.split_at(text.iter().position(blank).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{self as vectors, certificate, key, text};
    use super::super::{Header, KeyError, Krl, WireError};
    use super::*;

    /// What a specification revokes, as `show` prints it below the header.
    fn read(text: &str, ca: &Ca) -> Result<String, SpecError> {
        let mut revocations = Revocations::default();
        revoke(text.as_bytes(), ca, &mut revocations)?;
        let mut shown = String::new();
        let krl = Krl::new(Header::default(), revocations);
        krl.show("then", &mut shown).unwrap();
        Ok(shown
            .lines()
            .skip(3)
            .map(|line| format!("{line}\n"))
            .collect())
    }

    fn fault(text: &str) -> Fault {
        read(text, &Ca::Any).unwrap_err().fault
    }

    fn line(name: &str) -> String {
        text(&format!("{name}.pub")).trim_end().to_owned()
    }

    fn revocations(gather: impl FnOnce(&mut Revocations)) -> Result<Revocations, SpecError> {
        let mut revocations = Revocations::default();
        gather(&mut revocations);
        Ok(revocations)
    }

    fn gathered(text: &str) -> Result<Revocations, SpecError> {
        let mut revocations = Revocations::default();
        revoke(text.as_bytes(), &Ca::Unnamed, &mut revocations).map(|()| revocations)
    }

    #[test]
    fn every_specification_gives_the_krl_that_ssh_keygen_made_of_it() {
        for (name, ca) in vectors::KRLS {
            if name == "several" {
                continue;
            }
            let ca = match ca {
                None => Ca::Unnamed,
                Some("none") => Ca::Any,
                Some(ca) => Ca::Key(key(ca)),
            };
            let spec = vectors::file(&format!("{name}.spec"));
            let theirs = vectors::krl(name);
            let mut revocations = Revocations::default();
            revoke(&spec, &ca, &mut revocations).unwrap();
            assert_eq!(
                Krl::new(theirs.header().clone(), revocations),
                theirs,
                "{name}"
            );
        }
    }

    #[test]
    fn keywords_have_any_case_and_blanks_around_their_value() {
        assert_eq!(
            read(
                " \tSERIAL:\t 7 \t# seven\n\n#\n  Serial:9\nId:  a  b\t",
                &Ca::Any
            ),
            Ok("\n# Wildcard CA\nserial: 7\nserial: 9\nid: a  b\n".into())
        );
    }

    #[test]
    fn a_comment_ends_a_key_id_and_a_key_id_may_be_empty() {
        assert_eq!(
            read("id: a#b\nid: # none", &Ca::Any),
            Ok("\n# Wildcard CA\nid: \nid: a\n".into())
        );
    }

    #[test]
    fn serials_and_key_ids_need_a_ca() {
        for text in ["serial: 7", "id: peter"] {
            assert_eq!(
                read(text, &Ca::Unnamed),
                Err(SpecError {
                    line: 1,
                    fault: Fault::CaMissing
                })
            );
        }
    }

    #[test]
    fn an_error_names_its_line() {
        assert_eq!(
            read("serial: 1\n\nserial: x\nserial: y", &Ca::Any),
            Err(SpecError {
                line: 3,
                fault: Fault::Serial(SerialError::Malformed)
            })
        );
    }

    #[test]
    fn a_keyword_takes_the_key_out_of_a_certificate() {
        let user = key("user");
        let cert = line("serial-7-cert");
        let expected = revocations(|list| {
            list.revoke_key(&user);
            list.revoke_sha1(user.sha1());
            list.revoke_sha256(user.sha256());
        });
        assert_eq!(
            gathered(&format!("Key:{cert}\nsha1: {cert}\nSHA256:\t{cert}")),
            expected
        );
    }

    #[test]
    fn a_certificate_is_revoked_under_its_own_ca() {
        let expected = revocations(|list| {
            list.revoke(&Subject::Certificate(certificate("serial-7")));
            list.revoke(&Subject::Certificate(certificate("serial-0")));
        });
        let text = format!("{}\n{}\n", line("serial-7-cert"), line("serial-0-cert"));
        assert_eq!(gathered(&text), expected);
    }

    #[test]
    fn windows_line_ends_spoil_a_key_id_and_a_serial_but_no_key() {
        assert_eq!(
            read("id: peter\r\n", &Ca::Any),
            Ok("\n# Wildcard CA\nid: peter\\015\n".into())
        );
        assert_eq!(
            fault("serial: 7\r\n"),
            Fault::Serial(SerialError::Malformed)
        );
        let user = line("user");
        let (bare, _comment) = user.rsplit_once(' ').unwrap();
        let expected = revocations(|list| list.revoke_key(&key("user")));
        assert_eq!(gathered(&format!("{bare}\r\n")), expected);
    }

    #[test]
    fn a_hash_is_one_that_ssh_keygen_prints() {
        let base64 = Base64::encode_string(&key("user").sha256());
        let expected = revocations(|list| list.revoke_sha256(key("user").sha256()));
        assert_eq!(gathered(&format!("hash: SHA256:{base64}")), expected);
        let unpadded = base64.trim_end_matches('=');
        assert_eq!(gathered(&format!("HASH:SHA256:{unpadded}")), expected);
        assert_eq!(
            fault(&format!("hash: sha256:{unpadded}")),
            Fault::HashAlgorithm
        );
        assert_eq!(fault("hash: MD5:00:11"), Fault::HashAlgorithm);
        assert_eq!(fault("hash: SHA256:AAAA"), Fault::HashLength { bytes: 3 });
        assert_eq!(fault("hash: SHA256:A*"), Fault::Base64);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let (user, forged) = (line("user"), {
            // The serial's last byte, in base64.
            let blob = vectors::blob("serial-7-cert");
            let mut blob = blob.clone();
            blob[4 + 32 + 4 + 32 + 4 + 32 + 7] = 8;
            Base64::encode_string(&blob)
        });
        let base64 = user.split(' ').nth(1).unwrap();
        assert_eq!(fault("peter"), Fault::NoKey);
        assert_eq!(fault("ssh-ed25519"), Fault::NoKey);
        assert_eq!(fault(&format!("cert-authority {base64}")), Fault::NoKey);
        assert_eq!(fault(&format!("ssh-ed25519 {base64}=")), Fault::Base64);
        assert_eq!(
            fault("ssh-ed25519 AAAA"),
            Fault::Key(CertificateError::Wire(WireError::Short))
        );
        assert_eq!(
            fault(&format!("ssh-rsa {base64}")),
            Fault::OtherAlgorithm {
                said: "ssh-rsa",
                found: "ssh-ed25519"
            }
        );
        assert_eq!(
            fault(&format!("ssh-ed25519-cert-v01@openssh.com {forged}")),
            Fault::Key(CertificateError::WrongSignature)
        );
        assert_eq!(
            fault("key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAA=="),
            Fault::Key(CertificateError::Key(KeyError::Ed25519Length { bytes: 0 }))
        );
    }
}
