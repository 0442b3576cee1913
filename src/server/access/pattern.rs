//! What a name with wildcards matches, for whoever is let in and for whoever is kept out.

/// What a line is for; it decides what its wildcards reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To let in: no wildcard reaches a reserved suffix or `root`.
    Grant,
    /// To keep out: a wildcard matches anything.
    Denial,
}

/// Whether a name is a pattern.
pub(super) fn has_wildcard(name: &str) -> bool {
    name.bytes().any(|byte| matches!(byte, b'*' | b'?'))
}

/// Whether `pattern` matches all of `name`: `*` any text, `?` one character.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    // Where to go on after the last `*`, which takes one byte more each time.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(n) {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                retry = Some((p, n));
            }
            Some(expected) if *expected == b'?' || expected == byte => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((behind, taken)) = retry else {
                    return false;
                };
                (p, n) = (behind, taken.saturating_add(1));
                retry = Some((behind, n));
            }
        }
    }
    let rest = pattern.get(p..).unwrap_or_default();
    rest.iter().all(|byte| *byte == b'*')
}

/// Whether a pattern among principals matches this one.
///
/// A principal that ends in a reserved suffix is let in only by a pattern that has this suffix
/// at its end, letter by letter. Capitals don't make another suffix, as the CA has it.
pub(super) fn principal_fits(
    pattern: &str,
    principal: &str,
    purpose: Purpose,
    suffixes: &[String],
) -> bool {
    let reserved = suffixes.iter().find(|suffix| ends_in(principal, suffix));
    match (purpose, reserved) {
        (Purpose::Grant, Some(suffix)) => {
            let whose = pattern.strip_suffix(suffix.as_str());
            let name = principal.strip_suffix(suffix.as_str());
            whose
                .zip(name)
                .is_some_and(|(whose, name)| matches(whose, name))
        }
        _ => matches(pattern, principal),
    }
}

/// Whether a pattern among users matches this one. Root is written out to be let in.
pub(super) fn user_fits(pattern: &str, user: &str, purpose: Purpose) -> bool {
    if purpose == Purpose::Grant && user == "root" {
        return pattern == user;
    }
    matches(pattern, user)
}

/// Whether a name ends in a suffix, in whatever case.
pub(super) fn ends_in(name: &str, suffix: &str) -> bool {
    let start = name.len().checked_sub(suffix.len());
    let tail = start.and_then(|start| name.as_bytes().get(start..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(suffix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_those_of_openssh() {
        for (pattern, name) in [
            ("*", ""),
            ("*", "a"),
            ("web*", "web"),
            ("web?", "web1"),
            ("*a*b", "xaabb"),
            ("a*b*c", "abbcbc"),
            ("**", "x"),
            ("web1", "web1"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("", "a"),
            ("?", ""),
            ("web?", "web"),
            ("*b", "ba"),
            ("a", "ab"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_ends_soon() {
        assert!(!matches(
            &"*a".repeat(2_000),
            &"a".repeat(60_000).replace('a', "b")
        ));
        assert!(!matches(
            &format!("{}c", "*a".repeat(100)),
            &"a".repeat(10_000)
        ));
    }
}
