//! What to do about a config, or another file, that cannot be used.

use crate::certificate::SubjectError;
use crate::certificate::key_line::KeyLineError;
use crate::cli::base::advice::file_kind::{into_certificate, into_public_key};
use crate::cli::base::failure::{Advised, Kind};
use crate::cli::base::similar::did_you_mean;
use crate::config::{ConfigError, EditError, PlaceError, SubjectFileError};
use crate::output::OutputError;
use crate::wire::FileKind;

impl Advised for PlaceError {}

impl Advised for KeyLineError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoKey(kind) => into_public_key(*kind),
            Self::NoCertificate(kind) => into_certificate(*kind),
            Self::PrivateKey => into_public_key(FileKind::PrivateKey),
            Self::Certificate => into_public_key(FileKind::Certificate),
            Self::PublicKey => into_certificate(FileKind::PublicKey),
            Self::Several => Some(ONE_A_FILE.to_owned()),
            Self::TooLong { .. } | Self::Malformed(_) => None,
        }
    }
}

impl Advised for SubjectError {}

impl Advised for OutputError {}

impl Advised for ConfigError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoCa { .. } | Self::NoRole { .. } => Kind::Usage,
            _ => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing(_) => {
                "make a CA with `punchmark init`, or name another config with --config FILE"
                    .to_owned()
            }
            Self::Syntax { .. } => CHECK.to_owned(),
            Self::Untrusted(untrusted) => return untrusted.mend(),
            Self::NoCa {
                name, known_names, ..
            } => near(name, known_names)
                .unwrap_or("make it with `punchmark init`, or name one that is there".to_owned()),
            Self::NoRole {
                name, known_names, ..
            } => near(name, known_names).unwrap_or(
                "`punchmark role list` names them; add a table [role.NAME] for another".to_owned(),
            ),
            _ => return None,
        })
    }
}

fn near(name: &str, known: &[String]) -> Option<String> {
    did_you_mean(name, known.iter().map(String::as_str))
}

impl Advised for EditError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Taken(_) => Some("choose another name".to_owned()),
            _ => None,
        }
    }
}

impl Advised for SubjectFileError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::PrivateKey { .. } => {
                "make the public key from it: ssh-keygen -y -f KEY > KEY.pub"
            }
            Self::Line(line) => return line.hint(),
            Self::Request(_) => "have it sent again, best as a file that is attached",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

const CHECK: &str = "`punchmark config check` says all that is wrong with it";
const ONE_A_FILE: &str = "put each key into a file of its own: a certificate lies beside its key";
