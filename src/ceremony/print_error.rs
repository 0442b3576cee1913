//! Why a sheet did not come out of a printer.

use std::io;
use std::process::ExitStatus;

use crate::wire::QrError;

/// Why a sheet did not come out of a printer. Nothing of the sheet is told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrintError {
    /// There is no such program, or it can't be started.
    #[error("it can't be started: {0}")]
    Start(#[source] io::Error),
    /// It is not the program that was reviewed.
    #[error(
        "it has not the SHA-256 of the plan: put the one back that was reviewed, and doubt the sheets that came from it in this ceremony"
    )]
    OtherProgram,
    /// The program can't be read.
    #[error("it can't be read: {0}")]
    Read(#[source] io::Error),
    /// It ended, and not well.
    #[error("it ended with {0}")]
    Ended(ExitStatus),
    /// It ended well, but did not take all of the sheet.
    #[error("it ended before it took the whole sheet")]
    Early,
    /// It took too long, and was ended.
    #[error("it was not done in {0} seconds, and was ended")]
    Slow(u64),
    /// The system doesn't say what became of it.
    #[error("nobody knows what became of it: {0}")]
    Unknown(#[source] io::Error),
    /// The sheet can't be made.
    #[error("the sheet can't be made: {0}")]
    Sheet(#[from] QrError),
}

impl PrintError {
    /// Whether the program got nothing of the sheet, so that none can come out of a printer.
    pub(super) const fn kept_the_sheet(&self) -> bool {
        match self {
            Self::Start(_) | Self::OtherProgram | Self::Read(_) | Self::Sheet(_) => true,
            Self::Ended(_) | Self::Early | Self::Slow(_) | Self::Unknown(_) => false,
        }
    }
}
