//! One line of a file of allowed signers, as OpenSSH reads it (sshsig.c,
//! `parse_principals_key_and_options` and `sshsigopt_parse`).

use jiff::tz::TimeZone;
use ssh_key::public::KeyData;

use crate::certificate::Validity;
use crate::certificate::key_line::{KeyLineError, read_public_key_line};
use crate::request::{RequesterName, glob};

/// A key, and for whom, for what and when it counts.
#[derive(Clone, Debug)]
pub(super) struct SignerLine {
    /// Names, or patterns with `*`, `?` and `!`, between commas.
    names: String,
    key: KeyData,
    options: Options,
}

/// Why a line counts for nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerLineError {
    /// Names alone.
    #[error("there is nothing behind the names")]
    NamesAlone,
    /// An option that ssh-keygen doesn't know either.
    #[error("option {0:?} is not known")]
    Option(String),
    /// An option whose value could be read two ways.
    #[error("option `{0}` is there twice")]
    Twice(&'static str),
    /// A comma with no option behind it.
    #[error("an option is missing behind the last comma")]
    CommaAtTheEnd,
    /// A value as ssh-keygen doesn't take it.
    #[error("the value of `{0}` is not in double quotes")]
    NotQuoted(&'static str),
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

impl SignerLine {
    /// Reads a line; none where it is empty or a comment.
    pub(super) fn parse(
        line: &str,
        zone: &dyn Fn() -> TimeZone,
    ) -> Result<Option<Self>, SignerLineError> {
        // OpenSSH's lines are C strings.
        let line = line.split('\0').next().unwrap_or_default();
        let line = line.trim_start_matches(WHITE_SPACE);
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let (names, rest) = names(line)?;
        let (options, key) = match read_key(rest) {
            Ok(key) => ("", key),
            Err(error) => {
                let (options, key) = split_options(rest)?.ok_or(error)?;
                (options, read_key(key)?)
            }
        };
        let options = Options::parse(options, zone)?;
        Ok(Some(Self {
            names,
            key,
            options,
        }))
    }

    /// Whether this key may sign in a namespace now, by whatever name.
    pub(super) fn is_for(&self, key: &KeyData, namespace: &str, now: u64) -> bool {
        self.key == *key && self.options.allow(namespace, now)
    }

    /// Whether the line is for this name.
    pub(super) fn may_be(&self, name: &RequesterName) -> bool {
        glob::list_lets_through(self.names.as_bytes(), name.as_str().as_bytes())
    }

    /// The line's name, if it has one and no pattern.
    pub(super) fn only_name(&self) -> Option<RequesterName> {
        if self.names.contains(['*', '?', '!', ',']) {
            return None;
        }
        self.names.parse().ok()
    }
}

/// What stands between names and key.
#[derive(Clone, Debug, Default)]
struct Options {
    /// The key is a CA's: certificates by it may sign, and no request is signed by one.
    cert_authority: bool,
    namespaces: Option<String>,
    /// The first second that counts.
    valid_after: Option<u64>,
    /// The last second that counts.
    valid_before: Option<u64>,
}

impl Options {
    fn parse(text: &str, zone: &dyn Fn() -> TimeZone) -> Result<Self, SignerLineError> {
        let mut options = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            rest = options.add(rest, zone)?;
            rest = match rest.strip_prefix(',') {
                Some("") => return Err(SignerLineError::CommaAtTheEnd),
                Some(next) => next,
                None if rest.is_empty() => rest,
                None => return Err(unknown(rest)),
            };
        }
        Ok(options)
    }

    /// Reads the option that `text` begins with; gives what is behind it.
    fn add<'a>(
        &mut self,
        text: &'a str,
        zone: &dyn Fn() -> TimeZone,
    ) -> Result<&'a str, SignerLineError> {
        if let Some(rest) = behind(text, "cert-authority") {
            self.cert_authority = true;
            return Ok(rest);
        }
        let time = |value: String| time(&value, zone);
        if let Some(value) = behind(text, "namespaces=") {
            return set(&mut self.namespaces, "namespaces", value, Ok);
        }
        if let Some(value) = behind(text, "valid-after=") {
            return set(&mut self.valid_after, "valid-after", value, time);
        }
        if let Some(value) = behind(text, "valid-before=") {
            return set(&mut self.valid_before, "valid-before", value, time);
        }
        // ssh-keygen takes an empty option for none, as behind a leading comma.
        if text.starts_with(',') {
            return Ok(text);
        }
        Err(unknown(text))
    }

    fn allow(&self, namespace: &str, now: u64) -> bool {
        let named = |list: &String| glob::list_lets_through(list.as_bytes(), namespace.as_bytes());
        !self.cert_authority
            && self.namespaces.as_ref().is_none_or(named)
            && self.valid_after.is_none_or(|after| now >= after)
            && self.valid_before.is_none_or(|before| now <= before)
    }
}

