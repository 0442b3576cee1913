//! The options of a line: those of an `AuthorizedPrincipalsFile` (sshd_config(5)), which are
//! those of a key (sshd(8), "AUTHORIZED_KEYS FILE FORMAT"; `sshauthopt_parse`).
//!
//! sshd skips a line whose options it doesn't understand, in silence. So everything is checked
//! here as sshd checks it, or more strictly.

mod expiry;
mod source;
mod value;

pub use self::expiry::Expiry;
use super::fault::{Misread, Wrong};
use super::line::Word;

/// The options of one line, checked; empty where there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options<'a>(&'a str);

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// The option as it is written, with its value.
    pub text: &'a str,
    /// The name; its case doesn't count.
    pub name: &'a str,
    /// What stands between the quotes, where `\"` is still a quote within.
    pub value: Option<&'a str>,
}

impl<'a> Options<'a> {
    pub(super) fn parse(word: Word<'a>) -> Result<Self, Misread> {
        let mut rest = word;
        let mut seen: Vec<&str> = Vec::new();
        loop {
            let (item, end) = first(rest)?;
            check(item, rest.column, &seen)?;
            seen.push(item.name);
            let behind = rest.text.get(end..).unwrap_or_default();
            let column = rest.column.saturating_add(end);
            match behind.strip_prefix(',') {
                Some(text) => {
                    let column = column.saturating_add(1);
                    rest = Word::part(column, text);
                }
                None if behind.is_empty() => return Ok(Self(word.text)),
                None => {
                    let wrong = Wrong::UnknownOption(behind.to_owned());
                    return Err(Misread::new(column, wrong));
                }
            }
        }
    }

    /// The options as they stand in the list.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.0
    }

    /// Each option in the order of the line.
    pub fn iter(&self) -> impl Iterator<Item = Item<'a>> + use<'a> {
        let mut rest = Word::part(1, self.0);
        std::iter::from_fn(move || {
            if rest.text.is_empty() {
                return None;
            }
            let (item, end) = first(rest).ok()?;
            let behind = rest.text.get(end..).unwrap_or_default();
            rest.text = behind.strip_prefix(',').unwrap_or_default();
            Some(item)
        })
    }

    /// The addresses and hosts that `from` names, if it stands there.
    #[must_use]
    pub fn from(&self) -> Option<&'a str> {
        self.value_of("from")
    }

    /// Whether it has a `from` that can be put behind another.
    pub(super) fn joins_by_from(&self) -> bool {
        self.from().is_some_and(|from| !source::is_negated(from))
    }

    /// What `command` runs, if it stands there; `\"` is still a quote within.
    #[must_use]
    pub fn command(&self) -> Option<&'a str> {
        self.value_of("command")
    }

    /// The earliest `expiry-time`, which is the one that counts for sshd.
    #[must_use]
    pub fn expiries(&self) -> Vec<Expiry> {
        let times = self.iter().filter(|item| item.is("expiry-time"));
        times
            .filter_map(|item| Expiry::parse(item.value?))
            .collect()
    }

    fn value_of(&self, name: &str) -> Option<&'a str> {
        self.iter().find(|item| item.is(name))?.value
    }
}

impl Item<'_> {
    /// Whether it is the option of this name, written in lower case here.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The first option of a word, and where it ends.
fn first(word: Word<'_>) -> Result<(Item<'_>, usize), Misread> {
    let text = word.text;
    let name_end = text.find(['=', ',', '"']).unwrap_or(text.len());
    let name = text.get(..name_end).unwrap_or_default();
    if name.is_empty() {
        return Err(Misread::new(word.column, Wrong::EmptyOption));
    }
    let Some(behind) = text.get(name_end..).and_then(|rest| rest.strip_prefix('=')) else {
        let item = Item {
            text: name,
            name,
            value: None,
        };
        return Ok((item, name_end));
    };
    let unquoted = || Misread::new(word.column, Wrong::Unquoted(name.to_owned()));
    let quoted = behind.strip_prefix('"').ok_or_else(unquoted)?;
    let length = closing_quote(quoted).ok_or_else(unquoted)?;
    let end = name_end.saturating_add(length).saturating_add(3);
    let item = Item {
        text: text.get(..end).unwrap_or_default(),
        name,
        value: quoted.get(..length),
    };
    Ok((item, end))
}

/// Where the quote is that ends a value (`opt_dequote` of OpenSSH).
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().zip(0..).find_map(|(byte, at)| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\';
        ends.then_some(at)
    })
}

fn check(item: Item<'_>, column: usize, seen: &[&str]) -> Result<(), Misread> {
    let fault = |wrong| Err(Misread::new(column, wrong));
    let name = || item.name.to_owned();
    if KEYS_ONLY.iter().any(|option| item.is(option)) {
        return fault(Wrong::KeysOption(name()));
    }
    if FLAGS.iter().any(|flag| item.is(flag)) {
        return match item.value {
            Some(_) => fault(Wrong::FlagValue(name())),
            None => Ok(()),
        };
    }
    let Some(option) = value::VALUED.iter().find(|option| item.is(option.name)) else {
        return fault(Wrong::UnknownOption(name()));
    };
    let Some(value) = item.value else {
        return fault(Wrong::Unquoted(name()));
    };
    let twice = seen
        .iter()
        .any(|seen| seen.eq_ignore_ascii_case(option.name));
    if option.once && twice {
        return fault(Wrong::OptionTwice(name()));
    }
    let value_column = column.saturating_add(item.name.len()).saturating_add(2);
    (option.check)(value).map_err(|wrong| Misread::new(value_column, wrong))
}

/// What takes no value; `no-` before most, as sshd has it since 8.2.
const FLAGS: [&str; 15] = [
    "restrict",
    "port-forwarding",
    "no-port-forwarding",
    "agent-forwarding",
    "no-agent-forwarding",
    "x11-forwarding",
    "no-x11-forwarding",
    "pty",
    "no-pty",
    "user-rc",
    "no-user-rc",
    "touch-required",
    "no-touch-required",
    "verify-required",
    "no-verify-required",
];

/// What sshd reads on a line of principals without any effect.
const KEYS_ONLY: [&str; 2] = ["cert-authority", "principals"];
