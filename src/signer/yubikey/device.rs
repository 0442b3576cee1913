//! One open YubiKey, and how it is found among the readers.

use std::time::{Duration, Instant};

use ::yubikey::piv::SlotMetadata;
use ::yubikey::reader::{Context, Reader};
use ::yubikey::{Error, YubiKey};
use pcsc::Disposition;

use super::channel::{Channel, Talk};
use super::deadline::{Patience, within};
use super::held::{Held, holds_another};
use super::{CardFault, Firmware, Slot, quick};
use crate::signer::error::{OpeningError, Seen};

/// A card with a connection of its own. Its session, a verified PIN included, is reset
/// when this is dropped.
pub(super) struct Device {
    /// None after a call that never came back, and where the card was found to sign alone.
    handle: Option<YubiKey>,
    /// Opened when it is needed first, and anew after a fault; the only connection where the card
    /// was found to sign alone.
    channel: Option<Channel>,
    serial: u32,
    /// Of a card that was found to sign alone, the least that has what it answered.
    firmware: Firmware,
    /// Given up behind the card's reset.
    held: Held,
}

impl Device {
    /// Connects to the card with this serial, else to the only one.
    pub(super) fn find(serial: Option<u32>, wanted: &str) -> Result<Self, OpeningError> {
        let found = connect(serial).map_err(|fault| fault.at("the smart card readers"))?;
        let seen = Seen(found.seen);
        let wanted = wanted.to_owned();
        let mut cards = found.cards;
        match (cards.pop(), cards.is_empty()) {
            (Some(card), true) => Ok(card),
            (None, _) => Err(OpeningError::NoToken { wanted, seen }),
            (Some(last), false) => {
                cards.push(last);
                cards.into_iter().for_each(Self::leave);
                Err(OpeningError::SeveralTokens { wanted, seen })
            }
        }
    }

    /// Connects to the card that [`Self::find`] would, and reads what a slot holds, by fewer
    /// commands. Such a device [talks](Self::talk) and does nothing else. None where that takes
    /// the longer way.
    pub(super) fn find_to_sign(
        serial: Option<u32>,
        slot: Slot,
    ) -> Result<Option<(Self, SlotMetadata)>, CardFault> {
        let found = within(&Patience::of(CONNECT_MAX), move || {
            quick::look(serial, slot)
        })?;
        Ok(found.map(|found| {
            let device = Self {
                handle: None,
                channel: Some(found.channel),
                serial: found.serial,
                firmware: Firmware::METADATA,
                held: found.held,
            };
            (device, found.metadata)
        }))
    }

    /// Connects to every card.
    pub(super) fn find_all() -> Result<Vec<Self>, CardFault> {
        Ok(connect(None)?.cards)
    }

    /// Connects anew to a card that was pulled or reset, and waits a while for it. While no daemon is there
    /// that could tell, the card isn't away: what it may take to come back counts from the daemon's return.
    pub(super) fn find_again(serial: u32) -> Result<Self, CardFault> {
        let mut wait = Wait::since(Instant::now());
        loop {
            let fault = match connect(Some(serial)) {
                Ok(mut found) => match found.cards.pop() {
                    Some(card) => return Ok(card),
                    None => CardFault::Lost {
                        reason: "no reader has the card".to_owned(),
                    },
                },
                Err(fault) => fault,
            };
            if wait.is_over(&fault, Instant::now()) {
                return Err(fault);
            }
            std::thread::sleep(POLL);
        }
    }

    /// The name of the card for a person.
    pub(super) fn name(&self) -> String {
        format!("YubiKey {}", self.serial)
    }

    /// The name of the reader that it is in.
    pub(super) fn reader(&self) -> &str {
        self.held.reader()
    }

    pub(super) fn serial(&self) -> u32 {
        self.serial
    }

    pub(super) fn firmware(&self) -> Firmware {
        self.firmware
    }

