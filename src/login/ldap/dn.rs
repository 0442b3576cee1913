//! Distinguished names, taken apart (RFC 4514).

/// The name of an entry: its own part first, then those of the entries above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dn(Vec<Part>);

#[derive(Clone, Debug)]
struct Part {
    attribute: String,
    value: String,
}

/// Two parts are one to a directory whatever their case; what more it takes for the same is another to us.
impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.attribute.eq_ignore_ascii_case(&other.attribute)
            && self.value.eq_ignore_ascii_case(&other.value)
    }
}

impl Eq for Part {}

/// Why a text is no name of an entry, or none that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DnError {
    /// It is longer than is read.
    #[error("a distinguished name has 1 to {DN_MAX} bytes")]
    Length,
    /// A part is no attribute, `=` and a value.
    #[error("part {0} of it is no ATTRIBUTE=VALUE")]
    Part(usize),
    /// What stands behind a `\` is nothing that may, or the value is no text.
    #[error("the value of its part {0} is not written as RFC 4514 has it")]
    Value(usize),
    /// Two attributes that name one entry together.
    #[error("its part {0} has several values (`+`), or one in hexadecimal")]
    Several(usize),
}

impl Dn {
    /// Takes a name apart.
    ///
    /// # Errors
    /// [`DnError`].
    pub fn parse(text: &str) -> Result<Self, DnError> {
        if text.is_empty() || text.len() > DN_MAX {
            return Err(DnError::Length);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let number = parts.len() + 1;
            let (attribute, behind) = rest.split_once('=').ok_or(DnError::Part(number))?;
            let attribute = attribute.trim_matches(' ');
            let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
            if attribute.is_empty() || !attribute.bytes().all(is_usual) {
                return Err(DnError::Part(number));
            }
            let (value, end) = value(behind, number)?;
            parts.push(Part {
                attribute: attribute.to_owned(),
                value,
            });
            match end {
                Some(next) => rest = next,
                None => return Ok(Self(parts)),
            }
        }
    }

    /// The value that names it among those directly below another; none where it stands elsewhere.
    #[must_use]
    pub fn directly_below(&self, base: &Self) -> Option<&str> {
        let (own, above) = self.0.split_first()?;
        (above == base.0).then_some(own.value.as_str())
    }
}

/// A value, and what follows behind its comma.
fn value(text: &str, number: usize) -> Result<(String, Option<&str>), DnError> {
    let text = text.trim_start_matches(' ');
    if text.starts_with('#') {
        return Err(DnError::Several(number));
    }
    let mut value = Vec::new();
    // What was escaped stays, also a blank at the end.
    let mut kept = 0;
    let mut bytes = text.bytes().enumerate();
    let mut end = None;
    while let Some((place, byte)) = bytes.next() {
        match byte {
            b',' => {
                end = Some(text.get(place + 1..).ok_or(DnError::Value(number))?);
                break;
            }
            b'+' => return Err(DnError::Several(number)),
            b'\\' => {
                let next = bytes.next().map(|(_, byte)| byte);
                let escaped = match next {
                    Some(byte) if ESCAPED.contains(&byte) => Some(byte),
                    Some(byte) => digit(byte).and_then(|high| {
                        let low = bytes.next().and_then(|(_, byte)| digit(byte))?;
                        Some(high << 4 | low)
                    }),
                    None => None,
                };
                value.push(escaped.ok_or(DnError::Value(number))?);
                kept = value.len();
            }
            b'"' | b';' | b'<' | b'>' | 0 => return Err(DnError::Value(number)),
            byte => value.push(byte),
        }
    }
    while value.len() > kept && value.last() == Some(&b' ') {
        value.pop();
    }
    let value = String::from_utf8(value).map_err(|_no_text| DnError::Value(number))?;
    if value.is_empty() {
        return Err(DnError::Value(number));
    }
    Ok((value, end))
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// In bytes.
const DN_MAX: usize = 4096;
/// What stands for itself behind a `\`.
const ESCAPED: &[u8] = b" \"#+,;<=>\\";
