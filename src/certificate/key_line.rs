//! The line of an OpenSSH public key file, or of a certificate file.

use std::borrow::Cow;

use ssh_encoding::base64::{Base64, Encoding};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use crate::wire::certificate::ReadError;
use crate::wire::{FileKind, PublicKey as PlainKey, RawCertificate};

/// Reads the one public key of a file, and its comment.
///
/// As ssh-keygen reads a `.pub` file: empty lines, lines with `#` first and lines that are no
/// key are passed over; options before the key are not known. The comment is all that stands
/// behind the key, `#` included, without the line break; it may be empty. A file is bytes:
/// what of a comment is no UTF-8 becomes U+FFFD, and hinders nothing.
///
/// # Errors
/// If the file is longer than 128 KiB, holds a private key or a certificate, no key or several:
/// which of them is meant, nobody can know.
pub fn read_public_key_line<T>(file: &T) -> Result<(KeyData, String), KeyLineError>
where
    T: AsRef<[u8]> + ?Sized,
{
    let file = file.as_ref();
    let mut found = None;
    for line in text(file)?.lines().filter(|line| !line.starts_with('#')) {
        let line = Line::split(line)?;
        if line.is_certificate() {
            return Err(KeyLineError::Certificate);
        }
        match (line.key(), &found) {
            (Some(_), Some(_)) => return Err(KeyLineError::Several),
            (Some(key), None) => found = Some((key, line.comment.to_owned())),
            (None, _) => {}
        }
    }
    if let Some(found) = found {
        return Ok(found);
    }
    Err(match FileKind::of(file) {
        FileKind::PrivateKey => KeyLineError::PrivateKey,
        kind => KeyLineError::NoKey(kind),
    })
}

/// Reads the first certificate of a file, and its comment; nothing in it is believed.
///
/// # Errors
/// If the file is longer than 128 KiB, holds a private or a public key, or no certificate.
pub fn read_certificate_line<T>(file: &T) -> Result<(RawCertificate, String), KeyLineError>
where
    T: AsRef<[u8]> + ?Sized,
{
    let file = file.as_ref();
    for line in text(file)?.lines().filter(|line| !line.starts_with('#')) {
        let line = Line::split(line)?;
        if line.is_certificate() {
            return Ok((line.certificate()?, line.comment.to_owned()));
        }
        if line.key().is_some() {
            return Err(KeyLineError::PublicKey);
        }
    }
    Err(KeyLineError::NoCertificate(FileKind::of(file)))
}

/// Why a text has no public key, or no certificate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyLineError {
    /// Longer than any public key file.
    #[error("public key file of {length} bytes is longer than {MAX_LEN}")]
    TooLong {
        /// How many bytes the file has.
        length: usize,
    },
    /// A file that should never leave its owner's machine.
    #[error("this is a private key, not a public key")]
    PrivateKey,
    /// A certificate, where a key is asked for.
    #[error("this is a certificate, not a public key")]
    Certificate,
    /// A key, where a certificate is asked for.
    #[error("this is a public key, not a certificate")]
    PublicKey,
    /// More than one key, where one is asked for.
    #[error("there is more than one public key in the file")]
    Several,
    /// Nothing that could be read as a key.
    #[error("there is no public key in OpenSSH form{}", .0.instead())]
    NoKey(FileKind),
    /// Nothing that could be read as a certificate.
    #[error("there is no certificate in OpenSSH form{}", .0.instead())]
    NoCertificate(FileKind),
    /// A line that is named as a certificate, but is none.
    #[error("certificate cannot be read")]
    Malformed(#[from] ReadError),
}

/// A line in its three parts.
struct Line<'a> {
    algorithm: &'a str,
    base64: &'a str,
    comment: &'a str,
}

impl<'a> Line<'a> {
    /// Splits a line that is not the begin of a private key.
    fn split(line: &'a str) -> Result<Self, KeyLineError> {
        let pem = line.starts_with("-----BEGIN") && line.contains("PRIVATE KEY");
        if pem
            || OTHER_PRIVATE_KEYS
                .iter()
                .any(|start| line.starts_with(start))
        {
            return Err(KeyLineError::PrivateKey);
        }
        let (algorithm, rest) = word(line);
        let (base64, comment) = word(rest);
        Ok(Self {
            algorithm,
            base64,
            comment: comment.split('\r').next().unwrap_or_default(),
        })
    }

    fn is_certificate(&self) -> bool {
        CERTIFICATES.iter().any(|end| self.algorithm.ends_with(end))
    }

    fn key(&self) -> Option<KeyData> {
        let line = format!("{} {}", self.algorithm, self.base64);
        let key = PublicKey::from_openssh(&line).ok()?;
        let key = key.key_data().clone();
        // ssh-key takes any name for the type of a key; one that nobody knows is none.
        (!matches!(key, KeyData::Other(_)) || is_known(&key)).then_some(key)
    }

    fn certificate(&self) -> Result<RawCertificate, KeyLineError> {
        // What base64ct says of a fault is where it stands, which nobody can see in a long line.
        let blob = Base64::decode_vec(self.base64).map_err(|_at| {
            let line = format!("{} {}", self.algorithm, self.base64);
            KeyLineError::NoCertificate(FileKind::of(line.as_bytes()))
        })?;
        let certificate = RawCertificate::from_blob(&blob)?;
        if certificate.algorithm() == self.algorithm {
            Ok(certificate)
        } else {
            Err(ReadError::Type(self.algorithm.to_owned()).into())
        }
    }
}

