//! A PKCS#11 module, loaded and started.

use std::path::{Path, PathBuf};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::session::Session;
use cryptoki::slot::Slot;

use super::fault::Fault;
use super::raw::Raw;
use super::uri::Uri;
use crate::signer::SignerError;

/// A module that was started. It stays so until the process ends: PKCS#11's state is the
/// process's, and another signer may use the same module.
pub(super) struct Module {
    path: PathBuf,
    pub(super) pkcs11: Pkcs11,
    pub(super) raw: Raw,
}

impl Module {
    /// Loads the module that `uri` names.
    pub(super) fn of(uri: &Uri) -> Result<Self, SignerError> {
        match (&uri.module_path, &uri.module_name) {
            (Some(path), _) => Self::open(path),
            (None, Some(name)) => Self::open(&by_name(name)),
            (None, None) => Self::open(Path::new(PROXY)),
        }
    }

    /// Loads and starts the module at `path`; a bare file name is looked up by the dynamic
    /// loader.
    pub(super) fn open(path: &Path) -> Result<Self, SignerError> {
        if path.is_absolute() && !path.exists() {
            return Err(SignerError::ModuleMissing {
                path: path.to_owned(),
            });
        }
        let not_a_module = |reason| SignerError::NotAModule {
            path: path.to_owned(),
            reason,
        };
        let pkcs11 = Pkcs11::new(path).map_err(|error| not_a_module(reason(error)))?;
        start(&pkcs11).map_err(|source| SignerError::ModuleStart {
            path: path.to_owned(),
            source,
        })?;
        let raw = Raw::load(path).ok_or_else(|| not_a_module(NO_LIST.to_owned()))?;
        Ok(Self {
            path: path.to_owned(),
            pkcs11,
            raw,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Ends the module and starts it anew: what remains when a fresh session does not help.
    /// Every session of the process on this module is lost.
    pub(super) fn restart(self) -> Result<Self, SignerError> {
        let Self { path, pkcs11, raw } = self;
        // A module whose daemon died may refuse to end; the start tells if that matters.
        let _ended = pkcs11.finalize();
        drop(raw);
        Self::open(&path)
    }

    /// The slots with a token in them.
    pub(super) fn slots(&self) -> Result<Vec<Slot>, SignerError> {
        let slots = self.pkcs11.get_slots_with_token();
        slots.map_err(|error| self.fault(error))
    }

    /// A session that can look and sign, but change nothing.
    pub(super) fn session(&self, slot: Slot) -> Result<Session, Fault> {
        Ok(self.pkcs11.open_ro_session(slot)?)
    }

    /// A session that can make and remove objects.
    pub(super) fn writing_session(&self, slot: Slot) -> Result<Session, Fault> {
        Ok(self.pkcs11.open_rw_session(slot)?)
    }

    pub(super) fn fault(&self, error: Error) -> SignerError {
        Fault::from(error).at(&format!("module {}", self.path.display()))
    }
}

fn start(pkcs11: &Pkcs11) -> Result<(), Fault> {
    match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn reason(error: Error) -> String {
    match error {
        Error::LibraryLoading(loader) => loader.to_string(),
        Error::MissingSymbol(_) => NO_LIST.to_owned(),
        other => Fault::from(other).to_string(),
    }
}

/// `module-name=softhsm2` is `libsofthsm2.so` where the dynamic loader looks (RFC 7512, 2.3
/// leaves the way to the application); p11-kit's proxy goes without `lib`.
fn by_name(name: &str) -> PathBuf {
    if name == "p11-kit-proxy" {
        return PathBuf::from(PROXY);
    }
    PathBuf::from(format!("lib{name}.so"))
}

/// p11-kit's view of every module that the machine is configured for.
const PROXY: &str = "p11-kit-proxy.so";
const NO_LIST: &str = "it has no C_GetFunctionList";
