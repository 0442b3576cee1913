//! `punchmark bundle`: requests that are carried to where the CA's key is.

mod accept;
mod in_bundle;
mod make;
mod show;
mod sign;
mod void;

use std::io::ErrorKind;

use clap::{Args, Subcommand};

use super::base::context::Context;
use super::base::failure::Kind;
use super::base::failure::{Advised, Exit, Failure};
use crate::bundle::{
    AcceptError, AnswerError, BroughtEnrolmentError, BundleError, BundleSessionError, MadeError,
};
use crate::ledger::BundleRefused;

/// Carry requests to an offline CA: many in one file, which a registrar signs
#[derive(Debug, Args)]
pub(crate) struct Bundle {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Accept(accept::Accept),
    Make(make::Make),
    Show(show::Show),
    Sign(sign::Sign),
    Void(void::Void),
}

impl Bundle {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Make(command) => command.run(context),
            Command::Accept(command) => command.run(context),
            Command::Show(command) => command.run(context),
            Command::Sign(command) => command.run(context),
            Command::Void(command) => command.run(context),
        }
    }
}

impl Advised for BundleError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read(error) if error.kind() == ErrorKind::NotFound => return None,
            Self::Items | Self::Length { .. } | Self::Read(_) | Self::Signature(_) => {
                "it is not as its registrar signed it: have it made again, and carried on another medium"
            }
            Self::TooMany(_) | Self::TooLarge { .. } => "make several smaller ones",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for BundleSessionError {
    fn kind(&self) -> Kind {
        match self {
            Self::RoleWithoutCa(_) | Self::Nothing | Self::SeveralCas(_) => Kind::Usage,
            Self::Enrolment { source, .. } => source.kind(),
            Self::Config(error) => error.kind(),
            Self::KnownCa(error) => error.kind(),
            Self::Refused(error) => error.kind(),
            Self::Ledger(error) => error.kind(),
            _ => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Bundle { source, .. } | Self::Again(source) => return source.hint(),
            Self::Config(error) => return error.hint(),
            Self::KnownCa(error) => return error.hint(),
            Self::Books(error) => return error.hint(),
            Self::Ledger(error) => return error.hint(),
            Self::Refused(error) => return error.hint(),
            Self::Answer(error) => return error.hint(),
            Self::Output(error) => return error.hint(),
            Self::Enrolment { source, .. } => return source.hint(),
            Self::SeveralCas(_) => "make a bundle for each CA",
            Self::TooOld { .. } => {
                "have it made anew; `bundle-age` in the config sets how old it may be"
            }
            Self::OfTomorrow(_) => "is the clock of this machine right, and that of the registrar?",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for BroughtEnrolmentError {
    fn kind(&self) -> Kind {
        match self {
            Self::Family(_) | Self::Ended => Kind::Refused,
            Self::Nobodys(error) => error.kind(),
            Self::Enrol(error) => error.kind(),
            Self::Config(error) => error.kind(),
            Self::Ledger(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Family(_) | Self::Ended => None,
            Self::Nobodys(error) => error.hint(),
            Self::Enrol(error) => error.hint(),
            Self::Config(error) => error.hint(),
            Self::Ledger(error) => error.hint(),
        }
    }
}

impl Advised for MadeError {}

impl Advised for AnswerError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Mirror(error) => return error.hint(),
            Self::File(error) if error.kind() == ErrorKind::StorageFull => {
                "the answer is copied into the folder of the ledger, whose disk is full: make room there"
            }
            Self::Checksum | Self::Length { .. } | Self::File(_) => {
                "have it carried again, on another medium; `punchmark bundle sign --again` writes it anew"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for AcceptError {
    fn kind(&self) -> Kind {
        match self {
            Self::Ledger(error) => error.kind(),
            _ => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Answer(error) => return error.hint(),
            Self::Bundle(error) => return error.hint(),
            Self::Mirror(error) => return error.hint(),
            Self::Ledger(error) => return error.hint(),
            Self::Entry { .. } => "use the version of punchmark that wrote it",
            Self::Signer => {
                "if the ledger key is a new one, name it, brought by another way: --signer FILE"
            }
            _ => "it is not what the ledger's side wrote: keep it, and ask there",
        };
        Some(hint.to_owned())
    }
}

impl Advised for BundleRefused {
    fn kind(&self) -> Kind {
        match self {
            Self::Ledger(error) => error.kind(),
            _ => Kind::Refused,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Ledger(error) => return error.hint(),
            Self::Signed => "write its answer once more: punchmark bundle sign --again",
            Self::Other(_) => "finish that one first; or, if it is lost: punchmark bundle void ID",
            Self::Order { .. } => {
                "sign the bundle before it first; or, if that is lost, declare it void on both sides: \
                 punchmark bundle void ID"
            }
            Self::KeyRevoked => "have the bundle made by a registrar whose key was not revoked",
            Self::Key(_) | Self::NoRegistrar(_) => {
                "punchmark requester add NAME --key FILE --registrar ROLE, if that is right"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
