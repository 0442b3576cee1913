//! What the command line adds to the errors of a client.

use crate::cli::base::failure::{Advised, Kind};
use crate::client::place::PlaceError;
use crate::client::{
    AddressError, ClientCertificateError, ExchangeError, FolderError, LogInError, OrderError,
    TokenError, TrustError,
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
            Self::Unreachable { source, .. } if source.to_string().contains("not valid for name") => {
                Some("type the server's name as its certificate has it".to_owned())
            }
            Self::Unreachable { source, .. } if source.to_string().contains("not valid yet") => Some(
                "is this machine's clock right? By it, the server's certificate begins later".to_owned(),
            ),
            Self::Unreachable { source, .. } if source.to_string().contains("certificate expired") => Some(
                "is this machine's clock right? By it, the server's certificate is over; else whoever runs the \
                 server has to put a new one there"
                    .to_owned(),
            ),
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
            Self::Exchange(error)
            | Self::ByProvider(error)
            | Self::ByToken(error)
            | Self::ByCertificate(error) => error.kind(),
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
                "with a password: is the name yours, as `punchmark user list` at the server has it? With a key: is it \
                 enrolled for you? `punchmark requester list` at the CA says so; another one is named with --identity"
                    .to_owned(),
            ),
            Self::ByCertificate(error) if error.is_logged_out() => Some(UNSEEN.to_owned()),
            Self::Exchange(error)
            | Self::ByProvider(error)
            | Self::ByToken(error)
            | Self::ByCertificate(error) => error.hint(),
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

impl Advised for ClientCertificateError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Encrypted => Some(
                "for an account that is yours alone, write it without a passphrase: openssl pkey -in KEY.pem -out \
                 NEW.pem, then chmod 600 NEW.pem"
                    .to_owned(),
            ),
            Self::Pair(_) => Some(
                "the first certificate of its file has to be that of the key, and the key RSA, ECDSA (P-256 or P-384) or \
                 Ed25519"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl Advised for PlaceError {}

const UNSEEN: &str = "whoever ends TLS before the server, as a proxy does, keeps the certificate: the way there has to be without one";
const AGAIN: &str = "a login counts once, and for some minutes: begin again with `punchmark login`";
