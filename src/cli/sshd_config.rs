//! `punchmark sshd-config`: the lines that make a stock sshd ask the list.

use std::path::{Path, PathBuf};

use clap::Args;
use ssh_key::private::{Ed25519Keypair, KeypairData, PrivateKey};

use super::base::context::Context;
use super::base::failure::{Advised, At, Exit, Failure};
use super::base::terminal::{product, say};
use crate::certificate::subject::{describe, fingerprint};
use crate::config::SubjectFile;
use crate::output;
use crate::server::sshd::{PROGRAM, Sshd, SshdError};
use crate::server::sshd_config::{Lines, PrincipalsBy};
use crate::wire::verify::is_ca_key;

/// Print the lines for a server's sshd_config.d, each with the reason for it
///
/// They let in whoever has a certificate of the CA, by the access list or by files, and shut
/// every other door. For OpenSSH 9.2 and newer.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SshdConfig {
    /// The user CA: its name in the config, or its public key file
    #[arg(short = 's', long, value_name = "CA", required = true)]
    ca: String,

    /// The server as the list knows it, with tags behind it: web1+production
    #[arg(long, value_name = "HOST", required = true, value_parser = host)]
    host: String,

    /// Principals from a file a user, as `access render` makes them, instead of the command
    #[arg(long)]
    files: bool,

    /// A host CA, by name or public key file: adds the HostCertificate lines
    #[arg(long, value_name = "CA")]
    host_ca: Option<String>,

    /// Host keys that have a certificate, with --host-ca
    #[arg(long, value_name = "FILE", requires = "host_ca",
        default_value = "/etc/ssh/ssh_host_ed25519_key", value_parser = absolute)]
    host_key: Vec<String>,

    /// Where the server has the CA's public key
    #[arg(long, value_name = "FILE", default_value = "/etc/ssh/users.pub",
        value_parser = absolute)]
    ca_file: String,

    /// Where the server has the list; with --files, the folder of the files
    #[arg(long, value_name = "PATH", value_parser = absolute)]
    list: Option<String>,

    /// Where the server has the KRL
    #[arg(long, value_name = "FILE", default_value = "/etc/ssh/revoked/users.krl",
        value_parser = absolute, conflicts_with = "no_revoked_keys")]
    revoked_keys: String,

    /// Leave RevokedKeys out, until a KRL is fetched
    #[arg(long)]
    no_revoked_keys: bool,

    /// Where the server has punchmark-principals
    #[arg(long, value_name = "FILE",
        default_value = "/usr/local/libexec/punchmark-principals", value_parser = absolute)]
    command: String,

    /// Who runs it
    #[arg(long, value_name = "USER", default_value = "_punchmark", value_parser = word)]
    user: String,

    /// Let this machine's sshd check the lines, and look for the files that they name
    #[arg(long)]
    check: bool,

    /// The sshd that checks
    #[arg(long, value_name = "FILE", default_value = PROGRAM)]
    sshd: PathBuf,
}

impl SshdConfig {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let lines = self.lines(context)?;
        let text = lines.text();
        product(text.trim_end())?;
        if !self.check {
            return Ok(Exit::Done);
        }
        self.check_by_sshd(&text)?;
        self.look_for_files(context, &lines)
    }

    fn lines(&self, context: &Context) -> Result<Lines, Failure> {
        if let Some(host_ca) = &self.host_ca {
            // Only that it is a key; what the host shows is the certificate.
            named(context, host_ca)?;
        }
        Ok(Lines {
            ca: named(context, &self.ca)?,
            ca_file: self.ca_file.clone(),
            principals: self.principals(),
            revoked: (!self.no_revoked_keys).then(|| self.revoked_keys.clone()),
            host_keys: match self.host_ca {
                Some(_) => self.host_key.clone(),
                None => Vec::new(),
            },
        })
    }

    fn principals(&self) -> PrincipalsBy {
        let list = |default: &str| self.list.clone().unwrap_or_else(|| default.to_owned());
        if self.files {
            return PrincipalsBy::Files {
                folder: list("/etc/ssh/principals"),
            };
        }
        PrincipalsBy::Command {
            program: self.command.clone(),
            list: list("/etc/ssh/access/access.list"),
            host: self.host.clone(),
            user: self.user.clone(),
        }
    }

    /// sshd checks nothing without a host key, and those of the machine are root's: it gets one
    /// that lives as long as the check.
    fn check_by_sshd(&self, text: &str) -> Result<(), Failure> {
        let folder = tempfile::Builder::new().prefix("punchmark").tempdir()?;
        let key = folder.path().join("host_key");
        output::create(&key, new_key()?.as_bytes(), 0o600)?;
        let config = folder.path().join("sshd_config");
        let whole = format!("HostKey {}\n{text}", key.display());
        output::create(&config, whole.as_bytes(), 0o600)?;
        Ok(Sshd::new(&self.sshd, &config).check()?)
    }

    fn look_for_files(&self, context: &Context, lines: &Lines) -> Result<Exit, Failure> {
        let needed = lines.needed_files();
        let missing: Vec<_> = needed
            .iter()
            .filter(|file| !Path::new(file).exists())
            .map(String::as_str)
            .collect();
        if missing.is_empty() {
            if context.talks() {
                say("sshd takes these lines, and every file that they name is here");
            }
            return Ok(Exit::Done);
        }
        let failure = Failure::new(format!(
            "sshd takes these lines, but is not to be told them yet: missing are {}",
            missing.join(", ")
        ));
        Err(failure
            .hint("`sshd -t` looks for none of them; put them there before sshd is reloaded"))
    }
}

