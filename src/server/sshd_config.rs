//! The lines of `sshd_config.d` that let certificates of a CA in by one list, and shut every
//! other door; for OpenSSH 9.2 and whatever came since (sshd_config(5)).

use std::fmt::Write;

/// What a server's sshd is to be told.
#[derive(Clone, Debug)]
pub struct Lines {
    /// The user CA's name and fingerprint, for the comment.
    pub ca: String,
    /// Where the server has its public key.
    pub ca_file: String,
    /// What says which principals let in.
    pub principals: PrincipalsBy,
    /// Where the server has the KRL; none where nothing is fetched yet.
    pub revoked: Option<String>,
    /// The host keys that have a certificate of the host CA beside them; none without one.
    pub host_keys: Vec<String>,
}

/// What says which principals let in.
#[derive(Clone, Debug)]
pub enum PrincipalsBy {
    /// `punchmark-principals` and the list.
    Command {
        /// Where the program lies.
        program: String,
        /// Where the list lies.
        list: String,
        /// The host's name and tags, as the list knows them: `web1+production`.
        host: String,
        /// Who runs it.
        user: String,
    },
    /// A file a user, made by `access render`.
    Files {
        /// The folder.
        folder: String,
    },
}

impl Lines {
    /// The lines, each with the reason for it above.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        section(&mut out, &BEGINNING.replace("CA", &self.ca), &[]);
        let trusted = format!("TrustedUserCAKeys {}", self.ca_file);
        section(&mut out, TRUSTED, &[&trusted]);
        self.principals.put(&mut out);
        if let Some(revoked) = &self.revoked {
            section(&mut out, REVOKED, &[&format!("RevokedKeys {revoked}")]);
        }
        section(&mut out, DOORS, &DOORS_SHUT);
        section(&mut out, ROOT, &["PermitRootLogin prohibit-password"]);
        section(&mut out, STRICT, &["StrictModes yes"]);
        if !self.host_keys.is_empty() {
            let lines = self.host_keys.iter().flat_map(|key| host_key(key));
            let lines: Vec<_> = lines.collect();
            let lines: Vec<_> = lines.iter().map(String::as_str).collect();
            section(&mut out, HOST, &lines);
        }
        out
    }

    /// The files that sshd wants to be there before it reads these lines.
    #[must_use]
    pub fn needed_files(&self) -> Vec<String> {
        let mut files = vec![self.ca_file.clone()];
        files.extend(self.revoked.clone());
        match &self.principals {
            PrincipalsBy::Command { program, list, .. } => {
                files.extend([program.clone(), list.clone()]);
            }
            PrincipalsBy::Files { folder } => files.push(folder.clone()),
        }
        let certificates = self.host_keys.iter().map(|key| certificate(key));
        files.extend(self.host_keys.iter().cloned().chain(certificates));
        files
    }
}

impl PrincipalsBy {
    fn put(&self, out: &mut String) {
        match self {
            Self::Command {
                program,
                list,
                host,
                user,
            } => {
                let command = format!("AuthorizedPrincipalsCommand {program} {list} {host} %u %k");
                let user = format!("AuthorizedPrincipalsCommandUser {user}");
                section(
                    out,
                    COMMAND,
                    &["AuthorizedPrincipalsFile none", &command, &user],
                );
            }
            Self::Files { folder } => {
                let file = format!("AuthorizedPrincipalsFile {folder}/%u");
                section(out, FILES, &[&file, "AuthorizedPrincipalsCommand none"]);
            }
        }
    }
}

fn host_key(key: &str) -> [String; 2] {
    let certificate = certificate(key);
    [
        format!("HostKey {key}"),
        format!("HostCertificate {certificate}"),
    ]
}

fn certificate(key: &str) -> String {
    format!("{key}-cert.pub")
}

