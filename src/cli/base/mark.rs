//! The file beside a list that keeps what was seen of it, and who may have written that.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use super::failure::{Advised, Kind};
use crate::config::read_limited;
use crate::file::{Untrusted, Writers};

/// Why what was seen before is not known. Nothing is let in then: it might be an older list.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MarkFileError {
    /// Somebody else can have written it.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// It can't be read.
    #[error("{}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// It is damaged.
    #[error("{}", path.display())]
    Damaged {
        path: PathBuf,
        source: Box<dyn Error + Send + Sync>,
    },
}

impl MarkFileError {
    /// Whether root's word for a version stands in for it. Against whoever else can write it,
    /// a new one would not last.
    pub(crate) fn can_be_healed(&self) -> bool {
        !matches!(self, Self::Untrusted(_))
    }
}

/// The file that keeps what was seen of a list.
pub(crate) fn mark_file(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".mark");
    name.into()
}

/// What was seen before, if anything was.
pub(crate) fn read_mark<M, E: Error + Send + Sync + 'static>(
    out: &Path,
    parse: impl Fn(&str) -> Result<M, E>,
) -> Result<Option<M>, MarkFileError> {
    let path = mark_file(out);
    let text = match read_limited(&path, MARK_BYTES_MAX) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => Err(source),
    };
    Writers::of_this_account().check(&path)?;
    match text.map(|text| parse(&text)) {
        Ok(Ok(mark)) => Ok(Some(mark)),
        Ok(Err(source)) => Err(MarkFileError::Damaged {
            path,
            source: source.into(),
        }),
        Err(source) => Err(MarkFileError::File { path, source }),
    }
}

impl Advised for MarkFileError {
    fn kind(&self) -> Kind {
        Kind::Critical
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Untrusted(untrusted) => untrusted.mend(),
            Self::File { .. } | Self::Damaged { .. } => Some(HEAL.to_owned()),
        }
    }
}

const HEAL: &str = "ask whoever publishes it for the version of the newest list; root takes it with \
                    --accept-version VERSION, which writes the mark anew";

/// A mark takes four short lines, and one for each key that handed over or was revoked.
const MARK_BYTES_MAX: u64 = 32 * 1024;
