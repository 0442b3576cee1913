//! The files for servers and clients, as plan and transcript alone make them: a run writes them, and the
//! outsider's check makes them again and compares.

use ssh_key::PublicKey;

use super::facts::LEDGER_KEY;
use super::key_card::{KEY_CARD_FILE, key_card};
use super::plan::{Ca, Plan};
use super::transcript::Transcript;
use crate::config::CaName;
use crate::ledger::Purpose;
use crate::wire::QrError;

/// Why there are no files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublicFilesError {
    /// A key was not made yet.
    #[error("the transcript has no {0}")]
    NoKey(String),
    /// A key has no room on the key card.
    #[error("the key card")]
    KeyCard(#[from] QrError),
}

/// Each file by its name: a public key file of each key, the lines that whoever trusts it writes, and the
/// key card.
///
/// # Errors
/// [`PublicFilesError`].
pub(super) fn public_files(
    plan: &Plan,
    transcript: &Transcript,
) -> Result<Vec<(String, String)>, PublicFilesError> {
    let mut files = Vec::new();
    for ca in plan.cas() {
        files.push((format!("{}.pub", ca.name), line_of(transcript, &ca.name)?));
        if ca.beside.is_none() {
            files.extend(trust(plan, transcript, ca)?);
        }
    }
    let mut line = key_line(transcript, LEDGER_KEY)?;
    // CAs of a rehearsal say so by their names.
    if plan.rehearsal_of.is_some() {
        line = format!("{} REHEARSAL\n", line.trim_end());
    }
    files.push(("ledger.pub".to_owned(), line));
    files.push((KEY_CARD_FILE.to_owned(), key_card(plan, transcript)?));
    Ok(files)
}

/// What these files are called, whatever the keys are.
pub(super) fn public_file_names(plan: &Plan) -> Vec<String> {
    let mut names = vec!["ledger.pub".to_owned(), KEY_CARD_FILE.to_owned()];
    for ca in plan.cas() {
        names.push(format!("{}.pub", ca.name));
        if ca.beside.is_none() {
            let all = [
                format!("{}.known_hosts", ca.name),
                format!("{}.sshd_config", ca.name),
                trusted_file(&ca.name),
            ];
            names.extend(all);
        }
    }
    names
}

/// What servers or clients write who trust a CA, and all that stand beside it.
fn trust(
    plan: &Plan,
    transcript: &Transcript,
    first: &Ca,
) -> Result<Vec<(String, String)>, PublicFilesError> {
    let name = &first.name;
    let beside = |ca: &&Ca| ca.name == *name || ca.beside.as_ref() == Some(name);
    let all = plan.cas().iter().filter(beside);
    // The one whose place is taken is trusted too, until it has ended.
    let old = plan.old_ca().map(|old| &old.name);
    let names = old.into_iter().chain(all.map(|ca| &ca.name));
    let lines: Result<Vec<_>, _> = names.map(|name| line_of(transcript, name)).collect();
    let lines = lines?;
    if first.certificates == Purpose::Host {
        let known = lines.iter().map(|line| format!("@cert-authority * {line}"));
        return Ok(vec![(format!("{name}.known_hosts"), known.collect())]);
    }
    let mut files = Vec::new();
    let file = if lines.len() == 1 {
        format!("{name}.pub")
    } else {
        let file = trusted_file(name);
        files.push((file.clone(), lines.concat()));
        file
    };
    let text = format!("TrustedUserCAKeys /etc/ssh/{file}\nRevokedKeys /etc/ssh/{LIST_FILE}\n");
    files.push((format!("{name}.sshd_config"), text));
    Ok(files)
}

fn line_of(transcript: &Transcript, ca: &CaName) -> Result<String, PublicFilesError> {
    key_line(transcript, &format!("public key {ca}"))
}

/// A key and nothing else, on a line of its own.
fn key_line(transcript: &Transcript, fact: &str) -> Result<String, PublicFilesError> {
    let missing = || PublicFilesError::NoKey(fact.to_owned());
    let line = transcript.fact(fact).ok_or_else(missing)?;
    line.parse::<PublicKey>().map_err(|_form| missing())?;
    Ok(format!("{line}\n"))
}

/// The keys that are trusted together.
fn trusted_file(name: &CaName) -> String {
    format!("{name}-trusted.pub")
}

/// The list of revoked keys.
pub const LIST_FILE: &str = "revoked.krl";
