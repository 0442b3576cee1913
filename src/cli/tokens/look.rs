//! What `tokens` looks at, each device once, and what it could not look at.

use std::path::PathBuf;

use serde::Serialize;

use super::quiet::Quiet;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, Failure};
use crate::cli::base::words::chain;
use crate::signer::pkcs11::Uri;
use crate::signer::yubikey::{CardEntry, CardFault};
use crate::signer::{Inventory, Locator, LocatorError, OpeningError, inventory};

/// All that was seen, and why the rest was not.
#[derive(Default)]
pub(super) struct Looked {
    pub(super) modules: Vec<Inventory>,
    pub(super) cards: Vec<CardEntry>,
    pub(super) not_looked_at: Vec<Passed>,
}

/// What was not looked at.
#[derive(Serialize)]
pub(super) struct Passed {
    pub(super) what: String,
    pub(super) why: String,
    pub(super) hint: Option<String>,
}

/// The modules to look at.
pub(super) enum Modules {
    /// Those that the user names: no card is looked for, and each must be there.
    Given(Vec<Uri>),
    /// Those of the config.
    OfConfig(Vec<Uri>),
    /// All that p11-kit is configured for, which may show the same cards again.
    OfMachine,
}

impl Modules {
    /// What was given, a path or the part of a locator that names a module, else what the config
    /// names.
    pub(super) fn of(given: &[String], context: &Context) -> Result<Self, Failure> {
        if !given.is_empty() {
            let uris: Result<_, LocatorError> = given.iter().map(|text| module(text)).collect();
            return Ok(Self::Given(uris?));
        }
        let mut named = Vec::new();
        if let Some(config) = context.config_if_there()? {
            let files = config.modules().iter().map(|file| config.resolve(file));
            named.extend(files.map(Uri::of_module));
            let keys = config.cas().flat_map(|(_, ca)| &ca.keys);
            named.extend(keys.filter_map(module_of_key));
        }
        named.sort_unstable();
        named.dedup();
        Ok(if named.is_empty() {
            Self::OfMachine
        } else {
            Self::OfConfig(named)
        })
    }

    /// Looks at each of them, and at the cards where nothing else was asked for.
    pub(super) fn look(self) -> Result<Looked, Failure> {
        let mut looked = Looked::default();
        let (uris, is_proxy) = match self {
            Self::Given(uris) => (uris, false),
            Self::OfConfig(uris) => {
                looked.look_at_cards();
                (uris, false)
            }
            Self::OfMachine => {
                looked.look_at_cards();
                (vec![Uri::default()], true)
            }
        };
        let mut failed = None;
        for uri in &uris {
            if let Err(error) = looked.look_at(uri) {
                failed = failed.or(Some(error));
            }
        }
        if is_proxy {
            looked.leave_out_readers();
        }
        match failed {
            Some(error) if looked.modules.is_empty() && looked.cards.is_empty() => Err(error),
            _ => Ok(looked),
        }
    }
}

impl Looked {
    /// One library may have several names, and is listed by one.
    fn look_at(&mut self, uri: &Uri) -> Result<(), Failure> {
        let quiet = Quiet::begin();
        let seen = inventory(Some(uri), None);
        drop(quiet);
        match seen {
            Ok(seen) => {
                if self
                    .modules
                    .iter()
                    .all(|module| module.module != seen.module)
                {
                    self.modules.push(seen);
                }
                Ok(())
            }
            Err(error) => {
                let passed = Passed::of(uri, &error);
                let words = format!("{}: not looked at, {}", passed.what, passed.why);
                let failure = Failure::new(words);
                let failure = match &passed.hint {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                };
                self.not_looked_at.push(passed);
                Err(failure)
            }
        }
    }

    fn look_at_cards(&mut self) {
        match crate::signer::yubikeys() {
            Ok(cards) => self.cards = cards,
            Err(fault) => self.not_looked_at.push(Passed {
                what: "YubiKeys".to_owned(),
                why: fault.to_string(),
                hint: matches!(fault, CardFault::NoDaemon).then(|| NO_DAEMON.to_owned()),
            }),
        }
    }

    /// A module for smart cards shows the reader of each YubiKey too, under the reader's name. Who
    /// wants the card through it names the module.
    fn leave_out_readers(&mut self) {
        let cards = &self.cards;
        for module in &mut self.modules {
            module.slots.retain(|slot| {
                !cards.iter().any(|card| {
                    slot.is_reader(&card.reader) || slot.is_empty_place_of(&card.reader)
                })
            });
        }
    }
}

impl Passed {
    /// The hints of a locator are none for who names a module.
    fn of(module: &Uri, error: &OpeningError) -> Self {
        let is_proxy = *module == Uri::default();
        let (why, hint) = match error {
            OpeningError::ModuleMissing { .. } => ("there is no such file".to_owned(), None),
            OpeningError::NotAModule { reason, .. } if is_proxy => {
                (reason.clone(), Some(NO_PROXY.to_owned()))
            }
            OpeningError::NotAModule { .. } => (chain(error), None),
            _ => (chain(error), error.hint()),
        };
        let what = what(module);
        Self { what, why, hint }
    }
}

fn what(uri: &Uri) -> String {
    match uri.module_path() {
        Some(path) => format!("module {}", path.display()),
        None if *uri == Uri::default() => "PKCS#11 modules".to_owned(),
        None => format!("module {uri}"),
    }
}

/// A module, by its path or by a locator's part, which can also say how to start it.
pub(super) fn module(text: &str) -> Result<Uri, LocatorError> {
    let is_locator = text
        .get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkcs11:"));
    if is_locator {
        let uri: Uri = text.parse()?;
        return Ok(uri.module());
    }
    Ok(Uri::of_module(PathBuf::from(text)))
}

fn module_of_key(locator: &Locator) -> Option<Uri> {
    match locator {
        Locator::Pkcs11(uri) => Some(uri.module()).filter(|module| *module != Uri::default()),
        _ => None,
    }
}

const NO_PROXY: &str = "install p11-kit, or name a module: punchmark tokens --module FILE";
const NO_DAEMON: &str = "install and start pcscd: systemctl enable --now pcscd.socket";
