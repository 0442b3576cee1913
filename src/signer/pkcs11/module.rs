//! The one owner of a PKCS#11 module in this process.
//!
//! A module's state is the process's: C_Finalize ends everybody's sessions, a login holds for
//! every session on the token, and a number of a session may come again after a restart. So
//! each module file has one owner, whatever name it was opened by, and all that use it follow
//! this protocol:
//!
//! - **Calls.** Each call is made under a shared hold on the module ([`Module::with`],
//!   [`Session::call`](super::session::Session::call)). A restart takes the hold for itself
//!   alone: it waits for the calls that are under way, and none begins before it is over. A
//!   hold is never taken within another one.
//! - **Starts.** The owner counts its module's starts. A session remembers the start that it
//!   was opened in, and makes no call in a later one, not even that which closes it: its number
//!   may be another session's by then. Its user finds itself a fresh session and its key again.
//! - **Restarts.** Who wants one names the start that failed. If the module was started anew
//!   meanwhile, that was somebody else's restart, and there is nothing to do. So all sessions
//!   end together, once, however many signers see the same daemon die.
//! - **Logins.** The owner counts the sessions of each token that count as logged in; see
//!   `Logins`.
//!
//! The module stays started until the process ends.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::slot::Slot;

use super::logins::Logins;
use super::named::{self, Named};
use super::raw::Raw;
use super::uri::Uri;
use crate::file::Writers;
use crate::signer::error::{CallFailed, Fault, OpeningError};

/// A share in a module that was started.
#[derive(Clone)]
pub(super) struct Module(Arc<Owner>);

struct Owner {
    path: PathBuf,
    /// What it is started with, if it wants words.
    reserved: Option<String>,
    running: RwLock<Running>,
    logins: Mutex<Logins>,
}

struct Running {
    start: Start,
    /// Nothing after a restart that failed.
    loaded: Option<Loaded>,
}

/// Both handles on a module that was started.
pub(super) struct Loaded {
    pub(super) pkcs11: Pkcs11,
    pub(super) raw: Raw,
}

/// Which start of a module something belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start(u64);

/// Loads and starts the module that `uri` names, for whoever opens a key in it later.
pub(in crate::signer) fn load_ahead(uri: &Uri) {
    let _told_when_a_key_is_opened = Module::of(uri);
}

impl Module {
    /// Loads the module that `uri` names.
    pub(super) fn of(uri: &Uri) -> Result<Self, OpeningError> {
        let mut named = match (&uri.module_path, &uri.module_name) {
            (Some(path), _) => path.clone().into(),
            (None, Some(name)) => Named::of(name),
            (None, None) => PathBuf::from(named::PROXY).into(),
        };
        named.reserved = uri.init_reserved.clone().or(named.reserved);
        Self::open(named)
    }

    /// Loads and starts the module, unless it was before, with whatever words; a bare file name
    /// is looked up by the dynamic loader.
    fn open(Named { path, reserved }: Named) -> Result<Self, OpeningError> {
        let path = path.as_path();
        // Held to the end: of two who open one module at once, one starts it.
        let mut owners = owners();
        if let Some(known) = owners.iter().find(|owner| owner.path == path) {
            return Ok(Self(Arc::clone(known)));
        }
        if path.is_absolute() && !path.exists() {
            return Err(OpeningError::ModuleMissing {
                path: path.to_owned(),
            });
        }
        require_own(path)?;
        let loaded = Loaded::load(path).map_err(|reason| OpeningError::NotAModule {
            path: path.to_owned(),
            reason,
        })?;
        if let Some(known) = owners.iter().find(|owner| owner.is_same(&loaded)) {
            return Ok(Self(Arc::clone(known)));
        }
        loaded.start(path, reserved.as_deref())?;
        let owner = Arc::new(Owner {
            path: path.to_owned(),
            reserved,
            running: RwLock::new(Running {
                start: Start(1),
                loaded: Some(loaded),
            }),
            logins: Mutex::default(),
        });
        owners.push(Arc::clone(&owner));
        Ok(Self(owner))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0.path
    }

    /// The start that the module is in.
    pub(super) fn start(&self) -> Start {
        self.0.read().start
    }

