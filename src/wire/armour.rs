//! Text around binary: PEM (RFC 7468), and our own blocks in the same form.
//!
//! A file with blocks is bytes: only the blocks must be ASCII, and what else stands in it, in
//! whatever encoding, is passed over.

mod mail;

use base64ct::{Base64, Encoding as _};
use pem_rfc7468::LineEnding;

use super::FileKind;

/// Why a text holds no blocks of the kind that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArmourError {
    /// Too much of it.
    #[error("{bytes} bytes are more than {LARGEST}")]
    TooLarge {
        /// How many bytes were given.
        bytes: usize,
    },
    /// Nothing begins in it; what it is instead.
    #[error("no line `-----BEGIN {label}-----`{}", kind.instead())]
    Missing {
        /// What the block is called that is looked for.
        label: &'static str,
        /// What the file is by sight.
        kind: FileKind,
    },
    /// Something begins and doesn't end.
    #[error("no line `-----END {0}-----` after the one that begins it")]
    Unended(&'static str),
    /// What is between isn't Base64.
    #[error("what is between the `{0}` lines is not whole Base64: it is cut short or damaged")]
    Base64(&'static str),
    /// Too many.
    #[error("more than {MOST} blocks")]
    TooMany,
}

/// The DER of every certificate in a PEM file. Text between them is passed over.
pub(crate) fn certificates(file: &[u8]) -> Result<Vec<Vec<u8>>, ArmourError> {
    blocks(file, CERTIFICATE)
}

/// Whether a file has a line that begins a block of this label.
pub(crate) fn begins(file: &[u8], label: &str) -> bool {
    let marker = format!("-----BEGIN {label}-----");
    let text = String::from_utf8_lossy(file);
    text.lines()
        .any(|line| mail::quotation(line, &marker).is_some())
}

/// The content of every block of this label, at least one. What mail does to a text is undone.
pub(crate) fn blocks(file: &[u8], label: &'static str) -> Result<Vec<Vec<u8>>, ArmourError> {
    if file.len() > LARGEST {
        return Err(ArmourError::TooLarge { bytes: file.len() });
    }
    let text = String::from_utf8_lossy(file);
    let marker = format!("-----BEGIN {label}-----");
    let mut lines = text.lines();
    let mut blocks = Vec::new();
    while let Some(quotation) = lines.find_map(|line| mail::quotation(line, &marker)) {
        blocks.push(block(&mut lines, quotation, label)?);
        if blocks.len() > MOST {
            return Err(ArmourError::TooMany);
        }
    }
    if blocks.is_empty() {
        let kind = FileKind::of(file);
        Err(ArmourError::Missing { label, kind })
    } else {
        Ok(blocks)
    }
}

/// The content of the lines up to the one that ends the block.
fn block<'a>(
    lines: &mut impl Iterator<Item = &'a str>,
    quotation: &str,
    label: &'static str,
) -> Result<Vec<u8>, ArmourError> {
    let end = format!("-----END {label}-----");
    let mut is_ended = false;
    let unquoted = lines.map(|line| mail::unquoted(line, quotation));
    let content = mail::joined(unquoted.take_while(|line| {
        is_ended = line.strip_prefix("- ").unwrap_or(line) == end;
        !is_ended
    }));
    if !is_ended {
        return Err(ArmourError::Unended(label));
    }
    // Where in the text the fault is, the decoder doesn't tell.
    Base64::decode_vec(&content).map_err(|_form| ArmourError::Base64(label))
}

/// One block, its lines 64 characters wide.
pub(crate) fn armoured(label: &str, content: &[u8]) -> String {
    // Labels are constants of the crate, and no content is near what no length can state.
    pem_rfc7468::encode_string(label, LineEnding::LF, content).unwrap_or_default()
}

