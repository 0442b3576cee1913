//! What `sshd -T` prints: a keyword in lower case and its value, a line each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What sshd does for one connection, by its own word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, Vec<String>>);

/// Why a text isn't what `sshd -T` prints.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsError {
    /// A line that isn't a keyword and its value.
    #[error("line {0} of what it prints is no keyword with a value")]
    Line(usize),
    /// A keyword that every sshd prints, and that a judgement stands on.
    #[error("it doesn't print `{0}`")]
    Missing(&'static str),
}

impl Settings {
    /// Reads the whole output of `sshd -T`.
    ///
    /// # Errors
    /// [`SettingsError`]: a setting that isn't there must not read as one that is harmless.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let (keyword, value) = split(line).ok_or(SettingsError::Line(number))?;
            all.entry(keyword.to_owned())
                .or_default()
                .push(value.to_owned());
        }
        match NEEDED.iter().find(|keyword| !all.contains_key(**keyword)) {
            Some(missing) => Err(SettingsError::Missing(missing)),
            None => Ok(Self(all)),
        }
    }

    /// The value of a keyword that stands once; none where sshd prints nothing or `none`.
    #[must_use]
    pub fn value(&self, keyword: &str) -> Option<&str> {
        let value = self.0.get(keyword)?.first()?;
        (!value.eq_ignore_ascii_case("none")).then_some(value)
    }

    /// Every value of a keyword, a line each.
    pub fn all(&self, keyword: &str) -> impl Iterator<Item = &str> {
        let values = self.0.get(keyword).into_iter().flatten();
        values.map(String::as_str)
    }

    /// The values that stand in one line, blanks between them, without `none`.
    pub fn words(&self, keyword: &str) -> impl Iterator<Item = &str> {
        let words = self.all(keyword).flat_map(str::split_ascii_whitespace);
        words.filter(|word| !word.eq_ignore_ascii_case("none"))
    }

    /// Whether the keyword says `yes`.
    #[must_use]
    pub fn is_yes(&self, keyword: &str) -> bool {
        self.value(keyword) == Some("yes")
    }

    /// The value as the path of a file.
    #[must_use]
    pub fn path(&self, keyword: &str) -> Option<PathBuf> {
        self.value(keyword).map(|path| Path::new(path).to_owned())
    }

    /// Whether one of the lists of AuthenticationMethods is done without a public key, so
    /// that what else lets in counts.
    #[must_use]
    pub fn lets_in_without_public_key(&self) -> bool {
        let mut lists = self.words("authenticationmethods").peekable();
        let any = lists.peek().is_none_or(|first| *first == "any");
        any || lists.any(|list| !list.split(',').any(is_public_key))
    }

    /// Whether a public key alone, with nothing beside it, can let in.
    #[must_use]
    pub fn lets_in_by_public_key_alone(&self) -> bool {
        let mut lists = self.words("authenticationmethods").peekable();
        let any = lists.peek().is_none_or(|first| *first == "any");
        any || lists.any(|list| list.split(',').all(is_public_key))
    }
}

fn split(line: &str) -> Option<(&str, &str)> {
    let (keyword, value) = line.split_once(' ').unwrap_or((line, ""));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (!keyword.is_empty() && keyword.chars().all(plain)).then_some((keyword, value.trim()))
}

/// A method may say how, as in `publickey:something` or `keyboard-interactive:pam`.
fn is_public_key(method: &str) -> bool {
    method.split(':').next() == Some("publickey")
}

