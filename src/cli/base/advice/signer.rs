//! What to do about a token, a card, an agent or a key file that does not sign.

use crate::cli::base::failure::{Advised, Failure, Kind};
use crate::signer::agent::AgentFault;
use crate::signer::file::KeyFileFault;
use crate::signer::yubikey::setup::SetupError;
use crate::signer::yubikey::{CardFailed, CardFault, ManagementKeyError, SlotError};
use crate::signer::{
    BindError, GenerateError, ImportError, LocatorError, LoginError, OpeningError, PinTries,
    PlaceError, SignerError,
};

impl Advised for LocatorError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
}

impl Advised for CardFault {}

impl Advised for SlotError {}

impl Advised for OpeningError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::ModuleUntrusted { source, .. } => return source.mend(),
            Self::ModuleMissing { .. } | Self::NotAModule { .. } => {
                "name the module's file in the locator: ?module-path=/usr/lib/softhsm/libsofthsm2.so"
            }
            Self::ModuleWantsReserved { .. } => WANTS_RESERVED,
            Self::NoToken { .. } => {
                "plug it in, or look what is there, each key with its locator: `punchmark tokens`"
            }
            Self::NoKey { .. } => KEYS_ARE_LISTED,
            Self::SeveralTokens { .. } => ADD_SERIAL,
            Self::SeveralKeys { .. } => "add id=… to the locator",
            Self::Login(error) => return error.hint(),
            Self::Card(failed) => return failed.hint(),
            Self::Agent { source, .. } => agent(source)?,
            Self::KeyFile { source, .. } => key_file(source)?,
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for LoginError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Pin(error) => return error.hint(),
            Self::PinLocked { .. }
            | Self::WrongPin {
                tries: PinTries::NoneLeft,
                ..
            } => "unlock it with the token's own tool and its SO PIN or PUK",
            Self::WrongPin { .. } => {
                "it is not tried again by itself, since tokens lock; look up the PIN first"
            }
            Self::PinRefusedBefore { .. } | Self::OtherPin { .. } => {
                "give each device's own PIN: --pin-file SERIAL=FILE, or `pin-source` in its locator"
            }
            Self::Card(failed) => return failed.hint(),
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for CardFailed {
    fn hint(&self) -> Option<String> {
        let hint = match self.source {
            CardFault::NoDaemon => "install and start pcscd: systemctl enable --now pcscd.socket",
            CardFault::Busy | CardFault::Silent { .. } => {
                "is another program using the card? end it, or plug the card in again"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for SignerError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Login(error) => return error.hint(),
            Self::Card(failed) => return failed.hint(),
            Self::TouchTimeout { .. } => {
                "touch the metal contact while it blinks; --resume then goes on"
            }
            Self::MessageLength { .. } => "fewer principals or options make it shorter",
            Self::Agent { source, .. } => agent(source)?,
            Self::KeyFile { source, .. } => key_file(source)?,
            Self::DeviceGone { .. } => {
                "plug the token in or start its daemon; --resume then goes on"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for ManagementKeyError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some(NO_KEPT_KEY.to_owned()),
            Self::Refused { .. } => {
                Some("give the card's management key with --management-key-file FILE".to_owned())
            }
            Self::Login(error) => error.hint(),
            Self::Card(failed) => failed.hint(),
            _ => None,
        }
    }
}

impl Advised for PlaceError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Opening(error) => return error.hint(),
            Self::ManagementKey(error) => return error.hint(),
            Self::SlotUntold { slot, .. } => {
                return Some(format!(
                    "if slot {slot} holds nothing that anybody wants, add --replace none and give \
                     the card's serial"
                ));
            }
            Self::MadeElsewhere => {
                "make it with ssh-keygen, and record it with `punchmark adopt --allow-software-key`"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for GenerateError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Place(error) => error.hint(),
            _ => None,
        }
    }
}

impl Advised for ImportError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Place(error) => error.hint(),
            Self::CardCannotImport { .. } => Some(CARD_IMPORTS.to_owned()),
            _ => None,
        }
    }
}

impl Advised for BindError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Opening(error) => error.hint(),
            Self::ManagementKey(error) => error.hint(),
            _ => None,
        }
    }
}

impl Advised for SetupError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Opening(error) => error.hint(),
            Self::ManagementKey(error) => error.hint(),
            Self::WrongPuk { .. } => Some(WRONG_PUK.to_owned()),
            _ => None,
        }
    }
}

/// Says of a card that is named by options, and by no locator, what names it; `option` takes its
/// serial.
pub(crate) fn of_named_card(failure: Failure, option: &str) -> Failure {
    let better =
        format!("name the one that is meant: {option} SERIAL; `punchmark tokens` lists them");
    failure.hint_instead(ADD_SERIAL, &better)
}

/// Says of a slot that has no key how one is made there.
pub(crate) fn of_empty_slot(failure: Failure) -> Failure {
    failure.hint_instead(KEYS_ARE_LISTED, MAKE_ONE)
}

fn agent(fault: &AgentFault) -> Option<&'static str> {
    match fault {
        AgentFault::NoSocket | AgentFault::Connection { .. } => {
            Some("start one (`eval $(ssh-agent)`), or name its socket: agent:SHA256:…?socket=/path")
        }
        AgentFault::Refused => Some("is the agent locked (`ssh-add -X`), or was it not confirmed?"),
        _ => None,
    }
}

fn key_file(fault: &KeyFileFault) -> Option<&'static str> {
    match fault {
        KeyFileFault::OpenToOthers { .. } => Some("chmod 600 it, as ssh wants it too"),
        KeyFileFault::Form => Some("an older form is made a new one by: ssh-keygen -p -f FILE"),
        _ => None,
    }
}

/// The way out where a locator names no key.
const KEYS_ARE_LISTED: &str = "`punchmark tokens` lists what is there, each key with its locator";
/// The way out where a locator may mean several devices.
const ADD_SERIAL: &str = "add serial=… to the locator";

const WANTS_RESERVED: &str = "\
say them behind the module: ?module-path=…&x-init-reserved=…; for NSS they name the folder of its \
keys, percent-encoded: x-init-reserved=configdir%3D%27sql%3A/etc/pki/nssdb%27";

const MAKE_ONE: &str = "\
make one there with --generate and --algorithm, or name another slot: `punchmark tokens` lists them";

const NO_KEPT_KEY: &str = "\
a new card is set up by `punchmark setup-card`, which keeps one there; one whose management key \
you have takes it with --management-key-file FILE";

const CARD_IMPORTS: &str = "\
a YubiKey takes P-256, P-384 and RSA 2048, from firmware 5.7 RSA 3072, RSA 4096 and Ed25519 too; \
or make a new key in it with `punchmark init`";

const WRONG_PUK: &str = "\
it is not tried again by itself, since the card locks; `punchmark setup-card` changes the \
factory's PUK only";
