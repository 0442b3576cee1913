//! A PIN or PUK that a card may get: not the factory's, and none that a thief tries first.

use crate::secret::Pin;

/// A new PIN: 6 to 8 printable ASCII characters, not a trivial sequence.
#[derive(Debug)]
pub struct NewPin(Pin);

/// A new PUK: as a [`NewPin`], and not the PIN.
#[derive(Debug)]
pub struct NewPuk(Pin);

/// Why a PIN or PUK is not taken. Nothing was tried on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NewSecretError {
    /// Shorter or longer than cards take (SP 800-73-4 part 2, 2.4.3).
    #[error("it has {length} characters, a card takes 6 to 8")]
    Length {
        /// How many characters the secret has.
        length: usize,
    },
    /// A blank, a letter with an accent, a control character.
    #[error("it holds something else than printable ASCII")]
    Character,
    /// What every new card has.
    #[error("it is what every new card has")]
    Factory,
    /// Few different characters, a repeated group, a sequence, or a well-known one.
    #[error("it is among the first that anybody would try")]
    Trivial,
    /// PIN and PUK begin alike, so who knows one knows the other.
    #[error("PIN and PUK are the same, or one begins with the other")]
    Same,
}

impl NewPin {
    /// Takes a secret that is good enough.
    ///
    /// # Errors
    /// [`NewSecretError`].
    pub fn new(secret: Pin) -> Result<Self, NewSecretError> {
        check(secret.expose())?;
        Ok(Self(secret))
    }

    /// The secret itself, for the card alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Refuses a PIN that `puk` gives away.
    ///
    /// # Errors
    /// [`NewSecretError::Same`].
    pub fn differs_from(&self, puk: &NewPuk) -> Result<(), NewSecretError> {
        let (pin, puk) = (self.expose(), puk.expose());
        if pin.starts_with(puk) || puk.starts_with(pin) {
            Err(NewSecretError::Same)
        } else {
            Ok(())
        }
    }
}

impl NewPuk {
    /// Takes a secret that is good enough.
    ///
    /// # Errors
    /// [`NewSecretError`].
    pub fn new(secret: Pin) -> Result<Self, NewSecretError> {
        check(secret.expose())?;
        Ok(Self(secret))
    }

    /// The secret itself, for the card alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether it is as long as a card takes; some firmware will have no shorter one.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.expose().len() == LENGTH_MAX
    }
}

fn check(secret: &str) -> Result<(), NewSecretError> {
    let length = secret.chars().count();
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&length) {
        return Err(NewSecretError::Length { length });
    }
    if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(NewSecretError::Character);
    }
    if secret == FACTORY_PIN || secret == FACTORY_PUK {
        return Err(NewSecretError::Factory);
    }
    if is_trivial(secret.as_bytes()) {
        Err(NewSecretError::Trivial)
    } else {
        Ok(())
    }
}

fn is_trivial(secret: &[u8]) -> bool {
    let lower = secret.to_ascii_lowercase();
    is_sequence(&lower)
        || is_repeated(&lower)
        || different(&lower) < DIFFERENT_MIN
        || WELL_KNOWN.iter().any(|known| lower.starts_with(known))
}

/// Each character as far from the one before, upwards or downwards or not at all.
fn is_sequence(secret: &[u8]) -> bool {
    let mut steps = secret.windows(2).map(|pair| match pair {
        [this, next] => i16::from(*next) - i16::from(*this),
        _ => 0,
    });
    let first = steps.next().unwrap_or(0);
    first.abs() <= 1 && steps.all(|step| step == first)
}

/// One group again and again: `123123`, `56565656`.
fn is_repeated(secret: &[u8]) -> bool {
    (1..=secret.len() / 2)
        .filter(|length| secret.len().is_multiple_of(*length))
        .any(|length| {
            let mut groups = secret.chunks(length);
            let first = groups.next();
            groups.all(|group| Some(group) == first)
        })
}

fn different(secret: &[u8]) -> usize {
    let mut seen = secret.to_vec();
    seen.sort_unstable();
    seen.dedup();
    seen.len()
}

/// The PIN of every new card.
pub(super) const FACTORY_PIN: &str = "123456";
/// The PUK of every new card.
pub(super) const FACTORY_PUK: &str = "12345678";
const LENGTH_MIN: usize = 6;
const LENGTH_MAX: usize = 8;
const DIFFERENT_MIN: usize = 3;
/// What none of the rules above catches, and lists of common PINs begin with.
const WELL_KNOWN: [&[u8]; 10] = [
    b"123321",
    b"112233",
    b"123654",
    b"159753",
    b"147258",
    b"password",
    b"passwor",
    b"qwerty",
    b"abc123",
    b"1q2w3e",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(secret: &str) -> NewSecretError {
        NewPin::new(Pin::new(secret.to_owned())).unwrap_err()
    }

    #[test]
    fn a_pin_that_nobody_guesses_is_taken() {
        for secret in ["730285", "7302851", "zK4-q9!x", "135790"] {
            let pin = NewPin::new(Pin::new(secret.to_owned())).unwrap();
            assert_eq!(pin.expose(), secret);
        }
    }

    #[test]
    fn length_and_alphabet_are_a_card_s() {
        use NewSecretError as E;
        assert_eq!(refused(""), E::Length { length: 0 });
        assert_eq!(refused("73028"), E::Length { length: 5 });
        assert_eq!(refused("730285164"), E::Length { length: 9 });
        for secret in ["730 285", "73028é", "73028\u{7}", "73028\u{202e}1"] {
            assert_eq!(refused(secret), E::Character, "{secret:?}");
        }
    }

    #[test]
    fn what_a_thief_tries_first_is_refused() {
        for secret in ["123456", "12345678"] {
            assert_eq!(refused(secret), NewSecretError::Factory);
        }
        for secret in [
            "111111", "234567", "87654321", "fedcba", "123123", "56565656", "112112", "001100",
            "112233", "Qwerty1", "PASSWORD", "147258", "12332112",
        ] {
            assert_eq!(refused(secret), NewSecretError::Trivial, "{secret}");
        }
    }

    #[test]
    fn a_puk_that_gives_the_pin_away_is_refused() {
        let pin = NewPin::new(Pin::new("730285".to_owned())).unwrap();
        for (puk, result) in [
            ("730285", Err(NewSecretError::Same)),
            ("73028516", Err(NewSecretError::Same)),
            ("51673028", Ok(())),
        ] {
            let puk = NewPuk::new(Pin::new(puk.to_owned())).unwrap();
            assert_eq!(pin.differs_from(&puk), result);
        }
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let pin = NewPin::new(Pin::new("730285".to_owned())).unwrap();
        assert!(!format!("{pin:?}").contains("730285"));
    }
}