    /// Has the card do something that takes it no longer than a moment.
    pub(super) fn call<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut YubiKey) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, CardFault> {
        self.call_within(&Patience::of(MOMENT_MAX), work)
    }

    /// Has the card do something.
    pub(super) fn call_within<T: Send + 'static>(
        &mut self,
        patience: &Patience<'_>,
        work: impl FnOnce(&mut YubiKey) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, CardFault> {
        let mut handle = self.handle.take().ok_or_else(lost)?;
        let (handle, result) = within(patience, move || {
            let result = work(&mut handle);
            (handle, result)
        })?;
        self.handle = Some(handle);
        Ok(result?)
    }

    /// Talks to the card by commands of our own, in one transaction.
    pub(super) fn talk_within<T: Send + 'static>(
        &mut self,
        patience: &Patience<'_>,
        work: impl FnOnce(&Talk<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, CardFault> {
        let (channel, answer) = match (self.channel.take(), self.handle.is_some()) {
            (Some(mut channel), false) => within(patience, move || {
                let answer = channel.transact(work);
                (channel, answer)
            })?,
            (channel, _) => self.call_within(patience, move |card| {
                let mut channel = match channel {
                    Some(channel) => channel,
                    None => Channel::open(card)?,
                };
                let answer = channel.transact(work);
                Ok((channel, answer))
            })?,
        };
        self.channel = Some(channel);
        Ok(answer?)
    }

    /// The same, for what takes a card no longer than a moment.
    pub(super) fn talk<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Talk<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, CardFault> {
        self.talk_within(&Patience::of(MOMENT_MAX), work)
    }

    /// Ends the connection without a reset, where nothing was verified.
    pub(super) fn leave(mut self) {
        if let (None, Some(channel)) = (&self.handle, self.channel.take()) {
            let _left = within(&Patience::of(MOMENT_MAX), move || {
                channel.end(Disposition::LeaveCard);
            });
        }
        if let Some(handle) = self.handle.take() {
            let _left = within(&Patience::of(MOMENT_MAX), move || leave(handle));
        }
    }

    fn new(handle: YubiKey, reader: &str) -> Self {
        let version = handle.version();
        Self {
            serial: handle.serial().0,
            firmware: Firmware {
                major: version.major,
                minor: version.minor,
                patch: version.patch,
            },
            held: Held::new(reader, handle.serial().0),
            handle: Some(handle),
            channel: None,
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let channel = self.channel.take();
        if let (None, Some(channel)) = (&self.handle, channel) {
            let _reset = within(&Patience::of(MOMENT_MAX), move || {
                channel.end(Disposition::ResetCard);
            });
        }
        if let Some(handle) = self.handle.take() {
            // The crate's own drop resets the card; another's transaction may hold it up.
            let _reset = within(&Patience::of(MOMENT_MAX), move || drop(handle));
        }
    }
}

/// A wait for a card that is gone, or for the daemon that would see it.
struct Wait {
    begun: Instant,
    /// Since when no daemon answers.
    silent: Option<Instant>,
    /// Since when a daemon answers, and has no such card.
    missing: Option<Instant>,
}

impl Wait {
    fn since(begun: Instant) -> Self {
        Self {
            begun,
            silent: None,
            missing: None,
        }
    }

    /// Whether a look that ended with this fault was the last. A daemon that was gone and answers again has
    /// yet to start its readers, and gets the whole time for it.
    fn is_over(&mut self, fault: &CardFault, now: Instant) -> bool {
        // A daemon that dies again and again would begin the times below anew for ever.
        if now.duration_since(self.begun) > WAIT_MAX {
            return true;
        }
        if *fault == CardFault::NoDaemon {
            self.missing = None;
            let since = *self.silent.get_or_insert(now);
            return now.duration_since(since) > DAEMON_MAX;
        }
        self.silent = None;
        let since = *self.missing.get_or_insert(now);
        now.duration_since(since) > RETURN_MAX
    }
}

/// The cards that match, and the names of all that are there.
#[derive(Default)]
struct Found {
    cards: Vec<Device>,
    seen: Vec<String>,
}

fn connect(serial: Option<u32>) -> Result<Found, CardFault> {
    within(&Patience::of(CONNECT_MAX), move || look(serial))?
}

fn look(serial: Option<u32>) -> Result<Found, CardFault> {
    let mut found = Found::default();
    let mut context = match Context::open() {
        Err(error) if is_empty(&error) => return Ok(found),
        context => context?,
    };
    let readers = match context.iter() {
        Err(error) if is_empty(&error) => return Ok(found),
        readers => readers?,
    };
    for reader in readers {
        found.take(&reader, serial);
        if serial.is_some() && !found.cards.is_empty() {
            break;
        }
    }
    Ok(found)
}

impl Found {
    /// A card that isn't wanted is left as it was; a reader without a YubiKey is passed by.
    fn take(&mut self, reader: &Reader<'_>, serial: Option<u32>) {
        if holds_another(&reader.name(), serial) {
            return;
        }
        match reader.open() {
            Ok(handle) => {
                let name = format!("YubiKey {}", handle.serial());
                self.seen.push(name);
                if serial.is_none_or(|serial| handle.serial().0 == serial) {
                    self.cards.push(Device::new(handle, &reader.name()))
                } else {
                    leave(handle)
                }
            }
            Err(error) if CardFault::from(error) == CardFault::Busy => {
                let name = format!("reader {} (used by another program alone)", reader.name());
                self.seen.push(name);
            }
            Err(_) => {}
        }
    }
}

fn leave(handle: YubiKey) {
    let _left = handle.disconnect(Disposition::LeaveCard);
}

fn is_empty(error: &Error) -> bool {
    let inner = Some(pcsc::Error::NoReadersAvailable);
    *error == Error::PcscError { inner }
}

fn lost() -> CardFault {
    CardFault::Lost {
        reason: "the last call never came back".to_owned(),
    }
}

/// The limit for what takes a card some milliseconds, and a foreign transaction longer.
const MOMENT_MAX: Duration = Duration::from_secs(10);
/// The limit for a look into every reader.
const CONNECT_MAX: Duration = Duration::from_secs(20);
/// How long a daemon that died may take to be started again.
const DAEMON_MAX: Duration = Duration::from_secs(20);
/// How long a pulled card may stay away.
const RETURN_MAX: Duration = Duration::from_secs(8);
/// How long both may take together.
const WAIT_MAX: Duration = Duration::from_secs(40);
/// pcscd looks for cards each 400 ms.
const POLL: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_a_card_may_stay_away_counts_from_the_return_of_the_daemon() {
        let gone = CardFault::Lost {
            reason: "no reader has the card".to_owned(),
        };
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut wait = Wait::since(start);
        for (fault, seconds, is_over) in [
            (&gone, 0, false),
            (&CardFault::NoDaemon, 3, false),
            (&CardFault::NoDaemon, 23, false),
            (&gone, 24, false),
            (&gone, 32, false),
            (&gone, 33, true),
        ] {
            assert_eq!(wait.is_over(fault, at(seconds)), is_over, "{seconds}");
        }
        let mut wait = Wait::since(start);
        assert!(!wait.is_over(&CardFault::NoDaemon, at(0)));
        assert!(wait.is_over(&CardFault::NoDaemon, at(21)));
        let mut wait = Wait::since(start);
        let mut dies = (0..60)
            .step_by(5)
            .flat_map(|time| [(&gone, time), (&CardFault::NoDaemon, time + 2)]);
        let ends = dies.find(|(fault, seconds)| wait.is_over(fault, at(*seconds)));
        assert_eq!(ends.map(|(_, seconds)| seconds), Some(42));
    }
}
