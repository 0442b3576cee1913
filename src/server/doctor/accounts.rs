//! Whether sshd turns an account away before it looks at any key (auth.c, `allowed_user`).

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::finding::{Finding, Severity};
use super::server::{Entry, Examined};
use crate::request::glob::matches;
use crate::server::account::{Account, AccountError};
use crate::server::address::address_fits;
use crate::server::sshd::Settings;

/// Why sshd turns an account away, whatever key comes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Shut {
    /// `!` before the password in shadow, and `UsePAM no`.
    #[error("the account is locked: its password in shadow begins with `!`, and UsePAM is no")]
    Locked,
    /// The shell isn't there.
    #[error("its shell {} is not there", .0.display())]
    NoShell(PathBuf),
    /// The shell can't be run.
    #[error("its shell {} is not a program", .0.display())]
    Shell(PathBuf),
    /// A pattern of DenyUsers.
    #[error("it is in DenyUsers, by `{0}`")]
    DeniedUser(String),
    /// AllowUsers doesn't have it.
    #[error("it is not in AllowUsers")]
    NotAllowedUser,
    /// A pattern of DenyGroups.
    #[error("one of its groups is in DenyGroups, by `{0}`")]
    DeniedGroup(String),
    /// AllowGroups has none of its groups.
    #[error("none of its groups is in AllowGroups")]
    NotAllowedGroup,
}

impl Shut {
    /// The setting that it comes from.
    #[must_use]
    pub fn keyword(&self) -> &'static str {
        match self {
            Self::Locked => "usepam",
            Self::NoShell(_) | Self::Shell(_) => "chrootdirectory",
            Self::DeniedUser(_) => "denyusers",
            Self::NotAllowedUser => "allowusers",
            Self::DeniedGroup(_) => "denygroups",
            Self::NotAllowedGroup => "allowgroups",
        }
    }

    /// The way out, for the account of this name.
    #[must_use]
    pub fn remedy(&self, user: &str) -> String {
        match self {
            Self::Locked => format!("usermod -p '*' {user}: no password fits, and no lock is seen"),
            Self::NoShell(_) | Self::Shell(_) => format!("usermod -s /bin/sh {user}"),
            Self::DeniedUser(_) | Self::DeniedGroup(_) => "take it out of that list".to_owned(),
            Self::NotAllowedUser => format!("AllowUsers {user}, beside those that are there"),
            Self::NotAllowedGroup => "AllowGroups with one of its groups beside".to_owned(),
        }
    }
}

/// Why sshd turns the account away, if it does, in sshd's order.
///
/// Without an address, a pattern with `@` and a host counts where it could let in.
///
/// # Errors
/// [`AccountError`].
pub fn shut(
    account: &Account,
    settings: &Settings,
    from: Option<&str>,
) -> Result<Option<Shut>, AccountError> {
    if settings.value("usepam") == Some("no") && is_locked(account)? {
        return Ok(Some(Shut::Locked));
    }
    if let Some(shell) = by_shell(account, settings) {
        return Ok(Some(shell));
    }
    if let Some(user) = by_user(account, settings, from) {
        return Ok(Some(user));
    }
    by_group(account, settings)
}

