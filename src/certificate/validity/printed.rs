//! Dates as this program prints them: `2026-12-01`, `2026-12-01 09:55`, in UTC.

/// The digits `YYYYMMDD[HHMM[SS]]` of a text in the form of a printed date; ` UTC` or `Z` may
/// stand behind it, and `T` in the place of the blank.
pub(super) fn digits(text: &str) -> Option<String> {
    let bare = text.strip_suffix(" UTC").or_else(|| text.strip_suffix('Z'));
    let bare = bare.unwrap_or(text);
    let form = FORMS.iter().find(|form| fits(bare, form))?;
    let digits = bare.bytes().zip(form.bytes());
    let digits = digits.filter(|(_, place)| *place == DIGIT);
    Some(digits.map(|(digit, _)| char::from(digit)).collect())
}

fn fits(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(byte, place)| match place {
                DIGIT => byte.is_ascii_digit(),
                b' ' => byte == b' ' || byte == b'T',
                mark => byte == mark,
            })
}

/// Where a form has a digit.
const DIGIT: u8 = b'0';
const FORMS: [&str; 3] = ["0000-00-00", "0000-00-00 00:00", "0000-00-00 00:00:00"];

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn takes_the_digits_out_of_whole_forms_alone() {
        let read = |text: &str| digits(text).unwrap_or_default();
        assert_eq!(read("2026-12-01"), "20261201");
        assert_eq!(read("2026-12-01 09:55 UTC"), "202612010955");
        assert_eq!(read("2026-12-01T09:55:07Z"), "20261201095507");
        for text in [
            "",
            "20261201",
            "2026-12-01 ",
            "2026-12-01 09",
            "2026-12-0é",
            "2026-12-01UTC",
        ] {
            assert_eq!(digits(text), None, "{text}");
        }
    }
}
