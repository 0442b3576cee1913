//! Whose key is whose, in the file that `ssh-keygen -Y verify` reads too.
//!
//! ssh-keygen(1), "ALLOWED SIGNERS". Stricter: an option that is not known, a certificate
//! authority and a pattern that is negated are faults, and a fault in one line is one of the file.

use jiff::tz::TimeZone;
use ssh_key::public::KeyData;

use super::{RequestFile, RequesterName};
use crate::certificate::Validity;
use crate::certificate::key_line::{KeyLineError, read_public_key_line};

/// Keys, and the names that their holders may ask under.
#[derive(Clone, Debug, Default)]
pub struct AllowedSigners(Vec<Signer>);

#[derive(Clone, Debug)]
struct Signer {
    /// Names, or patterns with `*` and `?`.
    names: Vec<String>,
    key: KeyData,
    valid_after: u64,
    valid_before: u64,
    for_requests: bool,
}

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}")]
pub struct AllowedSignersError {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub source: SignerLineError,
}

/// Why a line names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerLineError {
    /// There is more to read than any such file has.
    #[error("more than {MOST} lines")]
    TooMany,
    /// No names, or a negated one.
    #[error("{0:?} is no list of names or patterns")]
    Names(String),
    /// Certificates are not taken as requests' keys.
    #[error("`cert-authority` is not taken: a request is signed by a key")]
    CertAuthority,
    /// An option that means nothing here.
    #[error("option {0:?} is not known")]
    Option(String),
    /// A time that is none.
    #[error("{0:?} is no time; one is YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, with Z for UTC")]
    Time(String),
    /// A quoted value without its end.
    #[error("a quote is not closed")]
    Quote,
    /// No key.
    #[error(transparent)]
    Key(#[from] KeyLineError),
}

impl AllowedSigners {
    /// Reads the file's text. Times without `Z` are in `zone`.
    ///
    /// # Errors
    /// [`AllowedSignersError`], for the first line at fault.
    pub fn parse(text: &str, zone: &dyn Fn() -> TimeZone) -> Result<Self, AllowedSignersError> {
        let mut signers = Vec::new();
        for (text, line) in text.lines().zip(1..) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let signer = match signers.len() {
                MOST.. => Err(SignerLineError::TooMany),
                _ => Signer::parse(text, zone),
            };
            signers.push(signer.map_err(|source| AllowedSignersError { line, source })?);
        }
        Ok(Self(signers))
    }

    /// Whose key this is: who is claimed, where a line allows that; else the one name that
    /// the key's first line has.
    #[must_use]
    pub fn requester(
        &self,
        key: &KeyData,
        claimed: Option<&RequesterName>,
        now: u64,
    ) -> Option<RequesterName> {
        let mut lines = self.0.iter().filter(|signer| signer.is(key, now));
        match claimed {
            Some(name) => lines
                .find(|signer| signer.may_be(name))
                .map(|_| name.clone()),
            None => lines.next()?.only_name(),
        }
    }
}

impl Signer {
    fn parse(line: &str, zone: &dyn Fn() -> TimeZone) -> Result<Self, SignerLineError> {
        let (names, rest) = line.split_once(BLANK).unwrap_or((line, ""));
        let rest = rest.trim_start();
        let (options, key) = match is_key_type(rest) {
            true => ("", rest),
            false => rest.split_at(end_of_options(rest)?),
        };
        let (key, _comment) = read_public_key_line(key)?;
        let mut signer = Self {
            names: self::names(names)?,
            key,
            valid_after: 0,
            valid_before: u64::MAX,
            for_requests: true,
        };
        for option in split_quoted(options).filter(|option| !option.is_empty()) {
            signer.add(option, zone)?;
        }
        Ok(signer)
    }

    fn add(&mut self, option: &str, zone: &dyn Fn() -> TimeZone) -> Result<(), SignerLineError> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = value.trim_matches('"');
        match name.to_ascii_lowercase().as_str() {
            "cert-authority" => return Err(SignerLineError::CertAuthority),
            "namespaces" => {
                let mut patterns = value.split(',');
                self.for_requests = patterns.any(|one| matches(one, RequestFile::NAMESPACE));
            }
            "valid-after" => self.valid_after = time(value, zone)?,
            "valid-before" => self.valid_before = time(value, zone)?,
            _ => return Err(SignerLineError::Option(name.chars().take(64).collect())),
        }
        Ok(())
    }

    fn is(&self, key: &KeyData, now: u64) -> bool {
        let in_time = (self.valid_after..self.valid_before).contains(&now);
        self.for_requests && in_time && self.key == *key
    }

    fn may_be(&self, name: &RequesterName) -> bool {
        self.names.iter().any(|one| matches(one, name.as_str()))
    }

    fn only_name(&self) -> Option<RequesterName> {
        match self.names.as_slice() {
            [one] if !one.contains(['*', '?']) => one.parse().ok(),
            _ => None,
        }
    }
}