pub(super) fn findings(examined: &Examined) -> Result<Vec<Finding>, AccountError> {
    let Examined {
        account, settings, ..
    } = examined;
    if examined.entry == Entry::Possible {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    if let Some(why) = shut(account, settings, None)? {
        let words = format!("sshd turns {} away: {why}", account.name);
        let finding = Finding::new(
            Severity::Critical,
            "account-shut",
            words,
            why.remedy(&account.name),
        );
        found.push(finding.by(why.keyword(), settings.value(why.keyword())));
    }
    if account.uid == 0 {
        found.extend(root(settings));
    }
    Ok(found)
}

fn root(settings: &Settings) -> Option<Finding> {
    let value = settings.value("permitrootlogin");
    let (severity, fault) = match value {
        Some("no") => (
            Severity::Critical,
            "PermitRootLogin no: root gets in by nothing",
        ),
        Some("forced-commands-only") => (
            Severity::Warning,
            "PermitRootLogin forced-commands-only: root gets in only with a command that the \
             certificate or the list forces",
        ),
        _ => return None,
    };
    let finding = Finding::new(
        severity,
        "root-refused",
        fault,
        "PermitRootLogin prohibit-password",
    );
    Some(finding.by("permitrootlogin", value))
}

/// platform.c, `platform_locked_account`: on Linux, a field that begins with `!`.
fn is_locked(account: &Account) -> Result<bool, AccountError> {
    let field = account.password_field()?;
    Ok(field.is_some_and(|field| field.starts_with('!')))
}

fn by_shell(account: &Account, settings: &Settings) -> Option<Shut> {
    if settings.value("chrootdirectory").is_some() {
        return None;
    }
    let shell = &account.shell;
    match shell.metadata() {
        Err(_) => Some(Shut::NoShell(shell.clone())),
        Ok(found) if found.is_file() && found.permissions().mode() & 0o111 != 0 => None,
        Ok(_) => Some(Shut::Shell(shell.clone())),
    }
}

fn by_user(account: &Account, settings: &Settings, from: Option<&str>) -> Option<Shut> {
    let name = &account.name;
    let denied = |pattern: &&str| user_fits(name, from, pattern, Doubt::DoesNotFit);
    if let Some(pattern) = settings.words("denyusers").find(denied) {
        return Some(Shut::DeniedUser(pattern.to_owned()));
    }
    let mut allowed = settings.words("allowusers").peekable();
    allowed.peek()?;
    let fits = allowed.any(|pattern| user_fits(name, from, pattern, Doubt::Fits));
    (!fits).then_some(Shut::NotAllowedUser)
}

fn by_group(account: &Account, settings: &Settings) -> Result<Option<Shut>, AccountError> {
    let mut allowed = settings.words("allowgroups").peekable();
    let mut denied = settings.words("denygroups").peekable();
    if allowed.peek().is_none() && denied.peek().is_none() {
        return Ok(None);
    }
    let groups = account.groups()?;
    let fits = |pattern: &str| {
        let fits = |group: &String| matches(pattern.as_bytes(), group.as_bytes());
        groups.iter().any(fits)
    };
    if let Some(pattern) = denied.find(|pattern| fits(pattern)) {
        return Ok(Some(Shut::DeniedGroup(pattern.to_owned())));
    }
    let none = allowed.peek().is_some() && !allowed.any(fits);
    Ok(none.then_some(Shut::NotAllowedGroup))
}

/// What a pattern with a host says where no address is given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    Fits,
    DoesNotFit,
}

/// match.c, `match_user`: a pattern, or a pattern, `@`, and patterns of hosts.
fn user_fits(name: &str, from: Option<&str>, pattern: &str, doubt: Doubt) -> bool {
    let Some((user, hosts)) = pattern.split_once('@') else {
        return matches(pattern.as_bytes(), name.as_bytes());
    };
    if !matches(user.as_bytes(), name.as_bytes()) {
        return false;
    }
    match from {
        None => doubt == Doubt::Fits,
        Some(from) => address_fits(hosts, from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::sshd::settings_of;

    fn root() -> Account {
        Account::find("root").unwrap().unwrap()
    }

    fn shut_by(lines: &str, from: Option<&str>) -> Option<Shut> {
        shut(&root(), &settings_of(lines), from).unwrap()
    }

    #[test]
    fn users_and_groups_are_let_through_as_by_sshd() {
        assert_eq!(shut_by("", None), None);
        assert_eq!(shut_by("allowusers ro*", None), None);
        assert_eq!(shut_by("allowusers anna", None), Some(Shut::NotAllowedUser));
        assert_eq!(
            shut_by("denyusers r*\nallowusers root", None),
            Some(Shut::DeniedUser("r*".to_owned()))
        );
        assert_eq!(
            shut_by("allowgroups nosuch", None),
            Some(Shut::NotAllowedGroup)
        );
        assert_eq!(
            shut_by("denygroups ro?t\nallowgroups root", None),
            Some(Shut::DeniedGroup("ro?t".to_owned()))
        );
    }

    #[test]
    fn a_host_in_a_pattern_counts_by_address_and_lets_in_where_there_is_none() {
        let lines = "allowusers root@10.0.0.0/8";
        assert_eq!(shut_by(lines, None), None);
        assert_eq!(shut_by(lines, Some("10.1.2.3")), None);
        assert_eq!(
            shut_by(lines, Some("192.0.2.1")),
            Some(Shut::NotAllowedUser)
        );
        assert_eq!(shut_by("denyusers root@10.*", None), None);
        assert!(shut_by("denyusers root@10.*", Some("10.1.2.3")).is_some());
    }

    #[test]
    fn a_shell_that_is_missing_shuts_unless_there_is_a_chroot() {
        let account = Account {
            shell: "/nosuch".into(),
            ..root()
        };
        let by = |lines| shut(&account, &settings_of(lines), None).unwrap();
        assert_eq!(by(""), Some(Shut::NoShell("/nosuch".into())));
        assert_eq!(by("chrootdirectory /srv"), None);
    }
}
