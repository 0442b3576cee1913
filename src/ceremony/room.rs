//! What a ceremony needs of the room: somebody to speak to, and the time.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::instant::Instant;
use super::plan::Printer;
use super::print_error::PrintError;
use crate::ca::ServersSay;
use crate::ledger::Ca;
use crate::secret::share::is_share_word;
use crate::secret::{AskPin, Notice, Pin, PinError};

/// The people at the machine, and its clock.
pub trait Room {
    /// Shows a line to all.
    fn show(&mut self, words: &str);

    /// Asks for a line, which is shown while it is typed: it is never a secret.
    ///
    /// # Errors
    /// What the system says of the terminal; `UnexpectedEof` where nobody answers any more.
    fn ask(&mut self, question: &str) -> io::Result<String>;

    /// Waits until somebody presses Enter alone. Whatever else is typed there may be a secret, typed too early, which all
    /// see: it is wiped off the screen, and asked again.
    ///
    /// # Errors
    /// As for [`Room::ask`].
    fn press_enter(&mut self, question: &str) -> io::Result<()>;

    /// Shows a secret to one person alone, on a screen that is wiped behind it, until it is written
    /// down.
    ///
    /// # Errors
    /// As for [`Room::ask`].
    fn show_alone(&mut self, who: &str, what: &str, secret: &str) -> io::Result<()>;

    /// Hands a sheet to the program that prints it, on its standard input and in no other way.
    ///
    /// # Errors
    /// [`PrintError`]; the program has ended by then.
    fn print(&mut self, printer: &Printer, sheet: &[u8]) -> Result<(), PrintError>;

    /// Asks one person alone for a secret that is too long to be typed unseen, on a screen that is
    /// wiped behind it.
    ///
    /// # Errors
    /// As for [`Room::ask`].
    fn ask_alone(&mut self, who: &str, question: &str) -> io::Result<Pin>;

    /// Asks for a secret, of which nothing is shown while it is typed.
    ///
    /// # Errors
    /// [`PinError`] where nobody gives one.
    fn ask_secret(&mut self, question: &str) -> Result<Pin, PinError>;

    /// What the machine's own OpenSSH reads in a certificate, as `ssh-keygen -L` prints it; none where the
    /// machine has none.
    ///
    /// # Errors
    /// What `ssh-keygen` says of a certificate that it doesn't read.
    fn openssh_reads(&mut self, certificate: &str) -> io::Result<Option<String>>;

    /// What a clock shows that nobody sets, and that counts from anywhere.
    fn unset_clock(&self) -> Duration;

    /// What the reports in a folder say of these servers: whether they trust the old CA and the new one.
    ///
    /// # Errors
    /// A file of the folder that is no report.
    fn servers_say(
        &mut self,
        servers: &[String],
        reports: &Path,
        pair: (&Ca, &Ca),
    ) -> io::Result<ServersSay>;

    /// Unix time in seconds, by the machine's clock.
    fn now(&self) -> u64;

    /// The same, to the minute.
    fn minute(&self) -> Instant {
        Instant::of(self.now())
    }
}

/// Asks for PINs, and knows each that was given in this run, so that none gets into the transcript.
pub(super) struct Guard<'p> {
    inner: &'p mut dyn AskPin,
    given: Vec<Pin>,
    /// PINs that devices have from this session, by the devices' names.
    known: Vec<(String, Pin)>,
}

impl<'p> Guard<'p> {
    pub(super) fn new(inner: &'p mut dyn AskPin) -> Self {
        Self {
            inner,
            given: Vec::new(),
            known: Vec::new(),
        }
    }

    /// Whether a text holds a secret of the session, however it is spaced, or a share of anything.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let bare = bare(text);
        let holds = |secret: &Pin| {
            text.contains(secret.expose()) || bare.contains(bare_of(secret).as_str())
        };
        self.given.iter().any(holds) || holds_a_share(text)
    }

    /// Keeps a secret out of the transcript from here on.
    pub(super) fn keep_out(&mut self, secret: &Pin) {
        self.given.push(secret.copy());
    }

    /// A device whose name begins so, as it names itself, opens with this PIN from here on.
    pub(super) fn know(&mut self, device: &str, pin: Pin) {
        self.known.retain(|(known, _)| known != device);
        self.known.push((device.to_owned(), pin));
    }

    fn known(&self, device: &str) -> Option<Pin> {
        let known = self.known.iter();
        let known = known.rev().find(|(known, _)| is_named(device, known));
        known.map(|(_, pin)| pin.copy())
    }

    fn keep(&mut self, pin: Result<Pin, PinError>) -> Result<Pin, PinError> {
        let pin = pin?;
        self.given.push(pin.copy());
        Ok(pin)
    }
}

/// A card's name is its serial, and that of a token goes on with its slot.
fn is_named(device: &str, known: &str) -> bool {
    device == known || (known.ends_with('(') && device.starts_with(known))
}

/// The letters and digits of a text, in lower case: a PIN that is read out in groups is a PIN.
fn bare(text: &str) -> Zeroizing<String> {
    let kept = text.chars().filter(char::is_ascii_alphanumeric);
    // As long as it may get from the start: one that grows leaves what it had behind.
    let mut bare = Zeroizing::new(String::with_capacity(text.len()));
    kept.for_each(|c| bare.push(c.to_ascii_lowercase()));
    bare
}

