//! `punchmark tokens`: what is plugged in, and the locator of each key.

mod yubikeys;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::terminal::{product, product_object, say, warn};
use crate::ca::token_says;
use crate::signer::pkcs11::Uri;
use crate::signer::yubikey::{CardEntry, CardFault};
use crate::signer::{Inventory, KeyEntry, Locator, OpeningError, SlotEntry, TokenEntry, inventory};
use yubikeys::print_card;

/// List slots, tokens and keys, each key with the locator that names it
///
/// Looks at --module, else at the modules that the config names, else at all that p11-kit
/// is configured for, and at every YubiKey. Most tokens show private keys, and what they say
/// of them, only after a login; a YubiKey shows all without one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Tokens {
    /// PKCS#11 module to look at; may be given several times
    #[arg(long, value_name = "PATH")]
    module: Vec<PathBuf>,

    /// Log in to the one token that this locator names, asking for its PIN
    // Parsed later: clap would repeat a locator that holds a PIN.
    #[arg(long, value_name = "LOCATOR")]
    login: Option<String>,
}

impl Tokens {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let cards = self.cards(context);
        let seen = match &self.login {
            Some(locator) => match locator.parse()? {
                Locator::Pkcs11(uri) => vec![self.logged_in(&uri, context)?],
                _ => return Err(Failure::usage(NO_LOGIN)),
            },
            None => self.seen(context, &cards)?,
        };
        if context.json() {
            let all = serde_json::json!({ "modules": seen, "yubikeys": cards });
            product_object(all)?;
        } else {
            seen.iter().try_for_each(print_module)?;
            cards.iter().try_for_each(print_card)?;
            self.say_what_is_hidden(&seen, context);
        }
        Ok(Exit::Done)
    }

    /// The YubiKeys, unless PKCS#11 alone was asked for. No daemon, no cards.
    fn cards(&self, context: &Context) -> Vec<CardEntry> {
        if self.login.is_some() || !self.module.is_empty() {
            return Vec::new();
        }
        crate::signer::yubikeys().unwrap_or_else(|fault| {
            if context.talks() && fault != CardFault::NoDaemon {
                warn(&format!("YubiKeys cannot be listed: {fault}"));
            }
            Vec::new()
        })
    }

    /// What the modules show; a machine with a YubiKey needs no p11-kit.
    fn seen(&self, context: &Context, cards: &[CardEntry]) -> Result<Vec<Inventory>, Failure> {
        let show = |module: Option<PathBuf>| match inventory(module.as_deref(), None) {
            Err(OpeningError::ModuleMissing { .. }) if module.is_none() && !cards.is_empty() => {
                None
            }
            shown => Some(shown),
        };
        let modules = self.modules(context)?.into_iter();
        Ok(modules.filter_map(show).collect::<Result<_, _>>()?)
    }

    fn logged_in(&self, uri: &Uri, context: &Context) -> Result<Inventory, Failure> {
        let mut pins = context.pins();
        let module = self.module.first().map(PathBuf::as_path);
        Ok(inventory(module, Some((uri, &mut pins)))?)
    }

    /// The modules to look at; none stands for p11-kit's proxy.
    fn modules(&self, context: &Context) -> Result<Vec<Option<PathBuf>>, Failure> {
        if !self.module.is_empty() {
            return Ok(self.module.iter().cloned().map(Some).collect());
        }
        let mut named = BTreeSet::new();
        if let Some(config) = context.config_if_there()? {
            named.extend(config.modules().iter().map(|module| config.resolve(module)));
            let keys = config.cas().flat_map(|(_, ca)| &ca.keys);
            let of_cas = keys.filter_map(|locator| match locator {
                Locator::Pkcs11(uri) => uri.module_path().map(PathBuf::from),
                _ => None,
            });
            named.extend(of_cas);
        }
        if named.is_empty() {
            return Ok(vec![None]);
        }
        Ok(named.into_iter().map(Some).collect())
    }

    fn say_what_is_hidden(&self, seen: &[Inventory], context: &Context) {
        let tokens = seen.iter().flat_map(|module| &module.slots);
        let hidden = tokens
            .filter_map(|slot| slot.token.as_ref())
            .any(|token| token.initialized && token.login_required && !token.logged_in);
        if hidden && self.login.is_none() && context.talks() {
            say("private keys may be hidden; --login 'pkcs11:token=…' shows those of one token");
        }
    }
}

fn print_module(module: &Inventory) -> Result<(), Failure> {
    product(&format!("{}", module.module.display()))?;
    if module.slots.is_empty() {
        product("  no slots")?;
    }
    module.slots.iter().try_for_each(print_slot)
}

fn print_slot(slot: &SlotEntry) -> Result<(), Failure> {
    match &slot.token {
        None => product(&format!(
            "  slot {}: {}, no token",
            slot.slot_id, slot.description
        )),
        Some(token) if !token.initialized => product(&format!(
            "  slot {}: a token that was never initialized",
            slot.slot_id
        )),
        Some(token) => {
            product(&format!("  slot {}: {}", slot.slot_id, token_words(token)))?;
            match (&token.fault, token.keys.as_slice()) {
                (Some(fault), _) => product(&format!("    keys cannot be listed: {fault}")),
                (None, []) => product("    no keys to be seen"),
                (None, keys) => keys.iter().try_for_each(print_key),
            }
        }
    }
}

fn token_words(token: &TokenEntry) -> String {
    format!(
        "token {:?}, {} {}, serial {}",
        token.label, token.manufacturer, token.model, token.serial
    )
}

fn print_key(key: &KeyEntry) -> Result<(), Failure> {
    let kind = key.key_type.as_deref().unwrap_or("unknown type");
    let bits = key.bits.map(|bits| format!(" {bits}")).unwrap_or_default();
    let locator = key
        .locator
        .as_deref()
        .unwrap_or("no locator names it alone");
    product(&format!("    {locator}"))?;
    let half = match key.private {
        Some(true) => "private key",
        Some(false) => "public key only",
        None => "public key; the private one shows after a login",
    };
    product(&format!("      {kind}{bits}, {half}"))?;
    if key.private == Some(true) {
        product(&format!(
            "      the token says: {}",
            token_says(&key.origin)
        ))?;
    }
    match &key.public_key {
        Some(public_key) => product(&format!("      {public_key}")),
        None => Ok(()),
    }
}

const NO_LOGIN: &str = "--login is for PKCS#11 tokens; others show their keys without a PIN";

const EXAMPLES: &str = "\
Examples:
  punchmark tokens
  punchmark tokens --module /usr/lib/softhsm/libsofthsm2.so
  punchmark tokens --login 'pkcs11:token=Root%20CA?module-path=/usr/lib/softhsm/libsofthsm2.so'";
