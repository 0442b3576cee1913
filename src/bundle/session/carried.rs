//! A bundle that was carried here: copied off its medium before anything of it is used, so that what is
//! read twice is the same.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::BundleSessionError;
use crate::bundle::{BundleError, Header, Items, LARGEST_BUNDLE, Opened};
use crate::config::Config;
use crate::file::open;
use crate::policy::role::Permit;
use crate::request::RoleName;

/// A bundle of which all is what its registrar signed, in a file of our own that has no name.
pub struct Carried {
    /// What its registrar signed.
    pub header: Header,
    /// How it is called in reports.
    pub name: String,
    /// The roles that are asked for.
    pub roles: BTreeSet<RoleName>,
    file: File,
    length: u64,
}

impl Carried {
    /// Copies a bundle into a file of our own beside the ledger, and reads all of it once.
    ///
    /// # Errors
    /// [`BundleSessionError::Bundle`] and [`BundleSessionError::File`], with the file's name.
    pub fn copy(bundle: &Path, config: &Config) -> Result<Self, BundleSessionError> {
        let of_bundle = |source| BundleSessionError::Bundle {
            path: bundle.display().to_string(),
            source,
        };
        let mut carried = Self::copy_unread(bundle, config)?;
        for item in carried.items().map_err(of_bundle)? {
            let item = item.map_err(of_bundle)?;
            carried.roles.insert(item.content().role.clone());
        }
        Ok(carried)
    }

    /// The same, of which the header alone was read: whoever goes through its items has read all of them
    /// before any counts. Of roles nothing is known.
    ///
    /// # Errors
    /// As for [`Self::copy`].
    pub fn copy_unread(bundle: &Path, config: &Config) -> Result<Self, BundleSessionError> {
        let file = own_copy(bundle, config)?;
        let length = file.metadata().map_err(|error| of_file(bundle, error))?;
        let length = length.len();
        let opened = opened(&file, length).map_err(|source| BundleSessionError::Bundle {
            path: bundle.display().to_string(),
            source,
        })?;
        Ok(Self {
            header: opened.header().clone(),
            name: bundle.display().to_string(),
            roles: BTreeSet::new(),
            file,
            length,
        })
    }

    /// Its items once more.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn items(&self) -> Result<Items<BufReader<File>>, BundleError> {
        Ok(opened(&self.file, self.length)?.items())
    }
}

fn of_file(path: &Path, source: io::Error) -> BundleSessionError {
    BundleSessionError::File {
        path: path.display().to_string(),
        source,
    }
}

fn opened(file: &File, length: u64) -> Result<Opened<BufReader<File>>, BundleError> {
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(0))?;
    Opened::read(BufReader::new(file), length)
}

/// A copy without a name, of no more bytes than any bundle has.
fn own_copy(bundle: &Path, config: &Config) -> Result<File, BundleSessionError> {
    let failed = |error| of_file(bundle, error);
    let mut from = open(bundle).map_err(failed)?;
    let length = from.metadata().map_err(failed)?.len();
    // Nothing is copied of what is no bundle, or of one that says another length of itself.
    opened(&from, length).map_err(|source| BundleSessionError::Bundle {
        path: bundle.display().to_string(),
        source,
    })?;
    from.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut own = own_file(config)?;
    let copied = io::copy(&mut from.take(LARGEST_BUNDLE.saturating_add(1)), &mut own);
    if copied.map_err(|error| of_file(bundle, error))? > LARGEST_BUNDLE {
        return Err(BundleSessionError::TooLong(bundle.display().to_string()));
    }
    Ok(own)
}

/// A file without a name, in the folder of the ledger: a system's temporary folder may be memory.
///
/// # Errors
/// [`BundleSessionError::File`].
pub fn own_file(config: &Config) -> Result<File, BundleSessionError> {
    let ledger = config.ledger();
    let folder = ledger
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    tempfile::tempfile_in(folder).map_err(|error| of_file(folder, error))
}

/// The CA of these roles.
///
/// # Errors
/// [`BundleSessionError`], where they are of none or of several.
pub fn only_ca<'r>(
    roles: impl IntoIterator<Item = &'r RoleName>,
    config: &Config,
) -> Result<String, BundleSessionError> {
    let mut names = BTreeSet::new();
    for role in roles {
        match config.role(role)?.ca() {
            Permit::Only(ca) => names.insert(ca.to_owned()),
            _ => return Err(BundleSessionError::RoleWithoutCa(role.clone())),
        };
    }
    let all: Vec<_> = names.into_iter().collect();
    match all.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(BundleSessionError::Nothing),
        several => Err(BundleSessionError::SeveralCas(several.join(", "))),
    }
}
