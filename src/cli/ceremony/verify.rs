//! `punchmark ceremony verify`: an outsider's check, on another machine.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::check::tell_rehearsal_of;
use super::plan_file;
use super::rehearsal_folder::read_if_given;
use super::roots::pinned;
use crate::ceremony::{
    Account, Evidence, Instant, Plan, TRANSCRIPT_BYTES_MAX, UNKNOWN, VerdictFault, verify,
};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Exit, Failure, Kind};
use crate::cli::base::terminal::{product, product_object};
use crate::cli::base::words::number_of;
use crate::config::read_bytes;
use crate::wire::{WordsError, bytes_of_words, hex};

/// Check a ceremony as an outsider: transcript, plan, words off the paper, every output
///
/// Names the first thing that is wrong, and ends with 1; and what nobody can know from files. Needs no
/// config, no token and no ledger but the copy among the outputs.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Verify {
    /// The transcript
    #[arg(value_name = "TRANSCRIPT")]
    transcript: PathBuf,

    /// The plan that was reviewed
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,

    /// The 32 words of the transcript, off the paper
    #[arg(long, value_name = "WORDS")]
    words: String,

    /// The 32 words of the signed head, off the paper; without them that is told as not checked
    #[arg(long, value_name = "WORDS")]
    head_words: Option<String>,

    /// The folder of the rehearsal, where the plan requires one
    #[arg(long, value_name = "DIR")]
    rehearsal: Option<PathBuf>,
    /// A file of roots of attestation that the plan has, beside the maker's own; may be given again
    #[arg(long, value_name = "FILE")]
    attestation_roots: Vec<PathBuf>,

    /// Every file that the ceremony made; the transcript may be among them
    #[arg(value_name = "FILE")]
    outputs: Vec<PathBuf>,
}

impl Verify {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let plan = plan_file::read(&self.plan)?;
        let transcript =
            read_bytes(&self.transcript, TRANSCRIPT_BYTES_MAX).in_file(&self.transcript)?;
        let value = of_words("--words", &self.words)?;
        let head = self
            .head_words
            .as_ref()
            .map(|words| of_words("--head-words", words))
            .transpose()?;
        let outputs: Vec<_> = self
            .outputs
            .iter()
            .filter(|path| !is_same_file(path, &self.transcript))
            .cloned()
            .collect();
        let rehearsed = read_if_given(self.rehearsal.as_ref(), &self.plan)?;
        let evidence = Evidence {
            plan: &plan,
            transcript: &transcript,
            value,
            head,
            rehearsal: rehearsed.map(|held| held.transcript),
            outputs: &outputs,
            roots: &pinned(&plan, &self.attestation_roots)?,
        };
        let account = verify(&evidence)?;
        let not_checked = not_checked(head.is_some());
        if context.json() {
            product_object(object(&plan, &account, not_checked))?;
        } else {
            tell_rehearsal_of(&plan)?;
            tell(&plan, &account, not_checked)?;
        }
        Ok(Exit::Done)
    }
}

/// Whether two paths lead to one file, however they are spelt.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let found = |path: &Path| path.metadata().map(|found| (found.dev(), found.ino()));
    let same = found(one).ok().zip(found(other).ok());
    one == other || same.is_some_and(|(one, other)| one == other)
}

fn of_words(option: &str, words: &str) -> Result<[u8; 32], Failure> {
    let bytes = bytes_of_words(words).at(option)?;
    let count = bytes.len();
    bytes.try_into().map_err(|_length| {
        Failure::usage(format!(
            "{option}: {} instead of 32",
            number_of(count, "word")
        ))
    })
}

fn tell(plan: &Plan, account: &Account, not_checked: &[&str]) -> Result<(), Failure> {
    product(&format!(
        "in order: from {} to {}, {}",
        Instant::of(account.times.0),
        Instant::of(account.times.1),
        number_of(account.files.len(), "file"),
    ))?;
    product(&format!("signed by {}", signers(plan)))?;
    for what in not_checked {
        product(&format!("NOT CHECKED: {what}"))?;
    }
    if account.went_on > 0 {
        product(&format!(
            "the program was started again {}",
            number_of(account.went_on, "time")
        ))?;
    }
    if account.other_answers > 0 {
        product(&format!(
            "another answer than was wanted: {}",
            number_of(account.other_answers, "time")
        ))?;
    }
    for (step, by, text) in &account.deviations {
        product(&format!("deviation in `{step}`, by {by}: {text}"))?;
    }
    for (line, clocks) in &account.clocks_apart {
        product(&format!(
            "clocks more than five minutes apart, line {line}: {clocks}"
        ))?;
    }
    for told in &account.told_again {
        product(told)?;
    }
    for entry in &account.behind_the_end {
        product(&format!(
            "the ledger took behind the end of the transcript, and its signed head covers: {entry}"
        ))?;
    }
    for missing in &account.missing {
        product(&format!("not as it should be: {missing}"))?;
    }
    for remark in &account.remarks {
        product(&format!("the audit of the ledger remarks: {remark}"))?;
    }
    product("what this can't know:")?;
    UNKNOWN
        .iter()
        .try_for_each(|words| product(&format!("  {words}")))
}

/// Whose signatures of the transcript were verified.
fn signers(plan: &Plan) -> String {
    let people = plan.people.all.iter();
    let people = people.filter(|person| person.key.is_some());
    let names = people.map(|person| person.name.as_str());
    let all: Vec<_> = ["the ledger key"].into_iter().chain(names).collect();
    all.join(", ")
}

fn object(plan: &Plan, account: &Account, not_checked: &[&str]) -> serde_json::Value {
    let deviations = account.deviations.iter();
    let deviations =
        deviations.map(|(step, by, text)| json!({ "step": step, "by": by, "text": text }));
    let files = account
        .files
        .iter()
        .map(|(name, sha256)| json!({ "name": name, "sha256": sha256 }));
    json!({
        "in-order": true,
        "rehearsal-of": plan.rehearsal_of.map(|of| hex(&of)),
        "began": account.times.0, "ended": account.times.1,
        "started-again": account.went_on, "other-answers": account.other_answers,
        "deviations": deviations.collect::<Vec<_>>(),
        "clocks-apart": account.clocks_apart.iter().map(|(_, clocks)| clocks).collect::<Vec<_>>(),
        "told-again": account.told_again,
        "behind-the-end": account.behind_the_end, "remarks": account.remarks,
        "missing": account.missing,
        "files": files.collect::<Vec<_>>(),
        "not-checked": not_checked,
        "unknown": UNKNOWN,
    })
}

/// What could have been checked, and wasn't.
fn not_checked(has_head_words: bool) -> &'static [&'static str] {
    if has_head_words {
        return &[];
    }
    &["whether the signed head is the one on the paper: give its words with --head-words"]
}

impl Advised for VerdictFault {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotRehearsed => "give its folder with --rehearsal",
            Self::NotGiven(_) => "name every file of the ceremony's folder",
            Self::Words { .. } | Self::HeadWords { .. } => {
                "compare them word by word with the paper; if the paper is right, this file is another one"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for WordsError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ceremony verify ceremony/transcript.jsonl --plan plan.toml \\
    --words 'music customer …' --head-words 'aardvark adviser …' ceremony/*";
