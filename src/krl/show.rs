//! A KRL in words, as `ssh-keygen -Q -l` prints it.

use std::fmt::{self, Write};

use base64ct::{Base64Unpadded, Encoding};

use super::certificate::Subject;
use super::{Authority, Krl};
use crate::wire::{PublicKey, hex};

impl Krl {
    /// Writes the lines of `ssh-keygen -Q -l`: mostly a specification that
    /// [`super::spec`] reads.
    ///
    /// `generated` is the time in the header as the reader's clock shows it;
    /// `ssh-keygen` writes local time as in `20261122T101500`. What comes from the
    /// file is made harmless: a character that is not plainly printable (control,
    /// bidirectional, of no width) or no UTF-8 becomes octal escapes of its bytes.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn show(&self, generated: &str, out: &mut impl Write) -> fmt::Result {
        writeln!(out, "# KRL version {}", self.header.version)?;
        writeln!(out, "# Generated at {generated}")?;
        if !self.header.comment.is_empty() {
            writeln!(
                out,
                "# Comment: {}",
                Harmless(self.header.comment.to_bytes())
            )?;
        }
        writeln!(out)?;
        for key in self.keys().iter() {
            show_key(key, out)?;
        }
        for sha256 in self.sha256s() {
            writeln!(out, "hash: SHA256:{}", hex(sha256))?;
        }
        for sha1 in self.sha1s() {
            writeln!(out, "# hash SHA1:{}", hex(sha1))?;
        }
        self.authorities()
            .try_for_each(|authority| show_authority(authority, out))
    }
}

fn show_key(blob: &[u8], out: &mut impl Write) -> fmt::Result {
    match Subject::from_signed_blob(blob) {
        Ok(subject) => {
            let fingerprint = Fingerprint(subject.key());
            writeln!(out, "hash: {fingerprint} # {}", subject.algorithm())
        }
        // `ssh-keygen` prints nothing, and goes on.
        Err(_) => writeln!(out, "# {} bytes that are no public key", blob.len()),
    }
}

fn show_authority(authority: &Authority, out: &mut impl Write) -> fmt::Result {
    match authority.ca() {
        Some(ca) => writeln!(out, "\n# CA key {} {}", ca.algorithm(), Fingerprint(ca))?,
        None => writeln!(out, "\n# Wildcard CA")?,
    }
    for range in authority.serials().ranges() {
        if range.first() == range.last() {
            writeln!(out, "serial: {}", range.first())?;
        } else {
            writeln!(out, "serial: {}-{}", range.first(), range.last())?;
        }
    }
    for key_id in authority.key_ids().iter() {
        writeln!(out, "id: {}", Harmless(key_id))?;
    }
    Ok(())
}

/// A key's SHA-256 fingerprint as OpenSSH prints it: `SHA256:` and base64.
#[derive(Clone, Copy, Debug)]
pub struct Fingerprint<'a>(pub &'a PublicKey);

impl fmt::Display for Fingerprint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base64 = Base64Unpadded::encode_string(&self.0.sha256());
        write!(f, "SHA256:{base64}")
    }
}

/// A text from outside, safe for a terminal and for a line: what is not plainly
/// printable, or no UTF-8, becomes octal escapes of its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Harmless<'a>(pub &'a [u8]);

impl fmt::Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                if is_printable(character) {
                    f.write_char(character)?;
                } else {
                    let mut utf8 = [0; 4];
                    write_octal(character.encode_utf8(&mut utf8).as_bytes(), f)?;
                }
            }
            write_octal(chunk.invalid(), f)?;
        }
        Ok(())
    }
}

/// Whether a character shows as itself. Rust's own `Debug` knows which do.
fn is_printable(character: char) -> bool {
    matches!(character, '\\' | '\'' | '"') || character.escape_debug().len() == 1
}

fn write_octal(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "\\{byte:03o}"))
}

#[cfg(test)]
mod tests {
    use super::super::{Header, Revocations, tests as vectors};
    use super::*;

    fn show(krl: &Krl, generated: &str) -> String {
        let mut text = String::new();
        krl.show(generated, &mut text).unwrap();
        text
    }

    #[test]
    fn every_krl_shows_as_ssh_keygen_shows_it() {
        for (name, _) in vectors::KRLS {
            let expected = vectors::text(&format!("{name}.show"));
            let generated = expected.lines().nth(1).unwrap();
            let generated = generated.strip_prefix("# Generated at ").unwrap();
            assert_eq!(show(&vectors::krl(name), generated), expected, "{name}");
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        let comment = "ok\n# CA key \x1b[2J \u{202e}x\u{200b} \\ søren 鍵"
            .as_bytes()
            .to_vec();
        let header = Header {
            comment: std::ffi::CString::new([comment, vec![0xff]].concat()).unwrap(),
            ..Header::default()
        };
        let text = show(&Krl::new(header, Revocations::default()), "then");
        let comment = text.lines().nth(2).unwrap();
        assert_eq!(
            comment,
            "# Comment: ok\\012# CA key \\033[2J \\342\\200\\256x\\342\\200\\213 \\ søren 鍵\\377"
        );
    }

    #[test]
    fn an_explicit_key_that_is_none_is_shown_as_such() {
        let mut revocations = Revocations::default();
        revocations.keys.push(b"garbage");
        let text = show(&Krl::new(Header::default(), revocations), "then");
        assert_eq!(
            text.lines().nth(3),
            Some("# 7 bytes that are no public key")
        );
    }
}
