//! Which hosts a line of known_hosts is about.

use std::fmt;
use std::str::FromStr;

/// Patterns as the first field of known_hosts has them (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT):
/// names with `*`, `?` and a `!` before, with commas between, and no space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostPatterns(String);

/// Why a text is no list of patterns.
#[derive(Debug, thiserror::Error)]
pub(super) enum PatternsError {
    #[error("pattern {0} is empty")]
    Empty(usize),

    #[error("{0:?} stands in no pattern")]
    Letter(char),

    #[error("longer than {LONGEST} bytes")]
    Length,
}

impl HostPatterns {
    /// Whether they match every host.
    pub(super) fn is_any(&self) -> bool {
        self.0 == ANY
    }
}

impl Default for HostPatterns {
    fn default() -> Self {
        Self(ANY.to_owned())
    }
}

impl FromStr for HostPatterns {
    type Err = PatternsError;

    fn from_str(text: &str) -> Result<Self, PatternsError> {
        if text.len() > LONGEST {
            return Err(PatternsError::Length);
        }
        // `|` begins a hashed name, `@` a mark, and `#` a comment.
        let is_no_letter = |c: char| !c.is_ascii_graphic() || matches!(c, '|' | '@' | '#');
        if let Some(letter) = text.chars().find(|c| is_no_letter(*c)) {
            return Err(PatternsError::Letter(letter));
        }
        let is_empty = |pattern: &str| matches!(pattern, "" | "!");
        if let Some(empty) = text.split(',').position(is_empty) {
            return Err(PatternsError::Empty(empty + 1));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for HostPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const ANY: &str = "*";

/// OpenSSH reads a line of known_hosts whole, of any length; nobody has so many domains.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_of_known_hosts_is_no_pattern() {
        for good in [
            "*",
            "*.example.org,!bad.example.org",
            "[web1]:2222,10.0.?.*",
        ] {
            assert_eq!(good.parse::<HostPatterns>().unwrap().to_string(), good);
        }
        for (bad, number) in [("", 1), ("a,", 2), (",a", 1), ("a,!", 2)] {
            let empty = bad.parse::<HostPatterns>().unwrap_err();
            assert!(
                matches!(empty, PatternsError::Empty(n) if n == number),
                "{bad:?}"
            );
        }
        for (bad, letter) in [
            ("a b", ' '),
            ("a\nb", '\n'),
            ("|1|x|y", '|'),
            ("@revoked", '@'),
            ("#", '#'),
            ("é", 'é'),
        ] {
            let none = bad.parse::<HostPatterns>().unwrap_err();
            assert!(
                matches!(none, PatternsError::Letter(c) if c == letter),
                "{bad:?}"
            );
        }
        let long = "a".repeat(4097).parse::<HostPatterns>().unwrap_err();
        assert!(matches!(long, PatternsError::Length), "{long}");
    }
}
