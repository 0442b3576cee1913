//! What the command line adds to the errors of a client.

use crate::cli::base::failure::{Advised, Kind};
use crate::client::place::PlaceError;
use crate::client::{
    AddressError, ExchangeError, FolderError, LogInError, OrderError, TokenError, TrustError,
};
use crate::request::SignRequestError;

impl Advised for ExchangeError {
    fn kind(&self) -> Kind {
        if self.is_policy() {
            Kind::Refused
        } else {
            Kind::Failed
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unreachable { source, .. }
                if source.to_string().contains("CaUsedAsEndEntity") =>
            {
                Some(
                    "the server shows a CA's own certificate as its: whoever runs it makes one that says CA:FALSE, as in \
                     docs/service.md"
                        .to_owned(),
                )
            }
            Self::Unreachable { source, .. } if source.to_string().contains("certificate") => Some(
                "if its TLS certificate is by a CA of your own, name that with: \
                 punchmark login --ca-file ROOTS.pem HOST"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl Advised for TrustError {
    fn kind(&self) -> Kind {
        match self {
            Self::Exchange(error) => error.kind(),
            _ => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Exchange(error) => error.hint(),
            Self::OtherServer { named, .. } => Some(format!("log in to it as {named}")),
            Self::Changed { server, now, .. } => Some(format!(
                "ask whoever runs it, not the server; if the new key is right: \
                 punchmark login --accept-ca {now} {server}"
            )),
            Self::LedgerKey { server, now, .. } => Some(format!(
                "ask whoever runs it, not the server; if the new key is right: \
                 punchmark login --accept-ca {now} {server}"
            )),
            Self::Key { .. } => None,
        }
    }
}

impl Advised for LogInError {
    fn kind(&self) -> Kind {
        match self {
            Self::Exchange(error) | Self::ByProvider(error) | Self::ByToken(error) => error.kind(),
            _ => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::ByProvider(error) if error.is_logged_out() => Some(AGAIN.to_owned()),
            Self::TooLate => Some(AGAIN.to_owned()),
            Self::Exchange(error) if error.is_code_off() => Some(
                "log in where a browser is: the same command at a machine with one, and not over ssh".to_owned(),
            ),
            Self::Exchange(error) if error.is_logged_out() => Some(
                "is the key enrolled for you? `punchmark requester list` at the CA says so; another one is named \
                 with --identity"
                    .to_owned(),
            ),
            Self::Exchange(error) | Self::ByProvider(error) | Self::ByToken(error) => error.hint(),
            Self::Sign(error) => error.hint(),
            _ => None,
        }
    }
}

impl Advised for OrderError<SignRequestError> {
    fn kind(&self) -> Kind {
        match self {
            Self::Exchange(error) => error.kind(),
            _ => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Exchange(error) => error.hint(),
            Self::Request(error) => error.hint(),
            _ => None,
        }
    }
}

impl Advised for FolderError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Form(path) => Some(format!(
                "remove {}; what was in it is asked for again",
                path.display()
            )),
            _ => None,
        }
    }
}

impl Advised for AddressError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
}

impl Advised for TokenError {}

impl Advised for PlaceError {}

const AGAIN: &str = "a login counts once, and for some minutes: begin again with `punchmark login`";
