//! QR codes (ISO/IEC 18004) at error correction level M, of bytes and of lines of text.
//!
//! Bytes are written in base32 (RFC 4648, section 6, without padding), whose letters are all in QR's
//! alphanumeric mode: a code holds more of them than of hexadecimal or base64, and a scanner that
//! types what it reads needs no key that only some keyboards have.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use qrcode::types::{Color, QrError as Refused};
use zeroize::Zeroize;

/// A code, as dark and light modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrCode {
    width: usize,
    dark: Vec<bool>,
}

impl Drop for QrCode {
    /// It may be one of a secret.
    fn drop(&mut self) {
        self.dark.zeroize();
    }
}

/// Why there is no code, or a text that was scanned is none of bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QrError {
    /// One code has no room for it, and the largest was tried.
    #[error("{length} bytes, and a QR code has room for {QR_BYTES_MAX} (version 40, level M)")]
    TooLong {
        /// How many bytes there are.
        length: usize,
    },
    /// There is nothing to write.
    #[error("there is nothing in it")]
    Empty,
    /// The encoder says no.
    #[error("no QR code: {0}")]
    Encoder(String),
    /// A letter that base32 does not have.
    #[error("letter {number}, {letter:?}, is none of base32")]
    Letter {
        /// Its place, from 1, without white space.
        number: usize,
        /// What stands there.
        letter: char,
    },
    /// The text ends where no text of whole bytes ends.
    #[error("{letters} letters are none of whole bytes: some are missing, or too many")]
    Length {
        /// How many there are.
        letters: usize,
    },
}

impl QrCode {
    /// The code of bytes, in base32.
    ///
    /// # Errors
    /// [`QrError`]: more than [`QR_BYTES_MAX`], or none.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self, QrError> {
        let length = bytes.len();
        if length > QR_BYTES_MAX {
            return Err(QrError::TooLong { length });
        }
        Self::of_text(&base32(bytes))
    }

    /// The code of a line as it stands, for whoever reads it with a telephone.
    ///
    /// # Errors
    /// [`QrError`].
    pub fn of_text(text: &str) -> Result<Self, QrError> {
        if text.is_empty() {
            return Err(QrError::Empty);
        }
        let code = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::M);
        let code = code.map_err(|refused| match refused {
            Refused::DataTooLong => QrError::TooLong { length: text.len() },
            other => QrError::Encoder(other.to_string()),
        })?;
        let dark = code.to_colors().into_iter();
        Ok(Self {
            width: code.width(),
            dark: dark.map(|color| color == Color::Dark).collect(),
        })
    }

    /// How many modules it has in a row, without the margin.
    #[must_use]
    pub fn modules(&self) -> usize {
        self.width
    }

    /// How many columns [`Self::lines`] takes.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.width + 2 * MARGIN
    }

    /// The code as SVG, large enough for a telephone to read it off paper.
    #[must_use]
    pub fn svg(&self) -> String {
        let size = self.columns();
        let mut path = String::new();
        for (row, modules) in (MARGIN..).zip(self.dark.chunks(self.width)) {
            for (column, _) in (MARGIN..).zip(modules).filter(|(_, dark)| **dark) {
                let _to_memory = write!(path, "M{column} {row}h1v1h-1z");
            }
        }
        // Tenths of a millimetre, eight of them a module.
        let tenths = size * 8;
        let (whole, rest) = (tenths / 10, tenths % 10);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" \
             width=\"{whole}.{rest}mm\" height=\"{whole}.{rest}mm\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{size}v{size}h-{size}z\"/><path d=\"{path}\"/></svg>\n"
        )
    }

    /// The dark modules, as runs: row and column from the upper left, and how many there are side by side.
    pub fn dark_runs(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        let rows = (0..).zip(self.dark.chunks(self.width.max(1)));
        rows.flat_map(|(row, modules)| {
            let alike = modules.chunk_by(|one, other| one == other);
            let places = alike.scan(0, |place, run| {
                let from = *place;
                *place += run.len();
                Some((from, run))
            });
            let dark = places.filter(|(_, run)| run.first() == Some(&true));
            dark.map(move |(from, run)| (row, from, run.len()))
        })
    }

    /// The code as lines of a terminal, two rows of modules each, black on white whatever its colours.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let rows = 0..self.columns().div_ceil(2);
        let line = |row: usize| {
            let half = |column| match (
                self.is_dark(2 * row, column),
                self.is_dark(2 * row + 1, column),
            ) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            };
            let halves: String = (0..self.columns()).map(half).collect();
            format!("\u{1b}[30;107m{halves}\u{1b}[0m")
        };
        rows.map(line).collect()
    }

    /// Whether a module is dark, by its place with the margin.
    fn is_dark(&self, row: usize, column: usize) -> bool {
        let inside = |at: usize| at.checked_sub(MARGIN).filter(|at| *at < self.width);
        let (Some(row), Some(column)) = (inside(row), inside(column)) else {
            return false;
        };
        self.dark
            .get(row * self.width + column)
            .is_some_and(|dark| *dark)
    }
}

/// The bytes of what a scanner typed: base32 in any case, with any white space between.
///
/// # Errors
/// [`QrError`], at the first letter that is none.
pub fn bytes_of_base32(text: &str) -> Result<Vec<u8>, QrError> {
    let letters = text.chars().filter(|letter| !letter.is_whitespace());
    let (mut bytes, mut held, mut bits, mut count) = (Vec::new(), 0_u32, 0_u32, 0);
    for letter in letters {
        count += 1;
        let value = value_of(letter).ok_or(QrError::Letter {
            number: count,
            letter,
        })?;
        held = (held << 5) | value;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.extend(u8::try_from(held >> bits));
            held &= (1 << bits) - 1;
        }
    }
    // There is one spelling: what is left over is fewer bits than a letter has, and none of them set.
    if bits >= 5 || held != 0 {
        return Err(QrError::Length { letters: count });
    }
    if bytes.is_empty() {
        return Err(QrError::Empty);
    }
    Ok(bytes)
}

fn value_of(letter: char) -> Option<u32> {
    let upper = letter.to_ascii_uppercase();
    ALPHABET
        .chars()
        .zip(0..)
        .find(|(one, _)| *one == upper)
        .map(|(_, value)| value)
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    let mut put = |value: u32| {
        let place = usize::try_from(value & 31).unwrap_or_default();
        text.extend(ALPHABET.chars().nth(place));
    };
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            put(held >> bits);
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        put(held << (5 - bits));
    }
    text
}

/// The most bytes of one code: version 40 at level M has room for 3391 letters.
pub const QR_BYTES_MAX: usize = 3391 * 5 / 8;
/// RFC 4648, section 6.
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Light modules around a code (ISO/IEC 18004, 6.3.8).
const MARGIN: usize = 4;
