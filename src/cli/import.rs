//! `punchmark import`: a CA key that was a file goes into the token.

use std::path::PathBuf;

use clap::Args;
use ssh_key::PrivateKey;

use super::adopt::first_serial;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::init::CaArguments;
use super::pin::ask_passphrase;
use super::terminal::warn;
use crate::ca::Source;
use crate::config::read_limited;

/// Bring an existing ssh-keygen CA key file into the token, as a CA
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Import {
    #[command(flatten)]
    ca: CaArguments,

    /// The private key file, in OpenSSH's form
    #[arg(long, value_name = "FILE")]
    from: PathBuf,

    /// First serial to give out, above all that the key ever signed
    #[arg(long, value_name = "N")]
    next_serial: Option<u64>,
}

impl Import {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let key = self.private_key()?;
        let next_serial = first_serial(self.next_serial)?;
        let from = self.from.display().to_string();
        let exit = self
            .ca
            .establish(context, Source::Import(key.key_data()), next_serial)?;
        if context.talks() {
            warn(&format!(
                "this key was once outside: whoever copied {from} can sign with it. \
                 Destroy the file and its backups, or better make a new key with init"
            ));
        }
        Ok(exit)
    }

    /// The key, decrypted with the passphrase that is asked for once.
    fn private_key(&self) -> Result<PrivateKey, Failure> {
        let path = self.from.display().to_string();
        let text = read_limited(&self.from, LARGEST).map(zeroize::Zeroizing::new);
        let text = text.map_err(|source| Failure::File {
            path: path.clone(),
            source,
        })?;
        let in_file = |source| Failure::KeyFile {
            path: path.clone(),
            source,
        };
        let key = PrivateKey::from_openssh(text.as_bytes()).map_err(in_file)?;
        if !key.is_encrypted() {
            return Ok(key);
        }
        let passphrase = ask_passphrase(&path)?;
        key.decrypt(passphrase.expose()).map_err(in_file)
    }
}

/// An RSA-16384 private key takes 13 KiB.
const LARGEST: u64 = 64 * 1024;

const EXAMPLES: &str = "\
Examples:
  punchmark import users --from ca_key --next-serial 1001 \\
    --key 'pkcs11:token=Root%20CA;object=users'";
