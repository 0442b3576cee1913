//! Which principals let in: a file, a command, both, or neither.

use std::path::Path;

use super::finding::{Finding, Severity};
use super::server::{Entry, Examined};
use crate::server::account::Account;
use crate::server::percent::{path_for, unknown_in_path};
use crate::server::safe_path::{self, Unsafe};

pub(super) fn findings(examined: &Examined) -> Vec<Finding> {
    let settings = &examined.settings;
    let command = settings.value("authorizedprincipalscommand");
    match (settings.value("authorizedprincipalsfile"), command) {
        (None, None) => vec![no_principals()],
        (None, Some(_)) => Vec::new(),
        (Some(pattern), command) => {
            let mut found = of_file(examined, pattern);
            found.extend(command.map(|_| skips_command(&examined.account, pattern)));
            let placed = found.into_iter();
            placed
                .map(|one| one.by("authorizedprincipalsfile", Some(pattern)))
                .collect()
        }
    }
}

/// The first question under the blog post that began all this.
fn no_principals() -> Finding {
    let fault = "AuthorizedPrincipalsFile and AuthorizedPrincipalsCommand are none: who has the \
                 account's own name as a principal gets in, nobody else, and no list is asked";
    let remedy = "`punchmark sshd-config` prints the lines that ask the list";
    Finding::new(Severity::Warning, "no-principals", fault, remedy).opening()
}

fn skips_command(account: &Account, pattern: &str) -> Finding {
    let path = path_for(pattern, account);
    let fault = format!(
        "a principal in {} lets in before AuthorizedPrincipalsCommand is asked",
        path.display()
    );
    let remedy = "AuthorizedPrincipalsFile none";
    Finding::new(Severity::Warning, "file-skips-command", fault, remedy).opening()
}

fn of_file(examined: &Examined, pattern: &str) -> Vec<Finding> {
    let account = &examined.account;
    if let Some(token) = unknown_in_path(pattern) {
        let fault =
            format!("AuthorizedPrincipalsFile has {token}, and sshd drops every connection");
        let remedy = "only %u, %U, %h and %% stand in it";
        return vec![Finding::new(Severity::Critical, "token", fault, remedy)];
    }
    let file = path_for(pattern, account);
    let mut found: Vec<_> = own(account, &file).into_iter().collect();
    let strict = examined.settings.value("strictmodes") != Some("no");
    found.extend(match safe_path::fault(&file, account.uid) {
        Err(error) => missing(examined, &file, &error),
        Ok(Some(fault)) if strict => Some(refused(&fault)),
        Ok(_) => None,
    });
    found
}

/// Who owns the file, or a folder on its way, says who gets in.
fn own(account: &Account, file: &Path) -> Option<Finding> {
    let theirs = file.starts_with(&account.home) && account.uid != 0;
    let fault = format!(
        "{} is in the account's own hands: whoever is in it says who gets in",
        file.display()
    );
    let remedy = "AuthorizedPrincipalsFile /etc/ssh/principals/%u, whose folders are root's";
    let finding = Finding::new(Severity::Warning, "principals-own", fault, remedy);
    theirs.then(|| finding.opening())
}

fn missing(examined: &Examined, file: &Path, error: &std::io::Error) -> Option<Finding> {
    let command = examined.settings.value("authorizedprincipalscommand");
    if examined.entry == Entry::Possible || command.is_some() {
        return None;
    }
    let fault = format!("{}: {error}: no certificate gets in", file.display());
    let remedy = "a file with a principal a line, mode 0644, root's";
    Some(Finding::new(
        Severity::Critical,
        "principals-missing",
        fault,
        remedy,
    ))
}

fn refused(fault: &Unsafe) -> Finding {
    let (severity, consequence) = match fault {
        Unsafe::Refused(_) => (Severity::Critical, "sshd passes the file over"),
        Unsafe::Group(_) => (
            Severity::Critical,
            "sshd passes the file over, or, on Debian, lets the group's members write it",
        ),
    };
    let fault = format!("{}: {consequence}", fault.words());
    let remedy = "chown root, and chmod go-w, the file and each folder above it";
    Finding::new(severity, "writable-path", fault, remedy)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::server::sshd::settings_of;

    fn examined(home: &Path, entry: Entry, lines: &str) -> Examined {
        Examined {
            account: Account {
                name: "anna".to_owned(),
                uid: 1234,
                gid: 1234,
                home: home.to_owned(),
                shell: "/bin/sh".into(),
            },
            settings: settings_of(lines),
            entry,
        }
    }

    fn names(lines: &str) -> Vec<&'static str> {
        let examined = examined(Path::new("/home/anna"), Entry::Expected, lines);
        let found = findings(&examined);
        found.iter().map(|finding| finding.name).collect()
    }

    #[test]
    fn the_four_ways_to_ask_for_principals_are_told_apart() {
        let command = "authorizedprincipalscommand /x";
        let file = "authorizedprincipalsfile /nosuch/%u";
        assert_eq!(names(""), ["no-principals"]);
        assert_eq!(names(command), [""; 0]);
        assert_eq!(names(file), ["principals-missing"]);
        assert_eq!(names(&format!("{file}\n{command}")), ["file-skips-command"]);
        let own = "authorizedprincipalsfile .ssh/principals\nauthorizedprincipalscommand /x";
        assert_eq!(names(own), ["principals-own", "file-skips-command"]);
        assert_eq!(names("authorizedprincipalsfile /p/%i"), ["token"]);
    }

    #[test]
    fn a_file_that_others_can_write_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("anna");
        fs::write(&file, "peter\n").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        let lines = format!("authorizedprincipalsfile {}/%u", dir.path().display());
        let found = findings(&examined(Path::new("/h"), Entry::Possible, &lines));
        assert_eq!(found[0].name, "writable-path");
        assert!(found[0].fault.contains("everybody"), "{}", found[0].fault);
    }
}
