//! What stands behind the `?` of a path: names and values, each name known and there once.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::problem::{ProblemKind, Refused};

/// A query that was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// Reads a query, which has no other names than these.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn read(text: &str, names: &[&str]) -> Result<Self, Refused> {
        let mut values = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                return Err(malformed("the query is not encoded as a URL's is"));
            };
            if !names.contains(&name.as_str()) {
                let known = names.join(", ");
                return Err(malformed(format!(
                    "the query has an unknown name; it may have {known}"
                )));
            }
            if values.contains_key(&name) {
                return Err(malformed(format!("the query has `{name}` twice")));
            }
            values.insert(name, value);
        }
        Ok(Self(values))
    }

    /// The text of this name.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// The value of this name, read.
    ///
    /// # Errors
    /// [`Refused`] if it is none.
    pub(super) fn value<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, Refused> {
        let text = self.0.get(name);
        let read = |text: &String| text.parse().map_err(|_form| not(name, what));
        text.map(read).transpose()
    }
}

/// That a value is not what it should be.
pub(super) fn not(name: &str, what: &str) -> Refused {
    Refused::new(
        ProblemKind::Unfit,
        format!("`{name}` in the query is not {what}"),
    )
}

fn malformed(detail: impl Into<String>) -> Refused {
    Refused::new(ProblemKind::Malformed, detail)
}

/// Whether what a path names is text.
pub(super) fn is_text(path: &str) -> bool {
    decoded(path).is_some()
}

/// Percent signs and pluses undone; none if it is no text then.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [left.next()?, left.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                // One more sign would be taken for a number's.
                let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                is_hex.then(|| u8::from_str_radix(digits, 16).ok())??
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["role", "limit"];

    #[test]
    fn names_are_known_and_there_once() {
        let query = Query::read("role=a%2Bb+%c3%bc&limit=7", &NAMES).unwrap();
        assert_eq!(query.text("role").as_deref(), Some("a+b ü"));
        assert_eq!(query.value("limit", "a number").unwrap(), Some(7));
        assert_eq!(query.value::<u64>("none", "a number").unwrap(), None);
        assert_eq!(Query::read("", &NAMES).unwrap(), Query::default());
        assert!(query.value::<u64>("role", "a number").is_err());
        for text in [
            "rolle=a",
            "role=a&role=b",
            "role=%",
            "role=%4",
            "role=%+4",
            "role=%zz",
            "role=%ff",
            "=",
        ] {
            let refused = Query::read(text, &NAMES).unwrap_err();
            assert_eq!(refused.status(), 400, "{text}");
        }
    }
}