pub(crate) const CERTIFICATE: &str = "CERTIFICATE";
/// The largest text that is looked at, in bytes.
const LARGEST: usize = 1 << 20;
/// The most blocks in one text.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(label: &'static str, kind: FileKind) -> ArmourError {
        ArmourError::Missing { label, kind }
    }

    #[test]
    fn what_is_armoured_is_read_back_also_with_other_line_ends_and_words_around() {
        for length in [1, 47, 48, 49, 500] {
            let content: Vec<u8> = (0..=255).cycle().take(length).collect();
            let text = format!("Hello,\n\n{}-- \nPeter\n", armoured("X", &content));
            assert_eq!(blocks(text.as_bytes(), "X"), Ok(vec![content.clone()]));
            let text = text.replace('\n', "\r\n");
            assert_eq!(blocks(text.as_bytes(), "X"), Ok(vec![content]));
        }
    }

    /// A block of every length of padding, and what mail programs made of it.
    #[test]
    fn what_mail_did_to_a_block_is_undone() {
        let each_line = |text: &str, change: &dyn Fn(&str) -> String| -> String {
            text.lines().map(|line| change(line) + "\n").collect()
        };
        for length in [46, 47, 48, 200] {
            let content: Vec<u8> = (0..=255).cycle().take(length).collect();
            let text = armoured("X", &content);
            let wrapped = |width: usize, end: &str| {
                each_line(&text, &|line| {
                    let width = if line.starts_with('-') { 99 } else { width };
                    let parts = line.as_bytes().chunks(width).map(String::from_utf8_lossy);
                    parts.collect::<Vec<_>>().join(&format!("{end}\n"))
                })
            };
            for (how, mailed) in [
                ("quoted", each_line(&text, &|line| format!("> {line}"))),
                (
                    "quoted twice",
                    each_line(&text, &|line| format!(">> {line}")),
                ),
                ("by name", each_line(&text, &|line| format!("Erik> {line}"))),
                ("indented", each_line(&text, &|line| format!("\t  {line}"))),
                ("trailing", each_line(&text, &|line| format!("{line}  \r"))),
                ("double", each_line(&text, &|line| format!("{line}\n"))),
                ("byte order mark", format!("\u{feff}{text}")),
                ("its letters", format!("\u{ef}\u{bb}\u{bf}{text}")),
                (
                    "OpenPGP",
                    text.replace("-----BEGIN", "- -----BEGIN")
                        .replace("-----END", "- -----END"),
                ),
                ("wrapped", wrapped(40, "")),
                (
                    "quoted-printable",
                    wrapped(40, "~").replace('=', "=3D").replace('~', "="),
                ),
                ("its =", text.replace('=', "=3D")),
                ("its blanks", each_line(&text, &|line| format!("{line}=20"))),
            ] {
                assert_eq!(
                    blocks(mailed.as_bytes(), "X"),
                    Ok(vec![content.clone()]),
                    "{how}"
                );
                assert!(begins(mailed.as_bytes(), "X"), "{how}");
                let latin = [b"Gr\xfc\xdfe\n", mailed.as_bytes(), b"M\xfcller"].concat();
                assert_eq!(blocks(&latin, "X"), Ok(vec![content.clone()]), "{how}");
            }
        }
    }

    #[test]
    fn a_mention_of_the_first_line_begins_nothing() {
        let text = "It has a line -----BEGIN X-----\nand more";
        assert!(!begins(text.as_bytes(), "X"));
        assert_eq!(
            blocks(text.as_bytes(), "X"),
            Err(missing("X", FileKind::OtherPem))
        );
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let text = armoured("X", b"abc");
        let read = |text: &str, label| blocks(text.as_bytes(), label);
        assert_eq!(read(&text, "Y"), Err(missing("Y", FileKind::OtherPem)));
        assert_eq!(read("", "Y"), Err(missing("Y", FileKind::Empty)));
        let cut = text.replace("-----END X-----", "");
        assert_eq!(read(&cut, "X"), Err(ArmourError::Unended("X")));
        for bad in ["YW!j", "YWJ", "YW\u{fc}Jj", "YW=Jj", "YW Jj"] {
            let bad = text.replace("YWJj", bad);
            assert_eq!(read(&bad, "X"), Err(ArmourError::Base64("X")), "{bad}");
        }
        assert_eq!(read(&text.repeat(MOST + 1), "X"), Err(ArmourError::TooMany));
        let bytes = LARGEST + 1;
        assert_eq!(
            read(&"a".repeat(bytes), "X"),
            Err(ArmourError::TooLarge { bytes })
        );
    }
}