/// Printed by every sshd from 8.7 on; a judgement stands on each.
///
/// `authorizedkeysfile` and `revokedkeys` are none of them: releases from 10.3 on print nothing
/// where they are `none` (servconf.c, `dump_cfg_strarray_oneline`). What was cut is seen by the
/// last of these, which stands behind both.
const NEEDED: [&str; 13] = [
    "pubkeyauthentication",
    "passwordauthentication",
    "kbdinteractiveauthentication",
    "hostbasedauthentication",
    "permitrootlogin",
    "permitemptypasswords",
    "strictmodes",
    "trustedusercakeys",
    "authorizedprincipalsfile",
    "authorizedprincipalscommand",
    "authorizedprincipalscommanduser",
    "authorizedkeyscommand",
    "authenticationmethods",
];

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What sshd 9.2 prints of what is judged, with these lines in place of its own.
    pub(crate) fn settings(lines: &str) -> Settings {
        let given: Vec<_> = lines.lines().map(|line| line.trim_start()).collect();
        let keyword = |line: &str| line.split(' ').next().unwrap().to_owned();
        let own = DEFAULTS.lines().filter(|own| {
            let own = keyword(own);
            given.iter().all(|line| keyword(line) != own)
        });
        let text: Vec<_> = own.chain(given.iter().copied()).collect();
        Settings::parse(&text.join("\n")).unwrap()
    }

    const DEFAULTS: &str = "port 22\nusepam yes\npermitrootlogin without-password\n\
        hostbasedauthentication no\npubkeyauthentication yes\nkerberosauthentication no\n\
        gssapiauthentication no\npasswordauthentication no\nkbdinteractiveauthentication no\n\
        strictmodes yes\npermitemptypasswords no\ntrustedusercakeys none\nrevokedkeys none\n\
        authorizedprincipalsfile none\nauthorizedkeyscommand none\n\
        authorizedkeyscommanduser none\nauthorizedprincipalscommand none\n\
        authorizedprincipalscommanduser none\nauthorizedkeysfile none\nchrootdirectory none\n\
        authenticationmethods any";

    #[test]
    fn a_line_that_is_no_setting_is_refused_by_its_number() {
        let text = format!("{DEFAULTS}\nPort 22\n");
        assert_eq!(
            Settings::parse(&text),
            Err(SettingsError::Line(DEFAULTS.lines().count() + 1))
        );
    }

    #[test]
    fn a_setting_that_is_missing_does_not_read_as_a_harmless_one() {
        for keyword in NEEDED {
            let less = DEFAULTS.lines().filter(|line| !line.starts_with(keyword));
            let less: Vec<_> = less.collect();
            let parsed = Settings::parse(&less.join("\n"));
            assert!(
                matches!(parsed, Err(SettingsError::Missing(_))),
                "{keyword}"
            );
        }
        let empty = Settings::parse("");
        assert!(matches!(empty, Err(SettingsError::Missing(_))));
    }

    /// As OpenSSH 10.5 prints it.
    #[test]
    fn lists_that_are_none_may_be_left_out() {
        let left_out = |line: &&str| {
            !line.starts_with("revokedkeys") && !line.starts_with("authorizedkeysfile")
        };
        let newest: Vec<_> = DEFAULTS.lines().filter(left_out).collect();
        let settings = Settings::parse(&newest.join("\n")).unwrap();
        assert_eq!(settings.words("revokedkeys").count(), 0);
        assert_eq!(settings.words("authorizedkeysfile").count(), 0);
    }

    #[test]
    fn none_is_no_value() {
        let settings = settings("revokedkeys none\ntrustedusercakeys /etc/ssh/a b.pub");
        assert_eq!(settings.value("revokedkeys"), None);
        assert_eq!(settings.value("nosuch"), None);
        assert_eq!(
            settings.value("trustedusercakeys"),
            Some("/etc/ssh/a b.pub")
        );
        assert_eq!(settings.words("authorizedkeysfile").count(), 0);
    }

    #[test]
    fn other_doors_count_where_a_list_of_methods_does_without_a_key() {
        for (methods, without, alone) in [
            ("any", true, true),
            ("publickey", false, true),
            ("publickey,password", false, false),
            ("publickey,publickey", false, true),
            ("publickey keyboard-interactive:pam", true, true),
            ("password,publickey keyboard-interactive", true, false),
        ] {
            let settings = settings(&format!("authenticationmethods {methods}"));
            assert_eq!(settings.lets_in_without_public_key(), without, "{methods}");
            assert_eq!(settings.lets_in_by_public_key_alone(), alone, "{methods}");
        }
    }
}
