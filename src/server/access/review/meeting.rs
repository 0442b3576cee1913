//! Where two patterns meet: a third, of names that both of them match.

use super::super::name::NAME_BYTES_MAX;
use super::book::sample;

/// A pattern of names that both match, as wide as one pattern can say it; none if no name is matched
/// by both, or only such as are too long.
///
/// Two patterns with text between stars may meet in several ways; this is one of them.
pub(super) fn meeting(one: &str, other: &str) -> Option<String> {
    if !may_meet(one, other) {
        return None;
    }
    let met = Meeting::new(one, other).walk()?;
    (sample(&met).len() <= NAME_BYTES_MAX).then_some(met)
}

/// Whether what stands before the first wildcards is no contradiction.
fn may_meet(one: &str, other: &str) -> bool {
    let (one, other) = (beginning(one), beginning(other));
    one.starts_with(other) || other.starts_with(one)
}

/// What stands before the first wildcard.
pub(super) fn beginning(pattern: &str) -> &str {
    let end = pattern.find(['*', '?']).unwrap_or(pattern.len());
    pattern.get(..end).unwrap_or_default()
}

/// Two patterns, and from which pairs of places in them on they meet.
struct Meeting<'p> {
    one: &'p [u8],
    other: &'p [u8],
    /// By place in the one, then in the other, one place behind the ends too.
    meets: Vec<bool>,
}

impl<'p> Meeting<'p> {
    fn new(one: &'p str, other: &'p str) -> Self {
        let (one, other) = (one.as_bytes(), other.as_bytes());
        let places = one.len().saturating_add(1) * other.len().saturating_add(1);
        let mut meeting = Self {
            one,
            other,
            meets: vec![false; places],
        };
        for i in (0..=one.len()).rev() {
            for j in (0..=other.len()).rev() {
                let meets = meeting.meets_by_what_follows(i, j);
                let at = meeting.at(i, j);
                if let Some(place) = meeting.meets.get_mut(at) {
                    *place = meets;
                }
            }
        }
        meeting
    }

    fn at(&self, i: usize, j: usize) -> usize {
        i * self.other.len().saturating_add(1) + j
    }

    fn meets(&self, i: usize, j: usize) -> bool {
        i <= self.one.len() && j <= self.other.len() && self.meets.get(self.at(i, j)) == Some(&true)
    }

    fn meets_by_what_follows(&self, i: usize, j: usize) -> bool {
        match (self.one.get(i), self.other.get(j)) {
            (None, None) => true,
            // A star takes nothing more, or what the other one wants here.
            (Some(b'*'), _) | (_, Some(b'*')) => self.meets(i + 1, j) || self.meets(i, j + 1),
            (Some(one), Some(other)) => both(*one, *other).is_some() && self.meets(i + 1, j + 1),
            _ => false,
        }
    }

    fn walk(&self) -> Option<String> {
        if !self.meets(0, 0) {
            return None;
        }
        let (mut i, mut j) = (0, 0);
        let mut met = String::new();
        while (i, j) != (self.one.len(), self.other.len()) {
            let (byte, next) = self.step(i, j)?;
            // One star says as much as two.
            if byte != Some(b'*') || !met.ends_with('*') {
                met.extend(byte.map(char::from));
            }
            (i, j) = next;
        }
        Some(met)
    }

    /// What both match here, and where they go on.
    fn step(&self, i: usize, j: usize) -> Option<(Option<u8>, (usize, usize))> {
        let (one, other) = (self.one.get(i).copied(), self.other.get(j).copied());
        let (in_one, in_other) = ((i + 1, j), (i, j + 1));
        let goes = |(i, j)| self.meets(i, j);
        Some(match (one, other) {
            (Some(b'*'), Some(b'*')) if goes(in_one) => (Some(b'*'), in_one),
            (Some(b'*'), Some(b'*')) => (Some(b'*'), in_other),
            // The star takes what the other one wants, for as long as that leads to the end.
            (Some(b'*'), Some(byte)) if goes(in_other) => (Some(byte), in_other),
            (Some(b'*'), _) => (None, in_one),
            (Some(byte), Some(b'*')) if goes(in_one) => (Some(byte), in_one),
            (_, Some(b'*')) => (None, in_other),
            (Some(one), Some(other)) => (Some(both(one, other)?), (i + 1, j + 1)),
            _ => return None,
        })
    }
}

/// What two characters of patterns without stars both match.
fn both(one: u8, other: u8) -> Option<u8> {
    match (one, other) {
        (b'?', byte) | (byte, b'?') => Some(byte),
        _ => (one == other).then_some(one),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::pattern::matches;
    use super::*;

    #[test]
    fn patterns_meet_in_names_that_both_match() {
        for (one, other, met) in [
            ("w*", "*1", "w*1"),
            ("a*", "ab*", "ab*"),
            ("*", "web?", "web?"),
            ("*a*", "*b*", "*a*b*"),
            ("w?b*", "*e?", "w?b*e?"),
            ("**", "*", "*"),
            ("a*c", "ab?", "abc"),
            ("contractor_*", "*_physical", "contractor_*_physical"),
            ("web1", "web?", "web1"),
        ] {
            assert_eq!(meeting(one, other).as_deref(), Some(met), "{one} {other}");
            assert!(meeting(other, one).is_some(), "{other} {one}");
        }
        for (one, other) in [("a*", "b*"), ("*1", "*2"), ("?", "??"), ("a?c", "a*d")] {
            assert_eq!(meeting(one, other), None, "{one} {other}");
        }
    }

    #[test]
    fn whatever_two_short_patterns_are_they_meet_where_a_name_is_of_both() {
        let letters = ["", "a", "b", "*", "?"];
        let all = |left: &[String]| -> Vec<String> {
            let ends = |begin: &String| letters.map(|end| format!("{begin}{end}"));
            left.iter().flat_map(ends).collect()
        };
        let mut patterns = vec![String::new()];
        let mut names = vec![String::new()];
        for _ in 0..3 {
            patterns = all(&patterns);
        }
        for _ in 0..6 {
            let longer = names
                .iter()
                .flat_map(|name| [format!("{name}a"), format!("{name}b")]);
            names = longer.chain([String::new()]).collect();
            names.sort_unstable();
            names.dedup();
        }
        for one in &patterns {
            for other in &patterns {
                let fit = |name: &String| matches(one, name) && matches(other, name);
                let met = meeting(one, other);
                assert_eq!(met.is_some(), names.iter().any(fit), "{one} {other}");
                let asked = met.map(|met| sample(&met));
                assert!(asked.as_ref().is_none_or(fit), "{one} {other} {asked:?}");
            }
        }
    }
}
