//! The lines of an `authorized_keys` file (sshd(8), AUTHORIZED_KEYS FILE FORMAT).

use ssh_key::public::KeyData;

use super::key_options::{KeyOptions, end_of_options};
use crate::certificate::key_line::read_public_key_line;

/// A line that lets a key in, or the certificates of a CA.
#[derive(Clone, Debug)]
pub struct KeyEntry {
    /// The number of the line, from 1.
    pub line: usize,
    /// The options before the key.
    pub options: KeyOptions,
    /// The key.
    pub key: KeyData,
    /// What stands behind the key.
    pub comment: String,
}

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct KeysFile {
    /// The lines with a key.
    pub entries: Vec<KeyEntry>,
    /// The numbers of the lines that are neither a key, empty nor a comment.
    pub unread: Vec<usize>,
}

impl KeysFile {
    /// Reads the bytes of a file. What can't be read is named by its number alone: it may be
    /// anything, a secret that a link leads to for one.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut file = Self::default();
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            let text = String::from_utf8_lossy(line);
            let text = text.trim_matches([' ', '\t', '\r']);
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            match entry(number, text) {
                Some(entry) => file.entries.push(entry),
                None => file.unread.push(number),
            }
        }
        file
    }
}

impl KeyEntry {
    /// Whether it trusts a CA rather than a key.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.options.has("cert-authority")
    }
}

/// sshd takes a line as a key first, and only then as options and a key.
fn entry(line: usize, text: &str) -> Option<KeyEntry> {
    if let Ok((key, comment)) = read_public_key_line(text) {
        let options = KeyOptions::default();
        return Some(KeyEntry {
            line,
            options,
            key,
            comment,
        });
    }
    let (options, rest) = text.split_at(end_of_options(text)?);
    let (key, comment) = read_public_key_line(rest.trim_start()).ok()?;
    Some(KeyEntry {
        line,
        options: KeyOptions::new(options),
        key,
        comment,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAZB65FADtqASJR/RlcY6KnSXUlIvwuHdJfX3q7cVTxs";

    #[test]
    fn keys_options_and_what_cannot_be_read_are_told_apart() {
        let text = format!(
            "# c\n\n{KEY} a b\nno-pty,command=\"a \\\" b,c\" {KEY} x\nroot:x:0:0\n\
             cert-authority,principals=\"p,q\" {KEY}\r\n\u{fffd}\n"
        );
        let file = KeysFile::parse(text.as_bytes());
        let lines: Vec<_> = file.entries.iter().map(|entry| entry.line).collect();
        assert_eq!(lines, [3, 4, 6]);
        assert_eq!(file.unread, [5, 7]);
        let [plain, forced, authority] = file.entries.as_slice() else {
            panic!("three")
        };
        assert_eq!(
            (plain.options.as_str(), plain.comment.as_str()),
            ("", "a b")
        );
        assert_eq!(forced.options.value("command"), Some("a \\\" b,c"));
        assert!(!plain.is_authority() && !forced.is_authority());
        assert!(authority.is_authority());
        assert_eq!(authority.options.value("principals"), Some("p,q"));
    }

    #[test]
    fn a_quote_that_does_not_end_makes_no_entry() {
        let file = KeysFile::parse(format!("command=\"x {KEY}").as_bytes());
        assert!(file.entries.is_empty());
        assert_eq!(file.unread, [1]);
    }
}
