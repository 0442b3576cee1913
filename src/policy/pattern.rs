//! Which requesters and which principals a role is for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::certificate::{Kind, Principal, PrincipalError};
use crate::request::{Requester, RequesterName, glob};

/// A name, or a pattern in which `*` stands for any characters, also none, and `?` for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

/// Who may ask: an exact name or a [`Glob`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequesterPattern(Glob);

/// Which base principals may be asked for: a principal without any suffix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PrincipalPattern {
    /// This one.
    Exact(Principal),
    /// All of these; one of them must be asked for by name.
    Glob(Glob),
    /// The requester's own name: `{requester}`, and nothing around it.
    Requester,
    /// The names that the ledger has for the requester: `{requester-names}`.
    RequesterNames,
}

/// A text that is no pattern.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// What matches nothing else than principals is made of their characters.
    #[error(transparent)]
    Name(#[from] PrincipalError),
    /// Only one thing is filled in.
    #[error(
        "{0:?} is no template; `{REQUESTER}` and `{REQUESTER_NAMES}` alone are filled in, with \
         nothing around them"
    )]
    Template(String),
}

impl Glob {
    /// Whether it matches the whole name.
    pub fn matches(&self, name: &str) -> bool {
        glob::matches(self.0.as_bytes(), name.as_bytes())
    }

    /// Whether a name could match both.
    pub fn meets(&self, other: &Self) -> bool {
        meets(self.0.as_bytes(), other.0.as_bytes())
    }

    /// Whether a longer name that it matches could end in `suffix`.
    pub fn could_end_in(&self, suffix: &str) -> bool {
        meets(self.0.as_bytes(), format!("?*{suffix}").as_bytes())
    }

    /// The text behind the last wildcard, in which every match ends.
    pub fn tail(&self) -> &str {
        let wildcards = ['*', '?'];
        self.0
            .rsplit_once(wildcards)
            .map_or(self.0.as_str(), |(_, tail)| tail)
    }

    /// The pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RequesterPattern {
    /// Whether this requester may ask.
    pub fn matches(&self, requester: &RequesterName) -> bool {
        self.0.matches(requester.as_str())
    }

    /// The pattern.
    pub fn glob(&self) -> &Glob {
        &self.0
    }
}

impl PrincipalPattern {
    /// Whether this requester may have this base principal.
    pub fn matches(&self, principal: &Principal, requester: &Requester) -> bool {
        match self {
            Self::Exact(exact) => exact == principal,
            Self::Glob(glob) => glob.matches(principal.as_str()),
            Self::Requester => requester.name().as_str() == principal.as_str(),
            Self::RequesterNames => requester.names().contains(principal),
        }
    }

    /// Whether one principal could be of both; a template could be anybody's.
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(a), Self::Exact(b)) => a == b,
            (Self::Exact(exact), Self::Glob(glob)) | (Self::Glob(glob), Self::Exact(exact)) => {
                glob.matches(exact.as_str())
            }
            (Self::Glob(a), Self::Glob(b)) => a.meets(b),
            (Self::Requester | Self::RequesterNames, _)
            | (_, Self::Requester | Self::RequesterNames) => true,
        }
    }

    /// The text in which every match ends, if that is known.
    pub fn tail(&self) -> Option<&str> {
        match self {
            Self::Exact(exact) => Some(exact.as_str()),
            Self::Glob(glob) => Some(glob.tail()),
            Self::Requester | Self::RequesterNames => None,
        }
    }
}

impl TryFrom<String> for RequesterPattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        glob(text).map(Self)
    }
}

impl TryFrom<String> for PrincipalPattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        if text == REQUESTER {
            return Ok(Self::Requester);
        }
        if text == REQUESTER_NAMES {
            return Ok(Self::RequesterNames);
        }
        if text.contains(['*', '?']) {
            glob(text).map(Self::Glob)
        } else {
            refuse_template(&text)?;
            Ok(Self::Exact(Principal::parse(&text, Kind::User)?))
        }
    }
}

impl From<RequesterPattern> for String {
    fn from(pattern: RequesterPattern) -> Self {
        pattern.0.0
    }
}

impl From<PrincipalPattern> for String {
    fn from(pattern: PrincipalPattern) -> Self {
        pattern.to_string()
    }
}

impl fmt::Display for PrincipalPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exact(exact) => exact.as_str(),
            Self::Glob(glob) => glob.as_str(),
            Self::Requester => REQUESTER,
            Self::RequesterNames => REQUESTER_NAMES,
        })
    }
}

impl fmt::Display for RequesterPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// The characters are those of a host's principal, which has the same two wildcards.
fn glob(text: String) -> Result<Glob, PatternError> {
    refuse_template(&text)?;
    Principal::parse(&text, Kind::Host)?;
    Ok(Glob(text))
}

fn refuse_template(text: &str) -> Result<(), PatternError> {
    if text.contains(['{', '}']) {
        Err(PatternError::Template(text.chars().take(255).collect()))
    } else {
        Ok(())
    }
}

/// Whether some name matches both.
///
/// Where both have a `*`, only what stands before the first and behind the last one counts:
/// the stars take in whatever the other pattern has in between.
fn meets(a: &[u8], b: &[u8]) -> bool {
    match (a.contains(&b'*'), b.contains(&b'*')) {
        (true, true) => agree(a.iter(), b.iter()) && agree(a.iter().rev(), b.iter().rev()),
        (true, false) => fits(a, b),
        (false, true) => fits(b, a),
        (false, false) => a.len() == b.len() && agree(a.iter(), b.iter()),
    }
}

