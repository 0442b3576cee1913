//! The line of an OpenSSH public key file, or of a certificate file.

use ssh_encoding::base64::{Base64, Encoding};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::other_form::OtherForm;
use crate::wire::RawCertificate;
use crate::wire::certificate::ReadError;

/// Reads the first public key of a text, and its comment.
///
/// As ssh-keygen reads a `.pub` file: empty lines, lines with `#` first and lines that are no
/// key are passed over; options before the key are not known. The comment is all that stands
/// behind the key, `#` included, without the line break; it may be empty.
///
/// # Errors
/// If the text is longer than 128 KiB, holds a private key or a certificate, or no key.
pub fn read_public_key_line(text: &str) -> Result<(KeyData, String), KeyLineError> {
    for line in lines(text)? {
        let line = Line::split(line)?;
        if line.is_certificate() {
            return Err(KeyLineError::Certificate);
        }
        if let Some(key) = line.key() {
            return Ok((key, line.comment.to_owned()));
        }
    }
    Err(OtherForm::of(text).map_or(KeyLineError::NoKey, KeyLineError::OtherForm))
}

/// Reads the first certificate of a text, and its comment; nothing in it is believed.
///
/// # Errors
/// If the text is longer than 128 KiB, holds a private or a public key, or no certificate.
pub fn read_certificate_line(text: &str) -> Result<(RawCertificate, String), KeyLineError> {
    for line in lines(text)? {
        let line = Line::split(line)?;
        if line.is_certificate() {
            return Ok((line.certificate()?, line.comment.to_owned()));
        }
        if line.key().is_some() {
            return Err(KeyLineError::PublicKey);
        }
    }
    Err(KeyLineError::NoCertificate)
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
    /// Nothing that could be read as a key.
    #[error("there is no public key in OpenSSH form")]
    NoKey,
    /// A key in a form that other programs write.
    #[error("{0}")]
    OtherForm(OtherForm),
    /// Nothing that could be read as a certificate.
    #[error("there is no certificate in OpenSSH form")]
    NoCertificate,
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
        Some(key.key_data().clone())
    }

    fn certificate(&self) -> Result<RawCertificate, KeyLineError> {
        // What base64ct says of a fault is where it stands, which nobody can see in a long line.
        let blob = Base64::decode_vec(self.base64).map_err(|_at| KeyLineError::NoCertificate)?;
        let certificate = RawCertificate::from_blob(&blob)?;
        if certificate.algorithm() == self.algorithm {
            Ok(certificate)
        } else {
            Err(ReadError::Type(self.algorithm.to_owned()).into())
        }
    }
}

/// The lines that are no comment.
fn lines(text: &str) -> Result<impl Iterator<Item = &str>, KeyLineError> {
    if text.len() > MAX_LEN {
        return Err(KeyLineError::TooLong { length: text.len() });
    }
    Ok(text.lines().filter(|line| !line.starts_with('#')))
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
    fn passes_over_comments_empty_lines_and_junk() {
        let text = format!("\n# {KEY} a\n  \nssh-ed25519 AAAA junk\nhello\n \t{KEY} b\n{KEY} c\n");
        assert_eq!(comment(&text).as_deref(), Ok("b"));
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
    fn refuses_what_holds_no_key() {
        for text in [
            "",
            "\n",
            "ssh-ed25519",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
        ] {
            assert_eq!(comment(text), Err(KeyLineError::NoKey), "{text}");
        }
        for text in [
            "-----BEGIN PUBLIC KEY-----\nMFkw\n",
            "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n",
            &format!("no-pty {KEY}"),
        ] {
            let refused = comment(text);
            assert!(matches!(refused, Err(KeyLineError::OtherForm(_))), "{text}");
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
            ("hello".to_owned(), KeyLineError::NoCertificate),
            (named("AAA"), KeyLineError::NoCertificate),
            (
                named(plain),
                KeyLineError::Malformed(ReadError::Type("ssh-ed25519".to_owned())),
            ),
        ] {
            assert_eq!(read_certificate_line(&text), Err(fault), "{text}");
        }
    }
}
