//! Where a new certificate goes: into the ssh-agent, or into files beside its key.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};
use zeroize::Zeroizing;

use super::{HeldCertificate, Ordered, Whereabouts};
use crate::config::home_folder;
use crate::output::{self, OutputError};
use crate::signer::agent::{AgentFault, Keeper};

/// A key in memory, made for one certificate; wiped when dropped.
pub struct NewKey(Ed25519Keypair);

/// Why a certificate is nowhere.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// There is no folder for files.
    #[error("$HOME doesn't say where to put the certificate's files")]
    NoHome,
    /// The folder can't be made.
    #[error("{}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key can't be written.
    #[error("the new key cannot be written")]
    Key(#[source] ssh_key::Error),
    /// The files can't be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl NewKey {
    /// Makes one.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed)?;
        Ok(Self(Ed25519Keypair::from_seed(&seed)))
    }

    /// The key pair.
    #[must_use]
    pub fn pair(&self) -> &Ed25519Keypair {
        &self.0
    }
}

/// The comment of a role's certificates in an agent.
#[must_use]
pub fn comment(role: &str, server: &impl ToString) -> String {
    format!("punchmark {role}@{}", server.to_string())
}

/// Puts a certificate and its new key into the agent, for as long as it is valid, and makes the agent
/// forget those of the same role before it.
///
/// # Errors
/// [`AgentFault`], and then the agent has what it had.
pub fn into_agent(
    ordered: &Ordered,
    key: &NewKey,
    comment: &str,
    now: u64,
) -> Result<Whereabouts, AgentFault> {
    let mut keeper = Keeper::open()?;
    let certificate = &ordered.certificate;
    let left = certificate.valid_before().saturating_sub(now);
    let seconds = u32::try_from(left).unwrap_or(u32::MAX).max(1);
    keeper.add(certificate, key.pair(), comment, seconds)?;
    keeper.forget(comment, Some(certificate.blob()))?;
    Ok(Whereabouts::Agent)
}

/// Puts a certificate and its new key into files: `~/.ssh/punchmark/ROLE` and `ROLE-cert.pub`.
///
/// # Errors
/// [`PlaceError`].
pub fn into_files(
    ordered: &Ordered,
    key: &NewKey,
    role: &str,
    comment: &str,
) -> Result<Whereabouts, PlaceError> {
    let (key_file, certificate) = files_of(role).ok_or(PlaceError::NoHome)?;
    make_folder(&certificate)?;
    let private = PrivateKey::new(KeypairData::Ed25519(key.0.clone()), comment);
    let text = private.and_then(|key| key.to_openssh(LineEnding::LF));
    let text = text.map_err(PlaceError::Key)?;
    let staged = vec![
        output::stage(&key_file, text.as_bytes(), 0o600)?,
        output::stage(&certificate, line(ordered).as_bytes(), 0o644)?,
    ];
    for released in output::release(staged) {
        released?;
    }
    Ok(Whereabouts::File(certificate))
}

/// Puts a certificate that is in the agent into a file, too, by which ssh is told which identity of the agent it
/// is to offer: `~/.ssh/punchmark/ROLE-cert.pub`.
///
/// # Errors
/// [`PlaceError`].
pub fn shown_in_file(ordered: &Ordered, role: &str) -> Result<(), PlaceError> {
    let (key, certificate) = files_of(role).ok_or(PlaceError::NoHome)?;
    make_folder(&certificate)?;
    // The key of an earlier certificate, where there was no agent, would be taken for this one's.
    let _there_is_none = remove(&key);
    // ssh, which looks for a private key in it, warns of one that others can read.
    Ok(output::write(
        &certificate,
        line(ordered).as_bytes(),
        0o600,
    )?)
}

