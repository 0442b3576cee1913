//! What comes behind the last line: signature, entry, signed head, and a copy of the ledger.
//!
//! Each is looked for before it is made, so that a run that was killed here goes on here too.

use std::path::Path;

use ssh_key::PublicKey;

use super::outputs::OUTPUT_MODE;
use super::{Conduct, ConductError};
use crate::ceremony::facts::LEDGER_KEY;
use crate::ceremony::transcript::Event;
use crate::config::Config;
use crate::krl::ListSignature;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::key::LedgerKey;
use crate::ledger::{Ledger, note};
use crate::output;
use crate::wire::{hex, words};

/// A ceremony that was held: what goes onto the paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The value of the transcript.
    pub transcript: [u8; 32],
    /// SHA-256 of the file of the signed head.
    pub head: [u8; 32],
    /// The folder with transcript and outputs.
    pub folder: std::path::PathBuf,
    /// What is not there as the transcript has it, a line for each file.
    pub lacks: Vec<String>,
}

impl Held {
    /// The words of the transcript.
    #[must_use]
    pub fn words(&self) -> String {
        words(&self.transcript)
    }

    /// The words of the signed head.
    #[must_use]
    pub fn head_words(&self) -> String {
        words(&self.head)
    }
}

impl Conduct<'_> {
    pub(super) fn finish(mut self) -> Result<Held, ConductError> {
        let config = self.config()?.ok_or(ConductError::Gone("the config"))?;
        if !self.transcript().has_ended() {
            self.end(&config)?;
        }
        let transcript = self.transcript().value();
        let mut key = None;
        self.sign_transcript(&config, &mut key)?;
        self.enter(&config, transcript)?;
        let head = self.head(&config, &mut key, transcript)?;
        // The copy holds the entry of the head, too. One that is whole is evidence, and is not written again.
        if !self.is_copied(&config, transcript)? {
            self.copy(&config)?;
        }
        Ok(Held {
            transcript,
            head,
            lacks: self.lacks()?,
            folder: self.folder,
        })
    }

    fn end(&mut self, config: &Config) -> Result<(), ConductError> {
        self.foreign_entries()?;
        let head = Ledger::open_to_read(&config.ledger())?.checkpoint()?;
        let head = head.ok_or(ConductError::Gone("the ledger"))?;
        self.write(Event::End {
            ledger: head.origin,
            size: head.size,
            root: hex(&head.root),
        })
    }

    /// The ledger key signs the transcript; a CA key signs certificates and nothing else.
    fn sign_transcript(
        &mut self,
        config: &Config,
        key: &mut Option<LedgerKey>,
    ) -> Result<(), ConductError> {
        let beside = self.folder.join(SIGNATURE_FILE);
        let bytes = self.record.bytes()?;
        if self.is_signed(&beside, &bytes) {
            return Ok(());
        }
        let signature = self
            .opened(config, key)?
            .sign_list(CEREMONY_NAMESPACE, &bytes)?;
        Ok(output::write(&beside, signature.as_bytes(), OUTPUT_MODE)?)
    }

    /// Whether the file that is there is the signature of this transcript by its ledger key, and not one
    /// that something else left.
    fn is_signed(&self, beside: &Path, transcript: &[u8]) -> bool {
        let key = self.transcript().fact(LEDGER_KEY);
        let key = key.and_then(|line| line.parse::<PublicKey>().ok());
        let there = crate::file::read_bytes(beside, SIGNATURE_BYTES_MAX).ok();
        let (Some(key), Some(there)) = (key, there) else {
            return false;
        };
        let keys = std::slice::from_ref(key.key_data());
        let signature = ListSignature::read(&there);
        signature
            .and_then(|one| one.verify(CEREMONY_NAMESPACE, transcript, keys))
            .is_ok()
    }

    /// The key, opened at its first use: a run that finds all done asks for no PIN.
    pub(super) fn opened<'k>(
        &mut self,
        config: &Config,
        key: &'k mut Option<LedgerKey>,
    ) -> Result<&'k mut LedgerKey, ConductError> {
        self.open_by_shares()?;
        let opened = match key.take() {
            Some(opened) => opened,
            None => self.open_ledger_key(&Ledger::open_to_read(&config.ledger())?)?,
        };
        Ok(key.insert(opened))
    }

    fn enter(&mut self, config: &Config, transcript: [u8; 32]) -> Result<(), ConductError> {
        let before = Ledger::open_to_read(&config.ledger())?.ceremonies()?;
        if before.iter().any(|(_, held)| held.transcript == transcript) {
            return Ok(());
        }
        let keyboard = self.setting.keyboard.clone();
        let now = self.room.now();
        Ok(self
            .ledger(config)?
            .record_ceremony(self.plan.sha256, transcript, keyboard, now)?)
    }

    /// Whether the copy of an earlier run is one of this ledger, behind the ceremony and its signed head.
    fn is_copied(&self, config: &Config, transcript: [u8; 32]) -> Result<bool, ConductError> {
        let Ok(copy) = Ledger::open_to_read(&self.folder.join(LEDGER_FILE)) else {
            return Ok(false);
        };
        let (Some(held), Some(head)) =
            (copy.position_of_ceremony(&transcript)?, copy.checkpoint()?)
        else {
            return Ok(false);
        };
        let text = crate::file::read_limited(&self.folder.join(HEAD_FILE), HEAD_BYTES_MAX);
        let signed = text.ok().and_then(|text| {
            let text = note::unverified_text(&text).ok()?;
            Checkpoint::parse(text).ok()
        });
        let is_behind = signed.is_some_and(|signed| held <= signed.size && signed.size < head.size);
        let ledger = Ledger::open_to_read(&config.ledger())?;
        Ok(is_behind && ledger.extends(&head).is_ok())
    }

    /// The whole ledger, for whoever checks it elsewhere: it holds no secret.
    fn copy(&self, config: &Config) -> Result<(), ConductError> {
        let from = config.ledger();
        let staged = output::stage_by(&self.folder.join(LEDGER_FILE), OUTPUT_MODE, |file| {
            std::io::copy(&mut crate::file::open(&from)?, file).map(drop)
        });
        let released = output::release(vec![staged?])
            .into_iter()
            .collect::<Result<(), _>>();
        released?;
        // It reads back whole.
        Ok(Ledger::open_to_read(&self.folder.join(LEDGER_FILE)).map(drop)?)
    }
}

/// What a signature of a transcript is for.
pub const CEREMONY_NAMESPACE: &str = "ceremony@punchmark";
/// The signature of the transcript by the ledger key.
pub const SIGNATURE_FILE: &str = "transcript.jsonl.sig";
/// The signed head that covers the ceremony.
pub const HEAD_FILE: &str = "head.txt";
/// The copy of the ledger.
pub const LEDGER_FILE: &str = "punchmark.ledger";
const SIGNATURE_BYTES_MAX: usize = 64 * 1024;
const HEAD_BYTES_MAX: u64 = 64 * 1024;
