//! `punchmark krl fetch`: the next list of a server, and one line for its monitoring.

mod report;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use self::report::{Report, What};
use super::file::{KRL_MODE, target};
use crate::certificate::key_line::read_public_key_line;
use crate::cli::base::arguments::span;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Exit, Failure, Kind};
use crate::cli::base::fetching::{lock, source};
use crate::cli::base::mark::{MarkFileError, mark_file, read_mark};
use crate::config::{self, read_bytes};
use crate::krl::{KRL_BYTES_MAX, Krl, KrlSignatureError};
use crate::output;
use crate::server::fetch::{Expected, FetchError, Mark, Refusal, fetch};
use crate::server::source::Source;
use clap::Args;

/// Take a signed KRL from a file or a server, for RevokedKeys of this machine's sshd
///
/// SOURCE.sig beside it must be its signature by the ledger key. Whatever goes wrong, the
/// list that is there stays. Prints one line for monitoring, and exits with 0 if all is
/// well, 1 (warning) if the list could not be fetched, is getting old or lost much, and
/// 2 (critical) if what was fetched is not believed, or the list is too old or missing.
///
/// FILE.mark beside the list keeps the highest version and the highest head of the CA's
/// ledger that were seen here: no older list is taken, also where the list is gone.
///
/// Where another ledger key took over from that of --signer, SOURCE.keys leads to it by the word
/// of both. It is followed once, and the old key signs no list for this server any more.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Fetch {
    /// A file, a folder with one of the name of --out, or https://HOST/PATH
    #[arg(value_name = "SOURCE")]
    source: OsString,

    /// The file that RevokedKeys names; made if it is not there, replaced whole if it is
    #[arg(long, value_name = "FILE", required = true)]
    out: PathBuf,

    /// The public key of the ledger key; may be given several times while it changes
    #[arg(long, value_name = "FILE", required = true)]
    signer: Vec<PathBuf>,

    /// The name that the list must have, its comment [default: that of the list that is there]
    #[arg(long, value_name = "WORDS")]
    name: Option<String>,

    /// Warn of a list that was made longer ago than this
    #[arg(long, value_name = "TIME", default_value = "2d", value_parser = span)]
    warn_after: u64,

    /// Call a list that was made longer ago than this critical
    #[arg(long, value_name = "TIME", default_value = "1w", value_parser = span)]
    critical_after: u64,

    /// Certificates (PEM) to know the server by, in place of the web's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Take the list of this version, whatever was seen before; for root alone, who heals a
    /// mark so after the CA's clock was wrong or its ledger was begun anew
    #[arg(long, value_name = "VERSION")]
    accept_version: Option<u64>,

    /// How long each of the two files may take
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = span)]
    timeout: u64,
}

impl Fetch {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let out = target(&self.out)?;
        self.refuse_unless_root()?;
        let expected = self.expected()?;
        let source = source(&self.source, &out, self.ca_file.as_deref(), self.timeout)?;
        let _alone = lock(&out)?;
        let installed = installed(&out)?;
        let fetched = self.replace(&source, &out, installed.as_deref(), expected);
        let (what, followed) = match fetched {
            Ok(taken) => taken,
            Err(failure) => (
                What::Kept(installed.as_deref().and_then(krl), failure),
                None,
            ),
        };
        let report = Report {
            out: &self.out,
            now: config::now(),
            warn_after: self.warn_after,
            critical_after: self.critical_after,
            what,
            followed,
        };
        report.tell(context)
    }

    fn expected(&self) -> Result<Expected, Failure> {
        let signers = self.signer.iter().map(|path| read_signer(path));
        Ok(Expected {
            signers: signers.collect::<Result<_, _>>()?,
            name: self.name.clone(),
            mark: None,
            now: config::now(),
            accept_version: self.accept_version,
        })
    }

    /// A mark is there so that nobody but root takes a server back.
    fn refuse_unless_root(&self) -> Result<(), Failure> {
        if self.accept_version.is_some() && !rustix::process::geteuid().is_root() {
            return Err(Failure::usage("--accept-version is for root alone"));
        }
        Ok(())
    }

    /// Puts the next list in place, if there is one that is believed.
    fn replace(
        &self,
        source: &Source,
        out: &Path,
        installed: Option<&[u8]>,
        mut expected: Expected,
    ) -> Result<(What, Option<String>), Failure> {
        let unread = self.unread(read_mark(out, Mark::parse), &mut expected)?;
        let fetched = fetch(source, installed, &expected)?;
        if let Some(error) = unread
            && self.accept_version != Some(fetched.mark.version)
        {
            return Err(error.into());
        }
        let mut files = Vec::new();
        if expected.mark.as_ref() != Some(&fetched.mark) {
            files.push((mark_file(out), fetched.mark.to_string().into_bytes()));
        }
        if let Some(bytes) = &fetched.bytes {
            files.push((out.to_path_buf(), bytes.clone()));
        }
        write(&files)?;
        let what = match fetched.bytes {
            Some(_) => What::Replaced(fetched.krl, fetched.shrunk),
            None => What::Unchanged(fetched.krl),
        };
        Ok((what, fetched.followed))
    }

    /// Expects what was seen before. A mark that can't be read is given back where root named
    /// a version: the list of that one, and no other, takes its place.
    fn unread(
        &self,
        marked: Result<Option<Mark>, MarkFileError>,
        expected: &mut Expected,
    ) -> Result<Option<MarkFileError>, Failure> {
        match marked {
            Ok(mark) => {
                expected.mark = mark;
                Ok(None)
            }
            Err(error) if self.accept_version.is_some() && error.can_be_healed() => Ok(Some(error)),
            Err(error) => Err(error.into()),
        }
    }
}

