//! The signed head behind a ceremony, whose words stand on the paper.

use std::io;

use sha2::{Digest, Sha256};
use ssh_key::PublicKey;

use super::outputs::OUTPUT_MODE;
use super::{Conduct, ConductError, HEAD_FILE};
use crate::ceremony::facts::{LEDGER_KEY, head_text};
use crate::certificate::subject::fingerprint;
use crate::config::Config;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::key::LedgerKey;
use crate::ledger::note::NoteKey;
use crate::ledger::{CheckpointSigned, Ledger};
use crate::output;
use crate::wire::hex;

impl Conduct<'_> {
    /// A head that covers the entry of the ceremony, signed. The ledger knows it before anybody has it.
    pub(super) fn head(
        &mut self,
        config: &Config,
        key: &mut Option<LedgerKey>,
        transcript: [u8; 32],
    ) -> Result<[u8; 32], ConductError> {
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let held = ledger.position_of_ceremony(&transcript)?;
        let held = held.ok_or(ConductError::Gone("the entry of the ceremony"))?;
        if let Some(there) = self.head_there(&ledger, held)? {
            return Ok(there);
        }
        let key = self.opened(config, key)?;
        let signer = fingerprint(key.public_key());
        let head = match recorded(&ledger, held, &signer)? {
            Some(head) => head,
            None => self.record_head(config, signer)?,
        };
        let text = head_text(self.plan, &head);
        let note = key.sign_note(&head.origin, &text)?;
        output::write(&self.folder.join(HEAD_FILE), note.as_bytes(), OUTPUT_MODE)?;
        Ok(Sha256::digest(note.as_bytes()).into())
    }

    fn record_head(&self, config: &Config, signer: String) -> Result<Checkpoint, ConductError> {
        let mut ledger = config.ledger_place().open_confirmed()?;
        let head = ledger
            .checkpoint()?
            .ok_or(ConductError::Gone("the ledger"))?;
        let signed = CheckpointSigned {
            size: head.size,
            root: head.root,
            key: signer,
            keyboard: self.setting.keyboard.clone(),
        };
        ledger.record_checkpoint(signed, self.room.now())?;
        Ok(head)
    }

    /// The head that an earlier run wrote. What somebody else put there is told, and another takes its place.
    fn head_there(&mut self, ledger: &Ledger, held: u64) -> Result<Option<[u8; 32]>, ConductError> {
        let path = self.folder.join(HEAD_FILE);
        let bytes = match crate::file::read_bytes(&path, HEAD_BYTES_MAX) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            there => there.unwrap_or_default(),
        };
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        let head = std::str::from_utf8(&bytes).ok();
        let head = head.and_then(|note| self.head_of(ledger, note));
        if head.is_some_and(|head| held <= head.size && ledger.extends(&head).is_ok()) {
            return Ok(Some(sha256));
        }
        self.room.show(&format!(
            "{HEAD_FILE} with the SHA-256 {} is no head behind this ceremony that the ledger key signed. It is made \
             anew: copy the words that are shown at the end.",
            hex(&sha256)
        ));
        Ok(None)
    }

    /// What the ledger key signed, with nothing beside the head.
    fn head_of(&self, ledger: &Ledger, note: &str) -> Option<Checkpoint> {
        let key: PublicKey = self.transcript().fact(LEDGER_KEY)?.parse().ok()?;
        let origin = ledger.checkpoint().ok()??.origin;
        let key = NoteKey::new(&origin, key.key_data()).ok()?;
        let text = key.open(note).ok()?;
        let head = Checkpoint::parse(text).ok()?;
        (text == head_text(self.plan, &head)).then_some(head)
    }
}

/// The head that a run of this ceremony was about to sign, or whose file is lost.
fn recorded(ledger: &Ledger, held: u64, signer: &str) -> Result<Option<Checkpoint>, ConductError> {
    let Some(own) = ledger.checkpoint()? else {
        return Ok(None);
    };
    let mut heads = ledger.signed_heads()?.into_iter();
    let first = heads.find(|(_, head)| head.size >= held && head.key == signer);
    Ok(first.map(|(_, head)| Checkpoint {
        origin: own.origin,
        size: head.size,
        root: head.root,
    }))
}

const HEAD_BYTES_MAX: usize = 64 * 1024;
