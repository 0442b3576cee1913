//! Names and values as a form sends them (`application/x-www-form-urlencoded`), which is how a provider is asked
//! and how it answers through a browser (RFC 6749, appendix B).

use std::fmt::Write as _;

use zeroize::Zeroizing;

/// Why a text is no form, or none that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// It is longer than is read.
    #[error("it has more than {FORM_MAX} bytes")]
    TooLong,
    /// It has more fields than mean anything.
    #[error("it has more than {FIELDS_MAX} parameters")]
    TooMany,
    /// A byte stands there as itself that may not, or a `%` begins nothing.
    #[error("it is not encoded as a form is")]
    Coding,
    /// What is decoded is no text.
    #[error("a parameter is no text in UTF-8")]
    Text,
    /// Two readers could take one value each.
    #[error("a parameter stands twice")]
    Twice,
}

/// The fields of a form, none of them twice.
pub struct Form(Vec<(Zeroizing<String>, Zeroizing<String>)>);

impl Form {
    /// Reads a form; an empty one has no fields.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn parse(text: &str) -> Result<Self, FormError> {
        if text.len() > FORM_MAX {
            return Err(FormError::TooLong);
        }
        let mut fields: Vec<(Zeroizing<String>, Zeroizing<String>)> = Vec::new();
        for field in text.split('&').filter(|field| !field.is_empty()) {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(FormError::Twice);
            }
            if fields.len() == FIELDS_MAX {
                return Err(FormError::TooMany);
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// Takes a value out.
    #[must_use]
    pub fn take(&mut self, name: &str) -> Option<Zeroizing<String>> {
        let place = self
            .0
            .iter()
            .position(|(known, _)| known.as_str() == name)?;
        Some(self.0.swap_remove(place).1)
    }
}

/// Writes one field behind those that are there.
pub(super) fn put(form: &mut String, name: &str, value: &str) {
    if !form.is_empty() && !form.ends_with(['?', '&']) {
        form.push('&');
    }
    put_encoded(form, name);
    form.push('=');
    put_encoded(form, value);
}

/// Writes a text so that it stands for itself in a form, and in a URL.
pub(super) fn put_encoded(form: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            form.push(char::from(byte));
        } else {
            // Room was made, or is made: a String takes all that is written to it.
            let _always = write!(form, "%{byte:02X}");
        }
    }
}

fn decoded(text: &str) -> Result<Zeroizing<String>, FormError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                high << 4 | low
            }
            byte if byte.is_ascii_graphic() => byte,
            _ => return Err(FormError::Coding),
        });
    }
    let text = std::str::from_utf8(&bytes).map_err(|_place| FormError::Text)?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn digit(byte: Option<u8>) -> Result<u8, FormError> {
    let digit = byte.and_then(|byte| char::from(byte).to_digit(16));
    let digit = digit.and_then(|digit| u8::try_from(digit).ok());
    digit.ok_or(FormError::Coding)
}

/// In bytes; a request's whole first line has no more.
const FORM_MAX: usize = 8 * 1024;
const FIELDS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_form_can_be_read_in_one_way() {
        let mut form = Form::parse("code=a%2Bb+c&state=x&&empty=&bare").unwrap();
        assert_eq!(form.take("code").unwrap().as_str(), "a+b c");
        assert_eq!(form.take("empty").unwrap().as_str(), "");
        assert_eq!(form.take("bare").unwrap().as_str(), "");
        assert!(form.take("code").is_none());
        for (text, fault) in [
            ("code=a&code=a", FormError::Twice),
            ("code=a&c%6Fde=b", FormError::Twice),
            ("code=%", FormError::Coding),
            ("code=%4", FormError::Coding),
            ("code=%+4", FormError::Coding),
            ("code=a b", FormError::Coding),
            ("code=ä", FormError::Coding),
            ("code=%FF", FormError::Text),
        ] {
            assert_eq!(Form::parse(text).err(), Some(fault), "{text}");
        }
        let long = format!("a={}", "b".repeat(FORM_MAX));
        assert_eq!(Form::parse(&long).err(), Some(FormError::TooLong));
        let many: String = (0..=FIELDS_MAX).map(|field| format!("{field}=&")).collect();
        assert_eq!(Form::parse(&many).err(), Some(FormError::TooMany));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in ".{0,200}") {
            let mut text = String::new();
            put(&mut text, "first", "1");
            put(&mut text, "value", &value);
            let mut form = Form::parse(&text).unwrap();
            let read = form.take("value").unwrap();
            prop_assert_eq!(read.as_str(), value);
        }
    }
}
