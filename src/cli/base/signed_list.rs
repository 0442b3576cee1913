//! How a server takes a list that a ledger key signs: a KRL, or what the ledger knows.

mod report;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;
use ssh_key::public::KeyData;

use self::report::{Report, What};
use super::context::Context;
use super::failure::{At, Exit, Failure};
use super::fetching::{Seen, SourceArguments, WayOut, accepted_by_root, installed, lock};
use super::mark::mark_file;
use super::output_file::{Place, beside_file, put, target};
use crate::certificate::key_line::read_public_key_line;
use crate::config::{self, read_bytes};
use crate::krl::{BASE_BYTES_MAX, ListSignatureError};
use crate::server::fetch::{Expected, KeptBeside, KeyHash, Mark, Refusal, SignedList, fetch};
use crate::server::source::Source;

/// Where a list comes from, and whose it must be.
#[derive(Debug, Args)]
pub(crate) struct FetchArguments {
    /// A file, a folder with one of the name of --out, or https://HOST/PATH
    #[arg(value_name = "SOURCE")]
    source: OsString,

    /// The list that this machine's sshd goes by; made if it is not there, replaced whole if it is
    #[arg(long, value_name = "FILE", required = true)]
    out: PathBuf,

    /// The public key of the ledger key; may be given several times while it changes
    #[arg(long, value_name = "FILE", required = true)]
    signer: Vec<PathBuf>,

    /// The name that the list must have [default: that of the list that is there]
    #[arg(long, value_name = "WORDS")]
    name: Option<String>,

    #[command(flatten)]
    how: SourceArguments,

    /// Take the list of this version, whatever was seen before; for root alone, who heals a
    /// mark so after the CA's clock was wrong or its ledger was begun anew
    #[arg(long, value_name = "VERSION")]
    accept_version: Option<u64>,

    /// Take the list, judge it and say what would become of the one that is there, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// From which age in seconds a list is a warning, and from which it is critical.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AgesOfList {
    pub(crate) warn_after: u64,
    pub(crate) critical_after: u64,
}

/// What people are told of a list.
pub(crate) trait ToldList: SignedList {
    /// Who may read it on the server.
    const MODE: u32;

    /// What it holds, in a few words.
    fn holds(&self) -> String;

    /// What a list holds, by names for programs; `null` where there is none.
    fn fields(list: Option<&Self>) -> Vec<(&'static str, Value)>;
}

/// What else a server goes by.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Keys that another list of the server revokes.
    pub(crate) revoked: Vec<KeyHash>,
}

impl FetchArguments {
    /// Takes the next list, and says how the one stands that is there then.
    pub(crate) fn run<L: ToldList>(
        &self,
        ages: AgesOfList,
        beside: Beside,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let out = target(&self.out)?;
        let accepted = accepted_by_root(self.accept_version)?;
        let expected = Expected {
            signers: self.signers()?,
            name: self.name.clone(),
            mark: None,
            now: config::now(),
            revoked: beside.revoked,
            accept_version: accepted,
            base: installed(&beside_file(&out, ".base"), BASE_BYTES_MAX)?,
        };
        let source = self.how.source(&self.source, &out)?;
        let _alone = lock(&out)?;
        let installed = installed(&out, L::BYTES_MAX)?;
        let taken = take(&source, &out, installed.as_deref(), expected);
        let taken = taken.and_then(|taken| {
            if !self.dry_run {
                put(&taken.files)?;
            }
            Ok((taken.what, taken.followed))
        });
        let (what, followed) = match taken {
            Ok(taken) => taken,
            Err(failure) => {
                let there = installed
                    .as_deref()
                    .and_then(|bytes| L::from_bytes(bytes).ok());
                (What::Kept(there, failure), None)
            }
        };
        let report = Report {
            out: &self.out,
            now: config::now(),
            ages,
            what,
            followed,
            dry_run: self.dry_run,
        };
        report.tell(context)
    }

    fn signers(&self) -> Result<Vec<KeyData>, Failure> {
        self.signer.iter().map(|path| read_signer(path)).collect()
    }
}

/// The next list, if there is one that is believed.
struct Taken<L> {
    what: What<L>,
    followed: Option<String>,
    /// What is to be put in place. The mark goes first: behind a crash in between, it is that of the
    /// next list, and nothing older is taken, nor anything by a key that handed over.
    files: Vec<Place>,
}

