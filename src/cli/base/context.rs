//! What every subcommand shares: the global options, the config, the ledger, the PIN.

use std::path::PathBuf;

use serde_json::Value;

use super::asks_for_pins::AsksForPins;
use super::failure::Failure;
use super::global::Global;
use super::heads_below;
use super::pin::{FirstDevice, PinSource, require_open};
use super::pin_files::PinFiles;
use super::terminal;
use super::touch::Touches;
use super::within::KnownPins;
use crate::ca::KnownCa;
use crate::config::{Config, Place};
use crate::issue::UnkeptLedger;
use crate::ledger::heads::Ignored;
use crate::ledger::{Ca, ClockError, Ledger};
use crate::secret::RememberPin;

/// The global options, and what follows from them.
pub(crate) struct Context {
    global: Global,
    pin_files: PinFiles,
    first_device: FirstDevice,
    touches: Touches,
    known_pins: KnownPins,
}

impl Context {
    /// To be made before any file is opened.
    pub(crate) fn new(global: Global) -> Result<Self, Failure> {
        if let Some(descriptor) = global.pin_fd {
            require_open(descriptor)?;
        }
        Ok(Self {
            pin_files: PinFiles::new(&global.pin_file)?,
            global,
            first_device: FirstDevice::default(),
            touches: Touches::default(),
            known_pins: KnownPins::default(),
        })
    }

    /// The same, in a session that knows the PINs of devices.
    #[cfg(feature = "two-sides")]
    pub(crate) fn knowing(self, known_pins: KnownPins) -> Self {
        Self { known_pins, ..self }
    }

    /// The config that was named, if one was.
    #[cfg(feature = "two-sides")]
    pub(crate) fn named_config(&self) -> Option<&std::path::Path> {
        self.global.config.as_deref()
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

    /// Tells what an action came to: words to a person, an object to a program.
    pub(crate) fn tell(&self, words: &str, object: Value) -> Result<(), Failure> {
        if self.json() {
            return terminal::product_object(object);
        }
        if self.talks() {
            terminal::say(words);
        }
        Ok(())
    }

    /// Tells what an action would do, to whoever asked for nothing else.
    pub(crate) fn tell_plan(&self, words: &str, mut object: Value) -> Result<(), Failure> {
        if !self.json() {
            terminal::say(&format!("{words}; nothing was done (--dry-run)"));
            return Ok(());
        }
        if let Value::Object(fields) = &mut object {
            fields.insert("dry-run".to_owned(), true.into());
        }
        terminal::product_object(object)
    }

    pub(crate) fn place(&self) -> Result<Place, Failure> {
        Ok(Place::find(self.global.config.as_deref())?)
    }

    /// Refuses `--config` where another file says which config is meant.
    #[cfg(feature = "two-sides")]
    pub(crate) fn refuse_config(&self, who: &str) -> Result<(), Failure> {
        match &self.global.config {
            None => Ok(()),
            Some(_) => Err(Failure::usage(format!(
                "{who} names the config, and --config can't"
            ))),
        }
    }

    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Ok(self.place()?.read()?)
    }

    /// The config for commands that can do without: none where there is no file.
    pub(crate) fn config_if_there(&self) -> Result<Option<Config>, Failure> {
        self.config_at_if_there(self.global.config.clone())
    }

    /// The config at `explicit`, else in its usual place: none where there is no file.
    pub(crate) fn config_at_if_there(
        &self,
        explicit: Option<PathBuf>,
    ) -> Result<Option<Config>, Failure> {
        match Place::find(explicit.as_deref()) {
            Err(_nowhere) => Ok(None),
            Ok(place) => Ok(place.read_if_there()?),
        }
    }

    /// Where PINs come from; each is asked for once a run.
    pub(crate) fn pins(&self, _may: AsksForPins) -> RememberPin<PinSource> {
        RememberPin::new(
            PinSource::new(
                self.pin_files.clone(),
                self.global.pin_fd,
                self.first_device.clone(),
                self.touches.clone(),
            )
            .knowing(self.known_pins.clone()),
        )
    }

    /// Where the PIN of a user's own card comes from: what was named for its serial, else this
    /// file, else a person. What the global options name for no serial is the PIN of the CA's
    /// device.
    #[cfg(feature = "daily")]
    pub(crate) fn pins_of_card(&self, file: Option<PathBuf>) -> RememberPin<PinSource> {
        let files = self.pin_files.with_any(file);
        let first = FirstDevice::default();
        let source = PinSource::new(files, None, first, self.touches.clone());
        RememberPin::new(source.knowing(self.known_pins.clone()))
    }

