//! The `%` tokens of sshd's settings (sshd_config(5), TOKENS). An unknown one ends the
//! connection of whoever comes (`percent_expand` is fatal), and `sshd -t` takes it.

use crate::server::account::Account;
use crate::server::sshd::Version;

/// The first token that this sshd doesn't know in a command for principals.
pub(crate) fn unknown_in_principals_command(text: &str, version: Version) -> Option<String> {
    let new = version >= CONNECTION_SINCE;
    unknown(text, if new { COMMAND } else { COMMAND_BEFORE_9_4 })
}

/// The first token that this sshd doesn't know in a command for keys.
pub(crate) fn unknown_in_keys_command(text: &str, version: Version) -> Option<String> {
    let new = version >= CONNECTION_SINCE;
    unknown(text, if new { KEYS } else { KEYS_BEFORE_9_4 })
}

/// The first token that no sshd knows in a file's path.
pub(crate) fn unknown_in_path(text: &str) -> Option<String> {
    unknown(text, "%hUu")
}

/// A path of AuthorizedKeysFile or AuthorizedPrincipalsFile for this account; what is
/// relative is below its home (auth.c, `expand_authorized_keys`).
pub(crate) fn path_for(pattern: &str, account: &Account) -> std::path::PathBuf {
    let home = account.home.display().to_string();
    let expanded = expand(pattern, &|token| match token {
        'h' => Some(home.clone()),
        'u' => Some(account.name.clone()),
        'U' => Some(account.uid.to_string()),
        _ => None,
    });
    account.home.join(expanded)
}

/// Replaces each token by its value; one that has none stays as it is.
pub(crate) fn expand(text: &str, value: &dyn Fn(char) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' => match letters.next() {
                Some('%') => out.push('%'),
                Some(token) => match value(token) {
                    Some(value) => out.push_str(&value),
                    None => out.extend(['%', token]),
                },
                None => out.push('%'),
            },
            letter => out.push(letter),
        }
    }
    out
}

fn unknown(text: &str, known: &str) -> Option<String> {
    let mut letters = text.chars();
    while letters.any(|letter| letter == '%') {
        match letters.next() {
            Some(token) if known.contains(token) => {}
            Some(token) => return Some(format!("%{token}")),
            None => return Some("%".to_owned()),
        }
    }
    None
}

/// `%C` and `%D` came with 9.4.
const CONNECTION_SINCE: Version = Version { major: 9, minor: 4 };
const COMMAND: &str = "%CDUuhtTfFkKis";
const COMMAND_BEFORE_9_4: &str = "%UuhtTfFkKis";
const KEYS: &str = "%CDUuhtfk";
const KEYS_BEFORE_9_4: &str = "%Uuhtfk";

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Version = Version { major: 9, minor: 2 };

    #[test]
    fn a_token_that_drops_every_connection_is_named() {
        let in_command = |text| unknown_in_principals_command(text, OLD);
        assert_eq!(in_command("/c %u %k %i %s %%"), None);
        assert_eq!(in_command("/c %C"), Some("%C".to_owned()));
        assert_eq!(
            unknown_in_principals_command("/c %C", CONNECTION_SINCE),
            None
        );
        assert_eq!(in_command("/c %q"), Some("%q".to_owned()));
        assert_eq!(in_command("/c %"), Some("%".to_owned()));
        assert_eq!(unknown_in_keys_command("/c %i", OLD), Some("%i".to_owned()));
        assert_eq!(unknown_in_path("/p/%u/%h/%U"), None);
        assert_eq!(unknown_in_path("/p/%i"), Some("%i".to_owned()));
    }

    #[test]
    fn a_path_is_the_accounts() {
        let account = Account {
            name: "anna".to_owned(),
            uid: 7,
            gid: 7,
            home: "/home/anna".into(),
            shell: "/bin/sh".into(),
        };
        for (pattern, path) in [
            (".ssh/authorized_keys", "/home/anna/.ssh/authorized_keys"),
            ("%h/k", "/home/anna/k"),
            ("/etc/p/%u.%U%%", "/etc/p/anna.7%"),
        ] {
            assert_eq!(path_for(pattern, &account), std::path::Path::new(path));
        }
    }
}
