//! Errors and numbers, in words on one line.

use std::error::Error;
use std::fmt::Display;

/// An error and its sources in one line. A source that only repeats is left out.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let next = error.to_string();
        let last = words.rsplit(": ").next().unwrap_or_default();
        if !words.ends_with(&next) && !next.ends_with(last) {
            words.push_str(": ");
            words.push_str(&next);
        }
        source = error.source();
    }
    words
}

/// A number with its noun: `1 key`, `2 keys`, `0 entries`.
#[must_use]
pub fn number_of<N: Copy + Display + TryInto<u64>>(number: N, noun: &str) -> String {
    match (number.try_into(), noun.strip_suffix('y')) {
        (Ok(1), _) => format!("1 {noun}"),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::number_of;

    #[test]
    fn one_is_no_plural() {
        let words = [1, 2, 0].map(|number| number_of(number, "entry"));
        assert_eq!(words, ["1 entry", "2 entries", "0 entries"]);
        assert_eq!(number_of(2, "key"), "2 keys");
        assert_eq!(number_of(1, "login"), "1 login");
    }
}
