//! Many keys in one run: read, decide, issue, write; one bad file stops no other.
//!
//! Memory hardly grows with the number of keys, by some bytes each: files come from an
//! iterator, what became of each goes to a report, and a summary counts.

mod again;
mod anew;
mod books;
mod file_name;
mod files;
mod item;
mod look;
pub mod manifest;
mod places;
mod plan;
mod run;
mod tally;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::attestation::ProofKind;
use crate::certificate::{Body, Serial};
use crate::config::{Given, SubjectFileError};
use crate::issue::{AgainError, CaseError, IssueError, NotAnewError, RunEnd};
use crate::ledger::LedgerError;
use crate::output::OutputError;
use crate::policy::Warning;

pub use anew::{Candidate, Order, Search, Selection, Standing};
pub use books::{Books, BooksError};
pub use item::Named;
pub use look::{HowFar, Looked, Subjects};
pub use plan::Batch;
pub use run::Decision;

/// Which serials the certificates of a run get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SerialPlan {
    /// The next ones of the CA's sequence.
    Automatic,
    /// This one, for a single key.
    Single(Serial),
    /// This one for the first key, and one more for each key after it.
    CountingFrom(Serial),
}

/// Whether certificates that were issued before are issued again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Every key is signed.
    No,
    /// A key with a valid certificate for the same request is skipped, and its
    /// certificate written again where it is missing.
    Yes,
}

/// What became of one key.
#[derive(Debug)]
pub enum Report<'a> {
    /// Its certificate is in the ledger, and where it belongs.
    Signed {
        /// The key file, or the line of a list; none for standard input.
        file: Option<&'a Path>,
        /// The certificate file; none for standard input, whose line the front prints.
        output: Option<&'a Path>,
        /// Its serial.
        serial: u64,
        /// The certificate, as the line that was written.
        line: &'a str,
        /// Whether it was issued by an earlier run.
        resumed: bool,
    },
    /// There is no certificate, or it is not where it belongs.
    Failed {
        /// The key file, or the line of a list; none for standard input.
        file: Option<&'a Path>,
        /// Why.
        error: BatchError,
    },
    /// It is signed all the same.
    Warned {
        /// The key file, or the line of a list; none for standard input.
        file: Option<&'a Path>,
        /// What to be careful about.
        warning: &'a Warning,
    },
    /// A device isn't there, or can sign no more; the others that hold the key go on.
    DeviceLost {
        /// The device, named for a person.
        device: &'a str,
        /// Why.
        error: &'a (dyn std::error::Error + 'static),
    },
    /// It is the certificate of a key beside it, which the run passes over.
    PassedOver {
        /// The certificate file.
        file: &'a Path,
    },
    /// The run ended before it was its turn. Nothing was reserved for it.
    NotTried {
        /// The key file.
        file: &'a Path,
    },
}

/// Is told what became of each key.
pub type Reporter = Arc<dyn Fn(Report<'_>) + Send + Sync>;

/// Counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Certificates that were issued and written.
    pub signed: u64,
    /// Keys whose certificate was there.
    pub resumed: u64,
    /// Those of them whose certificate was written again.
    pub restored: u64,
    /// Certificates that were named beside their keys.
    pub passed_over: u64,
    /// Keys without a certificate, for a reason of their own.
    pub failed: u64,
    /// Keys that the run did not come to.
    pub not_tried: u64,
    /// The first and the last serial that was issued.
    pub serials: Option<(u64, u64)>,
}

/// What the first certificate of a run says.
#[derive(Clone, Debug)]
pub struct Common {
    /// All but its key is the same in every other.
    pub body: Body,
    /// How the storage of its key was proved, if it was.
    pub proof: Option<ProofKind>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// What came of it.
    pub summary: Summary,
    /// What every certificate says, but for its key; none where they differ.
    pub first: Option<Common>,
    /// Why it ended before the last key, if it did.
    pub early: Option<RunEnd>,
}

/// Why one key of a run has no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The list of files could not be read on.
    #[error("the list of key files")]
    List(#[source] io::Error),
    /// The file gave no key.
    #[error(transparent)]
    Subject(#[from] SubjectFileError),
    /// The certificate could not be put where it belongs; nothing was reserved.
    #[error("the certificate could not be written")]
    Place(#[source] OutputError),
    /// Another file of the run has its certificate there.
    #[error("its certificate would take the place of another of this run, {}", .0.display())]
    Twice(PathBuf),
    /// A plain key, where nobody said what to sign for it.
    #[error("is a public key and no request, and nothing says what to sign for it")]
    NotAsked,
    /// It was not decided in its favour; nothing was reserved.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The count of serials went over the last one there is.
    #[error("no serial is left after {max}", max = u64::MAX)]
    NoSerialLeft,
    /// A plain serial was given for several keys.
    #[error("serial {0} was given for one key, and there are several")]
    SerialForSeveral(Serial),
    /// The ledger could not be asked for an earlier certificate.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// It was issued before, and may not go out again.
    #[error(transparent)]
    Again(#[from] AgainError),
    /// A certificate that is to be made anew can't be asked for once more.
    #[error(transparent)]
    NotAnew(#[from] NotAnewError),
    /// The certificate that is to be made anew was revoked: nobody gets it back by that way.
    #[error("certificate {0}, which it would follow, was revoked")]
    WasRevoked(u64),
    /// The certificate that is to be made anew is none of the ledger's.
    #[error("this certificate is not in the ledger")]
    NotInLedger,
    /// It was not issued.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// It was issued, and could not be written.
    #[error("certificate {serial} is in the ledger, but could not be written")]
    Write {
        /// Its serial.
        serial: u64,
        /// The fault.
        source: OutputError,
    },
}

/// Where a certificate goes, and what its line ends in.
#[derive(Debug)]
struct Destination {
    /// How the key is called in reports.
    file: Option<PathBuf>,
    output: Option<PathBuf>,
    comment: String,
}

impl Destination {
    fn of(given: &Given, file: Option<&Path>, output: Option<PathBuf>) -> Self {
        Self {
            file: file.map(Path::to_path_buf),
            output,
            comment: match given {
                Given::Key(_, comment) => comment.clone(),
                Given::Request(request) => request.content().comment.to_string(),
            },
        }
    }
}

impl Destination {
    fn of_named(named: &Named) -> Self {
        Self {
            file: Some(named.name.clone()),
            output: named.output.clone(),
            comment: named.comment.clone(),
        }
    }
}

impl BatchError {
    /// Whether policy or a rule of the ledger said no, rather than something having gone wrong.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Case(error) => error.is_refusal(),
            Self::Issue(IssueError::Reserve(error)) => error.is_refusal(),
            Self::Again(error) => !matches!(error, AgainError::Ledger(_)),
            Self::NotAnew(error) => !matches!(error, NotAnewError::Ledger(_)),
            Self::WasRevoked(_) => true,
            _ => false,
        }
    }
}

/// A certificate is public, and sshd's `AuthorizedKeysFile` neighbours are read by all.
pub(crate) const CERTIFICATE_MODE: u32 = 0o644;
