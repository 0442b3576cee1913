//! The grammar of `ssh-keygen -O`.

#[cfg(test)]
mod tests;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::super::Kind;
use super::super::text::is_plain;
use super::{Form, MAX_LEN, OptionError, OptionsAsked, Place};

/// What was collected of the arguments so far.
///
/// Flags are apart, since `clear` drops them and nothing else.
#[derive(Default)]
struct Collector {
    flags: BTreeSet<&'static str>,
    asked: OptionsAsked,
}

/// The flags of a certificate that nobody turned off.
pub(super) fn defaults(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::User => USER_DEFAULTS,
        Kind::Host => &[],
    }
}

impl OptionsAsked {
    /// Reads the arguments of `ssh-keygen -O`, in their order. The grammar is that of
    /// [`super::Options::parse`].
    ///
    /// # Errors
    /// The fault of the first argument that is not in the grammar, or a map that grows too large.
    pub fn parse(args: &[String]) -> Result<Self, OptionError> {
        let mut collector = Collector::default();
        for argument in args {
            collector.add(argument)?;
        }
        collector.finish()
    }
}

impl Collector {
    fn add(&mut self, argument: &str) -> Result<(), OptionError> {
        if argument.len() > MAX_LEN {
            let length = argument.len();
            return Err(OptionError::ArgumentTooLong { length });
        }
        if self.add_flag(argument) {
            return Ok(());
        }
        for name in VALUED {
            if let Some(value) = after_prefix(argument, name).and_then(|v| v.strip_prefix('=')) {
                return self.insert(Place::Critical, name, Some(value));
            }
        }
        for (prefix, place) in CUSTOM {
            if let Some(custom) = after_prefix(argument, prefix) {
                let (name, value) = match custom.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (custom, None),
                };
                return self.insert(place, name, value);
            }
        }
        Err(OptionError::Unknown(argument.to_owned()))
    }

    /// Whether the argument was `clear` or one that turns a flag on or off.
    fn add_flag(&mut self, argument: &str) -> bool {
        if argument.eq_ignore_ascii_case("clear") {
            self.flags.clear();
            self.asked.without.clear();
            self.asked.cleared = true;
            return true;
        }
        for (on, off, flag) in FLAGS {
            if argument.eq_ignore_ascii_case(on) {
                self.asked.without.remove(flag);
                self.flags.insert(flag);
                return true;
            }
            if argument.eq_ignore_ascii_case(off) {
                self.flags.remove(flag);
                self.asked.without.insert(flag);
                return true;
            }
        }
        false
    }

    fn insert(&mut self, place: Place, name: &str, value: Option<&str>) -> Result<(), OptionError> {
        if value == Some("") {
            return Err(OptionError::EmptyValue(quotable(name)));
        }
        let value = value.unwrap_or_default();
        check_entry(place, name, value)?;
        match self.map(place).entry(name.to_owned()) {
            Entry::Vacant(entry) => {
                entry.insert(value.to_owned());
                Ok(())
            }
            Entry::Occupied(_) => Err(OptionError::Twice(name.to_owned())),
        }
    }

    fn finish(mut self) -> Result<OptionsAsked, OptionError> {
        self.asked.flags = self.flags.clone();
        for flag in std::mem::take(&mut self.flags) {
            let place = match Place::Critical.form(flag) {
                Some(_) => Place::Critical,
                None => Place::Extension,
            };
            self.insert(place, flag, None)?;
        }
        check_size(Place::Critical, &self.asked.critical)?;
        check_size(Place::Extension, &self.asked.extensions)?;
        Ok(self.asked)
    }

    fn map(&mut self, place: Place) -> &mut BTreeMap<String, String> {
        match place {
            Place::Critical => &mut self.asked.critical,
            Place::Extension => &mut self.asked.extensions,
        }
    }
}

/// Refuses a name or value that OpenSSH would not read as it is meant.
pub(super) fn check_entry(place: Place, name: &str, value: &str) -> Result<(), OptionError> {
    if !(1..=MAX_NAME_LEN).contains(&name.len()) || !name.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(OptionError::Name(quotable(name)));
    }
    if let Some(character) = value.chars().find(|c| !is_plain(*c)) {
        let name = name.to_owned();
        return Err(OptionError::Character { name, character });
    }
    match place.form(name) {
        Some(form) if form.fits(value) => Ok(()),
        Some(form) => Err(misformed(form, name, value)),
        None if place.other().form(name).is_some() => Err(OptionError::Place {
            name: name.to_owned(),
            place,
        }),
        None => Ok(()),
    }
}

/// Refuses a map that would take more than [`MAX_LEN`] bytes on the wire.
pub(super) fn check_size(place: Place, map: &BTreeMap<String, String>) -> Result<(), OptionError> {
    let entry = |(name, value): (&String, &String)| {
        let embedded = if value.is_empty() { 0 } else { PREFIX_LEN };
        [PREFIX_LEN, name.len(), PREFIX_LEN, embedded, value.len()]
            .iter()
            .sum::<usize>()
    };
    let length = map.iter().map(entry).sum();
    if length > MAX_LEN {
        return Err(OptionError::TooLong { place, length });
    }
    Ok(())
}

fn misformed(form: Form, name: &str, value: &str) -> OptionError {
    match form {
        Form::Addresses if !value.is_empty() => OptionError::SourceAddress(value.to_owned()),
        Form::Addresses | Form::Text | Form::Flag => OptionError::Form {
            name: name.to_owned(),
            flag: form == Form::Flag,
        },
    }
}

/// What stands behind a prefix, whose case does not count.
fn after_prefix<'a>(argument: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = argument.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

/// A refused name as it may be shown.
fn quotable(name: &str) -> String {
    name.escape_debug().take(MAX_NAME_LEN).collect()
}

/// What turns a flag on, what turns it off, and the option it stands for.
const FLAGS: [(&str, &str, &str); 7] = [
    (
        "permit-x11-forwarding",
        "no-x11-forwarding",
        "permit-X11-forwarding",
    ),
    (
        "permit-agent-forwarding",
        "no-agent-forwarding",
        "permit-agent-forwarding",
    ),
    (
        "permit-port-forwarding",
        "no-port-forwarding",
        "permit-port-forwarding",
    ),
    ("permit-pty", "no-pty", "permit-pty"),
    ("permit-user-rc", "no-user-rc", "permit-user-rc"),
    ("no-touch-required", "touch-required", "no-touch-required"),
    ("verify-required", "no-verify-required", "verify-required"),
];

/// The flags of a user certificate that nobody turned off.
const USER_DEFAULTS: &[&str] = &[
    "permit-X11-forwarding",
    "permit-agent-forwarding",
    "permit-port-forwarding",
    "permit-pty",
    "permit-user-rc",
];

const VALUED: [&str; 2] = ["force-command", "source-address"];

const CUSTOM: [(&str, Place); 2] = [
    ("extension:", Place::Extension),
    ("critical:", Place::Critical),
];

/// The longest option name, in bytes.
const MAX_NAME_LEN: usize = 255;

/// The length before a string on the wire.
const PREFIX_LEN: usize = 4;