/// Puts the quoted value that `text` begins with into its place; gives what is behind it.
fn set<'a, T>(
    place: &mut Option<T>,
    name: &'static str,
    text: &'a str,
    read: impl Fn(String) -> Result<T, SignerLineError>,
) -> Result<&'a str, SignerLineError> {
    if place.is_some() {
        return Err(SignerLineError::Twice(name));
    }
    let text = text.strip_prefix('"');
    let (value, rest) = unquote(text.ok_or(SignerLineError::NotQuoted(name))?)?;
    *place = Some(read(value)?);
    Ok(rest)
}

/// What a quoted value is, up to its closing quote, and what is behind that (`opt_dequote`).
fn unquote(text: &str) -> Result<(String, &str), SignerLineError> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, text.get(at.saturating_add(1)..).unwrap_or_default())),
            '\\' if characters.next_if(|(_, next)| *next == '"').is_some() => value.push('"'),
            other => value.push(other),
        }
    }
    Err(SignerLineError::Quote)
}

/// What is behind a name, which may be written in any case.
fn behind<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

fn unknown(text: &str) -> SignerLineError {
    let name = text.split([',', '=']).next().unwrap_or_default();
    SignerLineError::Option(name.chars().take(64).collect())
}

/// The names, up to white space outside of quotes, and the rest (misc.c, `strdelimw`): at the
/// first quote the names go on to the next one, and end there.
fn names(line: &str) -> Result<(String, &str), SignerLineError> {
    let delimiter = |character: char| character == '"' || WHITE_SPACE.contains(&character);
    let Some((names, rest)) = line
        .find(delimiter)
        .and_then(|at| line.split_at_checked(at))
    else {
        return Err(SignerLineError::NamesAlone);
    };
    let (quoted, rest) = match rest.strip_prefix('"') {
        None => ("", rest),
        Some(rest) => rest.split_once('"').ok_or(SignerLineError::Quote)?,
    };
    Ok((
        format!("{names}{quoted}"),
        rest.trim_start_matches(WHITE_SPACE),
    ))
}

/// The options and the key behind them; none where there is nothing behind them.
fn split_options(text: &str) -> Result<Option<(&str, &str)>, SignerLineError> {
    let mut quoted = false;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                let _escaped = characters.next_if(|(_, next)| *next == '"');
            }
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => {
                let (options, key) = text.split_at(at);
                return Ok(Some((options, key.trim_start_matches(BLANK))));
            }
            _ => {}
        }
    }
    if quoted {
        Err(SignerLineError::Quote)
    } else {
        Ok(None)
    }
}

fn read_key(text: &str) -> Result<KeyData, KeyLineError> {
    Ok(read_public_key_line(text)?.0)
}

/// Unix time (misc.c, `parse_absolute_time`); the epoch itself is refused there too. A time that
/// does not exist, as the 30th of February or second 60, is a slip: OpenSSH takes the one behind it
/// (mktime(3)), and here the line counts for nobody, since nobody knows which was meant.
fn time(text: &str, zone: &dyn Fn() -> TimeZone) -> Result<u64, SignerLineError> {
    let fault = || SignerLineError::Time(text.chars().take(64).collect());
    let utc = ["Z", "z"]
        .iter()
        .find_map(|end| text.strip_suffix(end))
        .or_else(|| {
            let (digits, end) = text.split_at_checked(text.len().checked_sub(3)?)?;
            end.eq_ignore_ascii_case("utc").then_some(digits)
        });
    let digits = utc.unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(fault());
    }
    let mark = if utc.is_some() { "Z" } else { "" };
    let interval = Validity::parse(&format!("{digits}{mark}:forever"), 0, zone);
    // What the text of -V has more to say of it, is said of this file in one sentence.
    let after = interval.map_err(|_grammar| fault())?.valid_after();
    if after == 0 {
        return Err(fault());
    }
    Ok(after)
}

const WHITE_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];
const BLANK: [char; 2] = [' ', '\t'];