fn names(list: &str) -> Result<Vec<String>, SignerLineError> {
    let fault = || SignerLineError::Names(list.chars().take(64).collect());
    let list = list.trim_matches('"');
    let plain = |name: &&str| name.is_empty() || name.starts_with('!') || name.contains('"');
    match list.split(',').any(|name| plain(&name)) {
        true => Err(fault()),
        false => Ok(list.split(',').map(str::to_owned).collect()),
    }
}

fn time(text: &str, zone: &dyn Fn() -> TimeZone) -> Result<u64, SignerLineError> {
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let interval = Validity::parse(&format!("{text}:forever"), 0, zone);
    match interval {
        Ok(interval) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(interval.valid_after())
        }
        _ => Err(SignerLineError::Time(text.chars().take(64).collect())),
    }
}

/// Where the options end: at the first blank outside of quotes.
fn end_of_options(text: &str) -> Result<usize, SignerLineError> {
    let mut quoted = false;
    for (index, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => return Ok(index),
            _ => {}
        }
    }
    match quoted {
        true => Err(SignerLineError::Quote),
        false => Ok(text.len()),
    }
}

/// The parts between commas outside of quotes.
fn split_quoted(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    })
}

fn is_key_type(text: &str) -> bool {
    let word = text.split(BLANK).next().unwrap_or_default();
    KEY_TYPES.iter().any(|start| word.starts_with(start))
}

/// Whether a pattern with `*` and `?` matches all of a name.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut from) = (0, 0);
    let mut star = None;
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
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

const BLANK: [char; 2] = [' ', '\t'];
const KEY_TYPES: [&str; 3] = ["ssh-", "ecdsa-sha2-", "sk-"];
const MOST: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFBG/fUCXIRhD0pyGp6FnxZT7bSNg8YmUuhcrZHXR8bk";
    const OTHER: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    fn parse(text: &str) -> Result<AllowedSigners, SignerLineError> {
        AllowedSigners::parse(text, &|| TimeZone::UTC).map_err(|error| error.source)
    }

    fn requester(text: &str, claimed: Option<&str>, now: u64) -> Option<String> {
        let (key, _) = read_public_key_line(KEY).unwrap();
        let claimed = claimed.map(|name| name.parse().unwrap());
        let name = parse(text).unwrap().requester(&key, claimed.as_ref(), now);
        name.map(|name| name.to_string())
    }

    #[test]
    fn a_key_has_the_name_of_its_line() {
        let text = format!("# ours\n\nerik {OTHER}\npeter {KEY} laptop\n");
        assert_eq!(requester(&text, None, 0).as_deref(), Some("peter"));
        assert_eq!(requester(&text, Some("peter"), 0).as_deref(), Some("peter"));
        assert_eq!(requester(&text, Some("erik"), 0), None);
    }

    #[test]
    fn a_pattern_names_nobody_and_allows_a_claim() {
        let text = format!("*@example.org,ops {KEY}");
        assert_eq!(requester(&text, None, 0), None);
        assert_eq!(
            requester(&text, Some("peter@example.org"), 0).as_deref(),
            Some("peter@example.org")
        );
        assert_eq!(requester(&text, Some("peter@example.org.evil"), 0), None);
    }

    #[test]
    fn a_line_for_another_namespace_or_time_does_not_count() {
        let with = |options: &str| format!("peter {options} {KEY}");
        assert_eq!(requester(&with("namespaces=\"git,file\""), None, 0), None);
        let both = with("namespaces=\"git,request@punchmark\"");
        assert_eq!(requester(&both, None, 0).as_deref(), Some("peter"));
        let until = with("valid-after=\"20260101Z\",valid-before=\"20270101Z\"");
        let (before, within, after) = (1_767_225_599, 1_767_225_600, 1_798_761_600);
        assert_eq!(requester(&until, None, before), None);
        assert_eq!(requester(&until, None, within).as_deref(), Some("peter"));
        assert_eq!(requester(&until, None, after), None);
    }

    #[test]
    fn what_is_not_known_is_a_fault() {
        for (line, fault) in [
            (
                format!("peter cert-authority {KEY}"),
                SignerLineError::CertAuthority,
            ),
            (
                format!("peter no-touch {KEY}"),
                SignerLineError::Option("no-touch".to_owned()),
            ),
            (
                format!("!peter {KEY}"),
                SignerLineError::Names("!peter".to_owned()),
            ),
            (
                format!("peter valid-after=\"soon\" {KEY}"),
                SignerLineError::Time("soon".to_owned()),
            ),
            (
                format!("peter namespaces=\"git {KEY}"),
                SignerLineError::Quote,
            ),
            (
                "peter".to_owned(),
                SignerLineError::Key(KeyLineError::NoKey),
            ),
        ] {
            assert_eq!(parse(&line).unwrap_err(), fault, "{line}");
        }
        let error = AllowedSigners::parse(&format!("peter {KEY}\nx\n"), &|| TimeZone::UTC);
        assert_eq!(error.unwrap_err().line, 2);
    }
}
