//! `punchmark access sync`: the next list of a server, and one line for its monitoring.

mod members;
mod report;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;

use self::members::signed_file;
use self::report::{Report, Standing, What};
use super::compile::compile;
use super::directory::OfDirectory;
use super::signed::beside;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Exit, Failure, Kind};
use crate::cli::base::fetching::{
    Seen, SourceArguments, WayOut, accepted_by_root, installed, lock,
};
use crate::cli::base::mark::mark_file;
use crate::cli::base::output_file::{Place, put};
use crate::config::{self, read_bytes};
use crate::file::{Untrusted, Writers};
use crate::output;
use crate::request::{AllowedSigners, TooManySigners};
use crate::server::access::login::{FRESH_ENDING, INDEX_ENDING};
use crate::server::access::{Host, LIST_BYTES_MAX, List, Refresh};
use crate::server::fetch::FetchError;
use crate::server::publication::{
    Expected, Fetched, ListMark, Refusal, Resolves, SignedRefresh, fetch, next_signers,
};
use crate::server::source::{CommandLine, Source};

/// Take a signed access list from a file, a folder, a server or a command, for this machine's sshd
///
/// SOURCE.sig beside it must hold signatures by so many different persons of the allowed signers.
/// Whatever goes wrong, the list that is there stays. Prints one line for monitoring, and exits with 0 if
/// all is well, 1 (warning) if the list could not be fetched, and 2 (critical) if what was fetched is
/// not believed, or the list is missing, broken, or older than its own `@stale`.
///
/// FILE.mark beside the list keeps the highest version that was seen here: no older list is taken,
/// also where the list is gone.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Sync {
    /// A file, a folder with one of the name of --out, https://HOST/PATH, or with --command a line
    #[arg(value_name = "SOURCE")]
    source: OsString,

    /// The list that sshd's command reads; its group is that of its folder
    #[arg(long, value_name = "FILE", required = true)]
    out: PathBuf,

    /// Whose key is whose, as ssh-keygen(1) has it under ALLOWED SIGNERS; written anew where a
    /// list names the signers of the next one
    #[arg(long, value_name = "FILE", required = true)]
    signers: PathBuf,

    /// How many different persons must have signed
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = at_least)]
    at_least: usize,

    /// This server, as in sshd_config: its name, and its tags behind `+`
    #[arg(long, value_name = "NAME[+TAG...]")]
    host: Option<String>,

    /// SOURCE is a program and its arguments, of which the last is the file that it prints
    #[arg(long, conflicts_with = "ca_file")]
    command: bool,

    #[command(flatten)]
    how: SourceArguments,

    /// Ask a directory service, in each run, for the members of groups that the signed text leaves to it;
    /// FILE.signed keeps that text
    #[arg(long)]
    resolve: bool,

    #[command(flatten)]
    directory: OfDirectory,

    /// Take the list of this version whatever was seen before, whatever is gone and without
    /// waiting for canaries; for root alone
    #[arg(long, value_name = "VERSION")]
    accept_version: Option<u64>,

    /// Take the list, judge it and say what would become of the one that is there, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Sync {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let accepted = accepted_by_root(self.accept_version)?;
        let out = self
            .out
            .canonicalize()
            .unwrap_or_else(|_missing| self.out.clone());
        let host = self.host.as_deref().map(Host::parse).transpose()?;
        let source = self.source(&out)?;
        let _alone = lock(&out)?;
        let installed = self.installed(&out)?;
        let replaced = self.replace(&source, &out, installed.as_deref(), host.as_ref(), accepted);
        let what = match replaced {
            Ok(what) => what,
            Err(failure) => What::Kept(failure),
        };
        let what = match what {
            What::Waits { .. } | What::Kept(_) if !self.dry_run => {
                self.renew(&out, installed.as_deref(), what)
            }
            replaced => replaced,
        };
        let report = Report {
            out: &self.out,
            now: config::now(),
            standing: Standing::of(&out)?,
            what,
            dry_run: self.dry_run,
        };
        report.tell(context)
    }

    fn source(&self, out: &Path) -> Result<Source, Failure> {
        if !self.command {
            return self.how.source(&self.source, out);
        }
        let line = self
            .source
            .to_str()
            .and_then(|line| CommandLine::parse(line, self.how.timeout));
        let line = line.ok_or_else(|| {
            Failure::usage("a command is a program and arguments, of which the last is the file")
        })?;
        Ok(Source::Command(line))
    }

    /// Puts the next list in place, if there is one that is believed.
    fn replace(
        &self,
        source: &Source,
        out: &Path,
        installed: Option<&[u8]>,
        host: Option<&Host<'_>>,
        accepted: Option<u64>,
    ) -> Result<What, Failure> {
        let seen = Seen::read(out, ListMark::parse, accepted)?;
        let mark = seen.mark;
        let signers = self.read_signers()?;
        let expected = Expected {
            signers: &signers,
            at_least: self.at_least,
            mark,
            host,
            now: config::now(),
            zone: &config::time_zone,
            resolves: if self.resolve {
                Resolves::Server
            } else {
                Resolves::Publisher
            },
            accept_version: accepted,
        };
        let fetched = match fetch(source, installed, &expected) {
            Err(FetchError::Refused {
                refusal: Refusal::Waits { version, seconds },
                ..
            }) => return Ok(What::Waits { version, seconds }),
            fetched => fetched?,
        };
        seen.allows(fetched.mark.version, accepted)?;
        let list = self.next_list(out, fetched.bytes.as_deref(), installed)?;
        let is_another = list.is_some();
        if !self.dry_run {
            self.put(out, mark, &fetched, list)?;
        }
        Ok(match (fetched.refresh, fetched.bytes) {
            (Some(Err(error)), _) => What::NotFresh(error),
            (_, Some(_)) => What::Replaced(fetched.persons),
            (_, None) if is_another => What::Members,
            (_, None) => What::Unchanged,
        })
    }

    fn read_signers(&self) -> Result<AllowedSigners, Failure> {
        let path = &self.signers;
        let text = read_bytes(path, SIGNERS_BYTES_MAX).in_file(path)?;
        Writers::of_this_account().check(path).map_err(untrusted)?;
        AllowedSigners::parse(&text, &config::time_zone).in_file(path)
    }

    /// The mark goes first: behind a crash in between, it is that of the next list, and nothing older
    /// is taken. The signers of the next list go last: a list that was believed needs none.
    fn put(
        &self,
        out: &Path,
        mark: Option<ListMark>,
        fetched: &Fetched,
        list: Option<Vec<u8>>,
    ) -> Result<(), Failure> {
        let mut files = Vec::new();
        let mut place = |path, bytes, mode| files.push(Place { path, bytes, mode });
        if mark != Some(fetched.mark) {
            let text = fetched.mark.to_string();
            place(mark_file(out), text.into_bytes(), MARK_MODE);
        }
        if let Some(bytes) = fetched.bytes.as_ref().filter(|_| self.resolve) {
            place(signed_file(out), bytes.clone(), LIST_MODE);
        }
        let is_another = list.is_some();
        if let Some(bytes) = list {
            place(out.to_path_buf(), bytes, LIST_MODE);
        }
        if let Some(Ok(refresh)) = &fetched.refresh
            && is_newer(out, refresh)
        {
            let text = refresh.to_text().at("the signature cannot be encoded")?;
            place(beside(out, FRESH_ENDING), text.into_bytes(), LIST_MODE);
        }
        put(&files)?;
        if is_another || !beside(out, INDEX_ENDING).exists() {
            compile(out)?;
        }
        self.put_signers(fetched)
    }

    fn put_signers(&self, fetched: &Fetched) -> Result<(), Failure> {
        let Some((text, _)) = next_signers(&fetched.header) else {
            return Ok(());
        };
        let path = self.signers.canonicalize().in_file(&self.signers)?;
        let there = read_bytes(&path, SIGNERS_BYTES_MAX).in_file(&path)?;
        if there == text.as_bytes() {
            return Ok(());
        }
        Ok(output::write(&path, text.as_bytes(), MARK_MODE)?)
    }
}

