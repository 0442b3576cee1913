//! Text around binary: PEM (RFC 7468), and our own blocks in the same form.

use pem_rfc7468::{Decoder, LineEnding};

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
    /// Nothing begins in it.
    #[error("no line `-----BEGIN {0}-----`")]
    Missing(&'static str),
    /// Something begins and doesn't end.
    #[error("no line `-----END {0}-----` after the one that begins it")]
    Unended(&'static str),
    /// What is between isn't Base64 in lines of one length.
    #[error("what is between `{0}` lines is not Base64 in lines of one length")]
    Base64(&'static str),
    /// Too many.
    #[error("more than {MOST} blocks")]
    TooMany,
}

/// The DER of every certificate in a PEM file. Text between them is passed over.
pub(crate) fn certificates(text: &str) -> Result<Vec<Vec<u8>>, ArmourError> {
    blocks(text, CERTIFICATE)
}

/// Whether a text has a line that begins a block of this label.
pub(crate) fn begins(text: &str, label: &str) -> bool {
    let line = format!("-----BEGIN {label}-----");
    text.lines().any(|one| one.trim_end() == line)
}

/// The content of every block of this label, at least one.
pub(crate) fn blocks(text: &str, label: &'static str) -> Result<Vec<Vec<u8>>, ArmourError> {
    if text.len() > LARGEST {
        return Err(ArmourError::TooLarge { bytes: text.len() });
    }
    let (begin, end) = (
        format!("-----BEGIN {label}-----"),
        format!("-----END {label}-----"),
    );
    let mut lines = text.lines().map(str::trim_end);
    let mut blocks = Vec::new();
    while lines.any(|line| line == begin) {
        blocks.push(block(&mut lines, &begin, &end, label)?);
        if blocks.len() > MOST {
            return Err(ArmourError::TooMany);
        }
    }
    if blocks.is_empty() {
        Err(ArmourError::Missing(label))
    } else {
        Ok(blocks)
    }
}

/// The content of the lines up to `end`. What mail does to white space at both ends of a line
/// is forgiven, and nothing else.
fn block<'a>(
    lines: &mut impl Iterator<Item = &'a str>,
    begin: &str,
    end: &str,
    label: &'static str,
) -> Result<Vec<u8>, ArmourError> {
    let mut text = format!("{begin}\n");
    for line in lines {
        text.push_str(line.trim_start());
        text.push('\n');
        if line == end {
            let mut content = Vec::new();
            // Where in the text the fault is, the decoder doesn't tell.
            Decoder::new_detect_wrap(text.as_bytes())
                .and_then(|mut decoder| Ok(decoder.decode_to_end(&mut content)?.len()))
                .map_err(|_form| ArmourError::Base64(label))?;
            return Ok(content);
        }
    }
    Err(ArmourError::Unended(label))
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

    #[test]
    fn what_is_armoured_is_read_back_also_with_other_line_ends_and_words_around() {
        for length in [1, 47, 48, 49, 500] {
            let content: Vec<u8> = (0..=255).cycle().take(length).collect();
            let text = format!("Hello,\n\n{}-- \nPeter\n", armoured("X", &content));
            assert_eq!(blocks(&text, "X"), Ok(vec![content.clone()]));
            let text = text.replace('\n', "\r\n");
            assert_eq!(blocks(&text, "X"), Ok(vec![content]));
        }
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let text = armoured("X", b"abc");
        assert_eq!(blocks(&text, "Y"), Err(ArmourError::Missing("Y")));
        let cut = text.replace("-----END X-----", "");
        assert_eq!(blocks(&cut, "X"), Err(ArmourError::Unended("X")));
        let bad = text.replace("YWJj", "YW!j");
        assert_eq!(blocks(&bad, "X"), Err(ArmourError::Base64("X")));
        assert_eq!(
            blocks(&text.repeat(MOST + 1), "X"),
            Err(ArmourError::TooMany)
        );
        let bytes = LARGEST + 1;
        assert_eq!(
            blocks(&"a".repeat(bytes), "X"),
            Err(ArmourError::TooLarge { bytes })
        );
    }
}
