//! `punchmark ssh-config`: what makes ssh get a certificate by itself.

use std::path::{Path, PathBuf};

use clap::Args;

use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::server::ServerArgument;
use super::base::terminal::product;
use super::base::then::ykcs11;
use crate::client::place::{files_of, is_there, public_of};
use crate::client::{Held, Whereabouts};
use crate::request::RoleName;
use crate::signer::yubikey::Slot;

/// Print a block for ~/.ssh/config by which ssh gets a certificate where it needs one
///
/// Before ssh connects to one of the hosts, it runs `punchmark get --if-needed`, which takes some milliseconds
/// while a certificate is good. So do scp, rsync, git and whatever else runs ssh, and also `ssh -G`, which only
/// shows what ssh would do. The host is what HostName makes of the name that was typed. With ProxyJump, ssh reads
/// the config for each host on the way, and for each that fits it asks once.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SshConfig {
    /// The hosts, as Host of ssh_config has patterns
    #[arg(value_name = "PATTERN", required = true, value_parser = pattern)]
    hosts: Vec<String>,

    /// The role to ask for [default: that of the certificates that you have]
    #[arg(long, value_name = "ROLE", value_parser = str::parse::<RoleName>)]
    role: Option<RoleName>,

    #[command(flatten)]
    server: ServerArgument,

    /// The key in this slot of your YubiKey [default: the slot of the role's certificate, if it is in one]
    #[arg(long, value_name = "SLOT", value_parser = str::parse::<Slot>)]
    piv: Option<Slot>,
}

impl SshConfig {
    pub(crate) fn run(self, _context: &Context) -> Result<Exit, Failure> {
        let folder = self.server.folder()?;
        let Some(trusted) = folder.trusted()? else {
            return Err(Failure::new("this server was never logged in to from here")
                .hint("punchmark login HOST"));
        };
        let held = folder.held()?;
        let got = held.of(None).next().map(|held| held.role.clone());
        let named = self.role.as_ref().map(ToString::to_string);
        let role = named.or(got).ok_or_else(|| {
            Failure::usage("which role? name one with --role, or get a certificate first")
        })?;
        let nowhere = || Failure::new("$HOME doesn't say where ~/.ssh is");
        let (private, certificate) = files_of(&role).ok_or_else(nowhere)?;
        let public = public_of(&role).ok_or_else(nowhere)?;
        let server = trusted.server.to_string();
        let slot = self.piv.map(|slot| slot.to_string());
        let slot = slot.or_else(|| in_card(&held, (&role, &certificate)));
        let files = match &slot {
            Some(_) => (public, certificate),
            None => (private, certificate),
        };
        product(&block(
            &self.hosts,
            (&role, slot.as_deref()),
            &server,
            &files,
        ))?;
        Ok(Exit::Done)
    }
}

/// The slot that the certificate's key is in, as far as it lies there.
fn in_card(held: &Held, (role, certificate): (&str, &Path)) -> Option<String> {
    let here = Whereabouts::File(certificate.to_path_buf());
    let mut of_role = held.of(Some(role));
    let held = of_role.find(|held| held.r#where == here && is_there(held))?;
    Some(held.in_card.as_ref()?.slot.clone())
}

/// Key and certificate.
type Files = (PathBuf, PathBuf);

/// The block. A command that fails leaves it out, and ssh goes on without: no worse than before.
fn block(
    hosts: &[String],
    (role, slot): (&str, Option<&str>),
    server: &str,
    (key, certificate): &Files,
) -> String {
    let hosts = hosts.join(",");
    // Not with a ~, which ssh takes for what the system calls home. Of a certificate whose key is in the agent,
    // ssh takes that key only if the certificate stands there as an identity; one in a file stands beside its key.
    let (key, certificate) = (key.display(), certificate.display());
    // A key in a card is known by the line of its public half, and its certificate by itself.
    let (piv, module, kind) = match slot {
        Some(slot) => {
            let module = format!("PKCS11Provider {}\n    ", ykcs11());
            (format!(" --piv {slot}"), module, "CertificateFile")
        }
        None => (String::new(), String::new(), "IdentityFile"),
    };
    format!(
        "# Certificates of role {role} by {server}, got by ssh itself when it needs one.\n\
         # Above all that says otherwise of these hosts; `Host` or `Match` ends the block.\n\
         Match host {hosts} exec \"punchmark -q get --if-needed --role {role}{piv} --server '{server}'\"\n    \
         {module}{kind} \"{certificate}\"\n    \
         IdentityFile \"{key}\"\n    \
         IdentitiesOnly yes"
    )
}

/// Nothing that would end the line, or the condition.
fn pattern(text: &str) -> Result<String, String> {
    let fits = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'.' | b'-' | b'_' | b'*' | b'?' | b'!' | b':')
    };
    if text.is_empty() || !text.bytes().all(fits) {
        return Err(format!("{text:?} is no pattern of host names"));
    }
    Ok(text.to_owned())
}

const EXAMPLES: &str = "\
Examples:
  punchmark ssh-config '*.example.org'
  punchmark ssh-config --role production 'web?.example.org' '!web9.example.org'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_ends_neither_line_nor_condition() {
        for text in ["*.example.org", "!web1", "web?", "2001:db8::*"] {
            assert_eq!(pattern(text).as_deref(), Ok(text));
        }
        for text in ["", "a b", "a,b", "a\nb", "a\"b", "a'b", "a#b", "%h"] {
            assert!(pattern(text).is_err(), "{text:?}");
        }
    }
}
