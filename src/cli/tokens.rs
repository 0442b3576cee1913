//! `punchmark tokens`: what is plugged in, and the locator of each key.

mod look;
mod quiet;
mod yubikeys;

use clap::Args;

use super::base::asks_for_pins::AsksForPins;
use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::terminal::{product, product_object, say};
use crate::ca::token_says;
use crate::signer::pkcs11::Uri;
use crate::signer::{Inventory, KeyEntry, Locator, SlotEntry, TokenEntry, inventory};
use look::{Looked, Modules, Passed, module};
use yubikeys::print_card;

/// List slots, tokens and keys, each key with the locator that names it
///
/// Looks at --module, else at the modules that the config names, else at all that p11-kit
/// is configured for, and at every YubiKey. Most tokens show private keys, and what they say
/// of them, only after a login; a YubiKey shows all without one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Tokens {
    /// PKCS#11 module to look at, a path or as in a locator (pkcs11:?module-path=…); may be given
    /// several times
    // Parsed later: clap would repeat a locator that holds a PIN.
    #[arg(long, value_name = "PATH")]
    module: Vec<String>,

    /// Log in to the one token that this locator names, asking for its PIN
    // Parsed later: clap would repeat a locator that holds a PIN.
    #[arg(long, value_name = "LOCATOR")]
    login: Option<String>,

    #[command(flatten)]
    asks: AsksForPins,
}

impl Tokens {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let looked = match &self.login {
            Some(locator) => match locator.parse()? {
                Locator::Pkcs11(uri) => self.logged_in(&uri, context)?,
                _ => return Err(Failure::usage(NO_LOGIN)),
            },
            None => Modules::of(&self.module, context)?.look()?,
        };
        if context.json() {
            let all = serde_json::json!({
                "modules": looked.modules,
                "yubikeys": looked.cards,
                "not-looked-at": looked.not_looked_at,
            });
            product_object(all)?;
        } else {
            looked.modules.iter().try_for_each(print_module)?;
            looked.cards.iter().try_for_each(print_card)?;
            self.say_what_is_hidden(&looked.modules, context);
            say_what_was_passed(&looked.not_looked_at, context);
        }
        // What was named and isn't there is a fault; what might have been there is none.
        let all_seen = self.module.is_empty() || looked.not_looked_at.is_empty();
        Ok(if all_seen { Exit::Done } else { Exit::Failed })
    }

    fn logged_in(&self, uri: &Uri, context: &Context) -> Result<Looked, Failure> {
        let module = match self.module.first() {
            Some(text) => module(text)?,
            None => uri.module(),
        };
        let mut pins = context.pins(self.asks);
        let seen = inventory(Some(&module), Some((uri, &mut pins)))?;
        Ok(Looked {
            modules: vec![seen],
            ..Looked::default()
        })
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

fn say_what_was_passed(passed: &[Passed], context: &Context) {
    if !context.talks() {
        return;
    }
    for Passed { what, why, hint } in passed {
        say(&format!("{what}: not looked at, {why}"));
        if let Some(hint) = hint {
            say(&format!("  hint: {hint}"));
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
            slot.slot_id,
            slot.description.bare()
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
        "token {}, {} {}, serial {}",
        token.label,
        token.manufacturer.bare(),
        token.model.bare(),
        token.serial.bare()
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
