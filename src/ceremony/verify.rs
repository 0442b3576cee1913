//! An outsider's check of a ceremony: transcript, plan, words, and every output.

mod attestations;
mod brought;
mod bundles;
mod copies;
mod custody;
mod drilled;
mod entries;
mod ledger;
mod list;
mod made;
mod own;
mod restored;
mod retired;
mod rolled_over;
mod shut_out;
mod table;
mod tested;
mod thrown_away;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::conduct::{CEREMONY_NAMESPACE, HEAD_FILE, LEDGER_FILE, SIGNATURE_FILE};
use super::facts::{LEDGER_KEY, head_text};
use super::files::file_sha256;
use super::plan::Plan;
use super::public_files::LIST_FILE;
use super::transcript::Transcript;
use super::verdict::{Account, VerdictFault, judge};
use crate::attestation::Roots;
use crate::krl::{KRL_NAMESPACE, ListSignature};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::NoteKey;
use crate::ledger::{Audit, Auditor, Ledger, Signatures};
use crate::wire::{hex, words};
use custody::has_custody;
use drilled::{has_drilled, missing};
use ledger::{found_before, goes_on, has_ceremony, has_keys};
use made::are_of_the_keys;
use restored::has_restored;
use retired::has_retired;
use rolled_over::has_rolled_over;
use shut_out::{ended_before, has_shut_out, places_are_told};

/// What is checked.
pub struct Evidence<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The bytes of the transcript.
    pub transcript: &'a [u8],
    /// Its value, from the paper.
    pub value: [u8; 32],
    /// SHA-256 of the signed head, from the paper, where that was given.
    pub head: Option<[u8; 32]>,
    /// The value of the rehearsal's transcript, where the plan requires one.
    pub rehearsal: Option<[u8; 32]>,
    /// The outputs.
    pub outputs: &'a [PathBuf],
    /// Whose word is taken for where a key was born.
    pub roots: &'a Roots,
}

/// The outputs by their names.
struct Outputs<'a>(BTreeMap<String, &'a Path>);

/// Checks all of it.
///
/// # Errors
/// [`VerdictFault`], the first thing that is wrong.
pub fn verify(evidence: &Evidence<'_>) -> Result<Account, VerdictFault> {
    let transcript = Transcript::parse(evidence.transcript)?;
    if transcript.value() != evidence.value {
        let found = words(&transcript.value());
        return Err(VerdictFault::Words { found });
    }
    let mut account = judge(evidence.plan, &transcript)?;
    rehearsed(evidence, &account)?;
    let outputs = Outputs::of(evidence.outputs)?;
    outputs.are_those(&account, evidence.plan)?;
    let key = ledger_key(&transcript)?;
    are_of_the_keys(evidence.plan, &transcript, &account)?;
    outputs.attestations(evidence, &transcript)?;
    outputs.signatures(evidence, &key)?;
    outputs.ledger(evidence, &transcript, &mut account, &key)?;
    Ok(account)
}

/// The rehearsal that the plan requires is the one that was given.
fn rehearsed(evidence: &Evidence<'_>, account: &Account) -> Result<(), VerdictFault> {
    if !evidence.plan.requires_rehearsal {
        return Ok(());
    }
    let given = evidence.rehearsal.ok_or(VerdictFault::NotRehearsed)?;
    if account.rehearsal == Some(given) {
        return Ok(());
    }
    Err(VerdictFault::OtherRehearsal)
}

/// The ledger key, as the transcript has it. That it is one of the ledger's is checked there.
fn ledger_key(transcript: &Transcript) -> Result<KeyData, VerdictFault> {
    key_of(transcript, LEDGER_KEY)
}

fn key_of(transcript: &Transcript, name: &str) -> Result<KeyData, VerdictFault> {
    let line = transcript
        .fact(name)
        .and_then(|line| line.parse::<PublicKey>().ok());
    let missing = || VerdictFault::Ledger(format!("the transcript has no {name}"));
    Ok(line.ok_or_else(missing)?.key_data().clone())
}

impl<'a> Outputs<'a> {
    fn of(paths: &'a [PathBuf]) -> Result<Self, VerdictFault> {
        let mut outputs = BTreeMap::new();
        for path in paths {
            let name = path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned();
            if outputs.insert(name.clone(), path.as_path()).is_some() {
                return Err(VerdictFault::NoOutput(name));
            }
        }
        Ok(Self(outputs))
    }

