//! `punchmark bundle`: requests that are carried to where the CA's key is.

mod make;
mod show;

use clap::{Args, Subcommand};

use super::base::context::Context;
use super::base::failure::{Advised, Exit, Failure};
use crate::bundle::{BundleError, MadeError, WordError};

/// Carry requests to an offline CA: many in one file, which a registrar signs
#[derive(Debug, Args)]
pub(crate) struct Bundle {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Make(make::Make),
    Show(show::Show),
}

impl Bundle {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Make(command) => command.run(context),
            Command::Show(command) => command.run(context),
        }
    }
}

impl Advised for BundleError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Items | Self::Length { .. } | Self::Read(_) | Self::Signature(_) => {
                "it is not as its registrar signed it: have it made again, and carried on another medium"
            }
            Self::TooMany(_) | Self::TooLarge { .. } => "make several smaller ones",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for MadeError {}

impl Advised for WordError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::OtherRole { .. } => {
                "enrol the key, or record the role where the CA is: punchmark requester add NAME \
                 --registrar ROLE"
            }
            Self::Himself(_) => "enrol the key where the CA is, or let another registrar ask",
        };
        Some(hint.to_owned())
    }
}
