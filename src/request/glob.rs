//! Patterns of names as OpenSSH has them (match.c), for roles and for allowed signers.

/// Whether a pattern matches all of a name: `*` stands for any bytes, also none, `?` for one.
///
/// Greedy, and back to the last `*` where it does not fit: at most pattern times name steps.
#[must_use]
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(from) {
        match (pattern.get(at), star) {
            (Some(b'*'), _) => {
                star = Some((at, from));
                at += 1;
            }
            (Some(wanted), _) if *wanted == b'?' || wanted == byte => {
                at += 1;
                from += 1;
            }
            (_, Some((back, taken))) => {
                star = Some((back, taken + 1));
                at = back + 1;
                from = taken + 1;
            }
            (_, None) => return false,
        }
    }
    let rest = pattern.get(at..).unwrap_or_default();
    rest.iter().all(|byte| *byte == b'*')
}

/// Whether a list of patterns between commas lets a name through (`match_pattern_list`).
///
/// A pattern with `!` before it denies what it matches, wherever it stands in the list. A list
/// with a pattern of 1023 bytes or more lets nothing through.
#[must_use]
pub fn list_lets_through(list: &[u8], name: &[u8]) -> bool {
    let mut let_through = false;
    for pattern in list.split(|byte| *byte == b',') {
        let (denies, pattern) = match pattern {
            [b'!', rest @ ..] => (true, rest),
            pattern => (false, pattern),
        };
        if pattern.len() >= LONGEST {
            return false;
        }
        if matches(pattern, name) {
            if denies {
                return false;
            }
            let_through = true;
        }
    }
    let_through
}

/// OpenSSH's room for one pattern of a list.
const LONGEST: usize = 1023;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names() {
        for (pattern, name, fits) in [
            ("*@example.org", "erik@example.org", true),
            ("*@example.org", "erik@example.org.evil", false),
            ("dev-?", "dev-1", true),
            ("dev-?", "dev-", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("**", "", true),
            ("", "", true),
            ("", "a", false),
        ] {
            let fitted = matches(pattern.as_bytes(), name.as_bytes());
            assert_eq!(fitted, fits, "{pattern} {name}");
        }
    }

    #[test]
    fn a_denial_counts_wherever_it_stands() {
        for (list, fits) in [
            ("request@punchmark", true),
            ("git,request@punchmark", true),
            ("*,!request@punchmark", false),
            ("!request@punchmark,*", false),
            ("!git,*", true),
            ("!git", false),
            ("", false),
            (",*,", true),
        ] {
            let fitted = list_lets_through(list.as_bytes(), b"request@punchmark");
            assert_eq!(fitted, fits, "{list}");
        }
        let long = format!("*,{}", "a".repeat(1023));
        assert!(!list_lets_through(long.as_bytes(), b"a"));
    }
}
