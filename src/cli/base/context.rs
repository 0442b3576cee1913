//! What every subcommand shares: the global options, the config, the ledger, the PIN.

use std::path::PathBuf;

use super::advice::ledger::not_in_ledger;
use super::failure::Failure;
use super::global::Global;
use super::pin::{PinSource, require_open};
use super::terminal;
use super::touch::Touches;
use crate::config::{self, CaConfig, Config, Place};
use crate::ledger::file::OpenError;
use crate::ledger::{Ca, ClockError, Ledger, LedgerError, Purpose, check_clock};
use crate::secret::RememberPin;

/// The global options, and what follows from them.
pub(crate) struct Context {
    global: Global,
    touches: Touches,
}

/// A CA as config and ledger agree on it.
pub(crate) struct KnownCa {
    pub(crate) config: CaConfig,
    pub(crate) ca: Ca,
}

impl Context {
    /// To be made before any file is opened.
    pub(crate) fn new(global: Global) -> Result<Self, Failure> {
        if let Some(descriptor) = global.pin_fd {
            require_open(descriptor)?;
        }
        Ok(Self {
            global,
            touches: Touches::default(),
        })
    }

    pub(crate) fn json(&self) -> bool {
        self.global.json
    }

    /// Whether `--yes` answers every question that a yes is enough for.
    pub(crate) fn yes(&self) -> bool {
        self.global.yes
    }

    /// Whether somebody reads more than errors: not with `--quiet`, nor with `--json`.
    pub(crate) fn talks(&self) -> bool {
        !self.global.quiet && !self.global.json
    }