fn take<L: ToldList>(
    source: &Source,
    out: &Path,
    installed: Option<&[u8]>,
    mut expected: Expected,
) -> Result<Taken<L>, Failure> {
    let seen = Seen::read(out, Mark::parse, expected.accept_version)?;
    expected.mark.clone_from(&seen.mark);
    let fetched = fetch::<L>(source, installed, &expected)?;
    seen.allows(fetched.mark.version, expected.accept_version)?;
    let mut files = Vec::new();
    if expected.mark.as_ref() != Some(&fetched.mark) {
        files.push(Place {
            path: mark_file(out),
            bytes: fetched.mark.to_string().into_bytes(),
            mode: MARK_MODE,
        });
    }
    if let Some(KeptBeside { delegation, base }) = &fetched.beside {
        for (ending, bytes) in [(".delegation", delegation.as_bytes()), (".base", base)] {
            files.extend(changed(&beside_file(out, ending), bytes)?);
        }
    }
    if let Some(bytes) = &fetched.bytes {
        files.push(Place {
            path: out.to_path_buf(),
            bytes: bytes.clone(),
            mode: L::MODE,
        });
    }
    let what = match fetched.bytes {
        Some(_) => What::Replaced(fetched.list, fetched.shrunk),
        None => What::Unchanged(fetched.list),
    };
    Ok(Taken {
        what,
        followed: fetched.followed,
        files,
    })
}

/// A file that is not there yet as it is to be.
fn changed(path: &Path, bytes: &[u8]) -> Result<Option<Place>, Failure> {
    let is_there = installed(path, BASE_BYTES_MAX)?.as_deref() == Some(bytes);
    Ok((!is_there).then(|| Place {
        path: path.to_path_buf(),
        bytes: bytes.to_vec(),
        mode: MARK_MODE,
    }))
}

/// The key of this very file: a private key has no place on a server, so its path is refused,
/// also where its public half lies beside it.
fn read_signer(path: &Path) -> Result<KeyData, Failure> {
    let file = read_bytes(path, SIGNER_BYTES_MAX).in_file(path)?;
    Ok(read_public_key_line(&file).in_file(path)?.0)
}

impl WayOut for Refusal {
    fn way_out(&self) -> Option<&'static str> {
        Some(match self {
            Self::Signature(ListSignatureError::Signer(_)) => {
                "if the ledger key was changed, name the new one with --signer; after a `ledger key \
             rollover`, the file SOURCE.keys beside a list of the CA leads there"
            }
            Self::EndedSigner { .. } | Self::RevokedSigner(_) => {
                "tell the CA's people: a key that signs no more signed a list"
            }
            Self::Rollovers(_)
            | Self::NotForLists(_)
            | Self::NoLedger
            | Self::RolloverOfOtherLedger { .. }
            | Self::ManyRollovers => {
                "ask the CA's people which ledger key signs now, and name it with --signer"
            }
            Self::Signature(ListSignatureError::Signature(_)) => {
                "list and signature are not of one run: on the CA's machine, make both again"
            }
            Self::Older { .. } | Self::SameVersion(_) => {
                "the source has an older list again; make a new one there: its version moves forward"
            }
            Self::Ahead { .. } | Self::OtherLedger { .. } => {
                "ask the CA's people; if they say that it is right, root takes it with \
             --accept-version VERSION"
            }
            Self::OlderHead { .. } | Self::Forked(_) => {
                "the CA's ledger was put back or written anew: tell its people, and keep the list \
             and the .mark file that are here: `punchmark ledger verify --against` takes them"
            }
            Self::Delegation(_) | Self::BaseSignature(_) | Self::Base(_) | Self::OutsideBase(_) => {
                "tell the CA's people: the key of the mirror signed more, or less, than it may, or what \
             lies beside the list is not of one run"
            }
            Self::DelegationOver(_) => {
                "where the ledger is, lists are delegated anew: punchmark ledger delegate-lists"
            }
            Self::OlderDelegation { .. } | Self::DelegationOfOtherLedger(_) => {
                "ask the CA's people which key signs lists now; the source has an older state again"
            }
            Self::Delegated(_) => {
                "take the list of the mirror; one of the ledger itself lacks what was revoked there"
            }
            Self::Name { .. } => "if it was renamed on purpose, say so with --name WORDS",
            _ => return None,
        })
    }
}

/// Of the file of a public key; it is that of any subject's key.
const SIGNER_BYTES_MAX: usize = 64 * 1024;
/// What was seen is no secret.
const MARK_MODE: u32 = 0o644;