    fn path(&self, name: &str) -> Result<&Path, VerdictFault> {
        self.0
            .get(name)
            .copied()
            .ok_or_else(|| VerdictFault::NotGiven(name.to_owned()))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, VerdictFault> {
        let path = self.path(name)?;
        crate::file::read_bytes(path, OUTPUT_BYTES_MAX).map_err(|source| unread(path, source))
    }

    /// Each file that was written is there as it was written, and nothing else is.
    fn are_those(&self, account: &Account, plan: &Plan) -> Result<(), VerdictFault> {
        let signed = plan.people.all.iter().filter(|person| person.key.is_some());
        let beside = signed.map(|person| person.signature_file());
        let own = [SIGNATURE_FILE, HEAD_FILE, LEDGER_FILE].map(str::to_owned);
        let mut known: BTreeSet<_> = beside.chain(own).collect();
        known.extend(account.files.iter().map(|(name, _)| name.clone()));
        if let Some(stranger) = self.0.keys().find(|name| !known.contains(*name)) {
            return Err(VerdictFault::NoOutput(stranger.clone()));
        }
        for (name, sha256) in &account.files {
            let path = self.path(name)?;
            let found = file_sha256(path).map_err(|source| unread(path, source))?;
            if hex(&found) != *sha256 {
                return Err(VerdictFault::Output(name.clone()));
            }
        }
        Ok(())
    }

    /// The ledger key signed the transcript and the list, and each person their own who has a key.
    fn signatures(&self, evidence: &Evidence<'_>, key: &KeyData) -> Result<(), VerdictFault> {
        let transcript = evidence.transcript;
        self.signature(SIGNATURE_FILE, CEREMONY_NAMESPACE, transcript, key)?;
        if self.0.contains_key(LIST_FILE) {
            let list = self.read(LIST_FILE)?;
            self.signature(&format!("{LIST_FILE}.sig"), KRL_NAMESPACE, &list, key)?;
        }
        for person in &evidence.plan.people.all {
            if let Some(key) = &person.key {
                self.signature(
                    &person.signature_file(),
                    CEREMONY_NAMESPACE,
                    transcript,
                    key,
                )?;
            }
        }
        Ok(())
    }

    fn signature(
        &self,
        file: &str,
        namespace: &'static str,
        signed: &[u8],
        key: &KeyData,
    ) -> Result<(), VerdictFault> {
        let signature = ListSignature::read(&self.read(file)?);
        let verified =
            signature.and_then(|one| one.verify(namespace, signed, std::slice::from_ref(key)));
        verified.map_err(|source| VerdictFault::Signature {
            file: file.to_owned(),
            source,
        })
    }

    /// The ledger is whole by itself, goes on from the transcript's head, has the CAs and the ceremony,
    /// and its signed head covers all of that.
    fn ledger(
        &self,
        evidence: &Evidence<'_>,
        transcript: &Transcript,
        account: &mut Account,
        key: &KeyData,
    ) -> Result<(), VerdictFault> {
        let path = self.path(LEDGER_FILE)?;
        let audit = Auditor::open(path)?.audit(Signatures::Check)?;
        account.remarks = remarks(&audit)?;
        if audit.tail.is_some() {
            return Err(VerdictFault::Ledger(
                "it does not end with a whole frame".to_owned(),
            ));
        }
        let ledger = Ledger::open_to_read(path)?;
        let before = account.head.clone().ok_or(VerdictFault::NoEnd)?;
        let before = &before;
        goes_on(&ledger, before)?;
        let found = found_before(&ledger, evidence.plan, transcript, before)?;
        has_keys(&ledger, evidence.plan, transcript, key)?;
        has_custody(&ledger, evidence.plan, transcript, found.as_ref())?;
        self.list_is_of(&ledger, (evidence.plan, transcript), key)?;
        let size = found.as_ref().map_or(0, |found| found.size);
        has_retired(&ledger, (evidence.plan, transcript), (size, self))?;
        has_rolled_over(&ledger, evidence.plan)?;
        has_restored(&ledger, evidence.plan, transcript)?;
        has_drilled(&ledger, evidence.plan, transcript)?;
        account.missing = missing(evidence.plan, transcript);
        if let Some(found) = &found {
            let told = (transcript, &account.foreign_entries);
            let ended = ended_before(&ledger, evidence.plan, found.size)?;
            account.remarks.extend(ended);
            has_shut_out(
                &ledger,
                evidence.plan,
                ((found.size, before.size), self),
                told,
            )?;
            places_are_told(&ledger, (evidence.plan, transcript), before.size)?;
            let range = (found, before, &account.foreign_entries);
            self.bundles(evidence.plan, &ledger, range, (transcript, key))?;
        }
        let position = has_ceremony(&ledger, evidence)?;
        let head = self.head(evidence, &ledger, position, key)?;
        self.entries((evidence.plan, transcript), (&ledger, head), key, account)
    }

    fn head(
        &self,
        evidence: &Evidence<'_>,
        ledger: &Ledger,
        position: u64,
        key: &KeyData,
    ) -> Result<u64, VerdictFault> {
        let bytes = self.read(HEAD_FILE)?;
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        if evidence.head.is_some_and(|wanted| wanted != sha256) {
            return Err(VerdictFault::HeadWords {
                found: words(&sha256),
            });
        }
        let note = String::from_utf8_lossy(&bytes);
        let own = ledger.checkpoint()?.ok_or(VerdictFault::HeadCovers)?;
        let key = NoteKey::new(&own.origin, key)?;
        let text = key.open(&note)?;
        let head = Checkpoint::parse(text)?;
        if text != head_text(evidence.plan, &head) {
            return Err(VerdictFault::HeadSays);
        }
        if head.size < position || ledger.extends(&head).is_err() {
            return Err(VerdictFault::HeadCovers);
        }
        Ok(head.size)
    }
}

/// What an audit remarks of a ledger that is in order all the same.
fn remarks(audit: &Audit) -> Result<Vec<String>, VerdictFault> {
    let replayed = &audit.replayed;
    if let Some(first) = replayed.broken().first() {
        let words = format!("entry {}: {}", first.position, first.fault);
        return Err(VerdictFault::Ledger(words));
    }
    // What more there is may be anything.
    if replayed.more > 0 {
        let words = format!("{} more findings than are told", replayed.more);
        return Err(VerdictFault::Ledger(words));
    }
    let findings = replayed.findings.iter();
    Ok(findings
        .map(|finding| format!("entry {}: {}", finding.position, finding.fault))
        .collect())
}

fn unread(path: &Path, source: std::io::Error) -> VerdictFault {
    VerdictFault::File {
        path: path.display().to_string(),
        source,
    }
}

/// The longest output that is read whole.
const OUTPUT_BYTES_MAX: usize = 16 * 1024 * 1024;