    pub(crate) fn place(&self) -> Result<Place, Failure> {
        Ok(Place::find(self.global.config.as_deref())?)
    }

    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Ok(self.place()?.read()?)
    }

    /// The config for commands that can do without: none where there is no file.
    pub(crate) fn config_if_there(&self) -> Result<Option<Config>, Failure> {
        match Place::find(self.global.config.as_deref()) {
            Err(_nowhere) => Ok(None),
            Ok(place) => Ok(place.read_if_there()?),
        }
    }

    /// Where PINs come from; each is asked for once a run.
    pub(crate) fn pins(&self) -> RememberPin<PinSource> {
        RememberPin::new(PinSource::new(
            self.global.pin_file.clone(),
            self.global.pin_fd,
            self.touches.clone(),
        ))
    }

    /// Where the PIN of a user's own card comes from: this file, else a person. The global
    /// options name the PIN of the CA's device.
    pub(crate) fn pins_of_card(&self, file: Option<PathBuf>) -> RememberPin<PinSource> {
        RememberPin::new(PinSource::new(file, None, self.touches.clone()))
    }

    /// Whether a PIN comes from a person, who may take an hour for it.
    pub(crate) fn asks_a_person(&self) -> bool {
        self.global.pin_file.is_none() && self.global.pin_fd.is_none()
    }

    /// What the devices that were opened with [`Self::pins`] say of touches.
    pub(crate) fn touches(&self) -> &Touches {
        &self.touches
    }

    /// Opens the ledger to write, and holds the clock against it.
    pub(crate) fn ledger(&self, config: &Config) -> Result<Ledger, Failure> {
        believed(
            Ledger::open(&config.ledger(), config.ledger_settings())?,
            config,
        )
    }

    /// Opens the ledger to look at it, while somebody may be asked: others may write meanwhile.
    pub(crate) fn ledger_to_look(&self, config: &Config) -> Result<Ledger, Failure> {
        believed(Ledger::open_to_read(&config.ledger())?, config)
    }

    /// Opens the ledger that [`Self::ledger_to_look`] opened a moment ago, before somebody was asked
    /// for a PIN; it must still have this CA. A leap of the clock was confirmed then.
    pub(crate) fn ledger_again(&self, config: &Config, ca: &Ca) -> Result<Ledger, Failure> {
        let ledger = Ledger::open(&config.ledger(), config.ledger_settings())?;
        match check_clock(config::now(), ledger.last_time()?, config.clock_leap_days()) {
            Ok(()) | Err(ClockError::LeapAhead { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if !ledger.cas()?.contains(ca) {
            return Err(not_in_ledger(ca.name()));
        }
        Ok(ledger)
    }

    /// Holds the clock against a ledger that may not be there yet, before a key is made.
    pub(crate) fn check_clock(&self, place: &Place) -> Result<(), Failure> {
        let config = place.read_if_there()?;
        let config = config.unwrap_or_else(|| Config::empty(place.path()));
        match Ledger::open(&config.ledger(), config.ledger_settings()) {
            Err(LedgerError::Open(OpenError::Missing(_))) => {
                believe_clock(None, config.clock_leap_days())
            }
            opened => believed(opened?, &config).map(drop),
        }
    }

    /// The CA `name`, which config, public key file and ledger must agree on.
    pub(crate) fn known_ca(
        &self,
        config: &Config,
        ledger: &Ledger,
        name: &str,
    ) -> Result<KnownCa, Failure> {
        let entry = config.ca(name)?.clone();
        let recorded = config.public_key(&entry)?;
        let ca = ledger.cas()?.into_iter().find(|ca| ca.name() == name);
        let ca = ca.ok_or_else(|| not_in_ledger(name))?;
        if ca.public_key() != recorded.key_data() {
            return Err(Failure::new(format!(
                "{} is not the public key that the ledger has for CA `{name}`",
                config.resolve(&entry.public_key).display()
            ))
            .hint("put the public key file back from a backup"));
        }
        if ca.added().purpose != entry.certificates {
            return Err(Failure::new(format!(
                "CA `{name}` is a {} CA in the config, and a {} CA in the ledger",
                entry.certificates,
                ca.added().purpose
            ))
            .hint(format!(
                "set `certificates` of [ca.{name}] back in the config"
            )));
        }
        refuse_other_suffixes(config, ledger, &ca)?;
        Ok(KnownCa { config: entry, ca })
    }

    /// Asks whether to go on although something is unwise: a person at a terminal, whom
    /// `--yes` answers for; elsewhere it is a warning.
    pub(crate) fn confirm_or_warn(&self, words: &str) -> Result<(), Failure> {
        if self.global.yes || !terminal::somebody_is_there() {
            terminal::warn(words);
            return Ok(());
        }
        terminal::confirm(&format!("{words}.\nGo on?"))
    }

    /// Asks a person at a terminal, whom `--yes` answers for; a script meant what it says.
    pub(crate) fn confirm_or_go_on(&self, question: &str) -> Result<(), Failure> {
        if self.global.yes || !terminal::somebody_is_there() {
            return Ok(());
        }
        terminal::confirm(question)
    }

    /// Standard input holds one thing.
    pub(crate) fn refuse_two_on_stdin(&self, reads_stdin: bool) -> Result<(), Failure> {
        if self.global.pin_fd == Some(0) && reads_stdin {
            return Err(Failure::usage(TWO_ON_STDIN));
        }
        Ok(())
    }
}

/// A suffix is a promise to every server: a config that knows fewer, others or weaker ones
/// than the ledger has recorded for the CA could write `peter_physical` by hand.
fn refuse_other_suffixes(config: &Config, ledger: &Ledger, ca: &Ca) -> Result<(), Failure> {
    if ca.added().purpose == Purpose::Host {
        return Ok(());
    }
    let differences = ledger.compare_suffixes(ca, config.policy().suffixes())?;
    match differences.first() {
        None => Ok(()),
        Some(difference) => Err(Failure::new(format!(
            "suffixes of CA `{}`: {difference}",
            ca.name()
        ))
        .hint(format!(
            "put [suffixes] in {} right, or record the change: punchmark ca suffixes {} --record",
            config.path().display(),
            ca.name()
        ))),
    }
}

/// The ledger, if the clock and the head that was kept say nothing against it.
fn believed(ledger: Ledger, config: &Config) -> Result<Ledger, Failure> {
    believe_clock(ledger.last_time()?, config.clock_leap_days())?;
    Ok(ledger)
}

/// A clock that leaps ahead may be right, if a person says so by a whole word.
fn believe_clock(last: Option<u64>, leap_days: u64) -> Result<(), Failure> {
    match check_clock(config::now(), last, leap_days) {
        Err(error @ ClockError::LeapAhead { .. }) => {
            terminal::confirm_typed(&error.to_string()).map_err(|_| error.into())
        }
        checked => Ok(checked?),
    }
}

const TWO_ON_STDIN: &str = "stdin cannot hold both the PIN (--pin-fd 0) and what `-` stands for";
