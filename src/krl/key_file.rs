//! Public key files, as `ssh-keygen -Q` reads them.

use super::certificate::{Signatures, Subject};
use super::spec::{Fault, read_key, trim_start};
use crate::wire::FileKind;

/// The first key or certificate of a public key file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    /// The key or the certificate.
    pub subject: Subject,
    /// What stands behind it on its line; mostly UTF-8, and often empty.
    pub comment: Vec<u8>,
}

impl KeyFile {
    /// Reads the text of a public key file; a certificate's signature is checked as asked
    /// for. Lines that start with `#` and lines that
    /// are no key are passed over, as OpenSSH passes over them.
    ///
    /// # Errors
    /// [`KeyFileError`] if there is no key, or a private one.
    pub fn read(text: &[u8], signatures: Signatures) -> Result<Self, KeyFileError> {
        let mut error = KeyFileError::NoKey(FileKind::of(text));
        let lines = text.split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.starts_with(b"#")) {
            if line.starts_with(b"-----BEGIN") {
                return Err(error);
            }
            match read_key(trim_start(until(line, b"\0")), signatures) {
                Ok((subject, behind)) => {
                    let comment = until(behind, b"\0\r").to_vec();
                    return Ok(Self { subject, comment });
                }
                Err(Fault::NoKey) => {}
                Err(fault) => error = KeyFileError::Line(fault),
            }
        }
        Err(error)
    }
}

/// Why a text is no public key file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// No line looks like a key; what the file is instead.
    #[error("there is no public key in OpenSSH form{}", .0.instead())]
    NoKey(FileKind),
    /// No line is a key; this is wrong with the last that looks like one.
    #[error("there is no valid public key")]
    Line(#[source] Fault),
}

/// A line up to the first of these bytes.
fn until<'a>(line: &'a [u8], ends: &[u8]) -> &'a [u8] {
    line.split(|byte| ends.contains(byte))
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{certificate, key, text};
    use super::super::{CertificateError, WireError};
    use super::*;
    use crate::wire::verify::SignatureError;

    fn line(name: &str) -> String {
        text(&format!("{name}.pub")).trim_end().to_owned()
    }

    /// Algorithm and base64, without the comment.
    fn bare(name: &str) -> String {
        let line = line(name);
        line.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    fn read(text: &str) -> Result<(Subject, String), KeyFileError> {
        let file = KeyFile::read(text.as_bytes(), Signatures::default())?;
        Ok((file.subject, String::from_utf8(file.comment).unwrap()))
    }

    #[test]
    fn the_first_key_counts_and_its_comment_ends_with_its_line() {
        let user = || Subject::Key(key("user"));
        let (bare, other) = (bare("user"), line("ca"));
        for (text, comment) in [
            (format!("{bare} a #b\tc\r\n{other}\n"), "a #b\tc"),
            (format!("\n# {other}\nno key\n \t{bare}\n"), ""),
            (format!("{bare}\r"), ""),
            (format!("{bare}  a\0b"), "a"),
            (format!("ssh-ed25519 AAAA\n{bare} x"), "x"),
        ] {
            assert_eq!(read(&text), Ok((user(), comment.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_certificate_is_read_and_verified() {
        let read = read(&bare("serial-7-cert"));
        let expected = Subject::Certificate(certificate("serial-7"));
        assert_eq!(read, Ok((expected, String::new())));
        // The last bytes are the signature's.
        let mut forged = bare("serial-7-cert");
        let end = forged.trim_end_matches('=').len() - 4;
        let letter = if forged[end..].starts_with('A') {
            "B"
        } else {
            "A"
        };
        forged.replace_range(end..=end, letter);
        assert_eq!(
            KeyFile::read(forged.as_bytes(), Signatures::default()),
            Err(KeyFileError::Line(Fault::Key(
                SignatureError::Mismatch.into()
            )))
        );
    }

    #[test]
    fn what_holds_no_public_key_is_refused() {
        assert_eq!(read(""), Err(KeyFileError::NoKey(FileKind::Empty)));
        assert_eq!(read("peter\n"), Err(KeyFileError::NoKey(FileKind::Other)));
        assert_eq!(
            read("ssh-ed25519 AAAA\n"),
            Err(KeyFileError::Line(Fault::Key(CertificateError::Wire(
                WireError::Short
            ))))
        );
        let private = format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}", line("user"));
        assert_eq!(
            read(&private),
            Err(KeyFileError::NoKey(FileKind::PrivateKey))
        );
    }
}