/// Whoever else can write the signers could sign.
fn untrusted(error: Untrusted) -> Failure {
    let mend = error.mend();
    let failure = Failure::of(Kind::Critical, error);
    match mend {
        Some(mend) => failure.hint(mend),
        None => failure,
    }
}

/// Whether a word is of another list than the one that is there, or was said after it.
fn is_newer(out: &Path, signed: &SignedRefresh) -> bool {
    let there = read_bytes(&beside(out, FRESH_ENDING), SIGNERS_BYTES_MAX).unwrap_or_default();
    let new = signed.refresh();
    Refresh::parse(&there).map_or(true, |(there, _)| {
        (there.version, there.sha256) != (new.version, new.sha256) || there.time < new.time
    })
}

fn list_bytes_max() -> usize {
    usize::try_from(LIST_BYTES_MAX).unwrap_or(usize::MAX)
}

fn at_least(text: &str) -> Result<usize, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=AT_LEAST_MAX).contains(number));
    number.ok_or_else(|| format!("a number from 1 to {AT_LEAST_MAX}"))
}

impl Advised for TooManySigners {}

impl WayOut for Refusal {
    fn way_out(&self) -> Option<&'static str> {
        Some(match self {
            Self::OtherSignatures => {
                "list and signatures are not of one run: publish the list again, or sign what was published"
            }
            Self::Persons { .. } => {
                "another person adds a signature with `punchmark access sign`; a line of the allowed \
             signers counts if it names one person and no pattern"
            }
            Self::Invalid(_) | Self::NoVersion => "publish it with `punchmark access publish`",
            Self::Unresolved(_) => {
                "publish it without --unresolved, or have this server ask the directory service: --resolve"
            }
            Self::Older { .. } | Self::SameVersion(_) => {
                "the source has an older list again; publish it anew: its version moves forward"
            }
            Self::Ahead { .. } => {
                "ask whoever publishes; if they say that it is right, root takes it with \
             --accept-version VERSION"
            }
            Self::Shrunk(_) => {
                "whoever publishes says that it is meant with `access publish --shrinks`; root takes \
             this one with --accept-version VERSION"
            }
            Self::FewSigners { .. } => {
                "name more persons with `@signer`, or ask for fewer with --at-least"
            }
            _ => return None,
        })
    }
}

const SIGNERS_BYTES_MAX: usize = 16 * 1024 * 1024;
const AT_LEAST_MAX: usize = 32;
/// What runs inside a login reads it by its group, and nobody else has to.
const LIST_MODE: u32 = 0o640;
const MARK_MODE: u32 = 0o644;

const EXAMPLES: &str = "\
Examples:
  punchmark access sync https://ca.example.org/access.list --out /etc/ssh/access/access.list \\
    --signers /etc/ssh/access/signers --at-least 2 --host web1+production
  punchmark access sync --command 'git -C /srv/access show main:access.list' \\
    --out /etc/ssh/access/access.list --signers /etc/ssh/access/signers
  punchmark access sync /srv/access/access.list --out /etc/ssh/access/access.list \\
    --signers /etc/ssh/access/signers --resolve --directory /etc/punchmark/directory.toml";
