//! The door to a ledger that is written to, and to a CA that signs by it.
//!
//! Every front comes through here, since what is checked here must hold for whatever is
//! written or signed afterwards:
//!
//! - **The clock** stands neither before the last entry nor far behind it. A leap ahead may be
//!   right, if a person says so; the front asks, and the ledger is not locked meanwhile.
//! - **The kept head** says that this is the newest copy. The ledger sees to it itself, by
//!   [`Ledger::open`], which `scripts/layers` lets nobody else in the program call.
//! - **The CA** is the same in config, public key file and ledger, with the suffixes that it
//!   reserves: an [`AgreedCa`], which alone [decides](super::Judge) and
//!   [signs](super::OpenCa).
//!
//! Two commands heal just what is checked here, and so come in although it fails: they get an
//! [`UnkeptLedger`] where the head is at fault, with every other check as it is, and the
//! [`WrongTime`] where the last entry is.
//!
//! That no key of a CA and none of the ledger's own becomes a subject is checked where a
//! subject is known: by the decision, and under the lock by the reservation.

use std::path::{Path, PathBuf};

use ssh_key::public::KeyData;

use super::{Clock, lent};
use crate::ledger::file::OpenError;
use crate::ledger::heads::HeadsError;
use crate::ledger::settings::FileSettings;
use crate::ledger::{Ca, ClockError, Ledger, LedgerError, Purpose, SuffixDifference, check_clock};
use crate::policy::Suffixes;

mod mirror;
#[cfg(test)]
mod tests;

/// Where a ledger lies, and how it is to be opened, as the config has it.
#[derive(Clone, Debug)]
pub struct LedgerPlace {
    /// The file.
    pub path: PathBuf,
    /// Where its head is kept, and what is allowed of its place.
    pub settings: FileSettings,
    /// How many days the clock may have leapt since the last entry before a person is asked.
    pub leap_days: u64,
    /// Tells the time.
    pub clock: Clock,
    /// Whether a server that has the ledger is asked to lend it. What keeps the lock for long doesn't ask.
    pub borrows: bool,
}

/// A ledger that is open to be written to, whatever the kept heads say of it. It takes nothing
/// before an entry that says why it is the newest copy.
#[derive(Debug)]
pub struct UnkeptLedger {
    /// The ledger.
    pub ledger: Ledger,
    /// Why the kept heads let nobody else write to it; none if they do.
    pub refusal: Option<HeadsError>,
}

/// A ledger that is open although its last entry is later than the clock.
#[derive(Debug)]
pub struct WrongTime {
    /// The ledger.
    pub ledger: Ledger,
    /// The time of its last entry, in Unix seconds.
    pub last: u64,
    /// What the clock says.
    pub now: u64,
}

/// Asks a person whether the clock is right although it leapt so far ahead. Whatever can't ask
/// a person says no.
pub type Confirm<'a> = dyn FnMut(&ClockError) -> bool + 'a;

/// Why a ledger was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenLedgerError {
    /// It cannot be opened or read, or is not the newest copy.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The clock cannot be believed.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// A CA that it had a moment ago.
    #[error("the ledger has no CA `{ca}`")]
    NoCa {
        /// The name of the CA.
        ca: String,
    },
}

