//! Where a PIN comes from: a file, a descriptor, the terminal, else `pinentry`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use pinentry::PassphraseInput;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::failure::Advised;
#[cfg(feature = "daily")]
use super::failure::Failure;
use super::pin_files::PinFiles;
use super::terminal::{confirm_typed, say, warn};
use super::touch::Touches;
use super::within::KnownPins;
use crate::secret::{
    AskPin, Notice, PIN_MAX, Pin, PinError, SecretKind, pin_from_bytes, read_short_secret,
};

/// Where PINs come from, and who hears of touches.
pub(crate) struct PinSource {
    files: PinFiles,
    origin: Origin,
    first: FirstDevice,
    touches: Touches,
    known: KnownPins,
}

/// What serves a device that no file was named for: the one source that the global options name,
/// else a person.
enum Origin {
    File(PathBuf),
    Descriptor(u32),
    Person,
}

/// The device that the PIN from a file or descriptor was for; the same for a whole command. A
/// device counts wrong PINs and locks, so a secret that nobody named a device for goes to the
/// first that asks, and to no second one: every later run would burn one of its tries.
#[derive(Clone, Debug, Default)]
pub(crate) struct FirstDevice(Arc<Mutex<Option<String>>>);

impl FirstDevice {
    /// The device that came first, which may be this one.
    fn or_this(&self, device: &str) -> String {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| device.to_owned()).clone()
    }
}

/// Says what gives the PIN of a user's own card, where a failure says what gives that of the CA's
/// device.
#[cfg(feature = "daily")]
pub(crate) fn of_users_card(failure: Failure) -> Failure {
    failure.hint_instead(GIVE_IT, GIVE_IT_OF_CARD)
}

impl PinSource {
    pub(crate) fn new(
        files: PinFiles,
        descriptor: Option<u32>,
        first: FirstDevice,
        touches: Touches,
    ) -> Self {
        let origin = match (files.of_any(), descriptor) {
            (Some(file), _) => Origin::File(file.to_owned()),
            (None, Some(descriptor)) => Origin::Descriptor(descriptor),
            (None, None) => Origin::Person,
        };
        Self {
            files,
            origin,
            first,
            touches,
            known: KnownPins::default(),
        }
    }

    /// The same, with the PINs that a session knows before all others.
    pub(crate) fn knowing(self, known: KnownPins) -> Self {
        Self { known, ..self }
    }

    /// Refuses the second device that wants what was given for no device by name.
    fn require_first(&self, device: &str) -> Result<(), PinError> {
        let source_name = match &self.origin {
            Origin::File(file) => file.display().to_string(),
            Origin::Descriptor(descriptor) => name_of(*descriptor),
            Origin::Person => return Ok(()),
        };
        let first = self.first.or_this(device);
        if first == device {
            return Ok(());
        }
        Err(PinError::OfAnother {
            device: device.to_owned(),
            first,
            source_name,
        })
    }

    fn read(&self, device: &str, kind: SecretKind) -> Result<Pin, PinError> {
        match &self.origin {
            Origin::File(file) => read_short_secret(file, kind),
            Origin::Descriptor(descriptor) => read_descriptor(*descriptor, kind),
            Origin::Person => {
                self.warn_of_other_serials(device);
                ask_person(device)
            }
        }
    }

    /// Whoever mistyped a serial would wonder why a PIN is asked for.
    fn warn_of_other_serials(&self, device: &str) {
        let serials: Vec<_> = self.files.serials().collect();
        if !serials.is_empty() {
            warn(&format!(
                "no --pin-file is for {device}: what was given is for {}",
                serials.join(", ")
            ));
        }
    }
}

impl AskPin for PinSource {
    fn pin(&mut self, device: &str) -> Result<Pin, PinError> {
        self.require_first(device)?;
        self.read(device, SecretKind::Pin)
    }

    fn file_of(&self, serial: &str) -> Option<PathBuf> {
        self.files.of(serial).map(Path::to_owned)
    }

    fn pin_of(&self, serial: &str) -> Option<Pin> {
        self.known.of(serial)
    }

    fn is_given(&self) -> bool {
        !matches!(self.origin, Origin::Person)
    }

    fn passphrase(&mut self, file: &str) -> Result<Pin, PinError> {
        match self.origin {
            Origin::Person => ask_passphrase(file),
            // No file counts what is tried on it.
            _ => self.read(file, SecretKind::Passphrase),
        }
    }

    fn type_on_device(&mut self, device: &str) {
        say(&format!("type the PIN on the keypad of {device}"));
    }

    fn last_try(&mut self, device: &str) -> Result<(), PinError> {
        let statement = format!("{device} has one PIN try left; a wrong PIN locks it.");
        confirm_typed(&statement).map_err(|_declined| PinError::LastTry {
            device: device.to_owned(),
        })
    }

    fn types_again(&mut self, device: &str, tries: &str) -> bool {
        // A dialogue of `pinentry` may be answered by a program that knows one PIN.
        let is_typed = matches!(self.origin, Origin::Person) && File::open("/dev/tty").is_ok();
        if is_typed {
            say(&format!("{device}: wrong PIN; {tries}"));
        }
        is_typed
    }

