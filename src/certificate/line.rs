//! The line of a `-cert.pub` file.

use ssh_encoding::base64::{Base64, Encoding};

use super::reader::{self, RawCertificate, ReadError};
use super::text::is_plain;

/// The line of a certificate and its comment, without a line break.
///
/// Characters of the comment that could end the line or hide in it become `?`.
#[must_use]
pub fn certificate_line(certificate: &RawCertificate, comment: &str) -> String {
    let blob = Base64::encode_string(certificate.blob());
    let comment: String = comment
        .chars()
        .map(|c| if is_plain(c) { c } else { '?' })
        .collect();
    let line = format!("{} {blob} {}", certificate.algorithm(), comment.trim());
    line.trim_end().to_owned()
}

/// Reads the first certificate of a text, and its comment.
///
/// # Errors
/// [`CertificateLineError`] if no line is a certificate, or it cannot be read.
pub fn read_certificate_line(text: &str) -> Result<(RawCertificate, String), CertificateLineError> {
    let mut lines = text.lines().map(words);
    let (name, blob, comment) = lines
        .find(|(name, ..)| name.ends_with(SUFFIX))
        .ok_or(CertificateLineError::NoCertificate)?;
    let blob = Base64::decode_vec(blob).map_err(|_| CertificateLineError::Base64)?;
    let certificate = reader::read(&blob)?;
    if certificate.algorithm() != name {
        return Err(CertificateLineError::OtherType {
            line: name.chars().take(64).collect(),
            blob: certificate.algorithm(),
        });
    }
    Ok((certificate, comment.to_owned()))
}

/// Why a text gives no certificate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CertificateLineError {
    /// No line begins with the type of a certificate.
    #[error("there is no certificate in OpenSSH form")]
    NoCertificate,
    /// The second word is not Base64.
    #[error("the certificate is not valid Base64")]
    Base64,
    /// What the Base64 holds is no certificate.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The line and what it holds disagree.
    #[error("the line says {line:?}, the certificate in it is {blob}")]
    OtherType {
        /// The first word of the line, cut at 64 characters.
        line: String,
        /// The type that stands in the certificate.
        blob: &'static str,
    },
}

/// Type, Base64 and comment.
fn words(line: &str) -> (&str, &str, &str) {
    let mut words = line.trim().splitn(3, [' ', '\t']);
    let mut word = || words.next().unwrap_or_default();
    (word(), word(), word().trim())
}

/// What the type of every certificate of version 1 ends in (PROTOCOL.certkeys).
const SUFFIX: &str = "-cert-v01@openssh.com";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_certificate_says_so() {
        assert_eq!(
            read_certificate_line("# nothing\nssh-ed25519 AAAA x\n"),
            Err(CertificateLineError::NoCertificate)
        );
    }

    #[test]
    fn base64_that_is_none_is_refused() {
        assert_eq!(
            read_certificate_line("ssh-ed25519-cert-v01@openssh.com AA?A x"),
            Err(CertificateLineError::Base64)
        );
    }

    #[test]
    fn bytes_that_are_cut_are_refused() {
        assert_eq!(
            read_certificate_line("ssh-ed25519-cert-v01@openssh.com AAAA x"),
            Err(CertificateLineError::Read(ReadError::Truncated("type")))
        );
    }
}