fn is_known(key: &KeyData) -> bool {
    let blob = PublicKey::from(key.clone()).to_bytes();
    blob.is_ok_and(|blob| PlainKey::from_blob(&blob).is_ok())
}

/// A file as text, if it is no longer than one that holds a key or a certificate.
fn text(file: &[u8]) -> Result<Cow<'_, str>, KeyLineError> {
    if file.len() > MAX_LEN {
        return Err(KeyLineError::TooLong { length: file.len() });
    }
    Ok(String::from_utf8_lossy(file))
}

/// The next word, and what stands behind it and its blanks.
fn word(line: &str) -> (&str, &str) {
    let line = line.trim_start_matches(BLANK);
    let (word, rest) = line.split_once(BLANK).unwrap_or((line, ""));
    (word, rest.trim_start_matches(BLANK))
}

/// The longest file that is read, in bytes: a certificate of 64 KiB and its comment.
pub const MAX_LEN: usize = 128 * 1024;

const BLANK: [char; 2] = [' ', '\t'];

/// How the names of certificates end.
const CERTIFICATES: [&str; 2] = ["-cert-v00@openssh.com", "-cert-v01@openssh.com"];

/// How PuTTY's files and those of version 1 begin.
const OTHER_PRIVATE_KEYS: [&str; 2] = ["PuTTY-User-Key-File-", "SSH PRIVATE KEY FILE"];

#[cfg(test)]
mod tests {
    use super::{KeyLineError, MAX_LEN, read_certificate_line, read_public_key_line};
    use crate::wire::FileKind;
    use crate::wire::certificate::ReadError;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    fn comment(text: &str) -> Result<String, KeyLineError> {
        read_public_key_line(text).map(|(_, comment)| comment)
    }

    #[test]
    fn keeps_the_comment_with_its_hashes_and_spaces() {
        for (end, expected) in [
            ("", ""),
            ("\n", ""),
            (" peter@laptop #2  x\r\nrest", "peter@laptop #2  x"),
            (" \t ä # ", "ä # "),
            (" a\rb\n", "a"),
        ] {
            assert_eq!(comment(&format!("{KEY}{end}")).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_comment_in_another_encoding_hinders_nothing() {
        let line = [KEY.as_bytes(), b" J\xfcrgen\n"].concat();
        let (_, comment) = read_public_key_line(&line).unwrap();
        assert_eq!(comment, "J\u{fffd}rgen");
    }

    #[test]
    fn passes_over_comments_empty_lines_and_junk() {
        let text =
            format!("\n# {KEY} a\n  \nssh-ed25519 AAAA junk\nhello\n \t{KEY} b\n# {KEY} c\n");
        assert_eq!(comment(&text).as_deref(), Ok("b"));
    }

    #[test]
    fn refuses_several_keys_since_nobody_knows_which_is_meant() {
        for text in [
            format!("{KEY} a\n{KEY} a\n"),
            format!("{KEY} a\n\njunk\n{KEY} b"),
        ] {
            assert_eq!(comment(&text), Err(KeyLineError::Several));
        }
    }

    #[test]
    fn knows_private_keys_and_certificates() {
        for text in [
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n",
            "-----BEGIN RSA PRIVATE KEY-----",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----",
            "PuTTY-User-Key-File-3: ssh-ed25519",
        ] {
            assert_eq!(comment(text), Err(KeyLineError::PrivateKey), "{text}");
        }
        assert_eq!(
            comment("ssh-rsa-cert-v01@openssh.com AAAA x"),
            Err(KeyLineError::Certificate)
        );
    }

    #[test]
    fn refuses_what_holds_no_key_and_says_what_it_is() {
        for (text, kind) in [
            ("", FileKind::Empty),
            ("\n", FileKind::Empty),
            ("ssh-ed25519", FileKind::CutShort("ssh-ed25519")),
            (
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
                FileKind::CutShort("ssh-ed25519"),
            ),
            ("-----BEGIN PUBLIC KEY-----\nMFkw\n", FileKind::PublicPem),
            (&format!("no-pty {KEY}"), FileKind::Options("ssh-ed25519")),
            ("x@y.org AAAAB3hAeS5vcmcAAAABYQ==", FileKind::UnknownType),
        ] {
            assert_eq!(comment(text), Err(KeyLineError::NoKey(kind)), "{text}");
        }
        assert_eq!(
            comment(&" ".repeat(MAX_LEN + 1)),
            Err(KeyLineError::TooLong {
                length: MAX_LEN + 1
            })
        );
    }

    #[test]
    fn knows_what_is_no_certificate() {
        let named = |rest: &str| format!("ssh-ed25519-cert-v01@openssh.com {rest}");
        let plain = KEY.split(' ').nth(1).unwrap();
        for (text, fault) in [
            (KEY.to_owned(), KeyLineError::PublicKey),
            (
                "hello".to_owned(),
                KeyLineError::NoCertificate(FileKind::Other),
            ),
            (
                named("AAA"),
                KeyLineError::NoCertificate(FileKind::CutShort("ssh-ed25519-cert-v01@openssh.com")),
            ),
            (
                named(plain),
                KeyLineError::Malformed(ReadError::Type("ssh-ed25519".to_owned())),
            ),
        ] {
            assert_eq!(read_certificate_line(&text), Err(fault), "{text}");
        }
    }
}
