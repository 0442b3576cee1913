//! Receipts as they are kept: one file a certificate, and the newest head.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::{FolderError, FolderLock, LARGEST, MODE, ServerFolder};
use crate::client::NewReceipt;
use crate::config::read_bytes;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::unverified_text;
use crate::output;
use crate::wire::{RawCertificate, hex};

impl ServerFolder {
    /// The folder of receipts.
    #[must_use]
    pub fn receipts(&self) -> PathBuf {
        self.path.join("receipts")
    }

    /// The newest head that a receipt was checked with.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn head_seen(&self) -> Result<Option<Checkpoint>, FolderError> {
        let path = self.receipts().join(HEAD);
        let bytes = match read_bytes(&path, LARGEST) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(FolderError::File { path, source }),
        };
        let note = String::from_utf8(bytes).ok();
        let head = note.and_then(|note| Checkpoint::parse(unverified_text(&note).ok()?).ok());
        head.map(Some).ok_or(FolderError::Form(path))
    }

    /// Keeps a receipt that was checked, and its head as the newest; of the receipts, the newest ones.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn keep_receipt(
        &self,
        _lock: &FolderLock,
        certificate: &RawCertificate,
        receipt: &NewReceipt,
    ) -> Result<(), FolderError> {
        let path = self.receipts();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|source| FolderError::File {
            path: path.clone(),
            source,
        })?;
        // What a server calls itself or its CAs names no file.
        let digest = Sha256::digest(certificate.signed());
        let (begin, _) = digest.split_at(4);
        let name = format!("receipts/{}-{}.json", certificate.serial(), hex(begin));
        self.write(&name, &receipt.kept)?;
        output::write(&path.join(HEAD), receipt.note.as_bytes(), MODE)?;
        self.forget_old_receipts();
        Ok(())
    }

    /// Whether one that is over can be removed changes nothing.
    fn forget_old_receipts(&self) {
        let entries = self.receipts().read_dir().into_iter().flatten().flatten();
        let mut all: Vec<(SystemTime, PathBuf)> = entries
            .filter(|entry| entry.path().extension().is_some_and(|end| end == "json"))
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        all.sort();
        let old = all.len().saturating_sub(KEPT);
        for (_, path) in all.into_iter().take(old) {
            let _gone = std::fs::remove_file(path);
        }
    }
}

/// The newest head, as `ledger verify --against` takes it.
const HEAD: &str = "head";
/// So many receipts are kept.
const KEPT: usize = 200;
