//! What servers and clients get: the first list, and the public halves of all keys.

use sha2::{Digest, Sha256};

use super::{Conduct, ConductError};
use crate::ceremony::facts::{LIST_GOES, list_goes};
use crate::ceremony::files::file_sha256;
use crate::ceremony::list_name::list_name;
use crate::ceremony::public_files::{LIST_FILE, public_files};
use crate::ceremony::steps::Step;
use crate::ceremony::transcript::Event;
use crate::krl::{Header, KRL_BYTES_MAX, KRL_NAMESPACE, Krl, ListHead, ListName};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{KrlMade, Ledger, ListSigned};
use crate::output;
use crate::revocation::{Prune, krl};
use crate::wire::hex;
use ssh_key::PublicKey;

impl Conduct<'_> {
    /// The list of all that was revoked, signed. Its files are there before the ledger has it, and so
    /// whoever goes on here sees by the list whether the ledger does: a version is recorded once.
    pub(super) fn list(&mut self, step: &Step) -> Result<(), ConductError> {
        let config = self.config()?.ok_or(ConductError::Gone("the config"))?;
        let mut ledger = self.ledger(&config)?;
        // A ledger that this ceremony began has no mirror yet.
        if self.plan.ledger.is_some() {
            self.fact(step, LIST_GOES, list_goes(ledger.has_mirror()?))?;
        }
        if !self.is_recorded(&ledger)? {
            self.make_list(&mut ledger)?;
        }
        for name in [SIGNATURE_OF_LIST, LIST_FILE] {
            let path = self.folder.join(name);
            let sha256 = file_sha256(&path).map_err(|source| ConductError::File {
                path: path.display().to_string(),
                source,
            })?;
            self.note_file(step, name, &sha256)?;
        }
        Ok(())
    }

    fn make_list(&mut self, ledger: &mut Ledger) -> Result<(), ConductError> {
        let mut key = self.open_ledger_key(ledger)?;
        let head = ledger
            .checkpoint()?
            .ok_or(ConductError::Gone("the ledger"))?;
        let list = ListSigned {
            signer: PublicKey::from(key.public_key().clone()).to_bytes()?,
            size: head.size,
            root: head.root,
        };
        let header = self.header(ledger, head)?;
        let version = header.version;
        let made = krl(ledger, &ledger.cas()?, header, Prune::Nothing)?;
        let bytes = made.to_bytes().map_err(ConductError::List)?;
        let signature = key.sign_list(KRL_NAMESPACE, &bytes)?;
        output::write(
            &self.folder.join(SIGNATURE_OF_LIST),
            signature.as_bytes(),
            OUTPUT_MODE,
        )?;
        output::write(&self.folder.join(LIST_FILE), &bytes, OUTPUT_MODE)?;
        let made = KrlMade {
            version,
            sha256: Sha256::digest(&bytes).into(),
            keyboard: self.setting.keyboard.clone(),
            list: Some(list),
        };
        Ok(ledger.record_krl(made, self.room.now())?)
    }

    /// Whether the list that is there is the last one that the ledger has.
    fn is_recorded(&self, ledger: &Ledger) -> Result<bool, ConductError> {
        let there = crate::file::read_bytes(&self.folder.join(LIST_FILE), KRL_BYTES_MAX);
        let there = there.ok().and_then(|bytes| Krl::from_bytes(&bytes).ok());
        let version = there.map(|list| list.header().version);
        Ok(version.is_some() && version == ledger.last_krl_version()?)
    }

    fn header(&self, ledger: &Ledger, head: Checkpoint) -> Result<Header, ConductError> {
        let name = ListName {
            name: list_name(self.plan, self.transcript(), &ledger.cas()?),
            head: Some(ListHead {
                origin: head.origin,
                size: head.size,
                root: head.root,
            }),
        };
        let comment = name
            .to_comment()
            .map_err(|_nul| ConductError::Gone("the name of the list"))?;
        let after_last = ledger.last_krl_version()?.unwrap_or(0).saturating_add(1);
        let now = self.room.now();
        Ok(Header {
            version: after_last.max(now),
            generated: now,
            comment,
            ..Header::default()
        })
    }

    /// A public key file of each key, and the lines that whoever trusts it writes.
    pub(super) fn lines(&mut self, step: &Step) -> Result<(), ConductError> {
        for (name, text) in public_files(self.plan, self.transcript())? {
            self.put(step, &name, text.as_bytes())?;
        }
        Ok(())
    }

    /// Writes a file of the ceremony, whole or not at all, and then the line for it.
    pub(super) fn put(
        &mut self,
        step: &Step,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), ConductError> {
        let sha256 = Sha256::digest(bytes).into();
        self.is_no_other_file(step, name, &sha256)?;
        output::write(&self.folder.join(name), bytes, OUTPUT_MODE)?;
        self.note_file(step, name, &sha256)
    }

    /// No step writes over what another wrote.
    fn is_no_other_file(
        &self,
        step: &Step,
        name: &str,
        sha256: &[u8; 32],
    ) -> Result<(), ConductError> {
        let is_other = |event: &Event| {
            matches!(event, Event::File { step: of, name: file, sha256: written }
                if *of != step.name && file == name && *written != hex(sha256))
        };
        let may = step.may_write_anew(self.plan, name);
        if !may && self.transcript().events().any(is_other) {
            return Err(ConductError::WrittenTwice(name.to_owned()));
        }
        Ok(())
    }

    pub(super) fn note_file(
        &mut self,
        step: &Step,
        name: &str,
        sha256: &[u8; 32],
    ) -> Result<(), ConductError> {
        let sha256 = hex(sha256);
        self.room
            .show(&format!("   wrote {name}, SHA-256 {sha256}"));
        self.write(Event::File {
            step: step.name.clone(),
            name: name.to_owned(),
            sha256,
        })
    }
}

/// The signature of the list.
pub(in crate::ceremony) const SIGNATURE_OF_LIST: &str = "revoked.krl.sig";
/// All of it is for others to read.
pub(super) const OUTPUT_MODE: u32 = 0o644;