    fn notice(&self) -> Box<dyn Notice> {
        Box::new(self.touches.clone())
    }
}

/// Refuses a number that no descriptor has when the program starts: the next file that is
/// opened, such as the ledger, would get it and be tried as a PIN.
pub(crate) fn require_open(descriptor: u32) -> Result<(), PinError> {
    match std::fs::metadata(path_of(descriptor)) {
        Ok(_) => Ok(()),
        Err(source) => Err(PinError::File {
            kind: SecretKind::Pin,
            path: name_of(descriptor),
            source,
        }),
    }
}

fn read_descriptor(descriptor: u32, kind: SecretKind) -> Result<Pin, PinError> {
    let failed = |source| PinError::File {
        kind,
        path: name_of(descriptor),
        source,
    };
    let limit = u64::try_from(PIN_MAX).unwrap_or(0) + 3;
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * PIN_MAX));
    File::open(path_of(descriptor))
        .map_err(failed)?
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    pin_from_bytes(bytes, kind, &name_of(descriptor))
}

fn path_of(descriptor: u32) -> String {
    format!("/dev/fd/{descriptor}")
}

fn name_of(descriptor: u32) -> String {
    format!("descriptor {descriptor}")
}

/// The passphrase of a key file, from a person.
pub(crate) fn ask_passphrase(file: &str) -> Result<Pin, PinError> {
    if File::open("/dev/tty").is_ok() {
        return typed(&format!("Passphrase for {file}: "), SecretKind::Passphrase);
    }
    ask_pinentry(file, "Passphrase:")
}

/// The password of an account, from a person at a terminal; none where there is no terminal.
#[cfg(feature = "login")]
pub(crate) fn ask_password(account: &str) -> Result<Option<Pin>, PinError> {
    if File::open("/dev/tty").is_err() {
        return Ok(None);
    }
    typed(&format!("Password of {account}: "), SecretKind::Password).map(Some)
}

/// At the terminal where there is one, although stdin may be a file.
fn ask_person(device: &str) -> Result<Pin, PinError> {
    if File::open("/dev/tty").is_ok() {
        return typed(&format!("PIN for {device}: "), SecretKind::Pin);
    }
    ask_pinentry(device, "PIN:")
}

/// A secret that a card is to get, typed twice at a terminal; none where they differ.
pub(crate) fn ask_new(kind: SecretKind, device: &str) -> Result<Option<Pin>, PinError> {
    let first = typed(&format!("New {kind} for {device}: "), kind)?;
    let again = typed(&format!("New {kind} for {device} again: "), kind)?;
    Ok((first.expose() == again.expose()).then_some(first))
}

/// A secret that is typed at the terminal, which shows nothing of it.
pub(crate) fn typed(prompt: &str, kind: SecretKind) -> Result<Pin, PinError> {
    match rpassword::prompt_password(prompt) {
        Ok(typed) if typed.is_empty() => Err(PinError::Empty(kind)),
        Ok(typed) => Ok(Pin::new(typed)),
        Err(_cut_off) => Err(PinError::Cancelled),
    }
}

fn ask_pinentry(device: &str, prompt: &str) -> Result<Pin, PinError> {
    let nobody = || PinError::NobodyToAsk {
        device: device.to_owned(),
    };
    // The crate panics at a line of more than 1000 bytes, and a path may be longer.
    let description: String = device.chars().take(DESCRIPTION_MAX).collect();
    let mut dialogue = PassphraseInput::with_default_binary().ok_or_else(nobody)?;
    let answer = dialogue
        .with_title("punchmark")
        .with_description(&description)
        .with_prompt(prompt)
        .required("an answer is needed")
        .interact();
    match answer {
        Ok(pin) => Ok(Pin::new(pin.expose_secret().to_owned())),
        Err(pinentry::Error::Cancelled) => Err(PinError::Cancelled),
        Err(error) => Err(PinError::Pinentry {
            device: device.to_owned(),
            reason: error.to_string(),
        }),
    }
}

impl Advised for PinError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NobodyToAsk { .. } | Self::Pinentry { .. } => GIVE_IT,
            Self::OfAnother { .. } => {
                "give each device its own, by the serial that `punchmark tokens` lists: \
                 --pin-file SERIAL=FILE, or `pin-source` in its locator"
            }
            Self::LastTry { .. } => "run it at a terminal when you are sure of the PIN",
            Self::FileReadableByOthers { path, .. } => {
                return Some(format!("chmod 600 {path}"));
            }
            Self::FileUntrusted { source, .. } => return source.mend(),
            Self::FileText { .. } => {
                "it was not tried; write the file anew, with the PIN alone on one line"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

#[cfg(feature = "daily")]
const GIVE_IT_OF_CARD: &str = "give it with --card-pin-file FILE, or --pin-file SERIAL=FILE";
const GIVE_IT: &str = "give it with --pin-file FILE or --pin-fd FD";

/// The most that `pinentry` is told of a device, in characters of up to four bytes each.
const DESCRIPTION_MAX: usize = 200;