/// A CA by its name in the config, or by a public key file; in words with its fingerprint.
fn named(context: &Context, ca: &str) -> Result<String, Failure> {
    let (name, key) = if ca.contains(['/', '.']) {
        let file = Path::new(ca);
        (ca, SubjectFile::read(file).in_file(file)?.key)
    } else {
        let config = context.config()?;
        let entry = config.ca(ca)?;
        (ca, config.public_key(entry)?.key_data().clone())
    };
    if !is_ca_key(&key) {
        let words = format!("{name} is a {} key, which no CA signs with", describe(&key));
        return Err(Failure::usage(words));
    }
    Ok(format!("{name} ({} {})", describe(&key), fingerprint(&key)))
}

fn new_key() -> Result<zeroize::Zeroizing<String>, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed));
    let key = PrivateKey::new(pair, "")?;
    Ok(key.to_openssh(ssh_key::LineEnding::LF)?)
}

/// A host's name and tags, each with a plus before it; nothing that sshd would expand or split.
fn host(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    let parts = || text.split('+');
    let begins = |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric());
    if parts().all(|part| begins(part) && part.chars().all(plain)) {
        return Ok(text.to_owned());
    }
    Err("a host is as in web1 or web1+production, in lower case".to_owned())
}

/// A word that sshd reads as one, and expands nothing of.
fn word(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-._+,@:=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("blanks, quotes, # and % have a meaning in sshd_config; name it without".to_owned())
}

fn absolute(text: &str) -> Result<String, String> {
    if !text.starts_with('/') {
        return Err("sshd wants the whole path, from /".to_owned());
    }
    word(text)
}

impl Advised for SshdError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Start { .. } => Some("name the program with --sshd".to_owned()),
            Self::Refused { words, .. } if words.contains("no hostkeys available") => {
                Some("run it as root: sshd reads its host keys first".to_owned())
            }
            Self::Refused { words, .. } if words.contains("privilege separation") => {
                Some("mkdir /run/sshd: sshd's service makes it when it starts".to_owned())
            }
            _ => None,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark sshd-config --ca users --host web1
  punchmark sshd-config --ca users.pub --host web1+production --host-ca hosts.pub --check
  punchmark sshd-config --ca users --host web1 --files";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sshd_would_read_otherwise_is_refused() {
        for good in ["web1", "web1.example.org+production+eu", "a-b_c"] {
            assert_eq!(host(good), Ok(good.to_owned()));
        }
        for bad in [
            "", "web1 x", "web1+", "+a", "Web1", "-a", "a%u", "a\nb", "a\"", "a#",
        ] {
            let words = host(bad).unwrap_err();
            assert!(words.starts_with("a host is as in web1"), "{bad} {words}");
        }
        assert!(absolute("/etc/ssh/users.pub").is_ok());
        let relative = absolute("users.pub").unwrap_err();
        assert!(relative.contains("the whole path"), "{relative}");
        for bad in ["/a b", "/a%u", "/a#", "/a\"b", "/a\nPermitRootLogin yes"] {
            let words = absolute(bad).unwrap_err();
            assert!(words.contains("have a meaning in sshd_config"), "{bad}");
        }
    }
}
