//! `punchmark krl check`: which keys a KRL revokes, as `ssh-keygen -Q` says it.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use clap::Args;
use serde_json::{Value, json};

use super::file::{read_key, read_krl};
use super::view::print;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{print_failure, product, product_object};
use crate::krl::{Harmless, KeyMatch, Krl, Reason, Scope, Signatures};

/// Say which keys and certificates a KRL revokes, with the letters of ssh-keygen -Q
///
/// Prints a line for each: ok or REVOKED. Exits with 0 only if each could be read and
/// none is revoked. A certificate whose signature is not its CA's counts as unreadable.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {
    /// The KRL
    #[arg(short = 'f', value_name = "KRL", required = true)]
    krl: PathBuf,

    /// Print the KRL first, as `krl show` does
    #[arg(short = 'l')]
    list: bool,

    /// Don't check that each certificate was signed by its CA: for certificates that are
    /// trusted already, and several times faster
    #[arg(long)]
    skip_signatures: bool,

    /// Public key or certificate files
    #[arg(value_name = "KEY")]
    keys: Vec<PathBuf>,
}

impl Check {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let krl = read_krl(&self.krl)?;
        if self.list {
            print(context, &krl)?;
        }
        let signatures = if self.skip_signatures {
            Signatures::Unchecked
        } else {
            Signatures::Checked
        };
        check(context, &krl, &self.keys, signatures)
    }
}

/// Prints a line a key, in their order.
pub(super) fn check(
    context: &Context,
    krl: &Krl,
    keys: &[PathBuf],
    signatures: Signatures,
) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for answer in keys
        .chunks(CHUNK)
        .flat_map(|keys| answers(krl, keys, signatures))
    {
        if tell(context, answer)? != Exit::Done {
            exit = Exit::Failed;
        }
    }
    Ok(exit)
}

fn tell(context: &Context, answer: Result<Answer<'_>, Failure>) -> Result<Exit, Failure> {
    match answer {
        Ok(answer) => {
            if context.json() {
                product_object(answer.json())?;
            } else {
                product(&answer.words())?;
            }
            Ok(answer.reason.map_or(Exit::Done, |_| Exit::Failed))
        }
        Err(failure) => {
            print_failure(&failure);
            Ok(Exit::Failed)
        }
    }
}

/// One answer a key, in order, by as many threads as there are cores: verifying a
/// certificate's signature is what takes time.
fn answers<'a>(
    krl: &Krl,
    keys: &'a [PathBuf],
    signatures: Signatures,
) -> Vec<Result<Answer<'a>, Failure>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = keys.len().div_ceil(threads).max(FEW);
    let ask = |keys: &'a [PathBuf]| -> Vec<_> {
        keys.iter()
            .map(|key| Answer::of(krl, key, signatures))
            .collect()
    };
    thread::scope(|scope| {
        let shares: Vec<_> = keys
            .chunks(share)
            .map(|keys| scope.spawn(move || ask(keys)))
            .collect();
        let answers = shares.into_iter().map(|share| share.join());
        answers
            .flat_map(|share| share.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// What a KRL says of one key.
struct Answer<'a> {
    file: &'a Path,
    comment: Vec<u8>,
    reason: Option<Reason>,
}

impl<'a> Answer<'a> {
    fn of(krl: &Krl, file: &'a Path, signatures: Signatures) -> Result<Self, Failure> {
        let key = read_key(file, signatures)?;
        Ok(Self {
            file,
            reason: krl.revokes(&key.subject),
            comment: key.comment,
        })
    }

    fn words(&self) -> String {
        let name = Harmless(self.file.as_os_str().as_encoded_bytes());
        let comment = Harmless(&self.comment);
        let verdict = self.reason.map_or("ok", |_| "REVOKED");
        format!("{name} ({comment}): {verdict}")
    }

    fn json(&self) -> Value {
        let (by, matched) = self.reason.map(reason_words).unzip();
        json!({
            "file": self.file.display().to_string(),
            "comment": String::from_utf8_lossy(&self.comment),
            "revoked": self.reason.is_some(), "by": by, "match": matched,
        })
    }
}

/// Names in JSON what of a key is revoked, and how the KRL names that.
fn reason_words(reason: Reason) -> (&'static str, &'static str) {
    let key = |matched| match matched {
        KeyMatch::Explicit => "key",
        KeyMatch::Sha1 => "sha1",
        KeyMatch::Sha256 => "sha256",
    };
    let scope = |scope| match scope {
        Scope::Ca => "ca",
        Scope::AnyCa => "any-ca",
    };
    match reason {
        Reason::Key(matched) => ("key", key(matched)),
        Reason::Ca(matched) => ("ca-key", key(matched)),
        Reason::KeyId(whose) => ("key-id", scope(whose)),
        Reason::Serial(whose) => ("serial", scope(whose)),
    }
}

/// So many keys are read before their answers are printed.
const CHUNK: usize = 4_096;

/// For fewer keys, another thread costs more than it saves.
const FEW: usize = 16;

const EXAMPLES: &str = "\
Examples:
  punchmark krl check -f revoked.krl peter-cert.pub erik-cert.pub
  punchmark krl check -f revoked.krl --json *-cert.pub";