/// A secret without a letter or digit would be in every text.
fn bare_of(secret: &Pin) -> Zeroizing<String> {
    match bare(secret.expose()) {
        bare if bare.is_empty() => Zeroizing::new(secret.expose().to_owned()),
        bare => bare,
    }
}

/// Whether so many words of a text, one after the other, are of the list that shares are written in, that
/// they are a share or a good part of one. Numbers between them, and words that are cut to the letters that
/// tell them, hide nothing.
fn holds_a_share(text: &str) -> bool {
    let mut run = 0;
    let words = text.split(|c: char| !c.is_alphabetic());
    for word in words.filter(|word| !word.is_empty()) {
        run = if is_share_word(word) { run + 1 } else { 0 };
        if run >= SHARE_WORDS_IN_A_ROW {
            return true;
        }
    }
    false
}

/// Whether a text holds so many digits in a row that they may be a PIN which this run doesn't know: one
/// that nobody typed yet, or of a run before. What stands in the plan's own words is none.
pub(super) fn may_hold_a_pin(text: &str, public: &str) -> bool {
    let is_known = |digits: &str| {
        let mut known = public.split(|c: char| !c.is_ascii_digit());
        known.any(|one| one == digits)
    };
    let mut row = 0;
    for word in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
        row += if is_known(digits) { 0 } else { digits.len() };
        if row >= PIN_DIGITS {
            return true;
        }
        // A PIN that is read out in groups is a PIN.
        if word.ends_with(|c: char| !c.is_ascii_digit() && !JOINS.contains(&c)) {
            row = 0;
        }
    }
    false
}

/// What digits that belong together are set apart by.
const JOINS: [char; 3] = [' ', '-', '.'];
/// The shortest PIN of a card.
const PIN_DIGITS: usize = 6;
/// More than people write by chance: the list has neither articles nor prepositions.
const SHARE_WORDS_IN_A_ROW: usize = 8;

impl AskPin for Guard<'_> {
    fn pin(&mut self, device: &str) -> Result<Pin, PinError> {
        if let Some(pin) = self.known(device) {
            return Ok(pin);
        }
        let pin = self.inner.pin(device);
        self.keep(pin)
    }

    fn file_of(&self, serial: &str) -> Option<PathBuf> {
        // What this session gave a card goes before any file.
        let is_of = |device: &str| device.ends_with(&format!(" {serial}"));
        if self.known.iter().any(|(device, _)| is_of(device)) {
            return None;
        }
        self.inner.file_of(serial)
    }

    fn pin_of(&self, serial: &str) -> Option<Pin> {
        self.inner.pin_of(serial)
    }

    fn is_given(&self) -> bool {
        self.inner.is_given()
    }

    fn passphrase(&mut self, file: &str) -> Result<Pin, PinError> {
        let pin = self.inner.passphrase(file);
        self.keep(pin)
    }

    fn type_on_device(&mut self, device: &str) {
        self.inner.type_on_device(device);
    }

    fn last_try(&mut self, device: &str) -> Result<(), PinError> {
        self.inner.last_try(device)
    }

    fn types_again(&mut self, device: &str, tries: &str) -> bool {
        self.inner.types_again(device, tries)
    }

    fn notice(&self) -> Box<dyn Notice> {
        self.inner.notice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::share::{Quorum, SharedSecret};

    struct Nobody;

    impl AskPin for Nobody {
        fn pin(&mut self, _device: &str) -> Result<Pin, PinError> {
            Err(PinError::Cancelled)
        }
    }

    #[test]
    fn digits_that_may_be_a_pin_are_held_back_and_numbers_of_the_plan_are_not() {
        let public = "the serial number of `root` is 22345678, bag A-100200";
        for text in [
            "the sheet says 95925403",
            "it is 9592 5403!",
            "95-92-54",
            "x959254",
        ] {
            assert!(may_hold_a_pin(text, public), "{text}");
        }
        for text in [
            "card 22345678 fell down, twice",
            "bag 100200 was torn",
            "it was 09:41:30 by my clock",
            "95925, and 40312",
            "",
        ] {
            assert!(!may_hold_a_pin(text, public), "{text}");
        }
    }

    #[test]
    fn a_secret_is_known_however_it_is_written_and_a_share_by_what_it_is() {
        let mut nobody = Nobody;
        let mut guard = Guard::new(&mut nobody);
        guard.keep_out(&Pin::new("73028516".to_owned()));
        for text in ["73028516", "it is 7302 8516!", "7-3-0-2-8-5-1-6"] {
            assert!(guard.is_in(text), "{text}");
        }
        assert!(!guard.is_in("7302 851"));
        let secret = SharedSecret::random().unwrap();
        let shares = secret.split(Quorum::new(2, 3).unwrap()).unwrap();
        let words = shares[0].words();
        assert!(guard.is_in(&words));
        assert!(guard.is_in(&format!("I read: {}.", words.replace(' ', ", "))));
        // Cut to the letters that tell the words, numbered, or in part.
        let short: Vec<_> = words.split(' ').map(|word| &word[..4]).collect();
        assert!(guard.is_in(&short.join(" ").to_uppercase()));
        let numbered = (1..).zip(words.split(' '));
        let numbered: Vec<_> = numbered.map(|(at, word)| format!("{at}.{word}")).collect();
        assert!(guard.is_in(&numbered.join(" ")));
        assert!(guard.is_in(&short[..8].join("-")));
        assert!(!guard.is_in(&short[..7].join(" ")));
        assert!(
            !guard
                .is_in("the seal of the paper bag was torn before the ceremony began in this room")
        );
    }
}
