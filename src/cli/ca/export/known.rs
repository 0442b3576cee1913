//! The CAs whose keys go out.

use ssh_key::HashAlg;

use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::config::Config;
use crate::ledger::{self, Ledger};

/// A CA as it goes out.
pub(super) struct Known {
    pub(super) ca: ledger::Ca,
    pub(super) is_revoked: bool,
}

/// The CAs of these names, each once, as config and ledger agree on them.
pub(super) fn known(context: &Context, names: &[String]) -> Result<Vec<Known>, Failure> {
    let config = context.config()?;
    let ledger = Ledger::open_to_read(&config.ledger())?;
    let mut all: Vec<Known> = Vec::new();
    for name in names {
        if all.iter().any(|known| known.ca.name() == name) {
            return Err(Failure::usage(format!("CA `{name}` is named twice")));
        }
        all.push(one(context, &config, &ledger, name)?);
    }
    Ok(all)
}

fn one(context: &Context, config: &Config, ledger: &Ledger, name: &str) -> Result<Known, Failure> {
    let ca = context.known_ca(config, ledger, name)?.ca().clone();
    let fingerprint = ca.public_key().fingerprint(HashAlg::Sha256);
    let is_revoked = match fingerprint.sha256() {
        Some(hash) => ledger.key_is_revoked(&hash)?,
        None => false,
    };
    Ok(Known { ca, is_revoked })
}
