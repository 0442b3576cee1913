//! What servers and clients get: the first list, and the public halves of all keys.

use sha2::{Digest, Sha256};

use super::{Conduct, ConductError};
use crate::ceremony::steps::Step;
use crate::ceremony::transcript::Event;
use crate::krl::{Header, KRL_NAMESPACE, ListHead, ListName};
use crate::ledger::{KrlMade, Ledger, ListSigned, Purpose};
use crate::output;
use crate::revocation::{Prune, krl};
use crate::wire::hex;
use ssh_key::PublicKey;

impl Conduct<'_> {
    /// The list of all that was revoked, signed. The ledger has it before the file is there, so that
    /// no version is used twice.
    pub(super) fn list(&mut self, step: &Step) -> Result<(), ConductError> {
        if self.wrote(LIST_FILE) {
            return Ok(());
        }
        let config = self.config()?.ok_or(ConductError::Gone("the config"))?;
        let mut ledger = self.ledger(&config)?;
        let mut key = self.open_ledger_key(&ledger)?;
        let (now, cas) = (self.room.now(), ledger.cas()?);
        let head = ledger
            .checkpoint()?
            .ok_or(ConductError::Gone("the ledger"))?;
        let signed = ListSigned {
            signer: PublicKey::from(key.public_key().clone()).to_bytes()?,
            size: head.size,
            root: head.root,
        };
        let header = self.header(
            &ledger,
            ListHead {
                origin: head.origin,
                size: head.size,
                root: head.root,
            },
        )?;
        let version = header.version;
        let bytes = krl(&ledger, &cas, header, Prune::Nothing)?
            .to_bytes()
            .map_err(ConductError::List)?;
        let signature = key.sign_list(KRL_NAMESPACE, &bytes)?;
        let made = KrlMade {
            version,
            sha256: Sha256::digest(&bytes).into(),
            keyboard: self.setting.keyboard.clone(),
            list: Some(signed),
        };
        ledger.record_krl(made, now)?;
        self.put(step, &format!("{LIST_FILE}.sig"), signature.as_bytes())?;
        self.put(step, LIST_FILE, &bytes)
    }

    /// Named as `krl` names a list of all CAs of the plan.
    fn header(&self, ledger: &Ledger, head: ListHead) -> Result<Header, ConductError> {
        let names: Vec<_> = self.plan.cas.iter().map(|ca| ca.name.as_str()).collect();
        let name = ListName {
            name: names.join(" "),
            head: Some(head),
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

    /// A public key file of each key, and the line that whoever trusts it writes.
    pub(super) fn lines(&mut self, step: &Step) -> Result<(), ConductError> {
        let setting = self.setting;
        for ca in &setting.plan.cas {
            let line = self.fact_of(&format!("public key {}", ca.name))?;
            self.put(
                step,
                &format!("{}.pub", ca.name),
                format!("{line}\n").as_bytes(),
            )?;
            let (ending, text) = match ca.certificates {
                Purpose::Host => ("known_hosts", format!("@cert-authority * {line}\n")),
                _ => (
                    "sshd_config",
                    format!(
                        "TrustedUserCAKeys /etc/ssh/{}.pub\nRevokedKeys /etc/ssh/{LIST_FILE}\n",
                        ca.name
                    ),
                ),
            };
            self.put(step, &format!("{}.{ending}", ca.name), text.as_bytes())?;
        }
        let line = self.fact_of("public key of the ledger")?;
        self.put(step, "ledger.pub", format!("{line}\n").as_bytes())
    }

    fn fact_of(&self, name: &str) -> Result<String, ConductError> {
        let value = self.transcript().fact(name).map(str::to_owned);
        value.ok_or(ConductError::Gone("a key of an earlier step"))
    }

    fn wrote(&self, file: &str) -> bool {
        self.transcript()
            .events()
            .any(|event| matches!(event, Event::File { name, .. } if name == file))
    }

    /// Writes a file of the ceremony, whole or not at all, and then the line for it.
    fn put(&mut self, step: &Step, name: &str, bytes: &[u8]) -> Result<(), ConductError> {
        output::write(&self.folder.join(name), bytes, OUTPUT_MODE)?;
        let sha256 = hex(&Sha256::digest(bytes));
        self.room
            .show(&format!("   wrote {name}, SHA-256 {sha256}"));
        self.write(Event::File {
            step: step.name.clone(),
            name: name.to_owned(),
            sha256,
        })
    }
}

/// The list of revoked keys.
pub const LIST_FILE: &str = "revoked.krl";
/// All of it is for others to read.
pub(super) const OUTPUT_MODE: u32 = 0o644;