/// The mark goes first: behind a crash in between, it is that of the next list, and nothing older
/// is taken, nor anything by a key that handed over.
fn write(files: &[(PathBuf, Vec<u8>)]) -> Result<(), Failure> {
    let staged = files
        .iter()
        .map(|(path, bytes)| output::stage(path, bytes, KRL_MODE));
    let staged: Result<Vec<_>, _> = staged.collect();
    let released: Result<(), _> = output::release(staged.at("cannot write")?)
        .into_iter()
        .collect();
    released.at("cannot write")
}

/// The bytes that are there; what is too long for sshd is as good as damaged.
fn installed(out: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match read_bytes(out, KRL_BYTES_MAX) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Ok(Some(Vec::new())),
        Err(error) => Err(error).in_file(out),
    }
}

fn krl(bytes: &[u8]) -> Option<Krl> {
    Krl::from_bytes(bytes).ok()
}

/// The key of this very file: a private key has no place on a server, so its path is refused,
/// also where its public half lies beside it.
fn read_signer(path: &Path) -> Result<ssh_key::public::KeyData, Failure> {
    let file = read_bytes(path, SIGNER_BYTES_MAX).in_file(path)?;
    Ok(read_public_key_line(&file).in_file(path)?.0)
}

impl Advised for FetchError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused { .. } => Kind::Critical,
            _ => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Refused { refusal, .. } => way_out(refusal).map(str::to_owned),
            _ => None,
        }
    }
}

fn way_out(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal {
        Refusal::Signature(KrlSignatureError::Signer(_)) => {
            "if the ledger key was changed, name the new one with --signer; after a `ledger key \
             rollover`, the file SOURCE.keys that `punchmark krl` writes leads there"
        }
        Refusal::EndedSigner { .. } | Refusal::RevokedSigner(_) => {
            "tell the CA's people: a key that signs no more signed a list"
        }
        Refusal::Rollovers(_)
        | Refusal::NotForLists(_)
        | Refusal::NoLedger
        | Refusal::RolloverOfOtherLedger { .. }
        | Refusal::ManyRollovers => {
            "ask the CA's people which ledger key signs now, and name it with --signer"
        }
        Refusal::Signature(KrlSignatureError::Signature(_)) => {
            "list and signature are not of one run: on the CA's machine, make both again with \
             `punchmark krl --out`"
        }
        Refusal::Older { .. } | Refusal::SameVersion(_) => {
            "the source has an older list again; make a new one there: its version moves forward"
        }
        Refusal::Ahead { .. } | Refusal::OtherLedger { .. } => {
            "ask the CA's people; if they say that it is right, root takes it with \
             --accept-version VERSION"
        }
        Refusal::OlderHead { .. } | Refusal::Forked(_) => {
            "the CA's ledger was put back or written anew: tell its people, and keep the list \
             and the .mark file that are here: `punchmark ledger verify --against` takes them"
        }
        Refusal::Name { .. } => "if it was renamed on purpose, say so with --name WORDS",
        _ => return None,
    })
}

/// Of the file of a public key; it is that of any subject's key.
const SIGNER_BYTES_MAX: usize = 64 * 1024;

const EXAMPLES: &str = "\
Examples:
  punchmark krl fetch https://ca.example.org/revoked.krl --out /etc/ssh/revoked.krl \\
    --signer /etc/ssh/ledger.pub
  punchmark krl fetch /mnt/ca/revoked.krl --out revoked.krl --signer ledger.pub --warn-after 8h";