    /// Works with the module, which is not restarted meanwhile.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Loaded) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.with_start(|_, loaded| work(loaded))
    }

    /// Does what [`Module::with`] does, for who must know which start it is.
    pub(super) fn with_start<T>(
        &self,
        work: impl FnOnce(Start, &Loaded) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let running = self.0.read();
        match &running.loaded {
            Some(loaded) => work(running.start, loaded),
            None => Err(Fault::new("C_Initialize", RvError::CryptokiNotInitialized)),
        }
    }

    /// Ends the module and starts it anew, unless `failed` is over already: what remains when
    /// a fresh session does not help. Every session of the process on this module is lost.
    pub(super) fn restart(&self, failed: Start) -> Result<(), OpeningError> {
        let mut running = self
            .0
            .running
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if running.start != failed {
            return Ok(());
        }
        running.start = Start(failed.0.wrapping_add(1));
        self.logins().forget_all();
        if let Some(Loaded { pkcs11, raw }) = running.loaded.take() {
            // A module whose daemon died may refuse to end; the start tells if that matters.
            let _ended = pkcs11.finalize();
            drop(raw);
        }
        // Loaded anew too: some modules keep a dead daemon's connection with their functions.
        let loaded = Loaded::load(&self.0.path).map_err(|reason| OpeningError::NotAModule {
            path: self.0.path.clone(),
            reason,
        })?;
        loaded.start(&self.0.path, self.0.reserved.as_deref())?;
        running.loaded = Some(loaded);
        Ok(())
    }

    /// The table of who is logged in. It is held for no longer than a login takes.
    pub(super) fn logins(&self) -> MutexGuard<'_, Logins> {
        self.0.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The slots with a token in them.
    pub(super) fn slots(&self) -> Result<Vec<Slot>, OpeningError> {
        let slots = self.with(|loaded| Ok(loaded.pkcs11.get_slots_with_token()?));
        Ok(slots.map_err(|fault| self.at(fault))?)
    }

    /// Says that it is the module as a whole which failed.
    pub(super) fn at(&self, fault: Fault) -> CallFailed {
        fault.at(&format!("module {}", self.0.path.display()))
    }
}

impl Owner {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Running> {
        self.running.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file has many names, and the dynamic loader loads it once.
    fn is_same(&self, other: &Loaded) -> bool {
        let running = self.read();
        let own = running.loaded.as_ref();
        own.is_some_and(|loaded| loaded.raw.is_same_library(&other.raw))
    }
}

impl Loaded {
    /// Loads both handles, and starts nothing; else the reason why this is no module.
    fn load(path: &Path) -> Result<Self, String> {
        let pkcs11 = Pkcs11::new(path).map_err(reason)?;
        let raw = Raw::load(path).ok_or(NO_LIST)?;
        Ok(Self { pkcs11, raw })
    }

    /// The module may be called from several threads at once, and uses the system's locks.
    fn start(&self, path: &Path, reserved: Option<&str>) -> Result<(), OpeningError> {
        let arguments = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
        let started = match reserved {
            None => self.pkcs11.initialize(arguments).map_err(Fault::from),
            Some(words) => self.raw.initialize(words),
        };
        let path = path.to_owned();
        match started {
            Ok(()) => Ok(()),
            Err(fault) => match (fault.code(), reserved) {
                (Some(RvError::CryptokiAlreadyInitialized), _) => Ok(()),
                // NSS's softokn answers so to whoever doesn't say where its keys are.
                (Some(RvError::ArgumentsBad), None) => {
                    Err(OpeningError::ModuleWantsReserved { path })
                }
                _ => Err(OpeningError::ModuleStart {
                    path,
                    source: fault,
                }),
            },
        }
    }
}

/// What is loaded here gets the PIN, so nobody else may be able to write it. A bare name is
/// looked up among the system's libraries, by the loader alone.
fn require_own(path: &Path) -> Result<(), OpeningError> {
    if !path.is_absolute() {
        return Ok(());
    }
    let checked = Writers::of_this_account().check(path);
    checked.map_err(|source| OpeningError::ModuleUntrusted {
        path: path.to_owned(),
        source,
    })
}

/// Every module that this process ever started.
fn owners() -> MutexGuard<'static, Vec<Arc<Owner>>> {
    static OWNERS: Mutex<Vec<Arc<Owner>>> = Mutex::new(Vec::new());
    OWNERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reason(error: Error) -> String {
    match error {
        Error::LibraryLoading(loader) => loader.to_string(),
        Error::MissingSymbol(_) => NO_LIST.to_owned(),
        other => Fault::from(other).to_string(),
    }
}

const NO_LIST: &str = "it has no C_GetFunctionList";