/// Whether two patterns could have the same characters, up to where a star comes in one.
fn agree<'a>(a: impl Iterator<Item = &'a u8>, b: impl Iterator<Item = &'a u8>) -> bool {
    a.zip(b)
        .take_while(|(x, y)| **x != b'*' && **y != b'*')
        .all(|(x, y)| is_one(*x, *y))
}

/// Whether one character could stand for both.
fn is_one(x: u8, y: u8) -> bool {
    x == y || x == b'?' || y == b'?'
}

/// Whether a pattern matches some name of `text`, which has no star: each piece between stars
/// where it first can, and the last one at the end.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let mut pieces = pattern.split(|byte| *byte == b'*');
    let (Some(head), Some(tail)) = (pieces.next(), pieces.next_back()) else {
        return false;
    };
    let middle = text
        .len()
        .checked_sub(tail.len())
        .and_then(|end| text.split_at_checked(end))
        .filter(|(_, end)| agree(tail.iter(), end.iter()))
        .and_then(|(start, _)| start.split_at_checked(head.len()))
        .filter(|(start, _)| agree(head.iter(), start.iter()));
    let Some((_, mut rest)) = middle else {
        return false;
    };
    pieces.all(|piece| {
        let starts = 0..=rest.len().saturating_sub(piece.len());
        let found = starts
            .filter_map(|start| rest.get(start..))
            .find(|from| from.len() >= piece.len() && agree(piece.iter(), from.iter()));
        rest = found
            .and_then(|from| from.get(piece.len()..))
            .unwrap_or_default();
        found.is_some()
    })
}

const REQUESTER: &str = "{requester}";
const REQUESTER_NAMES: &str = "{requester-names}";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn principal(text: &str) -> Result<PrincipalPattern, PatternError> {
        PrincipalPattern::try_from(text.to_owned())
    }

    #[test]
    fn the_names_of_a_requester_are_that_requesters_alone() {
        let name = |text: &str| Principal::parse(text, Kind::User).unwrap();
        let known = |requester: &str| {
            Requester::known(requester.parse().unwrap(), crate::request::KnownBy::Key)
        };
        let web1 = known("web1").with_names(vec![name("web1"), name("web1.example.org")]);
        let pattern = PrincipalPattern::RequesterNames;
        assert!(pattern.matches(&name("web1.example.org"), &web1));
        assert!(!pattern.matches(&name("web2"), &web1));
        // A name that nobody recorded is not theirs, their own included.
        assert!(!pattern.matches(&name("web2"), &known("web2")));
    }

    #[test]
    fn a_glob_matches_whole_names() {
        for (pattern, name, fits) in [
            ("*@example.org", "erik@example.org", true),
            ("*@example.org", "erik@example.org.evil", false),
            ("dev-?", "dev-1", true),
            ("dev-?", "dev-", false),
            ("dev-?", "dev-12", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("peter", "Peter", false),
        ] {
            let pattern = RequesterPattern::try_from(pattern.to_owned()).unwrap();
            let name = name.parse().unwrap();
            assert_eq!(pattern.matches(&name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn two_globs_meet_where_one_name_matches_both() {
        let glob = |text: &str| glob(text.to_owned()).unwrap();
        for (a, b, meet) in [
            ("dev-*", "*-admin", true),
            ("dev-*", "ops-*", false),
            ("a?c", "ab*", true),
            ("a?", "a??", false),
            ("*", "x", true),
            ("*a*", "*b*", true),
            ("bx*", "a?c", false),
            ("a*b*c", "a?b?c", true),
            ("a*bcd*c", "a??c", false),
            ("a*a", "a", false),
            ("??", "*", true),
        ] {
            assert_eq!(glob(a).meets(&glob(b)), meet, "{a} {b}");
            assert_eq!(glob(b).meets(&glob(a)), meet, "{b} {a}");
        }
    }

    /// The same question by search.
    fn meets_by_search(a: &[u8], b: &[u8]) -> bool {
        match (a, b) {
            ([b'*', rest @ ..], b) if meets_by_search(rest, b) => true,
            (a, [b'*', rest @ ..]) if meets_by_search(a, rest) => true,
            ([b'*', ..], [_, rest @ ..]) => meets_by_search(a, rest),
            ([_, rest @ ..], [b'*', ..]) => meets_by_search(rest, b),
            ([x, rest_a @ ..], [y, rest_b @ ..]) => {
                is_one(*x, *y) && meets_by_search(rest_a, rest_b)
            }
            (a, b) => a.is_empty() && b.is_empty(),
        }
    }

    proptest! {
        #[test]
        fn two_globs_meet_as_a_search_says(
            a in "[ab?*]{0,7}",
            b in "[ab?*]{0,7}",
        ) {
            let (a, b) = (a.as_bytes(), b.as_bytes());
            prop_assert_eq!(meets(a, b), meets_by_search(a, b));
        }
    }

    #[test]
    fn fills_in_the_requester_and_nothing_else() {
        assert_eq!(principal("{requester}"), Ok(PrincipalPattern::Requester));
        assert_eq!(
            principal("{requester-names}"),
            Ok(PrincipalPattern::RequesterNames)
        );
        for text in [
            "{requester-names}x",
            "{fingerprint}",
            "x-{requester}",
            "{requester}*",
            "{",
            "a}",
        ] {
            assert_eq!(
                principal(text),
                Err(PatternError::Template(text.to_owned()))
            );
        }
    }

    #[test]
    fn a_comma_white_space_or_look_alike_is_in_no_pattern() {
        for text in ["peter,root", "peter root", "рeter", "*,*", ""] {
            assert!(
                matches!(principal(text), Err(PatternError::Name(_))),
                "{text}"
            );
        }
    }
}
