//! Writing the line of a `-cert.pub` file.

use ssh_encoding::base64::{Base64, Encoding};

use super::text::is_plain;
use crate::wire::RawCertificate;

/// The line of a certificate and its comment, without a line break.
///
/// Characters of the comment that could end the line or hide in it become `?`.
#[must_use]
pub fn certificate_line(certificate: &RawCertificate, comment: &str) -> String {
    let blob = Base64::encode_string(certificate.blob());
    let plain = |c| if is_plain(c) { c } else { '?' };
    let comment: String = comment.chars().map(plain).collect();
    let line = format!("{} {blob} {comment}", certificate.algorithm());
    line.trim_end().to_owned()
}
