//! What a client keeps of a server between two runs: one folder a server, for this account alone.
//!
//! `server.json` is what the server was when it was met, `session.json` the session with its key, and
//! `certificates.json` what was got, `receipts` what showed that the ledger has it; `program.json` has the key that a
//! program logs in with. Whoever changes one of them holds the lock; a lone reader needs none,
//! since files are made whole.

mod receipts;

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Held, ServerAddress, Trusted};
use crate::api::Secret;
use crate::api::login::Session;
use crate::config::{read_bytes, state_folder};
use crate::login::dpop::SessionKey;
use crate::output::{self, OutputError};

/// The folder of one server.
#[derive(Clone, Debug)]
pub struct ServerFolder {
    path: PathBuf,
}

/// Held for as long as files of a folder may be changed.
#[derive(Debug)]
pub struct FolderLock(#[allow(dead_code, reason = "the lock ends with the file")] File);

/// A session as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptSession {
    /// What is shown.
    pub token: Secret,
    seed: Secret,
    /// What the server says of it.
    pub session: Session,
}

/// The key that a program logs in with.
#[derive(Serialize, Deserialize)]
struct KeptKey {
    seed: Secret,
}

/// Why nothing is kept, or nothing of it can be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// There is no place for it.
    #[error("neither $XDG_STATE_HOME nor $HOME says where to keep what belongs to a server")]
    NoHome,
    /// The system said no.
    #[error("{}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not as this program writes it.
    #[error("{} is not as it was written", .0.display())]
    Form(PathBuf),
    /// It can't be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl ServerFolder {
    /// The folder of a server, which may not be there yet.
    ///
    /// # Errors
    /// [`FolderError::NoHome`].
    pub fn of(server: &ServerAddress) -> Result<Self, FolderError> {
        let path = servers().ok_or(FolderError::NoHome)?;
        let path = path.join(server.folder_name());
        Ok(Self { path })
    }

    /// All servers that were met, in the order of their folders' names.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let entries = servers().and_then(|servers| servers.read_dir().ok());
        let folders = entries.into_iter().flatten().flatten();
        let mut paths: Vec<_> = folders.map(|entry| entry.path()).collect();
        paths.retain(|path| path.join(SERVER).is_file());
        paths.sort();
        paths.into_iter().map(|path| Self { path }).collect()
    }

    /// Makes the folder where it is missing, and waits until nobody else changes it.
    ///
    /// # Errors
    /// [`FolderError::File`].
    pub fn lock(&self) -> Result<FolderLock, FolderError> {
        let failed = |source| FolderError::File {
            path: self.path.clone(),
            source,
        };
        let mut folders = DirBuilder::new();
        folders.recursive(true).mode(0o700);
        folders.create(&self.path).map_err(failed)?;
        let mut options = File::options();
        options.create(true).truncate(false).write(true).mode(MODE);
        let file = options.open(self.path.join("lock")).map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(FolderLock(file))
    }

    /// What is known of the server; none before it was met.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn trusted(&self) -> Result<Option<Trusted>, FolderError> {
        self.read(SERVER)
    }

    /// Keeps what is known of the server.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn keep_trusted(&self, _lock: &FolderLock, trusted: &Trusted) -> Result<(), FolderError> {
        self.write(SERVER, trusted)
    }

    /// The session, over or not.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn session(&self) -> Result<Option<KeptSession>, FolderError> {
        self.read(SESSION)
    }

    /// Keeps a session.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn keep_session(&self, _lock: &FolderLock, kept: &KeptSession) -> Result<(), FolderError> {
        self.write(SESSION, kept)
    }

    /// Forgets the session.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn forget_session(&self, _lock: &FolderLock) -> Result<(), FolderError> {
        self.remove(SESSION)
    }

    /// The key that a program logs in with each time; none before the first.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn program_key(&self) -> Result<Option<SessionKey>, FolderError> {
        let kept: Option<KeptKey> = self.read(PROGRAM)?;
        let broken = || FolderError::Form(self.path.join(PROGRAM));
        let key = kept.map(|kept| key_of(&kept.seed).ok_or_else(broken));
        key.transpose()
    }

    /// Keeps that key.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn keep_program_key(
        &self,
        _lock: &FolderLock,
        key: &SessionKey,
    ) -> Result<(), FolderError> {
        self.write(PROGRAM, &KeptKey { seed: seed_of(key) })
    }

    /// The certificates that were got here.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn held(&self) -> Result<Held, FolderError> {
        Ok(self.read(CERTIFICATES)?.unwrap_or_default())
    }

    /// Keeps which certificates are held.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn keep_held(&self, _lock: &FolderLock, held: &Held) -> Result<(), FolderError> {
        self.write(CERTIFICATES, held)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, FolderError> {
        let path = self.path.join(name);
        let bytes = match read_bytes(&path, LARGEST) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(FolderError::File { path, source }),
        };
        // What serde says of a file with a secret may repeat it.
        let value = serde_json::from_slice(&bytes);
        value.map(Some).map_err(|_words| FolderError::Form(path))
    }

    fn write(&self, name: &str, value: &impl Serialize) -> Result<(), FolderError> {
        let path = self.path.join(name);
        let text = serde_json::to_vec_pretty(value).map(Zeroizing::new);
        let text = text.map_err(|_words| FolderError::Form(path.clone()))?;
        Ok(output::write(&path, &text, MODE)?)
    }

    fn remove(&self, name: &str) -> Result<(), FolderError> {
        let path = self.path.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let source = error;
                Err(FolderError::File { path, source })
            }
            _ => Ok(()),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl KeptSession {
    /// A session that was just opened, with its key.
    #[must_use]
    pub fn new(token: Secret, key: &SessionKey, session: Session) -> Self {
        let seed = seed_of(key);
        Self {
            token,
            seed,
            session,
        }
    }

    /// Its key; none if the file was damaged.
    #[must_use]
    pub fn key(&self) -> Option<SessionKey> {
        key_of(&self.seed)
    }

    /// Whether it is over by this clock.
    #[must_use]
    pub fn is_over(&self, now: u64) -> bool {
        now >= self.session.until
    }
}

fn seed_of(key: &SessionKey) -> Secret {
    Secret::new(Base64UrlUnpadded::encode_string(&*key.seed()))
}

fn key_of(seed: &Secret) -> Option<SessionKey> {
    let mut bytes = Zeroizing::new([0; 32]);
    let decoded = Base64UrlUnpadded::decode(seed.expose(), &mut *bytes).ok()?;
    (decoded.len() == 32).then(|| SessionKey::from_seed(&bytes))
}

fn servers() -> Option<PathBuf> {
    Some(state_folder()?.join("servers"))
}

const SERVER: &str = "server.json";
const SESSION: &str = "session.json";
const PROGRAM: &str = "program.json";
const CERTIFICATES: &str = "certificates.json";
const MODE: u32 = 0o600;
const LARGEST: usize = 1024 * 1024;