/// A comment, and lines below it.
fn section(out: &mut String, comment: &str, lines: &[&str]) {
    if !out.is_empty() {
        out.push('\n');
    }
    let comment = comment.lines().map(|line| format!("# {line}"));
    for line in comment.chain(lines.iter().map(|line| (*line).to_owned())) {
        // A string takes everything.
        let _taken = writeln!(out, "{line}");
    }
}

const BEGINNING: &str = "\
Certificates of CA let in, by one list, and nothing else does.
sshd takes the first value that it reads for a keyword: this file must be read before any other
that says something else, so it belongs to /etc/ssh/sshd_config.d under a name such as
00-punchmark.conf, with `Include /etc/ssh/sshd_config.d/*.conf` before all else in sshd_config.
Then: sshd -t, reload sshd, and try a second login before this session ends.";

const TRUSTED: &str = "\
Whose certificates count. A key a line, and no other CA's: each that stands here may write any
principal.";

const COMMAND: &str = "\
Who may log in as whom is asked of the list, at each login, for this host. No file beside it: a
match in one would let in before the list is asked.";

const FILES: &str = "\
Who may log in as whom stands in a file a user, a principal a line. Who has no file is entered
by nobody.";

const REVOKED: &str = "\
What was revoked stays out. Fetch the list before sshd is reloaded: where this file is missing,
sshd refuses every key.";

const DOORS: &str = "\
Every other door is shut: keys in files, keys by a command, and whatever is no public key
(passwords, PAM's questions, Kerberos, other hosts).";

const DOORS_SHUT: [&str; 7] = [
    "PubkeyAuthentication yes",
    "AuthenticationMethods publickey",
    "AuthorizedKeysFile none",
    "AuthorizedKeysCommand none",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "HostbasedAuthentication no",
];

const ROOT: &str = "Root gets in as the list says, and by no password.";

const STRICT: &str = "Files that others than root can write are not believed.";

const HOST: &str = "\
Who comes knows this host by the host CA: each key with its certificate, as `punchmark host
install` puts them.";

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(principals: PrincipalsBy) -> Lines {
        Lines {
            ca: "users".to_owned(),
            ca_file: "/etc/ssh/users.pub".to_owned(),
            principals,
            revoked: Some("/etc/ssh/revoked/users.krl".to_owned()),
            host_keys: vec!["/etc/ssh/ssh_host_ed25519_key".to_owned()],
        }
    }

    /// What sshd would read: no comments.
    fn settings(text: &str) -> Vec<&str> {
        let lines = text.lines();
        lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect()
    }

    #[test]
    fn each_setting_has_its_reason_above_and_no_keyword_stands_twice() {
        let by_files = PrincipalsBy::Files {
            folder: "/etc/ssh/principals".to_owned(),
        };
        let text = lines(by_files).text();
        let mut reasoned = false;
        for line in text.lines() {
            reasoned = match line {
                "" => false,
                line => {
                    assert!(reasoned || line.starts_with('#'), "{line}");
                    true
                }
            };
        }
        let mut keywords: Vec<_> = settings(&text)
            .iter()
            .map(|line| line.split(' ').next().unwrap())
            .collect();
        let all = keywords.len();
        keywords.sort_unstable();
        keywords.dedup();
        assert_eq!(keywords.len(), all);
    }

    #[test]
    fn the_command_gets_four_arguments_and_no_file_stands_beside_it() {
        let by_command = PrincipalsBy::Command {
            program: "/usr/local/libexec/punchmark-principals".to_owned(),
            list: "/etc/ssh/access/access.list".to_owned(),
            host: "web1+production".to_owned(),
            user: "_punchmark".to_owned(),
        };
        let lines = lines(by_command);
        let text = lines.text();
        let settings = settings(&text);
        assert!(settings.contains(&"AuthorizedPrincipalsFile none"));
        assert!(settings.contains(
            &"AuthorizedPrincipalsCommand /usr/local/libexec/punchmark-principals \
              /etc/ssh/access/access.list web1+production %u %k"
        ));
        assert_eq!(lines.needed_files().len(), 6);
    }
}
