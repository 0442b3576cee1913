//! AuthorizedPrincipalsCommand and AuthorizedKeysCommand: what sshd runs before anybody has
//! proved anything. `sshd -t` looks at none of this (measured with 9.2).

use std::path::Path;

use super::finding::{Finding, Severity};
use super::listed;
use crate::server::account::{Account, AccountError};
use crate::server::percent::{unknown_in_keys_command, unknown_in_principals_command};
use crate::server::safe_path::{self, Unsafe};
use crate::server::sshd::{Settings, Version};

pub(super) fn findings(
    settings: &Settings,
    version: Version,
) -> Result<Vec<Finding>, AccountError> {
    let mut found = Vec::new();
    if let Some(command) = settings.value("authorizedprincipalscommand") {
        let keyword = "authorizedprincipalscommand";
        let token = unknown_in_principals_command(command, version);
        found.extend(listed::of_arguments(settings));
        let one = judge(command, token.as_deref(), version);
        found.extend(one.into_iter().map(|one| one.by(keyword, Some(command))));
        let user = settings.value("authorizedprincipalscommanduser");
        found.extend(of_user("authorizedprincipalscommanduser", user)?);
    }
    if let Some(command) = settings.value("authorizedkeyscommand") {
        let keyword = "authorizedkeyscommand";
        let token = unknown_in_keys_command(command, version);
        let one = judge(command, token.as_deref(), version);
        found.extend(one.into_iter().map(|one| one.by(keyword, Some(command))));
        let user = settings.value("authorizedkeyscommanduser");
        found.extend(of_user("authorizedkeyscommanduser", user)?);
    }
    Ok(found)
}

fn judge(command: &str, token: Option<&str>, version: Version) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(token) = token {
        let fault = format!(
            "the command has {token}, which sshd {version} doesn't know: it drops every connection \
             that brings a certificate or key"
        );
        let remedy = "take the token out, or take a newer sshd (%C and %D came with 9.4)";
        found.push(Finding::new(Severity::Critical, "token", fault, remedy));
    }
    let program = command.split_ascii_whitespace().next().unwrap_or(command);
    found.extend(of_program(Path::new(program.trim_matches('"'))));
    found
}

/// misc.c, `subprocess`: the owner must be root, nobody else may write, up to `/`.
fn of_program(program: &Path) -> Option<Finding> {
    let name = program.display();
    let (fault, remedy) = match safe_path::fault(program, 0) {
        Err(error) => (
            format!("{name}: {error}: nobody gets in by it"),
            "install the program there, or name the path where it is",
        ),
        Ok(Some(Unsafe::Refused(words))) => (format!("{words}: sshd doesn't run the command"), OWN),
        Ok(Some(Unsafe::Group(words))) => (
            format!(
                "{words}: Debian's sshd runs the command all the same, whatever the group's members \
                 make of it, and any other sshd doesn't run it"
            ),
            OWN,
        ),
        Ok(None) => return None,
    };
    let id = if program.exists() {
        "writable-path"
    } else {
        "command-missing"
    };
    Some(Finding::new(Severity::Critical, id, fault, remedy))
}

fn of_user(keyword: &'static str, user: Option<&str>) -> Result<Option<Finding>, AccountError> {
    let Some(user) = user else {
        return Ok(None);
    };
    // `%u` runs it as who logs in: another account each time.
    if user.contains('%') {
        return Ok(None);
    }
    let Some(account) = Account::find(user)? else {
        let fault = format!("there is no user `{user}`: sshd doesn't run the command");
        let remedy = format!("useradd --system --shell /usr/sbin/nologin {user}");
        let finding = Finding::new(Severity::Critical, "command-user-missing", fault, remedy);
        return Ok(Some(finding.by(keyword, Some(user))));
    };
    let why = match (account.uid, user) {
        (0, _) => "has every right that an attacker could wish for",
        (_, "nobody") => {
            "is shared: another process of it can attach to the command, and make it print any \
             principal"
        }
        _ => return Ok(None),
    };
    let fault = format!("the command runs as `{user}`, which {why}");
    let finding = Finding::new(Severity::Warning, "command-user", fault, OWN_USER);
    Ok(Some(finding.by(keyword, Some(user))))
}

const OWN: &str = "chown root, and chmod go-w, the program and each folder above it";
const OWN_USER: &str =
    "an account for it alone: useradd --system --shell /usr/sbin/nologin _punchmark";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::sshd::settings_of;

    fn names(command: &str, user: &str) -> Vec<&'static str> {
        let lines = format!(
            "authorizedprincipalscommand {command}\nauthorizedprincipalscommanduser {user}"
        );
        let version = Version { major: 9, minor: 2 };
        let found = findings(&settings_of(&lines), version).unwrap();
        found.iter().map(|finding| finding.name).collect()
    }

    #[test]
    fn a_command_that_sshd_cannot_run_is_named() {
        assert_eq!(names("/bin/true %u %k", "sshd"), [""; 0]);
        assert_eq!(names("/nosuch %u", "sshd"), ["command-missing"]);
        assert_eq!(names("/bin/true %C", "sshd"), ["token"]);
        assert_eq!(names("/bin/true", "nosuch-user"), ["command-user-missing"]);
        assert_eq!(names("/bin/true", "nobody"), ["command-user"]);
        assert_eq!(names("/bin/true", "root"), ["command-user"]);
        assert_eq!(names("/bin/true", "%u"), [""; 0]);
    }

    #[test]
    fn a_program_that_others_can_write_is_named() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("p");
        std::fs::write(&program, "").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o777)).unwrap();
        let command = program.display().to_string();
        assert_eq!(names(&command, "sshd"), ["writable-path"]);
    }
}
