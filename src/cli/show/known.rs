//! What the config and the ledger know, where there are any.

use std::cell::OnceCell;

use ssh_key::public::KeyData;

use crate::attestation::Roots;
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::pending;
use crate::cli::base::terminal::warn;
use crate::config::Config;
use crate::ledger::Ledger;

/// A config, if there is one, and what it names.
pub(super) struct Known {
    config: Option<Config>,
    ca_keys: Vec<KeyData>,
    /// Those of the config, whatever the ledger says of them.
    roots: Option<Roots>,
    ledger: OnceCell<Option<Ledger>>,
}

impl Known {
    pub(super) fn new(context: &Context) -> Result<Self, Failure> {
        let config = context.config_if_there()?;
        let ca_keys = config.as_ref().map(Config::public_keys).transpose()?;
        let roots = config.as_ref().map(Config::attestation_roots).transpose()?;
        Ok(Self {
            ca_keys: ca_keys.unwrap_or_default(),
            roots,
            ledger: OnceCell::new(),
            config,
        })
    }

    pub(super) fn has_config(&self) -> bool {
        self.config.is_some()
    }

    /// The public keys of its CAs.
    pub(super) fn ca_keys(&self) -> &[KeyData] {
        &self.ca_keys
    }

    /// The roots that the config names and the ledger doesn't distrust, as far as there is one to
    /// be asked.
    pub(super) fn roots(&self) -> Result<Option<Roots>, Failure> {
        let Some(roots) = &self.roots else {
            return Ok(None);
        };
        match self.ledger() {
            Some(ledger) => Ok(Some(ledger.believed(roots)?)),
            None => Ok(Some(roots.clone())),
        }
    }

    /// Its ledger, opened to read when it is first asked. One that can't be read is said once,
    /// and is then as good as none: whoever was handed a config alone has no ledger.
    pub(super) fn ledger(&self) -> Option<&Ledger> {
        let open = || {
            let file = self.config.as_ref()?.ledger();
            let opened = Ledger::open_to_read(&file).map_err(Failure::from);
            match opened.and_then(|ledger| pending::seen(&file, ledger)) {
                Ok(ledger) => Some(ledger),
                Err(failure) => {
                    warn(&format!("the ledger was not asked: {}", failure.words()));
                    None
                }
            }
        };
        self.ledger.get_or_init(open).as_ref()
    }
}
