//! Ways into an account beside the certificates of TrustedUserCAKeys.

use super::finding::{Finding, Severity};
use crate::server::account::{Account, AccountError};
use crate::server::as_owner::read_as;
use crate::server::keys_file::KeysFile;
use crate::server::percent::path_for;
use crate::server::sshd::Settings;

pub(super) fn findings(
    account: &Account,
    settings: &Settings,
) -> Result<Vec<Finding>, AccountError> {
    let mut found = Vec::new();
    if settings.is_yes("pubkeyauthentication") {
        for pattern in settings.words("authorizedkeysfile") {
            found.extend(keys_file(account, settings, pattern));
        }
        found.extend(keys_command(settings));
    }
    if settings.lets_in_without_public_key() {
        found.extend(passwords(account, settings)?);
        found.extend(others(account, settings));
    }
    if settings.value("strictmodes") == Some("no") {
        let finding = Finding::new(
            Severity::Warning,
            "strict-modes",
            "StrictModes no: sshd believes files that others can write",
            "StrictModes yes",
        );
        found.push(finding.by("strictmodes", Some("no")));
    }
    Ok(found)
}

/// The file is a door also where it isn't there: whoever owns the folder makes it.
fn keys_file(account: &Account, settings: &Settings, pattern: &str) -> Vec<Finding> {
    let path = path_for(pattern, account);
    let value = settings.value("authorizedkeysfile");
    let warning = |name, fault: String, remedy: &str| {
        let finding = Finding::new(Severity::Warning, name, fault, remedy);
        finding.opening().by("authorizedkeysfile", value)
    };
    let bytes = match read_as(account, &path, BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let fault = format!(
                "whoever can write {pattern} of the account lets in any key; there is none now"
            );
            return vec![warning("authorized-keys", fault, SHUT)];
        }
        Err(error) => {
            let fault = format!(
                "{} lets keys in, and can't be read: {error}",
                path.display()
            );
            return vec![warning("authorized-keys", fault, SHUT)];
        }
    };
    let file = KeysFile::parse(&bytes);
    let (authorities, keys): (Vec<_>, Vec<_>) =
        file.entries.iter().partition(|entry| entry.is_authority());
    let fault = format!("{} lets in {} keys", path.display(), keys.len());
    let mut found = vec![warning("authorized-keys", fault, SHUT)];
    for entry in authorities {
        let fault = format!(
            "{} line {} trusts a CA, whose certificates get in without the list",
            path.display(),
            entry.line
        );
        found.push(warning("cert-authority", fault, AUTHORITY));
    }
    found
}

fn keys_command(settings: &Settings) -> Option<Finding> {
    let command = settings.value("authorizedkeyscommand")?;
    let finding = Finding::new(
        Severity::Warning,
        "authorized-keys-command",
        format!("AuthorizedKeysCommand {command} lets in whatever keys it prints"),
        "AuthorizedKeysCommand none",
    );
    Some(finding.opening().by("authorizedkeyscommand", Some(command)))
}