impl LedgerPlace {
    /// Opens the ledger to write to it; no other run can meanwhile.
    ///
    /// # Errors
    /// [`OpenLedgerError`].
    pub fn open(&self, confirm: &mut Confirm<'_>) -> Result<Ledger, OpenLedgerError> {
        let ledger = self.writable()?;
        match self.check(ledger.last_time()?) {
            Ok(()) => Ok(ledger),
            Err(leap @ ClockError::LeapAhead { .. }) => {
                // A person may take an hour, and others want to write.
                drop(ledger);
                ask(confirm, leap)?;
                self.open_confirmed()
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the ledger to look at it, before somebody is asked for anything: others may
    /// write meanwhile.
    ///
    /// # Errors
    /// [`OpenLedgerError`].
    pub fn look(&self, confirm: &mut Confirm<'_>) -> Result<Ledger, OpenLedgerError> {
        let ledger = self.read(confirm)?;
        if ledger.is_mirror() {
            return Err(LedgerError::from(OpenError::Mirror(self.path.clone())).into());
        }
        Ok(ledger)
    }

    /// Opens the ledger, or a mirror, for whoever will not write to it, with the clock held
    /// against it.
    ///
    /// # Errors
    /// [`OpenLedgerError`].
    pub fn read(&self, confirm: &mut Confirm<'_>) -> Result<Ledger, OpenLedgerError> {
        let ledger = Ledger::open_to_read(&self.path)?;
        self.believe(ledger.last_time()?, confirm)?;
        Ok(ledger)
    }

    /// Opens the ledger that [`Self::look`] opened a moment ago, to write to it. It must still
    /// have this CA. A leap of the clock was confirmed then.
    ///
    /// # Errors
    /// [`OpenLedgerError`].
    pub fn open_again(&self, ca: &Ca) -> Result<Ledger, OpenLedgerError> {
        let ledger = self.open_confirmed()?;
        if !ledger.cas()?.contains(ca) {
            return Err(OpenLedgerError::NoCa {
                ca: ca.name().to_owned(),
            });
        }
        Ok(ledger)
    }

    /// Holds the clock against the ledger, or where there is none yet, against the build of
    /// the program alone.
    ///
    /// # Errors
    /// [`OpenLedgerError`].
    pub fn believe_clock(&self, confirm: &mut Confirm<'_>) -> Result<(), OpenLedgerError> {
        match Ledger::open_to_read(&self.path) {
            Err(LedgerError::Open(OpenError::Missing(_))) => self.believe(None, confirm),
            opened => self.believe(opened?.last_time()?, confirm),
        }
    }

    /// Opens the ledger to write to it, where a leap of the clock was confirmed a moment ago.
    ///
    /// # Errors
    /// [`OpenLedgerError`].
    pub fn open_confirmed(&self) -> Result<Ledger, OpenLedgerError> {
        let ledger = self.writable()?;
        self.believe(ledger.last_time()?, &mut |_leap| true)?;
        Ok(ledger)
    }

    /// Opens the ledger for whoever records why it is taken for the newest copy, whatever the
    /// kept heads say. The clock is held against it as ever: what is recorded has a time.
    ///
    /// # Errors
    /// [`OpenLedgerError`].
    pub fn open_unkept(&self, confirm: &mut Confirm<'_>) -> Result<UnkeptLedger, OpenLedgerError> {
        let opened = self.unkept()?;
        match self.check(opened.ledger.last_time()?) {
            Ok(()) => Ok(opened),
            Err(leap @ ClockError::LeapAhead { .. }) => {
                drop(opened);
                ask(confirm, leap)?;
                self.open_unkept_confirmed()
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the ledger as [`Self::open_unkept`] does, where a leap of the clock was confirmed
    /// a moment ago.
    ///
    /// # Errors
    /// [`OpenLedgerError`].
    pub fn open_unkept_confirmed(&self) -> Result<UnkeptLedger, OpenLedgerError> {
        let opened = self.unkept()?;
        self.believe(opened.ledger.last_time()?, &mut |_leap| true)?;
        Ok(opened)
    }

    /// Opens a ledger whose last entry is later than the clock, to say that the entry is
    /// wrong. There is none where the clock does not stand before that entry.
    ///
    /// # Errors
    /// [`OpenLedgerError`], also if the clock stands before the build of the program.
    pub fn open_to_correct(&self) -> Result<Option<WrongTime>, OpenLedgerError> {
        let ledger = self.writable()?;
        let (now, Some(last)) = ((self.clock)(), ledger.last_time()?) else {
            return Ok(None);
        };
        match check_clock(now, Some(last), u64::MAX) {
            Err(ClockError::BehindLedger { .. }) => Ok(Some(WrongTime { ledger, last, now })),
            checked => Ok(checked.map(|()| None)?),
        }
    }

    /// Keeps the head of a ledger that was just migrated, which nothing is written without.
    /// Whatever its last entry says of the time, the clock is looked at when it is next opened.
    ///
    /// # Errors
    /// [`OpenLedgerError`].
    pub fn keep_head(&self) -> Result<(), OpenLedgerError> {
        Ok(self.writable().map(drop)?)
    }

    /// Makes an empty ledger where no file is.
    ///
    /// # Errors
    /// [`OpenLedgerError`], also if there is one.
    pub fn create(&self) -> Result<Ledger, OpenLedgerError> {
        Ok(Ledger::create(&self.path, self.settings.clone())?)
    }

    /// The same ledger, which a server that has it is asked to lend.
    #[must_use]
    pub fn borrowing(self) -> Self {
        Self {
            borrows: true,
            ..self
        }
    }

    fn unkept(&self) -> Result<UnkeptLedger, LedgerError> {
        let open = || Ledger::open_unkept(&self.path, self.settings.clone());
        let mut ledger = self.or_lent(open)?;
        let refusal = ledger.take_refusal();
        Ok(UnkeptLedger { ledger, refusal })
    }

    fn writable(&self) -> Result<Ledger, LedgerError> {
        self.or_lent(|| Ledger::open(&self.path, self.settings.clone()))
    }

    fn or_lent(
        &self,
        open: impl Fn() -> Result<Ledger, LedgerError>,
    ) -> Result<Ledger, LedgerError> {
        match open() {
            Err(LedgerError::Open(OpenError::Locked { path, holder })) if self.borrows => {
                let lent = lent::borrow(&path);
                let lent = lent.ok_or(OpenError::Locked { path, holder })?;
                Ok(open()?.until_dropped(lent))
            }
            opened => opened,
        }
    }

    fn believe(&self, last: Option<u64>, confirm: &mut Confirm<'_>) -> Result<(), OpenLedgerError> {
        match self.check(last) {
            Err(leap @ ClockError::LeapAhead { .. }) => ask(confirm, leap),
            checked => Ok(checked?),
        }
    }

    fn check(&self, last: Option<u64>) -> Result<(), ClockError> {
        check_clock((self.clock)(), last, self.leap_days)
    }
}

fn ask(confirm: &mut Confirm<'_>, leap: ClockError) -> Result<(), OpenLedgerError> {
    if confirm(&leap) {
        Ok(())
    } else {
        Err(leap.into())
    }
}

/// A CA as a config has it.
#[derive(Clone, Debug)]
pub struct ConfiguredCa<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it signs.
    pub purpose: Purpose,
    /// Its public key file, for messages.
    pub public_key_file: &'a Path,
    /// What its public key file says.
    pub public_key: &'a KeyData,
    /// The classes of principals that it alone writes.
    pub suffixes: &'a Suffixes,
}

/// A CA of which config, public key file and ledger say the same.
///
/// [`agree`] alone makes one; nothing is decided for another CA, and no key opened.
#[derive(Clone, Debug)]
pub struct AgreedCa(Ca);

/// In what a config and a ledger disagree about a CA.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DisagreementError {
    /// The ledger has no CA of this name.
    #[error("the ledger has no CA `{ca}`")]
    NoCa {
        /// The name of the CA.
        ca: String,
    },
    /// The public key file is another key's.
    #[error("{} is not the public key that the ledger has for CA `{ca}`", file.display())]
    OtherKey {
        /// The public key file.
        file: PathBuf,
        /// The name of the CA.
        ca: String,
    },
    /// It signs users for the one, and hosts for the other.
    #[error("CA `{ca}` is a {config} CA in the config, and a {ledger} CA in the ledger")]
    OtherPurpose {
        /// The name of the CA.
        ca: String,
        /// What it signs by the config.
        config: Purpose,
        /// What it signs by the ledger.
        ledger: Purpose,
    },
    /// A suffix is a promise to every server: a config that knows fewer, others or weaker
    /// ones than were recorded could write `peter_physical` by hand.
    #[error("suffixes of CA `{ca}`: {difference}")]
    Suffixes {
        /// The name of the CA.
        ca: String,
        /// The first difference.
        difference: SuffixDifference,
    },
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Holds a CA of the config against the ledger's.
///
/// # Errors
/// [`DisagreementError`].
pub fn agree(
    ledger: &Ledger,
    configured: &ConfiguredCa<'_>,
) -> Result<AgreedCa, DisagreementError> {
    let name = || configured.name.to_owned();
    let mut cas = ledger.cas()?.into_iter();
    let ca = cas.find(|ca| ca.name() == configured.name);
    let ca = ca.ok_or_else(|| DisagreementError::NoCa { ca: name() })?;
    if ca.public_key() != configured.public_key {
        return Err(DisagreementError::OtherKey {
            file: configured.public_key_file.to_path_buf(),
            ca: name(),
        });
    }
    let recorded = ca.added().purpose;
    if recorded != configured.purpose {
        return Err(DisagreementError::OtherPurpose {
            ca: name(),
            config: configured.purpose,
            ledger: recorded,
        });
    }
    // Hosts have no principals of a class.
    if recorded != Purpose::Host {
        let differences = ledger.compare_suffixes(&ca, configured.suffixes)?;
        if let Some(difference) = differences.into_iter().next() {
            return Err(DisagreementError::Suffixes {
                ca: name(),
                difference,
            });
        }
    }
    Ok(AgreedCa(ca))
}

impl AgreedCa {
    /// The CA, as the ledger has it.
    pub fn ca(&self) -> &Ca {
        &self.0
    }
}