    /// Whether a PIN is waited for: a person may take an hour for it, and so may whoever writes
    /// into a descriptor.
    pub(crate) fn waits_for_a_pin(&self) -> bool {
        self.pin_files.of_any().is_none()
    }

    /// What the devices that were opened with [`Self::pins`] say of touches.
    pub(crate) fn touches(&self) -> &Touches {
        &self.touches
    }

    /// Opens the ledger to write.
    pub(crate) fn ledger(&self, config: &Config) -> Result<Ledger, Failure> {
        let place = config.ledger_place().borrowing();
        Ok(warn_of_heads(place.open(&mut confirm_leap)?))
    }

    /// Opens the ledger to write to it for long, as long as many signatures take. A server that has it
    /// isn't asked for it.
    pub(crate) fn ledger_for_long(&self, config: &Config) -> Result<Ledger, Failure> {
        let ledger = config.ledger_place().open(&mut confirm_leap)?;
        Ok(warn_of_heads(ledger))
    }

    /// Opens the ledger to write to it, whatever the kept heads say: for the commands that say
    /// why it is the newest copy.
    pub(crate) fn ledger_unkept(&self, config: &Config) -> Result<UnkeptLedger, Failure> {
        let place = config.ledger_place().borrowing();
        Ok(place.open_unkept(&mut confirm_leap)?)
    }

    /// Opens the ledger to look at it, while somebody may be asked: others may write meanwhile.
    pub(crate) fn ledger_to_look(&self, config: &Config) -> Result<Ledger, Failure> {
        Ok(config.ledger_place().look(&mut confirm_leap)?)
    }

    /// Opens the ledger, or a mirror of it, for what writes nothing.
    pub(crate) fn ledger_to_read(&self, config: &Config) -> Result<Ledger, Failure> {
        Ok(config.ledger_place().read(&mut confirm_leap)?)
    }

    /// Opens the ledger that [`Self::ledger_to_look`] opened a moment ago, before somebody was asked
    /// for a PIN; it must still have this CA.
    pub(crate) fn ledger_again(&self, config: &Config, ca: &Ca) -> Result<Ledger, Failure> {
        let place = config.ledger_place().borrowing();
        Ok(warn_of_heads(place.open_again(ca)?))
    }

    /// The same, for long.
    pub(crate) fn ledger_for_long_again(
        &self,
        config: &Config,
        ca: &Ca,
    ) -> Result<Ledger, Failure> {
        let ledger = config.ledger_place().open_again(ca)?;
        Ok(warn_of_heads(ledger))
    }

    /// Opens the ledger that [`Self::ledger_to_look`] opened before somebody was asked. Others may have
    /// written meanwhile: what was decided then is to be decided again.
    pub(crate) fn ledger_after_asking(&self, config: &Config) -> Result<Ledger, Failure> {
        let place = config.ledger_place().borrowing();
        Ok(warn_of_heads(place.open_confirmed()?))
    }

    /// The same, for long.
    #[cfg(any(feature = "service", feature = "two-sides"))]
    pub(crate) fn ledger_for_long_after_asking(&self, config: &Config) -> Result<Ledger, Failure> {
        let ledger = config.ledger_place().open_confirmed()?;
        Ok(warn_of_heads(ledger))
    }

    /// Holds the clock against a ledger that may not be there yet, before a key is made.
    pub(crate) fn check_clock(&self, place: &Place) -> Result<(), Failure> {
        let config = place.read_if_there()?;
        let config = config.unwrap_or_else(|| Config::empty(place.path()));
        Ok(config.ledger_place().believe_clock(&mut confirm_leap)?)
    }

    /// The CA `name`, which config, public key file and ledger must agree on.
    pub(crate) fn known_ca(
        &self,
        config: &Config,
        ledger: &Ledger,
        name: &str,
    ) -> Result<KnownCa, Failure> {
        Ok(KnownCa::find(config, ledger, name)?)
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

/// Says which kept heads were passed over although another let the ledger be written to: who
/// can put a file there can also take the good one away. Says, too, that all would go back with
/// the ledger.
fn warn_of_heads(mut ledger: Ledger) -> Ledger {
    ledger.ignored_heads().iter().for_each(warn_of_ignored);
    heads_below::warn_where_below(&mut ledger);
    ledger
}

/// Says that a kept head was passed over, and what mends it.
pub(crate) fn warn_of_ignored(ignored: &Ignored) {
    terminal::warn(&format!("a kept head was passed over: {ignored}"));
}

/// A clock that leaps ahead may be right, if a person says so by a whole word.
fn confirm_leap(leap: &ClockError) -> bool {
    terminal::confirm_typed(&leap.to_string()).is_ok()
}

const TWO_ON_STDIN: &str = "stdin cannot hold both the PIN (--pin-fd 0) and what `-` stands for";
