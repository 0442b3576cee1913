//! The code that somebody reads in one place and types in another.

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Eight consonants, which make no word and stand for no digit (RFC 8628, 6.1): 34 bits, of which five
/// tries in ten minutes guess nothing.
#[derive(Clone)]
pub(in crate::service) struct TypedCode(Zeroizing<String>);

impl TypedCode {
    /// Makes one up.
    ///
    /// # Errors
    /// What the system says that has no random numbers.
    pub(in crate::service) fn new() -> Result<Self, getrandom::Error> {
        let mut code = Zeroizing::new(String::with_capacity(LENGTH));
        while code.len() < LENGTH {
            let mut byte = [0];
            getrandom::fill(&mut byte)?;
            // The bytes above would make some letters more common.
            let letter = usize::from(byte[0]);
            if letter < LETTERS.len() * (256 / LETTERS.len()) {
                let letter = LETTERS.get(letter % LETTERS.len());
                code.extend(letter.map(|letter| char::from(*letter)));
            }
        }
        Ok(Self(code))
    }

    /// As it is shown: `BCDF-GHJK`.
    pub(in crate::service) fn shown(&self) -> String {
        let (first, second) = self.0.split_at(LENGTH / 2);
        format!("{first}-{second}")
    }

    /// Whether a text is it, however it is written.
    pub(super) fn is(&self, text: &str) -> bool {
        let letters = text.chars().filter(|letter| !matches!(letter, '-' | ' '));
        let letters = letters
            .take(LENGTH + 1)
            .map(|letter| letter.to_ascii_uppercase());
        let typed = Zeroizing::new(letters.collect::<String>());
        typed.as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for TypedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedCode(..)")
    }
}

const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_typed_in_any_case_and_with_or_without_its_hyphen() {
        let code = TypedCode::new().unwrap();
        let shown = code.shown();
        assert_eq!((shown.len(), shown.as_bytes()[4]), (9, b'-'));
        assert!(
            shown
                .bytes()
                .all(|byte| byte == b'-' || LETTERS.contains(&byte))
        );
        for written in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            format!(" {} ", shown.replace('-', " - ")),
        ] {
            assert!(code.is(&written), "{written}");
        }
        for other in ["", "-", &shown[..8], &format!("{shown}B")] {
            assert!(!code.is(other), "{other}");
        }
        assert!(!format!("{code:?}").contains(&shown));
        assert_ne!(TypedCode::new().unwrap().shown(), shown);
    }
}
