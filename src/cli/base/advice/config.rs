//! What to do about a config, or another file, that cannot be used.

use crate::certificate::SubjectError;
use crate::certificate::key_line::KeyLineError;
use crate::cli::base::failure::Advised;
use crate::config::{ConfigError, EditError, PlaceError, SubjectFileError};
use crate::output::OutputError;

impl Advised for PlaceError {}

impl Advised for KeyLineError {
    fn hint(&self) -> Option<String> {
        let Self::OtherForm(form) = self else {
            return None;
        };
        Some(match form.keygen_name() {
            Some(name) => format!("turn it into OpenSSH's: ssh-keygen -i -m {name} -f FILE"),
            None => "leave `TYPE BASE64 COMMENT` alone on its line".to_owned(),
        })
    }
}

impl Advised for SubjectError {}

impl Advised for OutputError {}

impl Advised for ConfigError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing(_) => {
                "make a CA with `punchmark init`, or name another config with --config FILE"
                    .to_owned()
            }
            Self::Untrusted(untrusted) => return untrusted.mend(),
            Self::NoCa { .. } => {
                "make it with `punchmark init`, or name one that is there".to_owned()
            }
            Self::NoRole { .. } => {
                "`punchmark role list` names them; add a table [role.NAME] for another".to_owned()
            }
            _ => return None,
        })
    }
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
            Self::Line(line @ KeyLineError::OtherForm(_)) => return line.hint(),
            Self::PrivateKey { .. } => {
                "make the public key from it: ssh-keygen -y -f KEY > KEY.pub"
            }
            Self::Line(KeyLineError::Certificate) => {
                "name the key that the certificate is for, not the certificate"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