/// Puts a certificate of a key in a card into a file, and the line of the key beside it, by which ssh knows which
/// key of the card it is: `~/.ssh/punchmark/ROLE-cert.pub` and `ROLE.pub`.
///
/// # Errors
/// [`PlaceError`].
pub fn of_card(ordered: &Ordered, role: &str, public: &str) -> Result<Whereabouts, PlaceError> {
    let (_key, certificate) = files_of(role).ok_or(PlaceError::NoHome)?;
    let key = public_of(role).ok_or(PlaceError::NoHome)?;
    make_folder(&certificate)?;
    let staged = vec![
        output::stage(&key, format!("{public}\n").as_bytes(), 0o644)?,
        output::stage(&certificate, line(ordered).as_bytes(), 0o644)?,
    ];
    for released in output::release(staged) {
        released?;
    }
    Ok(Whereabouts::File(certificate))
}

/// The line of a role's key in a card.
#[must_use]
pub fn public_of(role: &str) -> Option<PathBuf> {
    Some(home_folder()?.join(FOLDER).join(format!("{role}.pub")))
}

/// The files of a role that are made where there is no agent: the key, and its certificate.
#[must_use]
pub fn files_of(role: &str) -> Option<(PathBuf, PathBuf)> {
    let folder = home_folder()?.join(FOLDER);
    Some((folder.join(role), folder.join(format!("{role}-cert.pub"))))
}

fn make_folder(file: &Path) -> Result<(), PlaceError> {
    let Some(folder) = file.parent() else {
        return Ok(());
    };
    let mut folders = DirBuilder::new();
    folders.recursive(true).mode(0o700);
    folders.create(folder).map_err(|source| PlaceError::Folder {
        path: folder.to_owned(),
        source,
    })
}

/// Puts a certificate beside the public key file that it is for.
///
/// # Errors
/// [`PlaceError::Output`].
pub fn beside(ordered: &Ordered, certificate: &Path) -> Result<Whereabouts, PlaceError> {
    output::write(certificate, line(ordered).as_bytes(), 0o644)?;
    Ok(Whereabouts::File(certificate.to_path_buf()))
}

fn line(ordered: &Ordered) -> String {
    format!("{}\n", ordered.line)
}

/// Takes away a certificate that was put somewhere, and the key that was made for it; a user's own key stays.
///
/// # Errors
/// What the system says of a file; an agent that is gone has nothing any more.
pub fn take_away(server: &impl ToString, held: &HeldCertificate) -> io::Result<()> {
    match &held.r#where {
        Whereabouts::Agent => {
            let _gone = Keeper::open()
                .and_then(|mut keeper| keeper.forget(&comment(&held.role, server), None));
            match files_of(&held.role) {
                Some((_key, shown)) if has(&shown, held) => remove(&shown),
                _ => Ok(()),
            }
        }
        Whereabouts::File(file) if is_there(held) => {
            remove(file)?;
            let made_here = match &held.in_card {
                Some(_card) => public_of(&held.role),
                None => files_of(&held.role).map(|(key, _certificate)| key),
            };
            match made_here.filter(|key| key.parent() == file.parent()) {
                Some(key) => remove(&key),
                None => Ok(()),
            }
        }
        Whereabouts::File(_) => Ok(()),
    }
}

fn remove(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether a certificate is where it was put.
#[must_use]
pub fn is_there(held: &HeldCertificate) -> bool {
    let Some(certificate) = held.read() else {
        return false;
    };
    match &held.r#where {
        Whereabouts::Agent => {
            let has = Keeper::open().and_then(|mut keeper| keeper.has(certificate.blob()));
            has.unwrap_or(false)
        }
        Whereabouts::File(file) => has(file, held),
    }
}

/// Whether a file has this certificate.
fn has(file: &Path, held: &HeldCertificate) -> bool {
    let text = crate::config::read_bytes(file, LARGEST).unwrap_or_default();
    let there = crate::certificate::key_line::read_certificate_line(&text);
    there.is_ok_and(|(there, _comment)| Some(there) == held.read())
}

/// Below a home.
const FOLDER: &str = ".ssh/punchmark";
const LARGEST: usize = 128 * 1024;