fn passwords(account: &Account, settings: &Settings) -> Result<Vec<Finding>, AccountError> {
    let root_takes_passwords = settings.is_yes("permitrootlogin");
    if account.uid == 0 && !root_takes_passwords {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let pam = settings.is_yes("usepam");
    let field = account.password_field()?.unwrap_or_default();
    // Without PAM only a password that stands in shadow lets in.
    let no_password_fits = !pam && (field.starts_with('*') || field.starts_with('!'));
    if settings.is_yes("passwordauthentication") && !no_password_fits {
        let empty = field.is_empty() && settings.is_yes("permitemptypasswords");
        found.push(if empty { no_password() } else { password() });
    }
    if settings.is_yes("kbdinteractiveauthentication") && pam {
        let finding = Finding::new(
            Severity::Warning,
            "keyboard-interactive",
            "KbdInteractiveAuthentication yes: PAM lets in by a password, or by what else it asks",
            "KbdInteractiveAuthentication no",
        );
        found.push(
            finding
                .opening()
                .by("kbdinteractiveauthentication", Some("yes")),
        );
    }
    Ok(found)
}

fn password() -> Finding {
    let finding = Finding::new(
        Severity::Warning,
        "password",
        "PasswordAuthentication yes: a password lets in",
        "PasswordAuthentication no, or AuthenticationMethods publickey, which shuts all such doors",
    );
    finding.opening().by("passwordauthentication", Some("yes"))
}

fn no_password() -> Finding {
    let finding = Finding::new(
        Severity::Critical,
        "empty-password",
        "PermitEmptyPasswords yes, and the account has no password: anybody gets in",
        "PermitEmptyPasswords no",
    );
    finding.opening().by("permitemptypasswords", Some("yes"))
}

/// Doors that root stands behind too, unless root gets in by nothing.
fn others(account: &Account, settings: &Settings) -> Vec<Finding> {
    let root_refused = ["no", "forced-commands-only"];
    let refused = settings
        .value("permitrootlogin")
        .is_some_and(|value| root_refused.contains(&value));
    if account.uid == 0 && refused {
        return Vec::new();
    }
    let open = OTHERS.iter().filter(|door| settings.is_yes(door.keyword));
    open.map(|door| {
        let finding = Finding::new(Severity::Warning, door.name, door.fault, door.remedy);
        finding.opening().by(door.keyword, Some("yes"))
    })
    .collect()
}

struct Door {
    keyword: &'static str,
    name: &'static str,
    fault: &'static str,
    remedy: &'static str,
}

const OTHERS: [Door; 2] = [
    Door {
        keyword: "hostbasedauthentication",
        name: "host-based",
        fault: "HostbasedAuthentication yes: another machine's word lets in",
        remedy: "HostbasedAuthentication no",
    },
    Door {
        keyword: "gssapiauthentication",
        name: "gssapi",
        fault: "GSSAPIAuthentication yes: a Kerberos ticket lets in",
        remedy: "GSSAPIAuthentication no",
    },
];

const SHUT: &str = "AuthorizedKeysFile none, when everybody gets in by the list";
const AUTHORITY: &str = "take the line out, and write a line of the list for whom it lets in";

/// What is longer is no file of keys.
const BYTES_MAX: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::sshd::settings_of;

    fn account(home: &std::path::Path) -> Account {
        Account {
            home: home.to_owned(),
            name: "nosuch-account".to_owned(),
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
            shell: "/bin/sh".into(),
        }
    }

    fn names(lines: &str) -> Vec<&'static str> {
        let dir = tempfile::tempdir().unwrap();
        let account = Account {
            uid: 1000,
            ..account(dir.path())
        };
        let found = findings(&account, &settings_of(lines)).unwrap();
        found.iter().map(|finding| finding.name).collect()
    }

    #[test]
    fn each_door_is_seen_and_a_shut_one_is_not() {
        for (lines, expected) in [
            ("", &[][..]),
            ("authorizedkeysfile none", &[]),
            ("pubkeyauthentication no\nauthorizedkeysfile .ssh/k", &[]),
            ("authorizedkeyscommand /x", &["authorized-keys-command"]),
            ("passwordauthentication yes", &["password"]),
            (
                "passwordauthentication yes\npermitemptypasswords yes",
                &["empty-password"],
            ),
            (
                "kbdinteractiveauthentication yes",
                &["keyboard-interactive"],
            ),
            ("kbdinteractiveauthentication yes\nusepam no", &[]),
            ("hostbasedauthentication yes", &["host-based"]),
            ("gssapiauthentication yes", &["gssapi"]),
            ("strictmodes no", &["strict-modes"]),
            (
                "passwordauthentication yes\nauthenticationmethods publickey",
                &[],
            ),
            (
                "passwordauthentication yes\nauthenticationmethods publickey,password",
                &[],
            ),
        ] {
            assert_eq!(names(lines), expected, "{lines}");
        }
    }

    #[test]
    fn root_has_fewer_doors() {
        let root = Account::find("root").unwrap().unwrap();
        let names = |lines: &str| {
            let found = findings(&root, &settings_of(lines)).unwrap();
            found.iter().map(|finding| finding.name).collect::<Vec<_>>()
        };
        assert!(names("passwordauthentication yes").is_empty());
        assert_eq!(
            names("passwordauthentication yes\npermitrootlogin yes"),
            ["password"]
        );
        assert_eq!(names("hostbasedauthentication yes"), ["host-based"]);
        assert!(names("hostbasedauthentication yes\npermitrootlogin no").is_empty());
    }

    #[test]
    fn the_lines_of_a_keys_file_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let key =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAZB65FADtqASJR/RlcY6KnSXUlIvwuHdJfX3q7cVTxs";
        std::fs::write(
            dir.path().join("k"),
            format!("{key}\ncert-authority {key}\n"),
        )
        .unwrap();
        let found = findings(&account(dir.path()), &settings_of("authorizedkeysfile k")).unwrap();
        let names: Vec<_> = found.iter().map(|finding| finding.name).collect();
        assert_eq!(names, ["authorized-keys", "cert-authority"]);
        assert!(found[0].fault.ends_with("lets in 1 keys"));
        assert!(found[1].fault.contains("line 2"), "{}", found[1].fault);
        assert!(found.iter().all(|finding| finding.opens));
    }
}
